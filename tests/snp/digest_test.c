/* SPDX-License-Identifier: MIT */
/*
 * tests/snp/digest_test.c: the chain against golden PAGE_INFOs, and against one computed page by
 * page here.
 */
#include "core/snp/digest.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/snp/abi.h"
#include "core/snp/vmsa.h"
#include "tests/make/image.h"
#include "tests/make/vectors.h"

#define GIB       ((uint64_t)1 << 30)
#define MAX_PAGES 1000

static const struct vcpu_state some_state = { .rip = 0xfff0, .rdx = 0x800f12, .rflags = 2 };
static const struct vcpu_state other_state = { .rip = 0xb004, .rdx = 0x800f12, .rflags = 2 };

/* 2 GiB from 0, and the firmware's last page below 4 GiB. */
static struct plan *plan_start(unsigned vcpus, const struct vcpu_state *bsp,
                               const struct vcpu_state *ap, const struct plan_settings *s)
{
	struct plan *p = plan_new();
	struct error err = { 0 };

	cr_assert_not_null(p);
	cr_assert_eq(plan_add_ram(p, 0, 2 * GIB, &err), 0, "%s", err.text);
	cr_assert_eq(plan_add_ram(p, 4 * GIB - PAGE_SIZE, PAGE_SIZE, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, vcpus, bsp, ap, &err), 0, "%s", err.text);
	plan_set(p, s);
	return p;
}

static void add(struct plan *p, gpa_t gpa, uint64_t pages, enum page_kind kind, const void *bytes)
{
	const struct region r = { gpa, pages * PAGE_SIZE, kind, bytes, "test" };
	struct error err = { 0 };

	cr_assert_eq(plan_add(p, &r, &err), 0, "%s", err.text);
}

static void digest_of(struct plan *p, struct snp_digest *d)
{
	struct error err = { 0 };

	cr_assert_eq(plan_seal(p, &err), p, "%s", err.text);
	cr_assert_eq(snp_digest_of(p, d, &err), 0, "%s", err.text);
}

/* The other computation: a PAGE_INFO written byte by byte as the firmware ABI lists it. */
struct other {
	uint8_t digest[48];
	uint64_t pages;
};

static void other_page(struct other *o, uint8_t type, uint64_t gpa, const void *hashed)
{
	uint8_t info[0x70] = { 0 };

	memcpy(info, o->digest, 48);
	if (hashed)
		sha384(hashed, 4096, info + 0x30);
	info[0x60] = 0x70;
	info[0x62] = type;
	for (int i = 0; i < 8; i++)
		info[0x68 + i] = (uint8_t)(gpa >> 8 * i);
	sha384(info, sizeof(info), o->digest);
	o->pages++;
}

static void other_vmsa(struct other *o, const struct vcpu_state *s, uint64_t features)
{
	struct snp_vmsa v;

	snp_vmsa_of(s, features, VMSA_KVM, &v);
	other_page(o, 2, 0xfffffffff000, &v);
}

static void check_same(const struct snp_digest *d, const struct other *o)
{
	char have[97], want[97];

	cr_expect_str_eq(hex_of(d->value, 48, have), hex_of(o->digest, 48, want));
	cr_expect_eq(d->pages, o->pages);
}

static const uint8_t *noise(void)
{
	static _Alignas(4096) uint8_t bytes[MAX_PAGES * 4096];

	image_noise(bytes, sizeof(bytes), 7);
	return bytes;
}

static const struct plan_settings plain = { .policy = 0x30000, .sev_features = 1 };

/* Work is shared among threads by 32 pages: sizes on both sides of each border. */
Test(digest, of_a_region_of_any_size_is_that_of_its_pages)
{
	static const uint64_t sizes[] = { 1, 2, 31, 32, 33, 63, 64, 65, 96, MAX_PAGES };
	const uint8_t *bytes = noise();

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct plan *p = plan_start(1, &some_state, &some_state, &plain);
		auto_digest struct snp_digest d = { 0 };
		struct other o = { 0 };

		add(p, 0x100000, sizes[i], PAGE_DATA, bytes);
		digest_of(p, &d);
		for (uint64_t j = 0; j < sizes[i]; j++)
			other_page(&o, 1, 0x100000 + j * 4096, bytes + j * 4096);
		other_vmsa(&o, &some_state, 1);
		check_same(&d, &o);
		plan_free(p);
	}
}

Test(digest, chains_regions_in_the_order_of_the_plan)
{
	struct plan *p = plan_start(1, &some_state, &some_state, &plain);
	auto_digest struct snp_digest d = { 0 };
	const uint8_t *bytes = noise();
	struct other o = { 0 };

	add(p, 0x900000, 2, PAGE_DATA, bytes + 4096);
	add(p, 0x1000, 1, PAGE_ZERO, NULL);
	add(p, 0x800000, 1, PAGE_DATA, bytes);
	digest_of(p, &d);
	other_page(&o, 1, 0x900000, bytes + 4096);
	other_page(&o, 1, 0x901000, bytes + 8192);
	other_page(&o, 3, 0x1000, NULL);
	other_page(&o, 1, 0x800000, bytes);
	other_vmsa(&o, &some_state, 1);
	check_same(&d, &o);
	plan_free(p);
}

Test(digest, holds_place_and_type_of_a_page_that_is_not_hashed_but_no_content)
{
	static const struct {
		enum page_kind kind;
		uint8_t type;
	} rows[] = {
		{ PAGE_ZERO, 3 }, { PAGE_UNMEASURED, 4 }, { PAGE_SECRETS, 5 }, { PAGE_CPUID, 6 }
	};
	const uint8_t *bytes = noise();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct plan *p = plan_start(1, &some_state, &some_state, &plain);
		auto_digest struct snp_digest d = { 0 };
		struct other o = { 0 };

		add(p, 0x3000, 3, rows[i].kind, region_kind(rows[i].kind)->carries ? bytes : NULL);
		digest_of(p, &d);
		for (unsigned j = 0; j < 3; j++)
			other_page(&o, rows[i].type, 0x3000 + j * 4096, NULL);
		other_vmsa(&o, &some_state, 1);
		check_same(&d, &o);
		plan_free(p);
	}
}

Test(digest, of_data_that_is_zero_is_not_that_of_zero_pages)
{
	static _Alignas(4096) const uint8_t zeros[4096];
	struct plan *p = plan_start(1, &some_state, &some_state, &plain);
	struct plan *q = plan_start(1, &some_state, &some_state, &plain);
	auto_digest struct snp_digest data = { 0 }, zero = { 0 };

	add(p, 0x3000, 1, PAGE_DATA, zeros);
	add(q, 0x3000, 1, PAGE_ZERO, NULL);
	digest_of(p, &data);
	digest_of(q, &zero);
	cr_expect_arr_neq(data.value, zero.value, 48);
	plan_free(p);
	plan_free(q);
}

Test(digest, has_one_vmsa_for_each_vcpu_and_the_first_is_another)
{
	static const unsigned counts[] = { 1, 2, 3, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		struct plan_settings s = { .sev_features = 0x21 };
		struct plan *p = plan_start(counts[i], &some_state, &other_state, &s);
		auto_digest struct snp_digest d = { 0 };
		struct other o = { 0 };

		digest_of(p, &d);
		other_vmsa(&o, &some_state, 0x21);
		for (unsigned j = 1; j < counts[i]; j++)
			other_vmsa(&o, &other_state, 0x21);
		check_same(&d, &o);
		plan_free(p);
	}
}

Test(digest, begins_with_the_seed_where_there_is_one)
{
	struct plan_settings s = { .sev_features = 1, .seeded = true };
	struct plan *p, *q;
	auto_digest struct snp_digest d = { 0 }, unseeded = { 0 };
	struct other o = { 0 };

	memset(s.seed, 0x5a, sizeof(s.seed));
	p = plan_start(1, &some_state, &some_state, &s);
	s.seeded = false; /* then the bytes of the seed don't count */
	q = plan_start(1, &some_state, &some_state, &s);
	add(p, 0x3000, 1, PAGE_ZERO, NULL);
	add(q, 0x3000, 1, PAGE_ZERO, NULL);
	digest_of(p, &d);
	digest_of(q, &unseeded);
	memset(o.digest, 0x5a, sizeof(o.digest));
	other_page(&o, 3, 0x3000, NULL);
	other_vmsa(&o, &some_state, 1);
	check_same(&d, &o);
	o = (struct other){ 0 };
	other_page(&o, 3, 0x3000, NULL);
	other_vmsa(&o, &some_state, 1);
	check_same(&unseeded, &o);
	plan_free(p);
	plan_free(q);
}

Test(digest, of_a_plan_with_nothing_but_a_vcpu_is_one_link)
{
	struct plan *p = plan_start(1, &some_state, &some_state, &plain);
	auto_digest struct snp_digest d = { 0 };

	digest_of(p, &d);
	cr_expect_eq(d.pages, 1);
	plan_free(p);
}

/* As a launcher other than KVM measures it: where it is, at its own address, and no other. */
Test(digest, takes_vmsas_from_regions_if_the_plan_has_them_there)
{
	static const struct plan_settings given = { .policy = 0x30000,
		                                    .sev_features = 1,
		                                    .vmsas_are_regions = true };
	struct plan *p = plan_start(2, &some_state, &other_state, &given);
	auto_digest struct snp_digest d = { 0 };
	const uint8_t *bytes = noise();
	struct other o = { 0 };

	add(p, 0xfffffffff000, 1, PAGE_VMSA, bytes);
	add(p, 0xfffffffff000, 1, PAGE_VMSA, bytes + 4096);
	add(p, 0x3000, 1, PAGE_DATA, bytes);
	digest_of(p, &d);
	other_page(&o, 2, 0xfffffffff000, bytes);
	other_page(&o, 2, 0xfffffffff000, bytes + 4096);
	other_page(&o, 1, 0x3000, bytes);
	check_same(&d, &o);
	plan_free(p);
}

static struct plan *plan_of_all_kinds(void)
{
	struct plan *p = plan_start(2, &some_state, &other_state, &plain);
	int i = 0;

	for (enum page_kind k = 0; k < PAGE_KINDS; k++, i++)
		add(p, 0x100000 * (gpa_t)(i + 1), k == PAGE_VMSA ? 1 : (uint64_t)i + 1, k,
		    region_kind(k)->carries ? noise() : NULL);
	return p;
}

Test(digest, is_the_same_with_a_ledger_and_without)
{
	struct plan *p = plan_of_all_kinds();
	auto_digest struct snp_digest with = { .ledger_wanted = true }, without = { 0 };

	digest_of(p, &with);
	digest_of(p, &without);
	cr_expect_arr_eq(with.value, without.value, 48);
	cr_expect_eq(with.pages, without.pages);
	cr_expect_null(without.ledger);
	cr_expect_eq(without.n_ledger, 0);
	plan_free(p);
}

Test(digest, has_a_ledger_of_one_line_for_each_region_and_each_vcpu)
{
	struct plan *p = plan_of_all_kinds();
	auto_digest struct snp_digest d = { .ledger_wanted = true };

	digest_of(p, &d);
	cr_assert_eq(d.n_ledger, PAGE_KINDS + 2);
	for (unsigned i = 0; i < PAGE_KINDS; i++) {
		cr_expect_eq(d.ledger[i].gpa, 0x100000 * (gpa_t)(i + 1));
		cr_expect_eq(d.ledger[i].size, i == PAGE_VMSA ? 4096 : (i + 1) * 4096);
		cr_expect_str_eq(d.ledger[i].type, region_kind(i)->name);
		cr_expect_str_eq(d.ledger[i].label, "test");
	}
	for (unsigned i = PAGE_KINDS; i < d.n_ledger; i++) {
		cr_expect_eq(d.ledger[i].gpa, 0xfffffffff000);
		cr_expect_eq(d.ledger[i].size, 4096);
		cr_expect_str_eq(d.ledger[i].type, "vmsa");
	}
	cr_expect_str_eq(d.ledger[PAGE_KINDS].label, "vcpu 0 (bsp)");
	cr_expect_str_eq(d.ledger[PAGE_KINDS + 1].label, "vcpu (ap)");
	cr_expect_arr_eq(d.ledger[PAGE_KINDS + 1].digest_after, d.value, 48);
	plan_free(p);
}

static const struct region *regions[PAGE_KINDS];
static int keep_region(void *self, const struct region *r, struct error *err)
{
	size_t *n = self;

	(void)err;
	cr_assert_lt(*n, (size_t)PAGE_KINDS);
	regions[(*n)++] = r;
	return 0;
}

Test(digest, has_a_ledger_with_the_hash_of_what_is_in_a_region)
{
	const struct plan_ops ops = { .region = keep_region };
	struct plan *p = plan_of_all_kinds();
	auto_digest struct snp_digest d = { .ledger_wanted = true };
	struct error err = { 0 };
	uint8_t want[48];
	struct snp_vmsa vmsa;
	size_t n = 0;

	digest_of(p, &d);
	cr_assert_eq(plan_replay(p, &ops, &n, &err), 0);
	for (size_t i = 0; i < PAGE_KINDS; i++) {
		const struct region *r = regions[i];

		cr_expect_eq(d.ledger[i].has_content, region_kind(r->kind)->carries);
		if (!r->bytes)
			continue;
		sha384(r->bytes, r->size, want);
		cr_expect_arr_eq(d.ledger[i].sha384, want, 48, "region %zu", i);
	}
	for (size_t i = PAGE_KINDS; i < d.n_ledger; i++) {
		snp_vmsa_of(i == PAGE_KINDS ? &some_state : &other_state,
		            plan_settings(p)->sev_features, plan_settings(p)->flavour, &vmsa);
		sha384(&vmsa, sizeof(vmsa), want);
		cr_expect(d.ledger[i].has_content);
		cr_expect_arr_eq(d.ledger[i].sha384, want, 48, "VMSA %zu", i - PAGE_KINDS);
	}
	plan_free(p);
}

/*
 * pub-001 and pub-002: one firmware page, secrets, cpuid, the page of hashes; reset states of QEMU.
 */
static struct plan *vector_plan(json_t *c)
{
	const struct segment data = { .attrib = 0x93, .limit = 0xffff };
	struct vcpu_state bsp = { .cs = { 0xf000, 0x9b, 0xffff, 0xffff0000 },
		                  .ds = data,
		                  .es = data,
		                  .fs = data,
		                  .gs = data,
		                  .ss = data,
		                  .gdt.limit = 0xffff,
		                  .idt.limit = 0xffff,
		                  .ldt = { .attrib = 0x82, .limit = 0xffff },
		                  .tr = { .attrib = 0x8b, .limit = 0xffff },
		                  .cr0 = 0x10,
		                  .rip = 0xfff0,
		                  .rflags = 2,
		                  .rdx = 0x800f12 };
	struct vcpu_state ap = bsp;
	const struct plan_settings s = { .sev_features = vectors_number(c, "guest_features") };
	const json_t *hashes = json_object_get(json_object_get(c, "expect"), "sev_hashes");
	struct blob firmware = BLOB_NONE, table = BLOB_NONE;
	const uint8_t *code, *page;
	struct error err = { 0 };
	char path[4096];
	struct plan *p;

	ap.rip = 0xf3c8;
	p = plan_start((unsigned)json_integer_value(json_object_get(c, "vcpus")), &bsp, &ap, &s);
	cr_assert_eq(blob_read(vectors_path("fw/pub-tiny-4k.fd", path, sizeof(path)), 4096,
	                       &firmware, &err),
	             0, "%s", err.text);
	cr_assert_eq(blob_zero(4096, &table, &err), 0);
	if (hashes)
		vectors_hex(hashes, "padded_table_176", table.data, 176);
	code = firmware.data;
	page = table.data;
	cr_assert_eq(plan_adopt(p, firmware, &err), 0);
	cr_assert_eq(plan_adopt(p, table, &err), 0);
	add(p, 0xfffff000, 1, PAGE_DATA, code);
	add(p, 0x200000, 1, PAGE_SECRETS, NULL);
	add(p, 0x201000, 1, PAGE_CPUID, NULL);
	add(p, 0x202000, 1, hashes ? PAGE_DATA : PAGE_ZERO, hashes ? page : NULL);
	return p;
}

/*
 * The record from which a ledger line came, made of the line before it; the page's hash as given.
 */
static void check_page_info(const struct snp_digest *d, size_t i, const char *hex)
{
	static const uint8_t start[48];
	struct snp_page_info want;
	uint8_t digest[48];

	cr_assert(hex && hex_parse(hex, strlen(hex), (uint8_t *)&want, sizeof(want)));
	cr_expect_arr_eq(want.digest_cur, i ? d->ledger[i - 1].digest_after : start, 48);
	cr_expect_eq(le16_get(want.length), 0x70);
	cr_expect_eq(le64_get(want.gpa), d->ledger[i].gpa, "record %zu", i);
	sha384(&want, sizeof(want), digest);
	cr_expect_arr_eq(d->ledger[i].digest_after, digest, 48, "record %zu", i);
}

/*
 * Records, trace and digest come from sev-snp-measure 0.0.13; no two pages here adjoin in one type.
 */
static void check_vector(const char *id)
{
	auto_json json_t *all = vectors_load();
	json_t *c = vectors_case(all, id), *want = json_object_get(c, "expect");
	json_t *infos = json_object_get(want, "page_infos"),
	       *trace = json_object_get(want, "trace");
	auto_digest struct snp_digest d = { .ledger_wanted = true };
	struct plan *p = vector_plan(c);
	uint8_t digest[48];

	digest_of(p, &d);
	vectors_hex(want, "launch_digest", digest, sizeof(digest));
	cr_expect_arr_eq(d.value, digest, sizeof(digest));
	cr_assert_eq(d.n_ledger, json_array_size(infos));
	cr_assert_eq(d.n_ledger, json_array_size(trace));
	for (size_t i = 0; i < d.n_ledger; i++) {
		check_page_info(&d, i, json_string_value(json_array_get(infos, i)));
		vectors_hex(json_array_get(trace, i), "ld", digest, sizeof(digest));
		cr_expect_arr_eq(d.ledger[i].digest_after, digest, sizeof(digest));
		cr_expect_eq(d.ledger[i].gpa, vectors_number(json_array_get(trace, i), "gpa"));
	}
	plan_free(p);
}

Test(digest, has_the_golden_page_infos_of_a_small_image)
{
	check_vector("pub-001");
}

Test(digest, has_the_golden_page_infos_with_kernel_hashes_and_two_vcpus)
{
	check_vector("pub-002");
}

struct linked {
	size_t calls;
	uint8_t last[48];
};

static void count_link(void *self, const struct snp_digest *d, const struct region *r, size_t page)
{
	struct linked *l = self;

	l->calls++;
	memcpy(l->last, d->value, sizeof(l->last));
	cr_expect(page >= 1 && page * PAGE_SIZE <= r->size);
}

/* One page differs from plan to plan, between an image that stays and a page that stays. */
Test(digest, with_kept_hashes_is_the_same_as_without)
{
	static _Alignas(4096) uint8_t page[2 * 4096];
	const uint8_t *bytes = noise();
	struct snp_kept *kept = calloc(1, sizeof(*kept));
	struct error err = { 0 };
	size_t calls = 0;

	cr_assert_not_null(kept);
	cr_assert_eq(snp_kept_add(kept, bytes, MAX_PAGES * 4096, &err), 0);
	for (uint8_t round = 0; round < 6; round++) {
		struct plan *p = plan_start(2, &some_state, &other_state, &plain);
		auto_digest struct snp_digest d = { 0 }, with = { .kept = kept };
		struct linked linked = { 0 };
		/* the image moves once, and comes after another page once */
		gpa_t at = round == 3 ? 0x200000 : 0x100000;

		page[0] = round / 2;
		if (round == 4)
			add(p, 0x1000, 1, PAGE_ZERO, NULL);
		add(p, at, MAX_PAGES, PAGE_DATA, bytes);
		add(p, 0x40000000, 2, PAGE_DATA, page);
		add(p, 0x50000000, 1, PAGE_CPUID, NULL);
		digest_of(p, &d);
		with.linked = count_link;
		with.linked_self = &linked;
		cr_assert_eq(snp_digest_of(p, &with, &err), 0, "%s", err.text);
		cr_expect_arr_eq(with.value, d.value, sizeof(d.value), "round %d", round);
		cr_expect_eq(with.pages, d.pages);
		/* an image that the chain went through before is one step */
		calls = round == 0 || round >= 3 ? MAX_PAGES + 3 : 3;
		cr_expect_eq(linked.calls, calls + (round == 4), "round %d: %zu", round,
		             linked.calls);
		plan_free(p);
	}
	snp_kept_fini(kept);
	free(kept);
}

Test(digest, a_copy_goes_on_by_itself)
{
	struct plan *one = plan_start(1, &some_state, &other_state, &plain),
		    *three = plan_start(3, &some_state, &other_state, &plain);
	auto_digest struct snp_digest a = { 0 }, b = { 0 };
	struct snp_digest copy;
	uint8_t vmsa[48];

	add(one, 0x1000, 1, PAGE_ZERO, NULL);
	add(three, 0x1000, 1, PAGE_ZERO, NULL);
	digest_of(one, &a);
	digest_of(three, &b);
	copy = a;
	snp_vmsa_hash(vmsa_rule_of(VMSA_KVM), &other_state, plain.sev_features, vmsa);
	snp_digest_vmsa(&copy, vmsa);
	snp_digest_vmsa(&copy, vmsa);
	cr_expect_arr_eq(copy.value, b.value, sizeof(b.value));
	cr_expect_arr_neq(copy.value, a.value, sizeof(a.value));
	plan_free(one);
	plan_free(three);
}
