/* SPDX-License-Identifier: MIT */
/*
 * firmware/igvm_write.c: writes a plan as an IGVM file of version 1. Headers come first, so where
 * each page's data lies is known only at the end.
 */
#include "firmware/igvm_write.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/abi.h"
#include "core/snp/digest.h"
#include "core/snp/vmsa.h"
#include "core/vm/platforms.h"
#include "firmware/assemble.h"
#include "firmware/igvm.h"
#include "firmware/images.h"

#define SNP_MASK  1 /* of the only platform */
#define FIXED     24
#define PAGES_MAX ((uint64_t)(IGVM_HEADERS_MAX - PLAN_MAX_VCPUS - 8))

struct writer {
	const struct plan_settings *settings;
	struct buffer headers, data;
	size_t *offsets; /* in headers: of offsets that count from where the data begins */
	size_t n_offsets;
	uint64_t pages;
	bool has_zero; /* pages whose kind only some loaders give to pages without data */
};

static void header_add(struct writer *w, uint32_t type, const void *body, uint32_t size)
{
	static const uint8_t padding[8];
	const le32 head[2] = { le32_of(type), le32_of(size) };

	buffer_add(&w->headers, head, sizeof(head));
	buffer_add(&w->headers, body, size);
	buffer_add(&w->headers, padding, -(size_t)size % 8);
}

/* Adds bytes, to which the offset at `at` in the next header's body will point. */
static int data_add(struct writer *w, size_t at, const void *bytes, le32 *to, struct error *err)
{
	if (!ARRAY_GROW(w->offsets, w->n_offsets))
		return error_nomem(err, "IGVM file");
	w->offsets[w->n_offsets++] = w->headers.size + 2 * sizeof(le32) + at;
	*to = le32_of((uint32_t)w->data.size);
	buffer_add(&w->data, bytes, PAGE_SIZE);
	return 0;
}

static int write_begin(void *self, const struct plan *p, struct error *err)
{
	struct writer *w = self;
	const struct {
		le32 mask;
		uint8_t vtl, type;
		le16 version;
		le64 vtom;
	} platform = { .mask = le32_of(SNP_MASK), .type = IGVM_SEV_SNP, .version = le16_of(1) };
	struct {
		le64 policy;
		le32 mask, zero;
	} policy = { .mask = le32_of(SNP_MASK) };

	(void)err;
	w->settings = plan_settings(p);
	policy.policy = le64_of(w->settings->policy);
	header_add(w, IGVM_SUPPORTED_PLATFORM, &platform, sizeof(platform));
	header_add(w, IGVM_GUEST_POLICY, &policy, sizeof(policy));
	return 0;
}

static int write_region(void *self, const struct region *r, struct error *err)
{
	static const struct {
		uint16_t kind;
		uint32_t flags;
	} rows[] = {
		[PAGE_DATA] = { IGVM_NORMAL, 0 },
		[PAGE_ZERO] = { IGVM_NORMAL, 0 },
		[PAGE_UNMEASURED] = { IGVM_NORMAL, IGVM_PAGE_UNMEASURED },
		[PAGE_SECRETS] = { IGVM_SECRETS, 0 },
		[PAGE_CPUID] = { IGVM_CPUID, 0 },
	};
	struct writer *w = self;

	w->has_zero |= r->kind == PAGE_ZERO;
	w->pages += r->size / PAGE_SIZE;
	if (w->pages > PAGES_MAX)
		return error_set(err, ERROR_UNSUPPORTED,
		                 "the launch has more pages than snpvmm reads from an IGVM file");
	for (uint64_t at = 0; at < r->size; at += PAGE_SIZE) {
		struct {
			le64 gpa;
			le32 mask, offset, flags;
			le16 kind, zero;
		} page = { .gpa = le64_of(r->gpa + at),
			   .mask = le32_of(SNP_MASK),
			   .flags = le32_of(rows[r->kind].flags),
			   .kind = le16_of(rows[r->kind].kind) };

		if (r->bytes && data_add(w, 12, r->bytes + at, &page.offset, err) < 0)
			return err->code;
		header_add(w, IGVM_PAGE_DATA, &page, sizeof(page));
	}
	return 0;
}

static int write_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct writer *w = self;
	struct snp_vmsa vmsa;
	struct {
		le64 gpa;
		le32 mask, offset;
		le16 vp, zero;
		le32 padding;
	} context = { .gpa = le64_of(SNP_VMSA_GPA),
		      .mask = le32_of(SNP_MASK),
		      .vp = le16_of((uint16_t)index) };

	snp_vmsa_of(s, w->settings->sev_features, w->settings->flavour, &vmsa);
	if (data_add(w, 12, &vmsa, &context.offset, err) < 0)
		return err->code;
	header_add(w, IGVM_VP_CONTEXT, &context, 20);
	return 0;
}

static void key_write(const uint8_t *from, struct igvm_key *to)
{
	memcpy(&to->curve, from, sizeof(to->curve));
	memcpy(to->x, from + 4, sizeof(to->x));
	memcpy(to->y, from + 76, sizeof(to->y));
}

static int write_end(void *self, const struct plan *p, struct error *err)
{
	struct writer *w = self;
	const struct plan_settings *s = plan_settings(p);
	const struct snp_id_block *b = (const void *)s->id_block;
	const struct snp_id_auth *a = (const void *)s->id_auth;
	struct igvm_id_block to = { .mask = le32_of(SNP_MASK),
		                    .author_key_enabled = s->author_key,
		                    .version = b->version,
		                    .svn = b->guest_svn,
		                    .id_algorithm = a->id_key_algorithm,
		                    .author_algorithm = a->author_key_algorithm };

	(void)err;
	if (!s->id_block_given)
		return 0;
	memcpy(to.digest, b->digest, sizeof(to.digest));
	memcpy(to.family_id, b->family_id, sizeof(to.family_id));
	memcpy(to.image_id, b->image_id, sizeof(to.image_id));
	memcpy(to.id_r, a->id_block_signature, sizeof(to.id_r));
	memcpy(to.id_s, a->id_block_signature + sizeof(to.id_r), sizeof(to.id_s));
	key_write(a->id_key, &to.id_key);
	if (s->author_key) {
		memcpy(to.author_r, a->id_key_signature, sizeof(to.author_r));
		memcpy(to.author_s, a->id_key_signature + sizeof(to.author_r), sizeof(to.author_s));
		key_write(a->author_key, &to.author_key);
	}
	header_add(w, IGVM_SNP_ID_BLOCK, &to, sizeof(to));
	return 0;
}

static const struct plan_ops write_ops = { write_begin, write_region, write_vcpu, write_end };

/* Puts the parts together, now that it is known where the data begins. */
static void file_make(struct writer *w, struct buffer *ret)
{
	uint32_t data_at = FIXED + (uint32_t)w->headers.size, crc;
	struct {
		char magic[4];
		le32 version, headers_at, headers_size, total_size, checksum;
	} fixed = { { 'I', 'G', 'V', 'M' },
		    le32_of(1),
		    le32_of(FIXED),
		    le32_of((uint32_t)w->headers.size),
		    le32_of(data_at + (uint32_t)w->data.size),
		    le32_of(0) };

	for (size_t i = 0; i < w->n_offsets && !w->headers.failed; i++) {
		uint8_t *at = w->headers.data + w->offsets[i];
		le32 offset;

		memcpy(&offset, at, sizeof(offset));
		offset = le32_of(le32_get(offset) + data_at);
		memcpy(at, &offset, sizeof(offset));
	}
	crc = igvm_crc(0, (const uint8_t *)&fixed, sizeof(fixed));
	fixed.checksum = le32_of(igvm_crc(crc, w->headers.data, w->headers.size));
	buffer_add(ret, &fixed, sizeof(fixed));
	buffer_add(ret, w->headers.data, w->headers.size);
	if (w->data.size)
		buffer_add(ret, w->data.data, w->data.size);
	ret->failed |= w->headers.failed || w->data.failed;
}

/* Whether the file, as boot.firmware of the manifest and nothing else, has this digest. */
static int file_check(const struct buffer *file, const struct manifest *m,
                      enum manifest_profile profile, const uint8_t digest[static PLAN_DIGEST],
                      struct error *err)
{
	struct manifest again = { .file = m->file,
		                  .firmware.path = (char *)"IGVM file",
		                  .vcpus = m->vcpus,
		                  .vcpu_sig = m->vcpu_sig,
		                  .memory = m->memory,
		                  .policy = m->policy,
		                  .guest_features = m->guest_features,
		                  .profile = profile };
	struct images images = { .firmware = { .data = file->data, .size = file->size } };
	auto_plan const struct plan *p = NULL;
	auto_digest struct snp_digest d = { 0 };

	if (assemble(&again, &images, &platform_snp, &p, err) < 0 || snp_digest_of(p, &d, err) < 0)
		return error_wrap(err, "the IGVM file can't be read back");
	if (memcmp(d.value, digest, PLAN_DIGEST) == 0)
		return 0;
	return error_set(err, ERROR_INTERNAL, "the IGVM file has another digest than the launch");
}

static int refuse_plan(const struct plan *p, struct error *err)
{
	const struct plan_settings *s = plan_settings(p);
	const struct shared_blob *blobs;
	const char *why = NULL, *fix = "boot the kernel through a firmware, or none";

	if (s->no_measurement)
		why = s->no_measurement;
	else if (plan_shared_blobs(p, &blobs) > 0)
		why = "the kernel or its initrd is no page of the launch: stage0 finds it in "
		      "shared memory, and verifies it by its hash";
	else if (s->seeded || s->vmsas_are_regions)
		why = s->measure_only;
	if (!why)
		return 0;
	if (plan_shared_blobs(p, &blobs) == 0)
		fix = "give a launch that can be run";
	error_set(err, ERROR_UNSUPPORTED, "this launch can't be an IGVM file");
	error_why(err, "%s", why);
	return error_fix(err, "%s", fix);
}

int igvm_write(const struct plan *p, const struct manifest *m,
               const uint8_t digest[static PLAN_DIGEST], struct buffer *ret,
               enum manifest_profile *ret_profile, struct error *err)
{
	enum manifest_profile profile = PROFILE_QEMU;
	struct writer w = { 0 };
	int r = refuse_plan(p, err);

	if (r == 0)
		r = plan_replay(p, &write_ops, &w, err);
	if (r == 0 && w.headers.size + w.data.size > UINT32_MAX - FIXED)
		r = error_set(err, ERROR_UNSUPPORTED, "an IGVM file has at most 4 GiB");
	if (r == 0) {
		file_make(&w, ret);
		if (w.has_zero)
			profile = PROFILE_CLOUD_HYPERVISOR;
		r = ret->failed ? error_nomem(err, "IGVM file")
		                : file_check(ret, m, profile, digest, err);
	}
	*ret_profile = profile;
	buffer_fini(&w.headers);
	buffer_fini(&w.data);
	free(w.offsets);
	return r;
}
