/* SPDX-License-Identifier: MIT */
/* Ports of devices and others, with every width, also with widths that don't exist. */
#include "tests/hostile/snp.inc"
#define ROUNDS 4000

guest:	mov	$ROUNDS, %ebp
1:	call	random
	mov	%rax, %rbx
	mov	%eax, %esi
	and	$0xffff0000, %esi
	test	$7, %bl
	jz	2f
	mov	%rax, %rcx
	shr	$56, %rcx
	and	$7, %ecx
	movzwl	ports(, %rcx, 2), %esi
	shl	$16, %esi
2:	mov	%esi, %ecx
	shr	$16, %ecx
	cmp	$EXIT_PORT, %ecx
	je	1b
	mov	%ebx, %eax
	and	$0x71, %eax
	or	%eax, %esi
	mov	%rbx, %rdx
	mov	$0x5a5a5a5a, %eax /* no command that ends a run */
	mov	$EXIT_IOIO, %edi
	call	event
	dec	%ebp
	jnz	1b
	mov	$0x3fb, %edi
	mov	$3, %esi
	call	out_byte
	mov	$0x3fc, %edi
	xor	%esi, %esi
	jmp	out_byte
ports:	.word	0x3f9, 0x3fc, 0xcf8, 0xcfc, 0xcf9, 0x64, 0xb000, 0x402
