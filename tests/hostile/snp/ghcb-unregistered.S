/* SPDX-License-Identifier: MIT */
/* Uses a GHCB that it hasn't registered: that is its own fault, not the host's. */
#include "tests/hostile/snp.inc"

guest:	add	$0x1000, %r15
	jmp	finish
