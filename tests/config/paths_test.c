/* SPDX-License-Identifier: MIT */
/*
 * tests/config/paths_test.c: which files a manifest names, in which run, and which of them are
 * written.
 */
#include "config/paths.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"

static char home[] = "/tmp/snpvmm-paths-XXXXXX";
static struct manifest_paths found;
static struct error err;

static void setup(void)
{
	cr_assert_not_null(mkdtemp(home));
	cr_assert_eq(chdir(home), 0);
}

static void teardown(void)
{
	manifest_paths_free(&found);
	unlink("m.yaml");
	cr_expect_eq(chdir("/"), 0);
	cr_expect_eq(rmdir(home), 0);
}

TestSuite(paths, .init = setup, .fini = teardown);

static int find_at(const char *path, const struct manifest_choice *choice)
{
	auto_source struct manifest_source *s = manifest_source_new(path, choice);

	cr_assert_not_null(s);
	return manifest_paths(s, &found, &err);
}

static int find(const char *text, const struct manifest_choice *choice)
{
	FILE *f = fopen("m.yaml", "w");

	cr_assert_not_null(f);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
	return find_at("./m.yaml", choice);
}

/* "run key<path key>path", in this order; > is an output. */
static void check_found(const char *want)
{
	char have[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < found.count && n < sizeof(have); i++)
		n += (size_t)snprintf(have + n, sizeof(have) - n, "%s%u %s%c%s", n ? " " : "",
		                      found.list[i].run, found.list[i].key,
		                      found.list[i].output ? '>' : '<', found.list[i].path);
	cr_expect_str_eq(have, want);
}

Test(paths, keys_are_inputs)
{
	cr_assert_eq(find("version: 1\nboot: {kernel: /k}\nsnp:\n  identity: {id_key: i.pem, "
	                  "author_key: /a.pem, family_id: 'file:f'}\n",
	                  NULL),
	             0, "%s", err.text);
	check_found("0 boot.kernel</k 0 snp.identity.id_key<./i.pem "
	            "0 snp.identity.author_key</a.pem 0 snp.identity.family_id<./f");
	cr_assert_eq(find("version: 1\nboot: {kernel: /k}\nsnp: {identity: {id_key: ephemeral}}\n",
	                  NULL),
	             0, "%s", err.text);
	check_found("0 boot.kernel</k");
}

Test(paths, every_form_of_a_path_is_found)
{
	cr_assert_eq(find("version: 1\nboot:\n  firmware: f.fd\n  kernel: {path: /k, sha256: x}\n"
	                  "snp:\n  id_block: file:b\n  id_auth: 'hex:00'\n"
	                  "serial: con.log\ndebug_port: stderr\n",
	                  NULL),
	             0, "%s", err.text);
	check_found("0 boot.firmware<./f.fd 0 boot.kernel</k 0 snp.id_block<./b "
	            "0 serial>./con.log");
	cr_expect_eq(found.list[0].at.line, 3);
	cr_expect_eq(found.list[0].at.column, 13);
}

Test(paths, words_and_built_in_guests_are_no_files)
{
	cr_assert_eq(find("boot: {firmware: 'builtin:selftest'}\nserial: none\ndebug_port: none\n",
	                  NULL),
	             0);
	cr_expect_eq(found.count, 0);
}

Test(paths, each_run_of_a_matrix_names_its_own)
{
	cr_assert_eq(
		find("boot: {firmware: a}\nserial: s\nmatrix: {boot.firmware: [b, c]}\n", NULL), 0);
	check_found("0 boot.firmware<./b 0 serial>./s 1 boot.firmware<./c 1 serial>./s");
}

Test(paths, what_set_names_counts_and_what_it_replaces_does_not)
{
	static const struct manifest_setting set[] = {
		{ .key = "serial", .value = "other" },
		{ .key = "boot.initrd", .value = "i", .option = "-i" },
	};
	const struct manifest_choice choice = { .set = set, .n_set = ARRAY_SIZE(set) };

	cr_assert_eq(find("serial: s\nboot: {kernel: k}\n", &choice), 0);
	check_found("0 boot.kernel<./k 0 boot.initrd<i 0 serial>./other");
	cr_expect_null(found.list[0].at.by);
	cr_expect_str_eq(found.list[1].at.by, "-i");
	cr_expect_str_eq(found.list[2].at.by, "serial");
}

/*
 * Results of an earlier run must not take an input with them only because the manifest has a
 * mistake elsewhere.
 */
Test(paths, values_that_are_wrong_hide_no_file)
{
	cr_assert_eq(
		find("vcpus: 0\nnokey: 1\nboot: {firmware: f}\nexpect: {console: ['(']}\n", NULL),
		0);
	check_found("0 boot.firmware<./f");
}

Test(paths, what_cannot_be_understood_is_an_error)
{
	static const char *const texts[] = { "a: [", "- a\n", "matrix: {vcpus: 1}\n",
		                             "matrix: [a]\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		err = (struct error){ 0 };
		cr_expect_lt(find(texts[i], NULL), 0, "%s", texts[i]);
		cr_expect_neq(err.kind, ERROR_NONE);
		manifest_paths_free(&found);
	}
	unlink("m.yaml");
	cr_expect_lt(find_at("m.yaml", NULL), 0);
}
