/* SPDX-License-Identifier: MIT */
/*
 * firmware/guest/entry.S: the first instruction, and descriptors at known offsets. Each guest's own entry.S
 * includes it and defines GUEST_MAIN (called with parameters and signature, never returns), GUEST_CODE and
 * GUEST_CODE_MAX.
 */
#include "firmware/guest/entry.h"

	.section .head, "ax", @progbits
	.code64
	.globl	_start
_start:
	jmp	begin

	.org	GUEST_GDT_OFFSET
	.quad	0
	.quad	0x00cf9b000000ffff /* 0x08: 32-bit code, for leaving long mode */
	.quad	0x00af9b000000ffff /* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff /* 0x18: data */

	/* Never used, as there are no privilege changes and no interrupts. But TR has to be valid. */
	.org	GUEST_TSS_OFFSET
	.skip	GUEST_TSS_SIZE - 2
	.word	GUEST_TSS_SIZE /* no I/O permission map */

begin:
	mov	%rsi, %rdi /* the parameters */
	mov	%edx, %esi /* the vCPU's signature */
	call	GUEST_MAIN
	ud2

	/* For the linker script, which has no access to the header. */
	.globl	guest_code, guest_code_max
	.set	guest_code, GUEST_CODE
	.set	guest_code_max, GUEST_CODE_MAX

	.section .note.GNU-stack, "", @progbits
