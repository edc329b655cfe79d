/* SPDX-License-Identifier: MIT */
/* core/attest/checks.c: the list of checks. */
#include "core/attest/checks.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/text.h"

static struct attest_check *check_add(struct attest_checks *c, const char *name,
                                      enum check_outcome outcome, enum reason reason,
                                      const char *format, va_list args)
{
	struct attest_check *check = &c->list[c->count];

	assert(c->count < ATTEST_CHECKS_MAX); /* the number of checks doesn't depend on the input */
	c->count++;
	*check = (struct attest_check){ .name = name, .outcome = outcome, .reason = reason };
	text_show_format(check->text, sizeof(check->text), format, args);
	return check;
}

#define CHECK_ADD(outcome, reason)                                                                 \
	va_list args;                                                                              \
	struct attest_check *check;                                                                \
	va_start(args, format);                                                                    \
	check = check_add(c, name, outcome, reason, format, args);                                 \
	va_end(args);                                                                              \
	return check

struct attest_check *check_ok(struct attest_checks *c, const char *name, const char *format, ...)
{
	CHECK_ADD(CHECK_OK, ERROR_NONE);
}

struct attest_check *check_fail(struct attest_checks *c, const char *name, enum reason reason,
                                const char *format, ...)
{
	CHECK_ADD(CHECK_FAIL, reason);
}

struct attest_check *check_note(struct attest_checks *c, const char *name, const char *format, ...)
{
	CHECK_ADD(CHECK_NOTE, ERROR_NONE);
}

struct attest_check *check_skip(struct attest_checks *c, const char *name, const char *format, ...)
{
	CHECK_ADD(CHECK_SKIP, ERROR_NONE);
}

void check_bytes(struct attest_checks *c, const char *name, enum reason reason,
                 const uint8_t *expected, const uint8_t *actual, size_t size)
{
	bool same = memcmp(expected, actual, size) == 0;
	struct attest_check *check = same ? check_ok(c, name, "as expected")
	                                  : check_fail(c, name, reason, "not as expected");

	hex_of(expected, size, check->expected);
	hex_of(actual, size, check->actual);
}

const struct attest_check *checks_failed(const struct attest_checks *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].outcome == CHECK_FAIL)
			return &c->list[i];
	return NULL;
}
