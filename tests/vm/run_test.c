/* SPDX-License-Identifier: MIT */
/* tests/vm/run_test.c: threads, signals, limits and the console of a run, which always ends. */
#include "core/vm/run.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/file.h"
#include "core/vm/signals.h"
#include "tests/fake/fixture.h"

#define EXIT_PORT 0xf4
#define COM1      0x3f8
#define LINE      "0123456789 the quick brown fox jumps over the lazy dog 0123456\n"

/* Under nohup(1) or in the background of a shell, some are ignored from the start. */
static void none_ignored(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

TestSuite(run, .init = none_ignored);

struct running {
	struct fake_kvm *f;
	const struct plan *p;
	struct vm *vm;
};

static struct running launch(unsigned vcpus, int serial_fd)
{
	struct vm_devices d = { .streams[STREAM_SERIAL].fd = serial_fd,
		                .exit_port_given = true,
		                .exit_port = 0xf4 };
	struct fixture s = fixture_default();
	struct running r = { .f = fake_kvm_new(0) };

	s.vcpus = vcpus;
	r.p = fixture_plan(&s);
	r.vm = fixture_launch(r.f, &platform_snp, r.p, &d);
	return r;
}

static void end(struct running *r)
{
	fixture_end(r->f, r->vm);
	plan_free(r->p);
	fake_kvm_free(r->f);
}

static struct outcome run(struct running *r, uint64_t timeout_ms, int input_fd)
{
	struct run_limits limits = { .timeout_ms = timeout_ms, .input_fd = input_fd };
	struct outcome o = { 0 };
	struct error err = { 0 };

	cr_assert_eq(vm_run(r->vm, &limits, &o, &err), 0, "%s", err.text);
	return o;
}

Test(run, a_vcpu_inside_kvm_run_is_kicked_out_when_another_ends_the_run)
{
	for (unsigned who = 0; who < 4; who++) {
		const struct fake_exit last = fake_out(EXIT_PORT, 1, 40 + who);
		struct running r = launch(4, -1); /* the other three wait until they are kicked */
		struct outcome o;

		fake_kvm_script(r.f, who, &last, 1);
		o = fixture_run(r.vm);
		cr_assert_eq(o.kind, GUEST_EXITED);
		cr_assert_eq(o.code, 40u + who);
		end(&r);
	}
}

/* The outcomes of the others come too late: one while it is being kicked out, one never. */
Test(run, the_first_verdict_wins)
{
	const struct fake_exit late = fake_late(fake_reason(KVM_EXIT_SHUTDOWN, 0));
	const struct fake_exit never[] = { fake_wait(), fake_reason(KVM_EXIT_SHUTDOWN, 0) };
	const struct fake_exit first = fake_out(EXIT_PORT, 1, 9);
	struct running r = launch(4, -1);
	struct outcome o;

	fake_kvm_script(r.f, 0, &late, 1);
	fake_kvm_script(r.f, 1, never, ARRAY_SIZE(never));
	fake_kvm_script(r.f, 2, &first, 1);
	o = fixture_run(r.vm);
	cr_assert_eq(o.kind, GUEST_EXITED, "%s", o.detail);
	cr_assert_eq(o.code, 9u);
	end(&r);
}

Test(run, many_verdicts_at_once_make_one)
{
	struct running r = launch(32, -1);
	struct outcome o;

	for (unsigned i = 0; i < 32; i++) {
		const struct fake_exit exits[] = { fake_in(0x3fd, 1, 1),
			                           fake_out(EXIT_PORT, 1, i) };

		fake_kvm_script(r.f, i, exits, ARRAY_SIZE(exits));
	}
	o = fixture_run(r.vm);
	cr_assert_eq(o.kind, GUEST_EXITED);
	cr_assert_lt(o.code, 32u);
	end(&r);
}

Test(run, a_guest_that_never_ends_runs_out_of_time)
{
	struct running r = launch(2, -1);

	cr_assert_eq(run(&r, 1, -1).kind, RUN_TIMED_OUT);
	end(&r);
}

/* What KVM_RUN returns for an AP that waits for SIPI: EAGAIN, again and again. */
Test(run, an_ap_that_only_says_eagain_does_not_keep_the_run_alive)
{
	struct fake_exit again[20];
	const struct fake_exit last = fake_out(EXIT_PORT, 1, 1);
	struct running r = launch(2, -1);

	for (size_t i = 0; i < ARRAY_SIZE(again); i++)
		again[i] = fake_errno(EAGAIN);
	fake_kvm_script(r.f, 0, &last, 1);
	fake_kvm_script(r.f, 1, again, ARRAY_SIZE(again));
	cr_assert_eq(fixture_run(r.vm).kind, GUEST_EXITED);
	end(&r);
}

/* A signal came before the run began: no thread, no race. */
Test(run, a_signal_ends_the_run)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct running r = launch(2, -1);
		struct outcome o;

		cr_assert_eq(signals_begin(&err), 1);
		raise(signals[i]);
		o = fixture_run(r.vm);
		signals_end();
		cr_assert_eq(o.kind, RUN_SIGNALLED, "%s", o.detail);
		cr_assert_eq(o.code, (uint64_t)signals[i]);
		end(&r);
	}
}

/*
 * Under nohup the guest outlives the terminal. It ends on input, which is read after signals are
 * checked.
 */
Test(run, a_signal_that_the_caller_ignores_does_not_end_the_run)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	const struct fake_exit exits[] = { fake_out(COM1 + 1, 1, 1), fake_until_irq(4),
		                           fake_out(EXIT_PORT, 1, 6) };

	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct running r = launch(1, -1);
		int input[2];

		cr_assert_eq(pipe(input), 0);
		cr_assert_eq(write(input[1], "x", 1), 1);
		signal(signals[i], SIG_IGN);
		cr_assert_eq(signals_begin(&err), 1);
		raise(signals[i]);
		fake_kvm_script(r.f, 0, exits, ARRAY_SIZE(exits));
		cr_assert_eq(run(&r, 30000, input[0]).kind, GUEST_EXITED);
		signals_end();
		end(&r);
	}
}

static void *terminate_once_it_waits(void *fake)
{
	fake_kvm_await_wait(fake, 0);
	kill(getpid(), SIGTERM);
	return NULL;
}

Test(run, a_signal_to_the_process_ends_a_run_that_is_under_way)
{
	struct running r = launch(1, -1);
	sigset_t all, before;
	struct outcome o;
	pthread_t thread;

	sigfillset(&all); /* this thread must not get the signal */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	cr_assert_eq(pthread_create(&thread, NULL, terminate_once_it_waits, r.f), 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	o = fixture_run(r.vm);
	pthread_join(thread, NULL);
	cr_assert_eq(o.kind, RUN_SIGNALLED, "%s", o.detail);
	cr_assert_eq(o.code, (uint64_t)SIGTERM);
	end(&r);
}

Test(run, leaves_the_callers_signals_as_they_were)
{
	const struct fake_exit last = fake_out(EXIT_PORT, 1, 0);
	struct running r = launch(1, -1);
	struct sigaction after;

	fake_kvm_script(r.f, 0, &last, 1);
	signal(SIGTERM, SIG_IGN);
	fixture_run(r.vm);
	cr_assert_eq(sigaction(SIGTERM, NULL, &after), 0);
	cr_assert_eq(after.sa_handler, SIG_IGN);
	cr_assert_eq(sigaction(SIGINT, NULL, &after), 0);
	cr_assert_eq(after.sa_handler, SIG_DFL);
	cr_assert_eq(signals_fd(), -1);
	end(&r);
}

Test(run, console_output_arrives_whole)
{
	struct fake_exit exits[40];
	char got[sizeof(LINE) * 64] = "", expected[sizeof(LINE) * 64] = "";
	struct running r;
	size_t held = 0;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	for (size_t i = 0; i < ARRAY_SIZE(exits) - 2; i++) {
		exits[i] = fake_out_string(COM1, LINE);
		strcat(expected, LINE);
	}
	exits[ARRAY_SIZE(exits) - 2] = fake_out_string(COM1, "login: "); /* a line without an end */
	exits[ARRAY_SIZE(exits) - 1] = fake_out(EXIT_PORT, 1, 0);
	strcat(expected, "login: ");
	r = launch(1, fds[1]);
	fake_kvm_script(r.f, 0, exits, ARRAY_SIZE(exits));
	cr_assert_eq(fixture_run(r.vm).kind, GUEST_EXITED);
	end(&r);
	close(fds[1]);
	for (ssize_t n;
	     held < sizeof(got) - 1 && (n = read(fds[0], got + held, sizeof(got) - 1 - held)) > 0;)
		held += (size_t)n;
	close(fds[0]);
	cr_assert_str_eq(got, expected);
}

/* A prompt has no newline, and nothing follows until it is answered. */
Test(run, a_prompt_is_shown_while_the_guest_waits_for_the_answer)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "login: "),
		                           fake_out(COM1 + 1, 1, 1), fake_until_irq(4),
		                           fake_in(COM1, 1, 1), fake_out(EXIT_PORT, 1, 0) };
	struct running r;
	int console[2];

	/* A socket pair: what the guest prints comes back as its input. */
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, console), 0);
	r = launch(1, console[0]);
	fake_kvm_script(r.f, 0, exits, ARRAY_SIZE(exits));
	cr_assert_eq(run(&r, 30000, console[1]).kind, GUEST_EXITED);
	cr_assert_eq(fake_kvm_answer(r.f, 0, 3).in[0], 'l');
	end(&r);
}

/* One byte at a time, as a UART without FIFOs takes them. */
Test(run, input_from_a_pipe_reaches_com1)
{
	const struct fake_exit exits[] = {
		fake_out(COM1 + 1, 1, 1),                          /* interrupt on data */
		fake_until_irq(4),        fake_in(COM1 + 5, 1, 1), /* LSR: data ready */
		fake_in(COM1, 1, 1),      fake_until_irq(4),         fake_in(COM1, 1, 1),
		fake_in(COM1 + 5, 1, 1),  fake_out(EXIT_PORT, 1, 0),
	};
	struct running r = launch(1, -1);
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], "ok", 2), 2);
	close(fds[1]);
	fake_kvm_script(r.f, 0, exits, ARRAY_SIZE(exits));
	cr_assert_eq(run(&r, 30000, fds[0]).kind, GUEST_EXITED);
	cr_assert_eq(fake_kvm_answer(r.f, 0, 2).in[0] & 1, 1);
	cr_assert_eq(fake_kvm_answer(r.f, 0, 3).in[0], 'o');
	cr_assert_eq(fake_kvm_answer(r.f, 0, 5).in[0], 'k');
	cr_assert_eq(fake_kvm_answer(r.f, 0, 6).in[0] & 1, 0);
	cr_assert_eq(fake_kvm_irq_rises(r.f, 4), 2u);
	end(&r);
	close(fds[0]);
}
