/* SPDX-License-Identifier: MIT */
/* config/nearest.h: "did you mean": which of some words was probably meant. */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

/* The candidate nearest to a word, for "did you mean". Begin with { .word = word }. */
struct nearest {
	const char *word;
	const char *best; /* NULL: none is near */
	unsigned distance;
};
void nearest_try(struct nearest *n, const char *candidate);
/* The same, but it is `name` that is suggested when `candidate` is near. */
void nearest_try_as(struct nearest *n, const char *candidate, const char *name);

#endif
