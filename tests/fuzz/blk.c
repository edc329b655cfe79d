/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/blk.c: libFuzzer target: any requests for a disk, by any rings; nothing outside of
 * shared memory is read or written, and the image of a scratch disk stays as it is.
 */
#include "core/dev/blk.h"

#include "core/base/log.h"
#include "tests/fuzz/driver.h"

#define PRIVATE 0x3000u /* from here on; below it everything is shared */

static uint8_t *guest_memory(void *self, uint64_t gpa, uint64_t size)
{
	return gpa < PRIVATE && size <= PRIVATE - gpa ? (uint8_t *)self + gpa : NULL;
}

/* All requests that the rings have, or the first that breaks a rule. */
static void serve(struct disk *d, struct virtqueue *q)
{
	struct virtq_fault fault = { 0 };
	struct virtq_chain c;
	uint32_t written;
	int r = 1;

	for (unsigned i = 0; i < 64 && r > 0; i++) {
		r = virtqueue_take(q, &c, &fault);
		if (r <= 0)
			break;
		if (blk_serve(d, &c, NULL, &written, &fault) < 0)
			r = -1;
		else
			must(written <= c.in_bytes);
		virtqueue_put(q, c.head, written);
	}
	must(r >= 0 || fault.rule);
}

/* A byte for the mode, and one for the most blocks of an overlay; then the memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct disk d = {
		.name = "disk0", .serial = "disk0", .path = "image", .size = DRIVER_IMAGE
	};
	struct virtqueue q = { .max = BLK_QUEUE,
		               .size = 16,
		               .enabled = true,
		               .indirect = true,
		               .desc = 0,
		               .avail = 0x100,
		               .used = 0x140,
		               .memory = guest_memory };
	struct error err = { 0 };
	uint8_t *ram;

	if (size < 2 || size - 2 > PRIVATE)
		return 0;
	log_set_level(LOG_QUIET);
	ram = aligned_alloc(4096, PRIVATE); /* so that a byte beyond it is noticed */
	memset(ram, 0, PRIVATE);
	memcpy(ram, data + 2, size - 2);
	q.memory_self = ram;
	d.mode = (enum disk_mode)(data[0] % 3);
	d.fd = driver_image();
	must(disk_begin(&d, &err) == 0);
	d.overlay.max = MIN(d.overlay.max, data[1] % 3u);
	serve(&d, &q);
	if (d.mode != DISK_RW)
		driver_image_check(d.fd);
	must(disk_dirty(&d) <= d.overlay.max * OVERLAY_BLOCK);
	d.fd = -1; /* the image is used again */
	disk_close(&d);
	free(ram);
	return 0;
}
