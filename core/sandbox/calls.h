/* SPDX-License-Identifier: MIT */
/* core/sandbox/calls.h: system calls that a filter refused, and what they are called. */
#ifndef CORE_SANDBOX_CALLS_H
#define CORE_SANDBOX_CALLS_H

#include <stdint.h>

struct call {
	uint32_t number;
	uint32_t request; /* of an ioctl */
};

/* In memory that the process that judges the run shares. Zero at first. */
struct calls {
	struct call list[16]; /* different ones */
	uint32_t n;
};

enum { CALL_NAME = 40 };

/* "openat", "ioctl 0x5401", "system call 999". Returns `to`. */
const char *call_name(const struct call *c, char to[static CALL_NAME]);

#endif
