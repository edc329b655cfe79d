/* SPDX-License-Identifier: MIT */
/*
 * Every number of an event, with random information, but for those that end the run or have a
 * guest of their own.
 */
#include "tests/hostile/snp.inc"
#include "tests/hostile/faults.inc"

guest:	call	faults_begin
	xor	%ebx, %ebx
1:	mov	$own, %esi
2:	mov	(%rsi), %eax
	add	$4, %rsi
	cmp	%eax, %ebx
	je	4f
	cmp	$own_end, %esi
	jb	2b
	mov	$2, %ebp
3:	call	random
	mov	%rax, %r8
	call	random
	mov	%rax, 0x318(%r15)
	mov	%rax, 0x308(%r15)
	call	random
	mov	%rax, %rsi
	call	random
	mov	%rax, %rdx
	mov	%rbx, %rdi
	call	event
	dec	%ebp
	jnz	3b
4:	inc	%ebx
	cmp	$0x410, %ebx
	jne	5f
	mov	$0x80000000, %ebx
5:	cmp	$0x80000020, %ebx
	jne	6f
	mov	$0x8000fff8, %ebx
6:	cmp	$0x80010008, %ebx
	jb	1b
	ret
	.balign	4
/*
 * I/O, HLT, shutdown, RDTSC; MMIO, waiting for SIPI, page states, requests, AP creation,
 * termination, "unsupported"
 */
own:	.long	0x7b, 0x78, 0x7f, 0x6e
	.long	EXIT_MMIO_READ, EXIT_MMIO_WRITE, 0x80000004, EXIT_PSC, EXIT_GUEST, EXIT_GUEST_EXT, EXIT_AP
	.long	0x8000fffe, 0x8000ffff
own_end:
