/* SPDX-License-Identifier: MIT */
/* cmd/doctor.c: what this host can launch, and what to change for the rest. */
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/show.h"
#include "core/out/emit.h"
#include "core/out/result.h"
#include "core/vm/doctor.h"
#include "core/vm/platforms.h"
#include "core/vm/vm.h"

static error_t doctor_option(int key, char *argument, struct argp_state *state)
{
	if (key != 'o')
		return ARGP_ERR_UNKNOWN; /* an argument above all */
	output_option(argument, state);
	return 0;
}

static const struct argp_option doctor_options[] = {
	{ "output", 'o', "FORMAT", 0, "text, json or cbor", 0 },
	{ 0 },
};

static void show_check(const struct doctor_check *c)
{
	printf("%-7s  %-16s  %s\n", doctor_state_name(c->state), c->name, c->finding);
	if (c->why[0])
		printf("  why: %s\n", c->why);
	if (c->fix[0])
		printf("  fix: %s\n", c->fix);
}

/* "this host can launch: kvm". */
static void show_launches(const struct doctor_report *r)
{
	const struct platform *on;
	size_t count = 0;

	for (size_t i = 0; (on = platform_at(i)); i++)
		if (doctor_can(r, on))
			printf("%s%s", count++ ? ", " : "this host can launch: ", on->name);
	puts(count ? "" : "this host can launch nothing");
}

/* "for snp it lacks: cpu, vm-type". */
static void show_lacks(const struct doctor_report *r, const struct platform *on)
{
	size_t count = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (!doctor_lacks(&r->checks[i], on))
			continue;
		if (count++ == 0)
			printf("for %s it lacks: %s", on->name, r->checks[i].name);
		else
			printf(", %s", r->checks[i].name);
	}
	if (count)
		puts("");
}

static void show_text(const struct doctor_report *r)
{
	const struct platform *on;

	for (size_t i = 0; i < r->count; i++)
		show_check(&r->checks[i]);
	show_launches(r);
	for (size_t i = 0; (on = platform_at(i)); i++)
		show_lacks(r, on);
}

static int show_result(const struct doctor_report *r, struct error *err)
{
	struct emitter e;

	if (show_wanted() == SHOW_TEXT) {
		show_text(r);
		return 0;
	}
	if (show_emitter(show_wanted(), &e, err) < 0)
		return err->code;
	result_doctor(&e, NULL, r);
	return e.finish(e.self, stdout, err);
}

static int doctor_main(int argc, char **argv, struct error *err)
{
	struct doctor_report report;
	int status = command_parse(&command_doctor, doctor_option, argc, argv, NULL, NULL, err);

	if (status != STATUS_OK)
		return status;
	doctor_look(&host_this, &report);
	if (show_result(&report, err) < 0)
		return STATUS_USAGE;
	return doctor_can(&report, &platform_snp) ? STATUS_OK : STATUS_FAILED;
}

const struct command command_doctor = {
	.name = "doctor",
	.args = "",
	.summary = "Say what this host can launch, and what is missing",
	.doc = "Say which guests this host can launch, and what to change for the others. Exits "
	       "with 1 if it can't launch SEV-SNP guests.",
	.options = doctor_options,
	.has_result = true,
	.main = doctor_main,
};
