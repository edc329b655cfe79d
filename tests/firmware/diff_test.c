/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/diff_test.c: launches that differ in one thing, which must be what is told, and
 * nothing else.
 */
#include "firmware/diff.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/out/saved.h"
#include "core/out/tree.h"
#include "core/snp/digest.h"
#include "firmware/fv.h"
#include "firmware/save.h"
#include "tests/firmware/assemble_priv.h"
#include "tests/make/printed.h"
#include "tests/make/volume.h"

/* Two launches and what differs; the first has no changes. */
struct pair {
	struct fixture f[2];
	struct saved saved[2];
	struct diff_side sides[2];
	struct diff d;
	struct error err;
};

static void side_make(struct pair *p, int i)
{
	auto_digest struct snp_digest digest = { .ledger_wanted = true, .pages_wanted = true };
	struct fixture *f = &p->f[i];
	struct saved *s = &p->saved[i];

	make(f, &platform_snp);
	cr_assert_eq(snp_digest_of(f->plan, &digest, &f->err), 0, "%s", f->err.text);
	cr_assert_eq(save_launch(&f->m, &f->images, f->plan, &digest, s, &f->err), 0, "%s",
	             f->err.text);
	saved_values_format(&s->settings, "vcpus", "%u", f->m.vcpus);
	saved_values_format(&s->settings, "vcpu_sig", "0x%x", f->m.vcpu_sig);
	saved_values_format(&s->settings, "snp.policy", "0x%x", (unsigned)f->m.policy);
}

static void pair_compare(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		p->sides[i] = (struct diff_side){ i ? "b" : "a", "manifest", &p->saved[i] };
	cr_assert_eq(diff_of(&p->sides[0], &p->sides[1], &p->d, &p->err), 0, "%s", p->err.text);
}

static void pair_make(struct pair *p)
{
	side_make(p, 0);
	side_make(p, 1);
	pair_compare(p);
}

static void pair_fini(struct pair *p)
{
	diff_fini(&p->d);
	for (int i = 0; i < 2; i++) {
		saved_fini(&p->saved[i]);
		fixture_fini(&p->f[i]);
	}
}
#define auto_pair __attribute__((cleanup(pair_fini)))

static struct pair pair_firmware(void)
{
	struct pair p = { .f = { fixture_default(), fixture_default() } };

	for (int i = 0; i < 2; i++)
		give_kernel(&p.f[i], true);
	return p;
}

static struct pair pair_direct(void)
{
	struct bzimage_spec spec = bzimage_default();
	struct pair p = { .f = { fixture_empty(), fixture_empty() } };

	for (int i = 0; i < 2; i++) {
		give_bzimage(&p.f[i], &spec);
		give_initrd(&p.f[i], 3 * PAGE_SIZE);
		p.f[i].m.direct = true;
	}
	return p;
}

/* "label: field, field" of each region that differs, one a line. */
static void differs_in(const struct diff *d, const char *want)
{
	char text[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < d->n_regions && n < sizeof(text); i++) {
		const struct diff_region *r = &d->regions[i];

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s", i ? "\n" : "",
		                      r->change == DIFF_ONLY_A   ? "-"
		                      : r->change == DIFF_ONLY_B ? "+"
		                      : r->change == DIFF_MOVED  ? "~"
		                                                 : "",
		                      (r->a ? r->a : r->b)->label);
		for (size_t k = 0; k < r->fields.count && n < sizeof(text); k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", k ? ", " : ": ",
			                      r->fields.list[k].name);
	}
	cr_expect_str_eq(text, want, "'%s' differ, not '%s'", text, want);
}

static const struct diff_value *setting_of(const struct diff *d, const char *name)
{
	for (size_t i = 0; i < d->settings.count; i++)
		if (strcmp(d->settings.list[i].name, name) == 0)
			return &d->settings.list[i];
	return NULL;
}

Test(diff, of_the_same_launch_is_nothing)
{
	auto_pair struct pair a = pair_firmware(), b = pair_direct();

	pair_make(&a);
	pair_make(&b);
	for (int i = 0; i < 2; i++) {
		const struct diff *d = i ? &b.d : &a.d;

		cr_expect(d->same && d->by_digest);
		cr_expect_eq(d->n_regions, 0);
		cr_expect_eq(d->settings.count, 0);
		cr_expect_null(d->cmdline_a);
	}
}

Test(diff, tells_entries_of_the_hash_table)
{
	auto_pair struct pair p = pair_firmware();
	const struct diff_value *v;

	p.f[1].m.cmdline = (char *)"quiet ro";
	p.f[1].images.initrd_sha256[3] ^= 1;
	pair_make(&p);
	cr_expect_not(p.d.same);
	differs_in(&p.d, "kernel hashes: initrd, cmdline");
	v = &p.d.regions[0].fields.list[1];
	cr_expect_str_eq(v->key, "boot.cmdline");
	cr_expect_str_eq(p.d.cmdline_a, "quiet");
	cr_expect_str_eq(p.d.cmdline_b, "quiet ro");
	cr_expect(setting_of(&p.d, "boot.cmdline")->measured);
}

Test(diff, tells_registers_by_name_and_all_vcpus_at_once)
{
	auto_pair struct pair p = pair_firmware();
	const struct diff_value *v;

	p.f[0].m.vcpus = p.f[1].m.vcpus = 5;
	p.f[1].m.vcpu_sig = 0xa00f11;
	pair_make(&p);
	differs_in(&p.d, "vcpu 0 (bsp): rdx\nvcpu (ap): rdx");
	cr_expect_eq(p.d.regions[0].more, 0);
	cr_expect_eq(p.d.regions[1].more, 3);
	v = &p.d.regions[1].fields.list[0];
	cr_expect_str_eq(v->a, "0x800f12");
	cr_expect_str_eq(v->b, "0xa00f11");
	cr_expect_str_eq(v->key, "vcpu_type");
}

Test(diff, tells_vcpus_that_only_one_side_has)
{
	auto_pair struct pair p = pair_firmware();

	p.f[1].m.vcpus = 4;
	pair_make(&p);
	differs_in(&p.d, "+vcpu (ap)");
	cr_expect_eq(p.d.regions[0].more, 1);
	cr_expect_str_eq(p.d.regions[0].key, "vcpus");
	cr_expect(setting_of(&p.d, "vcpus")->measured);
}

Test(diff, tells_kernel_hashes_that_only_one_side_has)
{
	auto_pair struct pair p = pair_firmware();

	p.f[1].m.kernel_hashes = false;
	pair_make(&p);
	differs_in(&p.d, "kernel hashes: type");
	cr_expect_str_eq(p.d.regions[0].fields.list[0].a, "normal");
	cr_expect_str_eq(p.d.regions[0].fields.list[0].b, "zero");
	cr_expect_str_eq(p.d.regions[0].fields.list[0].key, "boot.kernel_hashes");
}

Test(diff, tells_a_profile_by_page_types_order_and_registers)
{
	auto_pair struct pair gce = pair_firmware(), ec2 = pair_firmware();

	gce.f[1].m.profile = PROFILE_GCE;
	pair_make(&gce);
	differs_in(&gce.d, "sec mem: type\nsec mem: type\nsec mem: type\n"
	                   "vcpu 0 (bsp): g_pat, rdx, mxcsr, x87_fcw\n"
	                   "vcpu (ap): g_pat, rdx, mxcsr, x87_fcw");
	ec2.f[1].m.profile = PROFILE_EC2;
	pair_make(&ec2);
	differs_in(&ec2.d, "~cpuid\n"
	                   "vcpu 0 (bsp): cs.attrib, ss.attrib, tr.attrib, rdx, mxcsr, x87_fcw\n"
	                   "vcpu (ap): ss.attrib, tr.attrib, rdx, mxcsr, x87_fcw");
}

Test(diff, tells_parameters_of_a_direct_boot)
{
	auto_pair struct pair memory = pair_direct(), cpus = pair_direct(), line = pair_direct();

	memory.f[1].m.memory = 1024 * MIB;
	pair_make(&memory);
	differs_in(&memory.d, "stage0 parameters: ranges[3], initrd.dst, initrd.clear_end\n"
	                      "boot_params: ramdisk_image, e820[4]");
	cr_expect_str_eq(memory.d.regions[0].fields.list[0].key, "memory");
	cr_expect(setting_of(&memory.d, "memory")->measured);
	cpus.f[1].m.vcpus = 1;
	pair_make(&cpus);
	differs_in(&cpus.d, "ACPI tables: APIC\n-vcpu (ap)");
	line.f[1].m.cmdline = (char *)"quiet  ro";
	pair_make(&line);
	differs_in(&line.d, "command line: text");
}

/* The digest is the same, so none of these is measured. */
Test(diff, tells_settings_that_are_not_measured)
{
	auto_pair struct pair p = pair_firmware();

	p.f[1].m.policy = 0xb0000;
	p.f[1].m.memory = 1024 * MIB;
	pair_make(&p);
	cr_expect(p.d.same);
	cr_expect_eq(p.d.n_regions, 0);
	cr_assert_eq(p.d.settings.count, 2);
	cr_expect_not(setting_of(&p.d, "snp.policy")->measured);
	cr_expect_not(setting_of(&p.d, "memory")->measured);
	cr_expect_str_eq(setting_of(&p.d, "snp.policy")->b, "0xb0000");
}

/* Of one that says no settings, such as a report, nothing is told but what both have. */
Test(diff, compares_what_both_have)
{
	auto_pair struct pair p = pair_firmware();

	side_make(&p, 0);
	p.saved[1].measured = true;
	p.saved[1].measurement[0] = 1;
	saved_values_add(&p.saved[1].settings, "snp.policy", "0x1");
	saved_values_add(&p.saved[1].settings, "snp.identity.family_id", "0000");
	saved_values_add(&p.saved[1].settings, "snp.identity.image_id", "0001");
	pair_compare(&p);
	cr_expect_not(p.d.same);
	cr_expect_eq(p.d.n_regions, 0);
	cr_expect_not_null(p.d.note);
	cr_expect(strstr(p.d.hint, "explain --want 0100"), "%s", p.d.hint);
	cr_expect_eq(p.d.settings.count, 2);
	cr_expect_not_null(setting_of(&p.d, "snp.policy"));
	cr_expect_str_eq(setting_of(&p.d, "snp.identity.image_id")->b, "0001");
}

/* An image has no digest, a report no pages. */
Test(diff, of_what_has_nothing_in_common_is_refused)
{
	auto_pair struct pair p = pair_firmware();

	p.saved[0].has_regions = true;
	p.saved[1].measured = true;
	p.sides[0] = (struct diff_side){ "a", "firmware", &p.saved[0] };
	p.sides[1] = (struct diff_side){ "b", "report", &p.saved[1] };
	cr_assert_lt(diff_of(&p.sides[0], &p.sides[1], &p.d, &p.err), 0);
	cr_expect_eq(p.err.kind, ERROR_USAGE);
	cr_expect_str_eq(p.err.text, "firmware and report have nothing in common to compare");
}

/* launch.json of 0.2 has no hash of any content, but the digest after each region. */
Test(diff, with_what_older_versions_wrote_finds_the_first_region)
{
	auto_pair struct pair same = pair_firmware(), other = pair_firmware();

	other.f[1].m.cmdline = (char *)"ro";
	for (int n = 0; n < 2; n++) {
		struct pair *p = n ? &other : &same;

		side_make(p, 0);
		side_make(p, 1);
		for (size_t i = 0; i < p->saved[0].n_regions; i++) {
			struct saved_region *r = &p->saved[0].regions[i];

			r->has_content = false;
			free(r->pages);
			r->pages = NULL;
			saved_values_fini(&r->fields);
		}
		pair_compare(p);
	}
	cr_expect(same.d.same);
	cr_expect_eq(same.d.n_regions, 0);
	differs_in(&other.d, "kernel hashes");
}

Test(diff, without_bytes_tells_pages)
{
	auto_pair struct pair p = pair_firmware();
	struct saved_region *r[2];

	p.f[1].images.firmware.data[0x3456] ^= 1;
	side_make(&p, 0);
	side_make(&p, 1);
	for (int i = 0; i < 2; i++) {
		r[i] = &p.saved[i].regions[0];
		cr_assert_str_eq(r[i]->label, "firmware");
	}
	pair_compare(&p);
	cr_assert_eq(p.d.n_regions, 1);
	cr_expect_eq(p.d.regions[0].pages, 16);
	cr_expect_eq(p.d.regions[0].pages_differ, 1);
	cr_expect_eq(p.d.regions[0].first_page, r[0]->gpa + 0x3000);
	cr_expect(p.d.regions[0].has_bytes);
	cr_expect_eq(p.d.regions[0].first_byte, r[0]->gpa + 0x3456);
	cr_expect_eq(p.d.regions[0].bytes_differ, 1);
	diff_fini(&p.d);
	r[0]->bytes = r[1]->bytes = NULL;
	pair_compare(&p);
	cr_expect_eq(p.d.regions[0].first_page, r[0]->gpa + 0x3000);
	cr_expect_not(p.d.regions[0].has_bytes);
	cr_expect(strstr(p.d.hint, "give the firmware image"), "%s", p.d.hint);
}

/* --- images with volumes --- */

enum { SEC_AT = 0xa000, OUTER_AT = 0x1000 };

/* As OVMF: drivers in a compressed volume, the first program in one that isn't. */
static void volumes_put(struct blob *image, uint64_t driver_seed, uint64_t sec_seed)
{
	auto_buffer struct buffer drivers = { 0 }, inner = { 0 }, section = { 0 }, packed = { 0 };
	auto_buffer struct buffer file = { 0 }, outer = { 0 }, sec = { 0 }, secfv = { 0 };

	module_put(&drivers, "AAAA11112222333", "FirstDxe", "1.2", 1);
	module_put(&drivers, "BBBB11112222333", "SecondDxe", "2.0", driver_seed);
	volume_put(&inner, guid_dxefv, &drivers, 64);
	section_put(&section, FV_SECTION_VOLUME, "", 0, inner.data, inner.size);
	section_lzma_put(&packed, &section);
	file_put(&file, "CCCC11112222333", FV_FILE_VOLUME_IMAGE, VOLUME_FILE_VALID, packed.data,
	         packed.size);
	volume_put(&outer, guid_compact, &file, 256);
	module_put(&sec, guid_sec, NULL, "3", sec_seed);
	volume_put(&secfv, guid_secfv, &sec, 256);
	cr_assert_leq(OUTER_AT + outer.size, SEC_AT);
	memcpy(image->data + OUTER_AT, outer.data, outer.size);
	memcpy(image->data + SEC_AT, secfv.data, secfv.size);
}

static void images_differ(uint64_t driver, uint64_t sec, bool bytes_a, bool bytes_b,
                          struct diff_file *ret, char where[static 256])
{
	auto_pair struct pair p = pair_firmware();

	volumes_put(&p.f[0].images.firmware, 2, 7);
	volumes_put(&p.f[1].images.firmware, driver, sec);
	side_make(&p, 0);
	side_make(&p, 1);
	if (!bytes_a)
		p.saved[0].regions[0].bytes = NULL;
	if (!bytes_b)
		p.saved[1].regions[0].bytes = NULL;
	pair_compare(&p);
	cr_assert_eq(p.d.n_regions, 1);
	cr_assert_eq(p.d.regions[0].n_files, 1, "%zu files", p.d.regions[0].n_files);
	*ret = p.d.regions[0].files[0];
	memcpy(where, p.d.regions[0].where, 256);
}

Test(diff, names_the_driver_that_differs_also_in_a_compressed_volume)
{
	struct diff_file f;
	char where[256];

	images_differ(3, 7, true, true, &f, where);
	cr_expect_eq(f.change, DIFF_CHANGED);
	cr_expect_str_eq(f.volume, "FVMAIN_COMPACT/DXEFV");
	cr_expect_str_eq(f.name, "SecondDxe");
	cr_expect_str_eq(f.kind, "driver");
	cr_expect_str_eq(f.version_a, "2.0");
	cr_expect(f.compressed);
	cr_expect(strstr(where, "FVMAIN_COMPACT"), "%s", where);
	images_differ(2, 8, true, true, &f, where);
	cr_expect_str_eq(f.volume, "SECFV");
	cr_expect_str_eq(f.name, "SecMain");
	cr_expect_not(f.compressed);
	cr_expect(strstr(where, "SECFV, SecMain"), "%s", where);
}

/* As with a manifest and the launch.json of an older run. */
Test(diff, names_what_a_page_is_in_by_the_image_that_is_there)
{
	struct diff_file f;
	char where[256];

	for (int side = 0; side < 2; side++) {
		images_differ(2, 8, side == 0, side == 1, &f, where);
		cr_expect_str_eq(f.volume, "SECFV");
		images_differ(3, 7, side == 0, side == 1, &f, where);
		cr_expect_str_eq(f.volume, "FVMAIN_COMPACT");
	}
}

/* Where a volume is damaged, its files are not told as missing, but what is there in the other. */
Test(diff, of_a_damaged_image_tells_the_place)
{
	static const struct {
		size_t at;
		const char *volume, *name;
	} rows[] = {
		{ OUTER_AT + VOLUME_HEAD + 24 + 24 + 13 + 40, "FVMAIN_COMPACT", "43434343-" },
		{ OUTER_AT + 0x28, "FVMAIN_COMPACT", "" }, /* the signature of the volume */
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		auto_pair struct pair p = pair_firmware();
		size_t row = i / 2, damaged = i % 2;
		const struct diff_file *f;

		volumes_put(&p.f[0].images.firmware, 2, 7);
		volumes_put(&p.f[1].images.firmware, 2, 7);
		p.f[damaged].images.firmware.data[rows[row].at] ^= 0xff;
		pair_make(&p);
		cr_assert_eq(p.d.n_regions, 1);
		cr_assert_eq(p.d.regions[0].n_files, 1, "row %zu: %zu files", i,
		             p.d.regions[0].n_files);
		f = &p.d.regions[0].files[0];
		cr_expect_eq(f->change, DIFF_CHANGED);
		cr_expect_str_eq(f->volume, rows[row].volume);
		cr_expect(strncmp(f->name, rows[row].name, strlen(rows[row].name)) == 0, "%s",
		          f->name);
		cr_expect(strstr(p.d.note, damaged ? "the image +" : "the image -"), "%s",
		          p.d.note);
	}
}

Test(diff, of_images_alone_and_in_a_launch)
{
	struct image_spec spec = image_default();
	auto_pair struct pair p = pair_firmware();
	struct blob image = image_make(&spec);

	side_make(&p, 0);
	cr_assert_eq(save_image("image", image.data, image.size, &p.saved[1], &p.err), 0);
	pair_compare(&p);
	cr_expect(p.d.same && !p.d.by_digest);
	diff_fini(&p.d);
	image.data[5] ^= 1;
	saved_fini(&p.saved[1]);
	cr_assert_eq(save_image("image", image.data, image.size, &p.saved[1], &p.err), 0);
	pair_compare(&p);
	cr_expect_not(p.d.same);
	differs_in(&p.d, "firmware");
	diff_fini(&p.d);
	saved_fini(&p.saved[0]);
	p.saved[0].has_regions = true;
	cr_expect_lt(diff_of(&p.sides[0], &p.sides[1], &p.d, &p.err), 0, "no firmware");
	blob_fini(&image);
}

/* Each pair of lists, however unlike, is told once and without end. */
Test(diff, of_any_order_of_regions_ends)
{
	for (unsigned seed = 0; seed < 2000; seed++) {
		auto_pair struct pair p = { .d = { .note = NULL } };
		size_t told = 0;

		for (int side = 0; side < 2; side++) {
			unsigned bits = (seed * 2654435761u) >> (side ? 3 : 11);

			p.saved[side].measured = p.saved[side].has_regions = true;
			for (unsigned i = 0; i < bits % 7; i++) {
				struct saved_region *r = saved_region_add(&p.saved[side]);

				r->gpa = (bits >> i * 2) % 3 * PAGE_SIZE;
				r->size = PAGE_SIZE;
				snprintf(r->label, sizeof(r->label), "%c", "abc"[(bits >> i) % 3]);
				r->has_content = bits >> i & 1;
			}
		}
		p.saved[1].measurement[0] = 1;
		pair_compare(&p);
		for (size_t i = 0; i < p.d.n_regions; i++)
			told += p.d.regions[i].more + 1;
		cr_expect_leq(told, p.saved[0].n_regions + p.saved[1].n_regions);
	}
}
