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
	struct yaml_tree *own;         /* the same where --set gave it for this key */
	const struct key *set;         /* the key whose --set gave it; NULL: it is the file's */
	const char *option;            /* "-k" where that gave it, and not --set */
	bool unsure;                   /* what was meant for the key is not known: see key_sure() */
};

/* A key that varies. */
struct dimension {
	const struct key *key;
	const struct yaml_tree *values; /* the first; NULL: --set gave the one value */
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
 * Whether what is given for a key, or that nothing is, was read as it was meant. If not, that is a
 * mistake of its own, and what depends on the key is not checked.
 */
static inline bool key_sure(const struct inputs *in, enum key_id id)
{
	return !in->of[id].unsure && (in->of[id].value || !in->matrix_wrong);
}

/* Makes in->r ready for the value of key k, and for errors in it. */
void inputs_turn_to(struct inputs *in, const struct key *k);

/* Fill in->of; later ones win. */
int collect_file(struct inputs *in);
int collect_settings(struct inputs *in, const struct manifest_choice *choice);

/*
 * Text that begins with a bracket or a quote is YAML; all else is a scalar as it stands, so that
 * nobody has to quote a command line twice: in `boot.cmdline=a: b # c` YAML would see a map and a
 * comment.
 */
int setting_parse(const char *label, const char *text, struct yaml_tree **ret, struct error *err);

/* A key that is known, and not supported yet. */
int refuse_later(struct inputs *in, const struct key *k);
/* A name with dots that is no key: `where` ends the sentence, `verb` begins the fix. */
int refuse_dotted(struct inputs *in, const char *name, const char *where, const char *verb);

/* Finds out which keys the matrix varies. matrix.c. */
int matrix_collect(struct inputs *in);
/* Number `run` of its combinations into in->of, its name and their count into the manifest. */
int matrix_choose(struct inputs *in, unsigned run);
/* Finds mistakes in the values of a matrix whose combinations can't be made. */
int matrix_read_values(struct inputs *in);

#endif
