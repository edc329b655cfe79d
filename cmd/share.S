/* SPDX-License-Identifier: MIT */
/* cmd/share.S: files of share/ as strings of C. */
	.macro	text name, path
	.globl	\name
	.type	\name, @object
\name:
	.incbin	"share/\path"
	.byte	0
	.size	\name, . - \name
	.endm

	.section .rodata, "a"
	text	share_explain, explain.txt
	text	share_completion_bash, completion/snpvmm.bash
	text	share_completion_zsh, completion/_snpvmm
	text	share_completion_fish, completion/snpvmm.fish

	.section .note.GNU-stack, "", @progbits
