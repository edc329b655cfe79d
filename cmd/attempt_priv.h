/* SPDX-License-Identifier: MIT */
/* cmd/attempt_priv.h: a run under way: what attempt.c does and attempt_result.c tells. */
#ifndef CMD_ATTEMPT_PRIV_H
#define CMD_ATTEMPT_PRIV_H

#include "cmd/attempt.h"
#include "cmd/outputs.h"
#include "core/snp/digest.h"
#include "core/vm/outcome.h"
#include "firmware/images.h"

struct run_result; /* core/out/run_result.h */
struct watch;      /* core/vm/watch.h */

/* All that a run is made of, in the order in which it comes about. */
struct attempt {
	const struct run_options *o;
	uint64_t begun_us;
	struct outputs outputs;
	char *stats_file; /* --stats, for this run; NULL: none */
	bool loaded;      /* the manifest */
	struct manifest m;
	struct images images;
	const struct plan *measured;
	const struct plan
		*plan; /* to launch: the same one, if the platform measures what it loads */
	struct snp_digest digest;
	bool hashed; /* the images hold the hash of each */
	bool digested;
	struct watch *watch;
	struct vm *vm;
	bool ended; /* the guest ran, or a signal came: `outcome` says how it ended */
	struct outcome outcome;
	struct findings findings; /* of the manifest and its files */
	struct error err;         /* otherwise, what failed */
	struct run_result *r;
};

/*
 * Whether --retries wants another try after this one: the guest never began, and what kept it from
 * that may be gone soon. No wait mends a host that can't or may not.
 */
bool attempt_repeated(const struct run_options *o, const struct run_result *r);

/* Which host it is, before anything of it is used. */
void attempt_host(struct run_result *r);

/*
 * Something failed beside a run that has come to `status`: a pass becomes that failure, of another
 * end it is only told. Returns the status from now on.
 */
int attempt_lost(struct attempt *a, const struct error *err, int status);

/* --stats, once the guest is gone. Returns the status from now on. */
int attempt_stats(struct attempt *a, int status);

/*
 * Writes what is left of the result files, fills the result, tells the verdict. Returns the status.
 */
int attempt_conclude(struct attempt *a, int status);

#endif
