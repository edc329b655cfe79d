/* SPDX-License-Identifier: MIT */
/*
 * core/snp/report_lines.h: collects the attestation report that a guest prints on its console, in
 * the form of guest/frame.h: base64 in numbered lines between a begin and an end.
 */
#ifndef CORE_SNP_REPORT_LINES_H
#define CORE_SNP_REPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct report_lines; /* opaque */

#define REPORT_LINES_MAX 4200 /* bytes of a block: 100 lines of 42 */

struct report_lines *report_lines_new(void);    /* NULL: out of memory */
void report_lines_free(struct report_lines *l); /* NULL is fine */

/*
 * Bytes of the console, cut anywhere. Other lines, and what stands before or behind ours on the
 * same line, are ignored. May be called while another thread calls one of the functions below.
 */
void report_lines_put(void *lines, const uint8_t *data, size_t size);

/* Whether a block came whole: both ends, all lines in order, the size and the CRC. */
bool report_lines_whole(const struct report_lines *l);

/*
 * No more bytes will come: copies the last block that came whole and returns its size. 0: none did,
 * and *ret_fault says why, in words that go on from "the guest's report" (static), or is NULL
 * because nothing like a report came.
 */
size_t report_lines_take(struct report_lines *l, uint8_t to[static REPORT_LINES_MAX],
                         const char **ret_fault);

#endif
