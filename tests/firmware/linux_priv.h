/* SPDX-License-Identifier: MIT */
/* tests/firmware/linux_priv.h: a kernel that is made, as it is parsed, and hostile numbers. */
#ifndef TESTS_FIRMWARE_LINUX_PRIV_H
#define TESTS_FIRMWARE_LINUX_PRIV_H

#include <criterion/criterion.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "firmware/linux.h"
#include "tests/make/bzimage.h"

/* Numbers that a file may have anywhere. */
static const uint64_t extremes[] = {
	0,
	1,
	511,
	4095,
	4096,
	4097,
	0xfffff,
	0x100000,
	0x1000000,
	0x3fffffff,
	0x40000000,
	0x7fffffff,
	0x80000000,
	0xbfffffff,
	0xfffff000,
	0xffffffff,
	0x100000000,
	0x7fffffffffffffff,
	0x8000000000000000,
	0xfffffffffffff000,
	0xffffffffffffffff,
};

static inline struct linux_kernel parsed(const struct blob *b)
{
	struct error err = { 0 };
	struct linux_kernel k;

	cr_assert_eq(linux_parse(b->data, b->size, &k, &err), 0, "%s", err.text);
	return k;
}

static inline struct linux_kernel made_kernel(void)
{
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob b = bzimage_make(&spec);

	return parsed(&b);
}

#endif
