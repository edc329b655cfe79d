/* SPDX-License-Identifier: MIT */
/* cmd/inspect.c: files -> what they hold; needs no host and no manifest. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/show.h"
#include "core/base/file.h"
#include "core/out/emit.h"
#include "firmware/images.h"
#include "firmware/inspect.h"

/* What a file must be small enough for: the largest kind is a kernel. */
#define FILE_MAX IMAGES_KERNEL_MAX

struct inspect {
	struct files files;
	size_t shown;
	enum show_format format;
	struct emitter emitter; /* for JSON and CBOR: one document of all files */
};

static error_t inspect_option(int key, char *argument, struct argp_state *state)
{
	struct inspect *c = state->input;

	switch (key) {
	case 'o':
		return output_option(argument);
	default:
		return files_option(key, state, NULL, &c->files);
	}
}

static const struct argp_option inspect_options[] = {
	{ "output", 'o', "FORMAT", 0, "text, json or cbor", 0 },
	{ 0 },
};

/* People get a document a file, each as soon as it is read, under its name where there are several. */
static int show_text(const struct inspect *c, const char *path, const struct inspected *i,
                     struct error *err)
{
	struct emitter e;

	if (show_emitter(SHOW_TEXT, &e, err) < 0)
		return err->code;
	if (c->shown)
		putchar('\n');
	e.map(e.self, c->files.count > 1 ? path : NULL);
	inspect_emit(i, &e);
	e.end(e.self);
	return e.finish(e.self, stdout, err);
}

static void show_fields(const struct emitter *e, const char *path, const struct inspected *i)
{
	e->map(e->self, NULL);
	e->text(e->self, "schema", "snpvmm.inspect/1");
	e->text(e->self, "file", path);
	inspect_emit(i, e);
	e->end(e->self);
}

/* "-" is standard input. */
static int file_read(const char *path, struct blob *ret, struct error *err)
{
	return strcmp(path, "-") == 0 ? blob_read_stdin(FILE_MAX, ret, err)
	                              : blob_read(path, FILE_MAX, ret, err);
}

static int inspect_file(struct inspect *c, const char *path, struct error *err)
{
	auto_blob struct blob b = BLOB_NONE, decoded = BLOB_NONE;
	struct inspected i;
	int r = file_read(path, &b, err);

	if (r == 0 && !inspect_read_text(b.data, b.size, &decoded, &i))
		r = inspect_read(b.data, b.size, &i, err);
	if (r < 0)
		return error_at(err, path, 0, 0);
	if (c->format == SHOW_TEXT)
		r = show_text(c, path, &i, err);
	else
		show_fields(&c->emitter, path, &i);
	c->shown += r == 0;
	return r;
}

/* Goes on after a file that fails; the status tells. */
static int inspect_all(struct inspect *c, struct error *err)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < c->files.count; i++) {
		struct error one = { 0 };

		if (inspect_file(c, c->files.paths[i], &one) == 0)
			continue;
		fflush(stdout); /* so that the two come in order where they go to one place */
		error_print(&one);
		status = STATUS_USAGE;
	}
	return c->format == SHOW_TEXT ? status
	                              : show_finish(&c->emitter, c->files.count > 1, status, err);
}

static int inspect_main(int argc, char **argv, struct error *err)
{
	struct inspect c = { 0 };
	int status = command_parse(&command_inspect, inspect_option, argc, argv, &c, NULL, err);

	if (status != STATUS_OK)
		return status;
	c.format = show_wanted();
	if (c.format != SHOW_TEXT && show_emitter(c.format, &c.emitter, err) < 0)
		return STATUS_USAGE;
	if (c.format != SHOW_TEXT && c.files.count > 1)
		c.emitter.list(c.emitter.self, NULL);
	return inspect_all(&c, err);
}

const struct command command_inspect = {
	.name = "inspect",
	.args = "FILE...",
	.summary = "Show what an image, ID block or report holds",
	.doc = "Show what each FILE holds: an OVMF-style firmware image, a Linux kernel, an ID "
	       "block, an ID authentication, a certificate table or an attestation report (these "
	       "in hex or base64 too), or what else it is. Content and size tell. - is standard "
	       "input.",
	.options = inspect_options,
	.has_result = true,
	.main = inspect_main,
};
