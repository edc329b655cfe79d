/* SPDX-License-Identifier: MIT */
/*
 * core/base/findings.h: everything that is wrong with what somebody wrote, not the first mistake
 * alone.
 */
#ifndef CORE_BASE_FINDINGS_H
#define CORE_BASE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

#define FINDINGS_MAX 64 /* so many are kept; of more it is only known that there are */

/* An error fails the command that found it. A warning never does, and has no reason name. */
enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct finding {
	enum severity severity;
	struct error error;
};

/* Begin with { 0 }. */
struct findings {
	struct finding *list; /* no two with the same place and sentence */
	size_t count, cap;
	/* how many were added, those that were there before and those not kept as well */
	size_t errors;
	bool more; /* some were not kept */
};

/* Adds a copy of *e. Without memory for it, it counts, and is not kept. */
void findings_add(struct findings *f, enum severity severity, const struct error *e);

/* Adds all of `from` again, and counts those that it did not keep. */
void findings_add_all(struct findings *f, const struct findings *from);

/*
 * For code that goes on after a mistake: adds what is in *err if r is negative, clears *err, and
 * returns 0. Out of memory is no mistake of whoever wrote it: that is left in *err, and r is
 * returned.
 */
int findings_keep(struct findings *f, int r, struct error *err);

/*
 * From number `from` on in order of place. Files stay in the order in which each was named first.
 */
void findings_sort(struct findings *f, size_t from);

/*
 * The first error in the list into *err, if there is one. Returns its code; 0: no error was added.
 */
int findings_first(const struct findings *f, struct error *err);

void findings_fini(struct findings *f);
#define auto_findings __attribute__((cleanup(findings_fini)))

#endif
