/* SPDX-License-Identifier: MIT */
/* Halts with interrupts on, which nothing sends: only the time limit ends that. */
#include "tests/hostile/plain.inc"

guest:	sti
1:	hlt
	jmp	1b
