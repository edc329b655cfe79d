/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/report_lines.c: libFuzzer target: from any console, in any pieces, a block of at most
 * REPORT_LINES_MAX bytes comes, or none.
 */
#include "core/snp/report_lines.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report_lines *l = report_lines_new();
	uint8_t to[REPORT_LINES_MAX];
	const char *fault;
	size_t half = size / 2, n;

	if (!l)
		return 0;
	report_lines_put(l, data, half);
	report_lines_put(l, data + half, size - half);
	n = report_lines_take(l, to, &fault);
	must(n <= sizeof(to) && (n > 0) == report_lines_whole(l));
	report_lines_free(l);
	return 0;
}
