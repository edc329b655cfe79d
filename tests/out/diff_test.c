/* SPDX-License-Identifier: MIT */
/* tests/out/diff_test.c: differences as lines and as a tree, and the words of command lines. */
#include "core/out/diff.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/make/printed.h"

static void word_add(void *self, bool in_b, const char *word, size_t size)
{
	char *to = self;
	size_t n = strlen(to);

	snprintf(to + n, 512 - n, "%s%c%.*s", n ? " " : "", in_b ? '+' : '-', (int)size, word);
}

Test(diff, of_command_lines_is_their_words)
{
	static const struct {
		const char *a, *b, *want;
	} rows[] = {
		{ "", "", "" },
		{ "a b c", "a b c", "" },
		{ "a b c", " a  b\tc\n", "" },
		{ "a b c", "a c", "-b" },
		{ "a c", "a b c", "+b" },
		{ "a b c", "a x c", "-b +x" },
		{ "", "a b", "+a +b" },
		{ "console=ttyS0 ro", "console=ttyS0 rw quiet", "-ro +rw +quiet" },
		{ "a \"b c\" d", "a \"b d\" d", "-\"b c\" +\"b d\"" },
		{ "a b a b", "b a b a", "-a +a" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[512] = "";
		bool differ = diff_words(rows[i].a, rows[i].b, word_add, text);

		cr_expect_str_eq(text, rows[i].want, "'%s' and '%s': '%s'", rows[i].a, rows[i].b,
		                 text);
		cr_expect_eq(differ, rows[i].want[0] != '\0');
	}
}

static void word_count(void *self, bool in_b, const char *word, size_t size)
{
	(void)word;
	((size_t *)self)[in_b] += size;
}

/* Longer lines than any real one; what is behind the last word counts as one. */
Test(diff, of_long_command_lines_is_bounded)
{
	enum { SIZE = 60000 };
	char *a = malloc(SIZE + 1), *b = malloc(SIZE + 1);
	size_t sizes[2] = { 0 };

	for (size_t i = 0; i < SIZE; i++)
		a[i] = b[i] = i % 3 == 2 ? ' ' : (char)('a' + i % 26);
	a[SIZE] = b[SIZE] = '\0';
	cr_expect_not(diff_words(a, b, word_count, sizes));
	b[SIZE - 5] = '!';
	cr_expect(diff_words(a, b, word_count, sizes));
	cr_expect_gt(sizes[0], 50000);
	free(a);
	free(b);
}

/* --- a made-up difference --- */

static struct saved_region firmware = {
	.gpa = 0xffff0000, .size = 0x10000, .type = "normal", .label = "firmware"
};
static struct saved_region vmsa = {
	.gpa = 0xfffffffff000, .size = 0x1000, .type = "vmsa", .label = "vcpu (ap)"
};
static struct saved saved_a = { .measured = true, .measurement = { 0xaa } };
static struct saved saved_b = { .measured = true, .measurement = { 0xbb } };

static void diff_make(struct diff *d)
{
	struct diff_region *r;
	struct diff_file *f;
	const struct diff_value rdx = { "rdx", "0x1", "0x2", "vcpu_type", "a signature", true };
	const struct diff_value policy = { .name = "snp.policy", .a = "0x3", .b = "0x4" };
	const struct diff_value vcpus = { .name = "vcpus", .a = "1", .b = NULL, .measured = true };

	*d = (struct diff){ .a = { "a.yaml", "manifest", &saved_a },
		            .b = { "b.json", "launch", &saved_b },
		            .by_digest = true,
		            .note = "a note",
		            .hint = "a hint" };
	r = diff_region_add(d);
	r->a = r->b = &firmware;
	r->key = "boot.firmware";
	r->pages = 16;
	r->pages_differ = 1;
	r->first_page = 0xffff3000;
	r->has_bytes = true;
	r->first_byte = 0xffff3004;
	r->bytes_differ = 1;
	snprintf(r->where, sizeof(r->where), "SECFV, SecMain +0x4");
	f = diff_file_add(d, r);
	snprintf(f->volume, sizeof(f->volume), "SECFV");
	snprintf(f->name, sizeof(f->name), "SecMain");
	snprintf(f->version_a, sizeof(f->version_a), "1.0");
	f->kind = "SEC core";
	r = diff_region_add(d);
	r->a = r->b = &vmsa;
	r->more = 2;
	diff_value_add(d, &r->fields, &rdx);
	diff_value_add(d, &d->settings, &policy);
	diff_value_add(d, &d->settings, &vcpus);
	cr_assert_not(d->failed);
}

static void text_is(bool all, const char *want)
{
	auto_diff struct diff d;
	char *text;

	diff_make(&d);
	text = printed_by(to, diff_text_write(to, &d, all, false));
	cr_expect_str_eq(text, want, "it is\n%sinstead of\n%s", text, want);
	free(text);
}

#define ZEROS                                                                                      \
	"00000000000000000000000000000000000000000000000000000000000000000000000000000000000000"   \
	"00000000"
#define HEAD                                                                                       \
	"different: the measurements differ\n"                                                     \
	"  - a.yaml (manifest)\n"                                                                  \
	"    aa" ZEROS "\n"                                                                        \
	"  + b.json (launch)\n"                                                                    \
	"    bb" ZEROS "\n"                                                                        \
	"\n"                                                                                       \
	"first:  firmware, 0xffff0000, differs  (boot.firmware)\n"                                 \
	"  1 of 16 pages differ, the first at 0xffff3000\n"                                        \
	"  1 byte differs, the first at 0xffff3004: SECFV, SecMain +0x4\n"                         \
	"  differs  SECFV, SecMain (SEC core), version 1.0 -> none\n"
#define FOOT                                                                                       \
	"\n"                                                                                       \
	"settings that differ and are measured:\n"                                                 \
	"  - vcpus                 1\n"                                                            \
	"  + vcpus                 none\n"                                                         \
	"\n"                                                                                       \
	"settings that differ and are not measured:\n"                                             \
	"  - snp.policy            0x3\n"                                                          \
	"  + snp.policy            0x4\n"                                                          \
	"\n"                                                                                       \
	"note: a note\n"                                                                           \
	"  fix: a hint\n"

Test(diff, for_people_has_the_first_region_in_detail)
{
	text_is(false, HEAD "also:   vcpu (ap), 0xfffffffff000, 3 of them: rdx\n" FOOT);
}

Test(diff, for_people_can_have_all_regions_in_detail)
{
	text_is(true, HEAD "\n"
	                   "also:   vcpu (ap), 0xfffffffff000, 3 of them, differs\n"
	                   "  rdx  (vcpu_type: a signature)\n"
	                   "  - 0x1\n"
	                   "  + 0x2\n" FOOT);
}

Test(diff, as_a_tree_has_the_promised_fields)
{
	auto_diff struct diff d;
	auto_json json_t *j = NULL;
	struct tree *t = tree_new();
	json_t *regions, *settings;

	diff_make(&d);
	d.cmdline_a = "a b";
	d.cmdline_b = "a c";
	result_diff(t, NULL, &d);
	j = printed_json(t);
	json_text_is(j, "schema", "snpvmm.diff/1");
	cr_expect(json_is_false(json_at(j, "same")));
	json_text_is(j, "a.name", "a.yaml");
	json_text_is(j, "b.kind", "launch");
	json_text_is(j, "a.measurement", "aa" ZEROS);
	regions = json_at(j, "regions");
	cr_assert_eq(json_array_size(regions), 2);
	json_text_is(json_array_get(regions, 0), "label", "firmware");
	json_text_is(json_array_get(regions, 0), "change", "changed");
	json_text_is(json_array_get(regions, 0), "first_byte", "0xffff3004");
	json_text_is(json_array_get(regions, 0), "where", "SECFV, SecMain +0x4");
	json_text_is(json_array_get(json_at(json_array_get(regions, 0), "files"), 0), "name",
	             "SecMain");
	json_number_is(json_array_get(regions, 1), "count", 3);
	json_text_is(json_array_get(json_at(json_array_get(regions, 1), "fields"), 0), "key",
	             "vcpu_type");
	cr_expect_str_eq(json_string_value(json_array_get(json_at(j, "cmdline.removed"), 0)), "b");
	cr_expect_str_eq(json_string_value(json_array_get(json_at(j, "cmdline.added"), 0)), "c");
	settings = json_at(j, "settings");
	json_text_is(json_array_get(settings, 0), "b", "0x4");
	cr_expect(json_is_false(json_at(json_array_get(settings, 0), "measured")));
	cr_expect_null(json_at(json_array_get(settings, 1), "b"));
	json_text_is(j, "note", "a note");
}
