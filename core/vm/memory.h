/* SPDX-License-Identifier: MIT */
/*
 * core/vm/memory.h: the guest's memory: slots, guest_memfd, private and shared; the only gpa ->
 * pointer.
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
	uint8_t *at;      /* what we and KVM reach: all of it, or the shared side */
	int fd;           /* guest_memfd; -1: none */
	bool borrowed;    /* a shared blob: `at` is the plan's */
	uint64_t *shared; /* private memory alone: a bit a page, set while the page is shared */
};

struct memory {
	const struct kvm_sys *sys;
	int vm;
	bool private_memory; /* slots start private, each page with a shared side */
	const char *backing; /* "private guest_memfd", "anonymous memory", ...; for -v */
	struct memslot slots[PLAN_RAM_MAX + PLAN_SHARED_MAX];
	size_t count;
	pthread_mutex_t lock; /* conversions come from any vCPU's thread */
	/* A conversion under way ends early once this is set; NULL: never. */
	const atomic_bool *give_up;
};

/*
 * Makes and registers a slot for each run of the plan's RAM and each shared blob. On failure
 * memory_fini() is still the caller's duty.
 */
int memory_init(struct memory *m, const struct kvm_sys *sys, int vm, const struct plan *p,
                bool private_memory, struct error *err);
void memory_fini(struct memory *m);

/* size bytes at gpa, all in one slot and none of them private; NULL otherwise. */
uint8_t *memory_at(struct memory *m, gpa_t gpa, uint64_t size);

/* From MEMORY_NOT_OURS on, the conversion didn't come to its end. */
enum memory_change {
	MEMORY_CHANGED,
	MEMORY_AS_BEFORE,
	MEMORY_NOT_OURS,
	MEMORY_LATER,
	MEMORY_FAILED
};

/*
 * Makes pages private or shared: the attribute first, then the other side's memory is given back,
 * so that no page is held twice. MEMORY_AS_BEFORE: every page was so already. MEMORY_NOT_OURS: some
 * page has no memory behind it; nothing was changed. MEMORY_LATER: the host can't now (EAGAIN), or
 * the run is over; what was converted so far stays so, and asking again does the rest.
 */
enum memory_change memory_convert(struct memory *m, gpa_t gpa, uint64_t pages, bool to_private);

#endif
