/* SPDX-License-Identifier: MIT */
/* Waits for SIPI, by the MSR protocol. */
#include "tests/hostile/snp.inc"

guest:	ask	6
	jmp	guest
