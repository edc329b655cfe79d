/* SPDX-License-Identifier: MIT */
/* core/dev/msix.h: the MSI-X table of a PCI function (PCI Local Bus 3.0, 6.8.2). */
#ifndef CORE_DEV_MSIX_H
#define CORE_DEV_MSIX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MSIX_VECTORS   8 /* at most */
#define MSIX_ENTRY     16
#define MSIX_NO_VECTOR 0xffffu

/* Bits of the message control register that the guest can change. */
enum { MSIX_MASK_ALL = 1 << 14, MSIX_ENABLE = 1 << 15 };

struct msix_message {
	uint64_t address;
	uint32_t data;
};

struct msix_vector {
	struct msix_message message;
	bool masked, pending;
};

struct msix {
	unsigned count; /* of vectors */
	void (*send)(void *self, uint64_t address, uint32_t data);
	void *self;
	pthread_mutex_t lock; /* for what follows; nothing else is locked while it is held */
	struct msix_vector vectors[MSIX_VECTORS];
	uint16_t control;
};

/* All vectors are masked, as after reset. */
void msix_init(struct msix *m, unsigned count, void (*send)(void *, uint64_t, uint32_t),
               void *self);
void msix_fini(struct msix *m);

/* Any part of the table, or of the pending bits, which are read-only. Zeros beyond the end. */
void msix_table_read(struct msix *m, unsigned offset, uint8_t *data, size_t size);
void msix_table_write(struct msix *m, unsigned offset, const uint8_t *data, size_t size);
void msix_pending_read(struct msix *m, unsigned offset, uint8_t *data, size_t size);
/* The message control register was written. */
void msix_control(struct msix *m, uint16_t value);

/* From any thread. Sends the message, or keeps it until it may be sent; not a vector: nothing. */
void msix_raise(struct msix *m, unsigned vector);
/* What was kept of this vector isn't sent any more. */
void msix_forget(struct msix *m, unsigned vector);
/* Whether the vector's message may be sent now, and what it is. */
bool msix_target(struct msix *m, unsigned vector, struct msix_message *ret);

#endif
