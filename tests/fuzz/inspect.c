/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/inspect.c: libFuzzer target: any bytes are refused with a reason, or described in
 * every format.
 */
#include "core/out/tree.h"
#include "firmware/inspect.h"
#include "tests/fuzz/fuzz.h"

static tree_print *const formats[] = { tree_print_text, tree_print_json, tree_print_cbor };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	auto_tree struct tree *t = NULL;
	auto_blob struct blob decoded = BLOB_NONE;
	struct error err = { 0 };
	struct inspected i;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (!inspect_read_text(data, size, &decoded, &i) &&
	    inspect_read(data, size, &i, &err) < 0) {
		must_explain(&err);
		return 0;
	}
	t = tree_new();
	tree_map(t, NULL);
	inspect_describe(&i, t);
	tree_end(t);
	for (size_t n = 0; n < ARRAY_SIZE(formats); n++)
		must(formats[n](t, nowhere, &err) == 0);
	return 0;
}
