/* SPDX-License-Identifier: MIT */
/*
 * The vCPU sends itself an SMI. Linux 6.12 has nowhere to save its state, as memory is private, and kills
 * the VM; later kernels take no notice.
 */
#include "tests/hostile/snp.inc"

guest:	mov	$0x1b, %ebx
	mov	$0xfee00d00, %eax /* x2APIC */
	call	msr_write
	mov	$0x80f, %ebx
	mov	$0x1ff, %eax
	call	msr_write
	mov	$0x830, %ebx
	mov	$0x40200, %eax
	call	msr_write
	mov	$1000, %ebp
1:	xor	%esi, %esi
	mov	$0x80, %edi
	call	out_byte
	dec	%ebp
	jnz	1b
	ret
