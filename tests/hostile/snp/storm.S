/* SPDX-License-Identifier: MIT */
/*
 * Two vCPUs send each other interrupts, NMIs, INIT and SIPI, by events that write to their
 * x2APICs.
 */
#include "tests/hostile/snp.inc"
#include "tests/hostile/ap.inc"
#include "tests/hostile/faults.inc"
#define ROUNDS    1500
#define APIC_BASE 0x1b
#define ICR       0x830

/* Writes RAX to MSR EBX. */
msr_write:
	mov	%rax, %rdx
	shr	$32, %rdx
	mov	%rdx, 0x310(%r15)
	mov	%rbx, 0x308(%r15)
	mov	%eax, %eax
	mov	$0x7c, %edi
	mov	$1, %esi
	xor	%edx, %edx
	jmp	event

begin:	mov	$APIC_BASE, %ebx
	mov	$0xfee00c00, %eax
	bts	%r14, %rax /* the first vCPU is the one that boots */
	call	msr_write
	mov	$0x80f, %ebx
	mov	$0x1ff, %eax
	call	msr_write
	mov	$ICR, %ebx
	sti
	ret

/* Any way of delivery to the other vCPU. */
send:	call	random
	mov	%eax, %ecx
	and	$0x7ff, %eax
	or	$0xc4000, %eax /* to all others */
	jmp	msr_write

guest:	call	faults_begin
	call	ap_begin
	mov	$8, %r14d
	call	begin
	mov	$ROUNDS, %ebp
1:	call	send
	dec	%ebp
	jnz	1b
	cli
	ret

ap:	lidt	idt_at(%rip)
	call	ghcb_begin
	mov	$63, %r14d
	call	begin
2:	call	random
	and	$0xff, %eax
	or	$0xc4000, %eax /* an interrupt: INIT is not for the vCPU that boots */
	call	msr_write
	jmp	2b
