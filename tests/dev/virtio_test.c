/* SPDX-License-Identifier: MIT */
/*
 * tests/dev/virtio_test.c: a virtio function as a good driver sees it, and what bad ones get. The
 * device upper-cases what it reads into what it writes.
 */
#include "core/dev/virtio.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/log.h"
#include "tests/dev/virtio_driver.h"

#define SLOT 2

struct upper {
	struct virtio v;
	unsigned starts, stops;
	int start_result;
	atomic_uint served;
	atomic_bool slow, in_progress; /* a request takes until `slow` is false */
	bool routed[2];
	struct msix_message route[2];
};

static int upper_serve(void *self, unsigned queue, struct virtq_chain *c, uint32_t *ret_written,
                       struct virtq_fault *fault)
{
	struct upper *u = self;
	const struct iovec *from = c->iov, *to = c->iov + c->n_out;
	uint32_t n = 0;

	cr_assert_eq(queue, 0);
	atomic_store(&u->in_progress, true);
	while (atomic_load(&u->slow))
		usleep(1000);
	if (c->n_out > 0 && c->n_in > 0)
		for (; n < MIN(from->iov_len, to->iov_len); n++)
			((char *)to->iov_base)[n] =
				(char)toupper(((const unsigned char *)from->iov_base)[n]);
	atomic_fetch_add(&u->served, 1);
	atomic_store(&u->in_progress, false);
	*ret_written = n;
	*fault = (struct virtq_fault){ "a request has no text to read, but", 0 };
	return c->n_out ? 0 : -EPROTO;
}

static int upper_start(void *self)
{
	struct upper *u = self;

	u->starts++;
	return u->start_result;
}

static void upper_stop(void *self)
{
	((struct upper *)self)->stops++;
}

static void upper_route(void *self, unsigned queue, const struct msix_message *m)
{
	struct upper *u = self;

	u->routed[queue] = m;
	if (m)
		u->route[queue] = *m;
}

static const struct virtio_type upper_type = {
	.id = VIRTIO_CONSOLE,
	.pci_class = 0x078000,
	.n_queues = 2,
	.queue_max = 8,
	.config_size = 6,
	.serve = upper_serve,
	.served = 1,
	.start = upper_start,
	.stop = upper_stop,
	.route = upper_route,
};

struct fixture {
	struct machine m;
	struct upper u;
	pthread_t thread;
	bool working;
};

#define OFFERED (VIRTIO_VERSION_1 | VIRTIO_ACCESS_PLATFORM | VIRTIO_F_INDIRECT_DESC | 1)

static void fixture_open(struct fixture *f)
{
	struct error err = { 0 };

	memset(f, 0, sizeof(*f));
	machine_open(&f->m, 8);
	memcpy(f->u.v.config, "config", 6);
	cr_assert_eq(virtio_init(&f->u.v, &upper_type, "upper", VIRTIO_F_INDIRECT_DESC | 1,
	                         &f->m.env, &err),
	             0, "%s", err.text);
}

static void *work(void *argument)
{
	virtio_work(argument);
	return NULL;
}

static void fixture_work(struct fixture *f)
{
	cr_assert_eq(pthread_create(&f->thread, NULL, work, &f->u), 0);
	f->working = true;
}

static void fixture_close(struct fixture *f)
{
	virtio_work_end(&f->u);
	if (f->working)
		pthread_join(f->thread, NULL);
	virtio_fini(&f->u);
	machine_close(&f->m);
}

/* Up to DRIVER_OK, with both queues, all features and the thread. */
static void fixture_run(struct fixture *f)
{
	fixture_open(f);
	machine_begin(&f->m, OFFERED, 2);
	queue_set(&f->m, 0);
	machine_ok(&f->m);
	fixture_work(f);
}

/* "hello" and room for as much, as request number `n` of the driver. */
static void offer_hello(struct fixture *f)
{
	memcpy(f->m.driver.ram + DRIVER_DATA, "hello", 5);
	driver_desc(&f->m.driver, 0, DRIVER_DATA, 5, NEXT, 1);
	driver_desc(&f->m.driver, 1, DRIVER_DATA + 0x100, 5, WRITE, 0);
	driver_offer(&f->m.driver, 0);
}

/* Until a counter has this value, which another thread gives it. */
#define AWAIT(condition)                                                                           \
	do {                                                                                       \
		for (int tries = 0; !(condition) && tries < 20000; tries++)                        \
			usleep(1000);                                                              \
		cr_assert(condition);                                                              \
	} while (0)

static unsigned messages(struct fixture *f)
{
	return __atomic_load_n(&f->m.messages, __ATOMIC_SEQ_CST);
}

static uint16_t used(struct fixture *f)
{
	return __atomic_load_n((uint16_t *)(void *)(f->m.driver.ram + DRIVER_USED + 2),
	                       __ATOMIC_ACQUIRE);
}

Test(virtio, is_a_function_without_a_legacy_interface_or_an_interrupt_pin)
{
	struct fixture f;

	fixture_open(&f);
	cr_expect_eq(config_get(&f.m, SLOT, 0x00, 4), 0x10431af4);
	cr_expect_eq(config_get(&f.m, SLOT, 0x04, 4), 0x00100000);
	cr_expect_eq(config_get(&f.m, SLOT, 0x08, 4), 0x07800001);
	cr_expect_eq(config_get(&f.m, SLOT, 0x0c, 4), 0);
	cr_expect_eq(config_get(&f.m, SLOT, 0x2c, 4), 0x10431af4);
	cr_expect_eq(config_get(&f.m, SLOT, 0x34, 1), 0x40);
	cr_expect_eq(config_get(&f.m, SLOT, 0x3c, 2), 0);
	cr_expect_eq(config_get(&f.m, SLOT + 1, 0x00, 4), 0xffffffff);
	fixture_close(&f);
}

Test(virtio, capabilities_say_where_everything_is_within_the_bar)
{
	static const struct {
		unsigned at, next, length, type, offset, size;
	} caps[] = {
		{ 0x40, 0x50, 16, 1, 0x000, 0x38 }, { 0x50, 0x60, 16, 3, 0x100, 4 },
		{ 0x60, 0x70, 16, 4, 0x200, 6 },    { 0x70, 0x84, 20, 2, 0x1000, 8 },
		{ 0x84, 0x98, 20, 5, 0, 0 },
	};
	struct fixture f;

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_SIZE(caps); i++) {
		cr_expect_eq(config_get(&f.m, SLOT, caps[i].at, 4),
		             0x09 | caps[i].next << 8 | caps[i].length << 16 | caps[i].type << 24,
		             "0x%x", caps[i].at);
		cr_expect_eq(config_get(&f.m, SLOT, caps[i].at + 4, 4), 0);
		cr_expect_eq(config_get(&f.m, SLOT, caps[i].at + 8, 4), caps[i].offset);
		cr_expect_eq(config_get(&f.m, SLOT, caps[i].at + 12, 4), caps[i].size);
	}
	cr_expect_eq(config_get(&f.m, SLOT, 0x80, 4), 4);
	cr_expect_eq(config_get(&f.m, SLOT, 0x94, 4), 0xffffffff);
	cr_expect_eq(config_get(&f.m, SLOT, 0x98, 4), 0x00020011);
	cr_expect_eq(config_get(&f.m, SLOT, 0x9c, 4), 0x800);
	cr_expect_eq(config_get(&f.m, SLOT, 0xa0, 4), 0xc00);
	fixture_close(&f);
}

/* Every register of configuration space, against the bits that may change. */
Test(virtio, configuration_space_keeps_what_is_its_own)
{
	struct fixture f;

	fixture_open(&f);
	for (unsigned reg = 0; reg < 256; reg += 4) {
		uint32_t before = config_get(&f.m, SLOT, reg, 4), mask = 0;

		switch (reg) {
		case 0x04:
			mask = 0x0406;
			break;
		case 0x10:
			mask = 0xffffe000;
			break;
		case 0x3c:
			mask = 0xff;
			break;
		case 0x98:
			mask = 0xc0000000;
			break;
		}
		config_set(&f.m, SLOT, reg, 0xffffffff, 4);
		cr_expect_eq(config_get(&f.m, SLOT, reg, 4), before | mask, "0x%x", reg);
		config_set(&f.m, SLOT, reg, 0, 4);
		cr_expect_eq(config_get(&f.m, SLOT, reg, 4), before & ~mask, "0x%x", reg);
	}
	fixture_close(&f);
}

Test(virtio, serves_a_request_and_interrupts)
{
	struct fixture f;

	fixture_run(&f);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(messages(&f) == 1);
	cr_expect_eq(used(&f), 1);
	cr_expect_arr_eq(f.m.driver.ram + DRIVER_DATA + 0x100, "HELLO", 5);
	cr_expect_eq(driver_written(&f.m.driver, 0), 5);
	cr_expect_eq(f.m.address, 0xfee01000);
	cr_expect_eq(f.m.data, 0x41);
	cr_expect_eq(reg_get(&f.m, R_ISR, 1), 1);
	cr_expect_eq(reg_get(&f.m, R_ISR, 1), 0); /* reading clears */
	cr_expect_eq(atomic_load(&f.u.v.requests), 1);
	cr_expect_eq(atomic_load(&f.u.v.notified), 1);
	cr_expect(f.u.v.driven);
	fixture_close(&f);
}

Test(virtio, notifications_need_no_exit)
{
	struct fixture f;

	fixture_run(&f);
	cr_assert_eq(f.m.registered, 2);
	offer_hello(&f);
	eventfd_write(f.u.v.kick[0], 1); /* what KVM does */
	AWAIT(messages(&f) == 1);
	cr_expect_eq(atomic_load(&f.u.v.notified), 0);
	fixture_close(&f);
}

Test(virtio, what_was_offered_before_driver_ok_is_served_after_it)
{
	struct fixture f;

	fixture_open(&f);
	fixture_work(&f);
	machine_begin(&f.m, OFFERED, 2);
	queue_set(&f.m, 0);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	usleep(20000);
	cr_expect_eq(used(&f), 0);
	machine_ok(&f.m);
	AWAIT(used(&f) == 1);
	fixture_close(&f);
}

Test(virtio, eventfds_follow_the_bar)
{
	static const struct {
		uint32_t bar;
		uint16_t command;
		uint64_t at; /* of the notifications of queue 1; 0: nowhere */
	} rows[] = {
		{ MACHINE_BAR, 0x0406, MACHINE_BAR + 0x1004 },
		{ MACHINE_BAR, 0x0404, 0 }, /* not decoded */
		{ MACHINE_BAR, 0x0002, MACHINE_BAR + 0x1004 },
		{ 0xfbffe000, 0x0002, 0xfbfff004 },
		{ 0xfc000000, 0x0002, 0 }, /* outside the window: an APIC, or RAM */
		{ 0xfee00000, 0x0002, 0 },
		{ 0x00100000, 0x0002, 0 },
		{ 0x7fffe000, 0x0002, 0 },
		{ MACHINE_WINDOW, 0x0002, MACHINE_WINDOW + 0x1004 },
		{ 0xffffffff, 0x0002, 0 }, /* sizing */
		{ 0x00000000, 0x0002, 0 },
	};
	struct fixture f;

	fixture_open(&f);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		config_set(&f.m, SLOT, 0x10, rows[i].bar, 4);
		config_set(&f.m, SLOT, 0x04, rows[i].command, 2);
		cr_expect_eq(f.m.registered, rows[i].at ? 2 : 0, "0x%x", rows[i].bar);
		cr_expect_eq(f.m.notify_gpa, rows[i].at, "0x%x", rows[i].bar);
		if (rows[i].at)
			cr_expect_eq(mmio_get(&f.m, rows[i].bar + R_QUEUES, 2), 2);
	}
	cr_expect_eq(mmio_get(&f.m, MACHINE_WINDOW, 4), 0xffffffff);
	fixture_close(&f);
}

Test(virtio, works_where_kvm_has_no_eventfds)
{
	struct fixture f;

	fixture_open(&f);
	f.m.no_eventfds = true;
	machine_begin(&f.m, OFFERED, 2);
	queue_set(&f.m, 0);
	machine_ok(&f.m);
	fixture_work(&f);
	for (unsigned i = 1; i <= 20; i++) {
		offer_hello(&f);
		reg_set(&f.m, R_NOTIFY, 0, i % 2 ? 2 : 4);
		AWAIT(used(&f) == i);
	}
	cr_expect_eq(atomic_load(&f.u.v.notified), 20);
	config_set(&f.m, SLOT, 0x04, 0, 2); /* nothing was registered, nothing is taken back */
	cr_expect_eq(f.m.registered, 0);
	fixture_close(&f);
}

Test(virtio, two_bars_at_one_address_are_the_first_ones)
{
	struct fixture f;
	struct upper second = { 0 };
	struct error err = { 0 };

	fixture_open(&f);
	memcpy(second.v.config, "second", 6);
	cr_assert_eq(virtio_init(&second.v, &upper_type, "second", 0, &f.m.env, &err), 0);
	machine_place(&f.m);
	config_set(&f.m, SLOT + 1, 0x10, MACHINE_BAR, 4);
	config_set(&f.m, SLOT + 1, 0x04, 2, 2);
	cr_expect_eq(reg_get(&f.m, R_CONFIG, 1), 'c');
	config_set(&f.m, SLOT, 0x04, 0, 2);
	cr_expect_eq(reg_get(&f.m, R_CONFIG, 1), 's');
	virtio_fini(&second);
	fixture_close(&f);
}

Test(virtio, takes_no_more_functions_than_there_are_slots)
{
	struct virtio *all = calloc(31, sizeof(*all));
	struct error err = { 0 };
	struct machine m;

	machine_open(&m, 8);
	for (unsigned i = 0; i < 30; i++)
		cr_assert_eq(virtio_init(&all[i], &upper_type, "one", 0, &m.env, &err), 0);
	cr_assert_eq(config_get(&m, 31, 0, 4), 0x10431af4);
	cr_assert_lt(virtio_init(&all[30], &upper_type, "more", 0, &m.env, &err), 0);
	cr_assert_str_eq(err.text, "no slot is left for 'more'");
	for (unsigned i = 0; i < 30; i++)
		virtio_fini(&all[i]);
	machine_close(&m);
	free(all);
}

Test(virtio, features_are_those_of_the_device_and_of_the_transport)
{
	struct fixture f;

	fixture_open(&f);
	machine_place(&f.m);
	cr_expect_eq(features_get(&f.m), OFFERED);
	for (unsigned word = 2; word < 100; word += 7) {
		reg_set(&f.m, R_OFFERED_WORD, word, 4);
		cr_expect_eq(reg_get(&f.m, R_OFFERED, 4), 0);
		reg_set(&f.m, R_ACCEPTED_WORD, word, 4);
		reg_set(&f.m, R_ACCEPTED, 0xffffffff, 4);
		cr_expect_eq(reg_get(&f.m, R_ACCEPTED, 4), 0);
	}
	cr_expect_eq(f.u.v.accepted, 0);
	fixture_close(&f);
}

Test(virtio, features_ok_stays_only_with_features_that_are_offered)
{
	static const struct {
		uint64_t features;
		bool fine;
	} rows[] = {
		{ OFFERED, true },
		{ VIRTIO_VERSION_1, true }, /* a plain guest may do without the other */
		{ VIRTIO_ACCESS_PLATFORM, false },
		{ 0, false },
		{ OFFERED | 2, false },
		{ OFFERED | (uint64_t)1 << 63, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_open(&f);
		machine_begin(&f.m, rows[i].features, 2);
		cr_expect_eq(reg_get(&f.m, R_STATUS, 1), rows[i].fine ? 11 : 3, "%zu", i);
		/* whoever goes on all the same has a device that does nothing */
		queue_set(&f.m, 0);
		machine_ok(&f.m);
		cr_expect_eq(f.u.starts, rows[i].fine, "%zu", i);
		/* and they don't change any more */
		features_set(&f.m, 0);
		cr_expect_eq(f.u.v.accepted, rows[i].fine ? rows[i].features : 0, "%zu", i);
		fixture_close(&f);
	}
}

Test(virtio, queue_sizes_are_powers_of_two_up_to_the_maximum)
{
	struct fixture f;

	fixture_open(&f);
	machine_place(&f.m);
	for (unsigned size = 0; size < 0x10000; size++) {
		bool fine = size && size <= 8 && !(size & (size - 1));

		reg_set(&f.m, R_STATUS, 0, 1);
		cr_assert_eq(reg_get(&f.m, R_SIZE, 2), 8);
		reg_set(&f.m, R_SIZE, size, 2);
		cr_assert_eq(reg_get(&f.m, R_SIZE, 2), fine ? size : 8, "%u", size);
	}
	fixture_close(&f);
}

Test(virtio, a_queue_that_is_not_there_has_no_registers)
{
	struct fixture f;

	fixture_open(&f);
	machine_begin(&f.m, OFFERED, 2);
	for (unsigned q = 2; q < 0x10000; q += 61) {
		reg_set(&f.m, R_SELECT, q, 2);
		cr_expect_eq(reg_get(&f.m, R_SIZE, 2), 0);
		for (unsigned reg = R_SIZE; reg < 0x38; reg += 2)
			reg_set(&f.m, reg, 1, 2);
		for (unsigned reg = R_SIZE; reg < 0x38; reg += 2)
			cr_expect_eq(reg_get(&f.m, reg, 2), 0, "0x%x", reg);
		reg_set(&f.m, R_NOTIFY + 4 * (2 + q % 1000), 0, 2);
	}
	cr_expect_eq(atomic_load(&f.u.v.notified), 0);
	fixture_close(&f);
}

Test(virtio, an_enabled_queue_does_not_change)
{
	struct fixture f;

	fixture_run(&f);
	reg_set(&f.m, R_SIZE, 2, 2);
	reg_set(&f.m, R_DESC, 0xdead0000, 8);
	reg_set(&f.m, R_AVAIL, 0xdead0000, 8);
	reg_set(&f.m, R_USED, 0xdead0000, 8);
	reg_set(&f.m, R_ENABLE, 0, 2);
	cr_expect_eq(reg_get(&f.m, R_SIZE, 2), 8);
	cr_expect_eq(reg_get(&f.m, R_DESC, 8), DRIVER_DESC);
	cr_expect_eq(reg_get(&f.m, R_AVAIL, 8), DRIVER_AVAIL);
	cr_expect_eq(reg_get(&f.m, R_USED, 8), DRIVER_USED);
	cr_expect_eq(reg_get(&f.m, R_ENABLE, 2), 1);
	/* nor does one that wasn't enabled before DRIVER_OK */
	reg_set(&f.m, R_SELECT, 1, 2);
	reg_set(&f.m, R_ENABLE, 1, 2);
	cr_expect_eq(reg_get(&f.m, R_ENABLE, 2), 0);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(used(&f) == 1);
	fixture_close(&f);
}

/* Which rule; the private page and RAM's end are the driver's. */
Test(virtio, rings_that_can_not_be_used_break_the_device_at_driver_ok)
{
	static const struct {
		unsigned reg;
		uint64_t at;
	} rows[] = {
		{ R_DESC, DRIVER_PRIVATE },
		{ R_AVAIL, DRIVER_PRIVATE + 2 },
		{ R_USED, DRIVER_PRIVATE },
		{ R_DESC, DRIVER_RAM },
		{ R_DESC, ~(uint64_t)0xf },
		{ R_AVAIL, DRIVER_RAM - 2 },
		{ R_DESC, 8 },
		{ R_AVAIL, 1 },
		{ R_USED, 2 },
		{ R_USED, (uint64_t)1 << 45 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture f;

		fixture_open(&f);
		machine_begin(&f.m, OFFERED, 2);
		reg_set(&f.m, R_VECTOR, 1, 2);
		reg_set(&f.m, R_DESC, DRIVER_DESC, 8);
		reg_set(&f.m, R_AVAIL, DRIVER_AVAIL, 8);
		reg_set(&f.m, R_USED, DRIVER_USED, 8);
		reg_set(&f.m, rows[i].reg, rows[i].at, 8);
		reg_set(&f.m, R_ENABLE, 1, 2);
		machine_ok(&f.m);
		cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0x4f, "%zu", i);
		cr_expect_eq(messages(&f), 1, "%zu", i);
		cr_expect_eq(f.m.data, 0x40); /* the configuration's vector */
		cr_expect_eq(f.u.starts, 0, "%zu", i);
		cr_expect_eq(reg_get(&f.m, R_ISR, 1), 2);
		/* only a reset helps */
		reg_set(&f.m, R_STATUS, 15, 1);
		cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0x4f);
		reg_set(&f.m, R_STATUS, 0, 1);
		cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0);
		fixture_close(&f);
	}
}

Test(virtio, a_broken_rule_parks_the_queue_until_a_reset)
{
	struct fixture f;

	fixture_run(&f);
	driver_desc(&f.m.driver, 0, DRIVER_PRIVATE, 16, WRITE, 0);
	driver_offer(&f.m.driver, 0);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(messages(&f) == 1);
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0x4f);
	cr_expect_eq(f.m.data, 0x40);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	usleep(20000);
	cr_expect_eq(used(&f), 0);

	memset(f.m.driver.ram, 0, DRIVER_DATA);
	f.m.driver.avail_idx = 0;
	machine_begin(&f.m, OFFERED, 2);
	queue_set(&f.m, 0);
	machine_ok(&f.m);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(used(&f) == 1);
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 15);
	fixture_close(&f);
}

Test(virtio, a_request_that_breaks_the_devices_own_rules_breaks_it)
{
	struct fixture f;

	fixture_run(&f);
	driver_desc(&f.m.driver, 0, DRIVER_DATA, 16, WRITE, 0);
	driver_offer(&f.m.driver, 0);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(messages(&f) == 1);
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0x4f);
	cr_expect_eq(used(&f), 0);
	fixture_close(&f);
}

Test(virtio, only_the_device_says_that_it_needs_a_reset)
{
	struct fixture f;

	fixture_run(&f);
	reg_set(&f.m, R_STATUS, 0x4f, 1);
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 15);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(used(&f) == 1);
	driver_desc(&f.m.driver, 0, DRIVER_PRIVATE, 16, WRITE, 0);
	driver_offer(&f.m.driver, 0);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(messages(&f) == 2);
	reg_set(&f.m, R_STATUS, 15, 1); /* nor does the driver take it back */
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0x4f);
	fixture_close(&f);
}

Test(virtio, a_device_that_cannot_start_serves_nothing)
{
	struct fixture f;

	fixture_open(&f);
	f.u.start_result = -EPROTO;
	machine_begin(&f.m, OFFERED, 2);
	queue_set(&f.m, 0);
	offer_hello(&f);
	machine_ok(&f.m);
	fixture_work(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	usleep(20000);
	cr_expect_eq(used(&f), 0);
	fixture_close(&f);
}

Test(virtio, a_reset_clears_everything_but_the_msix_table)
{
	struct fixture f;

	fixture_run(&f);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(messages(&f) == 1);
	reg_set(&f.m, R_STATUS, 0, 1);
	cr_expect_eq(f.u.stops, 1);
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0);
	cr_expect_eq(reg_get(&f.m, R_ISR, 1), 0);
	cr_expect_eq(reg_get(&f.m, R_CONFIG_VECTOR, 2), 0xffff);
	cr_expect_eq(reg_get(&f.m, R_SELECT, 2), 0);
	cr_expect_eq(reg_get(&f.m, R_VECTOR, 2), 0xffff);
	cr_expect_eq(reg_get(&f.m, R_SIZE, 2), 8);
	cr_expect_eq(reg_get(&f.m, R_ENABLE, 2), 0);
	cr_expect_eq(reg_get(&f.m, R_DESC, 8), 0);
	cr_expect_eq(f.u.v.accepted, 0);
	cr_expect_eq(reg_get(&f.m, R_TABLE + 16, 8), 0xfee01000);
	/* a second one, as firmware does many times */
	reg_set(&f.m, R_STATUS, 0, 1);
	cr_expect_eq(f.u.stops, 1);
	fixture_close(&f);
}

static void *end_slowness(void *argument)
{
	struct fixture *f = argument;

	usleep(50000);
	cr_expect(atomic_load(&f->u.in_progress));
	atomic_store(&f->u.slow, false);
	return NULL;
}

Test(virtio, a_reset_waits_for_the_request_in_progress)
{
	struct fixture f;
	pthread_t other;

	fixture_run(&f);
	atomic_store(&f.u.slow, true);
	offer_hello(&f);
	driver_offer(&f.m.driver, 0);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(atomic_load(&f.u.in_progress));
	pthread_create(&other, NULL, end_slowness, &f);
	reg_set(&f.m, R_STATUS, 0, 1);
	cr_expect_eq(atomic_load(&f.u.served), 1); /* and not the next one */
	cr_expect_eq(used(&f), 1);
	memset(f.m.driver.ram + DRIVER_USED, 0, 64);
	usleep(20000);
	cr_expect_eq(used(&f), 0);
	pthread_join(other, NULL);
	fixture_close(&f);
}

Test(virtio, vectors_that_are_not_there_read_as_none)
{
	struct fixture f;

	fixture_open(&f);
	machine_begin(&f.m, OFFERED, 2);
	for (unsigned v = 0; v < 0x10000; v += v < 8 ? 1 : 977) {
		reg_set(&f.m, R_CONFIG_VECTOR, v, 2);
		cr_expect_eq(reg_get(&f.m, R_CONFIG_VECTOR, 2), v < 3 ? v : 0xffff, "%u", v);
		reg_set(&f.m, R_VECTOR, v, 2);
		cr_expect_eq(reg_get(&f.m, R_VECTOR, 2), v < 3 ? v : 0xffff, "%u", v);
	}
	virtio_interrupt(&f.u.v, 0);
	cr_expect_eq(messages(&f), 0);
	cr_expect_eq(reg_get(&f.m, R_ISR, 1), 1);
	fixture_close(&f);
}

Test(virtio, a_masked_interrupt_waits)
{
	struct fixture f;

	fixture_run(&f);
	vector_set(&f.m, 1, 0xfee01000, 0x41, true);
	virtio_interrupt(&f.u.v, 0);
	virtio_interrupt(&f.u.v, 0);
	cr_expect_eq(messages(&f), 0);
	cr_expect_eq(reg_get(&f.m, R_PENDING, 8), 2);
	reg_set(&f.m, R_PENDING, 0xff, 8);
	cr_expect_eq(reg_get(&f.m, R_PENDING, 8), 2);
	reg_set(&f.m, R_TABLE + 16 + 12, 0, 4);
	cr_expect_eq(messages(&f), 1); /* they have become one */
	cr_expect_eq(reg_get(&f.m, R_PENDING, 8), 0);

	config_set(&f.m, SLOT, 0x9a, 0xc000, 2);
	virtio_interrupt(&f.u.v, 0);
	cr_expect_eq(messages(&f), 1);
	config_set(&f.m, SLOT, 0x9a, 0x8000, 2);
	cr_expect_eq(messages(&f), 2);

	config_set(&f.m, SLOT, 0x9a, 0, 2); /* off: the function has no other interrupts */
	virtio_interrupt(&f.u.v, 0);
	config_set(&f.m, SLOT, 0x9a, 0x8000, 2);
	cr_expect_eq(messages(&f), 2);

	vector_set(&f.m, 1, 0xfee01000, 0x41, true);
	virtio_interrupt(&f.u.v, 0);
	reg_set(&f.m, R_STATUS, 0, 1); /* of before the reset, nobody wants to know */
	reg_set(&f.m, R_TABLE + 16 + 12, 0, 4);
	cr_expect_eq(messages(&f), 2);
	fixture_close(&f);
}

Test(virtio, a_route_follows_vector_message_and_mask)
{
	struct fixture f;

	fixture_run(&f);
	cr_expect(f.u.routed[0]);
	cr_expect_eq(f.u.route[0].address, 0xfee01000);
	cr_expect_eq(f.u.route[0].data, 0x41);
	cr_expect_not(f.u.routed[1]);
	reg_set(&f.m, R_VECTOR, 2, 2); /* while the queue runs */
	cr_expect_eq(f.u.route[0].data, 0x42);
	reg_set(&f.m, R_TABLE + 32 + 8, 0x99, 4);
	cr_expect_eq(f.u.route[0].data, 0x99);
	reg_set(&f.m, R_TABLE + 32 + 12, 1, 4);
	cr_expect_not(f.u.routed[0]);
	reg_set(&f.m, R_TABLE + 32 + 12, 0, 4);
	cr_expect(f.u.routed[0]);
	config_set(&f.m, SLOT, 0x9b, 0xc0, 1);
	cr_expect_not(f.u.routed[0]);
	config_set(&f.m, SLOT, 0x9b, 0x80, 1);
	cr_expect(f.u.routed[0]);
	reg_set(&f.m, R_STATUS, 0, 1);
	cr_expect_not(f.u.routed[0]);
	fixture_close(&f);
}

Test(virtio, its_configuration_is_read_only_and_ends_where_it_ends)
{
	struct fixture f;

	fixture_open(&f);
	machine_place(&f.m);
	reg_set(&f.m, R_CONFIG, ~0ull, 8);
	cr_expect_eq(reg_get(&f.m, R_CONFIG, 8), 0x6769666e6f63);
	cr_expect_eq(reg_get(&f.m, R_CONFIG + 4, 4), 0x6769);
	cr_expect_eq(reg_get(&f.m, R_CONFIG + 0xfc, 8), 0);
	fixture_close(&f);
}

/* Every offset of the BAR at every width, with values that mean something somewhere. */
Test(virtio, bears_any_access)
{
	static const uint64_t values[] = { 0, 1, 2, 11, 15, 0x40, 0x8000, 0xffffffffffffffff };
	struct fixture f;

	log_set_level(LOG_QUIET);
	fixture_run(&f);
	for (size_t v = 0; v < ARRAY_SIZE(values); v++)
		for (unsigned reg = 0; reg < 0x2000; reg += reg < 0x40 || reg % 64 > 60 ? 1 : 7)
			for (size_t size = 1; size <= 8; size *= 2) {
				reg_set(&f.m, reg, values[v], size);
				reg_get(&f.m, reg, size);
			}
	machine_begin(&f.m, OFFERED, 2);
	queue_set(&f.m, 0);
	machine_ok(&f.m);
	memset(f.m.driver.ram, 0, DRIVER_DATA);
	f.m.driver.avail_idx = 0;
	reg_set(&f.m, R_STATUS, 0, 1);
	machine_begin(&f.m, OFFERED, 2);
	queue_set(&f.m, 0);
	machine_ok(&f.m);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(used(&f) == 1);
	fixture_close(&f);
}

/* A ring or a buffer becomes private while the device runs. */
Test(virtio, a_page_that_becomes_private_later_breaks_the_device)
{
	static const uint64_t pages[] = { DRIVER_DESC, DRIVER_AVAIL, DRIVER_USED, DRIVER_DATA };

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		struct fixture f;

		fixture_run(&f);
		offer_hello(&f);
		reg_set(&f.m, R_NOTIFY, 0, 2);
		AWAIT(messages(&f) == 1);
		driver_convert(&f.m.driver, pages[i]);
		offer_hello(&f);
		reg_set(&f.m, R_NOTIFY, 0, 2);
		AWAIT(messages(&f) == 2);
		cr_expect_eq(f.m.data, 0x40, "%zu", i);
		cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0x4f, "%zu", i);
		cr_expect_eq(used(&f), 1, "%zu", i);
		fixture_close(&f);
	}
}

/* The used ring becomes private while the device works: nothing is written there. */
Test(virtio, a_used_ring_that_becomes_private_during_a_request_stays_as_it_is)
{
	struct fixture f;

	fixture_run(&f);
	atomic_store(&f.u.slow, true);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(atomic_load(&f.u.in_progress));
	driver_convert(&f.m.driver, DRIVER_USED);
	atomic_store(&f.u.slow, false);
	AWAIT(messages(&f) == 1);
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 0x4f);
	cr_expect_eq(used(&f), 0);
	cr_expect_eq(atomic_load(&f.u.served), 1);
	fixture_close(&f);
}

Test(virtio, runs_without_a_queue_and_with_one_whose_size_was_never_written)
{
	struct fixture f;

	fixture_open(&f);
	fixture_work(&f);
	machine_begin(&f.m, OFFERED, 2);
	machine_ok(&f.m);
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 15);
	cr_expect_eq(f.u.starts, 1);
	offer_hello(&f);
	for (unsigned q = 0; q < 2; q++)
		reg_set(&f.m, R_NOTIFY + 4 * q, 0, 2);
	usleep(20000);
	cr_expect_eq(used(&f), 0);
	cr_expect_eq(messages(&f), 0);

	machine_begin(&f.m, OFFERED, 2);
	reg_set(&f.m, R_VECTOR, 1, 2);
	reg_set(&f.m, R_DESC, DRIVER_DESC, 8);
	reg_set(&f.m, R_AVAIL, DRIVER_AVAIL, 8);
	reg_set(&f.m, R_USED, DRIVER_USED, 8);
	reg_set(&f.m, R_ENABLE, 1, 2);
	cr_expect_eq(reg_get(&f.m, R_SIZE, 2), 8);
	machine_ok(&f.m);
	AWAIT(used(&f) == 1);
	fixture_close(&f);
}

/* The register says which queue; the value, and another queue's register, change nothing. */
Test(virtio, a_notification_of_another_queue_does_no_harm)
{
	struct fixture f;

	fixture_run(&f);
	for (unsigned i = 0; i < 100; i++)
		reg_set(&f.m, R_NOTIFY + 4, i, 2); /* queue 1 isn't enabled */
	cr_expect_eq(reg_get(&f.m, R_STATUS, 1), 15);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 1, 2);
	AWAIT(used(&f) == 1);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0xffff, 2);
	AWAIT(used(&f) == 2);
	AWAIT(messages(&f) == 2);
	fixture_close(&f);
}

/* RAM, an APIC, the flash, another function, nowhere: the device answers in the window alone. */
Test(virtio, a_bar_that_is_moved_while_the_device_runs_answers_where_it_may_and_nowhere_else)
{
	static const struct {
		uint32_t bar;
		uint16_t command;
		bool answers;
	} rows[] = {
		{ 0x00008000, 0x0406, false },  { 0xfee00000, 0x0406, false },
		{ 0xfec00000, 0x0406, false },  { 0xffffe000, 0x0406, false },
		{ MACHINE_BAR, 0x0404, false }, { 0x7fffe000, 0x0406, false },
		{ 0xfbffe000, 0x0406, true },   { MACHINE_BAR + 0x2000, 0x0406, true },
	};
	struct upper second = { 0 };
	struct error err = { 0 };
	struct fixture f;
	uint8_t data[8];

	fixture_run(&f);
	memcpy(second.v.config, "second", 6);
	cr_assert_eq(virtio_init(&second.v, &upper_type, "second", 0, &f.m.env, &err), 0);
	config_set(&f.m, SLOT + 1, 0x10, MACHINE_BAR + 0x2000, 4);
	config_set(&f.m, SLOT + 1, 0x04, 2, 2);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool found;

		memset(f.m.driver.ram + DRIVER_DATA, 0x5a, 0x2000);
		config_set(&f.m, SLOT, 0x10, rows[i].bar, 4);
		config_set(&f.m, SLOT, 0x04, rows[i].command, 2);
		found = bus_read(&f.m.bus[BUS_MMIO], rows[i].bar + R_CONFIG, data, 6) &&
		        !memcmp(data, "config", 6);
		cr_expect_eq(found, rows[i].answers, "0x%x", rows[i].bar);
		cr_expect_eq(f.m.registered, rows[i].answers ? 4 : 2, "0x%x", rows[i].bar);
		cr_expect_eq(mmio_get(&f.m, MACHINE_BAR + R_STATUS, 1), 0xff);
		for (unsigned at = 0; at < 0x2000; at++)
			cr_assert_eq(f.m.driver.ram[DRIVER_DATA + at], 0x5a);
		/* it still runs, and can be notified once it is back */
		config_set(&f.m, SLOT, 0x10, MACHINE_BAR, 4);
		config_set(&f.m, SLOT, 0x04, 0x0406, 2);
		cr_expect_eq(mmio_get(&f.m, MACHINE_BAR + 0x2000 + R_CONFIG, 1), 's');
		offer_hello(&f);
		reg_set(&f.m, R_NOTIFY, 0, 2);
		AWAIT(used(&f) == i + 1);
	}
	virtio_fini(&second);
	fixture_close(&f);
}

static void *interrupts(void *argument)
{
	struct fixture *f = argument;

	for (unsigned i = 0; i < 20000; i++)
		virtio_interrupt(&f->u.v, 0);
	return NULL;
}

/* Each is sent once at most, none while its vector is masked, and the last is never lost. */
Test(virtio, a_storm_of_masks_and_unmasks_loses_no_last_interrupt)
{
	struct fixture f;
	pthread_t other;
	unsigned before;

	fixture_run(&f);
	cr_assert_eq(pthread_create(&other, NULL, interrupts, &f), 0);
	for (unsigned i = 0; i < 5000; i++) {
		if (i % 2)
			config_set(&f.m, SLOT, 0x9a, 0xc000, 2);
		else
			reg_set(&f.m, R_TABLE + 16 + 12, 1, 4);
		before = messages(&f);
		cr_expect_not(f.u.routed[0]);
		cr_assert_eq(reg_get(&f.m, R_PENDING, 8) & ~(uint64_t)2, 0);
		cr_assert_eq(messages(&f), before);
		config_set(&f.m, SLOT, 0x9a, 0x8000, 2);
		reg_set(&f.m, R_TABLE + 16 + 12, 0, 4);
		cr_expect(f.u.routed[0]);
	}
	reg_set(&f.m, R_TABLE + 16 + 12, 1, 4);
	pthread_join(other, NULL);
	before = messages(&f);
	cr_expect_leq(before, 20000);
	virtio_interrupt(&f.u.v, 0);
	cr_expect_eq(reg_get(&f.m, R_PENDING, 8), 2);
	reg_set(&f.m, R_TABLE + 16 + 12, 0, 4);
	cr_expect_eq(messages(&f), before + 1);
	cr_expect_eq(reg_get(&f.m, R_PENDING, 8), 0);
	fixture_close(&f);
}

Test(virtio, a_flood_of_notifications_serves_each_request_once)
{
	struct fixture f;

	fixture_run(&f);
	for (unsigned i = 1; i <= 20; i++) {
		offer_hello(&f);
		for (unsigned n = 0; n < 5000; n++)
			reg_set(&f.m, R_NOTIFY + n % 2 * 4, 0, 1u << n % 4);
		AWAIT(used(&f) == i);
	}
	usleep(20000);
	cr_expect_eq(atomic_load(&f.u.served), 20);
	AWAIT(messages(&f) == 20);
	fixture_close(&f);
}

/* Each time the driver breaks a rule, which is told once. */
Test(virtio, a_flood_of_resets_leaves_one_line_and_a_device_that_works)
{
	FILE *told = tmpfile();
	char lines[200] = { 0 };
	struct fixture f;

	cr_assert_geq(dup2(fileno(told), STDERR_FILENO), 0);
	fixture_run(&f);
	for (unsigned i = 0; i < 1000; i++) {
		driver_desc(&f.m.driver, 0, DRIVER_PRIVATE, 16, WRITE, 0);
		driver_offer(&f.m.driver, 0);
		reg_set(&f.m, R_NOTIFY, 0, 2);
		if (i % 100 == 0)
			AWAIT(reg_get(&f.m, R_STATUS, 1) == 0x4f);
		reg_set(&f.m, R_STATUS, 0, 1);
		cr_assert_eq(reg_get(&f.m, R_STATUS, 1), 0);
		f.m.driver.avail_idx = 0;
		driver_put(&f.m.driver, DRIVER_AVAIL + 2, 0, 2);
		machine_begin(&f.m, OFFERED, 2);
		queue_set(&f.m, 0);
		machine_ok(&f.m);
	}
	cr_expect_eq(used(&f), 0);
	offer_hello(&f);
	reg_set(&f.m, R_NOTIFY, 0, 2);
	AWAIT(used(&f) == 1);
	cr_expect_eq(f.u.stops, 1000);
	rewind(told);
	cr_assert_gt(fread(lines, 1, sizeof(lines) - 1, told), 0);
	cr_expect_str_eq(lines, "snpvmm: the guest's driver broke the rules of upper: a buffer is "
	                        "not in shared memory: it is at 0x20000\n");
	fclose(told);
	fixture_close(&f);
}
