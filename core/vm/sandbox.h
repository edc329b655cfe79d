/* SPDX-License-Identifier: MIT */
/*
 * core/vm/sandbox.h: what the process of a run may do once its guest runs; the table of system
 * calls is in core/vm/sandbox.c.
 */
#ifndef CORE_VM_SANDBOX_H
#define CORE_VM_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "core/sandbox/filter.h"
#include "core/sandbox/landlock.h"

struct error; /* core/base/error.h */

/* Kinds of threads; the first is the one that calls vm_run(). */
enum sandbox_thread { SANDBOX_MAIN = 1 << 0, SANDBOX_VCPU = 1 << 1, SANDBOX_WORKER = 1 << 2 };

/* What some system calls are only needed for. */
enum sandbox_need {
	SANDBOX_GDB = 1 << 0,     /* a debugger may come */
	SANDBOX_CERTS = 1 << 1,   /* a file is read whenever the guest asks for certificates */
	SANDBOX_SYMBOLS = 1 << 2, /* files are read when the guest has ended */
	SANDBOX_KEEP = 1 << 3,    /* a file is made then */
	SANDBOX_VSOCK = 1 << 4,   /* the guest has one */
	SANDBOX_CONFINE = 1 << 5, /* files are opened by openat2(2) */
};

struct sandbox {
	enum sandbox_mode mode;
	unsigned needs;        /* of enum sandbox_need */
	struct calls *refused; /* in shared memory; see filter_begin() */
	const struct landlock_folder *folders;
	size_t n_folders;
	/* What was had, after sandbox_begin(): */
	int landlock;      /* version of the ABI; 0: none */
	bool capabilities; /* one had to be kept, see privileges_drop() */
};

/*
 * When all is open that the guest needs, before its vCPUs' threads are created, which inherit it:
 * gives up descriptors, capabilities and, by Landlock, the file system. A program built with
 * sanitizers has mode `off`. 0, or a negative errno with *err filled.
 */
int sandbox_begin(struct sandbox *s, struct error *err);

/*
 * Filters system calls: of all threads, when there are no more to come, and further those of the
 * caller, the main thread. The others then call sandbox_own(). Nothing happens if `s` is NULL or
 * its mode is `off`. 0, or a negative errno with *err filled.
 */
int sandbox_all(const struct sandbox *s, struct error *err);
int sandbox_own(const struct sandbox *s, enum sandbox_thread thread, struct error *err);

#endif
