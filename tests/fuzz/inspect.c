/* SPDX-License-Identifier: MIT */
/* tests/fuzz/inspect.c: libFuzzer target: any bytes are refused by name, or described in every format. */
#include <stdio.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/out/emit.h"
#include "firmware/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int (*const formats[])(struct emitter *ret, struct error *err) = { emit_text, emit_json,
	                                                                  emit_cbor };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *nowhere;
	auto_blob struct blob decoded = BLOB_NONE;
	struct error err = { 0 };
	struct inspected i;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	if (!inspect_read_text(data, size, &decoded, &i) &&
	    inspect_read(data, size, &i, &err) < 0) {
		if (err.kind == ERROR_NONE || !err.text[0])
			__builtin_trap();
		return 0;
	}
	for (size_t n = 0; n < ARRAY_SIZE(formats); n++) {
		struct emitter e;

		if (formats[n](&e, &err) < 0)
			continue;
		e.map(e.self, NULL);
		inspect_emit(&i, &e);
		e.end(e.self);
		if (e.finish(e.self, nowhere, &err) < 0)
			__builtin_trap();
	}
	return 0;
}
