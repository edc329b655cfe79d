/* SPDX-License-Identifier: MIT */
/* core/plan/page_field.h: a number in a measured page, by name, and what usually decides it. */
#ifndef CORE_PLAN_PAGE_FIELD_H
#define CORE_PLAN_PAGE_FIELD_H

#include <stdint.h>

#include "core/base/bytes.h"

/* Tables of them end with a row whose name is NULL. */
struct page_field {
	const char *name;
	uint16_t at, size; /* of a little-endian number of at most 8 bytes */
	const char *key;   /* the manifest key that usually decides it; NULL: none */
	const char *cause; /* what else does, or how; NULL: nothing to say */
};

static inline uint64_t page_field_get(const void *page, const struct page_field *f)
{
	return le_get((const uint8_t *)page + f->at, f->size);
}

#endif
