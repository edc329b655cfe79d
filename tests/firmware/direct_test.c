/* SPDX-License-Identifier: MIT */
/* tests/firmware/direct_test.c: the plan of a direct boot: what is measured, shared or refused. */
#include "firmware/direct.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/stage0.h"
#include "tests/firmware/assemble_priv.h"
#include "tests/make/bzimage.h"
#include "tests/make/le.h"

#define C_BIT 51

/* In boot_params. */
#define RAMDISK_IMAGE 0x218
#define RAMDISK_SIZE  0x21c
#define SETUP_DATA    0x250
#define E820_ENTRIES  0x1e8
#define E820_TABLE    0x2d0

/* The kernel of a spec, without an initrd, in 512 MiB. */
static struct fixture direct_of(const struct bzimage_spec *spec)
{
	struct fixture f = fixture_empty();

	f.m.vcpu_sig = 0xa10f11;
	give_bzimage(&f, spec);
	return f;
}

/* images_load() does this for real files. */
static void hash_initrd(struct fixture *f)
{
	sha256(f->images.initrd.data, f->images.initrd.size, f->images.initrd_sha256);
}

/* With an initrd of 5000 bytes. */
static struct fixture direct(void)
{
	struct bzimage_spec spec = bzimage_default();
	struct fixture f = direct_of(&spec);

	give_initrd(&f, 5000);
	image_noise(f.images.initrd.data, 5000, 9);
	hash_initrd(&f);
	return f;
}

/* The same with a kernel that accepts memory itself, in 8 GiB. */
static struct fixture lazy(void)
{
	struct bzimage_spec spec = bzimage_default();
	struct fixture f;

	spec.accepts = true;
	f = direct_of(&spec);
	give_initrd(&f, 5000);
	hash_initrd(&f);
	f.m.memory = 8 * GIB;
	return f;
}

static struct stage0_params params_of(const struct seen *s)
{
	struct stage0_params p;

	memcpy(&p, bytes_at(s, STAGE0_PARAMS, PAGE_SIZE), sizeof(p));
	return p;
}

static void digest_of(struct fixture *f, struct snp_digest *ret)
{
	make(f, &platform_snp);
	cr_assert_eq(snp_digest_of(f->plan, ret, &f->err), 0, "%s", f->err.text);
}

/* The order is the same for all kernels. */
static const char order[] = "normal 2000+3000, normal 8000+1000, normal 7000+1000, "
			    "normal 9000+1000, normal a000+1000, normal 10000+%x, zero 13000+1000";
static const char order_kvm[] = ", normal "; /* page directories, one per GiB */
static const char order_snp[] = ", secrets 5000+1000, cpuid 6000+1000";

static void check_order(struct fixture *f)
{
	char want[512];
	struct seen s = see(f, &platform_kvm);
	int n = snprintf(want, sizeof(want), order, (unsigned)(stage0_blob_end - stage0_blob));

	cr_expect_eq(strncmp(s.order, want, (size_t)n), 0, "%s", s.order);
	cr_expect_eq(strncmp(s.order + n, order_kvm, strlen(order_kvm)), 0, "%s", s.order);
	cr_expect_null(strchr(s.order + n + strlen(order_kvm), ','), "%s", s.order);
	snprintf(want + n, sizeof(want) - (size_t)n, "%s", order_snp);
	s = see(f, &platform_snp);
	cr_expect_str_eq(s.order, want);
}

Test(direct, loads_the_pages_of_stage0_in_their_order)
{
	auto_fixture struct fixture f = direct();

	check_order(&f);
}

/* A kernel of 64 MiB and an initrd of 1 GiB whose pages are never touched. */
static struct fixture direct_large(void)
{
	struct bzimage_spec spec = bzimage_default();
	struct fixture f;

	spec.payload_size = 64 * MIB;
	spec.init_size = 100 * MIB;
	f = direct_of(&spec);
	give_initrd(&f, GIB);
	memset(f.images.initrd_sha256, 0x77, sizeof(f.images.initrd_sha256));
	f.m.memory = 2 * GIB;
	return f;
}

Test(direct, measures_no_more_than_64_kib_however_large_the_images)
{
	auto_fixture struct fixture small = direct(), large = direct_large();

	for (unsigned vcpus = 1; vcpus <= 4; vcpus++) {
		auto_digest struct snp_digest a = { 0 }, b = { 0 };

		small.m.vcpus = large.m.vcpus = vcpus;
		digest_of(&small, &a);
		digest_of(&large, &b);
		cr_expect_leq(a.pages * PAGE_SIZE, 64 * 1024, "%u vCPUs: %llu pages", vcpus,
		              (unsigned long long)a.pages);
		cr_expect_eq(a.pages, b.pages);
	}
	check_order(&large);
}

Test(direct, tells_stage0_of_large_images_what_they_are)
{
	auto_fixture struct fixture f = direct_large();
	struct seen s = see(&f, &platform_snp);
	struct stage0_params p = params_of(&s);
	const uint8_t *bp = bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE);
	const struct shared_blob *blobs;

	cr_assert_eq(plan_shared_blobs(f.plan, &blobs), 2);
	cr_expect_eq(blobs[0].size, 64 * MIB + 4096); /* after 1536 bytes of setup */
	cr_expect_eq(blobs[1].size, GIB);
	cr_expect_eq(le64_get(p.blobs[0].size), 64 * MIB);
	cr_expect_eq(le64_get(p.blobs[1].size), GIB);
	cr_expect_arr_eq(p.blobs[1].sha256, f.images.initrd_sha256, 32);
	cr_expect_eq(le64_get(p.blobs[1].dst),
	             GIB); /* initrd_addr_max of bzimage_default() is below 2 GiB */
	cr_expect_eq(le_get(bp + RAMDISK_IMAGE, 4), GIB);
	cr_expect_eq(le_get(bp + RAMDISK_SIZE, 4), GIB);
}

/* Shared blobs are whole pages above all memory, don't overlap, and are the image's own bytes. */
static void check_offers(const struct fixture *f)
{
	const struct blob *const images[] = { &f->images.kernel, &f->images.initrd };
	const struct shared_blob *o;
	const struct ram *ram;
	size_t n = plan_shared_blobs(f->plan, &o), runs = plan_ram(f->plan, &ram);
	gpa_t above = ram[runs - 1].gpa + ram[runs - 1].size;

	cr_assert_eq(n, f->images.initrd.size ? 2 : 1);
	for (size_t i = 0; i < n; i++) {
		cr_expect_str_eq(o[i].label, i == 0 ? "kernel" : "initrd");
		cr_expect_eq(o[i].bytes, images[i]->data);
		cr_expect_eq(o[i].size, (images[i]->size + 4095) / 4096 * 4096);
		cr_expect_eq(o[i].gpa % GIB, 0, "for stage0's page tables");
		cr_expect(o[i].gpa >= above && o[i].gpa >= 4 * GIB, "blob %zu is at 0x%llx", i,
		          (unsigned long long)o[i].gpa);
		above = o[i].gpa + o[i].size;
		for (size_t at = images[i]->size; at < o[i].size; at++)
			cr_assert_eq(o[i].bytes[at], 0, "what is not the image's is zero");
	}
}

Test(direct, shares_the_images_own_bytes_above_all_memory)
{
	static const uint64_t memories[] = { 64 * MIB, 3 * GIB, 3 * GIB + 4096, 5 * GIB, 64 * GIB };
	auto_fixture struct fixture f = direct();

	for (size_t i = 0; i < ARRAY_SIZE(memories); i++)
		for (size_t on = 0; platform_at(on); on++) {
			f.m.memory = memories[i];
			make(&f, platform_at(on));
			check_offers(&f);
		}
}

/* What stage0 copies, from and to which addresses, and the hash that it expects. */
Test(direct, has_stage0_copy_what_is_offered)
{
	auto_fixture struct fixture f = direct();
	struct seen s = see(&f, &platform_snp);
	struct stage0_params p = params_of(&s);
	const struct shared_blob *o;
	uint8_t hash[32];

	cr_assert_eq(plan_shared_blobs(f.plan, &o), 2);
	cr_assert_eq(le32_get(p.nr_blob), 2);
	cr_expect_eq(le64_get(p.blobs[0].src), o[0].gpa + 1536, "behind the setup part");
	cr_expect_eq(le64_get(p.blobs[0].dst), 16 * MIB);
	cr_expect_eq(le64_get(p.blobs[0].size), 0x2000);
	sha256(f.images.kernel.data + 1536, 0x2000, hash);
	cr_expect_arr_eq(p.blobs[0].sha256, hash, 32);
	cr_expect_eq(le64_get(p.blobs[1].src), o[1].gpa);
	cr_expect_eq(le64_get(p.blobs[1].dst), 512 * MIB - 8192);
	cr_expect_eq(le64_get(p.blobs[1].size), 5000);
	cr_expect_arr_eq(p.blobs[1].sha256, f.images.initrd_sha256, 32);
	cr_expect_eq(le64_get(p.entry), 16 * MIB + 0x200);
	cr_expect_eq(le64_get(p.boot_params), (uint64_t)STAGE0_BOOT_PARAMS);
}

/* The ends of memory below and above the hole; 0: none above. */
struct split {
	uint64_t memory, low, high, blobs_at;
};
static const struct split splits[] = {
	{ 64 * MIB, 64 * MIB, 0, 4 * GIB },
	{ 3 * GIB - 4096, 3 * GIB - 4096, 0, 4 * GIB },
	{ 3 * GIB, 3 * GIB, 0, 4 * GIB },
	{ 3 * GIB + 4096, 3 * GIB, 4 * GIB + 4096, 5 * GIB },
	{ 4 * GIB, 3 * GIB, 5 * GIB, 5 * GIB },
	{ 5 * GIB, 3 * GIB, 6 * GIB, 6 * GIB },
	{ 64 * GIB, 3 * GIB, 65 * GIB, 65 * GIB },
};

/* The last entry of the kernel's map on either side of the hole ends where memory does. */
static void check_map(const uint8_t *bp, const struct split *want)
{
	uint64_t low = 0, high = 0;

	for (size_t i = 0; i < bp[E820_ENTRIES]; i++) {
		uint64_t start = le_get(bp + E820_TABLE + i * 20, 8);
		uint64_t end = start + le_get(bp + E820_TABLE + i * 20 + 8, 8);

		*(start < 4 * GIB ? &low : &high) = end;
	}
	cr_expect_eq(low, want->low, "0x%llx", (unsigned long long)low);
	cr_expect_eq(high, want->high, "0x%llx", (unsigned long long)high);
}

/*
 * In a plan for SNP, each page of memory is either loaded or in exactly one range that stage0
 * validates.
 */
static void check_validated(const struct seen *s, const struct split *want)
{
	uint64_t high = want->high ? want->high - 4 * GIB : 0, sum = 0, at = 0;
	struct stage0_params p = params_of(s);

	for (size_t i = 0; i < le32_get(p.nr_range); i++) {
		uint64_t start = le64_get(p.ranges[i].start), end = le64_get(p.ranges[i].end);

		cr_assert(start >= at && end > start);
		cr_expect(end <= want->low || (start >= 4 * GIB && end <= want->high));
		for (size_t j = 0; j < s->n; j++)
			cr_expect(region_end(&s->regions[j]) <= start || s->regions[j].gpa >= end);
		sum += end - start;
		at = end;
	}
	for (size_t i = 0; i < s->n; i++)
		sum += s->regions[i].size;
	cr_expect_eq(sum, want->low + high);
}

Test(direct, splits_memory_around_the_hole)
{
	auto_fixture struct fixture f = direct();

	for (size_t i = 0; i < ARRAY_SIZE(splits); i++) {
		const struct ram *ram;
		const struct shared_blob *o;
		struct seen s;

		f.m.memory = splits[i].memory;
		s = see(&f, &platform_snp);
		cr_assert_eq(plan_ram(f.plan, &ram), splits[i].high ? 2 : 1, "split %zu", i);
		cr_expect(ram[0].gpa == 0 && ram[0].size == splits[i].low);
		if (splits[i].high)
			cr_expect(ram[1].gpa == 4 * GIB && ram[1].size == splits[i].high - 4 * GIB);
		cr_assert_eq(plan_shared_blobs(f.plan, &o), 2);
		cr_expect_eq(o[0].gpa, splits[i].blobs_at, "split %zu: 0x%llx", i,
		             (unsigned long long)o[0].gpa);
		cr_expect_eq(o[1].gpa, splits[i].blobs_at + GIB);
		check_map(bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE), &splits[i]);
		check_validated(&s, &splits[i]);
	}
}

static void check_refused_both(struct fixture *f, enum reason kind, const char *says,
                               const char *fix)
{
	plan_free(f->plan);
	check_refused(f, kind, says, 6);
	cr_expect_eq(f->err.column, 11);
	cr_expect(strstr(f->err.fix, fix), "the fix is '%s'", f->err.fix);
	f->err = (struct error){ 0 };
	cr_expect_lt(assemble(&f->m, &f->images, &platform_kvm, &f->plan, &f->err), 0);
	cr_expect(strstr(f->err.text, says), "says '%s', not '%s'", f->err.text, says);
}

Test(direct, refuses_memory_that_stage0_would_have_to_accept_above_512_gib)
{
	auto_fixture struct fixture f = direct(), g = lazy();
	uint64_t above = 600 * GIB;

	f.m.memory = 511 * GIB;
	make(&f, &platform_snp);
	f.m.memory += PAGE_SIZE;
	plan_free(f.plan);
	check_refused(&f, ERROR_BAD_VALUE, "can't accept memory above 512 GiB", 6);
	cr_expect(strstr(f.err.fix, "at most 511G"), "%s", f.err.fix);
	f.err = (struct error){ 0 };
	g.m.memory = above + PAGE_SIZE;
	check_refused(&g, ERROR_BAD_VALUE, "no multiple of 2M", 6);
	g.err = (struct error){ 0 };
	g.m.memory = above;
	make(&g, &platform_snp);
	g.m.memory = 1024 * GIB;
	make(&g, &platform_snp);
}

Test(direct, refuses_memory_that_holds_not_all_and_says_what_would)
{
	auto_fixture struct fixture f = direct();
	struct bzimage_spec spec = bzimage_default();
	static const uint64_t memories[] = { 64 * 1024, 1 * MIB, 16 * MIB, 20 * MIB };

	for (size_t i = 0; i < ARRAY_SIZE(memories); i++) {
		f.m.memory = memories[i];
		check_refused_both(&f, ERROR_MEMORY_TOO_SMALL,
		                   "kernel 'bzImage': the kernel (4194304 bytes from 0x1000000 on) "
		                   "and the initrd (5000 bytes) need memory up to 0x1402000",
		                   "set 'memory' to at least 21M");
	}
	f.m.memory = 21 * MIB;
	make(&f, &platform_snp);
	blob_fini(&f.images.kernel);
	spec.init_size = 64 * MIB;
	f.images.kernel = bzimage_make(&spec);
	f.m.memory = 64 * MIB;
	check_refused_both(&f, ERROR_MEMORY_TOO_SMALL, "67108864 bytes from 0x1000000",
	                   "set 'memory' to at least 81M");
	f.m.memory = 81 * MIB;
	make(&f, &platform_snp);
}

Test(direct, refuses_an_initrd_that_memory_does_not_hold)
{
	auto_fixture struct fixture f = direct_large();

	f.m.memory = GIB;
	check_refused_both(&f, ERROR_MEMORY_TOO_SMALL, "the initrd (1073741824 bytes)",
	                   "set 'memory' to at least 1140M");
	f.m.memory = 1140 * MIB;
	make(&f, &platform_snp);
	check_offers(&f);
	f.m.memory = 1139 * MIB;
	check_refused_both(&f, ERROR_MEMORY_TOO_SMALL, "it ends at 0x47300000", "1140M");
}

Test(direct, takes_a_kernel_without_an_initrd)
{
	struct bzimage_spec spec = bzimage_default();
	auto_fixture struct fixture f = direct_of(&spec);
	struct seen s = see(&f, &platform_snp);
	struct stage0_params p = params_of(&s);
	const uint8_t *bp = bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE);

	check_offers(&f);
	cr_expect_eq(le32_get(p.nr_blob), 1);
	cr_expect_eq(le_get(bp + RAMDISK_IMAGE, 4), 0);
	cr_expect_eq(le_get(bp + RAMDISK_SIZE, 4), 0);
	cr_expect_eq(le64_get(p.blobs[1].src) | le64_get(p.blobs[1].dst), 0);
	cr_expect_eq(le64_get(p.blobs[1].size), 0);
}

Test(direct, takes_an_empty_initrd_for_none)
{
	struct bzimage_spec spec = bzimage_default();
	auto_fixture struct fixture none = direct_of(&spec), empty = direct_of(&spec);
	auto_digest struct snp_digest a = { 0 }, b = { 0 };

	empty.m.initrd.path = (char *)"initrd";
	digest_of(&none, &a);
	digest_of(&empty, &b);
	check_offers(&empty);
	cr_expect_arr_eq(a.value, b.value, sizeof(a.value));
}

Test(direct, takes_an_initrd_of_one_byte)
{
	struct bzimage_spec spec = bzimage_default();
	auto_fixture struct fixture f = direct_of(&spec);
	struct stage0_params p;
	const struct shared_blob *o;
	struct seen s;

	give_initrd(&f, 1);
	f.images.initrd.data[0] = 'x';
	hash_initrd(&f);
	s = see(&f, &platform_snp);
	p = params_of(&s);
	check_offers(&f);
	cr_assert_eq(plan_shared_blobs(f.plan, &o), 2);
	cr_expect_eq(o[1].size, 4096);
	cr_expect_eq(le32_get(p.nr_blob), 2);
	cr_expect_eq(le64_get(p.blobs[1].size), 1);
	cr_expect_eq(le64_get(p.blobs[1].dst), 512 * MIB - 4096);
	cr_expect_eq(le_get(bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE) + RAMDISK_SIZE, 4), 1);
}

/*
 * A command line of the longest size that the kernel takes is in its page; one byte more is
 * refused, with both numbers.
 */
static void check_cmdline(uint32_t kernel_takes, size_t most, const char *says)
{
	struct bzimage_spec spec = bzimage_default();
	auto_fixture struct fixture f = { 0 };
	auto_free char *line = calloc(1, most + 2);
	struct seen s;

	cr_assert_not_null(line);
	spec.cmdline_size = kernel_takes;
	f = direct_of(&spec);
	f.m.cmdline = line;
	memset(line, 'c', most);
	s = see(&f, &platform_snp);
	cr_expect_str_eq((const char *)bytes_at(&s, STAGE0_CMDLINE, PAGE_SIZE), line);
	line[most] = 'c';
	check_refused_both(&f, ERROR_BAD_VALUE, says, "shorten boot.cmdline by 1 bytes");
}

Test(direct, takes_a_command_line_up_to_the_kernels_limit)
{
	check_cmdline(2047, 2047, "has 2048 bytes, and this kernel takes at most 2047");
	check_cmdline(255, 255, "has 256 bytes, and this kernel takes at most 255");
	check_cmdline(0, 0, "has 1 bytes, and this kernel takes at most 0");
}

Test(direct, takes_a_command_line_up_to_its_page)
{
	check_cmdline(4096, 4095, "has 4096 bytes, and a direct boot takes at most 4095");
	check_cmdline(UINT32_MAX, 4095, "has 4096 bytes, and a direct boot takes at most 4095");
}

/* Each changes one thing that the digest must cover. */
static void change_payload(struct fixture *f)
{
	f->images.kernel.data[f->images.kernel.size - 1] ^= 0x80;
}

static void change_header(struct fixture *f)
{
	f->images.kernel.data[0x1fa] ^= 1; /* vid_mode */
}

static void change_initrd(struct fixture *f)
{
	f->images.initrd.data[4999] ^= 1;
	hash_initrd(f);
}

static void change_initrd_size(struct fixture *f)
{
	f->images.initrd.size = 4999;
	hash_initrd(f);
}

static void change_cmdline(struct fixture *f)
{
	f->m.cmdline = (char *)"quiet ";
}

static void change_memory(struct fixture *f)
{
	f->m.memory += 4096;
}

static void change_vcpus(struct fixture *f)
{
	f->m.vcpus++;
}

static void change_vcpu_type(struct fixture *f)
{
	f->m.vcpu_sig++;
}

static void change_features(struct fixture *f)
{
	f->m.guest_features = 0x21;
}

static void change_exit_port(struct fixture *f)
{
	f->m.exit_port++;
}

static void change_rng(struct fixture *f)
{
	f->m.rng = true;
}

static void change_nothing(struct fixture *f)
{
	(void)f;
}

static void (*const changes[])(struct fixture *f) = {
	change_nothing,     change_payload,  change_header,    change_initrd,
	change_initrd_size, change_cmdline,  change_memory,    change_vcpus,
	change_vcpu_type,   change_features, change_exit_port, change_rng,
};

Test(direct, every_change_changes_the_digest_and_each_to_another)
{
	uint8_t values[ARRAY_SIZE(changes)][SNP_DIGEST_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		auto_fixture struct fixture f = direct();
		auto_digest struct snp_digest d = { 0 }, again = { 0 };

		changes[i](&f);
		digest_of(&f, &d);
		digest_of(&f, &again);
		cr_assert_arr_eq(d.value, again.value, sizeof(d.value));
		memcpy(values[i], d.value, sizeof(d.value));
		for (size_t j = 0; j < i; j++)
			cr_expect_arr_neq(values[i], values[j], SNP_DIGEST_SIZE, "%zu and %zu", i,
			                  j);
	}
}

#define LAST_LOW_SIZE (0x2d0 + 3 * 20 + 8) /* size of the map's entry that ends at 640 KiB */

/* Bytes [from, to) of a page are the same in both plans. */
static void check_alike(const struct seen *a, const struct seen *b, gpa_t gpa, size_t from,
                        size_t to)
{
	if (to > from)
		cr_expect_arr_eq(bytes_at(a, gpa, PAGE_SIZE) + from,
		                 bytes_at(b, gpa, PAGE_SIZE) + from, to - from,
		                 "0x%llx, bytes 0x%zx to 0x%zx", (unsigned long long)gpa, from, to);
}

/*
 * The physical address that a plan's page tables map a virtual address to, and whether the page may
 * hold code.
 */
static uint64_t walk(const struct seen *s, uint64_t c_bit, uint64_t at, bool *nx)
{
	uint64_t table = STAGE0_PML4, entry = 0;
	int shift = 39;

	for (*nx = false;; shift -= 9) {
		entry = qword_at(s, table + (at >> shift & 511) * 8);
		cr_assert(entry & 1, "0x%llx is not shown", (unsigned long long)at);
		*nx |= entry >> 63;
		table = entry & 0xffffffffff000 & ~c_bit;
		if (shift < 39 && entry & 0x80)
			break;
	}
	return (entry & 0xffffffffff000 & ~c_bit & -(1ULL << shift)) | (at & ((1ULL << shift) - 1));
}

/*
 * The tables of both platforms map low memory where it is, and the shared blobs from 512 GiB on,
 * whatever their page size.
 */
static void check_tables(const struct seen *snp, const struct seen *kvm)
{
	static const struct {
		uint64_t at, to;
	} places[] = {
		{ 0, 0 },
		{ 0x2000, 0x2000 },
		{ 0x1234567, 0x1234567 },
		{ GIB - 1, GIB - 1 },
		{ 512 * GIB, 4 * GIB },
		{ 513 * GIB + 5, 5 * GIB + 5 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		bool shared = places[i].at >= 512 * GIB, a, b;

		cr_expect_eq(walk(snp, 1ULL << C_BIT, places[i].at, &a), places[i].to);
		cr_expect_eq(walk(kvm, 0, places[i].at, &b), places[i].to);
		cr_expect_eq(a, shared);
		cr_expect_eq(b, shared);
	}
}

static void check_params(const struct seen *snp, const struct seen *kvm)
{
	struct stage0_params a = params_of(snp), b = params_of(kvm);
	const uint8_t *page = bytes_at(kvm, STAGE0_PARAMS, PAGE_SIZE);

	cr_expect_eq(le64_get(a.flags), STAGE0_FLAG_SNP | STAGE0_FLAG_SHA_NI);
	cr_expect_eq(le64_get(b.flags), 0, "a KVM that interprets code may not know SHA-NI");
	cr_expect_eq(le32_get(a.c_bit), C_BIT);
	cr_expect_eq(le32_get(b.c_bit), 0);
	a.flags = b.flags;
	a.c_bit = b.c_bit;
	cr_expect_arr_eq((const uint8_t *)&a, (const uint8_t *)&b, sizeof(a));
	for (size_t i = sizeof(b); i < PAGE_SIZE; i++)
		cr_assert_eq(page[i], 0, "neither CC blob nor setup_data: byte 0x%zx", i);
	cr_expect_arr_eq(bytes_at(snp, STAGE0_PARAMS, PAGE_SIZE) + (STAGE0_CC_BLOB - STAGE0_PARAMS),
	                 "AMDE", 4);
}

Test(direct, the_plain_plan_differs_in_what_only_snp_has)
{
	static const gpa_t same[] = { STAGE0_CMDLINE, STAGE0_ACPI, STAGE0_CODE };
	auto_fixture struct fixture f = direct(), g = direct();
	struct seen snp = see(&f, &platform_snp), kvm = see(&g, &platform_kvm);

	cr_assert_eq(snp.n, kvm.n + 1, "secrets and cpuid; page directories");
	check_tables(&snp, &kvm);
	check_params(&snp, &kvm);
	check_alike(&snp, &kvm, STAGE0_BOOT_PARAMS, 0, SETUP_DATA);
	check_alike(&snp, &kvm, STAGE0_BOOT_PARAMS, SETUP_DATA + 8, LAST_LOW_SIZE);
	check_alike(&snp, &kvm, STAGE0_BOOT_PARAMS, LAST_LOW_SIZE + 8, PAGE_SIZE);
	cr_expect_eq(
		le_get(bytes_at(&snp, STAGE0_BOOT_PARAMS, PAGE_SIZE) + LAST_LOW_SIZE, 8) -
			le_get(bytes_at(&kvm, STAGE0_BOOT_PARAMS, PAGE_SIZE) + LAST_LOW_SIZE, 8),
		3 * PAGE_SIZE, "a page directory for each GiB is no memory");
	cr_expect_eq(le_get(bytes_at(&snp, STAGE0_BOOT_PARAMS, PAGE_SIZE) + SETUP_DATA, 8),
	             (uint64_t)STAGE0_SETUP_DATA);
	cr_expect_eq(le_get(bytes_at(&kvm, STAGE0_BOOT_PARAMS, PAGE_SIZE) + SETUP_DATA, 8), 0);
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		check_alike(&snp, &kvm, same[i], 0, PAGE_SIZE);
	cr_expect_arr_eq((const uint8_t *)&snp.bsp, (const uint8_t *)&kvm.bsp, sizeof(snp.bsp));
	cr_expect_arr_eq((const uint8_t *)&snp.ap, (const uint8_t *)&kvm.ap, sizeof(snp.ap));
}

Test(direct, says_what_the_launch_needs)
{
	auto_fixture struct fixture f = direct();
	const struct plan_settings *s;

	make(&f, &platform_snp);
	s = plan_settings(f.plan);
	cr_expect(s->gib_pages && s->prefault && s->ap_creation && s->mtrrs_on);
	cr_expect_eq(s->c_bit, C_BIT);
	cr_expect_null(s->measure_only);
	make(&f, &platform_kvm);
	s = plan_settings(f.plan);
	cr_expect(!s->gib_pages && s->mtrrs_on, "not every KVM gives 1 GiB pages");
	cr_expect_eq(s->c_bit, 0);
	cr_expect_null(s->measure_only);
}

Test(direct, without_an_exit_port_stage0_is_told_none)
{
	auto_fixture struct fixture f = direct();
	struct seen s = see(&f, &platform_kvm);
	struct stage0_params p = params_of(&s);

	cr_expect_eq(le16_get(p.exit_port), 0xf4);
	f.m.exit_port_given = false;
	s = see(&f, &platform_kvm);
	p = params_of(&s);
	cr_expect_eq(le16_get(p.exit_port), 0);
}

Test(direct, refuses_each_fault_of_a_kernel_by_the_files_name)
{
	for (int fault = BZIMAGE_SOUND + 1; fault < BZIMAGE_FAULTS; fault++) {
		struct bzimage_spec spec = bzimage_default();
		auto_fixture struct fixture f = direct_of(&spec);

		blob_fini(&f.images.kernel);
		spec.fault = (enum bzimage_fault)fault;
		f.images.kernel = bzimage_make(&spec);
		cr_assert_lt(assemble(&f.m, &f.images, &platform_snp, &f.plan, &f.err), 0,
		             "fault %d", fault);
		cr_expect_eq(strncmp(f.err.text, "kernel 'bzImage': ", 18), 0, "%s", f.err.text);
		cr_expect_eq(f.err.line, 6);
		cr_expect_str_not_empty(f.err.fix);
	}
}

static const uint64_t extremes[] = {
	0,
	1,
	0xfff,
	0x1000,
	0x100000,
	0x1000000,
	0x3fffffff,
	0x40000000,
	0x7fffffff,
	0x80000000,
	0xfffff000,
	0xffffffff,
	0x7fffffffffffffff,
	0xfffffffffffff000,
	0xffffffffffffffff,
};

static const struct field {
	size_t at, width;
} fields[] = {
	{ 0x1f1, 1 }, { 0x1f4, 4 }, { 0x201, 1 }, { 0x206, 2 }, { 0x20e, 2 },
	{ 0x211, 1 }, { 0x22c, 4 }, { 0x230, 4 }, { 0x234, 1 }, { 0x236, 2 },
	{ 0x238, 4 }, { 0x258, 8 }, { 0x260, 4 },
};

/*
 * True of every plan that was made, whatever the header: nothing is copied to where there is no
 * memory.
 */
static void check_copies(struct fixture *f)
{
	uint64_t low = f->m.memory < 3 * GIB ? f->m.memory : 3 * GIB;
	struct seen s = see(f, &platform_snp);
	struct stage0_params p = params_of(&s);

	check_offers(f);
	for (size_t i = 0; i < le32_get(p.nr_blob); i++) {
		uint64_t dst = le64_get(p.blobs[i].dst), size = le64_get(p.blobs[i].size);

		cr_assert(dst >= MIB && dst < low && size <= low - dst);
	}
	cr_assert(le64_get(p.entry) >= MIB && le64_get(p.entry) < low);
}

/* True if it was accepted. */
static bool plan_hostile(struct fixture *f, uint64_t memory)
{
	f->m.memory = memory;
	plan_free(f->plan);
	f->plan = NULL;
	f->err = (struct error){ 0 };
	if (assemble(&f->m, &f->images, &platform_snp, &f->plan, &f->err) == 0) {
		check_copies(f);
		return true;
	}
	cr_assert(f->err.kind != ERROR_NONE && f->err.text[0] && f->err.line == 6);
	return false;
}

Test(direct, survives_every_header_field_at_its_extremes)
{
	static const uint64_t memories[] = { 64 * 1024, 64 * MIB, 3 * GIB, 64 * GIB };
	size_t taken = 0, n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields) * ARRAY_SIZE(extremes) * 2; i++) {
		auto_fixture struct fixture f = direct();
		const struct field *at = &fields[i / 2 % ARRAY_SIZE(fields)];
		uint64_t value = extremes[i / 2 / ARRAY_SIZE(fields)];

		f.images.kernel.data[0x234] = i & 1; /* relocatable or not */
		for (size_t j = 0; j < at->width; j++)
			f.images.kernel.data[at->at + j] = (uint8_t)(value >> (8 * j));
		for (size_t j = 0; j < ARRAY_SIZE(memories); j++, n++)
			taken += plan_hostile(&f, memories[j]);
	}
	cr_assert(taken > n / 8 && taken < n * 3 / 4, "%zu of %zu: the values don't bite", taken,
	          n);
}

/* --- memory that the kernel accepts --- */

/* Whether the plan for SNP leaves the kernel memory to accept. */
static bool is_lazy(struct fixture *f)
{
	const struct ram *lazy;

	make(f, &platform_snp);
	return plan_lazy(f->plan, &lazy) > 0;
}

Test(direct, leaves_accepting_to_a_kernel_that_can_from_2_gib_on)
{
	static const struct {
		uint64_t memory;
		bool able; /* the kernel */
		enum manifest_accept accept;
		bool lazy;
		const char *text;
	} rows[] = {
		{ 2 * GIB - 4096, true, ACCEPT_AUTO, false, "eager: memory is less than 2G" },
		{ 2 * GIB, true, ACCEPT_AUTO, true, "lazy: this kernel accepts memory itself" },
		{ 2 * GIB, false, ACCEPT_AUTO, false, "eager: this kernel can't" },
		{ 64 * GIB, true, ACCEPT_EAGER, false, "eager: boot.accept says so" },
		{ 512 * MIB, true, ACCEPT_LAZY, true, "lazy: boot.accept says so" },
		{ 512 * MIB, false, ACCEPT_AUTO, false, "eager: memory is less than 2G" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_fixture struct fixture f = rows[i].able ? lazy() : direct();
		char text[80];

		f.m.memory = rows[i].memory;
		f.m.accept = rows[i].accept;
		cr_expect_eq(is_lazy(&f), rows[i].lazy, "row %zu", i);
		snprintf(text, sizeof(text), "%s: %s", plan_settings(f.plan)->accept,
		         plan_settings(f.plan)->accept_why);
		cr_expect_eq(strncmp(text, rows[i].text, strlen(rows[i].text)), 0, "%s", text);
		make(&f, &platform_kvm);
		cr_expect_null(plan_settings(f.plan)->accept);
		cr_expect_eq(plan_lazy(f.plan, &(const struct ram *){ 0 }), 0, "nobody accepts");
	}
}

Test(direct, refuses_lazy_where_the_kernel_could_not_or_nothing_is_left)
{
	auto_fixture struct fixture f = direct(), g = lazy(), h = lazy();

	f.m.accept = g.m.accept = ACCEPT_LAZY;
	f.m.locations[KEY_BOOT_ACCEPT] = g.m.locations[KEY_BOOT_ACCEPT] =
		h.m.locations[KEY_BOOT_ACCEPT] = (struct location){ .line = 9, .column = 1 };
	check_refused(&f, ERROR_CONFLICT, "this kernel can't accept memory itself", 9);
	f.err = (struct error){ 0 };
	g.m.memory = 22 * MIB;
	blob_fini(&g.images.kernel);
	g.images.kernel = bzimage_make(&(struct bzimage_spec){ .setup_sects = 2,
	                                                       .payload_size = 0x2000,
	                                                       .pref_address = 2 * MIB,
	                                                       .init_size = 20 * MIB - 8192,
	                                                       .kernel_alignment = 4096,
	                                                       .initrd_addr_max = 0x7fffffff,
	                                                       .cmdline_size = 2047,
	                                                       .fixed = true,
	                                                       .accepts = true });
	check_refused(&g, ERROR_CONFLICT, "leave no memory for it", 9);
	g.err = (struct error){ 0 };
	h.m.accept = ACCEPT_LAZY;
	h.images.kernel.data[0x600 + 0x1200] ^= 1; /* the GUID's first byte */
	check_refused(&h, ERROR_CONFLICT, "this kernel can't accept memory itself", 9);
	h.err = (struct error){ 0 };
}

/*
 * Each page of memory has one owner: a region, stage0, or the kernel. The kernel's are type 1 in
 * its memory map, as it expects them; nothing but the bitmap says that nobody accepted them.
 */
static void check_owners(struct fixture *f, uint64_t memory)
{
	struct seen s;
	struct stage0_params p;
	const uint8_t *bp;
	const struct ram *lazy;
	uint64_t sum = 0, end;

	f->m.memory = memory;
	s = see(f, &platform_snp);
	p = params_of(&s);
	bp = bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE);
	cr_assert_eq(plan_lazy(f->plan, &lazy), p.nr_lazy);
	cr_assert_gt(p.nr_lazy, 0);
	for (size_t i = 0; i < p.nr_lazy; i++) {
		bool in_map = false;

		cr_expect_eq(lazy[i].gpa, le64_get(p.lazy[i].start));
		cr_expect_eq(lazy[i].gpa + lazy[i].size, le64_get(p.lazy[i].end));
		for (size_t k = 0; k < bp[E820_ENTRIES]; k++) {
			const uint8_t *row = bp + E820_TABLE + k * 20;
			uint64_t start = le_get(row, 8);

			in_map |= le_get(row + 16, 4) == 1 && lazy[i].gpa >= start &&
			          lazy[i].gpa + lazy[i].size <= start + le_get(row + 8, 8);
		}
		cr_expect(in_map, "lazy[%zu] is no RAM in the map", i);
		sum += lazy[i].size;
	}
	for (size_t i = 0; i < le32_get(p.nr_range); i++)
		sum += le64_get(p.ranges[i].end) - le64_get(p.ranges[i].start);
	for (size_t i = 0; i < s.n; i++)
		sum += s.regions[i].size;
	sum += RAM_HOLE_END - RAM_HOLE; /* nobody's */
	cr_expect_eq(sum, memory, "0x%llx of 0x%llx", (unsigned long long)sum,
	             (unsigned long long)memory);
	/* kernel and initrd, one behind the other, and a unit more are stage0's */
	end = le64_get(p.blobs[1].clear_end);
	cr_expect_eq(le64_get(p.blobs[0].clear_end), 16 * MIB + 4 * MIB, "init_size");
	cr_expect_eq(le64_get(p.blobs[1].dst), le64_get(p.blobs[0].clear_end));
	cr_expect_eq(le_get(bp + RAMDISK_IMAGE, 4), le64_get(p.blobs[1].dst));
	for (size_t i = 0; i < p.nr_lazy; i++)
		cr_expect(le64_get(p.lazy[i].end) <= 16 * MIB ||
		          le64_get(p.lazy[i].start) >= end + 2 * MIB);
}

Test(direct, splits_memory_between_stage0_and_the_kernel)
{
	static const uint64_t memories[] = {
		2 * GIB,
		2 * GIB + 4096,
		2 * GIB + 2 * MIB - 4096,
		3 * GIB - 4096,
		3 * GIB,
		3 * GIB + 4096,
		3 * GIB + 2 * MIB,
		3 * GIB + 2 * MIB + 4096,
		8 * GIB,
		64 * GIB + 511 * 4096,
		1024 * GIB,
	};
	auto_fixture struct fixture f = lazy();

	for (size_t i = 0; i < ARRAY_SIZE(memories); i++)
		check_owners(&f, memories[i]);
}

Test(direct, measures_as_much_for_a_kernel_that_accepts_memory)
{
	auto_fixture struct fixture f = lazy();
	auto_digest struct snp_digest a = { 0 }, b = { 0 };

	digest_of(&f, &a);
	f.m.accept = ACCEPT_EAGER;
	digest_of(&f, &b);
	cr_expect_eq(a.pages, b.pages);
	cr_expect_arr_neq(a.value, b.value, SNP_DIGEST_SIZE);
}

/* struct efi_info of boot_params, and secure_boot. */
Test(direct, tells_the_kernel_of_efi_only_if_it_accepts_memory)
{
	static const uint32_t info[8] = { 0x32334c45, 0x8800, 40, 1, 0x8900, 40, 0, 0 };
	auto_fixture struct fixture f = lazy();
	struct seen s = see(&f, &platform_snp);
	const uint8_t *bp = bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE);

	for (size_t i = 0; i < ARRAY_SIZE(info); i++)
		cr_expect_eq(le_get(bp + 0x1c0 + 4 * i, 4), info[i], "efi_info, word %zu", i);
	cr_expect_eq(bp[0x1ec], 2);
	for (unsigned i = 0; i < 2; i++) {
		f.m.accept = i ? ACCEPT_AUTO : ACCEPT_EAGER;
		s = see(&f, i ? &platform_kvm : &platform_snp);
		bp = bytes_at(&s, STAGE0_BOOT_PARAMS, PAGE_SIZE);
		for (size_t at = 0x1c0; at < 0x1e0; at++)
			cr_expect_eq(bp[at], 0);
		cr_expect_eq(bp[0x1ec], 0);
	}
}
