/* SPDX-License-Identifier: MIT */
/*
 * Two vCPUs send each other interrupts, NMIs, INIT and SIPI, by events that write to their
 * x2APICs. Only vectors from 32 on, as an interrupt has no error code, nothing before the second
 * vCPU has its tables, and no SMI (smi.S is about that).
 */
#include "tests/hostile/snp.inc"
#include "tests/hostile/ap.inc"
#include "tests/hostile/faults.inc"
#define ROUNDS    1500
#define APIC_BASE 0x1b
#define SPURIOUS  0x80f
#define ICR       0x830

begin:	mov	$APIC_BASE, %ebx
	mov	$0xfee00c00, %eax /* x2APIC */
	bts	%r14, %rax
	call	msr_write
	call	enable
	test	%eax, %eax
	jz	1f
	die	1 /* no interrupt would come */
1:	sti
	ret

/* INIT disables an APIC. */
enable:	mov	$SPURIOUS, %ebx
	mov	$0x1ff, %eax
	jmp	msr_write

/* To all others: any vector from 32 on, in any of the ways of delivery that ECX leaves. */
send:	call	random
	and	$0x7ff, %eax
	and	%ecx, %eax
	or	$0xc4020, %eax
	mov	%eax, %edx
	and	$0x700, %edx
	cmp	$0x200, %edx /* an SMI */
	je	send
	mov	$ICR, %ebx
	jmp	msr_write

guest:	sgdt	gdt_at(%rip)
	call	faults_begin
	call	ap_begin
	mov	$8, %r14d /* it is the vCPU that boots */
	call	begin
1:	pause
	cmpl	$0, ready(%rip)
	je	1b
	mov	$ROUNDS, %ebp
2:	mov	$0x7ff, %ecx
	call	send
	dec	%ebp
	jnz	2b
	cli
	cmpl	$0, faults(%rip)
	jne	3f
	die	2 /* none has come */
3:	ret

ap:	lgdt	gdt_at(%rip)
	lidt	idt_at(%rip)
	call	ghcb_begin
	mov	$10, %r14d /* it isn't */
	call	begin
	incl	ready(%rip)
4:	call	enable
	mov	$0xff, %ecx /* INIT is not for the vCPU that boots */
	call	send
	jmp	4b
ready:	.long	0
gdt_at:	.fill	10
