/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/virtqueue.c: libFuzzer target: any rings and descriptors; no chain leads outside of
 * shared memory, and none is endless.
 */
#include "core/dev/virtqueue.h"
#include "tests/fuzz/fuzz.h"

#define RAM     0x3000u
#define PRIVATE 0x1000u /* a page */

static bool is_shared(uint64_t gpa, uint64_t size)
{
	if (gpa >= RAM || size > RAM - gpa)
		return false;
	return gpa + size <= PRIVATE || gpa >= PRIVATE + 0x1000;
}

static uint8_t *guest_memory(void *self, uint64_t gpa, uint64_t size)
{
	must(size > 0);
	return is_shared(gpa, size) ? (uint8_t *)self + gpa : NULL;
}

static void chain_check(const struct virtqueue *q, const uint8_t *ram, const struct virtq_chain *c)
{
	uint64_t bytes[2] = { 0, 0 };

	must(c->n_out + c->n_in <= q->max);
	for (unsigned i = 0; i < c->n_out + c->n_in; i++) {
		const uint8_t *at = c->iov[i].iov_base;

		must(at >= ram && c->iov[i].iov_len > 0);
		must(is_shared((uint64_t)(at - ram), c->iov[i].iov_len));
		bytes[i >= c->n_out] += c->iov[i].iov_len;
	}
	must(bytes[0] == c->out_bytes && bytes[1] == c->in_bytes);
}

/* A byte each: size, flags, addresses of the rings in units of 16; then the memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct virtqueue q = { .max = 64, .enabled = true, .memory = guest_memory };
	struct virtq_fault fault = { 0 };
	struct virtq_chain c;
	uint8_t *ram;
	int r = 1;

	if (size < 8 || size - 8 > RAM)
		return 0;
	ram = aligned_alloc(4096, RAM);
	memset(ram, 0, RAM);
	memcpy(ram, data + 8, size - 8);
	q.memory_self = ram;
	q.size = data[0];
	q.indirect = data[1] & 1;
	q.desc = data[2] * 16u;
	q.avail = data[3] * 16u + (data[1] >> 1 & 3);
	q.used = data[4] * 16u + (data[1] >> 3 & 7);
	q.next = q.used_idx = data[5];
	for (unsigned i = 0; i < 256 && r > 0; i++) {
		r = virtqueue_take(&q, &c, &fault);
		if (r > 0) {
			chain_check(&q, ram, &c);
			virtqueue_put(&q, c.head, (uint32_t)c.in_bytes);
		}
	}
	must(r >= 0 || fault.rule);
	free(ram);
	return 0;
}
