/* SPDX-License-Identifier: MIT */
/* cmd/explain.c: shows a page of share/explain.txt, or explains a status of the SNP firmware. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cmd/cmd.h"
#include "cmd/explain_want.h"
#include "cmd/options.h"
#include "cmd/share.h"
#include "cmd/show.h"
#include "config/nearest.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/snp/status.h"

#define WIDTH 76

static error_t explain_option(int key, char *argument, struct argp_state *state)
{
	struct explain_want *w = state->input;

	switch (key) {
	case ARGP_KEY_ARGS:
		w->arguments = state->argv + state->next;
		w->n_arguments = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (w->n_arguments > 1)
			return option_refuse(w->digest ? "one manifest at a time"
			                               : "one name at a time");
		if (w->digest && !w->n_arguments)
			return option_refuse("--want needs a manifest");
		if (!w->digest && w->option)
			return option_refuse("%s needs --want DIGEST", w->option);
		return 0;
	default:
		return explain_want_option(w, key, argument);
	}
}

/*
 * Prints the words of a line, folded so that further lines begin at column `at`. The cursor is in
 * `column`; returns where it is afterwards, for a line that continues this one.
 */
static unsigned put_words(const char *line, unsigned at, unsigned column)
{
	for (line += strspn(line, " "); *line && *line != '\n'; line += strspn(line, " ")) {
		unsigned n = (unsigned)strcspn(line, " \n");

		if (column > at && column + 1 + n > WIDTH) {
			printf("\n%*s", (int)at, "");
			column = at;
		} else if (column > at) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)n, line);
		column += n;
		line += n;
	}
	return column;
}

static void put_folded(const char *text, unsigned at)
{
	put_words(text, at, at);
	putchar('\n');
}

/* The text after "[name] " in share/explain.txt; "" if it has no such page. */
static const char *page_of(enum reason reason)
{
	char heading[64];
	const char *found;

	snprintf(heading, sizeof(heading), "\n[%s] ", reason_name(reason));
	found = strstr(share_explain, heading);
	return found ? found + strlen(heading) : "";
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

/* The fields of a page: the heading above their lines (NULL: none), and how each line begins. */
static const struct field {
	const char *key, *heading, *mark;
} fields[] = {
	{ "exit:", NULL, "Exit status of run: " },
	{ "cause:", "Likely causes:", "  - " },
	{ "fix:", "What to do:", "  - " },
	{ "see:", "More:", "  " },
};

static const struct field *field_find(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strncmp(line, fields[i].key, strlen(fields[i].key)) == 0)
			return &fields[i];
	return NULL;
}

static void show_reason(enum reason reason)
{
	const struct field *in = NULL;
	const char *line = page_of(reason);
	unsigned at = 0, column = 0;

	printf("%s: %.*s\n\n", reason_name(reason), (int)strcspn(line, "\n"), line);
	for (line = next_line(line); *line && *line != '['; line = next_line(line)) {
		const struct field *f = field_find(line);

		if (f) {
			if (f->heading && f != in)
				printf("\n\n%s", f->heading);
			printf("\n%s", f->mark);
			at = column = (unsigned)strlen(f->mark);
			line += strlen(f->key);
			in = f;
		}
		column = put_words(line, at, column);
	}
	putchar('\n');
}

/* Prints two columns; the second begins at column `where`, below the first if that is too long. */
static void put_row(const char *label, const char *text, unsigned where)
{
	unsigned n = (unsigned)strlen(label);

	printf("%s", label);
	if (n >= where) {
		putchar('\n');
		n = 0;
	}
	printf("%*s", (int)(where - n), "");
	put_folded(text, where);
}

/* Finds a status by its name, in any case, or by its number; NULL: there is none. */
static const struct snp_status *status_find(const char *word)
{
	bool number = strncasecmp(word, "0x", 2) == 0;
	const struct snp_status *s;
	struct error ignored = { 0 };
	uint64_t code = 0;

	if (number && value_number("status", word, 0, UINT32_MAX, &code, &ignored) < 0)
		return NULL;
	for (size_t i = 0; (s = snp_status_at(i)); i++)
		if (number ? s->code == code : strcasecmp(s->name, word) == 0)
			return s;
	return NULL;
}

static int explain_word(const char *word, struct error *err)
{
	const struct snp_status *s = status_find(word);
	struct nearest n = { .word = word };
	bool refused = s && s->code != 0 && s->code != SNP_STATUS_NOT_ASKED;

	/* reasons first, in exact case: UNSUPPORTED is a status of the firmware */
	for (enum reason r = ERROR_NONE; r < REASONS; r++)
		if (strcmp(reason_name(r), word) == 0) {
			show_reason(r);
			return STATUS_OK;
		}
	if (s) {
		printf("%s: status 0x%02x of the SNP firmware\n\n", s->name, s->code);
		put_folded(refused ? "If the firmware answers a step of the launch with this "
		                     "status, 'snpvmm run' fails with [firmware-refused] and "
		                     "exits with 99."
		                   : "The firmware did not refuse anything: if a step of the "
		                     "launch fails with this status, the kernel failed. 'snpvmm "
		                     "run' reports that failure, usually as [kvm-error], and "
		                     "exits with 99.",
		           0);
		printf("\nIt means:\n  - ");
		put_folded(s->why, 4);
		printf("\nWhat to do:\n  - ");
		put_folded(s->fix, 4);
		printf("\nMore:\n  snpvmm explain firmware-refused\n  snpvmm doctor\n");
		return STATUS_OK;
	}
	for (enum reason r = ERROR_NONE; r < REASONS; r++)
		nearest_try(&n, reason_name(r));
	for (size_t i = 0; (s = snp_status_at(i)); i++)
		nearest_try(&n, s->name);
	error_set(err, ERROR_USAGE, "'%s' is neither an error's name nor a status of the firmware",
	          shown_of(word).text);
	if (n.best)
		error_fix(err, "did you mean '%s'?", n.best);
	else
		error_fix(err, "'snpvmm explain' lists them");
	return STATUS_USAGE;
}

static int explain_main(const struct command *self, int argc, char **argv, struct error *err)
{
	struct explain_want w = { 0 };
	const struct snp_status *s;
	char label[64];
	int status = command_parse(self, explain_option, argc, argv, &w, &w.settings, err);

	if (status != STATUS_OK)
		return status;
	if (w.digest)
		return explain_want(&w, err);
	if (!show_for_people()) {
		error_set(err, ERROR_USAGE, "-o: the command '%s' has no result to print",
		          self->name);
		return STATUS_USAGE;
	}
	if (w.n_arguments)
		return explain_word(w.arguments[0], err);
	printf("Names of errors and of verdicts:\n");
	for (enum reason r = ERROR_NONE; r < REASONS; r++) {
		snprintf(label, sizeof(label), "  %s", reason_name(r));
		put_row(label, page_of(r), 22);
	}
	printf("\nStatuses of the SNP firmware:\n");
	for (size_t i = 0; (s = snp_status_at(i)); i++) {
		snprintf(label, sizeof(label), "  0x%02x %s", s->code, s->name);
		put_row(label, s->why, 33);
	}
	printf("\n'snpvmm explain NAME' has a page on each.\n");
	return STATUS_OK;
}

const struct command command_explain = {
	.name = "explain",
	.args = "[NAME]",
	.summary = "Explain an error's name, or a digest",
	.doc = "Explain NAME: the word in brackets after an error or a verdict, or a status of "
	       "the SNP firmware, by name or number. Without NAME, list them all. With --want, "
	       "the argument is a MANIFEST: print the --set arguments that give the digest.",
	.options = explain_want_options,
	.result = ANY_RESULT,
	.set_only = true,
	.main = explain_main,
};
