/* SPDX-License-Identifier: MIT */
/* firmware/selftest/params.h: the interface of selftest and launcher; every byte is measured. */
#ifndef FIRMWARE_SELFTEST_PARAMS_H
#define FIRMWARE_SELFTEST_PARAMS_H

/* Guest physical addresses. Below 1 GiB virtual addresses are the same, as private memory. */
#define SELFTEST_PML4        0x2000
#define SELFTEST_PDPT        0x3000
#define SELFTEST_PDPT_SHARED 0x4000
#define SELFTEST_SECRETS     0x5000 /* only under SNP */
#define SELFTEST_CPUID       0x6000 /* only under SNP */
#define SELFTEST_PARAMS      0x7000
#define SELFTEST_PD          0x8000
#define SELFTEST_PD_SHARED   0x9000
#define SELFTEST_CODE        0x10000
#define SELFTEST_CODE_MAX    0x2000
#define SELFTEST_STACK       0x20000
#define SELFTEST_STACK_TOP   0x21000
#define SELFTEST_GHCB        0x30000 /* not loaded; becomes shared */
#define SELFTEST_TEST        0x31000 /* not loaded */
#define SELFTEST_MEMORY      0x40000 /* the end of all the above */

/*
 * Before there is a console, a failure terminates the guest by the GHCB MSR protocol (request
 * 0x100) with our own reason set and the failed step's number as code. Code 0: parameters or first
 * registers are not those of the launch plan.
 */
#define SELFTEST_REASON_SET 0x5

#ifndef __ASSEMBLER__
#include <stddef.h>

#include "core/base/bytes.h"

#define SELFTEST_MAGIC    0x545345544d564e53 /* "SNVMTEST" */
#define SELFTEST_FLAG_SNP 0x1

/* It has a page of its own. RSI points to it when the guest starts. */
struct selftest_params {
	le64 magic;
	le64 flags;
	le32 c_bit;    /* 0 without SNP */
	le32 vcpu_sig; /* the value of RDX at the start */
	le16 exit_port;
	le16 serial_port;
};
_Static_assert(offsetof(struct selftest_params, c_bit) == 0x10, "selftest_params.c_bit");
_Static_assert(offsetof(struct selftest_params, exit_port) == 0x18, "selftest_params.exit_port");
_Static_assert(sizeof(struct selftest_params) == 0x1c, "selftest_params");
#endif

#endif
