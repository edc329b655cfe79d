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
 * Lines are at most 76 characters. A line of data has its number, in decimal and from 00 on, and
 * the base64 (RFC 4648) of 42 bytes, the last line of what is left. The CRC is that of zlib and
 * gzip (polynomial 0x04c11db7, reflected), of all the bytes, and always written with eight digits.
 * A reader takes what follows "snpvmm-report: " in a line, wherever it begins, passes over all
 * other lines, and believes nothing without both ends, every number in between, and the right size
 * and CRC.
 */
#ifndef GUEST_FRAME_H
#define GUEST_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_LINE = 76, FRAME_BYTES = 42, FRAME_MAX = 100 * FRAME_BYTES };

uint32_t frame_crc32(const uint8_t *bytes, size_t size);

/*
 * Line `n` of the frame of at most FRAME_MAX bytes, with its newline; its size, or 0 after the
 * last.
 */
size_t frame_line(const uint8_t *bytes, size_t size, size_t n, char to[FRAME_LINE + 1]);

#endif
