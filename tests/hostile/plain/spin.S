/* SPDX-License-Identifier: MIT */
/* Computes for ever. */
#include "tests/hostile/plain.inc"

guest:	jmp	guest
