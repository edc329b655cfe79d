/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/chain.c: makes a chain of certificates with test keys.
 *
 *   chain DIR VERSION vcek|vlek LINE [FIELD=HEX]...
 *                                      and a report that it authenticates, with these fields
 *   chain DIR REPORT POINT             for that report's chip, line and TCB, and for the public
 *                                      key POINT: X and Y in hex, big endian
 *   chain DIR REPORT OTHER-REPORT      the same for the key that signed both reports
 *
 * Writes ark.pem, ask.pem (or asvk.pem), vcek.pem (or vlek.pem), crl.der and report.bin into DIR,
 * which is made if it is not there.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "core/attest/tcb.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha2.h"
#include "tests/make/chain.h"

static void die(const char *why)
{
	fprintf(stderr, "chain: %s\n", why);
	exit(1);
}

static FILE *file_open(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	return f;
}

static void file_write(const char *dir, const char *name, const void *bytes, size_t size)
{
	FILE *f = file_open(dir, name);

	if (fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
		die(name);
}

static void cert_write(const char *dir, const char *name, const struct chain_spec *s)
{
	struct chain_der d;
	const uint8_t *at = d.bytes;
	X509 *x;
	FILE *f = file_open(dir, name);

	chain_cert(s, &d);
	x = d2i_X509(NULL, &at, (long)d.size);
	if (!x || !PEM_write_X509(f, x) || fclose(f) != 0)
		die(name);
	X509_free(x);
}

static void chain_write(const char *dir, const struct chain_spec *vek, enum snp_line line)
{
	bool vcek = vek->kind == CERT_VCEK;
	struct chain_spec ark = chain_spec(CERT_ARK, line);
	struct chain_spec ask = chain_spec(vcek ? CERT_ASK : CERT_ASVK, line);
	struct chain_crl list = { .line = line, .from = CHAIN_FROM, .until = CHAIN_UNTIL };
	struct chain_der crl;

	cert_write(dir, "ark.pem", &ark);
	cert_write(dir, vcek ? "ask.pem" : "asvk.pem", &ask);
	cert_write(dir, vcek ? "vcek.pem" : "vlek.pem", vek);
	chain_crl(&list, &crl);
	file_write(dir, "crl.der", crl.bytes, crl.size);
}

static enum snp_line line_named(const char *name)
{
	for (enum snp_line line = SNP_MILAN; line < SNP_LINES; line++)
		if (strcasecmp(name, snp_line_name(line)) == 0)
			return line;
	die("no such line");
	return SNP_LINE_UNKNOWN;
}

static const struct snp_report *report_read(const char *path, struct blob *b)
{
	const struct snp_report *r;
	struct error err = { 0 };

	if (blob_read(path, 4096, b, &err) < 0 || !(r = snp_report_find(b->data, b->size)))
		die("no report");
	return r;
}

/* Both public keys that a signature fits (SEC 1, 4.1.6), as X and Y. */
static void signers_of(const struct snp_report *r, uint8_t keys[2][96])
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_secp384r1);
	const BIGNUM *n = EC_GROUP_get0_order(g);
	BN_CTX *c = BN_CTX_new();
	BIGNUM *x = BN_lebin2bn(r->signature.r, 72, NULL),
	       *s = BN_lebin2bn(r->signature.s, 72, NULL);
	BIGNUM *inverse = BN_mod_inverse(NULL, x, n, c), *e, *u = BN_new(), *v = BN_new();
	EC_POINT *point = EC_POINT_new(g);
	uint8_t hash[48], octets[97];

	sha384(r, 0x2a0, hash);
	e = BN_bin2bn(hash, sizeof(hash), NULL);
	if (!inverse || !BN_mod_mul(u, e, inverse, n, c) || !BN_sub(u, n, u) ||
	    !BN_mod_mul(v, s, inverse, n, c))
		die("no signature");
	for (int odd = 0; odd < 2; odd++) {
		if (!EC_POINT_set_compressed_coordinates(g, point, x, odd, c) ||
		    !EC_POINT_mul(g, point, u, point, v, c) ||
		    EC_POINT_point2oct(g, point, POINT_CONVERSION_UNCOMPRESSED, octets,
		                       sizeof(octets), c) != sizeof(octets))
			die("no signature");
		memcpy(keys[odd], octets + 1, 96);
	}
	EC_POINT_free(point);
	BN_free(x);
	BN_free(s);
	BN_free(inverse);
	BN_free(e);
	BN_free(u);
	BN_free(v);
	BN_CTX_free(c);
	EC_GROUP_free(g);
}

/* The key that signed both: two reports have no other one in common. */
static void signer_of(const struct snp_report *a, const struct snp_report *b, uint8_t xy[static 96])
{
	uint8_t of_a[2][96], of_b[2][96];

	signers_of(a, of_a);
	signers_of(b, of_b);
	for (int i = 0; i < 4; i++)
		if (memcmp(of_a[i / 2], of_b[i % 2], 96) == 0) {
			memcpy(xy, of_a[i / 2], 96);
			return;
		}
	die("two keys signed these reports");
}

/* A VCEK whose extensions say what the report does. */
static void for_report(const char *dir, const char *path, const char *whose)
{
	auto_blob struct blob b = BLOB_NONE, other = BLOB_NONE;
	const struct snp_report *r = report_read(path, &b);
	struct chain_spec vek;
	struct snp_tcb tcb;
	uint8_t xy[96];
	enum snp_line line;

	if (!hex_parse(whose, strlen(whose), xy, sizeof(xy)))
		signer_of(r, report_read(whose, &other), xy);
	line = snp_line_of(r->cpuid_family, r->cpuid_model);
	if (line == SNP_LINE_UNKNOWN) /* version 2 */
		line = snp_report_tcb(r, r->reported_tcb).has_fmc ? SNP_TURIN : SNP_MILAN;
	vek = chain_spec(CERT_VCEK, line);
	vek.key = chain_point(xy);
	tcb = snp_line_tcb(line, r->reported_tcb);
	for (enum tcb_part p = tcb.has_fmc ? TCB_FMC : TCB_BOOT_LOADER; p < TCB_PARTS; p++) {
		char oid[8];

		snprintf(oid, sizeof(oid), "3.%d", (int)tcb_part_spl(p));
		chain_number(chain_extension(&vek, oid), tcb_part(&tcb, p));
	}
	chain_raw(chain_extension(&vek, "4"), r->chip_id, snp_line_chip_id(line));
	chain_write(dir, &vek, line);
	EVP_PKEY_free(vek.key);
}

/* "measurement=00112233...": bytes as they stand in the report. */
static void field_set(struct snp_report *r, const char *setting)
{
#define FIELD(f)                                                                                   \
	{                                                                                          \
#f, offsetof(struct snp_report, f), sizeof(r->f)                                   \
	}
	static const struct {
		const char *name;
		size_t at, size;
	} fields[] = {
		FIELD(version),       FIELD(guest_svn),
		FIELD(policy),        FIELD(family_id),
		FIELD(image_id),      FIELD(vmpl),
		FIELD(flags),         FIELD(report_data),
		FIELD(measurement),   FIELD(host_data),
		FIELD(id_key_digest), FIELD(author_key_digest),
		FIELD(report_id_ma),  FIELD(signature_algorithm),
	};
#undef FIELD
	const char *value = strchr(setting, '=');

	for (size_t i = 0; value && i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].name) == (size_t)(value - setting) &&
		    strncmp(fields[i].name, setting, (size_t)(value - setting)) == 0 &&
		    hex_parse(value + 1, strlen(value + 1), (uint8_t *)r + fields[i].at,
		              fields[i].size))
			return;
	die("no such field, or of another size");
}

int main(int argc, char **argv)
{
	struct chain_spec vek;
	struct snp_report r;

	if (argc > 1)
		mkdir(argv[1], 0777);
	if (argc == 4) {
		for_report(argv[1], argv[2], argv[3]);
		return 0;
	}
	if (argc < 5)
		die("usage: chain DIR VERSION vcek|vlek LINE, or chain DIR REPORT POINT|REPORT");
	vek = chain_spec(strcmp(argv[3], "vlek") == 0 ? CERT_VLEK : CERT_VCEK, line_named(argv[4]));
	chain_report((uint32_t)atoi(argv[2]), vek.kind, line_named(argv[4]), &r);
	for (int i = 5; i < argc; i++)
		field_set(&r, argv[i]);
	chain_sign(&r, chain_key(KEY_VEK));
	file_write(argv[1], "report.bin", &r, sizeof(r));
	chain_write(argv[1], &vek, line_named(argv[4]));
	return 0;
}
