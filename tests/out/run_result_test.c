/* SPDX-License-Identifier: MIT */
/* tests/out/run_result_test.c: the fields of a run's result: which are there, and what they say. */
#include "core/out/run_result.h"

#include <string.h>

#include "core/base/array.h"
#include "tests/make/printed.h"
#include "tests/make/results.h"

static struct run_result r;

static struct tree *described(void)
{
	struct tree *t = tree_new();

	result_run(t, NULL, &r);
	return t;
}

static json_t *as_json(void)
{
	return printed_json(described());
}

static void check_json(const char *want)
{
	printed_is(described(), tree_print_json, want);
}

static void check_number(const char *path, json_int_t want)
{
	auto_json json_t *j = as_json();

	json_number_is(j, path, want);
}

static void check_text(const char *path, const char *want)
{
	auto_json json_t *j = as_json();

	json_text_is(j, path, want);
}

static void check_absent(const char *path)
{
	auto_json json_t *j = as_json();

	cr_expect_null(json_at(j, path), "%s", path);
}

Test(run_result, verdicts_have_the_names_that_scripts_know)
{
	static const char *const want[] = { "pass", "fail", "error", "skip", "timeout" };

	cr_assert_eq(ARRAY_SIZE(want), RESULTS);
	for (size_t i = 0; i < RESULTS; i++)
		cr_expect_str_eq(run_status_name((enum run_status)i), want[i]);
	cr_expect_str_eq(run_status_name(RESULTS), "error");
	cr_expect_str_eq(run_status_name((enum run_status) - 1), "error");
}

#define AB8 "abababababababab"
#define CD8 "cdcdcdcdcdcdcdcd"

Test(run_result, a_whole_result_reads_as_documented)
{
	results_full(&r, RESULT_FAIL);
	r.n_inputs = 1;
	r.sandbox.landlock = 7;
	r.sandbox.calls = (struct calls){ { { 41, 0 } }, 1 }; /* x86-64's socket(2) */
	check_json("{\n"
	           "  \"schema\": \"snpvmm.result/1\",\n"
	           "  \"name\": \"boot\",\n"
	           "  \"variant\": \"vcpus=4,memory=1G\",\n"
	           "  \"verdict\": \"fail\",\n"
	           "  \"status\": 1,\n"
	           "  \"reason\": \"console-forbidden\",\n"
	           "  \"sentence\": \"the guest said \\\"<oops> & 100%\\\" # 1\",\n"
	           "  \"why\": \"it's so\",\n"
	           "  \"fix\": \"do: otherwise\",\n"
	           "  \"at\": {\n"
	           "    \"file\": \"a,b:guest.yaml\",\n"
	           "    \"line\": 7,\n"
	           "    \"column\": 3\n"
	           "  },\n"
	           "  \"measurement\": {\n"
	           "    \"expected\": \"" AB8 AB8 AB8 AB8 AB8 AB8 "\",\n"
	           "    \"pinned\": \"" CD8 CD8 CD8 CD8 CD8 CD8 "\",\n"
	           "    \"profile\": \"qemu\",\n"
	           "    \"vcpus\": 4,\n"
	           "    \"vcpu_type\": \"EPYC-v4\"\n"
	           "  },\n"
	           "  \"guest\": {\n"
	           "    \"event\": \"console-forbidden\",\n"
	           "    \"detail\": \"the guest said \\\"<oops> & 100%\\\" # 1\",\n"
	           "    \"expected_lines\": 3,\n"
	           "    \"met_lines\": 2,\n"
	           "    \"last_line\": \"login:\"\n"
	           "  },\n"
	           "  \"sandbox\": {\n"
	           "    \"mode\": \"on\",\n"
	           "    \"landlock\": 7,\n"
	           "    \"refused\": [\n"
	           "      \"socket\"\n"
	           "    ]\n"
	           "  },\n"
	           "  \"time_ms\": {\n"
	           "    \"start\": 1,\n"
	           "    \"update\": 2,\n"
	           "    \"finish\": 2,\n"
	           "    \"first_byte\": 40,\n"
	           "    \"total\": 1235\n"
	           "  },\n"
	           "  \"host\": {\n"
	           "    \"kernel\": \"6.11.0\",\n"
	           "    \"firmware\": \"1.55.39\",\n"
	           "    \"cpu\": \"AMD EPYC 9654\"\n"
	           "  },\n"
	           "  \"inputs\": [\n"
	           "    {\n"
	           "      \"role\": \"manifest\",\n"
	           "      \"path\": \"in/manifest\",\n"
	           "      \"sha256\": \"01010101010101010101010101010101"
	           "01010101010101010101010101010101\"\n"
	           "    }\n"
	           "  ]\n"
	           "}\n");
}

Test(run_result, what_does_not_apply_has_no_key)
{
	results_bare(&r);
	check_json("{\n"
	           "  \"schema\": \"snpvmm.result/1\",\n"
	           "  \"name\": \"bare\",\n"
	           "  \"verdict\": \"error\",\n"
	           "  \"status\": 2,\n"
	           "  \"sentence\": \"\",\n"
	           "  \"time_ms\": {\n"
	           "    \"total\": 0\n"
	           "  },\n"
	           "  \"inputs\": []\n"
	           "}\n");
}

Test(run_result, says_whose_keys_proved_the_measurement)
{
	results_full(&r, RESULT_PASS);
	check_absent("measurement.proven");
	check_absent("measurement.id_key_digest");
	r.measurement.proven = true;
	memset(r.measurement.id_key_digest, 0xab, sizeof(r.measurement.id_key_digest));
	check_text("measurement.id_key_digest", AB8 AB8 AB8 AB8 AB8 AB8);
	check_absent("measurement.author_key_digest");
	memset(r.measurement.author_key_digest, 0xcd, sizeof(r.measurement.author_key_digest));
	check_text("measurement.author_key_digest", CD8 CD8 CD8 CD8 CD8 CD8);
}

Test(run_result, each_part_stands_or_lacks_alone)
{
	static const char *const keys[] = {
		"at.line",         "at.column",       "measurement.pinned", "guest.expected_lines",
		"guest.met_lines", "guest.last_line", "guest.detail",       "time_ms.first_byte",
		"host.firmware"
	};

	results_full(&r, RESULT_FAIL);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		auto_json json_t *j = as_json();

		cr_expect_not_null(json_at(j, keys[i]), "%s", keys[i]);
	}
	r.line = r.column = 0;
	r.measurement.pinned = false;
	r.guest.expected = r.guest.met = 0;
	r.guest.last_line[0] = r.guest.detail[0] = '\0';
	r.time.first_byte_came = false;
	r.host.firmware[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		check_absent(keys[i]);
	check_text("at.file", "a,b:guest.yaml");
	check_text("host.kernel", "6.11.0");
	check_number("time_ms.update", 2);
}

Test(run_result, where_the_guest_was)
{
	struct run_where *w = &r.guest.where;

	results_full(&r, RESULT_TIMEOUT);
	check_absent("guest.rip");
	check_absent("guest.where");
	*w = (struct run_where){ .rip_known = true, .rip = 0xffffffff81000000 };
	check_text("guest.rip", "0xffffffff81000000");
	check_absent("guest.rip_is_earlier");
	check_absent("guest.where");
	*w = (struct run_where){
		.rip_known = true, .is_earlier = true, .known = true, .offset = 0
	};
	check_text("guest.where.offset", "0x0");
	check_absent("guest.where.volume");
	check_absent("guest.where.file");
	check_absent("guest.where.symbol");
	strcpy(w->volume, "SECFV");
	strcpy(w->file, "Sec\nMain");
	strcpy(w->symbol, "start+0x1");
	check_text("guest.where.volume", "SECFV");
	check_text("guest.where.file", "Sec Main");
	check_text("guest.where.symbol", "start+0x1");
}

Test(run_result, a_first_byte_at_once_is_known)
{
	results_full(&r, RESULT_PASS);
	r.time.first_byte_us = 0;
	check_number("time_ms.first_byte", 0);
	r.time.start_us = 0;
	check_number("time_ms.start", 0);
	r.launched = false;
	check_absent("time_ms.start");
}

Test(run_result, a_code_is_there_where_the_event_has_one)
{
	results_full(&r, RESULT_PASS);
	r.guest.event = GUEST_EXITED;
	r.guest.code = 0;
	check_number("guest.code", 0);
	r.guest.event = GUEST_RESET;
	check_absent("guest.code");
	r.guest.code = 5;
	check_number("guest.code", 5);
	r.guest.event = (enum reason)12345;
	r.guest.code = 0;
	check_absent("guest.code");
	check_text("guest.event", "unknown");
}

Test(run_result, a_code_is_a_number_up_to_2_to_the_63_and_a_text_from_there)
{
	results_full(&r, RESULT_PASS);
	r.guest.code = INT64_MAX;
	check_number("guest.code", INT64_MAX);
	r.guest.code = (uint64_t)INT64_MAX + 1;
	check_text("guest.code", "0x8000000000000000");
	r.guest.code = UINT64_MAX;
	check_text("guest.code", "0xffffffffffffffff");
}

Test(run_result, a_status_is_what_a_parent_sees)
{
	results_full(&r, RESULT_FAIL);
	for (int status = -1; status <= 257; status++) {
		r.exit_status = status;
		check_number("status", status & 0xff);
	}
}

Test(run_result, bytes_of_others_are_clean_one_line_texts)
{
	results_full(&r, RESULT_FAIL);
	snprintf(r.sentence, sizeof(r.sentence), "a\xff\nb\x1b");
	snprintf(r.guest.last_line, sizeof(r.guest.last_line), "\xed\xa0\x80");
	check_text("sentence", "a\xef\xbf\xbd b\xef\xbf\xbd");
	check_text("guest.last_line", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

/* A text that fills its room has no NUL; each byte of it may become three. */
Test(run_result, a_text_without_an_end_ends_with_its_room)
{
	size_t size;
	char *text;

	results_full(&r, RESULT_FAIL);
	memset(r.why, 0xff, sizeof(r.why));
	memset(r.name, 'n', sizeof(r.name));
	{
		auto_json json_t *j = as_json();

		cr_expect_eq(json_string_length(json_at(j, "why")), 3 * sizeof(r.why));
		cr_expect_eq(json_string_length(json_at(j, "name")), sizeof(r.name));
	}
	text = printed(described(), tree_print_cbor, &size);
	cr_expect_gt(size, 3 * sizeof(r.why));
	free(text);
}

/* as_json() parses what comes out, and refuses doubled keys. */
Test(run_result, whatever_is_in_it_it_is_json_and_cbor)
{
	for (unsigned seed = 0; seed < 600; seed++) {
		auto_json json_t *j = NULL;
		size_t size;

		results_hostile(&r, (enum run_status)(seed % RESULTS), seed);
		j = as_json();
		cr_expect_eq(json_array_size(json_object_get(j, "inputs")), RUN_INPUTS);
		if (seed % 10 == 0)
			free(printed(described(), tree_print_cbor, &size));
	}
}

/* The process that a guest took over may have written anything. */
Test(run_result, of_any_bytes_can_be_printed_once_it_is_mended)
{
	static struct run_result hostile;
	const struct run_result *list = &hostile;
	struct error err = { 0 };
	auto_free char *text = NULL;
	size_t size = 0;

	for (int byte = 1; byte < 256; byte += 127) {
		FILE *to = open_memstream(&text, &size);
		auto_tree struct tree *t = tree_new();

		memset(&hostile, byte, sizeof(hostile));
		run_result_mend(&hostile);
		cr_expect_lt(hostile.status, RESULTS);
		cr_expect_lt(hostile.reason, REASONS);
		cr_expect_eq(hostile.name[sizeof(hostile.name) - 1], '\0');
		cr_expect_eq(hostile.launched, true);
		result_run(t, NULL, &hostile);
		cr_expect_eq(tree_print_json(t, to, &err), 0, "%s", err.text);
		cr_expect_eq(junit_write(to, "n", &list, 1, &err), 0, "%s", err.text);
		cr_expect_eq(tap_write(to, &list, 1, &err), 0, "%s", err.text);
		github_annotate(to, NULL, &hostile);
		fclose(to);
		cr_expect_gt(size, 1000);
		free(text);
		text = NULL;
	}
}
