/* SPDX-License-Identifier: MIT */
/* core/out/github.c: a failed run as an annotation, by a workflow command of GitHub Actions. */
#include <stdio.h>

#include "core/out/run_result.h"
#include "core/out/run_result_priv.h"

/* Characters that end a line, a property or the list of properties, and '%'. */
static const struct run_escape github_property[] = { { '%', "%25" },  { '\r', "%0D" },
	                                             { '\n', "%0A" }, { ':', "%3A" },
	                                             { ',', "%2C" },  { 0 } };
static const struct run_escape github_data[] = {
	{ '%', "%25" }, { '\r', "%0D" }, { '\n', "%0A" }, { 0 }
};

void github_annotate(FILE *to, const char *manifest, const struct run_result *r)
{
	bool known = r->file[0] && r->line;

	if (run_is_fine(r))
		return;
	fputs("::error ", to);
	run_put_some(to, "file=", known ? run_text(r->file) : run_text_of(manifest ? manifest : ""),
	             ",", github_property);
	if (known)
		fprintf(to, "line=%u,", r->line);
	if (known && r->column)
		fprintf(to, "col=%u,", r->column);
	fputs("title=", to);
	run_put(to, run_title(r), github_property);
	fputs("::", to);
	run_put(to, run_text(r->sentence), github_data);
	if (r->reason != ERROR_NONE)
		fprintf(to, " [%s]", reason_name(r->reason));
	run_put_some(to, "%0Awhy: ", run_text(r->why), "", github_data);
	run_put_some(to, "%0Afix: ", run_text(r->fix), "", github_data);
	fputc('\n', to);
}
