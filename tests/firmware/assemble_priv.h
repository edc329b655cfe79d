/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/assemble_priv.h: a manifest and its images without files, and a record of the
 * plan's replay.
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
#include "tests/firmware/seen.h"
#include "tests/make/bzimage.h"
#include "tests/make/image.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/* A manifest with its images. fixture_fini() frees plan and images. */
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

static inline struct fixture fixture_empty(void)
{
	return (struct fixture){
		.m = { .file = (char *)"m.yaml",
		       .cmdline = (char *)"quiet",
		       .vcpus = 2,
		       .vcpu_sig = 0x800f12,
		       .memory = 512 * MIB,
		       .policy = 0x30000,
		       .guest_features = 1,
		       .exit_port_given = true,
		       .exit_port = 0xf4 },
	};
}

static inline struct fixture fixture_of(const struct image_spec *spec)
{
	struct fixture f = fixture_empty();

	f.m.firmware = (struct manifest_file){ .path = (char *)"fw.fd", .at = { 5, 13 } };
	f.images.firmware = image_make(spec);
	return f;
}

static inline struct fixture fixture_default(void)
{
	struct image_spec spec = image_default();

	return fixture_of(&spec);
}

static inline void give_bzimage(struct fixture *f, const struct bzimage_spec *spec)
{
	f->images.kernel = bzimage_make(spec);
	f->m.kernel = (struct manifest_file){ .path = (char *)"bzImage", .at = { 6, 11 } };
	sha256(NULL, 0, f->images.initrd_sha256);
}

/* Zeros: the caller writes and hashes the bytes. */
static inline void give_initrd(struct fixture *f, size_t size)
{
	f->m.initrd = (struct manifest_file){ .path = (char *)"initrd" };
	cr_assert_eq(blob_zero(size, &f->images.initrd, &f->err), 0, "%s", f->err.text);
}

/* A file that no firmware could boot, with its hash. */
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

static inline struct seen see(struct fixture *f, const struct platform *on)
{
	make(f, on);
	return seen_of(f->plan);
}

#endif
