/* SPDX-License-Identifier: MIT */
/* An exception without an IDT. */
#include "tests/hostile/plain.inc"

guest:	ud2
