/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/mkidblock.c: mkidblock DIGEST POLICY BLOCK AUTH [author]: files for snp.id_block and
 * snp.id_auth.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "tests/make/idblock.h"

static int file_write(const char *path, const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "wb");
	int bad = !f || fwrite(data, 1, size, f) != size;

	return (f && fclose(f)) || bad;
}

int main(int argc, char **argv)
{
	uint8_t digest[48], block[96], auth[4096];

	if (argc < 5 || !hex_parse(argv[1], strlen(argv[1]), digest, sizeof(digest))) {
		fprintf(stderr, "usage: mkidblock DIGEST POLICY BLOCK AUTH [author]\n");
		return 2;
	}
	idblock_make(digest, strtoull(argv[2], NULL, 0), argc > 5, block, auth);
	return file_write(argv[3], block, sizeof(block)) || file_write(argv[4], auth, sizeof(auth));
}
