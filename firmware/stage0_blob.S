/* SPDX-License-Identifier: MIT */
/* firmware/stage0_blob.S: embeds stage0, whose bytes must not depend on the compiler. */
	.section .rodata, "a"
	.balign 4096
	.globl	stage0_blob
	.type	stage0_blob, @object
stage0_blob:
	.incbin "firmware/stage0/stage0.bin"
	.balign 4096, 0
	.globl	stage0_blob_end
stage0_blob_end:
	.size	stage0_blob, stage0_blob_end - stage0_blob

	.section .note.GNU-stack, "", @progbits
