/* SPDX-License-Identifier: MIT */
/* tests/make/report.h: builds attestation reports by the offsets of the specification. */
#ifndef TESTS_MAKE_REPORT_H
#define TESTS_MAKE_REPORT_H

#include <stddef.h>
#include <stdint.h>

#define REPORT_SIZE 1184
/* Of the response: status, size and zeros ahead of the report. */
#define REPORT_HEAD 32

/*
 * A report of that version. Byte n is report_byte(n), so that no two fields are alike, but for:
 * signature algorithm 1, policy 0x90133, platform info 0xa5, flags 0x7, family 0x19, and zero where
 * the version has nothing.
 */
void report_make(uint32_t version, uint8_t to[static REPORT_SIZE]);
uint8_t report_byte(size_t n);

/* What the firmware answers: `cap` bytes, at least REPORT_HEAD + REPORT_SIZE. */
void report_response(uint32_t version, uint8_t *to, size_t cap);

#endif
