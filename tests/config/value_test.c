/* SPDX-License-Identifier: MIT */
/*
 * tests/config/value_test.c: every written form of a value, what it gives, and what is almost one.
 */
#include "config/value.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"

static bool matches(const char *pattern, const char *text)
{
	regex_t re;
	bool yes;

	cr_assert_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0, "%s", pattern);
	yes = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

struct form {
	const char *text;
	bool good;
	uint64_t value;
};

typedef int reader_fn(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
                      struct error *err);

static void hold(reader_fn *read, const char *pattern, const struct form *forms, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct error err = { 0 };
		uint64_t v = 4711;
		int r = read("key", forms[i].text, 0, UINT64_MAX, &v, &err);

		cr_expect_eq(r == 0, forms[i].good, "'%s': %s", forms[i].text, err.text);
		cr_expect_eq(v, forms[i].good ? forms[i].value : 4711, "'%s'", forms[i].text);
		cr_expect_eq(matches(pattern, forms[i].text), forms[i].good, "'%s' and the pattern",
		             forms[i].text);
		cr_expect(r == 0 || (err.kind == ERROR_BAD_VALUE && err.fix[0]), "'%s'",
		          forms[i].text);
	}
}

Test(value, reads_numbers_in_two_bases)
{
	static const struct form forms[] = {
		{ "0", true, 0 },
		{ "7", true, 7 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "0xffffffffffffffff", true, UINT64_MAX },
		{ "0x30000", true, 0x30000 },
		{ "0xAbC", true, 0xabc },
		{ "0x0000000000000000001", true, 1 },
		{ "", false, 0 },
		{ "-1", false, 0 },
		{ "+1", false, 0 },
		{ "010", false, 0 },
		{ "00", false, 0 },
		{ "0x", false, 0 },
		{ "0X1", false, 0 },
		{ "0xg", false, 0 },
		{ "1 ", false, 0 },
		{ " 1", false, 0 },
		{ "1_000", false, 0 },
		{ "1.0", false, 0 },
		{ "1e3", false, 0 },
		{ "four", false, 0 },
		{ "true", false, 0 },
	};

	hold(value_number, VALUE_NUMBER_PATTERN, forms, ARRAY_SIZE(forms));
}

Test(value, reads_sizes_only_with_a_unit)
{
	static const struct form forms[] = {
		{ "1K", true, 1024 },
		{ "512M", true, (uint64_t)512 << 20 },
		{ "2G", true, (uint64_t)2 << 30 },
		{ "1T", true, (uint64_t)1 << 40 },
		{ "1KiB", true, 1024 },
		{ "1MiB", true, 1 << 20 },
		{ "1GiB", true, 1 << 30 },
		{ "1TiB", true, (uint64_t)1 << 40 },
		{ "0M", true, 0 },
		{ "512", false, 0 },
		{ "M", false, 0 },
		{ "512m", false, 0 },
		{ "512MB", false, 0 },
		{ "512 M", false, 0 },
		{ "1.5G", false, 0 },
		{ "0x10M", false, 0 },
		{ "010M", false, 0 },
		{ "-1M", false, 0 },
		{ "1Mi", false, 0 },
		{ "", false, 0 },
	};

	hold(value_size, VALUE_SIZE_PATTERN, forms, ARRAY_SIZE(forms));
}

Test(value, reads_times_only_with_a_unit)
{
	static const struct form forms[] = {
		{ "500ms", true, 500 }, { "90s", true, 90000 }, { "2m", true, 120000 },
		{ "0s", true, 0 },      { "90", false, 0 },     { "1h", false, 0 },
		{ "1.5s", false, 0 },   { "s", false, 0 },      { "90 s", false, 0 },
		{ "09s", false, 0 },    { "90S", false, 0 },    { "", false, 0 },
	};

	hold(value_time, VALUE_TIME_PATTERN, forms, ARRAY_SIZE(forms));
}

Test(value, refuses_what_does_not_fit_64_bits)
{
	static const struct {
		reader_fn *read;
		const char *text;
	} cases[] = {
		{ value_number, "18446744073709551616" },
		{ value_number, "0x10000000000000000" },
		{ value_number,
		  "99999999999999999999999999999999999999999999999999999999999999999" },
		{ value_size, "16777216T" },
		{ value_size, "18446744073709551616K" },
		{ value_time, "18446744073709551615s" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = { 0 };
		uint64_t v = 1;

		cr_assert_lt(cases[i].read("key", cases[i].text, 0, UINT64_MAX, &v, &err), 0, "%s",
		             cases[i].text);
		cr_assert_eq(v, 1);
		cr_assert_not_null(strstr(err.text, "must be from"), "%s", err.text);
	}
}

Test(value, names_the_range_in_the_users_own_terms)
{
	struct error err = { 0 };
	uint64_t v;

	cr_assert_lt(value_number("vcpus", "300", 1, 255, &v, &err), 0);
	cr_assert_str_eq(err.text, "'vcpus' is 300; it must be from 1 to 255");
	cr_assert_lt(value_number("exit_port", "0xffff", 1, 0xfffe, &v, &err), 0);
	cr_assert_str_eq(err.text, "'exit_port' is 0xffff; it must be from 0x1 to 0xfffe");
	cr_assert_lt(value_number("version", "2", 1, 1, &v, &err), 0);
	cr_assert_str_eq(err.text, "'version' is 2; it must be 1");
	cr_assert_lt(value_size("memory", "2T", 65536, (uint64_t)1 << 40, &v, &err), 0);
	cr_assert_str_eq(err.text, "'memory' is 2T; it must be from 64K to 1T");
	cr_assert_lt(value_time("timeout", "0s", 1, 120000, &v, &err), 0);
	cr_assert_str_eq(err.text, "'timeout' is 0s; it must be from 1ms to 2m");
	cr_assert_lt(value_size("memory", "512", 0, 1, &v, &err), 0);
	cr_assert_not_null(strstr(err.fix, "512M"), "%s", err.fix);
	cr_assert_lt(value_time("timeout", "90", 0, 1, &v, &err), 0);
	cr_assert_not_null(strstr(err.fix, "90s"), "%s", err.fix);
}

Test(value, knows_two_booleans)
{
	static const char *const others[] = { "yes", "no", "on", "True", "FALSE", "1", "0", "" };
	struct error err = { 0 };
	bool b = false;

	cr_assert_eq(value_bool("k", "true", &b, &err), 0);
	cr_assert(b);
	cr_assert_eq(value_bool("k", "false", &b, &err), 0);
	cr_assert_not(b);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		cr_assert_lt(value_bool("k", others[i], &b, &err), 0, "%s", others[i]);
}

Test(value, reads_an_abi_version)
{
	static const struct form forms[] = {
		{ "1.51", true, 0x133 },     { "1.5", true, 0x105 }, { "0.0", true, 0 },
		{ "255.255", true, 0xffff }, { "1", false, 0 },      { "1.", false, 0 },
		{ ".51", false, 0 },         { "1.51.0", false, 0 }, { "1,51", false, 0 },
		{ "1.051", false, 0 },       { "01.5", false, 0 },   { "v1.51", false, 0 },
	};
	struct error err = { 0 };
	uint16_t v;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		int r = value_abi("abi", forms[i].text, &v, &err);

		cr_expect_eq(r == 0, forms[i].good, "'%s'", forms[i].text);
		cr_expect(r < 0 || v == forms[i].value, "'%s' gave 0x%x", forms[i].text, v);
		cr_expect_eq(matches(VALUE_ABI_PATTERN, forms[i].text), forms[i].good, "'%s'",
		             forms[i].text);
	}
	cr_assert_lt(value_abi("abi", "256.0", &v, &err), 0);
	cr_assert_lt(value_abi("abi", "1.256", &v, &err), 0);
	cr_assert_lt(value_abi("abi", "1.99999999999999999999999999", &v, &err), 0);
}

#define HEX48                                                                                      \
	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b" \
	"2c"                                                                                       \
	"2d2e2f"
#define HEX48_UPPER                                                                                \
	"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B" \
	"2C"                                                                                       \
	"2D2E2F"
#define BASE64_48 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v"

Test(value, reads_a_digest_in_each_of_its_forms)
{
	static const struct form forms[] = {
		{ HEX48, true, 0 },
		{ "0x" HEX48, true, 0 },
		{ HEX48_UPPER, true, 0 },
		{ "0x" HEX48_UPPER, true, 0 },
		{ BASE64_48, true, 0 },
		{ HEX48 "0", false, 0 },
		{ "0X" HEX48, false, 0 },
		{ BASE64_48 "=", false, 0 },
		{ "x" BASE64_48, false, 0 },
		{ "hex:" HEX48, false, 0 },
		{ "", false, 0 },
		{ "0x", false, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		uint8_t digest[SHA384_SIZE] = { 0xee };
		struct error err = { 0 };
		int r = value_digest("k", forms[i].text, digest, &err);

		cr_expect_eq(r == 0, forms[i].good, "'%s'", forms[i].text);
		for (size_t j = 0; j < sizeof(digest) && r == 0; j++)
			cr_assert_eq(digest[j], j, "'%s'", forms[i].text);
		cr_expect(r == 0 || digest[0] == 0xee, "written to on failure");
		cr_expect_eq(matches(VALUE_DIGEST_PATTERN, forms[i].text), forms[i].good, "'%s'",
		             forms[i].text);
	}
}

Test(value, reads_bytes_of_one_length)
{
	static const struct {
		const char *text;
		bool good;
		const char *says;
	} cases[] = {
		{ "hex:00010203", true, NULL },
		{ "hex:0001020", false, "does not decode" },
		{ "hex:000102", false, "has 3 bytes; it must have 4" },
		{ "hex:0001020304", false, "has 5 bytes" },
		{ "hex:0001020g", false, "does not decode" },
		{ "hex:", false, "has 0 bytes" },
		{ "base64:AAECAw==", true, NULL },
		{ "base64:AAEC", false, "has 3 bytes" },
		{ "base64:AAECAw", false, "does not decode" },
		{ "base64:", false, "has 0 bytes" },
		{ "00010203", false, "does not say how" },
		{ "HEX:00010203", false, "does not say how" },
		{ "", false, "does not say how" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct value_files here = { "m.yaml", NULL };
		uint8_t b[4] = { 9 };
		struct error err = { 0 };
		int r = value_bytes("k", cases[i].text, &here, b, sizeof(b), &err);

		cr_expect_eq(r == 0, cases[i].good, "'%s': %s", cases[i].text, err.text);
		cr_expect(r < 0 || memcmp(b, "\0\1\2\3", 4) == 0, "'%s'", cases[i].text);
		cr_expect(r == 0 || strstr(err.text, cases[i].says), "'%s': %s", cases[i].text,
		          err.text);
	}
}

Test(value, reads_bytes_from_a_file_beside_the_manifest)
{
	char folder[] = "/tmp/snpvmm-value-XXXXXX", file[64], beside[64];
	const struct value_files from = { beside, NULL };
	uint8_t b[4] = { 0 };
	struct error err = { 0 };
	FILE *f;

	cr_assert_not_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/raw", folder);
	snprintf(beside, sizeof(beside), "%s/m.yaml", folder);
	f = fopen(file, "w");
	cr_assert_not_null(f);
	fputs("abcd", f);
	fclose(f);
	cr_expect_eq(value_bytes("k", "file:raw", &from, b, 4, &err), 0, "%s", err.text);
	cr_expect_arr_eq(b, "abcd", 4);
	cr_expect_lt(value_bytes("k", "file:raw", &from, b, 3, &err), 0);
	cr_expect_not_null(strstr(err.text, "has 4 bytes; it must have 3"), "%s", err.text);
	cr_expect_lt(value_bytes("k", "file:none", &from, b, 4, &err), 0);
	cr_expect_eq(err.kind, ERROR_FILE);
	cr_expect_not_null(strstr(err.text, "'k'"), "%s", err.text);
	cr_expect_lt(value_bytes("k", "file:", &from, b, 4, &err), 0);
	cr_expect_eq(err.kind, ERROR_FILE);
	unlink(file);
	rmdir(folder);
}

Test(value, resolves_paths_beside_a_file)
{
	static const struct {
		const char *beside, *path, *want;
	} cases[] = {
		{ "m.yaml", "a", "a" },
		{ "d/m.yaml", "a", "d/a" },
		{ "/d/m.yaml", "../a", "/d/../a" },
		{ "d/m.yaml", "/a", "/a" },
		{ "/m.yaml", "a", "/a" },
		{ "", "a", "a" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_free char *got = value_path(cases[i].beside, cases[i].path);

		cr_assert_str_eq(got, cases[i].want);
	}
}

Test(value, shows_text_short_and_harmless)
{
	char lots[200];

	cr_assert_str_eq(shown_of("plain b\xc3\xbc").text, "plain b\xc3\xbc");
	cr_assert_str_eq(shown_of("\x1b[1m\n\t\x7f").text, "\ufffd[1m  \ufffd");
	cr_assert_str_eq(shown_of("a\xc2\x9b"
	                          "b")
	                         .text,
	                 "a\ufffdb");
	memset(lots, 'x', sizeof(lots));
	lots[sizeof(lots) - 1] = '\0';
	cr_assert_eq(strlen(shown_of(lots).text), sizeof(struct shown) - 1);
	cr_assert_str_eq(shown_of(lots).text + 68, "...");
	for (size_t i = 0; i + 3 < sizeof(lots); i += 3)
		memcpy(lots + i, "\xe2\x82\xac", 3);
	lots[198] = '\0';
	cr_assert_str_eq(shown_of(lots).text + 66, "..."); /* not through a character */
}

Test(value, writes_sizes_and_times_in_the_largest_unit)
{
	char to[VALUE_UNIT_CAP];

	cr_expect_str_eq(value_size_text(512 << 20, to), "512M");
	cr_expect_str_eq(value_size_text(68 << 10, to), "68K");
	cr_expect_str_eq(value_size_text((uint64_t)1 << 40, to), "1T");
	cr_expect_str_eq(value_time_text(90000, to), "90s");
	cr_expect_str_eq(value_time_text(120000, to), "2m");
	cr_expect_str_eq(value_time_text(1500, to), "1500ms");
}

Test(value, shows_text_of_others_in_any_room)
{
	char many[200];

	memset(many, 'x', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	cr_expect_str_eq(shown_of("a\x1b\xc2\x9b\u202e").text, "a\ufffd\ufffd<U+202E>");
	cr_expect_eq(strlen(shown_of(many).text), sizeof(struct shown) - 1);
	cr_expect_str_eq(shown_of(many).text + sizeof(struct shown) - 5, "x...");
}

/* As virtee's tools write ID blocks. What it is instead is named where that is possible. */
Test(value, reads_bytes_of_a_file_from_base64_and_hex)
{
	static const struct {
		const char *text, *says; /* NULL: 16 bytes of 0x61 */
	} rows[] = {
		{ "aaaaaaaaaaaaaaaa", NULL },
		{ "YWFhYWFhYWFhYWFhYWFhYQ==\n", NULL },
		{ "6161616161616161\n6161616161616161\n", NULL },
		{ "0x61616161616161616161616161616161", NULL },
		{ "YWFhYWFhYWFhYWFhYWFhYWE=", "holds 17 bytes in base64; it must have 16" },
		{ "-----BEGIN CERTIFICATE-----", "looks like a certificate or key in PEM form" },
		{ "version https://git-lfs.github.com/spec/v1", "looks like a Git LFS pointer" },
		{ "aaaaaaaaaaaaaaa!!", "has 17 bytes; it must have 16" },
		{ "", "has 0 bytes; it must have 16" },
	};
	char folder[] = "/tmp/snpvmm-value-XXXXXX", file[64], beside[64];
	const struct value_files from = { beside, NULL };

	cr_assert_not_null(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/raw", folder);
	snprintf(beside, sizeof(beside), "%s/m.yaml", folder);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		uint8_t b[16] = { 0 };
		FILE *f = fopen(file, "w");
		int r;

		cr_assert_not_null(f);
		fputs(rows[i].text, f);
		fclose(f);
		r = value_bytes("k", "file:raw", &from, b, sizeof(b), &err);
		cr_expect_eq(r == 0, !rows[i].says, "'%s': %s", rows[i].text, err.text);
		if (rows[i].says)
			cr_expect(strstr(err.text, rows[i].says), "%s", err.text);
		else
			cr_expect_arr_eq(b, "aaaaaaaaaaaaaaaa", sizeof(b));
	}
	remove(file);
	rmdir(folder);
}
