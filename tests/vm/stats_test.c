/* SPDX-License-Identifier: MIT */
/* tests/vm/stats_test.c: exits are counted where they belong, in a report of bounded size. */
#include "core/vm/stats.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "core/base/array.h"
#include "core/dev/debug.h"
#include "core/vm/abi.h"
#include "core/vm/devices.h"
#include "tests/fake/fixture.h"

/* Runs one vCPU through these exits on platform snp, the last of which ends it, and reports. */
static struct stats_report report_of(const struct fake_exit *exits, size_t n)
{
	struct fixture s = fixture_default();
	auto_plan const struct plan *p = fixture_plan(&s);
	auto_fake struct fake_kvm *f = fake_kvm_new(0);
	struct vm *vm = fixture_launch(f, &platform_snp, p, &fixture_quiet);
	struct stats_report r;

	fake_kvm_script(f, 0, exits, n);
	fixture_run(vm);
	stats_report(vm, &r);
	cr_assert(((struct debug_port *)devices_find(vm, &debug_port_device))->held == 0 ||
	          r.debug_line[0]);
	r.debug_line = r.debug_line[0] ? "said" : ""; /* the VM's will be freed */
	fixture_end(f, vm);
	return r;
}

static const struct stats_device *device_of(const struct stats_report *r, const char *name)
{
	for (size_t i = 0; i < r->n_devices; i++)
		if (!strcmp(r->devices[i].name, name))
			return &r->devices[i];
	return NULL;
}

Test(stats, exits_are_counted_by_kind)
{
	const struct fake_exit exits[] = { fake_in(0x3fd, 1, 1),  fake_mmio_read(0xfed40000, 4),
		                           fake_map_gpa(0, 3, 0), fake_memory_fault(0, true),
		                           fake_errno(EINTR),     fake_reason(KVM_EXIT_UNKNOWN, 0),
		                           fake_out(0xf4, 1, 0) };
	static const uint64_t want[EXIT_KINDS] = { 2, 1, 1, 1, 0, 1, 1 };
	struct stats_report r = report_of(exits, ARRAY_SIZE(exits));

	for (size_t i = 0; i < EXIT_KINDS; i++)
		cr_expect_eq(r.exits[i], want[i], "%s: %llu", stats_exit_name((enum exit_kind)i),
		             (unsigned long long)r.exits[i]);
	cr_expect_eq(r.total, ARRAY_SIZE(exits));
	cr_expect_eq(r.pages_shared, 3u);
	cr_expect_eq(r.pages_private, 1u, "by a fault");
}

Test(stats, a_page_that_stays_what_it_was_is_no_change)
{
	const struct fake_exit exits[] = { fake_map_gpa(0, 3, KVM_MAP_GPA_RANGE_ENCRYPTED),
		                           fake_out(0xf4, 1, 0) };
	struct stats_report r = report_of(exits, ARRAY_SIZE(exits));

	cr_expect_eq(r.exits[EXIT_PAGE_STATE], 1u);
	cr_expect_eq(r.pages_shared + r.pages_private, 0u);
}

Test(stats, ports_are_counted_at_their_device_and_the_busiest_comes_first)
{
	const struct fake_exit exits[] = {
		fake_in(0x3fd, 1, 1), fake_in(0x3fd, 1, 1),  fake_out(0x3f8, 1, 'x'),
		fake_in(0x3ff, 1, 1), fake_in(0x3fd, 1, 1),  fake_in(0x3ff, 1, 1),
		fake_in(0x80, 1, 1),  fake_in(0xffff, 1, 1), fake_out(0xf4, 1, 0),
	};
	struct stats_report r = report_of(exits, ARRAY_SIZE(exits));
	const struct stats_device *serial = device_of(&r, "serial port"),
				  *nobody = device_of(&r, "nobody");

	cr_assert(serial && nobody && device_of(&r, "exit port"));
	cr_expect_eq(r.n_devices, 3u, "who wasn't reached isn't listed");
	cr_expect_eq(serial->exits, 6u);
	cr_assert_eq(serial->n_ports, 3u);
	cr_expect_eq(serial->ports[0].port, 0x3fd);
	cr_expect_eq(serial->ports[0].exits, 3u);
	cr_expect_eq(serial->ports[1].port, 0x3ff);
	cr_expect_eq(serial->ports[2].port, 0x3f8);
	cr_expect_eq(nobody->exits, 2u);
	cr_expect_eq(nobody->ports[1].port, 0xffff);
	cr_expect(r.serial_seen);
	cr_expect_not(r.debug_seen);
}

Test(stats, a_string_of_accesses_is_one_exit)
{
	const struct fake_exit exits[] = { fake_out_string(0x402, "text\n"), fake_out(0xf4, 1, 0) };
	struct stats_report r = report_of(exits, ARRAY_SIZE(exits));

	cr_assert_not_null(device_of(&r, "debug port"));
	cr_expect_eq(device_of(&r, "debug port")->exits, 1u);
	cr_expect(r.debug_seen);
	cr_expect_str_eq(r.debug_line, "said");
}

/* The report of a guest that accesses every port. */
Test(stats, every_port_there_is_fits_the_report)
{
	static struct vm vm; /* only an empty bus is read */
	struct stats_report r;
	uint64_t listed = 0;

	for (unsigned port = 0; port <= 0xffff; port++)
		for (unsigned n = 0; n < 1 + port % 7; n++)
			stats_port(&vm.stats, (uint16_t)port);
	stats_report(&vm, &r);
	cr_assert_eq(r.n_devices, 1u);
	cr_assert_eq(r.devices[0].n_ports, (size_t)STATS_PORTS);
	for (size_t i = 0; i < STATS_PORTS; i++) {
		cr_expect_eq(r.devices[0].ports[i].exits, 7u);
		cr_expect_eq(r.devices[0].ports[i].port, 6 + 7 * i, "the first of equals");
		listed += r.devices[0].ports[i].exits;
	}
	cr_expect_eq(r.devices[0].exits, listed + r.devices[0].others);
}

Test(stats, a_run_that_never_began_has_nothing_to_say)
{
	static struct vm vm;
	struct stats_report r;

	stats_report(&vm, &r);
	cr_expect_eq(r.total, 0u);
	cr_expect_eq(r.n_devices, 0u);
	cr_expect_not(r.serial_seen);
	cr_expect_not(r.fwcfg_there);
	cr_expect_str_empty(r.debug_line);
}

Test(stats, how_long_a_guest_was_quiet_is_known)
{
	struct stats s = { .begun_ns = 1000000000 };

	s.ended_ns = 4000000000;
	cr_expect_eq(stats_quiet_ms(&s), 3000, "from the start, without an exit");
	stats_exit(&s, EXIT_KICK);
	cr_expect_eq(stats_quiet_ms(&s), 3000, "a kick is ours");
	stats_exit(&s, EXIT_PORT);
	cr_expect_gt(s.last_ns, 0u);
	s.ended_ns = s.last_ns + 7000000000;
	cr_expect_eq(stats_quiet_ms(&s), 7000);
	s.ended_ns = s.last_ns - 1;
	cr_expect_eq(stats_quiet_ms(&s), 0);
}
