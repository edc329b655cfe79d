/* SPDX-License-Identifier: MIT */
/*
 * cmd/run_once_sandbox.c: the last step before the guest runs: what will be needed is opened, and
 * the rest is given up (core/vm/sandbox.h).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/progress.h"
#include "cmd/results.h"
#include "cmd/run_once_priv.h"
#include "core/attest/crypto.h"
#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/sanitized.h"
#include "core/out/run_result.h"
#include "core/out/tree.h"
#include "core/vm/sandbox.h"

/* How long the process may take to end its guest and clean up, after the guest's time limit. */
enum { OVERDUE_MS = 30000 };

/* The folder that the path leads to, or that of its file; -1: none. */
static int folder_at(const char *path, bool of_file)
{
	auto_free char *resolved = path ? realpath(path, NULL) : NULL;
	char *slash = resolved ? strrchr(resolved, '/') : NULL;

	if (of_file && slash)
		slash[slash == resolved] = '\0';
	return resolved ? open(resolved, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* A UNIX socket is removed at the end. */
static const char *gdb_socket(const struct run_options *o)
{
	return o->gdb && strncmp(o->gdb, "unix:", 5) == 0 ? o->gdb + 5 : NULL;
}

/*
 * The kernel kills a process that outlives the guest's time limit, for one that a guest has taken
 * over keeps no limit of its own. No filter lets it stop this timer, or block that signal.
 */
static void deadline_set(struct run_once *a)
{
	struct sigevent kills = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	uint64_t ms = a->m.timeout_ms + OVERDUE_MS;
	const struct itimerspec in = { .it_value = { .tv_sec = (time_t)(ms / 1000),
		                                     .tv_nsec = (long)(ms % 1000) * 1000000 } };
	timer_t timer;

	/* a debugger stops the clock */
	if (a->o->gdb || !a->m.timeout_ms || timer_create(CLOCK_MONOTONIC, &kills, &timer) < 0)
		return;
	if (timer_settime(timer, 0, &in, NULL) == 0)
		a->r->kill_at_ms = clock_ms() + ms;
}

int run_once_confine(struct run_once *a)
{
	const struct run_options *o = a->o;
	struct sandbox *s = &a->sandbox;
	struct landlock_folder folders[OUTPUTS_FOLDERS + 4];
	const char *kept = a->m.vars_keep.back ? a->m.vars.path : a->m.vars_keep.path, *name;
	auto_free char *keep_folder = kept ? folder_of(kept, &name) : NULL;
	auto_fd int keep = folder_at(keep_folder, false);
	auto_fd int certs = folder_at(a->m.certs.path, true);
	auto_fd int symbols = folder_at(o->symbols, false);
	auto_fd int gdb = folder_at(gdb_socket(o), true);
	size_t n = outputs_ready(&a->outputs, folders);

	if (results_ready(&a->outputs, a->report != NULL, &a->err) < 0)
		return a->err.code;
	if (o->results || !o->console || a->outputs.stats)
		tree_json_seed();
	if (a->report) {
		crypto_start();
		tzset(); /* else gmtime_r(3) would read /etc/localtime later */
	}
	folders[n++] = (struct landlock_folder){ certs, false };
	folders[n++] = (struct landlock_folder){ symbols, false };
	folders[n++] = (struct landlock_folder){ gdb, true };
	folders[n++] = (struct landlock_folder){ keep, true };
	*s = (struct sandbox){ .mode = o->sandbox,
		               .needs = (o->gdb ? SANDBOX_GDB : 0) |
		                        (a->m.certs.path ? SANDBOX_CERTS : 0) |
		                        (o->symbols ? SANDBOX_SYMBOLS : 0) |
		                        (kept ? SANDBOX_KEEP : 0) |
		                        (a->m.vsock_cid ? SANDBOX_VSOCK : 0) |
		                        (a->m.confine ? SANDBOX_CONFINE : 0),
		               .refused = &a->r->sandbox.calls,
		               .folders = folders,
		               .n_folders = n };
	/* the thread that shows progress has to be confined, too: it starts again */
	progress_end();
	if (sandbox_begin(s, &a->err) < 0)
		return a->err.code;
	deadline_set(a);
	s->folders = NULL;
	s->n_folders = 0;
	if (!o->parallel)
		progress_begin();
	a->r->sandbox.mode = s->mode;
	a->r->sandbox.landlock = s->landlock;
	a->r->sandbox.capabilities = s->capabilities;
	if (s->mode == SANDBOX_OFF)
		log_info("sandbox: off%s",
		         SANITIZED ? ", as this program is built with sanitizers" : "");
	else if (s->mode == SANDBOX_LOG)
		log_info("sandbox: log: no capabilities; system calls are only watched");
	else
		log_info("sandbox: filters of system calls, %s, Landlock %s%.0d",
		         s->capabilities ? "the capability to write into this folder"
		                         : "no capabilities",
		         s->landlock ? "of ABI " : "is not in this kernel", s->landlock);
	return 0;
}

void run_once_say_refused(const struct run_result *r)
{
	const struct calls *calls = &r->sandbox.calls;
	char name[CALL_NAME];

	for (size_t i = 0; i < MIN((size_t)calls->n, ARRAY_SIZE(calls->list)); i++)
		log_at(LOG_QUIET, "sandbox: the run made a system call that would be refused: %s",
		       call_name(&calls->list[i], name));
}
