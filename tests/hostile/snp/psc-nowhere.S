/* SPDX-License-Identifier: MIT */
/* Asks for a private page where no memory is; it is refused if the guest then dies with code 1. */
#include "tests/hostile/snp.inc"

guest:	ask	0x14, 0x101000
	rdmsr
	test	%edx, %edx
	jz	1f
	die	1
1:	die	2
