/* SPDX-License-Identifier: MIT */
/* cmd/pages.h: what each reason means, where it comes from and what helps: the prose of 'snpvmm explain'. */
#ifndef CMD_PAGES_H
#define CMD_PAGES_H

#include "core/base/reason.h"

#define PAGE_ITEMS 8

/* Plain text in the words of a manual; whoever prints it breaks the lines. No text is NULL or empty. */
struct page {
	const char *meaning;                                /* a few words, no full stop */
	const char *means;                                  /* a paragraph */
	const char *exits;                                  /* the exit status of 'snpvmm run' */
	const char *causes[PAGE_ITEMS], *cures[PAGE_ITEMS]; /* ended by NULL, one at the least */
	const char *more[PAGE_ITEMS];                       /* commands that show more; the same */
};

/* Never NULL. */
const struct page *page_of(enum reason reason);

#endif
