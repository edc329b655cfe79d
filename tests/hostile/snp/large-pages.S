/* SPDX-License-Identifier: MIT */
/* Page-state changes of 2 MiB, with entries for single pages in them, and the same twice. */
#include "tests/hostile/snp.inc"
#define AT         0x1a00000
#define TO_PRIVATE (1 << 52)
#define TO_SHARED  (2 << 52)
#define LARGE      (1 << 56)
#define ROUNDS     40

guest:	mov	$ROUNDS, %ebp
1:	xor	%ecx, %ecx
2:	mov	list(, %rcx, 8), %rax
	mov	%rax, 0x800(%r15, %rcx, 8)
	inc	%ecx
	cmp	$8, %ecx
	jb	2b
	mov	$EXIT_PSC, %edi
	xor	%esi, %esi
	xor	%edx, %edx
	mov	$(GHCB + 0x800), %r8d
	call	event
	mov	$AT, %eax
	mov	$1, %ecx
	mov	$1, %edx
	pvalidate
	dec	%ebp
	jnz	1b
	ret
	.balign	8
list:	.quad	6 << 32 /* entries 0 to 6 */
	.quad	AT | TO_PRIVATE | LARGE
	.quad	(AT + 0x5000) | TO_SHARED
	.quad	AT | TO_SHARED | LARGE
	.quad	(AT + 0x1ff000) | TO_PRIVATE
	.quad	(AT + 0x1ff000) | TO_SHARED | LARGE /* not aligned */
	.quad	AT | TO_PRIVATE | LARGE
	.quad	AT | TO_PRIVATE | LARGE
