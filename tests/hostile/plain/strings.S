/* SPDX-License-Identifier: MIT */
/* String I/O with ports of devices, wild addresses and wild counts, in both directions. */
#include "tests/hostile/plain.inc"
#define ROUNDS 300

ports:	.word	0x3f8, 0x3fd, 0x402, 0x510, 0x511, 0x514, 0x518, 0xcf8
	.word	0xcfc, 0xcfe, 0x70, 0x71, 0xb008, 0x80, 0x20, 0x40

guest:	mov	$ROUNDS, %ebp
1:	call	random
	mov	%eax, %ebx
	and	$15, %eax
	movzwl	ports(, %eax, 2), %edx
	call	random
	mov	%eax, %edi
	call	random
	mov	%eax, %esi
	test	$0x300, %ebx /* as a rule, where memory is, above what this guest uses */
	jz	2f
	and	$0x7fffff, %edi
	or	$0x800000, %edi
	and	$0xffffff, %esi
2:	mov	%ebx, %ecx
	shr	$23, %ecx /* up to 511 */
	cld
	test	$0x400, %ebx
	jz	3f
	std
3:	mov	%ebx, %eax
	shr	$12, %eax
	and	$3, %eax
	jmp	*kinds(, %eax, 4)
4:	rep insb
	jmp	8f
5:	rep insl
	jmp	8f
6:	rep outsw
	jmp	8f
7:	rep outsl
8:	count
	dec	%ebp
	jnz	1b
	cld
	ret
	.balign	4
kinds:	.long	4b, 5b, 6b, 7b
