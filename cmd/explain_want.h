/* SPDX-License-Identifier: MIT */
/* cmd/explain_want.h: `explain --want`: which settings give a launch digest. */
#ifndef CMD_EXPLAIN_WANT_H
#define CMD_EXPLAIN_WANT_H

#include <argp.h>

#include "cmd/options.h"
#include "cmd/settings.h"

struct error; /* core/base/error.h */

/* What the command line asks for. Zero-initialise. */
struct explain_want {
	const char *digest; /* --want; NULL: not given */
	char **arguments;   /* one manifest */
	size_t n_arguments;
	struct settings settings;
	struct option_paths firmware, kernel, initrd; /* alternatives */
	uint64_t budget_ms;                           /* 0: not given */
	const char *option; /* an option that was given and needs --want; NULL: none */
};

extern const struct argp_option explain_want_options[];
/* Takes these options; ARGP_ERR_UNKNOWN for others. */
error_t explain_want_option(struct explain_want *w, int key, char *argument);
/* Returns the exit status: found, not found, or an error. */
int explain_want(struct explain_want *w, struct error *err);

#endif
