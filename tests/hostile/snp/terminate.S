/* SPDX-License-Identifier: MIT */
/* Terminates with the highest reason of the highest set. */
#include "tests/hostile/snp.inc"

guest:	ask	0xfff100
	ud2
