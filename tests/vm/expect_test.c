/* SPDX-License-Identifier: MIT */
/* tests/vm/expect_test.c: runs whose console is matched: how they end, their limits, their logs. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/file.h"
#include "core/vm/run.h"
#include "core/vm/watch.h"
#include "tests/fake/fixture.h"

#define COM1  0x3f8
#define DEBUG 0x402

TestSuite(expect, .timeout = 60);

struct watched {
	const char *expected, *never; /* NULL: none */
	struct run_limits limits;
	int serial_log_fd, debug_log_fd;
	bool complete, forbidden; /* results */
	int log_failed;
};

static struct outcome run(struct watched *c, const struct fake_exit *exits, size_t n)
{
	const struct watch_rules rules = { &c->expected, c->expected != NULL, &c->never,
		                           c->never != NULL };
	struct vm_devices d = { .streams[STREAM_SERIAL_LOG].fd = c->serial_log_fd,
		                .streams[STREAM_DEBUG_LOG].fd = c->debug_log_fd,
		                .exit_port_given = true,
		                .exit_port = 0xf4 };
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };
	struct outcome o = { 0 };
	struct vm *vm;

	d.watch = watch_new(&rules, &err);
	cr_assert_not_null(d.watch, "%s", err.text);
	vm = fixture_launch(f, &platform_snp, p, &d);
	if (n > 0)
		fake_kvm_script(f, 0, exits, n);
	c->limits.input_fd = -1;
	cr_assert_eq(vm_run(vm, &c->limits, &o, &err), 0, "%s", err.text);
	c->complete = watch_complete(d.watch);
	c->forbidden = watch_forbidden(d.watch);
	sink_flush(&vm->streams[STREAM_SERIAL_LOG]);
	c->log_failed = vm->streams[STREAM_SERIAL_LOG].failed;
	fixture_end(f, vm);
	watch_free(d.watch);
	return o;
}

Test(expect, the_run_ends_once_all_lines_came_where_it_may)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "hello\nready\n") };
	struct watched c = { .expected = "ready", .limits = { .end_when_complete = true } };

	cr_expect_eq(run(&c, exits, ARRAY_SIZE(exits)).kind, CONSOLE_COMPLETE);
}

Test(expect, a_prompt_is_enough)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "login: ") };
	struct watched c = { .expected = "login:", .limits = { .end_when_complete = true } };

	cr_expect_eq(run(&c, exits, ARRAY_SIZE(exits)).kind, CONSOLE_COMPLETE);
}

Test(expect, otherwise_the_run_goes_on_until_the_guest_ends)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "ready\n"), fake_out(0xf4, 1, 7) };
	struct watched c = { .expected = "ready", .limits = { .timeout_ms = 30000 } };
	struct outcome o = run(&c, exits, ARRAY_SIZE(exits));

	cr_expect_eq(o.kind, GUEST_EXITED);
	cr_expect_eq(o.code, 7);
	cr_expect(c.complete);
}

Test(expect, the_last_line_of_a_guest_that_ended_counts_without_a_newline)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "ready"), fake_out(0xf4, 1, 0) };
	struct watched c = { .expected = "ready$", .limits = { .timeout_ms = 30000 } };

	run(&c, exits, ARRAY_SIZE(exits));
	cr_expect(c.complete);
}

Test(expect, a_forbidden_line_ends_a_guest_that_goes_on)
{
	const struct fake_exit exits[] = { fake_out_string(COM1,
		                                           "Kernel panic - x\nCall Trace:\n") };
	struct watched c = { .never = "Kernel panic" }; /* no limit: it would never end */

	cr_expect_eq(run(&c, exits, ARRAY_SIZE(exits)).kind, GUEST_PANICKED);
}

Test(expect, a_panic_explains_the_end_behind_it)
{
	static const struct fake_exit ends[] = { { .reason = 8 /* KVM_EXIT_SHUTDOWN */ } };
	const struct fake_exit exits[] = { fake_out_string(COM1, "Kernel panic - x\n"), ends[0] };
	const struct fake_exit reset[] = { fake_out_string(COM1, "Kernel panic - x"),
		                           fake_out(0x64, 1, 0xfe) };
	struct watched c = { .never = "Kernel panic" };

	cr_expect_eq(run(&c, exits, ARRAY_SIZE(exits)).kind, GUEST_PANICKED);
	cr_expect_eq(run(&c, reset, ARRAY_SIZE(reset)).kind, GUEST_PANICKED);
}

Test(expect, what_the_host_did_is_not_explained_by_the_console)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "bad\n"), fake_errno(ENOMEM) };
	struct watched c = { .never = "bad" };

	cr_expect_eq(run(&c, exits, ARRAY_SIZE(exits)).kind, ERROR_KVM);
	cr_expect(c.forbidden);
}

Test(expect, silence_ends_the_run)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "one\n") };
	struct watched c = { .limits = { .silence_ms = 30, .timeout_ms = 30000 } };
	struct outcome o = run(&c, exits, ARRAY_SIZE(exits));

	cr_expect_eq(o.kind, RUN_SILENT, "%s", o.detail);
	cr_expect_eq(o.code, 30);
	cr_expect_str_eq(o.detail, "no console output for the silence limit of 0.030 s");
}

Test(expect, a_guest_that_never_speaks_is_silent_from_its_start)
{
	struct watched c = { .limits = { .silence_ms = 30, .timeout_ms = 30000 } };

	cr_expect_eq(run(&c, NULL, 0).kind, RUN_SILENT);
}

Test(expect, what_the_debug_port_says_breaks_no_silence)
{
	struct fake_exit exits[32];
	struct watched c = { .limits = { .silence_ms = 30, .timeout_ms = 30000 } };

	for (size_t i = 0; i < ARRAY_SIZE(exits); i++)
		exits[i] = fake_out_string(DEBUG, "noise\n");
	cr_expect_eq(run(&c, exits, ARRAY_SIZE(exits)).kind, RUN_SILENT);
}

static void file_is(int fd, const char *text)
{
	char have[256] = "";

	cr_assert_geq(pread(fd, have, sizeof(have) - 1, 0), 0);
	cr_expect_str_eq(have, text);
	close(fd);
}

Test(expect, logs_have_the_bytes_as_they_came)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "one\r\n\033[1mtwo"),
		                           fake_out_string(DEBUG, "three"), fake_out(0xf4, 1, 0) };
	struct watched c = { .serial_log_fd = open("/tmp", O_TMPFILE | O_RDWR, 0600),
		             .debug_log_fd = open("/tmp", O_TMPFILE | O_RDWR, 0600) };

	run(&c, exits, ARRAY_SIZE(exits));
	cr_expect_eq(c.log_failed, 0);
	file_is(c.serial_log_fd, "one\r\n\033[1mtwo");
	file_is(c.debug_log_fd, "three");
}

Test(expect, a_log_that_fails_does_not_end_the_run)
{
	const struct fake_exit exits[] = { fake_out_string(COM1, "one\n"), fake_out(0xf4, 1, 3) };
	struct watched c = { .serial_log_fd = open("/dev/full", O_WRONLY) };
	struct outcome o = run(&c, exits, ARRAY_SIZE(exits));

	cr_expect_eq(o.kind, GUEST_EXITED);
	cr_expect_eq(c.log_failed, ENOSPC);
	close(c.serial_log_fd);
}
