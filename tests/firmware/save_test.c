/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/save_test.c: what is saved of a launch names what is in its pages, and is the
 * same once it was written and read.
 */
#include "firmware/save.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/out/saved.h"
#include "core/out/result.h"
#include "core/snp/digest.h"
#include "firmware/fields.h"
#include "tests/firmware/assemble_priv.h"
#include "tests/make/printed.h"

/* What is saved; the fixture's plan is what it borrows. */
static struct saved saved_of(struct fixture *f, struct snp_digest *d)
{
	struct saved r;

	make(f, &platform_snp);
	d->ledger_wanted = d->pages_wanted = true;
	cr_assert_eq(snp_digest_of(f->plan, d, &f->err), 0, "%s", f->err.text);
	cr_assert_eq(save_launch(&f->m, &f->images, f->plan, d, &r, &f->err), 0, "%s", f->err.text);
	return r;
}

static const struct saved_region *region_of(const struct saved *r, const char *label)
{
	for (size_t i = 0; i < r->n_regions; i++)
		if (strcmp(r->regions[i].label, label) == 0)
			return &r->regions[i];
	cr_assert_fail("no region '%s'", label);
	return NULL;
}

static void field_is(const struct saved *r, const char *label, const char *name, const char *want)
{
	const char *have = saved_value(&region_of(r, label)->fields, name);

	cr_expect(have && strcmp(have, want) == 0, "%s of %s is '%s', not '%s'", name, label,
	          have ? have : "missing", want);
}

static struct fixture fixture_direct(void)
{
	struct bzimage_spec spec = bzimage_default();
	struct fixture f = fixture_empty();

	give_bzimage(&f, &spec);
	give_initrd(&f, 3 * PAGE_SIZE);
	f.m.direct = true;
	return f;
}

Test(save, of_a_firmware_names_its_metadata_the_hashes_and_the_registers)
{
	auto_fixture struct fixture f = fixture_default();
	auto_digest struct snp_digest d = { 0 };
	auto_saved struct saved r = { 0 };

	give_kernel(&f, true);
	r = saved_of(&f, &d);
	cr_expect_arr_eq(r.measurement, d.value, sizeof(d.value));
	field_is(&r, "firmware", "ap_start", "0x80b004");
	field_is(&r, "firmware", "hash_table", "0x810c00+0x400");
	field_is(&r, "firmware", "section 0", "sec mem, 0x800000+0x9000");
	field_is(&r, "kernel hashes", "table", "0xc00");
	field_is(&r, "kernel hashes", "initrd",
	         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	/* printf 'quiet\0' | sha256sum */
	field_is(&r, "kernel hashes", "cmdline",
	         "c801d8e83dec6220b30fe179a8aabec923c8977255530ecc7dc23b95a6959bbc");
	field_is(&r, "vcpu 0 (bsp)", "rip", "0xfff0");
	field_is(&r, "vcpu 0 (bsp)", "rdx", "0x800f12");
	field_is(&r, "vcpu (ap)", "rip", "0xb004");
	field_is(&r, "vcpu (ap)", "cs.base", "0x800000");
	cr_expect_null(saved_value(&region_of(&r, "vcpu (ap)")->fields, "cr3"), "it is zero");
	cr_expect_not_null(region_of(&r, "firmware")->pages);
	cr_expect_eq(region_of(&r, "firmware")->bytes, f.images.firmware.data);
	cr_expect_str_eq(saved_value(&r.settings, "boot.cmdline"), "quiet");
	cr_expect_str_eq(saved_value(&r.settings, "memory"), "512M");
	cr_expect_null(saved_value(&r.settings, "boot.firmware"), "its hash is not known");
}

Test(save, of_a_direct_boot_names_parameters_and_tables)
{
	auto_fixture struct fixture f = fixture_direct();
	auto_digest struct snp_digest d = { 0 };
	auto_saved struct saved r = { 0 };
	char hex[65];

	r = saved_of(&f, &d);
	field_is(&r, "stage0 parameters", "flags", "0x3");
	field_is(&r, "stage0 parameters", "vcpu_sig", "0x800f12");
	field_is(&r, "stage0 parameters", "exit_port", "0xf4");
	field_is(&r, "stage0 parameters", "initrd.size", "0x3000");
	field_is(&r, "stage0 parameters", "initrd.sha256", hex_of(f.images.initrd_sha256, 32, hex));
	field_is(&r, "stage0 parameters", "ranges[0]", "0x0..0x2000");
	field_is(&r, "boot_params", "header", "0x53726448");
	field_is(&r, "boot_params", "ramdisk_size", "0x3000");
	field_is(&r, "boot_params", "e820[0]", "0x0..0x2000 type 1");
	field_is(&r, "command line", "text", "quiet");
	cr_expect(strstr(saved_value(&region_of(&r, "ACPI tables")->fields, "DSDT"), "107 bytes"));
	cr_expect_not_null(saved_value(&region_of(&r, "ACPI tables")->fields, "FACP"));
	cr_expect_not_null(saved_value(&region_of(&r, "ACPI tables")->fields, "APIC"));
	cr_expect_not_null(saved_value(&region_of(&r, "ACPI tables")->fields, "XSDT"));
}

static void values_same(const struct saved_values *a, const struct saved_values *b)
{
	cr_expect_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const char *other = saved_value(b, a->list[i].name);

		cr_expect(other && strcmp(other, a->list[i].text) == 0, "%s", a->list[i].name);
	}
}

/* So that a launch can be compared with what was written of it. */
Test(save, is_the_same_after_it_was_written_and_read)
{
	struct fixture all[] = { fixture_default(), fixture_direct() };

	give_kernel(&all[0], true);
	for (size_t n = 0; n < ARRAY_SIZE(all); n++) {
		auto_digest struct snp_digest d = { 0 };
		auto_saved struct saved r = saved_of(&all[n], &d), read = { 0 };
		const struct measure_result result = { .manifest = "m.yaml",
			                               .profile = "qemu",
			                               .vcpu_type = "EPYC-v4",
			                               .digest = &d,
			                               .saved = &r };
		struct tree *t = tree_new();
		char *text;
		size_t size;

		result_measure(t, NULL, &result);
		text = printed(t, tree_print_json, &size);
		cr_assert_eq(saved_read("a.json", (uint8_t *)text, size, &read, &all[n].err), 0,
		             "%s", all[n].err.text);
		free(text);
		cr_assert_eq(read.n_regions, r.n_regions);
		for (size_t i = 0; i < r.n_regions; i++) {
			const struct saved_region *a = &r.regions[i], *b = &read.regions[i];

			cr_expect_eq(a->gpa, b->gpa);
			cr_expect_eq(a->size, b->size);
			cr_expect_str_eq(a->type, b->type);
			cr_expect_str_eq(a->label, b->label);
			cr_expect_eq(a->has_content, b->has_content);
			cr_expect_arr_eq(a->sha384, b->sha384, sizeof(a->sha384));
			cr_assert_eq(!a->pages, !b->pages, "%s", a->label);
			if (a->pages)
				cr_expect_arr_eq(a->pages, b->pages,
				                 a->size / PAGE_SIZE * sizeof(*a->pages));
			values_same(&a->fields, &b->fields);
		}
		for (size_t i = 0; i < r.settings.count; i++)
			cr_expect_str_eq(saved_value(&read.settings, r.settings.list[i].name),
			                 r.settings.list[i].text);
		fixture_fini(&all[n]);
	}
}

/* A field without a cause would leave its reader alone. */
Test(save, has_a_cause_for_every_field)
{
	struct fixture all[] = { fixture_default(), fixture_direct() };

	give_kernel(&all[0], true);
	for (size_t n = 0; n < ARRAY_SIZE(all); n++) {
		auto_digest struct snp_digest d = { 0 };
		auto_saved struct saved r = saved_of(&all[n], &d);

		for (size_t i = 0; i < r.n_regions; i++) {
			const struct saved_values *v = &r.regions[i].fields;
			struct fields_cause cause;

			for (size_t k = 0; k < v->count; k++) {
				cause = fields_cause_of(r.regions[i].label, v->list[k].name);
				cr_expect(cause.key || cause.text, "%s, %s", r.regions[i].label,
				          v->list[k].name);
			}
			cause = fields_cause_of(r.regions[i].label, NULL);
			cr_expect(cause.key || cause.text || v->count, "%s", r.regions[i].label);
		}
		fixture_fini(&all[n]);
	}
}

/* Such as those that an IGVM file lists: their labels are not known here. */
Test(save, has_causes_for_registers_of_any_launcher)
{
	cr_expect_str_eq(fields_cause_of("another launcher's", "rdx").key, "vcpu_type");
	cr_expect_null(fields_cause_of("another launcher's", "text").key);
	cr_expect_null(fields_cause_of("another launcher's", NULL).text);
}

Test(save, tells_host_data_that_each_run_makes)
{
	auto_fixture struct fixture f = fixture_default();
	auto_digest struct snp_digest d = { 0 };
	auto_saved struct saved r = { 0 };

	f.m.host_data_random = true;
	r = saved_of(&f, &d);
	cr_expect_str_eq(saved_value(&r.settings, "snp.host_data"), "random");
}

Test(save, of_an_image_has_its_pages_and_no_digest)
{
	struct image_spec spec = image_default();
	struct blob image = image_make(&spec);
	auto_saved struct saved r = { 0 };
	struct error err = { 0 };

	cr_assert_eq(save_image("image", image.data, image.size, &r, &err), 0, "%s", err.text);
	cr_expect_not(r.measured);
	cr_expect(r.has_regions);
	cr_assert_eq(r.n_regions, 1);
	cr_expect_eq(r.regions[0].gpa, 4 * GIB - image.size);
	field_is(&r, "firmware", "ap_start", "0x80b004");
	cr_expect_lt(save_image("image", image.data, image.size - 1, &r, &err), 0);
	blob_fini(&image);
}
