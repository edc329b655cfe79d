/* SPDX-License-Identifier: MIT */
/* tests/out/saved_test.c: launch.json is read as it was written, and anything else is refused. */
#include "core/out/saved.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/out/result.h"
#include "core/out/tree.h"
#include "core/snp/digest.h"
#include "tests/make/printed.h"

#define H47 /* hex digits after the first byte of a hash */                                        \
	"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"000000"
#define HASH(byte) "\"" byte H47 "\""

static int read_text(const char *text, struct saved *ret, struct error *err)
{
	*err = (struct error){ 0 };
	return saved_read("a.json", (const uint8_t *)text, strlen(text), ret, err);
}

#define LAUNCH_BEGIN "{\"schema\": \"snpvmm.measure/1\", \"measurement\": " HASH("ab")
#define REGION                                                                                     \
	"{\"gpa\": \"0x2000\", \"size\": 8192, \"type\": \"normal\", \"label\": \"firmware\", "    \
	"\"sha384\": " HASH("cd") ", \"fields\": {\"a\": \"1\", \"b\": \"2\"}, "                   \
				  "\"page_sha384\": [" HASH("01") ", " HASH("02") "]}"

Test(saved, is_read_with_its_settings_regions_and_fields)
{
	auto_saved struct saved r = { 0 };
	struct error err;
	const char *text = LAUNCH_BEGIN ", \"profile\": \"qemu\", \"vcpus\": 4, \"svn\": 7, "
					"\"policy\": \"0x30000\", \"unknown\": [1, {}], "
					"\"settings\": {\"memory\": \"1G\", \"new.key\": \"x\"}, "
					"\"regions\": [" REGION "]}";

	cr_assert_eq(read_text(text, &r, &err), 0, "%s", err.text);
	cr_expect(r.measured && r.has_regions);
	cr_expect_eq(r.measurement[0], 0xab);
	cr_expect_str_eq(saved_value(&r.settings, "measure.profile"), "qemu");
	cr_expect_str_eq(saved_value(&r.settings, "vcpus"), "4");
	cr_expect_str_eq(saved_value(&r.settings, "snp.identity.svn"), "7");
	cr_expect_str_eq(saved_value(&r.settings, "snp.policy"), "0x30000");
	cr_expect_str_eq(saved_value(&r.settings, "memory"), "1G");
	cr_expect_str_eq(saved_value(&r.settings, "new.key"), "x");
	cr_assert_eq(r.n_regions, 1);
	cr_expect_eq(r.regions[0].gpa, 0x2000);
	cr_expect_eq(r.regions[0].size, 8192);
	cr_expect_str_eq(r.regions[0].label, "firmware");
	cr_expect_eq(r.regions[0].sha384[0], 0xcd);
	cr_expect_eq(r.regions[0].pages[1][0], 2);
	cr_expect_str_eq(saved_value(&r.regions[0].fields, "b"), "2");
	cr_expect_null(saved_value(&r.regions[0].fields, "c"));
}

/* What 0.2 wrote, and `measure` without --pages. */
Test(saved, may_lack_what_older_versions_did_not_write)
{
	auto_saved struct saved old = { 0 }, bare = { 0 }, listed = { 0 };
	struct error err;

	cr_assert_eq(read_text(LAUNCH_BEGIN ", \"regions\": [{\"gpa\": \"0x0\", \"size\": 4096, "
	                                    "\"type\": \"zero\", \"label\": \"x\"}]}",
	                       &old, &err),
	             0, "%s", err.text);
	cr_expect(old.has_regions && !old.regions[0].has_content && !old.regions[0].pages);
	cr_assert_eq(read_text(LAUNCH_BEGIN "}", &bare, &err), 0, "%s", err.text);
	cr_expect_not(bare.has_regions);
	cr_assert_eq(read_text("[" LAUNCH_BEGIN "}]", &listed, &err), 0, "%s", err.text);
	cr_expect_eq(listed.measurement[0], 0xab);
}

#define WITH_REGION(text) LAUNCH_BEGIN ", \"regions\": [" text "]}"
#define OTHER_REGION(gpa, size, rest)                                                              \
	WITH_REGION("{\"gpa\": " gpa ", \"size\": " size ", \"type\": \"normal\", "                \
	            "\"label\": \"x\"" rest "}")

Test(saved, is_refused_with_the_name_of_what_is_wrong)
{
	static const struct {
		const char *text, *says;
		enum reason kind;
	} rows[] = {
		{ "", "not JSON: ", ERROR_SYNTAX },
		{ "{", "not JSON: ", ERROR_SYNTAX },
		{ LAUNCH_BEGIN, "not JSON: ", ERROR_SYNTAX },
		{ "{\"a\": 1, \"a\": 2}", "duplicate", ERROR_SYNTAX },
		{ "\"text\"", "not JSON: ", ERROR_SYNTAX },
		{ "{}", "its schema is missing", ERROR_UNSUPPORTED },
		{ "[]", "a list of 0 launches", ERROR_UNSUPPORTED },
		{ "[{}, {}, {}]", "a list of 3 launches", ERROR_UNSUPPORTED },
		{ "[[{}]]", "a list of 1 launches", ERROR_UNSUPPORTED },
		{ "{\"schema\": \"snpvmm.result/1\"}", "'snpvmm.result/1'", ERROR_UNSUPPORTED },
		{ "{\"schema\": 3}", "its schema is missing", ERROR_UNSUPPORTED },
		{ "{\"schema\": \"snpvmm.measure/1\"}", "'measurement' is not", ERROR_BAD_VALUE },
		{ "{\"schema\": \"snpvmm.measure/1\", \"measurement\": \"ab\"}",
		  "'measurement' is not a digest", ERROR_BAD_VALUE },
		{ LAUNCH_BEGIN ", \"policy\": []}", "'policy' is not", ERROR_BAD_VALUE },
		{ LAUNCH_BEGIN ", \"vcpus\": 1.5}", "'vcpus' is not", ERROR_BAD_VALUE },
		{ LAUNCH_BEGIN ", \"settings\": []}", "'settings' is not", ERROR_BAD_VALUE },
		{ LAUNCH_BEGIN ", \"settings\": {\"a\": 1}}", "'settings' is not",
		  ERROR_BAD_VALUE },
		{ LAUNCH_BEGIN ", \"regions\": {}}", "'regions' is not", ERROR_BAD_VALUE },
		{ WITH_REGION("3"), "'regions[0].gpa' is not", ERROR_BAD_VALUE },
		{ WITH_REGION(REGION ", {}"), "'regions[1].gpa' is not", ERROR_BAD_VALUE },
		{ OTHER_REGION("4096", "4096", ""), "'regions[0].gpa' is not", ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x\"", "4096", ""), "'regions[0].gpa' is not", ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1\"", "4096", ""), "'regions[0].gpa' is not", ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000g\"", "4096", ""), "'regions[0].gpa' is not",
		  ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0xfffffffffffff000\"", "4096", ""), "'regions[0].gpa' is not",
		  ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x10000000000000000\"", "4096", ""), "'regions[0].gpa' is not",
		  ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "0", ""), "'regions[0].size' is not",
		  ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "-4096", ""), "'regions[0].size' is not",
		  ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "4097", ""), "'regions[0].size' is not",
		  ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "9223372036854771712", ""), "'regions[0].size' is not",
		  ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "4096", ", \"sha384\": \"xy\""),
		  "'regions[0].sha384' is not", ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "4096", ", \"fields\": [1]"),
		  "'regions[0].fields' is not", ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "4096", ", \"page_sha384\": []"),
		  "'regions[0].page_sha384' is not", ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "4096", ", \"page_sha384\": 3"),
		  "'regions[0].page_sha384' is not", ERROR_BAD_VALUE },
		{ OTHER_REGION("\"0x1000\"", "4096", ", \"page_sha384\": [3]"),
		  "'regions[0].page_sha384' is not", ERROR_BAD_VALUE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct saved r = { 0 };
		struct error err;

		cr_assert_lt(read_text(rows[i].text, &r, &err), 0, "read: %s", rows[i].text);
		cr_expect_eq(err.kind, rows[i].kind, "%s: %s [%s]", rows[i].text, err.text,
		             reason_name(err.kind));
		cr_expect(strstr(err.text, rows[i].says), "'%s' says '%s', not '%s'", rows[i].text,
		          err.text, rows[i].says);
		cr_expect_str_eq(err.file, "a.json");
		cr_expect_null(r.regions);
	}
}

Test(saved, that_is_cut_anywhere_is_refused)
{
	const char *whole = WITH_REGION(REGION);
	size_t size = strlen(whole);

	for (size_t n = 0; n < size; n++) {
		struct saved r = { 0 };
		struct error err = { 0 };

		cr_assert_lt(saved_read("a.json", (const uint8_t *)whole, n, &r, &err), 0,
		             "%zu bytes of it", n);
		cr_expect_eq(err.kind, ERROR_SYNTAX, "%zu bytes: %s", n, err.text);
	}
}

/* Each byte of such a text would cost many more in memory. */
Test(saved, of_too_many_values_is_refused_before_it_is_parsed)
{
	static const char *const fills[] = { "[", "{", "\"\",", "1," };
	size_t size = 4000000;
	uint8_t *text = malloc(SAVED_MAX_SIZE + 1);
	struct saved r = { 0 };
	struct error err = { 0 };

	cr_assert_not_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(fills); i++) {
		for (size_t at = 0; at < size; at++)
			text[at] = (uint8_t)fills[i][at % strlen(fills[i])];
		cr_assert_lt(saved_read("a.json", text, size, &r, &err), 0);
		cr_expect_eq(err.kind, ERROR_FILE_TOO_LARGE, "%s: %s", fills[i], err.text);
	}
	memset(text, ' ', SAVED_MAX_SIZE + 1);
	cr_assert_lt(saved_read("a.json", text, SAVED_MAX_SIZE + 1, &r, &err), 0);
	cr_expect_eq(err.kind, ERROR_FILE_TOO_LARGE);
	/* deep, but few */
	memset(text, '[', 100000);
	cr_assert_lt(saved_read("a.json", text, 100000, &r, &err), 0);
	cr_expect_eq(err.kind, ERROR_SYNTAX, "%s", err.text);
	free(text);
}

Test(saved, makes_its_texts_clean_and_its_labels_short)
{
	auto_saved struct saved r = { 0 };
	struct error err;

	cr_assert_eq(read_text(LAUNCH_BEGIN
	                       ", \"settings\": {\"a\\u001b\": \"\\u001b[31m\\u202e\"}, "
	                       "\"regions\": [{\"gpa\": \"0x0\", \"size\": 4096, \"type\": "
	                       "\"\\u0007\", \"label\": \"a very long label that goes on and on "
	                       "and on for more than any label of a region does\"}]}",
	                       &r, &err),
	             0, "%s", err.text);
	cr_expect_null(strchr(r.settings.list[0].name, '\033'));
	cr_expect_null(strchr(r.settings.list[0].text, '\033'));
	cr_expect_null(strchr(r.regions[0].type, '\a'));
	cr_expect_lt(strlen(r.regions[0].label), sizeof(r.regions[0].label));
}

Test(saved, of_vmsas_with_the_same_content_has_the_same_fields)
{
	auto_saved struct saved r = { 0 };
	struct error err;

	cr_assert_eq(
		read_text(
			WITH_REGION(REGION
	                            ", {\"gpa\": \"0x2000\", \"size\": 8192, \"type\": "
	                            "\"normal\", \"label\": \"x\", "
	                            "\"sha384\": " HASH(
					    "cd") "}, "
	                                          "{\"gpa\": \"0x2000\", \"size\": 8192, \"type\": "
	                                          "\"normal\", \"label\": \"x\", "
	                                          "\"sha384\": " HASH("ce") "}"),
			&r, &err),
		0, "%s", err.text);
	cr_expect_eq(saved_region_fields(&r, &r.regions[1])->count, 2);
	cr_expect_eq(saved_region_fields(&r, &r.regions[2])->count, 0);
}
