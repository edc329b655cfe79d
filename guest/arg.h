/* SPDX-License-Identifier: MIT */
/* guest/arg.h: parses arguments of snpvmm-guest. */
#ifndef GUEST_ARG_H
#define GUEST_ARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A decimal number, or hex after 0x, of at most `max`. False, with *ret unchanged, for anything
 * else.
 */
bool arg_number(const char *text, uint64_t max, uint64_t *ret);

/* Pairs of hex digits, at most `cap` bytes. False for anything else. */
bool arg_hex(const char *text, uint8_t *to, size_t cap, size_t *ret_size);

#endif
