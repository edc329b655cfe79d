/* SPDX-License-Identifier: MIT */
/* tests/fuzz/heap.h: bounds on what was allocated and mapped since heap_begin(). */
#ifndef TESTS_FUZZ_HEAP_H
#define TESTS_FUZZ_HEAP_H

#include <stdatomic.h>
#include <stdio.h>
#include <sys/types.h>

#include "tests/fuzz/fuzz.h"

/* Of AddressSanitizer: sanitizer/allocator_interface.h. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));
size_t __sanitizer_get_current_allocated_bytes(void);

static atomic_size_t heap_peak;
static size_t heap_before, heap_mapped_before;

static void heap_grown(const volatile void *at, size_t size)
{
	size_t now = __sanitizer_get_current_allocated_bytes(), peak = atomic_load(&heap_peak);

	(void)at;
	(void)size;
	while (now > peak && !atomic_compare_exchange_weak(&heap_peak, &peak, now))
		;
}

static void heap_shrunk(const volatile void *at)
{
	(void)at;
}

static inline size_t heap_mapped(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t pages = 0;

	must(f && fscanf(f, "%zu", &pages) == 1);
	fclose(f);
	return pages * 4096;
}

static inline void heap_begin(void)
{
	static bool hooked;

	if (!hooked)
		must(__sanitizer_install_malloc_and_free_hooks(heap_grown, heap_shrunk) > 0);
	hooked = true;
	heap_mapped_before = heap_mapped();
	heap_before = __sanitizer_get_current_allocated_bytes();
	atomic_store(&heap_peak, heap_before);
}

/* At most this was allocated since, and at most that is mapped now. */
static inline void heap_check(size_t allocated, size_t mapped)
{
	must(atomic_load(&heap_peak) <= heap_before + allocated);
	must(heap_mapped() <= heap_mapped_before + mapped);
}

#endif
