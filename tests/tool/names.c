/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/names.c TABLE: prints the names in a table of the program in order, one a line, for
 * tests of the documentation of each.
 */
#include <stdio.h>
#include <string.h>

#include "config/keys.h"
#include "core/base/array.h"
#include "core/base/filekind.h"
#include "core/base/reason.h"
#include "core/snp/policy.h"
#include "core/snp/report.h"
#include "core/snp/status.h"
#include "firmware/inspect.h"

static void print_reasons(void)
{
	for (int i = 0; i < REASONS; i++)
		puts(reason_name((enum reason)i));
}

/* Those from REPORT_MALFORMED on are of `verify` alone. */
static void print_run_reasons(void)
{
	for (int i = 0; i < REPORT_MALFORMED; i++)
		puts(reason_name((enum reason)i));
}

static void print_statuses(void)
{
	for (size_t i = 0; snp_status_at(i); i++)
		puts(snp_status_at(i)->name);
}

static void print_keys(void)
{
	for (size_t i = 0; i < KEYS; i++)
		puts(keys[i].name);
}

/* The bits of a guest policy that a manifest can set by name. */
static void print_policy(void)
{
	for (const struct snp_bit *b = snp_policy_bits; b->text; b++)
		if (b->key)
			puts(b->key);
}

/* The bits of PLATFORM_INFO that 'verify --require' and '--forbid' accept. */
static void print_platform(void)
{
	for (unsigned bit = 0; bit < 64; bit++)
		if (snp_report_platform_name(bit))
			puts(snp_report_platform_name(bit));
}

/* The kinds of files that 'inspect' knows; some names are in both tables. */
static void print_kinds(void)
{
	for (size_t i = 0; inspect_kind_name(i); i++)
		puts(inspect_kind_name(i));
	for (const struct file_kind *k = file_kinds; k->name; k++)
		puts(k->name);
}

static const struct {
	const char *name;
	void (*print)(void);
} tables[] = {
	{ "reasons", print_reasons },   { "run-reasons", print_run_reasons },
	{ "statuses", print_statuses }, { "keys", print_keys },
	{ "policy", print_policy },     { "kinds", print_kinds },
	{ "platform", print_platform },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(tables); i++)
		if (strcmp(argv[1], tables[i].name) == 0) {
			tables[i].print();
			return 0;
		}
	fputs("names: one of reasons, run-reasons, statuses, keys, policy, kinds, platform\n",
	      stderr);
	return 2;
}
