/* SPDX-License-Identifier: MIT */
/* firmware/selftest/entry.S: the first instruction, and the descriptors that stand at known offsets. */
#include "firmware/selftest/params.h"

	.section .head, "ax", @progbits
	.code64
	.globl	_start
_start:
	jmp	begin

	.org	SELFTEST_GDT_OFFSET
	.quad	0
	.quad	0x00cf9b000000ffff /* 0x08: 32-bit code, for who wants to leave long mode */
	.quad	0x00af9b000000ffff /* 0x10: 64-bit code */
	.quad	0x00cf93000000ffff /* 0x18: data */

	/* Never used, as no privilege changes and no interrupt comes; but TR has to point somewhere. */
	.org	SELFTEST_TSS_OFFSET
	.skip	SELFTEST_TSS_SIZE - 2
	.word	SELFTEST_TSS_SIZE /* no I/O permission map */

begin:
	mov	%rsi, %rdi /* the parameters */
	mov	%edx, %esi /* the vCPU's signature */
	call	selftest_main
	ud2

	/* For the linker script, which does not see params.h. */
	.globl	selftest_code, selftest_code_max
	.set	selftest_code, SELFTEST_CODE
	.set	selftest_code_max, SELFTEST_CODE_MAX

	.section .note.GNU-stack, "", @progbits
