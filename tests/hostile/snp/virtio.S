/* SPDX-License-Identifier: MIT */
/*
 * A virtio driver that makes its rings of random numbers, while another vCPU makes their pages
 * private and shared.
 */
#include "tests/hostile/snp.inc"
#include "tests/hostile/ap.inc"
#define RINGS     BUFFER
#define RINGS_AT  SHARED(RINGS)
#define FUNCTIONS 4
#define ROUNDS    6
#define KICKS     12
	.macro	port_write port
	mov	$(\port << 16 | 0x40), %esi
	mov	$EXIT_IOIO, %edi
	xor	%edx, %edx
	call	event
	.endm
	.macro	mmio_write size
	mov	%eax, 0x800(%r15)
	mov	$EXIT_MMIO_WRITE, %edi
	mov	%ecx, %esi
	mov	$\size, %edx
	mov	$(GHCB + 0x800), %r8d
	call	event
	.endm
#include "tests/hostile/virtio.inc"

guest:	movl	$0, VARIABLES + 0x40
	call	ap_begin
	call	driver
	cmpl	$0, VARIABLES + 0x40
	je	1f
	ret
1:	die	1 /* the other vCPU never ran */

ap:	call	random
	mov	%eax, %ecx
	and	$0xf000, %eax
	lea	(RINGS | 0x14)(%rax), %rax
	mov	$0x100000, %edx
	test	$0x700, %ecx
	jz	1f
	mov	$0x200000, %edx
1:	call	asked
	count
	incl	VARIABLES + 0x40
	mov	$3000, %ecx
2:	pause
	loop	2b
	jmp	ap
