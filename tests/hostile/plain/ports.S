/* SPDX-License-Identifier: MIT */
/* Reads and writes every port with every width; only the exit port is left for the end. */
#include "tests/hostile/plain.inc"

	.macro	access instruction:vararg
	\instruction
	count
	.endm

guest:	xor	%edx, %edx
1:	cmp	$EXIT_PORT, %edx
	je	2f
	access	in %dx, %al
	access	in %dx, %ax
	access	in %dx, %eax
	mov	$0x5a5a5a5a, %eax /* not a command that ends a run, whichever port it reaches */
	access	out %al, %dx
	access	out %ax, %dx
	access	out %eax, %dx
2:	inc	%edx
	test	$0x10000, %edx
	jz	1b
	ret
