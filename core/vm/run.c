/* SPDX-License-Identifier: MIT */
/*
 * core/vm/run.c: one thread for each vCPU, while the caller's thread handles limits, signals, input
 * and output.
 */
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
#include "core/base/log.h"
#include "core/snp/report_lines.h"
#include "core/vm/abi.h"
#include "core/vm/debug.h"
#include "core/vm/exit.h"
#include "core/vm/gdb_server.h"
#include "core/vm/halt.h"
#include "core/vm/input.h"
#include "core/vm/keyboard.h"
#include "core/vm/signals.h"
#include "core/vm/sandbox.h"
#include "core/vm/snp_certs.h"
#include "core/vm/vcpu.h"
#include "core/vm/vm_priv.h"
#include "core/vm/watch.h"

/* How long an unfinished line (a prompt) stays unwritten and unmatched. */
enum { PROMPT_MS = 10 };
/* How long writing the rest of the output may take once the guest has ended. */
enum { DRAIN_MS = 2000 };
/*
 * How long vCPUs may take to leave KVM_RUN, and how often they are kicked meanwhile. If one never
 * leaves, because the kernel hangs or a debugger has stopped its thread, the thread is abandoned:
 * reporting the result matters more than cleaning up.
 */
enum { RELEASE_MS = 5000, KICK_MS = 100 };
/*
 * How long the guest keeps running after a forbidden line, since the trace of a kernel panic
 * follows its first line.
 */
enum { TRACE_MS = 1000 };
/* The longest poll(2) when no deadline is set. */
enum { POLL_MAX_MS = 60000 };

struct run {
	struct vm *vm;
	int wake; /* eventfd: a vCPU's thread, a stream or the watch needs attention */
	struct input input;
	struct halt halt;
	const struct run_limits *limits;
	uint64_t start_ms, deadline_ms;
	uint64_t held_ms; /* since when a debugger holds the guest; 0: it doesn't */
	uint64_t flush_at_ms, pause_at_ms, trace_until_ms; /* 0: none */
	pthread_mutex_t gate; /* held until all threads are there, and confined */
	pthread_mutex_t lock;
	atomic_bool concluded;
	struct outcome outcome; /* of the first thread that called run_conclude() */
};

static void run_wake(void *self)
{
	const struct run *run = self;
	uint64_t one = 1;

	/* Only fails if the counter is full, and then the reader is about to wake up. */
	if (write(run->wake, &one, sizeof(one)) < 0)
		return;
}

/* Ends the run, unless it has ended: the first outcome counts. */
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

/*
 * In a new thread: waits until all are there, then confines this one further. False: the run is
 * over.
 */
static bool thread_confine(struct vm *vm, enum sandbox_thread kind)
{
	struct run *run = vm->run;
	struct error err = { 0 };
	struct outcome o;

	pthread_mutex_lock(&run->gate);
	pthread_mutex_unlock(&run->gate);
	if (atomic_load(&vm->stopping))
		return false;
	if (sandbox_own(run->limits->sandbox, kind, &err) == 0)
		return true;
	outcome_set(&o, err.kind, 0, "%s", err.text);
	run_conclude(run, &o);
	return false;
}

/* Runs the vCPU and serves its exits until one of them ends the run, or the run is over. */
static void *vcpu_thread(void *argument)
{
	struct vcpu *v = argument;
	struct vm *vm = v->vm;
	struct outcome outcome = { 0 };

	if (!thread_confine(vm, SANDBOX_VCPU))
		return NULL;
	debug_begin(v);
	while (!atomic_load(&vm->stopping)) {
		int r = vm_ioctl(vm, v->fd, KVM_RUN, NULL);

		snp_certs_sent(v);
		if (v->run->kvm_valid_regs && v->run->exit_reason != KVM_EXIT_SHUTDOWN)
			v->exit_rip = v->run->s.regs.regs.rip;
		if ((r == -EINTR && halt_answer(v)) || debug_exit(v, r))
			continue;
		if (exit_serve(v, r, &outcome) == EXIT_ACTION_RESUME)
			continue;
		outcome.vcpu = v->index;
		run_conclude(vm->run, &outcome);
		break;
	}
	return NULL;
}

/*
 * Joins a thread, if it is a vCPU's kicking it every KICK_MS. False: at end_ms it is still running.
 */
static bool thread_join(pthread_t thread, struct vcpu *v, uint64_t end_ms)
{
	for (;;) {
		uint64_t until = MIN(clock_ms() + KICK_MS, end_ms);
		const struct timespec t = { .tv_sec = (time_t)(until / 1000),
			                    .tv_nsec = (long)(until % 1000) * 1000000 };
		int r = pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &t);

		if (r != ETIMEDOUT || clock_ms() >= end_ms)
			return r == 0;
		if (v)
			vcpu_kick(v);
	}
}

static void *worker_thread(void *argument)
{
	struct vm_device *d = argument;

	if (thread_confine(d->vm, SANDBOX_WORKER))
		d->kind->work(d->state);
	return NULL;
}

/* The threads of devices that have one. */
static int workers_start(struct vm *vm, struct error *err)
{
	for (size_t i = 0; i < vm->n_devices; i++) {
		struct vm_device *d = &vm->devices[i];
		int e = d->kind->work ? pthread_create(&d->worker, NULL, worker_thread, d) : 0;

		d->working = d->kind->work && e == 0;
		if (e)
			return error_sys(err, ERROR_HOST_MEMORY, e, "starting the thread of %s",
			                 d->kind->name);
	}
	return 0;
}

/* After the vCPUs: no request can come any more, and one in progress is waited for. */
static void workers_stop(struct vm *vm, uint64_t end_ms)
{
	for (size_t i = 0; i < vm->n_devices; i++)
		if (vm->devices[i].working)
			vm->devices[i].kind->work_end(vm->devices[i].state);
	for (size_t i = 0; i < vm->n_devices; i++) {
		struct vm_device *d = &vm->devices[i];

		if (!d->working)
			continue;
		d->working = false;
		if (thread_join(d->worker, NULL, end_ms))
			continue;
		log_at(LOG_QUIET, "%s didn't finish a request within %d s; its thread is abandoned",
		       d->kind->name, RELEASE_MS / 1000);
		vm->abandoned = true;
	}
}

/* Makes vCPUs leave KVM_RUN: immediate_exit stops one about to enter, the kick one inside. */
static void threads_stop(struct vm *vm, unsigned started)
{
	uint64_t end_ms = clock_ms() + RELEASE_MS;

	atomic_store(&vm->stopping, true);
	log_hurry(true);
	for (unsigned i = 0; i < started; i++) {
		__atomic_store_n(&vm->vcpus[i].run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		vcpu_kick(&vm->vcpus[i]);
	}
	debug_release(vm);
	for (unsigned i = 0; i < started; i++) {
		if (thread_join(vm->vcpus[i].thread, &vm->vcpus[i], end_ms))
			continue;
		log_at(LOG_QUIET,
		       "vCPU %u didn't leave KVM_RUN within %d s; its thread is abandoned", i,
		       RELEASE_MS / 1000);
		vm->abandoned = true;
	}
	workers_stop(vm, end_ms);
}

/* Takes the keyboard, then starts all threads, which inherit the blocked signals. */
static int threads_start(struct run *run, struct error *err)
{
	struct vm *vm = run->vm;
	unsigned started = 0;
	sigset_t before;
	int r;

	log_hurry(false);
	stats_begin(&vm->stats);
	block_async_signals(&before);
	if (run->limits->keyboard)
		keyboard_take(run->limits->input_fd); /* raw before the guest can print */
	pthread_mutex_lock(&run->gate);
	r = workers_start(vm, err);
	while (r == 0 && started < vm->n_vcpus) {
		r = -pthread_create(&vm->vcpus[started].thread, NULL, vcpu_thread,
		                    &vm->vcpus[started]);
		if (r < 0)
			error_sys(err, ERROR_HOST_MEMORY, -r, "starting the thread of vCPU %u",
			          started);
		started += r == 0;
	}
	if (r == 0)
		r = sandbox_all(run->limits->sandbox, err);
	atomic_store(&vm->stopping, r < 0);
	pthread_mutex_unlock(&run->gate);
	if (r < 0)
		threads_stop(vm, started);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r < 0 && run->limits->keyboard)
		keyboard_give_back(run->limits->input_fd);
	return r;
}

/* When the silence limit is reached, unless the guest prints something; 0: never. */
static uint64_t run_silent_at(const struct run *run)
{
	uint64_t last_ms = run->vm->streams[STREAM_SERIAL].last_ns / 1000000;

	if (!run->limits->silence_ms || run->held_ms)
		return 0;
	return MAX(last_ms, run->start_ms) + run->limits->silence_ms;
}

/* When the time limit is reached; 0: never. */
static uint64_t run_timed_out_at(const struct run *run)
{
	return run->held_ms ? 0 : run->deadline_ms;
}

/* Whether something is more urgent than matching the console, which can take long. */
static bool run_due(void *self)
{
	const struct run *run = self;
	uint64_t now = clock_ms(), silent_at = run_silent_at(run), at = run_timed_out_at(run);

	return stop_signo() || (at && now >= at) || (silent_at && now >= silent_at);
}

/* Has run_wake() called on output and on lines that matter, or (on: false) no longer called. */
static void run_listen(struct run *run, bool on)
{
	void (*wake)(void *self) = on ? run_wake : NULL;

	/* Including the logs: if we are killed, they have to hold what the console showed. */
	streams_on_wake(run->vm, wake, run);
	if (run->vm->watch) {
		watch_on_change(run->vm->watch, wake, run);
		watch_on_hurry(run->vm->watch, on ? run_due : NULL, run);
	}
}

/* Waits until a descriptor is readable or the earliest deadline is reached. */
static void run_wait(struct run *run)
{
	unsigned again_ms;
	bool listen = input_wanted(&run->input, &again_ms);
	enum { WAKE, SIGNAL, INPUT, GDB, FDS = GDB + GDB_SERVER_FDS };
	struct pollfd fds[FDS] = {
		[WAKE] = { .fd = run->wake, .events = POLLIN },
		[SIGNAL] = { .fd = signals_fd(), .events = POLLIN },
		[INPUT] = { .fd = listen ? run->input.fd : -1, .events = POLLIN },
		[GDB] = { .fd = -1 },
		[GDB + 1] = { .fd = -1 },
	};
	uint64_t now = clock_ms(), first = now + POLL_MAX_MS, drained;
	const uint64_t deadlines[] = {
		run_timed_out_at(run),                    /* the time limit */
		run_silent_at(run),                       /* the silence limit */
		run->flush_at_ms,                         /* write an unfinished line */
		run->pause_at_ms,                         /* match it */
		run->trace_until_ms,                      /* the end of a panic's trace */
		run->halt.at_ms,                          /* check whether all vCPUs are halted */
		!listen && again_ms ? now + again_ms : 0, /* ask for room for input again */
	};

	for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++)
		if (deadlines[i])
			first = MIN(first, deadlines[i]);
	if (run->limits->gdb)
		gdb_server_poll(run->limits->gdb, &fds[GDB]);
	if (poll(fds, ARRAY_SIZE(fds), first > now ? (int)(first - now) : 0) <= 0)
		return;
	if (fds[WAKE].revents && read(run->wake, &drained, sizeof(drained)) < 0)
		return;
	if (fds[INPUT].revents)
		input_take(&run->input);
}

/* Writes unfinished lines that have waited for PROMPT_MS. Never blocks, so that limits hold. */
static void run_flush(struct run *run)
{
	struct vm *vm = run->vm;
	uint64_t now = clock_ms();
	bool due = run->flush_at_ms && now >= run->flush_at_ms, waits = false;
	int failed;

	for (int i = 0; i < VM_STREAMS; i++) {
		if (due)
			sink_try_flush(&vm->streams[i]);
		waits |= sink_waits(&vm->streams[i]);
	}
	if (!waits)
		run->flush_at_ms = 0;
	else if (due || !run->flush_at_ms)
		run->flush_at_ms = now + PROMPT_MS;
	failed = vm->streams[STREAM_SERIAL].failed;
	if (failed) {
		struct outcome o;

		outcome_set(&o, ERROR_OUTPUT, (uint64_t)failed,
		            "the console's output can't be written: %s", strerror(failed));
		run_conclude(run, &o);
	}
}

/* Matches an unfinished line once it hasn't grown for PROMPT_MS, and acts on what matched. */
static void run_match(struct run *run, struct watch *w)
{
	uint64_t now = clock_ms();
	struct outcome o;

	if (run->pause_at_ms && now >= run->pause_at_ms) {
		watch_pause(w);
		run->pause_at_ms = 0;
	}
	if (!watch_unseen(w))
		run->pause_at_ms = 0;
	else if (!run->pause_at_ms)
		run->pause_at_ms = clock_ms() + PROMPT_MS;

	if (watch_forbidden(w) && !run->trace_until_ms)
		run->trace_until_ms = clock_ms() + TRACE_MS;
	if (run->trace_until_ms && clock_ms() >= run->trace_until_ms) {
		watch_outcome(w, &o);
		run_conclude(run, &o);
	} else if (run->limits->end_when_complete && watch_complete(w) && !watch_forbidden(w) &&
	           (!run->vm->report || report_lines_whole(run->vm->report))) {
		outcome_set(&o, CONSOLE_COMPLETE, 0, "every expected line was printed");
		run_conclude(run, &o);
	}
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

/* Serves the debugger, and stops the clock while it holds the guest. */
static void run_debug(struct run *run, struct gdb_server *gdb)
{
	bool killed = gdb_server_serve(gdb);
	uint64_t now = clock_ms();
	struct outcome o;

	if (gdb_server_holds(gdb)) {
		run->held_ms = run->held_ms ? run->held_ms : now;
	} else if (run->held_ms) {
		run->deadline_ms += run->deadline_ms ? now - run->held_ms : 0;
		run->start_ms = now;
		run->held_ms = 0;
	}
	if (killed) {
		outcome_set(&o, RUN_KILLED, 0, "the debugger killed the guest");
		run_conclude(run, &o);
	}
}

static void run_event_loop(struct run *run)
{
	const struct run_limits *l = run->limits;
	struct vm *vm = run->vm;
	struct outcome o;

	halt_init(&run->halt, vm);
	while (!run->concluded) {
		run_wait(run);
		if (stop_signo()) {
			signals_outcome(&o, "");
			run_conclude(run, &o);
		}
		if (l->gdb)
			run_debug(run, l->gdb);
		run_flush(run);
		if (vm->watch)
			run_match(run, vm->watch);
		/* a debugger may want to look at a guest that has halted */
		if (l->gdb && gdb_server_connected(l->gdb)) {
			halt_init(&run->halt, vm);
		} else if (halt_look(&run->halt)) {
			outcome_set(&o, GUEST_HALTED, 0, "%s halted with interrupts off",
			            vm->n_vcpus > 1 ? "all vCPUs are" : "the vCPU is");
			run_conclude(run, &o);
		}
		run_limit(run, run_timed_out_at(run), RUN_TIMED_OUT, l->timeout_ms,
		          "the guest did not end within the time limit of");
		/* If stdout is blocked, the guest can't print: blame the reader, not the guest. */
		run_limit(run, run_silent_at(run), RUN_SILENT, l->silence_ms,
		          sink_waits(&vm->streams[STREAM_SERIAL])
		                  ? "the console's reader has stopped reading and blocks the "
		                    "guest, for the silence limit of"
		                  : "no console output for the silence limit of");
	}
}

/* Writes the rest of the output, within DRAIN_MS. */
static void drain_output(struct vm *vm)
{
	uint64_t end = clock_ms() + DRAIN_MS;

	for (int i = STREAM_SERIAL; i <= STREAM_DEBUG; i++) {
		struct sink *sink = &vm->streams[i];

		sink_end_line(sink);
		while (sink_waits(sink) && clock_ms() < end) {
			struct pollfd fd = { .fd = sink->fd, .events = POLLOUT };

			sink_try_flush(sink);
			if (sink_waits(sink))
				poll(&fd, 1, 100);
		}
		/* Otherwise our next message would continue the guest's unfinished line. */
		if (sink_midline(sink) && sink_shares(sink, STDERR_FILENO))
			log_end_line();
	}
}

/* After the event loop: stops the vCPUs, then matches and writes their last output. */
static void run_finish(struct run *run)
{
	struct vm *vm = run->vm;
	enum reason kind = run->outcome.kind;

	threads_stop(vm, vm->n_vcpus);
	merge_end(&vm->merge);
	if (vm->watch) {
		watch_end(vm->watch);
		/* A panic explains a reset that follows it, but not a failure of the host. */
		if (watch_forbidden(vm->watch) && kind != RUN_SIGNALLED && kind != ERROR_KVM &&
		    kind != KVM_ENTRY_FAILED && kind != ERROR_OUTPUT)
			watch_outcome(vm->watch, &run->outcome);
	}
	drain_output(vm);
	if (run->limits->keyboard)
		keyboard_give_back(run->limits->input_fd);
	kind = run->outcome.kind;
	/*
	 * Log where the guest was if it didn't end by itself. A protected guest's registers can't
	 * be read, and reading those of a vCPU that is still in KVM_RUN would block.
	 */
	if ((kind == RUN_TIMED_OUT || kind == RUN_SILENT || kind == GUEST_HALTED) &&
	    !vm->memory.private_memory && !vm->abandoned)
		for (unsigned i = 0; i < vm->n_vcpus; i++)
			vcpu_log_state(&vm->vcpus[i]);
}

static void on_kick(int signal_number)
{
	(void)signal_number; /* the handler only exists so that KVM_RUN returns EINTR */
}

int vm_run(struct vm *vm, const struct run_limits *l, struct outcome *ret, struct error *err)
{
	const struct sigaction kick = { .sa_handler = on_kick }; /* no SA_RESTART */
	uint64_t now = clock_ms();
	struct run *run = calloc(1, sizeof(*run));
	int signals = 0, r;

	if (!run)
		return error_nomem(err, "a run");
	*run = (struct run){ .vm = vm,
		             .wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		             .limits = l,
		             .start_ms = now,
		             .deadline_ms = l->timeout_ms ? now + l->timeout_ms : 0,
		             .gate = PTHREAD_MUTEX_INITIALIZER,
		             .lock = PTHREAD_MUTEX_INITIALIZER };
	r = run->wake < 0 ? error_sys(err, ERROR_HOST_MEMORY, errno, "eventfd") : 0;
	run->input = input_of(vm, l->input_fd);
	vm->run = run;
	run_listen(run, true);
	if (r == 0 && l->gdb)
		r = gdb_server_begin(l->gdb, vm, run_wake, run, err);
	if (r == 0)
		r = signals = signals_begin(err);
	sigaction(SIGRTMIN, &kick, NULL);
	if (r >= 0)
		r = threads_start(run, err);
	if (r == 0) {
		run_event_loop(run);
		run_finish(run);
		*ret = run->outcome;
		if (l->gdb)
			gdb_server_end(l->gdb, ret);
		log_info("port accesses that no device answered: %llu",
		         (unsigned long long)vm->bus[BUS_PORTS].unclaimed);
	}
	if (!vm->abandoned) { /* else a thread may still use all of it */
		run_listen(run, false);
		debug_free(vm);
		vm->run = NULL;
		fd_cleanup(&run->wake);
		input_fini(&run->input);
		pthread_mutex_destroy(&run->gate);
		pthread_mutex_destroy(&run->lock);
		free(run);
	}
	if (signals > 0)
		signals_end();
	return r;
}
