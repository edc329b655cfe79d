/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/assemble_settings_test.c: a plan's settings on both platforms, and the builtin
 * guest. assemble_test.c tests the order of regions.
 */
#include "firmware/assemble.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/abi.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/selftest.h"
#include "tests/firmware/assemble_priv.h"

static struct fixture fixture_selftest(void)
{
	struct fixture f = fixture_default();

	blob_fini(&f.images.firmware);
	f.m.firmware.path = NULL;
	f.m.builtin = (char *)"selftest";
	return f;
}

/* Only its structure is valid; it has an author key. */
static void give_id_block(struct fixture *f)
{
	struct snp_id_auth *auth = (void *)f->m.id_auth;

	f->m.id_block_given = true;
	f->m.id_block_at = (struct location){ .line = 21, .column = 3 };
	memset(f->m.id_block, 0x42, sizeof(f->m.id_block));
	auth->id_key_algorithm = auth->author_key_algorithm = le32_of(1);
	auth->id_key[0] = auth->author_key[0] = 2;
	for (int at = 0; at <= 72; at += 72) {
		auth->id_key[4 + at] = auth->author_key[4 + at] = 1;
		auth->id_block_signature[at] = auth->id_key_signature[at] = 1;
	}
}

Test(assemble_settings, come_from_the_manifest)
{
	auto_fixture struct fixture f = fixture_default();
	const struct plan_settings *s;

	f.m.policy = 0xb0000;
	f.m.guest_features = 0x21;
	memset(f.m.host_data, 0x11, sizeof(f.m.host_data));
	memset(f.m.gosvw, 0x22, sizeof(f.m.gosvw));
	f.m.vcpus = 255;
	make(&f, &platform_snp);
	s = plan_settings(f.plan);
	cr_expect_eq(s->policy, 0xb0000);
	cr_expect_eq(s->sev_features, 0x21);
	cr_expect_arr_eq(s->host_data, f.m.host_data, sizeof(s->host_data));
	cr_expect_arr_eq(s->gosvw, f.m.gosvw, sizeof(s->gosvw));
	cr_expect_not(s->id_block_given);
	cr_expect_not(s->author_key);
	cr_expect_not(s->seeded);
	cr_expect_eq(s->c_bit, 0, "an OVMF image makes its own page tables");
	cr_expect_eq(plan_vcpus(f.plan), 255);
}

Test(assemble_settings, hold_the_id_block_and_whether_it_has_an_author_key)
{
	auto_fixture struct fixture f = fixture_default();
	const struct plan_settings *s;

	give_id_block(&f);
	make(&f, &platform_snp);
	s = plan_settings(f.plan);
	cr_expect(s->id_block_given);
	cr_expect(s->author_key);
	cr_expect_arr_eq(s->id_block, f.m.id_block, sizeof(s->id_block));
	cr_expect_arr_eq(s->id_auth, f.m.id_auth, sizeof(s->id_auth));
	memset(((struct snp_id_auth *)f.m.id_auth)->author_key, 0, 0x404);
	make(&f, &platform_snp);
	cr_expect_not(plan_settings(f.plan)->author_key);
}

Test(assemble_settings, refuse_a_broken_id_block_at_its_own_place)
{
	auto_fixture struct fixture f = fixture_default();

	give_id_block(&f);
	f.m.id_auth[0] = 2;
	check_refused(&f, ERROR_BAD_ID_BLOCK, "ID key algorithm is 2", 21);
	cr_expect_eq(f.err.column, 3);
}

Test(assemble_settings, a_firmware_alone_can_be_launched)
{
	auto_fixture struct fixture f = fixture_default();

	make(&f, &platform_snp);
	cr_expect_null(plan_settings(f.plan)->measure_only);
}

static void check_measure_only(struct fixture *f, const char *why)
{
	make(f, &platform_snp);
	cr_assert_not_null(plan_settings(f->plan)->measure_only);
	cr_expect(strstr(plan_settings(f->plan)->measure_only, why), "'%s', not '%s'",
	          plan_settings(f->plan)->measure_only, why);
}

Test(assemble_settings, say_why_a_plan_can_only_be_measured)
{
	auto_fixture struct fixture f = fixture_default();

	f.m.profile = PROFILE_EC2;
	check_measure_only(&f, "measure.profile ec2");
	f.m.profile = PROFILE_GCE;
	check_measure_only(&f, "measure.profile gce");
	give_kernel(&f, true);
	check_measure_only(&f, "measure.profile gce");
	f.m.profile = PROFILE_QEMU;
	check_measure_only(&f, "not a bzImage or an EFI program that a firmware");
	f.m.ovmf_hash_given = true;
	check_measure_only(&f, "measure.ovmf_hash");
}

Test(assemble_settings, warn_of_an_image_for_snp_without_a_place_for_an_svsm)
{
	struct image_spec spec = image_default();
	auto_fixture struct fixture with = fixture_of(&spec);
	auto_fixture struct fixture without = { 0 };

	make(&with, &platform_snp);
	cr_expect_null(plan_settings(with.plan)->snp_warning);
	for (size_t i = 0; i < spec.n_sections; i++)
		if (spec.sections[i].type == OVMF_SVSM_CAA)
			spec.sections[i].type = OVMF_SEC_MEM;
	without = fixture_of(&spec);
	make(&without, &platform_snp);
	cr_expect_not_null(plan_settings(without.plan)->snp_warning);
}

Test(assemble_settings, a_given_hash_of_the_firmware_takes_the_place_of_its_pages)
{
	auto_fixture struct fixture f = fixture_default();
	auto_digest struct snp_digest whole = { .ledger_wanted = true }, seeded = { 0 };
	struct seen s;

	make(&f, &platform_snp);
	cr_assert_eq(snp_digest_of(f.plan, &whole, &f.err), 0);
	f.m.ovmf_hash_given = true;
	memcpy(f.m.ovmf_hash, whole.ledger[0].digest_after, sizeof(f.m.ovmf_hash));
	s = see(&f, &platform_snp);
	cr_expect(plan_settings(f.plan)->seeded);
	cr_expect_eq(s.n, 7);
	cr_expect_eq(s.regions[0].gpa, 0x800000);
	cr_assert_eq(snp_digest_of(f.plan, &seeded, &f.err), 0);
	cr_expect_arr_eq(seeded.value, whole.value, sizeof(whole.value));
	cr_expect_eq(seeded.pages + 16, whole.pages);
}

Test(assemble_settings, a_kernel_without_a_firmware_is_refused_at_the_kernel)
{
	auto_fixture struct fixture f = fixture_default();

	give_kernel(&f, false);
	f.m.firmware.path = NULL;
	check_refused(&f, ERROR_BAD_VALUE, "not a bzImage", 6);
	cr_expect_eq(f.err.column, 11);
}

static void check_same_regions(const struct seen *a, const struct seen *b)
{
	cr_assert_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		if (a->regions[i].bytes)
			cr_expect_arr_eq(a->regions[i].bytes, b->regions[i].bytes,
			                 a->regions[i].size, "%s", a->regions[i].label);
}

Test(assemble_settings, an_image_has_the_same_plan_on_either_platform)
{
	auto_fixture struct fixture f = fixture_default();
	auto_fixture struct fixture g = fixture_default();
	auto_digest struct snp_digest a = { 0 }, b = { 0 };
	struct seen snp, kvm;

	give_kernel(&f, true);
	give_kernel(&g, true);
	snp = see(&f, &platform_snp);
	kvm = see(&g, &platform_kvm);
	cr_expect_str_eq(snp.order, kvm.order);
	check_same_regions(&snp, &kvm);
	cr_expect_arr_eq(&snp.bsp, &kvm.bsp, sizeof(snp.bsp));
	cr_expect_arr_eq(&snp.ap, &kvm.ap, sizeof(snp.ap));
	cr_assert_eq(snp_digest_of(f.plan, &a, &f.err), 0);
	cr_assert_eq(snp_digest_of(g.plan, &b, &g.err), 0);
	cr_expect_arr_eq(a.value, b.value, sizeof(a.value));
}

/* What is measured doesn't depend on the manifest's platform. */
Test(assemble_settings, the_plan_for_snp_is_the_same_whatever_platform_the_manifest_names)
{
	auto_fixture struct fixture f = fixture_selftest();
	auto_fixture struct fixture g = fixture_selftest();
	struct seen a, b;

	g.m.platform = MANIFEST_KVM;
	a = see(&f, &platform_snp);
	b = see(&g, &platform_snp);
	cr_expect_str_eq(a.order, b.order);
	check_same_regions(&a, &b);
}

static const struct region *region_labelled(const struct seen *s, const char *label)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->regions[i].label, label))
			return &s->regions[i];
	return NULL;
}

static bool same_bytes(const struct region *a, const struct region *b)
{
	return !a->bytes == !b->bytes && (!a->bytes || !memcmp(a->bytes, b->bytes, a->size));
}

/*
 * The platforms differ in the C-bit of page tables and parameters, and in the secrets and CPUID
 * pages.
 */
Test(assemble_settings, the_selftest_differs_between_platforms_by_tables_and_parameters)
{
	auto_fixture struct fixture f = fixture_selftest();
	auto_fixture struct fixture g = fixture_selftest();
	struct seen snp = see(&f, &platform_snp), kvm = see(&g, &platform_kvm);
	unsigned differing = 0;

	for (size_t i = 0; i < snp.n; i++) {
		const struct region *a = &snp.regions[i], *b = region_labelled(&kvm, a->label);

		if (a->kind == PAGE_SECRETS || a->kind == PAGE_CPUID) {
			cr_expect_null(b, "%s", a->label);
			continue;
		}
		cr_assert_not_null(b, "%s", a->label);
		cr_expect_eq(a->gpa, b->gpa);
		cr_expect_eq(a->size, b->size);
		if (same_bytes(a, b))
			continue;
		differing++;
		cr_expect(strstr(a->label, "page ") || strstr(a->label, "parameters"), "%s differs",
		          a->label);
	}
	cr_expect_eq(differing, 3, "tables, directories, parameters");
	cr_expect_eq(kvm.n + 2, snp.n);
	cr_expect_arr_eq(&snp.bsp, &kvm.bsp, sizeof(snp.bsp));
	cr_expect_eq(plan_settings(f.plan)->c_bit, 51);
	cr_expect_eq(plan_settings(g.plan)->c_bit, 0);
	cr_expect_null(plan_settings(f.plan)->measure_only);
}

Test(assemble_settings, the_selftest_needs_its_exit_port_and_its_memory)
{
	auto_fixture struct fixture f = fixture_selftest();

	f.m.exit_port_given = false;
	check_refused(&f, ERROR_CONFLICT, "exit_port is false", 5);
	f.m.exit_port_given = true;
	f.m.memory = SELFTEST_MEMORY - 4096;
	check_refused(&f, ERROR_MEMORY_TOO_SMALL, "builtin:selftest needs", 5);
	f.m.memory = SELFTEST_MEMORY;
	make(&f, &platform_snp);
}

Test(assemble_settings, the_selftests_other_vcpus_wait_where_a_reset_leaves_them)
{
	auto_fixture struct fixture f = fixture_selftest();
	struct seen s;

	f.m.vcpus = 3;
	s = see(&f, &platform_snp);
	cr_expect_eq(s.vcpus, 3);
	cr_expect_eq(s.bsp.rip, SELFTEST_CODE);
	cr_expect_eq(s.bsp.rdx, 0x800f12);
	cr_expect_eq(s.ap.cs.base + s.ap.rip, 0xfffffff0);
	cr_expect_eq(s.ap.rdx, 0x800f12);
}

/* tests/cli/plain_firmware.sh tests the same from outside. */
Test(assemble_settings, say_why_a_plain_vm_has_no_measurement)
{
	struct image_spec spec = image_default();
	struct snp_digest d = { 0 };
	struct error err = { 0 };

	spec.metadata = false;
	auto_fixture struct fixture f = fixture_of(&spec);

	f.m.platform = MANIFEST_KVM;
	make(&f, &platform_kvm);
	cr_expect_str_eq(plan_settings(f.plan)->no_measurement, "the firmware has no SEV metadata");
	cr_expect_lt(snp_digest_of(f.plan, &d, &err), 0);
	cr_expect_eq(err.kind, ERROR_UNSUPPORTED);
}
