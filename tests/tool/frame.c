/* SPDX-License-Identifier: MIT */
/* tests/tool/frame.c: frame FILE: its bytes as the lines that `snpvmm-guest report` prints. */
#include <stdio.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "guest/frame.h"

int main(int argc, char **argv)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	char line[FRAME_LINE + 1];
	size_t size;

	if (argc != 2 || blob_read(argv[1], FRAME_REPORT_MAX, &b, &err) < 0) {
		fprintf(stderr, "frame: %s\n", argc == 2 ? err.text : "usage: frame FILE");
		return 2;
	}
	for (size_t n = 0; (size = frame_line(&frame_report, b.data, b.size, n, line)) > 0; n++)
		fwrite(line, 1, size, stdout);
	return 0;
}
