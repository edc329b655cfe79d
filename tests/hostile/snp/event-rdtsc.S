/* SPDX-License-Identifier: MIT */
/*
 * The event of RDTSC, which Linux 6.12 takes for valid, but doesn't know: an internal error of KVM,
 * and the end of this guest alone.
 */
#include "tests/hostile/snp.inc"

guest:	mov	$0x6e, %edi
	jmp	event
