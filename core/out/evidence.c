/* SPDX-License-Identifier: MIT */
/* core/out/evidence.c: the fields of ID blocks, ID authentications and attestation reports, in their order. */
#include "core/out/evidence.h"

#include <stdio.h>

#include "core/out/emit.h"
#include "core/snp/abi.h"
#include "core/snp/idblock.h"
#include "core/snp/policy.h"
#include "core/snp/report.h"

#define POLICY_ABI 0xffff /* the least version of the firmware's API, minor in the lower byte */

#define EMIT_BYTES(e, key, field) (e)->bytes((e)->self, key, field, sizeof(field))

/* Numbers without a name are shown as they are. */
static void emit_named(const struct emitter *e, const char *key, uint32_t value, const char *name)
{
	char number[32];

	snprintf(number, sizeof(number), "unknown (%u)", value);
	e->text(e->self, key, name ? name : number);
}

static const char *policy_name(unsigned bit)
{
	const struct snp_bit *b = snp_policy_bit(bit);

	return !b ? NULL : b->key ? b->key : b->name ? b->name : b->text;
}

/* As the manifest's snp.policy would have it: the bit that must be one is not among the names. */
static void emit_policy(const struct emitter *e, uint64_t policy)
{
	char abi[16];

	snprintf(abi, sizeof(abi), "%u.%u", (unsigned)(policy >> 8 & 0xff),
	         (unsigned)(policy & 0xff));
	e->map(e->self, "policy");
	emit_hex(e, "value", policy);
	e->text(e->self, "abi", abi);
	emit_bits(e, "bits", policy & ~(POLICY_ABI | SNP_POLICY_RESERVED_ONE), policy_name);
	e->end(e->self);
}

void evidence_id_block(const struct emitter *e, const struct snp_id_block *b)
{
	EMIT_BYTES(e, "measurement", b->digest);
	EMIT_BYTES(e, "family_id", b->family_id);
	EMIT_BYTES(e, "image_id", b->image_id);
	e->number(e->self, "version", le32_get(b->version));
	e->number(e->self, "guest_svn", le32_get(b->guest_svn));
	emit_policy(e, le64_get(b->policy));
}

/* A key, and whether there is a signature by it of what it vouches for. */
static void emit_key(const struct emitter *e, const char *name, le32 algorithm,
                     const uint8_t key[static SNP_ID_KEY_SIZE], const uint8_t signature[static 512])
{
	uint8_t digest[48];
	uint32_t curve = snp_id_key_curve(key);

	e->map(e->self, name);
	e->boolean(e->self, "present", snp_id_key_present(key));
	if (snp_id_key_present(key)) {
		emit_named(e, "algorithm", le32_get(algorithm),
		           snp_algorithm_name(le32_get(algorithm)));
		emit_named(e, "curve", curve, snp_curve_name(curve));
		snp_id_key_digest(key, digest);
		EMIT_BYTES(e, "digest", digest);
	}
	e->boolean(e->self, "signature", !bytes_zero(signature, 512));
	e->end(e->self);
}

void evidence_id_auth(const struct emitter *e, const struct snp_id_auth *a)
{
	emit_key(e, "id_key", a->id_key_algorithm, a->id_key, a->id_block_signature);
	emit_key(e, "author_key", a->author_key_algorithm, a->author_key, a->id_key_signature);
}

static void emit_tcb(const struct emitter *e, const char *key, const struct snp_report *r, le64 tcb)
{
	struct snp_tcb t = snp_report_tcb(r, tcb);

	e->map(e->self, key);
	emit_hex(e, "value", le64_get(tcb));
	if (t.unknown) {
		e->text(e->self, "layout", "unknown");
		e->end(e->self);
		return;
	}
	if (t.has_fmc)
		e->number(e->self, "fmc", t.fmc);
	e->number(e->self, "boot_loader", t.boot_loader);
	e->number(e->self, "tee", t.tee);
	e->number(e->self, "snp", t.snp);
	e->number(e->self, "microcode", t.microcode);
	e->end(e->self);
}

static void emit_version(const struct emitter *e, const char *key,
                         const struct snp_report_version *v)
{
	e->map(e->self, key);
	e->number(e->self, "major", v->major);
	e->number(e->self, "minor", v->minor);
	e->number(e->self, "build", v->build);
	e->end(e->self);
}

static void emit_flags(const struct emitter *e, const struct snp_report *r)
{
	uint32_t flags = le32_get(r->flags);

	e->map(e->self, "flags");
	emit_hex(e, "value", flags);
	e->boolean(e->self, "author_key", flags & SNP_REPORT_AUTHOR_KEY);
	e->boolean(e->self, "mask_chip_key", flags & SNP_REPORT_MASK_CHIP);
	e->text(e->self, "signing_key", snp_report_signing_key(r));
	e->end(e->self);
}

static void emit_platform(const struct emitter *e, uint64_t info)
{
	e->map(e->self, "platform_info");
	emit_hex(e, "value", info);
	emit_bits(e, "bits", info, snp_report_platform_name);
	e->end(e->self);
}

static void emit_cpuid(const struct emitter *e, const struct snp_report *r)
{
	e->map(e->self, "cpuid");
	e->number(e->self, "family", r->cpuid_family);
	e->number(e->self, "model", r->cpuid_model);
	e->number(e->self, "stepping", r->cpuid_stepping);
	e->end(e->self);
}

/* What the launch decides, and who asked. */
static void report_guest(const struct emitter *e, const struct snp_report *r)
{
	e->number(e->self, "version", le32_get(r->version));
	e->number(e->self, "guest_svn", le32_get(r->guest_svn));
	emit_policy(e, le64_get(r->policy));
	EMIT_BYTES(e, "family_id", r->family_id);
	EMIT_BYTES(e, "image_id", r->image_id);
	e->number(e->self, "vmpl", le32_get(r->vmpl));
	emit_named(e, "signature_algorithm", le32_get(r->signature_algorithm),
	           snp_algorithm_name(le32_get(r->signature_algorithm)));
	emit_tcb(e, "current_tcb", r, r->current_tcb);
	emit_platform(e, le64_get(r->platform_info));
	emit_flags(e, r);
	EMIT_BYTES(e, "report_data", r->report_data);
	EMIT_BYTES(e, "measurement", r->measurement);
	EMIT_BYTES(e, "host_data", r->host_data);
	EMIT_BYTES(e, "id_key_digest", r->id_key_digest);
	EMIT_BYTES(e, "author_key_digest", r->author_key_digest);
	EMIT_BYTES(e, "report_id", r->report_id);
	EMIT_BYTES(e, "report_id_ma", r->report_id_ma);
}

/* On what it runs. */
static void report_host(const struct emitter *e, const struct snp_report *r)
{
	emit_tcb(e, "reported_tcb", r, r->reported_tcb);
	if (snp_report_has_cpuid(r))
		emit_cpuid(e, r);
	EMIT_BYTES(e, "chip_id", r->chip_id);
	emit_tcb(e, "committed_tcb", r, r->committed_tcb);
	emit_version(e, "current_version", &r->current);
	emit_version(e, "committed_version", &r->committed);
	emit_tcb(e, "launch_tcb", r, r->launch_tcb);
	if (snp_report_has_mitigations(r)) {
		emit_hex(e, "launch_mit_vector", le64_get(r->launch_mitigations));
		emit_hex(e, "current_mit_vector", le64_get(r->current_mitigations));
	}
	if (snp_report_reserved_set(r))
		e->number(e->self, "reserved_bytes_set", snp_report_reserved_set(r));
}

void evidence_report(const struct emitter *e, const struct snp_report *r)
{
	report_guest(e, r);
	report_host(e, r);
	e->map(e->self, "signature");
	EMIT_BYTES(e, "r", r->signature.r);
	EMIT_BYTES(e, "s", r->signature.s);
	e->end(e->self);
}
