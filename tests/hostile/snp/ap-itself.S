/* SPDX-License-Identifier: MIT */
/*
 * Gives the first vCPU, which asks for it, a VMSA of zeros, which the processor can't enter: the
 * guest's own fault.
 */
#include "tests/hostile/snp.inc"
#include "tests/hostile/ap.inc"

guest:	call	vmsa_clear
	mov	$VMSA, %edi
	call	vmsa_mark
	mov	$VMSA, %edx
	mov	$1, %esi
	mov	$EXIT_AP, %edi
	mov	$1, %eax
	call	event
ap:	pause
	jmp	ap
