/* SPDX-License-Identifier: MIT */
/*
 * A flood of requests to the firmware that are random numbers, also extended ones, from and to
 * pages that are there.
 */
#include "tests/hostile/snp.inc"
#define ROUNDS 400

guest:	mov	$ROUNDS, %ebp
1:	xor	%ebx, %ebx
2:	call	random
	mov	%rax, SHARED(BUFFER)(%rbx)
	add	$8, %ebx
	cmp	$0x100, %ebx
	jb	2b
	call	random
	mov	%eax, %ecx
	mov	$EXIT_GUEST, %edi
	test	$1, %ecx
	jz	3f
	mov	$EXIT_GUEST_EXT, %edi
	mov	%rax, 0x318(%r15)
3:	mov	$BUFFER, %esi
	mov	$(BUFFER + 0x1000), %edx
	test	$0xf0, %cl
	jnz	4f
	mov	%esi, %edx /* one page for both */
4:	test	$0xf00, %ecx
	jnz	5f
	or	$0x123, %rsi
5:	call	event
	dec	%ebp
	jnz	1b
	ret
