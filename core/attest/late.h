/* SPDX-License-Identifier: MIT */
/*
 * core/attest/late.h: what link/late.c tells the program about the relocations that it has hidden
 * from the dynamic loader.
 */
#ifndef CORE_ATTEST_LATE_H
#define CORE_ATTEST_LATE_H

#include <stdint.h>

/* In a section of this name. All zero: the loader does everything. */
#define LATE_SECTION ".late"

struct late {
	uint64_t relocations, count; /* of Elf64_Rela, all of type R_X86_64_RELATIVE */
	uint64_t start, end;         /* the whole pages that they change */
};

#endif
