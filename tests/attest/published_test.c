/* SPDX-License-Identifier: MIT */
/*
 * tests/attest/published_test.c: reports and certificates that others published. They are not ours
 * to ship: SNPVMM_ATTEST names the folder that holds them.
 */
#include <criterion/criterion.h>
#include <unistd.h>

#include "core/attest/verify.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/make/vectors.h"

#define AT_2026      1780272000 /* 2026-06-01 */
#define AT_2025_12_1 1764547200 /* the VLEK expired on 2025-12-10 */

static const struct pair {
	const char *report, *certs[3];
	enum snp_line line;
	int64_t at;
} pairs[] = {
	{ "ms-tav/milan_attestation_report.bin",
	  { "ms-tav/milan_vcek.pem", "ms-tav/milan_ask.pem", "virtee-sev/builtin/milan/ark.pem" },
	  SNP_MILAN,
	  AT_2026 },
	{ "ms-tav/genoa_attestation_report.bin",
	  { "ms-tav/genoa_vcek.pem", "ms-tav/genoa_ask.pem", "virtee-sev/builtin/genoa/ark.pem" },
	  SNP_GENOA,
	  AT_2026 },
	{ "ms-tav/turin_attestation_report.bin",
	  { "ms-tav/turin_vcek.pem", "ms-tav/turin_ask.pem", "virtee-sev/builtin/turin/ark.pem" },
	  SNP_TURIN,
	  AT_2026 },
	{ "trustee/test-report.bin",
	  { "trustee/test-vcek.der", "trustee/milan_ask_ark_asvk.pem" },
	  SNP_MILAN,
	  AT_2026 },
	{ "trustee/test-vlek-report.bin",
	  { "trustee/test-vlek.der", "trustee/milan_ask_ark_asvk.pem" },
	  SNP_MILAN,
	  AT_2025_12_1 },
	{ "virtee-sev/report_milan.hex",
	  { "virtee-sev/vcek_milan.der", "virtee-sev/cert_chain_milan" },
	  SNP_MILAN,
	  AT_2026 },
	{ "go-sev-guest/attestation.bin",
	  { "go-sev-guest/vcek.testcer", "go-sev-guest/ask_ark_milan.pem" },
	  SNP_MILAN,
	  AT_2026 },
};

static void need_files(void)
{
	char path[4096];

	if (access(attest_path("ms-tav", path, sizeof(path)), R_OK) != 0)
		SKIP_ALOUD("no published reports: %s", path);
}

static void given_file(struct given *g, const char *name)
{
	struct error err = { 0 };
	char path[4096];

	cr_assert_eq(given_add_path(g, attest_path(name, path, sizeof(path)), &err), 0, "%s: %s",
	             name, err.text);
}

static void pair_open(const struct pair *p, struct given *g, struct snp_report *ret)
{
	auto_blob struct blob b = BLOB_NONE;
	struct snp_report_file f;
	struct error err = { 0 };
	char path[4096];
	const char *form;

	cr_assert_eq(blob_read(attest_path(p->report, path, sizeof(path)), 1 << 16, &b, &err), 0,
	             "%s", err.text);
	if (!snp_report_open(b.data, b.size, &f)) { /* hex, then */
		cr_assert_eq(bytes_of_text(b.data, b.size, (uint8_t *)ret, sizeof(*ret), &form),
		             (long)sizeof(*ret));
	} else {
		*ret = *f.report;
	}
	for (size_t i = 0; i < ARRAY_SIZE(p->certs) && p->certs[i]; i++)
		given_file(g, p->certs[i]);
}

Test(published, reports_are_authentic)
{
	need_files();
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		auto_given struct given g = { 0 }, none = { 0 };
		struct snp_report r;
		struct attest_question q = { &r, &g, &none, pairs[i].at, false };
		const struct attest_check *failed;
		struct attest a;

		pair_open(&pairs[i], &g, &r);
		attest_verify(&q, &a);
		failed = checks_failed(&a.checks);
		cr_expect_null(failed, "%s: %s: %s", pairs[i].report, failed ? failed->name : "",
		               failed ? failed->text : "");
		cr_expect(a.root_is_amd);
		cr_expect_eq(a.line, pairs[i].line);
		for (int c = 0; c < 3 && pairs[i].certs[c]; c++)
			cr_expect(g.n_certs >= 3);
	}
}

/* All bits of one of them, and some of each. */
Test(published, no_bit_may_change, .timeout = 120)
{
	need_files();
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		auto_given struct given g = { 0 }, none = { 0 };
		struct snp_report r;
		struct attest_question q = { &r, &g, &none, pairs[i].at, false };
		struct attest a, b;

		pair_open(&pairs[i], &g, &r);
		attest_verify(&q, &a);
		cr_assert_null(checks_failed(&a.checks), "%s", pairs[i].report);
		for (size_t bit = 0; bit < 8 * sizeof(r); bit += i == 0 ? 1 : 61) {
			uint8_t *byte = (uint8_t *)&r + bit / 8;

			*byte ^= (uint8_t)(1 << bit % 8);
			if (bit < 8 * SNP_REPORT_SIGNED)
				cr_expect_not(cert_signed_report(a.chain.vek, &r), "%s, bit %zu",
				              pairs[i].report, bit);
			if (bit % 61 == 0 || bit >= 8 * SNP_REPORT_SIGNED) {
				attest_verify(&q, &b);
				cr_expect_not_null(checks_failed(&b.checks), "%s, bit %zu",
				                   pairs[i].report, bit);
			}
			*byte ^= (uint8_t)(1 << bit % 8);
		}
	}
}

Test(published, a_VLEK_that_expired_is_refused)
{
	auto_given struct given g = { 0 }, none = { 0 };
	struct snp_report r;
	struct attest_question q = { &r, &g, &none, AT_2026, false };
	struct attest a;

	need_files();
	pair_open(&pairs[4], &g, &r);
	attest_verify(&q, &a);
	cr_assert_not_null(checks_failed(&a.checks));
	cr_expect_eq(checks_failed(&a.checks)->reason, CERTIFICATE_EXPIRED);
}

Test(published, a_chain_of_another_line_is_none)
{
	auto_given struct given g = { 0 }, none = { 0 };
	struct pair p = pairs[0];
	struct snp_report r;
	struct attest_question q = { &r, &g, &none, AT_2026, false };
	struct attest a;

	need_files();
	p.certs[1] = "ms-tav/genoa_ask.pem";
	p.certs[2] = "virtee-sev/builtin/genoa/ark.pem";
	pair_open(&p, &g, &r);
	attest_verify(&q, &a);
	cr_assert_not_null(checks_failed(&a.checks));
	cr_expect_eq(checks_failed(&a.checks)->reason, CHAIN_BROKEN);
}

Test(published, roots_are_those_that_are_pinned)
{
	static const char *const files[] = {
		"go-sev-guest/ask_ark_genoa.pem",      "go-sev-guest/ask_ark_genoa_vlek.pem",
		"go-sev-guest/ask_ark_milan.pem",      "go-sev-guest/ask_ark_milan_vlek.pem",
		"go-sev-guest/ask_ark_turin_vcek.pem", "go-sev-guest/ask_ark_turin_vlek.pem",
		"trustee/genoa_ask_ark_asvk.pem",      "trustee/turin_ask_ark_asvk.pem",
		"virtee-sev/cert_chain_turin",
	};

	need_files();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		auto_given struct given g = { 0 };
		const struct cert *ark = NULL;

		given_file(&g, files[i]);
		for (size_t c = 0; c < g.n_certs; c++) {
			cr_expect_str_empty(g.certs[c].defect, "%s: the %s %s", files[i],
			                    g.certs[c].subject, g.certs[c].defect);
			if (g.certs[c].kind == CERT_ARK)
				ark = &g.certs[c];
		}
		cr_assert_not_null(ark, "%s", files[i]);
		for (size_t c = 0; c < g.n_certs; c++)
			cr_expect(cert_issued_by(&g.certs[c], ark), "%s: %s", files[i],
			          g.certs[c].subject);
	}
}
