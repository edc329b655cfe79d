/* SPDX-License-Identifier: MIT */
/*
 * firmware/igvm_plan.c: the loads of an IGVM file in the order of a launcher, and its registers as
 * KVM can set them. QEMU's order: backends/igvm.c.
 */
#include "firmware/igvm_plan.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/attest/identity.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/abi.h"
#include "core/snp/idblock.h"
#include "core/snp/policy.h"
#include "firmware/igvm.h"
#include "firmware/igvm_parameter.h"
#include "firmware/igvm_vp.h"
#include "firmware/ram.h"

#define VMSA_TSC      0x2f0 /* GUEST_TSC_SCALE and GUEST_TSC_OFFSET */
#define VMSA_TSC_SIZE 16
#define AREAS_MAX     256
#define AREA_MAX      ((uint64_t)16 << 20)   /* bytes; real ones have a few pages */
#define INTERRUPTS    ((uint64_t)0xfec00000) /* IOAPIC, then the local APICs */
#define INTERRUPTS_TO ((uint64_t)0xfee01000)

/* How a launcher loads IGVM files. Where all agree, they only differ in what they refuse. */
static const struct loader {
	bool known;            /* it loads IGVM files */
	bool queues;           /* pages wait for more of their run, and an insert overtakes them */
	bool inserts_one_page; /* of a parameter area, whatever its size */
	enum page_kind empty;  /* the kind of a normal page without data */
	bool by_kvm;           /* KVM makes the VMSAs, one for each vCPU, after all pages */
	const char *measure_only;
} loaders[] = {
	[PROFILE_QEMU] = { true, true, false, PAGE_DATA, true, NULL },
	[PROFILE_EC2] = { 0 },
	[PROFILE_GCE] = { 0 },
	[PROFILE_SVSM] = { 0 },
	[PROFILE_IGVM] = { true, false, false, PAGE_DATA, false, NULL },
	[PROFILE_IGVMMEASURE] = { true, false, true, PAGE_DATA, false,
	                          "measure.profile igvmmeasure leaves out pages of parameter "
	                          "areas" },
	[PROFILE_IGVMMEASURE_ZERO] = { true, false, true, PAGE_ZERO, false,
	                               "measure.profile igvmmeasure-native-zero leaves out pages "
	                               "of parameter areas" },
	[PROFILE_CLOUD_HYPERVISOR] = { true, false, false, PAGE_ZERO, true, NULL },
};
static_assert(ARRAY_SIZE(loaders) == PROFILES, "a profile without a row");

/* Pages in the order in which they are loaded. */
struct load {
	gpa_t gpa;
	uint64_t size;
	enum page_kind kind;
	const uint8_t *data; /* `size` bytes; NULL: zeros, or the kind carries none */
	const char *label;
};

struct area {
	uint32_t index;
	bool inserted;
	const char *lacks; /* a parameter that isn't supported; NULL: none */
	struct blob bytes;
};

struct vp {
	struct igvm_header h;
	size_t load; /* its number among the loads */
};

struct building {
	const struct manifest *m;
	const struct loader *loader;
	const struct igvm_platform *snp;
	struct plan *plan;
	struct plan_settings *settings;
	struct error *err;
	struct load *loads;
	size_t n_loads;
	size_t run;              /* the first load of the run of pages that the last page is in */
	struct igvm_header last; /* that page */
	struct area *areas;
	size_t n_areas;
	struct vp *vps;
	size_t n_vps;
	struct ram *required;
	size_t n_required;
	bool has_policy, has_id_block, has_shared;
	uint64_t policy;
	struct igvm_header id_block;
};

static void building_fini(struct building *b)
{
	for (size_t i = 0; i < b->n_areas; i++)
		blob_fini(&b->areas[i].bytes);
	free(b->areas);
	free(b->loads);
	free(b->vps);
	free(b->required);
}

bool igvm_profile(enum manifest_profile profile)
{
	return loaders[profile].known;
}

/* --- headers --- */

/* Refuses what the file asks for: "KVM has no ...". */
static int refuse(const struct building *b, const struct igvm_header *h, const char *what,
                  const char *why)
{
	error_set(b->err, ERROR_UNSUPPORTED, "header %u (%s) %s", h->number, h->name, what);
	error_why(b->err, "%s", why);
	return error_fix(b->err, "build the file without it, or for KVM");
}

/* Refuses what contradicts itself. */
static int fault(const struct building *b, const struct igvm_header *h, const char *what)
{
	error_set(b->err, ERROR_BAD_FIRMWARE, "header %u (%s) %s", h->number, h->name, what);
	return error_fix(b->err, "build the file again; 'snpvmm inspect' lists its headers");
}

static int load_add(struct building *b, const struct load *l)
{
	if (!ARRAY_GROW(b->loads, b->n_loads))
		return error_nomem(b->err, "IGVM file");
	b->loads[b->n_loads++] = *l;
	return 0;
}

/* As in QEMU's backends/igvm.c: the next page, of the same kind, by the next header. */
static bool page_continues(const struct igvm_header *last, const struct igvm_header *h)
{
	return last->type && h->number == last->number + 1 && h->gpa == last->gpa + PAGE_SIZE &&
	       h->flags == last->flags && h->kind == last->kind && h->mask == last->mask &&
	       !h->data == !last->data;
}

static int page_data(struct building *b, const struct igvm_header *h)
{
	static const char one_page[] = "KVM's launch and this program load pages of 4 KiB";
	static const char private_only[] =
		"all memory of a launch is private; a guest makes pages shared itself";
	struct load l = { h->gpa, PAGE_SIZE, b->loader->empty, h->data, "igvm page data" };

	if (h->flags & IGVM_PAGE_2MIB)
		return refuse(b, h, "is a page of 2 MiB", one_page);
	if (h->flags & ~(IGVM_PAGE_2MIB | IGVM_PAGE_UNMEASURED | IGVM_PAGE_SHARED))
		return fault(b, h, "has unknown flags");
	if (!igvm_page_name(h->kind))
		return fault(b, h, "has an unknown kind of page");
	if (h->flags & IGVM_PAGE_SHARED) {
		if (b->loader->by_kvm)
			return refuse(b, h, "is a shared page", private_only);
		b->has_shared = true;
		return 0;
	}
	if (h->kind != IGVM_NORMAL) {
		l.kind = h->kind == IGVM_SECRETS ? PAGE_SECRETS : PAGE_CPUID;
		l.label = h->kind == IGVM_SECRETS ? "igvm secrets" : "igvm cpuid";
	} else if (h->flags & IGVM_PAGE_UNMEASURED) {
		l.kind = PAGE_UNMEASURED;
		l.label = "igvm unmeasured page data";
	} else if (h->data) {
		l.kind = PAGE_DATA;
	}
	if (!page_continues(&b->last, h))
		b->run = b->n_loads;
	b->last = *h;
	return load_add(b, &l);
}

static struct area *area_find(struct building *b, uint32_t index)
{
	for (size_t i = 0; i < b->n_areas; i++)
		if (b->areas[i].index == index)
			return &b->areas[i];
	return NULL;
}

static int parameter_area(struct building *b, const struct igvm_header *h)
{
	struct area *a;
	int r;

	if (area_find(b, h->area))
		return fault(b, h, "has the index of another area");
	if (b->n_areas == AREAS_MAX || h->bytes > AREA_MAX)
		return fault(b, h, "is one too many, or too large: 256 areas of 16 MiB are read");
	if (!ARRAY_GROW(b->areas, b->n_areas))
		return error_nomem(b->err, "IGVM file");
	a = &b->areas[b->n_areas];
	*a = (struct area){ .index = h->area };
	r = blob_zero(h->bytes, &a->bytes, b->err);
	if (r < 0)
		return r;
	b->n_areas++;
	if (h->data)
		memcpy(a->bytes.data, h->data, h->bytes);
	return 0;
}

static int parameter_insert(struct building *b, const struct igvm_header *h)
{
	struct area *a = area_find(b, h->area);
	struct load l = { h->gpa, PAGE_SIZE, PAGE_UNMEASURED, NULL, "igvm parameters" };
	bool waiting = b->loader->queues && b->last.type; /* for more pages of the run */
	int r;

	if (!a)
		return fault(b, h, "inserts an area that does not exist");
	if (a->inserted)
		return fault(b, h, "inserts an area again");
	if (a->lacks) {
		error_set(b->err, ERROR_UNSUPPORTED, "header %u (%s) inserts a %s", h->number,
		          h->name, a->lacks);
		error_why(b->err, "this version has none to fill in");
		return error_fix(b->err, "build the file without it");
	}
	a->inserted = true;
	l.data = a->bytes.data;
	if (!b->loader->inserts_one_page)
		l.size = a->bytes.size;
	r = load_add(b, &l);
	if (r < 0 || !waiting)
		return r;
	memmove(&b->loads[b->run + 1], &b->loads[b->run],
	        (b->n_loads - 1 - b->run) * sizeof(*b->loads));
	b->loads[b->run++] = l;
	return 0;
}

static int vp_context(struct building *b, const struct igvm_header *h)
{
	const struct load l = { h->gpa, PAGE_SIZE, PAGE_VMSA, h->data, "igvm vp context" };

	for (size_t i = 0; i < b->n_vps; i++)
		if (b->vps[i].h.vp == h->vp)
			return fault(b, h, "is for a vCPU that has registers already");
	if (b->n_vps == PLAN_MAX_VCPUS)
		return fault(b, h, "is one too many: 4096 vCPUs are possible");
	if (!ARRAY_GROW(b->vps, b->n_vps))
		return error_nomem(b->err, "IGVM file");
	b->vps[b->n_vps++] = (struct vp){ *h, b->n_loads };
	return load_add(b, &l);
}

static int required_memory(struct building *b, const struct igvm_header *h)
{
	if (!ARRAY_GROW(b->required, b->n_required))
		return error_nomem(b->err, "IGVM file");
	b->required[b->n_required++] = (struct ram){ h->gpa, h->bytes };
	return 0;
}

static int guest_policy(struct building *b, const struct igvm_header *h)
{
	if (b->has_policy && b->policy != h->policy)
		return fault(b, h, "is another policy for the same platform");
	b->has_policy = true;
	b->policy = h->policy;
	return 0;
}

static int snp_id_block(struct building *b, const struct igvm_header *h)
{
	if (b->has_id_block)
		return fault(b, h, "is a second one for the same platform");
	b->has_id_block = true;
	b->id_block = *h;
	return 0;
}

static int relocation(struct building *b, const struct igvm_header *h)
{
	return refuse(b, h, "allows to load pages elsewhere",
	              "pages are loaded where the file has them; how relocated ones are measured "
	              "is not specified for SNP");
}

static int other_platform(struct building *b, const struct igvm_header *h)
{
	return refuse(b, h, "is for the SNP platform", "SNP has another measurement");
}

static int parameter(struct building *b, const struct igvm_header *h)
{
	struct area *a = area_find(b, h->area);
	size_t room;

	if (!a)
		return fault(b, h, "is for an area that does not exist");
	if (a->inserted)
		return fault(b, h, "is for an area that was inserted before");
	if (!igvm_parameter_known(h->type))
		a->lacks = h->name;
	room = h->offset < a->bytes.size ? a->bytes.size - h->offset : 0;
	if (igvm_parameter_fill(h->type, b->m, a->bytes.data + (room ? h->offset : 0), room) <=
	    room)
		return 0;
	fault(b, h, "does not fit into its area");
	return error_why(b->err, "%zu bytes are left there", room);
}

/* Headers of other types do nothing to a launch. */
static const struct {
	uint32_t type;
	int (*take)(struct building *b, const struct igvm_header *h);
} takers[] = {
	{ IGVM_GUEST_POLICY, guest_policy },
	{ IGVM_RELOCATABLE_REGION, relocation },
	{ IGVM_PAGE_TABLE_RELOCATION, relocation },
	{ IGVM_PARAMETER_AREA, parameter_area },
	{ IGVM_PAGE_DATA, page_data },
	{ IGVM_PARAMETER_INSERT, parameter_insert },
	{ IGVM_VP_CONTEXT, vp_context },
	{ IGVM_REQUIRED_MEMORY, required_memory },
	{ IGVM_SNP_ID_BLOCK, snp_id_block },
	{ IGVM_VBS_MEASUREMENT, other_platform },
};

static int headers_take(struct building *b, const struct igvm *f)
{
	struct igvm_cursor c = igvm_headers(f);
	struct igvm_header h;
	int r = 0;

	while (r == 0 && igvm_next(&c, &h)) {
		if (!(h.mask & b->snp->mask))
			continue;
		if (igvm_is_parameter(h.type))
			r = parameter(b, &h);
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(takers); i++)
			if (takers[i].type == h.type)
				r = takers[i].take(b, &h);
	}
	return r;
}

/* --- memory and regions --- */

static int ram_compare(const void *a, const void *b)
{
	const struct ram *x = a, *y = b;

	return x->gpa < y->gpa ? -1 : x->gpa > y->gpa;
}

static bool ram_has(const struct manifest *m, uint64_t gpa, uint64_t size)
{
	uint64_t low = ram_low_end(m->memory), high = ram_high_end(m->memory);

	return (gpa <= low && size <= low - gpa) ||
	       (gpa >= RAM_HIGH && gpa <= high && size <= high - gpa);
}

/*
 * Pages in the hole below 4 GiB, where a firmware is, get memory of their own. What is elsewhere
 * must be in the manifest's memory.
 */
static int ram_add(struct building *b)
{
	struct ram *hole;
	size_t n = 0;

	for (size_t i = 0; i < b->n_loads; i++)
		if (b->loads[i].kind != PAGE_VMSA &&
		    required_memory(b, &(struct igvm_header){ .gpa = b->loads[i].gpa,
		                                              .bytes = b->loads[i].size }) < 0)
			return b->err->code;
	hole = b->required;
	for (size_t i = 0; i < b->n_required; i++) {
		uint64_t gpa = hole[i].gpa, size = hole[i].size;

		if (size == 0 || ram_has(b->m, gpa, size))
			continue;
		if (gpa < RAM_LOW_MAX || gpa >= RAM_HIGH || size > RAM_HIGH - gpa ||
		    (gpa < INTERRUPTS_TO && gpa + size > INTERRUPTS)) {
			error_set(b->err, ERROR_MEMORY_TOO_SMALL,
			          "the file needs memory at 0x%" PRIx64 "..0x%" PRIx64
			          ", which the guest doesn't have",
			          gpa, gpa + size);
			return error_fix(b->err, "raise 'memory'; from 3 GiB to 4 GiB, pages can "
			                         "be anywhere but at the interrupt controllers");
		}
		hole[n++] = hole[i];
	}
	b->n_required = n;
	if (n)
		qsort(hole, n, sizeof(*hole), ram_compare);
	for (size_t i = 0; i < n;) {
		uint64_t gpa = hole[i].gpa, end = gpa;

		for (; i < n && hole[i].gpa <= end; i++)
			end = MAX(end, hole[i].gpa + hole[i].size);
		if (plan_add_ram(b->plan, gpa, end - gpa, b->err) < 0)
			return b->err->code;
	}
	return 0;
}

/* Loads that follow each other, of one kind; of secrets and CPUID there is one page in a plan. */
static bool load_continues(const struct load *a, const struct load *b)
{
	return b->gpa == a->gpa + a->size && b->kind == a->kind && b->label == a->label &&
	       (b->kind == PAGE_DATA || b->kind == PAGE_UNMEASURED || b->kind == PAGE_ZERO);
}

/* Copies the bytes, which need not be aligned in the file, and adds the regions in their order. */
static int regions_add(struct building *b)
{
	uint64_t size = 0, at = 0;
	auto_blob struct blob pages = BLOB_NONE;
	uint8_t *bytes;
	int r;

	for (size_t i = 0; i < b->n_loads; i++)
		size += b->loads[i].size;
	if (size > b->m->memory + (RAM_HIGH - RAM_LOW_MAX)) {
		error_set(b->err, ERROR_MEMORY_TOO_SMALL,
		          "the file's pages are larger than the guest's memory");
		return error_fix(b->err, "raise 'memory'");
	}
	r = blob_zero(size, &pages, b->err);
	bytes = pages.data;
	if (r == 0)
		r = plan_adopt(b->plan, blob_steal(&pages), b->err);
	for (size_t i = 0; r == 0 && i < b->n_loads;) {
		const struct load *first = &b->loads[i], *l = first;
		const struct region_kind *kind = region_kind(first->kind);
		struct region region = { .gpa = first->gpa,
			                 .kind = first->kind,
			                 .bytes = kind->carries ? bytes + at : NULL,
			                 .label = first->label };

		do {
			if (kind->carries && l->data)
				memcpy(bytes + at, l->data, l->size);
			at += l->size;
			region.size += l->size;
			i++;
		} while (i < b->n_loads && load_continues(l++, &b->loads[i]));
		if (first->kind == PAGE_VMSA && !b->settings->vmsas_are_regions)
			continue;
		if (first->kind == PAGE_VMSA) /* the firmware hashes these as zeros */
			memset(bytes + at - PAGE_SIZE + VMSA_TSC, 0, VMSA_TSC_SIZE);
		r = plan_add(b->plan, &region, b->err);
	}
	return r;
}

/* --- registers --- */

/* Each vCPU as KVM is to start it. */
static int vps_set(const struct building *b)
{
	struct vcpu_state state;
	int r = 0;

	for (size_t i = 0; r == 0 && i < b->n_vps; i++) {
		const struct vp *vp = &b->vps[i];

		if (vp->h.vp >= b->m->vcpus) {
			error_set(b->err, ERROR_CONFLICT,
			          "the file has registers for vCPU %u, and there are %u vCPUs",
			          vp->h.vp, b->m->vcpus);
			return error_fix(b->err, "write vcpus: %u", vp->h.vp + 1);
		}
		if (vp->h.gpa != SNP_VMSA_GPA) {
			fault(b, &vp->h, "is not at 0xfffffffff000");
			return error_why(b->err, "KVM measures all VMSAs there");
		}
		if (igvm_vp_features(&vp->h) != b->settings->sev_features)
			return fault(b, &vp->h, "has other SEV_FEATURES than another vCPU");
		r = igvm_vp_state(&vp->h, &state, b->err);
		if (r == 0)
			r = plan_set_vcpu(b->plan, vp->h.vp, &state, b->err);
	}
	return r;
}

/* Whether KVM, which measures the VMSA of every vCPU last, would measure the file's VMSAs. */
static bool vps_are_kvms(const struct building *b)
{
	struct error unwanted;
	struct vcpu_state state;

	if (b->n_vps != b->m->vcpus)
		return false;
	for (size_t i = 0; i < b->n_vps; i++) {
		const struct vp *vp = &b->vps[i];

		if (vp->h.vp != i || vp->load != b->n_loads - b->n_vps + i ||
		    vp->h.gpa != SNP_VMSA_GPA ||
		    igvm_vp_features(&vp->h) != igvm_vp_features(&b->vps[0].h) ||
		    igvm_vp_state(&vp->h, &state, &unwanted) < 0)
			return false;
	}
	return true;
}

/* --- settings --- */

/* Refuses a value of the manifest that the file contradicts. */
static int disagree(const struct building *b, enum key_id id, uint64_t manifest, uint64_t file)
{
	error_set(b->err, ERROR_CONFLICT,
	          "%s is 0x%" PRIx64 ", and the IGVM file is made for 0x%" PRIx64, keys[id].name,
	          manifest, file);
	error_fix(b->err, "leave out %s, or write 0x%" PRIx64, keys[id].name, file);
	return manifest_at(b->m, id, b->err);
}

static int policy_set(struct building *b)
{
	/* 0 stands for any, as in QEMU */
	if (!b->has_policy || b->policy == 0)
		return 0;
	if (manifest_gives(b->m, KEY_SNP_POLICY) && b->m->policy != b->policy)
		return disagree(b, KEY_SNP_POLICY, b->m->policy, b->policy);
	b->settings->policy = b->policy;
	return snp_policy_check(b->policy, b->err);
}

/* SEV_FEATURES of all vCPUs are those of the first that the file has registers for. */
static int features_set(struct building *b)
{
	const struct vp *first = NULL;
	uint64_t features;

	for (size_t i = 0; i < b->n_vps; i++)
		if (!first || b->vps[i].h.vp < first->h.vp)
			first = &b->vps[i];
	if (!first)
		return 0;
	features = igvm_vp_features(&first->h);
	if (manifest_gives(b->m, KEY_SNP_GUEST_FEATURES) && features != b->m->guest_features)
		return disagree(b, KEY_SNP_GUEST_FEATURES, b->m->guest_features, features);
	b->settings->sev_features = features;
	return 0;
}

/* The manifest's ID block, or the identity that makes one, comes before the file's. */
static int id_block_set(struct building *b)
{
	struct plan_settings *s = b->settings;
	bool author_key;
	int r = 0;

	if (!b->has_id_block || b->m->id_block_given || b->m->identity_given)
		return 0;
	author_key = igvm_id_block_read(&b->id_block, s->policy, s->id_block, s->id_auth);
	if (snp_id_version(s->id_block) != SNP_ID_BLOCK_VERSION)
		r = error_set(b->err, ERROR_BAD_ID_BLOCK, "it has version %u, not %d",
		              snp_id_version(s->id_block), SNP_ID_BLOCK_VERSION);
	if (r == 0)
		r = identity_verify(s->id_block, s->id_auth, &s->author_key, b->err);
	if (r < 0)
		return error_wrap(b->err, "the ID block in the file");
	s->id_block_given = true;
	s->author_key = author_key;
	return 0;
}

/* Picks the SNP platform. */
static int platform_find(struct building *b, const struct igvm *f)
{
	for (size_t i = 0; i < f->n_platforms; i++) {
		const struct igvm_platform *p = &f->platforms[i];

		if (p->type != IGVM_SEV_SNP)
			continue;
		if (b->snp) {
			error_set(b->err, ERROR_BAD_FIRMWARE, "the file has two SNP platforms");
			error_why(b->err, "it doesn't say which of the two is to be launched");
			return error_fix(b->err, "build it with one");
		}
		b->snp = p;
	}
	if (!b->snp) {
		error_set(b->err, ERROR_UNSUPPORTED, "the file has no SNP platform");
		return error_fix(b->err, "build it for SEV-SNP; 'snpvmm inspect' lists its "
		                         "platforms");
	}
	if (b->snp->vtom == 0)
		return 0;
	error_set(b->err, ERROR_UNSUPPORTED,
	          "the file's SNP platform divides private from shared memory at 0x%" PRIx64
	          " (vTOM)",
	          b->snp->vtom);
	error_why(b->err, "KVM guests divide them by the C-bit; only Hyper-V has vTOM for guests");
	return error_fix(b->err, "build it with a shared GPA boundary of 0");
}

uint64_t igvm_policy(const struct manifest *m, const struct blob *firmware)
{
	struct building b = { .m = m };
	struct igvm_cursor c;
	struct igvm_header h;
	struct igvm f;
	struct error unwanted;

	b.err = &unwanted;
	if (manifest_gives(m, KEY_SNP_POLICY) || !igvm_probe(firmware->data, firmware->size) ||
	    igvm_parse(firmware->data, firmware->size, &f, &unwanted) < 0 ||
	    platform_find(&b, &f) < 0)
		return m->policy;
	c = igvm_headers(&f);
	while (igvm_next(&c, &h))
		if (h.type == IGVM_GUEST_POLICY && h.mask & b.snp->mask && h.policy)
			return h.policy;
	return m->policy;
}

int igvm_plan(struct plan *p, const struct manifest *m, const struct blob *file,
              const struct vcpu_state *reset, struct plan_settings *s, struct error *err)
{
	struct building b = {
		.m = m, .loader = &loaders[m->profile], .plan = p, .settings = s, .err = err
	};
	struct igvm f;
	int r = igvm_parse(file->data, file->size, &f, err);

	if (r == 0)
		r = platform_find(&b, &f);
	if (r == 0)
		r = headers_take(&b, &f);
	if (r == 0)
		r = policy_set(&b);
	if (r == 0)
		r = features_set(&b);
	if (r == 0)
		r = id_block_set(&b);
	if (r == 0)
		r = plan_set_vcpus(p, m->vcpus, reset, reset, err);
	if (r == 0) {
		s->vmsas_are_regions = !b.loader->by_kvm && !vps_are_kvms(&b);
		if (b.loader->measure_only)
			s->measure_only = b.loader->measure_only;
		else if (b.has_shared)
			s->measure_only = "the IGVM file has shared pages";
		else if (s->vmsas_are_regions)
			s->measure_only =
				"the IGVM file's VMSAs are not those that KVM would build last, "
				"one for each vCPU";
		if (!s->vmsas_are_regions)
			r = vps_set(&b);
	}
	if (r == 0)
		r = ram_add(&b);
	if (r == 0)
		r = regions_add(&b);
	building_fini(&b);
	return r;
}
