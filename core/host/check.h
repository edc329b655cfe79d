/* SPDX-License-Identifier: MIT */
/* core/host/check.h: one check of a host: what was found, why it is so, what mends it. */
#ifndef CORE_HOST_CHECK_H
#define CORE_HOST_CHECK_H

struct platform; /* core/vm/vm.h */

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_MISSING, /* and the platform can't be launched without it */
	DOCTOR_UNKNOWN, /* can't be told from here, or needn't be: something before it is missing */
	DOCTOR_NOTE,    /* worth knowing, in nobody's way */
	DOCTOR_STATES
};

/* Texts are printable ASCII. */
struct doctor_check {
	const char *name; /* stable from version to version; static */
	enum doctor_state state;
	const struct platform *needed_for; /* NULL: all of them */
	const char
		*skipped_for; /* the check that it builds upon, and that is missing; NULL: none */
	char finding[256];    /* a sentence */
	char why[384];        /* "" or a sentence */
	char fix[384];        /* "" or a sentence */
};

/* What was found, cleaned; and the rest. */
void check_say(struct doctor_check *c, enum doctor_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void check_advise(struct doctor_check *c, const char *why, const char *fix);

#endif
