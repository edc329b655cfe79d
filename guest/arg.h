/* SPDX-License-Identifier: MIT */
/* guest/arg.h: what stands on snpvmm-guest's command line, as values. */
#ifndef GUEST_ARG_H
#define GUEST_ARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decimal, or hex after 0x; the whole text, and at most `max`. False otherwise, and *ret is as it
 * was.
 */
bool arg_number(const char *text, uint64_t max, uint64_t *ret);

/* Pairs of hex digits, at most `cap` bytes of them. False otherwise. */
bool arg_hex(const char *text, uint8_t *to, size_t cap, size_t *ret_size);

#endif
