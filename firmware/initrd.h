/* SPDX-License-Identifier: MIT */
/* firmware/initrd.h: how much memory an initrd takes once Linux has unpacked it. */
#ifndef FIRMWARE_INITRD_H
#define FIRMWARE_INITRD_H

#include <stddef.h>
#include <stdint.h>

/*
 * The size in bytes, or less: the sum of the sizes in the archives' headers. Nothing is unpacked.
 * Several archives may follow each other, uncompressed ones first. An archive without a size in its
 * header counts as 0.
 */
uint64_t initrd_unpacked(const uint8_t *bytes, size_t size);

#endif
