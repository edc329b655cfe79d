/* SPDX-License-Identifier: MIT */
/* firmware/stage0/params.h: the interface of stage0 and launcher; every byte is measured. */
#ifndef FIRMWARE_STAGE0_PARAMS_H
#define FIRMWARE_STAGE0_PARAMS_H

/* Guest physical addresses. Virtual addresses are the same, as private memory. */
#define STAGE0_PML4        0x2000
#define STAGE0_PDPT        0x3000
#define STAGE0_PDPT_SHARED 0x4000
#define STAGE0_SECRETS     0x5000 /* only under SNP */
#define STAGE0_CPUID       0x6000 /* only under SNP */
#define STAGE0_BOOT_PARAMS 0x7000
#define STAGE0_PARAMS      0x8000
/* For Linux under SNP, in the page of the parameters: boot_params.setup_data leads to the blob. */
#define STAGE0_CC_BLOB    0x8e00
#define STAGE0_SETUP_DATA 0x8f00
/*
 * And for a kernel that accepts memory itself: the EFI system
 * table with all that it leads to, and the table of unaccepted memory, which stage0 makes.
 */
#define STAGE0_EFI            0x8800
#define STAGE0_UNACCEPTED     0x20000
#define STAGE0_UNACCEPTED_MAX 0x12000 /* for 1 TiB and the hole below 4 GiB: 65,688 bytes */
#define STAGE0_CMDLINE        0x9000
#define STAGE0_ACPI           0xa000
#define STAGE0_CODE           0x10000
#define STAGE0_CODE_MAX       0x2000
#define STAGE0_STACK          0x13000
#define STAGE0_STACK_TOP      0x14000

/* Each of the two views shows 2^39 bytes: private memory from 0 on, shared from shared_base on. */
#define STAGE0_ADDRESS_BITS 39

#define STAGE0_UNIT 0x200000 /* bytes of memory for a bit in the table of unaccepted memory */

/*
 * Under SNP a failure is a GHCB MSR termination request with our own reason set and one of the
 * codes below. On plain KVM the code plus STAGE0_EXIT_CODE is written to the exit port, as 32 bits.
 */
#define STAGE0_REASON_SET 0x6
#define STAGE0_EXIT_CODE  0x53540000

#define STAGE0_CODE_VALIDATED 0x01 /* PVALIDATE changed nothing: the page was validated before */
#define STAGE0_CODE_PVALIDATE 0x02 /* PVALIDATE failed */
#define STAGE0_CODE_PARAMS    0x10 /* parameters or first registers differ from the launch plan */
#define STAGE0_CODE_BLOB      0x20 /* plus its index: a blob's SHA-256 is not the measured one */

#define STAGE0_MAX_RANGES 8
#define STAGE0_MAX_BLOBS  4
#define STAGE0_MAX_LAZY   4

#ifndef __ASSEMBLER__
#include <stddef.h>

#include "core/base/bytes.h"

#define STAGE0_MAGIC       0x304754534d564e53 /* "SNVMSTG0" */
#define STAGE0_FLAG_SNP    0x1
#define STAGE0_FLAG_SHA_NI 0x2 /* allowed; used only if the processor has it */

/* Whole pages from start up to end that the launch did not load; of lazy memory, whole units. */
struct stage0_params_range {
	le64 start, end;
};

/*
 * Copied from `src`, in shared memory, to `dst`, in private memory. What comes after it, up to
 * clear_end, is cleared.
 */
struct stage0_params_blob {
	le64 src, dst, size, clear_end;
	uint8_t sha256[32];
};

/* Linux, include/linux/efi.h, struct efi_unaccepted_memory; after it the bitmap, a bit a unit. */
struct stage0_unaccepted {
	le32 version, unit_size;
	le64 phys_base, size;
};
_Static_assert(sizeof(struct stage0_unaccepted) == 24, "efi_unaccepted_memory");

/* At the start of its page. RSI points to it when the guest starts. */
struct stage0_params {
	le64 magic;
	le64 flags;
	le64 entry;       /* of the kernel, 64-bit */
	le64 boot_params; /* the value of RSI at that entry */
	le32 c_bit;       /* 0 without SNP */
	le32 vcpu_sig;    /* the value of RDX at stage0's start */
	le32 nr_range, nr_blob;
	le16 exit_port; /* 0: none */
	uint8_t nr_lazy;
	uint8_t reserved[5];
	le64 shared_base; /* what the shared view shows first */
	struct stage0_params_range ranges[STAGE0_MAX_RANGES];
	struct stage0_params_range lazy[STAGE0_MAX_LAZY]; /* for the kernel to accept */
	struct stage0_params_blob blobs[STAGE0_MAX_BLOBS];
};
_Static_assert(offsetof(struct stage0_params, c_bit) == 0x20, "stage0_params.c_bit");
_Static_assert(offsetof(struct stage0_params, nr_blob) == 0x2c, "stage0_params.nr_blob");
_Static_assert(offsetof(struct stage0_params, exit_port) == 0x30, "stage0_params.exit_port");
_Static_assert(offsetof(struct stage0_params, shared_base) == 0x38, "stage0_params.shared_base");
_Static_assert(offsetof(struct stage0_params, ranges) == 0x40, "stage0_params.ranges");
_Static_assert(offsetof(struct stage0_params, lazy) == 0xc0, "stage0_params.lazy");
_Static_assert(offsetof(struct stage0_params, blobs) == 0x100, "stage0_params.blobs");
_Static_assert(offsetof(struct stage0_params_blob, sha256) == 0x20, "stage0_params_blob.sha256");
_Static_assert(sizeof(struct stage0_params) == 0x200, "stage0_params");
_Static_assert(sizeof(struct stage0_params) <= STAGE0_EFI - STAGE0_PARAMS, "before EFI's tables");
#endif

#endif
