/* SPDX-License-Identifier: MIT */
/* Prints more than there is room for, of every byte, to both consoles. */
#include "tests/hostile/plain.inc"
#define ROUNDS 60

guest:	mov	$0x400000, %edi
	mov	$0x1000, %ecx
1:	call	random
	stosb
	loop	1b
	mov	$ROUNDS, %ebp
2:	mov	$COM1, %edx
	test	$1, %ebp
	jz	3f
	mov	$0x402, %edx
3:	mov	$0x400000, %esi
	mov	$0x1000, %ecx
	rep outsb
	count
	dec	%ebp
	jnz	2b
	ret
