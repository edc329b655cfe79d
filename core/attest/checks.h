/* SPDX-License-Identifier: MIT */
/* core/attest/checks.h: the checks of a report, and their outcomes. */
#ifndef CORE_ATTEST_CHECKS_H
#define CORE_ATTEST_CHECKS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/reason.h"

enum check_outcome {
	CHECK_OK,
	CHECK_FAIL,
	CHECK_NOTE, /* not a failure, but the user may think otherwise */
	CHECK_SKIP, /* not checked */
	CHECK_OUTCOMES,
};

struct attest_check {
	const char *name; /* "signature"; static */
	enum check_outcome outcome;
	enum reason reason;              /* of a CHECK_FAIL */
	char text[256];                  /* one sentence */
	char expected[192], actual[192]; /* if two values were compared; else "" */
};

#define ATTEST_CHECKS_MAX 48

struct attest_checks {
	struct attest_check list[ATTEST_CHECKS_MAX];
	size_t count;
};

/* Each adds a check, and cleans its text (core/base/text.h). */
struct attest_check *check_ok(struct attest_checks *c, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct attest_check *check_fail(struct attest_checks *c, const char *name, enum reason reason,
                                const char *format, ...) __attribute__((format(printf, 4, 5)));
struct attest_check *check_note(struct attest_checks *c, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
struct attest_check *check_skip(struct attest_checks *c, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds a check that compares bytes, with both in hex. */
void check_bytes(struct attest_checks *c, const char *name, enum reason reason,
                 const uint8_t *expected, const uint8_t *actual, size_t size);

/* The first failed check, whose reason is that of the whole; NULL: none failed. */
const struct attest_check *checks_failed(const struct attest_checks *c);

#endif
