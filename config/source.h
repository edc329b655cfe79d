/* SPDX-License-Identifier: MIT */
/* config/source.h: what is known of a manifest before one of its runs is chosen. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "config/inputs.h"

struct manifest_source {
	struct inputs inputs;   /* a run works on a copy; its trees are this one's */
	struct yaml_tree *root; /* NULL: it could not be read */
	bool unclear;           /* mistakes of YAML make it uncertain what the text says */
	uint8_t sha256[32];
	const struct confine *confine;
	struct findings findings; /* mistakes that all runs share */
};

/* Begins a run: a copy of the inputs, which fills *m and *f. */
void source_begin_run(const struct manifest_source *s, struct inputs *in, struct manifest *m,
                      struct findings *f, struct error *err);

#endif
