/* SPDX-License-Identifier: MIT */
/*
 * PCI: random numbers in configuration space, and BARs moved over memory, APICs, the firmware and
 * each other.
 */
#include "tests/hostile/plain.inc"
#define ROUNDS 800

	.macro	to port
	mov	$\port, %edx
	out	%eax, %dx
	.endm

guest:	xor	%ebx, %ebx /* each register of bus 0 */
1:	mov	%ebx, %eax
	or	$0x80000000, %eax
	to	0xcf8
	mov	$0xcfc, %edx
	in	%dx, %eax
	not	%eax
	out	%eax, %dx
	count
	add	$4, %ebx
	cmp	$0x3000, %ebx
	jb	1b

	mov	$ROUNDS, %ebp
2:	call	random /* any register, any width, any part of it */
	mov	%eax, %ebx
	and	$0x00ff3ffc, %eax
	test	$0xf000000, %ebx
	jz	3f
	and	$0x3ffc, %eax
3:	or	$0x80000000, %eax
	to	0xcf8
	mov	%ebx, %edx
	and	$3, %edx
	add	$0xcfc, %edx
	in	%dx, %ax
	call	random
	out	%al, %dx
	out	%ax, %dx
	out	%eax, %dx
	count
	dec	%ebp
	jnz	2b

	mov	$ROUNDS, %ebp
4:	call	random /* the BAR of slot 2 or 3 */
	mov	%eax, %ebx
	and	$0x800, %eax
	or	$0x80001010, %eax
	mov	%eax, %ecx
	to	0xcf8
	mov	%ebx, %eax
	shr	$28, %eax
	mov	places(, %eax, 4), %edi
	test	%edi, %edi
	jnz	5f
	call	random
	mov	%eax, %edi
5:	mov	%edi, %eax
	to	0xcfc
	lea	-12(%ecx), %eax
	to	0xcf8
	mov	$6, %eax
	to	0xcfc
	and	$~0x1fff, %edi
	cmp	$0x2000000, %edi /* not where memory is */
	jb	6f
	cmp	$0xfff00000, %edi
	jae	6f
	mov	%bx, %ax
	and	$0x1ffc, %eax
	mov	(%edi, %eax), %ecx
	mov	%ecx, (%edi, %eax)
6:	count
	dec	%ebp
	jnz	4b
	ret
	.balign	4
places:	.long	0x80000000, 0x80002000, 0x90000000, 0x80001000, 0x2000, 0xfee00000, 0xfec00000, 0xfffff000
	.long	0xfbffe000, 0xffff0000, 0, 0, 0, 0, 0, 0
