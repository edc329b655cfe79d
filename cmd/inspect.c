/* SPDX-License-Identifier: MIT */
/* cmd/inspect.c: files -> what they hold; needs no host and no manifest. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/show.h"
#include "core/base/file.h"
#include "firmware/images.h"
#include "firmware/inspect.h"

/* What a file must be small enough for: the largest kind is a kernel. */
#define FILE_MAX IMAGES_KERNEL_MAX

struct inspect {
	struct files files;
	size_t shown;
	struct tree *tree; /* not for people: one document of all files */
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
	OUTPUT_OPTION,
	{ 0 },
};

/*
 * People get a document a file, each as soon as it is read, under its name where there are several.
 */
static int inspect_print(const struct inspect *c, const char *path, const struct inspected *i,
                         struct error *err)
{
	auto_tree struct tree *t = tree_new();

	if (c->shown)
		putchar('\n');
	tree_map(t, c->files.count > 1 ? path : NULL);
	inspect_describe(i, t);
	tree_end(t);
	return tree_print_text(t, stdout, err);
}

static void inspect_add(struct tree *t, const char *path, const struct inspected *i)
{
	tree_map(t, NULL);
	tree_text(t, "schema", "snpvmm.inspect/1");
	tree_text(t, "file", path);
	inspect_describe(i, t);
	tree_end(t);
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
	if (show_for_people())
		r = inspect_print(c, path, &i, err);
	else
		inspect_add(c->tree, path, &i);
	c->shown += r == 0;
	return r;
}

/* Goes on after a file that fails; the status tells. */
static int inspect_all(struct inspect *c, struct error *err)
{
	auto_tree struct tree *t = c->tree = tree_new();
	int status = STATUS_OK;

	if (c->files.count > 1)
		tree_list(t, NULL);
	for (size_t i = 0; i < c->files.count; i++) {
		struct error one = { 0 };

		if (inspect_file(c, c->files.paths[i], &one) == 0)
			continue;
		fflush(stdout); /* so that the two come in order where they go to one place */
		error_print(&one);
		status = STATUS_USAGE;
	}
	return show_for_people() ? status : show_finish(t, c->files.count > 1, status, err);
}

static int inspect_main(int argc, char **argv, struct error *err)
{
	struct inspect c = { 0 };
	int status = command_parse(&command_inspect, inspect_option, argc, argv, &c, NULL, err);

	if (status != STATUS_OK)
		return status;
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
