/* SPDX-License-Identifier: MIT */
/*
 * firmware/locate.h: where in a firmware an instruction pointer is: in the image itself, or in a
 * module that the firmware has loaded into memory.
 */
#ifndef FIRMWARE_LOCATE_H
#define FIRMWARE_LOCATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where to look. A firmware's own page tables map each address to itself. */
struct locate_in {
	const uint8_t *image; /* lies at gpa and ends at 4 GiB */
	size_t size;
	/* The bytes at an address, NULL if they can't be seen. */
	const uint8_t *(*look)(void *self, uint64_t gpa, uint64_t size);
	void *self;
	const char *symbols; /* a folder with MODULE.debug files; NULL: none */
};

/* Texts are clean. "" is unknown. */
struct located {
	char volume[128]; /* path of volumes: "FVMAIN_COMPACT/DXEFV" */
	char file[64];    /* name or GUID of the driver */
	uint64_t base;    /* where the module is in memory; 0: it isn't known as one */
	uint64_t offset;  /* from there, else from the start of the file or volume */
	char symbol[160]; /* "function+0x12" */
};

/* False: the address is in no known part of the firmware. */
bool locate(const struct locate_in *in, uint64_t rip, struct located *ret);

/* "SECFV, SecMain +0x1234 (function+0x12)". */
void located_text(const struct located *l, char *to, size_t cap);

#endif
