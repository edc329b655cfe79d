/* SPDX-License-Identifier: MIT */
/* cmd/completion_bash.c: completion for bash: four tables as functions, and what reads them. */
#include "cmd/cmd.h"
#include "cmd/completion.h"
#include "config/keys.h"

static const char head[] = "# bash completion for snpvmm; made by 'snpvmm completion bash'.\n"
			   "# The tables set what may stand at a place (words, files), and of an "
			   "option whether it takes an argument.\n";

/*
 * '=' and ':' are words of their own to readline, unless COMP_WORDBREAKS lacks them: the line is put together again, and
 * what is offered begins after the last of them.
 */
static const char body[] =
	"\n"
	"_snpvmm_line() {\n"
	"\tlocal i apart rest=${COMP_LINE:0:COMP_POINT}\n"
	"\tline=()\n"
	"\tfor ((i = 0; i <= COMP_CWORD; i++)); do\n"
	"\t\tapart=\n"
	"\t\t[[ $i == 0 || $rest == [[:space:]]* ]] && apart=1\n"
	"\t\trest=${rest#\"${rest%%[![:space:]]*}\"}\n"
	"\t\tlocal word=${COMP_WORDS[i]}\n"
	"\t\t((i < COMP_CWORD)) || word=$rest\n"
	"\t\trest=${rest#\"$word\"}\n"
	"\t\tif [[ $apart ]]; then line+=(\"$word\"); else line[-1]+=$word; fi\n"
	"\tdone\n"
	"}\n"
	"\n"
	"# COMMAND WORD: after options of which the last takes the next word, that one is in "
	"`option`.\n"
	"_snpvmm_pending() {\n"
	"\tlocal i takes words files\n"
	"\tcase $2 in\n"
	"\t--*=*) ;;\n"
	"\t--*)\n"
	"\t\t_snpvmm_option \"$1\" \"$2\"\n"
	"\t\t[[ $takes != next ]] || option=$2\n"
	"\t\t;;\n"
	"\t*)\n"
	"\t\tfor ((i = 1; i < ${#2}; i++)); do\n"
	"\t\t\t_snpvmm_option \"$1\" \"-${2:i:1}\"\n"
	"\t\t\t[[ $takes ]] || continue\n"
	"\t\t\t[[ $takes != next || $i -lt $((${#2} - 1)) ]] || option=-${2:i:1}\n"
	"\t\t\treturn\n"
	"\t\tdone\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"# TEXT: the names of files that begin with it.\n"
	"_snpvmm_files() {\n"
	"\tlocal found\n"
	"\twhile IFS= read -r found; do\n"
	"\t\tfull+=(\"$prefix$found\")\n"
	"\tdone < <(case $files in\n"
	"\t\tany) compgen -f -- \"$1\" ;;\n"
	"\t\tfolders) compgen -d -- \"$1\" ;;\n"
	"\t\tmanifests) compgen -d -- \"$1\"; compgen -f -X '!*.yaml' -- \"$1\"; compgen -f -X "
	"'!*.yml' -- \"$1\" ;;\n"
	"\tesac)\n"
	"\t[[ $files == none || $files == settings ]] || compopt -o filenames 2>/dev/null\n"
	"}\n"
	"\n"
	"# TEXT: fills COMPREPLY with those that begin with it.\n"
	"_snpvmm_offer() {\n"
	"\tlocal word full=() before=$prefix$1\n"
	"\tfor word in \"${words[@]}\"; do\n"
	"\t\t[[ $word != \"$1\"* ]] || full+=(\"$prefix$word\")\n"
	"\tdone\n"
	"\t_snpvmm_files \"$1\"\n"
	"\tif [[ $files == manifests ]] && ((!${#full[@]})); then files=any; _snpvmm_files \"$1\"; "
	"fi\n"
	"\tcase $COMP_WORDBREAKS in\n"
	"\t*=*:* | *:*=*) before=${before%\"${before##*[=:]}\"} ;;\n"
	"\t*=*) before=${before%\"${before##*=}\"} ;;\n"
	"\t*:*) before=${before%\"${before##*:}\"} ;;\n"
	"\t*) before= ;;\n"
	"\tesac\n"
	"\t((${#full[@]})) && COMPREPLY=(\"${full[@]#\"$before\"}\")\n"
	"}\n"
	"\n"
	"_snpvmm() {\n"
	"\tlocal line=() words=() files=none takes='' prefix='' word\n"
	"\tlocal command='' option='' ended=''\n"
	"\tCOMPREPLY=()\n"
	"\t_snpvmm_line\n"
	"\tfor word in \"${line[@]:1:${#line[@]}-2}\"; do\n"
	"\t\tif [[ $option ]]; then option=''\n"
	"\t\telif [[ ! $ended && $word == -- ]]; then ended=1\n"
	"\t\telif [[ ! $ended && $word == -?* ]]; then _snpvmm_pending \"$command\" \"$word\"\n"
	"\t\telse command=${command:-$word}; fi\n"
	"\tdone\n"
	"\tword=${line[-1]}\n"
	"\tif [[ $option ]]; then _snpvmm_option \"$command\" \"$option\"\n"
	"\telif [[ ! $ended && $word == --*=* ]]; then\n"
	"\t\tprefix=${word%%=*}=\n"
	"\t\t_snpvmm_option \"$command\" \"${word%%=*}\"\n"
	"\telif [[ ! $ended && $word == -* ]]; then _snpvmm_options \"$command\"\n"
	"\telse _snpvmm_arguments \"$command\"; fi\n"
	"\tword=${word#\"$prefix\"}\n"
	"\tif [[ $files == settings && $word == *=* ]]; then\n"
	"\t\tprefix+=${word%%=*}= words=() files=none\n"
	"\t\t_snpvmm_value \"${word%%=*}\"\n"
	"\t\tword=${word#*=}\n"
	"\telif [[ $files == settings ]]; then\n"
	"\t\t_snpvmm_value ''\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\tfi\n"
	"\t_snpvmm_offer \"$word\"\n"
	"}\n"
	"complete -F _snpvmm snpvmm\n";

static void put_quoted(FILE *to, const char *prefix, const char *word)
{
	putc('\'', to);
	put_escaped(to, prefix, "", "'\\''");
	put_escaped(to, word, "", "'\\''");
	putc('\'', to);
}

static void put_choices(FILE *to, const struct choices *c)
{
	fprintf(to, " files=%s", choices_kind(c));
	if (c->n_words)
		fputs(" words=(", to);
	for (size_t i = 0; i < c->n_words; i++) {
		fputs(i ? " " : "", to);
		put_quoted(to, c->prefix, c->words[i]);
	}
	fputs(c->n_words ? ") ;;\n" : " ;;\n", to);
}

static void put_options(FILE *to, const struct command *c)
{
	struct option_view o;

	fprintf(to, "\t'%s') words=(", c ? c->name : "");
	for (size_t i = 0; completion_option(c, i, &o); i++) {
		if (o.name)
			fprintf(to, "'--%s' ", o.name);
		if (o.letter)
			fprintf(to, "'-%c' ", o.letter);
	}
	fputs(") ;;\n", to);
}

static void put_option_arguments(FILE *to, const struct command *c)
{
	struct choices choices;
	struct option_view o;

	for (size_t i = 0; completion_option(c, i, &o); i++) {
		if (!o.argument)
			continue;
		fprintf(to, "\t'%s ", c ? c->name : "");
		if (o.name)
			fprintf(to, "--%s'", o.name);
		if (o.name && o.letter)
			fprintf(to, " | '%s ", c ? c->name : "");
		if (o.letter)
			fprintf(to, "-%c'", o.letter);
		fprintf(to, ") takes=%s", o.optional ? "same" : "next");
		choices_of_option(c, &o, &choices);
		put_choices(to, &choices);
	}
}

static void put_arguments(FILE *to, const struct command *c)
{
	struct choices choices;

	fprintf(to, "\t'%s')", c ? c->name : "");
	choices_of_command(c, &choices);
	put_choices(to, &choices);
}

/* A function of one `case`, with rows for what stands before a command, and for each command. */
static void put_table(FILE *to, const char *name, const char *of,
                      void (*rows)(FILE *to, const struct command *c))
{
	fprintf(to, "\n%s() {\n\tcase %s in\n", name, of);
	rows(to, NULL);
	for (size_t i = 0; commands[i]; i++)
		rows(to, commands[i]);
	fputs("\tesac\n}\n", to);
}

static void put_values(FILE *to)
{
	struct choices choices;

	fputs("\n_snpvmm_value() {\n\tcase $1 in\n\t'') words=(", to);
	for (size_t i = 0; i < KEYS; i++)
		if (choices_of_key(&keys[i], &choices))
			fprintf(to, "'%s=' ", keys[i].name);
	fputs(") ;;\n", to);
	for (size_t i = 0; i < KEYS; i++)
		if (choices_of_key(&keys[i], &choices) && (choices.n_words || choices.files)) {
			fprintf(to, "\t'%s')", keys[i].name);
			put_choices(to, &choices);
		}
	fputs("\tesac\n}\n", to);
}

void completion_bash(FILE *to)
{
	fputs(head, to);
	put_table(to, "_snpvmm_options", "$1", put_options);
	put_table(to, "_snpvmm_option", "\"$1 $2\"", put_option_arguments);
	put_table(to, "_snpvmm_arguments", "$1", put_arguments);
	put_values(to);
	fputs(body, to);
}
