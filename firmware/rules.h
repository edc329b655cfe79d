/* SPDX-License-Identifier: MIT */
/*
 * firmware/rules.h: what hosts and launchers do to a launch that no key of a manifest stands for,
 * for the search of what explains a digest.
 */
#ifndef FIRMWARE_RULES_H
#define FIRMWARE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan/region.h"

struct vcpu_state; /* core/plan/vcpu.h */
struct vmsa_rule;  /* core/snp/vmsa.h */

/* How early a rule, or a value of a key, is tried together with others. */
enum rank { RANK_MANIFEST, RANK_LIKELY, RANK_KNOWN, RANK_POSSIBLE, RANK_FAR };

/* What the rows of all tables begin with. */
struct rule {
	const char *word, *sentence;
	enum rank rank;
	bool any_boot; /* not only for a boot through a firmware */
};

/* A table. */
struct rules {
	const void *list; /* rows, each of which begins with a struct rule */
	size_t row_size, n;
};

extern const struct rules section_rules; /* how a section of the SEV metadata is loaded */
extern const struct rules cmdline_rules; /* which bytes around a command line are hashed */
extern const struct rules form_rules;    /* registers of VMSAs */
extern const struct rules fpu_rules;     /* the FPU's state in VMSAs */
extern const struct rules ap_rules;      /* where APs start */

/* The rule with this number, from 0 to r->n - 1. */
const struct rule *rule_at(const struct rules *r, size_t i);

/* A row of each table. NULL: as the launcher does it whose digest is predicted. */
struct rules_chosen {
	const struct section_rule *sections;
	const struct cmdline_rule *cmdline_end;
	const struct form_rule *form;
	const struct fpu_rule *fpu;
	const struct ap_rule *ap;
};

/* Changes a region to what the rules make of it. False: it is left out. */
bool rules_region(const struct rules_chosen *by, struct region *r);
/*
 * The page with the hashes of kernel, initrd and this command line as another end of the command
 * line has it; false: the region isn't that page, or nothing changes. `page`: a copy of the
 * region's.
 */
bool rules_hash_page(const struct rules_chosen *by, const char *cmdline, const struct region *r,
                     uint8_t page[static PAGE_SIZE]);
/*
 * Changes the state of vCPU 0 (`ap` false) or another one, and the rule by which its VMSA is made,
 * from those of a plan, in which vCPU 0 starts as *bsp.
 */
void rules_vcpu(const struct rules_chosen *by, bool ap, const struct vcpu_state *bsp,
                struct vcpu_state *state, struct vmsa_rule *rule);

#endif
