/* SPDX-License-Identifier: MIT */
/*
 * cmd/options.c: walks a command line as getopt_long(3) does, to say in our own words what is wrong
 * with it.
 */
#include "cmd/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "config/value.h"
#include "core/base/array.h"

struct option_view {
	const char *name;     /* without dashes; NULL: it has a letter alone */
	char letter;          /* 0: it has none */
	const char *argument; /* NULL: it takes none */
	bool optional;        /* its argument stands behind '=' or nowhere */
	bool hidden;          /* understood, but not documented */
};

static void option_view(const struct argp_option *o, const struct argp_option *real,
                        struct option_view *ret)
{
	*ret = (struct option_view){
		.name = o->name,
		.letter = o->key > 0 && o->key <= 0x7f && isgraph(o->key) ? (char)o->key : '\0',
		.argument = real->arg,
		.optional = real->arg && (real->flags & OPTION_ARG_OPTIONAL),
		.hidden = o->flags & OPTION_HIDDEN,
	};
}

/* Counts *n down to the option that is wanted. False: it's behind the end of this table. */
static bool option_in(const struct argp_option *table, size_t *n, struct option_view *ret)
{
	const struct argp_option *real = table;

	for (const struct argp_option *o = table; o && (o->name || o->key || o->doc || o->group);
	     o++) {
		if (!(o->flags & OPTION_ALIAS))
			real = o;
		option_view(o, real, ret);
		if ((o->flags & OPTION_DOC) || (!ret->name && !ret->letter))
			continue; /* text between options */
		if ((*n)-- == 0)
			return true;
	}
	return false;
}

/* The nth option of a command, or with NULL of what stands before one. False: no more. */
static bool option_at(const struct command *c, size_t n, struct option_view *ret)
{
	const struct argp_option *const tables[] = {
		c ? c->options : main_argp.options,
		c && c->has_settings ? settings_argp.options : color_argp.options,
		common_argp.options,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (option_in(tables[i], &n, ret))
			return true;
	return false;
}

/* --- a command line under examination --- */

struct walk {
	const struct command *c;
	char **argv;
	int argc, at;
	struct error *err;
};

/* What other programs of this kind call our options; they also take them with one dash. */
static const struct {
	const char *theirs, *ours;
} habits[] = {
	{ "append", "--cmdline" },         { "bios", "--firmware" },          { "smp", "--cpus" },
	{ "serial", "--set serial=FILE" }, { "cpu", "--set vcpu_type=NAME" },
};

static const char *habit_find(const struct walk *w, const char *name, size_t size)
{
	for (size_t i = 0; w->c && w->c->has_settings && i < ARRAY_SIZE(habits); i++)
		if (strlen(habits[i].theirs) == size && !strncmp(habits[i].theirs, name, size))
			return habits[i].ours;
	return NULL;
}

/* By name, in full or by a beginning that no other has; how many it could be. */
static unsigned long_find(const struct command *c, const char *name, size_t size,
                          struct option_view *ret)
{
	struct option_view o;
	unsigned count = 0;

	for (size_t i = 0; option_at(c, i, &o); i++) {
		if (!o.name || strncmp(o.name, name, size) != 0)
			continue;
		*ret = o;
		if (o.name[size] == '\0')
			return 1;
		count++;
	}
	return count;
}

static bool letter_find(const struct command *c, char letter, struct option_view *ret)
{
	for (size_t i = 0; option_at(c, i, ret); i++)
		if (ret->letter == letter)
			return true;
	return false;
}

/* "run: " before a sentence on its options. */
static const char *command_prefix(const struct command *c, char to[static 32])
{
	snprintf(to, 32, "%s%s", c ? c->name : "", c ? ": " : "");
	return to;
}

static int fix_help(const struct walk *w)
{
	return error_fix(w->err, "'snpvmm %s%s--help' lists the options", w->c ? w->c->name : "",
	                 w->c ? " " : "");
}

static int refuse_unknown(const struct walk *w, const char *text, size_t size)
{
	char prefix[32], name[64];
	struct nearest n = { .word = name };
	const char *ours = habit_find(w, text, size);
	struct option_view o;

	snprintf(name, sizeof(name), "%.*s", (int)size, text);
	for (size_t i = 0; option_at(w->c, i, &o); i++)
		if (o.name && !o.hidden)
			nearest_try(&n, o.name);
	error_set(w->err, ERROR_USAGE, "%sthere is no option '--%s'", command_prefix(w->c, prefix),
	          shown_of(name).text);
	if (ours)
		return error_fix(w->err, "write '%s'", ours);
	return n.best ? error_fix(w->err, "did you mean '--%s'?", n.best) : fix_help(w);
}

static int refuse_value(const struct walk *w, const char *what, const char *option)
{
	char prefix[32];

	error_set(w->err, ERROR_USAGE, "%s'%s' %s", command_prefix(w->c, prefix), option, what);
	return fix_help(w);
}

static int refuse_missing(const struct walk *w, const char *option, const char *argument)
{
	char prefix[32];

	error_set(w->err, ERROR_USAGE, "%s'%s' has no value", command_prefix(w->c, prefix), option);
	return error_fix(w->err, "write '%s %s'", option, argument);
}

/* What follows "--": a name, and a value behind '='. */
static int check_long(struct walk *w, const char *text)
{
	size_t size = strcspn(text, "=");
	char name[80];
	struct option_view o;
	unsigned count = long_find(w->c, text, size, &o);

	if (count == 0)
		return refuse_unknown(w, text, size);
	snprintf(name, sizeof(name), "--%s", count == 1 ? o.name : shown_of(text).text);
	if (count > 1)
		return refuse_value(w, "could be one of several options", name);
	if (text[size] && !o.argument)
		return refuse_value(w, "takes no value", name);
	if (text[size] || !o.argument || o.optional)
		return 0;
	return ++w->at < w->argc ? 0 : refuse_missing(w, name, o.argument);
}

/*
 * A long name behind one dash would be read as letters: `-serial` as -s, -e and so on, `-kernel` as
 * -k with "ernel".
 */
static int check_dashes(const struct walk *w, const char *text)
{
	size_t size = strcspn(text, "=");
	const char *ours = habit_find(w, text, size);
	struct option_view o;
	char prefix[32];

	if (size < 2 || (!ours && (long_find(w->c, text, size, &o) != 1 || strlen(o.name) != size)))
		return 0;
	error_set(w->err, ERROR_USAGE, "%sthere is no option '-%s'", command_prefix(w->c, prefix),
	          shown_of(text).text);
	error_why(w->err, "behind one dash each letter is an option");
	return ours ? error_fix(w->err, "write '%s'", ours)
	            : error_fix(w->err, "write '--%s'", o.name);
}

/* What follows "-": letters, of which one with a value takes the rest or the next word. */
static int check_letters(struct walk *w, const char *text)
{
	char prefix[32], name[] = "-x";
	struct option_view o;
	int r = check_dashes(w, text);

	for (; r == 0 && *text; text++) {
		name[1] = *text;
		if (!letter_find(w->c, *text, &o)) {
			error_set(w->err, ERROR_USAGE, "%sthere is no option '%s'%s%s%s",
			          command_prefix(w->c, prefix), shown_of(name).text,
			          w->argv[w->at][2] ? ", in '" : "",
			          w->argv[w->at][2] ? shown_of(w->argv[w->at]).text : "",
			          w->argv[w->at][2] ? "'" : "");
			return fix_help(w);
		}
		if (!o.argument)
			continue;
		if (text[1] || o.optional || ++w->at < w->argc)
			return 0;
		return refuse_missing(w, name, o.argument);
	}
	return r;
}

int options_check(const struct command *c, int argc, char **argv, struct error *err)
{
	struct walk w = { .c = c, .argv = argv, .argc = argc, .at = 1, .err = err };
	int r = 0;

	for (; r == 0 && w.at < argc; w.at++) {
		const char *text = argv[w.at];

		if (strcmp(text, "--") == 0)
			return 0;
		if (text[0] != '-' || text[1] == '\0') {
			if (!c)
				return 0; /* the command, whose options are its own */
			continue;
		}
		r = text[1] == '-' ? check_long(&w, text + 2) : check_letters(&w, text + 1);
	}
	return r;
}

/* --- parsing --- */

static struct {
	const struct command *command;
	struct error *err;
} parsing;

static error_t refuse_formatted(const char *fix, const char *format, va_list args)
{
	char text[512], prefix[32];

	if (parsing.err->kind != ERROR_NONE)
		return EINVAL;
	vsnprintf(text, sizeof(text), format, args);
	error_set(parsing.err, ERROR_USAGE, "%s%s", command_prefix(parsing.command, prefix), text);
	if (fix[0])
		error_fix(parsing.err, "%s", fix);
	else
		error_fix(parsing.err, "'snpvmm %s%s--help' explains",
		          parsing.command ? parsing.command->name : "", parsing.command ? " " : "");
	return EINVAL;
}

error_t option_refuse(const char *format, ...)
{
	va_list args;
	error_t r;

	va_start(args, format);
	r = refuse_formatted("", format, args);
	va_end(args);
	return r;
}

error_t option_refuse_fixed(const char *fix, const char *format, ...)
{
	va_list args;
	error_t r;

	va_start(args, format);
	r = refuse_formatted(fix, format, args);
	va_end(args);
	return r;
}

int options_parse(const struct command *c, const struct argp *argp, int argc, char **argv,
                  unsigned flags, void *input, struct error *err)
{
	int r = options_check(c, argc, argv, err);

	if (r < 0)
		return r;
	parsing.command = c;
	parsing.err = err;
	r = argp_parse(argp, argc, argv, flags | ARGP_NO_ERRS | ARGP_NO_HELP, NULL, input);
	if (r != 0)
		option_refuse("%s", strerror(r)); /* unless its parser said more */
	return -r;
}

void options_help(const struct argp *argp, FILE *to, unsigned flags, const char *name)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", name);
	argp_help(argp, to, flags ? flags : ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK,
	          copy);
}
