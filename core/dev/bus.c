/* SPDX-License-Identifier: MIT */
/* core/dev/bus.c: ports and their devices, kept in order so that overlap shows at once. */
#include "core/dev/bus.h"

#include <string.h>

#include "core/base/error.h"

#define PORTS 0x10000u

static unsigned dev_end(const struct io_dev *d)
{
	return (unsigned)d->base + d->len; /* one past the last port */
}

/* How many devices begin at or below the port; the last of them is the only one that can hold it. */
static size_t bus_rank(const struct bus *b, unsigned port)
{
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->devices[middle]->base <= port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The device of the port an access starts at: how far the access reaches plays no part. */
static struct io_dev *bus_find(const struct bus *b, uint16_t port)
{
	size_t rank = bus_rank(b, port);

	if (rank == 0 || port >= dev_end(b->devices[rank - 1]))
		return NULL;
	return b->devices[rank - 1];
}

static int bus_clash(const struct io_dev *d, const struct io_dev *other, struct error *err)
{
	error_set(err, ERROR_CONFLICT,
	          "ports 0x%x-0x%x of the %s overlap ports 0x%x-0x%x of the %s", d->base,
	          dev_end(d) - 1, d->name, other->base, dev_end(other) - 1, other->name);
	error_why(err, "a port belongs to one device");
	return error_fix(err, "give one of the two another port");
}

int bus_add(struct bus *b, struct io_dev *d, struct error *err)
{
	size_t rank = bus_rank(b, d->base);

	if (d->len == 0)
		return error_set(err, ERROR_INTERNAL, "the %s at port 0x%x has no ports", d->name,
		                 d->base);
	if (dev_end(d) > PORTS)
		return error_set(err, ERROR_BAD_VALUE,
		                 "the %s at port 0x%x has %u ports and runs past port 0xffff",
		                 d->name, d->base, d->len);
	if (rank > 0 && dev_end(b->devices[rank - 1]) > d->base)
		return bus_clash(d, b->devices[rank - 1], err);
	if (rank < b->count && dev_end(d) > b->devices[rank]->base)
		return bus_clash(d, b->devices[rank], err);
	if (b->count == BUS_MAX_DEVICES)
		return error_set(err, ERROR_INTERNAL,
		                 "no room for the %s: the bus holds at most %d devices", d->name,
		                 BUS_MAX_DEVICES);
	memmove(&b->devices[rank + 1], &b->devices[rank],
	        (b->count - rank) * sizeof(b->devices[0]));
	b->devices[rank] = d;
	b->count++;
	return 0;
}

bool bus_read(struct bus *b, uint16_t port, uint8_t *data, size_t size)
{
	struct io_dev *d = bus_find(b, port);

	if (!d) {
		b->unclaimed++;
		memset(data, 0xff, size);
		return false;
	}
	d->reads++;
	d->read(d, (uint16_t)(port - d->base), data, size);
	return true;
}

bool bus_write(struct bus *b, uint16_t port, const uint8_t *data, size_t size, enum io_verdict *ret)
{
	struct io_dev *d = bus_find(b, port);

	if (!d) {
		b->unclaimed++;
		*ret = IO_GO_ON;
		return false;
	}
	d->writes++;
	*ret = d->write(d, (uint16_t)(port - d->base), data, size);
	return true;
}
