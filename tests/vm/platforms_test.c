/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/platforms_test.c: on an unsuitable host the error says what is missing and how to get
 * it; no other platform is tried.
 */
#include "core/vm/platforms.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/vm/abi.h"
#include "core/vm/launch.h"
#include "tests/fake/fixture.h"

static int launch(struct fake_kvm *f, const struct platform *on, const struct fixture *s,
                  struct error *err)
{
	auto_plan const struct plan *p = fixture_plan(s);
	struct vm *vm = NULL;
	int r = vm_launch(fake_kvm_sys(f), on, p, &fixture_quiet, &vm, err);

	vm_free(vm);
	return r;
}

Test(platforms, are_found_by_the_manifests_spelling)
{
	cr_assert_eq(platform_named("snp"), &platform_snp);
	cr_assert_eq(platform_named("kvm"), &platform_kvm);
	cr_assert_null(platform_named("SNP"));
	cr_assert_null(platform_named(""));
}

Test(platforms, a_missing_device_has_a_kind_a_cause_and_a_cure)
{
	static const struct {
		const char *path;
		int errnum;
		enum reason kind;
		const char *fix;
	} rows[] = {
		{ "/dev/kvm", ENOENT, ERROR_HOST_UNSUPPORTED, "modprobe kvm_amd" },
		{ "/dev/kvm", ENXIO, ERROR_HOST_UNSUPPORTED, "modprobe kvm_amd" },
		{ "/dev/kvm", EACCES, ERROR_HOST_PERMISSION, "group 'kvm'" },
		{ "/dev/kvm", EPERM, ERROR_HOST_PERMISSION, "group 'kvm'" },
		{ "/dev/sev", ENOENT, ERROR_HOST_UNSUPPORTED, "modprobe ccp" },
		{ "/dev/sev", EACCES, ERROR_HOST_PERMISSION, "udev rule" },
		{ "/dev/sev", EPERM, ERROR_HOST_PERMISSION, "udev rule" },
		{ "/dev/sev", EBUSY, ERROR_HOST_BUSY, "fuser" },
	};
	struct fixture s = fixture_default();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct error err = { 0 };
		const char *fix;

		fake_kvm_open_fails(f, rows[i].path, rows[i].errnum);
		cr_assert_eq(launch(f, &platform_snp, &s, &err), -rows[i].errnum, "row %zu", i);
		cr_assert_eq(err.kind, rows[i].kind, "row %zu: %s", i, err.text);
		cr_assert_not_null(strstr(err.text, rows[i].path), "row %zu: %s", i, err.text);
		/* Advice about groups or udev rules doesn't help root. */
		fix = err.kind == ERROR_HOST_PERMISSION && geteuid() == 0 ? "pass /dev/"
		                                                          : rows[i].fix;
		cr_assert_not_null(strstr(err.fix, fix), "row %zu: %s", i, err.fix);
		cr_assert(geteuid() != 0 || !strstr(err.fix, "group"), "row %zu: %s", i, err.fix);
		cr_assert(err.why[0] || err.kind == ERROR_HOST_PERMISSION, "row %zu", i);
		cr_assert_eq(fake_kvm_leaks(f), 0u);
	}
}

/* Platform kvm doesn't use /dev/sev. */
Test(platforms, a_plain_vm_needs_no_sev_device)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_NO_SNP);

	fake_kvm_open_fails(f, "/dev/sev", EACCES);
	fixture_end(f, fixture_launch(f, &platform_kvm, p, &fixture_quiet));
}

Test(platforms, snp_is_never_traded_for_another_kind_of_vm)
{
	struct fixture s = fixture_default();
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_NO_SNP);
	struct error err = { 0 };

	cr_assert_lt(launch(f, &platform_snp, &s, &err), 0);
	cr_assert_eq(err.kind, ERROR_HOST_UNSUPPORTED);
	cr_assert_not_null(strstr(err.text, "'snp'"), "%s", err.text);
	cr_assert_not_null(strstr(err.why, "kvm_amd.sev_snp"), "%s", err.why);
	cr_assert_not_null(strstr(err.fix, "--platform kvm"), "%s", err.fix);
	cr_assert_eq(fake_kvm_vm_types(f), 0u, "no VM of any type");
	cr_assert_eq(fake_kvm_leaks(f), 0u);
}

Test(platforms, kvm_that_refuses_the_type_after_all_is_not_asked_for_another)
{
	struct fixture s = fixture_default();
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };
	unsigned n = 0;

	/* The number of the call of KVM_CREATE_VM. */
	do {
		fake_kvm_free(f);
		f = fake_kvm_new(0);
		fake_kvm_fail(f, ++n, EINVAL);
		cr_assert_lt(launch(f, &platform_snp, &s, &err), 0);
	} while (fake_kvm_failed(f)->request != KVM_CREATE_VM);
	cr_assert_not_null(strstr(err.text, "type 4"), "%s", err.text);
	cr_assert_eq(fake_kvm_failed(f)->argument, KVM_X86_SNP_VM);
	cr_assert_eq(fake_kvm_vm_types(f), 0u, "the refused call is the only one");
}

/* Each capability that a platform needs, missing one at a time. */
Test(platforms, every_missing_capability_is_named)
{
	struct fixture s = fixture_default();
	unsigned needs = 0;

	for (unsigned n = 1;; n++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct error err = { 0 };
		int r;

		fake_kvm_fail(f, n, EINVAL);
		r = launch(f, &platform_snp, &s, &err);
		if (!fake_kvm_failed(f) || fake_kvm_failed(f)->request == KVM_CREATE_VM)
			break;
		if (fake_kvm_failed(f)->request != KVM_CHECK_EXTENSION)
			continue;
		cr_assert_lt(r, 0);
		cr_assert_eq(err.kind, ERROR_HOST_UNSUPPORTED, "%s", err.text);
		cr_assert_not_null(strstr(err.text, platform_snp.requirements[needs].what), "%s",
		                   err.text);
		cr_assert_eq(fake_kvm_failed(f)->argument,
		             (uint64_t)platform_snp.requirements[needs].capability);
		cr_assert_str_not_empty(err.why);
		cr_assert_str_not_empty(err.fix);
		needs++;
	}
	cr_assert_eq(needs, 6u, "%u capabilities were asked for", needs);
	cr_assert_null(platform_snp.requirements[needs].what);
}

Test(platforms, page_tables_for_another_c_bit_are_refused_before_a_page_is_loaded)
{
	static const unsigned wanted[] = { 47, FAKE_C_BIT, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct fixture s = fixture_default();
		struct error err = { 0 };
		int r;

		s.settings.c_bit = wanted[i];
		r = launch(f, &platform_snp, &s, &err);
		cr_assert_eq(r < 0, wanted[i] == 47, "C-bit %u: %s", wanted[i], err.text);
		if (r == 0)
			continue;
		cr_assert_eq(err.kind, ERROR_HOST_UNSUPPORTED);
		cr_assert_not_null(strstr(err.text, "47"), "%s", err.text);
		cr_assert_not_null(strstr(err.text, "51"), "%s", err.text);
		cr_assert_null(fake_kvm_measurement(f));
	}
}
