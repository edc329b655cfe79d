/* SPDX-License-Identifier: MIT */
/* tests/firmware/selftest_test.c: what `builtin:selftest` puts into a plan. */
#include "firmware/selftest.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"

#define C_BIT        51
#define ADDRESS_BITS 0x000ffffffffff000ULL
#define PTE_NX       (1ULL << 63)
#define MAX_REGIONS  16
#define FIRST_CODE   (SELFTEST_TSS_OFFSET + SELFTEST_TSS_SIZE)
#define VIEW_SHARED  (1ULL << SELFTEST_ALIAS_SHIFT)
#define MAPPED       (1ULL << 30)
#define EXIT_PORT    0xf4
#define SIGNATURE    0x00a10f11

static const struct selftest_config snp = { true, C_BIT, EXIT_PORT, SIGNATURE };
static const struct selftest_config plain = { false, C_BIT, EXIT_PORT, SIGNATURE };

struct seen {
	const struct plan *plan;
	struct vcpu_state bsp;
	struct region regions[MAX_REGIONS];
	size_t n;
};

static int seen_begin(void *self, const struct plan *p, struct error *err)
{
	(void)self, (void)p, (void)err;
	return 0;
}

static int seen_region(void *self, const struct region *r, struct error *err)
{
	struct seen *s = self;

	(void)err;
	cr_assert_lt(s->n, (size_t)MAX_REGIONS);
	s->regions[s->n++] = *r;
	return 0;
}

static int seen_vcpu(void *self, unsigned index, const struct vcpu_state *v, struct error *err)
{
	(void)self, (void)index, (void)v, (void)err;
	return 0;
}

static const struct plan_ops seen_ops = { seen_begin, seen_region, seen_vcpu, seen_begin };

/* A sealed plan of the selftest in as little memory as it promises to need; plan_free(s.plan) after it. */
static struct seen see(const struct selftest_config *c)
{
	struct seen s = { 0 };
	struct error err = { 0 };
	struct plan *p = plan_new();

	cr_assert_not_null(p);
	cr_assert_eq(plan_add_ram(p, 0, SELFTEST_MEMORY, &err), 0, "%s", err.text);
	cr_assert_eq(selftest_plan(p, c, &s.bsp, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 1, &s.bsp, &s.bsp, &err), 0, "%s", err.text);
	s.plan = plan_seal(p, &err);
	cr_assert_not_null(s.plan, "%s", err.text);
	cr_assert_eq(plan_replay(s.plan, &seen_ops, &s, &err), 0, "%s", err.text);
	return s;
}

/* Launched bytes at a guest address; fails where nothing with bytes was launched. */
static const uint8_t *bytes_at(const struct seen *s, gpa_t gpa, size_t size)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct region *r = &s->regions[i];

		if (r->bytes && gpa >= r->gpa && gpa + size <= region_end(r))
			return r->bytes + (gpa - r->gpa);
	}
	cr_assert_fail("nothing launched at %#llx", (unsigned long long)gpa);
	return NULL;
}

static uint64_t qword_at(const struct seen *s, gpa_t gpa)
{
	le64 v;

	memcpy(&v, bytes_at(s, gpa, sizeof(v)), sizeof(v));
	return le64_get(v);
}

/* Walks as a CPU does; all entries above the leaf must carry exactly `c_mask`. Returns the leaf. */
static uint64_t walk(const struct seen *s, uint64_t va, uint64_t c_mask)
{
	uint64_t entry = s->bsp.cr3;

	for (int shift = 39; shift >= 21; shift -= 9) {
		gpa_t table = entry & ADDRESS_BITS & ~c_mask;

		entry = qword_at(s, table + (va >> shift & 511) * 8);
		cr_assert_eq(entry & 3, 3u, "va %#llx: not present or not writable",
		             (unsigned long long)va);
		if (shift > 21)
			cr_assert_eq(entry & 1ULL << C_BIT, c_mask, "va %#llx: C-bit of a table",
			             (unsigned long long)va);
		cr_assert_eq(!!(entry & 0x80), shift == 21, "va %#llx: page size",
		             (unsigned long long)va);
	}
	return entry;
}

static void check_views(const struct selftest_config *c)
{
	uint64_t c_mask = c->snp ? 1ULL << C_BIT : 0;
	struct seen s = see(c);

	for (uint64_t gpa = 0; gpa < MAPPED; gpa += 2 << 20) {
		uint64_t own = walk(&s, gpa, c_mask), shared = walk(&s, gpa + VIEW_SHARED, c_mask);

		cr_assert_eq(own & ADDRESS_BITS, gpa | c_mask);
		cr_assert_eq(own & PTE_NX, 0u);
		cr_assert_eq(shared & ADDRESS_BITS, gpa);
		cr_assert_eq(shared & PTE_NX, PTE_NX);
	}
	plan_free(s.plan);
}

Test(selftest, both_views_walk_to_identity_with_the_c_bit)
{
	check_views(&snp);
}

Test(selftest, both_views_walk_to_identity_without_a_c_bit)
{
	check_views(&plain);
}

Test(selftest, puts_the_c_bit_where_it_is_told)
{
	struct selftest_config c = snp;
	struct seen s;

	c.c_bit = 47;
	s = see(&c);
	cr_assert_eq(qword_at(&s, SELFTEST_PD), 0xe3u | 1ULL << 47);
	cr_assert_eq(qword_at(&s, SELFTEST_PML4), 0x23u | SELFTEST_PDPT | 1ULL << 47);
	plan_free(s.plan);
}

Test(selftest, maps_nothing_else)
{
	struct seen s = see(&snp);

	for (unsigned i = 2; i < 512; i++)
		cr_assert_eq(qword_at(&s, SELFTEST_PML4 + i * 8), 0u);
	for (unsigned i = 1; i < 512; i++) {
		cr_assert_eq(qword_at(&s, SELFTEST_PDPT + i * 8), 0u);
		cr_assert_eq(qword_at(&s, SELFTEST_PDPT_SHARED + i * 8), 0u);
	}
	plan_free(s.plan);
}

static const struct expected {
	gpa_t gpa;
	uint64_t size;
	enum page_kind kind;
} expected[] = {
	{ 0x2000, 0x3000, PAGE_DATA },  { 0x8000, 0x2000, PAGE_DATA },
	{ 0x7000, 0x1000, PAGE_DATA },  { 0x10000, 0, PAGE_DATA }, /* the blob */
	{ 0x20000, 0x1000, PAGE_ZERO }, { 0x5000, 0x1000, PAGE_SECRETS },
	{ 0x6000, 0x1000, PAGE_CPUID },
};

static void check_regions(const struct selftest_config *c, size_t count)
{
	struct seen s = see(c);

	cr_assert_eq(s.n, count);
	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(s.regions[i].gpa, expected[i].gpa, "region %zu", i);
		if (expected[i].size)
			cr_assert_eq(s.regions[i].size, expected[i].size, "region %zu", i);
		cr_assert_eq(s.regions[i].kind, expected[i].kind, "region %zu", i);
	}
	plan_free(s.plan);
}

Test(selftest, adds_its_regions_in_launch_order)
{
	check_regions(&snp, ARRAY_SIZE(expected));
}

Test(selftest, has_no_secrets_and_cpuid_pages_on_plain_kvm)
{
	check_regions(&plain, ARRAY_SIZE(expected) - 2);
}

Test(selftest, never_launches_the_pages_it_validates_itself)
{
	struct seen s = see(&snp);

	for (size_t i = 0; i < s.n; i++)
		cr_assert(region_end(&s.regions[i]) <= SELFTEST_GHCB);
	plan_free(s.plan);
}

Test(selftest, launches_the_blob_as_it_stands_in_the_binary)
{
	struct seen s = see(&snp);
	uint64_t size = (uint64_t)(selftest_blob_end - selftest_blob);

	cr_assert_eq(bytes_at(&s, SELFTEST_CODE, size), selftest_blob);
	cr_assert_eq(size % PAGE_SIZE, 0u);
	cr_assert(size >= PAGE_SIZE && size <= SELFTEST_CODE_MAX, "%llu bytes",
	          (unsigned long long)size);
	plan_free(s.plan);
}

Test(selftest, starts_with_a_jump_over_the_descriptors)
{
	size_t to = 0;

	if (selftest_blob[0] == 0xe9)
		to = 5u + selftest_blob[1] + ((size_t)selftest_blob[2] << 8);
	else if (selftest_blob[0] == 0xeb)
		to = 2u + selftest_blob[1];
	cr_assert_eq(to, (size_t)FIRST_CODE);
}

/* APM volume 2, 4.8: what a CPU would load from the descriptor, in the packing of struct segment. */
static struct segment descriptor(uint16_t selector)
{
	const uint8_t *d = selftest_blob + SELFTEST_GDT_OFFSET + selector;
	uint32_t limit = d[0] | (uint32_t)d[1] << 8 | (d[6] & 0xfU) << 16;

	return (struct segment){
		.selector = selector,
		.attrib = (uint16_t)(d[5] | (d[6] & 0xf0) << 4),
		.limit = d[6] & 0x80 ? limit << 12 | 0xfff : limit,
		.base = d[2] | (uint32_t)d[3] << 8 | (uint32_t)d[4] << 16 | (uint32_t)d[7] << 24,
	};
}

static void check_segment(const struct segment *s, uint16_t selector)
{
	struct segment d = descriptor(selector);

	cr_assert_eq(s->selector, selector);
	cr_assert_eq(s->attrib, d.attrib, "%#x, not %#x", s->attrib, d.attrib);
	cr_assert_eq(s->limit, d.limit, "%#x, not %#x", s->limit, d.limit);
	cr_assert_eq(s->base, d.base);
}

Test(selftest, has_a_descriptor_for_each_segment_it_starts_with)
{
	struct seen s = see(&snp);

	check_segment(&s.bsp.cs, SELFTEST_CS);
	check_segment(&s.bsp.ds, SELFTEST_DS);
	check_segment(&s.bsp.es, SELFTEST_DS);
	check_segment(&s.bsp.fs, SELFTEST_DS);
	check_segment(&s.bsp.gs, SELFTEST_DS);
	check_segment(&s.bsp.ss, SELFTEST_DS);
	cr_assert_eq(s.bsp.cs.attrib, 0xa9b); /* 64-bit code */
	cr_assert_eq(s.bsp.ss.attrib, 0xc93);
	plan_free(s.plan);
}

Test(selftest, points_gdtr_and_tr_into_the_blob)
{
	struct seen s = see(&snp);
	const uint8_t *tss = bytes_at(&s, s.bsp.tr.base, s.bsp.tr.limit + 1);
	const uint8_t *gdt = bytes_at(&s, s.bsp.gdt.base, s.bsp.gdt.limit + 1);

	cr_assert_eq(gdt, selftest_blob + SELFTEST_GDT_OFFSET);
	cr_assert_eq(s.bsp.gdt.limit, 31u);
	cr_assert_eq(s.bsp.tr.limit, 0x67u);
	cr_assert_eq(s.bsp.tr.attrib, 0x8b); /* busy 64-bit TSS */
	cr_assert_eq(tss[0x66] | tss[0x67] << 8, 0x68, "an I/O permission map inside the TSS");
	plan_free(s.plan);
}

Test(selftest, starts_in_long_mode_with_paging)
{
	struct seen s = see(&snp);

	cr_assert_eq(s.bsp.cr0, 0x80010033u);
	cr_assert_eq(s.bsp.cr3, 0x2000u);
	cr_assert_eq(s.bsp.cr4, 0x20u);
	cr_assert_eq(s.bsp.efer, 0xd00u, "KVM adds SVME, nobody else");
	cr_assert_eq(s.bsp.rflags, 2u);
	cr_assert_eq(s.bsp.idt.limit, 0u);
	cr_assert_eq(s.bsp.ldt.attrib, 0x82);
	plan_free(s.plan);
}

Test(selftest, starts_at_its_first_byte_with_the_parameters_in_rsi)
{
	struct seen s = see(&snp);

	cr_assert_eq(s.bsp.rip, 0x10000u);
	cr_assert_eq(s.bsp.rsp, 0x21000u);
	cr_assert_eq(s.bsp.rsi, 0x7000u);
	cr_assert_eq(s.bsp.rdx, (uint64_t)SIGNATURE);
	plan_free(s.plan);
}

static struct selftest_params params_of(const struct selftest_config *c)
{
	struct seen s = see(c);
	struct selftest_params p;

	memcpy(&p, bytes_at(&s, SELFTEST_PARAMS, sizeof(p)), sizeof(p));
	plan_free(s.plan);
	return p;
}

Test(selftest, tells_an_snp_guest_what_to_expect)
{
	struct selftest_params p = params_of(&snp);

	cr_assert_eq(le64_get(p.magic), SELFTEST_MAGIC);
	cr_assert_eq(le64_get(p.flags), (uint64_t)SELFTEST_FLAG_SNP);
	cr_assert_eq(le32_get(p.c_bit), (uint32_t)C_BIT);
	cr_assert_eq(le32_get(p.vcpu_sig), (uint32_t)SIGNATURE);
	cr_assert_eq(le16_get(p.exit_port), EXIT_PORT);
	cr_assert_eq(le16_get(p.serial_port), 0x3f8);
}

Test(selftest, tells_a_plain_guest_of_no_c_bit)
{
	struct selftest_params p = params_of(&plain);

	cr_assert_eq(le64_get(p.flags), 0u);
	cr_assert_eq(le32_get(p.c_bit), 0u);
}

static void check_refusal(const struct selftest_config *c, enum error_kind kind)
{
	const struct vcpu_state untouched = { .rip = 1 };
	struct vcpu_state bsp = untouched;
	struct error err = { 0 };
	struct plan *p = plan_new();

	cr_assert_lt(selftest_plan(p, c, &bsp, &err), 0);
	cr_assert_eq(err.kind, kind, "%s", error_kind_name(err.kind));
	cr_assert_eq(memcmp(&bsp, &untouched, sizeof(bsp)), 0);
	plan_free(p);
}

Test(selftest, refuses_to_run_without_an_exit_port)
{
	struct selftest_config c = snp;

	c.exit_port = 0;
	check_refusal(&c, ERROR_CONFLICT);
}

Test(selftest, refuses_a_c_bit_that_no_page_table_entry_can_carry)
{
	static const unsigned impossible[] = { 0, 31, 52, 63, 64, 200 };
	struct selftest_config c = snp;

	for (size_t i = 0; i < ARRAY_SIZE(impossible); i++) {
		c.c_bit = impossible[i];
		check_refusal(&c, ERROR_BAD_VALUE);
	}
}

Test(selftest, is_refused_by_a_plan_with_too_little_memory)
{
	struct vcpu_state bsp;
	struct error err = { 0 };
	struct plan *p = plan_new();

	cr_assert_eq(plan_add_ram(p, 0, SELFTEST_STACK, &err), 0);
	cr_assert_eq(selftest_plan(p, &snp, &bsp, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 1, &bsp, &bsp, &err), 0);
	cr_assert_null(plan_seal(p, &err));
	cr_assert_eq(err.kind, ERROR_MEMORY_TOO_SMALL);
	plan_free(p);
}
