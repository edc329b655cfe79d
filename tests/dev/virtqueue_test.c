/* SPDX-License-Identifier: MIT */
/* tests/dev/virtqueue_test.c: chains as drivers make them, and each rule that one can break. */
#include "core/dev/virtqueue.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "core/base/array.h"
#include "tests/dev/driver.h"

/* The device takes the next request and finds that a rule is broken. */
static void refused(struct driver *d, const char *rule, uint64_t at)
{
	struct virtq_fault fault = { 0 };
	struct virtq_chain c;

	cr_assert_eq(virtqueue_take(&d->q, &c, &fault), -EPROTO, "%s", rule);
	cr_assert_str_eq(fault.rule, rule);
	cr_assert_eq(fault.at, at, "%s 0x%lx", fault.rule, (unsigned long)fault.at);
	cr_assert_eq(driver_used(d), 0);
}

static struct virtq_chain taken(struct driver *d)
{
	struct virtq_fault fault = { 0 };
	struct virtq_chain c;

	cr_assert_eq(virtqueue_take(&d->q, &c, &fault), 1, "%s", fault.rule);
	return c;
}

static void nothing(struct driver *d)
{
	struct virtq_fault fault = { 0 };
	struct virtq_chain c;

	cr_assert_eq(virtqueue_take(&d->q, &c, &fault), 0, "%s", fault.rule);
}

Test(virtqueue, gives_the_buffers_of_a_chain_in_order)
{
	struct virtq_chain c;
	struct driver d;

	driver_open(&d, 8, 8);
	nothing(&d);
	driver_desc(&d, 3, 0x8000, 16, NEXT, 1);
	driver_desc(&d, 1, 0x9000, 512, NEXT, 0);
	driver_desc(&d, 0, 0xa000, 1, WRITE, 7);
	driver_offer(&d, 3);
	c = taken(&d);
	cr_assert_eq(c.head, 3);
	cr_assert_eq(c.n_out, 2);
	cr_assert_eq(c.n_in, 1);
	cr_assert_eq(c.out_bytes, 528);
	cr_assert_eq(c.in_bytes, 1);
	cr_assert_eq(c.iov[0].iov_base, d.ram + 0x8000);
	cr_assert_eq(c.iov[1].iov_base, d.ram + 0x9000);
	cr_assert_eq(c.iov[1].iov_len, 512);
	cr_assert_eq(c.iov[2].iov_base, d.ram + 0xa000);
	nothing(&d);
	driver_close(&d);
}

Test(virtqueue, gives_a_request_back_and_asks_for_an_interrupt_unless_the_driver_polls)
{
	struct driver d;

	driver_open(&d, 8, 4);
	driver_desc(&d, 2, 0x8000, 16, WRITE, 0);
	driver_offer(&d, 2);
	cr_assert(virtqueue_put(&d.q, taken(&d).head, 13));
	cr_assert_eq(driver_used(&d), 1);
	cr_assert_eq(driver_get(&d, DRIVER_USED + 4, 4), 2);
	cr_assert_eq(driver_written(&d, 0), 13);
	driver_put(&d, DRIVER_AVAIL, 1, 2);
	driver_offer(&d, 2);
	cr_assert_not(virtqueue_put(&d.q, taken(&d).head, 14));
	cr_assert_eq(driver_used(&d), 2);
	cr_assert_eq(driver_written(&d, 1), 14);
	driver_close(&d);
}

/* Both indices wrap at 65536, many turns of the rings later. */
Test(virtqueue, goes_on_past_the_wrap_of_its_indices)
{
	struct driver d;

	driver_open(&d, 8, 4);
	driver_desc(&d, 1, 0x8000, 16, 0, 0);
	for (unsigned i = 0; i < 70000; i++) {
		driver_offer(&d, 1);
		virtqueue_put(&d.q, taken(&d).head, i);
		cr_assert_eq(driver_used(&d), (uint16_t)(i + 1));
		cr_assert_eq(driver_written(&d, i), i);
	}
	driver_close(&d);
}

Test(virtqueue, takes_as_many_requests_as_the_ring_holds)
{
	struct driver d;

	driver_open(&d, 8, 8);
	for (uint16_t i = 0; i < 8; i++) {
		driver_desc(&d, i, 0x8000 + 0x10u * i, 16, 0, 0);
		driver_offer(&d, i);
	}
	for (uint16_t i = 0; i < 8; i++)
		cr_assert_eq(taken(&d).head, i);
	nothing(&d);
	driver_close(&d);
}

Test(virtqueue, follows_an_indirect_table_at_the_end_of_a_chain)
{
	struct virtq_chain c;
	struct driver d;

	driver_open(&d, 128, 128);
	driver_desc(&d, 0, 0x8000, 16, NEXT, 1);
	driver_desc(&d, 1, 0x9004, 2 * 16, INDIRECT | WRITE, 0); /* WRITE means nothing there */
	driver_desc_at(&d, 0x9004, 0, 0xa000, 512, NEXT | WRITE, 1);
	driver_desc_at(&d, 0x9004, 1, 0xb000, 1, WRITE, 0);
	driver_offer(&d, 0);
	c = taken(&d);
	cr_assert_eq(c.n_out, 1);
	cr_assert_eq(c.n_in, 2);
	cr_assert_eq(c.in_bytes, 513);
	driver_close(&d);
}

/* The largest table, behind its head; and one longer than a queue that the driver made shorter. */
Test(virtqueue, takes_an_indirect_table_as_long_as_the_queue_that_it_offers)
{
	static const uint16_t sizes[] = { 128, 4 };

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct driver d;

		driver_open(&d, 128, sizes[s]);
		driver_desc(&d, 0, 0x9000, 128 * 16, INDIRECT, 0);
		for (uint16_t i = 0; i < 128; i++)
			driver_desc_at(&d, 0x9000, i, 0xa000 + i, 1, i < 127 ? NEXT : 0, i + 1);
		driver_offer(&d, 0);
		cr_assert_eq(taken(&d).n_out, 128);
		driver_close(&d);
	}
}

Test(virtqueue, skips_empty_buffers)
{
	struct virtq_chain c;
	struct driver d;

	driver_open(&d, 8, 8);
	driver_desc(&d, 0, UINT64_MAX, 0, NEXT | WRITE, 1);
	driver_desc(&d, 1, 0x8000, 16, NEXT, 2);
	driver_desc(&d, 2, DRIVER_PRIVATE, 0, 0, 0);
	driver_offer(&d, 0);
	c = taken(&d);
	cr_assert_eq(c.n_out, 1);
	cr_assert_eq(c.n_in, 0);
	driver_close(&d);
}

Test(virtqueue, reaches_the_last_byte_of_memory)
{
	struct driver d;

	driver_open(&d, 8, 8);
	driver_desc(&d, 0, DRIVER_RAM - 4096, 4096, WRITE, 0);
	driver_offer(&d, 0);
	cr_assert_eq(taken(&d).in_bytes, 4096);
	driver_close(&d);
}

/* Harmless: the guest spoils only its own requests. */
Test(virtqueue, serves_the_same_head_twice_and_a_used_ring_over_the_available_ring)
{
	struct driver d;

	driver_open(&d, 8, 8);
	driver_desc(&d, 0, 0x8000, 16, 0, 0);
	driver_offer(&d, 0);
	driver_offer(&d, 0);
	virtqueue_put(&d.q, taken(&d).head, 0);
	virtqueue_put(&d.q, taken(&d).head, 0);
	cr_assert_eq(driver_used(&d), 2);
	d.q.used = d.q.avail; /* used entry 2 is written over available entries 8 and beyond */
	driver_offer(&d, 0);
	virtqueue_put(&d.q, taken(&d).head, 0);
	nothing(&d);
	driver_close(&d);
}

Test(virtqueue, gives_nothing_while_it_is_not_enabled)
{
	struct driver d;

	driver_open(&d, 8, 8);
	driver_offer(&d, 0);
	d.q.enabled = false;
	d.q.desc = 1;
	nothing(&d);
	driver_close(&d);
}

Test(virtqueue, refuses_rings_that_cannot_be_used)
{
	static const struct {
		uint16_t size;
		uint64_t desc, avail, used;
		const char *rule;
		uint64_t at;
	} rows[] = {
		{ 0, 0x1000, 0x3000, 0x4000, "the queue's size is", 0 },
		{ 3, 0x1000, 0x3000, 0x4000, "the queue's size is", 3 },
		{ 16, 0x1000, 0x3000, 0x4000, "the queue's size is", 16 },
		{ 8, 0x1008, 0x3000, 0x4000, "the descriptor table is not aligned: it is at",
		  0x1008 },
		{ 8, 0x1000, 0x3001, 0x4000, "the available ring is not aligned: it is at",
		  0x3001 },
		{ 8, 0x1000, 0x3000, 0x4002, "the used ring is not aligned: it is at", 0x4002 },
		{ 8, DRIVER_PRIVATE, 0x3000, 0x4000,
		  "the descriptor table is not in shared memory: it is at", DRIVER_PRIVATE },
		{ 8, DRIVER_RAM - 112, 0x3000, 0x4000, /* its last descriptor isn't there */
		  "the descriptor table is not in shared memory: it is at", DRIVER_RAM - 112 },
		{ 8, UINT64_MAX - 15, 0x3000, 0x4000,
		  "the descriptor table is not in shared memory: it is at", UINT64_MAX - 15 },
		{ 8, 0x1000, DRIVER_PRIVATE - 20, 0x4000, /* its event index is private */
		  "the available ring is not in shared memory: it is at", DRIVER_PRIVATE - 20 },
		{ 8, 0x1000, 0x3000, DRIVER_PRIVATE - 68,
		  "the used ring is not in shared memory: it is at", DRIVER_PRIVATE - 68 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct virtq_fault fault = { 0 };
		struct driver d;

		driver_open(&d, 8, 8);
		cr_assert_eq(virtqueue_check(&d.q, &fault), 0);
		d.q.size = rows[i].size;
		d.q.desc = rows[i].desc;
		d.q.avail = rows[i].avail;
		d.q.used = rows[i].used;
		cr_assert_eq(virtqueue_check(&d.q, &fault), -EPROTO, "row %zu", i);
		cr_assert_str_eq(fault.rule, rows[i].rule);
		cr_assert_eq(fault.at, rows[i].at);
		refused(&d, rows[i].rule, rows[i].at);
		driver_close(&d);
	}
}

/* The guest may convert the page of a ring between a request and its answer. */
Test(virtqueue, writes_nothing_into_a_used_ring_that_became_private)
{
	struct driver d;

	driver_open(&d, 8, 8);
	driver_desc(&d, 0, 0x8000, 16, 0, 0);
	driver_offer(&d, 0);
	taken(&d);
	d.q.used = DRIVER_PRIVATE;
	cr_assert_not(virtqueue_put(&d.q, 0, 0));
	for (size_t i = 0; i < PAGE_SIZE; i++)
		cr_assert_eq(d.ram[DRIVER_PRIVATE + i], 0);
	refused(&d, "the used ring is not in shared memory: it is at", DRIVER_PRIVATE);
	driver_close(&d);
}

Test(virtqueue, refuses_an_available_index_that_jumps)
{
	struct driver d;

	driver_open(&d, 8, 8);
	driver_put(&d, DRIVER_AVAIL + 2, 9, 2);
	refused(&d, "the available index jumps to", 9);
	driver_put(&d, DRIVER_AVAIL + 2, 0xffff, 2); /* as if it went back */
	refused(&d, "the available index jumps to", 0xffff);
	driver_close(&d);
}

/* A chain of two descriptors, or of one and an indirect table of two, each with a mistake. */
Test(virtqueue, refuses_chains_that_break_a_rule)
{
	static const char outside[] = "a chain leads out of the table, to descriptor",
			  loop[] = "a chain is a loop, and begins at descriptor",
			  buffer[] = "a buffer is not in shared memory: it is at",
			  table[] = "an indirect table is not in shared memory: it is at",
			  size[] = "the size of an indirect table is",
			  nested[] = "an indirect table has another one, at";
	static const struct {
		uint16_t head;
		struct {
			uint64_t gpa;
			uint32_t len;
			uint16_t flags, next;
		} first, second; /* `second` is also the first of the table at 0x9000 */
		const char *rule;
		uint64_t at;
	} rows[] = {
		{ 8, { 0 }, { 0 }, outside, 8 },
		{ 0xffff, { 0 }, { 0 }, outside, 0xffff },
		{ 0, { 0x8000, 16, NEXT, 8 }, { 0 }, outside, 8 },
		{ 0, { 0x8000, 16, NEXT, 0 }, { 0 }, loop, 0 },
		{ 0, { 0x8000, 16, NEXT, 1 }, { 0x8000, 16, NEXT, 0 }, loop, 0 },
		{ 0, { 0, 0, NEXT, 0 }, { 0 }, loop, 0 },
		{ 0,
		  { 0x8000, 16, NEXT | WRITE, 1 },
		  { 0xa000, 16, 0, 0 },
		  "a buffer to read follows one to write, at",
		  0xa000 },
		{ 0, { DRIVER_PRIVATE - 8, 16, 0, 0 }, { 0 }, buffer, DRIVER_PRIVATE - 8 },
		{ 0, { DRIVER_PRIVATE + 4095, 1, WRITE, 0 }, { 0 }, buffer, DRIVER_PRIVATE + 4095 },
		{ 0, { DRIVER_RAM - 1, 2, 0, 0 }, { 0 }, buffer, DRIVER_RAM - 1 },
		{ 0, { DRIVER_RAM, 1, 0, 0 }, { 0 }, buffer, DRIVER_RAM },
		{ 0, { UINT64_MAX, 2, 0, 0 }, { 0 }, buffer, UINT64_MAX },
		{ 0, { 0x8000, UINT32_MAX, 0, 0 }, { 0 }, buffer, 0x8000 },
		{ 0, { 0x9000, 32, INDIRECT, 0 }, { 0x8000, 16, NEXT, 2 }, outside, 2 },
		{ 0, { 0x9000, 32, INDIRECT, 0 }, { 0x8000, 16, NEXT, 0 }, loop, 0 },
		{ 0, { 0x9000, 32, INDIRECT, 0 }, { 0x9000, 32, INDIRECT, 0 }, nested, 0x9000 },
		{ 0, { DRIVER_DESC, 32, INDIRECT, 0 }, { 0 }, nested, DRIVER_DESC },
		{ 0, { 0x9000, 0, INDIRECT, 0 }, { 0 }, size, 0 },
		{ 0, { 0x9000, 31, INDIRECT, 0 }, { 0 }, size, 31 },
		{ 0, { 0x9000, 9 * 16, INDIRECT, 0 }, { 0 }, size, 9 * 16 },
		{ 0, { 0x9000, 0xfffffff0, INDIRECT, 0 }, { 0 }, size, 0xfffffff0 },
		{ 0, { DRIVER_PRIVATE, 32, INDIRECT, 0 }, { 0 }, table, DRIVER_PRIVATE },
		{ 0, { UINT64_MAX, 32, INDIRECT, 0 }, { 0 }, table, UINT64_MAX },
		{ 0,
		  { 0x9000, 32, INDIRECT | NEXT, 1 },
		  { 0 },
		  "a chain goes on after the indirect table at",
		  0x9000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct driver d;

		driver_open(&d, 8, 8);
		driver_desc(&d, 0, rows[i].first.gpa, rows[i].first.len, rows[i].first.flags,
		            rows[i].first.next);
		driver_desc(&d, 1, rows[i].second.gpa, rows[i].second.len, rows[i].second.flags,
		            rows[i].second.next);
		memcpy(d.ram + 0x9000, d.ram + DRIVER_DESC + 16, 16);
		driver_offer(&d, rows[i].head);
		refused(&d, rows[i].rule, rows[i].at);
		driver_close(&d);
	}
}

Test(virtqueue, refuses_an_indirect_table_that_is_not_negotiated)
{
	struct driver d;

	driver_open(&d, 8, 8);
	d.q.indirect = false;
	driver_desc(&d, 0, 0x9000, 16, INDIRECT, 0);
	driver_offer(&d, 0);
	refused(&d, "indirect tables are not negotiated, but one is at", 0x9000);
	driver_close(&d);
}

/* Seven direct buffers, and a table of two: one more than the queue has descriptors. */
Test(virtqueue, refuses_more_buffers_than_the_queue_has_descriptors)
{
	struct driver d;

	driver_open(&d, 8, 8);
	for (uint16_t i = 0; i < 7; i++)
		driver_desc(&d, i, 0x8000, 16, NEXT, i + 1);
	driver_desc(&d, 7, 0x9000, 32, INDIRECT, 0);
	driver_desc_at(&d, 0x9000, 0, 0x8000, 16, NEXT, 1);
	driver_desc_at(&d, 0x9000, 1, 0x8000, 16, 0, 0);
	driver_offer(&d, 0);
	refused(&d, "a chain has too many buffers, and begins at descriptor", 0);
	driver_close(&d);
}

static uint8_t *endless_memory(void *self, uint64_t gpa, uint64_t size)
{
	struct driver *d = self;

	(void)size;
	return d->ram + gpa % DRIVER_RAM;
}

/* Only a guest with more than 4 GiB in one range can do it, or one that repeats a buffer. */
Test(virtqueue, refuses_a_chain_of_4_gib)
{
	struct driver d;

	driver_open(&d, 8, 8);
	d.q.memory = endless_memory;
	driver_desc(&d, 0, 0x8000, 0xffff0000, NEXT, 1);
	driver_desc(&d, 1, 0x8000, 0xffff, WRITE, 0);
	driver_offer(&d, 0);
	cr_assert_eq(taken(&d).in_bytes, 0xffff);
	driver_desc(&d, 1, 0x8000, 0x10000, WRITE, 0);
	driver_offer(&d, 0);
	refused(&d, "a chain has 4 GiB or more, and begins at descriptor", 0);
	driver_close(&d);
}

/* Another vCPU, as soon as a buffer is looked up: the descriptors are all different now. */
static uint8_t *rewriting_memory(void *self, uint64_t gpa, uint64_t size)
{
	struct driver *d = self;

	if (gpa >= DRIVER_DATA)
		for (unsigned i = 0; i < 2; i++)
			driver_desc(d, i, DRIVER_PRIVATE, UINT32_MAX, NEXT | INDIRECT, 0xffff);
	return driver_memory(self, gpa, size);
}

Test(virtqueue, takes_descriptors_as_they_were_when_it_read_them)
{
	struct virtq_chain c;
	struct driver d;

	driver_open(&d, 8, 8);
	d.q.memory = rewriting_memory;
	driver_desc(&d, 1, DRIVER_DATA, 512, WRITE, 0);
	driver_offer(&d, 1);
	c = taken(&d);
	cr_expect_eq(c.n_in, 1);
	cr_expect_eq(c.in_bytes, 512);
	cr_expect_eq(c.iov[0].iov_base, d.ram + DRIVER_DATA);
	cr_expect_eq(c.iov[0].iov_len, 512);
	driver_offer(&d, 1);
	refused(&d, "a chain goes on after the indirect table at", DRIVER_PRIVATE);
	driver_close(&d);
}
