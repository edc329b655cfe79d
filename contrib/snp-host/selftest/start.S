/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contrib/snp-host/selftest/start.S: gives the guest a stack, and handlers of exceptions. */
	.section .text.start, "ax"
	.globl _start
_start:
	lea stack_top(%rip), %rsp
	call guest_main
1:	hlt
	jmp 1b

	.text
	.globl vc_entry, pf_entry
vc_entry:
	push %rax
	mov 8(%rsp), %rax
	mov %rax, vc_code(%rip)
	mov 16(%rsp), %rax
	mov %rax, vc_rip(%rip)
	mov vc_skip(%rip), %rax
	test %rax, %rax
	jz vc_fatal
	add %rax, 16(%rsp)
	pop %rax
	add $8, %rsp
	iretq
pf_entry:
	pop pf_err(%rip)
	mov %cr2, %rax
	mov %rax, pf_cr2(%rip)
	jmp pf_fatal

	.bss
	.balign 4096
	.skip 16384
stack_top:
	.section .note.GNU-stack, "", @progbits
