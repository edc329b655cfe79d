/* SPDX-License-Identifier: MIT */
/*
 * config/load_priv.h: a manifest half read: what collect.c and matrix.c find and read.c turns into
 * values.
 */
#ifndef CONFIG_LOAD_PRIV_H
#define CONFIG_LOAD_PRIV_H

#include "config/keys.h"
#include "config/manifest.h"
#include "config/yaml.h"
#include "core/base/findings.h"

#define NAME_CAP 96 /* for a dotted name; longer ones are no keys */

/* What was given for a key: in the file or its matrix, or by --set. */
struct slot {
	const struct yaml_tree *value; /* NULL: nothing */
	struct yaml_tree *own;         /* the same where --set gave it for this key */
	const struct key *set;         /* the key whose --set gave it; NULL: it is the file's */
	bool unsure;                   /* what was meant for the key is not known: see key_sure() */
	const char *option;            /* "-k" where that gave it, and not --set */
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

struct load {
	const char *path;   /* the manifest's, as the user gave it; or MANIFEST_OPTIONS */
	bool no_file;       /* options stand for the manifest */
	const char *by;     /* of the value at hand: what struct location has */
	const char *beside; /* its paths are relative to the folder of this file */
	const char *file;   /* where the value at hand stands: path, or label */
	char label[NAME_CAP];
	const struct yaml_tree *root;
	struct slot slots[KEYS];
	struct matrix matrix;
	bool matrix_wrong; /* what it would have given is not known */
	struct manifest *m;
	struct findings *findings;
	struct error *err; /* of the step at hand */
};

/*
 * A step that failed by a mistake of the manifest's: it is noted, and reading goes on. 0, or
 * -ENOMEM.
 */
static inline int load_keep(struct load *l, int r)
{
	return findings_keep(l->findings, r, l->err);
}

/*
 * Whether what is given for a key, or that nothing is, was read as it was meant. Where it wasn't,
 * that is a mistake of its own, and what depends on the key is not checked.
 */
static inline bool key_sure(const struct load *l, enum key_id id)
{
	const struct slot *s = &l->slots[id];

	return !s->unsure && (s->value || !l->matrix_wrong);
}

/* What manifest_source_new() reads once; a run works on a copy of `load`. */
struct manifest_source {
	struct load load;       /* its slots and root are the source's own; m is NULL */
	struct yaml_tree *root; /* NULL: it could not be read */
	bool unclear;           /* the text has mistakes of YAML: what it says is not sure */
	uint8_t sha256[32];
	const struct confine *confine;
	struct findings findings; /* what is wrong with all runs */
};

/* Begins a run of it: a copy of s->load, whose findings and manifest are these. */
void load_begin(struct load *l, const struct manifest_source *s, struct manifest *m,
                struct findings *f, struct error *err);

/* Fill the slots; later ones win. collect.c. */
int collect_file(struct load *l);
int collect_settings(struct load *l, const struct manifest_choice *choice);
/* Finds out which keys the matrix varies. matrix.c. */
int matrix_collect(struct load *l);
/* Number `run` of its combinations into the slots, its name and their count into the manifest. */
int matrix_choose(struct load *l, unsigned run);
/* What is wrong with the values of all its runs, for a matrix that stands for none. matrix.c. */
int matrix_read_values(struct load *l);

/*
 * Brackets and quotes are YAML; all else is a scalar as it stands, so that nobody has to quote a
 * command line twice: in `boot.cmdline=a: b # c` YAML would see a map and a comment.
 */
int setting_parse(const char *label, const char *text, struct yaml_tree **ret, struct error *err);

/* A name with dots that is no key: `where` ends the sentence, `verb` begins the cure. */
int refuse_dotted(struct load *l, const char *name, const char *where, const char *verb);

/* "--set KEY" or "-k", for messages, of what struct location has. */
void location_by(const char *by, char *to, size_t cap);

/* Errors and places that follow belong to the value of key k. */
void load_turn_to(struct load *l, const struct key *k);

/* Say that the recorded failure lies in a value, or in the key before it; each returns its code. */
int at_value(const struct load *l, const struct yaml_tree *v);
int at_key(const struct load *l, const struct yaml_tree *v);

/* Of the value at hand, or a part of it. */
static inline struct location location_of(const struct load *l, const struct yaml_tree *v)
{
	return (struct location){ v->line, v->column, l->by };
}

/* The value v of key k, checked, into the manifest. */
int read_value(struct load *l, const struct key *k, const struct yaml_tree *v);

/* Values of the kinds that have files of their own: read_snp.c, read_expect.c, matrix.c. */
int read_vcpu_type(struct load *l, const struct key *k, const struct yaml_tree *v);
int read_policy(struct load *l, const struct key *k, const struct yaml_tree *v);
int read_features(struct load *l, const struct key *k, const struct yaml_tree *v);
int read_pins(struct load *l, const struct key *k, const struct yaml_tree *v);
int read_patterns(struct load *l, const struct key *k, const struct yaml_tree *v);
int read_exit(struct load *l, const struct key *k, const struct yaml_tree *v);
int read_matrix(struct load *l, const struct key *k, const struct yaml_tree *v);

/* Warnings about what was read. doubts.c. */
void load_doubts(struct load *l);

/* What they share, in read.c. */
int read_number(struct load *l, const struct key *k, const struct yaml_tree *v);
void *load_field(const struct load *l, const struct key *k);
/* The text of a scalar, or NULL with *err filled. */
const char *load_text(struct load *l, const char *name, const struct yaml_tree *v,
                      const char *expects);
int load_copy(struct load *l, const char *text, char **to);
void load_store(const struct load *l, const struct key *k, uint64_t v);
/* The index of text in words, or -1. */
int word_index(const char *text, const char *const *words);
/* The cure for a word that isn't in the list. */
int fix_word(struct load *l, const char *text, const char *const *words);
/* A key that isn't one of those a map of values takes. */
int refuse_entry(struct load *l, const char *map, const struct yaml_tree *v,
                 const char *const *words);

/* Failures that several files find; the place is the caller's. */
int refuse_kind(struct load *l, const char *name, const struct yaml_tree *v, const char *expects);
int refuse_later(struct load *l, const struct key *k);

#endif
