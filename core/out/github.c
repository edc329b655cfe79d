/* SPDX-License-Identifier: MIT */
/* core/out/github.c: a failed run as an annotation, by a workflow command of GitHub Actions. */
#include <stdio.h>

#include "core/out/run_result.h"
#include "core/out/run_result_priv.h"

/* The characters that end a line, a property or the list of them stand as %XX; '%' itself too. */
static void github_text(FILE *to, const char *text, const char *escaped)
{
	for (; *text; text++)
		if (strchr(escaped, *text))
			fprintf(to, "%%%02X", (unsigned)(unsigned char)*text);
		else
			fputc(*text, to);
}

static void github_data(FILE *to, const char *text)
{
	github_text(to, text, "%\r\n");
}

static void github_property(FILE *to, const char *text)
{
	github_text(to, text, "%\r\n:,");
}

static void github_file(FILE *to, const char *manifest, const struct run_result *r)
{
	char file[RUN_TEXT];

	if (r->file[0] && r->line)
		text_clean(file, sizeof(file), r->file, strnlen(r->file, sizeof(r->file)), 0);
	else
		text_clean(file, sizeof(file), manifest, strlen(manifest), 0);
	if (!file[0])
		return;
	fputs("file=", to);
	github_property(to, file);
	if (r->file[0] && r->line)
		fprintf(to, ",line=%u", r->line);
	if (r->file[0] && r->line && r->column)
		fprintf(to, ",col=%u", r->column);
	fputc(',', to);
}

static void github_line(FILE *to, const char *before, const char *text)
{
	if (!*text)
		return;
	github_data(to, before);
	github_data(to, text);
}

void github_annotate(FILE *to, const char *manifest, const struct run_result *r)
{
	char title[RUN_TITLE];

	if (r->verdict == RESULT_PASS || r->verdict == RESULT_SKIP)
		return;
	fputs("::error ", to);
	github_file(to, manifest ? manifest : "", r);
	fputs("title=", to);
	github_property(to, run_title(r, title));
	fputs("::", to);
	github_data(to, run_text(r->sentence));
	if (r->reason != ERROR_NONE) {
		fputs(" [", to);
		fputs(reason_name(r->reason), to);
		fputc(']', to);
	}
	github_line(to, "\nwhy: ", run_text(r->why));
	github_line(to, "\nfix: ", run_text(r->fix));
	fputc('\n', to);
}
