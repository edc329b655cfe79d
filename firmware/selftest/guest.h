/* SPDX-License-Identifier: MIT */
/* firmware/selftest/guest.h: what the selftest's files share: state, steps, access to memory. */
#ifndef FIRMWARE_SELFTEST_GUEST_H
#define FIRMWARE_SELFTEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/guest/entry.h"
#include "firmware/guest/snp.h"
#include "firmware/selftest/params.h"

#define STEP_COUNT(steps) (sizeof(steps) / sizeof((steps)[0]))

struct guest {
	const struct selftest_params *params;
	uint32_t rdx;  /* at the start */
	unsigned step; /* the current one */
	bool snp;
};

/* run returns NULL, or why the step failed. */
struct step {
	const char *what;
	const char *(*run)(const struct guest *g);
};

/* A step before there is a console: if it fails, only its number can be reported. */
struct early_step {
	const char *what;
	bool (*run)(const struct guest *g);
};

/* SNP (snp.c): the steps up to a working console, and the ones after it. */
extern const struct early_step snp_early_steps[4];
extern const struct step snp_steps[6];

/* The virtual addresses of a guest physical address: as private memory, and as shared memory. */
static inline volatile void *private_at(uint64_t gpa)
{
	return (volatile void *)gpa;
}

static inline volatile void *shared_at(uint64_t gpa)
{
	return (volatile void *)(gpa + (1ULL << GUEST_ALIAS_SHIFT));
}

/* Writes a pattern over a whole page and reads it back. */
bool page_holds(volatile void *page, uint64_t seed);

#endif
