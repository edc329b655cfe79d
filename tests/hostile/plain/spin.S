/* SPDX-License-Identifier: MIT */
/* Computes for ever, without a word: the silence limit ends that. */
#include "tests/hostile/plain.inc"

guest:	jmp	guest
