/* SPDX-License-Identifier: MIT */
/* tests/vm/refusal_test.c: a refused SNP command in words. */
#include "core/vm/refusal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"

Test(refusal, commands_have_their_names)
{
	cr_assert_str_eq(refusal_command(X_SEV_INIT2), "SEV_INIT2");
	cr_assert_str_eq(refusal_command(X_SNP_LAUNCH_START), "LAUNCH_START");
	cr_assert_str_eq(refusal_command(X_SNP_LAUNCH_UPDATE), "LAUNCH_UPDATE");
	cr_assert_str_eq(refusal_command(X_SNP_LAUNCH_FINISH), "LAUNCH_FINISH");
	cr_assert_str_eq(refusal_command(0), "SEV command");
}

Test(refusal, the_kernels_own_have_a_kind_and_a_cause)
{
	static const struct {
		uint32_t id;
		int errnum;
		enum reason kind;
		const char *why;
	} rows[] = {
		{ X_SEV_INIT2, EBUSY, ERROR_HOST_BUSY, "ASIDs" },
		{ X_SEV_INIT2, EINVAL, ERROR_HOST_UNSUPPORTED, "guest_features" },
		{ X_SEV_INIT2, ENOTTY, ERROR_HOST_UNSUPPORTED, "kvm_amd" },
		{ X_SNP_LAUNCH_START, EINVAL, ERROR_BAD_POLICY, "policy" },
		{ X_SNP_LAUNCH_START, ENOTTY, ERROR_KVM, "/dev/sev" },
		{ X_SNP_LAUNCH_UPDATE, EIO, ERROR_KVM, "private" },
		{ X_SNP_LAUNCH_FINISH, EINVAL, ERROR_KVM, "sealed" },
		{ X_SNP_LAUNCH_FINISH, EFAULT, ERROR_KVM, "VMSA" },
		{ X_SNP_LAUNCH_UPDATE, EPROTO, ERROR_KVM, "" },
	};
	static const uint32_t silent[] = { 0, SNP_STATUS_NOT_ASKED };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t j = 0; j < ARRAY_SIZE(silent); j++) {
			struct error err = { 0 };

			cr_assert_eq(refusal_set(&err, rows[i].id, rows[i].errnum, silent[j]),
			             -rows[i].errnum);
			cr_assert_eq(err.kind, rows[i].kind, "row %zu", i);
			cr_assert_eq(err.code, -rows[i].errnum);
			cr_assert_not_null(strstr(err.text, refusal_command(rows[i].id)));
			cr_assert_not_null(strstr(err.text, strerror(rows[i].errnum)), "%s",
			                   err.text);
			cr_assert_not_null(strstr(err.why, rows[i].why), "row %zu: %s", i, err.why);
		}
}

Test(refusal, the_firmwares_name_its_status)
{
	for (uint32_t status = 1; status < 0x40; status++) {
		struct error err = { 0 };
		char number[8];

		snprintf(number, sizeof(number), "0x%02x", status);
		cr_assert_eq(refusal_set(&err, X_SNP_LAUNCH_UPDATE, EIO, status), -EIO);
		cr_assert_eq(err.kind, ERROR_FIRMWARE_REFUSED);
		cr_assert_eq(err.code, -EIO);
		cr_assert_not_null(strstr(err.text, snp_status(status)->name), "%s", err.text);
		cr_assert_not_null(strstr(err.text, number), "%s", err.text);
		cr_assert_str_eq(err.why, snp_status(status)->cause);
	}
}
