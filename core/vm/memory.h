/* SPDX-License-Identifier: MIT */
/*
 * core/vm/memory.h: the guest's memory: slots, guest_memfd, private and shared pages; the only way
 * from a guest address to a pointer.
 */
#ifndef CORE_VM_MEMORY_H
#define CORE_VM_MEMORY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan/plan.h"

struct error;   /* core/base/error.h */
struct kvm_sys; /* core/vm/sys.h */

/* One KVM memory slot. */
struct memslot {
	gpa_t gpa;
	uint64_t size;
	uint8_t *at;    /* our mapping: all of it, or the shared side of private memory */
	int fd;         /* guest_memfd; -1: none */
	bool borrowed;  /* a shared blob: `at` is the plan's */
	bool read_only; /* to the guest, whose writes become exits */
	/*
	 * Only for memory that can be private: a bit for each page, set if it is. Memory that the
	 * guest accepts lazily starts shared, so the words for it cost nothing.
	 */
	uint64_t *private;
};

struct memory {
	const struct kvm_sys *sys;
	int vm;
	bool private_memory; /* each page has a private and a shared side */
	const char *backing; /* "private guest_memfd", "anonymous memory", ...; for -v */
	struct memslot
		slots[PLAN_RAM_MAX + PLAN_SHARED_MAX + 1]; /* one by memory_add_read_only() */
	size_t count;
	pthread_mutex_t lock; /* conversions come from any vCPU's thread */
	/* Once set, a conversion in progress ends early; NULL: none does. */
	const atomic_bool *give_up;
};

/*
 * Creates and registers a slot for each range of the plan's RAM and each shared blob. Private
 * memory starts private, but for what the guest accepts lazily. The caller calls memory_fini() even
 * after a failure.
 */
int memory_init(struct memory *m, const struct kvm_sys *sys, int vm, const struct plan *p,
                bool private_memory, struct error *err);
/* Adds memory with a copy of the bytes that the guest can't write to. Not private. */
int memory_add_read_only(struct memory *m, gpa_t gpa, const void *bytes, uint64_t size,
                         struct error *err);
void memory_fini(struct memory *m);

/* The slot that holds gpa; NULL: there is no memory. */
const struct memslot *memory_slot(const struct memory *m, gpa_t gpa);

/* The `size` bytes at gpa if all are in one slot and none is private, else NULL. */
uint8_t *memory_at(struct memory *m, gpa_t gpa, uint64_t size);

/* From MEMORY_NOT_OURS on, the conversion is incomplete. */
enum memory_change {
	MEMORY_CHANGED,
	MEMORY_AS_BEFORE,
	MEMORY_NOT_OURS,
	MEMORY_LATER,
	MEMORY_FAILED
};

/*
 * Makes pages private or shared: sets the attribute, then frees the other side's memory, so that no
 * page uses memory twice. MEMORY_AS_BEFORE: nothing had to change. MEMORY_NOT_OURS: a page has no
 * memory; nothing was changed. MEMORY_LATER: the host can't do it now (EAGAIN), or the run is over;
 * some pages may be converted, and another call does the rest.
 */
enum memory_change memory_convert(struct memory *m, gpa_t gpa, uint64_t pages, bool to_private);

/*
 * A guest that has copied a shared blob says so by making its page at `gpa`, which is shared
 * already, shared: gives back the memory of the pages after it. They read as zero from then on.
 * False: there is no blob.
 */
bool memory_blob_taken(struct memory *m, gpa_t gpa);

#endif
