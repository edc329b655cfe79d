/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/refusal_snp_test.c: what made an SEV command fail is named, with the value to use
 * instead.
 */
#include "core/vm/refusal_snp.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"
#include "core/vm/sys.h"
#include "tests/fake/fixture.h"

static int launch(struct fake_kvm *f, uint64_t policy, uint64_t features, struct error *err)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	struct vm *vm = NULL;
	int r;

	s.settings.policy = policy;
	s.settings.sev_features = features;
	p = fixture_plan(&s);
	r = vm_launch(fake_kvm_sys(f), &platform_snp, p, &fixture_quiet, &vm, err);
	vm_free(vm);
	cr_assert_str_empty(fake_kvm_complaint(f), "%s", fake_kvm_complaint(f));
	cr_assert_eq(fake_kvm_leaks(f), 0u);
	return r;
}

/* Each part, separated by '|', must be in the text. */
static void has(const char *text, const char *parts)
{
	char copy[256], *rest = copy;

	snprintf(copy, sizeof(copy), "%s", parts);
	for (char *part = strsep(&rest, "|"); part; part = strsep(&rest, "|"))
		cr_expect_not_null(strstr(text, part), "no '%s' in '%s'", part, text);
}

Test(refusal_snp, a_policy_that_kvm_refuses_is_told_bit_by_bit)
{
	static const struct {
		unsigned flags;
		uint64_t policy;
		const char *why, *not, *fix;
	} rows[] = {
		{ 0, 0x20000, "0x20000|smt not being allowed", "bit", "0x30000|6.17" },
		{ 0, 0x130000, "single_socket (", "smt", "0x30000|6.17" },
		{ 0, 0x1a0000, "single_socket (|smt not being allowed", "debug", "0xb0000" },
		{ 0, 0x70000, "bit 18 (association with a migration agent", "smt", "0x30000" },
		/*
		 * A kernel that knows none of the newer bits may be 6.18, which accepts
		 * single_socket.
		 */
		{ 0, 0x1430000, "aes256_xts (|ciphertext_hiding (", "single_socket", "0x30000" },
		{ 0, 0x230000, "cxl_allow (", "aes256", "0x30000|6.19" },
		{ FAKE_POLICY_REPORTED, 0x70000, "bit 18 (", "firmware", "0x30000|no kernel" },
		{ FAKE_POLICY_REPORTED, 0x2020000, "firmware|page_swap_disable (", "smt",
		  "0x20000|update the SEV firmware" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(rows[i].flags);
		struct error err = { 0 };

		cr_assert_eq(launch(f, rows[i].policy, 1, &err), -EINVAL, "row %zu", i);
		cr_assert_eq(err.kind, ERROR_BAD_POLICY, "row %zu", i);
		has(err.text, "LAUNCH_START");
		has(err.why, rows[i].why);
		cr_expect_null(strstr(err.why, rows[i].not ), "row %zu: %s", i, err.why);
		has(err.fix, "snp.policy");
		has(err.fix, rows[i].fix);
	}
}

/* The proposed value is accepted. */
Test(refusal_snp, the_policy_proposed_launches)
{
	static const uint64_t policies[] = { 0x20000, 0x130000, 0x70000, 0x3f30000, 0x1a0000 };

	for (size_t i = 0; i < ARRAY_SIZE(policies); i++) {
		auto_fake struct fake_kvm *refuses = fake_kvm_new(0), *takes = fake_kvm_new(0);
		unsigned long long proposed = 0;
		struct error err = { 0 };

		cr_assert_lt(launch(refuses, policies[i], 1, &err), 0);
		cr_assert_eq(sscanf(err.fix, "write snp.policy: %llx", &proposed), 1, "%s",
		             err.fix);
		cr_assert_eq(launch(takes, proposed, 1, &err), 0, "%s", err.text);
	}
}

Test(refusal_snp, a_policy_that_the_firmware_refuses_is_held_against_the_platform)
{
	static const struct {
		uint64_t policy;
		const char *why, *not ;
	} rows[] = {
		{ 0x30138, "firmware API 1.56, this host has 1.55", "smt" },
		{ 0x30201, "firmware API 2.1, this host has 1.55", "smt" },
		{ 0x830137, "rapl_dis is set", "API" },
		{ 0x1030000, "ciphertext_hiding is set", "RAPL" },
		{ 0x1830138, "1.56|rapl_dis|ciphertext_hiding", "smt" },
		{ 0x320000, "cxl_allow (|single_socket (|smt not being allowed", "is set" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_POLICY_REPORTED);
		struct error err = { 0 };

		cr_assert_eq(launch(f, rows[i].policy, 1, &err), -EIO, "row %zu", i);
		cr_assert_eq(err.kind, ERROR_FIRMWARE_REFUSED, "row %zu", i);
		has(err.text, "LAUNCH_START|POLICY_FAILURE");
		has(err.why, rows[i].why);
		cr_expect_null(strstr(err.why, rows[i].not ), "row %zu: %s", i, err.why);
		has(err.fix, "snp.policy");
	}
}

Test(refusal_snp, features_that_kvm_does_not_offer_are_named)
{
	static const struct {
		uint64_t features;
		const char *why, *not, *fix;
	} rows[] = {
		{ 0x201, "bit 9 (Secure TSC)", "swapped", "snp.guest_features: 0x1," },
		{ 0x221, "bit 9 (Secure TSC)", "swapped", "snp.guest_features: 0x21," },
		{ 0x4002b, "virtual TOM|restricted injection|bit 18", "swapped", "0x21," },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct error err = { 0 };

		cr_assert_eq(launch(f, 0x30000, rows[i].features, &err), -EINVAL, "row %zu", i);
		cr_assert_eq(err.kind, ERROR_HOST_UNSUPPORTED, "row %zu", i);
		has(err.text, "SEV_INIT2");
		has(err.why, rows[i].why);
		cr_expect_null(strstr(err.why, rows[i].not ), "row %zu: %s", i, err.why);
		has(err.fix, rows[i].fix);
	}
}

/* A host on which every query fails: the sentences of the table stay. */
static int nobody_answers(void *self, int fd, unsigned long request, void *arg)
{
	(void)self;
	(void)fd;
	(void)request;
	(void)arg;
	return -ENXIO;
}

static void refused(unsigned asids, struct sev_failure f, bool start, struct error *err)
{
	struct kvm_sys sys = { .ioctl = nobody_answers };
	struct vm vm = { .sys = &sys, .asids = asids };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	int r;

	s.settings.sev_features = 0x201;
	s.settings.policy = 0xb0000;
	p = fixture_plan(&s);
	r = start ? refusal_start(err, &vm, p, f) : refusal_init2(err, &vm, p, f);
	cr_assert_eq(r, -f.errnum);
	cr_assert_str_not_empty(err->why);
	cr_assert_str_not_empty(err->fix);
}

Test(refusal_snp, where_nobody_answers_the_general_cause_is_left)
{
	struct error err = { 0 };

	refused(0, (struct sev_failure){ EINVAL, 0 }, false, &err);
	has(err.why, "snp.guest_features");
	refused(0, (struct sev_failure){ EBUSY, 0 }, false, &err);
	has(err.why, "all ASIDs");
	refused(0, (struct sev_failure){ EINVAL, 0 }, true, &err);
	has(err.why,
	    /* as for kernels that don't report what they accept */
	    "KVM accepts snp.policy 0xb0000");
	cr_assert_eq(err.kind, ERROR_KVM);
	refused(0, (struct sev_failure){ EIO, SNP_STATUS_POLICY_FAILURE }, true, &err);
	has(err.why, "this platform doesn't meet a requirement of snp.policy");
}

Test(refusal_snp, a_full_pool_of_asids_is_counted)
{
	struct error err = { 0 };

	refused(FAKE_ASIDS, (struct sev_failure){ EBUSY, 0 }, false, &err);
	cr_assert_eq(err.kind, ERROR_HOST_BUSY);
	has(err.why, "all 99 ASIDs|misc.max|sev_es");
}

/* The number comes from the host's CPUID, before it is filtered for the guest. */
Test(refusal_snp, the_pool_of_asids_is_the_hosts)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);

	cr_assert_eq(vm->asids, (unsigned)FAKE_ASIDS);
	fixture_end(f, vm);
}

/* A firmware status on SEV_INIT2 isn't replaced by a cause in the kernel. */
Test(refusal_snp, a_status_comes_before_an_errno)
{
	struct error err = { 0 };

	refused(FAKE_ASIDS, (struct sev_failure){ EBUSY, 0x17 }, false, &err);
	cr_assert_eq(err.kind, ERROR_FIRMWARE_REFUSED);
	has(err.text, "RESOURCE_LIMIT");
	cr_assert_str_eq(err.why, snp_status(0x17)->why);
}

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

	s.shared_blob = true;
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

static void page_refused(const struct launched *l, gpa_t gpa, gpa_t at, struct sev_failure f,
                         struct error *err)
{
	struct region r = { gpa, 16 * PAGE_SIZE, PAGE_DATA, NULL, "mine" };

	cr_assert_eq(refusal_update(err, l->vm, l->p, &r, at, f), -f.errnum);
	cr_assert_not_null(strstr(err->text, "region 'mine'"), "%s", err->text);
	cr_assert_not_null(strstr(err->text, "LAUNCH_UPDATE"), "%s", err->text);
	cr_assert_str_not_empty(err->why);
	cr_assert_str_not_empty(err->fix);
}

Test(refusal_snp, a_page_that_two_regions_have_names_the_other_one)
{
	static const struct sev_failure failures[] = { { EIO, 0 },
		                                       { EIO, SNP_STATUS_INVALID_PAGE_STATE } };
	struct launched l = launched();

	for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
		struct error err = { 0 };

		page_refused(&l, TWICE - PAGE_SIZE, TWICE, failures[i], &err);
		cr_assert_not_null(strstr(err.why, "region 'part' (0x20000..0x29000)"), "%s",
		                   err.why);
		cr_assert_not_null(strstr(err.text, "page 0x21000"), "%s", err.text);
		cr_assert_not_null(strstr(err.text, "region 'mine' at 0x20000"), "%s", err.text);
	}
	end(&l);
}

Test(refusal_snp, a_page_without_memory_or_in_shared_memory_is_told)
{
	struct launched l = launched();
	struct error err = { 0 };

	page_refused(&l, 0x800000, 0x800000, (struct sev_failure){ EINVAL, 0 }, &err);
	cr_assert_not_null(strstr(err.why, "no memory at 0x800000"), "%s", err.why);
	cr_assert_not_null(strstr(err.fix, "'memory'"), "%s", err.fix);
	cr_assert_null(strstr(err.text, "page 0x"), "%s", err.text);
	page_refused(&l, FIXTURE_BLOB, FIXTURE_BLOB + PAGE_SIZE, (struct sev_failure){ EINVAL, 0 },
	             &err);
	cr_assert_not_null(strstr(err.why, "0x10001000 (0x2000 bytes from 0x10000000 on)"), "%s",
	                   err.why);
	end(&l);
}

Test(refusal_snp, a_page_of_which_nothing_is_wrong_leaves_the_host)
{
	struct launched l = launched();
	struct error err = { 0 };

	page_refused(&l, 0x29000, 0x29000, (struct sev_failure){ EIO, 0 },
	             &err); /* right after a range */
	cr_assert_not_null(strstr(err.why, "in no other region"), "%s", err.why);
	cr_assert_not_null(strstr(err.fix, "'memory'"), "%s", err.fix);
	page_refused(&l, 0x50000, 0x50000,
	             (struct sev_failure){ EIO, SNP_STATUS_INVALID_PAGE_STATE }, &err);
	cr_assert_not_null(strstr(err.why, "no other region"), "%s", err.why);
	end(&l);
}

/* Firmware statuses about something other than the page's state aren't replaced. */
Test(refusal_snp, another_status_keeps_its_own_cause)
{
	struct launched l = launched();
	struct error err = { 0 };

	page_refused(&l, TWICE, TWICE, (struct sev_failure){ EIO, 0x09 }, &err);
	cr_assert_str_eq(err.why, snp_status(0x09)->why);
	end(&l);
}

/* The region itself is not named as the other one; the page is the one that failed. */
Test(refusal_snp, the_page_that_failed_is_told_by_the_launch)
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

Test(refusal_snp, without_an_id_block_none_is_blamed)
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
