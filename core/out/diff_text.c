/* SPDX-License-Identifier: MIT */
/* core/out/diff_text.c: differences as lines: - is the first side, + the second, as in diff(1). */
#include <inttypes.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/out/diff.h"

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

enum { FILES_SHOWN = 16, FIELDS_SHOWN = 6, NAME_WIDTH = 20 };

struct printing {
	FILE *to;
	bool all, colored;
	bool cmdline_shown;
};

static void line_in(const struct printing *p, const char *color, const char *indent,
                    const char *text)
{
	fprintf(p->to, "%s%s%s%s\n", indent, p->colored ? color : "", text,
	        p->colored ? PLAIN : "");
}

/* "- 0x800f12" or "+ 0xa10f10". NULL: that side has none. */
static void side_line(const struct printing *p, bool in_b, const char *indent, const char *name,
                      const char *text)
{
	fprintf(p->to, "%s%s%c %s%s%s\n", indent, p->colored ? in_b ? GREEN : RED : "",
	        in_b ? '+' : '-', name, text ? text : "none", p->colored ? PLAIN : "");
}

static void cause_print(const struct printing *p, const char *key, const char *cause)
{
	if (key || cause)
		fprintf(p->to, "  (%s%s%s)", key ? key : "", key && cause ? ": " : "",
		        cause ? cause : "");
	fputc('\n', p->to);
}

/* --- command lines --- */

struct words_printing {
	const struct printing *p;
	unsigned n;
};

static void word_print(void *self, bool in_b, const char *word, size_t size)
{
	struct words_printing *w = self;

	fprintf(w->p->to, "%s%s%c%.*s%s", w->n++ ? " " : "    ",
	        w->p->colored ? in_b ? GREEN : RED : "", in_b ? '+' : '-', (int)size, word,
	        w->p->colored ? PLAIN : "");
}

static void cmdline_print(struct printing *p, const struct diff *d)
{
	struct words_printing words = { .p = p };

	p->cmdline_shown = true;
	side_line(p, false, "  ", "", d->cmdline_a);
	side_line(p, true, "  ", "", d->cmdline_b);
	if (diff_words(d->cmdline_a, d->cmdline_b, word_print, &words))
		fputc('\n', p->to);
	else
		fprintf(p->to,
		        "    the words are the same: blanks differ (%zu bytes and %zu bytes)\n",
		        strlen(d->cmdline_a), strlen(d->cmdline_b));
}

static bool is_cmdline(const char *name)
{
	return strcmp(name, "cmdline") == 0 || strcmp(name, "text") == 0;
}

/* --- regions --- */

static void file_print(const struct printing *p, const struct diff_file *f)
{
	static const char *const marks[] = {
		[DIFF_CHANGED] = "differs", [DIFF_ONLY_A] = "only -", [DIFF_ONLY_B] = "only +"
	};
	bool versions = strcmp(f->version_a, f->version_b) != 0;

	fprintf(p->to, "  %-7s  %s%s%s", marks[f->change], f->volume, f->name[0] ? ", " : "",
	        f->name);
	if (f->kind)
		fprintf(p->to, " (%s%s)", f->kind, f->compressed ? ", compressed" : "");
	else if (f->compressed)
		fputs(" (compressed)", p->to);
	if (f->change == DIFF_CHANGED && versions)
		fprintf(p->to, ", version %s -> %s", f->version_a[0] ? f->version_a : "none",
		        f->version_b[0] ? f->version_b : "none");
	fputc('\n', p->to);
}

static void files_print(const struct printing *p, const struct diff_region *r)
{
	size_t shown = p->all ? r->n_files : MIN(r->n_files, (size_t)FILES_SHOWN);

	for (size_t i = 0; i < shown; i++)
		file_print(p, &r->files[i]);
	if (shown < r->n_files)
		fprintf(p->to, "  and %zu more files (-v shows all)\n", r->n_files - shown);
}

static void place_print(const struct printing *p, const struct diff_region *r)
{
	if (r->change == DIFF_CHANGED && (r->a->gpa != r->b->gpa || r->a->size != r->b->size)) {
		fprintf(p->to, "  - at 0x%" PRIx64 ", %" PRIu64 " KiB\n", r->a->gpa,
		        r->a->size / 1024);
		fprintf(p->to, "  + at 0x%" PRIx64 ", %" PRIu64 " KiB\n", r->b->gpa,
		        r->b->size / 1024);
	}
	if (r->pages > 1 && r->pages_differ)
		fprintf(p->to, "  %zu of %zu pages differ, the first at 0x%" PRIx64 "\n",
		        r->pages_differ, r->pages, r->first_page);
	/* a field's name says more than the place of a byte */
	if (r->has_bytes && (r->where[0] || r->fields.count == 0))
		fprintf(p->to, "  %" PRIu64 " byte%s, the first at 0x%" PRIx64 "%s%s\n",
		        r->bytes_differ, r->bytes_differ == 1 ? " differs" : "s differ",
		        r->first_byte, r->where[0] ? ": " : "", r->where);
	else if (r->where[0])
		fprintf(p->to, "  that page begins in %s\n", r->where);
}

/* The line about it, and what is known of the difference. */
static void region_print(struct printing *p, const struct diff *d, const struct diff_region *r,
                         const char *before)
{
	static const char *const how[] = {
		[DIFF_CHANGED] = "differs",
		[DIFF_ONLY_A] = "only in -",
		[DIFF_ONLY_B] = "only in +",
		[DIFF_MOVED] = "loaded in another order",
	};
	const struct saved_region *region = r->a ? r->a : r->b;

	fprintf(p->to, "%s%s%s%s, 0x%" PRIx64 ", ", before, p->colored ? BOLD : "", region->label,
	        p->colored ? PLAIN : "", region->gpa);
	if (r->more)
		fprintf(p->to, "%zu of them, ", r->more + 1);
	fputs(how[r->change], p->to);
	if (r->fields.count == 0)
		cause_print(p, r->key, r->cause);
	else
		fputc('\n', p->to);
	for (size_t i = 0; i < r->fields.count; i++) {
		const struct diff_value *v = &r->fields.list[i];

		fprintf(p->to, "  %s", v->name);
		cause_print(p, v->key, v->cause);
		if (strcmp(v->name, "text") != 0 || !d->cmdline_a) {
			side_line(p, false, "  ", "", v->a);
			side_line(p, true, "  ", "", v->b);
		}
		if (is_cmdline(v->name) && d->cmdline_a)
			cmdline_print(p, d);
	}
	place_print(p, r);
	files_print(p, r);
}

/* A line about a region that isn't the first: the names of what differs. */
static void region_brief(const struct printing *p, const struct diff_region *r, bool first)
{
	const struct saved_region *region = r->a ? r->a : r->b;

	fprintf(p->to, "%s%s, 0x%" PRIx64, first ? "also:   " : "        ", region->label,
	        region->gpa);
	if (r->more)
		fprintf(p->to, ", %zu of them", r->more + 1);
	fputs(r->change == DIFF_ONLY_A   ? ", only in -"
	      : r->change == DIFF_ONLY_B ? ", only in +"
	      : r->change == DIFF_MOVED  ? ", loaded in another order"
	                                 : "",
	      p->to);
	for (size_t i = 0; i < MIN(r->fields.count, (size_t)FIELDS_SHOWN); i++)
		fprintf(p->to, "%s%s", i ? ", " : ": ", r->fields.list[i].name);
	if (r->fields.count > FIELDS_SHOWN)
		fprintf(p->to, " and %zu more", r->fields.count - FIELDS_SHOWN);
	if (r->n_files)
		fprintf(p->to, "%s%zu file%s", r->fields.count ? ", " : ": ", r->n_files,
		        r->n_files == 1 ? "" : "s");
	fputc('\n', p->to);
}

static void regions_print(struct printing *p, const struct diff *d)
{
	for (size_t i = 0; i < d->n_regions; i++)
		if (i == 0 || p->all)
			region_print(p, d, &d->regions[i], i == 0 ? "\nfirst:  " : "\nalso:   ");
	for (size_t i = 1; !p->all && i < d->n_regions; i++)
		region_brief(p, &d->regions[i], i == 1);
}

/* --- settings --- */

static void settings_print(struct printing *p, const struct diff *d, bool measured)
{
	bool any = false;

	for (size_t i = 0; i < d->settings.count; i++) {
		const struct diff_value *v = &d->settings.list[i];
		char name[2 * NAME_WIDTH + 4];

		if (v->measured != measured || (v->a && v->a == d->cmdline_a && p->cmdline_shown))
			continue;
		if (!any)
			line_in(p, BOLD, "\n",
			        measured ? "settings that differ and are measured:"
			                 : "settings that differ and are not measured:");
		any = true;
		if (v->a && v->a == d->cmdline_a) {
			fprintf(p->to, "  %s\n", v->name);
			cmdline_print(p, d);
			continue;
		}
		snprintf(name, sizeof(name), "%-*s  ", NAME_WIDTH, v->name);
		side_line(p, false, "  ", name, v->a);
		side_line(p, true, "  ", name, v->b);
	}
}

/* The measurement stands in the first line if it is the same. */
static void head_print(const struct printing *p, const struct diff *d)
{
	const struct diff_side *sides[] = { &d->a, &d->b };
	char hex[2 * SNP_DIGEST_SIZE + 1] = "", line[64 + sizeof(hex)];

	if (d->by_digest && d->same)
		hex_of(d->a.saved->measurement, SNP_DIGEST_SIZE, hex);
	snprintf(line, sizeof(line), "%s%s",
	         !d->by_digest ? d->same ? "same: the firmware is the same"
	                                 : "different: the firmware differs"
	         : d->same     ? "same: "
	                       : "different: the measurements differ",
	         hex);
	line_in(p, d->same ? GREEN : RED, "", line);
	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		fprintf(p->to, "  %c %s (%s)\n", i ? '+' : '-', sides[i]->name, sides[i]->kind);
		if (!d->same && sides[i]->saved->measured)
			fprintf(p->to, "    %s\n",
			        hex_of(sides[i]->saved->measurement, SNP_DIGEST_SIZE, hex));
	}
}

void diff_text_write(FILE *to, const struct diff *d, bool all, bool colored)
{
	struct printing p = { .to = to, .all = all, .colored = colored };

	head_print(&p, d);
	regions_print(&p, d);
	settings_print(&p, d, true);
	settings_print(&p, d, false);
	if (d->note)
		fprintf(to, "\nnote: %s\n", d->note);
	if (d->hint[0])
		fprintf(to, "  fix: %s\n", d->hint);
}
