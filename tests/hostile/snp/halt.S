/* SPDX-License-Identifier: MIT */
/* Waits for SIPI, by the MSR protocol; nobody sends one, and the run ends at once. */
#include "tests/hostile/snp.inc"

guest:	ask	6
	jmp	guest
