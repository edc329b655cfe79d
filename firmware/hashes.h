/* SPDX-License-Identifier: MIT */
/* firmware/hashes.h: the measured page of hashes by which firmware verifies a kernel. */
#ifndef FIRMWARE_HASHES_H
#define FIRMWARE_HASHES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/bytes.h"

struct error; /* core/base/error.h */

#define KERNEL_HASHES_TABLE 176 /* bytes of the table in it */

struct kernel_hashes {
	uint8_t kernel[32], initrd[32], cmdline[32];
};

/*
 * kernel: the hash of the whole file, setup part included. initrd: that of no bytes if there is
 * none. cmdline is hashed with its NUL; NULL means "".
 */
void kernel_hashes_of(struct kernel_hashes *ret, const uint8_t kernel[static 32],
                      const uint8_t initrd[static 32], const char *cmdline);

/*
 * The page at section_gpa: zero except for the table at hash_gpa & 0xfff. -EINVAL if the area is
 * smaller than the table, runs past its page, or isn't in the section's page; the page is not
 * written then. Errors don't name the file.
 */
int kernel_hashes_page(const struct kernel_hashes *h, uint32_t hash_gpa, uint32_t hash_size,
                       uint32_t section_gpa, uint8_t page[static PAGE_SIZE], struct error *err);

/* Reads the table of such a page, and where in it the table is. False: there is none. */
bool kernel_hashes_find(const uint8_t *page, size_t size, struct kernel_hashes *ret,
                        size_t *ret_at);

#endif
