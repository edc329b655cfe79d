/* SPDX-License-Identifier: MIT */
/* MMIO by events: any address, any size, any scratch area. */
#include "tests/hostile/snp.inc"
#define ROUNDS 4000

guest:	mov	$ROUNDS, %ebp
1:	call	random
	mov	%rax, %rbx
	mov	%rax, %rsi
	mov	%ebx, %ecx
	and	$7, %ecx
	jz	2f
	mov	%rax, %rsi
	shr	$16, %rsi
	and	$0xffff, %esi
	cmp	$4, %ecx
	jae	2f
	movl	places(, %rcx, 4), %eax
	add	%rax, %rsi
2:	mov	%rbx, %rdx
	test	$0x70, %bl
	jz	3f
	and	$0xf, %edx
3:	mov	$EXIT_MMIO_READ, %edi
	mov	%ebx, %ecx
	shr	$8, %ecx
	and	$1, %ecx
	add	%ecx, %edi
	mov	$(GHCB + 0x800), %r8d
	test	$0xe00, %ebx
	jnz	4f
	mov	%rbx, %r8
4:	call	event
	dec	%ebp
	jnz	1b
	ret
	.balign	4
places:	.long	0, 0x80000000, 0xfee00000, GHCB
