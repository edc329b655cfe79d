/* SPDX-License-Identifier: MIT */
/*
 * Lists of page-state changes: random headers and entries, large pages, pages twice, pages that
 * are not there.
 */
#include "tests/hostile/snp.inc"
#define ROUNDS 300

guest:	mov	$ROUNDS, %ebp
1:	xor	%ebx, %ebx
2:	call	random
	mov	%rax, %rcx
	mov	%rax, %rdx
	shr	$40, %rdx
	and	$0x3ff000, %ecx /* as a rule 2 MiB that nobody uses */
	add	$0x1a00000, %ecx
	test	$7, %dl
	jnz	3f
	mov	%rax, %rcx /* any address */
	shr	$8, %rcx
3:	movabs	$0x000ffffffffff000, %rax
	and	%rax, %rcx
	mov	%edx, %eax
	shr	$3, %eax
	and	$1, %eax
	inc	%eax /* private or shared */
	test	$0xf0, %dl
	jnz	4f
	mov	%edx, %eax /* any operation, and size */
	and	$0xfff, %eax
4:	shl	$52, %rax
	or	%rax, %rcx
	mov	%rcx, 0x808(%r15, %rbx)
	add	$8, %ebx
	cmp	$(253 * 8), %ebx
	jb	2b
	call	random
	mov	%rax, %rcx
	and	$0x001f0000, %ecx /* up to 32 entries, from the first */
	test	$0x1c0, %eax
	jnz	5f
	mov	%eax, %ecx /* any header */
5:	mov	%rcx, 0x800(%r15)
	mov	$EXIT_PSC, %edi
	xor	%esi, %esi
	xor	%edx, %edx
	mov	$(GHCB + 0x800), %r8d
	test	$0x70000000, %eax
	jnz	6f
	call	random
	mov	%rax, %r8
6:	call	event
	dec	%ebp
	jnz	1b
	ret
