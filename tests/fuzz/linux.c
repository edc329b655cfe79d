/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/linux.c: libFuzzer target: any bytes as a kernel, an EFI program or an initrd. What is
 * found in them lies inside, and a parsed kernel gets a layout or is refused.
 */
#include "firmware/linux.h"

#include "core/base/filekind.h"
#include "firmware/initrd.h"
#include "tests/fuzz/fuzz.h"

/* Sections by which a UKI is known, and what its kernel is in. */
static void check_sections(const uint8_t *data, size_t size)
{
	static const char *const names[] = { ".linux", ".initrd", ".cmdline", ".osrel", ".text" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = 0, sum = 0;
		const uint8_t *at = pe_section(data, size, names[i], &n);

		must(!at || (at >= data && n <= size && at <= data + size - n));
		for (size_t k = 0; at && k < n; k++)
			sum += at[k];
		if (at && sum > 0)
			linux_probe(at, n);
	}
}

static void check_kinds(const uint8_t *data, size_t size)
{
	for (unsigned role = ROLE_FIRMWARE; role <= ROLE_CERTS; role <<= 1) {
		struct error err = { 0 };

		if (file_kind_refuse(data, size, role, ERROR_BAD_FIRMWARE, &err) < 0)
			must(err.kind == ERROR_BAD_FIRMWARE && err.text[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct linux_boot boot = { .initrd = size };
	struct error err = { 0 };
	struct linux_layout l;
	struct linux_kernel k;
	uint8_t page[PAGE_SIZE];

	check_sections(data, size);
	check_kinds(data, size);
	initrd_unpacked(data, size);
	linux_accepts_memory(data, size);
	if (linux_parse(data, size, &k, &err) < 0) {
		must_explain(&err);
		return 0;
	}
	must(memchr(k.release, '\0', sizeof(k.release)));
	must(memchr(k.kernel_version, '\0', sizeof(k.kernel_version)));
	must(k.setup_size <= size && k.payload_size == size - k.setup_size);
	if (linux_layout_of(&k, (uint64_t)512 << 20, size, size % 2, &l, &err) == 0)
		must(l.initrd >= l.load && l.initrd_end >= l.kernel_end);
	must(linux_boot_params(data, size, &boot, page, &err) == 0);
	return 0;
}
