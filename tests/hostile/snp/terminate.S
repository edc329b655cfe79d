/* SPDX-License-Identifier: MIT */
/* Terminates with the highest reason of the highest set, which has no name. */
#include "tests/hostile/snp.inc"

guest:	ask	0xfff100
	ud2
