/* SPDX-License-Identifier: MIT */
/*
 * core/base/findings.h: collects errors and warnings, so that all mistakes are reported at once.
 */
#ifndef CORE_BASE_FINDINGS_H
#define CORE_BASE_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

#define FINDINGS_MAX 64 /* how many are kept */

/* An error fails the command that found it. A warning never does, and has no reason name. */
enum severity { SEVERITY_ERROR, SEVERITY_WARNING };

struct finding {
	enum severity severity;
	struct error error;
};

/* Begin with { 0 }. */
struct findings {
	struct finding *list; /* no two with the same location and sentence */
	size_t count;
	/* how many errors were added, including duplicates and those that were not kept */
	size_t errors;
	bool more; /* some were not kept */
};

/* Adds a copy of *e. Out of memory, it is counted but not kept. */
void findings_add(struct findings *f, enum severity severity, const struct error *e);

/* Adds all of `from`, counting also those that it did not keep. */
void findings_add_all(struct findings *f, const struct findings *from);

/*
 * For code that continues after a mistake: if r is negative, adds *err, clears it and returns 0.
 * Running out of memory isn't a mistake in the input: then *err stays and r is returned.
 */
int findings_keep(struct findings *f, int r, struct error *err);

/*
 * Sorts the findings from number `from` on by location. Files stay in the order of first mention.
 */
void findings_sort(struct findings *f, size_t from);

/*
 * Copies the first error in the list to *err. Returns its code; 0: no error was added.
 */
int findings_first(const struct findings *f, struct error *err);

void findings_fini(struct findings *f);
#define auto_findings __attribute__((cleanup(findings_fini)))

#endif
