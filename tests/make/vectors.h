/* SPDX-License-Identifier: MIT */
/*
 * tests/make/vectors.h: finds and reads the golden vectors, which other tools made. A header only,
 * because the .c files of this folder are also linked into programs without Criterion.
 */
#ifndef TESTS_MAKE_VECTORS_H
#define TESTS_MAKE_VECTORS_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"

/* Criterion reports skipped tests only if it is verbose. */
#define SKIP_ALOUD(...)                                                                            \
	do {                                                                                       \
		fprintf(stderr, "skipped: " __VA_ARGS__);                                          \
		fputc('\n', stderr);                                                               \
		cr_skip_test(__VA_ARGS__);                                                         \
	} while (0)

static inline void vectors_cleanup(json_t **j)
{
	json_decref(*j);
}
#define auto_json __attribute__((cleanup(vectors_cleanup)))

/*
 * The path of `below` in the folder that the environment's `variable` names, or else in `folder`.
 * Returns `to`.
 */
static inline const char *vectors_below(const char *variable, const char *folder, const char *below,
                                        char *to, size_t size)
{
	const char *named = getenv(variable);
	int n = snprintf(to, size, "%s/%s", named ? named : folder, below);

	cr_assert_lt(n, (int)size, "the path of '%s' is too long", below);
	return to;
}

/* A file of the golden vectors (tests/data/README.md). */
static inline const char *vectors_path(const char *below, char *to, size_t size)
{
	return vectors_below("SNPVMM_VECTORS", "tests/data", below, to, size);
}

/* A whole file of exactly `size` bytes. */
static inline void vectors_read(const char *below, void *to, size_t size)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	char path[4096];

	cr_assert_eq(blob_read(vectors_path(below, path, sizeof(path)), size, &b, &err), 0, "%s",
	             err.text);
	cr_assert_eq(b.size, size, "%s", below);
	memcpy(to, b.data, size);
}

/*
 * A published report, certificate or the like. The project may not ship them, so tests are skipped,
 * and say so, if the folder SNPVMM_ATTEST doesn't have them.
 */
static inline const char *attest_path(const char *below, char *to, size_t size)
{
	return vectors_below("SNPVMM_ATTEST", "../shared/vectors/attest", below, to, size);
}

/* An OVMF image built elsewhere. Tests are skipped, and say so, if it is missing. */
static inline const char *images_path(const char *below, char *to, size_t size)
{
	return vectors_below("SNPVMM_IMAGES", "../shared/images", below, to, size);
}

/* measure.json; the caller frees it. */
static inline json_t *vectors_load(void)
{
	char path[4096];
	json_error_t why;
	json_t *j = json_load_file(vectors_path("measure.json", path, sizeof(path)), 0, &why);

	cr_assert(j, "golden vectors: %s", why.text);
	cr_assert_str_eq(json_string_value(json_object_get(j, "format")),
	                 "snpvmm-measure-vectors/1");
	return j;
}

/* A case, which is borrowed; fails if there is no such id. */
static inline json_t *vectors_case(json_t *vectors, const char *id)
{
	json_t *c, *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(vectors, "cases"), i,
	                   c) if (!strcmp(json_string_value(json_object_get(c, "id")), id)) found =
		c;
	cr_assert(found, "the golden vectors have no case '%s'", id);
	return found;
}

/* Reads a member that has exactly `size` bytes as hex. */
static inline void vectors_hex(const json_t *in, const char *key, uint8_t *to, size_t size)
{
	const char *hex = json_string_value(json_object_get(in, key));

	cr_assert(hex && hex_parse(hex, strlen(hex), to, size), "'%s' is not %zu bytes of hex", key,
	          size);
}

/* Reads a member that is a number as a string, "0x...". */
static inline uint64_t vectors_number(const json_t *in, const char *key)
{
	const char *text = json_string_value(json_object_get(in, key));

	cr_assert(text, "no '%s'", key);
	return strtoull(text, NULL, 16);
}

#endif
