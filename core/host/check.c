/* SPDX-License-Identifier: MIT */
/* core/host/check.c: writes down what a check found. */
#include "core/host/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/host/host.h"

void check_say(struct doctor_check *c, enum doctor_state state, const char *format, ...)
{
	va_list args;

	c->state = state;
	va_start(args, format);
	vsnprintf(c->finding, sizeof(c->finding), format, args);
	va_end(args);
	host_clean(c->finding);
}

void check_advise(struct doctor_check *c, const char *why, const char *fix)
{
	snprintf(c->why, sizeof(c->why), "%s", why);
	snprintf(c->fix, sizeof(c->fix), "%s", fix);
	host_clean(c->why);
	host_clean(c->fix);
}
