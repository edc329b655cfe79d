/* SPDX-License-Identifier: MIT */
/* core/plan/plan.c: builds, seals and replays a launch plan. */
#include "core/plan/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"

struct plan {
	struct region *regions;
	size_t n_regions;
	struct blob *blobs;
	size_t n_blobs;
	struct ram ram[PLAN_RAM_MAX];
	size_t n_ram;
	struct ram lazy[PLAN_RAM_MAX];
	size_t n_lazy;
	struct shared_blob shared[PLAN_SHARED_MAX];
	size_t n_shared;
	struct fw_item items[PLAN_ITEMS_MAX];
	size_t n_items;
	struct vcpu_state bsp, ap;
	unsigned vcpus;
	struct own_state {
		unsigned index;
		struct vcpu_state state;
	} * own; /* sorted by index */
	size_t n_own;
	struct plan_settings settings;
	bool sealed;
};

struct plan *plan_new(void)
{
	return calloc(1, sizeof(struct plan));
}

void plan_free(const struct plan *p)
{
	struct plan *own = (struct plan *)p; /* const means sealed, not owned by others */

	if (!own)
		return;
	for (size_t i = 0; i < own->n_blobs; i++)
		blob_fini(&own->blobs[i]);
	free(own->blobs);
	free(own->regions);
	free(own->own);
	free(own);
}

int plan_adopt(struct plan *p, struct blob b, struct error *err)
{
	assert(!p->sealed);
	if (!ARRAY_GROW(p->blobs, p->n_blobs)) {
		blob_fini(&b);
		return error_nomem(err, "launch plan");
	}
	p->blobs[p->n_blobs++] = b;
	return 0;
}

/* Whole pages, at least one, below PLAN_GPA_LIMIT. */
static bool span_ok(gpa_t gpa, uint64_t size)
{
	return size > 0 && gpa % PAGE_SIZE == 0 && size % PAGE_SIZE == 0 && gpa < PLAN_GPA_LIMIT &&
	       size <= PLAN_GPA_LIMIT - gpa;
}

static bool span_overlap(gpa_t a, uint64_t a_size, gpa_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

int plan_add_ram(struct plan *p, gpa_t gpa, uint64_t size, struct error *err)
{
	assert(!p->sealed);
	if (!span_ok(gpa, size))
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "memory at 0x%llx, 0x%llx bytes: not whole pages below 0x%llx",
		                 (unsigned long long)gpa, (unsigned long long)size,
		                 (unsigned long long)PLAN_GPA_LIMIT);
	if (p->n_ram == PLAN_RAM_MAX)
		return error_set(err, ERROR_BAD_LAYOUT, "more than %d ranges of memory",
		                 PLAN_RAM_MAX);
	for (size_t i = 0; i < p->n_ram; i++)
		if (span_overlap(gpa, size, p->ram[i].gpa, p->ram[i].size))
			return error_set(
				err, ERROR_BAD_LAYOUT, "memory at 0x%llx overlaps memory at 0x%llx",
				(unsigned long long)gpa, (unsigned long long)p->ram[i].gpa);
	p->ram[p->n_ram++] = (struct ram){ gpa, size };
	return 0;
}

static bool in_ram(const struct plan *p, gpa_t gpa, uint64_t size)
{
	for (size_t i = 0; i < p->n_ram; i++)
		if (gpa >= p->ram[i].gpa && gpa + size <= p->ram[i].gpa + p->ram[i].size)
			return true;
	return false;
}

int plan_add_lazy(struct plan *p, gpa_t gpa, uint64_t size, struct error *err)
{
	bool ok = span_ok(gpa, size) && p->n_lazy < PLAN_RAM_MAX && in_ram(p, gpa, size);

	assert(!p->sealed);
	for (size_t i = 0; i < p->n_lazy; i++)
		ok &= !span_overlap(gpa, size, p->lazy[i].gpa, p->lazy[i].size);
	if (!ok)
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "memory to accept later at 0x%llx, 0x%llx bytes: not whole pages "
		                 "of the guest's memory, or there before",
		                 (unsigned long long)gpa, (unsigned long long)size);
	p->lazy[p->n_lazy++] = (struct ram){ gpa, size };
	return 0;
}

int plan_add_shared(struct plan *p, const struct shared_blob *o, struct error *err)
{
	assert(!p->sealed);
	if (!span_ok(o->gpa, o->size) || (uintptr_t)o->bytes % PAGE_SIZE || !o->bytes)
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "%s at 0x%llx, 0x%llx bytes: not whole pages", o->label,
		                 (unsigned long long)o->gpa, (unsigned long long)o->size);
	if (p->n_shared == PLAN_SHARED_MAX)
		return error_set(err, ERROR_BAD_LAYOUT, "more than %d shared blobs",
		                 PLAN_SHARED_MAX);
	p->shared[p->n_shared++] = *o;
	return 0;
}

int plan_add_item(struct plan *p, const struct fw_item *i, struct error *err)
{
	assert(!p->sealed);
	if (p->n_items == PLAN_ITEMS_MAX)
		return error_set(err, ERROR_INTERNAL, "more than %d items for fw_cfg",
		                 PLAN_ITEMS_MAX);
	p->items[p->n_items++] = *i;
	return 0;
}

int plan_add(struct plan *p, const struct region *r, struct error *err)
{
	const struct region_kind *kind = region_kind(r->kind);

	assert(!p->sealed);
	/* a VMSA is not in the guest's memory, but where the launcher says */
	if (r->kind == PAGE_VMSA ? r->gpa % PAGE_SIZE || r->size != PAGE_SIZE
	                         : !span_ok(r->gpa, r->size))
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "%s at 0x%llx, 0x%llx bytes: not whole pages below 0x%llx",
		                 r->label, (unsigned long long)r->gpa, (unsigned long long)r->size,
		                 (unsigned long long)PLAN_GPA_LIMIT);
	if (kind->carries != (r->bytes != NULL) || (uintptr_t)r->bytes % PAGE_SIZE)
		return error_set(err, ERROR_INTERNAL, "%s: a '%s' region %s", r->label, kind->name,
		                 kind->carries ? "needs page-aligned bytes" : "carries no bytes");
	if (p->n_regions == PLAN_MAX_REGIONS)
		return error_set(err, ERROR_BAD_LAYOUT, "more than %d regions", PLAN_MAX_REGIONS);
	if (!ARRAY_GROW(p->regions, p->n_regions))
		return error_nomem(err, "launch plan");
	p->regions[p->n_regions++] = *r;
	return 0;
}

int plan_set_vcpus(struct plan *p, unsigned count, const struct vcpu_state *bsp,
                   const struct vcpu_state *ap, struct error *err)
{
	assert(!p->sealed);
	if (count < 1 || count > PLAN_MAX_VCPUS)
		return error_set(err, ERROR_BAD_VALUE, "%u vCPUs: 1 to %d are possible", count,
		                 PLAN_MAX_VCPUS);
	p->vcpus = count;
	p->bsp = *bsp;
	p->ap = *ap;
	return 0;
}

int plan_set_vcpu(struct plan *p, unsigned index, const struct vcpu_state *s, struct error *err)
{
	size_t at = p->n_own;

	assert(!p->sealed && index < p->vcpus);
	if (!ARRAY_GROW(p->own, p->n_own))
		return error_nomem(err, "launch plan");
	for (; at > 0 && p->own[at - 1].index > index; at--)
		p->own[at] = p->own[at - 1];
	assert(at == 0 || p->own[at - 1].index != index);
	p->own[at] = (struct own_state){ index, *s };
	p->n_own++;
	return 0;
}

void plan_set(struct plan *p, const struct plan_settings *s)
{
	assert(!p->sealed);
	p->settings = *s;
}

static int region_by_gpa(const void *a, const void *b)
{
	const struct region *x = *(const struct region *const *)a;
	const struct region *y = *(const struct region *const *)b;

	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

/*
 * Sorts the regions instead of comparing all pairs: hostile images may have thousands.
 */
static int seal_no_overlap(const struct plan *p, struct error *err)
{
	auto_free const struct region **sorted = calloc(p->n_regions + 1, sizeof(struct region *));
	size_t n = 0;

	if (!sorted)
		return error_nomem(err, "launch plan");
	for (size_t i = 0; i < p->n_regions; i++)
		if (p->regions[i].kind != PAGE_VMSA) /* KVM's have one address */
			sorted[n++] = &p->regions[i];
	qsort(sorted, n, sizeof(struct region *), region_by_gpa);
	for (size_t i = 1; i < n; i++)
		if (region_end(sorted[i - 1]) > sorted[i]->gpa) {
			error_set(err, ERROR_BAD_LAYOUT,
			          "%s (0x%llx..0x%llx) and %s (0x%llx..0x%llx) overlap",
			          sorted[i - 1]->label, (unsigned long long)sorted[i - 1]->gpa,
			          (unsigned long long)region_end(sorted[i - 1]), sorted[i]->label,
			          (unsigned long long)sorted[i]->gpa,
			          (unsigned long long)region_end(sorted[i]));
			return error_why(err, "a page can be measured and loaded only once");
		}
	return 0;
}

static int seal_region(const struct plan *p, const struct region *r, unsigned seen[PAGE_KINDS],
                       struct error *err)
{
	bool vmsa = r->kind == PAGE_VMSA;

	for (size_t i = 0; !vmsa && i < p->n_lazy; i++)
		if (span_overlap(r->gpa, r->size, p->lazy[i].gpa, p->lazy[i].size))
			return error_set(err, ERROR_BAD_LAYOUT,
			                 "%s (0x%llx..0x%llx) lies in memory that the guest "
			                 "accepts later",
			                 r->label, (unsigned long long)r->gpa,
			                 (unsigned long long)region_end(r));
	if (!vmsa && !in_ram(p, r->gpa, r->size)) {
		error_set(err, ERROR_MEMORY_TOO_SMALL,
		          "%s (0x%llx..0x%llx) lies outside the guest's memory", r->label,
		          (unsigned long long)r->gpa, (unsigned long long)region_end(r));
		return error_fix(
			err, "raise 'memory', or use an image that needs less; from 3 GiB to 4 GiB "
			     "there is none");
	}
	if (++seen[r->kind] > 1 && (r->kind == PAGE_SECRETS || r->kind == PAGE_CPUID)) {
		error_set(err, ERROR_BAD_LAYOUT, "two %s regions", region_kind(r->kind)->name);
		error_why(err, "a guest has one page of this kind, and KVM expects one");
		return error_fix(err, "rebuild the firmware; edk2's images have one");
	}
	return 0;
}

const struct plan *plan_seal(struct plan *p, struct error *err)
{
	unsigned seen[PAGE_KINDS] = { 0 };

	if (p->vcpus == 0) {
		error_set(err, ERROR_INTERNAL, "a launch plan without vCPUs");
		return NULL;
	}
	for (size_t i = 0; i < p->n_regions; i++)
		if (seal_region(p, &p->regions[i], seen, err) < 0)
			return NULL;
	for (size_t i = 0; i < p->n_shared; i++) {
		const struct shared_blob *o = &p->shared[i];
		bool clash = false;

		for (size_t j = 0; j < p->n_ram; j++)
			clash |= span_overlap(o->gpa, o->size, p->ram[j].gpa, p->ram[j].size);
		for (size_t j = 0; j < i; j++)
			clash |= span_overlap(o->gpa, o->size, p->shared[j].gpa, p->shared[j].size);
		if (clash) {
			error_set(err, ERROR_BAD_LAYOUT, "%s at 0x%llx overlaps other memory",
			          o->label, (unsigned long long)o->gpa);
			return NULL;
		}
	}
	if (seal_no_overlap(p, err) < 0)
		return NULL;
	p->sealed = true;
	return p;
}

void plan_set_id_block(const struct plan *p, const uint8_t block[static PLAN_ID_BLOCK],
                       const uint8_t auth[static PLAN_ID_AUTH], bool author_key)
{
	struct plan_settings *s = &((struct plan *)p)->settings; /* plan_new() made it */

	assert(p->sealed);
	memcpy(s->id_block, block, sizeof(s->id_block));
	memcpy(s->id_auth, auth, sizeof(s->id_auth));
	s->id_block_given = s->id_block_signed = true;
	s->author_key = author_key;
}

int plan_replay(const struct plan *p, const struct plan_ops *to, void *self, struct error *err)
{
	unsigned n = p->vcpus;
	size_t own = 0;
	int r;

	assert(p->sealed);
	r = to->begin ? to->begin(self, p, err) : 0;
	for (size_t i = 0; r == 0 && to->region && i < p->n_regions; i++)
		r = to->region(self, &p->regions[i], err);
	if (p->settings.vmsas_are_regions)
		n = 0;
	for (unsigned i = 0; r == 0 && to->vcpu && i < n; i++) {
		const struct vcpu_state *s = i == 0 ? &p->bsp : &p->ap;

		if (own < p->n_own && p->own[own].index == i)
			s = &p->own[own++].state;
		r = to->vcpu(self, i, s, err);
	}
	return r == 0 && to->end ? to->end(self, p, err) : r;
}

const struct plan_settings *plan_settings(const struct plan *p)
{
	return &p->settings;
}

unsigned plan_vcpus(const struct plan *p)
{
	return p->vcpus;
}

size_t plan_ram(const struct plan *p, const struct ram **ret)
{
	*ret = p->ram;
	return p->n_ram;
}

size_t plan_lazy(const struct plan *p, const struct ram **ret)
{
	*ret = p->lazy;
	return p->n_lazy;
}

bool plan_is_lazy(const struct plan *p, gpa_t gpa, uint64_t *size)
{
	for (size_t i = 0; i < p->n_lazy; i++) {
		const struct ram *l = &p->lazy[i];

		if (gpa >= l->gpa && gpa - l->gpa < l->size) {
			*size = MIN(*size, l->size - (gpa - l->gpa));
			return true;
		}
		if (gpa < l->gpa)
			*size = MIN(*size, l->gpa - gpa);
	}
	return false;
}

size_t plan_items(const struct plan *p, const struct fw_item **ret)
{
	*ret = p->items;
	return p->n_items;
}

size_t plan_shared_blobs(const struct plan *p, const struct shared_blob **ret)
{
	*ret = p->shared;
	return p->n_shared;
}
