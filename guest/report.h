/* SPDX-License-Identifier: MIT */
/* guest/report.h: asks the SNP firmware for this guest's attestation report. */
#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/certs.h"

/* ATTESTATION_REPORT, SEV-SNP firmware ABI 7.3. */
enum {
	REPORT_SIZE = 1184,
	REPORT_DATA_SIZE = 64,
	REPORT_MEASUREMENT = 0x90,
	MEASUREMENT_SIZE = 48
};

enum { REPORT_CAP = 4000 - 0x20 };

struct report {
	uint8_t bytes[REPORT_CAP];
	size_t size;       /* at least REPORT_SIZE */
	bool certs_wanted; /* set by the caller */
	uint8_t certs[CERTS_CAP];
	size_t certs_size; /* 0: the host gave none */
};

/*
 * Gets a report with `data` as its REPORT_DATA, and the host's certificates if they are wanted,
 * through /dev/sev-guest, else through configfs. False: it failed, and why and fix are on standard
 * error.
 */
bool report_get(const uint8_t data[REPORT_DATA_SIZE], struct report *ret);

#endif
