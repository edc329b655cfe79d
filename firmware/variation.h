/* SPDX-License-Identifier: MIT */
/*
 * firmware/variation.h: what a launch could have instead of what its manifest says: lists of
 * likely values for each setting that is measured, and the rules of firmware/rules.h.
 */
#ifndef FIRMWARE_VARIATION_H
#define FIRMWARE_VARIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/manifest.h"
#include "firmware/images.h"
#include "firmware/rules.h"

struct error;    /* core/base/error.h */
struct findings; /* core/base/findings.h */

/* What can vary. Axes of VMSAs come last: plans have states of vCPUs, not what becomes of them. */
enum axis {
	AXIS_VCPUS, /* only where it changes pages: else every number is tried at once */
	AXIS_FIRMWARE,
	AXIS_PROFILE,
	AXIS_SECTIONS,
	AXIS_KERNEL,
	AXIS_INITRD,
	AXIS_CMDLINE,
	AXIS_CMDLINE_END,
	AXIS_KERNEL_HASHES,
	AXIS_ACCEPT,
	AXIS_MEMORY,
	AXIS_EXIT_PORT,
	AXIS_RNG,
	AXIS_DEVICES,
	AXIS_SIGNATURE,
	AXIS_FEATURES,
	AXIS_FORM,
	AXIS_FPU,
	AXIS_AP,
	AXES
};
#define AXES_OF_PLAN AXIS_FEATURES

/* A launch that differs from the manifest's in some values. */
struct launch {
	struct manifest m;    /* a copy that owns nothing */
	struct images images; /* the same */
	uint64_t features;
	const struct rule *devices; /* NULL: as the manifest has them */
	struct rules_chosen rules;
};

/* One value of an axis. */
struct value {
	enum rank rank;
	uint64_t number;
	char *text;                        /* owned */
	const struct variation_file *file; /* NULL: none */
	const struct rule *rule;           /* of the axis's table */
};

/* A file that the user gave as an alternative. */
struct variation_file {
	enum axis axis;       /* AXIS_FIRMWARE, AXIS_KERNEL or AXIS_INITRD */
	char *path;           /* as given; owned */
	struct images images; /* only this file is in it */
	struct variation_file *next;
};

struct variations {
	struct launch base; /* as the manifest has it */
	bool through_firmware;
	struct {
		struct value *list;
		size_t n;
	} of[AXES];
	struct variation_file *files;
	bool failed; /* out of memory: some values are missing */
};

/*
 * Begins with the manifest and its images, which outlive *ret. The caller calls variations_fini()
 * in any case.
 */
void variations_begin(const struct manifest *m, const struct images *images,
                      struct variations *ret);
/* Reads and checks a file that may stand for one of the manifest's. False: errors were added. */
bool variations_add_file(struct variations *v, enum axis axis, const char *path,
                         struct findings *f);
/* Fills the lists, once all files are there. 0, or -ENOMEM. */
int variations_list(struct variations *v, struct error *err);
void variations_fini(struct variations *v);

/* The key of the manifest; NULL: the axis is a rule. */
const char *axis_key(enum axis axis);
/* "the FPU's state in VMSAs", for a rule; the key for others. */
const char *axis_name(enum axis axis);
void axis_apply(enum axis axis, const struct value *value, struct launch *l);
/* The launch's value as --set takes it, or in a word. The caller frees it; NULL: out of memory. */
char *axis_show(enum axis axis, const struct launch *l);
/* What a rule means; NULL for a setting, which needs no explanation. */
const char *axis_sentence(const struct launch *l, enum axis axis);

#endif
