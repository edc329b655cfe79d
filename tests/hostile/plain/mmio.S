/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes addresses all over the 4 GiB behind its memory, with every width, also across
 * pages.
 */
#include "tests/hostile/plain.inc"
#define MEMORY_END 0x2000000
#define STEP       0x3ff800 /* some 4 MiB, and not always the same place in a page */

	.macro	access instruction:vararg
	\instruction
	count
	.endm

guest:	mov	$MEMORY_END, %ebx
1:	access	mov (%ebx), %al
	access	mov (%ebx), %ax
	access	mov (%ebx), %eax
	access	movb $0x5a, (%ebx)
	access	movw $0x5a5a, (%ebx)
	access	movl $0x5a5a5a5a, (%ebx)
	access	mov 0x7fd(%ebx), %eax
	access	movl $0, 0x7fd(%ebx)
	access	lock incl (%ebx)
	access	xchg %eax, 4(%ebx)
	mov	%ebx, %esi
	lea	0x100(%ebx), %edi
	mov	$16, %ecx
	access	rep movsl
	add	$STEP, %ebx
	cmp	$0xff000000, %ebx
	jb	1b
	ret
