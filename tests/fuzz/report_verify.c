/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/report_verify.c: libFuzzer target: any report is verified without harm, with and
 * without certificates behind it. None passes, as no certificate is valid in 1970.
 */
#include "core/attest/expect.h"
#include "core/attest/verify.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct reference launch = { .policy = 0x30000 };
	const struct attest_want want = { .launch = &launch,
		                          .has_min_tcb = { [TCB_SNP] = true, [TCB_FMC] = true },
		                          .has_min_firmware = true,
		                          .require = 0xff,
		                          .mitigations = 1 };
	auto_given struct given g = { 0 }, roots = { 0 };
	struct snp_report_file file;
	struct error err = { 0 };
	struct attest a;

	if (!snp_report_open(data, size, &file))
		return 0;
	if (file.certs)
		given_add(&g, file.certs, file.certs_size, &err);
	for (int unauthenticated = 0; unauthenticated < 2; unauthenticated++) {
		struct attest_question q = { file.report, &g, &roots, 0, unauthenticated };

		attest_verify(&q, &a);
		must(unauthenticated || checks_failed(&a.checks));
		if (a.known)
			attest_expect(file.report, a.line, &want, &a.checks);
		must(a.checks.count <= ATTEST_CHECKS_MAX && a.n_urls <= ATTEST_URLS);
	}
	return 0;
}
