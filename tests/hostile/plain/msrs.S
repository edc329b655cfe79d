/* SPDX-License-Identifier: MIT */
/*
 * Reads each MSR of the usual ranges, and writes zeros, ones and random numbers to those that
 * don't move what it stands on.
 */
#include "tests/hostile/plain.inc"
#include "tests/hostile/idt.inc"

guest:	call	idt_begin
	mov	$ranges, %ebp
1:	mov	(%ebp), %ebx
2:	mov	%ebx, %ecx
	rdmsr
	count
	cmp	$0xc0000080, %ebx /* EFER */
	je	3f
	cmp	$0x1b, %ebx /* the APIC's base */
	je	3f
	cmp	$0x4b564d07, %ebx /* where KVM's own MSRs end */
	jae	3f
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	dec	%eax
	dec	%edx
	wrmsr
	call	random
	mov	%eax, %edx
	wrmsr
	count
3:	inc	%ebx
	cmp	4(%ebp), %ebx
	jb	2b
	add	$8, %ebp
	cmp	$ranges_end, %ebp
	jb	1b
	ret
	.balign	4
ranges:	.long	0, 0x500, 0x800, 0x900, 0xc80, 0xe00, 0x40000000, 0x40000110, 0x4b564d00, 0x4b564d10
	.long	0xc0000080, 0xc0000110, 0xc0010000, 0xc0010140, 0xffffff00, 0xffffffff
ranges_end:
