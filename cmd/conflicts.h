/* SPDX-License-Identifier: MIT */
/* cmd/conflicts.h: whether a run would write over what it reads, or over what else it writes. */
#ifndef CMD_CONFLICTS_H
#define CMD_CONFLICTS_H

#include <stdbool.h>

#include "core/base/error.h"

struct labels; /* cmd/labels.h */

struct conflicts_ask {
	struct labels *labels; /* all runs, and so all manifests; inputs_unknown is filled in */
	/* Of `run`; `check` knows of none. */
	const char *results, *stats_file; /* NULL: not asked for */
	bool streams;                     /* standard output and standard error are written to */
};

struct conflicts {
	struct error err;       /* the first; kind ERROR_NONE: there is none */
	bool results_untouched; /* not even the result itself may go into the results folder */
};

/*
 * Holds every file that any of the runs writes, makes or removes against every file that any of
 * them reads, and against every other that is written: by device and inode where it is there, else
 * by its folder's and its name. Opens no file but the manifests. Devices and pipes may be shared.
 * True: no conflict was found.
 */
bool conflicts_find(const struct conflicts_ask *q, struct conflicts *ret);

#endif
