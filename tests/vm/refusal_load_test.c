/* SPDX-License-Identifier: MIT */
/* tests/vm/refusal_load_test.c: a page that couldn't be loaded, by region and address; a launch that couldn't be finished. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "core/snp/status.h"
#include "core/vm/refusal_snp.h"
#include "tests/fake/fixture.h"

#define TWICE ((gpa_t)0x21000) /* in fixture_ovmf's second part */

struct launched {
	struct fake_kvm *f;
	const struct plan *p;
	struct vm *vm;
};

static struct launched launched(void)
{
	struct fixture s = fixture_default();
	struct launched l = { .f = fake_kvm_new(0) };

	s.offer = true;
	l.p = fixture_plan(&s);
	l.vm = fixture_launch(l.f, &platform_snp, l.p, &fixture_quiet);
	return l;
}

static void end(struct launched *l)
{
	fixture_end(l->f, l->vm);
	fake_kvm_free(l->f);
	plan_free(l->p);
}

static void refused(const struct launched *l, gpa_t gpa, gpa_t at, struct sev_failure f,
                    struct error *err)
{
	struct region r = { gpa, 16 * PAGE_SIZE, PAGE_DATA, NULL, "mine" };

	cr_assert_eq(refusal_update(err, l->vm, l->p, &r, at, f), -f.errnum);
	cr_assert_not_null(strstr(err->text, "region 'mine'"), "%s", err->text);
	cr_assert_not_null(strstr(err->text, "LAUNCH_UPDATE"), "%s", err->text);
	cr_assert_str_not_empty(err->why);
	cr_assert_str_not_empty(err->fix);
}

Test(refusal_load, a_page_that_two_regions_have_names_the_other_one)
{
	static const struct sev_failure failures[] = { { EIO, 0 },
		                                       { EIO, SNP_STATUS_INVALID_PAGE_STATE } };
	struct launched l = launched();

	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct error err = { 0 };

		refused(&l, TWICE - PAGE_SIZE, TWICE, failures[i], &err);
		cr_assert_not_null(strstr(err.why, "region 'part' (0x20000..0x29000)"), "%s",
		                   err.why);
		cr_assert_not_null(strstr(err.text, "page 0x21000"), "%s", err.text);
		cr_assert_not_null(strstr(err.text, "region 'mine' at 0x20000"), "%s", err.text);
	}
	end(&l);
}

Test(refusal_load, a_page_without_memory_or_in_shared_memory_is_told)
{
	struct launched l = launched();
	struct error err = { 0 };

	refused(&l, 0x800000, 0x800000, (struct sev_failure){ EINVAL, 0 }, &err);
	cr_assert_not_null(strstr(err.why, "no memory at 0x800000"), "%s", err.why);
	cr_assert_not_null(strstr(err.fix, "'memory'"), "%s", err.fix);
	cr_assert_null(strstr(err.text, "page 0x"), "%s", err.text);
	refused(&l, FIXTURE_OFFER, FIXTURE_OFFER + PAGE_SIZE, (struct sev_failure){ EINVAL, 0 },
	        &err);
	cr_assert_not_null(strstr(err.why, "0x10001000 (0x2000 bytes from 0x10000000 on)"), "%s",
	                   err.why);
	end(&l);
}

Test(refusal_load, a_page_of_which_nothing_is_wrong_leaves_the_host)
{
	struct launched l = launched();
	struct error err = { 0 };

	refused(&l, 0x29000, 0x29000, (struct sev_failure){ EIO, 0 },
	        &err); /* right after a part */
	cr_assert_not_null(strstr(err.why, "in no other region"), "%s", err.why);
	cr_assert_not_null(strstr(err.fix, "'memory'"), "%s", err.fix);
	refused(&l, 0x50000, 0x50000, (struct sev_failure){ EIO, SNP_STATUS_INVALID_PAGE_STATE },
	        &err);
	cr_assert_not_null(strstr(err.why, "no other region"), "%s", err.why);
	end(&l);
}

/* What the firmware says of other things than the page's state is not overlaid. */
Test(refusal_load, another_status_keeps_its_own_cause)
{
	struct launched l = launched();
	struct error err = { 0 };

	refused(&l, TWICE, TWICE, (struct sev_failure){ EIO, 0x09 }, &err);
	cr_assert_str_eq(err.why, snp_status(0x09)->cause);
	end(&l);
}

/* The region in the plan itself is not taken for another one; the page is the one that failed. */
Test(refusal_load, the_page_that_failed_is_told_by_the_launch)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);

	for (unsigned n = 1, seen = 0; seen < 2; n++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_PARTIAL_UPDATES);
		struct error err = { 0 };
		struct vm *vm = NULL;
		int r;

		fake_kvm_fail(f, n, EIO);
		r = vm_launch(fake_kvm_sys(f), &platform_snp, p, &fixture_quiet, &vm, &err);
		vm_free(vm);
		cr_assert_not_null(fake_kvm_failed(f), "no LAUNCH_UPDATE after the first page");
		if (r == 0 || !strstr(err.text, "LAUNCH_UPDATE"))
			continue;
		cr_assert_not_null(strstr(err.text, "region 'part' at 0xffff0000"), "%s", err.text);
		cr_assert_not_null(strstr(err.why, "in no other region"), "%s", err.why);
		/* The first call loads 8 of 16 pages. */
		cr_assert_eq(strstr(err.text, "page 0xffff8000") != NULL, seen == 1, "%s",
		             err.text);
		seen++;
	}
}

Test(refusal_load, without_an_id_block_none_is_blamed)
{
	static const struct {
		uint32_t status;
		const char *fix;
	} rows[] = { { SNP_STATUS_INVALID_PARAM, "guest_features" },
		     { SNP_STATUS_POLICY_FAILURE, "snp.policy" } };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sev_failure f = { EIO, rows[i].status };
		struct error err = { 0 };

		cr_assert_eq(refusal_finish(&err, p, f), -EIO);
		cr_assert_eq(err.kind, ERROR_FIRMWARE_REFUSED);
		cr_assert_null(strstr(err.fix, "id_auth"), "%s", err.fix);
		cr_assert_not_null(strstr(err.fix, rows[i].fix), "%s", err.fix);
	}
}
