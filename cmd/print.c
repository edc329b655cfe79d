/* SPDX-License-Identifier: MIT */
/* cmd/print.c: errors and warnings as lines on standard error. */
#include "cmd/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/findings.h"
#include "core/base/log.h"
#include "core/base/text.h"

static enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color;

bool color_set(const char *word)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(word, words[i])) {
			color = (int)i;
			return true;
		}
	return false;
}

bool color_wanted(int fd)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	return isatty(fd) && !(no_color && no_color[0]);
}

unsigned terminal_width(int fd)
{
	struct winsize size = { 0 };

	if (!isatty(fd))
		return 0;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

size_t advice_text(char *to, size_t cap, const char *why, const char *fix, unsigned width)
{
	size_t n = 0;

	to[0] = '\0';
	if (why[0])
		n += text_fold(to, cap, "  why: ", why, width);
	if (fix[0])
		n += text_fold(to + n, cap - n, "  fix: ", fix, width);
	return n;
}

/* Warnings have no name in brackets: names are for what makes a command fail. */
static void finding_print(const struct error *err, enum severity severity)
{
	static const struct {
		const char *word, *color;
	} rows[] = {
		[SEVERITY_ERROR] = { "error:", "\033[1;31m" },
		[SEVERITY_WARNING] = { "warning:", "\033[1;35m" },
	};
	bool colored = color_wanted(STDERR_FILENO), named = severity == SEVERITY_ERROR;
	char place[2 * sizeof(err->file)], lines[2 * sizeof(struct error)];
	size_t n;

	if (!err->file[0])
		snprintf(place, sizeof(place), "snpvmm: %s", log_label());
	else if (err->line == 0)
		snprintf(place, sizeof(place), "%s: ", err->file);
	else
		snprintf(place, sizeof(place), "%s:%u:%u: ", err->file, err->line, err->column);
	/* one write, so that lines of parallel runs don't mix */
	n = (size_t)snprintf(lines, sizeof(lines), "%s%s%s%s %s%s%s%s\n", place,
	                     colored ? rows[severity].color : "", rows[severity].word,
	                     colored ? "\033[0m" : "", err->text, named ? " [" : "",
	                     named ? reason_name(err->kind) : "", named ? "]" : "");
	advice_text(lines + n, sizeof(lines) - n, err->why, err->fix,
	            terminal_width(STDERR_FILENO));
	log_text(lines);
}

void error_print(const struct error *err)
{
	fflush(stdout); /* keep stdout and stderr in order when both go to one file */
	finding_print(err, SEVERITY_ERROR);
}

void findings_print(const struct findings *f, size_t from)
{
	fflush(stdout);
	for (size_t i = from; i < f->count; i++)
		if (f->list[i].severity == SEVERITY_ERROR || log_on(LOG_NOTICE))
			finding_print(&f->list[i].error, f->list[i].severity);
}
