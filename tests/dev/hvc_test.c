/* SPDX-License-Identifier: MIT */
/* tests/dev/hvc_test.c: a virtio console as its driver sees it, and drivers that mean no good. */
#include "core/dev/hvc.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/dev/merge.h"
#include "tests/dev/virtio_driver.h"

/* What is of the queue for output lies this much above what is of the other. */
#define ABOVE    0x10000u
#define FEATURES (VIRTIO_VERSION_1 | VIRTIO_ACCESS_PLATFORM)

struct fixture {
	struct machine m; /* its driver has the queue for input */
	struct driver out;
	struct hvc h;
	struct merge merge;
	struct sink sink;
	atomic_bool give_up, slow;
	char seen[4096]; /* the first of it */
	atomic_ullong size;
	pthread_t thread;
};

static void saw(void *self, const uint8_t *data, size_t size)
{
	struct fixture *f = self;
	size_t before = atomic_load(&f->size);

	if (before + size < sizeof(f->seen))
		memcpy(f->seen + before, data, size);
	atomic_fetch_add(&f->size, size);
	if (atomic_load(&f->slow))
		usleep(1000);
}

static void *work(void *argument)
{
	hvc_device.work(argument);
	return NULL;
}

/* fd: where the output goes; -1: only to f->seen. */
static void fixture_open(struct fixture *f, int fd)
{
	struct error err = { 0 };

	memset(f, 0, sizeof(*f));
	machine_open(&f->m, 16);
	f->out = f->m.driver;
	f->out.ram += ABOVE;
	sink_init(&f->sink, fd);
	f->sink.tap = saw;
	f->sink.tap_self = f;
	f->sink.give_up = &f->give_up;
	merge_init(&f->merge, &f->sink);
	f->m.env.merge = &f->merge;
	f->m.env.give_up = &f->give_up;
	cr_assert_eq(hvc_device.init(&f->h, &f->m.env, &err), 0, "%s", err.text);
	cr_assert_eq(pthread_create(&f->thread, NULL, work, &f->h), 0);
}

static void fixture_close(struct fixture *f)
{
	hvc_device.work_end(&f->h);
	pthread_join(f->thread, NULL);
	hvc_device.fini(&f->h);
	merge_fini(&f->merge);
	sink_fini(&f->sink);
	machine_close(&f->m);
}

static void rings_set(struct fixture *f, unsigned queue)
{
	uint64_t base = queue == HVC_TRANSMIT ? ABOVE : 0;

	reg_set(&f->m, R_SELECT, queue, 2);
	reg_set(&f->m, R_SIZE, 16, 2);
	reg_set(&f->m, R_VECTOR, 1 + queue, 2);
	reg_set(&f->m, R_DESC, base + DRIVER_DESC, 8);
	reg_set(&f->m, R_AVAIL, base + DRIVER_AVAIL, 8);
	reg_set(&f->m, R_USED, base + DRIVER_USED, 8);
	reg_set(&f->m, R_ENABLE, 1, 2);
}

static void drive(struct fixture *f)
{
	machine_begin(&f->m, FEATURES, HVC_QUEUES);
	rings_set(f, HVC_RECEIVE);
	rings_set(f, HVC_TRANSMIT);
	machine_ok(&f->m);
}

static void notify(struct fixture *f, unsigned queue)
{
	reg_set(&f->m, R_NOTIFY + 4 * queue, queue, 2);
}

#define AWAIT(condition)                                                                           \
	do {                                                                                       \
		for (int tries = 0; !(condition) && tries < 20000; tries++)                        \
			usleep(1000);                                                              \
		cr_assert(condition);                                                              \
	} while (0)

static uint16_t used(const struct driver *d)
{
	return __atomic_load_n((const uint16_t *)(const void *)(d->ram + DRIVER_USED + 2),
	                       __ATOMIC_ACQUIRE);
}

/* A request with this text, in two buffers with an empty one between. */
static void print(struct fixture *f, const char *text)
{
	uint32_t size = (uint32_t)strlen(text), half = size / 2;

	memcpy(f->out.ram + DRIVER_DATA, text, size);
	driver_desc(&f->out, 0, ABOVE + DRIVER_DATA, half, NEXT, 1);
	driver_desc(&f->out, 1, ABOVE + DRIVER_DATA, 0, NEXT, 2);
	driver_desc(&f->out, 2, ABOVE + DRIVER_DATA + half, size - half, 0, 0);
	driver_offer(&f->out, 0);
	notify(f, HVC_TRANSMIT);
	AWAIT(used(&f->out) == f->out.avail_idx);
}

/* Room for `size` bytes of input, at place `n`. */
static void offer_room(struct fixture *f, unsigned n, uint32_t size)
{
	driver_desc(&f->m.driver, n, DRIVER_DATA + 64 * n, size, WRITE, 0);
	driver_offer(&f->m.driver, (uint16_t)n);
	notify(f, HVC_RECEIVE);
}

Test(hvc, prints_a_request_before_it_gives_it_back)
{
	struct fixture f;

	fixture_open(&f, -1);
	drive(&f);
	print(&f, "hello\n");
	cr_expect_str_eq(f.seen, "hello\n");
	print(&f, "again\n");
	cr_expect_str_eq(f.seen, "hello\nagain\n");
	cr_expect_eq(driver_written(&f.out, 1), 0);
	cr_expect_eq(f.m.data, 0x40 + 1 + HVC_TRANSMIT);
	fixture_close(&f);
}

Test(hvc, a_line_of_com1_that_waits_is_written_without_further_output)
{
	struct fixture f;

	fixture_open(&f, -1);
	drive(&f);
	print(&f, "login: ");
	sink_put(&f.merge.consoles[MERGE_COM1].in, (const uint8_t *)"panic\n", 6);
	AWAIT(atomic_load(&f.size) == strlen("login: \r\npanic\n"));
	cr_expect_str_eq(f.seen, "login: \r\npanic\n");
	fixture_close(&f);
}

Test(hvc, takes_input_only_from_a_driver_that_receives)
{
	struct fixture f;

	fixture_open(&f, -1);
	cr_expect_not(hvc_taken(&f.h));
	machine_begin(&f.m, FEATURES, HVC_QUEUES);
	rings_set(&f, HVC_TRANSMIT);
	machine_ok(&f.m);
	cr_expect_not(hvc_taken(&f.h));
	drive(&f);
	cr_expect(hvc_taken(&f.h));
	reg_set(&f.m, R_STATUS, 0, 1);
	cr_expect_not(hvc_taken(&f.h));
	fixture_close(&f);
}

Test(hvc, input_waits_for_buffers_and_fills_one_after_the_other)
{
	struct fixture f;
	uint8_t many[HVC_INPUT];

	memset(many, 'm', sizeof(many));
	fixture_open(&f, -1);
	drive(&f);
	cr_expect_eq(hvc_input(&f.h, (const uint8_t *)"typed", 5), 5);
	cr_expect_eq(hvc_room(&f.h), HVC_INPUT - 5);
	cr_expect_eq(hvc_input(&f.h, many, sizeof(many)), HVC_INPUT - 5);
	cr_expect_eq(hvc_room(&f.h), 0);
	cr_expect_eq(used(&f.m.driver), 0);
	offer_room(&f, 0, 0); /* room for nothing gets nothing, and no input is lost by it */
	AWAIT(used(&f.m.driver) == 1);
	cr_expect_eq(driver_written(&f.m.driver, 0), 0);
	offer_room(&f, 1, 4);
	AWAIT(used(&f.m.driver) == 2);
	cr_expect_eq(driver_written(&f.m.driver, 1), 4);
	offer_room(&f, 2, 64);
	AWAIT(used(&f.m.driver) == 3);
	cr_expect_arr_eq(f.m.driver.ram + DRIVER_DATA + 64, "type", 4);
	cr_expect_arr_eq(f.m.driver.ram + DRIVER_DATA + 128, "dmmm", 4);
	cr_expect_eq(hvc_room(&f.h), 68);
	fixture_close(&f);
}

Test(hvc, buffers_that_came_first_stay_until_there_is_input)
{
	struct fixture f;

	fixture_open(&f, -1);
	drive(&f);
	offer_room(&f, 0, 64);
	print(&f, "so it has looked\n");
	cr_expect_eq(used(&f.m.driver), 0);
	hvc_input(&f.h, (const uint8_t *)"key", 3);
	AWAIT(used(&f.m.driver) == 1);
	cr_expect_eq(driver_written(&f.m.driver, 0), 3);
	fixture_close(&f);
}

/* Each wants as many bytes as the queue allows, again and again. */
static void flood(struct fixture *f)
{
	for (unsigned i = 0; i < 16; i++)
		driver_desc(&f->out, i, DRIVER_PRIVATE + 0x1000, 0x1f000, i < 15 ? NEXT : 0,
		            (uint16_t)(i + 1));
	for (unsigned i = 0; i < 16; i++)
		driver_offer(&f->out, 0);
	notify(f, HVC_TRANSMIT);
}

/* Nobody reads the pipe: the thread is stuck with a request until it is told to give up. */
Test(hvc, a_flood_of_output_ends_with_the_run)
{
	struct fixture f;
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	fixture_open(&f, ends[1]);
	drive(&f);
	flood(&f);
	AWAIT(atomic_load(&f.size) > 0);
	atomic_store(&f.give_up, true);
	fixture_close(&f);
	cr_expect_lt(atomic_load(&f.size), 2 * 16 * 0x1f000);
	close(ends[0]);
	close(ends[1]);
}

Test(hvc, a_reset_does_not_wait_for_the_rest_of_a_request)
{
	struct fixture f;

	fixture_open(&f, -1);
	atomic_store(&f.slow, true);
	drive(&f);
	flood(&f);
	AWAIT(atomic_load(&f.size) > 0);
	reg_set(&f.m, R_STATUS, 0, 1);
	cr_expect_lt(atomic_load(&f.size), (unsigned long long)16 * 0x1f000);
	fixture_close(&f);
}

Test(hvc, private_memory_breaks_it_and_input_is_com1s_again)
{
	struct fixture f;

	fixture_open(&f, -1);
	drive(&f);
	driver_desc(&f.out, 0, DRIVER_PRIVATE, 16, 0, 0);
	driver_offer(&f.out, 0);
	notify(&f, HVC_TRANSMIT);
	AWAIT(reg_get(&f.m, R_STATUS, 1) == 0x4f);
	cr_expect_eq(atomic_load(&f.size), 0);
	cr_expect_not(hvc_taken(&f.h));
	fixture_close(&f);
}
