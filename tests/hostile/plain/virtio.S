/* SPDX-License-Identifier: MIT */
/*
 * A virtio driver that makes its rings of random numbers, for disks, a console and a source of
 * numbers.
 */
#include "tests/hostile/plain.inc"
#define RINGS     0x400000
#define RINGS_AT  RINGS
#define VARIABLES 0x700
#define FUNCTIONS 4
#define ROUNDS    6
#define KICKS     12
	.macro	port_write port
	mov	$\port, %edx
	out	%eax, %dx
	.endm
	.macro	mmio_write size
	.if	\size == 1
	mov	%al, (%ecx)
	.elseif	\size == 2
	mov	%ax, (%ecx)
	.else
	mov	%eax, (%ecx)
	.endif
	.endm
#include "tests/hostile/virtio.inc"

guest:	jmp	driver
