/* SPDX-License-Identifier: MIT */
/* tests/vm/exit_test.c: every way of leaving KVM_RUN, and how it is handled. */
#include "core/vm/exit.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "core/base/array.h"
#include "core/snp/policy.h"
#include "core/vm/abi.h"
#include "tests/fake/fixture.h"

#define EXIT_PORT 0xf4
#define GHCB      0x40000 /* in memory that fixture_ovmf doesn't load */

struct played {
	struct fake_kvm *f;
	const struct plan *p;
	struct vm *vm;
	struct outcome o;
};

static struct played begin(const struct platform *on)
{
	struct fixture s = fixture_default();
	struct played played = { .f = fake_kvm_new(0), .p = fixture_plan(&s) };

	played.vm = fixture_launch(played.f, on, played.p, &fixture_quiet);
	return played;
}

static struct played play(const struct platform *on, const struct fake_exit *exits, size_t n)
{
	struct played played = begin(on);

	fake_kvm_script(played.f, 0, exits, n);
	played.o = fixture_run(played.vm);
	return played;
}

static void end(struct played *played)
{
	fixture_end(played->f, played->vm);
	plan_free(played->p);
	fake_kvm_free(played->f);
}

/* A script of one exit that ends the run. */
static void check_end(const struct platform *on, struct fake_exit exit, enum reason kind,
                      uint64_t code, const char *text)
{
	struct played played = play(on, &exit, 1);

	cr_assert_eq(played.o.kind, kind, "%s: %s", reason_name(played.o.kind), played.o.detail);
	cr_assert_eq(played.o.code, code, "%llx", (unsigned long long)played.o.code);
	cr_assert_not_null(strstr(played.o.detail, text), "%s", played.o.detail);
	end(&played);
}

static struct outcome errno_outcome(int errnum)
{
	const struct fake_exit exit = fake_errno(errnum);
	struct played played = play(&platform_snp, &exit, 1);

	end(&played);
	return played.o;
}

Test(exit, the_exit_port_ends_the_run_with_its_value)
{
	check_end(&platform_snp, fake_out(EXIT_PORT, 1, 0), GUEST_EXITED, 0, "status 0");
	check_end(&platform_snp, fake_out(EXIT_PORT, 1, 7), GUEST_EXITED, 7, "status 7");
	check_end(&platform_kvm, fake_out(EXIT_PORT, 2, 0x1234), GUEST_EXITED, 0x1234, "4660");
	check_end(&platform_kvm, fake_out(EXIT_PORT, 4, 0xfedcba98), GUEST_EXITED, 0xfedcba98,
	          "4275878552");
}

Test(exit, both_reset_ports_end_the_run)
{
	check_end(&platform_snp, fake_out(0xcf9, 1, 6), GUEST_RESET, 0, "reset");
	check_end(&platform_kvm, fake_out(0x64, 1, 0xfe), GUEST_RESET, 0, "reset");
}

Test(exit, system_events_end_the_run)
{
	check_end(&platform_snp, fake_system_event(KVM_SYSTEM_EVENT_SHUTDOWN, 0), GUEST_POWERED_OFF,
	          0, "off");
	check_end(&platform_snp, fake_system_event(KVM_SYSTEM_EVENT_RESET, 0), GUEST_RESET, 0,
	          "reset");
	check_end(&platform_kvm, fake_system_event(KVM_SYSTEM_EVENT_CRASH, 0), GUEST_CRASHED, 0,
	          "crashed");
}

Test(exit, a_shutdown_mentions_the_vmsa_where_there_is_one)
{
	check_end(&platform_kvm, fake_reason(KVM_EXIT_SHUTDOWN, 0), GUEST_SHUTDOWN, 0,
	          "triple fault");
	check_end(&platform_snp, fake_reason(KVM_EXIT_SHUTDOWN, 0), GUEST_SHUTDOWN, 0, "VMSA");
}

Test(exit, kvms_own_failures_keep_their_numbers)
{
	check_end(&platform_snp, fake_reason(KVM_EXIT_INTERNAL_ERROR, 1), KVM_INTERNAL, 1,
	          "emulate");
	check_end(&platform_snp, fake_reason(KVM_EXIT_INTERNAL_ERROR, 4), KVM_INTERNAL, 4,
	          "doesn't know");
	check_end(&platform_snp, fake_reason(KVM_EXIT_INTERNAL_ERROR, 99), KVM_INTERNAL, 99,
	          "unknown");
	check_end(&platform_snp, fake_reason(KVM_EXIT_FAIL_ENTRY, 0xffffffff), KVM_ENTRY_FAILED,
	          0xffffffff, "0xffffffff");
}

/* A guest that gets at an exit we don't know must not have its job tried again. */
Test(exit, one_that_nobody_serves_is_the_guests)
{
	check_end(&platform_snp, fake_reason(77, 0), GUEST_REJECTED, 77, "77");
	check_end(&platform_snp, fake_reason(KVM_EXIT_SNP_REQ_CERTS, 0), GUEST_REJECTED, 43,
	          "KVM exit 43");
	check_end(&platform_kvm, fake_reason(77, 0), GUEST_REJECTED, 77, "platform 'kvm'");
}

/* Every errno, up to Linux's last: the host's are those that no guest can cause. */
Test(exit, a_failed_kvm_run_is_the_guests_unless_only_the_host_can_fail_so)
{
	static const int hosts[] = { ENOMEM, EFAULT, EBADF, EBUSY, ETIMEDOUT, ENODEV };
	static const int none[] = { EINTR, EAGAIN }; /* the run goes on */

	for (int e = 1; e <= EHWPOISON; e++) {
		struct outcome o;
		enum reason kind = GUEST_REJECTED;
		bool goes_on = false;

		for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
			kind = hosts[i] == e ? ERROR_KVM : kind;
		for (size_t i = 0; i < ARRAY_SIZE(none); i++)
			goes_on |= none[i] == e;
		if (goes_on)
			continue;
		o = errno_outcome(e);
		cr_expect_eq(o.kind, kind, "%s: %s", strerror(e), o.detail);
		cr_expect_eq(o.code, (uint64_t)e);
	}
}

Test(exit, a_failed_kvm_run_says_why)
{
	check_end(&platform_snp, fake_errno(EINVAL), GUEST_REJECTED, EINVAL, "GHCB");
	check_end(&platform_snp, fake_errno(EBADF), ERROR_KVM, EBADF, "/dev/sev");
	check_end(&platform_snp, fake_errno(EIO), GUEST_REJECTED, EIO, "kernel log");
	check_end(&platform_snp, fake_errno(EFAULT), ERROR_KVM, EFAULT, "memory");
	check_end(&platform_snp, fake_errno(ENODEV), ERROR_KVM, ENODEV, "SEV firmware");
	check_end(&platform_snp, fake_errno(ENOSYS), GUEST_REJECTED, ENOSYS, "unexpected");
}

Test(exit, interruptions_and_nothing_in_particular_go_on)
{
	const struct fake_exit exits[] = { fake_errno(EINTR),
		                           fake_errno(EAGAIN),
		                           fake_reason(KVM_EXIT_UNKNOWN, 0),
		                           fake_reason(KVM_EXIT_INTR, 0),
		                           fake_reason(KVM_EXIT_IRQ_WINDOW_OPEN, 0),
		                           fake_mmio_write(0xfed00000, 4, 1),
		                           fake_out(0x80, 1, 0x42), /* POST code: no device */
		                           fake_out(EXIT_PORT, 1, 3) };
	struct played played = play(&platform_snp, exits, ARRAY_SIZE(exits));

	cr_assert_eq(played.o.kind, GUEST_EXITED);
	cr_assert_eq(played.o.code, 3u);
	end(&played);
}

Test(exit, reads_that_nobody_answers_float_high)
{
	const struct fake_exit exits[] = { fake_in(0x1234, 1, 1), fake_in(0x1234, 2, 1),
		                           fake_in(0x1234, 4, 1), fake_mmio_read(0xfed00000, 8),
		                           fake_out(EXIT_PORT, 1, 0) };
	static const uint8_t ones[] = { 0xff, 0xff, 0xff, 0xff };
	struct played played = play(&platform_kvm, exits, ARRAY_SIZE(exits));

	for (size_t i = 0; i < 3; i++) {
		struct fake_answer a = fake_kvm_answer(played.f, 0, i);

		cr_assert(a.seen);
		cr_assert_arr_eq(a.in, ones, (size_t)1 << i, "%u bytes", 1u << i);
	}
	cr_assert_eq(fake_kvm_answer(played.f, 0, 3).mmio, ~0ULL);
	end(&played);
}

Test(exit, a_string_read_asks_the_device_for_each_item)
{
	const struct fake_exit exits[] = { fake_out(0x3ff, 1, 0x5a), /* COM1's scratch register */
		                           fake_in(0x3ff, 1, 5), fake_out(EXIT_PORT, 1, 0) };
	static const uint8_t expected[] = { 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0 };
	struct played played = play(&platform_snp, exits, ARRAY_SIZE(exits));

	cr_assert_arr_eq(fake_kvm_answer(played.f, 0, 1).in, expected, sizeof(expected));
	end(&played);
}

Test(exit, a_string_write_ends_at_the_item_that_ends_the_run)
{
	check_end(&platform_snp, fake_out_string(EXIT_PORT, "\5\6\7"), GUEST_EXITED, 5, "status 5");
}

Test(exit, page_state_changes_are_answered)
{
	const struct fake_exit exits[] = {
		fake_map_gpa(GHCB, 2, 0),       /* to shared */
		fake_map_gpa(GHCB, 2, 0),       /* once more */
		fake_map_gpa(GHCB, 2, 1 << 4),  /* back */
		fake_map_gpa(GHCB, 1, 1),       /* shared, with a 2 MiB hint: only bit 4 counts */
		fake_map_gpa(0xfee00000, 1, 0), /* MMIO to shared: nothing changes */
		fake_map_gpa(0xfee00000, 1, 1 << 4), /* MMIO to private: not possible */
		fake_map_gpa(~0xfffULL, 2, 1 << 4),  /* wraps */
		fake_map_gpa(GHCB + 1, 1, 1 << 4),   /* unaligned */
		fake_hypercall(5),
		fake_out(EXIT_PORT, 1, 0),
	};
	static const bool good[] = { true, true, true, true, true, false, false, false, false };
	struct played played = play(&platform_snp, exits, ARRAY_SIZE(exits));

	cr_assert_eq(played.o.kind, GUEST_EXITED, "%s", played.o.detail);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct fake_answer a = fake_kvm_answer(played.f, 0, i);

		cr_assert(a.seen);
		cr_assert_eq(a.ret, good[i] ? 0U : EINVAL, "exit %zu: 0x%llx", i,
		             (unsigned long long)a.ret);
	}
	cr_assert_not_null(memory_at(&played.vm->memory, GHCB, 1),
	                   "the 2 MiB hint doesn't mean private");
	end(&played);
}

/* KVM creates the first vCPU's VMSA; the guest may have created the others. */
Test(exit, a_vmsa_that_the_guest_made_badly_is_the_guests)
{
	const struct fake_exit exit = fake_reason(KVM_EXIT_FAIL_ENTRY, ~0ULL);
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;

	s.vcpus = 2;
	p = fixture_plan(&s);
	for (unsigned i = 0; i < 2; i++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
		struct outcome o;

		fake_kvm_script(f, i, &exit, 1);
		o = fixture_run(vm);
		cr_assert_eq(o.kind, i == 1 ? GUEST_REJECTED : KVM_ENTRY_FAILED, "%s", o.detail);
		cr_assert_eq(strstr(o.detail, "the guest made") != NULL, i == 1, "%s", o.detail);
		fixture_end(f, vm);
	}
}

Test(exit, a_state_that_the_processor_refuses_later_is_the_guests)
{
	const struct fake_exit exits[] = { fake_out(0x80, 1, 0),
		                           fake_reason(KVM_EXIT_FAIL_ENTRY, ~0ULL) };
	const struct platform *const on[] = { &platform_kvm, &platform_snp };

	for (size_t i = 0; i < ARRAY_SIZE(on); i++) {
		struct played played = play(on[i], exits, ARRAY_SIZE(exits));

		cr_assert_eq(played.o.kind, GUEST_REJECTED, "%s", played.o.detail);
		end(&played);
	}
}

/*
 * The fake kills the VM for any other answer, as Linux 7.1 does; GUEST_EXITED shows that it went
 * on.
 */
Test(exit, a_page_state_change_that_the_host_cannot_make_now_is_put_off)
{
	const struct fake_exit exits[] = { fake_map_gpa(GHCB, 1, 0), fake_map_gpa(GHCB, 1, 0),
		                           fake_out(EXIT_PORT, 1, 0) };
	struct played played = begin(&platform_snp);

	fake_kvm_script(played.f, 0, exits, ARRAY_SIZE(exits));
	fake_kvm_fail(played.f, fake_kvm_calls(played.f) + 2, EAGAIN); /* behind KVM_RUN */
	played.o = fixture_run(played.vm);
	cr_assert_eq(played.o.kind, GUEST_EXITED, "%s", played.o.detail);
	cr_assert_eq(fake_kvm_answer(played.f, 0, 0).ret, (uint64_t)EAGAIN);
	cr_assert_eq(fake_kvm_answer(played.f, 0, 1).ret, 0u);
	end(&played);
}

Test(exit, a_page_state_change_that_the_host_fails_ends_the_run)
{
	struct fake_exit exit = fake_map_gpa(GHCB, 1, 0);
	struct played played = begin(&platform_snp);

	fake_kvm_script(played.f, 0, &exit, 1);
	fake_kvm_fail(played.f, fake_kvm_calls(played.f) + 2,
	              ENOMEM); /* KVM_RUN, then the attribute */
	played.o = fixture_run(played.vm);
	cr_assert_eq(played.o.kind, ERROR_KVM);
	cr_assert_not_null(strstr(played.o.detail, "0x40000"), "%s", played.o.detail);
	end(&played);
}

Test(exit, memory_faults_where_nothing_is_end_the_run)
{
	check_end(&platform_snp, fake_memory_fault(0xfee00000, true), MEMORY_FAULT, 0xfee00000,
	          "edk2-stable202405");
	check_end(&platform_snp, fake_memory_fault(0xfed00000, false), MEMORY_FAULT, 0xfed00000,
	          "no memory");
	check_end(&platform_snp, fake_memory_fault(0x3000, true), MEMORY_FAULT, 0x3000,
	          "can't provide");
}

Test(exit, a_memory_fault_of_an_unknown_kind_is_not_served)
{
	struct fake_exit exit = fake_memory_fault(0x3000, false);

	exit.payload[0] = 1 << 4;
	check_end(&platform_snp, exit, MEMORY_FAULT, 0x3000, "");
}

Test(exit, an_implicit_conversion_is_served_once)
{
	const struct fake_exit exits[] = { fake_memory_fault(GHCB, false),
		                           fake_memory_fault(GHCB, true),
		                           fake_memory_fault(GHCB, false),
		                           fake_memory_fault(GHCB, false),
		                           fake_out(EXIT_PORT, 1, 0) };
	struct played played = play(&platform_snp, exits, ARRAY_SIZE(exits));

	cr_assert_eq(played.o.kind, MEMORY_FAULT, "%s", played.o.detail);
	cr_assert_eq(played.o.code, (uint64_t)GHCB);
	cr_assert(!fake_kvm_answer(played.f, 0, 3).seen,
	          "it ended at the fault that changed nothing");
	cr_assert(fake_kvm_answer(played.f, 0, 2).seen);
	end(&played);
}

/* Another vCPU may have made the page what the access wants. It is not tried for ever. */
Test(exit, with_several_vcpus_a_fault_that_changes_nothing_is_tried_again)
{
	enum { TWICE, ALWAYS, ELSEWHERE, ENDS };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = NULL;

	s.vcpus = 2;
	p = fixture_plan(&s);
	for (unsigned end = 0; end < ENDS; end++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(0);
		struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
		struct fake_exit exits[62];
		struct outcome o;

		for (unsigned k = 0; k < ARRAY_SIZE(exits); k++)
			exits[k] = fake_memory_fault(
				end == ELSEWHERE && k % 2 ? GHCB + PAGE_SIZE : GHCB, false);
		/* the first at each address converts its page */
		exits[end == TWICE ? 3 : ARRAY_SIZE(exits) - 1] = fake_out(EXIT_PORT, 1, 0);
		fake_kvm_script(f, 0, exits, ARRAY_SIZE(exits));
		o = fixture_run(vm);
		cr_assert_eq(o.kind, end == ALWAYS ? MEMORY_FAULT : GUEST_EXITED, "%s", o.detail);
		fixture_end(f, vm);
	}
}

/*
 * The payload of an earlier memory fault may still be there when KVM_RUN fails for another reason,
 * but not its exit reason.
 */
Test(exit, a_stale_memory_fault_is_not_served_again)
{
	const struct fake_exit exits[] = { fake_memory_fault(GHCB, false), fake_errno(EFAULT) };
	struct played played = play(&platform_snp, exits, ARRAY_SIZE(exits));

	cr_assert_eq(played.o.kind, ERROR_KVM, "%s", played.o.detail);
	cr_assert_eq(played.o.code, (uint64_t)EFAULT);
	end(&played);
}

Test(exit, a_termination_by_msr_names_its_reason)
{
	check_end(&platform_snp, fake_system_event(KVM_SYSTEM_EVENT_SEV_TERM, 0x100),
	          GUEST_TERMINATED, 0x100, "0:0");
	check_end(&platform_snp, fake_system_event(KVM_SYSTEM_EVENT_SEV_TERM, 0x2100 | 1 << 12),
	          GUEST_TERMINATED, 0x3100, "3:0");
	check_end(&platform_snp,
	          fake_system_event(KVM_SYSTEM_EVENT_SEV_TERM, 0x100 | 1 << 12 | 2 << 16),
	          GUEST_TERMINATED, 0x21100, "1:2");
}

/* The reason is in the GHCB page, if that is shared and the kernel has left it there. */
static void check_ghcb(bool shared, uint64_t reason, const char *text)
{
	struct fake_exit exit = fake_system_event(KVM_SYSTEM_EVENT_SEV_TERM, GHCB);
	struct played played = begin(&platform_snp);

	if (shared) {
		cr_assert_eq(memory_convert(&played.vm->memory, GHCB, 1, false), MEMORY_CHANGED);
		memcpy(memory_at(&played.vm->memory, GHCB, 4096) + 0x398, &reason, sizeof(reason));
	}
	fake_kvm_script(played.f, 0, &exit, 1);
	played.o = fixture_run(played.vm);
	cr_assert_eq(played.o.kind, GUEST_TERMINATED);
	cr_assert_eq(played.o.code, (uint64_t)GHCB);
	cr_assert_not_null(strstr(played.o.detail, text), "%s", played.o.detail);
	end(&played);
}

/* A guest kernel that is too old for Secure TSC ends like this, and gives no reason. */
Test(exit, a_termination_under_secure_tsc_names_the_likely_cause)
{
	const struct fake_exit exit =
		fake_system_event(KVM_SYSTEM_EVENT_SEV_TERM, 0x100 | 1 << 12 | 2 << 16);
	struct played played = begin(&platform_snp);

	cr_assert_eq(played.vm->sev_features, 1u);
	played.vm->sev_features |= SNP_FEATURE_SECURE_TSC;
	fake_kvm_script(played.f, 0, &exit, 1);
	played.o = fixture_run(played.vm);
	cr_assert_eq(played.o.kind, GUEST_TERMINATED);
	cr_assert_not_null(strstr(played.o.detail, "Secure TSC"), "%s", played.o.detail);
	end(&played);
}

Test(exit, a_termination_by_ghcb_page_reads_the_reason_there)
{
	check_ghcb(true, 1 | 2 << 4, "reason 1:2");
	check_ghcb(true, 0, "kernel log has the reason");
	check_ghcb(false, 0, "kernel log has the reason");
}
