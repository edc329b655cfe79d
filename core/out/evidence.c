/* SPDX-License-Identifier: MIT */
/*
 * core/out/evidence.c: the fields of ID blocks, ID authentications and attestation reports, in the
 * order of their structures.
 */
#include "core/out/evidence.h"

#include <stdio.h>

#include "core/out/tree.h"
#include "core/snp/abi.h"
#include "core/snp/idblock.h"
#include "core/snp/policy.h"
#include "core/snp/report.h"

#define tree_field(t, key, field) tree_bytes(t, key, field, sizeof(field))

static void tree_named(struct tree *t, const char *key, uint32_t value, const char *name)
{
	char number[32];

	snprintf(number, sizeof(number), "unknown (%u)", value);
	tree_text(t, key, name ? name : number);
}

/* Names bits as snp.policy of a manifest does, and leaves out the bit that is always one. */
void evidence_policy(struct tree *t, uint64_t policy)
{
	char abi[16];

	snprintf(abi, sizeof(abi), "%u.%u", (unsigned)(policy >> 8 & 0xff),
	         (unsigned)(policy & 0xff));
	tree_map(t, "policy");
	tree_hex(t, "value", policy);
	tree_text(t, "abi", abi);
	tree_bits(t, "bits", policy & ~(SNP_POLICY_ABI | SNP_POLICY_RESERVED_ONE), snp_policy_name);
	tree_end(t);
}

void evidence_id_block(struct tree *t, const struct snp_id_block *b)
{
	tree_field(t, "measurement", b->digest);
	tree_field(t, "family_id", b->family_id);
	tree_field(t, "image_id", b->image_id);
	tree_number(t, "version", le32_get(b->version));
	tree_number(t, "guest_svn", le32_get(b->guest_svn));
	evidence_policy(t, le64_get(b->policy));
}

/* A key, and whether its signature is present. */
static void evidence_key(struct tree *t, const char *name, le32 algorithm,
                         const uint8_t key[static SNP_ID_KEY_SIZE],
                         const uint8_t signature[static 512])
{
	uint8_t digest[48];
	uint32_t curve = snp_id_key_curve(key);

	tree_map(t, name);
	tree_boolean(t, "present", snp_id_key_present(key));
	if (snp_id_key_present(key)) {
		tree_named(t, "algorithm", le32_get(algorithm),
		           snp_algorithm_name(le32_get(algorithm)));
		tree_named(t, "curve", curve, snp_curve_name(curve));
		snp_id_key_digest(key, digest);
		tree_field(t, "digest", digest);
	}
	tree_boolean(t, "signature", !bytes_zero(signature, 512));
	tree_end(t);
}

void evidence_id_auth(struct tree *t, const struct snp_id_auth *a)
{
	evidence_key(t, "id_key", a->id_key_algorithm, a->id_key, a->id_block_signature);
	evidence_key(t, "author_key", a->author_key_algorithm, a->author_key, a->id_key_signature);
}

static void evidence_tcb(struct tree *t, const char *key, const struct snp_report *r, le64 tcb)
{
	struct snp_tcb parts = snp_report_tcb(r, tcb);

	tree_map(t, key);
	tree_hex(t, "value", le64_get(tcb));
	if (parts.unknown) {
		tree_text(t, "layout", "unknown");
		tree_end(t);
		return;
	}
	if (parts.has_fmc)
		tree_number(t, "fmc", parts.fmc);
	tree_number(t, "boot_loader", parts.boot_loader);
	tree_number(t, "tee", parts.tee);
	tree_number(t, "snp", parts.snp);
	tree_number(t, "microcode", parts.microcode);
	tree_end(t);
}

static void evidence_version(struct tree *t, const char *key, const struct snp_report_version *v)
{
	tree_map(t, key);
	tree_number(t, "major", v->major);
	tree_number(t, "minor", v->minor);
	tree_number(t, "build", v->build);
	tree_end(t);
}

/* The fields about the host. */
static void report_host(struct tree *t, const struct snp_report *r)
{
	evidence_tcb(t, "reported_tcb", r, r->reported_tcb);
	if (snp_report_has_cpuid(r)) {
		tree_map(t, "cpuid");
		tree_number(t, "family", r->cpuid_family);
		tree_number(t, "model", r->cpuid_model);
		tree_number(t, "stepping", r->cpuid_stepping);
		tree_end(t);
	}
	tree_field(t, "chip_id", r->chip_id);
	evidence_tcb(t, "committed_tcb", r, r->committed_tcb);
	evidence_version(t, "current_version", &r->current);
	evidence_version(t, "committed_version", &r->committed);
	evidence_tcb(t, "launch_tcb", r, r->launch_tcb);
	if (snp_report_has_mitigations(r)) {
		tree_hex(t, "launch_mit_vector", le64_get(r->launch_mitigations));
		tree_hex(t, "current_mit_vector", le64_get(r->current_mitigations));
	}
	if (snp_report_reserved_set(r))
		tree_number(t, "reserved_bytes_set", snp_report_reserved_set(r));
}

void evidence_report(struct tree *t, const struct snp_report *r)
{
	tree_number(t, "version", le32_get(r->version));
	tree_number(t, "guest_svn", le32_get(r->guest_svn));
	evidence_policy(t, le64_get(r->policy));
	tree_field(t, "family_id", r->family_id);
	tree_field(t, "image_id", r->image_id);
	tree_number(t, "vmpl", le32_get(r->vmpl));
	tree_named(t, "signature_algorithm", le32_get(r->signature_algorithm),
	           snp_algorithm_name(le32_get(r->signature_algorithm)));
	evidence_tcb(t, "current_tcb", r, r->current_tcb);
	tree_map(t, "platform_info");
	tree_hex(t, "value", le64_get(r->platform_info));
	tree_bits(t, "bits", le64_get(r->platform_info), snp_report_platform_name);
	tree_end(t);
	tree_map(t, "flags");
	tree_hex(t, "value", le32_get(r->flags));
	tree_boolean(t, "author_key", le32_get(r->flags) & SNP_REPORT_AUTHOR_KEY);
	tree_boolean(t, "mask_chip_key", le32_get(r->flags) & SNP_REPORT_MASK_CHIP);
	tree_text(t, "signing_key", snp_report_signing_key(r));
	tree_end(t);
	tree_field(t, "report_data", r->report_data);
	tree_field(t, "measurement", r->measurement);
	tree_field(t, "host_data", r->host_data);
	tree_field(t, "id_key_digest", r->id_key_digest);
	tree_field(t, "author_key_digest", r->author_key_digest);
	tree_field(t, "report_id", r->report_id);
	tree_field(t, "report_id_ma", r->report_id_ma);
	report_host(t, r);
	tree_map(t, "signature");
	tree_field(t, "r", r->signature.r);
	tree_field(t, "s", r->signature.s);
	tree_end(t);
}
