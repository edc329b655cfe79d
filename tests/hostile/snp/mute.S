/* SPDX-License-Identifier: MIT */
/* Says nothing, and never ends. */
#include "tests/hostile/snp.inc"

guest:	pause
	jmp	guest
