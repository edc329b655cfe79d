/* SPDX-License-Identifier: MIT */
/* cmd/common.c: options that commands share, and how an error is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/show.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/out/result.h"

static enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color;
static int verbosity = LOG_NOTICE;

const char *const color_words[] = {
	[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never", NULL
};

static bool color_parse(const char *text)
{
	for (size_t i = 0; color_words[i]; i++)
		if (!strcmp(text, color_words[i])) {
			color = (int)i;
			return true;
		}
	return false;
}

static error_t common_option(int key, char *argument, struct argp_state *state)
{
	switch (key) {
	case 'q':
		verbosity = LOG_QUIET;
		break;
	case 'v':
		verbosity += verbosity < LOG_DEBUG;
		break;
	case 'c':
		if (!color_parse(argument))
			argp_error(state, "--color takes auto, always or never, not '%s'",
			           argument);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	log_set_level(verbosity);
	return 0;
}

static const struct argp_option common_options[] = {
	{ "quiet", 'q', NULL, 0, "Say nothing but errors and results", 10 },
	{ "verbose", 'v', NULL, 0, "Say more; twice for still more", 10 },
	{ "color", 'c', "WHEN", 0, "auto, always or never (NO_COLOR is honoured)", 10 },
	{ 0 },
};
const struct argp common_argp = { common_options, common_option, NULL, NULL, NULL, NULL, NULL };

void output_option(const char *argument, struct argp_state *state)
{
	if (!show_want(argument))
		argp_error(state, "-o takes text, json, cbor, or tap for runs, not '%s'", argument);
}

static void setting_add(struct settings *s, const char *key, const char *value,
                        struct argp_state *state)
{
	if (s->count == SETTINGS_MAX)
		argp_error(state, "more than %d settings", SETTINGS_MAX);
	else
		s->set[s->count++] = (struct manifest_setting){ key, value };
}

enum { OPTION_CONFINE = 0x200 };

static error_t settings_option(int key, char *argument, struct argp_state *state)
{
	struct settings *s = state->input;
	char *equals;

	switch (key) {
	case 'S':
		equals = strchr(argument, '=');
		if (!equals || equals == argument) {
			argp_error(state, "--set takes KEY=VALUE, not '%s'", argument);
			return EINVAL;
		}
		*equals = '\0'; /* argv is ours to cut */
		setting_add(s, argument, equals + 1, state);
		return 0;
	case 'P':
		setting_add(s, "platform", argument, state);
		return 0;
	case OPTION_CONFINE:
		s->confine_path = argument;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option settings_options[] = {
	{ "set", 'S', "KEY=VALUE", 0, "Override one key of the manifest", 5 },
	{ "platform", 'P', "NAME", 0, "snp, or kvm: a plain VM that protects nothing", 5 },
	{ "confine", OPTION_CONFINE, "DIR", 0,
	  "Refuse a manifest that names a file outside of this folder", 5 },
	{ 0 },
};
const struct argp settings_argp = {
	settings_options, settings_option, NULL, NULL, NULL, NULL, NULL
};

/* What a command's own parser sees as its input, and its children too. */
struct parse_input {
	argp_parser_t parse;
	void *input;
	struct settings *settings;
};

static error_t parse_forward(int key, char *argument, struct argp_state *state)
{
	struct parse_input *in = state->input;
	error_t r;

	if (key == ARGP_KEY_INIT && in->settings)
		state->child_inputs[1] = in->settings;
	if (!in->parse)
		return ARGP_ERR_UNKNOWN; /* an argument above all */
	state->input = in->input;
	r = in->parse(key, argument, state);
	state->input = in;
	return r;
}

int command_parse(const struct command *c, argp_parser_t parse, int argc, char **argv, void *input,
                  struct settings *settings, struct error *err)
{
	struct parse_input in = { parse, input, settings };
	const struct argp_child children[] = { { &common_argp, 0, NULL, 0 },
		                               { c->has_settings ? &settings_argp : NULL, 0, NULL,
		                                 0 },
		                               { 0 } };
	const struct argp argp = {
		c->options, parse_forward, c->args, c->doc, children, NULL, NULL
	};
	char name[64];
	int r;

	snprintf(name, sizeof(name), "snpvmm %s", c->name);
	argv[0] = name;
	argp_err_exit_status = STATUS_USAGE;
	r = argp_parse(&argp, argc, argv, 0, NULL, &in);
	argv[0] = (char *)c->name;
	if (r != 0)
		error_set(err, ERROR_USAGE, "%s: %s", c->name, strerror(r));
	else if (settings && settings->confine_path)
		r = confine_begin(&settings->confine, settings->confine_path, err);
	return r == 0 ? STATUS_OK : STATUS_USAGE;
}

error_t files_option(int key, struct argp_state *state, struct files *ret)
{
	switch (key) {
	case ARGP_KEY_ARGS:
		ret->paths = state->argv + state->next;
		ret->count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
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

size_t advice_text(char *to, size_t room, const char *why, const char *fix, unsigned width)
{
	size_t n = 0;

	to[0] = '\0';
	if (why[0])
		n += text_fold(to, room, "  why: ", why, width);
	if (fix[0])
		n += text_fold(to + n, room - n, "  fix: ", fix, width);
	return n;
}

static void error_place(const struct error *err, char *to, size_t size)
{
	if (!err->file[0])
		snprintf(to, size, "snpvmm: %s", log_label());
	else if (err->line == 0)
		snprintf(to, size, "%s: ", err->file);
	else
		snprintf(to, size, "%s:%u:%u: ", err->file, err->line, err->column);
}

/* Of a warning kind is ERROR_NONE: names are for what ends a command. */
static void print(const struct error *err, enum severity severity)
{
	static const struct {
		const char *word, *color;
	} rows[] = {
		[SEVERITY_ERROR] = { "error:", "\033[1;31m" },
		[SEVERITY_WARNING] = { "warning:", "\033[1;35m" },
	};
	bool colored = color_wanted(STDERR_FILENO), named = severity == SEVERITY_ERROR;
	char place[2 * sizeof(err->file)];
	char lines[2 * sizeof(struct error)];
	size_t n;

	error_place(err, place, sizeof(place));
	/* One write, so that processes of ours don't mix. */
	n = (size_t)snprintf(lines, sizeof(lines), "%s%s%s%s %s%s%s%s\n", place,
	                     colored ? rows[severity].color : "", rows[severity].word,
	                     colored ? "\033[0m" : "", err->text, named ? " [" : "",
	                     named ? reason_name(err->kind) : "", named ? "]" : "");
	advice_text(lines + n, sizeof(lines) - n, err->why, err->fix,
	            terminal_width(STDERR_FILENO));
	fputs(lines, stderr);
}

void error_print(const struct error *err)
{
	print(err, SEVERITY_ERROR);
}

void findings_print(const struct findings *f, size_t from)
{
	fflush(stdout); /* so that the two come in order where they go to one place */
	for (size_t i = from; i < f->count; i++)
		if (f->list[i].severity == SEVERITY_ERROR || log_on(LOG_NOTICE))
			print(&f->list[i].error, f->list[i].severity);
}

static struct manifest_choice choice_of(const struct settings *s, unsigned run)
{
	return (struct manifest_choice){
		.set = s->set,
		.n_set = s->count,
		.run = run,
		.confine = s->confine.path ? &s->confine : NULL,
	};
}

int manifest_open(const char *path, const struct settings *s, unsigned run, struct manifest *ret,
                  struct error *err)
{
	const struct manifest_choice choice = choice_of(s, run);

	return manifest_load(path, &choice, ret, err);
}

void manifest_open_all(const char *path, const struct settings *s, unsigned run,
                       struct manifest *ret, struct findings *f)
{
	const struct manifest_choice choice = choice_of(s, run);

	manifest_load_all(path, &choice, ret, f);
}

void manifest_each_run(const char *path, const struct settings *s, manifest_visit *visit,
                       void *self, bool print, struct findings *f)
{
	unsigned runs = 1;

	for (unsigned run = 0; run < runs; run++) {
		auto_manifest struct manifest m = { 0 };
		size_t before = f->count;

		manifest_open_all(path, s, run, &m, f);
		runs = m.runs; /* 0: what is wrong is wrong with all of them */
		visit(self, &m, f);
		findings_sort(f, before);
		if (print)
			findings_print(f, before);
	}
	if (print && f->more)
		log_at(LOG_QUIET, "%s: there is more: only %d findings are shown", path,
		       FINDINGS_MAX);
}

struct measure_result measure_result_of(const struct manifest *m, const struct snp_digest *d)
{
	return (struct measure_result){ .manifest = m->file,
		                        .variant = m->variant,
		                        .profile = manifest_profile_name(m->profile),
		                        .vcpu_type = m->vcpu_type,
		                        .vcpus = m->vcpus,
		                        .vcpu_sig = m->vcpu_sig,
		                        .guest_features = m->guest_features,
		                        .digest = d };
}
