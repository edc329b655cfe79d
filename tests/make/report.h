/* SPDX-License-Identifier: MIT */
/* tests/make/report.h: makes attestation reports, by the specification's offsets. */
#ifndef TESTS_MAKE_REPORT_H
#define TESTS_MAKE_REPORT_H

#include <stddef.h>
#include <stdint.h>

#define REPORT_SIZE 1184
/* The response's status, size and zeros before the report. */
#define REPORT_HEAD 32

/*
 * Makes a report of a version. Byte n is report_byte(n), so that all fields differ, except for:
 * signature algorithm 1, policy 0x90133, platform info 0xa5, flags 0x7, family 0x19, and zero where
 * that version has no field.
 */
void report_make(uint32_t version, uint8_t to[static REPORT_SIZE]);
uint8_t report_byte(size_t n);

/* Makes the firmware's response, of `cap` bytes, at least REPORT_HEAD + REPORT_SIZE. */
void report_response(uint32_t version, uint8_t *to, size_t cap);

#endif
