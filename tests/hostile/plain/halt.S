/* SPDX-License-Identifier: MIT */
/* Halts with interrupts off. */
#include "tests/hostile/plain.inc"

guest:	hlt
	jmp	guest
