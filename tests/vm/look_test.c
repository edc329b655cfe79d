/* SPDX-License-Identifier: MIT */
/* tests/vm/look_test.c: where a guest was when its run ended, and what its memory holds. */
#include "core/vm/look.h"

#include <criterion/criterion.h>
#include <linux/kvm.h>

#include "core/base/array.h"
#include "core/vm/run.h"
#include "tests/fake/fixture.h"

static struct fake_exit at(uint64_t rip, struct fake_exit e)
{
	e.rip = rip;
	return e;
}

/* Runs a guest of two vCPUs to its end, and says where they were. */
static struct outcome run(const struct platform *on, const struct fake_exit *exits, size_t n,
                          bool known[2], struct vm_position ret[2])
{
	const struct run_limits limits = { .timeout_ms = 60000, .input_fd = -1 };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct outcome o = { 0 };
	struct error err = { 0 };
	struct vm *vm;

	s.vcpus = 2;
	s.bsp = fixture_long_mode();
	s.bsp.cr3 = 0x2000; /* without a C-bit */
	p = fixture_plan(&s);
	vm = fixture_launch(f, on, p, &fixture_quiet);
	fake_kvm_script(f, 1, exits, n);
	cr_assert_eq(vm_run(vm, &limits, &o, &err), 0, "%s", err.text);
	cr_assert_eq(vm_vcpus(vm), 2);
	for (unsigned i = 0; i < 2; i++)
		known[i] = vm_position(vm, i, &ret[i]);
	cr_assert_not(vm_position(vm, 2, &ret[0]));
	if (on == &platform_kvm) {
		cr_assert_not_null(vm_look(vm, 0x1000, 0x1000));
		cr_assert_null(vm_look(vm, 0x1000, UINT64_MAX));
		cr_assert_null(vm_look(vm, 0xfffffffffffff000, 0x1000));
	} else {
		cr_assert_null(vm_look(vm, 0x1000, 0x1000), "private memory");
	}
	fixture_end(f, vm);
	return o;
}

Test(look, the_vcpu_that_ended_the_run_is_named_with_its_instruction)
{
	const struct fake_exit exits[] = { at(0x1234, fake_reason(KVM_EXIT_INTERNAL_ERROR, 1)) };
	struct vm_position p[2];
	bool known[2];
	struct outcome o = run(&platform_kvm, exits, ARRAY_SIZE(exits), known, p);

	cr_assert_eq(o.kind, KVM_INTERNAL);
	cr_assert_eq(o.vcpu, 1);
	cr_assert(known[0] && known[1]);
	cr_assert_eq(p[1].rip & 0xffff, 0x1234);
	cr_assert_not(p[1].is_earlier);
	/* the second has no paging yet; the first is where an OS would be */
	cr_assert(p[1].is_physical);
	cr_assert_not(p[0].is_physical);
}

Test(look, after_a_triple_fault_it_is_that_of_the_exit_before)
{
	const struct fake_exit exits[] = { at(0x1234, fake_out(0x80, 1, 0)),
		                           at(0x5678, fake_reason(KVM_EXIT_SHUTDOWN, 0)) };
	struct vm_position p[2];
	bool known[2];
	struct outcome o = run(&platform_kvm, exits, ARRAY_SIZE(exits), known, p);

	cr_assert_eq(o.kind, GUEST_SHUTDOWN);
	cr_assert(known[1] && p[1].is_earlier);
	cr_assert_eq(p[1].rip, 0x1234);

	/* without one there is nothing to tell: the reset vector would be a lie */
	o = run(&platform_kvm, exits + 1, 1, known, p);
	cr_assert_eq(o.kind, GUEST_SHUTDOWN);
	cr_assert_not(known[1]);
}

Test(look, a_protected_guest_shows_nothing)
{
	const struct fake_exit exits[] = { at(0x1234, fake_reason(KVM_EXIT_SHUTDOWN, 0)) };
	struct vm_position p[2];
	bool known[2];

	run(&platform_snp, exits, 1, known, p);
	cr_assert_not(known[0] || known[1]);
}
