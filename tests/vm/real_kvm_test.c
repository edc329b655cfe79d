/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/real_kvm_test.c: small guests on this host's KVM; skipped with a message if /dev/kvm
 * can't be opened.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/plan/plan.h"
#include "core/vm/gdb_server.h"
#include "core/vm/launch.h"
#include "core/vm/outcome.h"
#include "core/vm/platforms.h"
#include "core/vm/run.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"
#include "firmware/selftest.h"
#include "tests/make/gdb_client.h"

#define CODE      0x1000
#define EXIT_PORT 0xf4
#define SIGNATURE 0xa10f11

static void need_kvm(void)
{
	auto_fd int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return;
	fprintf(stderr, "skipped: /dev/kvm: %s\n", strerror(errno));
	cr_skip_test("/dev/kvm doesn't open");
}

/* 32-bit protected mode, flat segments, no interrupt table: an exception becomes a triple fault. */
static struct vcpu_state flat(void)
{
	struct segment data = { 0x18, 0xc93, 0xffffffff, 0 };

	return (struct vcpu_state){
		.cs = { 0x10, 0xc9b, 0xffffffff, 0 },
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.ss = data,
		.ldt = { 0, 0x82, 0xffff, 0 },
		.tr = { 0, 0x8b, 0x67, 0 },
		.cr0 = 0x11, /* ET PE */
		.rip = CODE,
		.rflags = 2,
	};
}

/* vCPUs that all start with these instructions, at CODE. */
static const struct plan *flat_plan(const uint8_t *code, size_t size, unsigned vcpus)
{
	struct region r = { CODE, PAGE_SIZE, PAGE_DATA, NULL, "code" };
	struct vcpu_state s = flat();
	struct blob b = BLOB_NONE;
	struct error err = { 0 };
	struct plan *p = plan_new();
	const struct plan *sealed;

	cr_assert_eq(blob_zero(PAGE_SIZE, &b, &err), 0);
	memcpy(b.data, code, size);
	r.bytes = b.data;
	cr_assert_eq(plan_adopt(p, b, &err), 0);
	cr_assert_eq(plan_add_ram(p, 0, 16 * PAGE_SIZE, &err), 0, "%s", err.text);
	cr_assert_eq(plan_add(p, &r, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, vcpus, &s, &s, &err), 0, "%s", err.text);
	sealed = plan_seal(p, &err);
	cr_assert_not_null(sealed, "%s", err.text);
	return sealed;
}

/* Launches and runs it; COM1's output goes to `console`, at most as much as a pipe holds. */
static struct outcome run(const struct plan *p, uint64_t timeout_ms, char *console, size_t cap)
{
	struct run_limits limits = { .timeout_ms = timeout_ms, .input_fd = -1 };
	struct outcome o = { 0 };
	struct error err = { 0 };
	struct vm *vm = NULL;
	ssize_t n;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(vm_launch(&kvm_sys_host, &platform_kvm, p,
	                       &(struct vm_devices){ .streams[STREAM_SERIAL].fd = fds[1],
	                                             .exit_port_given = true,
	                                             .exit_port = EXIT_PORT },
	                       &vm, &err),
	             0, "%s", err.text);
	cr_assert_eq(vm_run(vm, &limits, &o, &err), 0, "%s", err.text);
	vm_free(vm);
	close(fds[1]);
	n = read(fds[0], console, cap - 1);
	cr_assert_geq(n, 0);
	console[n] = '\0';
	close(fds[0]);
	return o;
}

static struct outcome run_code(const uint8_t *code, size_t size, uint64_t timeout_ms)
{
	auto_plan const struct plan *p = flat_plan(code, size, 1);
	char console[16];

	return run(p, timeout_ms, console, sizeof(console));
}

Test(real_kvm, the_selftest_passes)
{
	struct selftest_config c = { .exit_port = EXIT_PORT, .vcpu_sig = SIGNATURE };
	struct plan *p = plan_new();
	auto_plan const struct plan *sealed = NULL;
	struct vcpu_state bsp;
	struct error err = { 0 };
	struct outcome o;
	char console[4096];

	need_kvm();
	cr_assert_eq(plan_add_ram(p, 0, SELFTEST_MEMORY, &err), 0, "%s", err.text);
	cr_assert_eq(selftest_plan(p, &c, &bsp, &err), 0, "%s", err.text);
	cr_assert_eq(plan_set_vcpus(p, 1, &bsp, &bsp, &err), 0, "%s", err.text);
	sealed = plan_seal(p, &err);
	cr_assert_not_null(sealed, "%s", err.text);
	o = run(sealed, 30000, console, sizeof(console));
	cr_assert_eq(o.kind, GUEST_EXITED, "%s: %s: %s", reason_name(o.kind), o.detail, console);
	cr_assert_eq(o.code, 0u, "%s", console);
	cr_assert_not_null(strstr(console, "snpvmm selftest: plain KVM, no protection\n"), "%s",
	                   console);
	cr_assert_not_null(strstr(console, "snpvmm selftest: passed\n"), "%s", console);
	cr_assert_null(strstr(console, "FAILED"), "%s", console);
}

Test(real_kvm, a_guest_exits_with_its_status)
{
	static const uint8_t code[] = { 0xb0, 42,   /* mov al, 42 */
		                        0xe6, 0xf4, /* out 0xf4, al */
		                        0xf4 };     /* hlt */
	struct outcome o;

	need_kvm();
	o = run_code(code, sizeof(code), 30000);
	cr_assert_eq(o.kind, GUEST_EXITED, "%s: %s", reason_name(o.kind), o.detail);
	cr_assert_eq(o.code, 42u);
}

Test(real_kvm, a_guest_prints_with_string_io)
{
	static const uint8_t code[] = { 0xba, 0xf8,
		                        0x03, 0,
		                        0, /* mov edx, 0x3f8 */
		                        0xbe, 0x20,
		                        0x10, 0,
		                        0, /* mov esi, 0x1020 */
		                        0xb9, 6,
		                        0,    0,
		                        0,          /* mov ecx, 6 */
		                        0xf3, 0x6e, /* rep outsb */
		                        0x31, 0xc0,
		                        0xe6, 0xf4, /* xor eax, eax; out 0xf4, al */
		                        0xf4, [0x20] = 'h',
		                        'e',  'l',
		                        'l',  'o',
		                        '\n' };
	auto_plan const struct plan *p = NULL;
	char console[16];
	struct outcome o;

	need_kvm();
	p = flat_plan(code, sizeof(code), 1);
	o = run(p, 30000, console, sizeof(console));
	cr_assert_eq(o.kind, GUEST_EXITED, "%s: %s", reason_name(o.kind), o.detail);
	cr_assert_str_eq(console, "hello\n");
}

struct debugged {
	struct vm *vm;
	struct run_limits limits;
	struct outcome outcome;
};

static void *debugged_run(void *self)
{
	struct debugged *d = self;
	struct error err = { 0 };

	vm_run(d->vm, &d->limits, &d->outcome, &err);
	return NULL;
}

/* Breakpoints of debug registers and steps; INT3 needs an exit that not every nested KVM has. */
Test(real_kvm, a_debugger_steps_breaks_and_reads)
{
	static const uint8_t code[] = { 0xb0, 42,        /* mov al, 42 */
		                        0x40, 0x40,      /* inc eax, twice */
		                        0xe6, EXIT_PORT, /* out 0xf4, al */
		                        0xf4 };
	auto_plan const struct plan *p = NULL;
	char folder[] = "/tmp/gdb-XXXXXX", where[64];
	struct debugged d = { .limits = { .timeout_ms = 60000, .input_fd = -1 } };
	struct error err = { 0 };
	struct gdb_client c;
	pthread_t thread;

	need_kvm();
	p = flat_plan(code, sizeof(code), 2);
	cr_assert_not_null(mkdtemp(folder));
	snprintf(where, sizeof(where), "unix:%s/socket", folder);
	d.limits.gdb = gdb_server_new(where, &err);
	cr_assert_not_null(d.limits.gdb, "%s", err.text);
	cr_assert_eq(
		vm_launch(&kvm_sys_host, &platform_kvm, p,
	                  &(struct vm_devices){ .exit_port_given = true, .exit_port = EXIT_PORT },
	                  &d.vm, &err),
		0, "%s", err.text);
	cr_assert_eq(pthread_create(&thread, NULL, debugged_run, &d), 0);
	cr_assert(gdb_client_open(&c, where + strlen("unix:")));
	cr_expect_str_eq(gdb_client_ask(&c, "?"), "T05thread:1;");
	cr_expect_str_eq(gdb_client_ask(&c, "p10"), "0010000000000000");
	cr_expect_str_eq(gdb_client_ask(&c, "m1000,4"), "b02a4040");
	cr_expect_str_eq(gdb_client_ask(&c, "mfee00000,4"), "E0e", "the local APIC");
	cr_expect_str_eq(gdb_client_ask(&c, "vCont;s:1"), "T05thread:1;");
	cr_expect_str_eq(gdb_client_ask(&c, "p10"), "0210000000000000");
	cr_expect_str_eq(gdb_client_ask(&c, "Z1,1003,1"), "OK");
	cr_expect_str_eq(gdb_client_ask(&c, "c"), "T05thread:1;");
	cr_expect_str_eq(gdb_client_ask(&c, "p10"), "0310000000000000");
	cr_expect_str_eq(gdb_client_ask(&c, "p0"), "2b00000000000000");
	cr_expect_str_eq(gdb_client_ask(&c, "P0=6300000000000000"), "OK");
	cr_expect_str_eq(gdb_client_ask(&c, "M1003,1:90"), "OK", "nop");
	cr_expect_str_eq(gdb_client_ask(&c, "c"), "W63", "although its breakpoint is still set");
	pthread_join(thread, NULL);
	cr_expect_eq(d.outcome.kind, GUEST_EXITED, "%s", d.outcome.detail);
	gdb_client_close(&c);
	vm_free(d.vm);
	gdb_server_free(d.limits.gdb);
	rmdir(folder);
}

Test(real_kvm, a_triple_fault_is_a_shutdown)
{
	static const uint8_t code[] = { 0x0f, 0x0b }; /* ud2 */
	struct outcome o;

	need_kvm();
	o = run_code(code, sizeof(code), 30000);
	cr_assert_eq(o.kind, GUEST_SHUTDOWN, "%s: %s", reason_name(o.kind), o.detail);
}

Test(real_kvm, a_guest_asks_for_a_reset)
{
	static const uint8_t code[] = { 0x66, 0xba, 0xf9, 0x0c, /* mov dx, 0xcf9 */
		                        0xb0, 6,                /* mov al, 6 */
		                        0xee,                   /* out dx, al */
		                        0xf4 };
	struct outcome o;

	need_kvm();
	o = run_code(code, sizeof(code), 30000);
	cr_assert_eq(o.kind, GUEST_RESET, "%s: %s", reason_name(o.kind), o.detail);
}

/* One spins in the guest and one sleeps in KVM: both have to be kicked out. */
Test(real_kvm, guests_without_an_end_run_out_of_time)
{
	static const uint8_t spin[] = { 0xeb, 0xfe };             /* jmp $ */
	static const uint8_t halt[] = { 0xfa, 0xf4, 0xeb, 0xfd }; /* cli; hlt; jmp to the hlt */

	need_kvm();
	cr_assert_eq(run_code(spin, sizeof(spin), 300).kind, RUN_TIMED_OUT);
	cr_assert_eq(run_code(halt, sizeof(halt), 300).kind, RUN_TIMED_OUT);
}

/* The other three wait in the kernel for INIT and SIPI, which never come. */
Test(real_kvm, vcpus_that_are_never_started_do_not_keep_the_run_alive)
{
	static const uint8_t code[] = { 0xb0, 5, 0xe6, 0xf4, 0xf4 };
	auto_plan const struct plan *p = NULL;
	char console[16];
	struct outcome o;

	need_kvm();
	p = flat_plan(code, sizeof(code), 4);
	o = run(p, 30000, console, sizeof(console));
	cr_assert_eq(o.kind, GUEST_EXITED, "%s: %s", reason_name(o.kind), o.detail);
	cr_assert_eq(o.code, 5u);
}
