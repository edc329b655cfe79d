/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/report_verify.c: libFuzzer target: any report is verified without harm. A report that
 * a trusted chain signed passes, and no other does: not with one byte changed, nor signed again if
 * the certificates are of another chip or TCB.
 */
#include "core/attest/expect.h"
#include "core/attest/tcb.h"
#include "core/attest/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/make/chain.h"

/* The first byte of an input, modulo 3, says what follows. */
enum {
	FOREIGN, /* a file with a report, and perhaps certificates */
	CHANGED, /* changes of a report that a chain of ours has signed */
	SIGNED,  /* the same, and then it is signed again */
};

enum { VERSION = 2, VERSIONS = 4 };

struct made {
	struct given certs, root;
	struct snp_report reports[VERSIONS];
};

static void given_take(struct given *g, enum cert_kind kind, enum snp_line line)
{
	const struct chain_spec spec = chain_spec(kind, line);
	static struct chain_der der;
	struct error err = { 0 };

	chain_cert(&spec, &der);
	must(given_add(g, der.bytes, der.size, &err) == 0);
}

/* Made once: signing takes far longer than all that is done with them. */
static struct made *made_for(enum snp_line line, enum cert_kind kind)
{
	static struct made made[SNP_LINES][CERT_KINDS];
	struct made *m = &made[line][kind];

	if (m->root.n_certs == 0) {
		given_take(&m->root, CERT_ARK, line);
		given_take(&m->certs, CERT_ARK, line);
		given_take(&m->certs, kind == CERT_VLEK ? CERT_ASVK : CERT_ASK, line);
		given_take(&m->certs, kind, line);
		for (unsigned i = 0; i < VERSIONS; i++)
			chain_report(VERSION + i, kind, line, &m->reports[i]);
	}
	return m;
}

/* Whether it passes, with and without the right to be unsigned. */
static bool passes(const struct snp_report *r, const struct given *certs, const struct given *roots)
{
	static const struct reference launch = { .policy = 0x30000 };
	const struct attest_want want = { .launch = &launch,
		                          .has_min_tcb = { [TCB_SNP] = true, [TCB_FMC] = true },
		                          .has_min_firmware = true,
		                          .require = 0xff,
		                          .mitigations = 1 };
	struct attest_question q = { r, certs, roots, CHAIN_AT, false };
	static struct attest a;
	bool good;

	attest_verify(&q, &a);
	good = !checks_failed(&a.checks);
	if (a.known)
		attest_expect(r, a.line, &want, &a.checks);
	must(a.checks.count <= ATTEST_CHECKS_MAX && a.n_urls <= ATTEST_URLS);
	q.unauthenticated = true;
	if (certs->n_certs == 0)
		attest_verify(&q, &a);
	must(a.checks.count <= ATTEST_CHECKS_MAX && a.n_urls <= ATTEST_URLS);
	return good;
}

/* Nobody trusts whoever signed it. */
static void check_foreign(struct input *in)
{
	auto_given struct given g = { 0 }, none = { 0 };
	struct snp_report_file file;
	struct error err = { 0 };

	if (!snp_report_open(in->at, in->left, &file))
		return;
	if (file.certs)
		given_add(&g, file.certs, file.certs_size, &err);
	must(!passes(file.report, &g, &none));
}

/* Each change is a place, in two bytes, how many bytes, and what they are XORed with. */
static void report_change(struct input *in, size_t size, struct snp_report *r)
{
	uint8_t *bytes = (uint8_t *)r;

	while (in->left > 0) {
		size_t at = take(in, 2) % size;

		for (size_t n = 1 + take(in, 1) % 8; n > 0; n--, at = (at + 1) % size)
			bytes[at] ^= (uint8_t)take(in, 1);
	}
}

/* The chip's id, unless it is hidden, and the TCB are those of the certificate. */
static void check_same_chip(enum snp_line line, const struct snp_report *r,
                            const struct snp_report *made)
{
	static const uint8_t none[sizeof(r->chip_id)];
	struct snp_tcb tcb = snp_line_tcb(line, r->reported_tcb);
	struct snp_tcb made_tcb = snp_line_tcb(line, made->reported_tcb);

	for (enum tcb_part p = TCB_FMC; p < TCB_PARTS; p++)
		must(tcb_part(&tcb, p) == tcb_part(&made_tcb, p));
	must(!memcmp(r->chip_id, made->chip_id, sizeof(r->chip_id)) ||
	     !memcmp(r->chip_id, none, sizeof(none)) || !memcmp(made->chip_id, none, sizeof(none)));
	must(((le32_get(r->flags) ^ le32_get(made->flags)) >> 2) == 0);
	must(le64_get(r->policy) >> 17 & 1 && le32_get(r->vmpl) <= 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned how = (unsigned)take(&in, 1);
	const struct snp_report *made;
	const struct made *m;
	enum snp_line line = SNP_MILAN + how / 3 % 3;
	struct snp_report r;

	if (how % 3 == FOREIGN) {
		check_foreign(&in);
		return 0;
	}
	m = made_for(line, how / 9 % 2 ? CERT_VLEK : CERT_VCEK);
	made = &m->reports[how / 18 % VERSIONS];
	r = *made;
	if (how % 3 == CHANGED) {
		report_change(&in, sizeof(r), &r);
		must(passes(&r, &m->certs, &m->root) == !memcmp(&r, made, sizeof(r)));
	} else {
		report_change(&in, offsetof(struct snp_report, signature), &r);
		chain_sign(&r, chain_key(KEY_VEK));
		if (passes(&r, &m->certs, &m->root))
			check_same_chip(line, &r, made);
	}
	return 0;
}
