/* SPDX-License-Identifier: MIT */
/* guest/report.h: asks the SNP firmware for this guest's attestation report. */
#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include <stddef.h>
#include <stdint.h>

/* ATTESTATION_REPORT, SEV-SNP firmware ABI 7.3. */
enum {
	REPORT_SIZE = 1184,
	REPORT_DATA_SIZE = 64,
	REPORT_MEASUREMENT = 0x90,
	MEASUREMENT_SIZE = 48
};

/*
 * Gets a report with `data` as its REPORT_DATA, through /dev/sev-guest, else through configfs.
 * Returns its size, which is at least REPORT_SIZE; 0: it failed, and why and fix are on standard
 * error.
 */
enum { REPORT_CAP = 4000 - 0x20 };
size_t report_get(const uint8_t data[REPORT_DATA_SIZE], uint8_t to[REPORT_CAP]);

#endif
