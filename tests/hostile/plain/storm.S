/* SPDX-License-Identifier: MIT */
/*
 * Four vCPUs send each other interrupts, NMIs, INIT and SIPI, with the timers of PIT and APICs at
 * their fastest. The first alone sends NMIs, INIT and SIPI, and NMIs only while no other is on
 * its way out of real mode, where it has no table for them (real-mode.S is about that).
 */
#include "tests/hostile/plain.inc"
#include "tests/hostile/idt.inc"
#define START  0x8000
#define ROUNDS 300
#define OTHERS 3
#define READY  0x608 /* how many of the others have an IDT */

guest:	call	idt_begin
	mov	$trampoline, %esi
	mov	$START, %edi
	mov	$(trampoline_end - trampoline), %ecx
	rep movsb
	movl	$0, READY
	movl	$0x1ff, LAPIC + 0xf0
	movl	$0xc4500, ICR /* INIT to all others, then SIPI */
	movl	$0xc4600 + (START >> 12), ICR
	movl	$0xc4600 + (START >> 12), ICR
	mov	$0x34, %al /* the PIT: as often as it can */
	out	%al, $0x43
	mov	$2, %al
	out	%al, $0x40
	xor	%eax, %eax
	out	%al, $0x40
	mov	$ROUNDS, %ebp
	call	send
	cli
	movl	$0xc4500, ICR
	ret

/* Sends EBP times: any vector and way of delivery, to others, to one, to all. */
send:	movl	$0x1ff, LAPIC + 0xf0
	movl	$0x20040, LAPIC + 0x320 /* a periodic timer */
	movl	$0xb, LAPIC + 0x3e0
	movl	$1000, LAPIC + 0x380
	sti
1:	call	random
	mov	%eax, %ebx
	mov	%eax, %ecx
	shr	$24, %ecx
	and	$3, %ecx
	shl	$24, %ecx
	mov	%ecx, LAPIC + 0x310
	cmpl	$0, LAPIC + 0x20
	jne	2f
	test	$0x38000000, %ebx
	jz	start
	test	$0x30000000, %ebx
	jz	nmi
2:	and	$0xc01ff, %eax /* fixed or lowest priority */
	or	$0x4020, %eax
3:	mov	%eax, ICR
4:	count
	dec	%ebp
	jnz	1b
	ret
nmi:	mov	$0xc4400, %eax
	cmpl	$OTHERS, READY
	jne	4b
	jmp	3b
/* INIT once all others have an IDT, and until then SIPI. */
start:	mov	$0xc4600 + (START >> 12), %eax
	cmpl	$OTHERS, READY
	jne	3b
	movl	$0, READY
	mov	$0xc4500, %eax
	jmp	3b

	.code16
trampoline:
	cli
	lgdtl	%cs:(there - trampoline)
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	ljmpl	$8, $other
there:	.word	gdt_at - gdt - 1
	.long	gdt
trampoline_end:
	.code32
other:	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	LAPIC + 0x20, %eax
	shr	$8, %eax
	lea	0x100000(%eax), %esp
	lidt	idt_at
	lock incl READY
1:	mov	$100, %ebp
	call	send
	jmp	1b
