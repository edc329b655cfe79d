/* SPDX-License-Identifier: MIT */
/*
 * The first of four vCPUs sends the others NMIs, INIT and SIPI at any moment. They stay in real mode,
 * and count.
 */
#include "tests/hostile/plain.inc"
#include "tests/hostile/idt.inc"
#define START  0x8000
#define ROUNDS 2000

guest:	call	idt_begin
	mov	$code, %esi
	mov	$START, %edi
	mov	$(code_end - code), %ecx
	rep movsb
	movl	$((START << 12) + nmi - code), 2 * 4 /* the vector of real mode */
	movl	$0x1ff, LAPIC + 0xf0
	mov	$ROUNDS, %ebp
1:	call	random
	mov	$0xc4400, %ebx
	test	$0x3000, %eax
	jnz	2f
	mov	$0xc4500, %ebx
	test	$0x10000, %eax
	jz	2f
	mov	$0xc4600 + (START >> 12), %ebx
2:	mov	%ebx, ICR
	count
	dec	%ebp
	jnz	1b
	movl	$0xc4500, ICR
	ret

	.code16
code:	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %ss
	mov	$0x7000, %sp
1:	lock incl OPERATIONS
	jmp	1b
nmi:	lock incl OPERATIONS
	iret
code_end:
