/* SPDX-License-Identifier: MIT */
/*
 * cmd/conflicts.c: one list of all inputs and outputs, each known by what it is and by where it is,
 * sorted.
 */
#include "cmd/conflicts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/labels.h"
#include "cmd/outputs.h"
#include "cmd/settings.h"
#include "config/paths.h"
#include "core/base/array.h"
#include "core/base/file.h"
#include "core/dev/log_file.h"

/* Something that a run reads, or writes, makes or removes. */
struct claim {
	enum { CLAIM_INPUT, CLAIM_OUTPUT, CLAIM_RESULT, CLAIM_STREAM } kind;
	const char *what;     /* "boot.kernel", "--results", "standard output"; static */
	char *path;           /* as one would write it */
	const char *manifest; /* by which it is named */
	struct location at;   /* line 0 and nobody by whom: nowhere in the manifest */
	bool decides;         /* the result itself, in the folder that was given */
};

/* Two claims with the same mark are the same file. */
struct mark {
	dev_t dev; /* of the file, or of the nearest folder that is there ... */
	ino_t ino;
	char *below;  /* ... and the way from there; NULL: of the file */
	bool through; /* the claim isn't there, but leads through this symbolic link */
	size_t claim;
};

enum { LINKS_MAX = 40 }; /* as the kernel has it */

struct conflict_search {
	const struct conflicts_ask *ask;
	struct claim *claims;
	struct mark *marks;
	size_t n_claims, n_marks;
	bool no_memory;
};

static void *grown(struct conflict_search *s, void *list, size_t n, size_t size)
{
	void *more = n & (n - 1) ? list : reallocarray(list, n ? 2 * n : 1, size);

	s->no_memory |= !more;
	return more;
}

static void mark_add(struct conflict_search *s, const struct stat *st, char *below, bool through)
{
	struct mark *list = grown(s, s->marks, s->n_marks, sizeof(*list));

	if (!list) {
		free(below);
		return;
	}
	s->marks = list;
	list[s->n_marks++] = (struct mark){ st->st_dev, st->st_ino, below, through, s->n_claims };
}

/* Removes "", "." and ".." from a way through folders that are not there yet. */
static void way_simplify(char *way)
{
	char *to = way, *from = way, *part;

	while ((part = strsep(&from, "/"))) {
		size_t n = strlen(part);

		if (n == 0 || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..") && to > way) {
			for (to--; to > way && to[-1] != '/'; to--)
				;
			continue;
		}
		memmove(to, part, n);
		to += n;
		*to++ = '/';
	}
	to[to > way ? -1 : 0] = '\0';
}

/* Where a path leads, by the nearest folder above its last part that is there. */
static void mark_place(struct conflict_search *s, const char *path, bool through)
{
	auto_free char *folder = NULL;
	const char *end = path + strlen(path);
	struct stat st = { 0 };
	char *below;

	while (end > path) {
		for (end--; end > path && end[-1] != '/'; end--)
			;
		free(folder);
		folder = end == path ? strdup(".") : strndup(path, (size_t)(end - path));
		if (!folder) {
			s->no_memory = true;
			return;
		}
		if (stat(folder, &st) == 0)
			break;
	}
	below = folder ? strdup(end) : NULL;
	s->no_memory |= !below;
	if (!below)
		return;
	way_simplify(below);
	mark_add(s, &st, below, through);
}

/*
 * The path with the link `link` of it, which begins at `name`, replaced by where it leads; NULL: it
 * leads nowhere.
 */
static char *link_followed(const char *link, size_t name, const char *rest)
{
	char target[PATH_MAX], *made;
	ssize_t n = readlink(link, target, sizeof(target));

	if (n <= 0 || n == sizeof(target))
		return NULL;
	if (asprintf(&made, "%.*s%.*s%s", target[0] == '/' ? 0 : (int)name, link, (int)n, target,
	             rest) < 0)
		return NULL;
	return made;
}

/*
 * Each symbolic link on the way, which must stay until the path has been opened, and the place
 * where the way ends, be the folders on it there or not yet. An output that is itself a link is
 * never followed.
 */
static void mark_way(struct conflict_search *s, const char *path, bool last_too)
{
	auto_free char *way = strdup(path);
	size_t at = 0, end;
	int links = 0;

	for (; way && way[at]; at = end) {
		auto_free char *part = NULL;
		size_t name = at + strspn(way + at, "/");
		char *next;

		end = name + strcspn(way + name, "/");
		if ((!way[end] && !last_too) || !(part = strndup(way, end)))
			break;
		next = links < LINKS_MAX ? link_followed(part, name, way + end) : NULL;
		if (!next)
			continue;
		mark_place(s, part, true);
		links++;
		end = next[0] == '/' ? 0 : name;
		free(way);
		way = next;
	}
	s->no_memory |= !way;
	if (way)
		mark_place(s, way, false);
}

/* Takes over c.path. False: it is a pipe or a device, which may be shared. */
static bool claim_add(struct conflict_search *s, struct claim c)
{
	struct claim *list = grown(s, s->claims, s->n_claims, sizeof(*list));
	struct stat st;
	bool there = c.path && stat(c.path, &st) == 0;

	s->no_memory |= !c.path;
	if (!list || !c.path || (there && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		free(c.path);
		s->claims = list ? list : s->claims;
		return false;
	}
	if (there)
		mark_add(s, &st, NULL, false);
	mark_way(s, c.path, c.kind == CLAIM_INPUT);
	s->claims = list;
	list[s->n_claims++] = c;
	return true;
}

/* Where it is a regular file; how it came to be open is the shell's affair. */
static void claim_stream(struct conflict_search *s, int fd, const char *what)
{
	struct claim c = { CLAIM_STREAM, what, strdup(what), NULL, { 0 }, false };
	struct claim *list = grown(s, s->claims, s->n_claims, sizeof(*list));
	struct stat st;

	s->claims = list ? list : s->claims;
	if (!list || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		free(c.path);
		return;
	}
	mark_add(s, &st, NULL, false);
	list[s->n_claims++] = c;
}

static char *path_joined(const char *path, const char *end)
{
	char *made;

	return asprintf(&made, "%s%s", path, end) < 0 ? NULL : made;
}

static char *path_result(const char *folder, const char *sub, const char *before, const char *name)
{
	char *made;
	int n = asprintf(&made, "%s/%s%s%s%s", folder, sub ? sub : "", sub ? "/" : "", before,
	                 name);

	return n < 0 ? NULL : made;
}

/* Each of `names`, and the form it may have while it is written, in the folder of one run. */
static void claim_results(struct conflict_search *s, const char *sub, const char *const *names,
                          bool decides)
{
	static const char *const befores[] = { "", "." };

	for (; *names; names++)
		for (size_t i = 0; i < ARRAY_SIZE(befores); i++) {
			char *path = path_result(s->ask->results, sub, befores[i], *names);

			claim_add(s,
			          (struct claim){
					  CLAIM_RESULT, "--results", path, NULL, { 0 }, decides });
		}
}

static void claim_folders(struct conflict_search *s)
{
	const struct labels *l = s->ask->labels;

	claim_results(s, NULL, outputs_result_names, true);
	for (unsigned i = 0; i < l->n; i++)
		claim_results(s, label_file(l, i),
		              outputs_names + (l->several ? 0 : OUTPUTS_DECIDE), false);
}

/* A file that a guest or --stats writes, and what its log may need beside it. */
static void claim_output(struct conflict_search *s, struct claim c, const char *label, bool is_log)
{
	char *path = output_descriptor(c.path) < 0 ? labelled_path(c.path, label) : NULL;

	s->no_memory |= !path && output_descriptor(c.path) < 0;
	if (!path)
		return;
	c.path = path;
	is_log &= claim_add(s, c);
	for (int i = 0; is_log && i < LOG_FILE_TAILS; i++) {
		c.path = path_joined(path, log_file_tails[i]);
		claim_add(s, c);
	}
}

/* The manifest of the run `first` and what it names; its runs follow one another. */
static void claim_manifest(struct conflict_search *s, unsigned first,
                           const struct manifest_paths *p)
{
	const struct labels *l = s->ask->labels;
	const char *manifest = l->list[first].manifest;

	if (manifest && manifest != manifest_stdin)
		claim_add(s, (struct claim){ CLAIM_INPUT,
		                             "the manifest",
		                             strdup(manifest),
		                             manifest,
		                             { 0 },
		                             false });
	for (const struct manifest_path *m = p->list; m < p->list + p->count; m++) {
		struct claim c = { m->output ? CLAIM_OUTPUT : CLAIM_INPUT,
			           m->key,
			           m->path,
			           manifest,
			           m->at,
			           false };
		unsigned run = first + m->run;

		if (m->output && run < l->n && l->list[run].run == m->run) {
			claim_output(s, c, label_variant(l, run), true);
		} else if (!m->output) {
			c.path = strdup(m->path);
			claim_add(s, c);
		}
	}
}

static void claim_manifests(struct conflict_search *s)
{
	struct labels *l = s->ask->labels;
	struct error told_later = { 0 };
	bool unknown = false;

	for (unsigned i = 0; i < l->n; i++) {
		struct manifest_paths paths;

		if (l->list[i].run != 0) {
			l->list[i].inputs_unknown = unknown;
			continue;
		}
		paths = (struct manifest_paths){ 0 };
		unknown = manifest_paths(l->list[i].source, &paths, &told_later) < 0;
		l->list[i].inputs_unknown = unknown;
		claim_manifest(s, i, &paths);
		manifest_paths_free(&paths);
	}
}

static void claim_options(struct conflict_search *s)
{
	const struct conflicts_ask *q = s->ask;
	struct claim stats = { CLAIM_OUTPUT, "--stats", (char *)q->stats_file, NULL, { 0 }, false };

	for (unsigned i = 0; q->stats_file && i < q->labels->n; i++)
		claim_output(s, stats, label_file(q->labels, i), false);
	if (q->results)
		claim_folders(s);
	if (q->streams) {
		claim_stream(s, STDOUT_FILENO, "standard output");
		claim_stream(s, STDERR_FILENO, "standard error");
	}
}

static int mark_order(const void *x, const void *y)
{
	const struct mark *a = x, *b = y;

	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	if (!a->below || !b->below)
		return !a->below - !b->below;
	return strcmp(a->below, b->below);
}

static int mark_order_full(const void *x, const void *y)
{
	const struct mark *a = x, *b = y;
	int order = mark_order(a, b);

	if (!order)
		order = a->through - b->through;
	return order ? order : a->claim < b->claim ? -1 : a->claim > b->claim;
}

static bool clash(const struct claim *a, const struct claim *b)
{
	bool reads = a->kind == CLAIM_INPUT && b->kind == CLAIM_INPUT;
	bool streams = a->kind == CLAIM_STREAM && b->kind == CLAIM_STREAM;

	return a != b && !reads && !streams;
}

static void conflict_place(const struct claim *c, struct error *err)
{
	const struct manifest m = { .file = (char *)(c->manifest ? c->manifest
		                                                 : MANIFEST_OPTIONS) };

	if (c->at.by || c->at.line)
		manifest_at_location(&m, &c->at, err);
}

/*
 * `a` is written; `b` is read, or written too, or leads through a link that has the place of `a`.
 */
static void conflict_say(const struct claim *a, const struct claim *b, bool through,
                         struct error *err)
{
	if (b->kind == CLAIM_INPUT)
		error_set(err, ERROR_OUTPUT_CONFLICT, "%s would write over '%s', which is %s",
		          a->what, b->path, b->what);
	else if (!strcmp(a->what, b->what))
		error_set(err, ERROR_OUTPUT_CONFLICT, "two runs would write '%s' for %s", b->path,
		          a->what);
	else
		error_set(err, ERROR_OUTPUT_CONFLICT, "%s and %s would both write '%s'", a->what,
		          b->what, a->kind == CLAIM_STREAM ? b->path : a->path);
	if (through)
		error_why(err, "'%s' is a link on the way there, which would be replaced", a->path);
	else if (strcmp(a->path, b->path) != 0 && a->kind != CLAIM_STREAM &&
	         b->kind != CLAIM_STREAM)
		error_why(err, "'%s' and '%s' are the same file", a->path, b->path);
	error_fix(err,
	          a->kind == CLAIM_RESULT ? "name another folder" : "name another file, or none");
	conflict_place(b->kind == CLAIM_OUTPUT ? b : a, err);
	conflict_place(b->kind == CLAIM_OUTPUT ? a : b, err);
}

/* Told is the one whose later claim comes first: of the rest, most are its copies in other runs. */
static void conflict_choose(struct conflict_search *s, struct conflicts *ret)
{
	const struct claim *first = NULL, *other = NULL;
	bool through = false;

	qsort(s->marks, s->n_marks, sizeof(*s->marks), mark_order_full);
	for (size_t begin = 0, end; begin < s->n_marks; begin = end) {
		const struct claim *a = &s->claims[s->marks[begin].claim];

		for (end = begin + 1;
		     end < s->n_marks && !mark_order(&s->marks[begin], &s->marks[end]); end++) {
			const struct claim *b = &s->claims[s->marks[end].claim];

			if (!clash(a, b) || s->marks[begin].through)
				continue;
			ret->results_untouched |= a->decides || b->decides;
			if (first && b > other)
				continue;
			first = a;
			other = b;
			through = s->marks[end].through;
		}
	}
	if (!first)
		return;
	if (first->kind == CLAIM_INPUT)
		conflict_say(other, first, through, &ret->err);
	else
		conflict_say(first, other, through, &ret->err);
}

bool conflicts_find(const struct conflicts_ask *q, struct conflicts *ret)
{
	struct conflict_search s = { .ask = q };

	*ret = (struct conflicts){ 0 };
	claim_manifests(&s);
	claim_options(&s);
	if (s.no_memory)
		error_nomem(&ret->err, "names of files");
	else if (s.n_marks > 0)
		conflict_choose(&s, ret);
	for (size_t i = 0; i < s.n_claims; i++)
		free(s.claims[i].path);
	for (size_t i = 0; i < s.n_marks; i++)
		free(s.marks[i].below);
	free(s.claims);
	free(s.marks);
	return ret->err.kind == ERROR_NONE;
}
