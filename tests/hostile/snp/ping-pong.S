/* SPDX-License-Identifier: MIT */
/* A page that is accessed as private and as shared in turn, without asking for either. */
#include "tests/hostile/snp.inc"
#define PAGE   0x1a00000
#define ROUNDS 300

guest:	mov	$ROUNDS, %ebp
1:	mov	$PAGE, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	pvalidate
	movl	$1, SHARED(PAGE)
	mov	$PAGE, %eax
	mov	$1, %edx
	pvalidate
	movl	$2, PAGE
	count
	dec	%ebp
	jnz	1b
	ret
