/* SPDX-License-Identifier: MIT */
/*
 * config/kind.h: a kind of value: how keys of this kind are read from a manifest, written to one,
 * and described in its schema. One row a kind, one file (kind_*.c) a family of them.
 */
#ifndef CONFIG_KIND_H
#define CONFIG_KIND_H

#include <stdbool.h>

struct json_t;     /* jansson.h */
struct key;        /* config/keys.h */
struct key_reader; /* config/reader.h */
struct key_writer; /* config/writer.h */
struct schema;     /* config/schema_node.h */
struct yaml_tree;  /* config/yaml.h */

struct kind {
	/* What a value must be, for messages, if only scalars are valid; NULL: read() checks. */
	const char *expects;
	/*
	 * Checks the value of r->key and stores it in *r->m. 0, or a negative errno with *r->err
	 * filled, whose place becomes that of `v` unless read() sets one. NULL: nothing to read.
	 */
	int (*read)(struct key_reader *r, const struct yaml_tree *v);
	/* Writes the line or lines of key k, if it has a value. NULL: nothing to write. */
	void (*write)(struct key_writer *w, const struct key *k);
	/* The JSON Schema of key k's values. The caller owns it. */
	struct json_t *(*describe)(struct schema *s, const struct key *k);
	/*
	 * The path in a scalar; NULL: it names no file. No function: values of the kind never do.
	 */
	const char *(*path_in)(const char *text);
	bool is_output; /* the run writes to that path; else it reads it */
};

/* kind_scalar.c */
extern const struct kind kind_number;    /* decimal or 0x, min..max */
extern const struct kind kind_text;      /* min..max bytes, kept as they are */
extern const struct kind kind_line;      /* the same without control characters */
extern const struct kind kind_word;      /* one of words; its index is stored */
extern const struct kind kind_bool;      /* true or false */
extern const struct kind kind_size;      /* min..max bytes, whole pages */
extern const struct kind kind_time;      /* min..max milliseconds; 0: none, and not written */
extern const struct kind kind_bytes;     /* as many as the field has */
extern const struct kind kind_host_data; /* the same, or random: m->host_data_random */
extern const struct kind kind_digest;    /* SHA-384 */
extern const struct kind kind_cid;       /* auto, or a map with a cid of min..max */
extern const struct kind kind_port;      /* a number min..max, or false */

/* kind_file.c */
extern const struct kind kind_file;     /* a path, or a map that pins it */
extern const struct kind kind_files;    /* one, or a list of at most max of them: boot.initrd */
extern const struct kind kind_firmware; /* a file, or builtin:NAME with a NAME of words */
extern const struct kind kind_key;      /* a path, or `ephemeral` if that is one of words */
extern const struct kind kind_sink;     /* one of words, or a path */
extern const struct kind kind_keep;     /* true, false, or a path */

/* kind_disks.c */
extern const struct kind kind_disks; /* a path or a map, or a list of at most max of them */

/* kind_snp.c */
extern const struct kind kind_vcpu_type; /* a model's name or a 0x signature */
extern const struct kind kind_policy;    /* a number or a map of bits */
extern const struct kind kind_features;  /* a number with bit 0 */

/* kind_expect.c */
extern const struct kind kind_pins;     /* a digest, a list of them, or a map from vcpus */
extern const struct kind kind_patterns; /* a list of at most max regular expressions */
extern const struct kind kind_exit;     /* a number min..max, any, or none */

/* kind_special.c */
extern const struct kind kind_matrix; /* a map from dotted keys to lists of their values */

/* Parts that other families share. */
int number_read(struct key_reader *r, const struct yaml_tree *v);
void number_write(struct key_writer *w, const struct key *k);
struct json_t *number_describe(struct schema *s, const struct key *k);
void hex_number_write(struct key_writer *w, const struct key *k);
/* A path in the value of `name`, which *to becomes, resolved. */
int path_read(struct key_reader *r, const char *name, const char *text, char **to);
void text_write(struct key_writer *w, const struct key *k);
struct json_t *bool_describe(struct schema *s, const struct key *k);

#endif
