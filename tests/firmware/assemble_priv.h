/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/assemble_priv.h: a manifest and its images without files, and what a replay of the
 * plan shows.
 */
#ifndef TESTS_FIRMWARE_ASSEMBLE_PRIV_H
#define TESTS_FIRMWARE_ASSEMBLE_PRIV_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/plan/plan.h"
#include "core/vm/platforms.h"
#include "firmware/assemble.h"
#include "firmware/images.h"
#include "tests/make/image.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* A manifest with its images; fini lets go of both plan and images. */
struct fixture {
	struct manifest m;
	struct images images;
	const struct plan *plan;
	struct error err;
};

static inline void fixture_fini(struct fixture *f)
{
	plan_free(f->plan);
	images_fini(&f->images);
}
#define auto_fixture __attribute__((cleanup(fixture_fini)))

static inline struct fixture fixture_of(const struct image_spec *spec)
{
	return (struct fixture){
		.m = { .file = (char *)"m.yaml",
		       .firmware = { .path = (char *)"fw.fd", .at = { 5, 13 } },
		       .cmdline = (char *)"quiet",
		       .vcpus = 2,
		       .vcpu_sig = 0x800f12,
		       .memory = 512 * MIB,
		       .policy = 0x30000,
		       .guest_features = 1,
		       .exit_port_given = true,
		       .exit_port = 0xf4 },
		.images.firmware = image_make(spec),
	};
}

static inline struct fixture fixture_default(void)
{
	struct image_spec spec = image_default();

	return fixture_of(&spec);
}

static inline void give_kernel(struct fixture *f, bool hashes)
{
	cr_assert_eq(blob_zero(5000, &f->images.kernel, &f->err), 0);
	image_noise(f->images.kernel.data, 5000, 3);
	sha256(f->images.kernel.data, 5000, f->images.kernel_sha256);
	sha256(NULL, 0, f->images.initrd_sha256);
	f->m.kernel = (struct manifest_file){ .path = (char *)"bzImage", .at = { 6, 11 } };
	f->m.kernel_hashes = hashes;
}

static inline void make(struct fixture *f, const struct platform *on)
{
	plan_free(f->plan);
	f->plan = NULL;
	cr_assert_eq(assemble(&f->m, &f->images, on, &f->plan, &f->err), 0, "%s; %s", f->err.text,
	             f->err.why);
}

static inline void check_refused(struct fixture *f, enum reason kind, const char *says,
                                 unsigned line)
{
	f->plan = NULL;
	cr_assert_lt(assemble(&f->m, &f->images, &platform_snp, &f->plan, &f->err), 0,
	             "assembled, not '%s'", says);
	cr_expect_eq(f->err.kind, kind, "%s [%s]", f->err.text, reason_name(f->err.kind));
	cr_expect(strstr(f->err.text, says), "says '%s', not '%s'", f->err.text, says);
	cr_expect_str_eq(f->err.file, "m.yaml");
	cr_expect_eq(f->err.line, line);
	cr_expect_null(f->plan);
}

/* What a replay shows. */
struct seen {
	char order[1024];
	struct region regions[32];
	size_t n;
	struct vcpu_state bsp, ap;
	unsigned vcpus;
};

static inline int seen_once(void *self, const struct plan *p, struct error *err)
{
	(void)self, (void)p, (void)err;
	return 0;
}

static inline int seen_region(void *self, const struct region *r, struct error *err)
{
	struct seen *s = self;
	size_t n = strlen(s->order);

	(void)err;
	cr_assert_lt(s->n, ARRAY_SIZE(s->regions));
	snprintf(s->order + n, sizeof(s->order) - n, "%s%s %llx+%llx", n ? ", " : "",
	         region_kind(r->kind)->name, (unsigned long long)r->gpa,
	         (unsigned long long)r->size);
	s->regions[s->n++] = *r;
	return 0;
}

static inline int seen_vcpu(void *self, unsigned index, const struct vcpu_state *v,
                            struct error *err)
{
	struct seen *s = self;

	(void)err;
	*(index ? &s->ap : &s->bsp) = *v;
	s->vcpus++;
	return 0;
}

static inline struct seen see(struct fixture *f, const struct platform *on)
{
	static const struct plan_ops ops = { seen_once, seen_region, seen_vcpu, seen_once };
	struct seen s = { 0 };

	make(f, on);
	cr_assert_eq(plan_replay(f->plan, &ops, &s, &f->err), 0);
	return s;
}

#endif
