/* SPDX-License-Identifier: MIT */
/* firmware/selftest_blob.S: embeds the selftest guest, whose bytes must not depend on the compiler. */
	.section .rodata, "a"
	.balign 4096
	.globl	selftest_blob
	.type	selftest_blob, @object
selftest_blob:
	.incbin "firmware/selftest/selftest.bin"
	.balign 4096, 0
	.globl	selftest_blob_end
selftest_blob_end:
	.size	selftest_blob, selftest_blob_end - selftest_blob

	.section .note.GNU-stack, "", @progbits
