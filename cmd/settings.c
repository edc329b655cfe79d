/* SPDX-License-Identifier: MIT */
/* cmd/settings.c: options that stand for keys of manifests, and manifests read with them. */
#include "cmd/settings.h"

#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/print.h"
#include "config/value.h"
#include "config/write.h"
#include "config/yaml.h"
#include "core/base/array.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/out/result.h"
#include "core/snp/digest.h"

enum { OPTION_CONFINE = 0x200, OPTION_PRINT };
enum { SET_OPTIONS = 7 }; /* where those of set_argp begin */

static const struct argp_option settings_options[] = {
	{ "kernel", 'k', "KERNEL", 0, "boot.kernel: a bzImage", 4 },
	{ "initrd", 'i', "INITRD", 0, "boot.initrd; may be repeated", 4 },
	{ "cmdline", 'a', "TEXT", 0, "boot.cmdline: the kernel command line", 4 },
	{ "firmware", 'f', "FIRMWARE", 0, "boot.firmware: an OVMF-style image", 4 },
	{ "memory", 'm', "SIZE", 0, "memory, such as 1G", 4 },
	{ "cpus", 'c', "N", 0, "vcpus", 4 },
	{ "print-manifest", OPTION_PRINT, NULL, 0,
	  "Print the manifest that these options stand for", 4 },
	/* set_argp begins here */
	{ "set", 'S', "KEY=VALUE", 0, "Override one key of the manifest", 5 },
	{ "platform", 'P', "NAME", 0, "snp, or kvm: a plain VM that protects nothing", 5 },
	{ "confine", OPTION_CONFINE, "DIR", 0,
	  "Refuse a manifest that names a file outside this folder", 5 },
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

static error_t setting_add(struct settings *s, const char *option, const char *key,
                           const char *value)
{
	if (s->count == SETTINGS_MAX)
		return option_refuse("more than %d settings", SETTINGS_MAX);
	s->set[s->count++] = (struct manifest_setting){ key, value, option };
	s->shorthand |= option != NULL;
	return 0;
}

static error_t settings_option(int key, char *argument, struct argp_state *state)
{
	struct settings *s = state->input;
	char *equals;

	switch (key) {
	case 'S':
		equals = strchr(argument, '=');
		if (!equals || equals == argument)
			return option_refuse("--set takes KEY=VALUE, not '%s'",
			                     shown_of(argument).text);
		*equals = '\0'; /* argv is ours to cut */
		return setting_add(s, NULL, argument, equals + 1);
	case 'P':
		return setting_add(s, NULL, "platform", argument);
	case OPTION_CONFINE:
		s->confine_path = argument;
		return 0;
	case OPTION_PRINT:
		s->print = true;
		return 0;
	}
	/* -c is --cpus, and for scripts from before that, --color, which takes no numbers */
	if (key == 'c' && color_set(argument))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(shorthands); i++)
		if (shorthands[i].letter == key)
			return setting_add(s, shorthands[i].option, shorthands[i].key, argument);
	return ARGP_ERR_UNKNOWN;
}

const struct argp settings_argp = { .options = settings_options, .parser = settings_option };
const struct argp set_argp = { .options = &settings_options[SET_OPTIONS],
	                       .parser = settings_option };

int settings_begin(struct settings *s, struct error *err)
{
	return s->confine_path ? confine_begin(&s->confine, s->confine_path, err) : 0;
}

int settings_print(const struct settings *s, const char *manifest, struct error *err)
{
	auto_source struct manifest_source *source = NULL;
	auto_manifest struct manifest m = { 0 };

	if (manifest) {
		error_set(err, ERROR_USAGE, "--print-manifest takes no manifest, but '%s' is given",
		          shown_of(manifest).text);
		error_why(err, "it prints the manifest that -k and other options stand for");
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

char manifest_stdin[] = "stdin";

error_t files_option(int key, struct argp_state *state, const struct settings *s, struct files *ret)
{
	static char *no_manifest[] = { NULL };

	switch (key) {
	case ARGP_KEY_ARGS:
		ret->paths = state->argv + state->next;
		ret->count = (size_t)(state->argc - state->next);
		for (size_t i = 0; s && i < ret->count; i++)
			if (strcmp(ret->paths[i], "-") == 0)
				ret->paths[i] = manifest_stdin;
		return 0;
	case ARGP_KEY_NO_ARGS:
		*ret = (struct files){ no_manifest, 1 };
		if (!s)
			return option_refuse("a file is missing");
		return s->shorthand
		               ? 0
		               : option_refuse("a manifest is missing, or a kernel: -k KERNEL");
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Reads standard input once and keeps it, as it may be opened again. A signal ends the wait. */
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
		runs = m.runs; /* 0: the mistakes are those of all runs */
		visit(self, &m, f);
		findings_sort(f, before);
		if (print)
			findings_print(f, before);
	}
	if (print && f->more)
		log_at(LOG_QUIET, "%s: only the first %d findings are shown",
		       path ? path : MANIFEST_OPTIONS, FINDINGS_MAX);
}

int manifest_refuse_matrix(const struct manifest *m, const char *what, struct error *err)
{
	if (m->runs <= 1)
		return 0;
	error_set(err, ERROR_USAGE, "this manifest stands for %u launches, and %s one", m->runs,
	          what);
	error_fix(err, "leave one value in each list: --set 'matrix={vcpus: [1]}'");
	return error_at(err, m->file, 0, 0);
}

struct measure_result measure_result_of(const struct manifest *m, const struct plan *p,
                                        const struct snp_digest *d)
{
	return (struct measure_result){ .manifest = m->file,
		                        .accept = plan_settings(p)->accept,
		                        .accept_why = plan_settings(p)->accept_why,
		                        .variant = m->variant,
		                        .profile = manifest_profile_name(m->profile),
		                        .vcpu_type = m->vcpu_type,
		                        .vcpus = m->vcpus,
		                        .vcpu_sig = m->vcpu_sig,
		                        .guest_features = plan_settings(p)->sev_features,
		                        .reference = reference_of(p, d->value),
		                        .digest = d };
}
