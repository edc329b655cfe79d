/* SPDX-License-Identifier: MIT */
/* core/snp/digest.c: the SHA-384 chain that the PSP builds (SEV-SNP firmware ABI 8.17), without a PSP. */
#include "core/snp/digest.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/snp/abi.h"
#include "core/snp/vmsa.h"

typedef uint8_t contents_t[SNP_DIGEST_SIZE];

/* One job shared by all threads: they take runs of pages until none is left. */
struct hashing {
	const uint8_t *bytes;
	contents_t *contents;
	size_t pages;
	atomic_size_t next;
	cpu_set_t cpus; /* those that we may use */
};

enum { RUN_PAGES = 32, THREADS_MAX = 16 }; /* a run takes longer than starting a thread does */

static void hashing_work(struct hashing *h)
{
	for (;;) {
		size_t at = atomic_fetch_add(&h->next, RUN_PAGES);

		if (at >= h->pages)
			return;
		for (size_t i = at; i < MIN_OF(at + RUN_PAGES, h->pages); i++)
			sha384(h->bytes + i * PAGE_SIZE, PAGE_SIZE, h->contents[i]);
	}
}

static void *hashing_help(void *job)
{
	struct hashing *h = job;

	sched_setaffinity(0, sizeof(h->cpus), &h->cpus); /* where it begins was all that mattered */
	hashing_work(h);
	return NULL;
}

/*
 * Starts helpers on processors other than this one; how many. Left to itself the scheduler tends to queue them
 * behind the thread that starts them, and all is hashed before they first run.
 */
static size_t hashing_start(struct hashing *h, size_t wanted, pthread_t *threads)
{
	cpu_set_t elsewhere = h->cpus;
	pthread_attr_t attributes;
	size_t started = 0;
	int here = sched_getcpu();

	if (here >= 0 && here < CPU_SETSIZE)
		CPU_CLR(here, &elsewhere);
	pthread_attr_init(&attributes);
	pthread_attr_setaffinity_np(&attributes, sizeof(elsewhere), &elsewhere);
	while (started < wanted && !pthread_create(&threads[started], &attributes, hashing_help, h))
		started++;
	pthread_attr_destroy(&attributes);
	return started;
}

/* Hashes each page on its own. Threads that cannot be had are done without. */
static void pages_hash(const uint8_t *bytes, size_t pages, contents_t *contents)
{
	struct hashing h = { .bytes = bytes, .contents = contents, .pages = pages };
	pthread_t threads[THREADS_MAX];
	size_t helpers = 0;

	if (pages >= 2 * RUN_PAGES && sched_getaffinity(0, sizeof(h.cpus), &h.cpus) == 0)
		helpers = MIN_OF(pages / RUN_PAGES, (size_t)CPU_COUNT(&h.cpus)) - 1;
	helpers = hashing_start(&h, MIN_OF(helpers, (size_t)THREADS_MAX), threads);
	hashing_work(&h);
	while (helpers > 0)
		pthread_join(threads[--helpers], NULL);
}

static void chain(struct snp_digest *d, uint8_t type, gpa_t gpa, const uint8_t *contents)
{
	struct snp_page_info info = { .length = le16_of(sizeof(info)),
		                      .page_type = type,
		                      .gpa = le64_of(gpa) };

	memcpy(info.digest_cur, d->value, sizeof(info.digest_cur));
	if (contents)
		memcpy(info.contents, contents, sizeof(info.contents));
	sha384(&info, sizeof(info), d->value);
	d->pages++;
}

static int ledger_add(struct snp_digest *d, gpa_t gpa, uint64_t size, const char *type,
                      const char *label, struct error *err)
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
	auto_free contents_t *contents = NULL;

	if (kind->hashed) {
		contents = calloc(pages, sizeof(*contents));
		if (!contents)
			return error_nomem(err, "launch digest");
		pages_hash(r->bytes, pages, contents);
	}
	for (size_t i = 0; i < pages; i++)
		chain(d, kind->snp, r->gpa + i * PAGE_SIZE, contents ? contents[i] : NULL);
	return ledger_add(d, r->gpa, r->size, kind->name, r->label, err);
}

/*
 * KVM builds each VMSA itself from the vCPU's registers and measures it at LAUNCH_FINISH, in vCPU order, at
 * one and the same GPA. So a VMSA is never a region: the plan holds register state, and vmsa.c predicts KVM.
 */
static int digest_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	struct snp_digest *d = self;
	struct snp_vmsa vmsa;

	if (d->vmsa_of != s) { /* the same pointer means the same state: 254 APs cost one hash */
		snp_vmsa_of(s, d->settings->sev_features, d->settings->flavour, &vmsa);
		sha384(&vmsa, sizeof(vmsa), d->vmsa_contents);
		d->vmsa_of = s;
	}
	chain(d, SNP_PAGE_VMSA, SNP_VMSA_GPA, d->vmsa_contents);
	return ledger_add(d, SNP_VMSA_GPA, sizeof(vmsa), "vmsa",
	                  index ? "vcpu (ap)" : "vcpu 0 (bsp)", err);
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
	return plan_replay(p, &snp_digest_ops, ret, err);
}

void snp_digest_fini(struct snp_digest *d)
{
	free(d->ledger);
	*d = (struct snp_digest){ 0 };
}
