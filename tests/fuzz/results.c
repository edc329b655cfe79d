/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/results.c: libFuzzer target: whatever a guest printed and files are called, results
 * are well-formed in every format, and no line of them is a command to a CI system. A guest that
 * took over its process can have written any result: once it is mended, that is printed, too.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "core/base/text.h"
#include "core/out/run_result.h"
#include "core/out/tree.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/xml.h"
#include "tests/make/results.h"

/* So much of a tail stands for all of it: writing and reading that takes as long as all else. */
enum { RUNS = 3, LONG_TAIL = 1000 };

#define TEXT(member)                                                                               \
	{                                                                                          \
		offsetof(struct run_result, member), sizeof(((struct run_result *)0)->member)      \
	}

static const struct {
	size_t at, size;
} texts[] = {
	TEXT(name),
	TEXT(variant),
	TEXT(sentence),
	TEXT(why),
	TEXT(fix),
	TEXT(file),
	TEXT(tail),
	TEXT(measurement.explained),
	TEXT(measurement.profile),
	TEXT(measurement.accept),
	TEXT(measurement.accept_why),
	TEXT(guest.detail),
	TEXT(guest.last_line),
	TEXT(guest.where.volume),
	TEXT(guest.where.symbol),
	TEXT(host.kernel),
	TEXT(inputs[0].role),
	TEXT(inputs[0].path),
	TEXT(report.failed[0].actual),
	TEXT(disks[0].path),
	TEXT(disks[0].serial),
};

/* Texts of the input, each behind two bytes: which, and how long. Then the struct itself is hit. */
static void result_take(struct input *in, struct run_result *r)
{
	unsigned how = (unsigned)take(in, 1);

	results_full(r, (enum run_status)(how % RESULTS));
	r->n_disks = r->report.wanted = how >> 3 & 1;
	for (unsigned n = how >> 4; n > 0; n--) {
		size_t which = take(in, 1) % ARRAY_SIZE(texts), size = 4 * (size_t)take(in, 1);
		char *to = (char *)r + texts[which].at;

		size = take_bytes(in, to, MIN(size, texts[which].size));
		if (size < texts[which].size)
			to[size] = '\0';
		if (to == r->tail && size)
			r->tail_size = size < LONG_TAIL ? size : sizeof(r->tail);
	}
	if (how & 1 << 7) {
		for (unsigned n = (unsigned)take(in, 1) % 16; n > 0; n--) {
			size_t at = (size_t)take(in, 3) % (sizeof(*r) - 64),
			       size = take(in, 1) % 64;
			uint8_t with = (uint8_t)take(in, 1);

			memset((uint8_t *)r + at, with, size);
		}
		run_result_mend(r);
	}
}

/* No CI system takes a line for a command; `ours` of its bytes are one. */
static void check_commands(const char *text, size_t ours)
{
	for (const char *line = text + ours; line; line = strpbrk(line, "\r\n")) {
		line += strspn(line, " \t\r\n\v\f");
		must(ours || strncmp(line, "::", 2));
	}
	must(!strstr(text, "##[") && !strstr(text, "##vso[") && !strstr(text, "##teamcity["));
	must(text_is_utf8(text, strlen(text)));
}

static void check_tap(const char *text, const struct run_result *const *runs, size_t n)
{
	size_t lines = 2, have = 0;

	for (size_t i = 0; i < n; i++) {
		const struct run_result *r = runs[i];

		lines++;
		if (r->status != RESULT_PASS && r->status != RESULT_SKIP)
			lines += 5 + (r->sentence[0] != '\0') + (r->why[0] != '\0') +
			         (r->fix[0] != '\0');
	}
	for (const char *at = text; *at; at++) {
		have += *at == '\n';
		must(*at == '\n' || ((uint8_t)*at >= 0x20 && *at != 0x7f));
	}
	must(have == lines);
}

static void check_github(const struct run_result *r)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	github_annotate(to, r->name, r);
	must(fclose(to) == 0 && strlen(text) == size);
	if (size > 0) {
		must(!strncmp(text, "::error file=", 13) || !strncmp(text, "::error title=", 14));
		must(!strchr(text, '\r') && strchr(text, '\n') == text + size - 1);
		check_commands(text, 2);
	}
	free(text);
}

static void check_print(const struct tree *t, tree_print *print)
{
	struct error err = { 0 };
	char *text = NULL;
	json_error_t why;
	json_t *json;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	must(print(t, to, &err) == 0 && fclose(to) == 0);
	if (print == tree_print_json) {
		json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
		must(json != NULL);
		json_decref(json);
	}
	if (print != tree_print_cbor)
		check_commands(text, 0);
	free(text);
}

static void check_tree(const struct run_result *r)
{
	auto_tree struct tree *t = tree_new();

	result_run(t, NULL, r);
	check_print(t, tree_print_json);
	check_print(t, tree_print_text);
	check_print(t, tree_print_cbor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run_result results[RUNS];
	const struct run_result *runs[RUNS] = { &results[0], &results[1], &results[2] };
	struct input in = { data, size };
	size_t n = 1 + take(&in, 1) % RUNS, length;
	struct error err = { 0 };
	char *text = NULL;
	FILE *to;

	for (size_t i = 0; i < n; i++) {
		result_take(&in, &results[i]);
		check_github(&results[i]);
		check_tree(&results[i]);
	}
	to = open_memstream(&text, &length);
	must(tap_write(to, runs, n, &err) == 0 && fclose(to) == 0 && strlen(text) == length);
	check_tap(text, runs, n);
	check_commands(text, 0);
	free(text);
	to = open_memstream(&text, &length);
	must(junit_write(to, results[0].variant[0] ? "suite" : "<&\"\xff", runs, n, &err) == 0);
	must(fclose(to) == 0 && strlen(text) == length);
	xml_check(text);
	check_commands(text, 0);
	free(text);
	return 0;
}
