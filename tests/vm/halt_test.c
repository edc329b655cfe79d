/* SPDX-License-Identifier: MIT */
/* tests/vm/halt_test.c: a guest that will never run again is ended, one that may run is not. */
#include "core/vm/halt.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/kvm.h>

#include "core/base/array.h"
#include "core/vm/run.h"
#include "tests/fake/fixture.h"

/* Time for several looks; and a limit that only a run which should have ended reaches. */
enum { SOON_MS = 900, NEVER_MS = 120000 };

/*
 * A run in which each vCPU does one thing. Starting with a zero field: nothing, the vCPU stays as
 * KVM created it.
 */
static struct outcome run(unsigned flags, const struct platform *on, const struct fake_exit *does,
                          unsigned vcpus, unsigned limit_ms, struct stats_report *ret)
{
	const struct run_limits limits = { .timeout_ms = limit_ms, .input_fd = -1 };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *f = fake_kvm_new(flags);
	struct outcome o = { 0 };
	struct error err = { 0 };
	struct vm *vm;

	s.vcpus = vcpus;
	p = fixture_plan(&s);
	vm = fixture_launch(f, on, p, &fixture_quiet);
	for (unsigned i = 0; i < vcpus; i++)
		if (does[i].wait || does[i].reason || does[i].rise)
			fake_kvm_script(f, i, &does[i], 1);
	cr_assert_eq(vm_run(vm, &limits, &o, &err), 0, "%s", err.text);
	if (ret)
		stats_report(vm, ret);
	fixture_end(f, vm);
	return o;
}

Test(halt, all_vcpus_halted_with_interrupts_off_end_the_run)
{
	const struct fake_exit does[] = { fake_halt(), fake_halt(), fake_halt() };
	const struct platform *const on[] = { &platform_snp, &platform_kvm };

	for (size_t i = 0; i < ARRAY_SIZE(on); i++)
		for (unsigned n = 1; n <= ARRAY_SIZE(does); n++) {
			struct outcome o = run(0, on[i], does, n, NEVER_MS, NULL);

			cr_expect_eq(o.kind, GUEST_HALTED, "%s", o.detail);
		}
}

Test(halt, vcpus_that_were_never_started_do_not_count)
{
	const struct fake_exit does[3] = { fake_halt() };

	cr_expect_eq(run(0, &platform_snp, does, 3, NEVER_MS, NULL).kind, GUEST_HALTED);
}

Test(halt, whoever_may_go_on_keeps_the_run_alive)
{
	const struct fake_exit rows[][2] = {
		{ fake_wait() },                    /* halted, interrupts on */
		{ fake_halt(), fake_wait() },       /* one of them */
		{ fake_wait(), fake_halt() },       /* the other */
		{ fake_halt(), fake_until_irq(1) }, /* a failing KVM_GET_MP_STATE */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		cr_expect_eq(run(0, &platform_snp, rows[i], 1 + (i > 0), SOON_MS, NULL).kind,
		             RUN_TIMED_OUT, "row %zu", i);
}

Test(halt, where_kvm_does_not_tell_the_limit_ends_it)
{
	const struct fake_exit does = fake_halt();

	cr_expect_eq(run(FAKE_NO_MP_STATE, &platform_snp, &does, 1, SOON_MS, NULL).kind,
	             RUN_TIMED_OUT);
}

Test(halt, looking_is_no_exit_of_the_guest)
{
	const struct fake_exit does[] = { fake_wait(), fake_wait() };
	struct stats_report r;

	cr_expect_eq(run(0, &platform_snp, does, 2, SOON_MS, &r).kind, RUN_TIMED_OUT);
	cr_expect_leq(r.exits[EXIT_KICK], 2u, "%llu", (unsigned long long)r.exits[EXIT_KICK]);
	cr_expect_leq(r.total, 2u);
}
