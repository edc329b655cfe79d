/* SPDX-License-Identifier: MIT */
/* tests/firmware/seen.h: a record of a plan's replay. */
#ifndef TESTS_FIRMWARE_SEEN_H
#define TESTS_FIRMWARE_SEEN_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "tests/make/le.h"

struct seen {
	const struct plan *plan;
	char order[1024]; /* "normal 2000+3000, zero 13000+1000": kind, address and size */
	struct region regions[32];
	size_t n;
	struct vcpu_state bsp, ap;
	unsigned vcpus;
};

static inline int seen_nothing(void *self, const struct plan *p, struct error *err)
{
	(void)self, (void)p, (void)err;
	return 0;
}

static inline int seen_region(void *self, const struct region *r, struct error *err)
{
	struct seen *s = self;
	size_t n = strlen(s->order);

	(void)err;
	cr_assert_lt(s->n, ARRAY_SIZE(s->regions));
	snprintf(s->order + n, sizeof(s->order) - n, "%s%s %llx+%llx", n ? ", " : "",
	         region_kind(r->kind)->name, (unsigned long long)r->gpa,
	         (unsigned long long)r->size);
	s->regions[s->n++] = *r;
	return 0;
}

static inline int seen_vcpu(void *self, unsigned index, const struct vcpu_state *v,
                            struct error *err)
{
	struct seen *s = self;

	(void)err;
	*(index ? &s->ap : &s->bsp) = *v;
	s->vcpus++;
	return 0;
}

/* Replays a plan, which stays the caller's. */
static inline struct seen seen_of(const struct plan *p)
{
	static const struct plan_ops ops = { seen_nothing, seen_region, seen_vcpu, seen_nothing };
	struct seen s = { .plan = p };
	struct error err = { 0 };

	cr_assert_eq(plan_replay(p, &ops, &s, &err), 0, "%s", err.text);
	return s;
}

/* The bytes that are loaded at a guest address; fails if there are none. */
static inline const uint8_t *bytes_at(const struct seen *s, gpa_t gpa, size_t size)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct region *r = &s->regions[i];

		if (r->bytes && gpa >= r->gpa && gpa + size <= region_end(r))
			return r->bytes + (gpa - r->gpa);
	}
	cr_assert_fail("nothing is loaded at 0x%llx", (unsigned long long)gpa);
	return NULL;
}

static inline uint64_t qword_at(const struct seen *s, gpa_t gpa)
{
	return le_get(bytes_at(s, gpa, 8), 8);
}

#endif
