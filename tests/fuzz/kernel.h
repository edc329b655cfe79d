/* SPDX-License-Identifier: MIT */
/* tests/fuzz/kernel.h: a bzImage, and a size of memory, as the input says. */
#ifndef TESTS_FUZZ_KERNEL_H
#define TESTS_FUZZ_KERNEL_H

#include "tests/fuzz/fuzz.h"
#include "tests/make/bzimage.h"

static inline struct blob kernel_take(struct input *in)
{
	static const uint32_t sizes[] = { 0x1000, 0x10000, 0x400000, 0x3f000000, 0x40000000 };
	struct bzimage_spec spec = bzimage_default();
	unsigned how = (unsigned)take(in, 1), patches = (unsigned)take(in, 1) % 8;
	struct blob b;

	spec.fixed = how & 1;
	spec.accepts = how & 2;
	spec.init_size = sizes[(how >> 2) % ARRAY_SIZE(sizes)];
	spec.payload_size = how & 0x80 ? 0x2000 : 0x3000;
	spec.pref_address = (how & 0x40) ? take(in, 3) << 12 : 0x1000000;
	spec.kernel_alignment = 1u << take(in, 1) % 32;
	spec.initrd_addr_max = (how & 0x20) ? (uint32_t)take(in, 4) : 0x7fffffff;
	b = bzimage_make(&spec);
	for (; patches > 0; patches--) {
		size_t at = 0x1f0 + take(in, 1) % 0x80;

		b.data[at] = (uint8_t)take(in, 1);
	}
	return b;
}

/* From 64K to 1T, as a manifest may say, with all that is near a bound. */
static inline uint64_t memory_take(struct input *in)
{
	unsigned how = (unsigned)take(in, 1);
	uint64_t pages = ((uint64_t)1 << (4 + how % 25)) + take(in, 3);
	uint64_t less = how & 0x80 ? 2 * take(in, 3) : 0;

	pages -= MIN(pages, less);
	return MIN(MAX(pages, 16), (uint64_t)1 << 28) * PAGE_SIZE;
}

#endif
