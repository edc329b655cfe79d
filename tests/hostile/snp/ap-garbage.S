/* SPDX-License-Identifier: MIT */
/* AP creation for any vCPU, features and VMSA. */
#include "tests/hostile/snp.inc"
#include "tests/hostile/ap.inc"
#define ROUNDS 300

ap:	jmp	ap
guest:	mov	$ROUNDS, %ebp
1:	call	random
	mov	%rax, %rbx
	mov	%rax, %rsi
	shr	$32, %rsi
	shl	$32, %rsi
	mov	%ebx, %ecx
	and	$3, %ecx
	lea	(%rsi, %rcx), %rsi /* create at INIT, create, destroy */
	call	random
	mov	%rax, %rdx
	mov	$EXIT_AP, %edi
	mov	%rbx, %rax
	shr	$8, %rax
	test	$0x70, %bl
	jz	2f
	mov	$1, %eax
2:	call	event
	dec	%ebp
	jnz	1b
	ret
