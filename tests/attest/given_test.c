/* SPDX-License-Identifier: MIT */
/* tests/attest/given_test.c: what is read of files of certificates, and what is refused. */
#include "core/attest/given.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "tests/make/chain.h"

/* A PEM block of that name, behind what is there. */
static void pem_add(struct buffer *to, const char *name, const uint8_t *der, size_t size)
{
	char line[80], *text = malloc(size * 2 + 8);
	int n;

	cr_assert_not_null(text);
	n = EVP_EncodeBlock((uint8_t *)text, der, (int)size);
	snprintf(line, sizeof(line), "-----BEGIN %s-----\n", name);
	buffer_add(to, line, strlen(line));
	for (int at = 0; at < n; at += 64) {
		buffer_add(to, text + at, (size_t)(n - at < 64 ? n - at : 64));
		buffer_add(to, "\n", 1);
	}
	snprintf(line, sizeof(line), "-----END %s-----\n", name);
	buffer_add(to, line, strlen(line));
	free(text);
}

static void refused(const uint8_t *bytes, size_t size, const char *sentence)
{
	auto_given struct given g = { 0 };
	struct error err = { 0 };

	cr_expect_lt(given_add(&g, bytes, size, &err), 0, "%s", sentence);
	cr_expect_not_null(strstr(err.text, sentence), "'%s', not '%s'", err.text, sentence);
}

static struct chain_der ark_of(enum snp_line line)
{
	struct chain_spec s = chain_spec(CERT_ARK, line);
	struct chain_der d;

	chain_cert(&s, &d);
	return d;
}

Test(given, DER_is_one_certificate_and_nothing_behind_it)
{
	auto_given struct given g = { 0 };
	struct chain_der d = ark_of(SNP_MILAN);
	struct error err = { 0 };

	cr_assert_eq(given_add(&g, d.bytes, d.size, &err), 0, "%s", err.text);
	cr_expect_eq(g.n_certs, 1);
	cr_expect_eq(g.certs[0].kind, CERT_ARK);
	cr_expect_eq(g.certs[0].line, SNP_MILAN);
	refused(d.bytes, d.size + 1, "not a well-formed certificate");
	for (size_t size = 1; size < d.size; size += 7)
		refused(d.bytes, size, "not a well-formed certificate");
}

Test(given, PEM_has_any_number_of_blocks_and_text_between_them)
{
	auto_given struct given g = { 0 };
	auto_buffer struct buffer pem = { 0 };
	struct chain_crl list = { .line = SNP_MILAN, .from = CHAIN_FROM, .until = CHAIN_UNTIL };
	struct chain_der d = ark_of(SNP_MILAN);
	struct error err = { 0 };

	buffer_add(&pem, "a comment\n", 10);
	pem_add(&pem, "CERTIFICATE", d.bytes, d.size);
	buffer_add(&pem, "another\n", 8);
	d = ark_of(SNP_TURIN);
	pem_add(&pem, "CERTIFICATE", d.bytes, d.size);
	chain_crl(&list, &d);
	pem_add(&pem, "X509 CRL", d.bytes, d.size);
	cr_assert_eq(given_add(&g, pem.data, pem.size, &err), 0, "%s", err.text);
	cr_expect_eq(g.n_certs, 2);
	cr_expect_eq(g.certs[1].line, SNP_TURIN);
	cr_expect_eq(g.n_crls, 1);
}

Test(given, a_private_key_is_refused_wherever_it_stands)
{
	static const char *const names[] = { "PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY",
		                             "ENCRYPTED PRIVATE KEY" };
	struct chain_der d = ark_of(SNP_MILAN);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		auto_buffer struct buffer pem = { 0 };

		pem_add(&pem, "CERTIFICATE", d.bytes, d.size);
		pem_add(&pem, names[i], (const uint8_t *)"anything", 8);
		refused(pem.data, pem.size, "a private key where certificates belong");
	}
}

Test(given, PEM_that_is_damaged_or_something_else_is_refused)
{
	auto_buffer struct buffer pem = { 0 }, other = { 0 };
	static const char encrypted[] =
		"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n"
		"DEK-Info: AES-128-CBC,00\n\nAAAA\n-----END CERTIFICATE-----\n";
	struct chain_der d = ark_of(SNP_MILAN);

	pem_add(&pem, "CERTIFICATE", d.bytes, d.size);
	refused(pem.data, pem.size - 20, "a PEM block is damaged");
	refused(pem.data, pem.size / 2, "a PEM block is damaged");
	pem.data[100] = '\0';
	refused(pem.data, pem.size, "");
	pem_add(&other, "PUBLIC KEY", d.bytes, d.size);
	refused(other.data, other.size, "a PEM block that is neither a certificate");
	refused((const uint8_t *)encrypted, sizeof(encrypted) - 1, "an encrypted PEM block");
}

Test(given, other_files_are_refused)
{
	static const uint8_t zeros[4096];
	static const char html[] = "<!DOCTYPE html><html>not found</html>";

	refused(zeros, sizeof(zeros), "not a certificate");
	refused(NULL, 0, "not a certificate");
	refused((const uint8_t *)html, sizeof(html) - 1,
	        "not a certificate: it looks like an HTML page");
}

Test(given, what_is_too_large_or_too_much_is_refused)
{
	auto_buffer struct buffer pem = { 0 };
	auto_given struct given g = { 0 };
	struct chain_der d = ark_of(SNP_MILAN);
	struct error err = { 0 };
	uint8_t *large = calloc(1, GIVEN_FILE_MAX + 1);

	cr_assert_not_null(large);
	refused(large, GIVEN_FILE_MAX + 1, "at most");
	large[0] = 0x30; /* a SEQUENCE that fills it */
	large[1] = 0x83;
	large[2] = 1;
	large[3] = 0;
	large[4] = 0;
	refused(large, 65536 + 5, "a certificate of 65541 bytes");
	for (int i = 0; i < GIVEN_CERTS_MAX; i++)
		pem_add(&pem, "CERTIFICATE", d.bytes, d.size);
	cr_expect_eq(given_add(&g, pem.data, pem.size, &err), 0, "%s", err.text);
	pem_add(&pem, "CERTIFICATE", d.bytes, d.size);
	refused(pem.data, pem.size, "more than 100 certificates");
	free(large);
}

Test(given, a_folder_gives_the_files_of_usual_names)
{
	auto_given struct given g = { 0 };
	struct chain_der d = ark_of(SNP_GENOA);
	char folder[] = "/tmp/snpvmm-given-XXXXXX", path[128];
	static const char *const names[] = { "ark.pem", "vcek", "other.crt", "notes.txt", "arkx" };
	struct error err = { 0 };

	cr_assert_not_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		FILE *f;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		f = fopen(path, "w");
		cr_assert_not_null(f);
		cr_assert_eq(fwrite(d.bytes, 1, i < 3 ? d.size : 10, f), i < 3 ? d.size : 10);
		fclose(f);
	}
	cr_expect_eq(given_add_path(&g, folder, &err), 0, "%s", err.text);
	cr_expect_eq(g.n_certs, 3);
	snprintf(path, sizeof(path), "%s/crl.der", folder); /* a folder in it is no file */
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_lt(given_add_path(&g, folder, &err), 0);
	cr_expect_str_eq(err.file, path);
	rmdir(path);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	cr_expect_lt(given_add_path(&g, folder, &err), 0);
	cr_expect_not_null(strstr(err.text, "no certificate in this folder"));
	rmdir(folder);
}
