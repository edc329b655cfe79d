/* SPDX-License-Identifier: MIT */
/*
 * core/out/run_result.h: what one run came to: the one struct from which every form of its result
 * is made.
 */
#ifndef CORE_OUT_RUN_RESULT_H
#define CORE_OUT_RUN_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/error.h"
#include "core/plan/plan.h"

struct tree; /* core/out/tree.h */

enum run_verdict { RESULT_PASS, RESULT_FAIL, RESULT_ERROR, RESULT_SKIP, RESULT_TIMEOUT, RESULTS };

/* "pass"; static. */
const char *run_verdict_name(enum run_verdict verdict);

enum { RUN_INPUTS = 19, RUN_TAIL = 8192 };

/* A file that the run was made of. */
struct run_input {
	char role[16]; /* "manifest", "firmware", "kernel", "initrd" */
	char path[1024];
	uint8_t sha256[32];
};

/*
 * Holds no pointer, so that a run in a process of its own can leave it in shared memory. Texts that
 * come from elsewhere (guest, manifest, host) may hold any bytes: whoever prints them cleans them
 * (core/base/text.h).
 */
struct run_result {
	char name[256];    /* of the test */
	char variant[256]; /* of a matrix: "vcpus=4,memory=1G"; "" without one */
	enum run_verdict verdict;
	int status; /* the exit status of this run */
	enum reason reason;
	unsigned attempts;     /* of which this is the last; more than one under --retries alone */
	char sentence[768];    /* what happened */
	char why[1024];        /* "" or one sentence */
	char fix[512];         /* "" or one sentence */
	char file[256];        /* where in the manifest; "" nowhere */
	unsigned line, column; /* from 1; 0 unknown */

	struct {
		bool known;
		uint8_t expected[PLAN_DIGEST];
		/*
		 * expect.measurement has digests for this run; `pin` is the one that fits, or the
		 * first
		 */
		bool pinned;
		uint8_t pin[PLAN_DIGEST];
		char profile[16], vcpu_type[64];
		unsigned vcpus;
	} measurement;

	bool launched; /* the guest ran */
	struct {
		enum reason event; /* how it ended, or was ended */
		uint64_t code;
		char detail[768];
		unsigned expected, met; /* lines of expect.console */
		char last_line[256];    /* on the console; "" none */
	} guest;

	/* What the guest wrote, where a file was to have it, and how much of that it has not. */
	struct run_log {
		bool known;
		uint64_t bytes, dropped;
	} serial, debug;

	struct {
		uint64_t start_us, update_us, finish_us; /* of the launch */
		bool first_byte_came;
		uint64_t
			/* from the guest's first instruction to its first byte on the console */
			first_byte_us;
		uint64_t total_us; /* of everything */
	} time;

	struct {
		char kernel[128], firmware[64], cpu[128]; /* "" unknown */
	} host;

	struct run_input inputs[RUN_INPUTS];
	size_t n_inputs;

	char tail[RUN_TAIL]; /* the console's last bytes, as they came */
	size_t tail_size;
};

/*
 * "snpvmm.result/1", as result.schema.json has it; what doesn't apply, or isn't known, has no key.
 */
void result_run(struct tree *t, const char *key, const struct run_result *r);

/*
 * JUnit XML of one run or of several: a <testsuite> named `suite` with a <testcase> each; failure,
 * error or skipped with the reason as its type, and the console's tail as <system-out> where it
 * didn't pass. UTF-8, and well-formed whatever the guest printed. 0, or a negative errno with *err
 * filled.
 */
int junit_write(FILE *to, const char *suite, const struct run_result *const *runs, size_t n,
                struct error *err);

/*
 * The same as TAP version 14; a failed point has a YAML block with verdict, reason, sentence, why,
 * fix, status.
 */
int tap_write(FILE *to, const struct run_result *const *runs, size_t n, struct error *err);

/*
 * The workflow command of GitHub Actions for a run that neither passed nor was skipped: "::error
 * file=F,line=L,col=C,title=NAME [VARIANT]::sentence [reason]", with why and fix as further lines
 * of its text; escaped, so that no text of others begins a line or a command; with a newline.
 * Nothing for others. `manifest` (NULL or "": none) is the file where the result names none.
 */
void github_annotate(FILE *to, const char *manifest, const struct run_result *r);

#endif
