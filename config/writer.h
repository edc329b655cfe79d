/* SPDX-License-Identifier: MIT */
/* config/writer.h: what a kind of value needs to write one, and what these share. */
#ifndef CONFIG_WRITER_H
#define CONFIG_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/keys.h"
#include "config/manifest.h"

struct key_writer {
	const struct manifest *m;
	FILE *to;
	const struct key_group *group; /* the one in which the key stands; NULL: at the top */
	const struct key_group *open;  /* whose name was written last; NULL: none */
	const uint8_t *hashes; /* SHA-256 of each of the key's files; NULL: they are not known */
	bool failed;           /* a path could not be made absolute */
};

/* Writes "  policy:", after a line with the group's name if the key is the first of its group. */
void writer_key(struct key_writer *w, const struct key *k);

/* The key's field in the manifest, and its value if it is a number or an enum. */
const void *writer_field(const struct key_writer *w, const struct key *k);
uint64_t writer_number(const struct key_writer *w, const struct key *k);

/* A text in double quotes, as YAML 1.1 has them. */
void writer_quoted(struct key_writer *w, const char *text);
void writer_hex(struct key_writer *w, const uint8_t *bytes, size_t size);
/* In quotes and absolute. */
void writer_path(struct key_writer *w, const char *path);

#endif
