/* SPDX-License-Identifier: MIT */
/*
 * tests/dev/blk_test.c: requests of a driver for disks of every mode, on images in a folder of our
 * own.
 */
#include "core/dev/blk.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "tests/dev/driver.h"
#include "tests/dev/virtio_driver.h"

enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8, DISCARD = 11 };
enum { OK = 0, IOERR = 1, UNSUPP = 2, UNWRITTEN = 0xee };

#define HEADER 0x8000u
#define STATUS 0x8100u
#define DATA   0x9000u
#define SIZE   ((uint64_t)41 * 512) /* so that the last block of 4 KiB is not whole */

struct fixture {
	struct driver driver;
	struct disk disk;
	char folder[32], path[48];
	uint8_t image[SIZE]; /* as it was at first */
};

/* Fills a file with bytes that differ from sector to sector. */
static void fixture_open(struct fixture *f, enum disk_mode mode)
{
	struct error err = { 0 };
	int fd;

	log_set_level(LOG_QUIET);
	driver_open(&f->driver, BLK_QUEUE, BLK_QUEUE);
	snprintf(f->folder, sizeof(f->folder), "/tmp/blk-test-XXXXXX");
	cr_assert_not_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/image", f->folder);
	for (size_t i = 0; i < SIZE; i++)
		f->image[i] = (uint8_t)(i / 512 * 7 + i);
	fd = open(f->path, O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(write(fd, f->image, SIZE), (ssize_t)SIZE);
	close(fd);
	f->disk = (struct disk){ .name = "disk0",
		                 .serial = "a serial of 20 bytes",
		                 .path = f->path,
		                 .mode = mode,
		                 .fd = -1 };
	cr_assert_eq(disk_open(&f->disk, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(disk_begin(&f->disk, &err), 0, "%s", err.text);
}

static void fixture_close(struct fixture *f)
{
	disk_close(&f->disk);
	unlink(f->path);
	rmdir(f->folder);
	driver_close(&f->driver);
}

/* Whether the image on the host's disk is what it was. */
static bool image_untouched(const struct fixture *f)
{
	uint8_t now[SIZE + 1];
	int fd = open(f->path, O_RDONLY);
	ssize_t n = read(fd, now, sizeof(now));

	close(fd);
	return n == (ssize_t)SIZE && memcmp(now, f->image, SIZE) == 0;
}

/* Serves the next chain. -EPROTO, or the number of bytes written to the guest. */
static int serve(struct fixture *f, const atomic_bool *give_up)
{
	struct virtq_fault fault = { 0 };
	struct virtq_chain c;
	uint32_t written = 0;
	int r;

	cr_assert_eq(virtqueue_take(&f->driver.q, &c, &fault), 1, "%s", fault.rule);
	r = blk_serve(&f->disk, &c, give_up, &written, &fault);
	cr_assert(r == 0 || fault.rule);
	virtqueue_put(&f->driver.q, c.head, written);
	return r < 0 ? r : (int)written;
}

static void header_put(struct fixture *f, uint32_t type, uint64_t sector)
{
	driver_put(&f->driver, HEADER, type, 4);
	driver_put(&f->driver, HEADER + 4, 0, 4);
	driver_put(&f->driver, HEADER + 8, sector, 8);
	f->driver.ram[STATUS] = UNWRITTEN;
}

/* Header, data and status in a buffer each; returns the status. */
static int request(struct fixture *f, uint32_t type, uint64_t sector, uint32_t bytes)
{
	bool in = type == IN || type == GET_ID;
	int written;

	header_put(f, type, sector);
	driver_desc(&f->driver, 0, HEADER, 16, NEXT, bytes ? 1 : 2);
	driver_desc(&f->driver, 1, DATA, bytes, NEXT | (in ? WRITE : 0), 2);
	driver_desc(&f->driver, 2, STATUS, 1, WRITE, 0);
	driver_offer(&f->driver, 0);
	written = serve(f, NULL);
	cr_assert_eq(written, in && f->driver.ram[STATUS] == OK ? (int)bytes + 1 : 1);
	return f->driver.ram[STATUS];
}

static bool sectors_are(const struct fixture *f, uint64_t sector, uint32_t bytes)
{
	return memcmp(f->driver.ram + DATA, f->image + sector * 512, bytes) == 0;
}

Test(blk, reads_sectors_up_to_the_last)
{
	static const struct {
		uint64_t sector;
		uint32_t bytes;
	} rows[] = { { 0, 512 }, { 1, 4096 }, { 7, 1024 }, { 40, 512 }, { 0, SIZE } };

	for (enum disk_mode mode = DISK_SCRATCH; mode <= DISK_RW; mode++) {
		struct fixture f;

		fixture_open(&f, mode);
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			memset(f.driver.ram + DATA, 0, SIZE);
			cr_assert_eq(request(&f, IN, rows[i].sector, rows[i].bytes), OK);
			cr_assert(sectors_are(&f, rows[i].sector, rows[i].bytes));
		}
		cr_assert_eq(f.disk.stats.reads, 5);
		cr_assert_eq(f.disk.stats.read_bytes, 512 + 4096 + 1024 + 512 + SIZE);
		cr_assert_eq(f.disk.stats.errors, 0);
		fixture_close(&f);
	}
}

/* Sector and length from the guest, where they don't fit; the request completes all the same. */
Test(blk, gives_an_error_for_what_is_not_on_the_disk)
{
	static const struct {
		uint32_t type;
		uint64_t sector;
		uint32_t bytes;
		int status;
	} rows[] = {
		{ IN, 41, 512, IOERR },
		{ IN, 40, 1024, IOERR },
		{ IN, UINT64_MAX, 512, IOERR },
		{ IN, UINT64_MAX / 512 + 1, 512, IOERR },
		{ IN, 0, 511, IOERR },
		{ IN, 0, 513, IOERR },
		{ OUT, 41, 512, IOERR },
		{ OUT, UINT64_MAX - 1, 1024, IOERR },
		{ OUT, 0, 100, IOERR },
		{ DISCARD, 0, 512, UNSUPP },
		{ 2, 0, 512, UNSUPP },
		{ UINT32_MAX, 0, 0, UNSUPP },
		{ IN, 41, 0, OK },
		{ OUT, 41, 0, OK },
	};
	struct fixture f;
	uint64_t errors = 0;

	fixture_open(&f, DISK_RW);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert_eq(request(&f, rows[i].type, rows[i].sector, rows[i].bytes),
		             rows[i].status, "row %zu", i);
		errors += rows[i].status != OK;
	}
	cr_assert_eq(f.disk.stats.errors, errors);
	cr_assert(image_untouched(&f));
	fixture_close(&f);
}

Test(blk, has_the_size_and_the_features_of_its_mode)
{
	static const uint64_t both = 1 << 2 | 1 << 6 | 1 << 28;
	uint8_t config[BLK_CONFIG_SIZE];
	struct fixture f;

	fixture_open(&f, DISK_RO);
	cr_assert_eq(blk_features(&f.disk), both | 1 << 5);
	f.disk.mode = DISK_RW;
	cr_assert_eq(blk_features(&f.disk), both | 1 << 9);
	f.disk.mode = DISK_SCRATCH;
	cr_assert_eq(blk_features(&f.disk), both | 1 << 9);
	blk_config(&f.disk, config);
	cr_assert_eq(le_get(config, 8), 41);
	cr_assert_eq(le_get(config + 12, 4), 126);
	cr_assert_eq(le_get(config + 20, 4), 512);
	cr_assert(bytes_zero(config + 24, sizeof(config) - 24));
	fixture_close(&f);
}

Test(blk, tells_its_serial_number_as_far_as_there_is_room)
{
	struct fixture f;

	fixture_open(&f, DISK_RO);
	cr_assert_eq(request(&f, GET_ID, 0, 20), OK);
	cr_assert_eq(memcmp(f.driver.ram + DATA, "a serial of 20 bytes", 20), 0);
	memset(f.driver.ram + DATA, 0xaa, 20);
	cr_assert_eq(request(&f, GET_ID, 0, 4), OK);
	cr_assert_eq(memcmp(f.driver.ram + DATA, "a se\xaa", 5), 0);
	snprintf(f.disk.serial, sizeof(f.disk.serial), "disk0");
	cr_assert_eq(request(&f, GET_ID, 0, 20), OK);
	cr_assert_eq(memcmp(f.driver.ram + DATA, "disk0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20), 0);
	fixture_close(&f);
}

Test(blk, writes_to_an_image_only_if_it_is_rw)
{
	for (enum disk_mode mode = DISK_SCRATCH; mode <= DISK_RW; mode++) {
		struct fixture f;

		fixture_open(&f, mode);
		memset(f.driver.ram + DATA, 0x55, 1024);
		cr_assert_eq(request(&f, OUT, 3, 1024), mode == DISK_RO ? IOERR : OK);
		cr_assert_eq(request(&f, FLUSH, 0, 0), OK);
		cr_assert_eq(image_untouched(&f), mode != DISK_RW);
		if (mode != DISK_RO)
			memset(f.image + 3 * 512, 0x55, 1024);
		cr_assert_eq(request(&f, IN, 0, SIZE), OK);
		cr_assert(sectors_are(&f, 0, SIZE));
		cr_assert_eq(f.disk.stats.written_bytes, mode == DISK_RO ? 0 : 1024);
		cr_assert_eq(f.disk.stats.flushes, 1);
		fixture_close(&f);
	}
}

/* Any writes at any place, and what is read back is what a plain array would hold. */
Test(blk, keeps_every_write_of_a_scratch_disk_and_leaves_its_image_as_it_is)
{
	struct fixture f;
	uint8_t expected[SIZE];
	uint32_t seed = 1;

	fixture_open(&f, DISK_SCRATCH);
	memcpy(expected, f.image, SIZE);
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t sector, sectors;

		seed = seed * 1664525 + 1013904223;
		sector = (seed >> 16) % 41;
		sectors = 1 + (seed >> 8) % (41 - sector) % (i % 20 + 1);
		if (seed >> 30) {
			cr_assert_eq(request(&f, IN, sector, (uint32_t)sectors * 512), OK);
			cr_assert_eq(
				memcmp(f.driver.ram + DATA, expected + sector * 512, sectors * 512),
				0);
			continue;
		}
		memset(f.driver.ram + DATA, (int)i, sectors * 512);
		memset(expected + sector * 512, (int)i, sectors * 512);
		cr_assert_eq(request(&f, OUT, sector, (uint32_t)sectors * 512), OK);
	}
	cr_assert_eq(disk_dirty(&f.disk), 6 * 4096); /* each block of it */
	cr_assert(image_untouched(&f));
	fixture_close(&f);
}

Test(blk, counts_the_blocks_of_a_scratch_disk_that_are_dirty)
{
	struct fixture f;

	fixture_open(&f, DISK_SCRATCH);
	cr_assert_eq(disk_dirty(&f.disk), 0);
	cr_assert_eq(request(&f, OUT, 7, 1024), OK); /* across the boundary of two blocks */
	cr_assert_eq(disk_dirty(&f.disk), 8192);
	cr_assert_eq(request(&f, OUT, 9, 512), OK);
	cr_assert_eq(disk_dirty(&f.disk), 8192);
	fixture_close(&f);
}

Test(blk, gives_an_error_once_a_scratch_disk_is_full_and_goes_on_with_what_it_has)
{
	struct fixture f;

	fixture_open(&f, DISK_SCRATCH);
	f.disk.overlay.max = 2;
	memset(f.driver.ram + DATA, 0x55, 8192);
	cr_assert_eq(request(&f, OUT, 0, 3 * 4096), IOERR);
	cr_assert_eq(request(&f, OUT, 0, 8192), OK);
	cr_assert_eq(request(&f, OUT, 8, 512), OK);
	cr_assert_eq(request(&f, OUT, 16, 512), IOERR);
	cr_assert_eq(request(&f, IN, 16, 4096), OK);
	cr_assert(sectors_are(&f, 16, 4096));
	cr_assert_eq(f.disk.stats.errors, 2);
	cr_assert(f.disk.reported);
	fixture_close(&f);
}

/* Nobody reads zeros where the image has lost its end, and the disk goes on with the rest. */
Test(blk, gives_an_error_where_an_image_has_become_shorter)
{
	for (enum disk_mode mode = DISK_SCRATCH; mode <= DISK_RW; mode++) {
		struct fixture f;

		fixture_open(&f, mode);
		cr_assert_eq(truncate(f.path, 10 * 512 + 100), 0);
		cr_assert_eq(request(&f, IN, 9, 512), OK);
		cr_assert(sectors_are(&f, 9, 512));
		cr_assert_eq(request(&f, IN, 9, 1024), IOERR);
		cr_assert_eq(request(&f, IN, 10, 512), IOERR);
		cr_assert_eq(request(&f, IN, 30, 512), IOERR);
		if (mode == DISK_SCRATCH) /* the rest of that block is lost */
			cr_assert_eq(request(&f, OUT, 30, 512), IOERR);
		cr_assert(f.disk.reported);
		fixture_close(&f);
	}
}

Test(blk, serves_an_image_whose_name_is_gone)
{
	struct fixture f;

	fixture_open(&f, DISK_RO);
	unlink(f.path);
	cr_assert_eq(request(&f, IN, 5, 512), OK);
	cr_assert(sectors_are(&f, 5, 512));
	fixture_close(&f);
}

/* Header and data in one buffer, or in many of odd sizes; the status behind data in one. */
Test(blk, takes_requests_that_are_cut_anywhere)
{
	struct fixture f;
	struct driver *d = &f.driver;

	fixture_open(&f, DISK_RW);
	header_put(&f, IN, 2);
	driver_desc(d, 0, HEADER, 1, NEXT, 1);
	driver_desc(d, 1, HEADER + 1, 10, NEXT, 2);
	driver_desc(d, 2, HEADER + 11, 100, NEXT, 3); /* more than a header */
	driver_desc(d, 3, DATA, 1, NEXT | WRITE, 4);
	driver_desc(d, 4, DATA + 1, 700, NEXT | WRITE, 5);
	driver_desc(d, 5, DATA + 701, 323 + 1, WRITE, 0);
	driver_offer(d, 0);
	cr_assert_eq(serve(&f, NULL), 1025);
	cr_assert(sectors_are(&f, 2, 1024));
	cr_assert_eq(d->ram[DATA + 1024], OK);

	header_put(&f, OUT, 4);
	memmove(d->ram + DATA - 16, d->ram + HEADER, 16);
	driver_desc(d, 0, DATA - 16, 20, NEXT, 1);
	driver_desc(d, 1, DATA + 4, 508, NEXT, 2);
	driver_desc(d, 2, STATUS, 1, WRITE, 0);
	driver_offer(d, 0);
	cr_assert_eq(serve(&f, NULL), 1);
	cr_assert_eq(d->ram[STATUS], OK);
	cr_assert_eq(request(&f, IN, 4, 512), OK);
	cr_assert(sectors_are(&f, 2, 512));
	fixture_close(&f);
}

Test(blk, refuses_requests_without_header_or_status)
{
	struct fixture f;
	struct driver *d = &f.driver;

	fixture_open(&f, DISK_RW);
	header_put(&f, IN, 0);
	driver_desc(d, 0, HEADER, 15, NEXT, 1);
	driver_desc(d, 1, STATUS, 1, WRITE, 0);
	driver_offer(d, 0);
	cr_assert_eq(serve(&f, NULL), -EPROTO);
	driver_offer(d, 1);
	cr_assert_eq(serve(&f, NULL), -EPROTO);
	driver_desc(d, 0, HEADER, 1024, 0, 0);
	driver_offer(d, 0);
	cr_assert_eq(serve(&f, NULL), -EPROTO);
	driver_desc(d, 0, HEADER, 0, 0, 0); /* an empty chain */
	driver_offer(d, 0);
	cr_assert_eq(serve(&f, NULL), -EPROTO);
	cr_assert_eq(d->ram[STATUS], UNWRITTEN);
	fixture_close(&f);
}

Test(blk, ends_a_long_request_early_once_the_run_is_over)
{
	atomic_bool over = true;
	struct fixture f;

	fixture_open(&f, DISK_RO);
	header_put(&f, IN, 0);
	driver_desc(&f.driver, 0, HEADER, 16, NEXT, 1);
	driver_desc(&f.driver, 1, DATA, 513, WRITE, 0);
	driver_offer(&f.driver, 0);
	f.driver.ram[DATA] = UNWRITTEN;
	cr_assert_eq(serve(&f, &over), 1);
	cr_assert_eq(f.driver.ram[DATA], UNWRITTEN);
	cr_assert_eq(f.driver.ram[DATA + 512], IOERR);
	cr_assert_not(f.disk.reported);
	fixture_close(&f);
}

static void *work(void *self)
{
	blk_device.work(self);
	return NULL;
}

/* Sets up the queue from reset on, as a driver does, again after each reset. */
static void driver_begin(struct machine *m)
{
	m->driver.avail_idx = 0;
	driver_put(&m->driver, DRIVER_AVAIL + 2, 0, 2);
	driver_put(&m->driver, DRIVER_USED + 2, 0, 2);
	machine_begin(m, features_get(m), 1);
	queue_set(m, 0);
	machine_ok(m);
}

/* Waits, for up to ten seconds, until the status register has a bit, or the used ring is at `n`. */
static bool came(struct machine *m, uint8_t bit, uint16_t n)
{
	for (unsigned i = 0; i < 10000; i++) {
		if (bit ? reg_get(m, R_STATUS, 1) & bit : driver_used(&m->driver) == n)
			return true;
		usleep(1000);
	}
	return false;
}

/*
 * From the bus to the image and back. A request that breaks the rules parks the device until the
 * driver resets it, which it notices by the status register and by an interrupt.
 */
Test(blk, serves_a_driver_from_a_thread_and_parks_after_a_broken_request_until_a_reset)
{
	enum { NEEDS_RESET = 0x40 };
	struct error err = { 0 };
	struct fixture f;
	struct machine m;
	pthread_t thread;
	void *blk;

	fixture_open(&f, DISK_RO);
	machine_open(&m, BLK_QUEUE);
	m.env.settings = &f.disk;
	blk = calloc(1, blk_device.size);
	cr_assert_eq(blk_device.init(blk, &m.env, &err), 0, "%s", err.text);
	cr_assert_eq(config_get(&m, 2, 0, 4), 0x10421af4);
	pthread_create(&thread, NULL, work, blk);
	machine_place(&m);
	for (unsigned i = 0; i < 2; i++) {
		driver_begin(&m);
		cr_assert_eq(reg_get(&m, R_CONFIG, 8), 41);
		cr_assert_eq(reg_get(&m, R_CONFIG + 12, 4), 126);
		memset(m.driver.ram + HEADER, 0, 16);
		driver_put(&m.driver, HEADER + 8, 7, 8);
		driver_desc(&m.driver, 0, HEADER, 16, NEXT, 1);
		driver_desc(&m.driver, 1, DATA, 512 + 1, WRITE, 0);
		driver_offer(&m.driver, 0);
		reg_set(&m, R_NOTIFY, 0, 2);
		cr_assert(came(&m, 0, 1));
		cr_assert_arr_eq(m.driver.ram + DATA, f.image + 7 * 512, 512);
		cr_assert_eq(driver_written(&m.driver, 0), 513);
		driver_desc(&m.driver, 0, HEADER, 15, NEXT, 1);
		driver_offer(&m.driver, 0);
		reg_set(&m, R_NOTIFY, 0, 2);
		cr_assert(came(&m, NEEDS_RESET, 0));
		driver_offer(&m.driver, 0);
		reg_set(&m, R_NOTIFY, 0, 2);
		usleep(20000);
		cr_assert_eq(driver_used(&m.driver), 1);
		cr_assert_eq(m.data, 0x40); /* the configuration's vector */
	}
	cr_assert(f.disk.driver);
	cr_assert_eq(f.disk.stats.reads, 2);
	blk_device.work_end(blk);
	pthread_join(thread, NULL);
	blk_device.fini(blk);
	free(blk);
	machine_close(&m);
	fixture_close(&f);
}
