/* SPDX-License-Identifier: MIT */
/* config/inputs.h: what is given for each key, in a manifest, in its matrix, and by --set. */
#ifndef CONFIG_INPUTS_H
#define CONFIG_INPUTS_H

#include "config/keys.h"
#include "config/reader.h"

struct manifest_choice; /* config/manifest.h */
struct yaml_tree;       /* config/yaml.h */

struct key_input {
	const struct yaml_tree *value; /* NULL: nothing is given */
	struct yaml_tree *own;         /* the same, to be freed, if --set gave it for this key */
	const struct key *set;         /* the key of the --set that gave it; NULL: the file did */
	const char *option;            /* "-k" or the like if it gave the value; else NULL */
	bool unsure;                   /* a mistake hides what was meant: see key_sure() */
};

/* A key that varies. */
struct dimension {
	const struct key *key;
	const struct yaml_tree *values; /* the first of the list; NULL: --set gave the only one */
	unsigned count, pick;
};

struct matrix {
	struct dimension dimensions[KEYS]; /* no key stands twice */
	size_t n;
	unsigned runs; /* the product of their counts */
};

struct inputs {
	const char *path; /* the manifest's, as the user gave it; or MANIFEST_OPTIONS */
	bool no_file;     /* options stand for the manifest */
	const struct yaml_tree *root;
	struct key_input of[KEYS];
	struct matrix matrix;
	bool matrix_wrong;   /* it has mistakes, so its values are unknown */
	struct key_reader r; /* of the value that is being read: inputs_turn_to() */
};

/*
 * Whether it is known what the user gave for a key, or that nothing was given. If not, the mistake
 * behind it is reported elsewhere, and checks that depend on the key are left out.
 */
static inline bool key_sure(const struct inputs *in, enum key_id id)
{
	return !in->of[id].unsure && (in->of[id].value || !in->matrix_wrong);
}

/* Turns in->r to key k: the next value is read for it, and errors get its place. */
void inputs_turn_to(struct inputs *in, const struct key *k);

/*
 * Fill in->of from the file, then from the settings; later ones win. Mistakes become findings. 0,
 * or -ENOMEM.
 */
int collect_file(struct inputs *in);
int collect_settings(struct inputs *in, const struct manifest_choice *choice);

/*
 * The value of --set. Text that begins with a bracket or a quote is YAML; all other text is taken
 * literally, so that nobody has to quote a command line twice: in `boot.cmdline=a: b # c` YAML
 * would see a map and a comment. The caller frees *ret.
 */
int setting_parse(const char *label, const char *text, struct yaml_tree **ret, struct error *err);

/*
 * Fills *in->r.err for a dotted name that is no key, and returns its code; `where` ends the
 * sentence, `verb` begins the fix.
 */
int refuse_dotted(struct inputs *in, const char *name, const char *where, const char *verb);

/* matrix.c: finds out which keys the matrix varies. */
int matrix_collect(struct inputs *in);
/* Puts combination number `run` into in->of, and its name and the number of runs into *in->r.m. */
int matrix_choose(struct inputs *in, unsigned run);
/* Checks each value that the matrix lists, if a mistake in it leaves no runs to choose from. */
int matrix_read_values(struct inputs *in);

#endif
