/* SPDX-License-Identifier: MIT */
/*
 * firmware/stage0.h: our own first stage, which brings Linux into a guest without a firmware, as
 * regions of a plan.
 */
#ifndef FIRMWARE_STAGE0_H
#define FIRMWARE_STAGE0_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/stage0/params.h" /* where everything lies, STAGE0_MAX_RANGES, STAGE0_MAX_BLOBS */

struct error;      /* core/base/error.h */
struct outcome;    /* core/vm/outcome.h */
struct plan;       /* core/plan/plan.h */
struct vcpu_state; /* core/plan/vcpu.h */

/* Guest memory from start up to end, whole pages. */
struct stage0_range {
	uint64_t start, end;
};

/*
 * What stage0 copies from src, unprotected memory, to dst, and then holds against a measured
 * SHA-256.
 */
struct stage0_blob_spec {
	uint64_t src, dst, size;
	uint8_t sha256[32];
};

struct stage0_config {
	bool sha_ni;        /* permitted; the guest looks whether its processor has it */
	unsigned c_bit;     /* of the guest's page tables; 0: it runs without SNP */
	uint16_t exit_port; /* where a plain guest tells why it failed; 0: nowhere */
	uint32_t vcpu_sig;
	uint64_t entry; /* of the kernel, 64-bit */
	uint64_t
		/*
		 * plain: where the memory ends that the page tables have to show; see
		 * stage0_tables()
		 */
		reach;
	struct stage0_range
		ranges[STAGE0_MAX_RANGES]; /* memory to validate, ascending; only SNP needs it */
	size_t n_ranges;
	struct stage0_blob_spec blobs[STAGE0_MAX_BLOBS]; /* kernel, initrd, ... */
	size_t n_blobs;
	const uint8_t *boot_params; /* a page each, copied */
	const uint8_t *cmdline_page;
	const uint8_t *acpi_page;
};

/*
 * Adds page tables, parameters (under SNP with CC blob and its setup_data node), boot_params,
 * command line, ACPI tables, code, stack, secrets and cpuid to an unsealed plan, always in this
 * order, and says in *bsp how vCPU 0 begins (untouched on failure). Refuses ranges and blobs that
 * would overwrite each other or what is launched. Memory behind the addresses is the caller's
 * business.
 */
int stage0_plan(struct plan *p, const struct stage0_config *c, struct vcpu_state *bsp,
                struct error *err);

/*
 * How many bytes of page tables a plain guest has below STAGE0_TABLES_END, which Linux must not
 * take for memory: 0 under SNP. Its pages are of 2 MiB, for not every KVM gives 1 GiB ones; SNP's
 * are of 1 GiB, which every SNP host has, and few pages are measured then.
 */
uint64_t stage0_tables(unsigned c_bit, uint64_t reach);
#define STAGE0_TABLES_END 0xa0000              /* PCs have no memory from here on */
#define STAGE0_REACH_MAX  ((uint64_t)96 << 30) /* of a plain guest */

/*
 * The memory that the launch does not load, ascending: of [0, low_end) and, where high_end is not
 * 0, of [4 GiB, high_end). Returns how many ranges that is.
 */
size_t stage0_ranges(uint64_t low_end, uint64_t high_end,
                     struct stage0_range ret[static STAGE0_MAX_RANGES]);

/*
 * A failure in words, "kernel: its SHA-256 is not the measured one"; NULL: stage0 has no such code.
 * Static.
 */
const char *stage0_reason(unsigned code);
/* Whether a plain guest's last word at the exit port is stage0's failure; *code is which. */
bool stage0_exit_code(uint64_t exit_port_value, unsigned *code);
/* Whether a GHCB MSR termination request (SNP) is stage0's; *code is which. */
bool stage0_termination_code(uint64_t ghcb_msr, unsigned *code);

/* If that is how the run ended: stage0's refusal, in words, in place of the number that it left. */
void stage0_explain(struct outcome *o);

/* stage0's code as it is launched: whole pages, page-aligned, in our own binary (stage0_blob.S). */
extern const uint8_t stage0_blob[], stage0_blob_end[];

#endif
