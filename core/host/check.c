/* SPDX-License-Identifier: MIT */
/* core/host/check.c: records what a check found. */
#include "core/host/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/base/text.h"

void check_say(struct doctor_check *c, enum doctor_state state, const char *format, ...)
{
	va_list args;

	c->state = state;
	va_start(args, format);
	vsnprintf(c->finding, sizeof(c->finding), format, args);
	va_end(args);
	text_clean_ascii(c->finding);
}

void check_advise(struct doctor_check *c, const char *why, const char *fix)
{
	snprintf(c->why, sizeof(c->why), "%s", why);
	snprintf(c->fix, sizeof(c->fix), "%s", fix);
	text_clean_ascii(c->why);
	text_clean_ascii(c->fix);
}
