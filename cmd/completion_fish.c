/* SPDX-License-Identifier: MIT */
/* cmd/completion_fish.c: completion for fish: one `complete` for each option of each command. */
#include "cmd/cmd.h"
#include "cmd/completion.h"
#include "config/keys.h"

static const char command_found[] =
	"            set skip\n"
	"        else if string match -q -- '-*' $word\n"
	"            contains -- $word $takes; and set skip 1\n"
	"        else\n"
	"            set command $word\n"
	"            break\n"
	"        end\n"
	"    end\n"
	"    test \"$command\" = \"$argv[1]\"\n"
	"end\n"
	"\n"
	"# What is being typed, without the option or the key in the same word.\n"
	"function __snpvmm_typed\n"
	"    string replace -r -- '^(--[^=]*=|-[^-])' '' (commandline -ct)\n"
	"end\n"
	"\n"
	"# KIND TEXT: the names of files that begin with it.\n"
	"function __snpvmm_files\n"
	"    set -l all (complete -C \"__snpvmm_no_command $argv[2]\")\n"
	"    switch $argv[1]\n"
	"        case any\n"
	"            printf '%s\\n' $all\n"
	"        case folders\n"
	"            string match -r -- '^.*/$' $all\n"
	"        case manifests\n"
	"            string match -r -- '^.*(?:/|\\.ya?ml)$' $all; or printf '%s\\n' $all\n"
	"    end\n"
	"end\n"
	"\n"
	"# KIND WORD...: what may stand at a place, words and files.\n"
	"function __snpvmm_offer\n"
	"    test (count $argv) -lt 2; or printf '%s\\n' $argv[2..]\n"
	"    switch $argv[1]\n"
	"        case any folders manifests\n"
	"            __snpvmm_files $argv[1] (__snpvmm_typed)\n"
	"        case settings\n"
	"            __snpvmm_setting (__snpvmm_typed)\n"
	"    end\n"
	"end\n"
	"\n"
	"# KEY TEXT KIND WORD...: the same behind a key.\n"
	"function __snpvmm_value\n"
	"    test (count $argv) -lt 4; or printf \"$argv[1]=%s\\n\" $argv[4..]\n"
	"    test $argv[3] = none; or printf \"$argv[1]=%s\\n\" (__snpvmm_files $argv[3] "
	"$argv[2])\n"
	"end\n";

static void put_quoted(FILE *to, const char *text)
{
	putc('\'', to);
	put_escaped(to, text, "\\", "\\'");
	putc('\'', to);
}

static void put_choices(FILE *to, const struct choices *c)
{
	fprintf(to, " %s", choices_kind(c));
	for (size_t i = 0; i < c->n_words; i++)
		fprintf(to, " %s%s", c->prefix, c->words[i]);
}

/* Is it the command on the line? Options before it may take the word after them. */
static void put_functions(FILE *to)
{
	struct option_view o;

	fputs("\n# COMMAND: is it the one on the line? Nothing: is there none?\n"
	      "function __snpvmm_in\n"
	      "    set -l words (commandline -opc)\n"
	      "    set -l command\n"
	      "    set -l skip\n"
	      "    set -l takes",
	      to);
	for (size_t i = 0; completion_option(NULL, i, &o); i++) {
		if (!o.argument || o.optional)
			continue;
		if (o.name)
			fprintf(to, " --%s", o.name);
		if (o.letter)
			fprintf(to, " -%c", o.letter);
	}
	fputs("\n    for word in $words[2..]\n        if test -n \"$skip\"\n", to);
	fputs(command_found, to);
}

static void put_settings(FILE *to)
{
	struct choices c;

	fputs("\nfunction __snpvmm_setting\n"
	      "    set -l parts (string split -m 1 = -- $argv[1])\n"
	      "    if test (count $parts) -lt 2\n"
	      "        printf '%s=\\n'",
	      to);
	for (size_t i = 0; i < KEYS; i++)
		if (choices_of_key(&keys[i], &c))
			fprintf(to, " %s", keys[i].name);
	fputs("\n        return\n    end\n    switch $parts[1]\n", to);
	for (size_t i = 0; i < KEYS; i++)
		if (choices_of_key(&keys[i], &c) && (c.n_words || c.files)) {
			fprintf(to,
			        "        case %s\n            __snpvmm_value $parts[1] "
			        "\"$parts[2]\"",
			        keys[i].name);
			put_choices(to, &c);
			putc('\n', to);
		}
	fputs("    end\nend\n", to);
}

static void put_option(FILE *to, const struct command *c, const struct option_view *o)
{
	struct choices choices;

	fprintf(to, "complete -c snpvmm -n '__snpvmm_in %s'", c ? c->name : "");
	if (o->letter)
		fprintf(to, " -s '%c'", o->letter);
	if (o->name)
		fprintf(to, " -l %s", o->name);
	fputs(" -d ", to);
	put_quoted(to, o->doc);
	choices_of_option(c, o, &choices);
	if (o->argument) {
		fputs(o->optional ? " -f -a '(__snpvmm_offer" : " -x -a '(__snpvmm_offer", to);
		put_choices(to, &choices);
		fputs(")'", to);
	}
	putc('\n', to);
}

static void put_command(FILE *to, const struct command *c)
{
	struct option_view o;
	struct choices choices;

	fprintf(to, "\ncomplete -c snpvmm -n __snpvmm_in -a %s -d ", c->name);
	put_quoted(to, c->summary);
	putc('\n', to);
	choices_of_command(c, &choices);
	if (c->args[0]) {
		fprintf(to, "complete -c snpvmm -n '__snpvmm_in %s' -a '(__snpvmm_offer", c->name);
		put_choices(to, &choices);
		fputs(")'\n", to);
	}
	for (size_t i = 0; completion_option(c, i, &o); i++)
		put_option(to, c, &o);
}

void completion_fish(FILE *to)
{
	struct option_view o;

	fputs("# fish completion for snpvmm; made by 'snpvmm completion fish'.\n", to);
	put_functions(to);
	put_settings(to);
	fputs("\ncomplete -c snpvmm -e\ncomplete -c snpvmm -f\n", to);
	for (size_t i = 0; completion_option(NULL, i, &o); i++)
		put_option(to, NULL, &o);
	for (size_t i = 0; commands[i]; i++)
		put_command(to, commands[i]);
}
