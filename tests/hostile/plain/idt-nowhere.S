/* SPDX-License-Identifier: MIT */
/* An exception whose IDT and stack are where a device could be: it can't be delivered. */
#include "tests/hostile/plain.inc"

guest:	lidt	at
	mov	$0xd0001000, %esp
	ud2
at:	.word	0x7ff
	.long	0xd0000000
