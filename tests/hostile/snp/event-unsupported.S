/* SPDX-License-Identifier: MIT */
/* The event by which a guest says that it had one that it doesn't support: KVM_RUN fails. */
#include "tests/hostile/snp.inc"

guest:	mov	$0x8000ffff, %edi
	jmp	event
