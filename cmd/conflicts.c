/* SPDX-License-Identifier: MIT */
/* cmd/conflicts.c: a sorted list of all inputs and outputs, by what and where each file is. */
#include "cmd/conflicts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/labels.h"
#include "cmd/options.h"
#include "cmd/results.h"
#include "cmd/settings.h"
#include "config/paths.h"
#include "core/base/array.h"
#include "core/dev/log_file.h"

/* A file that a run reads, or that it writes, makes or removes. */
struct claim {
	enum { CLAIM_INPUT, CLAIM_OUTPUT, CLAIM_RESULT, CLAIM_STREAM } kind;
	const char *what;     /* "boot.kernel", "--results", "standard output"; static */
	char *path;           /* as the user gave it */
	const char *manifest; /* that names it; NULL: none */
	struct location at;   /* in that manifest; empty: nowhere */
	bool is_result;       /* result.json or junit.xml in the folder of --results */
};

/* Two claims with equal marks are the same file. */
struct mark {
	dev_t dev; /* of the file if `below` is NULL, else of the nearest folder that exists */
	ino_t ino;
	char *below;  /* the path from that folder on */
	bool through; /* a symbolic link that the path of the claim leads through */
	size_t claim; /* its index */
};

enum { LINKS_MAX = 40 }; /* the kernel's limit */

struct conflict_search {
	const struct conflicts_ask *ask;
	struct claim *claims;
	struct mark *marks;
	size_t n_claims, n_marks;
	bool no_memory;
};

/* Marks the next claim; takes over `below`. */
static void mark_add(struct conflict_search *s, const struct stat *st, char *below, bool through)
{
	if (!ARRAY_GROW(s->marks, s->n_marks)) {
		s->no_memory = true;
		free(below);
		return;
	}
	s->marks[s->n_marks++] =
		(struct mark){ st->st_dev, st->st_ino, below, through, s->n_claims };
}

/* Removes "", "." and ".." from a path through folders that don't exist yet. */
static void path_simplify(char *path)
{
	char *to = path, *from = path, *part;

	while ((part = strsep(&from, "/"))) {
		size_t n = strlen(part);

		if (n == 0 || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..") && to > path) {
			for (to--; to > path && to[-1] != '/'; to--)
				;
			continue;
		}
		memmove(to, part, n);
		to += n;
		*to++ = '/';
	}
	to[to > path ? -1 : 0] = '\0';
}

/* Marks where a path leads: the nearest folder above its last part that exists, and the rest. */
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
	path_simplify(below);
	mark_add(s, &st, below, through);
}

/*
 * Marks each symbolic link on the path, which must stay until the path has been opened, and the
 * place where the path ends, whether its folders exist yet or not. An output's last part is not
 * followed: outputs are never links.
 */
static void mark_path(struct conflict_search *s, const char *path, bool follow_last)
{
	auto_free char *way = strdup(path);
	char target[PATH_MAX], *next;
	int links = 0;

	for (size_t at = 0, end; way && way[at]; at = end) {
		size_t name = at + strspn(way + at, "/");
		char after;
		ssize_t n;

		end = name + strcspn(way + name, "/");
		after = way[end];
		if (!after && !follow_last)
			break;
		way[end] = '\0';
		n = links < LINKS_MAX ? readlink(way, target, sizeof(target)) : -1;
		if (n <= 0 || n == sizeof(target)) {
			way[end] = after;
			continue;
		}
		links++;
		mark_place(s, way, true);
		way[end] = after;
		/* the target is relative to the folder of the link */
		if (asprintf(&next, "%.*s%.*s%s", target[0] == '/' ? 0 : (int)name, way, (int)n,
		             target, way + end) < 0)
			next = NULL;
		free(way);
		way = next;
		end = target[0] == '/' ? 0 : name;
	}
	s->no_memory |= !way;
	if (way)
		mark_place(s, way, false);
}

/*
 * Takes over c.path. A stream is known by its descriptor, everything else by its path (`fd` is -1).
 * False: it is a pipe or a device, which may be shared, or memory ran out.
 */
static bool claim_add(struct conflict_search *s, struct claim c, int fd)
{
	struct stat st;
	bool exists = fd >= 0 ? fstat(fd, &st) == 0 : c.path && stat(c.path, &st) == 0;
	bool shared = exists ? !S_ISREG(st.st_mode) && (fd >= 0 || !S_ISDIR(st.st_mode)) : fd >= 0;

	if (!c.path || !ARRAY_GROW(s->claims, s->n_claims)) {
		s->no_memory = true;
		shared = true;
	}
	if (shared) {
		free(c.path);
		return false;
	}
	if (exists)
		mark_add(s, &st, NULL, false);
	if (fd < 0)
		mark_path(s, c.path, c.kind == CLAIM_INPUT);
	s->claims[s->n_claims++] = c;
	return true;
}

/* Adds each of `names` in the folder of one run, and the dotted name it has while it is written. */
static void claim_results(struct conflict_search *s, const char *sub, const char *const *names,
                          bool is_result)
{
	for (; *names; names++)
		for (int dotted = 0; dotted < 2; dotted++) {
			struct claim c = { CLAIM_RESULT, .what = "--results",
				           .is_result = is_result };

			if (asprintf(&c.path, "%s/%s%s%s%s", s->ask->results, sub ? sub : "",
			             sub ? "/" : "", dotted ? "." : "", *names) < 0)
				c.path = NULL;
			claim_add(s, c, -1);
		}
}

/* Adds a file that a guest or --stats writes, and those that its log needs in the same folder. */
static void claim_output(struct conflict_search *s, struct claim c, const char *label, bool is_log)
{
	char *path;

	if (output_descriptor(c.path) >= 0)
		return;
	c.path = path = labelled_path(c.path, label);
	is_log &= claim_add(s, c, -1);
	for (int i = 0; is_log && i < LOG_FILE_TAILS; i++) {
		if (asprintf(&c.path, "%s%s", path, log_file_tails[i]) < 0)
			c.path = NULL;
		claim_add(s, c, -1);
	}
}

/* Adds files that options name for all runs to read. */
static void claim_inputs(struct conflict_search *s, const char *what, const struct option_paths *p)
{
	for (size_t i = 0; p && i < p->count; i++) {
		struct claim c = { CLAIM_INPUT, .what = what, .path = strdup(p->list[i]) };

		claim_add(s, c, -1);
	}
}

/* Adds the manifest of the run `first` and the files that it names for that and its other runs. */
static void claim_manifest(struct conflict_search *s, unsigned first,
                           const struct manifest_paths *p)
{
	const struct labels *l = s->ask->labels;
	const char *manifest = l->list[first].manifest;
	struct claim c = { CLAIM_INPUT, .what = "the manifest", .manifest = manifest };

	if (manifest && manifest != manifest_stdin) {
		c.path = strdup(manifest);
		claim_add(s, c, -1);
	}
	for (const struct manifest_path *m = p->list; m < p->list + p->count; m++) {
		unsigned run = first + m->run;

		c.kind = m->output ? CLAIM_OUTPUT : CLAIM_INPUT;
		c.what = m->key;
		c.at = m->at;
		c.path = m->output ? m->path : strdup(m->path);
		if (!m->output)
			claim_add(s, c, -1);
		else if (run < l->n && l->list[run].run == m->run)
			claim_output(s, c, label_variant(l, run), true);
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

/* Adds the place where the manifest names the file, if one does. */
static void conflict_place(const struct claim *c, struct error *err)
{
	const struct manifest m = { .file = (char *)(c->manifest ? c->manifest
		                                                 : MANIFEST_OPTIONS) };

	if (c->at.by || c->at.line)
		manifest_at_location(&m, &c->at, err);
}

/*
 * `a` is written. `b` is also written, or read; or (`through`) its path leads through a link that
 * `a` would replace.
 */
static void conflict_report(const struct claim *a, const struct claim *b, bool through,
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

/*
 * Reports one conflict: the one whose later claim comes first, as most others repeat it for other
 * runs.
 */
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

			if (a == b || s->marks[begin].through ||
			    (a->kind == b->kind &&
			     (a->kind == CLAIM_INPUT || a->kind == CLAIM_STREAM)))
				continue;
			ret->results_untouched |= a->is_result || b->is_result;
			if (first && b > other)
				continue;
			first = a;
			other = b;
			through = s->marks[end].through;
		}
	}
	if (first)
		conflict_report(first->kind == CLAIM_INPUT ? other : first,
		                first->kind == CLAIM_INPUT ? first : other, through, &ret->err);
}

bool conflicts_find(const struct conflicts_ask *q, struct conflicts *ret)
{
	const struct claim stats = { CLAIM_OUTPUT, .what = "--stats",
		                     .path = (char *)q->stats_file };
	static const char *const streams[] = {
		[STDOUT_FILENO] = "standard output", [STDERR_FILENO] = "standard error"
	};
	struct conflict_search s = { .ask = q };
	struct labels *l = q->labels;

	*ret = (struct conflicts){ 0 };
	for (unsigned i = 0; i < l->n; i++) {
		struct manifest_paths paths = { 0 };
		struct error ignored = { 0 }; /* it is reported when the manifest is read */

		if (l->list[i].run != 0) {
			l->list[i].inputs_unknown = l->list[i - 1].inputs_unknown;
			continue;
		}
		l->list[i].inputs_unknown = manifest_paths(l->list[i].source, &paths, &ignored) < 0;
		claim_manifest(&s, i, &paths);
		manifest_paths_free(&paths);
	}
	claim_inputs(&s, "--certs", q->certs);
	claim_inputs(&s, "--root", q->roots);
	for (unsigned i = 0; q->stats_file && i < l->n; i++)
		claim_output(&s, stats, label_file(l, i), false);
	if (q->results)
		claim_results(&s, NULL, results_end_names, true);
	for (unsigned i = 0; q->results && i < l->n; i++)
		claim_results(&s, label_file(l, i),
		              results_names + (l->several ? 0 : RESULTS_END_FILES), false);
	for (int fd = STDOUT_FILENO; q->streams && fd <= STDERR_FILENO; fd++)
		claim_add(&s,
		          (struct claim){ CLAIM_STREAM, .what = streams[fd],
		                          .path = strdup(streams[fd]) },
		          fd);
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
