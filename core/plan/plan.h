/* SPDX-License-Identifier: MIT */
/*
 * core/plan/plan.h: the launch plan: what a guest has before its first instruction, in the order in
 * which it is loaded.
 */
#ifndef CORE_PLAN_PLAN_H
#define CORE_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/file.h"
#include "core/plan/region.h"
#include "core/plan/vcpu.h"

struct error; /* core/base/error.h */
struct plan;  /* opaque */

#define PLAN_MAX_VCPUS   4096 /* in a plan */
#define PLAN_RUN_VCPUS   255  /* in a launch: APIC IDs have 8 bits */
#define PLAN_ID_BLOCK    96
#define PLAN_ID_AUTH     4096
#define PLAN_DIGEST      48
#define PLAN_RAM_MAX     8
#define PLAN_SHARED_MAX  4
#define PLAN_ITEMS_MAX   24
#define PLAN_GPA_LIMIT   ((uint64_t)1 << 46)
#define PLAN_MAX_REGIONS 4096

/* Who builds the VMSA, which decides what the digest predicts. */
enum vmsa_flavour { VMSA_KVM, VMSA_EC2, VMSA_GCE, VMSA_FLAVOURS };

/* What a launch needs beyond regions. plan_set() copies it into the plan. */
struct plan_settings {
	uint64_t policy;
	uint64_t sev_features; /* as in the VMSA: bit 0 (SNP active) included */
	enum vmsa_flavour flavour;
	unsigned c_bit; /* in the page tables that we provide; 0: we provide none */
	uint8_t host_data[32];
	bool host_data_random; /* each run has its own, which is not known yet */
	uint8_t gosvw[16];
	bool id_block_given;
	bool id_block_signed; /* by this launch: its signatures are never the same twice */
	bool author_key;
	uint8_t id_block[PLAN_ID_BLOCK];
	uint8_t id_auth[PLAN_ID_AUTH];
	bool seeded; /* the digest starts from `seed`, which covers the firmware's pages */
	uint8_t seed[PLAN_DIGEST];
	bool gib_pages; /* the page tables that we provide use 1 GiB pages */
	/* MTRRs are enabled from the start, all memory write-back, as firmware leaves them */
	bool mtrrs_on;
	/*
	 * allocate the guest's memory in advance, except what it accepts lazily, since the guest
	 * validates all of it at once
	 */
	bool prefault;
	/* the guest starts its other vCPUs only by SNP AP creation, never by INIT and SIPI */
	bool ap_creation;
	/* where devices on the PCI bus have their registers; 0: there are no such devices */
	gpa_t pci_window;
	/* why a launch under SNP is likely to fail; static; NULL: no reason is known */
	const char *snp_warning;
	/* why the plan can be measured but not launched; static; NULL: it can be launched */
	const char *measure_only;
	/* VMSAs are regions, at any address: none is predicted from a vCPU's registers */
	bool vmsas_are_regions;
	/* who accepts memory before the guest's kernel uses it, "lazy" or "eager"; NULL: unknown */
	const char *accept, *accept_why; /* static */
	/* why no SNP launch of it exists, and so no digest; static; NULL: it exists */
	const char *no_measurement;
};

/* A range of guest physical addresses with memory behind it. */
struct ram {
	gpa_t gpa;
	uint64_t size;
};

/*
 * Bytes that the guest gets unmeasured, in shared memory at their own address; measured code
 * verifies them. KVM maps them without a copy, so the guest can write to them.
 */
struct shared_blob {
	gpa_t gpa;
	uint64_t size;     /* whole pages */
	uint8_t *bytes;    /* page-aligned, outliving the plan and every VM made from it */
	const char *label; /* static */
};

/* Unmeasured bytes that firmware can read through fw_cfg, by number or, as a file, by name. */
struct fw_item {
	uint16_t key;      /* if name is NULL */
	const char *name;  /* static */
	const void *bytes; /* outliving the plan and every VM made from it */
	size_t size;
};

/*
 * What the consumer of a plan implements. Each returns 0 or a negative errno, which ends the
 * replay, and may be NULL.
 */
struct plan_ops {
	int (*begin)(void *self, const struct plan *p, struct error *err);
	int (*region)(void *self, const struct region *r, struct error *err);
	/* vCPUs that start in the same state have the same pointer. */
	int (*vcpu)(void *self, unsigned index, const struct vcpu_state *s, struct error *err);
	int (*end)(void *self, const struct plan *p, struct error *err);
};

struct plan *plan_new(void);          /* NULL: out of memory */
void plan_free(const struct plan *p); /* also frees what it adopted; NULL is fine */

/* Building. Each returns 0 or a negative errno; on failure the plan is unchanged. */

/* The plan takes ownership of `b`, even on failure. */
int plan_adopt(struct plan *p, struct blob b, struct error *err);
/* Adds memory; refuses what is not whole pages, overlaps, or wraps. */
int plan_add_ram(struct plan *p, gpa_t gpa, uint64_t size, struct error *err);
/*
 * Memory that the guest accepts when it needs it: nothing is provided for it until then, and it is
 * not private. Refused where there is no RAM or an overlap; plan_seal() refuses regions in it.
 */
int plan_add_lazy(struct plan *p, gpa_t gpa, uint64_t size, struct error *err);
int plan_add(struct plan *p, const struct region *r, struct error *err);
/* Must be outside RAM and other shared blobs, which plan_seal() checks. */
int plan_add_shared(struct plan *p, const struct shared_blob *o, struct error *err);
/* The fw_cfg directory lists files in this order. */
int plan_add_item(struct plan *p, const struct fw_item *i, struct error *err);
/* vCPU 0 starts in state *bsp, the others in *ap. */
int plan_set_vcpus(struct plan *p, unsigned count, const struct vcpu_state *bsp,
                   const struct vcpu_state *ap, struct error *err);
/* After plan_set_vcpus(): vCPU `index` starts in a state of its own. At most once for each. */
int plan_set_vcpu(struct plan *p, unsigned index, const struct vcpu_state *s, struct error *err);
void plan_set(struct plan *p, const struct plan_settings *s);

/*
 * Ends building. Refuses regions that overlap or are outside RAM, more than one secrets or CPUID
 * region, shared blobs that overlap RAM or one another, and a plan without vCPUs. Returns p, or
 * NULL with *err filled (the caller still owns p then).
 */
const struct plan *plan_seal(struct plan *p, struct error *err);

/*
 * Sets the ID block of a sealed plan. It has to be possible after sealing, since the block holds
 * the plan's digest; no region or vCPU depends on it.
 */
void plan_set_id_block(const struct plan *p, const uint8_t block[static PLAN_ID_BLOCK],
                       const uint8_t auth[static PLAN_ID_AUTH], bool author_key);

/* Reading, once sealed. plan_replay() passes regions in order, then vCPUs, to the consumer. */
int plan_replay(const struct plan *p, const struct plan_ops *to, void *self, struct error *err);
const struct plan_settings *plan_settings(const struct plan *p);
unsigned plan_vcpus(const struct plan *p);
size_t plan_ram(const struct plan *p, const struct ram **ret);
size_t plan_lazy(const struct plan *p, const struct ram **ret);
/* How much of [gpa, gpa + *size) is alike: all lazy (true) or nothing. *size becomes that. */
bool plan_is_lazy(const struct plan *p, gpa_t gpa, uint64_t *size);
size_t plan_shared_blobs(const struct plan *p, const struct shared_blob **ret);
size_t plan_items(const struct plan *p, const struct fw_item **ret);

static inline void plan_cleanup(const struct plan **p)
{
	plan_free(*p);
}
#define auto_plan __attribute__((cleanup(plan_cleanup)))

#endif
