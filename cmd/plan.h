/* SPDX-License-Identifier: MIT */
/* cmd/plan.h: the steps of launches, for `plan` and `run --dry-run`. */
#ifndef CMD_PLAN_H
#define CMD_PLAN_H

#include <stdbool.h>

#include "cmd/settings.h"

struct plan_args {
	const struct settings *settings;
	struct files manifests;
	bool pages;       /* each page, too */
	bool prove;       /* as run --prove launches them */
	const char *igvm; /* write the only launch to this IGVM file instead; NULL: list it */
};

/*
 * Lists the launches of all manifests on standard output. Returns the exit status; *err as
 * struct command has it.
 */
int plan_list(const struct plan_args *a, struct error *err);

#endif
