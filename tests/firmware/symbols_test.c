/* SPDX-License-Identifier: MIT */
/* tests/firmware/symbols_test.c: the function at an address, and debug files that lie. */
#include "firmware/symbols.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "tests/make/elf.h"
#include "tests/make/le.h"

static const struct elf_symbol symbols[] = {
	{ "second", 0x300, STT_FUNC, 1 },         { "first", 0x240, STT_NOTYPE, 1 },
	{ "file.c", 0x2f0, STT_FILE, 1 },         { "data", 0x2f8, STT_OBJECT, 1 },
	{ "absolute", 0x2ff, STT_FUNC, SHN_ABS }, { "undefined", 0x2fe, STT_FUNC, SHN_UNDEF },
	{ "below", 0x100, STT_FUNC, 1 },          { 0 },
};

Test(symbols, the_nearest_function_below_an_address_is_named)
{
	static const struct {
		struct symbol_place where;
		const char *text; /* NULL: none */
	} rows[] = {
		{ { 0x240, 0x240 }, "first+0x0" },
		{ { 0x2ff, 0x240 }, "first+0xbf" },
		{ { 0x300, 0x240 }, "second+0x0" },
		{ { 0x1234, 0x240 }, "second+0xf34" },
		/* the image has its code elsewhere than the linker */
		{ { 0x1010, 0x1000 }, "first+0x10" },
		{ { 0x10c4, 0x1000 }, "second+0x4" },
		/* in front of the code, and a symbol there doesn't count */
		{ { 0x23f, 0x240 }, NULL },
	};
	auto_buffer struct buffer elf = { 0 };
	char text[64];

	elf_put(&elf, 0x240, symbols);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool found = symbol_find(elf.data, elf.size, &rows[i].where, text, sizeof(text));

		cr_expect_eq(found, rows[i].text != NULL, "row %zu", i);
		if (found && rows[i].text)
			cr_expect_str_eq(text, rows[i].text);
	}
	cr_assert(symbol_find(elf.data, elf.size, &rows[0].where, text, 4));
	cr_assert_str_eq(text, "fir");
}

/* Every prefix, and every field with values that point elsewhere. */
Test(symbols, a_damaged_file_has_none_or_some)
{
	static const uint64_t values[] = { 0,         1,          0x7fffffff,     UINT32_MAX,
		                           INT64_MAX, UINT64_MAX, UINT64_MAX - 63 };
	const struct symbol_place where = { 0x250, 0x240 };
	auto_buffer struct buffer elf = { 0 };
	char text[64];

	elf_put(&elf, 0x240, symbols);
	for (size_t n = 0; n < elf.size; n++) {
		uint8_t *part = malloc(n + 1); /* so that a sanitizer sees its end */

		memcpy(part, elf.data, n);
		symbol_find(part, n, &where, text, sizeof(text));
		free(part);
	}
	for (size_t at = 0; at + 8 <= elf.size; at += 2)
		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			auto_buffer struct buffer bad = { 0 };

			buffer_add(&bad, elf.data, elf.size);
			le_put(bad.data + at, values[i], 8);
			symbol_find(bad.data, bad.size, &where, text, sizeof(text));
		}
	cr_assert_not(symbol_find((const uint8_t *)"", 0, &where, text, sizeof(text)));
}

Test(symbols, a_name_from_the_image_leads_nowhere_else)
{
	static const char *const names[] = { "", "..", ".hidden", "../Module", "a/b", "/Module" };
	const struct symbol_place where = { 0x250, 0x240 };
	char dir[] = "/tmp/snpvmm-symbols-XXXXXX", path[64], text[64];
	auto_buffer struct buffer elf = { 0 };
	struct error err = { 0 };
	FILE *f;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/Module.debug", dir);
	elf_put(&elf, 0x240, symbols);
	cr_assert_not_null(f = fopen(path, "w"));
	fwrite(elf.data, 1, elf.size, f);
	fclose(f);
	cr_assert(symbol_find_in(dir, "Module", &where, text, sizeof(text), &err));
	cr_assert_str_eq(text, "first+0x10");
	cr_assert_not(symbol_find_in(dir, "Other", &where, text, sizeof(text), &err));
	cr_assert_eq(err.code, 0, "a module without a debug file is no failure");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		cr_expect_not(symbol_find_in(dir, names[i], &where, text, sizeof(text), &err), "%s",
		              names[i]);
		cr_expect_eq(err.code, 0);
	}
	unlink(path);
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_assert_not(symbol_find_in(dir, "Module", &where, text, sizeof(text), &err));
	cr_assert_neq(err.code, 0);
	rmdir(path);
	rmdir(dir);
}
