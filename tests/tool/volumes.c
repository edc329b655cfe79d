/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/volumes.c: volumes FILE SEED SEED [NAME]: an image with SEV metadata and with firmware
 * volumes, of which the seeds decide what two drivers contain; 0: the driver is missing. NAME: of
 * the first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/make/image.h"
#include "tests/make/volume.h"

int main(int argc, char **argv)
{
	struct image_spec spec = image_default();
	struct volumes_recipe how = { .free = 64 };
	struct buffer volumes;
	struct blob image;
	FILE *to;

	if (argc != 4 && argc != 5)
		return 2;
	how.seed_a = strtoull(argv[2], NULL, 10);
	how.seed_b = strtoull(argv[3], NULL, 10);
	how.first = argv[4];
	volumes = volumes_make(&how);
	image = image_make(&spec);
	memcpy(image.data, volumes.data, volumes.size);
	buffer_fini(&volumes);
	to = fopen(argv[1], "w");
	if (!to || fwrite(image.data, 1, image.size, to) != image.size || fclose(to) != 0) {
		perror(argv[1]);
		return 2;
	}
	blob_fini(&image);
	return 0;
}
