/* SPDX-License-Identifier: MIT */
/* tests/guest/arg_test.c: numbers and bytes as somebody types them. */
#include "guest/arg.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"

static void check_number(const char *text, uint64_t max, uint64_t want)
{
	uint64_t value = ~want;

	cr_expect(arg_number(text, max, &value), "'%s'", text);
	cr_expect_eq(value, want, "'%s'", text);
}

Test(arg, takes_decimal_and_hex_numbers_up_to_the_greatest)
{
	check_number("0", 0, 0);
	check_number("0xf4", 0xfffc, 0xf4);
	check_number("0XF4", 0xfffc, 0xf4);
	check_number("65532", 0xfffc, 0xfffc);
	check_number("4294967295", UINT32_MAX, UINT32_MAX);
	check_number("18446744073709551615", UINT64_MAX, UINT64_MAX);
	check_number("007", 7, 7);
}

Test(arg, refuses_what_is_no_number_or_too_great_and_leaves_the_result_alone)
{
	static const char *const texts[] = {
		"",   "0x",  "x",   "-1", "+1",  " 1",
		"1 ", "1.5", "0xg", "f4", "256", "18446744073709551616"
	};
	uint64_t value = 42;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_expect_not(arg_number(texts[i], 255, &value), "'%s'", texts[i]);
	cr_expect_not(arg_number("18446744073709551616", UINT64_MAX, &value));
	cr_expect_not(arg_number("1", 0, &value));
	cr_expect_eq(value, 42);
}

Test(arg, takes_pairs_of_hex_digits)
{
	uint8_t bytes[4] = { 0 };
	size_t size = 9;

	cr_expect(arg_hex("00fFa5", bytes, sizeof(bytes), &size));
	cr_expect_eq(size, 3);
	cr_expect_arr_eq(bytes, "\x00\xff\xa5", 4);
	cr_expect(arg_hex("", bytes, sizeof(bytes), &size));
	cr_expect_eq(size, 0);
	cr_expect(arg_hex("01020304", bytes, sizeof(bytes), &size));
	cr_expect_eq(size, 4);
}

Test(arg, refuses_half_bytes_other_digits_and_too_many)
{
	static const char *const texts[] = {
		"0", "123", "0g", "g0", "0x11", "00 11", "0102030405"
	};
	uint8_t bytes[5] = { [4] = 0xee };
	size_t size;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		cr_expect_not(arg_hex(texts[i], bytes, 4, &size), "'%s'", texts[i]);
	cr_expect_eq(bytes[4], 0xee, "wrote past the room");
}
