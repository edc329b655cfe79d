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
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/vm/abi.h"
#include "core/vm/exit.h"
#include "core/vm/halt.h"
#include "core/vm/input.h"
#include "core/vm/signals.h"
#include "core/vm/sys.h"
#include "core/vm/terminal.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm_priv.h"
#include "core/vm/watch.h"

/*
 * How long a line without an end (a prompt) may wait, and how long output may take once the guest
 * is gone.
 */
enum { PROMPT_MS = 10, FAREWELL_MS = 2000 };
/*
 * How long vCPUs may take to leave KVM_RUN. Some never do: the kernel is stuck with one, or a
 * debugger has stopped its thread. Then results matter more than tidiness.
 */
enum { RELEASE_MS = 5000, KICK_MS = 100 };
/*
 * How long a guest may go on after a line that must never come: a panic's trace follows its first
 * line.
 */
enum { TRACE_MS = 1000 };

struct run_thread {
	struct run *run;
	struct vcpu *vcpu;
};

struct run {
	struct vm *vm;
	struct run_thread *threads; /* one a vCPU */
	int wake;                   /* eventfd: something happened in a vCPU's thread */
	struct input input;
	struct halt halt;
	const struct run_limits *limits;
	uint64_t begun_ms, deadline_ms;
	uint64_t flush_at_ms, pause_at_ms, trace_until_ms; /* 0: none */
	pthread_mutex_t lock;
	bool concluded;
	struct outcome outcome; /* of whoever concluded first */
};

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
		stats_end(&run->vm->stats);
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

		if (r == -EINTR && halt_answer(t->vcpu))
			continue;
		if (exit_serve(t->vcpu, r, &outcome) == EXIT_ACTION_RESUME)
			continue;
		run_conclude(t->run, &outcome);
		break;
	}
	return NULL;
}

static void kick(struct vcpu *v)
{
	pthread_kill(v->thread, SIGRTMIN);
}

/* Until then, with a kick now and then. False: it is still there. */
static bool thread_join(struct vcpu *v, uint64_t end_ms)
{
	bool late = false;
	int r;

	do {
		uint64_t until = MIN_OF(clock_ms() + KICK_MS, end_ms);
		const struct timespec t = { .tv_sec = (time_t)(until / 1000),
			                    .tv_nsec = (long)(until % 1000) * 1000000 };

		r = pthread_clockjoin_np(v->thread, NULL, CLOCK_MONOTONIC, &t);
		late = clock_ms() >= end_ms;
		if (r == ETIMEDOUT)
			kick(v);
	} while (r == ETIMEDOUT && !late);
	return r == 0;
}

/*
 * Takes vCPUs out of KVM_RUN: the flag for one that is about to enter, the signal for one that is
 * inside.
 */
static void threads_stop(struct run *run, unsigned started)
{
	struct vm *vm = run->vm;
	uint64_t end_ms = clock_ms() + RELEASE_MS;

	atomic_store(&vm->stopping, true);
	log_hurry(true);
	for (unsigned i = 0; i < started; i++) {
		__atomic_store_n(&vm->vcpus[i].run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		kick(&vm->vcpus[i]);
	}
	for (unsigned i = 0; i < started; i++) {
		if (thread_join(&vm->vcpus[i], end_ms))
			continue;
		log_at(LOG_QUIET, "vCPU %u doesn't leave KVM_RUN within %d s, and is left behind",
		       i, RELEASE_MS / 1000);
		vm->abandoned = true;
	}
}

static int threads_start(struct run *run, struct error *err)
{
	struct vm *vm = run->vm;

	for (unsigned i = 0; i < vm->n_vcpus; i++) {
		int r;

		run->threads[i] = (struct run_thread){ run, &vm->vcpus[i] };
		r = pthread_create(&vm->vcpus[i].thread, NULL, vcpu_thread, &run->threads[i]);
		if (r != 0) {
			threads_stop(run, i);
			return error_sys(err, ERROR_HOST_MEMORY, r,
			                 "starting the thread of vCPU %u", i);
		}
	}
	return 0;
}

static void run_signal(struct run *run)
{
	struct outcome o;

	if (!stop_signo())
		return;
	signals_outcome(&o, "");
	run_conclude(run, &o);
}

/* Never waits: a reader that stalls must not keep the clock from being minded. */
static void run_output(struct run *run)
{
	struct vm *vm = run->vm;
	bool waits = false;
	uint64_t now = clock_ms();
	int failed;

	for (int i = 0; i < VM_STREAMS; i++) {
		if (run->flush_at_ms && now >= run->flush_at_ms)
			sink_try_flush(&vm->streams[i]);
		waits |= sink_waits(&vm->streams[i]);
	}
	if (!waits || (run->flush_at_ms && now >= run->flush_at_ms))
		run->flush_at_ms = 0;
	if (waits && !run->flush_at_ms)
		run->flush_at_ms = now + PROMPT_MS;
	failed = run->vm->streams[STREAM_SERIAL].failed;
	if (failed) {
		struct outcome o;

		outcome_set(&o, ERROR_OUTPUT, (uint64_t)failed,
		            "the console's output can't be written: %s", strerror(failed));
		run_conclude(run, &o);
	}
}

/* When the guest will have been silent for too long, unless it speaks; 0: never. */
static uint64_t run_silent_at(const struct run *run)
{
	uint64_t last_ms = run->vm->streams[STREAM_SERIAL].last_ns / 1000000;

	if (!run->limits->silence_ms)
		return 0;
	return MAX_OF(last_ms, run->begun_ms) + run->limits->silence_ms;
}

static void run_limit(struct run *run, uint64_t at_ms, enum reason kind, uint64_t limit_ms,
                      const char *what)
{
	struct outcome o;

	if (!at_ms || clock_ms() < at_ms)
		return;
	outcome_set(&o, kind, limit_ms, "%s %llu.%03llu s", what,
	            (unsigned long long)limit_ms / 1000, (unsigned long long)limit_ms % 1000);
	run_conclude(run, &o);
}

/* A guest whose output nobody takes can't speak; then the silence isn't its own. */
static const char *run_silence(struct run *run)
{
	return sink_waits(&run->vm->streams[STREAM_SERIAL])
	               ? "the console's reader takes nothing and holds the guest up, for the "
	                 "silence limit of"
	               : "nothing on the console for the silence limit of";
}

static void run_clock(struct run *run)
{
	const struct run_limits *l = run->limits;

	run_limit(run, run->deadline_ms, RUN_TIMED_OUT, l->timeout_ms,
	          "no end within the time limit of");
	run_limit(run, run_silent_at(run), RUN_SILENT, l->silence_ms, run_silence(run));
}

/* While the console is matched, the clock and signals are minded all the same. */
static bool run_due(void *self)
{
	const struct run *run = self;
	uint64_t now = clock_ms(), silent_at = run_silent_at(run);

	return stop_signo() || (run->deadline_ms && now >= run->deadline_ms) ||
	       (silent_at && now >= silent_at);
}

/* Looks at an unfinished line once nothing was added to it for a moment. */
static void run_prompt(struct run *run, struct watch *w)
{
	if (run->pause_at_ms && clock_ms() >= run->pause_at_ms) {
		watch_pause(w);
		run->pause_at_ms = 0;
	}
	if (!watch_unseen(w))
		run->pause_at_ms = 0;
	else if (!run->pause_at_ms)
		run->pause_at_ms = clock_ms() + PROMPT_MS;
}

/* What the console's lines say about the run. */
static void run_watch(struct run *run)
{
	struct watch *w = run->vm->watch;
	struct outcome o;

	if (!w)
		return;
	run_prompt(run, w);
	if (watch_forbidden(w) && !run->trace_until_ms)
		run->trace_until_ms = clock_ms() + TRACE_MS;
	if (run->trace_until_ms && clock_ms() >= run->trace_until_ms) {
		watch_outcome(w, &o);
		run_conclude(run, &o);
	} else if (run->limits->end_when_complete && watch_complete(w) && !watch_forbidden(w)) {
		outcome_set(&o, CONSOLE_COMPLETE, 0, "every expected line came");
		run_conclude(run, &o);
	}
}

/* Milliseconds to the first of these moments that isn't 0, for poll(2). */
static int until_first(const uint64_t *moments, size_t n)
{
	uint64_t now = clock_ms(), first = now + 60000;

	for (size_t i = 0; i < n; i++)
		if (moments[i] && moments[i] < first)
			first = moments[i];
	return first <= now ? 0 : (int)(first - now);
}

/* Waits until something has to be minded. */
static void run_wait(struct run *run)
{
	unsigned again_ms;
	bool listen = input_wanted(&run->input, &again_ms);
	struct pollfd fds[] = { { .fd = run->wake, .events = POLLIN },
		                { .fd = signals_fd(), .events = POLLIN },
		                { .fd = listen ? run->input.fd : -1, .events = POLLIN } };
	uint64_t moments[] = { run->deadline_ms,
		               run->flush_at_ms,
		               run->pause_at_ms,
		               run->trace_until_ms,
		               run_silent_at(run),
		               run->halt.at_ms,
		               !listen && again_ms ? clock_ms() + again_ms : 0 };
	uint64_t drained;

	if (poll(fds, ARRAY_SIZE(fds), until_first(moments, ARRAY_SIZE(moments))) <= 0)
		return;
	if (fds[0].revents && read(run->wake, &drained, sizeof(drained)) < 0)
		return;
	if (fds[2].revents)
		input_take(&run->input);
}

static void run_halt(struct run *run)
{
	struct outcome o;

	if (!halt_look(&run->halt))
		return;
	outcome_set(&o, GUEST_HALTED, 0, "%s halted with interrupts off",
	            run->vm->n_vcpus > 1 ? "all vCPUs are" : "the vCPU is");
	run_conclude(run, &o);
}

static void run_event_loop(struct run *run)
{
	halt_init(&run->halt, run->vm);
	while (!run_concluded(run)) {
		run_wait(run);
		run_signal(run);
		run_output(run);
		run_watch(run);
		run_halt(run);
		run_clock(run);
	}
}

/* The rest of the console, for as long as its reader is reasonable. */
static void drain_output(struct run *run)
{
	uint64_t end = clock_ms() + FAREWELL_MS;

	for (int i = STREAM_SERIAL; i <= STREAM_DEBUG; i++) {
		struct sink *sink = &run->vm->streams[i];

		sink_end_line(sink);
		while (sink_waits(sink) && clock_ms() < end) {
			struct pollfd fd = { .fd = sink->fd, .events = POLLOUT };

			sink_try_flush(sink);
			if (sink_waits(sink))
				poll(&fd, 1, 100);
		}
		if (sink_midline(sink) && sink_shares(sink, STDERR_FILENO))
			log_end_line(); /* else the verdict hangs on a prompt */
	}
}

static void on_kick(int signal_number)
{
	(void)signal_number; /* its only purpose is that KVM_RUN returns EINTR */
}

/* Lets the kick interrupt system calls. */
static void kick_prepare(void)
{
	struct sigaction kick = { .sa_handler = on_kick }; /* no SA_RESTART */

	sigaction(SIGRTMIN, &kick, NULL);
}

/* Where a guest stands that found no end by itself; of one that is protected nobody knows. */
static void run_state(const struct run *run)
{
	struct vm *vm = run->vm;
	enum reason kind = run->outcome.kind;

	if ((kind != RUN_TIMED_OUT && kind != RUN_SILENT && kind != GUEST_HALTED) ||
	    vm->memory.private_memory)
		return;
	for (unsigned i = 0; i < vm->n_vcpus; i++)
		vcpu_log_state(&vm->vcpus[i]);
}

/* The guest's last words, and what they change: a panic explains the reset behind it. */
static void final_match(struct run *run)
{
	struct watch *w = run->vm->watch;
	enum reason kind = run->outcome.kind;

	if (!w)
		return;
	watch_end(w);
	if (watch_forbidden(w) && kind != RUN_SIGNALLED && kind != ERROR_KVM &&
	    kind != KVM_ENTRY_FAILED && kind != ERROR_OUTPUT)
		watch_outcome(w, &run->outcome);
}

static int run_threads(struct run *run, struct error *err)
{
	sigset_t before;
	int r;

	run->threads = calloc(run->vm->n_vcpus, sizeof(*run->threads));
	if (!run->threads)
		return error_nomem(err, "vCPU threads");
	log_hurry(false);
	stats_begin(&run->vm->stats);
	block_async_signals(&before);
	terminal_begin(run->input.given); /* before the guest can speak */
	r = threads_start(run, err);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0 || stop_signo())
		terminal_restore(); /* the handler came too early, and a second signal kills */
	if (r < 0)
		return r;
	run_event_loop(run);
	threads_stop(run, run->vm->n_vcpus);
	final_match(run);
	drain_output(run);
	terminal_restore();
	if (!run->vm->abandoned) /* who asks KVM for registers waits for KVM_RUN */
		run_state(run);
	return 0;
}

static int run_begin(struct run *run, struct error *err)
{
	run->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (run->wake < 0)
		return error_sys(err, ERROR_HOST_MEMORY, errno, "eventfd");
	if (run->vm->watch) {
		watch_on_change(run->vm->watch, run_wake, run);
		watch_on_hurry(run->vm->watch, run_due, run);
	}
	/* Logs too: whoever kills us finds in them what the console showed. */
	streams_on_wake(run->vm, run_wake, run);
	return 0;
}

/* A thread that is left behind may still use all of it. */
static void run_end(struct run *run)
{
	if (run->vm->abandoned)
		return;
	streams_on_wake(run->vm, NULL, NULL);
	if (run->vm->watch) {
		watch_on_change(run->vm->watch, NULL, NULL);
		watch_on_hurry(run->vm->watch, NULL, NULL);
	}
	fd_cleanup(&run->wake);
	input_fini(&run->input);
	pthread_mutex_destroy(&run->lock);
	free(run->threads);
	free(run);
}

int vm_run(struct vm *vm, const struct run_limits *l, struct outcome *ret, struct error *err)
{
	uint64_t now = clock_ms();
	struct run *run = calloc(1, sizeof(*run));
	int stops, r;

	if (!run)
		return error_nomem(err, "a run");
	*run = (struct run){ .vm = vm,
		             .wake = -1,
		             .limits = l,
		             .begun_ms = now,
		             .input = input_of(vm, l->input_fd),
		             .deadline_ms = l->timeout_ms ? now + l->timeout_ms : 0,
		             .lock = PTHREAD_MUTEX_INITIALIZER };
	stops = signals_begin(err);
	r = stops < 0 ? stops : 0;
	kick_prepare();
	if (r == 0)
		r = run_begin(run, err);
	if (r == 0)
		r = run_threads(run, err);
	if (r == 0)
		*ret = run->outcome;
	run_end(run);
	if (stops > 0)
		signals_end();
	if (r == 0)
		log_info("port accesses that no device answered: %llu",
		         (unsigned long long)vm->bus[BUS_PORTS].unclaimed);
	return r;
}
