/* SPDX-License-Identifier: MIT */
/* firmware/stage0/params.h: what stage0 and its launcher agree on; every byte is measured. */
#ifndef FIRMWARE_STAGE0_PARAMS_H
#define FIRMWARE_STAGE0_PARAMS_H

/* Guest physical addresses. A virtual address is the physical one, through private memory. */
#define STAGE0_PML4        0x2000
#define STAGE0_PDPT        0x3000
#define STAGE0_PDPT_SHARED 0x4000
#define STAGE0_SECRETS     0x5000 /* SNP alone */
#define STAGE0_CPUID       0x6000 /* SNP alone */
#define STAGE0_BOOT_PARAMS 0x7000
#define STAGE0_PARAMS      0x8000
#define STAGE0_CC_BLOB     0x8e00 /* SNP alone: for Linux, in the page of the parameters */
#define STAGE0_SETUP_DATA  0x8f00 /* SNP alone: boot_params.setup_data, leads to the CC blob */
#define STAGE0_CMDLINE     0x9000
#define STAGE0_ACPI        0xa000
#define STAGE0_CODE        0x10000
#define STAGE0_CODE_MAX    0x2000
#define STAGE0_STACK       0x13000
#define STAGE0_STACK_TOP   0x14000

/* The page tables map addresses of this many bits. */
#define STAGE0_ADDRESS_BITS 39

/*
 * How a failure is told. Under SNP: a GHCB MSR termination request with this reason set of our own
 * and the code as reason. On plain KVM: the code below this number, as 32 bits, to the exit port.
 */
#define STAGE0_REASON_SET 0x6
#define STAGE0_EXIT_CODE  0x53540000

#define STAGE0_CODE_VALIDATED                                                                      \
	0x01 /* PVALIDATE: nothing changed, so the page was validated before */
#define STAGE0_CODE_PVALIDATE 0x02 /* PVALIDATE refused a page */
#define STAGE0_CODE_PARAMS    0x10 /* parameters or initial registers are not the planned ones */
#define STAGE0_CODE_BLOB      0x20 /* plus its number: a blob's SHA-256 is not the measured one */

#define STAGE0_MAX_RANGES 8
#define STAGE0_MAX_BLOBS  4

#ifndef __ASSEMBLER__
#include <stddef.h>

#include "core/base/bytes.h"

#define STAGE0_MAGIC       0x304754534d564e53 /* "SNVMSTG0" */
#define STAGE0_FLAG_SNP    0x1
#define STAGE0_FLAG_SHA_NI 0x2 /* permitted; used only if the processor has it */

/* Memory that the launch did not load: whole pages from start up to end. */
struct stage0_params_range {
	le64 start, end;
};

/*
 * `size` bytes from `src`, which the host can change at any time, to `dst`, which is the guest's
 * own.
 */
struct stage0_params_blob {
	le64 src, dst, size;
	uint8_t sha256[32];
};

/* At the start of its page. RSI points at it when the guest starts. */
struct stage0_params {
	le64 magic;
	le64 flags;
	le64 entry;       /* of the kernel, 64-bit */
	le64 boot_params; /* what RSI has there */
	le32 c_bit;       /* 0 without SNP */
	le32 vcpu_sig;    /* what RDX has at the start */
	le32 nr_range, nr_blob;
	le16 exit_port; /* 0: none */
	uint8_t reserved[6];
	struct stage0_params_range ranges[STAGE0_MAX_RANGES];
	struct stage0_params_blob blobs[STAGE0_MAX_BLOBS];
};
_Static_assert(offsetof(struct stage0_params, c_bit) == 0x20, "stage0_params.c_bit");
_Static_assert(offsetof(struct stage0_params, nr_blob) == 0x2c, "stage0_params.nr_blob");
_Static_assert(offsetof(struct stage0_params, exit_port) == 0x30, "stage0_params.exit_port");
_Static_assert(offsetof(struct stage0_params, ranges) == 0x38, "stage0_params.ranges");
_Static_assert(offsetof(struct stage0_params, blobs) == 0xb8, "stage0_params.blobs");
_Static_assert(offsetof(struct stage0_params_blob, sha256) == 0x18, "stage0_params_blob.sha256");
_Static_assert(sizeof(struct stage0_params) == 0x198, "stage0_params");
_Static_assert(sizeof(struct stage0_params) <= STAGE0_CC_BLOB - STAGE0_PARAMS,
               "before the CC blob");
#endif

#endif
