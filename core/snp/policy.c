/* SPDX-License-Identifier: MIT */
/*
 * core/snp/policy.c: the tables of policy bits, SEV features and vCPU signatures, and checks for
 * what no firmware accepts.
 */
#include "core/snp/policy.h"

#include <string.h>

#include "core/base/error.h"

#define POLICY_KNOWN_BITS 26 /* SEV-SNP firmware ABI 4.3, table 9: 63:26 are reserved */

/* GUEST_POLICY, SEV-SNP firmware ABI 4.3. */
const struct snp_bit snp_policy_bits[] = {
	{ 16, "smt", "simultaneous multithreading on the host allowed", NULL },
	{ 17, NULL, "reserved, must be one", NULL },
	{ 18, NULL, "association with a migration agent allowed", "migrate_ma" },
	{ 19, "debug", "debugging by the host allowed", NULL },
	{ 20, "single_socket", "confined to a single socket", NULL },
	{ 21, "cxl_allow", "CXL memory and devices allowed", NULL },
	{ 22, "aes256_xts", "memory encryption by AES-256-XTS required", NULL },
	{ 23, "rapl_dis", "running average power limit (RAPL) disabled", NULL },
	{ 24, "ciphertext_hiding", "ciphertext hiding for DRAM required", NULL },
	{ 25, "page_swap_disable", "swapping of guest pages disabled", NULL },
	{ 0, NULL, NULL, NULL },
};

/* SEV_FEATURES of the VMSA, APM volume 2, appendix B. */
const struct snp_bit snp_feature_bits[] = {
	{ 0, NULL, "SNP active", NULL },
	{ 1, NULL, "virtual TOM", NULL },
	{ 2, NULL, "#VC reflected", NULL },
	{ 3, NULL, "restricted injection", NULL },
	{ 4, NULL, "alternate injection", NULL },
	{ 5, NULL, "debug registers swapped", NULL },
	{ 6, NULL, "host IBS prevented", NULL },
	{ 7, NULL, "BTB isolation", NULL },
	{ 8, NULL, "VMPL supervisor shadow stack", NULL },
	{ 9, NULL, "Secure TSC", NULL },
	{ 14, NULL, "VMSA register protection", NULL },
	{ 15, NULL, "SMT protection", NULL },
	{ 0, NULL, NULL, NULL },
};

/*
 * CPUID(1).EAX of QEMU's models. Versions of a model differ in CPUID features, which aren't
 * measured, but not in the signature.
 */
#define SIGNATURE_EPYC  0x00800f12
#define SIGNATURE_ROME  0x00830f10
#define SIGNATURE_MILAN 0x00a00f11
#define SIGNATURE_GENOA 0x00a10f10
#define SIGNATURE_TURIN 0x00b00f00

const struct snp_vcpu_type snp_vcpu_types[] = {
	{ "EPYC", SIGNATURE_EPYC },           { "EPYC-v1", SIGNATURE_EPYC },
	{ "EPYC-v2", SIGNATURE_EPYC },        { "EPYC-v3", SIGNATURE_EPYC },
	{ "EPYC-v4", SIGNATURE_EPYC },        { "EPYC-v5", SIGNATURE_EPYC },
	{ "EPYC-IBPB", SIGNATURE_EPYC },      { "EPYC-Rome", SIGNATURE_ROME },
	{ "EPYC-Rome-v1", SIGNATURE_ROME },   { "EPYC-Rome-v2", SIGNATURE_ROME },
	{ "EPYC-Rome-v3", SIGNATURE_ROME },   { "EPYC-Rome-v4", SIGNATURE_ROME },
	{ "EPYC-Rome-v5", SIGNATURE_ROME },   { "EPYC-Milan", SIGNATURE_MILAN },
	{ "EPYC-Milan-v1", SIGNATURE_MILAN }, { "EPYC-Milan-v2", SIGNATURE_MILAN },
	{ "EPYC-Milan-v3", SIGNATURE_MILAN }, { "EPYC-Genoa", SIGNATURE_GENOA },
	{ "EPYC-Genoa-v1", SIGNATURE_GENOA }, { "EPYC-Genoa-v2", SIGNATURE_GENOA },
	{ "EPYC-Turin", SIGNATURE_TURIN },    { "EPYC-Turin-v1", SIGNATURE_TURIN },
	{ "EPYC-Turin-v2", SIGNATURE_TURIN }, { NULL, 0 },
};

const char *snp_policy_name(unsigned bit)
{
	for (const struct snp_bit *b = snp_policy_bits; b->text; b++)
		if (b->bit == bit)
			return b->key ? b->key : b->name ? b->name : b->text;
	return NULL;
}

bool snp_policy_known(uint64_t policy)
{
	return policy & SNP_POLICY_RESERVED_ONE && policy >> POLICY_KNOWN_BITS == 0;
}

int snp_policy_check(uint64_t policy, struct error *err)
{
	uint64_t unknown = policy >> POLICY_KNOWN_BITS << POLICY_KNOWN_BITS;

	if (!(policy & SNP_POLICY_RESERVED_ONE)) {
		error_set(err, ERROR_BAD_POLICY, "policy 0x%llx lacks bit 17",
		          (unsigned long long)policy);
		error_why(err, "the firmware refuses a guest whose policy has bit 17 clear "
		               "(SEV-SNP firmware ABI 4.3)");
		return error_fix(err, "write 0x%llx; the usual policy is 0x%llx",
		                 (unsigned long long)(policy | SNP_POLICY_RESERVED_ONE),
		                 (unsigned long long)SNP_POLICY_DEFAULT);
	}
	if (unknown) {
		error_set(err, ERROR_BAD_POLICY, "policy 0x%llx has unknown bits: 0x%llx",
		          (unsigned long long)policy, (unsigned long long)unknown);
		error_why(err, "bits 26 and up are reserved, and every firmware refuses them");
		return error_fix(err, "write 0x%llx", (unsigned long long)(policy & ~unknown));
	}
	return 0;
}

int snp_features_check(uint64_t features, struct error *err)
{
	if (features & SNP_FEATURE_ACTIVE)
		return 0;
	error_set(err, ERROR_BAD_VALUE, "guest features 0x%llx lack bit 0 (SNP active)",
	          (unsigned long long)features);
	error_why(err, "every SEV-SNP guest runs with bit 0 of SEV_FEATURES set");
	return error_fix(err, "write 0x%llx", (unsigned long long)(features | SNP_FEATURE_ACTIVE));
}

const struct snp_vcpu_type *snp_vcpu_type(const char *name)
{
	for (const struct snp_vcpu_type *t = snp_vcpu_types; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}
