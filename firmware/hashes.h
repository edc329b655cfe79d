/* SPDX-License-Identifier: MIT */
/*
 * firmware/hashes.h: the measured page of kernel, initrd and command line hashes that firmware
 * checks.
 */
#ifndef FIRMWARE_HASHES_H
#define FIRMWARE_HASHES_H

#include <stddef.h>
#include <stdint.h>

struct error; /* core/base/error.h */

#define KERNEL_HASHES_PAGE  4096
#define KERNEL_HASHES_TABLE 176 /* what stands in it */

struct kernel_hashes {
	uint8_t kernel[32], initrd[32], cmdline[32];
};

/*
 * kernel: of the file as it is, setup part included. initrd: of nothing where there is none.
 * cmdline is hashed with its NUL; NULL means "".
 */
void kernel_hashes_of(struct kernel_hashes *ret, const uint8_t kernel[static 32],
                      const uint8_t initrd[static 32], const char *cmdline);

/*
 * The page that stands at section_gpa: zero but for the table at hash_gpa & 0xfff. -EINVAL when the
 * area is smaller than the table, runs past its page, or lies in another page than the section; the
 * page is untouched then. The sentence doesn't name the file.
 */
int kernel_hashes_page(const struct kernel_hashes *h, uint32_t hash_gpa, uint32_t hash_size,
                       uint32_t section_gpa, uint8_t page[static KERNEL_HASHES_PAGE],
                       struct error *err);

#endif
