/* SPDX-License-Identifier: MIT */
/*
 * Makes the VMSA of the other vCPU shared, while that runs: the processor can't enter it again, by
 * the guest's own fault.
 */
#include "tests/hostile/snp.inc"
#include "tests/hostile/ap.inc"

guest:	call	ap_begin
1:	pause
	cmpl	$100, operations(%rip)
	jb	1b
	mov	$(VMSA | 0x14), %eax
	mov	$0x200000, %edx
	call	asked
2:	pause
	jmp	2b

ap:	ask	2 /* where the C-bit is */
	count
	jmp	ap
