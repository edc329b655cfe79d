/* SPDX-License-Identifier: MIT */
/* A GHCB full of random numbers: which fields are valid, protocol and usage, too. */
#include "tests/hostile/snp.inc"
#include "tests/hostile/faults.inc"
#define ROUNDS 1000

guest:	call	faults_begin
	mov	$ROUNDS, %ebp
1:	xor	%ebx, %ebx
2:	call	random
	mov	%rax, (%r15, %rbx)
	add	$8, %ebx
	cmp	$0x400, %ebx
	jb	2b
	movl	$1, 0x3e8(%r15) /* XCR0, or no instruction of FPUs would work again */
	call	random
	mov	%eax, %ecx
	and	$0x3, %eax
	mov	%ax, 0xffa(%r15)
	xor	%eax, %eax
	test	$0x700, %ecx
	jnz	3f
	mov	%ecx, %eax
3:	mov	%eax, 0xffc(%r15)
	shr	$12, %ecx
	and	$3, %ecx
	movzbl	codes(%rcx), %ecx
	mov	%rcx, 0x390(%r15)
	mov	$-1, %rax
	mov	%rax, 0x3f8(%r15)
	call	event_as_is
	dec	%ebp
	jnz	1b
	ret
codes:	.byte	0x72, 0x87, 0x89, 0x27 /* CPUID, RDTSCP, WBINVD, reading DR7 */
