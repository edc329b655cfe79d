/* SPDX-License-Identifier: MIT */
/*
 * core/attest/expect.h: compares a report with the expected launch and the user's requirements.
 */
#ifndef CORE_ATTEST_EXPECT_H
#define CORE_ATTEST_EXPECT_H

#include "core/attest/checks.h"
#include "core/attest/reference.h"
#include "core/attest/tcb.h"
#include "core/snp/report.h"

struct attest_want {
	const struct reference *launch; /* NULL: of any launch */
	/* expect.measurement: any of these, borrowed; NULL: not given. With n_pins 0 none fits. */
	const uint8_t (*pins)[48];
	size_t n_pins;
	bool has_report_data;
	uint8_t report_data[64];
	uint64_t vmpl;
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
