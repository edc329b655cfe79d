/* SPDX-License-Identifier: MIT */
/*
 * tests/config/matrix_test.c: which values each run of a matrix has, what it is called, and what no
 * matrix may say.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "config/keys.h"
#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/findings.h"

#define LEAST        "version: 1\nboot: {firmware: fw.fd}\n"
#define LEAST_KERNEL "version: 1\nboot: {firmware: fw.fd, kernel: k}\n"

static int parse(const char *text, const struct manifest_choice *choice, struct manifest *ret,
                 struct error *err)
{
	return manifest_parse("dir/guest.yaml", (const uint8_t *)text, strlen(text), choice, ret,
	                      err);
}

static struct manifest chosen(const char *text, const struct manifest_setting *set, size_t n,
                              unsigned run)
{
	const struct manifest_choice choice = { .set = set, .n_set = n, .run = run };
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_eq(parse(text, &choice, &m, &err), 0, "%s%s: %s", text, err.file, err.text);
	cr_assert_eq(m.run, run);
	return m;
}

static struct manifest run_of(const char *text, unsigned run)
{
	return chosen(text, NULL, 0, run);
}

/* The text and the settings are gone when the runs are read; so no run can have them read again. */
Test(matrix, the_text_of_all_runs_is_read_once)
{
	char text[] = LEAST "vcpus: 99\nmatrix: {vcpus: [1, 2, x]}\nnokey: 1\n", value[] = "3G";
	struct manifest_setting set = { .key = "memory", .value = value };
	const struct blob from = { .data = (uint8_t *)text, .size = strlen(text) };
	const struct manifest_choice choice = { .set = &set, .n_set = 1, .text = &from };
	auto_source struct manifest_source *s = manifest_source_new("guest.yaml", &choice);

	cr_assert_not_null(s);
	memset(text, 'z', sizeof(text));
	memset(value, 'z', sizeof(value));
	memset(&set, 0, sizeof(set));
	for (unsigned run = 0; run < 3; run++) {
		auto_findings struct findings f = { 0 };
		auto_manifest struct manifest m = { 0 };

		manifest_source_load_all(s, run, &m, &f);
		cr_expect_eq(m.runs, 3);
		cr_expect_eq(m.run, run);
		cr_expect_eq(m.memory, (uint64_t)3 << 30);
		cr_expect_eq(m.vcpus, run < 2 ? run + 1 : 0);
		cr_expect_eq(f.errors, run < 2 ? 1 : 2, "the key is wrong in each of them");
		cr_expect_str_eq(f.list[f.count - 1].error.text, "unknown key 'nokey'");
	}
}

Test(matrix, varies_the_last_key_fastest)
{
	static const char text[] = LEAST "vcpus: 99\n"
					 "matrix:\n"
					 "  vcpus: [1, 0x2]\n"
					 "  memory: [64M, 1G, 2G]\n";
	static const struct {
		unsigned vcpus;
		uint64_t mib;
		const char *variant;
	} runs[] = {
		{ 1, 64, "vcpus=1,memory=64M" },    { 1, 1024, "vcpus=1,memory=1G" },
		{ 1, 2048, "vcpus=1,memory=2G" },   { 2, 64, "vcpus=0x2,memory=64M" },
		{ 2, 1024, "vcpus=0x2,memory=1G" }, { 2, 2048, "vcpus=0x2,memory=2G" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(runs); i++) {
		auto_manifest struct manifest m = run_of(text, i);

		cr_expect_eq(m.runs, 6);
		cr_expect_eq(m.vcpus, runs[i].vcpus);
		cr_expect_eq(m.memory, runs[i].mib << 20);
		cr_expect_str_eq(m.variant, runs[i].variant);
	}
}

Test(matrix, chooses_the_first_run_unless_told)
{
	auto_manifest struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_eq(parse(LEAST "matrix: {vcpus: [7, 8]}\n", NULL, &m, &err), 0, "%s", err.text);
	cr_assert(m.vcpus == 7 && m.run == 0 && m.runs == 2);
	cr_assert_str_eq(m.variant, "vcpus=7");
}

Test(matrix, knows_how_many_runs_there_are_though_the_one_chosen_is_wrong)
{
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_lt(parse(LEAST "matrix: {vcpus: [0, 8, 9]}\n", NULL, &m, &err), 0);
	cr_expect(m.runs == 3 && !m.variant);
	cr_assert_lt(parse(LEAST "vcpus: 0\n", NULL, &m, &err), 0);
	cr_expect_eq(m.runs, 1);
	cr_assert_lt(parse(LEAST "matrix: {vcpus: []}\n", NULL, &m, &err), 0);
	cr_expect_eq(m.runs, 0);
}

Test(matrix, knows_how_many_runs_there_are)
{
	const struct manifest_choice choice = { .set = NULL, .n_set = 0, .run = 2 };
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_lt(parse(LEAST "matrix: {vcpus: [7, 8]}\n", &choice, &m, &err), 0);
	cr_assert_str_eq(err.text, "there is no run 3: the manifest stands for 2");
	cr_assert_lt(parse(LEAST, &choice, &m, &err), 0);
	cr_assert_str_eq(err.text, "there is no run 3: the manifest stands for 1");
}

Test(matrix, may_be_empty)
{
	auto_manifest struct manifest m = run_of(LEAST "matrix: {}\n", 0);

	cr_assert(m.runs == 1 && !m.variant);
}

Test(matrix, takes_values_in_any_form_of_their_key)
{
	static const char text[] = LEAST "expect: {console: [a]}\n"
					 "matrix:\n"
					 "  boot.kernel: [a, {path: b/c}]\n"
					 "  snp.policy: [{debug: true}]\n"
					 "  expect.console: [[x, y], []]\n"
					 "  boot.cmdline: [\"q\\n\\x9b\\x7f\"]\n"
					 "  exit_port: [false]\n";
	auto_manifest struct manifest first = run_of(text, 0), last = run_of(text, 3);

	cr_assert_eq(first.runs, 4);
	cr_assert_str_eq(first.kernel.path, "dir/a");
	cr_assert_eq(first.policy, 0xb0000);
	cr_assert_eq(first.policy_at.line, 6);
	cr_assert_eq(first.console.count, 2);
	cr_assert_str_eq(first.cmdline, "q\n\xc2\x9b\x7f");
	cr_assert_not(first.exit_port_given);
	cr_assert_str_eq(first.variant, "boot.kernel=a,snp.policy=#1,expect.console=#1,"
	                                "boot.cmdline=q \ufffd\ufffd,exit_port=false");
	cr_assert_str_eq(last.kernel.path, "dir/b/c");
	cr_assert(last.kernel.at.line == 5 && last.kernel.at.column == 20);
	cr_assert_eq(last.console.count, 0);
	cr_assert_str_eq(last.variant, "boot.kernel=b/c,snp.policy=#1,expect.console=#2,"
	                               "boot.cmdline=q \ufffd\ufffd,exit_port=false");
}

Test(matrix, cuts_long_names_and_tells_them_apart)
{
	char text[1200], a[301], e[601] = "";

	memset(a, 'a', 300);
	a[300] = '\0';
	for (int i = 0; i < 300; i++)
		memcpy(e + 2 * i, "\xc3\xa9", 3);
	snprintf(text, sizeof(text),
	         LEAST_KERNEL "matrix: {vcpus: [1, 2], boot.cmdline: [%s, %s]}\n", a, e);
	for (unsigned run = 0; run < 4; run++) {
		auto_manifest struct manifest m = run_of(text, run);
		size_t n = strlen(m.variant);
		char end[16];

		snprintf(end, sizeof(end), "...#%u", run + 1);
		cr_expect(n == 200 || (run % 2 && n == 199), "%zu", n);
		cr_expect_str_eq(m.variant + n - strlen(end), end);
		if (run % 2)
			cr_expect_eq((n - strlen(end) - strlen("vcpus=1,boot.cmdline=")) % 2, 0);
	}
	snprintf(text, sizeof(text), LEAST_KERNEL "matrix: {boot.cmdline: [%.*s]}\n", 200 - 13, a);
	auto_manifest struct manifest fits = run_of(text, 0);

	cr_expect_eq(strlen(fits.variant), 200);
	cr_expect_eq(fits.variant[199], 'a');
}

Test(matrix, gives_way_to_settings)
{
	static const char text[] = LEAST "matrix: {vcpus: [1, 2], memory: [64M, 1G]}\n";
	static const struct manifest_setting set[] = {
		{ .key = "vcpus", .value = "5" },
		{ .key = "timeout", .value = "1s" },
	};
	static const struct manifest_setting whole[] = {
		{ .key = "memory", .value = "2G" },
		{ .key = "matrix",
		  .value = "{vcpus: [3, 4], memory: [1G], snp.policy: [{debug: true}]}" },
	};
	auto_manifest struct manifest one = chosen(text, set, 2, 1),
				      two = chosen(text, whole, 2, 1);

	cr_assert(one.runs == 2 && one.vcpus == 5 && one.memory == (uint64_t)1 << 30);
	cr_assert_eq(one.timeout_ms, 1000);
	cr_assert_str_eq(one.variant, "vcpus=5,memory=1G");
	cr_assert(two.runs == 2 && two.vcpus == 4 && two.memory == (uint64_t)2 << 30);
	cr_assert_eq(two.policy_at.line, 0);
	cr_assert_str_eq(two.variant, "vcpus=4,memory=2G,snp.policy=#1");
}

Test(matrix, checks_the_run_that_is_chosen)
{
	static const char text[] = LEAST "matrix:\n  vcpus: [1, 0]\n  boot.initrd:\n  - i\n";
	const struct manifest_choice second = { .set = NULL, .n_set = 0, .run = 1 };
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_lt(parse(text, NULL, &m, &err), 0);
	cr_assert_str_eq(err.text, "'boot.initrd' without 'boot.kernel'");
	cr_assert(err.line == 6 && err.column == 5, "%u:%u", err.line, err.column);
	cr_assert_lt(parse(text, &second, &m, &err), 0);
	cr_assert_str_eq(err.text, "'vcpus' is 0; it must be from 1 to 4096");
	cr_assert(err.line == 4 && err.column == 14, "%u:%u", err.line, err.column);
}

Test(matrix, says_what_it_cannot_be)
{
	static const struct {
		const char *value;
		enum reason kind;
		unsigned column;
		const char *says, *fix;
	} cases[] = {
		{ "", ERROR_BAD_VALUE, 8, "'matrix' must be a map from keys to lists", "" },
		{ "[1]", ERROR_BAD_VALUE, 9, "not a list", "" },
		{ "{vcpsu: [1]}", ERROR_UNKNOWN_KEY, 10, "unknown key 'vcpsu' in 'matrix'",
		  "did you mean 'vcpus'?" },
		{ "{policy: [1]}", ERROR_UNKNOWN_KEY, 10, "unknown key 'policy' in 'matrix'",
		  "'snp.policy'" },
		{ "{snp: {policy: [1]}}", ERROR_UNKNOWN_KEY, 10, "'snp' is a group of keys",
		  "write one with 'snp.' before it" },
		{ "{snp.policy.debug: [true]}", ERROR_UNKNOWN_KEY, 10, "'snp.policy.debug'",
		  "write 'snp.policy' as a whole" },
		{ "{version: [1]}", ERROR_BAD_VALUE, 10, "'version' cannot be in 'matrix'",
		  "outside" },
		{ "{name: [a, b]}", ERROR_BAD_VALUE, 10, "'name' cannot be in 'matrix'",
		  "outside" },
		{ "{matrix: [{}]}", ERROR_BAD_VALUE, 10, "'matrix' cannot be in 'matrix'",
		  "remove" },
		{ "{disks.path: [1]}", ERROR_UNKNOWN_KEY, 10, "'disks.path'",
		  "write 'disks' as a whole" },
		{ "{vcpus: 1}", ERROR_BAD_VALUE, 17, "'matrix: vcpus' must be a list of values",
		  "brackets" },
		{ "{vcpus: }", ERROR_BAD_VALUE, 17, "must be a list of values", "" },
		{ "{vcpus: []}", ERROR_BAD_VALUE, 17, "'matrix: vcpus' is an empty list", "" },
		{ "{vcpus: [1], vcpus: [2]}", ERROR_DUPLICATE_KEY, 22, "duplicate key 'vcpus'",
		  "" },
		{ "{vcpus: [[1]]}", ERROR_BAD_VALUE, 18, "'vcpus' must be a number, not a list",
		  "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct manifest m = { 0 };
		struct error err = { 0 };
		char text[128];

		snprintf(text, sizeof(text), LEAST "matrix: %s\n", cases[i].value);
		cr_assert_lt(parse(text, NULL, &m, &err), 0, "%s", text);
		cr_expect_eq(err.kind, cases[i].kind, "%s%s", text, err.text);
		cr_expect(err.line == 3 && err.column == cases[i].column, "%s%u:%u", text, err.line,
		          err.column);
		cr_expect_not_null(strstr(err.text, cases[i].says), "%s%s", text, err.text);
		cr_expect_not_null(strstr(err.fix, cases[i].fix), "%s%s", text, err.fix);
		cr_expect_null(m.file);
	}
}

Test(matrix, names_the_setting_that_its_values_came_by)
{
	static const struct manifest_setting set = { .key = "matrix", .value = "{vcpus: [0]}" };
	const struct manifest_choice choice = { .set = &set, .n_set = 1, .run = 0 };
	struct manifest m = { 0 };
	struct error err = { 0 };

	cr_assert_lt(parse(LEAST, &choice, &m, &err), 0);
	cr_assert_str_eq(err.file, "--set matrix");
	cr_assert(err.line == 0 && !strncmp(err.text, "'vcpus' is 0", 12), "%s", err.text);
}

Test(matrix, limits_the_number_of_runs)
{
	char ten[] = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", text[256];
	struct manifest_choice choice = { .run = 999 };
	struct manifest m = { 0 };
	struct error err = { 0 };

	snprintf(text, sizeof(text),
	         LEAST "matrix:\n  vcpus: %s\n  exit_port: %s\n  expect.exit: %s\n", ten, ten, ten);
	cr_assert_eq(parse(text, &choice, &m, &err), 0, "%s", err.text);
	cr_assert(m.runs == 1000 && m.vcpus == 10 && m.exit_code == 10);
	manifest_free(&m);
	choice.run = 0;
	strcat(text, "  boot.cmdline: [a, b]\n");
	cr_assert_lt(parse(text, &choice, &m, &err), 0);
	cr_assert_str_eq(err.text, "'matrix' stands for more than 1000 runs");
	cr_assert(err.line == 7 && err.column == 3);
}

Test(matrix, can_vary_every_key_but_those_that_say_so)
{
	for (size_t i = 0; i < KEYS; i++) {
		struct manifest m = { 0 };
		struct error err = { 0 };
		char text[128];

		snprintf(text, sizeof(text), LEAST "matrix:\n  %s: [{\"\": \"\"}]\n", keys[i].name);
		cr_expect_lt(parse(text, NULL, &m, &err), 0);
		cr_expect_eq(strstr(err.text, "cannot be in 'matrix'") != NULL, keys[i].fixed,
		             "%s: %s", keys[i].name, err.text);
		cr_expect_not_null(strstr(err.text, keys[i].name), "%s: %s", keys[i].name,
		                   err.text);
	}
}
