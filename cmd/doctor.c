/* SPDX-License-Identifier: MIT */
/* cmd/doctor.c: what this host can launch, and what to change for the rest. */
#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/print.h"
#include "cmd/show.h"
#include "core/base/array.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/host/doctor.h"
#include "core/out/result.h"
#include "core/vm/platforms.h"
#include "core/vm/vm.h"

#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

static const char *const state_colors[] = {
	[DOCTOR_OK] = "\033[32m",        /* green */
	[DOCTOR_MISSING] = "\033[1;31m", /* bold red */
	[DOCTOR_UNKNOWN] = "\033[2m",    /* faint */
	[DOCTOR_NOTE] = "\033[33m",      /* yellow */
};
static_assert(ARRAY_SIZE(state_colors) == DOCTOR_STATES, "a state without a colour");

static const char *paint(const char *code)
{
	return color_wanted(STDOUT_FILENO) ? code : "";
}

/* "for snp it lacks: cpu, vm-type". */
static void doctor_print_lacks(const struct doctor_report *r, const struct platform *on)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (!doctor_lacks(&r->checks[i], on))
			continue;
		if (count++ == 0)
			printf("for %s it lacks: ", on->name);
		printf("%s%s%s%s", count > 1 ? ", " : "", paint(state_colors[DOCTOR_MISSING]),
		       r->checks[i].name, paint(PLAIN));
	}
	if (count)
		puts("");
}

static void doctor_print(const struct doctor_report *r)
{
	char names[1024] = "", line[2 * sizeof(names)];
	unsigned width = terminal_width(STDOUT_FILENO);
	const struct platform *on;
	size_t n = 0, count = 0;

	for (const struct doctor_check *c = r->checks; c < r->checks + r->count; c++) {
		char advice[2 * (sizeof(c->why) + sizeof(c->fix))];

		if (c->skipped_for && !log_on(LOG_INFO)) { /* these share one line */
			if (n < sizeof(names))
				n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
				                      n ? ", " : "", c->name);
			continue;
		}
		advice_text(advice, sizeof(advice), c->why, c->fix, width);
		printf("%s%-7s%s  %s%-16s%s  %s\n%s", paint(state_colors[c->state]),
		       doctor_state_name(c->state), paint(PLAIN), paint(BOLD), c->name,
		       paint(PLAIN), c->finding, advice);
	}
	if (n > 0) {
		text_fold(line, sizeof(line), "not looked at: ", names, width);
		fputs(line, stdout);
	}
	for (size_t i = 0; (on = platform_at(i)); i++)
		if (doctor_can(r, on))
			printf("%s%s%s%s", count++ ? ", " : "this host can launch: ",
			       paint(state_colors[DOCTOR_OK]), on->name, paint(PLAIN));
	if (count)
		puts("");
	else
		printf("%sthis host can launch nothing%s\n", paint(state_colors[DOCTOR_MISSING]),
		       paint(PLAIN));
	for (size_t i = 0; (on = platform_at(i)); i++)
		doctor_print_lacks(r, on);
}

static int doctor_main(const struct command *self, int argc, char **argv, struct error *err)
{
	auto_tree struct tree *t = tree_new();
	struct doctor_report report;
	int status = command_parse(self, NULL, argc, argv, NULL, NULL, err);

	if (status != STATUS_OK)
		return status;
	doctor_look(&host_this, &report);
	status = doctor_can(&report, &platform_snp) ? STATUS_OK : STATUS_FAILED;
	if (show_for_people()) {
		doctor_print(&report);
		return status;
	}
	result_doctor(t, NULL, &report);
	return show_finish(t, false, status, err);
}

const struct command command_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "Say what this host can launch and what it lacks",
	.doc = "Say which guests this host can launch, and what to change for the others. Exits "
	       "with 1 if it can't launch SEV-SNP guests.",
	.result = ANY_RESULT,
	.main = doctor_main,
};
