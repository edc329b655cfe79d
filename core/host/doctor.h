/* SPDX-License-Identifier: MIT */
/*
 * core/host/doctor.h: checks what a host can launch, and what prevents the rest.
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
	struct doctor_check checks[DOCTOR_CHECKS]; /* each after those that it depends on */
	size_t count;
};

/*
 * Runs all checks. Needs no privileges, though it finds out more with them, and changes nothing: of
 * the SEV firmware it only queries the platform's status. Reads the kernel log only if the CPU has
 * SEV-SNP.
 */
void doctor_look(const struct host *h, struct doctor_report *ret);

/* Whether the check's state is DOCTOR_MISSING and the platform needs it. */
bool doctor_lacks(const struct doctor_check *c, const struct platform *on);
/* Whether the host lacks nothing that the platform needs. */
bool doctor_can(const struct doctor_report *r, const struct platform *on);

/*
 * What is missing for the platform, in one line: "cpu: this CPU has no SEV-SNP; vm-type: ...".
 * Returns the number of checks; text is "" if there are none. Findings that are part of `said`
 * (NULL: nothing) are left out.
 */
size_t doctor_brief(const struct doctor_report *r, const struct platform *on, const char *said,
                    char *text, size_t size);

const char *doctor_state_name(enum doctor_state state); /* "ok", "missing", "unknown", "note" */
const char *doctor_needed_for(const struct doctor_check *c); /* a platform's name, or "both" */

#endif
