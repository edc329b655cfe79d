/* SPDX-License-Identifier: MIT */
/* Says nothing, and never ends by itself. */
#include "tests/hostile/snp.inc"

guest:	pause
	jmp	guest
