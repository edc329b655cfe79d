/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/console.c: libFuzzer target: any bytes as a guest's console, in pieces of any size;
 * the first two bytes choose them.
 */

#include "core/vm/outcome.h"
#include "core/vm/watch.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const expected[] = { "^a", "[0-9]{2,3}$", "c(d|e)+", "\\d\\s", "" };
	static const char *const never[] = { "Kernel panic", "^x.*y$" };
	const struct watch_rules rules = { expected, ARRAY_SIZE(expected), never,
		                           ARRAY_SIZE(never) };
	struct error err = { 0 };
	struct outcome o = { 0 };
	struct watch *w = watch_new(&rules, &err);
	char tail[64];
	size_t piece, n;

	must(w);
	if (size < 2) {
		watch_free(w);
		return 0;
	}
	piece = (size_t)data[0] * 64 + 1;
	for (size_t at = 2; at < size; at += n) {
		n = MIN(piece, size - at);
		watch_put(w, data + at, n);
		if (data[1] & 1)
			watch_pause(w);
	}
	watch_end(w);
	must(watch_met(w) <= ARRAY_SIZE(expected));
	must(watch_complete(w) == (watch_outstanding(w) == NULL));
	n = watch_tail(w, tail, sizeof(tail));
	must(n == MIN(size - 2, sizeof(tail)) && !memcmp(tail, data + size - n, n));
	must(strlen(watch_last_line(w)) < 256);
	if (watch_forbidden(w))
		watch_outcome(w, &o);
	must(!watch_forbidden(w) || o.kind == GUEST_PANICKED || o.kind == CONSOLE_FORBIDDEN ||
	     o.kind == CONSOLE_UNDECIDED);
	watch_free(w);
	return 0;
}
