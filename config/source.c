/* SPDX-License-Identifier: MIT */
/* config/source.c: reads and parses a manifest's text, once for all runs of its matrix. */
#include "config/source.h"

#include <fcntl.h>
#include <stdlib.h>

#include "config/value.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/filekind.h"
#include "core/base/findings.h"
#include "core/base/sha2.h"

/* A file too large for a manifest is read up to this size, to say what it is. */
#define OTHER_FILE_MAX ((size_t)512 << 20)

/*
	 * Replaces the error that this is not YAML by one that says what it is, a kernel for
	 * example.
	 */
static int refuse_other_file(const char *path, const uint8_t *bytes, size_t size, struct error *err)
{
	struct error found;

	if (file_kind_refuse(bytes, size, ROLE_MANIFEST, err->kind, &found) == 0)
		return err->code;
	*err = found;
	error_wrap(err, "'%s'", path);
	return error_at(err, path, 0, 0);
}

/* Reads the text at a path. On failure, says what is there instead and what to do about it. */
static int text_read(const struct confine *in, const char *path, struct blob *ret,
                     struct error *err)
{
	auto_blob struct blob other = BLOB_NONE;
	auto_fd int folder = -1;
	struct error ignored = { 0 };

	if (blob_read_in(in, path, YAML_MAX_SIZE, ret, NULL, err) == 0)
		return 0;
	if (err->kind == ERROR_FILE_TOO_LARGE) {
		error_why(err, "a manifest has at most 1 MiB");
		if (blob_read_in(in, path, OTHER_FILE_MAX, &other, NULL, &ignored) == 0)
			refuse_other_file(path, other.data, other.size, err);
	} else if (err->kind == ERROR_FILE) {
		folder = confine_open(in, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		if (folder >= 0) {
			error_why(err, "it is a folder");
			error_fix(err, "name the manifest itself, such as a file in that folder");
		}
		file_fix("", err);
	}
	return error_at(err, path, 0, 0);
}

/* Reads what all runs share. Fails only if reading can't go on; other mistakes are findings. */
static int source_read(struct manifest_source *s, const struct blob *text,
                       const struct manifest_choice *choice)
{
	struct inputs *in = &s->inputs;
	auto_yaml struct yaml_tree *root = NULL;
	int r = yaml_tree_parse(in->path, text->data, text->size, &root, in->r.findings, in->r.err);

	sha256(text->data, text->size, s->sha256);
	s->unclear = r < 0 || in->r.findings->errors > 0;
	if (r == 0 && root->kind != YAML_MAP) {
		error_set(in->r.err, ERROR_SYNTAX, "a manifest is a map of keys");
		error_fix(in->r.err, "begin with 'version: 1'");
		r = reader_at_value(&in->r, root);
	}
	if (r < 0)
		return refuse_other_file(in->path, text->data, text->size, in->r.err);
	in->root = s->root = root;
	root = NULL;
	r = collect_file(in);
	if (r == 0)
		r = collect_settings(in, choice);
	return r == 0 ? matrix_collect(in) : r;
}

struct manifest_source *manifest_source_new(const char *path, const struct manifest_choice *choice)
{
	static uint8_t bare[] = "version: 1\n";
	auto_blob struct blob text = BLOB_NONE;
	const struct blob none = { .data = bare, .size = sizeof(bare) - 1 };
	const struct blob *from = !path ? &none : choice && choice->text ? choice->text : &text;
	struct manifest_source *s = calloc(1, sizeof(*s));
	struct error err = { 0 };
	struct inputs *in;
	int r;

	if (!s)
		return NULL;
	in = &s->inputs;
	in->path = in->r.file = in->r.beside = path ? path : MANIFEST_OPTIONS;
	in->no_file = !path;
	in->r.findings = &s->findings;
	in->r.err = &err;
	s->confine = choice ? choice->confine : NULL;
	if (choice && choice->text_failed)
		r = (err = *choice->text_failed).code;
	else
		r = from == &text ? text_read(s->confine, path, &text, &err) : 0;
	if (r == 0)
		r = source_read(s, from, choice);
	if (r < 0) {
		findings_add(&s->findings, SEVERITY_ERROR, &err);
		yaml_tree_free(s->root);
		s->root = NULL;
	}
	return s;
}

void manifest_source_free(struct manifest_source *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < KEYS; i++)
		yaml_tree_free(s->inputs.of[i].own);
	yaml_tree_free(s->root);
	findings_fini(&s->findings);
	free(s);
}

void source_begin_run(const struct manifest_source *s, struct inputs *in, struct manifest *m,
                      struct findings *f, struct error *err)
{
	*in = s->inputs;
	in->r.m = m;
	in->r.findings = f;
	in->r.err = err;
}
