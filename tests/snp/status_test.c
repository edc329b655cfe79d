/* SPDX-License-Identifier: MIT */
/* tests/snp/status_test.c: the firmware's statuses and the guest's terminations have names. */
#include "core/snp/status.h"

#include <criterion/criterion.h>
#include <linux/psp-sev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"

#define LAST_CODE 0x3f

/* Numbers below it that neither the ABI nor the kernel assigns. */
static bool unassigned(uint32_t code)
{
	return code == 0x1e || (code > 0x28 && code < 0x30) || code == 0x34;
}

/* The kernel's own list, as far as the build's headers have it; the spelling is AMD's. */
static const struct {
	unsigned code;
	const char *name;
} kernels[] = {
	{ SEV_RET_SUCCESS, "SUCCESS" },
	{ SEV_RET_INVALID_PLATFORM_STATE, "INVALID_PLATFORM_STATE" },
	{ SEV_RET_INVALID_GUEST_STATE, "INVALID_GUEST_STATE" },
	{ SEV_RET_INVALID_LEN, "INVALID_LEN" },
	{ SEV_RET_ALREADY_OWNED, "ALREADY_OWNED" },
	{ SEV_RET_INVALID_CERTIFICATE, "INVALID_CERTIFICATE" },
	{ SEV_RET_POLICY_FAILURE, "POLICY_FAILURE" },
	{ SEV_RET_INACTIVE, "INACTIVE" },
	{ SEV_RET_INVALID_ADDRESS, "INVALID_ADDRESS" },
	{ SEV_RET_BAD_SIGNATURE, "BAD_SIGNATURE" },
	{ SEV_RET_BAD_MEASUREMENT, "BAD_MEASUREMENT" },
	{ SEV_RET_ASID_OWNED, "ASID_OWNED" },
	{ SEV_RET_INVALID_ASID, "INVALID_ASID" },
	{ SEV_RET_WBINVD_REQUIRED, "WBINVD_REQUIRED" },
	{ SEV_RET_DFFLUSH_REQUIRED, "DFFLUSH_REQUIRED" },
	{ SEV_RET_INVALID_GUEST, "INVALID_GUEST" },
	{ SEV_RET_INVALID_COMMAND, "INVALID_COMMAND" },
	{ SEV_RET_ACTIVE, "ACTIVE" },
	{ SEV_RET_HWSEV_RET_PLATFORM, "HWERROR_PLATFORM" },
	{ SEV_RET_HWSEV_RET_UNSAFE, "HWERROR_UNSAFE" },
	{ SEV_RET_UNSUPPORTED, "UNSUPPORTED" },
	{ SEV_RET_INVALID_PARAM, "INVALID_PARAM" },
	{ SEV_RET_RESOURCE_LIMIT, "RESOURCE_LIMIT" },
	{ SEV_RET_SECURE_DATA_INVALID, "SECURE_DATA_INVALID" },
};

static bool known(uint32_t code)
{
	return strcmp(snp_status(code)->name, "unknown status") != 0;
}

static void whole(const struct snp_status *s)
{
	cr_expect_str_not_empty(s->name, "0x%x", s->code);
	cr_expect_str_not_empty(s->why, "%s", s->name);
	cr_expect_str_not_empty(s->fix, "%s", s->name);
}

Test(status, every_code_assigned_has_a_name_a_cause_a_cure_and_itself)
{
	for (uint32_t code = 0; code <= LAST_CODE; code++) {
		const struct snp_status *s = snp_status(code);

		if (unassigned(code))
			continue;
		cr_assert(known(code), "0x%x", code);
		whole(s);
		cr_expect_eq(s->code, code);
		cr_expect_eq(strspn(s->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), strlen(s->name), "%s",
		             s->name);
		for (uint32_t before = 0; before < code; before++)
			cr_expect_str_neq(s->name, snp_status(before)->name);
	}
	whole(snp_status(SNP_STATUS_NOT_ASKED));
}

/* Read from the header itself, so that a newer one is held against the table as it is. */
Test(status, whatever_the_installed_header_lists_has_a_row)
{
	FILE *header = fopen("/usr/include/linux/psp-sev.h", "r");
	unsigned next = 0, seen = 0;
	char line[256], name[64];

	cr_assert_not_null(header);
	while (fgets(line, sizeof(line), header)) {
		const char *value = strchr(line, '=');

		if (sscanf(line, " SEV_RET_%63[A-Z_]", name) != 1 || !strcmp(name, "MAX"))
			continue;
		if (value && strtol(value + 1, NULL, 0) == 0 && strstr(value, "SEV_RET_"))
			continue; /* another name for the one before */
		next = value ? (unsigned)strtol(value + 1, NULL, 0) : next;
		cr_expect(known(next), "%s is 0x%x", name, next);
		next++;
		seen++;
	}
	fclose(header);
	cr_assert_geq(seen, 24u, "no list of statuses in the header");
	cr_assert_eq(next, (unsigned)SEV_RET_MAX, "the list was misread");
}

Test(status, names_are_those_of_the_kernels_header)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		cr_expect_str_eq(snp_status(kernels[i].code)->name, kernels[i].name);
}

Test(status, an_unassigned_code_is_unknown_and_still_says_something)
{
	static const uint32_t codes[] = { 0x1e,  0x29,       0x34,      LAST_CODE + 1,
		                          0x100, 0x80000000, 0xfffffffe };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		cr_expect_not(known(codes[i]), "0x%x", codes[i]);
		whole(snp_status(codes[i]));
	}
}

Test(status, that_the_firmware_was_never_asked_is_said)
{
	cr_expect_str_eq(snp_status(SNP_STATUS_NOT_ASKED)->name, "NOT_ASKED");
	cr_expect(strstr(snp_status(SNP_STATUS_NOT_ASKED)->why, "before it asked"));
}

/* GHCB specification 2.3.4: set 0 is its own; set 1 Linux's, arch/x86/include/asm/sev-common.h. */
Test(status, terminations_of_the_specification_and_of_linux_have_texts)
{
	for (unsigned code = 0; code <= 2; code++)
		cr_expect_not_null(snp_termination(0, code), "0:%u", code);
	for (unsigned code = 0; code <= 9; code++)
		cr_expect_not_null(snp_termination(1, code), "1:%u", code);
	cr_expect(strstr(snp_termination(0, 1), "protocol version"));
	cr_expect(strstr(snp_termination(1, 2), "PVALIDATE"));
	cr_expect(strstr(snp_termination(1, 4), "CPUID"));
}

Test(status, other_terminations_have_none_but_their_set_has_a_name)
{
	cr_expect_null(snp_termination(0, 3));
	cr_expect_null(snp_termination(1, 10));
	cr_expect_null(snp_termination(2, 0));
	cr_expect_null(snp_termination(15, 255));
	cr_expect_str_eq(snp_termination_set(0), "GHCB specification");
	cr_expect(strstr(snp_termination_set(1), "guest kernel"));
	cr_expect_str_eq(snp_termination_set(2), "the guest's own codes");
	cr_expect_str_eq(snp_termination_set(15), snp_termination_set(2));
}
