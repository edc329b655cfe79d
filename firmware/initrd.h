/* SPDX-License-Identifier: MIT */
/* firmware/initrd.h: how much memory an initrd takes once Linux has unpacked it. */
#ifndef FIRMWARE_INITRD_H
#define FIRMWARE_INITRD_H

#include <stddef.h>
#include <stdint.h>

/*
 * The size in bytes, or less, as far as the headers of the archives tell; nothing is unpacked.
 * Several archives may follow each other, uncompressed ones first. An archive that doesn't tell its
 * size counts as nothing.
 */
uint64_t initrd_unpacked(const uint8_t *bytes, size_t size);

#endif
