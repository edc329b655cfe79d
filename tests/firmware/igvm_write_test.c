/* SPDX-License-Identifier: MIT */
/* tests/firmware/igvm_write_test.c: launches as IGVM files, which have the same digest. */
#include "firmware/igvm_write.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/snp/digest.h"
#include "firmware/igvm.h"
#include "tests/firmware/assemble_priv.h"
#include "tests/make/idblock.h"

static struct fixture fixture_selftest(void)
{
	struct fixture f = fixture_empty();

	f.m.builtin = (char *)"selftest";
	return f;
}

/* Writes the fixture's plan; with an ID block if `author` is not negative. */
static enum manifest_profile written(struct fixture *f, int author, struct buffer *ret)
{
	auto_digest struct snp_digest d = { 0 };
	enum manifest_profile profile = PROFILES;
	uint8_t block[PLAN_ID_BLOCK], auth[PLAN_ID_AUTH];

	make(f, &platform_snp);
	cr_assert_eq(snp_digest_of(f->plan, &d, &f->err), 0);
	if (author >= 0) {
		idblock_make(d.value, plan_settings(f->plan)->policy, author, block, auth);
		plan_set_id_block(f->plan, block, auth, author);
	}
	cr_assert_eq(igvm_write(f->plan, &f->m, d.value, ret, &profile, &f->err), 0, "%s; %s",
	             f->err.text, f->err.why);
	return profile;
}

Test(igvm_write, a_file_has_the_digest_of_the_launch)
{
	for (unsigned vcpus = 1; vcpus <= 5; vcpus += 2)
		for (enum manifest_profile p = PROFILE_QEMU; p <= PROFILE_GCE; p++) {
			auto_fixture struct fixture f = fixture_default(), s = fixture_selftest();
			auto_buffer struct buffer file = { 0 }, other = { 0 };

			f.m.vcpus = s.m.vcpus = vcpus;
			f.m.profile = s.m.profile = p;
			f.m.guest_features = 0x21;
			f.m.policy = 0xb0000;
			/* gce's SEC_MEM pages are unmeasured, but SVSM's is a zero page, too */
			cr_expect_eq(written(&f, -1, &file), PROFILE_CLOUD_HYPERVISOR);
			written(&s, -1, &other);
		}
}

Test(igvm_write, an_id_block_comes_back_as_it_was)
{
	for (int author = 0; author < 2; author++) {
		auto_fixture struct fixture f = fixture_selftest(), g = fixture_empty();
		auto_buffer struct buffer file = { 0 };
		const struct plan_settings *a, *b;

		g.m.profile = written(&f, author, &file);
		g.m.firmware.path = (char *)"guest.igvm";
		cr_assert_eq(blob_zero(file.size, &g.images.firmware, &g.err), 0);
		memcpy(g.images.firmware.data, file.data, file.size);
		make(&g, &platform_snp);
		a = plan_settings(f.plan);
		b = plan_settings(g.plan);
		cr_assert(b->id_block_given);
		cr_expect_eq(b->author_key, author);
		cr_expect_arr_eq(a->id_block, b->id_block, sizeof(a->id_block));
		cr_expect_arr_eq(a->id_auth, b->id_auth, sizeof(a->id_auth));
	}
}

Test(igvm_write, the_file_is_whole_and_of_version_1)
{
	auto_fixture struct fixture f = fixture_selftest();
	auto_buffer struct buffer file = { 0 };
	struct igvm parsed;

	written(&f, -1, &file);
	cr_assert_eq(igvm_parse(file.data, file.size, &parsed, &f.err), 0, "%s", f.err.text);
	cr_expect_eq(parsed.version, 1);
	cr_expect_eq(parsed.total_size, file.size);
	cr_assert_eq(parsed.n_platforms, 1);
	cr_expect_eq(parsed.platforms[0].type, IGVM_SEV_SNP);
}

static void check_not_written(struct fixture *f, const char *says)
{
	auto_digest struct snp_digest d = { 0 };
	auto_buffer struct buffer file = { 0 };
	enum manifest_profile profile;

	make(f, &platform_snp);
	cr_assert_eq(snp_digest_of(f->plan, &d, &f->err), 0);
	cr_assert_lt(igvm_write(f->plan, &f->m, d.value, &file, &profile, &f->err), 0);
	cr_expect_eq(f->err.kind, ERROR_UNSUPPORTED);
	cr_expect(strstr(f->err.why, says), "%s", f->err.why);
	cr_expect(f->err.fix[0]);
	cr_expect_eq(file.size, 0);
}

Test(igvm_write, what_is_in_no_page_is_refused)
{
	struct bzimage_spec spec = bzimage_default();
	auto_fixture struct fixture direct = fixture_empty(), seeded = fixture_default();

	give_bzimage(&direct, &spec);
	direct.m.direct = true;
	check_not_written(&direct, "stage0 finds it in shared memory");
	seeded.m.ovmf_hash_given = true;
	check_not_written(&seeded, "measure.ovmf_hash stands for");
}

Test(igvm_write, a_digest_that_is_not_the_plans_is_noticed)
{
	auto_fixture struct fixture f = fixture_selftest();
	auto_buffer struct buffer file = { 0 };
	enum manifest_profile profile;
	uint8_t other[PLAN_DIGEST] = { 1 };

	make(&f, &platform_snp);
	cr_assert_lt(igvm_write(f.plan, &f.m, other, &file, &profile, &f.err), 0);
	cr_expect_eq(f.err.kind, ERROR_INTERNAL);
}
