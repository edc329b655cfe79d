/* SPDX-License-Identifier: MIT */
/*
 * core/plan/plan.h: the launch plan: what stands in the guest before its first instruction, in
 * order.
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

#define PLAN_MAX_VCPUS   4096 /* can be measured */
#define PLAN_RUN_VCPUS   255  /* can be run: KVM's APIC ids of a byte */
#define PLAN_ID_BLOCK    96
#define PLAN_ID_AUTH     4096
#define PLAN_DIGEST      48
#define PLAN_RAM_MAX     8
#define PLAN_OFFERS_MAX  4
#define PLAN_ITEMS_MAX   24
#define PLAN_GPA_LIMIT   ((uint64_t)1 << 46)
#define PLAN_MAX_REGIONS 4096

/* Who will build the VMSA; the digest needs to know whose rules to predict. */
enum vmsa_flavour { VMSA_KVM, VMSA_EC2, VMSA_GCE, VMSA_FLAVOURS };

/* What a launch needs and no region says. Copied into the plan by plan_settings(). */
struct plan_settings {
	uint64_t policy;
	uint64_t sev_features; /* as in the VMSA: bit 0 (SNP active) included */
	enum vmsa_flavour flavour;
	unsigned
		c_bit; /* the guest's page tables were made with this one; 0: it has none of ours */
	uint8_t host_data[32];
	uint8_t gosvw[16];
	bool id_block_given;
	bool author_key;
	uint8_t id_block[PLAN_ID_BLOCK];
	uint8_t id_auth[PLAN_ID_AUTH];
	bool seeded; /* the digest starts from `seed`, the firmware's pages being in it already */
	uint8_t seed[PLAN_DIGEST];
	bool gib_pages; /* the guest's page tables have pages of 1 GiB */
	/* the guest finds its MTRRs enabled, all memory write-back, as firmware leaves them */
	bool mtrrs_on;
	/* the guest validates all of its memory at once: have the host provide it first */
	bool prefault;
	/* the guest starts its other vCPUs by SNP AP creation alone, never by INIT and SIPI */
	bool ap_creation;
	/* why a launch under SNP is likely to fail; static; NULL: nothing is known */
	const char *snp_warning;
	/* why this plan can be measured but not launched; static; NULL if it can */
	const char *measure_only;
	/* why there is no SNP launch of this whose digest could be told; static; NULL: there is */
	const char *no_measurement;
};

/* A run of guest physical addresses with memory behind it. */
struct ram {
	gpa_t gpa;
	uint64_t size;
};

/*
 * Bytes handed to the guest unmeasured, in shared memory at an address of their own, which measured
 * code verifies. They stay where they are: KVM maps them, and what the guest writes there lands in
 * them.
 */
struct shared_blob {
	gpa_t gpa;
	uint64_t size;     /* whole pages */
	uint8_t *bytes;    /* page-aligned, outliving the plan and every VM made from it */
	const char *label; /* static */
};

/* Bytes that firmware may ask for through fw_cfg, by number or, as a file, by name; unmeasured. */
struct fw_item {
	uint16_t key;      /* where name is NULL */
	const char *name;  /* static */
	const void *bytes; /* outliving the plan and every VM made from it */
	size_t size;
};

/* Who carries a plan out, or computes over it, implements these four; 0 or a negative errno. */
struct plan_ops {
	int (*begin)(void *self, const struct plan *p, struct error *err);
	int (*region)(void *self, const struct region *r, struct error *err);
	/* All vCPUs that begin alike are given by the same pointer. */
	int (*vcpu)(void *self, unsigned index, const struct vcpu_state *s, struct error *err);
	int (*end)(void *self, const struct plan *p, struct error *err);
};

struct plan *plan_new(void);          /* NULL: out of memory */
void plan_free(const struct plan *p); /* NULL is fine; frees what it adopted */

/* Building. Each returns 0 or a negative errno; the plan stays as it was on failure. */

/* The plan becomes the owner of `b`, failure included. */
int plan_adopt(struct plan *p, struct blob b, struct error *err);
/* Memory from gpa on; refuses what is not whole pages, overlaps, or wraps. */
int plan_add_ram(struct plan *p, gpa_t gpa, uint64_t size, struct error *err);
int plan_add(struct plan *p, const struct region *r, struct error *err);
/* Outside RAM and outside every other shared blob, which plan_seal() sees to. */
int plan_add_shared(struct plan *p, const struct shared_blob *o, struct error *err);
/* Firmware's directory lists files in this order. */
int plan_add_item(struct plan *p, const struct fw_item *i, struct error *err);
/* vCPU 0 begins as *bsp, the others as *ap. */
int plan_set_vcpus(struct plan *p, unsigned count, const struct vcpu_state *bsp,
                   const struct vcpu_state *ap, struct error *err);
void plan_set(struct plan *p, const struct plan_settings *s);

/*
 * No adding after it. Refuses overlapping regions, regions outside RAM, bytes missing or unaligned,
 * more than one secrets or CPUID region, offers that overlap RAM or one another, and a plan without
 * vCPUs. Returns p, or NULL with *err filled (p is still the caller's then).
 */
const struct plan *plan_seal(struct plan *p, struct error *err);

/* Reading, once sealed. */
int plan_replay(const struct plan *p, const struct plan_ops *to, void *self, struct error *err);
const struct plan_settings *plan_settings(const struct plan *p);
unsigned plan_vcpus(const struct plan *p);
size_t plan_ram(const struct plan *p, const struct ram **ret);
size_t plan_shared_blobs(const struct plan *p, const struct shared_blob **ret);
size_t plan_items(const struct plan *p, const struct fw_item **ret);

static inline void plan_cleanup(const struct plan **p)
{
	plan_free(*p);
}
#define auto_plan __attribute__((cleanup(plan_cleanup)))

#endif
