/* SPDX-License-Identifier: MIT */
/*
 * tests/plan/plan_test.c: what a plan takes, what sealing refuses, and in which order it is
 * replayed.
 */
#include "core/plan/plan.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/array.h"
#include "core/base/error.h"

#define MIB ((uint64_t)1 << 20)

static _Alignas(4096) const uint8_t bytes[16 * 4096];
static const struct vcpu_state bsp = { .rip = 0xfff0 }, ap = { .rip = 0xb004 };

/* A plan with 16 MiB from 0 and 1 MiB from 64 MiB, and two vCPUs. */
static struct plan *plan_start(void)
{
	struct plan *p = plan_new();
	struct error err = { 0 };

	cr_assert_not_null(p);
	cr_assert_eq(plan_add_ram(p, 0, 16 * MIB, &err), 0, "%s", err.text);
	cr_assert_eq(plan_add_ram(p, 64 * MIB, MIB, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 2, &bsp, &ap, &err), 0, "%s", err.text);
	return p;
}

static struct region zero_at(gpa_t gpa, uint64_t size)
{
	return (struct region){ gpa, size, PAGE_ZERO, NULL, "some zeros" };
}

static struct region data_at(gpa_t gpa, uint64_t size)
{
	return (struct region){ gpa, size, PAGE_DATA, bytes, "some data" };
}

static void add(struct plan *p, struct region r)
{
	struct error err = { 0 };

	cr_assert_eq(plan_add(p, &r, &err), 0, "%s", err.text);
}

static void check_error(const struct error *err, enum reason kind, const char *says)
{
	cr_expect_eq(err->kind, kind, "%s [%s]", err->text, reason_name(err->kind));
	cr_expect(strstr(err->text, says), "says '%s', not '%s'", err->text, says);
}

static void check_add_refused(struct region r, enum reason kind, const char *says)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };

	cr_assert_eq(plan_add((struct plan *)p, &r, &err), -EINVAL, "taken, not '%s'", says);
	check_error(&err, kind, says);
	cr_expect(strstr(err.text, r.label), "'%s' doesn't name the region", err.text);
	/* The plan stayed as it was. */
	cr_expect_eq(plan_seal((struct plan *)p, &err), p);
}

static void check_ram_refused(gpa_t gpa, uint64_t size, const char *says)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };
	const struct ram *ram;

	cr_assert_eq(plan_add_ram((struct plan *)p, gpa, size, &err), -EINVAL, "taken, not '%s'",
	             says);
	check_error(&err, ERROR_BAD_LAYOUT, says);
	cr_expect_eq(plan_ram(p, &ram), 2);
}

/* Each region is taken; the seal refuses them together, and the caller still owns the plan. */
static void check_seal_refused(const struct region *regions, size_t n, enum reason kind,
                               const char *says)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };

	for (size_t i = 0; i < n; i++)
		add((struct plan *)p, regions[i]);
	cr_assert_null(plan_seal((struct plan *)p, &err), "sealed, not '%s'", says);
	check_error(&err, kind, says);
}
#define CHECK_SEAL_REFUSED(kind, says, ...)                                                        \
	check_seal_refused((struct region[]){ __VA_ARGS__ },                                       \
	                   ARRAY_SIZE(((struct region[]){ __VA_ARGS__ })), kind, says)

static void check_seals(const struct region *regions, size_t n)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };

	for (size_t i = 0; i < n; i++)
		add((struct plan *)p, regions[i]);
	cr_expect_eq(plan_seal((struct plan *)p, &err), p, "%s", err.text);
}
#define CHECK_SEALS(...)                                                                           \
	check_seals((struct region[]){ __VA_ARGS__ },                                              \
	            ARRAY_SIZE(((struct region[]){ __VA_ARGS__ })))

Test(plan, refuses_a_region_that_is_not_whole_pages)
{
	check_add_refused(zero_at(0x1000, 0), ERROR_BAD_LAYOUT, "not whole pages");
	check_add_refused(zero_at(0x1001, 0x1000), ERROR_BAD_LAYOUT, "not whole pages");
	check_add_refused(zero_at(0x1000, 0x1001), ERROR_BAD_LAYOUT, "not whole pages");
	check_add_refused(zero_at(0x1000, 0xfff), ERROR_BAD_LAYOUT, "not whole pages");
}

Test(plan, refuses_a_region_that_wraps_or_ends_above_the_limit)
{
	check_add_refused(zero_at(UINT64_MAX - 0xfff, 0x1000), ERROR_BAD_LAYOUT, "below 0x");
	check_add_refused(zero_at(0x2000, UINT64_MAX - 0xfff), ERROR_BAD_LAYOUT, "below 0x");
	check_add_refused(zero_at(PLAN_GPA_LIMIT, 0x1000), ERROR_BAD_LAYOUT, "below 0x");
	check_add_refused(zero_at(PLAN_GPA_LIMIT - 0x1000, 0x2000), ERROR_BAD_LAYOUT, "below 0x");
}

Test(plan, takes_a_region_that_ends_at_the_limit)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };

	cr_assert_eq(plan_add_ram((struct plan *)p, PLAN_GPA_LIMIT - 0x2000, 0x2000, &err), 0);
	add((struct plan *)p, zero_at(PLAN_GPA_LIMIT - 0x1000, 0x1000));
	cr_expect_eq(plan_seal((struct plan *)p, &err), p, "%s", err.text);
}

Test(plan, refuses_bytes_that_are_missing_or_unwanted_or_not_at_a_pages_start)
{
	struct region r = data_at(0x1000, 0x1000);

	r.bytes = NULL;
	check_add_refused(r, ERROR_INTERNAL, "needs page-aligned bytes");
	r.kind = PAGE_UNMEASURED;
	check_add_refused(r, ERROR_INTERNAL, "needs page-aligned bytes");
	r.bytes = bytes + 1;
	check_add_refused(r, ERROR_INTERNAL, "needs page-aligned bytes");
	r.bytes = bytes + 2048;
	r.kind = PAGE_DATA;
	check_add_refused(r, ERROR_INTERNAL, "needs page-aligned bytes");
	r.bytes = bytes;
	for (int kind = PAGE_ZERO; kind < PAGE_KINDS; kind++)
		if (!region_kind(kind)->carries) {
			r.kind = kind;
			check_add_refused(r, ERROR_INTERNAL, "carries no bytes");
		}
}

Test(plan, takes_a_vmsa_where_no_memory_is_and_others_are)
{
	auto_plan const struct plan *sealed = plan_start();
	struct plan *p = (struct plan *)sealed;
	struct region r = { 0xfffffffff000, 0x1000, PAGE_VMSA, bytes, "vmsa" };
	struct error err = { 0 };

	add(p, r);
	add(p, r);
	r.gpa++;
	cr_assert_eq(plan_add(p, &r, &err), -EINVAL);
	check_error(&err, ERROR_BAD_LAYOUT, "not whole pages");
	r.gpa--;
	r.size *= 2;
	cr_assert_eq(plan_add(p, &r, &err), -EINVAL);
	cr_expect_not_null(plan_seal(p, &err), "%s", err.text);
}

static int note_rip(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	uint64_t *rips = self;

	(void)err;
	rips[index] = s->rip;
	return 0;
}

Test(plan, vcpus_may_start_in_states_of_their_own)
{
	static const struct plan_ops ops = { .vcpu = note_rip };
	static const uint64_t want[] = { 0xfff0, 0x1001, 0xb004, 0x1003, 0x1004 };
	auto_plan const struct plan *sealed = plan_start();
	struct plan *p = (struct plan *)sealed;
	struct error err = { 0 };
	uint64_t rips[5] = { 0 };

	cr_assert_eq(plan_set_vcpus(p, 5, &bsp, &ap, &err), 0);
	for (unsigned i = 0; i < 3; i++) {
		static const unsigned order[] = { 4, 1, 3 };
		struct vcpu_state s = { .rip = 0x1000 + order[i] };

		cr_assert_eq(plan_set_vcpu(p, order[i], &s, &err), 0);
	}
	cr_assert_not_null(plan_seal(p, &err), "%s", err.text);
	cr_assert_eq(plan_replay(p, &ops, rips, &err), 0);
	cr_expect_arr_eq(rips, want, sizeof(want));
}

Test(plan, refuses_more_regions_than_its_limit)
{
	auto_plan const struct plan *p = plan_start();
	struct region r = zero_at(0, 0x1000);
	struct error err = { 0 };

	for (unsigned i = 0; i < PLAN_MAX_REGIONS; i++, r.gpa += 0x1000)
		cr_assert_eq(plan_add((struct plan *)p, &r, &err), 0, "%s", err.text);
	r.gpa = 0;
	cr_expect_eq(plan_add((struct plan *)p, &r, &err), -EINVAL);
	check_error(&err, ERROR_BAD_LAYOUT, "more than 4096 regions");
	cr_expect_eq(plan_seal((struct plan *)p, &err), p, "%s", err.text);
}

Test(plan, refuses_memory_that_is_not_whole_pages_or_wraps)
{
	check_ram_refused(128 * MIB, 0, "not whole pages");
	check_ram_refused(128 * MIB + 1, 0x1000, "not whole pages");
	check_ram_refused(128 * MIB, 0x1800, "not whole pages");
	check_ram_refused(UINT64_MAX - 0xfff, 0x1000, "below 0x");
	check_ram_refused(128 * MIB, UINT64_MAX - 0xfff, "below 0x");
	check_ram_refused(PLAN_GPA_LIMIT, 0x1000, "below 0x");
}

Test(plan, refuses_memory_that_overlaps_memory)
{
	check_ram_refused(0, 0x1000, "overlaps");
	check_ram_refused(16 * MIB - 0x1000, 0x2000, "overlaps");
	check_ram_refused(64 * MIB - 0x1000, 0x2000, "overlaps");
	check_ram_refused(32 * MIB, 512 * MIB, "overlaps");
	check_ram_refused(64 * MIB + 0x1000, 0x1000, "overlaps memory at 0x4000000");
}

Test(plan, takes_memory_that_only_touches_and_not_more_runs_than_its_limit)
{
	auto_plan const struct plan *p = plan_start();
	const struct ram *ram;
	struct error err = { 0 };

	for (unsigned i = 0; i < PLAN_RAM_MAX - 2; i++)
		cr_assert_eq(plan_add_ram((struct plan *)p, (16 + i) * MIB, MIB, &err), 0, "%s",
		             err.text);
	cr_expect_eq(plan_add_ram((struct plan *)p, 512 * MIB, MIB, &err), -EINVAL);
	check_error(&err, ERROR_BAD_LAYOUT, "more than 8 ranges");
	cr_assert_eq(plan_ram(p, &ram), PLAN_RAM_MAX);
	cr_expect_eq(ram[1].gpa, 64 * MIB);
	cr_expect_eq(ram[1].size, MIB);
	cr_expect_eq(ram[7].gpa, 21 * MIB);
}

Test(plan, refuses_no_vcpus_and_too_many)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };

	cr_expect_eq(plan_set_vcpus((struct plan *)p, 0, &bsp, &ap, &err), -EINVAL);
	check_error(&err, ERROR_BAD_VALUE, "0 vCPUs: 1 to 4096");
	cr_expect_eq(plan_set_vcpus((struct plan *)p, 4097, &bsp, &ap, &err), -EINVAL);
	check_error(&err, ERROR_BAD_VALUE, "4097 vCPUs");
	cr_expect_eq(plan_set_vcpus((struct plan *)p, UINT32_MAX, &bsp, &ap, &err), -EINVAL);
	cr_expect_eq(plan_vcpus(p), 2);
	cr_expect_eq(plan_set_vcpus((struct plan *)p, 4096, &bsp, &ap, &err), 0);
	cr_expect_eq(plan_vcpus(p), 4096);
}

Test(plan, without_vcpus_is_not_sealed)
{
	auto_plan const struct plan *p = plan_new();
	struct error err = { 0 };

	cr_expect_null(plan_seal((struct plan *)p, &err));
	check_error(&err, ERROR_INTERNAL, "without vCPUs");
}

Test(plan, regions_that_overlap_are_not_sealed_in_whichever_order_they_came)
{
	CHECK_SEAL_REFUSED(ERROR_BAD_LAYOUT, "overlap", zero_at(0x4000, 0x1000),
	                   zero_at(0x4000, 0x1000));
	CHECK_SEAL_REFUSED(ERROR_BAD_LAYOUT, "overlap", zero_at(0x1000, 0x4000),
	                   data_at(0x3000, 0x8000));
	CHECK_SEAL_REFUSED(ERROR_BAD_LAYOUT, "overlap", data_at(0x3000, 0x8000),
	                   zero_at(0x9000, 0x1000), zero_at(0x1000, 0x3000));
	CHECK_SEAL_REFUSED(ERROR_BAD_LAYOUT, "overlap", zero_at(0x3000, 0x1000),
	                   zero_at(0x1000, 0x8000));
}

Test(plan, an_overlap_is_told_with_both_names_and_both_ranges)
{
	CHECK_SEAL_REFUSED(ERROR_BAD_LAYOUT,
	                   "some data (0x1000..0x5000) and some zeros (0x4000..0x6000) overlap",
	                   zero_at(0x4000, 0x2000), data_at(0x1000, 0x4000));
}

Test(plan, regions_that_only_touch_are_sealed)
{
	CHECK_SEALS(zero_at(0x4000, 0x1000), data_at(0x2000, 0x2000), zero_at(0x5000, 0x1000));
}

Test(plan, a_region_outside_memory_is_not_sealed)
{
	CHECK_SEAL_REFUSED(ERROR_MEMORY_TOO_SMALL, "lies outside", zero_at(32 * MIB, 0x1000));
	CHECK_SEAL_REFUSED(ERROR_MEMORY_TOO_SMALL, "lies outside", zero_at(16 * MIB, 0x1000));
	CHECK_SEAL_REFUSED(ERROR_MEMORY_TOO_SMALL, "lies outside",
	                   zero_at(64 * MIB - 0x1000, 0x1000));
	CHECK_SEAL_REFUSED(ERROR_MEMORY_TOO_SMALL, "some zeros (0xfff000..0x1001000) lies outside",
	                   zero_at(16 * MIB - 0x1000, 0x2000));
	CHECK_SEAL_REFUSED(ERROR_MEMORY_TOO_SMALL, "lies outside", zero_at(64 * MIB, MIB + 0x1000));
	CHECK_SEALS(zero_at(64 * MIB, MIB), zero_at(16 * MIB - 0x1000, 0x1000), zero_at(0, 0x1000));
}

Test(plan, a_region_across_two_runs_of_memory_is_not_sealed)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };

	cr_assert_eq(plan_add_ram((struct plan *)p, 16 * MIB, MIB, &err), 0);
	add((struct plan *)p, zero_at(16 * MIB - 0x1000, 0x2000));
	cr_expect_null(plan_seal((struct plan *)p, &err));
	check_error(&err, ERROR_MEMORY_TOO_SMALL, "lies outside");
	cr_expect_str_not_empty(err.fix);
}

Test(plan, two_secrets_or_two_cpuid_regions_are_not_sealed)
{
	struct region a = zero_at(0x1000, 0x1000), b = zero_at(0x2000, 0x1000);

	a.kind = b.kind = PAGE_SECRETS;
	CHECK_SEAL_REFUSED(ERROR_BAD_LAYOUT, "two secrets regions", a, b);
	b.kind = PAGE_CPUID;
	CHECK_SEALS(a, b);
	a.kind = PAGE_CPUID;
	CHECK_SEAL_REFUSED(ERROR_BAD_LAYOUT, "two cpuid regions", a, b);
}

/*
 * Writes down what it is given: "begin r1000 r2000 v0 v1 end". Stops with -EBUSY at the fail-th
 * call.
 */
struct seen {
	char text[256];
	int calls, fail;
	const struct vcpu_state *states[PLAN_MAX_VCPUS];
};

static int seen_note(struct seen *s, const char *what, unsigned long long n, struct error *err)
{
	size_t at = strlen(s->text);

	if (what[1])
		snprintf(s->text + at, sizeof(s->text) - at, "%s ", what);
	else
		snprintf(s->text + at, sizeof(s->text) - at, "%s%llx ", what, n);
	return ++s->calls == s->fail ? error_sys(err, ERROR_KVM, EBUSY, "%s", what) : 0;
}

static int seen_begin(void *self, const struct plan *p, struct error *err)
{
	(void)p;
	return seen_note(self, "begin", 0, err);
}

static int seen_region(void *self, const struct region *r, struct error *err)
{
	return seen_note(self, "r", r->gpa, err);
}

static int seen_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	((struct seen *)self)->states[index] = s;
	return seen_note(self, "v", index, err);
}

static int seen_end(void *self, const struct plan *p, struct error *err)
{
	(void)p;
	return seen_note(self, "end", 0, err);
}

static const struct plan_ops seen_ops = { seen_begin, seen_region, seen_vcpu, seen_end };

static const struct plan *plan_of_three(void)
{
	struct plan *p = plan_start();
	struct error err = { 0 };

	add(p, zero_at(0x9000, 0x1000));
	add(p, data_at(0x1000, 0x2000));
	add(p, zero_at(0x4000, 0x1000));
	cr_assert_eq(plan_set_vcpus(p, 4, &bsp, &ap, &err), 0);
	cr_assert_eq(plan_seal(p, &err), p, "%s", err.text);
	return p;
}

Test(plan, is_replayed_in_the_order_of_adding_then_vcpus_by_index)
{
	auto_plan const struct plan *p = plan_of_three();
	struct seen s = { .fail = -1 };
	struct error err = { 0 };

	cr_assert_eq(plan_replay(p, &seen_ops, &s, &err), 0);
	cr_expect_str_eq(s.text, "begin r9000 r1000 r4000 v0 v1 v2 v3 end ");
	memset(s.text, 0, sizeof(s.text));
	cr_assert_eq(plan_replay(p, &seen_ops, &s, &err), 0);
	cr_expect_str_eq(s.text, "begin r9000 r1000 r4000 v0 v1 v2 v3 end ", "a second time");
}

Test(plan, vcpus_that_begin_alike_have_one_pointer)
{
	auto_plan const struct plan *p = plan_of_three();
	struct seen s = { .fail = -1 };
	struct error err = { 0 };

	cr_assert_eq(plan_replay(p, &seen_ops, &s, &err), 0);
	cr_expect_eq(s.states[0]->rip, bsp.rip);
	cr_expect_eq(s.states[1]->rip, ap.rip);
	cr_expect_neq(s.states[0], s.states[1]);
	cr_expect_eq(s.states[1], s.states[2]);
	cr_expect_eq(s.states[2], s.states[3]);
	cr_expect_neq(s.states[0], &bsp, "the plan keeps a copy");
}

Test(plan, the_first_failure_ends_a_replay_and_comes_back)
{
	static const char *const until[] = {
		"begin ",
		"begin r9000 ",
		"begin r9000 r1000 ",
		"begin r9000 r1000 r4000 ",
		"begin r9000 r1000 r4000 v0 ",
		"begin r9000 r1000 r4000 v0 v1 ",
		"begin r9000 r1000 r4000 v0 v1 v2 ",
		"begin r9000 r1000 r4000 v0 v1 v2 v3 ",
		"begin r9000 r1000 r4000 v0 v1 v2 v3 end ",
	};
	auto_plan const struct plan *p = plan_of_three();

	for (int i = 0; i < (int)ARRAY_SIZE(until); i++) {
		struct seen s = { .fail = i + 1 };
		struct error err = { 0 };

		cr_expect_eq(plan_replay(p, &seen_ops, &s, &err), -EBUSY);
		cr_expect_str_eq(s.text, until[i]);
		cr_expect_eq(err.code, -EBUSY);
	}
}

Test(plan, gives_back_the_settings_it_was_given)
{
	auto_plan const struct plan *p = plan_start();
	struct plan_settings s = { .policy = 0xb0000, .sev_features = 0x21, .seeded = true };

	s.host_data[31] = 9;
	plan_set((struct plan *)p, &s);
	s.policy = 0;
	cr_expect_eq(plan_settings(p)->policy, 0xb0000);
	cr_expect_eq(plan_settings(p)->sev_features, 0x21);
	cr_expect_eq(plan_settings(p)->host_data[31], 9);
	cr_expect(plan_settings(p)->seeded);
}

static bool mapped(const uint8_t *at)
{
	return msync((void *)(uintptr_t)at, 4096, MS_ASYNC) == 0 || errno != ENOMEM;
}

/* Adds a region of two pages that the plan owns. */
static const uint8_t *add_adopted(struct plan *p, gpa_t gpa)
{
	auto_blob struct blob b = BLOB_NONE;
	const uint8_t *at;
	struct error err = { 0 };

	cr_assert_eq(blob_zero(8192, &b, &err), 0);
	at = b.data;
	cr_assert_eq(plan_adopt(p, blob_steal(&b), &err), 0);
	add(p, (struct region){ gpa, 8192, PAGE_DATA, at, "adopted" });
	return at;
}

static void check_frees(bool sealed)
{
	const uint8_t *at[20];
	struct plan *p = plan_start();
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		at[i] = add_adopted(p, i << 16);
	if (sealed)
		cr_assert_eq(plan_seal(p, &err), p);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		cr_expect(mapped(at[i]), "blob %zu is gone too early", i);
	plan_free(p);
	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		cr_expect_not(mapped(at[i]), "blob %zu", i);
}

Test(plan, frees_what_it_adopted_sealed_or_not)
{
	struct plan *p = plan_start();
	struct error err = { 0 };

	check_frees(true);
	check_frees(false);
	cr_assert_eq(plan_adopt(p, BLOB_NONE, &err), 0);
	plan_free(p);
	plan_free(NULL);
}

Test(plan, lists_items_in_the_order_in_which_they_came)
{
	auto_plan const struct plan *p = plan_start();
	const struct fw_item given[] = { { .name = "etc/b", .bytes = bytes, .size = 3 },
		                         { .key = 0x19, .bytes = bytes + 3, .size = 1 },
		                         { .name = "etc/a", .bytes = bytes, .size = 0 } };
	const struct fw_item *items;
	struct error err = { 0 };

	cr_expect_eq(plan_items(p, &items), 0u);
	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		cr_assert_eq(plan_add_item((struct plan *)p, &given[i], &err), 0, "%s", err.text);
	cr_assert_eq(plan_seal((struct plan *)p, &err), p, "%s", err.text);
	cr_assert_eq(plan_items(p, &items), ARRAY_SIZE(given));
	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		cr_expect_eq(items[i].name, given[i].name);
		cr_expect_eq(items[i].key, given[i].key);
		cr_expect_eq(items[i].bytes, given[i].bytes);
		cr_expect_eq(items[i].size, given[i].size);
	}
}

Test(plan, refuses_more_items_than_it_has_room_for)
{
	auto_plan const struct plan *p = plan_start();
	const struct fw_item one = { .name = "etc/one", .bytes = bytes, .size = 1 };
	const struct fw_item *items;
	struct error err = { 0 };

	for (size_t i = 0; i < PLAN_ITEMS_MAX; i++)
		cr_assert_eq(plan_add_item((struct plan *)p, &one, &err), 0, "%s", err.text);
	cr_assert_eq(plan_add_item((struct plan *)p, &one, &err), -EINVAL);
	check_error(&err, ERROR_INTERNAL, "items for fw_cfg");
	cr_expect_eq(plan_items(p, &items), (size_t)PLAN_ITEMS_MAX);
}
