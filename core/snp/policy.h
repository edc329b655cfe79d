/* SPDX-License-Identifier: MIT */
/*
 * core/snp/policy.h: guest policies, SEV features and vCPU signatures: names and checks.
 */
#ifndef CORE_SNP_POLICY_H
#define CORE_SNP_POLICY_H

#include <stdbool.h>
#include <stdint.h>

struct error; /* core/base/error.h */

/* Guest policy, SEV-SNP firmware ABI 4.3. */
#define SNP_POLICY_ABI           ((uint64_t)0xffff) /* minimum API: major, minor */
#define SNP_POLICY_SMT           ((uint64_t)1 << 16)
#define SNP_POLICY_RESERVED_ONE  ((uint64_t)1 << 17) /* must be set */
#define SNP_POLICY_MIGRATE_MA    ((uint64_t)1 << 18)
#define SNP_POLICY_DEBUG         ((uint64_t)1 << 19)
#define SNP_POLICY_SINGLE_SOCKET ((uint64_t)1 << 20)
#define SNP_POLICY_DEFAULT       (SNP_POLICY_SMT | SNP_POLICY_RESERVED_ONE)

#define SNP_FEATURE_ACTIVE     ((uint64_t)1 << 0)
#define SNP_FEATURE_SECURE_TSC ((uint64_t)1 << 9)

/*
 * A bit. `key` is its name in snp.policy of a manifest; NULL: it cannot be set by name.
 */
struct snp_bit {
	unsigned bit;
	const char *key;
	const char *text; /* for errors: "debugging by the host allowed" */
	const char *name; /* in results, if there is no key; NULL: the text */
};

/* The rows, ended by one whose text is NULL. */
extern const struct snp_bit snp_policy_bits[];
extern const struct snp_bit snp_feature_bits[];

/* The name of a policy bit in results: its key, name or text; NULL: unknown. Static. */
const char *snp_policy_name(unsigned bit);

/* Whether some firmware accepts it. */
bool snp_policy_known(uint64_t policy);
/*
 * Refuses what no firmware accepts: bit 17 clear, bits above 25 set. 0, or -EINVAL with why and
 * fix.
 */
int snp_policy_check(uint64_t policy, struct error *err);
/* Refuses SEV_FEATURES without bit 0, which every SNP guest has. 0 or -EINVAL. */
int snp_features_check(uint64_t features, struct error *err);

/* QEMU's CPU model names, with the CPUID(1).EAX of each. */
struct snp_vcpu_type {
	const char *name;
	uint32_t signature;
};
extern const struct snp_vcpu_type snp_vcpu_types[]; /* ended by a NULL name */

/* Exact, case-sensitive name. NULL if there is none. */
const struct snp_vcpu_type *snp_vcpu_type(const char *name);

#endif
