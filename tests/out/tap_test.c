/* SPDX-License-Identifier: MIT */
/*
 * tests/out/tap_test.c: TAP 14, byte for byte; its YAML read back by libyaml, whatever a guest
 * printed.
 */
#include <string.h>
#include <yaml.h>

#include "core/base/text.h"
#include "core/out/run_result.h"
#include "tests/make/printed.h"
#include "tests/make/results.h"

static struct run_result results[RESULTS];
static const struct run_result *runs[RESULTS];

static void setup(void)
{
	results_all(results, runs);
}

TestSuite(tap, .init = setup);

static char *written(size_t n)
{
	struct error err = { 0 };

	return printed_by(f, cr_assert_eq(tap_write(f, runs, n, &err), 0, "%s", err.text));
}

static void check(size_t n, const char *want)
{
	char *text = written(n);

	cr_expect_str_eq(text, want);
	free(text);
}

Test(tap, each_verdict_reads_as_documented)
{
	check(RESULTS, "TAP version 14\n"
	               "1..5\n"
	               "ok 1 - boot [vcpus=4,memory=1G] # time=1235ms\n"
	               "not ok 2 - boot [vcpus=4,memory=1G] # time=1235ms\n"
	               "  ---\n"
	               "  verdict: \"fail\"\n"
	               "  reason: \"console-forbidden\"\n"
	               "  sentence: \"the guest said \\\"<oops> & 100%\\\" # 1\"\n"
	               "  why: \"it's so\"\n"
	               "  fix: \"do: otherwise\"\n"
	               "  status: 1\n"
	               "  ...\n"
	               "not ok 3 - boot [vcpus=4,memory=1G] # time=1235ms\n"
	               "  ---\n"
	               "  verdict: \"error\"\n"
	               "  reason: \"firmware-refused\"\n"
	               "  sentence: \"the firmware said \\\\INVALID\"\n"
	               "  why: \"it's so\"\n"
	               "  fix: \"do: otherwise\"\n"
	               "  status: 99\n"
	               "  ...\n"
	               "ok 4 - boot [vcpus=4,memory=1G] # SKIP no SEV-SNP here \\#1\n"
	               "not ok 5 - boot [vcpus=4,memory=1G] # time=1235ms\n"
	               "  ---\n"
	               "  verdict: \"timeout\"\n"
	               "  reason: \"timeout\"\n"
	               "  sentence: \"no end within 30 s\"\n"
	               "  why: \"it's so\"\n"
	               "  fix: \"do: otherwise\"\n"
	               "  status: 124\n"
	               "  ...\n");
}

Test(tap, no_runs_are_a_plan_of_none)
{
	check(0, "TAP version 14\n1..0\n");
}

Test(tap, what_is_not_known_is_not_there)
{
	results_bare(&results[0]);
	check(1, "TAP version 14\n1..1\nnot ok 1 - bare # time=0ms\n  ---\n  verdict: \"error\"\n"
	         "  reason: \"none\"\n  status: 2\n  ...\n");
}

Test(tap, a_name_cannot_end_its_description)
{
	snprintf(results[0].name, sizeof(results[0].name), "a # TODO \\# b\nnot ok 2\tc\x1b");
	results[0].variant[0] = '\0';
	check(1, "TAP version 14\n1..1\n"
	         "ok 1 - a \\# TODO \\\\\\# b not ok 2 c\xef\xbf\xbd # time=1235ms\n");
}

/* The value of `key` in the one YAML block of `text`, as libyaml reads it; the caller's. */
static char *yaml_value(const char *text, const char *key)
{
	const char *begin = strstr(text, "\n  ---\n"), *end = strstr(text, "\n  ...\n");
	char *value = NULL;
	yaml_parser_t parser;
	yaml_document_t document;
	yaml_node_t *root;

	cr_assert(begin && end && begin < end, "%s", text);
	cr_assert(yaml_parser_initialize(&parser));
	yaml_parser_set_input_string(&parser, (const unsigned char *)begin + 7,
	                             (size_t)(end - begin - 6));
	cr_assert(yaml_parser_load(&parser, &document), "%s in\n%s", parser.problem, text);
	root = yaml_document_get_root_node(&document);
	cr_assert(root && root->type == YAML_MAPPING_NODE, "%s", text);
	for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top;
	     p++) {
		const yaml_node_t *k = yaml_document_get_node(&document, p->key);
		const yaml_node_t *v = yaml_document_get_node(&document, p->value);

		if (!strcmp((const char *)k->data.scalar.value, key) && v->type == YAML_SCALAR_NODE)
			value = strdup((const char *)v->data.scalar.value);
	}
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	return value;
}

static void check_yaml(const char *text, const char *key, const char *from, size_t size)
{
	char *have = yaml_value(text, key), *want = malloc(TEXT_CAP(size));

	cr_assert_not_null(want);
	text_clean(want, TEXT_CAP(size), from, size, 0);
	cr_assert(have, "no '%s' in\n%s", key, text);
	cr_expect_str_eq(have, want, "%s", key);
	free(have);
	free(want);
}

/* Each line in its place, and no other. */
static void check_lines(const char *text)
{
	static const char *const begins[] = { "TAP version 14\n", "1..1\n",        "not ok 1 - ",
		                              "  ---\n",          "  verdict: \"", "  reason: \"",
		                              "  sentence: \"",   "  why: \"",     "  fix: \"",
		                              "  status: 255\n",  "  ...\n" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
		cr_assert(!strncmp(text, begins[i], strlen(begins[i])), "line %zu: %.60s", i, text);
		text = strchr(text, '\n') + 1;
	}
	cr_expect_eq(*text, '\0', "more: %s", text);
}

Test(tap, whatever_a_guest_prints_stays_a_text)
{
	for (unsigned seed = 0; seed < 600; seed++) {
		struct run_result *r = &results[0];
		char *text;

		results_hostile(r, RESULT_FAIL, seed);
		text = written(1);
		check_lines(text);
		check_yaml(text, "sentence", r->sentence, sizeof(r->sentence));
		check_yaml(text, "why", r->why, sizeof(r->why));
		check_yaml(text, "fix", r->fix, sizeof(r->fix));
		free(text);
	}
}

Test(tap, a_stream_that_fails_is_an_error)
{
	struct error err = { 0 };
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_expect_eq(tap_write(full, runs, 1, &err), -ENOSPC);
	cr_expect_eq(err.kind, ERROR_OUTPUT);
	cr_expect_str_eq(err.text, "writing TAP: No space left on device");
	fclose(full);
}
