/* SPDX-License-Identifier: MIT */
/* tests/vm/signals_test.c: the first signal is recorded, the second kills. */
#include "core/vm/signals.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/vm/outcome.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static bool readable(void)
{
	struct pollfd fd = { .fd = signals_fd(), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

/* Under nohup(1) or in the background of a shell, some are ignored from the start. */
static void none_ignored(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
}

TestSuite(signals, .init = none_ignored);

Test(signals, notes_the_first_signal)
{
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		cr_assert_eq(signals_begin(&err), 1);
		cr_expect_eq(stop_signo(), 0);
		cr_expect_not(readable());
		raise(signals[i]);
		cr_expect_eq(stop_signo(), signals[i]);
		cr_expect(readable());
		signals_end();
		cr_expect_eq(stop_signo(), 0);
	}
}

Test(signals, begins_once)
{
	struct error err = { 0 };

	cr_expect_eq(signals_begin(&err), 1);
	cr_expect_eq(signals_begin(&err), 0);
	raise(SIGTERM);
	cr_expect_eq(signals_begin(&err), 0);
	cr_expect_eq(stop_signo(), SIGTERM);
	signals_end();
	signals_end();
	cr_expect_eq(signals_fd(), -1);
}

Test(signals, a_second_signal_of_the_same_kind_kills, .signal = SIGTERM)
{
	struct error err = { 0 };

	cr_assert_eq(signals_begin(&err), 1);
	raise(SIGTERM);
	raise(SIGTERM);
	cr_assert_fail("still there");
}

Test(signals, a_second_signal_of_another_kind_kills, .signal = SIGHUP)
{
	struct error err = { 0 };

	cr_assert_eq(signals_begin(&err), 1);
	raise(SIGINT);
	raise(SIGHUP);
	cr_assert_fail("still there");
}

Test(signals, what_is_ignored_stays_ignored)
{
	struct error err = { 0 };

	signal(SIGHUP, SIG_IGN);
	cr_assert_eq(signals_begin(&err), 1);
	raise(SIGHUP);
	cr_expect_eq(stop_signo(), 0);
	raise(SIGTERM);
	raise(SIGHUP); /* not even after another one */
	cr_expect_eq(stop_signo(), SIGTERM);
	signals_end();
}

Test(signals, a_run_in_the_background_is_not_stopped_for_using_the_terminal)
{
	static const int job[] = { SIGTTIN, SIGTTOU };
	struct error err = { 0 };
	struct sigaction now;

	for (size_t i = 0; i < ARRAY_SIZE(job); i++)
		signal(job[i], SIG_DFL);
	cr_assert_eq(signals_begin(&err), 1);
	for (size_t i = 0; i < ARRAY_SIZE(job); i++)
		raise(job[i]); /* by default it would stop here */
	signals_end();
	for (size_t i = 0; i < ARRAY_SIZE(job); i++)
		cr_expect(sigaction(job[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL);
}

Test(signals, the_time_limit_comes_as_a_signal)
{
	struct error err = { 0 };
	struct outcome o;
	struct pollfd fd;

	cr_assert_eq(signals_begin(&err), 1);
	signals_limit(20);
	fd = (struct pollfd){ .fd = signals_fd(), .events = POLLIN };
	while (poll(&fd, 1, -1) < 1)
		;
	cr_expect_eq(stop_signo(), SIGALRM);
	signals_outcome(&o, " before the launch");
	cr_expect_eq(o.kind, RUN_TIMED_OUT);
	cr_expect_eq(o.code, 20);
	cr_expect_str_eq(o.detail,
	                 "the whole command's time limit of 0.020 s was reached before the launch");
	signals_end();
}

Test(signals, the_time_limit_does_not_kill_a_run_that_is_ending)
{
	struct error err = { 0 };
	struct outcome o;

	cr_assert_eq(signals_begin(&err), 1);
	raise(SIGTERM);
	raise(SIGALRM);
	cr_expect_eq(stop_signo(), SIGTERM);
	signals_outcome(&o, "");
	cr_expect_eq(o.kind, RUN_SIGNALLED);
	cr_expect_eq(o.code, SIGTERM);
	cr_expect_str_eq(o.detail, "ended by SIGTERM");
	signals_end();
}

Test(signals, a_signal_after_the_time_limit_kills, .signal = SIGTERM)
{
	struct error err = { 0 };

	cr_assert_eq(signals_begin(&err), 1);
	raise(SIGALRM);
	raise(SIGTERM);
	cr_assert_fail("still there");
}

Test(signals, no_limit_is_left_behind)
{
	struct error err = { 0 };
	struct sigaction now;

	cr_assert_eq(signals_begin(&err), 1);
	signals_limit(20);
	signals_end();
	poll(NULL, 0, 60); /* by default the signal would kill */
	cr_expect(sigaction(SIGALRM, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
}

Test(signals, in_a_child_those_after_the_first_change_nothing)
{
	struct error err = { 0 };

	cr_assert_eq(signals_begin(&err), 1);
	cr_assert_eq(signals_follow(&err), 1);
	cr_expect_eq(stop_signo(), 0);
	raise(SIGTERM);
	raise(SIGINT);
	raise(SIGTERM);
	cr_expect_eq(stop_signo(), SIGTERM);
	signals_end();
}
