/* SPDX-License-Identifier: MIT */
/* An exception without an IDT. */
#include "tests/hostile/snp.inc"

guest:	ud2
