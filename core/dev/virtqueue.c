/* SPDX-License-Identifier: MIT */
/* core/dev/virtqueue.c: checks of rings and chains, and the order of reads and writes. */
#include "core/dev/virtqueue.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/base/bytes.h"

/* In guest memory, little-endian (virtio 1.2, 2.7.5, 2.7.6 and 2.7.8). */
struct descriptor {
	le64 gpa;
	le32 len;
	le16 flags, next;
};
static_assert(sizeof(struct descriptor) == 16, "virtq_desc");

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4 };

struct used_entry {
	le32 head, written;
};
static_assert(sizeof(struct used_entry) == 8, "virtq_used_elem");

/* Both rings begin with flags and an index of 16 bits each, and end with an event index. */
#define RING_INDEX   2
#define RING_ENTRIES 4
#define RING_EVENT   2

#define AVAIL_NO_INTERRUPT 1

struct rings {
	uint8_t *desc, *avail, *used;
};

static int rule_broken(struct virtq_fault *ret, const char *rule, uint64_t at)
{
	*ret = (struct virtq_fault){ .rule = rule, .at = at };
	return -EPROTO;
}

/* They overlap only at the driver's own expense, since nothing is read twice. */
static int rings_find(const struct virtqueue *q, struct rings *ret, struct virtq_fault *fault)
{
	uint64_t n = q->size;

	if (n == 0 || n > q->max || n & (n - 1))
		return rule_broken(fault, "the queue's size is", n);
	if (q->desc % sizeof(struct descriptor))
		return rule_broken(fault, "the descriptor table is not aligned: it is at", q->desc);
	if (q->avail % 2)
		return rule_broken(fault, "the available ring is not aligned: it is at", q->avail);
	if (q->used % 4)
		return rule_broken(fault, "the used ring is not aligned: it is at", q->used);
	ret->desc = q->memory(q->memory_self, q->desc, n * sizeof(struct descriptor));
	if (!ret->desc)
		return rule_broken(fault, "the descriptor table is not in shared memory: it is at",
		                   q->desc);
	ret->avail = q->memory(q->memory_self, q->avail, RING_ENTRIES + n * 2 + RING_EVENT);
	if (!ret->avail)
		return rule_broken(fault, "the available ring is not in shared memory: it is at",
		                   q->avail);
	ret->used = q->memory(q->memory_self, q->used,
	                      RING_ENTRIES + n * sizeof(struct used_entry) + RING_EVENT);
	if (!ret->used)
		return rule_broken(fault, "the used ring is not in shared memory: it is at",
		                   q->used);
	return 0;
}

/* Each byte is read once, whatever another vCPU makes of it meanwhile. */
static struct descriptor descriptor_read(const uint8_t *table, uint32_t i)
{
	const volatile uint8_t *from = table + i * sizeof(struct descriptor);
	struct descriptor d;

	for (size_t b = 0; b < sizeof(d); b++)
		((uint8_t *)&d)[b] = from[b];
	return d;
}

/* An empty buffer, about which virtio says nothing, is no segment. */
static int segment_add(const struct virtqueue *q, const struct descriptor *d, struct virtq_chain *c,
                       struct virtq_fault *fault)
{
	uint64_t gpa = le64_get(d->gpa);
	uint32_t len = le32_get(d->len);
	bool written = le16_get(d->flags) & DESC_WRITE;
	uint8_t *at;

	if (!written && c->n_in > 0)
		return rule_broken(fault, "a buffer to read follows one to write, at", gpa);
	if (len == 0)
		return 0;
	if (len > UINT32_MAX - (c->out_bytes + c->in_bytes))
		return rule_broken(fault, "a chain has 4 GiB or more, and begins at descriptor",
		                   c->head);
	if (c->n_out + c->n_in == q->max)
		return rule_broken(fault, "a chain has too many buffers, and begins at descriptor",
		                   c->head);
	at = q->memory(q->memory_self, gpa, len);
	if (!at)
		return rule_broken(fault, "a buffer is not in shared memory: it is at", gpa);
	c->iov[c->n_out + c->n_in] = (struct iovec){ .iov_base = at, .iov_len = len };
	c->n_out += !written;
	c->n_in += written;
	*(written ? &c->in_bytes : &c->out_bytes) += len;
	return 0;
}

struct table {
	const uint8_t *at;
	uint32_t count;
};

/*
 * An indirect table may have as many descriptors as the queue that the device offers, even if the
 * driver's is smaller: Linux doesn't shorten its tables then.
 */
static int table_enter(const struct virtqueue *q, const struct descriptor *d, struct table *ret,
                       struct virtq_fault *fault)
{
	uint64_t gpa = le64_get(d->gpa);
	uint32_t len = le32_get(d->len);

	if (!q->indirect)
		return rule_broken(fault, "indirect tables are not negotiated, but one is at", gpa);
	if (le16_get(d->flags) & DESC_NEXT)
		return rule_broken(fault, "a chain goes on after the indirect table at", gpa);
	if (len == 0 || len % sizeof(*d) || len / sizeof(*d) > q->max)
		return rule_broken(fault, "the size of an indirect table is", len);
	ret->at = q->memory(q->memory_self, gpa, len);
	ret->count = len / (uint32_t)sizeof(*d);
	return ret->at ? 0
	               : rule_broken(fault, "an indirect table is not in shared memory: it is at",
	                             gpa);
}

static int chain_walk(const struct virtqueue *q, const uint8_t *desc, struct virtq_chain *c,
                      struct virtq_fault *fault)
{
	struct table table = { desc, q->size };
	uint32_t i = c->head, seen = 0;
	bool indirect = false;

	for (;;) {
		struct descriptor d;
		uint16_t flags;
		int r;

		if (i >= table.count)
			return rule_broken(fault, "a chain leads out of the table, to descriptor",
			                   i);
		if (++seen > table.count)
			return rule_broken(fault, "a chain is a loop, and begins at descriptor",
			                   c->head);
		d = descriptor_read(table.at, i);
		flags = le16_get(d.flags);
		i = le16_get(d.next);
		if (!(flags & DESC_INDIRECT)) {
			r = segment_add(q, &d, c, fault);
			if (r < 0 || !(flags & DESC_NEXT))
				return r;
			continue;
		}
		if (indirect)
			return rule_broken(fault, "an indirect table has another one, at",
			                   le64_get(d.gpa));
		r = table_enter(q, &d, &table, fault);
		if (r < 0)
			return r;
		indirect = true;
		i = seen = 0;
	}
}

int virtqueue_check(const struct virtqueue *q, struct virtq_fault *ret)
{
	struct rings rings;

	return rings_find(q, &rings, ret);
}

int virtqueue_take(struct virtqueue *q, struct virtq_chain *ret, struct virtq_fault *fault)
{
	struct rings rings;
	uint16_t index, head;
	int r;

	if (!q->enabled)
		return 0;
	r = rings_find(q, &rings, fault);
	if (r < 0)
		return r;
	/* What the driver wrote before the index must be read after it. */
	index = __atomic_load_n((uint16_t *)(void *)(rings.avail + RING_INDEX), __ATOMIC_ACQUIRE);
	if (index == q->next)
		return 0;
	if ((uint16_t)(index - q->next) > q->size)
		return rule_broken(fault, "the available index jumps to", index);
	head = __atomic_load_n(
		(uint16_t *)(void *)(rings.avail + RING_ENTRIES + 2 * (q->next & (q->size - 1u))),
		__ATOMIC_RELAXED);
	ret->head = head;
	ret->n_out = ret->n_in = 0;
	ret->out_bytes = ret->in_bytes = 0;
	r = chain_walk(q, rings.desc, ret, fault);
	if (r < 0)
		return r;
	q->next++;
	return 1;
}

bool virtqueue_put(struct virtqueue *q, uint16_t head, uint32_t written)
{
	struct used_entry e = { le32_of(head), le32_of(written) };
	struct virtq_fault fault;
	struct rings rings;

	if (rings_find(q, &rings, &fault) < 0)
		return false;
	memcpy(rings.used + RING_ENTRIES + sizeof(e) * (q->used_idx & (q->size - 1u)), &e,
	       sizeof(e));
	__atomic_store_n((uint16_t *)(void *)(rings.used + RING_INDEX), ++q->used_idx,
	                 __ATOMIC_RELEASE);
	/* The driver sets its flag and then reads the index; here it's the other way round. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return !(__atomic_load_n((uint16_t *)(void *)rings.avail, __ATOMIC_RELAXED) &
	         AVAIL_NO_INTERRUPT);
}
