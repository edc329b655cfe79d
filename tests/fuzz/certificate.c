/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/certificate.c: libFuzzer target: any certificate, revocation list, PEM file or table
 * is read or refused by name, and what is read takes part in a chain without harm.
 */
#include "core/attest/chain.h"
#include "core/attest/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/make/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_given struct given g = { 0 };
	struct snp_report r = { .version = le32_of(3),
		                .policy = le64_of(0x30000),
		                .cpuid_family = 0x19,
		                .cpuid_model = 0x11 };
	struct attest_question q = { &r, &g, &g, CHAIN_AT, false };
	struct error err = { 0 };
	struct attest a;
	int ret = given_add(&g, data, size, &err);

	if (ret < 0)
		must_explain(&err);
	r.signature_algorithm = le32_of(1);
	memset(r.signature.r, 1, 48);
	memset(r.signature.s, 1, 48);
	attest_verify(&q, &a); /* with every root trusted: nothing may pass all the same */
	must(checks_failed(&a.checks));
	for (size_t i = 0; i < g.n_certs; i++)
		for (size_t j = 0; j < g.n_crls; j++)
			crl_lists(&g.crls[j], &g.certs[i]);
	return 0;
}
