/* SPDX-License-Identifier: MIT */
/*
 * core/snp/digest.h: computes the launch digest of a plan and, on request, a ledger of the digest
 * after each region.
 */
#ifndef CORE_SNP_DIGEST_H
#define CORE_SNP_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "core/plan/plan.h"

struct error; /* core/base/error.h */

#define SNP_DIGEST_SIZE 48

/* One line of the ledger: a region or the VMSA of a vCPU. */
struct snp_ledger_line {
	gpa_t gpa;
	uint64_t size;
	const char *type; /* "normal", ..., "vmsa" */
	const char *label;
	uint8_t digest_after[SNP_DIGEST_SIZE];
	bool has_content;                /* false: zeros, or the firmware writes it */
	uint8_t sha384[SNP_DIGEST_SIZE]; /* of the content, all pages of it */
};

/* A link of the chain: a page of memory, or a VMSA. */
struct snp_ledger_page {
	gpa_t gpa;
	uint8_t contents[SNP_DIGEST_SIZE]; /* PAGE_INFO.CONTENTS: zeros if they are not measured */
	uint8_t digest_after[SNP_DIGEST_SIZE];
};

/*
 * Hashes that are kept for the digests of several plans, so that nothing is measured twice: those
 * of images, which are known by their address and must not change or go away meanwhile, and of the
 * last page seen at each of a few guest addresses, which are known by their bytes.
 * Zero-initialise; large.
 */
#define SNP_KEPT_PAGES 16
struct snp_kept {
	struct snp_kept_image {
		const uint8_t *bytes;
		uint64_t size;
		uint8_t (*contents)[SNP_DIGEST_SIZE]; /* of each page; NULL: not hashed yet */
		/* where the chain went through all of it before */
		bool linked;
		gpa_t gpa;
		uint8_t before[SNP_DIGEST_SIZE], after[SNP_DIGEST_SIZE];
	} * images;
	size_t n_images;
	struct snp_kept_page {
		gpa_t gpa;
		uint8_t bytes[PAGE_SIZE], hash[SNP_DIGEST_SIZE];
	} pages[SNP_KEPT_PAGES];
	size_t n_pages;
};
/* Names an image: `size` bytes, whole pages. 0, or -ENOMEM with *err filled. */
int snp_kept_add(struct snp_kept *k, const uint8_t *bytes, uint64_t size, struct error *err);
void snp_kept_fini(struct snp_kept *k);

/*
 * Zero-initialise; set `ledger_wanted` before the replay to get a ledger, and `pages_wanted` to
 * get all `pages` in `page_list`. Without either, a copy of the struct is a digest of its own that
 * goes on from there.
 */
struct snp_digest {
	uint8_t value[SNP_DIGEST_SIZE];
	uint64_t pages; /* links of the chain: pages of memory and VMSAs */
	bool ledger_wanted, pages_wanted;
	struct snp_ledger_line *ledger;
	size_t n_ledger;
	struct snp_ledger_page *page_list;
	struct snp_kept *kept; /* shared with other digests; NULL: every page is hashed */
	/*
	 * Called after each page of a region that is linked to the chain, the first being 1; NULL:
	 * none. An image that `kept` went through before is one step, without calls.
	 */
	void (*linked)(void *self, const struct snp_digest *d, const struct region *r, size_t page);
	void *linked_self;
	/* during the replay */
	const struct plan_settings *settings;
	const struct vcpu_state *vmsa_of; /* vmsa_contents is the hash of its VMSA */
	uint8_t vmsa_contents[SNP_DIGEST_SIZE];
};

extern const struct plan_ops snp_digest_ops; /* self: struct snp_digest */

/* Replays the plan; 0 or a negative errno. Page contents are hashed on all CPUs. */
int snp_digest_of(const struct plan *p, struct snp_digest *ret, struct error *err);
/* Extends the digest by the VMSA of one more vCPU, given its hash (core/snp/vmsa.h). */
void snp_digest_vmsa(struct snp_digest *d, const uint8_t contents[static SNP_DIGEST_SIZE]);
void snp_digest_fini(struct snp_digest *d);

static inline void snp_digest_cleanup(struct snp_digest *d)
{
	snp_digest_fini(d);
}
#define auto_digest __attribute__((cleanup(snp_digest_cleanup)))

#endif
