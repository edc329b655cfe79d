/* SPDX-License-Identifier: MIT */
/* tests/vm/sev_test.c: queries of the SEV firmware's status. */
#include "core/vm/sev.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>

#include "tests/fake/host.h"

Test(sev, the_firmwares_answer_and_its_refusal_come_back)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	int sev = f->sys.open(f, "/dev/sev", O_RDONLY | O_CLOEXEC);
	struct sev_user_data_status s;
	struct snp_platform_status n;
	uint32_t status = 99;

	cr_assert_eq(sev_platform_status(&f->sys, sev, &s, &status), 0);
	cr_expect_eq(s.api_minor, 55);
	cr_expect_eq(status, 0u);
	cr_assert_eq(sev_snp_status(&f->sys, sev, &n, &status), 0);
	cr_expect_eq(le32_get(n.guest_count), 4u);
	f->snp_status_errno = EIO;
	f->sev_error = 0x1a;
	cr_expect_eq(sev_snp_status(&f->sys, sev, &n, &status), -EIO);
	cr_expect_eq(status, 0x1au);
	cr_expect_eq(n.state, 0, "nothing is left of the last answer");
}
