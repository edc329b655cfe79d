/* SPDX-License-Identifier: MIT */
/*
 * core/out/saved.h: what launch.json says of a launch: its settings, and its regions with the
 * hashes of their pages and, by name, the fields in them.
 */
#ifndef CORE_OUT_SAVED_H
#define CORE_OUT_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/attest/reference.h"
#include "core/plan/region.h"
#include "core/snp/digest.h"

struct error; /* core/base/error.h */
struct tree;  /* core/out/tree.h */

/* Texts by name, in order, all made clean (core/base/text.h). Zero-initialise. */
struct saved_value {
	char *name, *text;
};
struct saved_values {
	struct saved_value *list;
	size_t count;
	bool failed; /* memory ran out: something is missing */
};

void saved_values_add(struct saved_values *v, const char *name, const char *text);
void saved_values_format(struct saved_values *v, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void saved_values_hex(struct saved_values *v, const char *name, const uint8_t *bytes, size_t n);
/* NULL: there is none of that name. */
const char *saved_value(const struct saved_values *v, const char *name);
void saved_values_fini(struct saved_values *v);

struct saved_region {
	gpa_t gpa;
	uint64_t size; /* whole pages */
	char type[24], label[64];
	bool has_after; /* whether digest_after is known: the digest once the region is in */
	uint8_t digest_after[SNP_DIGEST_SIZE];
	bool has_content; /* else it is zeros, the firmware writes it, or it is not known */
	uint8_t sha384[SNP_DIGEST_SIZE];   /* of all pages together */
	uint8_t (*pages)[SNP_DIGEST_SIZE]; /* of each; NULL: not known, or there is only one */
	struct saved_values fields;
	const uint8_t *bytes; /* borrowed; NULL: not known */
};

/* At most what a plan has: PLAN_MAX_REGIONS and PLAN_MAX_VCPUS. */
#define SAVED_MAX_REGIONS 8192

struct saved {
	bool measured;
	uint8_t measurement[SNP_DIGEST_SIZE];
	struct saved_values settings; /* by manifest key, except "vcpu_sig" */
	bool has_regions;             /* else it is not known what was measured */
	struct saved_region *regions;
	size_t n_regions;
};

/* A new region at the end, zeroed; NULL: out of memory, or there are too many. */
struct saved_region *saved_region_add(struct saved *r);
/* Its fields, or those of another region with the same content, as VMSAs have it. */
const struct saved_values *saved_region_fields(const struct saved *r,
                                               const struct saved_region *region);
void saved_fini(struct saved *r);

static inline void saved_cleanup(struct saved *r)
{
	saved_fini(r);
}
#define auto_saved __attribute__((cleanup(saved_cleanup)))

/* The settings that `measure` prints under names of their own, not in "settings". */
struct saved_name {
	const char *json, *key;
};
extern const struct saved_name saved_names[]; /* ended by a row of NULL */

/* Adds what is known of a report, under the names of the settings that decide it. */
void saved_add_reference(struct saved_values *to, const struct reference *r);

/* Adds a map of them, unless there are none. */
void saved_values_tree(struct tree *t, const char *key, const struct saved_values *v);

/* Adds to the region's map its fields, and its pages if they are known. */
void saved_region_tree(struct tree *t, const struct saved_region *r);

/*
 * Reads what `measure --pages -o json` printed, or `run` wrote as launch.json; without --pages it
 * has no regions. The text is untrusted; `path` is for messages. ERROR_SYNTAX for what isn't JSON,
 * ERROR_UNSUPPORTED for other JSON, ERROR_BAD_VALUE for values that no launch has, or too many.
 * *ret is written only on success.
 */
int saved_read(const char *path, const uint8_t *text, size_t size, struct saved *ret,
               struct error *err);
#define SAVED_MAX_SIZE ((size_t)16 << 20)

#endif
