/* SPDX-License-Identifier: MIT */
/*
 * core/dev/virtqueue.h: a split virtqueue (virtio 1.2, 2.7), from the device's side. The driver is
 * hostile: what it writes is read once, checked, and never looked at again.
 */
#ifndef CORE_DEV_VIRTQUEUE_H
#define CORE_DEV_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#define VIRTQUEUE_MAX 256 /* descriptors in a queue */

struct virtqueue {
	uint16_t max;  /* what the device offers: a power of two up to VIRTQUEUE_MAX */
	uint16_t size; /* as the driver set it; virtqueue_check() looks at it */
	bool enabled;
	bool indirect; /* VIRTIO_F_INDIRECT_DESC is negotiated */
	uint64_t desc, avail, used;
	/* Ours alone: the next entry of the available ring, and the used ring's index. */
	uint16_t next, used_idx;
	/* As struct device_env's memory; the only way to the guest's memory. */
	uint8_t *(*memory)(void *self, uint64_t gpa, uint64_t size);
	void *memory_self;
};

/* The rule that a driver broke: "RULE 0xAT" is a sentence, such as "the queue's size is 0x3". */
struct virtq_fault {
	const char *rule; /* static */
	uint64_t at;
};

/* One request. The pointers are valid as long as the guest's memory is. */
struct virtq_chain {
	uint16_t head;
	struct iovec iov[VIRTQUEUE_MAX]; /* n_out that the device reads, then n_in that it writes */
	unsigned n_out, n_in;
	uint64_t out_bytes, in_bytes; /* together at most UINT32_MAX */
};

/* Whether the three rings can be used: 0, or -EPROTO with *ret filled. */
int virtqueue_check(const struct virtqueue *q, struct virtq_fault *ret);

/*
 * The next request: 1, or 0 if there is none. -EPROTO: the driver broke a rule, and the queue is of
 * no use until the next reset. Checks the rings again, since pages may have become private.
 */
int virtqueue_take(struct virtqueue *q, struct virtq_chain *ret, struct virtq_fault *fault);

/*
 * Gives a request back, `written` bytes of which the device wrote. True: the driver wants an
 * interrupt. If the used ring became private meanwhile, nothing is written, and the next
 * virtqueue_take() says so.
 */
bool virtqueue_put(struct virtqueue *q, uint16_t head, uint32_t written);

#endif
