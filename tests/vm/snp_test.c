/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/snp_test.c: CPUID pages and ID blocks that the firmware refuses, settings that KVM
 * refuses.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/snp/digest.h"
#include "core/vm/launch.h"
#include "tests/fake/fixture.h"
#include "tests/make/idblock.h"

#define CPUID_PAGE 0x2e000 /* of fixture_ovmf */

static int launch(struct fake_kvm *f, const struct fixture *s, struct error *err)
{
	auto_plan const struct plan *p = fixture_plan(s);
	struct vm *vm = NULL;
	int r = vm_launch(fake_kvm_sys(f), &platform_snp, p, &fixture_quiet, &vm, err);

	vm_free(vm);
	cr_assert_eq(fake_kvm_leaks(f), 0u);
	return r;
}

/* Entry i of the CPUID page that the firmware accepted: function, index, EAX to EDX. */
static bool entry_at(const uint8_t *page, unsigned i, uint32_t ret[6])
{
	struct reader r = reader_over(page, 4096, 0, 4);
	uint32_t count = reader_le32(&r);

	r = reader_over(page, 4096, 16 + 48 * i, 48);
	ret[0] = reader_le32(&r);
	ret[1] = reader_le32(&r);
	reader_take(&r, 16);
	for (int reg = 2; reg < 6; reg++)
		ret[reg] = reader_le32(&r);
	return i < count && !r.bad;
}

/* A guest may use either: the page, or KVM through the GHCB. */
static void check_cpuid_agrees(unsigned flags)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(flags);
	struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	const uint8_t *page = fake_kvm_loaded(f, CPUID_PAGE);
	uint32_t entry[6], told[4];
	unsigned n = 0;

	cr_assert_not_null(page);
	for (; entry_at(page, n, entry); n++) {
		cr_assert(fake_kvm_cpuid(f, 0, entry[0], entry[1], told), "leaf 0x%x", entry[0]);
		for (int reg = 0; reg < 4; reg++)
			if (entry[0] != 0xd || reg != 1) /* the page states that one for XCR0 = 1 */
				cr_assert_eq(entry[2 + reg], told[reg],
				             "0x%x.%u register %d: 0x%x, 0x%x", entry[0], entry[1],
				             reg, entry[2 + reg], told[reg]);
		if (entry[0] == FAKE_REFUSED_LEAF)
			cr_assert_eq(entry[2] >> FAKE_REFUSED_BIT & 1, flags ? 0u : 1u);
	}
	cr_assert_gt(n, 10u);
	fixture_end(f, vm);
}

Test(snp, the_cpuid_page_and_kvm_say_the_same)
{
	check_cpuid_agrees(0);
}

Test(snp, a_cpuid_page_refused_once_is_corrected_for_kvm_too)
{
	log_set_level(LOG_QUIET);
	check_cpuid_agrees(FAKE_CPUID_REFUSED_ONCE);
	check_cpuid_agrees(FAKE_CPUID_REFUSED_ONCE | FAKE_PARTIAL_UPDATES);
}

Test(snp, a_corrected_cpuid_page_does_not_change_the_digest)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_CPUID_REFUSED_ONCE);
	auto_digest struct snp_digest said = { 0 };
	struct error err = { 0 };
	struct vm *vm;

	log_set_level(LOG_QUIET);
	vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	cr_assert_eq(snp_digest_of(p, &said, &err), 0);
	cr_assert_arr_eq(said.value, fake_kvm_measurement(f), sizeof(said.value));
	fixture_end(f, vm);
}

Test(snp, a_cpuid_page_refused_always_names_leaf_register_and_bit)
{
	struct fixture s = fixture_default();
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_CPUID_REFUSED_ALWAYS);
	struct error err = { 0 };

	log_set_level(LOG_QUIET);
	cr_assert_eq(launch(f, &s, &err), -EIO);
	cr_assert_eq(err.kind, ERROR_FIRMWARE_REFUSED);
	cr_assert_not_null(strstr(err.text, "INVALID_PARAM"), "%s", err.text);
	cr_assert_not_null(strstr(err.text, "0x2e000"), "%s", err.text);
	/*
	 * Of leaf 7's EBX the first try loses bit 0, the second bit 3; TSC_ADJUST, bit 1, is never
	 * set.
	 */
	cr_assert_not_null(strstr(err.why, "0x7.0 EBX bit 3"), "%s", err.why);
	cr_assert_str_not_empty(err.fix);
}

/* An ID block for this launch, signed, of an author's key too if `author`. */
static struct fixture with_id_block(bool author)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_digest struct snp_digest said = { 0 };
	struct error err = { 0 };

	cr_assert_eq(snp_digest_of(p, &said, &err), 0);
	s.settings.id_block_given = true;
	s.settings.author_key = author;
	idblock_make(said.value, s.settings.policy, author, s.settings.id_block,
	             s.settings.id_auth);
	return s;
}

Test(snp, an_id_block_with_the_predicted_digest_is_accepted)
{
	struct fixture s = with_id_block(false);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };

	cr_assert_eq(launch(f, &s, &err), 0, "%s", err.text);
	cr_assert_str_empty(fake_kvm_complaint(f), "%s", fake_kvm_complaint(f));
}

Test(snp, an_id_block_with_another_digest_shows_both)
{
	struct fixture s = with_id_block(false);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };
	char expects[97], has[97];

	hex_of(s.settings.id_block, 48, has);
	s.settings.id_block[47] ^= 1;
	hex_of(s.settings.id_block, 48, expects);
	cr_assert_eq(launch(f, &s, &err), -EIO);
	cr_assert_eq(err.kind, ERROR_FIRMWARE_REFUSED);
	cr_assert_not_null(strstr(err.text, "BAD_MEASUREMENT"), "%s", err.text);
	cr_assert_not_null(strstr(err.why, expects), "%s", err.why);
	cr_assert_not_null(strstr(err.why, has), "%s", err.why);
	cr_assert_not_null(strstr(err.why, "this launch has"), "%s", err.why);
}

/* Then not the block is wrong, but our prediction or the host. */
Test(snp, an_id_block_that_is_refused_though_the_digests_agree_says_so)
{
	struct fixture s = with_id_block(false);
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *good = fake_kvm_new(0), *bad = fake_kvm_new(0);
	struct vm *vm = fixture_launch(good, &platform_snp, p, &fixture_quiet);
	struct error err = { 0 };

	fake_kvm_fail(bad, fake_kvm_calls(good), EIO); /* LAUNCH_FINISH comes last */
	fake_kvm_fail_status(bad, 0x0b);
	fixture_end(good, vm);
	cr_assert_eq(launch(bad, &s, &err), -EIO);
	cr_assert_not_null(strstr(err.text, "LAUNCH_FINISH"), "%s", err.text);
	cr_assert_not_null(strstr(err.why, "the digest that was predicted"), "%s", err.why);
}

Test(snp, an_id_block_for_another_policy_names_the_policy)
{
	struct fixture s = with_id_block(false);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };

	s.settings.policy = 0xb0000; /* the policy isn't in the digest */
	cr_assert_eq(launch(f, &s, &err), -EIO);
	cr_assert_eq(err.kind, ERROR_FIRMWARE_REFUSED);
	cr_assert_not_null(strstr(err.text, "POLICY_FAILURE"), "%s", err.text);
	cr_assert_not_null(strstr(err.why, "0xb0000"), "%s", err.why);
}

/* The author key is only used if there is one; then its algorithm is checked, too. */
Test(snp, an_author_key_is_announced_only_if_there_is_one)
{
	static const struct {
		bool made, said;
		const char *refused; /* NULL: it is accepted */
	} rows[] = { { false, false, NULL },
		     { false, true, "INVALID_PARAM" }, /* an algorithm of 0 */
		     { true, true, NULL },
		     { true, false, NULL } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture s = with_id_block(rows[i].made);
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct error err = { 0 };

		s.settings.author_key = rows[i].said;
		cr_assert_eq(launch(f, &s, &err) == 0, !rows[i].refused, "row %zu: %s", i,
		             err.text);
		if (rows[i].refused)
			cr_assert_not_null(strstr(err.text, rows[i].refused), "%s", err.text);
	}
}

/* As the firmware does it: what is signed, by which key, and the key's own signature. */
Test(snp, a_signature_that_is_wrong_is_refused)
{
	static const size_t flipped[] = { 0x40, 0x244, 0x680, 0x884 };

	for (size_t i = 0; i < ARRAY_SIZE(flipped); i++) {
		struct fixture s = with_id_block(true);
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct error err = { 0 };

		s.settings.id_auth[flipped[i]] ^= 1;
		cr_assert_eq(launch(f, &s, &err), -EIO, "byte 0x%zx", flipped[i]);
		cr_assert_not_null(strstr(err.text, "BAD_SIGNATURE"), "%s", err.text);
	}
}

/* The block that comes after sealing is the one that the firmware gets. */
Test(snp, an_id_block_is_set_once_the_digest_is_known)
{
	for (unsigned flip = 0; flip < 2; flip++) {
		struct fixture s = fixture_default();
		auto_plan const struct plan *p = fixture_plan(&s);
		auto_digest struct snp_digest said = { 0 };
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		uint8_t block[PLAN_ID_BLOCK], auth[PLAN_ID_AUTH];
		struct error err = { 0 };
		struct vm *vm = NULL;
		int r;

		cr_assert_eq(snp_digest_of(p, &said, &err), 0);
		said.value[0] ^= flip;
		idblock_make(said.value, plan_settings(p)->policy, true, block, auth);
		plan_set_id_block(p, block, auth, true);
		r = vm_launch(fake_kvm_sys(f), &platform_snp, p, &fixture_quiet, &vm, &err);
		cr_expect_eq(r, flip ? -EIO : 0, "%s", err.text);
		cr_expect(!flip || strstr(err.text, "BAD_MEASUREMENT"), "%s", err.text);
		vm_free(vm);
	}
}

Test(snp, settings_that_kvm_refuses_are_named)
{
	static const struct {
		uint64_t policy, features;
		enum reason kind;
		const char *fix;
	} rows[] = {
		{ 0x20000, 0x1, ERROR_BAD_POLICY, "0x30000" },  /* without SMT */
		{ 0x130000, 0x1, ERROR_BAD_POLICY, "0x30000" }, /* single socket */
		{ 0x70000, 0x1, ERROR_BAD_POLICY, "0x30000" },  /* bit 18 */
		{ 0x30000, 0x201, ERROR_HOST_UNSUPPORTED, "0x1" },
		{ 0x30138, 0x1, ERROR_FIRMWARE_REFUSED, "" }, /* at least ABI 1.56 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture s = fixture_default();
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct error err = { 0 };

		s.settings.policy = rows[i].policy;
		s.settings.sev_features = rows[i].features;
		cr_assert_lt(launch(f, &s, &err), 0, "row %zu", i);
		cr_assert_eq(err.kind, rows[i].kind, "row %zu: %s", i, err.text);
		cr_assert_str_not_empty(err.why, "row %zu", i);
		cr_assert_not_null(strstr(err.fix, rows[i].fix), "row %zu: %s", i, err.fix);
	}
}

Test(snp, debug_swap_is_taken_where_kvm_offers_it)
{
	struct fixture s = fixture_default();
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };

	s.settings.sev_features = 0x21;
	s.settings.policy = 0xb0000;
	cr_assert_eq(launch(f, &s, &err), 0, "%s", err.text);
}

/* Adds up the memory allocated in advance; each part begins where the last one ended. */
static void check_provided(struct fake_kvm *f, const struct plan *p, size_t skipped)
{
	const struct fake_memory_event *e;
	const struct ram *ram;
	size_t n = fake_kvm_memory_events(f, &e), runs = plan_ram(p, &ram), at = 0;

	for (size_t i = skipped; i < runs; i++) {
		gpa_t gpa = ram[i].gpa;

		for (; at < n && gpa < ram[i].gpa + ram[i].size; at++) {
			if (e[at].act != FAKE_PROVIDED)
				continue;
			cr_assert_eq(e[at].gpa, gpa, "0x%llx", (unsigned long long)e[at].gpa);
			gpa += e[at].size;
		}
		cr_assert_eq(gpa, ram[i].gpa + ram[i].size, "run %zu", i);
	}
	for (; at < n; at++)
		cr_assert_neq(e[at].act, FAKE_PROVIDED);
}

/*
 * Three ranges of memory, whose first pre-faults fail like this. `skipped` ranges are then not
 * allocated, in `calls` calls.
 */
static void check_prefault(unsigned flags, int errnum, unsigned times, size_t skipped,
                           unsigned calls)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *f = fake_kvm_new(flags);
	struct vm *vm;

	s.parts = fixture_one;
	s.shared_blob = true; /* which isn't allocated: it exists already, and is shared */
	s.settings.prefault = true;
	p = fixture_plan(&s);
	fake_kvm_prefault_fails(f, errnum, times);
	vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	check_provided(f, p, skipped);
	if (calls)
		cr_assert_eq(fake_kvm_prefaults(f), calls, "%u calls", fake_kvm_prefaults(f));
	fixture_end(f, vm);
}

Test(snp, memory_is_provided_run_by_run)
{
	check_prefault(0, 0, 0, 0, 3);
	check_prefault(FAKE_PARTIAL_UPDATES, 0, 0, 0, 0);
}

Test(snp, memory_that_is_not_provided_for_an_interruption_is_asked_for_again)
{
	check_prefault(0, EINTR, 1000, 0, 1003);
	check_prefault(0, EAGAIN, 1000, 0, 1003);
	check_prefault(FAKE_PARTIAL_UPDATES, EINTR, 5, 0, 0);
}

/* Without the call, or without enough memory, the guest starts anyway, only later. */
Test(snp, memory_that_cannot_be_provided_is_no_failure)
{
	static const int errnums[] = {
		ENOTTY, EINVAL, EOPNOTSUPP, ENOENT, ENOMEM, EFAULT, EHWPOISON
	};

	log_set_level(LOG_QUIET);
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++)
		for (unsigned times = 1; times <= 3; times++)
			check_prefault(0, errnums[i], times, times, 3);
}

Test(snp, a_prefault_that_claims_success_and_does_nothing_is_not_repeated)
{
	log_set_level(LOG_QUIET);
	check_prefault(0, 0, 1000, 3, 3);
}

Test(snp, page_tables_that_the_host_cannot_walk_are_refused_before_a_page_is_loaded)
{
	static const struct platform *const on[] = { &platform_snp, &platform_kvm };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;

	s.settings.gib_pages = true;
	p = fixture_plan(&s);
	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_NO_GIB_PAGES);
		auto_fake struct fake_kvm *able = fake_kvm_new(0);
		struct error err = { 0 };
		struct vm *vm = NULL;

		cr_assert_lt(vm_launch(fake_kvm_sys(f), on[i], p, &fixture_quiet, &vm, &err), 0);
		cr_assert_null(vm);
		cr_assert_eq(err.kind, ERROR_HOST_UNSUPPORTED, "%s", err.text);
		cr_assert_not_null(strstr(err.text, "pdpe1gb"), "%s", err.text);
		cr_assert_str_not_empty(err.why);
		cr_assert_not_null(strstr(err.fix, "another host"), "%s", err.fix);
		cr_assert_eq(fake_kvm_leaks(f), 0u);
		cr_assert_eq(fake_kvm_calls_of(f, FAKE_MAP), 0u, "nothing was made yet");
		fixture_end(able, fixture_launch(able, on[i], p, &fixture_quiet));
	}
}

Test(snp, other_guests_run_where_there_are_no_pages_of_1_gib)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_NO_GIB_PAGES);

	fixture_end(f, fixture_launch(f, &platform_snp, p, &fixture_quiet));
	fixture_end(f, fixture_launch(f, &platform_kvm, p, &fixture_quiet));
}

/*
 * If Linux found SEV in CPUID, it would read the SEV status MSR, which a VM of platform kvm doesn't
 * have.
 */
Test(snp, a_plain_guest_is_not_told_of_sev)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *plain = fake_kvm_new(0), *snp = fake_kvm_new(0);
	struct vm *a, *b;
	uint32_t regs[4];

	s.vcpus = 2;
	p = fixture_plan(&s);
	a = fixture_launch(plain, &platform_kvm, p, &fixture_quiet);
	b = fixture_launch(snp, &platform_snp, p, &fixture_quiet);
	for (unsigned i = 0; i < 2; i++) {
		if (fake_kvm_cpuid(plain, i, 0x8000001f, 0, regs))
			cr_assert_eq(regs[0] | regs[1] | regs[2] | regs[3], 0u);
		cr_assert(fake_kvm_cpuid(snp, i, 0x8000001f, 0, regs));
		cr_assert_eq(regs[1] & 63, (uint32_t)FAKE_C_BIT);
	}
	fixture_end(plain, a);
	fixture_end(snp, b);
}

/*
 * Shared blobs are always shared; a guest that wants one to be private gets an error and goes on.
 */
/* Linux adds bits that no firmware vouches for; they aren't even tried. */
Test(snp, the_firmware_vouches_for_the_first_cpuid_page)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	uint32_t reg[4];

	cr_assert_eq(fake_kvm_refusals(f), 0u);
	cr_assert(fake_kvm_cpuid(f, 0, 0x80000021, 0, reg));
	cr_assert_eq(reg[2] & FAKE_SYNTHESISED, 0u, "KVM's answers and the page agree");
	fixture_end(f, vm);
}

Test(snp, an_offer_cannot_be_made_private_by_the_guest)
{
	const struct fake_exit exits[] = { fake_map_gpa(FIXTURE_BLOB, 1, 1ULL << 4),
		                           fake_map_gpa(FIXTURE_BLOB, 1, 0), fake_out(0xf4, 1, 7) };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct outcome o;
	struct vm *vm;

	s.shared_blob = true;
	p = fixture_plan(&s);
	fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
	vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	o = fixture_run(vm);
	cr_assert_eq(o.kind, GUEST_EXITED, "%s", o.detail);
	cr_assert_eq(o.code, 7u);
	cr_assert_eq(fake_kvm_answer(f, 0, 0).ret, (uint64_t)EINVAL);
	cr_assert_eq(fake_kvm_answer(f, 0, 1).ret, 0u, "it is shared already");
	cr_assert_eq(memory_at(&vm->memory, FIXTURE_BLOB, FIXTURE_BLOB_SIZE), fixture_blob);
	fixture_end(f, vm);
}

/* What comes after the page is given back; no other address has that effect. */
Test(snp, a_blob_that_the_guest_has_copied_is_given_back)
{
	static const struct fake_memory_event freed = { FAKE_FREED_SHARED, FIXTURE_BLOB + PAGE_SIZE,
		                                        FIXTURE_BLOB_SIZE - PAGE_SIZE };
	static const struct {
		gpa_t gpa;
		unsigned pages;
		bool taken;
	} rows[] = { { FIXTURE_BLOB, 1, true },
		     { FIXTURE_BLOB + PAGE_SIZE, 1, false }, /* nothing comes after it */
		     { FIXTURE_BLOB + FIXTURE_BLOB_SIZE, 1, false },
		     { FIXTURE_BLOB - PAGE_SIZE, 2, false } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct fake_exit exits[] = { fake_map_gpa(rows[i].gpa, rows[i].pages, 0),
			                           fake_out(0xf4, 1, 7) };
		struct fixture s = fixture_default();
		auto_plan const struct plan *p = NULL;
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		const struct fake_memory_event *e;
		struct vm *vm;
		size_t n;

		s.shared_blob = true;
		p = fixture_plan(&s);
		memset(fixture_blob, 0x5a, sizeof(fixture_blob));
		fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
		vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
		fake_kvm_memory_forget(f);
		cr_assert_eq(fixture_run(vm).code, 7u);
		n = fake_kvm_memory_events(f, &e);
		cr_expect_eq(n, rows[i].taken ? 1u : 0u, "row %zu: %zu events", i, n);
		if (n == 1)
			cr_expect(e->act == freed.act && e->gpa == freed.gpa &&
			          e->size == freed.size);
		cr_expect_eq(fixture_blob[0], 0x5a, "row %zu", i);
		fixture_end(f, vm);
	}
}

/* The attribute of lazy memory is not set, and it is not allocated. */
Test(snp, memory_that_the_guest_accepts_later_costs_nothing_before)
{
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct fixture s = fixture_default();
	const struct fake_memory_event *e;
	uint64_t private = 0, provided = 0;
	struct vm *vm;

	s.lazy = s.settings.prefault = true;
	p = fixture_plan(&s);
	vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	for (size_t i = 0, n = fake_kvm_memory_events(f, &e); i < n; i++) {
		cr_assert(e[i].gpa + e[i].size <= FIXTURE_HIGH + PAGE_SIZE ||
		                  e[i].gpa >= FIXTURE_HIGH + FIXTURE_LAZY - PAGE_SIZE,
		          "event %zu: 0x%llx", i, (unsigned long long)e[i].gpa);
		*(e[i].act == FAKE_PROVIDED ? &provided : &private) += e[i].size;
	}
	cr_assert_eq(private, FIXTURE_LOW + FIXTURE_NEXT + FIXTURE_TOP + 2 * PAGE_SIZE);
	cr_assert_eq(provided, private);
	cr_assert_not_null(memory_at(&vm->memory, FIXTURE_HIGH + PAGE_SIZE, PAGE_SIZE), "shared");
	cr_assert_null(memory_at(&vm->memory, FIXTURE_HIGH, PAGE_SIZE));
	fixture_end(f, vm);
}

/* From 2 MiB on, what becomes private is allocated at once; if that fails, the guest goes on. */
Test(snp, memory_that_the_guest_accepts_is_provided_a_chunk_at_a_time)
{
	const uint64_t large = 2 << 20, small = FIXTURE_LAZY - 2 * PAGE_SIZE - 2 * large;
	const gpa_t at = FIXTURE_HIGH + PAGE_SIZE;
	const struct fake_exit exits[] = {
		fake_map_gpa(at, 2 * large / PAGE_SIZE, 1ULL << 4),
		fake_map_gpa(at, 2 * large / PAGE_SIZE, 1ULL << 4), /* private already */
		fake_map_gpa(at + 2 * large, small / PAGE_SIZE, 1ULL << 4),
		fake_out(0xf4, 1, 7),
	};
	const struct fake_memory_event want[] = {
		{ FAKE_MADE_PRIVATE, at, 2 * large },
		{ FAKE_FREED_SHARED, at, 2 * large },
		{ FAKE_PROVIDED, at, large },
		{ FAKE_PROVIDED, at + large, large },
		{ FAKE_MADE_PRIVATE, at + 2 * large, small },
		{ FAKE_FREED_SHARED, at + 2 * large, small },
	};

	for (unsigned fails = 0; fails < 2; fails++) {
		auto_plan const struct plan *p = NULL;
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct fixture s = fixture_default();
		const struct fake_memory_event *e;
		struct vm *vm;
		size_t n;

		s.lazy = true;
		p = fixture_plan(&s);
		fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
		vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
		fake_kvm_memory_forget(f);
		fake_kvm_prefault_fails(f, ENOMEM, fails);
		cr_assert_eq(fixture_run(vm).code, 7u);
		for (unsigned i = 0; i < 3; i++)
			cr_expect_eq(fake_kvm_answer(f, 0, i).ret, 0u);
		n = fake_kvm_memory_events(f, &e);
		cr_assert_eq(n, ARRAY_SIZE(want) - 2 * fails, "%zu events", n);
		for (size_t i = 0, k = 0; i < n; i++, k++) {
			k += fails && want[k].act == FAKE_PROVIDED ? 2 : 0;
			cr_expect(e[i].act == want[k].act && e[i].gpa == want[k].gpa &&
			                  e[i].size == want[k].size,
			          "event %zu: %d, 0x%llx, 0x%llx", i, e[i].act,
			          (unsigned long long)e[i].gpa, (unsigned long long)e[i].size);
		}
		fixture_end(f, vm);
	}
}
