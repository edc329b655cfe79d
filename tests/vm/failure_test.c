/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/failure_test.c: each call of a launch fails once; each failure is reported and leaves
 * nothing behind.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/log.h"
#include "core/vm/abi.h"
#include "core/vm/launch.h"
#include "tests/fake/fixture.h"

#define ANY ((unsigned long)-1)

/* Calls that may fail: those that clean up, and those with a fallback. */
static const struct survivable {
	enum fake_call_kind kind;
	unsigned long request, argument;
	int errnum; /* 0: any */
} survivable[] = {
	{ FAKE_CLOSE, ANY, ANY, 0 },
	{ FAKE_UNMAP, ANY, ANY, 0 },
	{ FAKE_IOCTL, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD_FLAGS,
	  0 },                                        /* anonymous memory instead */
	{ FAKE_HUGE, ANY, ANY, 0 },                   /* small pages work, too */
	{ FAKE_IOCTL, KVM_PRE_FAULT_MEMORY, ANY, 0 }, /* without it, a guest starts more slowly */
	{ FAKE_IOCTL, KVM_CREATE_VM, ANY, EINTR },
	{ FAKE_IOCTL, KVM_SET_USER_MEMORY_REGION, 0, 0 }, /* a slot removed at the end */
	{ FAKE_IOCTL, KVM_SET_MEMORY_ATTRIBUTES, ANY, EINTR },
	{ FAKE_IOCTL, KVM_SET_MEMORY_ATTRIBUTES, ANY, EAGAIN },
	{ FAKE_IOCTL, KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_LAUNCH_UPDATE, EINTR },
	{ FAKE_IOCTL, KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_LAUNCH_UPDATE, EAGAIN },
};

static bool survives(const struct fake_call *c, int errnum)
{
	for (size_t i = 0; i < ARRAY_SIZE(survivable); i++) {
		const struct survivable *s = &survivable[i];

		if (s->kind == c->kind && (s->request == ANY || s->request == c->request) &&
		    (s->argument == ANY || s->argument == c->argument) &&
		    (s->errnum == 0 || s->errnum == errnum))
			return true;
	}
	return false;
}

struct walk {
	const struct platform *on;
	const struct plan *plan;
	unsigned flags;
	int errnum;
	uint32_t status; /* the firmware's, for SEV commands */
};

/*
 * What the error must name: the firmware's status, the kernel's errno, or the missing capability.
 */
static void check_error(const struct walk *w, unsigned n, const struct fake_call *c,
                        const struct error *err)
{
	bool sev = c->kind == FAKE_IOCTL && c->request == KVM_MEMORY_ENCRYPT_OP;
	bool asked = c->kind == FAKE_IOCTL && c->request == KVM_CHECK_EXTENSION;

	cr_assert_neq(err->kind, ERROR_NONE, "call %u", n);
	cr_assert_neq(err->text[0], '\0', "call %u", n);
	cr_assert_str_not_empty(err->why, "call %u: %s", n, err->text);
	cr_assert_str_not_empty(err->fix, "call %u: %s", n, err->text);
	if (sev && w->status) {
		cr_assert_eq(err->kind, ERROR_FIRMWARE_REFUSED, "call %u: %s", n, err->text);
		cr_assert_not_null(strstr(err->text, "firmware says"), "call %u: %s", n, err->text);
	} else if (!asked) {
		cr_assert_eq(err->code, -w->errnum, "call %u: %s", n, err->text);
		cr_assert_not_null(strstr(err->text, strerror(w->errnum)), "call %u: %s", n,
		                   err->text);
	}
}

/* A launch whose n-th call fails; false: it has fewer calls. */
static bool step(const struct walk *w, unsigned n)
{
	auto_fake struct fake_kvm *f = fake_kvm_new(w->flags);
	const struct fake_call *c;
	struct error err = { 0 };
	struct vm *vm = NULL;
	int r;

	fake_kvm_fail(f, n, w->errnum);
	fake_kvm_fail_status(f, w->status);
	r = vm_launch(fake_kvm_sys(f), w->on, w->plan, &fixture_quiet, &vm, &err);
	cr_assert_eq(r == 0, vm != NULL);
	if (r == 0)
		vm_free(vm);
	c = fake_kvm_failed(f);
	cr_assert_str_empty(fake_kvm_complaint(f), "call %u: %s", n, fake_kvm_complaint(f));
	if (!c) {
		cr_assert_eq(r, 0, "%s", err.text);
		return false;
	}
	cr_assert_eq(r == 0, survives(c, w->errnum), "call %u (kind %d, 0x%lx, %llu): %s", n,
	             c->kind, c->request, (unsigned long long)c->argument, err.text);
	/* Only a mapping that could not be removed may stay. */
	cr_assert_eq(fake_kvm_leaks(f), c->kind == FAKE_UNMAP ? 1u : 0u, "call %u leaves %u behind",
	             n, fake_kvm_leaks(f));
	if (r < 0) {
		cr_assert_eq(err.code, r);
		check_error(w, n, c, &err);
	}
	return true;
}

static void walk_plan(const struct platform *on, const struct plan *p, unsigned flags,
                      uint32_t status)
{
	static const int errnums[] = { EIO, ENOMEM, EINVAL, EBUSY, EPERM, EAGAIN, EINTR };

	log_set_level(LOG_QUIET);
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		struct walk w = { on, p, flags, errnums[i], status };
		unsigned n = 1;

		while (step(&w, n))
			n++;
		cr_assert_gt(n, 30u, "so few calls can't be a launch");
		fixture_no_leaks();
		if (status)
			break;
	}
}

static void walk(const struct platform *on, unsigned flags, uint32_t status)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;

	s.vcpus = 2;
	s.shared_blob = true;
	s.settings.ap_creation = s.settings.prefault = s.settings.mtrrs_on = true;
	p = fixture_plan(&s);
	walk_plan(on, p, flags, status);
}

static void walk_direct(const struct platform *on, unsigned flags, uint32_t status)
{
	struct fixture_direct d = fixture_direct(on, 2);

	walk_plan(on, d.plan, flags, status);
	fixture_direct_fini(&d);
}

Test(failure, of_any_call_of_an_snp_launch_is_told_and_leaves_nothing)
{
	walk(&platform_snp, 0, 0);
}

Test(failure, of_any_call_with_partial_updates_is_told_and_leaves_nothing)
{
	walk(&platform_snp, FAKE_PARTIAL_UPDATES, 0);
}

Test(failure, of_any_call_with_a_firmware_status_names_the_status)
{
	walk(&platform_snp, 0, 0x17);
}

/* INVALID_PARAM without a corrected page: a second try is pointless. */
Test(failure, with_invalid_param_does_not_loop_over_the_cpuid_page)
{
	walk(&platform_snp, 0, 0x16);
}

Test(failure, while_a_cpuid_page_is_corrected_is_told_and_leaves_nothing)
{
	walk(&platform_snp, FAKE_CPUID_REFUSED_ONCE, 0);
}

Test(failure, of_any_call_of_a_plain_launch_is_told_and_leaves_nothing)
{
	walk(&platform_kvm, FAKE_NO_SNP, 0);
}

Test(failure, of_any_call_of_a_plain_launch_on_guest_memfd_is_told_and_leaves_nothing)
{
	walk(&platform_kvm, FAKE_GMEM_MMAP, 0);
}

Test(failure, of_any_call_of_a_direct_boot_is_told_and_leaves_nothing)
{
	walk_direct(&platform_snp, 0, 0);
}

Test(failure, of_any_call_of_a_direct_boot_with_partial_updates_is_told_and_leaves_nothing)
{
	walk_direct(&platform_snp, FAKE_PARTIAL_UPDATES, 0);
}

Test(failure, of_any_call_of_a_direct_boot_with_a_firmware_status_names_the_status)
{
	walk_direct(&platform_snp, 0, 0x17);
}

Test(failure, of_any_call_of_a_plain_direct_boot_is_told_and_leaves_nothing)
{
	walk_direct(&platform_kvm, FAKE_NO_SNP, 0);
}

Test(failure, of_any_call_of_a_plain_direct_boot_on_guest_memfd_is_told_and_leaves_nothing)
{
	walk_direct(&platform_kvm, FAKE_GMEM_MMAP, 0);
}
