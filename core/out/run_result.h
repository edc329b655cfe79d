/* SPDX-License-Identifier: MIT */
/*
 * core/out/run_result.h: the result of one run, from which every format is printed.
 */
#ifndef CORE_OUT_RUN_RESULT_H
#define CORE_OUT_RUN_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/attest/checks.h"
#include "core/base/error.h"
#include "core/dev/disk.h"
#include "core/plan/plan.h"
#include "core/sandbox/filter.h"

struct tree; /* core/out/tree.h */

enum run_status { RESULT_PASS, RESULT_FAIL, RESULT_ERROR, RESULT_SKIP, RESULT_TIMEOUT, RESULTS };

/* "pass"; static. */
const char *run_status_name(enum run_status status);

enum { RUN_INPUTS = 21, RUN_TAIL = 8192, RUN_CHECKS = 6 };

/* An input file of the run. */
struct run_input {
	char role[16]; /* "manifest", "firmware", "kernel", "initrd" */
	char path[1024];
	uint8_t sha256[32];
};

/*
 * Has no pointers: a run is a process of its own, and writes it to shared memory. Texts from guest,
 * manifest or host may have any bytes: clean them (core/base/text.h) before printing.
 */
struct run_result {
	char name[256];         /* test name */
	char variant[256];      /* of a matrix: "vcpus=4,memory=1G"; "" without one */
	enum run_status status; /* "verdict" in result.json */
	int exit_status;        /* "status" there */
	enum reason reason;
	bool concluded;        /* the run went to its end; else its process died before */
	unsigned attempts;     /* this is the last of them; more than one only with --retries */
	char sentence[768];    /* what happened */
	char why[1024];        /* "" or one sentence */
	char fix[512];         /* "" or one sentence */
	char file[256];        /* location of a mistake in the manifest; "" none */
	unsigned line, column; /* from 1; 0 unknown */

	struct {
		bool known;
		uint8_t expected[PLAN_DIGEST];
		bool proven; /* the firmware compared it with its own: there was an ID block */
		/* SHA-384 of the keys that signed the block, as a report shows them; zero: no key */
		uint8_t id_key_digest[PLAN_DIGEST], author_key_digest[PLAN_DIGEST];
		/*
		 * expect.measurement has digests for this run; `pin`: the matching one, else the
		 * first
		 */
		bool pinned;
		uint8_t pin[PLAN_DIGEST];
		char explained[256]; /* what would give the expected digest; "" unknown */
		char profile[16], vcpu_type[64];
		/* who accepts memory in a direct boot, and why; "" in others */
		char accept[8], accept_why[64];
		unsigned vcpus;
	} measurement;

	bool host_data_known; /* snp.host_data is given */
	uint8_t host_data[32];

	uint32_t vsock_cid; /* 0: it has no vsock */

	/* The guest's attestation report, if expect.report is true. */
	struct {
		bool wanted;
		bool came;      /* whole, and it is a report */
		bool authentic; /* its signature leads to a root that is trusted */
		bool fresh;     /* its host data was made for this run, and is right */
		bool differs;   /* a check failed */
		uint32_t version;
		unsigned checks[CHECK_OUTCOMES]; /* how many ended in each way */
		struct run_check {
			char name[32];
			enum reason reason;
			char expected[192], actual[192]; /* "": none */
		} failed[RUN_CHECKS];
	} report;

	bool launched; /* the guest ran */
	/* when the kernel kills the process of the run, by clock_ms(); 0: never */
	uint64_t kill_at_ms;
	struct {
		enum sandbox_mode mode;
		int landlock;       /* version of its ABI; 0: none */
		bool capabilities;  /* one had to be kept */
		struct calls calls; /* that were refused */
	} sandbox;
	struct {
		enum reason event; /* how the run ended */
		uint64_t code;
		char detail[768];
		unsigned expected, met; /* lines of expect.console, and how many came */
		char last_line[256];    /* of the console; "" none */
		/* Where the vCPU was that ended the run, else the first one. */
		struct run_where {
			bool rip_known; /* never of a protected guest */
			uint64_t rip;
			bool is_earlier;            /* at its last exit before a triple fault */
			bool known;                 /* it is in the firmware: */
			char volume[128], file[64]; /* "" unknown */
			uint64_t offset;            /* in the module, the file or the volume */
			char symbol[160];           /* "" unknown */
		} where;
	} guest;

	/* How much the guest wrote to a log file, and how much of that was dropped. */
	struct run_log {
		bool known;
		uint64_t bytes, dropped;
	} serial, debug;

	struct {
		uint64_t start_us, update_us, finish_us; /* of the launch */
		bool first_byte_came;
		/* from the guest's first instruction to its first byte on the console */
		uint64_t first_byte_us;
		uint64_t total_us; /* of the whole run */
	} time;

	struct {
		char kernel[128], firmware[64], cpu[128]; /* "" unknown */
	} host;

	struct run_disk {
		char name[8], path[1024], mode[8], serial[DISK_SERIAL + 1];
		uint64_t size;
		bool driver; /* a driver in the guest has used it */
		struct disk_stats stats;
		uint64_t dirty; /* bytes that the guest of a scratch disk changed */
	} disks[DISKS_MAX];
	size_t n_disks; /* 0 unless the guest ran */

	struct run_input inputs[RUN_INPUTS];
	size_t n_inputs;

	char tail[RUN_TAIL]; /* the last bytes of the console, raw */
	size_t tail_size;
};

/*
 * Makes a result safe to read that a process has left which a guest may have taken over: texts end,
 * and numbers are in their ranges.
 */
void run_result_mend(struct run_result *r);

/*
 * "snpvmm.result/1", see result.schema.json; what is unknown or doesn't apply has no key.
 */
void result_run(struct tree *t, const char *key, const struct run_result *r);

/*
 * Writes JUnit XML: a <testsuite> named `suite` with a <testcase> for each run. One that didn't
 * pass has a <failure>, <error> or <skipped> with the reason as its type, and the tail of the
 * console as <system-out>. The XML is UTF-8, and well-formed whatever the guest printed. 0, or a
 * negative errno with *err filled.
 */
int junit_write(FILE *to, const char *suite, const struct run_result *const *runs, size_t n,
                struct error *err);

/*
 * The same, in TAP version 14. A failed test has a YAML block with verdict, reason, sentence, why,
 * fix and status.
 */
int tap_write(FILE *to, const struct run_result *const *runs, size_t n, struct error *err);

/*
 * Prints the workflow command of GitHub Actions for a run that neither passed nor was skipped:
 * "::error file=F,line=L,col=C,title=NAME [VARIANT]::sentence [reason]", with why and fix as
 * further lines of its text, and a newline. Escapes everything in it, so that no text can begin
 * another command. Prints nothing for other runs. `manifest` (NULL or "": none) is named if the
 * result names no file.
 */
void github_annotate(FILE *to, const char *manifest, const struct run_result *r);

#endif
