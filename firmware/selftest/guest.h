/* SPDX-License-Identifier: MIT */
/*
 * firmware/selftest/guest.h: what the selftest's files share: the guest's state, steps,
 * instructions.
 */
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
	unsigned step; /* being done */
	bool snp;
};

/* run returns NULL, or why the step failed. */
struct step {
	const char *what;
	const char *(*run)(const struct guest *g);
};

/* One that fails before there is a console can only give its number. */
struct early_step {
	const char *what;
	bool (*run)(const struct guest *g);
};

/* SNP: the steps that make the console work, and those that come after (snp.c). */
extern const struct early_step snp_early_steps[4];
extern const struct step snp_steps[6];

/*
 * The virtual address by which the guest reaches its memory, or by which it shares it with the
 * host.
 */
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
