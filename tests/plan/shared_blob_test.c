/* SPDX-License-Identifier: MIT */
/*
 * tests/plan/shared_blob_test.c: shared blobs: which ones a plan accepts, which ones sealing
 * refuses, and that they are not measured.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"

#define MIB ((uint64_t)1 << 20)

static _Alignas(4096) uint8_t bytes[4 * 4096];
static const struct vcpu_state start = { .rip = 0xfff0 };

/* A plan with 16 MiB from 1 MiB and 1 MiB from 64 MiB. */
static struct plan *plan_start(void)
{
	struct plan *p = plan_new();
	struct error err = { 0 };

	cr_assert_not_null(p);
	cr_assert_eq(plan_add_ram(p, MIB, 16 * MIB, &err), 0, "%s", err.text);
	cr_assert_eq(plan_add_ram(p, 64 * MIB, MIB, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 1, &start, &start, &err), 0, "%s", err.text);
	return p;
}

static struct shared_blob blob_at(gpa_t gpa, uint64_t size)
{
	return (struct shared_blob){ gpa, size, bytes, "a blob" };
}

static void add(struct plan *p, struct shared_blob o)
{
	struct error err = { 0 };

	cr_assert_eq(plan_add_shared(p, &o, &err), 0, "%s", err.text);
}

static void check_add_refused(struct shared_blob o)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };
	const struct shared_blob *blobs;

	cr_assert_eq(plan_add_shared((struct plan *)p, &o, &err), -EINVAL, "0x%llx+0x%llx is taken",
	             (unsigned long long)o.gpa, (unsigned long long)o.size);
	cr_expect_eq(err.kind, ERROR_BAD_LAYOUT);
	cr_expect(strstr(err.text, "a blob") && strstr(err.text, "whole pages"), "%s", err.text);
	cr_expect_eq(plan_shared_blobs(p, &blobs), 0, "the plan stayed as it was");
	cr_expect_eq(plan_seal((struct plan *)p, &err), p);
}

Test(shared_blob, that_is_not_whole_pages_is_refused)
{
	check_add_refused(blob_at(128 * MIB, 0));
	check_add_refused(blob_at(128 * MIB, 1));
	check_add_refused(blob_at(128 * MIB, 4095));
	check_add_refused(blob_at(128 * MIB, 4097));
	check_add_refused(blob_at(128 * MIB + 1, 4096));
	check_add_refused(blob_at(128 * MIB + 2048, 4096));
}

Test(shared_blob, that_wraps_or_ends_above_the_limit_is_refused)
{
	check_add_refused(blob_at(PLAN_GPA_LIMIT, 4096));
	check_add_refused(blob_at(PLAN_GPA_LIMIT - 4096, 8192));
	check_add_refused(blob_at(UINT64_MAX - 4095, 4096));
	check_add_refused(blob_at(128 * MIB, UINT64_MAX - 4095));
}

Test(shared_blob, without_bytes_at_a_pages_start_is_refused)
{
	struct shared_blob o = blob_at(128 * MIB, 4096);

	o.bytes = NULL;
	check_add_refused(o);
	o.bytes = bytes + 1;
	check_add_refused(o);
	o.bytes = bytes + 2048;
	check_add_refused(o);
}

Test(shared_blob, one_more_than_the_limit_is_refused)
{
	auto_plan const struct plan *p = plan_start();
	struct shared_blob o = blob_at(256 * MIB, 4096);
	struct error err = { 0 };
	const struct shared_blob *blobs;

	for (unsigned i = 0; i < PLAN_SHARED_MAX; i++)
		add((struct plan *)p, blob_at(128 * MIB + i * 4096, 4096));
	cr_assert_eq(plan_add_shared((struct plan *)p, &o, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_BAD_LAYOUT);
	cr_expect_str_eq(err.text, "more than 4 shared blobs");
	cr_expect_eq(plan_shared_blobs(p, &blobs), PLAN_SHARED_MAX);
	cr_expect_eq(plan_seal((struct plan *)p, &err), p, "%s", err.text);
}

/* Sealed, or refused in words that name the blob and where it lies. */
static void check_seal(const struct shared_blob *blobs, size_t n, bool taken)
{
	auto_plan const struct plan *p = plan_start();
	const struct plan *sealed;
	struct error err = { 0 };
	char where[32];

	for (size_t i = 0; i < n; i++)
		add((struct plan *)p, blobs[i]);
	sealed = plan_seal((struct plan *)p, &err);
	cr_expect_eq(sealed, taken ? p : NULL, "0x%llx+0x%llx", (unsigned long long)blobs[0].gpa,
	             (unsigned long long)blobs[0].size);
	if (taken || sealed)
		return;
	snprintf(where, sizeof(where), "0x%llx ", (unsigned long long)blobs[n - 1].gpa);
	cr_expect_eq(err.kind, ERROR_BAD_LAYOUT);
	cr_expect(strstr(err.text, "a blob") && strstr(err.text, where), "%s", err.text);
}
#define CHECK_SEAL(taken, ...)                                                                     \
	check_seal((struct shared_blob[]){ __VA_ARGS__ },                                          \
	           ARRAY_SIZE(((struct shared_blob[]){ __VA_ARGS__ })), taken)

Test(shared_blob, in_memory_is_not_sealed)
{
	CHECK_SEAL(false, blob_at(MIB, 4096));
	CHECK_SEAL(false, blob_at(8 * MIB, 4096));
	CHECK_SEAL(false, blob_at(17 * MIB - 4096, 4096));
	CHECK_SEAL(false, blob_at(MIB - 4096, 8192));
	CHECK_SEAL(false, blob_at(17 * MIB - 4096, 8192));
	CHECK_SEAL(false, blob_at(0, 32 * MIB)); /* around all of a run */
	CHECK_SEAL(false, blob_at(64 * MIB, 4096));
	CHECK_SEAL(false, blob_at(0, PLAN_GPA_LIMIT));
}

Test(shared_blob, on_another_one_is_not_sealed_in_whichever_order_they_came)
{
	CHECK_SEAL(false, blob_at(128 * MIB, 8192), blob_at(128 * MIB, 8192));
	CHECK_SEAL(false, blob_at(128 * MIB, 8192), blob_at(128 * MIB + 4096, 8192));
	CHECK_SEAL(false, blob_at(128 * MIB + 4096, 8192), blob_at(128 * MIB, 8192));
	CHECK_SEAL(false, blob_at(128 * MIB, 16384), blob_at(128 * MIB + 4096, 4096));
	CHECK_SEAL(false, blob_at(128 * MIB, 4096), blob_at(32 * MIB, 4096),
	           blob_at(128 * MIB, 4096));
}

Test(shared_blob, that_only_touches_is_sealed)
{
	CHECK_SEAL(true, blob_at(0, MIB));
	CHECK_SEAL(true, blob_at(17 * MIB, 4096));
	CHECK_SEAL(true, blob_at(17 * MIB, 47 * MIB)); /* all of the gap */
	CHECK_SEAL(true, blob_at(65 * MIB, 4096), blob_at(65 * MIB + 4096, 4096));
	CHECK_SEAL(true, blob_at(PLAN_GPA_LIMIT - 4096, 4096));
}

/*
 * The seal refused; the plan is still the caller's, and can be freed (which LeakSanitizer watches).
 */
Test(shared_blob, memory_added_after_it_counts_too)
{
	auto_plan const struct plan *p = plan_start();
	struct error err = { 0 };

	add((struct plan *)p, blob_at(128 * MIB, 4096));
	cr_assert_eq(plan_add_ram((struct plan *)p, 127 * MIB, 2 * MIB, &err), 0, "%s", err.text);
	cr_expect_null(plan_seal((struct plan *)p, &err));
	cr_expect_eq(err.kind, ERROR_BAD_LAYOUT);
}

Test(shared_blob, is_handed_out_as_it_was_given)
{
	auto_plan const struct plan *p = plan_start();
	struct shared_blob o = { 256 * MIB, 8192, bytes + 4096, "kernel" };
	const struct shared_blob *blobs;
	struct error err = { 0 };

	add((struct plan *)p, o);
	memset(&o, 0xa5, sizeof(o)); /* it was copied */
	add((struct plan *)p, blob_at(128 * MIB, 4096));
	cr_assert_eq(plan_seal((struct plan *)p, &err), p, "%s", err.text);
	cr_assert_eq(plan_shared_blobs(p, &blobs), 2);
	cr_expect_eq(blobs[0].gpa, 256 * MIB, "in the order of adding");
	cr_expect_eq(blobs[0].size, 8192);
	cr_expect_eq(blobs[0].bytes, bytes + 4096);
	cr_expect_str_eq(blobs[0].label, "kernel");
	cr_expect_eq(blobs[1].gpa, 128 * MIB);
}

Test(shared_blob, of_none_there_are_none)
{
	auto_plan const struct plan *p = plan_start();
	const struct shared_blob *blobs;

	cr_expect_eq(plan_shared_blobs(p, &blobs), 0);
}

/* Freeing a plan leaves the bytes of a blob alone: they outlive it. */
Test(shared_blob, is_not_freed_with_the_plan)
{
	struct error err = { 0 };
	auto_blob struct blob b = BLOB_NONE;
	const struct plan *p = plan_start();
	struct shared_blob o = blob_at(128 * MIB, 4096);

	cr_assert_eq(blob_zero(4096, &b, &err), 0);
	o.bytes = b.data;
	add((struct plan *)p, o);
	cr_assert_eq(plan_seal((struct plan *)p, &err), p);
	plan_free(p);
	b.data[4095] = 1;
	cr_expect_eq(b.data[4095], 1);
}

static int seen_once(void *self, const struct plan *p, struct error *err)
{
	(void)self, (void)p, (void)err;
	return 0;
}

static int seen_region(void *self, const struct region *r, struct error *err)
{
	(void)r, (void)err;
	++*(unsigned *)self;
	return 0;
}

static int seen_vcpu(void *self, unsigned index, const struct vcpu_state *s, struct error *err)
{
	(void)self, (void)index, (void)s, (void)err;
	return 0;
}

Test(shared_blob, is_no_part_of_a_replay)
{
	static const struct plan_ops ops = { seen_once, seen_region, seen_vcpu, seen_once };
	auto_plan const struct plan *p = plan_start();
	struct region r = { MIB, 4096, PAGE_DATA, bytes, "data" };
	struct error err = { 0 };
	unsigned regions = 0;

	add((struct plan *)p, blob_at(128 * MIB, 4096));
	cr_assert_eq(plan_add((struct plan *)p, &r, &err), 0, "%s", err.text);
	add((struct plan *)p, blob_at(129 * MIB, 4096));
	cr_assert_eq(plan_seal((struct plan *)p, &err), p, "%s", err.text);
	cr_assert_eq(plan_replay(p, &ops, &regions, &err), 0, "%s", err.text);
	cr_expect_eq(regions, 1);
}

/* A region has to lie in memory, and a blob isn't any. */
Test(shared_blob, holds_no_region)
{
	auto_plan const struct plan *p = plan_start();
	struct region r = { 128 * MIB, 4096, PAGE_ZERO, NULL, "zeros" };
	struct error err = { 0 };

	add((struct plan *)p, blob_at(128 * MIB, 4096));
	cr_assert_eq(plan_add((struct plan *)p, &r, &err), 0, "%s", err.text);
	cr_expect_null(plan_seal((struct plan *)p, &err));
	cr_expect_eq(err.kind, ERROR_MEMORY_TOO_SMALL, "%s", err.text);
}
