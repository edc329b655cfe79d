/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/pattern.c: libFuzzer target: the bytes up to a newline as a regular expression, the
 * rest as a line.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/pattern.h"
#include "core/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t text_size = end ? (size_t)(end - data) : size, rest = size - text_size;
	char *text = strndup((const char *)data, text_size), *line = malloc(TEXT_CAP(rest));
	struct error err = { 0 };
	struct pattern *p = pattern_new(text, &err);
	struct matcher *m = matcher_new(&err);

	assert(m && line);
	assert(p || (err.kind == ERROR_BAD_VALUE && err.text[0] && err.why[0]));
	if (p) {
		size_t n = text_clean(line, TEXT_CAP(rest), data + text_size, rest, 1);

		assert(!strcmp(pattern_text(p), text));
		pattern_match(p, m, &(struct pattern_line){ line, n, 0, size & 1 });
	}
	pattern_free(p);
	matcher_free(m);
	free(line);
	free(text);
	return 0;
}
