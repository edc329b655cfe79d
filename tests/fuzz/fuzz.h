/* SPDX-License-Identifier: MIT */
/* tests/fuzz/fuzz.h: what libFuzzer's targets share. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), which NDEBUG would take away. */
#define must(so)                                                                                   \
	do {                                                                                       \
		if (!(so)) {                                                                       \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #so);           \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* What is refused has a name, a sentence, and no fault of ours as its cause. */
static inline void must_explain(const struct error *err)
{
	must(err->kind != ERROR_NONE && err->kind != ERROR_INTERNAL && err->text[0]);
}

/* The rest of the input. Once it is used up, numbers are 0 and texts empty. */
struct input {
	const uint8_t *at;
	size_t left;
};

static inline uint64_t take(struct input *in, unsigned bytes)
{
	uint64_t value = 0;

	for (; bytes > 0 && in->left > 0; bytes--, in->left--)
		value = value << 8 | *in->at++;
	return value;
}

/* At most `cap` bytes; returns how many. */
static inline size_t take_bytes(struct input *in, void *to, size_t cap)
{
	size_t n = MIN(cap, in->left);

	if (n)
		memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
	return n;
}

/* Up to `end` or, without one, to the end of the input. A text without a NUL, cut to `cap`. */
static inline char *take_text(struct input *in, char end, char *to, size_t cap)
{
	size_t n = 0;

	for (; in->left > 0; in->at++, in->left--) {
		if ((char)*in->at == end)
			break;
		if (*in->at && n + 1 < cap)
			to[n++] = (char)*in->at;
	}
	in->at += in->left > 0;
	in->left -= in->left > 0;
	to[n] = '\0';
	return to;
}

#endif
