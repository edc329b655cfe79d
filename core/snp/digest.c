/* SPDX-License-Identifier: MIT */
/*
 * core/snp/digest.c: the SHA-384 chain that the PSP builds (SEV-SNP firmware ABI 8.17), without a
 * PSP.
 */
#include "core/snp/digest.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/base/thread.h"
#include "core/snp/abi.h"
#include "core/snp/vmsa.h"

typedef uint8_t contents_t[SNP_DIGEST_SIZE];

/* Shared by all threads, each of which takes RUN_PAGES pages at a time until none is left. */
struct hashing {
	const uint8_t *bytes;
	contents_t *contents;
	size_t pages;
	atomic_size_t next;
};

/* One thread hashes fewer than WORTH_PAGES pages faster than another one starts. */
enum { RUN_PAGES = 16, WORTH_PAGES = 64, THREADS_MAX = 16 };

static void hashing_work(void *job)
{
	struct hashing *h = job;

	for (;;) {
		size_t at = atomic_fetch_add(&h->next, RUN_PAGES);

		if (at >= h->pages)
			return;
		for (size_t i = at; i < MIN(at + RUN_PAGES, h->pages); i++)
			sha384(h->bytes + i * PAGE_SIZE, PAGE_SIZE, h->contents[i]);
	}
}

/* Hashes each page, with as many threads as are useful and can be started. */
static void pages_hash(const uint8_t *bytes, size_t pages, contents_t *contents)
{
	struct hashing h = { .bytes = bytes, .contents = contents, .pages = pages };
	struct helper *helpers[THREADS_MAX];
	size_t wanted = 0, started = 0;

	if (pages >= WORTH_PAGES)
		wanted =
			MIN(MIN(pages / (WORTH_PAGES / 2), helper_cpus()) - 1, (size_t)THREADS_MAX);
	while (started < wanted && (helpers[started] = helper_start(hashing_work, &h)))
		started++;
	hashing_work(&h);
	while (started > 0)
		helper_finish(helpers[--started]);
}

/* --- contents that are hashed once for several digests --- */

int snp_kept_add(struct snp_kept *k, const uint8_t *bytes, uint64_t size, struct error *err)
{
	if (!ARRAY_GROW(k->images, k->n_images))
		return error_nomem(err, "launch digest");
	k->images[k->n_images++] = (struct snp_kept_image){ .bytes = bytes, .size = size };
	return 0;
}

/* The hash of one page, kept by its address until other bytes are there. */
static void kept_page_hash(struct snp_kept *k, gpa_t gpa, const uint8_t *bytes, uint8_t *hash)
{
	struct snp_kept_page *page = NULL;

	for (size_t i = 0; i < k->n_pages && !page; i++)
		if (k->pages[i].gpa == gpa)
			page = &k->pages[i];
	if (!page && k->n_pages < SNP_KEPT_PAGES) {
		page = &k->pages[k->n_pages++];
		page->gpa = gpa;
	} else if (page && memcmp(page->bytes, bytes, PAGE_SIZE) == 0) {
		memcpy(hash, page->hash, SHA384_SIZE);
		return;
	}
	sha384(bytes, PAGE_SIZE, hash);
	if (page) {
		memcpy(page->bytes, bytes, PAGE_SIZE);
		memcpy(page->hash, hash, SHA384_SIZE);
	}
}

/*
 * The hashes of a region's pages: kept ones, or in *ret_own, which the caller frees. NULL: no
 * memory.
 */
static const contents_t *contents_of(struct snp_kept *k, struct snp_kept_image *image,
                                     const struct region *r, contents_t **ret_own)
{
	size_t pages = r->size / PAGE_SIZE;
	contents_t *own;

	if (image && image->contents)
		return image->contents;
	own = calloc(pages, sizeof(*own));
	if (!own)
		return NULL;
	if (!k || image)
		pages_hash(r->bytes, pages, own);
	for (size_t i = 0; k && !image && i < pages; i++)
		kept_page_hash(k, r->gpa + i * PAGE_SIZE, r->bytes + i * PAGE_SIZE, own[i]);
	if (image)
		image->contents = own;
	else
		*ret_own = own;
	return own;
}

void snp_kept_fini(struct snp_kept *k)
{
	for (size_t i = 0; i < k->n_images; i++)
		free(k->images[i].contents);
	free(k->images);
	*k = (struct snp_kept){ 0 };
}

/* --- the chain --- */

/* There must be room for the page in page_list. */
static void digest_chain(struct snp_digest *d, uint8_t type, gpa_t gpa, const uint8_t *contents)
{
	struct snp_page_info info = { .length = le16_of(sizeof(info)),
		                      .page_type = type,
		                      .gpa = le64_of(gpa) };

	memcpy(info.digest_cur, d->value, sizeof(info.digest_cur));
	if (contents)
		memcpy(info.contents, contents, sizeof(info.contents));
	sha384(&info, sizeof(info), d->value);
	if (d->pages_wanted) {
		struct snp_ledger_page *page = &d->page_list[d->pages];

		page->gpa = gpa;
		memcpy(page->contents, info.contents, sizeof(page->contents));
		memcpy(page->digest_after, d->value, sizeof(page->digest_after));
	}
	d->pages++;
}

static int page_list_grow(struct snp_digest *d, size_t by, struct error *err)
{
	struct snp_ledger_page *grown =
		d->pages_wanted ? reallocarray(d->page_list, d->pages + by, sizeof(*grown)) : NULL;

	if (d->pages_wanted && !grown)
		return error_nomem(err, "launch digest");
	d->page_list = grown;
	return 0;
}

/* `content`: the hash of the whole region's bytes; NULL: it has none. */
static int ledger_add(struct snp_digest *d, gpa_t gpa, uint64_t size, const char *type,
                      const char *label, const uint8_t *content, struct error *err)
{
	struct snp_ledger_line *grown;

	if (!d->ledger_wanted)
		return 0;
	grown = reallocarray(d->ledger, d->n_ledger + 1, sizeof(*grown));
	if (!grown)
		return error_nomem(err, "launch digest");
	d->ledger = grown;
	grown += d->n_ledger++;
	*grown = (struct snp_ledger_line){ .gpa = gpa, .size = size, .type = type, .label = label };
	memcpy(grown->digest_after, d->value, sizeof(grown->digest_after));
	grown->has_content = content;
	if (content)
		memcpy(grown->sha384, content, sizeof(grown->sha384));
	return 0;
}

static int digest_begin(void *self, const struct plan *p, struct error *err)
{
	struct snp_digest *d = self;

	(void)err;
	d->settings = plan_settings(p);
	if (d->settings->seeded)
		memcpy(d->value, d->settings->seed, sizeof(d->value));
	return 0;
}

static int digest_region(void *self, const struct region *r, struct error *err)
{
	struct snp_digest *d = self;
	const struct region_kind *kind = region_kind(r->kind);
	size_t pages = r->size / PAGE_SIZE;
	struct snp_kept_image *image = NULL;
	auto_free contents_t *own = NULL;
	const contents_t *contents = NULL;
	contents_t before, whole;

	if (page_list_grow(d, pages, err) < 0)
		return err->code;
	for (size_t i = 0; d->kept && kind->hashed && i < d->kept->n_images; i++)
		if (d->kept->images[i].bytes == r->bytes && d->kept->images[i].size == r->size)
			image = &d->kept->images[i];
	memcpy(before, d->value, sizeof(before));
	if (image && image->linked && !d->pages_wanted && image->gpa == r->gpa &&
	    memcmp(image->before, before, sizeof(before)) == 0) {
		memcpy(d->value, image->after, sizeof(d->value));
		d->pages += pages;
		pages = 0;
	} else if (kind->hashed && !(contents = contents_of(d->kept, image, r, &own))) {
		return error_nomem(err, "launch digest");
	}
	for (size_t i = 0; i < pages; i++) {
		digest_chain(d, kind->snp, r->gpa + i * PAGE_SIZE, contents ? contents[i] : NULL);
		if (d->linked)
			d->linked(d->linked_self, d, r, i + 1);
	}
	if (image && pages > 0) {
		image->linked = true;
		image->gpa = r->gpa;
		memcpy(image->before, before, sizeof(before));
		memcpy(image->after, d->value, sizeof(image->after));
	}
	if (d->ledger_wanted && r->bytes)
		sha384(r->bytes, r->size, whole);
	return ledger_add(d, r->gpa, r->size, kind->name, r->label, r->bytes ? whole : NULL, err);
}

void snp_digest_vmsa(struct snp_digest *d, const uint8_t contents[static SNP_DIGEST_SIZE])
{
	digest_chain(d, SNP_PAGE_VMSA, SNP_VMSA_GPA, contents);
}

/*
 * KVM builds each VMSA from the vCPU's registers and measures it at LAUNCH_FINISH, in vCPU order,
 * all at the same GPA. So a VMSA is never a region: the plan has register states, and vmsa.c
 * predicts what KVM builds.
 */
static int digest_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct snp_digest *d = self;

	if (page_list_grow(d, 1, err) < 0)
		return err->code;
	if (d->vmsa_of != s) { /* the same pointer means the same state: hash it once for all APs */
		snp_vmsa_hash(vmsa_rule_of(d->settings->flavour), s, d->settings->sev_features,
		              d->vmsa_contents);
		d->vmsa_of = s;
	}
	digest_chain(d, SNP_PAGE_VMSA, SNP_VMSA_GPA, d->vmsa_contents);
	return ledger_add(d, SNP_VMSA_GPA, sizeof(struct snp_vmsa), "vmsa",
	                  index ? "vcpu (ap)" : "vcpu 0 (bsp)", d->vmsa_contents, err);
}

static int digest_end(void *self, const struct plan *p, struct error *err)
{
	(void)self;
	(void)p;
	(void)err;
	return 0;
}

const struct plan_ops snp_digest_ops = { digest_begin, digest_region, digest_vcpu, digest_end };

int snp_digest_of(const struct plan *p, struct snp_digest *ret, struct error *err)
{
	const char *none = plan_settings(p)->no_measurement;

	if (!none)
		return plan_replay(p, &snp_digest_ops, ret, err);
	error_set(err, ERROR_UNSUPPORTED, "this manifest has no measurement: %s", none);
	return error_why(err, "a plain VM runs it (platform kvm), but no SNP launch of it exists");
}

void snp_digest_fini(struct snp_digest *d)
{
	free(d->ledger);
	free(d->page_list);
	*d = (struct snp_digest){ 0 };
}
