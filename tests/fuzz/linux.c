/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/linux.c: libFuzzer target: any bytes are parsed or refused, and a parsed kernel gets a
 * layout or is refused.
 */
#include "core/base/error.h"
#include "firmware/linux.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct linux_boot boot = { .initrd = size };
	struct error err = { 0 };
	struct linux_layout l;
	struct linux_kernel k;
	uint8_t page[PAGE_SIZE];

	linux_accepts_memory(data, size);
	if (linux_parse(data, size, &k, &err) < 0) {
		if (err.kind == ERROR_NONE || !err.text[0])
			__builtin_trap();
		return 0;
	}
	if (linux_layout_of(&k, (uint64_t)512 << 20, size, size % 2, &l, &err) == 0 &&
	    l.initrd < l.load)
		__builtin_trap();
	if (linux_boot_params(data, size, &boot, page, &err) < 0)
		__builtin_trap();
	return 0;
}
