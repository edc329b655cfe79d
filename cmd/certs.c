/* SPDX-License-Identifier: MIT */
/* cmd/certs.c: a folder of certificates -> the table that snp.certs names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "core/attest/table.h"
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/out/folder.h"
#include "core/snp/certs.h"

struct certs {
	const char *folder, *file;
};

static error_t certs_option(int key, char *argument, struct argp_state *state)
{
	struct certs *c = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			return option_refuse("'%s' is one argument too many", argument);
		*(state->arg_num == 0 ? &c->folder : &c->file) = argument;
		return 0;
	case ARGP_KEY_END:
		if (!c->file)
			return option_refuse(c->folder ? "the file to write is missing"
			                               : "a folder and a file are missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What is there may be replaced, unless it is no file, or one that the table was made of. */
static int check_target(const char *path, const struct cert_table *t, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISREG(st.st_mode)) {
		error_set(err, ERROR_OUTPUT, "cannot write '%s': it is not a regular file", path);
		return error_fix(err, "name another file");
	}
	for (size_t i = 0; i < TABLE_FILES; i++)
		if (st.st_dev == t->files[i].st_dev && st.st_ino == t->files[i].st_ino) {
			error_set(err, ERROR_OUTPUT_CONFLICT,
			          "'%s' would be written over one of the certificates", path);
			return error_fix(err, "name another file");
		}
	return 0;
}

static int certs_main(const struct command *self, int argc, char **argv, struct error *err)
{
	struct certs c = { 0 };
	struct cert_table t;
	int status = command_parse(self, certs_option, argc, argv, &c, NULL, err), r;

	if (status != STATUS_OK)
		return status;
	if (cert_table_of_folder(c.folder, &t, err) < 0)
		return STATUS_USAGE;
	r = check_target(c.file, &t, err);
	if (r == 0)
		r = folder_put_file(c.file, &t.bytes, err); /* guests may get it meanwhile */
	if (r == 0) {
		log_notice("%s: %zu certificate%s, %zu bytes", c.file, t.count,
		           t.count == 1 ? "" : "s", t.bytes.size);
		if (!t.end)
			log_notice("%s: without a VCEK or VLEK, guests need one from elsewhere",
			           c.file);
		if (t.bytes.size > SNP_CERTS_LINUX)
			log_notice("%s: Linux guests take no more than %zu bytes", c.file,
			           SNP_CERTS_LINUX);
	}
	buffer_fini(&t.bytes);
	return r < 0 ? STATUS_USAGE : STATUS_OK;
}

const struct command command_certs = {
	.name = "certs",
	.args = "DIR FILE",
	.summary = "Make a certificate table for guests",
	.doc = "Make the table of certificates that a manifest names as snp.certs, and that guests "
	       "get with their attestation reports: from the files in DIR that are named ark, ask "
	       "or asvk (or cert_chain, with both), and vcek or vlek, in PEM or DER, with any "
	       "ending. Needs no special host.",
	.main = certs_main,
};
