/* SPDX-License-Identifier: MIT */
/* tests/fake/fixture.h: plans to launch, and launches that must succeed. */
#ifndef TESTS_FAKE_FIXTURE_H
#define TESTS_FAKE_FIXTURE_H

#include "config/manifest.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/vm/launch.h"
#include "core/vm/outcome.h"
#include "core/vm/platforms.h"
#include "core/vm/run.h"
#include "core/vm/vm_priv.h"
#include "firmware/images.h"
#include "tests/fake/kvm.h"

struct fixture_part {
	gpa_t gpa;
	unsigned pages; /* 0 ends a list */
	enum page_kind kind;
};

/*
 * RAM of fixture plans: FIXTURE_LOW bytes from 0, FIXTURE_TOP bytes below 4 GiB, one slot right
 * after the other at LOW.
 */
#define FIXTURE_LOW  ((uint64_t)0x100000)
#define FIXTURE_NEXT ((uint64_t)0x40000) /* from FIXTURE_LOW on */
#define FIXTURE_TOP  ((uint64_t)0x10000)
#define FIXTURE_FW   (((gpa_t)1 << 32) - FIXTURE_TOP)

#define FIXTURE_HIGH ((gpa_t)1 << 32)
#define FIXTURE_LAZY ((uint64_t)0x600000)

#define FIXTURE_BLOB      ((gpa_t)0x10000000)
#define FIXTURE_BLOB_SIZE ((uint64_t)0x2000)
extern uint8_t fixture_blob[FIXTURE_BLOB_SIZE];

struct fixture {
	const struct fixture_part *parts;
	unsigned vcpus;
	bool shared_blob; /* fixture_blob, at FIXTURE_BLOB */
	bool lazy;        /* FIXTURE_LAZY bytes at 4 GiB, but for the first and last page */
	struct plan_settings settings;
	struct vcpu_state bsp, ap;
};

extern const struct fixture_part fixture_ovmf[];    /* firmware, then the sections of OVMF */
extern const struct fixture_part fixture_one[];     /* one page of firmware */
extern const struct fixture_part fixture_kinds[];   /* each kind of page, out of order */
extern const struct fixture_part fixture_nothing[]; /* only vCPUs */

/* fixture_ovmf, one vCPU, policy 0x30000, features 1, registers as after reset. */
struct fixture fixture_default(void);
/* Sealed; fails the test if it can't be. */
const struct plan *fixture_plan(const struct fixture *s);
/* vCPUs in 64-bit mode, with unusual values wherever KVM allows them. */
struct vcpu_state fixture_long_mode(void);

/*
 * A synthetic kernel and an initrd of a little more than a page, booted directly in 4 MiB. The plan
 * borrows the images.
 */
struct fixture_direct {
	struct images images;
	const struct plan *plan;
};
#define FIXTURE_DIRECT_MEMORY ((uint64_t)4 << 20)

struct fixture_direct fixture_direct(const struct platform *on, unsigned vcpus);
void fixture_direct_fini(struct fixture_direct *d);

/* No output, exit port 0xf4. */
extern const struct vm_devices fixture_quiet;

/* Fails the test if the launch fails or breaks a rule. */
struct vm *fixture_launch(struct fake_kvm *f, const struct platform *on, const struct plan *p,
                          const struct vm_devices *d);
/* Runs it without input, with a time limit that no test should reach. */
struct outcome fixture_run(struct vm *vm);
/*
 * Under AddressSanitizer, fails the test if memory leaked: criterion's processes exit without the
 * check.
 */
void fixture_no_leaks(void);
/* Ends a test: vm_free(), after which nothing may be left open and no rule may have been broken. */
void fixture_end(struct fake_kvm *f, struct vm *vm);

#endif
