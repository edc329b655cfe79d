/* SPDX-License-Identifier: MIT */
/* Terminates by an event, with random information, of which none is trusted. */
#include "tests/hostile/snp.inc"

guest:	call	random
	mov	%rax, %rsi
	mov	%rax, %rdx
	mov	$0x8000fffe, %edi
	jmp	event
