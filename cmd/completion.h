/* SPDX-License-Identifier: MIT */
/* cmd/completion.h: the command line as a shell sees it: options, and what may stand at each place. */
#ifndef CMD_COMPLETION_H
#define CMD_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cmd/options.h"

struct command; /* cmd/cmd.h */
struct key;     /* config/keys.h */

/* Each includes those before it. */
enum choice_files { FILES_NONE, FILES_FOLDERS, FILES_MANIFESTS, FILES_ANY, FILES_KINDS };

#define CHOICES_MAX 128
/* What may be typed at a place; nothing of it: some text that only its author knows. */
struct choices {
	const char *words[CHOICES_MAX];
	size_t n_words;
	const char *prefix; /* of each word; "" mostly */
	enum choice_files files;
	bool settings; /* KEY=VALUE: see choices_of_key() */
};

/* The nth option that is offered for a command, or with NULL before one. False: no more. */
bool completion_option(const struct command *c, size_t n, struct option_view *ret);

/* Of a command's option, or with NULL of one before the command. */
void choices_of_option(const struct command *c, const struct option_view *o, struct choices *ret);
/* They are the same for every argument of a command; with NULL: the commands. */
void choices_of_command(const struct command *c, struct choices *ret);
/* False: `--set` doesn't take the key in this version. */
bool choices_of_key(const struct key *k, struct choices *ret);

/* "none", "folders", "manifests", "any", "settings": what there is beside the words. */
const char *choices_kind(const struct choices *c);

/* `text` with a backslash before each byte of `special`, and `quote` for each '. */
void put_escaped(FILE *to, const char *text, const char *special, const char *quote);

/* A script for each shell; failures stick to the stream. */
void completion_bash(FILE *to);
void completion_zsh(FILE *to);
void completion_fish(FILE *to);

/* By their names: for arguments. NULL: no more. */
const char *completion_shell(size_t n);

#endif
