/* SPDX-License-Identifier: MIT */
/* Halts with interrupts off, for ever: the run ends at once. */
#include "tests/hostile/plain.inc"

guest:	hlt
	jmp	guest
