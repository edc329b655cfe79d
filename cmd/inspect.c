/* SPDX-License-Identifier: MIT */
/* cmd/inspect.c: shows what files contain; needs no host and no manifest. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/print.h"
#include "cmd/reader.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "core/attest/crypto.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "firmware/images.h"
#include "firmware/inspect.h"

/* The limit of the largest kind of file. */
#define FILE_MAX IMAGES_KERNEL_MAX

struct inspect {
	struct files files;
	size_t shown;
	struct tree *tree; /* one document of all files, unless it is for people */
};

static error_t inspect_option(int key, char *argument, struct argp_state *state)
{
	struct inspect *c = state->input;

	(void)argument;
	return files_option(key, state, NULL, &c->files);
}

static int inspect_file(struct inspect *c, const char *path, struct error *err)
{
	auto_blob struct blob b = BLOB_NONE, decoded = BLOB_NONE;
	auto_tree struct tree *own = tree_new(); /* for people, each file is a document */
	struct inspected i;
	int r = strcmp(path, "-") == 0 ? blob_read_stdin(FILE_MAX, &b, err)
	                               : blob_read(path, FILE_MAX, &b, err);

	if (path == c->files.paths[c->files.count - 1]) {
		crypto_start();
		reader_has_read();
	}
	if (r == 0 && !inspect_read_text(b.data, b.size, &decoded, &i))
		r = inspect_read(b.data, b.size, &i, err);
	if (r < 0)
		return error_at(err, path, 0, 0);
	if (show_for_people()) {
		if (c->shown)
			putchar('\n');
		i.view = log_on(LOG_INFO) ? INSPECT_LONG : INSPECT_BRIEF;
		tree_map(own, c->files.count > 1 ? path : NULL);
		inspect_describe(&i, own);
		tree_end(own);
		r = tree_print_text(own, stdout, err);
	} else {
		tree_map(c->tree, NULL);
		tree_text(c->tree, "schema", "snpvmm.inspect/1");
		tree_text(c->tree, "file", path);
		inspect_describe(&i, c->tree);
		tree_end(c->tree);
	}
	c->shown += r == 0;
	return r;
}

static int inspect_main(const struct command *self, int argc, char **argv, struct error *err)
{
	auto_tree struct tree *t = tree_new();
	struct inspect c = { .tree = t };
	int status = command_parse(self, inspect_option, argc, argv, &c, NULL, err);

	if (status != STATUS_OK)
		return status;
	if (c.files.count > 1)
		tree_list(t, NULL);
	for (size_t i = 0; i < c.files.count; i++) {
		struct error one = { 0 };

		if (inspect_file(&c, c.files.paths[i], &one) == 0)
			continue;
		error_print(&one);
		status = STATUS_USAGE; /* and on with the next file */
	}
	return show_for_people() ? status : show_finish(t, c.files.count > 1, status, err);
}

const struct command command_inspect = {
	.name = "inspect",
	.args = "FILE...",
	.summary = "Show what an image, ID block or report contains",
	.doc = "Show what each FILE holds: an OVMF-style firmware image, a Linux kernel, an ID "
	       "block, an ID authentication, a certificate table or an attestation report (these "
	       "also in hex or base64), or what else it is, judged by content and size. - is "
	       "standard input. With -v, the drivers in a firmware image are listed.",
	.result = ANY_RESULT,
	.reads = true,
	.main = inspect_main,
};
