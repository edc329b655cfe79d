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
#include "core/base/file.h"
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

/* AMD's server sends an ASK or ASVK and the ARK under this name, in one file. */
static const char chain_stem[] = "cert_chain";

/* A place that a file fills, or two places in case of a chain. */
struct taken {
	const struct name_row *row; /* NULL: the place is empty */
	const char *file;           /* its name, borrowed */
	const struct cert *cert;    /* borrowed from a `given` */
};

struct folder_certs {
	const char *path;
	struct taken taken[PLACES];
	/* of each file; every one but the last fills a place, or is refused */
	struct given given[PLACES + 1];
	size_t n_files;
};

static bool is_stem(const char *file, const char *stem)
{
	size_t size = strcspn(file, ".");

	return strlen(stem) == size && strncmp(file, stem, size) == 0;
}

static const struct name_row *row_named(const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_stem(file, names[i].stem))
			return &names[i];
	return NULL;
}

static int is_named(const struct dirent *e)
{
	return is_stem(e->d_name, chain_stem) || row_named(e->d_name) != NULL;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The place is empty, or *err says which file is one too many. */
static int place_check(const struct folder_certs *f, const struct name_row *row, const char *file,
                       struct error *err)
{
	const struct taken *t = &f->taken[row->place];

	if (!t->row)
		return 0;
	error_set(err, ERROR_BAD_CERTIFICATE, "'%s' and '%s' are for the same entry of the table",
	          t->file, file);
	if (t->row->kind != row->kind)
		error_why(err, "tables have one entry for ASK and ASVK, so a guest can "
		               "verify either a VCEK or a VLEK with it");
	return error_fix(err, "leave one of them in the folder");
}

/* `row`: as the file is named; NULL: the certificate is one of a chain, and says it itself. */
static int cert_take(struct folder_certs *f, const struct name_row *row, const char *file,
                     const struct cert *c, struct error *err)
{
	/* an ASVK may be called ask, since AMD's server has one name for the chains of both */
	bool any = !row || (row->place == PLACE_ASK && c->kind == CERT_ASVK);

	for (size_t i = 0; any && i < ARRAY_SIZE(names); i++)
		if (names[i].kind == c->kind && names[i].place != PLACE_VEK)
			row = &names[i];
	if (c->kind == CERT_OTHER)
		return error_set(err, ERROR_BAD_CERTIFICATE,
		                 "it holds no certificate as AMD makes them");
	if (!row)
		return error_set(err, ERROR_BAD_CERTIFICATE,
		                 "it holds the %s, not an ASK or ASVK with its ARK",
		                 cert_kind_name(c->kind));
	if (c->kind != row->kind)
		return error_set(err, ERROR_BAD_CERTIFICATE,
		                 "it holds the %s, not the %s of its name", cert_kind_name(c->kind),
		                 cert_kind_name(row->kind));
	if (c->defect[0])
		return error_set(err, ERROR_BAD_CERTIFICATE, "the certificate %s", c->defect);
	if (place_check(f, row, file, err) < 0)
		return err->code;
	f->taken[row->place] = (struct taken){ row, file, c };
	return 0;
}

static int file_take(struct folder_certs *f, const char *file, struct cert_table *ret,
                     struct error *err)
{
	const struct name_row *row = row_named(file); /* NULL: a chain */
	struct given *g = &f->given[f->n_files++];
	size_t expected = row ? 1 : 2;
	auto_free char *path = NULL;
	struct stat st;
	int r;

	if (row && place_check(f, row, file, err) < 0)
		return err->code;
	if (asprintf(&path, "%s/%s", f->path, file) < 0) {
		path = NULL;
		return error_nomem(err, "a path");
	}
	if (stat(path, &st) < 0)
		return error_sys(err, ERROR_FILE, errno, "cannot read '%s'", path);
	r = given_add_path(g, path, err);
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode) || g->n_certs != expected || g->n_crls > 0)
		r = error_set(err, ERROR_BAD_CERTIFICATE, "it has to hold exactly %s",
		              row ? "one certificate"
		                  : "two certificates, an ASK or ASVK and its ARK");
	for (size_t i = 0; r == 0 && i < g->n_certs; i++)
		r = cert_take(f, row, file, &g->certs[i], err);
	if (r < 0)
		return error_at(err, path, 0, 0);
	ret->files[f->n_files - 1] = st;
	return 0;
}

static int chain_check(const struct folder_certs *f, struct error *err)
{
	for (int i = 0; i + 1 < PLACES; i++) {
		const struct cert *issuer = f->taken[i].cert, *c = f->taken[i + 1].cert;

		if (!issuer || !c || cert_issued_by(c, issuer))
			continue;
		error_set(err, ERROR_BAD_CERTIFICATE, "'%s' is not signed by '%s'",
		          f->taken[i + 1].file, f->taken[i].file);
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
		if (!f->taken[i].row)
			continue;
		cert_der(f->taken[i].cert, &der[i]);
		failed |= der[i].failed;
		list[ret->count++] = (struct snp_cert_content){ f->taken[i].row->entry, der[i].data,
			                                        der[i].size };
	}
	if (!failed)
		snp_certs_write(list, ret->count, &ret->bytes);
	for (int i = 0; i < PLACES; i++)
		buffer_fini(&der[i]);
	ret->end = f->taken[PLACE_VEK].row ? f->taken[PLACE_VEK].row->entry : NULL;
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
		file_fix("", err);
		return error_at(err, path, 0, 0);
	}
	for (int i = 0; i < n && r == 0; i++)
		r = file_take(&f, list[i]->d_name, ret, err);
	if (r == 0 && n == 0) {
		error_set(err, ERROR_BAD_CERTIFICATE, "no certificate in this folder");
		error_fix(err, "name the files ark, ask (or asvk; cert_chain holds both) and vcek "
		               "(or vlek), with .pem, .der or another ending");
		r = error_at(err, path, 0, 0);
	}
	if (r == 0)
		r = chain_check(&f, err);
	if (r == 0)
		r = table_write(&f, ret, err);
	if (r < 0)
		buffer_fini(&ret->bytes);
	for (size_t i = 0; i < f.n_files; i++)
		given_fini(&f.given[i]);
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return r;
}
