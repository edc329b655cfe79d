/* SPDX-License-Identifier: MIT */
/*
 * core/snp/status.h: the meaning of firmware statuses and of guests' termination codes.
 */
#ifndef CORE_SNP_STATUS_H
#define CORE_SNP_STATUS_H

#include <stddef.h>
#include <stdint.h>

/*
 * A firmware status: SEV-SNP firmware ABI, table 8, whose names these are; SEV_RET_* of
 * linux/psp-sev.h.
 */
struct snp_status {
	uint32_t code;
	const char *name, *why, *fix; /* never NULL or "" */
};

/* Never NULL: an unknown code has the name "unknown status". */
const struct snp_status *snp_status(uint32_t code);
/* Row i of the table; NULL: there are no more. */
const struct snp_status *snp_status_at(size_t i);

#define SNP_STATUS_POLICY_FAILURE     0x07
#define SNP_STATUS_BAD_SIGNATURE      0x0a
#define SNP_STATUS_BAD_MEASUREMENT    0x0b
#define SNP_STATUS_UNSUPPORTED        0x15
#define SNP_STATUS_INVALID_PARAM      0x16
#define SNP_STATUS_INVALID_PAGE_STATE 0x1a
#define SNP_STATUS_NOT_ASKED          0xffffffffU /* the kernel failed before asking */

/*
 * GHCB termination (GHCB specification 2.3.4; set 1: Linux, arch/x86/include/asm/sev-common.h).
 * NULL: unknown.
 */
const char *snp_termination(unsigned set, unsigned code);
/* Who defines the codes of a set: "GHCB specification", "guest kernel or firmware", ... */
const char *snp_termination_set(unsigned set);

#endif
