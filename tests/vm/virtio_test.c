/* SPDX-License-Identifier: MIT */
/*
 * tests/vm/virtio_test.c: a guest that drives a virtio device, from its first access to
 * configuration space to the interrupt.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/dev/blk.h"
#include "core/vm/devices.h"
#include "core/vm/irq.h"
#include "core/vm/run.h"
#include "core/vm/vsock.h"
#include "tests/fake/fixture.h"

#define WINDOW 0x80000000u
#define BAR    0x80010000u
#define DESC   0x50000u /* of the queue, each in a page of its own */
#define AVAIL  0x51000u
#define USED   0x52000u
#define DATA   0x53000u

static const struct fake_exit *script_of(const struct fake_exit *last, size_t n_last, size_t *ret_n)
{
	static struct fake_exit all[64];
	const struct fake_exit begin[] = {
		/* where BAR0 is, memory accesses, MSI-X */
		fake_out(0xcf8, 4, 0x80001010),
		fake_out(0xcfc, 4, BAR),
		fake_out(0xcf8, 4, 0x80001004),
		fake_out(0xcfc, 2, 0x0406),
		fake_out(0xcf8, 4, 0x80001098),
		fake_out(0xcfe, 2, 0x8000),
		/* features, as Linux takes them */
		fake_mmio_write(BAR + 0x14, 1, 3),
		fake_mmio_write(BAR + 0x08, 4, 1),
		fake_mmio_write(BAR + 0x0c, 4, 3),
		fake_mmio_write(BAR + 0x14, 1, 11),
		/* vector 1, and queue 0 with it */
		fake_mmio_write(BAR + 0x810, 8, 0xfee00000),
		fake_mmio_write(BAR + 0x818, 8, 0x21),
		fake_mmio_write(BAR + 0x1a, 2, 1),
		fake_mmio_write(BAR + 0x20, 8, DESC),
		fake_mmio_write(BAR + 0x28, 8, AVAIL),
		fake_mmio_write(BAR + 0x30, 8, USED),
		fake_mmio_write(BAR + 0x1c, 2, 1),
		fake_mmio_write(BAR + 0x14, 1, 15),
	};

	memcpy(all, begin, sizeof(begin));
	memcpy(all + ARRAY_SIZE(begin), last, n_last * sizeof(*last));
	*ret_n = ARRAY_SIZE(begin) + n_last;
	return all;
}

struct guest {
	struct fake_kvm *f;
	struct vm *vm;
	const struct plan *plan;
};

/* With a device that is there if *d says so. */
static struct guest guest_open(const struct platform *on, const struct vm_devices *d)
{
	struct fixture s = fixture_default();
	struct guest g = { .f = fake_kvm_new(0) };

	s.settings.pci_window = WINDOW;
	g.plan = fixture_plan(&s);
	g.vm = fixture_launch(g.f, on, g.plan, d);
	return g;
}

static void guest_close(struct guest *g)
{
	fixture_end(g->f, g->vm);
	plan_free(g->plan);
	fake_kvm_free(g->f);
}

static void put(struct guest *g, gpa_t gpa, uint64_t value, size_t size)
{
	uint8_t *to = memory_at(&g->vm->memory, gpa, size);

	cr_assert_not_null(to, "0x%llx", (unsigned long long)gpa);
	memcpy(to, &value, size);
}

/* One buffer of 64 bytes to be written, in a ring of 16. */
static void request_put(struct guest *g, gpa_t data)
{
	put(g, DESC, data, 8);
	put(g, DESC + 8, 64, 4);
	put(g, DESC + 12, 2, 2);
	put(g, AVAIL + 4, 0, 2);
	put(g, AVAIL + 2, 1, 2);
}

static void check_request(const struct platform *on, unsigned notify_size)
{
	struct vm_devices d = fixture_quiet;
	const struct fake_exit last[] = {
		fake_mmio_write(BAR + 0x1000, notify_size, 0),
		fake_until_irq(FAKE_MSI + 1),
		fake_out(0xf4, 1, 0),
	};
	const struct fake_exit *script;
	struct guest g;
	size_t n;

	d.rng = true;
	g = guest_open(on, &d);
	if (on->private_memory)
		cr_assert_eq(memory_convert(&g.vm->memory, DESC, 4, false), MEMORY_CHANGED);
	request_put(&g, DATA);
	script = script_of(last, ARRAY_SIZE(last), &n);
	fake_kvm_script(g.f, 0, script, n);
	cr_assert_eq(fixture_run(g.vm).kind, GUEST_EXITED);
	cr_expect_eq(fake_kvm_irq_rises(g.f, FAKE_MSI + 1), 1);
	cr_expect_eq(le_get(memory_at(&g.vm->memory, USED, 16) + 2, 2), 1);
	cr_expect_eq(le_get(memory_at(&g.vm->memory, USED, 16) + 8, 4), 64);
	cr_expect_not(bytes_zero(memory_at(&g.vm->memory, DATA, 64), 64));
	cr_expect(bytes_zero(memory_at(&g.vm->memory, DATA + 64, 64), 64));
	guest_close(&g);
}

Test(vm_virtio, a_request_is_notified_by_an_eventfd_and_answered_by_a_message)
{
	check_request(&platform_kvm, 2);
	check_request(&platform_snp, 2);
}

Test(vm_virtio, a_notification_that_no_eventfd_takes_is_an_exit)
{
	check_request(&platform_kvm, 4);
	check_request(&platform_snp, 4);
}

/*
 * What the guest prints on COM1 comes back as its input, which goes to hvc0: a driver has it by
 * then.
 */
Test(vm_virtio, input_is_hvc0s_once_a_driver_has_it)
{
	struct vm_devices d = fixture_quiet;
	struct fake_exit last[] = {
		fake_out_string(0x3f8, "ok\n"),
		fake_until_irq(FAKE_MSI + 1),
		fake_in(0x3fd, 1, 1),
		fake_out(0xf4, 1, 0),
	};
	struct run_limits limits = { .timeout_ms = 30000 };
	struct outcome o = { 0 };
	struct error err = { 0 };
	const struct fake_exit *script;
	struct guest g;
	int console[2];
	size_t n;

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, console), 0);
	d.hvc = true;
	d.streams[STREAM_SERIAL].fd = console[0];
	limits.input_fd = console[1];
	g = guest_open(&platform_kvm, &d);
	request_put(&g, DATA);
	script = script_of(last, ARRAY_SIZE(last), &n);
	fake_kvm_script(g.f, 0, script, n);
	cr_assert_eq(vm_run(g.vm, &limits, &o, &err), 0, "%s", err.text);
	cr_expect_eq(o.kind, GUEST_EXITED);
	cr_expect_eq(le_get(memory_at(&g.vm->memory, USED, 16) + 8, 4), 3);
	cr_expect_arr_eq(memory_at(&g.vm->memory, DATA, 64), "ok\n\0", 4);
	cr_expect_eq(fake_kvm_answer(g.f, 0, n - 2).in[0] & 1, 0, "COM1 has none");
	guest_close(&g);
	close(console[0]);
	close(console[1]);
}

/* The device neither reads private memory nor ends the run; the run goes on without it. */
Test(vm_virtio, private_memory_is_out_of_reach)
{
	struct vm_devices d = fixture_quiet;
	const struct fake_exit last[] = {
		fake_mmio_write(BAR + 0x1000, 4, 0),
		fake_mmio_read(BAR + 0x14, 1),
		fake_out(0xf4, 1, 0),
	};
	const struct fake_exit *script;
	struct guest g;
	size_t n;

	d.rng = true;
	g = guest_open(&platform_snp, &d);
	script = script_of(last, ARRAY_SIZE(last), &n);
	fake_kvm_script(g.f, 0, script, n);
	cr_assert_eq(fixture_run(g.vm).kind, GUEST_EXITED);
	cr_expect_eq(fake_kvm_answer(g.f, 0, n - 2).mmio & 0xff, 0x4f); /* NEEDS_RESET */
	guest_close(&g);
}

Test(vm_virtio, a_device_without_a_place_on_the_bus_is_refused)
{
	struct fixture s = fixture_default();
	struct vm_devices d = fixture_quiet;
	const struct plan *p = fixture_plan(&s);
	struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };
	struct vm *vm = NULL;

	d.rng = true;
	cr_assert_lt(vm_launch(fake_kvm_sys(f), &platform_snp, p, &d, &vm, &err), 0);
	cr_expect_str_eq(err.text, "there is no PCI bus for 'rng'");
	cr_expect_eq(fake_kvm_leaks(f), 0);
	plan_free(p);
	fake_kvm_free(f);
}

/* What the guest wrote into its table is its own affair. */
Test(vm_virtio, a_message_to_nowhere_is_lost)
{
	static const uint64_t places[] = { 0, 0xfec00000, FIXTURE_LOW, BAR, UINT64_MAX };
	struct vm_devices d = fixture_quiet;
	const struct fake_exit last[] = {
		fake_mmio_write(BAR + 0x1000, 4, 0),
		fake_until_irq(FAKE_MSI + 1),
		fake_out(0xf4, 1, 0),
	};
	const struct fake_exit *script;
	struct guest g;
	size_t n;

	d.rng = true;
	g = guest_open(&platform_kvm, &d);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		irq_msi(g.vm, places[i], UINT32_MAX);
	cr_expect_eq(fake_kvm_irq_rises(g.f, FAKE_MSI + 1), 0);
	request_put(&g, DATA);
	script = script_of(last, ARRAY_SIZE(last), &n);
	fake_kvm_script(g.f, 0, script, n);
	cr_assert_eq(fixture_run(g.vm).kind, GUEST_EXITED);
	cr_expect_eq(fake_kvm_irq_rises(g.f, FAKE_MSI + 1), 1);
	guest_close(&g);
}

static uint8_t *shared_memory(void *self, uint64_t gpa, uint64_t size)
{
	return memory_at(self, gpa, size);
}

/* A disk of zeros, and one request after the other for 4 KiB of it. */
struct driver {
	struct guest g;
	struct disk disk;
	struct virtqueue q;
	struct virtq_chain c;
	struct virtq_fault fault;
};

static void driver_open(struct driver *r)
{
	const struct vm_devices d = fixture_quiet;

	*r = (struct driver){ .g = guest_open(&platform_snp, &d) };
	r->disk = (struct disk){ .name = "disk0", .mode = DISK_RO, .size = 0x1000 };
	r->disk.fd = memfd_create("image", MFD_CLOEXEC);
	cr_assert_eq(ftruncate(r->disk.fd, 0x1000), 0);
	cr_assert_eq(memory_convert(&r->g.vm->memory, DESC, 4, false), MEMORY_CHANGED);
	/* The header, and the status with it, are in the page of the descriptors. */
	put(&r->g, DESC, DESC + 0x800, 8);
	put(&r->g, DESC + 8, 16, 4);
	put(&r->g, DESC + 12, 1 | 1 << 16, 4);
	put(&r->g, DESC + 16, DATA, 8);
	put(&r->g, DESC + 24, 0x1000, 4);
	put(&r->g, DESC + 28, 3 | 2 << 16, 4);
	put(&r->g, DESC + 32, DESC + 0x900, 8);
	put(&r->g, DESC + 40, 1, 4);
	put(&r->g, DESC + 44, 2, 4);
}

static int driver_take(struct driver *r)
{
	r->q = (struct virtqueue){ .max = 16,
		                   .size = 16,
		                   .enabled = true,
		                   .desc = DESC,
		                   .avail = AVAIL,
		                   .used = USED,
		                   .memory = shared_memory,
		                   .memory_self = &r->g.vm->memory };
	put(&r->g, AVAIL + 2, 1, 2);
	return virtqueue_take(&r->q, &r->c, &r->fault);
}

/* Whatever becomes of the page meanwhile, the request succeeds. */
static void driver_serve(struct driver *r)
{
	uint32_t written;

	put(&r->g, DESC + 0x900, 0xff, 1);
	cr_assert_eq(blk_serve(&r->disk, &r->c, NULL, &written, &r->fault), 0);
	cr_assert_eq(written, 0x1001);
	cr_assert_eq(memory_at(&r->g.vm->memory, DESC + 0x900, 1)[0], 0);
	virtqueue_put(&r->q, r->c.head, written);
	cr_assert_eq(le_get(memory_at(&r->g.vm->memory, USED, 4) + 2, 2), 1);
}

static void driver_close(struct driver *r)
{
	close(r->disk.fd);
	guest_close(&r->g);
}

Test(vm_virtio, a_page_that_becomes_private_before_it_is_read_into_ends_nothing)
{
	struct driver r;

	driver_open(&r);
	cr_assert_eq(driver_take(&r), 1);
	cr_assert_eq(memory_convert(&r.g.vm->memory, DATA, 1, true), MEMORY_CHANGED);
	driver_serve(&r);
	cr_assert_lt(driver_take(&r), 0);
	cr_assert_str_eq(r.fault.rule, "a buffer is not in shared memory: it is at");
	cr_assert_eq(r.fault.at, DATA);
	cr_assert_eq(memory_convert(&r.g.vm->memory, DATA, 1, false), MEMORY_CHANGED);
	cr_assert_eq(driver_take(&r), 1);
	driver_serve(&r);
	driver_close(&r);
}

static void *convert_often(void *argument)
{
	struct driver *r = argument;

	for (unsigned i = 0; i < 2000; i++)
		cr_assert_eq(memory_convert(&r->g.vm->memory, DATA, 1, i % 2 == 0), MEMORY_CHANGED);
	return NULL;
}

/* The same while another vCPU converts the page all the time: during the read, too. */
Test(vm_virtio, a_page_that_is_converted_while_it_is_read_into_ends_nothing)
{
	struct driver r;
	pthread_t other;

	driver_open(&r);
	cr_assert_eq(pthread_create(&other, NULL, convert_often, &r), 0);
	while (pthread_tryjoin_np(other, NULL)) {
		int taken = driver_take(&r);

		if (taken > 0)
			driver_serve(&r);
		else
			cr_assert_eq(r.fault.at, DATA);
	}
	cr_assert_eq(driver_take(&r), 1);
	driver_serve(&r);
	driver_close(&r);
}

/* vhost needs both rings; the third queue has none. Returns the number of exits. */
static size_t vsock_script(struct fake_exit *to, bool both, const struct fake_exit *last,
                           size_t n_last)
{
	const struct fake_exit begin[] = {
		fake_out(0xcf8, 4, 0x80001010),    fake_out(0xcfc, 4, BAR),
		fake_out(0xcf8, 4, 0x80001004),    fake_out(0xcfc, 2, 0x0406),
		fake_out(0xcf8, 4, 0x80001098),    fake_out(0xcfe, 2, 0x8000),
		fake_mmio_write(BAR + 0x14, 1, 3), fake_mmio_write(BAR + 0x08, 4, 1),
		fake_mmio_write(BAR + 0x0c, 4, 3), fake_mmio_write(BAR + 0x14, 1, 11),
	};
	size_t n = ARRAY_SIZE(begin);

	memcpy(to, begin, sizeof(begin));
	for (unsigned q = 0; q < (both ? 2 : 1); q++) {
		const struct fake_exit queue[] = {
			fake_mmio_write(BAR + 0x810 + 16 * q, 8, 0xfee00000),
			fake_mmio_write(BAR + 0x818 + 16 * q, 8, 0x31 + q),
			fake_mmio_write(BAR + 0x16, 2, q),
			fake_mmio_write(BAR + 0x1a, 2, 1 + q),
			fake_mmio_write(BAR + 0x20, 8, DESC + 0x400 * q),
			fake_mmio_write(BAR + 0x28, 8, AVAIL + 0x400 * q),
			fake_mmio_write(BAR + 0x30, 8, USED + 0x800 * q),
			fake_mmio_write(BAR + 0x18, 2, 16),
			fake_mmio_write(BAR + 0x1c, 2, 1),
		};

		memcpy(to + n, queue, sizeof(queue));
		n += ARRAY_SIZE(queue);
	}
	to[n++] = fake_mmio_write(BAR + 0x14, 1, 15);
	memcpy(to + n, last, n_last * sizeof(*last));
	return n + n_last;
}

static void check_vsock(const struct platform *on)
{
	struct vm_devices d = fixture_quiet;
	const struct fake_exit last[] = { fake_out(0xf4, 1, 0) };
	struct fake_exit script[64];
	struct guest g;
	size_t n = vsock_script(script, true, last, ARRAY_SIZE(last));

	d.vsock_cid = 42;
	g = guest_open(on, &d);
	cr_expect_eq(vm_vsock_cid(g.vm), 42);
	if (on->private_memory)
		cr_assert_eq(memory_convert(&g.vm->memory, DESC, 4, false), MEMORY_CHANGED);
	fake_kvm_script(g.f, 0, script, n);
	cr_assert_eq(fixture_run(g.vm).kind, GUEST_EXITED, "%s", fake_kvm_complaint(g.f));
	cr_expect_eq(fake_kvm_vhost_starts(g.f), 1);
	cr_expect(fake_kvm_vhost_runs(g.f));
	cr_expect_eq(fake_kvm_irqfds(g.f), 2);
	cr_expect_eq(fake_kvm_routed(g.f, 0), 0x31);
	cr_expect_eq(fake_kvm_routed(g.f, 1), 0x32);
	guest_close(&g);
}

Test(vm_vsock, vhost_gets_the_rings_and_interrupts_by_itself)
{
	check_vsock(&platform_kvm);
	check_vsock(&platform_snp);
}

Test(vm_vsock, a_reset_takes_the_rings_back_and_another_driver_gives_others)
{
	struct vm_devices d = fixture_quiet;
	struct fake_exit first[64], again[64];
	const struct fake_exit last[] = { fake_out(0xf4, 1, 0) };
	const struct fake_exit reset[] = { fake_mmio_write(BAR + 0x14, 1, 0) };
	struct guest g;
	size_t n = vsock_script(first, true, reset, 1), m;

	/* the second time without the bus: 6 exits */
	m = vsock_script(again, true, last, 1) - 6;
	cr_assert_leq(n + m, ARRAY_SIZE(first));
	memcpy(first + n, again + 6, m * sizeof(*again));
	d.vsock_cid = VSOCK_CID_AUTO;
	g = guest_open(&platform_kvm, &d);
	fake_kvm_script(g.f, 0, first, n + m);
	cr_assert_eq(fixture_run(g.vm).kind, GUEST_EXITED, "%s", fake_kvm_complaint(g.f));
	cr_expect_eq(fake_kvm_vhost_starts(g.f), 2);
	cr_expect_eq(fake_kvm_irqfds(g.f), 2);
	guest_close(&g);
}

Test(vm_vsock, half_of_the_rings_are_none)
{
	struct vm_devices d = fixture_quiet;
	const struct fake_exit last[] = { fake_mmio_read(BAR + 0x14, 1), fake_out(0xf4, 1, 0) };
	struct fake_exit script[64];
	struct guest g;
	size_t n = vsock_script(script, false, last, ARRAY_SIZE(last));

	d.vsock_cid = 3;
	g = guest_open(&platform_kvm, &d);
	fake_kvm_script(g.f, 0, script, n);
	cr_assert_eq(fixture_run(g.vm).kind, GUEST_EXITED);
	cr_expect_eq(fake_kvm_answer(g.f, 0, n - 2).mmio & 0xff, 0x4f);
	cr_expect_eq(fake_kvm_vhost_starts(g.f), 0);
	guest_close(&g);
}

static void check_refused(uint64_t cid, uint64_t taken, const char *no_path, int errnum,
                          enum reason kind, const char *text)
{
	struct fixture s = fixture_default();
	struct vm_devices d = fixture_quiet;
	struct fake_kvm *f = fake_kvm_new(0);
	struct error err = { 0 };
	struct vm *vm = NULL;
	const struct plan *p;

	s.settings.pci_window = WINDOW;
	p = fixture_plan(&s);
	d.vsock_cid = cid;
	if (no_path)
		fake_kvm_open_fails(f, no_path, errnum);
	else
		fake_kvm_cid_taken(f, taken);
	cr_assert_lt(vm_launch(fake_kvm_sys(f), &platform_snp, p, &d, &vm, &err), 0);
	cr_expect_eq(err.kind, kind, "%s", err.text);
	cr_expect(strstr(err.text, text), "%s", err.text);
	cr_expect_neq(err.fix[0], '\0');
	cr_expect_eq(fake_kvm_leaks(f), 0);
	plan_free(p);
	fake_kvm_free(f);
}

Test(vm_vsock, says_what_keeps_it_from_the_host)
{
	check_refused(42, 42, NULL, 0, ERROR_HOST_BUSY, "vsock: CID 42: cannot give the guest");
	check_refused(VSOCK_CID_AUTO, 0, NULL, 0, ERROR_HOST_BUSY, "cannot give the guest its CID");
	check_refused(42, 0, "/dev/vhost-vsock", ENOENT, ERROR_HOST_UNSUPPORTED,
	              "cannot open /dev/vhost-vsock");
	check_refused(42, 0, "/dev/vhost-vsock", EACCES, ERROR_HOST_PERMISSION,
	              "cannot open /dev/vhost-vsock");
}
