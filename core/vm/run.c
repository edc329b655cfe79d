/* SPDX-License-Identifier: MIT */
/* core/vm/run.c: a thread a vCPU; beside them one that minds the clock, signals and the console. */
#include "core/vm/run.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/vm/abi.h"
#include "core/vm/exit.h"
#include "core/vm/sys.h"
#include "core/vm/terminal.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm.h"

/* How long a line without an end (a prompt) may wait, and how long output may take once the guest is gone. */
enum { PROMPT_MS = 10, FAREWELL_MS = 2000 };

struct run {
	struct vm *vm;
	int wake;                          /* eventfd: something happened in a vCPU's thread */
	int signals;                       /* signalfd */
	int input;                         /* -1: none, or at its end */
	uint64_t deadline_ms, flush_at_ms; /* 0: none */
	pthread_mutex_t lock;
	bool concluded;
	struct outcome outcome; /* of whoever concluded first */
};

struct run_thread {
	struct run *run;
	struct vcpu *vcpu;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void run_wake(void *self)
{
	const struct run *run = self;
	uint64_t one = 1;

	/* Fails only if the counter is full, and then the reader is awake anyway. */
	if (write(run->wake, &one, sizeof(one)) < 0)
		return;
}

static void run_conclude(struct run *run, const struct outcome *o)
{
	pthread_mutex_lock(&run->lock);
	if (!run->concluded) {
		run->outcome = *o;
		run->concluded = true;
	}
	pthread_mutex_unlock(&run->lock);
	run_wake(run);
}

static bool run_concluded(struct run *run)
{
	bool concluded;

	pthread_mutex_lock(&run->lock);
	concluded = run->concluded;
	pthread_mutex_unlock(&run->lock);
	return concluded;
}

static void *vcpu_thread(void *argument)
{
	const struct run_thread *t = argument;
	struct vm *vm = t->run->vm;
	struct outcome outcome = { 0 };

	while (!atomic_load(&vm->stopping)) {
		int r = vm->sys->ioctl(vm->sys->self, t->vcpu->fd, KVM_RUN, NULL);

		if (exit_serve(t->vcpu, r, &outcome) == VERDICT_RESUME)
			continue;
		run_conclude(t->run, &outcome);
		break;
	}
	return NULL;
}

/* Takes vCPUs out of KVM_RUN: the flag for one that is about to enter, the signal for one that is inside. */
static void threads_stop(struct run *run, unsigned started)
{
	struct vm *vm = run->vm;

	atomic_store(&vm->stopping, true);
	for (unsigned i = 0; i < started; i++) {
		__atomic_store_n(&vm->vcpus[i].run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		pthread_kill(vm->vcpus[i].thread, SIGRTMIN);
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(vm->vcpus[i].thread, NULL);
}

static int threads_start(struct run *run, struct run_thread *threads, struct error *err)
{
	struct vm *vm = run->vm;

	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		int r;

		threads[i] = (struct run_thread){ run, &vm->vcpus[i] };
		r = pthread_create(&vm->vcpus[i].thread, NULL, vcpu_thread, &threads[i]);
		if (r != 0) {
			threads_stop(run, i);
			return error_sys(err, ERROR_HOST_MEMORY, r,
			                 "starting the thread of vCPU %u", i);
		}
	}
	return 0;
}

/* A terminal or a pipe (or a socket, which is how some shells make pipes); anything else has nothing to type. */
static bool input_usable(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || (S_ISCHR(st.st_mode) && isatty(fd));
}

/*
 * Never waits for the devices: a vCPU may be inside one of them, stuck at a console whose reader stalls, and
 * only the thread that runs this can end that. 0: no room, or not to be known now.
 */
static size_t input_room(struct run *run)
{
	size_t room;

	if (pthread_mutex_trylock(&run->vm->bus_lock) != 0)
		return 0;
	room = serial_room(&run->vm->serial);
	pthread_mutex_unlock(&run->vm->bus_lock);
	return room;
}

/* Asks for the room once more, under the lock: the guest may have switched FIFOs or loop-back meanwhile. */
static void run_input(struct run *run)
{
	uint8_t bytes[SERIAL_FIFO];
	ssize_t n = 0;
	size_t room;

	if (pthread_mutex_trylock(&run->vm->bus_lock) != 0)
		return;
	room = MIN_OF(serial_room(&run->vm->serial), sizeof(bytes));
	if (room > 0)
		n = read(run->input, bytes, room);
	if (n > 0)
		serial_input(&run->vm->serial, bytes, (size_t)n);
	else if (room > 0 && (n == 0 || (errno != EAGAIN && errno != EINTR)))
		run->input = -1;
	pthread_mutex_unlock(&run->vm->bus_lock);
}

static void run_signal(struct run *run)
{
	struct signalfd_siginfo info;
	struct outcome o;

	if (read(run->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	outcome_set(&o, RUN_SIGNALLED, info.ssi_signo, "ended by %s",
	            strsignal((int)info.ssi_signo));
	run_conclude(run, &o);
}

/* Never waits: a reader that stalls must not keep the clock from being minded. */
static void run_output(struct run *run)
{
	struct sink *sinks[] = { &run->vm->serial_out, &run->vm->debug_out };
	bool waits = false;
	uint64_t now = now_ms();
	int failed;

	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++) {
		if (run->flush_at_ms && now >= run->flush_at_ms)
			sink_try_flush(sinks[i]);
		waits |= sink_waits(sinks[i]);
	}
	if (!waits || (run->flush_at_ms && now >= run->flush_at_ms))
		run->flush_at_ms = 0;
	if (waits && !run->flush_at_ms)
		run->flush_at_ms = now + PROMPT_MS;
	failed = run->vm->serial_out.failed;
	if (failed) {
		struct outcome o;

		outcome_set(&o, ERROR_OUTPUT, (uint64_t)failed,
		            "the console's output can't be written: %s", strerror(failed));
		run_conclude(run, &o);
	}
}

static void run_clock(struct run *run, uint64_t timeout_ms)
{
	struct outcome o;

	if (!run->deadline_ms || now_ms() < run->deadline_ms)
		return;
	outcome_set(&o, RUN_TIMED_OUT, timeout_ms, "no end within the time limit of %llu.%03llu s",
	            (unsigned long long)timeout_ms / 1000, (unsigned long long)timeout_ms % 1000);
	run_conclude(run, &o);
}

static int until(uint64_t a, uint64_t b)
{
	uint64_t now = now_ms(), first = a && b ? MIN_OF(a, b) : a | b;

	if (first == 0)
		return -1;
	return first <= now ? 0 : (int)MIN_OF(first - now, (uint64_t)60000);
}

static void run_mind(struct run *run, const struct run_limits *l)
{
	uint64_t drained;

	while (!run_concluded(run)) {
		bool listen = run->input >= 0 && input_room(run) > 0;
		struct pollfd fds[] = { { .fd = run->wake, .events = POLLIN },
			                { .fd = run->signals, .events = POLLIN },
			                { .fd = listen ? run->input : -1, .events = POLLIN } };
		/* A full FIFO is looked at again soon: nobody says when the guest has read it. */
		uint64_t look = run->input >= 0 && !listen ? now_ms() + PROMPT_MS : 0;
		int wait = until(run->deadline_ms, run->flush_at_ms), soon = until(look, 0);

		if (poll(fds, ARRAY_SIZE(fds),
		         soon >= 0 && (wait < 0 || soon < wait) ? soon : wait) < 0)
			continue;
		if (fds[0].revents && read(run->wake, &drained, sizeof(drained)) < 0)
			continue;
		if (fds[1].revents)
			run_signal(run);
		if (fds[2].revents)
			run_input(run);
		run_output(run);
		run_clock(run, l->timeout_ms);
	}
}

/* The rest of the console, for as long as its reader is reasonable. */
static void run_farewell(struct run *run)
{
	struct sink *sinks[] = { &run->vm->serial_out, &run->vm->debug_out };
	uint64_t end = now_ms() + FAREWELL_MS;

	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++) {
		sink_end_line(sinks[i]);
		while (sink_waits(sinks[i]) && now_ms() < end) {
			struct pollfd fd = { .fd = sinks[i]->fd, .events = POLLOUT };

			sink_try_flush(sinks[i]);
			if (sink_waits(sinks[i]))
				poll(&fd, 1, 100);
		}
	}
}

static void on_kick(int signal_number)
{
	(void)signal_number; /* its only purpose is that KVM_RUN returns EINTR */
}

/* Blocks what run->signals will report, and lets the kick interrupt system calls. */
static void signals_take(sigset_t *ended_by, sigset_t *before)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction kick = { .sa_handler = on_kick }, now; /* no SA_RESTART */

	sigemptyset(ended_by);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		/* Under nohup, or in the background of a shell, a signal is ignored, but a signalfd would see it. */
		if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(ended_by, signals[i]);
	pthread_sigmask(SIG_BLOCK, ended_by, before);
	sigaction(SIGRTMIN, &kick, NULL);
}

/* Where a guest stands that found no end by itself; of one that is protected nobody knows. */
static void run_state(const struct run *run)
{
	struct vm *vm = run->vm;

	for (unsigned i = 0;
	     run->outcome.kind == RUN_TIMED_OUT && !vm->memory.private_memory && i < vm->n_vcpus;
	     i++)
		vcpu_log_state(&vm->vcpus[i]);
}

static int run_threads(struct run *run, const struct run_limits *l, struct error *err)
{
	auto_free struct run_thread *threads = calloc(run->vm->n_vcpus, sizeof(*threads));
	int r;

	if (!threads)
		return error_nomem(err, "vCPU threads");
	stats_begin(&run->vm->stats);
	r = threads_start(run, threads, err);
	if (r < 0)
		return r;
	terminal_raw(run->input);
	run_mind(run, l);
	threads_stop(run, run->vm->n_vcpus);
	run_state(run);
	run_farewell(run);
	terminal_restore();
	return 0;
}

static int run_begin(struct run *run, const sigset_t *ended_by, struct error *err)
{
	run->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	run->signals = signalfd(-1, ended_by, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->wake < 0 || run->signals < 0)
		return error_sys(err, ERROR_HOST_MEMORY, errno, "eventfd and signalfd");
	run->vm->serial_out.wake = run->vm->debug_out.wake = run_wake;
	run->vm->serial_out.wake_self = run->vm->debug_out.wake_self = run;
	return 0;
}

static void run_end(struct run *run)
{
	run->vm->serial_out.wake = run->vm->debug_out.wake = NULL;
	fd_cleanup(&run->wake);
	fd_cleanup(&run->signals);
	pthread_mutex_destroy(&run->lock);
}

int vm_run(struct vm *vm, const struct run_limits *l, struct outcome *ret, struct error *err)
{
	struct run run = { .vm = vm,
		           .wake = -1,
		           .signals = -1,
		           .input = input_usable(l->input_fd) ? l->input_fd : -1,
		           .deadline_ms = l->timeout_ms ? now_ms() + l->timeout_ms : 0,
		           .lock = PTHREAD_MUTEX_INITIALIZER };
	sigset_t ended_by, before;
	int r;

	signals_take(&ended_by, &before);
	r = run_begin(&run, &ended_by, err);
	if (r == 0)
		r = run_threads(&run, l, err);
	run_end(&run);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0)
		return r;
	log_info("port accesses that no device answered: %llu",
	         (unsigned long long)vm->bus.unclaimed);
	*ret = run.outcome;
	return 0;
}
