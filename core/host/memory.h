/* SPDX-License-Identifier: MIT */
/*
 * core/host/memory.h: how much memory the machine and the control groups leave us, and whether it
 * was too little.
 */
#ifndef CORE_HOST_MEMORY_H
#define CORE_HOST_MEMORY_H

#include <stdint.h>

struct host; /* core/host/host.h */

struct host_memory {
	uint64_t left;   /* bytes; UINT64_MAX: nobody says */
	char where[160]; /* "the machine", "the control group '/a/b'": who leaves so little */
};

/*
 * The least of what the machine has (MemAvailable) and what each control group we are in may still
 * take, with what of it could be reclaimed: version 2 and version 1, all groups above included.
 */
void host_memory_left(const struct host *h, struct host_memory *ret);

/*
 * How often the kernel killed a process of our control group for want of memory; of the machine
 * where no group counts.
 */
uint64_t host_oom_kills(const struct host *h);

#endif
