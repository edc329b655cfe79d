/* SPDX-License-Identifier: MIT */
/*
 * tests/dev/driver.h: a virtio driver that writes whatever a test wants, in guest memory that ends
 * where its allocation ends and has a private page.
 */
#ifndef TESTS_DEV_DRIVER_H
#define TESTS_DEV_DRIVER_H

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/dev/virtqueue.h"

#define DRIVER_RAM     0x40000u
#define DRIVER_PRIVATE 0x20000u /* a page */
#define DRIVER_DESC    0x1000u
#define DRIVER_AVAIL   0x3000u
#define DRIVER_USED    0x4000u
#define DRIVER_DATA    0x8000u

enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };

struct driver {
	uint8_t *ram;
	struct virtqueue q;
	uint16_t avail_idx;
	uint64_t converted; /* a page that became private, too; 0: none */
};

static inline void driver_convert(struct driver *d, uint64_t page)
{
	__atomic_store_n(&d->converted, page, __ATOMIC_SEQ_CST);
}

static inline uint8_t *driver_memory(void *self, uint64_t gpa, uint64_t size)
{
	struct driver *d = self;
	uint64_t converted = __atomic_load_n(&d->converted, __ATOMIC_SEQ_CST);

	cr_assert_gt(size, 0);
	if (gpa >= DRIVER_RAM || size > DRIVER_RAM - gpa)
		return NULL;
	if (gpa < DRIVER_PRIVATE + PAGE_SIZE && gpa + size > DRIVER_PRIVATE)
		return NULL;
	if (converted && gpa < converted + PAGE_SIZE && gpa + size > converted)
		return NULL;
	return d->ram + gpa;
}

static inline void driver_open(struct driver *d, uint16_t max, uint16_t size)
{
	*d = (struct driver){ .ram = aligned_alloc(4096, DRIVER_RAM) };
	memset(d->ram, 0, DRIVER_RAM);
	d->q = (struct virtqueue){ .max = max,
		                   .size = size,
		                   .enabled = true,
		                   .indirect = true,
		                   .desc = DRIVER_DESC,
		                   .avail = DRIVER_AVAIL,
		                   .used = DRIVER_USED,
		                   .memory = driver_memory,
		                   .memory_self = d };
}

static inline void driver_close(struct driver *d)
{
	free(d->ram);
}

static inline void driver_put(struct driver *d, uint64_t gpa, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++, value >>= 8)
		d->ram[gpa + i] = (uint8_t)value;
}

static inline uint64_t driver_get(const struct driver *d, uint64_t gpa, size_t size)
{
	return le_get(d->ram + gpa, size);
}

/* Descriptor `i` of the table at `table`. */
static inline void driver_desc_at(struct driver *d, uint64_t table, unsigned i, uint64_t gpa,
                                  uint32_t len, uint16_t flags, uint16_t next)
{
	driver_put(d, table + 16 * i, gpa, 8);
	driver_put(d, table + 16 * i + 8, len, 4);
	driver_put(d, table + 16 * i + 12, flags, 2);
	driver_put(d, table + 16 * i + 14, next, 2);
}

static inline void driver_desc(struct driver *d, unsigned i, uint64_t gpa, uint32_t len,
                               uint16_t flags, uint16_t next)
{
	driver_desc_at(d, DRIVER_DESC, i, gpa, len, flags, next);
}

/* Makes the chain that begins at `head` available. */
static inline void driver_offer(struct driver *d, uint16_t head)
{
	driver_put(d, DRIVER_AVAIL + 4 + 2 * (d->avail_idx % d->q.size), head, 2);
	driver_put(d, DRIVER_AVAIL + 2, ++d->avail_idx, 2);
}

static inline uint16_t driver_used(const struct driver *d)
{
	return (uint16_t)driver_get(d, DRIVER_USED + 2, 2);
}

/* How many bytes the device says it wrote for entry number `n` of the used ring. */
static inline uint32_t driver_written(const struct driver *d, unsigned n)
{
	return (uint32_t)driver_get(d, DRIVER_USED + 4 + 8 * (n % d->q.size) + 4, 4);
}

#endif
