/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/pattern.c: libFuzzer target: the bytes up to a newline as a regular expression, the
 * rest as a line, perhaps over and over. Matching ends when its steps are used up, or as soon as
 * nobody wants the answer.
 */
#include "core/base/pattern.h"
#include "core/base/text.h"
#include "tests/fuzz/fuzz.h"

enum { LINE_MAX_SIZE = 1 << 14, PATTERN_CALLOUTS = 256 };

/* A question comes after this many items at the latest, and each item takes a step. */
#define QUESTIONS_MAX (MATCHER_STEPS_MAX / PATTERN_CALLOUTS + 1)

struct patience {
	uint64_t asked, last; /* last: the question that is answered with yes; 0: none */
};

static bool unwanted(void *self)
{
	struct patience *p = self;

	must(p->last == 0 || p->asked < p->last);
	p->asked++;
	return p->asked == p->last;
}

/* A line with the input's bytes 2^n times. Returns its size. */
static size_t line_make(const uint8_t *from, size_t size, unsigned n, char *to)
{
	size_t cap = LINE_MAX_SIZE, length = text_clean(to, cap, from, size, 1), all = length;

	for (; n > 0 && all > 0 && all + length < cap; n--)
		for (size_t i = all; i > 0 && all + length < cap; i -= length, all += length)
			memcpy(to + all, to, length);
	return all;
}

/* Up to question `last` (0: without end). Returns how many were asked. */
static uint64_t match(const struct pattern *p, const struct pattern_line *line, uint64_t last)
{
	struct error err = { 0 };
	struct matcher *m = matcher_new(&err);
	struct patience patience = { .last = last };
	enum pattern_answer answer;

	must(m);
	matcher_ask(m, unwanted, &patience);
	answer = pattern_match(p, m, line);
	must((answer == PATTERN_UNWANTED) == (last > 0 && patience.asked == last));
	must(patience.asked <= QUESTIONS_MAX);
	matcher_free(m);
	return patience.asked;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[LINE_MAX_SIZE];
	const uint8_t *end = memchr(data, '\n', size);
	size_t text_size = end ? (size_t)(end - data) : size, n;
	char *text = strndup((const char *)data, text_size);
	struct error err = { 0 };
	struct pattern *p = pattern_new(text, &err);
	uint64_t asked;
	bool all = size > 0 && data[size - 1] % 64 == 0; /* its steps: that takes a second */

	if (p) {
		must(!strcmp(pattern_text(p), text));
		n = line_make(data + text_size, size - text_size, all ? 16 : 0, line);
		asked = match(p, &(struct pattern_line){ line, n, 0, size & 1 }, all ? 0 : 100);
		if (asked > 1)
			match(p, &(struct pattern_line){ line, n, 0, size & 1 }, asked / 2);
	} else {
		must(err.kind == ERROR_BAD_VALUE && err.text[0] && err.why[0]);
	}
	pattern_free(p);
	free(text);
	return 0;
}
