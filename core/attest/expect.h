/* SPDX-License-Identifier: MIT */
/*
 * core/attest/expect.h: compares a report with the expected launch and the user's requirements.
 */
#ifndef CORE_ATTEST_EXPECT_H
#define CORE_ATTEST_EXPECT_H

#include "core/attest/checks.h"
#include "core/attest/tcb.h"
#include "core/plan/plan.h"
#include "core/snp/report.h"

/* The expected fields of a launch's report. Those from an ID block are zero without one. */
struct attest_launch {
	uint8_t measurement[48];
	/* expect.measurement: any of these, borrowed; NULL: not given. With n_pins 0 none fits. */
	const uint8_t (*pins)[48];
	size_t n_pins;
	uint64_t policy;
	uint8_t host_data[32];
	bool host_data_unknown; /* it was random, and nobody says what it was */
	uint8_t id_key_digest[48], author_key_digest[48];
	bool author_key;
	bool id_key_of_run; /* a key that was made for the launch: its digest is not known */
	uint8_t family_id[16], image_id[16];
	uint32_t guest_svn;
};

/* All but measurement and pins, from what is given to the firmware. */
void attest_launch_set(struct attest_launch *l, const struct plan_settings *s);

struct attest_want {
	const struct attest_launch *launch; /* NULL: of any launch */
	bool has_report_data;
	uint8_t report_data[64];
	uint32_t vmpl;
	bool has_min_tcb[TCB_PARTS];
	uint8_t min_tcb[TCB_PARTS];
	bool has_min_firmware;
	struct snp_report_version min_firmware;
	uint64_t require, forbid; /* bits of PLATFORM_INFO */
	uint64_t mitigations;     /* bits of both mitigation vectors; 0: not asked */
};

/*
 * Adds a check for each requirement. A missing one is a CHECK_SKIP if users may believe that it was
 * checked.
 */
void attest_expect(const struct snp_report *r, enum snp_line line, const struct attest_want *w,
                   struct attest_checks *c);

#endif
