/* SPDX-License-Identifier: MIT */
/* core/attest/table.c: assigns files to the entries of a table by their names. */
#include "core/attest/table.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attest/given.h"
#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/snp/certs.h"

enum place { PLACE_ARK, PLACE_ASK, PLACE_VEK, PLACES };
static_assert((int)PLACES == (int)TABLE_FILES, "a file for each place");

static const struct name_row {
	const char *stem;
	enum place place;
	enum cert_kind kind;
	const char *entry; /* in the table */
} names[] = {
	{ "ark", PLACE_ARK, CERT_ARK, "ARK" },    { "ask", PLACE_ASK, CERT_ASK, "ASK" },
	{ "asvk", PLACE_ASK, CERT_ASVK, "ASK" },  { "vcek", PLACE_VEK, CERT_VCEK, "VCEK" },
	{ "vlek", PLACE_VEK, CERT_VLEK, "VLEK" },
};

struct folder_certs {
	const char *path;
	const struct name_row *rows[PLACES]; /* NULL: the place is empty */
	char *files[PLACES];                 /* names, owned */
	struct given given[PLACES];          /* one certificate each */
};

static const struct name_row *row_named(const char *file)
{
	size_t stem = strcspn(file, ".");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].stem) == stem && strncmp(file, names[i].stem, stem) == 0)
			return &names[i];
	return NULL;
}

static int is_named(const struct dirent *e)
{
	return row_named(e->d_name) != NULL;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int file_take(struct folder_certs *f, const char *file, struct stat *ret_stat,
                     struct error *err)
{
	const struct name_row *row = row_named(file);
	struct given *g = &f->given[row->place];
	auto_free char *path = NULL;
	enum cert_kind kind;
	int r;

	if (f->rows[row->place]) {
		error_set(err, ERROR_BAD_CERTIFICATE,
		          "'%s' and '%s' are for the same entry of the table", f->files[row->place],
		          file);
		if (f->rows[row->place] != row)
			error_why(err, "tables have one entry for ASK and ASVK, so a guest can "
			               "verify either a VCEK or a VLEK with it");
		return error_fix(err, "leave one of them in the folder");
	}
	if (asprintf(&path, "%s/%s", f->path, file) < 0) {
		path = NULL;
		return error_nomem(err, "a path");
	}
	f->rows[row->place] = row;
	f->files[row->place] = strdup(file);
	if (!f->files[row->place] || stat(path, ret_stat) < 0)
		return error_sys(err, ERROR_FILE, errno, "cannot read '%s'", path);
	r = given_add_path(g, path, err);
	if (r < 0)
		return r;
	kind = g->n_certs ? g->certs[0].kind : CERT_OTHER;
	/* an ASVK may be called ask: AMD's server has one name for both, cert_chain */
	if (row->place == PLACE_ASK && kind == CERT_ASVK)
		row = row_named("asvk");
	if (S_ISDIR(ret_stat->st_mode) || g->n_certs != 1 || g->n_crls > 0)
		error_set(err, ERROR_BAD_CERTIFICATE, "it has to hold exactly one certificate");
	else if (kind == CERT_OTHER)
		error_set(err, ERROR_BAD_CERTIFICATE, "it holds no certificate as AMD makes them");
	else if (kind != row->kind)
		error_set(err, ERROR_BAD_CERTIFICATE, "it holds the %s, not the %s of its name",
		          cert_kind_name(kind), cert_kind_name(row->kind));
	else if (g->certs[0].defect[0])
		error_set(err, ERROR_BAD_CERTIFICATE, "the certificate %s", g->certs[0].defect);
	else
		return 0;
	return error_at(err, path, 0, 0);
}

static int chain_check(const struct folder_certs *f, struct error *err)
{
	for (int i = 0; i + 1 < PLACES; i++) {
		const struct cert *issuer = f->given[i].certs, *c = f->given[i + 1].certs;

		if (!f->rows[i] || !f->rows[i + 1] || cert_issued_by(c, issuer))
			continue;
		error_set(err, ERROR_BAD_CERTIFICATE, "'%s' is not signed by '%s'", f->files[i + 1],
		          f->files[i]);
		error_why(err, "one is %s by %s, the other one %s", c->subject, c->issuer,
		          issuer->subject);
		error_fix(err, "give certificates of one line of processors, and an ASVK with a "
		               "VLEK");
		return error_at(err, f->path, 0, 0);
	}
	return 0;
}

static int table_write(const struct folder_certs *f, struct cert_table *ret, struct error *err)
{
	struct snp_cert_content list[PLACES];
	struct buffer der[PLACES] = { 0 };
	bool failed = false;

	for (int i = 0; i < PLACES; i++) {
		if (!f->rows[i])
			continue;
		cert_der(f->given[i].certs, &der[i]);
		failed |= der[i].failed;
		list[ret->count++] =
			(struct snp_cert_content){ f->rows[i]->entry, der[i].data, der[i].size };
	}
	if (!failed)
		snp_certs_write(list, ret->count, &ret->bytes);
	for (int i = 0; i < PLACES; i++)
		buffer_fini(&der[i]);
	ret->end = f->rows[PLACE_VEK] ? f->rows[PLACE_VEK]->entry : NULL;
	return failed || ret->bytes.failed ? error_nomem(err, "a table") : 0;
}

int cert_table_of_folder(const char *path, struct cert_table *ret, struct error *err)
{
	struct folder_certs f = { .path = path };
	struct dirent **list = NULL;
	int n = scandir(path, &list, is_named, by_name), r = 0;

	*ret = (struct cert_table){ 0 };
	if (n < 0) {
		error_sys(err, ERROR_FILE, errno, "cannot read the folder");
		return error_at(err, path, 0, 0);
	}
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = file_take(&f, list[i]->d_name,
			              &ret->files[row_named(list[i]->d_name)->place], err);
		free(list[i]);
	}
	free(list);
	if (r == 0 && n == 0) {
		error_set(err, ERROR_BAD_CERTIFICATE, "no certificate in this folder");
		error_fix(err, "name the files ark, ask (or asvk) and vcek (or vlek), with .pem, "
		               ".der or another ending");
		r = error_at(err, path, 0, 0);
	}
	if (r == 0)
		r = chain_check(&f, err);
	if (r == 0)
		r = table_write(&f, ret, err);
	if (r < 0)
		buffer_fini(&ret->bytes);
	for (int i = 0; i < PLACES; i++) {
		given_fini(&f.given[i]);
		free(f.files[i]);
	}
	return r;
}
