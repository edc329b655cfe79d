/* SPDX-License-Identifier: MIT */
/* tests/vm/debug_test.c: a debugger's sessions with guests of the fake, over a socket. */
#include "core/vm/debug.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/vm/gdb_server.h"
#include "core/vm/abi.h"
#include "core/vm/signals.h"
#include "tests/fake/fixture.h"
#include "tests/make/gdb_client.h"

#define EXIT_PORT 0xf4
#define RESET     0xfffffff0ULL /* of the fixture's first vCPU, linear: CS has a base */

static void quiet(void)
{
	log_set_level(LOG_QUIET);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
}

TestSuite(debug, .init = quiet);

/* A guest that runs in a thread of its own, and a debugger. */
struct session {
	struct fake_kvm *f;
	const struct plan *p;
	struct vm *vm;
	struct gdb_server *server;
	char folder[32], path[48];
	struct run_limits limits;
	pthread_t thread;
	struct outcome outcome;
	struct gdb_client c;
};

static void *session_run(void *self)
{
	struct session *s = self;
	struct error err = { 0 };

	if (vm_run(s->vm, &s->limits, &s->outcome, &err) < 0)
		outcome_set(&s->outcome, err.kind, 0, "%s", err.text);
	return NULL;
}

static void session_listen(struct session *s)
{
	char where[64];
	struct error err = { 0 };

	strcpy(s->folder, "/tmp/gdb-XXXXXX");
	cr_assert_not_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/socket", s->folder);
	snprintf(where, sizeof(where), "unix:%s", s->path);
	s->server = gdb_server_new(where, &err);
	cr_assert_not_null(s->server, "%s", err.text);
}

/* Before session_begin(), for scripts. */
static void session_new(struct session *s, unsigned vcpus, const struct vcpu_state *state)
{
	struct fixture x = fixture_default();

	*s = (struct session){ .f = fake_kvm_new(0) };
	x.vcpus = vcpus;
	if (state)
		x.bsp = x.ap = *state;
	s->p = fixture_plan(&x);
	s->vm = fixture_launch(s->f, &platform_kvm, s->p, &fixture_quiet);
	s->limits = (struct run_limits){ .timeout_ms = 60000, .input_fd = -1 };
	session_listen(s);
	s->limits.gdb = s->server;
}

static void session_start(struct session *s)
{
	cr_assert_eq(pthread_create(&s->thread, NULL, session_run, s), 0);
}

static void session_connect(struct session *s)
{
	cr_assert(gdb_client_open(&s->c, s->path));
	cr_assert_str_eq(gdb_client_ask(&s->c, "?"), "T05thread:1;");
}

static const char *ask(struct session *s, const char *packet)
{
	return gdb_client_ask(&s->c, packet);
}

/* One vCPU with a script, and a debugger that has connected. */
static void session_script(struct session *s, const struct fake_exit *exits, size_t n)
{
	session_new(s, 1, NULL);
	if (n > 0)
		fake_kvm_script(s->f, 0, exits, n);
	session_start(s);
	session_connect(s);
}

/* Waits for the guest's end. */
static void session_end(struct session *s, enum reason kind)
{
	pthread_join(s->thread, NULL);
	cr_expect_eq(s->outcome.kind, kind, "%s: %s", reason_name(s->outcome.kind),
	             s->outcome.detail);
	if (s->c.fd > 0)
		gdb_client_close(&s->c);
	gdb_server_free(s->server);
	cr_expect_neq(access(s->path, F_OK), 0, "the socket is left");
	rmdir(s->folder);
	fixture_end(s->f, s->vm);
	plan_free(s->p);
	fake_kvm_free(s->f);
}

Test(debug, the_guest_waits_before_its_first_instruction)
{
	const struct fake_exit exits[] = { fake_out(EXIT_PORT, 1, 7) };
	struct session s;

	session_script(&s, exits, ARRAY_SIZE(exits));
	cr_expect_str_eq(ask(&s, "p10"), "f0ff000000000000"); /* rip */
	cr_expect_str_eq(ask(&s, "p12"), "00f00000");         /* cs */
	cr_expect_str_eq(ask(&s, "P0=efbeadde00000000"), "OK");
	cr_expect_eq(fake_kvm_regs(s.f, 0)->rax, 0xdeadbeefu);
	cr_expect_str_eq(ask(&s, "P3b=8877665544332211"), "OK", "k_gs_base");
	cr_expect_str_eq(ask(&s, "p3b"), "8877665544332211");
	cr_expect_str_eq(ask(&s, "P28=000102030405060708090a0b0c0d0e0f"), "OK", "xmm0");
	cr_expect_str_eq(ask(&s, "p28"), "000102030405060708090a0b0c0d0e0f");
	cr_expect_str_eq(ask(&s, "c"), "W07");
	session_end(&s, GUEST_EXITED);
}

/* Twice: once before the guest has begun, once in the middle. */
Test(debug, limits_stand_still_while_the_guest_is_held)
{
	const struct fake_exit exits[] = { fake_step(RESET), fake_out(EXIT_PORT, 1, 0) };
	struct session s;

	session_new(&s, 1, NULL);
	fake_kvm_script(s.f, 0, exits, ARRAY_SIZE(exits));
	s.limits.timeout_ms = s.limits.silence_ms = 2500;
	session_start(&s);
	usleep(2600 * 1000);
	session_connect(&s);
	cr_expect_str_eq(ask(&s, "s"), "T05thread:1;");
	usleep(2600 * 1000);
	cr_expect_str_eq(ask(&s, "c"), "W00");
	session_end(&s, GUEST_EXITED);
}

Test(debug, limits_end_a_guest_that_was_resumed)
{
	static const struct run_limits limits[] = { { .timeout_ms = 300, .input_fd = -1 },
		                                    { .silence_ms = 300, .input_fd = -1 } };

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct session s;

		session_new(&s, 2, NULL);
		s.limits = limits[i];
		s.limits.gdb = s.server;
		session_start(&s);
		session_connect(&s);
		cr_expect_str_eq(ask(&s, "c"), "X06");
		session_end(&s, i ? RUN_SILENT : RUN_TIMED_OUT);
	}
}

/*
 * Here RIP isn't an address, so GDB doesn't know that it is at its breakpoint, and leaves it set.
 */
Test(debug, a_breakpoint_is_passed_in_real_mode)
{
	const struct fake_exit exits[] = { fake_step(RESET), fake_step(RESET + 5), fake_step(RESET),
		                           fake_step(RESET + 5), fake_out(EXIT_PORT, 1, 0) };

	for (unsigned kind = GDB_POINT_SOFTWARE; kind <= GDB_POINT_HARDWARE; kind++) {
		struct session s;
		char set[32];

		session_script(&s, exits, ARRAY_SIZE(exits));
		snprintf(set, sizeof(set), "Z%u,fffffff0,1", kind);
		cr_expect_str_eq(ask(&s, set), "OK");
		cr_expect_str_eq(ask(&s, "c"), "T05thread:1;");
		cr_expect_str_eq(ask(&s, "p10"), "f0ff000000000000");
		cr_expect_str_eq(ask(&s, "s"), "T05thread:1;");
		cr_expect_str_eq(ask(&s, "p10"), "f5ff000000000000", "a step leaves it");
		cr_expect_str_eq(ask(&s, "c"), "T05thread:1;");
		cr_expect_str_eq(ask(&s, "p10"), "f0ff000000000000", "the second time");
		cr_expect_str_eq(ask(&s, "c"), "W00", "so does going on");
		session_end(&s, GUEST_EXITED);
	}
}

Test(debug, the_debugger_sees_no_breakpoint_in_memory)
{
	const struct fake_exit exits[] = { fake_step(0x40000), fake_step(0x40001),
		                           fake_out(EXIT_PORT, 1, 0) };
	char was[8];
	struct session s;

	session_script(&s, exits, ARRAY_SIZE(exits));
	strcpy(was, ask(&s, "m40001,2"));
	cr_expect_str_eq(ask(&s, "qSupported:swbreak+;hwbreak+") + 11,
	                 "4000;qXfer:features:read+;"
	                 "QStartNoAckMode+;vContSupported+;swbreak+;hwbreak+");
	cr_expect_str_eq(ask(&s, "Z0,40001,1"), "OK");
	cr_expect_str_eq(ask(&s, "Z0,40001,1"), "OK", "twice is once");
	cr_expect_str_eq(ask(&s, "vCont;c"), "T05thread:1;");
	cr_expect_str_eq(ask(&s, "m40001,2"), was);
	cr_expect_str_eq(ask(&s, "M40001,1:90"), "OK", "the guest's byte changes");
	cr_expect_str_eq(ask(&s, "z0,40001,1"), "OK");
	cr_expect_str_eq(ask(&s, "m40001,1"), "90");
	cr_expect_str_eq(ask(&s, "c"), "W00", "it is gone");
	session_end(&s, GUEST_EXITED);
}

Test(debug, watchpoints)
{
	const struct fake_exit exits[] = { fake_step(0x40000),
		                           fake_access(0x2004, 4, false),
		                           fake_access(0x2004, 4, true),
		                           fake_step(0x40001),
		                           fake_access(0x3000, 1, false),
		                           fake_step(0x40002),
		                           fake_out(EXIT_PORT, 1, 0) };
	struct session s;

	session_script(&s, exits, ARRAY_SIZE(exits));
	cr_expect_str_eq(ask(&s, "Z2,2004,4"), "OK");
	cr_expect_str_eq(ask(&s, "Z3,3000,1"), "OK");
	cr_expect_str_eq(ask(&s, "Z4,5000,8"), "OK");
	cr_expect_str_eq(ask(&s, "Z2,2001,2"), "E16", "not aligned");
	cr_expect_str_eq(ask(&s, "Z2,2000,3"), "E16");
	cr_expect_str_eq(ask(&s, "Z1,2000,1"), "OK");
	cr_expect_str_eq(ask(&s, "Z1,2001,1"), "E1c", "there are four registers");
	cr_expect_str_eq(ask(&s, "z1,2000,1"), "OK");
	cr_expect_str_eq(ask(&s, "c"), "T05thread:1;watch:2004;");
	cr_expect_str_eq(ask(&s, "c"), "T05thread:1;rwatch:3000;");
	cr_expect_str_eq(ask(&s, "c"), "W00");
	session_end(&s, GUEST_EXITED);
}

/* All vCPUs stop with the one that is at a breakpoint, and only those that are named go on. */
Test(debug, vcpus_are_threads)
{
	const struct fake_exit first[] = { fake_step(0x40000), fake_step(0x40001), fake_wait(),
		                           fake_out(EXIT_PORT, 1, 3) };
	const struct fake_exit second[] = { fake_in(0x3fd, 1, 1), fake_step(0x50000),
		                            fake_step(0x50001), fake_step(0x50002) };
	struct session s;

	session_new(&s, 3, NULL);
	fake_kvm_script(s.f, 0, first, ARRAY_SIZE(first));
	fake_kvm_script(s.f, 1, second, ARRAY_SIZE(second));
	session_start(&s);
	session_connect(&s);
	cr_expect_str_eq(ask(&s, "qfThreadInfo"), "m1,2,3");
	cr_expect_str_eq(ask(&s, "Z0,50001,1"), "OK");
	cr_expect_str_eq(ask(&s, "vCont;c:2"), "T05thread:2;");
	cr_expect(fake_kvm_answer(s.f, 1, 0).seen, "its input arrived");
	cr_expect_str_eq(ask(&s, "Hg1"), "OK");
	cr_expect_str_eq(ask(&s, "p10"), "f0ff000000000000", "the first was held");
	cr_expect_str_eq(ask(&s, "z0,50001,1"), "OK");
	cr_expect_str_eq(ask(&s, "vCont;s:2"), "T05thread:2;");
	cr_expect_str_eq(ask(&s, "vCont;s:1"), "T05thread:1;");
	gdb_client_tell(&s.c, "vCont;c");
	fake_kvm_await_wait(s.f, 0);
	gdb_client_send(&s.c, "\x03", 1);
	cr_expect_str_eq(gdb_client_hear(&s.c), "T02thread:1;");
	cr_expect_str_eq(ask(&s, "c"), "W03");
	session_end(&s, GUEST_EXITED);
}

/* What a watchpoint saw is over when the guest stops, so it is told even if another came first. */
Test(debug, no_watchpoint_is_missed)
{
	const struct fake_exit one[] = { fake_step(0x40000), fake_access(0x2000, 1, true) };
	const struct fake_exit two[] = { fake_step(0x50000), fake_access(0x3000, 1, true) };
	const char *first, *second;
	struct session s;
	char told[64];

	session_new(&s, 2, NULL);
	fake_kvm_script(s.f, 0, one, ARRAY_SIZE(one));
	fake_kvm_script(s.f, 1, two, ARRAY_SIZE(two));
	session_start(&s);
	session_connect(&s);
	cr_expect_str_eq(ask(&s, "Z2,2000,1"), "OK");
	cr_expect_str_eq(ask(&s, "Z2,3000,1"), "OK");
	first = ask(&s, "c");
	snprintf(told, sizeof(told), "%s", first);
	second = ask(&s, "c");
	cr_expect((!strcmp(told, "T05thread:1;watch:2000;") &&
	           !strcmp(second, "T05thread:2;watch:3000;")) ||
	                  (!strcmp(told, "T05thread:2;watch:3000;") &&
	                   !strcmp(second, "T05thread:1;watch:2000;")),
	          "%s %s", told, second);
	gdb_client_tell(&s.c, "k");
	session_end(&s, RUN_KILLED);
}

Test(debug, the_guests_own_breakpoint_is_given_back)
{
	const struct fake_exit exits[] = { fake_int3(0x40000), fake_step(0x40001),
		                           fake_out(EXIT_PORT, 1, 0) };
	struct session s;

	session_script(&s, exits, ARRAY_SIZE(exits));
	cr_expect_str_eq(ask(&s, "Z0,40001,1"), "OK");
	cr_expect_str_eq(ask(&s, "c"), "T05thread:1;");
	cr_expect_str_eq(ask(&s, "p10"), "01000500ffffffff", "0x40001 - 0xffff0000");
	cr_expect_eq(fake_kvm_injected(s.f, 0), (unsigned)KVM_GUESTDBG_INJECT_BP);
	cr_expect_str_eq(ask(&s, "c"), "W00");
	session_end(&s, GUEST_EXITED);
}

Test(debug, addresses_go_through_page_tables)
{
	struct vcpu_state state = fixture_long_mode();
	struct session s;

	state.cr3 &= ~(1ULL << FAKE_C_BIT);
	session_new(&s, 1, &state);
	session_start(&s);
	session_connect(&s);
	cr_expect_eq(strlen(ask(&s, "mffff800000000000,8")), 16u);
	cr_expect_str_eq(ask(&s, "m1000,8"), "E0e", "not mapped");
	cr_expect_str_eq(ask(&s, "mffff8000fee00000,4"), "E0e", "no memory is there");
	cr_expect_str_eq(ask(&s, "mffff800080000000,4"), "E0e");
	cr_expect_str_eq(ask(&s, "Z0,1000,1"), "E0e");
	cr_expect_str_eq(ask(&s, "Mffff80000000fffe,4:01020304"), "OK", "across pages");
	cr_expect_str_eq(ask(&s, "mffff80000000fffe,4"), "01020304");
	gdb_client_tell(&s.c, "vKill;1");
	session_end(&s, RUN_KILLED);
}

Test(debug, a_step_that_kvm_refuses_is_an_error)
{
	struct session s;

	session_script(&s, NULL, 0);
	fake_kvm_fail(s.f, fake_kvm_calls(s.f) + 1, EINVAL);
	cr_expect_str_eq(ask(&s, "s"), "E16");
	cr_expect_eq(strlen(ask(&s, "p0")), 16u, "it is still held");
	gdb_client_tell(&s.c, "k");
	session_end(&s, RUN_KILLED);
}

/* --- a debugger that comes and goes --- */

Test(debug, a_debugger_that_detaches_lets_the_guest_go_on)
{
	const struct fake_exit exits[] = { fake_step(0x40000), fake_wait(), fake_step(0x40001),
		                           fake_out(EXIT_PORT, 1, 5) };
	struct session s;

	session_script(&s, exits, ARRAY_SIZE(exits));
	cr_expect_str_eq(ask(&s, "Z0,40000,1"), "OK");
	cr_expect_str_eq(ask(&s, "D"), "OK");
	cr_expect_str_eq(gdb_client_hear(&s.c), "(gone)");
	gdb_client_close(&s.c);
	fake_kvm_await_wait(s.f, 0); /* not at the breakpoint */
	session_connect(&s);         /* it stops for the next one, which ends the wait */
	cr_expect_str_eq(ask(&s, "s"), "T05thread:1;");
	cr_expect_str_eq(ask(&s, "D;1"), "OK");
	session_end(&s, GUEST_EXITED);
	cr_expect_eq(s.outcome.code, 5u);
}

/* At any moment: held, with half a packet, with an answer that it doesn't read, while it runs. */
Test(debug, a_debugger_that_vanishes_lets_the_guest_go_on)
{
	static const char *const last[] = { "", "$m1000,", "$g#67$g#67$g#67", "$c#63", "$s#73" };
	const struct fake_exit exits[] = { fake_step(0x40000), fake_wait() };

	for (size_t i = 0; i < ARRAY_SIZE(last); i++) {
		struct session s;

		session_script(&s, exits, ARRAY_SIZE(exits));
		cr_expect_str_eq(ask(&s, "Z1,40000,1"), "OK");
		gdb_client_send(&s.c, last[i], strlen(last[i]));
		gdb_client_close(&s.c);
		fake_kvm_await_wait(s.f, 0);
		session_connect(&s);
		gdb_client_tell(&s.c, "k");
		session_end(&s, RUN_KILLED);
	}
}

Test(debug, rubbish_does_no_harm)
{
	static char noise[100000];
	struct session s;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * i >> 3) & 0x7f ? (char)(i * i >> 3) : '$';
	session_script(&s, NULL, 0);
	gdb_client_send(&s.c, noise, sizeof(noise));
	gdb_client_close(&s.c);
	session_connect(&s);
	gdb_client_tell(&s.c, "k");
	session_end(&s, RUN_KILLED);
}

/* However much a debugger says, and whether it reads or not, the main thread sees signals. */
Test(debug, a_debugger_that_talks_on_and_on_holds_nothing_up)
{
	static const char packets[] = "$m1000,2000#1c$m1000,2000#1c";
	struct pollfd out = { .events = POLLOUT };
	struct error err = { 0 };
	struct session s;

	cr_assert_eq(signals_begin(&err), 1);
	session_script(&s, NULL, 0);
	out.fd = s.c.fd;
	signals_limit(300);
	while (!stop_signo() && poll(&out, 1, 100) >= 0)
		send(s.c.fd, packets, sizeof(packets) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	session_end(&s, RUN_TIMED_OUT);
	signals_end();
}

/* A script may look whether the port is open, and a browser may be made to talk to it. */
Test(debug, who_sends_no_packet_does_not_let_the_guest_go)
{
	static const char *const sent[] = { "", "POST / HTTP/1.1\r\n\r\n$c#63", "+$c#00", "\x03" };
	const struct fake_exit exits[] = { fake_wait(), fake_out(EXIT_PORT, 1, 5) };
	struct session s;

	session_new(&s, 1, NULL);
	fake_kvm_script(s.f, 0, exits, ARRAY_SIZE(exits));
	session_start(&s);
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		cr_assert(gdb_client_open(&s.c, s.path));
		gdb_client_send(&s.c, sent[i], strlen(sent[i]));
		gdb_client_close(&s.c);
	}
	session_connect(&s);
	cr_expect_str_eq(ask(&s, "p10"), "f0ff000000000000", "it has not begun");
	gdb_client_tell(&s.c, "c");
	fake_kvm_await_wait(s.f, 0);
	gdb_client_send(&s.c, "k", 1); /* no packet, in the middle of which it leaves */
	gdb_client_close(&s.c);
	session_end(&s, GUEST_EXITED);
}

Test(debug, a_second_debugger_is_turned_away)
{
	const struct fake_exit exits[] = { fake_out(EXIT_PORT, 1, 5) };
	struct gdb_client second;
	struct session s;

	session_script(&s, exits, ARRAY_SIZE(exits));
	cr_assert(gdb_client_open(&second, s.path));
	cr_expect_str_eq(gdb_client_hear(&second), "(gone)");
	gdb_client_close(&second);
	cr_expect_str_eq(ask(&s, "c"), "W05");
	session_end(&s, GUEST_EXITED);
}

Test(debug, a_kill_ends_the_run)
{
	static const char *const before[] = { "p0", NULL };

	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		struct session s;

		session_new(&s, 2, NULL);
		session_start(&s);
		session_connect(&s);
		gdb_client_tell(&s.c, before[i] ? before[i] : "c");
		if (before[i])
			gdb_client_hear(&s.c);
		gdb_client_tell(&s.c, "k");
		cr_expect_str_eq(gdb_client_hear(&s.c), before[i] ? "(gone)" : "X06");
		session_end(&s, RUN_KILLED);
	}
}

/* Nobody came, and the command's own limits still hold. */
Test(debug, a_signal_ends_the_wait)
{
	struct error err = { 0 };
	struct session s;

	session_new(&s, 2, NULL);
	cr_assert_eq(signals_begin(&err), 1);
	session_start(&s);
	signals_limit(200);
	session_end(&s, RUN_TIMED_OUT);
	signals_end();
}

Test(debug, a_guest_that_has_halted_can_be_looked_at)
{
	const struct fake_exit exits[] = { fake_halt(), fake_out(EXIT_PORT, 1, 5) };
	struct session s;

	session_script(&s, exits, ARRAY_SIZE(exits));
	gdb_client_tell(&s.c, "c");
	usleep(1200 * 1000); /* it would have ended by now */
	gdb_client_send(&s.c, "\x03", 1);
	cr_expect_str_eq(gdb_client_hear(&s.c), "T02thread:1;");
	cr_expect_str_eq(ask(&s, "c"), "W05");
	session_end(&s, GUEST_EXITED);
}

/* --- where it listens --- */

Test(debug, a_socket_is_its_owners_alone)
{
	struct session s = { 0 };
	struct stat st;

	session_listen(&s);
	cr_assert_eq(stat(s.path, &st), 0);
	cr_expect_eq(st.st_mode & 0777, 0600u);
	cr_expect_str_eq(gdb_server_address(s.server), s.path);
	gdb_server_free(s.server);
	cr_expect_neq(access(s.path, F_OK), 0);
	rmdir(s.folder);
}

Test(debug, nothing_is_replaced_but_a_socket_that_was_left)
{
	struct error err = { 0 };
	struct session s = { 0 };
	struct gdb_server *second;
	char where[64], left[64];

	session_listen(&s);
	snprintf(where, sizeof(where), "unix:%s", s.path);
	cr_expect_null(gdb_server_new(where, &err), "somebody listens there");
	cr_expect_eq(err.kind, ERROR_HOST_BUSY, "%s", err.text);
	snprintf(left, sizeof(left), "%s.left", s.path);
	cr_assert_eq(link(s.path, left), 0);
	gdb_server_free(s.server);
	cr_assert_eq(rename(left, s.path), 0);
	second = gdb_server_new(where, &err);
	cr_expect_not_null(second, "nobody listens there: %s", err.text);
	gdb_server_free(second);
	close(open(s.path, O_CREAT | O_WRONLY, 0600));
	cr_expect_null(gdb_server_new(where, &err), "a file");
	cr_expect_eq(err.kind, ERROR_USAGE, "no wait mends it: %s", err.text);
	cr_expect_eq(access(s.path, F_OK), 0, "it is still there");
	unlink(s.path);
	rmdir(s.folder);
}

Test(debug, what_has_taken_the_place_of_its_socket_stays)
{
	struct error err = { 0 };
	struct session s = { 0 };
	struct gdb_server *second;
	char where[64];

	session_listen(&s);
	snprintf(where, sizeof(where), "unix:%s", s.path);
	unlink(s.path);
	second = gdb_server_new(where, &err);
	cr_assert_not_null(second, "%s", err.text);
	gdb_server_free(s.server);
	cr_expect_eq(access(s.path, F_OK), 0, "the socket of another run");
	unlink(s.path);
	close(open(s.path, O_CREAT | O_WRONLY, 0600));
	gdb_server_free(second);
	cr_expect_eq(access(s.path, F_OK), 0, "a file");
	unlink(s.path);
	rmdir(s.folder);
}

static void *free_later(void *self)
{
	usleep(50000);
	gdb_server_free(self);
	return NULL;
}

Test(debug, a_port_that_a_killed_run_still_has_for_a_moment_is_waited_for)
{
	struct error err = { 0 };
	struct gdb_server *first = gdb_server_new("0", &err), *second;
	pthread_t other;
	char port[16];

	cr_assert_not_null(first, "%s", err.text);
	snprintf(port, sizeof(port), "%s", strchr(gdb_server_address(first), ':') + 1);
	cr_assert_eq(pthread_create(&other, NULL, free_later, first), 0);
	second = gdb_server_new(port, &err);
	cr_expect_not_null(second, "%s", err.text);
	pthread_join(other, NULL);
	gdb_server_free(second);
}

Test(debug, a_port_is_taken_once)
{
	struct error err = { 0 };
	struct gdb_server *first = gdb_server_new("0", &err);

	cr_assert_not_null(first, "%s", err.text);
	cr_expect_eq(strncmp(gdb_server_address(first), "127.0.0.1:", 10), 0);
	cr_expect_null(gdb_server_new(strchr(gdb_server_address(first), ':') + 1, &err));
	cr_expect_eq(err.kind, ERROR_HOST_BUSY, "%s", err.text);
	gdb_server_free(first);
}

Test(debug, where_it_cannot_listen)
{
	static const char *const bad[] = {
		"", "65536", "12x", "-1", "localhost:1", "unix:", "unix"
	};
	char path[256] = "unix:/";
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		cr_expect_lt(gdb_server_check(bad[i], &err), 0, "%s", bad[i]);
	memset(path + 6, 'x', 200);
	cr_expect_lt(gdb_server_check(path, &err), 0);
	cr_expect_eq(err.kind, ERROR_USAGE);
	cr_expect_null(gdb_server_new("unix:/nowhere/at/all", &err));
	cr_expect_eq(err.kind, ERROR_USAGE);
}
