/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/refusal_test.c: the message for every errno of every call of a launch, and every status
 * of every SEV command.
 */
#include "core/vm/refusal.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/vhost.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/log.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"
#include "tests/fake/fixture.h"
#include "tests/fake/state.h"

#define LAST_ERRNO 133
#define ANY        ((uint64_t)-1)

/*
 * How the fake identifies each call, and what its message must name. Devices are told apart by
 * path.
 */
static const struct {
	enum fake_call_kind kind;
	unsigned long request;
	uint64_t argument;
	const char *name;
} known[] = {
	[CALL_OPEN_KVM] = { FAKE_OPEN, 0, ANY, "/dev/kvm" },
	[CALL_API_VERSION] = { FAKE_IOCTL, KVM_GET_API_VERSION, ANY, "KVM_GET_API_VERSION" },
	[CALL_CREATE_VM] = { FAKE_IOCTL, KVM_CREATE_VM, ANY, "KVM_CREATE_VM" },
	[CALL_VCPU_MMAP_SIZE] = { FAKE_IOCTL, KVM_GET_VCPU_MMAP_SIZE, ANY,
	                          "KVM_GET_VCPU_MMAP_SIZE" },
	[CALL_OPEN_VHOST] = { FAKE_OPEN, 0, ANY, "/dev/vhost-vsock" },
	[CALL_VHOST_OWNER] = { FAKE_IOCTL, VHOST_SET_OWNER, ANY, "VHOST_SET_OWNER" },
	[CALL_VSOCK_CID] = { FAKE_IOCTL, VHOST_VSOCK_SET_GUEST_CID, ANY,
	                     "VHOST_VSOCK_SET_GUEST_CID" },
	[CALL_VHOST_FEATURES] = { FAKE_IOCTL, VHOST_GET_FEATURES, ANY, "VHOST_GET_FEATURES" },
	[CALL_OPEN_SEV] = { FAKE_OPEN, 0, ANY, "/dev/sev" },
	[CALL_SUPPORTED_CPUID] = { FAKE_IOCTL, KVM_GET_SUPPORTED_CPUID, ANY,
	                           "KVM_GET_SUPPORTED_CPUID" },
	[CALL_ENABLE_CAP] = { FAKE_IOCTL, KVM_ENABLE_CAP, ANY, "KVM_ENABLE_CAP" },
	[CALL_SEV_INIT2] = { FAKE_IOCTL, KVM_MEMORY_ENCRYPT_OP, KVM_SEV_INIT2, "SEV_INIT2" },
	[CALL_ENABLE_REQ_CERTS] = { FAKE_IOCTL, KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_ENABLE_REQ_CERTS,
	                            "SNP_ENABLE_REQ_CERTS" },
	[CALL_GUEST_MEMFD] = { FAKE_IOCTL, KVM_CREATE_GUEST_MEMFD, ANY, "KVM_CREATE_GUEST_MEMFD" },
	[CALL_CLOEXEC] = { FAKE_CLOEXEC, 0, ANY, "fcntl" },
	[CALL_MAP_MEMORY] = { FAKE_MAP, 0, FIXTURE_LOW, "guest memory (mmap)" },
	[CALL_MEMORY_REGION] = { FAKE_IOCTL, KVM_SET_USER_MEMORY_REGION, FIXTURE_BLOB_SIZE,
	                         "(KVM_SET_USER_MEMORY_REGION)" },
	[CALL_MEMORY_REGION2] = { FAKE_IOCTL, KVM_SET_USER_MEMORY_REGION2, ANY,
	                          "KVM_SET_USER_MEMORY_REGION2" },
	[CALL_MEMORY_ATTRIBUTES] = { FAKE_IOCTL, KVM_SET_MEMORY_ATTRIBUTES, ANY,
	                             "KVM_SET_MEMORY_ATTRIBUTES" },
	[CALL_IRQCHIP] = { FAKE_IOCTL, KVM_CREATE_IRQCHIP, ANY, "KVM_CREATE_IRQCHIP" },
	[CALL_CREATE_VCPU] = { FAKE_IOCTL, KVM_CREATE_VCPU, ANY, "KVM_CREATE_VCPU" },
	[CALL_MAP_VCPU] = { FAKE_MAP, 0, FAKE_RUN_SIZE, "a vCPU's state (mmap)" },
	[CALL_LAUNCH_START] = { FAKE_IOCTL, KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_LAUNCH_START,
	                        "LAUNCH_START" },
	[CALL_LAUNCH_UPDATE] = { FAKE_IOCTL, KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_LAUNCH_UPDATE,
	                         "LAUNCH_UPDATE" },
	[CALL_SET_CPUID2] = { FAKE_IOCTL, KVM_SET_CPUID2, ANY, "KVM_SET_CPUID2" },
	[CALL_GET_SREGS] = { FAKE_IOCTL, KVM_GET_SREGS, ANY, "KVM_GET_SREGS" },
	[CALL_SET_SREGS] = { FAKE_IOCTL, KVM_SET_SREGS, ANY, "KVM_SET_SREGS" },
	[CALL_SET_REGS] = { FAKE_IOCTL, KVM_SET_REGS, ANY, "KVM_SET_REGS" },
	[CALL_SET_DEBUGREGS] = { FAKE_IOCTL, KVM_SET_DEBUGREGS, ANY, "KVM_SET_DEBUGREGS" },
	[CALL_SET_XCRS] = { FAKE_IOCTL, KVM_SET_XCRS, ANY, "KVM_SET_XCRS" },
	[CALL_SET_XSAVE] = { FAKE_IOCTL, KVM_SET_XSAVE, ANY, "KVM_SET_XSAVE" },
	[CALL_SET_MSRS] = { FAKE_IOCTL, KVM_SET_MSRS, ANY, "KVM_SET_MSRS" },
	[CALL_SET_MP_STATE] = { FAKE_IOCTL, KVM_SET_MP_STATE, ANY, "KVM_SET_MP_STATE" },
	[CALL_LAUNCH_FINISH] = { FAKE_IOCTL, KVM_MEMORY_ENCRYPT_OP, KVM_SEV_SNP_LAUNCH_FINISH,
	                         "LAUNCH_FINISH" },
};
static_assert(ARRAY_SIZE(known) == LAUNCH_CALLS, "a call that the fake isn't asked for");

static const enum launch_call sev_commands[] = { CALL_SEV_INIT2, CALL_LAUNCH_START,
	                                         CALL_LAUNCH_UPDATE, CALL_LAUNCH_FINISH };

/*
 * What a CI job decides by: skip (host-unsupported), fix (host-permission, bad-policy), try again
 * (host-busy), or give more memory (host-memory). Everything else is kvm-error. LAUNCH_CALLS: any
 * call without a row of its own.
 */
static const struct {
	enum launch_call call;
	int errnum;
	enum reason kind;
} kinds[] = {
	{ CALL_OPEN_KVM, ENOENT, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_KVM, ENODEV, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_KVM, ENXIO, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_KVM, EACCES, ERROR_HOST_PERMISSION },
	{ CALL_OPEN_KVM, EPERM, ERROR_HOST_PERMISSION },
	{ CALL_API_VERSION, ENOTTY, ERROR_HOST_UNSUPPORTED },
	{ CALL_CREATE_VM, EINVAL, ERROR_HOST_UNSUPPORTED },
	{ CALL_CREATE_VM, EBUSY, ERROR_HOST_BUSY },
	{ CALL_CREATE_VM, EIO, ERROR_HOST_BUSY },
	{ CALL_CREATE_VM, EAGAIN, ERROR_HOST_BUSY },
	{ CALL_OPEN_SEV, ENOENT, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_SEV, ENODEV, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_SEV, ENXIO, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_SEV, EACCES, ERROR_HOST_PERMISSION },
	{ CALL_OPEN_SEV, EPERM, ERROR_HOST_PERMISSION },
	{ CALL_OPEN_SEV, EBUSY, ERROR_HOST_BUSY },
	{ CALL_ENABLE_CAP, EINVAL, ERROR_HOST_UNSUPPORTED },
	{ CALL_SEV_INIT2, EBUSY, ERROR_HOST_BUSY },
	{ CALL_SEV_INIT2, EINVAL, ERROR_HOST_UNSUPPORTED },
	{ CALL_SEV_INIT2, ENOTTY, ERROR_HOST_UNSUPPORTED },
	{ CALL_SEV_INIT2, EOPNOTSUPP, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_VHOST, ENOENT, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_VHOST, ENODEV, ERROR_HOST_UNSUPPORTED },
	{ CALL_OPEN_VHOST, ENXIO, ERROR_HOST_UNSUPPORTED },
	{ CALL_VSOCK_CID, EADDRINUSE, ERROR_HOST_BUSY },
	{ CALL_VSOCK_CID, EINVAL, ERROR_BAD_VALUE },
	{ CALL_SEV_INIT2, ENODEV, ERROR_HOST_UNSUPPORTED },
	{ CALL_SEV_INIT2, E2BIG, ERROR_HOST_UNSUPPORTED },
	{ CALL_GUEST_MEMFD, ENOTTY, ERROR_HOST_UNSUPPORTED },
	{ CALL_GUEST_MEMFD, ENOMEM, ERROR_HOST_MEMORY },
	{ CALL_MAP_MEMORY, ENOMEM, ERROR_HOST_MEMORY },
	{ CALL_MAP_MEMORY, EAGAIN, ERROR_HOST_MEMORY },
	{ CALL_MAP_MEMORY, ENODEV, ERROR_HOST_UNSUPPORTED },
	{ CALL_MEMORY_ATTRIBUTES, EINVAL, ERROR_HOST_UNSUPPORTED },
	{ CALL_MEMORY_ATTRIBUTES, ENOTTY, ERROR_HOST_UNSUPPORTED },
	{ CALL_MEMORY_ATTRIBUTES, ENOMEM, ERROR_HOST_MEMORY },
	{ CALL_IRQCHIP, ENOTTY, ERROR_HOST_UNSUPPORTED },
	{ CALL_CREATE_VCPU, EBUSY, ERROR_HOST_BUSY },
	{ CALL_CREATE_VCPU, ENOMEM, ERROR_HOST_MEMORY },
	{ CALL_MAP_VCPU, ENOMEM, ERROR_HOST_MEMORY },
	{ CALL_LAUNCH_START, EINVAL, ERROR_BAD_POLICY },
	{ CALL_LAUNCH_START, ENOTTY, ERROR_KVM }, /* for other calls: the kernel lacks the call */
	{ CALL_LAUNCH_START, EBUSY, ERROR_HOST_BUSY },
	{ CALL_LAUNCH_START, ENODEV,
	  ERROR_KVM }, /* it was there at SEV_INIT2, so the host has one */
	{ CALL_LAUNCH_UPDATE, EBUSY, ERROR_HOST_BUSY },
	{ CALL_LAUNCH_UPDATE, ENODEV, ERROR_KVM },
	{ CALL_SEV_INIT2, EPERM, ERROR_KVM },
	{ CALL_SET_CPUID2, EPERM, ERROR_KVM },
	{ CALL_SET_XCRS, EINVAL, ERROR_HOST_UNSUPPORTED },
	{ CALL_LAUNCH_FINISH, ENOTTY, ERROR_KVM },
	{ CALL_LAUNCH_FINISH, EBUSY, ERROR_HOST_BUSY },
	{ CALL_LAUNCH_FINISH, ENODEV, ERROR_KVM },
	{ LAUNCH_CALLS, EPERM, ERROR_HOST_PERMISSION },
	{ LAUNCH_CALLS, EACCES, ERROR_HOST_PERMISSION },
	{ LAUNCH_CALLS, ENOMEM, ERROR_HOST_MEMORY },
	{ LAUNCH_CALLS, EBUSY, ERROR_HOST_BUSY },
	{ LAUNCH_CALLS, EAGAIN, ERROR_HOST_BUSY },
	{ LAUNCH_CALLS, EMFILE, ERROR_HOST_BUSY },
	{ LAUNCH_CALLS, ENFILE, ERROR_HOST_BUSY },
	{ LAUNCH_CALLS, ENOTTY, ERROR_HOST_UNSUPPORTED },
	{ LAUNCH_CALLS, ENOSYS, ERROR_HOST_UNSUPPORTED },
	{ LAUNCH_CALLS, EOPNOTSUPP, ERROR_HOST_UNSUPPORTED },
};

static enum reason kind_of(enum launch_call call, int errnum)
{
	enum reason kind = ERROR_KVM;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].errnum == errnum && kinds[i].call == call)
			return kinds[i].kind;
		if (kinds[i].errnum == errnum && kinds[i].call == LAUNCH_CALLS)
			kind = kinds[i].kind;
	}
	return kind;
}

static void check_error(const struct error *err, enum launch_call call, int errnum,
                        enum reason kind)
{
	cr_assert_eq(err->code, -errnum, "%s: %s", known[call].name, err->text);
	cr_assert_eq(err->kind, kind, "%s: [%s] %s", known[call].name, reason_name(err->kind),
	             err->text);
	cr_assert_not_null(strstr(err->text, known[call].name), "%s: %s", known[call].name,
	                   err->text);
	cr_assert_str_not_empty(err->why, "%s", err->text);
	cr_assert_str_not_empty(err->fix, "%s", err->text);
}

Test(refusal, rows_are_whole_and_no_two_are_for_the_same)
{
	for (size_t i = 0; i < refusals_count; i++) {
		const struct refusal *r = &refusals[i];

		cr_expect_str_not_empty(r->why, "row %zu", i);
		cr_expect_str_not_empty(r->fix, "row %zu", i);
		cr_expect_eq(r->errnum == 0, i == refusals_count - 1, "row %zu", i);
		cr_expect_neq(r->kind, ERROR_NONE, "row %zu", i);
		for (size_t j = 0; j < i; j++)
			cr_expect(refusals[j].call != r->call || refusals[j].errnum != r->errnum,
			          "rows %zu and %zu", j, i);
	}
	for (size_t i = 0; i < firmware_refusals_count; i++) {
		const struct firmware_refusal *r = &firmware_refusals[i];

		cr_expect_str_not_empty(r->why, "row %zu", i);
		cr_expect_str_not_empty(r->fix, "row %zu", i);
		cr_expect_eq(snp_status(r->status)->code, r->status, "row %zu", i);
		for (size_t j = 0; j < i; j++)
			cr_expect(firmware_refusals[j].call != r->call ||
			                  firmware_refusals[j].status != r->status,
			          "rows %zu and %zu", j, i);
	}
}

Test(refusal, any_errno_of_any_call_has_kind_sentence_cause_and_cure)
{
	for (enum launch_call call = 0; call < LAUNCH_CALLS; call++)
		for (int errnum = 1; errnum <= LAST_ERRNO; errnum++) {
			struct error err = { 0 };

			cr_assert_eq(refusal_set(&err, call, errnum), -errnum);
			check_error(&err, call, errnum, kind_of(call, errnum));
			cr_assert_not_null(strstr(err.text, strerror(errnum)), "%s", err.text);
		}
}

Test(refusal, calls_beyond_the_list_have_words_too)
{
	cr_assert_str_not_empty(refusal_what(LAUNCH_CALLS));
}

Test(refusal, the_kernels_own_are_told_where_the_firmware_was_silent)
{
	static const uint32_t silent[] = { 0, SNP_STATUS_NOT_ASKED };

	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		struct error err = { 0 };

		cr_assert_eq(refusal_sev(&err, CALL_SEV_INIT2, EBUSY, silent[i]), -EBUSY);
		check_error(&err, CALL_SEV_INIT2, EBUSY, ERROR_HOST_BUSY);
		cr_assert_not_null(strstr(err.why, "ASIDs"), "%s", err.why);
		cr_assert_not_null(strstr(err.fix, "sev_es"), "%s", err.fix);
	}
}

/* The file is only read when a guest asks. */
static const struct vm_devices certified = { .exit_port_given = true,
	                                     .exit_port = 0xf4,
	                                     .vsock_cid = 42,
	                                     .certs = { .path = "certs.bin" } };

/* A launch on the fake that makes every call: two vCPUs, private and shared memory. */
struct trial {
	const struct plan *plan;
	unsigned at[LAUNCH_CALLS]; /* the number of the first call of the kind; 0: none */
};

static int trial_launch(const struct trial *t, struct fake_kvm *f, struct error *err)
{
	struct vm *vm = NULL;
	int r = vm_launch(fake_kvm_sys(f), &platform_snp, t->plan, &certified, &vm, err);

	vm_free(vm);
	cr_assert_str_empty(fake_kvm_complaint(f), "%s", fake_kvm_complaint(f));
	cr_assert_eq(fake_kvm_leaks(f), 0u, "%u left: %s", fake_kvm_leaks(f), err->text);
	return r;
}

static void trial_note(struct trial *t, unsigned n, const struct fake_call *c)
{
	for (enum launch_call call = 0; call < LAUNCH_CALLS; call++)
		if (t->at[call] == 0 && known[call].kind == c->kind &&
		    known[call].request == c->request &&
		    (known[call].argument == ANY || known[call].argument == c->argument))
			t->at[call] = n;
}

/* Makes each call fail once, to find out its number. */
static struct trial trial_make(void)
{
	struct fixture s = fixture_default();
	struct trial t = { 0 };

	log_set_level(LOG_QUIET);
	s.parts = fixture_one;
	s.vcpus = 2;
	s.shared_blob = true;
	s.settings.pci_window = 0x80000000;
	s.settings.ap_creation = s.settings.mtrrs_on = true;
	s.bsp.more.set = true; /* and nothing in it has its value after reset */
	s.bsp.more.xcr0 = 3;
	t.plan = fixture_plan(&s);
	for (unsigned n = 1;; n++) {
		auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_REQ_CERTS);
		struct error err = { 0 };
		struct vm *vm = NULL;

		fake_kvm_fail(f, n, EIO);
		vm_launch(fake_kvm_sys(f), &platform_snp, t.plan, &certified, &vm, &err);
		vm_free(vm);
		if (!fake_kvm_failed(f))
			break;
		trial_note(&t, n, fake_kvm_failed(f));
	}
	for (enum launch_call call = 0; call < LAUNCH_CALLS; call++)
		cr_assert_gt(t.at[call], 0u, "no launch calls %s", known[call].name);
	return t;
}

/* Errnos after which the launch tries again. */
static bool retried(enum launch_call call, int errnum)
{
	return (errnum == EINTR && (call == CALL_CREATE_VM || call == CALL_MEMORY_ATTRIBUTES ||
	                            call == CALL_LAUNCH_UPDATE)) ||
	       (errnum == EAGAIN &&
	        (call == CALL_MEMORY_ATTRIBUTES || call == CALL_LAUNCH_UPDATE)) ||
	       (errnum == EADDRINUSE && call == CALL_VSOCK_CID);
}

/* As in the table, except that the trial's manifest isn't at fault, which the launch finds out. */
static enum reason trial_kind(enum launch_call call, int errnum)
{
	bool faultless = errnum == EINVAL && (call == CALL_SEV_INIT2 || call == CALL_LAUNCH_START);

	return faultless ? ERROR_KVM : kind_of(call, errnum);
}

static void feed_errno(const struct trial *t, enum launch_call call, int errnum)
{
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_REQ_CERTS);
	struct error err = { 0 };
	int r;

	if (known[call].kind == FAKE_OPEN)
		fake_kvm_open_fails(f, known[call].name, errnum);
	else
		fake_kvm_fail(f, t->at[call], errnum);
	r = trial_launch(t, f, &err);
	if (retried(call, errnum)) {
		cr_assert_eq(r, 0, "%s: %s", known[call].name, err.text);
		return;
	}
	cr_assert_eq(r, -errnum, "%s: %s", known[call].name, err.text);
	check_error(&err, call, errnum, trial_kind(call, errnum));
}

Test(refusal, every_errno_fed_to_every_call_of_a_launch_is_told_and_leaves_nothing)
{
	struct trial t = trial_make();

	for (enum launch_call call = 0; call < LAUNCH_CALLS; call++)
		for (int errnum = 1; errnum <= LAST_ERRNO; errnum++)
			feed_errno(&t, call, errnum);
	plan_free(t.plan);
	fixture_no_leaks();
}

static void feed_status(const struct trial *t, enum launch_call call, uint32_t status)
{
	auto_fake struct fake_kvm *f = fake_kvm_new(FAKE_REQ_CERTS);
	struct error err = { 0 };
	char number[16];

	snprintf(number, sizeof(number), "(0x%02x)", status);
	fake_kvm_fail(f, t->at[call], EIO);
	fake_kvm_fail_status(f, status);
	cr_assert_eq(trial_launch(t, f, &err), -EIO);
	check_error(&err, call, EIO, ERROR_FIRMWARE_REFUSED);
	cr_assert_not_null(strstr(err.text, "the SNP firmware says"), "%s", err.text);
	cr_assert_not_null(strstr(err.text, snp_status(status)->name), "%s", err.text);
	cr_assert_not_null(strstr(err.text, number), "%s", err.text);
}

Test(refusal, every_status_fed_to_every_sev_command_is_told_and_leaves_nothing)
{
	struct trial t = trial_make();

	for (size_t i = 0; i < ARRAY_SIZE(sev_commands); i++) {
		for (uint32_t status = 1; status <= 0x48; status++)
			feed_status(&t, sev_commands[i], status);
		/* not the firmware's, but a hypervisor's */
		feed_status(&t, sev_commands[i], 0x9003);
	}
	plan_free(t.plan);
	fixture_no_leaks();
}
