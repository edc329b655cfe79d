/* SPDX-License-Identifier: MIT */
/*
 * Creates the second vCPU with a VMSA of zeros, which the processor can't enter, and waits: the
 * guest's own fault.
 */
#include "tests/hostile/snp.inc"
#include "tests/hostile/ap.inc"

guest:	call	vmsa_clear
	mov	$VMSA, %edi
	call	vmsa_mark
	mov	$VMSA, %edx
	call	ap_create
ap:	pause
	jmp	ap
