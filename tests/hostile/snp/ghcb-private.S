/* SPDX-License-Identifier: MIT */
/* Makes its GHCB private, and goes on using it. */
#include "tests/hostile/snp.inc"
#define ROUNDS 200

guest:	mov	$ROUNDS, %ebp
1:	mov	$(GHCB | 0x14), %eax
	mov	$0x100000, %edx
	call	asked
	mov	$GHCB, %eax
	xor	%edx, %edx
	call	asked
	mov	$EXIT_IOIO, %edi
	mov	$(0x80 << 16 | 0x10), %esi
	xor	%edx, %edx
	call	event
	dec	%ebp
	jnz	1b
	ret
