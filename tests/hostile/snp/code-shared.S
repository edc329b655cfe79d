/* SPDX-License-Identifier: MIT */
/* Makes the page shared that it runs in: what comes next is a shutdown. */
#include "tests/hostile/snp.inc"

guest:	lea	guest(%rip), %rdi
	and	$~0xfff, %rdi
	lea	0x14(%rdi), %rax
	mov	$0x200000, %edx
	call	asked
