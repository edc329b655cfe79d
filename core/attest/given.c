/* SPDX-License-Identifier: MIT */
/* core/attest/given.c: recognises the form of a file by its content, never by its name. */
#include "core/attest/given.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/filekind.h"
#include "core/snp/certs.h"

#define PEM_MARK "-----BEGIN "

static int cert_add(struct given *g, const uint8_t *der, size_t size, struct error *err)
{
	int r;

	if (!g->certs && !(g->certs = calloc(GIVEN_CERTS_MAX, sizeof(*g->certs))))
		return error_nomem(err, "certificates");
	if (g->n_certs == GIVEN_CERTS_MAX)
		return error_set(err, ERROR_BAD_CERTIFICATE, "more than %d certificates",
		                 GIVEN_CERTS_MAX);
	r = cert_read(der, size, &g->certs[g->n_certs], err);
	g->n_certs += r == 0;
	return r;
}

static int crl_add(struct given *g, const uint8_t *der, size_t size, struct error *err)
{
	int r;

	if (!g->crls && !(g->crls = calloc(GIVEN_CRLS_MAX, sizeof(*g->crls))))
		return error_nomem(err, "revocation lists");
	if (g->n_crls == GIVEN_CRLS_MAX)
		return error_set(err, ERROR_BAD_CERTIFICATE, "more than %d revocation lists",
		                 GIVEN_CRLS_MAX);
	r = crl_read(der, size, &g->crls[g->n_crls], err);
	g->n_crls += r == 0;
	return r;
}

static int block_add(struct given *g, const char *name, const char *header, const uint8_t *der,
                     size_t size, struct error *err)
{
	if (strstr(name, "PRIVATE KEY")) {
		error_set(err, ERROR_BAD_CERTIFICATE, "a private key where certificates belong");
		error_why(err, "verifying a report takes only certificates, never a private key");
		return error_fix(err, "remove the key from there, and keep it secret");
	}
	if (header[0])
		return error_set(err, ERROR_BAD_CERTIFICATE, "an encrypted PEM block");
	if (strcmp(name, PEM_STRING_X509) == 0)
		return cert_add(g, der, size, err);
	if (strcmp(name, PEM_STRING_X509_CRL) == 0)
		return crl_add(g, der, size, err);
	return error_set(err, ERROR_BAD_CERTIFICATE,
	                 "a PEM block that is neither a certificate nor a revocation list");
}

static int pem_add(struct given *g, const uint8_t *bytes, size_t size, struct error *err)
{
	BIO *from = BIO_new_mem_buf(bytes, (int)size);
	int r = from ? 0 : error_nomem(err, "a PEM file");

	while (r == 0) {
		char *name = NULL, *header = NULL;
		uint8_t *der = NULL;
		long n = 0;

		if (PEM_read_bio(from, &name, &header, &der, &n) != 1) {
			/* The end of the file has this reason, too. */
			if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
				error_set(err, ERROR_BAD_CERTIFICATE, "a PEM block is damaged");
				r = error_fix(err, "copy the whole file again");
			}
			ERR_clear_error();
			break;
		}
		r = block_add(g, name, header, der, (size_t)n, err);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)n);
	}
	BIO_free(from);
	return r;
}

static int der_add(struct given *g, const uint8_t *bytes, size_t size, struct error *err)
{
	struct crl crl;
	struct error unwanted;

	if (crl_read(bytes, size, &crl, &unwanted) < 0)
		return cert_add(g, bytes, size, err);
	crl_fini(&crl);
	return crl_add(g, bytes, size, err);
}

static bool is_pem(const uint8_t *bytes, size_t size)
{
	return size > 0 && memmem(bytes, size, PEM_MARK, strlen(PEM_MARK));
}

static int table_add(struct given *g, const uint8_t *bytes, size_t size, struct error *err)
{
	struct snp_cert entries[SNP_CERTS_MAX];
	size_t n;
	int r = 0;

	if (!snp_certs_read(bytes, size, entries, &n))
		return error_set(err, ERROR_BAD_CERTIFICATE, "not a well-formed certificate table");
	for (size_t i = 0; i < n && r == 0; i++) {
		const uint8_t *at = bytes + entries[i].offset;

		if (!entries[i].name) /* such as go-sev-guest's data about the processor */
			continue;
		r = is_pem(at, entries[i].size) ? pem_add(g, at, entries[i].size, err)
		                                : der_add(g, at, entries[i].size, err);
		if (r < 0)
			error_wrap(err, "the table's %s", entries[i].name);
	}
	return r;
}

int given_add(struct given *g, const uint8_t *bytes, size_t size, struct error *err)
{
	size_t before = g->n_certs + g->n_crls, n;
	struct snp_cert entries[SNP_CERTS_MAX];
	const struct file_kind *k;
	int r;

	x509_begin();
	if (size > GIVEN_FILE_MAX)
		return error_set(err, ERROR_FILE_TOO_LARGE, "%zu bytes; at most %zu are read", size,
		                 GIVEN_FILE_MAX);
	if (snp_certs_read(bytes, size, entries, &n))
		return table_add(g, bytes, size, err);
	if (size > 0 && bytes[0] == 0x30) /* DER's SEQUENCE; as a character it is "0" */
		return der_add(g, bytes, size, err);
	r = is_pem(bytes, size) ? pem_add(g, bytes, size, err) : 0;
	if (r < 0 || g->n_certs + g->n_crls > before)
		return r;
	k = file_kind_of(bytes, size);
	error_set(err, ERROR_BAD_CERTIFICATE,
	          k && !k->vague ? "not a certificate: it looks like %s" : "not a certificate",
	          k ? k->text : "");
	return error_fix(err, "give certificates in PEM or DER, or a certificate table");
}

static int file_add(struct given *g, const char *path, struct error *err)
{
	auto_blob struct blob b = BLOB_NONE;
	int r = blob_read(path, GIVEN_FILE_MAX, &b, err);

	if (r == 0)
		r = given_add(g, b.data, b.size, err);
	return r < 0 ? error_at(err, path, 0, 0) : 0;
}

/* Ignores other files of a folder. */
static int is_wanted(const struct dirent *e)
{
	static const char *const stems[] = { "ark",  "ask",        "asvk", "vcek",
		                             "vlek", "cert_chain", "crl" };
	static const char *const endings[] = { "pem", "der", "crt", "cer", "crl" };
	size_t stem = strcspn(e->d_name, ".");
	const char *dot = strrchr(e->d_name, '.');

	for (size_t i = 0; i < ARRAY_SIZE(stems); i++)
		if (strlen(stems[i]) == stem && strncmp(e->d_name, stems[i], stem) == 0)
			return 1;
	for (size_t i = 0; dot && dot != e->d_name && i < ARRAY_SIZE(endings); i++)
		if (strcmp(dot + 1, endings[i]) == 0)
			return 1;
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int folder_add(struct given *g, const char *path, struct error *err)
{
	size_t before = g->n_certs + g->n_crls;
	struct dirent **list;
	int n = scandir(path, &list, is_wanted, by_name), r = 0;

	if (n < 0) {
		error_sys(err, ERROR_FILE, errno, "cannot read the folder");
		return error_at(err, path, 0, 0);
	}
	for (int i = 0; i < n; i++) {
		auto_free char *file = NULL;

		if (r == 0 && asprintf(&file, "%s/%s", path, list[i]->d_name) < 0) {
			file = NULL;
			r = error_nomem(err, "a path");
		}
		if (r == 0)
			r = file_add(g, file, err);
		free(list[i]);
	}
	free(list);
	if (r == 0 && g->n_certs + g->n_crls == before) {
		error_set(err, ERROR_BAD_CERTIFICATE, "no certificate in this folder");
		error_fix(err, "name files as *.pem or *.der, or give them one by one");
		r = error_at(err, path, 0, 0);
	}
	return r;
}

int given_add_path(struct given *g, const char *path, struct error *err)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode) ? folder_add(g, path, err)
	                                                 : file_add(g, path, err);
}

void given_fini(struct given *g)
{
	for (size_t i = 0; i < g->n_certs; i++)
		cert_fini(&g->certs[i]);
	for (size_t i = 0; i < g->n_crls; i++)
		crl_fini(&g->crls[i]);
	free(g->certs);
	free(g->crls);
	*g = (struct given){ 0 };
}

int given_add_paths(struct given *g, const char *const *paths, size_t n, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = given_add_path(g, paths[i], err);
	return r;
}
