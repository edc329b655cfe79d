/* SPDX-License-Identifier: MIT */
/* core/host/check.h: one check of a host: the finding, its cause, and how to fix it. */
#ifndef CORE_HOST_CHECK_H
#define CORE_HOST_CHECK_H

struct platform; /* core/vm/vm.h */

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_MISSING, /* the platform can't be launched without it */
	DOCTOR_UNKNOWN, /* can't be found out, or skipped, as an earlier check is missing */
	DOCTOR_NOTE,    /* worth knowing, but prevents nothing */
	DOCTOR_STATES
};

/* Texts are printable ASCII. */
struct doctor_check {
	const char *name; /* stable across versions; static */
	enum doctor_state state;
	const struct platform *needed_for; /* NULL: all of them */
	const char *skipped_for;           /* the missing check that it depends on; NULL: none */
	char finding[256];                 /* a sentence */
	char why[384];                     /* "" or a sentence */
	char fix[384];                     /* "" or a sentence */
};

/* Set the state and finding; why it is so and how to fix it. Both clean their texts. */
void check_say(struct doctor_check *c, enum doctor_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void check_advise(struct doctor_check *c, const char *why, const char *fix);

#endif
