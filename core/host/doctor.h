/* SPDX-License-Identifier: MIT */
/*
 * core/host/doctor.h: what a host can launch, and what is in the way of the rest: checks, each with
 * cause and cure.
 */
#ifndef CORE_HOST_DOCTOR_H
#define CORE_HOST_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "core/host/check.h"
#include "core/host/host.h"

struct platform; /* core/vm/vm.h */

#define DOCTOR_CHECKS 48
struct doctor_report {
	struct host_facts host;
	struct doctor_check checks[DOCTOR_CHECKS]; /* the most useful first */
	size_t count;
};

/*
 * Looks at everything. Needs no privileges, though it finds out more with them, and changes
 * nothing: of the SEV firmware it asks for the platform's status alone. Reads the kernel log only
 * on a processor that has SEV-SNP.
 */
void doctor_look(const struct host *h, struct doctor_report *ret);

/* The check is missing, and the platform needs it. */
bool doctor_lacks(const struct doctor_check *c, const struct platform *on);
/* There is none such. */
bool doctor_can(const struct doctor_report *r, const struct platform *on);

/*
 * What is missing for the platform, in a line: "cpu: this CPU has no SEV-SNP; vm-type: ...".
 * Returns how many checks that are; text is "" for none. What a sentence already said, if it isn't
 * NULL, is left out.
 */
size_t doctor_brief(const struct doctor_report *r, const struct platform *on, const char *said,
                    char *text, size_t size);

const char *doctor_state_name(enum doctor_state state); /* "ok", "missing", "unknown", "note" */
const char *doctor_needed_for(const struct doctor_check *c); /* a platform's name, or "both" */

#endif
