/* SPDX-License-Identifier: MIT */
/* cmd/common.c: options that commands share, and how an error is shown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/show.h"
#include "config/value.h"
#include "config/write.h"
#include "config/yaml.h"
#include "core/base/array.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/out/result.h"

static enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color;
static int verbosity = LOG_NOTICE;

static bool color_parse(const char *text)
{
	static const char *const words[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(text, words[i])) {
			color = (int)i;
			return true;
		}
	return false;
}

/*
 * What was printed has to have arrived before the program ends where argp_parse() was asked for no
 * more.
 */
static _Noreturn void leave(void)
{
	struct error err = { 0 };

	if (fflush(stdout) == 0 && !ferror(stdout))
		exit(STATUS_OK);
	error_sys(&err, ERROR_OUTPUT, errno, "cannot write to standard output");
	error_print(&err);
	exit(STATUS_USAGE);
}

static error_t color_option(int key, char *argument, struct argp_state *state)
{
	(void)state;
	if (key != 'c')
		return ARGP_ERR_UNKNOWN;
	if (color_parse(argument))
		return 0;
	return option_refuse("--color takes auto, always or never, not '%s'",
	                     shown_of(argument).text);
}

/* -c: before the command and where it isn't the vCPUs'. */
static const struct argp_option color_options[] = {
	{ NULL, 'c', "WHEN", OPTION_HIDDEN, NULL, 0 },
	{ 0 },
};
const struct argp color_argp = { color_options, color_option, NULL, NULL, NULL, NULL, NULL };

enum { OPTION_COLOR = 0x300, OPTION_USAGE };

static error_t common_option(int key, char *argument, struct argp_state *state)
{
	switch (key) {
	case 'q':
		verbosity = LOG_QUIET;
		break;
	case 'v':
		verbosity += verbosity < LOG_DEBUG;
		break;
	case OPTION_COLOR:
		return color_option('c', argument, state);
	case '?':
	case 'h':
		options_help(state->root_argp, stdout, 0, state->name);
		leave();
	case OPTION_USAGE:
		options_help(state->root_argp, stdout, ARGP_HELP_USAGE, state->name);
		leave();
	case 'V':
		version_print();
		leave();
	default:
		return ARGP_ERR_UNKNOWN;
	}
	log_set_level(verbosity);
	return 0;
}

static const struct argp_option common_options[] = {
	{ "quiet", 'q', NULL, 0, "Say nothing but errors and results", 10 },
	{ "verbose", 'v', NULL, 0, "Say more; twice for still more", 10 },
	{ "color", OPTION_COLOR, "WHEN", 0, "auto, always or never (NO_COLOR is honoured)", 10 },
	{ "help", 'h', NULL, 0, "Give this help list", -1 },
	{ NULL, '?', NULL, OPTION_HIDDEN, NULL, 0 },
	{ "usage", OPTION_USAGE, NULL, 0, "Give a short usage message", -1 },
	{ "version", 'V', NULL, 0, "Print program version", -1 },
	{ 0 },
};
const struct argp common_argp = { common_options, common_option, NULL, NULL, NULL, NULL, NULL };

error_t output_option(const char *argument)
{
	char names[128];
	size_t n = 0;

	if (show_want(argument))
		return 0;
	for (const struct show_format *f = show_formats; f->name && n < sizeof(names); f++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s%s",
		                      f == show_formats ? ""
		                      : f->print        ? ", "
		                                        : ", or ",
		                      f->name, f->print ? "" : " for runs");
	return option_refuse("-o takes %s, not '%s'", names, shown_of(argument).text);
}

static error_t setting_add(struct settings *s, const char *option, const char *key,
                           const char *value)
{
	if (s->count == SETTINGS_MAX)
		return option_refuse("more than %d settings", SETTINGS_MAX);
	s->set[s->count++] = (struct manifest_setting){ key, value, option };
	s->shorthand |= option != NULL;
	return 0;
}

static error_t set_option(struct settings *s, char *argument)
{
	char *equals = strchr(argument, '=');

	if (!equals || equals == argument)
		return option_refuse("--set takes KEY=VALUE, not '%s'", shown_of(argument).text);
	*equals = '\0'; /* argv is ours to cut */
	return setting_add(s, NULL, argument, equals + 1);
}

enum { OPTION_CONFINE = 0x200, OPTION_PRINT };

static const struct argp_option settings_options[] = {
	{ "kernel", 'k', "KERNEL", 0, "boot.kernel: a bzImage", 4 },
	{ "initrd", 'i', "INITRD", 0, "boot.initrd", 4 },
	{ "cmdline", 'a', "TEXT", 0, "boot.cmdline: what the kernel is told", 4 },
	{ "firmware", 'f', "FIRMWARE", 0, "boot.firmware: an OVMF-style image", 4 },
	{ "memory", 'm', "SIZE", 0, "memory, such as 1G", 4 },
	{ "cpus", 'c', "N", 0, "vcpus", 4 },
	{ "print-manifest", OPTION_PRINT, NULL, 0, "Print the manifest that options stand for", 4 },
	{ "set", 'S', "KEY=VALUE", 0, "Override one key of the manifest", 5 },
	{ "platform", 'P', "NAME", 0, "snp, or kvm: a plain VM that protects nothing", 5 },
	{ "confine", OPTION_CONFINE, "DIR", 0,
	  "Refuse a manifest that names a file outside of this folder", 5 },
	{ 0 },
};

/* Options that stand for keys; with one of them no manifest is needed. */
static const struct {
	int letter;
	const char *option, *key;
} shorthands[] = {
	{ 'k', "-k", "boot.kernel" },   { 'i', "-i", "boot.initrd" }, { 'a', "-a", "boot.cmdline" },
	{ 'f', "-f", "boot.firmware" }, { 'm', "-m", "memory" },      { 'c', "-c", "vcpus" },
};

static error_t shorthand_option(struct settings *s, int letter, const char *argument)
{
	for (size_t i = 0; letter == 'i' && i < s->count; i++)
		if (s->set[i].option && strcmp(s->set[i].option, "-i") == 0)
			return option_refuse("one -i at a time");
	for (size_t i = 0; i < ARRAY_SIZE(shorthands); i++)
		if (shorthands[i].letter == letter)
			return setting_add(s, shorthands[i].option, shorthands[i].key, argument);
	return ARGP_ERR_UNKNOWN;
}

static error_t settings_option(int key, char *argument, struct argp_state *state)
{
	struct settings *s = state->input;

	switch (key) {
	case 'S':
		return set_option(s, argument);
	case 'P':
		return setting_add(s, NULL, "platform", argument);
	case OPTION_CONFINE:
		s->confine_path = argument;
		return 0;
	case OPTION_PRINT:
		s->print = true;
		return 0;
	case 'c': /* the letter was --color's; its words are no numbers */
		if (color_parse(argument))
			return 0;
		return shorthand_option(s, key, argument);
	default:
		return shorthand_option(s, key, argument);
	}
}
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
	error_t r = ARGP_ERR_UNKNOWN;

	if (key == ARGP_KEY_INIT && in->settings)
		state->child_inputs[1] = in->settings;
	if (in->parse) {
		state->input = in->input;
		r = in->parse(key, argument, state);
		state->input = in;
	}
	if (key == ARGP_KEY_ARGS && r == ARGP_ERR_UNKNOWN)
		return option_refuse("there is no place for '%s'",
		                     shown_of(state->argv[state->next]).text);
	return r;
}

int command_parse(const struct command *c, argp_parser_t parse, int argc, char **argv, void *input,
                  struct settings *settings, struct error *err)
{
	struct parse_input in = { parse, input, settings };
	const struct argp_child children[] = { { &common_argp, 0, NULL, 0 },
		                               { c->has_settings ? &settings_argp : &color_argp, 0,
		                                 NULL, 0 },
		                               { 0 } };
	const struct argp argp = {
		c->options, parse_forward, c->args, c->doc, children, NULL, NULL
	};
	char name[64];
	int r;

	snprintf(name, sizeof(name), "snpvmm %s", c->name);
	argv[0] = name; /* for --help */
	r = options_parse(c, &argp, argc, argv, 0, &in, err);
	argv[0] = (char *)c->name;
	if (r == 0)
		r = show_check_command(c, err);
	if (r == 0 && settings && settings->confine_path)
		r = confine_begin(&settings->confine, settings->confine_path, err);
	return r == 0 ? STATUS_OK : STATUS_USAGE;
}

error_t manifest_missing(const struct settings *s)
{
	return s->shorthand ? 0 : option_refuse("a manifest is missing, or a kernel: -k KERNEL");
}

error_t files_option(int key, struct argp_state *state, const struct settings *s, struct files *ret)
{
	static char *no_manifest[] = { NULL };

	switch (key) {
	case ARGP_KEY_ARGS:
		ret->paths = state->argv + state->next;
		ret->count = (size_t)(state->argc - state->next);
		for (size_t i = 0; s && i < ret->count; i++)
			ret->paths[i] = manifest_path(ret->paths[i]);
		return 0;
	case ARGP_KEY_NO_ARGS:
		ret->paths = no_manifest;
		ret->count = 1;
		return s ? manifest_missing(s) : option_refuse("a file is missing");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int settings_print(const struct settings *s, const char *manifest, struct error *err)
{
	auto_source struct manifest_source *source = NULL;
	auto_manifest struct manifest m = { 0 };

	if (manifest) {
		error_set(err, ERROR_USAGE, "--print-manifest: there is a manifest already, '%s'",
		          shown_of(manifest).text);
		error_why(err, "it prints what -k and other options stand for without one");
		error_fix(err, "leave the manifest out; 'run --results DIR' writes a manifest with "
		               "all settings in it as DIR/manifest.yaml");
		return STATUS_USAGE;
	}
	source = manifest_open(NULL, s, err);
	if (!source || manifest_source_load(source, 0, &m, err) < 0)
		return STATUS_USAGE;
	settings_write(s->set, s->count, stdout);
	return STATUS_OK;
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
static void finding_print(const struct error *err, enum severity severity)
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
	log_text(lines);
}

void error_print(const struct error *err)
{
	finding_print(err, SEVERITY_ERROR);
}

void findings_print(const struct findings *f, size_t from)
{
	fflush(stdout); /* so that the two come in order where they go to one place */
	for (size_t i = from; i < f->count; i++)
		if (f->list[i].severity == SEVERITY_ERROR || log_on(LOG_NOTICE))
			finding_print(&f->list[i].error, f->list[i].severity);
}

char manifest_stdin[] = "stdin";

char *manifest_path(char *argument)
{
	return strcmp(argument, "-") == 0 ? manifest_stdin : argument;
}

/*
 * Kept for the other runs of its matrix, for which nothing is left to read. A signal ends the wait.
 */
static int stdin_keep(const struct blob **ret, struct error *err)
{
	static struct blob text;
	static struct error failed;
	ssize_t n = 1;
	int r = 0;

	*ret = &text;
	if (text.data) {
		*err = failed;
		return failed.code;
	}
	r = blob_zero(YAML_MAX_SIZE + 1, &text, err);
	text.size = 0;
	while (r == 0 && n > 0 && text.size <= YAML_MAX_SIZE) {
		n = stdin_read(text.data + text.size, YAML_MAX_SIZE + 1 - text.size, err);
		text.size += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		r = err->code;
	if (r < 0)
		failed = *err;
	return r;
}

struct manifest_source *manifest_open(const char *path, const struct settings *s, struct error *err)
{
	struct error failed = { 0 };
	struct manifest_choice choice = { .set = s->set,
		                          .n_set = s->count,
		                          .confine = s->confine.path ? &s->confine : NULL };
	struct manifest_source *source;

	if (path == manifest_stdin && stdin_keep(&choice.text, &failed) < 0)
		choice.text_failed = &failed;
	source = manifest_source_new(path, &choice);
	if (!source)
		error_nomem(err, "a manifest");
	return source;
}

unsigned manifest_runs(const struct manifest_source *source)
{
	unsigned runs = 1;

	for (unsigned run = 0; run < runs; run++) {
		auto_manifest struct manifest m = { 0 };
		struct error ignored = { 0 };

		if (manifest_source_load(source, run, &m, &ignored) == 0)
			return m.variant ? m.runs : 0;
		runs = m.runs;
	}
	return 0;
}

void manifest_each_run(const char *path, const struct settings *s, manifest_visit *visit,
                       void *self, bool print, struct findings *f)
{
	struct error err = { 0 };
	auto_source struct manifest_source *source = manifest_open(path, s, &err);
	unsigned runs = 1;

	if (!source)
		findings_add(f, SEVERITY_ERROR, &err);
	for (unsigned run = 0; run < runs; run++) {
		auto_manifest struct manifest m = { 0 };
		size_t before = source ? f->count : 0;

		if (source)
			manifest_source_load_all(source, run, &m, f);
		runs = m.runs; /* 0: what is wrong is wrong with all of them */
		visit(self, &m, f);
		findings_sort(f, before);
		if (print)
			findings_print(f, before);
	}
	if (print && f->more)
		log_at(LOG_QUIET, "%s: there is more: only %d findings are shown",
		       path ? path : MANIFEST_OPTIONS, FINDINGS_MAX);
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
