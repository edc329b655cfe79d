/* SPDX-License-Identifier: MIT */
/* core/out/json.c: results for scripts: JSON, by jansson. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/out/emit.h"

enum { DEPTH_MAX = 8 };

struct json_emitter {
	json_t *open[DEPTH_MAX], *root;
	int depth;
	bool failed;
};

/* Takes the reference to value over. */
static void json_put(struct json_emitter *j, const char *key, json_t *value)
{
	json_t *in = j->depth ? j->open[j->depth - 1] : NULL;
	int r = -1;

	if (!value)
		r = -1;
	else if (!in && !j->root) {
		j->root = value;
		r = 0;
	} else if (in)
		r = json_is_array(in) ? json_array_append_new(in, value)
		                      : json_object_set_new(in, key, value);
	else
		json_decref(value);
	j->failed |= r < 0;
}

static void json_enter(struct json_emitter *j, const char *key, json_t *value)
{
	json_put(j, key, value);
	if (!j->failed && j->depth < DEPTH_MAX)
		j->open[j->depth++] = value;
	else
		j->failed = true;
}

static void json_map(void *self, const char *key)
{
	json_enter(self, key, json_object());
}

static void json_list(void *self, const char *key)
{
	json_enter(self, key, json_array());
}

static void json_end(void *self)
{
	struct json_emitter *j = self;

	j->failed |= j->depth == 0; /* nothing is open */
	j->depth -= j->depth > 0;
}

static void json_number(void *self, const char *key, uint64_t value)
{
	/* jansson's integers are signed; a wrong number would be worse than none. */
	json_put(self, key, value > INT64_MAX ? NULL : json_integer((json_int_t)value));
}

static void json_truth(void *self, const char *key, bool value)
{
	json_put(self, key, json_boolean(value));
}

static void json_text(void *self, const char *key, const char *value)
{
	json_put(self, key, json_string(value));
}

static void json_bytes(void *self, const char *key, const uint8_t *data, size_t size)
{
	auto_free char *hex = malloc(2 * size + 1);

	json_put(self, key, hex ? json_string(hex_of(data, size, hex)) : NULL);
}

static int json_failed(struct error *err)
{
	error_set(err, ERROR_OUTPUT, "the result cannot be written as JSON");
	return error_why(
		err, "a text in it is not UTF-8, a number is above 2^63 - 1, or memory ran out");
}

static int json_finish(void *self, FILE *to, struct error *err)
{
	struct json_emitter *j = self;
	int r = 0;

	if (j->failed || j->depth || !j->root)
		r = json_failed(err);
	else if (json_dumpf(j->root, to, JSON_INDENT(2) | JSON_ENCODE_ANY) < 0 ||
	         fputc('\n', to) == EOF)
		r = error_sys(err, ERROR_OUTPUT, errno, "writing JSON");
	json_decref(j->root);
	free(j);
	return r;
}

int emit_json(struct emitter *ret, struct error *err)
{
	struct json_emitter *j = calloc(1, sizeof(*j));

	if (!j)
		return error_nomem(err, "JSON");
	*ret = (struct emitter){
		.self = j,
		.map = json_map,
		.list = json_list,
		.end = json_end,
		.number = json_number,
		.boolean = json_truth,
		.text = json_text,
		.bytes = json_bytes,
		.finish = json_finish,
	};
	return 0;
}
