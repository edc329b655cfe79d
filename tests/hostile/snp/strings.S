/* SPDX-License-Identifier: MIT */
/*
 * String I/O: wild counts, and scratch areas anywhere, across the end of the GHCB or in private
 * memory.
 */
#include "tests/hostile/snp.inc"
#define ROUNDS 1500

guest:	mov	$ROUNDS, %ebp
1:	call	random
	mov	%rax, %rbx
	and	$7, %eax
	movzwl	ports(, %rax, 2), %esi
	shl	$16, %esi
	mov	%ebx, %eax
	shr	$8, %eax
	and	$1, %eax /* in or out */
	or	$0x4, %eax
	test	$0x30000, %ebx
	jz	2f
	or	$0x8, %eax
2:	mov	%ebx, %ecx
	shr	$12, %ecx
	and	$3, %ecx
	mov	$0x10, %edx
	shl	%cl, %edx
	or	%edx, %eax
	or	%eax, %esi
	mov	%rbx, %rdx
	shr	$40, %rdx /* the count */
	test	$0xc0000, %ebx
	jz	3f
	and	$0x1ff, %edx
3:	mov	%ebx, %ecx
	shr	$20, %ecx
	and	$3, %ecx
	mov	places(, %rcx, 8), %r8
	cmp	$3, %ecx
	jne	4f
	call	random
	mov	%rax, %r8
4:	mov	$EXIT_IOIO, %edi
	call	event
	dec	%ebp
	jnz	1b
	ret
	.balign	8
places:	.quad	GHCB + 0x800, GHCB + 0xfe0, VARIABLES, 0
ports:	.word	0x3fd, 0x402, 0x80, 0xcf8, 0xcfc, 0x70, 0x20, 0x40
