/* SPDX-License-Identifier: MIT */
/* cmd/conflicts.h: whether runs would write over their inputs, or over each other's outputs. */
#ifndef CMD_CONFLICTS_H
#define CMD_CONFLICTS_H

#include <stdbool.h>

#include "core/base/error.h"

struct labels;       /* cmd/labels.h */
struct option_paths; /* cmd/options.h */

struct conflicts_ask {
	struct labels *labels; /* of all runs; their inputs_unknown is filled in */
	/* For `run` only: */
	const char *results, *stats_file;         /* NULL: not given */
	const struct option_paths *certs, *roots; /* --certs, --root; NULL: not given */
	bool streams;                             /* stdout and stderr are outputs, too */
};

struct conflicts {
	struct error err;       /* one of them; kind ERROR_NONE: there is none */
	bool results_untouched; /* not even the result itself may be written to --results */
};

/*
 * Compares every file that any of the runs writes, makes or removes with every file that any of
 * them reads or writes: by device and inode if it exists, else by its folder and name. Opens no
 * file. Devices and pipes may be shared. True: no conflict was found.
 */
bool conflicts_find(const struct conflicts_ask *q, struct conflicts *ret);

#endif
