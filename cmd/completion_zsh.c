/* SPDX-License-Identifier: MIT */
/* cmd/completion_zsh.c: completion for zsh: a specification for _arguments for each command. */
#include "cmd/cmd.h"
#include "cmd/completion.h"
#include "config/keys.h"

static const char head[] = "#compdef snpvmm\n"
			   "# zsh completion for snpvmm; made by 'snpvmm completion zsh'.\n"
			   "\n"
			   "# KIND WORD...: what may stand at a place, words and files.\n"
			   "_snpvmm_offer() {\n"
			   "  local kind=$1\n"
			   "  shift\n"
			   "  (( $# )) && compadd \"$expl[@]\" -- \"$@\"\n"
			   "  case $kind in\n"
			   "  any) _files ;;\n"
			   "  folders) _files -/ ;;\n"
			   "  manifests) _files -g '*.(yaml|yml)(-.)' ;;\n"
			   "  settings) _snpvmm_setting ;;\n"
			   "  esac\n"
			   "}\n"
			   "\n"
			   "_snpvmm_setting() {\n"
			   "  local key=${PREFIX%%=*}\n"
			   "  if compset -P 1 '*='; then\n"
			   "    _snpvmm_value \"$key\"\n"
			   "    return\n"
			   "  fi\n";

static const char tail[] = "\n"
			   "if [[ $funcstack[1] == _snpvmm ]]; then\n"
			   "  _snpvmm \"$@\"\n"
			   "else\n"
			   "  compdef _snpvmm snpvmm # sourced, not found on $fpath\n"
			   "fi\n";

#define QUOTE "'\\''"

/* As an action of _arguments, in single quotes already. */
static void put_offer(FILE *to, const struct choices *c)
{
	fprintf(to, "_snpvmm_offer %s", choices_kind(c));
	for (size_t i = 0; i < c->n_words; i++)
		fprintf(to, " %s%s", c->prefix, c->words[i]);
}

/* '*'{-c+,--color=}'[DOC]:WHEN:{...}': argp takes each of them again. */
static void put_option(FILE *to, const struct command *command, const struct option_view *o)
{
	const char *short_form = !o->argument ? "" : o->optional ? "-" : "+";
	const char *long_form = !o->argument ? "" : o->optional ? "=-" : "=";
	struct choices c;

	fputs(" \\\n    '*'", to);
	if (o->letter && o->name)
		fprintf(to, "{-'%c%s',--%s%s}", o->letter, short_form, o->name, long_form);
	else if (o->name)
		fprintf(to, "--%s%s", o->name, long_form);
	else
		fprintf(to, "-'%c%s'", o->letter, short_form);
	fputs("'[", to);
	put_escaped(to, o->doc, "\\:[]", QUOTE);
	putc(']', to);
	if (o->argument) {
		fputs(o->optional ? "::" : ":", to);
		put_escaped(to, o->argument, "\\:", QUOTE);
		fputs(":{", to);
		choices_of_option(command, o, &c);
		put_offer(to, &c);
		putc('}', to);
	}
	putc('\'', to);
}

static void put_options(FILE *to, const struct command *c)
{
	struct option_view o;

	for (size_t i = 0; completion_option(c, i, &o); i++)
		put_option(to, c, &o);
}

static void put_command(FILE *to, const struct command *c)
{
	struct choices choices;

	fprintf(to, "  '%s')\n    _arguments -s -S :", c->name);
	put_options(to, c);
	choices_of_command(c, &choices);
	if (c->args[0]) {
		fputs(" \\\n    '*:", to);
		put_escaped(to, c->args, "\\:", QUOTE);
		fputs(":{", to);
		put_offer(to, &choices);
		fputs("}'", to);
	}
	fputs(" ;;\n", to);
}

static void put_commands(FILE *to)
{
	fputs("\n_snpvmm_commands() {\n  local -a list=(\n", to);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(to, "    '%s:", commands[i]->name);
		put_escaped(to, commands[i]->summary, "\\:", QUOTE);
		fputs("'\n", to);
	}
	fputs("  )\n  _describe command list\n}\n", to);
}

static void put_values(FILE *to)
{
	struct choices c;

	fputs("  compadd -S '' --", to);
	for (size_t i = 0; i < KEYS; i++)
		if (choices_of_key(&keys[i], &c))
			fprintf(to, " %s=", keys[i].name);
	fputs("\n}\n\n_snpvmm_value() {\n  case $1 in\n", to);
	for (size_t i = 0; i < KEYS; i++)
		if (choices_of_key(&keys[i], &c) && (c.n_words || c.files)) {
			fprintf(to, "  '%s') ", keys[i].name);
			put_offer(to, &c);
			fputs(" ;;\n", to);
		}
	fputs("  esac\n}\n", to);
}

void completion_zsh(FILE *to)
{
	fputs(head, to);
	put_values(to);
	put_commands(to);
	fputs("\n_snpvmm() {\n"
	      "  local curcontext=$curcontext state line expl\n"
	      "  typeset -A opt_args\n"
	      "  _arguments -C -s -S -A '-*' :",
	      to);
	put_options(to, NULL);
	fputs(" \\\n    '1:command:_snpvmm_commands' \\\n    '*::argument:->argument' && return\n"
	      "  [[ $state == argument ]] || return\n"
	      "  case $words[1] in\n",
	      to);
	for (size_t i = 0; commands[i]; i++)
		put_command(to, commands[i]);
	fputs("  esac\n}\n", to);
	fputs(tail, to);
}
