/* SPDX-License-Identifier: MIT */
/*
 * cmd/options.c: walks a command line as getopt_long(3) does, to report mistakes in our own words.
 */
#include "cmd/options.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/nearest.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/error.h"

enum { OPTIONS_MAX = 64 };

/* The command line being checked, and the options it may have. */
struct walk {
	const char *command; /* NULL: the options before the command's name */
	const struct argp_option *options[OPTIONS_MAX];
	size_t n_options;
	char **argv;
	int argc, at;
	struct error *err;
};

static void options_collect(struct walk *w, const struct argp *argp)
{
	for (const struct argp_option *o = argp->options; o && (o->name || o->key); o++) {
		assert(w->n_options < OPTIONS_MAX);
		w->options[w->n_options++] = o;
	}
	for (const struct argp_child *c = argp->children; c && c->argp; c++)
		options_collect(w, c->argp);
}

/* Finds an option by its name or by the start of it; returns how many options it could be. */
static unsigned long_find(const struct walk *w, const char *name, size_t size,
                          const struct argp_option **ret)
{
	unsigned count = 0;

	for (size_t i = 0; i < w->n_options; i++) {
		const struct argp_option *o = w->options[i];

		if (!o->name || strncmp(o->name, name, size) != 0)
			continue;
		*ret = o;
		if (o->name[size] == '\0')
			return 1;
		count++;
	}
	return count;
}

/* What QEMU calls our options; it takes them with one dash or two. */
static const char *qemu_option(const struct walk *w, const char *name, size_t size)
{
	static const struct {
		const char *theirs, *ours;
	} rows[] = {
		{ "append", "--cmdline" },
		{ "bios", "--firmware" },
		{ "smp", "--cpus" },
		{ "serial", "--set serial=FILE" },
		{ "cpu", "--set vcpu_type=NAME" },
	};
	const struct argp_option *set;

	if (long_find(w, "set", 3, &set) != 1)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strlen(rows[i].theirs) == size && !strncmp(rows[i].theirs, name, size))
			return rows[i].ours;
	return NULL;
}

/* Sets the error, with "run: " before a sentence about the options of `run`. */
static int __attribute__((format(printf, 2, 3)))
refuse(const struct walk *w, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(w->err, ERROR_USAGE, "%s%s%s", w->command ? w->command : "",
	                 w->command ? ": " : "", text);
}

static int fix_help(const struct walk *w)
{
	return error_fix(w->err, "'snpvmm %s%s--help' lists the options",
	                 w->command ? w->command : "", w->command ? " " : "");
}

static int refuse_missing(const struct walk *w, const char *option, const char *argument)
{
	refuse(w, "'%s' has no value", option);
	return error_fix(w->err, "write '%s %s'", option, argument);
}

/* Checks what follows "--": a name and perhaps '=' and a value. */
static int check_long(struct walk *w, const char *text)
{
	size_t size = strcspn(text, "=");
	char name[80];
	const struct argp_option *o;
	unsigned count = long_find(w, text, size, &o);

	if (count == 0) {
		const char *ours = qemu_option(w, text, size);
		struct nearest n = { .word = name };

		snprintf(name, sizeof(name), "%.*s", (int)size, text);
		for (size_t i = 0; i < w->n_options; i++)
			if (w->options[i]->name && !(w->options[i]->flags & OPTION_HIDDEN))
				nearest_try(&n, w->options[i]->name);
		refuse(w, "there is no option '--%s'", shown_of(name).text);
		if (ours)
			return error_fix(w->err, "write '%s'", ours);
		return n.best ? error_fix(w->err, "did you mean '--%s'?", n.best) : fix_help(w);
	}
	snprintf(name, sizeof(name), "--%s", count == 1 ? o->name : shown_of(text).text);
	if (count > 1) {
		refuse(w, "'%s' could be one of several options", name);
		return fix_help(w);
	}
	if (text[size] && !o->arg) {
		refuse(w, "'%s' takes no value", name);
		return fix_help(w);
	}
	if (text[size] || !o->arg || (o->flags & OPTION_ARG_OPTIONAL))
		return 0;
	return ++w->at < w->argc ? 0 : refuse_missing(w, name, o->arg);
}

/*
 * Refuses a long name after one dash: getopt would read `-kernel` as -k with the value "ernel", and
 * `-serial` as -s, -e and so on.
 */
static int check_dashes(const struct walk *w, const char *text)
{
	size_t size = strcspn(text, "=");
	const char *ours = qemu_option(w, text, size);
	const struct argp_option *o;

	if (size < 2 || (!ours && (long_find(w, text, size, &o) != 1 || strlen(o->name) != size)))
		return 0;
	refuse(w, "there is no option '-%s'", shown_of(text).text);
	error_why(w->err, "after one dash each letter is an option");
	return ours ? error_fix(w->err, "write '%s'", ours)
	            : error_fix(w->err, "write '--%s'", o->name);
}

/* Checks what follows "-": letters; one that takes a value takes the rest or the next word. */
static int check_letters(struct walk *w, const char *text)
{
	const char *word = w->argv[w->at];
	char name[] = "-x";
	int r = check_dashes(w, text);

	for (; r == 0 && *text; text++) {
		const struct argp_option *o = NULL;

		for (size_t i = 0; !o && i < w->n_options; i++)
			if (w->options[i]->key == *text)
				o = w->options[i];
		name[1] = *text;
		if (!o) {
			refuse(w, "there is no option '%s'%s%s%s", shown_of(name).text,
			       word[2] ? ", in '" : "", word[2] ? shown_of(word).text : "",
			       word[2] ? "'" : "");
			return fix_help(w);
		}
		if (!o->arg)
			continue;
		if (text[1] || (o->flags & OPTION_ARG_OPTIONAL) || ++w->at < w->argc)
			return 0;
		return refuse_missing(w, name, o->arg);
	}
	return r;
}

static struct walk parsing; /* what options_parse() was called with, for option_refuse() */

error_t option_refuse_error(const struct error *e)
{
	const struct walk *w = &parsing;

	if (w->err->kind != ERROR_NONE)
		return EINVAL;
	refuse(w, "%s", e->text);
	if (e->fix[0])
		error_fix(w->err, "%s", e->fix);
	else
		error_fix(w->err, "'snpvmm %s%s--help' explains", w->command ? w->command : "",
		          w->command ? " " : "");
	return EINVAL;
}

error_t option_refuse(const char *format, ...)
{
	struct error e = { 0 };
	va_list args;

	va_start(args, format);
	vsnprintf(e.text, sizeof(e.text), format, args);
	va_end(args);
	return option_refuse_error(&e);
}

error_t option_number(const char *option, const char *text, uint64_t min, uint64_t max,
                      uint64_t *ret)
{
	struct error err;

	return value_number(option, text, min, max, ret, &err) < 0 ? option_refuse_error(&err) : 0;
}

error_t option_path(struct option_paths *p, const char *path)
{
	if (p->count == OPTION_PATHS_MAX)
		return option_refuse("more than %d files of a kind", OPTION_PATHS_MAX);
	p->list[p->count++] = path;
	return 0;
}

int options_parse(const char *command, const struct argp *argp, int argc, char **argv,
                  unsigned flags, void *input, struct error *err)
{
	struct walk *w = &parsing;
	int r = 0;

	parsing = (struct walk){ .command = command, .argv = argv, .argc = argc, .err = err };
	options_collect(w, argp);
	for (w->at = 1; r == 0 && w->at < argc; w->at++) {
		const char *text = argv[w->at];

		if (strcmp(text, "--") == 0)
			break;
		if (text[0] == '-' && text[1])
			r = text[1] == '-' ? check_long(w, text + 2) : check_letters(w, text + 1);
		else if (!command)
			break; /* the command's name; its options are its own */
	}
	if (r < 0)
		return r;
	r = argp_parse(argp, argc, argv, flags | ARGP_NO_ERRS | ARGP_NO_HELP, NULL, input);
	if (r != 0)
		option_refuse("%s", strerror(r)); /* unless a parser was more specific */
	return -r;
}

void options_help(const struct argp *argp, FILE *to, unsigned flags, const char *name)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", name); /* argp_help() wants a char * */
	argp_help(argp, to, flags ? flags : ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK,
	          copy);
}
