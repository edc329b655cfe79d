/* SPDX-License-Identifier: MIT */
/* Jumps to an address where a device could be: KVM has no instruction to emulate, and gives up. */
#include "tests/hostile/plain.inc"

guest:	mov	$0xd0000000, %eax
	jmp	*%eax
