/* SPDX-License-Identifier: MIT */
/*
 * core/host/memory.h: how much memory the machine and our control groups have left, and whether the
 * kernel killed a process because there was none.
 */
#ifndef CORE_HOST_MEMORY_H
#define CORE_HOST_MEMORY_H

#include <stdint.h>

struct host; /* core/host/host.h */

struct host_memory {
	uint64_t left;   /* bytes; UINT64_MAX: unknown */
	char where[160]; /* "the machine" or "the control group '/a/b'", whichever has the least */
};

/*
 * The least of what the machine has available (MemAvailable) and what each of our control groups
 * may still use, counting what can be reclaimed: versions 1 and 2, parent groups included.
 */
void host_memory_left(const struct host *h, struct host_memory *ret);

/*
 * How often the kernel killed a process because memory ran out: one of our control group, or of the
 * machine if no group counts it.
 */
uint64_t host_oom_kills(const struct host *h);

#endif
