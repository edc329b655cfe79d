/* SPDX-License-Identifier: MIT */
/* An exception without an IDT: a shutdown. */
#include "tests/hostile/snp.inc"

guest:	ud2
