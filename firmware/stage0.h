/* SPDX-License-Identifier: MIT */
/*
 * firmware/stage0.h: stage0, our own boot loader, which starts Linux in a guest without a firmware,
 * as regions of a plan.
 */
#ifndef FIRMWARE_STAGE0_H
#define FIRMWARE_STAGE0_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "firmware/ram.h"
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
 * stage0 copies it from src, in shared memory, to dst, and compares the copy's SHA-256. Under SNP
 * it clears what comes after the copy, up to clear_end; elsewhere memory is zero anyway.
 */
struct stage0_blob_spec {
	uint64_t src, dst, size, clear_end;
	uint8_t sha256[32];
};

/* What stage0's page tables show: memory from 0 on, and shared memory, which begins at a GiB. */
struct stage0_map {
	uint64_t low_end; /* without SNP, shown up to here */
	uint64_t shared_base, shared_end;
};

struct stage0_config {
	bool sha_ni;        /* allow the SHA extensions; stage0 uses them if the CPU has them */
	unsigned c_bit;     /* in the guest's page tables; 0: runs without SNP */
	uint16_t exit_port; /* without SNP, where stage0 reports why it failed; 0: nowhere */
	uint32_t vcpu_sig;
	uint64_t entry; /* of the kernel, 64-bit */
	struct stage0_map map;
	/* memory to validate, ascending; only SNP needs it */
	struct stage0_range ranges[STAGE0_MAX_RANGES];
	size_t n_ranges;
	/*
	 * Memory that the kernel accepts, in whole units, ascending; if there is any, the kernel
	 * finds a table of it through EFI's tables. Only under SNP.
	 */
	struct stage0_range lazy[STAGE0_MAX_LAZY];
	size_t n_lazy;
	struct stage0_blob_spec blobs[STAGE0_MAX_BLOBS]; /* kernel, initrd, ... */
	size_t n_blobs;
	const uint8_t *boot_params; /* a page each, copied */
	const uint8_t *cmdline_page;
	const uint8_t *acpi_page;
};

/*
 * Adds to an unsealed plan, always in this order: page tables, parameters (under SNP with the CC
 * blob and its setup_data node), boot_params, command line, ACPI tables, code, stack, secrets and
 * CPUID. *bsp becomes the state of vCPU 0 (on success only). Refuses ranges and blobs that overlap
 * each other or the regions. The caller adds RAM.
 */
int stage0_plan(struct plan *p, const struct stage0_config *c, struct vcpu_state *bsp,
                struct error *err);

/*
 * The size of the page tables that end at STAGE0_TABLES_END, which Linux must not use as memory; 0
 * under SNP. They map 2 MiB pages, as not every KVM host has 1 GiB pages. Every SNP host has them,
 * and with them fewer pages are measured.
 */
uint64_t stage0_tables(unsigned c_bit, const struct stage0_map *map);
#define STAGE0_TABLES_END RAM_HOLE
#define STAGE0_TABLES_MAX 0x60000

/*
 * The parts of [0, low_end) and [4 GiB, high_end) that the launch does not load, ascending; efi:
 * without the hole below 1 MiB. Without EFI, Linux looks for an iBFT there and so needs it
 * validated; with EFI only Linux before 6.9 looks there, for ROMs, and validates it before, which
 * must not be done twice. high_end 0: no high memory. Returns the number of ranges.
 */
size_t stage0_ranges(uint64_t low_end, uint64_t high_end, bool efi,
                     struct stage0_range ret[static STAGE0_MAX_RANGES]);

/*
 * Takes out of ascending ranges what a kernel can accept itself: whole units of 2 MiB, but the
 * first, and those from `from` up to `end`, which kernel and initrd use before that. Returns the
 * number of ranges that were taken out and changes *n, the number of those that are left.
 */
size_t stage0_split(struct stage0_range ranges[static STAGE0_MAX_RANGES], size_t *n, uint64_t from,
                    uint64_t end, struct stage0_range ret_lazy[static STAGE0_MAX_LAZY]);

/* "kernel", "initrd", ... of the blobs, by index below STAGE0_MAX_BLOBS. Static. */
const char *stage0_blob_name(size_t index);

/* "kernel: its SHA-256 is not the measured one"; NULL: stage0 has no such code. Static. */
const char *stage0_reason(unsigned code);
/* Whether a value written to the exit port is a failure of stage0; *code: which. */
bool stage0_exit_code(uint64_t exit_port_value, unsigned *code);
/* Whether a GHCB MSR termination request (SNP) is a failure of stage0; *code: which. */
bool stage0_termination_code(uint64_t ghcb_msr, unsigned *code);

/* If stage0 ended the run, replaces its code by a sentence. */
void stage0_explain(struct outcome *o);

/* stage0's code, in whole pages, page-aligned; embedded by stage0_blob.S. */
extern const uint8_t stage0_blob[], stage0_blob_end[];

#endif
