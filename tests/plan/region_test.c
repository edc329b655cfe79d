/* SPDX-License-Identifier: MIT */
/* tests/plan/region_test.c: the table of page kinds against the firmware's numbers. */
#include "core/plan/region.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"

/* PAGE_TYPE as SEV-SNP firmware ABI 8.17 has it. */
static const struct {
	enum page_kind kind;
	const char *name;
	uint8_t snp;
	bool carries, hashed;
} wanted[] = {
	{ PAGE_DATA, "normal", 1, true, true },
	{ PAGE_ZERO, "zero", 3, false, false },
	{ PAGE_UNMEASURED, "unmeasured", 4, true, false },
	{ PAGE_SECRETS, "secrets", 5, false, false },
	{ PAGE_CPUID, "cpuid", 6, false, false },
	{ PAGE_VMSA, "vmsa", 2, true, true },
};

Test(region, every_kind_has_the_firmwares_number)
{
	cr_assert_eq(ARRAY_SIZE(wanted), PAGE_KINDS);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		const struct region_kind *k = region_kind(wanted[i].kind);

		cr_expect_str_eq(k->name, wanted[i].name);
		cr_expect_eq(k->snp, wanted[i].snp, "%s", k->name);
		cr_expect_eq(k->carries, wanted[i].carries, "%s", k->name);
		cr_expect_eq(k->hashed, wanted[i].hashed, "%s", k->name);
	}
}

Test(region, what_is_hashed_also_carries_bytes)
{
	for (int i = 0; i < PAGE_KINDS; i++)
		cr_expect(!region_kind(i)->hashed || region_kind(i)->carries);
}

Test(region, ends_behind_its_last_byte)
{
	struct region r = { .gpa = 0xfffff000, .size = 0x1000 };

	cr_expect_eq(region_end(&r), 0x100000000);
}
