/* SPDX-License-Identifier: MIT */
/*
 * Every code of the MSR protocol, with random values; but for termination and waiting for SIPI,
 * which end the run.
 */
#include "tests/hostile/snp.inc"

guest:	xor	%ebx, %ebx
1:	cmp	$0x100, %ebx
	je	3f
	cmp	$6, %ebx
	je	3f
	mov	$8, %ebp
2:	call	random
	mov	%rax, %rdx
	shr	$32, %rdx
	and	$~0xfff, %eax
	or	%ebx, %eax
	call	asked
	count
	dec	%ebp
	jnz	2b
3:	inc	%ebx
	cmp	$0x1000, %ebx
	jb	1b
	mov	%r15, %rdi
	jmp	ghcb_begin
