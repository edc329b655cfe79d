/* SPDX-License-Identifier: MIT */
/* tests/base/thread_test.c: helpers do their job, or say that they can't. */
#include "core/base/thread.h"

#include <criterion/criterion.h>
#include <sched.h>

static void set(void *self)
{
	*(int *)self = 7;
}

Test(helper, that_is_finished_has_done_its_job_or_never_will)
{
	for (int i = 0; i < 200; i++) {
		int value = 0;
		struct helper *h = helper_start(set, &value);

		cr_assert(h || helper_cpus() == 1);
		cr_assert_eq(helper_finish(h), value == 7);
	}
}

Test(helper, is_not_started_where_one_processor_is_allowed)
{
	int value = 0;
	cpu_set_t one;

	CPU_ZERO(&one);
	cr_assert_geq(sched_getcpu(), 0);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	cr_expect_eq(helper_cpus(), 1);
	cr_expect_null(helper_start(set, &value));
}
