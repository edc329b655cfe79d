/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/launch_test.c: what a launch creates, in which order, and that `measure` predicts its
 * digest.
 */
#include "core/vm/launch.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/manifest.h"
#include "core/base/array.h"
#include "core/dev/fwcfg.h"
#include "core/snp/digest.h"
#include "core/vm/abi.h"
#include "core/vm/devices.h"
#include "core/vm/signals.h"
#include "core/vm/sys.h"
#include "firmware/assemble.h"
#include "firmware/images.h"
#include "firmware/selftest.h"
#include "firmware/stage0.h"
#include "tests/fake/fixture.h"
#include "tests/make/image.h"

#define HUGE_PAGE ((uint64_t)2 << 20)

/* Launches, and compares the fake PSP's digest with the prediction. */
static void check_digest(const struct plan *p, unsigned flags, const char *what)
{
	auto_fake struct fake_kvm *f = fake_kvm_new(flags);
	auto_digest struct snp_digest said = { 0 };
	struct error err = { 0 };
	struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);

	cr_assert_eq(snp_digest_of(p, &said, &err), 0, "%s", err.text);
	cr_assert_not_null(fake_kvm_measurement(f));
	cr_assert_arr_eq(said.value, fake_kvm_measurement(f), sizeof(said.value), "%s", what);
	fixture_end(f, vm);
}

Test(launch, the_psp_sees_what_measure_predicts)
{
	static const struct fixture_part *const shapes[] = { fixture_ovmf, fixture_one,
		                                             fixture_kinds, fixture_nothing };
	static const unsigned vcpus[] = { 1, 2, 4, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		for (size_t j = 0; j < ARRAY_SIZE(vcpus); j++)
			for (unsigned flags = 0; flags <= FAKE_PARTIAL_UPDATES; flags++) {
				struct fixture s = fixture_default();
				auto_plan const struct plan *p = NULL;
				char what[64];

				s.parts = shapes[i];
				s.vcpus = vcpus[j];
				p = fixture_plan(&s);
				snprintf(what, sizeof(what), "shape %zu, %u vCPUs, flags %u", i,
				         vcpus[j], flags);
				check_digest(p, flags, what);
			}
}

Test(launch, registers_far_from_reset_are_measured_as_predicted)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;

	s.bsp = fixture_long_mode();
	s.vcpus = 3;
	s.settings.sev_features = 0x21;
	s.settings.c_bit = FAKE_C_BIT;
	p = fixture_plan(&s);
	check_digest(p, 0, "long mode");
}

/* As an IGVM file may have them. */
Test(launch, registers_that_other_launches_leave_alone_are_measured_as_predicted)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;

	s.vcpus = 2;
	s.bsp.rax = 1, s.bsp.rbx = 2, s.bsp.rcx = 3, s.bsp.rdi = 4, s.bsp.rbp = 5;
	for (uint64_t i = 0; i < 8; i++)
		s.bsp.r8_15[i] = 0x800 + i;
	s.ap.more = (struct vcpu_more){ true, 0, 0, 0x0606060606060606, 7, 0x1fa0, 0x27f };
	p = fixture_plan(&s);
	check_digest(p, 0, "all registers");
}

Test(launch, the_selftest_is_measured_as_predicted)
{
	struct selftest_config c = { .c_bit = FAKE_C_BIT, .exit_port = 0xf4, .vcpu_sig = 0xa10f11 };
	struct plan_settings settings = { .policy = 0x30000,
		                          .sev_features = 1,
		                          .c_bit = FAKE_C_BIT };
	struct vcpu_state bsp;
	struct error err = { 0 };
	struct plan *p = plan_new();
	auto_plan const struct plan *sealed = NULL;

	cr_assert_eq(plan_add_ram(p, 0, SELFTEST_MEMORY, &err), 0, "%s", err.text);
	cr_assert_eq(selftest_plan(p, &c, &bsp, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 2, &bsp, &bsp, &err), 0, "%s", err.text);
	plan_set(p, &settings);
	sealed = plan_seal(p, &err);
	cr_assert_not_null(sealed, "%s", err.text);
	check_digest(sealed, FAKE_PARTIAL_UPDATES, "selftest");
}

Test(launch, a_firmware_image_is_measured_as_predicted)
{
	struct image_spec spec = image_default();
	struct images images = { .firmware = image_make(&spec) };
	struct manifest m = { .firmware.path = (char *)"image",
		              .vcpus = 4,
		              .vcpu_sig = 0x800f12,
		              .memory = 16 << 20,
		              .policy = 0x30000,
		              .guest_features = 1,
		              .cmdline = (char *)"" };
	auto_plan const struct plan *p = NULL;
	struct error err = { 0 };

	cr_assert_eq(assemble(&m, &images, &platform_snp, &p, &err), 0, "%s", err.text);
	check_digest(p, FAKE_PARTIAL_UPDATES, "image");
	images_fini(&images);
}

Test(launch, a_kernel_booted_directly_is_measured_as_predicted)
{
	for (unsigned vcpus = 1; vcpus <= 4; vcpus++)
		for (unsigned flags = 0; flags <= FAKE_PARTIAL_UPDATES; flags++) {
			struct fixture_direct d = fixture_direct(&platform_snp, vcpus);

			check_digest(d.plan, flags, "direct boot");
			fixture_direct_fini(&d);
		}
}

/* The firmware loads no byte of kernel and initrd, and we copy none. */
Test(launch, a_kernel_booted_directly_is_handed_over_where_it_was_read)
{
	const struct platform *on;

	for (size_t i = 0; (on = platform_at(i)); i++) {
		struct fixture_direct d = fixture_direct(on, 2);
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct vm *vm = fixture_launch(f, on, d.plan, &fixture_quiet);
		const struct shared_blob *o;

		cr_assert_eq(plan_shared_blobs(d.plan, &o), 2);
		cr_assert_eq(memory_at(&vm->memory, o[0].gpa, o[0].size), d.images.kernel.data);
		cr_assert_eq(memory_at(&vm->memory, o[1].gpa, o[1].size), d.images.initrd.data);
		cr_assert_eq(fake_kvm_mp_state(f, 1),
		             on == &platform_snp ? KVM_MP_STATE_AP_RESET_HOLD : -1);
		cr_assert_eq(fake_kvm_prefaulted(f),
		             on == &platform_snp ? FIXTURE_DIRECT_MEMORY : 0);
		fixture_end(f, vm);
		fixture_direct_fini(&d);
	}
}

Test(launch, a_plain_guest_booted_directly_finds_its_pages)
{
	struct fixture_direct d = fixture_direct(&platform_kvm, 1);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = fixture_launch(f, &platform_kvm, d.plan, &fixture_quiet);

	cr_assert_arr_eq(memory_at(&vm->memory, STAGE0_CODE, PAGE_SIZE), stage0_blob, PAGE_SIZE);
	cr_assert_arr_eq(memory_at(&vm->memory, STAGE0_PARAMS, 8), "SNVMSTG0", 8);
	cr_assert_str_eq((const char *)memory_at(&vm->memory, STAGE0_CMDLINE, PAGE_SIZE),
	                 "console=ttyS0");
	cr_assert_arr_eq(memory_at(&vm->memory, STAGE0_ACPI, 8), "RSD PTR ", 8);
	cr_assert_eq(memory_at(&vm->memory, STAGE0_SECRETS, PAGE_SIZE)[0], 0);
	fixture_end(f, vm);
	fixture_direct_fini(&d);
}

/* A small firmware with items in fw_cfg; `images` must outlive the plan. */
static const struct plan *firmware_plan(struct images *images, const struct platform *on)
{
	struct image_spec spec = image_default();
	struct manifest m = { .firmware.path = (char *)"image",
		              .vcpus = 3,
		              .vcpu_sig = 0x800f12,
		              .memory = 16 << 20,
		              .policy = 0x30000,
		              .guest_features = 1,
		              .cmdline = (char *)"" };
	const struct plan *p = NULL;
	struct error err = { 0 };

	*images = (struct images){ .firmware = image_make(&spec) };
	cr_assert_eq(assemble(&m, images, on, &p, &err), 0, "%s", err.text);
	return p;
}

#define DMA_AT  0x20000 /* a descriptor, and 16 bytes after it the buffer */
#define BUFFER  0x20010
#define DMA_BIG 0x00000200u /* the low half of DMA_AT, for a big-endian register */

/* A transfer of etc/e820, the first file, to BUFFER: select, read; key 0x20, 20 bytes. */
static const uint8_t descriptor[] = { 0, 0x20, 0, 0x0a, 0, 0, 0, 20, 0, 0, 0, 0, 0, 2, 0, 0x10 };

Test(launch, a_firmware_finds_what_is_handed_to_it)
{
	static const struct platform *const on[] = { &platform_snp, &platform_kvm };
	const struct fake_exit exits[] = {
		fake_out(0x510, 2, 0), fake_in(0x511, 1, 4),           fake_out(0x510, 2, 5),
		fake_in(0x511, 1, 2),  fake_out(0xcf8, 4, 0x80000000), fake_in(0xcfc, 4, 1),
		fake_in(0x92, 1, 1),   fake_out(0x70, 1, 0x0d),        fake_in(0x71, 1, 1),
		fake_out(0xf4, 1, 0),
	};

	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		struct images images;
		auto_plan const struct plan *p = firmware_plan(&images, on[i]);
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct vm *vm = fixture_launch(f, on[i], p, &fixture_quiet);

		fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
		cr_assert_eq(fixture_run(vm).kind, GUEST_EXITED);
		cr_expect_arr_eq(fake_kvm_answer(f, 0, 1).in, "QEMU", 4);
		cr_expect_arr_eq(fake_kvm_answer(f, 0, 3).in, "\3\0", 2, "three vCPUs");
		cr_expect_arr_eq(fake_kvm_answer(f, 0, 5).in, "\x86\x80\x37\x12", 4, "an i440FX");
		cr_expect_eq(fake_kvm_answer(f, 0, 6).in[0], 0x02, "A20 is open");
		cr_expect_eq(fake_kvm_answer(f, 0, 8).in[0], 0x80, "the clock is valid");
		fixture_end(f, vm);
		images_fini(&images);
	}
}

/* Under SNP a transfer reaches only memory that the guest has made shared. */
Test(launch, a_transfer_to_private_memory_is_refused_and_one_to_shared_memory_arrives)
{
	const struct fake_exit exits[] = { fake_out(0x518, 4, DMA_BIG), fake_out(0xf4, 1, 0) };
	struct images images;
	auto_plan const struct plan *p = firmware_plan(&images, &platform_snp);

	for (unsigned shared = 0; shared < 3; shared++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
		const struct fwcfg *fwcfg;
		uint8_t *at;

		if (shared > 0)
			cr_assert_eq(memory_convert(&vm->memory, DMA_AT, 1, false), MEMORY_CHANGED);
		at = memory_at(&vm->memory, DMA_AT, 64);
		cr_assert_eq(at != NULL, shared > 0);
		if (at)
			memcpy(at, descriptor, sizeof(descriptor));
		if (shared == 2) /* its buffer would be in private memory */
			at[6] = 0x10;
		fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
		cr_assert_eq(fixture_run(vm).kind, GUEST_EXITED);
		fwcfg = devices_find(vm, &fwcfg_device);
		cr_expect_eq(fwcfg->stats.dma_count, 1u);
		cr_expect_eq(fwcfg->stats.dma_refused, shared == 1 ? 0u : 1u);
		if (shared > 0)
			cr_expect_eq(at[3], shared == 1 ? 0 : 1, "the error bit");
		if (shared == 1)
			cr_expect_arr_eq(at + 24, "\0\0\0\1", 4, "16 MiB of memory");
		fixture_end(f, vm);
	}
	images_fini(&images);
}

Test(launch, a_guest_without_firmware_has_no_pc_around_it)
{
	const struct fake_exit exits[] = { fake_in(0x511, 1, 1), fake_in(0xcfc, 4, 1),
		                           fake_in(0x71, 1, 1), fake_out(0xf4, 1, 0) };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);

	fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
	cr_assert_eq(fixture_run(vm).kind, GUEST_EXITED);
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(fake_kvm_answer(f, 0, i).in[0], 0xff);
	cr_expect_eq(vm->bus[BUS_PORTS].unclaimed, 3u);
	fixture_end(f, vm);
}

Test(launch, every_vcpu_has_its_own_vmsa_and_apic_id)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm;
	uint32_t regs[4];

	s.vcpus = 3;
	p = fixture_plan(&s);
	vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	cr_assert_arr_neq(fake_kvm_vmsa(f, 0), fake_kvm_vmsa(f, 1), 4096,
	                  "BSP and AP begin elsewhere");
	cr_assert_arr_eq(fake_kvm_vmsa(f, 1), fake_kvm_vmsa(f, 2), 4096);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert(fake_kvm_cpuid(f, i, 0x1, 0, regs));
		cr_assert_eq(regs[1] >> 24, i);
		cr_assert_eq(regs[1] >> 16 & 0xff, 3u, "logical processors");
		cr_assert(fake_kvm_cpuid(f, i, 0xb, 0, regs));
		cr_assert_eq(regs[3], i);
		cr_assert(fake_kvm_cpuid(f, i, 0x8000001e, 0, regs));
		cr_assert_eq(regs[0], i);
	}
	fixture_end(f, vm);
}

Test(launch, a_plain_guest_has_its_bytes_where_the_plan_says)
{
	static const unsigned flags[] = { 0, FAKE_GMEM_MMAP, FAKE_NO_SNP };
	static const char *const backings[] = { "anonymous memory", "mapped guest_memfd",
		                                "anonymous memory" };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_blob struct blob noise = BLOB_NONE;
	struct error err = { 0 };

	cr_assert_eq(blob_zero(FIXTURE_TOP, &noise, &err), 0);
	image_noise(noise.data, noise.size, 1); /* the first part's */
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(flags[i]);
		struct vm *vm = fixture_launch(f, &platform_kvm, p, &fixture_quiet);
		const uint8_t *at = memory_at(&vm->memory, FIXTURE_FW, FIXTURE_TOP);

		cr_assert_str_eq(vm->memory.backing, backings[i]);
		cr_assert_not_null(at);
		cr_assert_arr_eq(at, noise.data, FIXTURE_TOP);
		cr_assert_eq(memory_at(&vm->memory, 0x20000, PAGE_SIZE)[7], 0, "a zero page");
		cr_assert_eq(fake_kvm_vm_types(f), 1u << KVM_X86_DEFAULT_VM);
		fixture_end(f, vm);
	}
}

/* A guest_memfd has small pages only, so memory that can have huge ones isn't put into one. */
Test(launch, a_plain_guest_that_boots_linux_has_huge_pages)
{
	static const unsigned flags[] = { 0, FAKE_GMEM_MMAP };

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		struct fixture_direct d = fixture_direct(&platform_kvm, 1);
		auto_fake struct fake_kvm *f = fake_kvm_new(flags[i]);
		struct vm *vm = fixture_launch(f, &platform_kvm, d.plan, &fixture_quiet);
		struct fake_slot_info slot;
		unsigned large = 0;

		for (unsigned n = 0; fake_kvm_slot(f, n, &slot); n++) {
			large += slot.size >= HUGE_PAGE;
			cr_assert(slot.size < HUGE_PAGE || !slot.gmem, "slot %u", n);
		}
		cr_assert_gt(large, 0u);
		cr_assert_eq(fake_kvm_calls_of(f, FAKE_HUGE), large);
		cr_assert_str_eq(vm->memory.backing, "anonymous memory");
		fixture_end(f, vm);
		fixture_direct_fini(&d);
	}
}

/*
 * Linux 6.18 has guest_memfd flags for SNP VMs, too; a mapped one would use the wrong side for
 * shared pages.
 */
Test(launch, private_memory_is_never_mapped)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_GMEM_MMAP);
	struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);

	cr_assert_str_eq(vm->memory.backing, "private guest_memfd");
	cr_assert_null(memory_at(&vm->memory, FIXTURE_FW, PAGE_SIZE));
	fixture_end(f, vm);
}

Test(launch, loads_the_bytes_of_unmeasured_pages_too)
{
	struct fixture s = fixture_default();
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_PARTIAL_UPDATES);
	auto_plan const struct plan *p = NULL;
	auto_blob struct blob noise = BLOB_NONE;
	struct error err = { 0 };
	struct vm *vm;

	s.parts = fixture_kinds;
	p = fixture_plan(&s);
	vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	cr_assert_eq(blob_zero(7 * PAGE_SIZE, &noise, &err), 0);
	image_noise(noise.data, noise.size, 2); /* the second part's */
	for (gpa_t gpa = 0; gpa < 7 * PAGE_SIZE; gpa += PAGE_SIZE) {
		cr_assert_not_null(fake_kvm_loaded(f, gpa));
		cr_assert_arr_eq(fake_kvm_loaded(f, gpa), noise.data + gpa, PAGE_SIZE);
	}
	cr_assert_null(fake_kvm_loaded(f, 7 * PAGE_SIZE), "nothing was planned there");
	fixture_end(f, vm);
}

/* A shared blob is neither measured nor private: KVM maps the plan's own bytes. */
Test(launch, an_offer_is_shared_memory_without_a_copy)
{
	static const struct platform *const on[] = { &platform_snp, &platform_kvm };
	struct fixture s = fixture_default();
	auto_plan const struct plan *with = NULL, *without = fixture_plan(&s);
	auto_digest struct snp_digest a = { 0 }, b = { 0 };
	struct error err = { 0 };

	s.shared_blob = true;
	with = fixture_plan(&s);
	cr_assert_eq(snp_digest_of(with, &a, &err), 0);
	cr_assert_eq(snp_digest_of(without, &b, &err), 0);
	cr_assert_arr_eq(a.value, b.value, sizeof(a.value));
	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct vm *vm = fixture_launch(f, on[i], with, &fixture_quiet);

		cr_assert_eq(memory_at(&vm->memory, FIXTURE_BLOB, FIXTURE_BLOB_SIZE), fixture_blob);
		cr_assert_null(memory_at(&vm->memory, FIXTURE_BLOB, FIXTURE_BLOB_SIZE + 1));
		cr_assert_eq(memory_convert(&vm->memory, FIXTURE_BLOB, 1, true), MEMORY_NOT_OURS);
		fixture_end(f, vm);
	}
	fixture_blob[FIXTURE_BLOB_SIZE - 1] = 1; /* still there, still ours */
	check_digest(with, FAKE_PARTIAL_UPDATES, "with a shared blob");
}

Test(launch, vcpus_that_the_guest_creates_are_held_where_that_reaches_them)
{
	for (unsigned created = 0; created < 2; created++) {
		struct fixture s = fixture_default();
		auto_plan const struct plan *p = NULL;
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct vm *vm;

		s.vcpus = 3;
		s.settings.ap_creation = created;
		p = fixture_plan(&s);
		vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
		cr_assert_eq(fake_kvm_mp_state(f, 0), -1, "the first one runs");
		for (unsigned i = 1; i < 3; i++)
			cr_assert_eq(fake_kvm_mp_state(f, i),
			             created ? KVM_MP_STATE_AP_RESET_HOLD : -1);
		fixture_end(f, vm);
	}
}

/* A guest on platform kvm starts them by INIT and SIPI, for which KVM's initial state waits. */
Test(launch, vcpus_of_a_plain_guest_wait_as_kvm_has_them)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm;

	s.vcpus = 3;
	s.settings.ap_creation = s.settings.prefault = true;
	p = fixture_plan(&s);
	vm = fixture_launch(f, &platform_kvm, p, &fixture_quiet);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(fake_kvm_mp_state(f, i), -1);
	cr_assert_eq(fake_kvm_prefaults(f), 0u, "and its memory is not private");
	fixture_end(f, vm);
}

Test(launch, mtrrs_are_enabled_where_no_firmware_would)
{
	const struct platform *const on[] = { &platform_snp, &platform_kvm };

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(on); i++) {
		struct fixture s = fixture_default();
		auto_plan const struct plan *p = NULL;
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct vm *vm;

		s.vcpus = 3;
		s.settings.mtrrs_on = i % 2;
		p = fixture_plan(&s);
		vm = fixture_launch(f, on[i / 2], p, &fixture_quiet);
		for (unsigned n = 0; n < 3; n++)
			cr_expect_eq(fake_kvm_mtrr_def_type(f, n), i % 2 ? 0xc06 : 0);
		fixture_end(f, vm);
	}
}

Test(launch, memory_is_provided_beforehand_where_the_plan_asks_for_it)
{
	for (unsigned flags = 0; flags <= FAKE_PARTIAL_UPDATES; flags++)
		for (unsigned asked = 0; asked < 2; asked++) {
			struct fixture s = fixture_default();
			auto_plan const struct plan *p = NULL;
			auto_fake struct fake_kvm *f = fake_kvm_new(flags);
			struct vm *vm;

			s.settings.prefault = asked;
			p = fixture_plan(&s);
			vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
			cr_assert_eq(fake_kvm_prefaulted(f),
			             asked ? FIXTURE_LOW + FIXTURE_NEXT + FIXTURE_TOP : 0);
			fixture_end(f, vm);
		}
}

Test(launch, leaves_the_callers_signals_as_they_were)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	sigset_t before, after;

	sigemptyset(&before);
	sigaddset(&before, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	for (unsigned fail = 0; fail < 40; fail += 20) { /* one launch succeeds, one fails */
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct error err = { 0 };
		struct vm *vm = NULL;

		fake_kvm_fail(f, fail, EIO);
		cr_assert_eq(vm_launch(fake_kvm_sys(f), &platform_snp, p, &fixture_quiet, &vm,
		                       &err) == 0,
		             fail == 0);
		pthread_sigmask(SIG_SETMASK, NULL, &after);
		for (int n = 1; n < SIGRTMIN; n++)
			cr_assert_eq(sigismember(&after, n), sigismember(&before, n), "signal %d",
			             n);
		vm_free(vm);
	}
}

/* A signal is blocked meanwhile and still ends the launch, unless it is ignored. */
Test(launch, a_signal_ends_it_before_the_next_step)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	const int came[] = { SIGTERM, SIGHUP, SIGALRM };
	struct error err = { 0 };

	s.settings.prefault = true;
	p = fixture_plan(&s);
	for (size_t i = 0; i < ARRAY_SIZE(came); i++)
		for (int ignored = 0; ignored < 2 - (came[i] == SIGALRM); ignored++) {
			auto_fake struct fake_kvm *f = fake_kvm_new(0);
			struct vm *vm = NULL;
			sigset_t all;

			signal(came[i], ignored ? SIG_IGN : SIG_DFL);
			cr_assert_eq(signals_begin(&err), 1);
			sigfillset(&all);
			pthread_sigmask(SIG_SETMASK, &all, NULL);
			raise(came[i]);
			cr_expect_eq(signals_pending(), !ignored);
			cr_expect_eq(stop_signo(), 0);
			cr_expect_eq(vm_launch(fake_kvm_sys(f), &platform_snp, p, &fixture_quiet,
			                       &vm, &err) == 0,
			             ignored);
			cr_expect(ignored || err.kind == RUN_SIGNALLED, "%s", err.text);
			cr_expect_eq(fake_kvm_prefaulted(f) > 0, ignored);
			vm_free(vm);
			sigemptyset(&all);
			pthread_sigmask(SIG_SETMASK, &all, NULL);
			cr_expect_eq(stop_signo(), ignored ? 0 : came[i]);
			signals_end();
		}
}

Test(launch, refuses_what_can_only_be_measured_without_asking_the_host)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };
	struct vm *vm = NULL;

	s.settings.measure_only = "another launcher's order";
	p = fixture_plan(&s);
	cr_assert_lt(vm_launch(fake_kvm_sys(f), &platform_snp, p, &fixture_quiet, &vm, &err), 0);
	cr_assert_eq(err.kind, ERROR_UNSUPPORTED);
	cr_assert_not_null(strstr(err.text, "another launcher's order"));
	cr_assert_eq(fake_kvm_calls(f), 0u);
}

Test(launch, an_exit_port_on_top_of_another_device_is_refused)
{
	static const uint16_t taken[] = { 0x3f8, 0x3ff, 0x402, 0xcf9, 0x64, 0xb010 };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);

	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		struct vm_devices d = { .exit_port_given = true, .exit_port = taken[i] };
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct error err = { 0 };
		struct vm *vm = NULL;

		cr_assert_lt(vm_launch(fake_kvm_sys(f), &platform_snp, p, &d, &vm, &err), 0);
		cr_assert_neq(err.kind, ERROR_NONE);
		cr_assert_eq(fake_kvm_leaks(f), 0u);
	}
}

Test(launch, freeing_no_vm_is_fine)
{
	vm_free(NULL);
}

/* A plan outlives its VM, and a launch leaves nothing behind that affects the next. */
Test(launch, a_plan_can_be_launched_again)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	uint8_t first[48];

	fixture_end(f, fixture_launch(f, &platform_snp, p, &fixture_quiet));
	memcpy(first, fake_kvm_measurement(f), sizeof(first));
	fixture_end(f, fixture_launch(f, &platform_snp, p, &fixture_quiet));
	cr_assert_arr_eq(first, fake_kvm_measurement(f), sizeof(first));
}
