/* SPDX-License-Identifier: MIT */
/* core/out/explanation.h: what explains a launch digest: "snpvmm.explain/1". */
#ifndef CORE_OUT_EXPLANATION_H
#define CORE_OUT_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan/plan.h"

struct tree; /* core/out/tree.h */

/* One thing that is not as the manifest has it. Texts are owned unless they are static. */
struct explained_change {
	const char *key;         /* of the manifest, static; NULL: no key stands for it */
	const char *name;        /* the key, or what it is: "FPU in VMSAs"; static */
	const char *sentence;    /* what it means, if there is no key; static; else NULL */
	char *manifest, *wanted; /* values, as --set takes them, or in a word */
	bool is_path;            /* they are paths; `wanted` is relative to the current folder */
	bool left_out;           /* the key is to be left out of the manifest */
};

enum { EXPLAINED_CHANGES = 20, EXPLANATIONS = 16 };

/* Changes that, all together, give the digest. */
struct explanation {
	struct explained_change changes[EXPLAINED_CHANGES];
	size_t n;
};

struct explanations {
	uint8_t want[PLAN_DIGEST];
	bool found;
	bool reversed; /* the digest was given with its bytes in reverse */
	struct explanation *list;
	size_t n;
	bool more; /* not all are in the list */
	/* "" or where in the launch the digest is: "after 'firmware', ..." */
	char place[256];
	const char
		*varied[EXPLAINED_CHANGES]; /* names of what was tried with other values; static */
	size_t n_varied;
	bool complete;  /* all values were tried, with one another */
	uint64_t tried; /* launches */
	uint64_t us;    /* that it took */
};

void explanations_fini(struct explanations *e);

static inline void explanations_cleanup(struct explanations *e)
{
	explanations_fini(e);
}
#define auto_explanations __attribute__((cleanup(explanations_cleanup)))

/* Adds one map. `key`: as for results (core/out/result.h). */
void result_explain(struct tree *t, const char *key, const struct explanations *e);

#endif
