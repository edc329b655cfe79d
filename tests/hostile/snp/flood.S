/* SPDX-License-Identifier: MIT */
/* Prints more than there is room for, by strings. */
#include "tests/hostile/snp.inc"
#define ROUNDS 100

guest:	mov	$ROUNDS, %ebp
1:	mov	$(COM1 << 16 | 0x1c), %esi
	mov	$EXIT_IOIO, %edi
	mov	$0x7f0, %edx
	mov	$(GHCB + 0x800), %r8d
	call	event
	dec	%ebp
	jnz	1b
	ret
