/* SPDX-License-Identifier: MIT */
/* An exception without an IDT: a shutdown. */
#include "tests/hostile/plain.inc"

guest:	ud2
