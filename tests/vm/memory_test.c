/* SPDX-License-Identifier: MIT */
/* tests/vm/memory_test.c: which guest memory we can access, and how pages are converted. */
#include "core/vm/memory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/fake/fixture.h"

#define END (FIXTURE_LOW + FIXTURE_NEXT) /* of the two adjacent slots */

struct made {
	struct fake_kvm *f;
	const struct plan *p;
	struct vm *vm;
	struct memory *m;
};

static struct made make(const struct platform *on)
{
	struct fixture s = fixture_default();
	struct made made = { .f = fake_kvm_new(0) };

	s.parts = fixture_nothing;
	made.p = fixture_plan(&s);
	made.vm = fixture_launch(made.f, on, made.p, &fixture_quiet);
	made.m = &made.vm->memory;
	fake_kvm_memory_forget(made.f);
	return made;
}

static void unmake(struct made *made)
{
	fixture_end(made->f, made->vm);
	plan_free(made->p);
	fake_kvm_free(made->f);
}

static void check_events(struct made *made, const struct fake_memory_event *expected, size_t n)
{
	const struct fake_memory_event *seen;

	cr_assert_eq(fake_kvm_memory_events(made->f, &seen), n, "%zu events",
	             fake_kvm_memory_events(made->f, &seen));
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(seen[i].act, expected[i].act, "event %zu", i);
		cr_assert_eq(seen[i].gpa, expected[i].gpa, "event %zu: 0x%llx", i,
		             (unsigned long long)seen[i].gpa);
		cr_assert_eq(seen[i].size, expected[i].size, "event %zu: 0x%llx", i,
		             (unsigned long long)seen[i].size);
	}
	fake_kvm_memory_forget(made->f);
}

Test(memory, a_conversion_changes_the_attribute_first_and_then_frees_the_other_side)
{
	static const struct fake_memory_event out[] = { { FAKE_MADE_SHARED, 0x3000, 0x2000 },
		                                        { FAKE_FREED_PRIVATE, 0x3000, 0x2000 } };
	static const struct fake_memory_event back[] = { { FAKE_MADE_PRIVATE, 0x3000, 0x2000 },
		                                         { FAKE_FREED_SHARED, 0x3000, 0x2000 } };
	struct made made = make(&platform_snp);

	cr_assert_eq(memory_convert(made.m, 0x3000, 2, false), MEMORY_CHANGED);
	check_events(&made, out, ARRAY_SIZE(out));
	cr_assert_eq(memory_convert(made.m, 0x3000, 2, true), MEMORY_CHANGED);
	check_events(&made, back, ARRAY_SIZE(back));
	unmake(&made);
}

/* A guest may convert all its memory at once. */
Test(memory, a_conversion_that_nobody_waits_for_ends)
{
	struct made made = make(&platform_snp);

	atomic_store(&made.vm->stopping, true);
	cr_assert_eq(memory_convert(made.m, 0x3000, 2, false), MEMORY_LATER);
	check_events(&made, NULL, 0);
	atomic_store(&made.vm->stopping, false);
	cr_assert_eq(memory_convert(made.m, 0x3000, 2, false), MEMORY_CHANGED);
	unmake(&made);
}

Test(memory, a_conversion_that_changes_nothing_touches_nothing)
{
	struct made made = make(&platform_snp);

	cr_assert_eq(memory_convert(made.m, 0x3000, 2, true), MEMORY_AS_BEFORE,
	             "private from the start");
	check_events(&made, NULL, 0);
	cr_assert_eq(memory_convert(made.m, 0x3000, 2, false), MEMORY_CHANGED);
	fake_kvm_memory_forget(made.f);
	memset(memory_at(made.m, 0x3000, 0x2000), 0x77, 0x2000);
	cr_assert_eq(memory_convert(made.m, 0x3000, 2, false), MEMORY_AS_BEFORE);
	check_events(&made, NULL, 0);
	cr_assert_eq(memory_at(made.m, 0x3000, 1)[0], 0x77, "what the guest shared stays");
	unmake(&made);
}

Test(memory, a_conversion_reaches_across_two_slots)
{
	static const struct fake_memory_event expected[] = {
		{ FAKE_MADE_SHARED, FIXTURE_LOW - 0x2000, 0x2000 },
		{ FAKE_FREED_PRIVATE, FIXTURE_LOW - 0x2000, 0x2000 },
		{ FAKE_MADE_SHARED, FIXTURE_LOW, 0x3000 },
		{ FAKE_FREED_PRIVATE, FIXTURE_LOW, 0x3000 },
	};
	struct made made = make(&platform_snp);

	cr_assert_eq(memory_convert(made.m, FIXTURE_LOW - 0x2000, 5, false), MEMORY_CHANGED);
	check_events(&made, expected, ARRAY_SIZE(expected));
	cr_assert_not_null(memory_at(made.m, FIXTURE_LOW - 0x2000, 0x2000));
	cr_assert_not_null(memory_at(made.m, FIXTURE_LOW, 0x3000));
	cr_assert_null(memory_at(made.m, FIXTURE_LOW - 0x1000, 0x2000),
	               "two slots are two mappings");
	unmake(&made);
}

/* If part of the range has no memory, nothing is converted: half a conversion would be worse. */
Test(memory, a_range_that_is_not_all_memory_is_left_alone)
{
	static const struct {
		gpa_t gpa;
		uint64_t pages;
	} ranges[] = {
		{ END - 0x1000, 2 },
		{ END, 1 },
		{ 0xfee00000, 1 },
		{ FIXTURE_FW, FIXTURE_TOP / 4096 + 1 },
		{ 0, ~0ULL },
		{ 0, (1ULL << 52) + 1 }, /* times 4096 it is one page */
		{ 0, 1ULL << 34 },
		{ ~0ULL & ~0xfffULL, 1 },
		{ ~0ULL & ~0xfffULL, 2 },
		{ 0x1000, 0 },
		{ 0x1001, 1 },
		{ 0x1fff, 1 },
	};
	struct made made = make(&platform_snp);

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		cr_assert_eq(memory_convert(made.m, ranges[i].gpa, ranges[i].pages, false),
		             MEMORY_NOT_OURS, "range %zu", i);
		check_events(&made, NULL, 0);
	}
	unmake(&made);
}

Test(memory, of_a_plain_vm_has_no_sides_to_change)
{
	struct made made = make(&platform_kvm);

	cr_assert_eq(memory_convert(made.m, 0x3000, 1, true), MEMORY_NOT_OURS);
	cr_assert_eq(memory_convert(made.m, 0x3000, 1, false), MEMORY_NOT_OURS);
	unmake(&made);
}

Test(memory, private_pages_are_never_given_out)
{
	struct made made = make(&platform_snp);

	cr_assert_null(memory_at(made.m, 0x3000, 1));
	cr_assert_eq(memory_convert(made.m, 0x3000, 2, false), MEMORY_CHANGED);
	cr_assert_not_null(memory_at(made.m, 0x3000, 0x2000));
	cr_assert_not_null(memory_at(made.m, 0x4fff, 1));
	cr_assert_null(memory_at(made.m, 0x4fff, 2), "its second byte is private");
	cr_assert_null(memory_at(made.m, 0x2fff, 2), "its first byte is private");
	cr_assert_null(memory_at(made.m, 0x2fff, 0x2002), "shared pages between private ones");
	cr_assert_eq(memory_convert(made.m, 0x3000, 1, true), MEMORY_CHANGED);
	cr_assert_null(memory_at(made.m, 0x3000, 0x2000));
	cr_assert_not_null(memory_at(made.m, 0x4000, 0x1000));
	unmake(&made);
}

static void check_bounds(const struct platform *on)
{
	struct made made = make(on);

	memory_convert(made.m, 0, END / 4096, false);
	cr_assert_not_null(memory_at(made.m, FIXTURE_LOW, FIXTURE_NEXT));
	cr_assert_null(memory_at(made.m, FIXTURE_LOW, FIXTURE_NEXT + 1));
	cr_assert_null(memory_at(made.m, END, 1));
	cr_assert_null(memory_at(made.m, 0, FIXTURE_LOW + 1));
	cr_assert_null(memory_at(made.m, 0x1000, ~0ULL));
	cr_assert_null(memory_at(made.m, 0x1000, ~0ULL - 0xfff), "wraps to 0");
	cr_assert_null(memory_at(made.m, ~0ULL, 1));
	cr_assert_null(memory_at(made.m, ~0ULL, 2), "wraps");
	cr_assert_eq(memory_at(made.m, FIXTURE_LOW - 1, 1) + 1 - memory_at(made.m, 0, 1),
	             (ptrdiff_t)FIXTURE_LOW);
	unmake(&made);
}

Test(memory, nothing_outside_a_slot_is_given_out_of_a_plain_vm)
{
	check_bounds(&platform_kvm);
}

Test(memory, nothing_outside_a_slot_is_given_out_of_a_protected_vm)
{
	check_bounds(&platform_snp);
}

/* A page is converted back and forth: no private data may appear on the shared side. */
Test(memory, a_page_made_private_again_loses_its_shared_bytes)
{
	struct made made = make(&platform_snp);

	cr_assert_eq(memory_convert(made.m, 0x5000, 1, false), MEMORY_CHANGED);
	memset(memory_at(made.m, 0x5000, 0x1000), 0x99, 0x1000);
	cr_assert_eq(memory_convert(made.m, 0x5000, 1, true), MEMORY_CHANGED);
	cr_assert_eq(memory_convert(made.m, 0x5000, 1, false), MEMORY_CHANGED);
	cr_assert_eq(memory_at(made.m, 0x5000, 0x1000)[0xfff], 0);
	unmake(&made);
}

Test(memory, a_conversion_that_kvm_refuses_is_told)
{
	static const int errnums[] = { ENOMEM, EINVAL };

	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		struct made made = make(&platform_snp);

		fake_kvm_fail(made.f, fake_kvm_calls(made.f) + 1, errnums[i]);
		cr_assert_eq(memory_convert(made.m, 0x3000, 1, false), MEMORY_FAILED);
		cr_assert_null(memory_at(made.m, 0x3000, 1), "it is still private");
		unmake(&made);
	}
}

Test(memory, a_conversion_that_is_interrupted_is_tried_again)
{
	struct made made = make(&platform_snp);

	fake_kvm_fail(made.f, fake_kvm_calls(made.f) + 1, EINTR);
	cr_assert_eq(memory_convert(made.m, 0x3000, 1, false), MEMORY_CHANGED);
	unmake(&made);
}

Test(memory, a_conversion_that_kvm_cannot_make_now_is_left_to_the_guest)
{
	struct made made = make(&platform_snp);

	fake_kvm_fail(made.f, fake_kvm_calls(made.f) + 1, EAGAIN);
	cr_assert_eq(memory_convert(made.m, 0x3000, 1, false), MEMORY_LATER);
	cr_assert_null(memory_at(made.m, 0x3000, 1), "it is still private");
	cr_assert_eq(memory_convert(made.m, 0x3000, 1, false), MEMORY_CHANGED);
	unmake(&made);
}

/* Shared blobs below all memory, between its ranges and above it. */
#define BLOBS  3
#define RAM_AT ((gpa_t)0x100000)
#define RAM_2  ((gpa_t)0x110000)
static const gpa_t blob_gpas[BLOBS] = { 0xff000, 0x10f000, 0x120000 };
static _Alignas(4096) uint8_t blob_bytes[BLOBS][4096];

static struct made make_offers(const struct platform *on, unsigned flags)
{
	struct fixture s = fixture_default();
	struct made made = { .f = fake_kvm_new(flags) };
	struct plan *p = plan_new();
	struct error err = { 0 };

	cr_assert_not_null(p);
	cr_assert_eq(plan_add_ram(p, RAM_AT, 0xf000, &err), 0, "%s", err.text);
	for (unsigned i = 0; i < BLOBS; i++) {
		struct shared_blob o = { blob_gpas[i], 4096, blob_bytes[i], "blob" };

		memset(blob_bytes[i], (int)i + 1, 4096);
		cr_assert_eq(plan_add_shared(p, &o, &err), 0, "%s", err.text);
	}
	cr_assert_eq(plan_add_ram(p, RAM_2, 0x10000, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 1, &s.bsp, &s.ap, &err), 0, "%s", err.text);
	plan_set(p, &s.settings);
	made.p = plan_seal(p, &err);
	cr_assert_not_null(made.p, "%s", err.text);
	made.vm = fixture_launch(made.f, on, made.p, &fixture_quiet);
	made.m = &made.vm->memory;
	fake_kvm_memory_forget(made.f);
	return made;
}

static const struct {
	const struct platform *on;
	unsigned flags;
	bool gmem; /* RAM is in guest_memfd */
} hosts[] = {
	{ &platform_snp, 0, true },
	{ &platform_snp, FAKE_GMEM_MMAP, true },
	{ &platform_kvm, 0, false },
	{ &platform_kvm, FAKE_GMEM_MMAP, true },
	{ &platform_kvm, FAKE_NO_SNP, false },
};

Test(memory, an_offer_is_a_slot_of_the_plans_bytes_without_guest_memfd)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct made made = make_offers(hosts[i].on, hosts[i].flags);
		unsigned ram = 0, blobs = 0;
		struct fake_slot_info slot;

		for (unsigned n = 0; fake_kvm_slot(made.f, n, &slot); n++) {
			if (slot.gpa == RAM_AT || slot.gpa == RAM_2) {
				cr_assert_eq(slot.gmem, hosts[i].gmem);
				ram++;
				continue;
			}
			cr_assert_eq(slot.gpa, blob_gpas[blobs]);
			cr_assert_eq(slot.size, 4096u);
			cr_assert_eq(slot.at, blob_bytes[blobs]);
			cr_assert_not(slot.gmem, "host %zu", i);
			blobs++;
		}
		cr_assert_eq(ram, 2u);
		cr_assert_eq(blobs, (unsigned)BLOBS);
		unmake(&made);
	}
}

Test(memory, an_offer_is_reached_but_not_across_its_ends)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct made made = make_offers(hosts[i].on, hosts[i].flags);

		for (unsigned n = 0; n < BLOBS; n++) {
			gpa_t gpa = blob_gpas[n];

			cr_assert_eq(memory_at(made.m, gpa, 4096), blob_bytes[n]);
			cr_assert_eq(memory_at(made.m, gpa + 4095, 1), blob_bytes[n] + 4095);
			cr_assert_null(memory_at(made.m, gpa, 4097));
			cr_assert_null(memory_at(made.m, gpa + 1, 4096));
			cr_assert_null(memory_at(made.m, gpa - 1, 2));
		}
		unmake(&made);
	}
}

/* Neither a shared blob nor a range that overlaps one can be converted, not even in part. */
Test(memory, an_offer_is_never_converted)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		for (unsigned to_private = 0; to_private < 2; to_private++) {
			struct made made = make_offers(hosts[i].on, hosts[i].flags);

			for (unsigned n = 0; n < BLOBS; n++)
				cr_assert_eq(memory_convert(made.m, blob_gpas[n], 1, to_private),
				             MEMORY_NOT_OURS);
			cr_assert_eq(memory_convert(made.m, 0xff000, 2, to_private),
			             MEMORY_NOT_OURS);
			cr_assert_eq(memory_convert(made.m, 0x10e000, 2, to_private),
			             MEMORY_NOT_OURS);
			cr_assert_eq(memory_convert(made.m, 0x10e000, 3, to_private),
			             MEMORY_NOT_OURS);
			check_events(&made, NULL, 0);
			for (unsigned n = 0; n < BLOBS; n++)
				cr_assert_eq(blob_bytes[n][4095], n + 1);
			unmake(&made);
		}
}

/* What the guest writes is in the plan's bytes, which outlive the VM. */
Test(memory, an_offer_outlives_the_vm)
{
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct made made = make_offers(hosts[i].on, hosts[i].flags);

		memory_at(made.m, blob_gpas[1], 4096)[7] = 0xee;
		fixture_end(made.f, made.vm);
		cr_assert_eq(blob_bytes[1][7], 0xee);
		made.vm = fixture_launch(made.f, hosts[i].on, made.p, &fixture_quiet);
		cr_assert_eq(memory_at(&made.vm->memory, blob_gpas[1], 4096)[7], 0xee);
		unmake(&made);
	}
}
