/* SPDX-License-Identifier: MIT */
/* cmd/completion_choices.c: what may stand in an argument, known by the name that the help text gives it. */
#include <assert.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/completion.h"
#include "cmd/show.h"
#include "config/keys.h"
#include "core/base/array.h"
#include "core/snp/policy.h"

static void word_add(struct choices *c, const char *word)
{
	assert(c->n_words < CHOICES_MAX);
	c->words[c->n_words++] = word;
}

static void words_add(struct choices *c, const char *const *words)
{
	for (; words && *words; words++)
		word_add(c, *words);
}

static void add_colors(struct choices *c)
{
	words_add(c, color_words);
}

static void add_formats(struct choices *c)
{
	for (int i = 0; show_name((enum show_format)i); i++)
		if (i != SHOW_TAP)
			word_add(c, show_name((enum show_format)i));
}

static void add_run_formats(struct choices *c)
{
	add_formats(c);
	word_add(c, show_name(SHOW_TAP));
}

static void add_commands(struct choices *c)
{
	for (size_t i = 0; commands[i]; i++)
		word_add(c, commands[i]->name);
}

static void add_platforms(struct choices *c)
{
	words_add(c, platform_words);
}

static void add_reasons(struct choices *c)
{
	for (int i = ERROR_NONE + 1; i < REASONS; i++)
		word_add(c, reason_name((enum reason)i));
}

static void add_shells(struct choices *c)
{
	for (size_t i = 0; completion_shell(i); i++)
		word_add(c, completion_shell(i));
}

/* By the name of a command's option, of an option, of a command, or of an argument: the first that fits. */
static const struct {
	const char *name;
	void (*add)(struct choices *c); /* NULL: no words */
	enum choice_files files;
	bool settings;
} places[] = {
	{ "run --output", add_run_formats, FILES_NONE, false },
	{ " --output", add_run_formats, FILES_NONE, false }, /* before the command */
	{ "--platform", add_platforms, FILES_NONE, false },
	{ "COMMAND", add_commands, FILES_NONE, false },
	{ "explain", add_reasons, FILES_NONE, false },
	{ "WHEN", add_colors, FILES_NONE, false },
	{ "FORMAT", add_formats, FILES_NONE, false },
	{ "SHELL", add_shells, FILES_NONE, false },
	{ "KEY=VALUE", NULL, FILES_NONE, true },
	{ "MANIFEST", NULL, FILES_MANIFESTS, false },
	{ "KERNEL", NULL, FILES_ANY, false },
	{ "INITRD", NULL, FILES_ANY, false },
	{ "FIRMWARE", NULL, FILES_ANY, false },
	{ "FILE", NULL, FILES_ANY, false },
	{ "DIR", NULL, FILES_FOLDERS, false },
	{ "FOLDER", NULL, FILES_FOLDERS, false },
};

/* Adds what may stand at the place of that name. False: nothing is known of it. */
static bool place_add(struct choices *c, const char *name, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (strlen(places[i].name) != size || memcmp(places[i].name, name, size) != 0)
			continue;
		if (places[i].add)
			places[i].add(c);
		if (places[i].files > c->files)
			c->files = places[i].files;
		c->settings |= places[i].settings;
		return true;
	}
	return false;
}

void choices_of_option(const struct command *c, const struct option_view *o, struct choices *ret)
{
	char name[64], *option;

	*ret = (struct choices){ .prefix = "" };
	snprintf(name, sizeof(name), "%s --%s", c ? c->name : "", o->name ? o->name : "");
	option = strchr(name, ' ') + 1;
	if (o->argument && !place_add(ret, name, strlen(name)) &&
	    !place_add(ret, option, strlen(option)))
		place_add(ret, o->argument, strlen(o->argument));
}

/* "MANIFEST...", "[NAME]", "A B": without what says how often. */
void choices_of_command(const struct command *c, struct choices *ret)
{
	static const char around[] = " [].|";
	const char *at = c ? c->args : "";
	bool known;

	*ret = (struct choices){ .prefix = "" };
	if (!c)
		add_commands(ret);
	known = c && place_add(ret, c->name, strlen(c->name));
	for (at += strspn(at, around); *at; at += strspn(at, around)) {
		size_t size = strcspn(at, around);

		if (!place_add(ret, at, size) && !known)
			ret->files = FILES_ANY;
		at += size;
	}
}

static void add_vcpu_types(struct choices *c)
{
	for (const struct snp_vcpu_type *t = snp_vcpu_types; t->name; t++)
		word_add(c, t->name);
}

static void add_bools(struct choices *c)
{
	static const char *const words[] = { "true", "false", NULL };

	words_add(c, words);
}

static void add_no(struct choices *c)
{
	word_add(c, "false");
}

static void add_exits(struct choices *c)
{
	words_add(c, exit_words);
}

static void add_builtin(struct choices *c)
{
	c->prefix = "builtin:";
}

/* What there is beside the words of the key's own row. */
static const struct {
	void (*add)(struct choices *c);
	enum choice_files files;
} values[VALUE_KINDS] = {
	[VALUE_BOOL] = { add_bools, FILES_NONE },           [VALUE_FILE] = { NULL, FILES_ANY },
	[VALUE_FIRMWARE] = { add_builtin, FILES_ANY },      [VALUE_SINK] = { NULL, FILES_ANY },
	[VALUE_VCPU_TYPE] = { add_vcpu_types, FILES_NONE }, [VALUE_PORT] = { add_no, FILES_NONE },
	[VALUE_EXIT] = { add_exits, FILES_NONE },
};

bool choices_of_key(const struct key *k, struct choices *ret)
{
	*ret = (struct choices){ .prefix = "", .files = values[k->kind].files };
	words_add(ret, k->words);
	if (values[k->kind].add)
		values[k->kind].add(ret);
	return k->kind != VALUE_LATER;
}

const char *choices_kind(const struct choices *c)
{
	static const char *const kinds[] = {
		[FILES_NONE] = "none",
		[FILES_FOLDERS] = "folders",
		[FILES_MANIFESTS] = "manifests",
		[FILES_ANY] = "any",
	};
	static_assert(ARRAY_SIZE(kinds) == FILES_KINDS, "a kind of files without a name");

	return c->settings ? "settings" : kinds[c->files];
}
