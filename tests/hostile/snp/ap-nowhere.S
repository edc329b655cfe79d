/* SPDX-License-Identifier: MIT */
/*
 * Creates the second vCPU with a VMSA where no memory is, and waits. Whatever the kernel makes of
 * that, it is not the host's fault.
 */
#include "tests/hostile/snp.inc"
#include "tests/hostile/ap.inc"

guest:	movabs	$0x10000001000, %rdx
	call	ap_create
ap:	pause
	jmp	ap
