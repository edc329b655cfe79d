/* SPDX-License-Identifier: MIT */
/*
 * guest/frame.h: bytes as lines of text that survive a console.
 *
 *     snpvmm-report: begin 1184 bytes, crc32 0x0a1b2c3d
 *     snpvmm-report: 00 AwAAAAIAAAAfAAMAAAAAAAEAAAAAAAAAAAAAAAAAAAACAAAAAAAAAAAA
 *     ...
 *     snpvmm-report: 28 qqqqqqqqqqo=
 *     snpvmm-report: end 1184 bytes, crc32 0x0a1b2c3d
 *
 * A certificate table has the mark "snpvmm-certs: " and numbers of three digits. Lines have at most
 * 76 characters. A data line has a decimal number, from 00 on, and the base64 (RFC 4648) of 42
 * bytes; the last one has the rest. The CRC over all bytes is that of zlib and
 * gzip (polynomial 0x04c11db7, reflected), always written with eight digits. A reader takes what
 * follows the mark in a line, wherever that is, ignores all other lines, and accepts the
 * bytes only if both ends, all numbers in between, size and CRC are right.
 */
#ifndef GUEST_FRAME_H
#define GUEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_LINE = 76,
	FRAME_BYTES = 42,
	FRAME_REPORT_MAX = 100 * FRAME_BYTES,
	FRAME_CERTS_MAX = 1000 * FRAME_BYTES
};

struct frame {
	const char *mark;
	size_t digits; /* of a line's number */
};
extern const struct frame frame_report, frame_certs;

uint32_t frame_crc32(const uint8_t *bytes, size_t size);

/*
 * Line `n` of the frame of at most FRAME_REPORT_MAX or FRAME_CERTS_MAX bytes, with its newline.
 * Returns its size; 0 after the last line.
 */
size_t frame_line(const struct frame *f, const uint8_t *bytes, size_t size, size_t n,
                  char to[FRAME_LINE + 1]);

#endif
