/* SPDX-License-Identifier: MIT */
/* tests/vm/console_test.c: a run ends even if the console's reader stalls or leaves. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/vm/run.h"
#include "core/vm/signals.h"
#include "tests/fake/fixture.h"

#define COM1 0x3f8
#define LINE "a line that nobody will ever read, sixty characters of length.\n"

/* Both ends of a pipe that is full. */
static void pipe_full(int fds[2])
{
	char block[4096] = { 0 };

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	while (write(fds[1], block, sizeof(block)) > 0)
		;
	while (write(fds[1], block, 1) > 0)
		;
	cr_assert_eq(fcntl(fds[1], F_SETFL, 0), 0);
}

/* Prints three lines to serial_fd. */
static struct outcome print_within(int serial_fd, struct run_limits limits)
{
	struct vm_devices d = { .streams[STREAM_SERIAL].fd = serial_fd };
	const struct fake_exit exits[] = { fake_out_string(COM1, LINE), fake_out_string(COM1, LINE),
		                           fake_out_string(COM1, LINE) };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = fixture_launch(f, &platform_snp, p, &d);
	struct outcome o = { 0 };
	struct error err = { 0 };

	fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
	cr_assert_eq(vm_run(vm, &limits, &o, &err), 0, "%s", err.text);
	fixture_end(f, vm);
	return o;
}

static struct outcome print(int serial_fd, int input_fd, uint64_t timeout_ms)
{
	return print_within(serial_fd,
	                    (struct run_limits){ .timeout_ms = timeout_ms, .input_fd = input_fd });
}

/* Within the limit the guest has to come to its first line, so a busy machine gets longer ones. */
Test(console, a_silence_that_the_reader_made_is_not_said_of_the_guest)
{
	struct run_limits limits = { .timeout_ms = 300000, .input_fd = -1 };
	char blamed[256];
	struct outcome o;
	int fds[2];

	pipe_full(fds);
	for (uint64_t ms = 50; ms < 60000; ms *= 4) {
		limits.silence_ms = ms;
		o = print_within(fds[1], limits);
		cr_assert_eq(o.kind, RUN_SILENT);
		snprintf(blamed, sizeof(blamed),
		         "the console's reader has stopped reading and blocks the guest, for the "
		         "silence limit of %.3f s",
		         (double)ms / 1000);
		if (!strcmp(o.detail, blamed))
			break;
	}
	cr_assert_str_eq(o.detail, blamed);
}

Test(console, a_reader_that_stalls_does_not_stop_the_clock)
{
	int fds[2];

	pipe_full(fds);
	cr_assert_eq(print(fds[1], -1, 200).kind, RUN_TIMED_OUT);
}

/*
 * A vCPU that is stuck in its output holds the devices' lock; the main thread must not wait for it.
 */
Test(console, a_reader_that_stalls_while_input_is_open_does_not_stop_the_clock)
{
	int fds[2], input[2];

	pipe_full(fds);
	cr_assert_eq(pipe(input), 0);
	cr_assert_eq(print(fds[1], input[0], 200).kind, RUN_TIMED_OUT);
}

Test(console, a_reader_that_stalls_while_input_waits_does_not_stop_the_clock)
{
	int fds[2], input[2];

	pipe_full(fds);
	cr_assert_eq(pipe(input), 0);
	cr_assert_eq(write(input[1], LINE, strlen(LINE)), (ssize_t)strlen(LINE));
	cr_assert_eq(print(fds[1], input[0], 200).kind, RUN_TIMED_OUT);
}

static void *signal_later(void *unused)
{
	poll(NULL, 0, 200);
	kill(getpid(), SIGTERM);
	return unused;
}

Test(console, a_reader_that_stalls_does_not_hold_a_signal_up)
{
	struct error err = { 0 };
	pthread_t later;
	int fds[2];

	pipe_full(fds);
	cr_assert_eq(signals_begin(&err), 1);
	cr_assert_eq(pthread_create(&later, NULL, signal_later, NULL), 0);
	cr_assert_eq(print(fds[1], -1, 0).kind, RUN_SIGNALLED);
	pthread_join(later, NULL);
}

struct slow_reader {
	struct vm *vm;
	int fd;
	size_t held;
	char last[sizeof(LINE)]; /* the last bytes */
};

/* Starts reading some time after the guest has ended. */
static void *read_late(void *self)
{
	struct slow_reader *r = self;
	char block[4096];

	while (!atomic_load(&r->vm->stopping))
		poll(NULL, 0, 1);
	poll(NULL, 0, 50);
	for (ssize_t n; (n = read(r->fd, block, sizeof(block))) > 0;)
		for (ssize_t i = 0; i < n; i++)
			if (block[i] && r->held < sizeof(r->last) - 1)
				r->last[r->held++] = block[i];
	return NULL;
}

/* The last bytes wait until the pipe has room, which is only after the guest has ended. */
Test(console, a_slow_reader_gets_the_last_words_too)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "last words"),
		                           fake_out(0xf4, 1, 0) };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct slow_reader r = { 0 };
	struct vm_devices d = { .exit_port_given = true, .exit_port = 0xf4 };
	struct outcome o;
	pthread_t thread;
	int fds[2];

	pipe_full(fds);
	d.streams[STREAM_SERIAL].fd = fds[1];
	r.fd = fds[0];
	r.vm = fixture_launch(f, &platform_snp, p, &d);
	fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
	cr_assert_eq(pthread_create(&thread, NULL, read_late, &r), 0);
	o = fixture_run(r.vm);
	cr_assert_eq(o.kind, GUEST_EXITED, "%s", o.detail);
	vm_free(r.vm);
	close(fds[1]);
	pthread_join(thread, NULL);
	cr_assert_str_eq(r.last, "last words");
	cr_assert_eq(fake_kvm_leaks(f), 0u);
}

Test(console, a_reader_that_has_left_ends_the_run)
{
	struct outcome o;
	int fds[2];

	signal(SIGPIPE, SIG_IGN); /* as the program does */
	cr_assert_eq(pipe(fds), 0);
	close(fds[0]);
	o = print(fds[1], -1, 30000);
	cr_assert_eq(o.kind, ERROR_OUTPUT, "%s", o.detail);
	cr_assert_eq(o.code, (uint64_t)EPIPE);
}
