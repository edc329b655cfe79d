/* SPDX-License-Identifier: MIT */
/* A request to the firmware from where no memory is: KVM_RUN fails, by the guest's own fault. */
#include "tests/hostile/snp.inc"

guest:	mov	$EXIT_GUEST, %edi
	movabs	$0x100000000000, %rsi
	mov	$BUFFER, %edx
	jmp	event
