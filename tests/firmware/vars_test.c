/* SPDX-License-Identifier: MIT */
/* tests/firmware/vars_test.c: which variable stores fit to a firmware, and where they lie. */
#include "firmware/vars.h"

#include <criterion/criterion.h>
#include <string.h>

#include "config/manifest.h"
#include "core/base/error.h"
#include "firmware/images.h"

static const uint8_t guid_variables[16] = { 0x8d, 0x2b, 0xf1, 0xff, 0x96, 0x76, 0x8b, 0x4c,
	                                    0xa9, 0x85, 0x27, 0x47, 0x07, 0x5b, 0x4f, 0x50 };

/* The header of a variable store that says `says`. */
static void store(struct blob *b, size_t size, uint32_t says)
{
	struct error err;

	blob_fini(b);
	cr_assert_eq(blob_zero(size, b, &err), 0);
	memcpy(b->data + 16, guid_variables, 16);
	memcpy(b->data + 32, &says, 4);
	memcpy(b->data + 40, "_FVH", 4);
}

Test(vars, fit_if_the_two_are_a_whole_image)
{
	static const struct {
		size_t code, vars;
		bool fits;
	} rows[] = {
		{ 1966080, 131072, true },  { 3653632, 540672, true },
		{ 917504, 131072, true },   { 3653632, 131072, false },
		{ 1966080, 540672, false }, { 0x8000, 0x8000, true },
		{ 0x1000, 0xfff000, true }, { 0x1001000, 0xfff000, false },
	};
	struct manifest m = { .file = (char *)"m.yaml", .vars = { .path = (char *)"vars.fd" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct images images = { .firmware_read = true, .vars_read = true };
		struct error err = { 0 };

		cr_assert_eq(blob_zero(rows[i].code, &images.firmware, &err), 0);
		store(&images.vars, rows[i].vars, (uint32_t)rows[i].vars);
		cr_expect_eq(vars_check(&m, &images, &err) == 0, rows[i].fits, "row %zu", i);
		images_fini(&images);
	}
}

/* Any first bytes of a store, and any file shorter than a header. */
Test(vars, a_header_that_is_cut_short_is_none)
{
	struct manifest m = { .file = (char *)"m.yaml", .vars = { .path = (char *)"vars.fd" } };

	for (size_t size = 1; size < 80; size++) {
		struct images images = { .vars_read = true };
		struct blob whole = BLOB_NONE;
		struct error err = { 0 };

		store(&whole, 4096, 4096);
		cr_assert_eq(blob_zero(size, &images.vars, &err), 0);
		memcpy(images.vars.data, whole.data, size);
		cr_expect_eq(vars_check(&m, &images, &err), err.code);
		cr_expect_lt(err.code, 0);
		blob_fini(&whole);
		images_fini(&images);
	}
}

Test(vars, lie_right_below_the_firmware)
{
	struct images images = { .firmware = { .size = 3653632 }, .vars = { .size = 540672 } };
	struct flash_content c = vars_flash(&images);

	cr_expect_eq(c.gpa, 0xffc00000);
	cr_expect_eq(c.size, 540672);
	cr_expect_eq(vars_flash(&(struct images){ 0 }).size, 0);
}
