/* SPDX-License-Identifier: MIT */
/* core/dev/bus.c: keeps devices sorted by address, so that only neighbours can overlap. */
#include "core/dev/bus.h"

#include <string.h>

#include "core/base/error.h"
#include "core/dev/flash.h"
#include "core/dev/pci_function.h"

static const struct {
	const char *one, *many;
	uint64_t last;
} spaces[BUS_KINDS] = {
	[BUS_PORTS] = { "port", "ports", 0xffff },
	[BUS_MMIO] = { "address", "addresses", UINT64_MAX },
};

static uint64_t range_last(const struct device_range *r)
{
	return r->base + r->len - 1;
}

/* The number of devices that begin at or below `at`; only the last of them can contain it. */
static size_t bus_rank(const struct bus *b, uint64_t at)
{
	size_t low = 0, high = b->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (b->devices[middle].range.base <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The device that contains the first byte of an access. */
static struct bus_device *bus_find(struct bus *b, uint64_t at)
{
	size_t rank = bus_rank(b, at);

	if (rank == 0 || at > range_last(&b->devices[rank - 1].range))
		return NULL;
	return &b->devices[rank - 1];
}

static int bus_clash(const struct bus *b, const struct device_range *r,
                     const struct device_range *other, struct error *err)
{
	const char *one = spaces[b->kind].one, *many = spaces[b->kind].many;

	error_set(err, ERROR_CONFLICT,
	          "%s 0x%llx-0x%llx of the %s overlap %s 0x%llx-0x%llx of the %s", many,
	          (unsigned long long)r->base, (unsigned long long)range_last(r), r->name, many,
	          (unsigned long long)other->base, (unsigned long long)range_last(other),
	          other->name);
	error_why(err, "%s %s can belong to only one device", one[0] == 'a' ? "an" : "a", one);
	return error_fix(err, "give one of the two another %s", one);
}

int bus_add(struct bus *b, const struct device_range *r, void *self, struct error *err)
{
	const char *one = spaces[b->kind].one, *many = spaces[b->kind].many;
	uint64_t last = spaces[b->kind].last;
	size_t rank = bus_rank(b, r->base);

	if (r->len == 0)
		return error_set(err, ERROR_INTERNAL, "the %s at %s 0x%llx has no %s", r->name, one,
		                 (unsigned long long)r->base, many);
	if (r->base > last || r->len - 1 > last - r->base)
		return error_set(err, ERROR_BAD_VALUE,
		                 "the %s at %s 0x%llx has %llu %s and runs past %s 0x%llx", r->name,
		                 one, (unsigned long long)r->base, (unsigned long long)r->len, many,
		                 one, (unsigned long long)last);
	if (rank > 0 && range_last(&b->devices[rank - 1].range) >= r->base)
		return bus_clash(b, r, &b->devices[rank - 1].range, err);
	if (rank < b->count && range_last(r) >= b->devices[rank].range.base)
		return bus_clash(b, r, &b->devices[rank].range, err);
	if (b->count == BUS_MAX_DEVICES)
		return error_set(err, ERROR_INTERNAL,
		                 "no room for the %s: a bus has at most %d devices", r->name,
		                 BUS_MAX_DEVICES);
	memmove(&b->devices[rank + 1], &b->devices[rank],
	        (b->count - rank) * sizeof(b->devices[0]));
	b->devices[rank] = (struct bus_device){ .range = *r, .self = self };
	b->count++;
	return 0;
}

static void bus_lock(struct bus *b)
{
	if (b->lock)
		pthread_mutex_lock(b->lock);
}

static void bus_unlock(struct bus *b)
{
	if (b->lock)
		pthread_mutex_unlock(b->lock);
}

int bus_add_device(struct bus b[static BUS_KINDS], const struct device *kind, void *self,
                   const struct device_env *env, struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < DEVICE_RANGES && kind->ranges[i].name; i++) {
		struct device_range range = kind->ranges[i];

		if (range.place == AT_EXIT_PORT)
			range.base = env->exit_port;
		if (range.place == AT_FLASH) {
			range.base = env->flash->gpa;
			range.len = env->flash->size;
		}
		if (range.place == AT_PCI_WINDOW && !env->pci_window)
			continue;
		if (range.place == AT_PCI_WINDOW) {
			range.base = env->pci_window;
			range.len = PCI_WINDOW_END - env->pci_window;
		}
		r = bus_add(&b[range.bus], &range, self, err);
	}
	return r;
}

/* Looking up a device needs no lock: none is added or removed while vCPUs run. */
bool bus_read(struct bus *b, uint64_t at, uint8_t *data, size_t size)
{
	struct bus_device *d = bus_find(b, at);
	unsigned offset = d ? (unsigned)(at - d->range.base) : 0;

	memset(data, 0xff, size);
	if (!d) {
		atomic_fetch_add_explicit(&b->unclaimed, 1, memory_order_relaxed);
		return false;
	}
	bus_lock(b);
	d->reads++;
	if (d->range.read)
		d->range.read(d->self, offset, data, size);
	else if (offset == 0)
		data[0] = d->range.value;
	bus_unlock(b);
	return true;
}

bool bus_write(struct bus *b, uint64_t at, const uint8_t *data, size_t size, enum io_action *ret)
{
	struct bus_device *d = bus_find(b, at);
	unsigned offset = d ? (unsigned)(at - d->range.base) : 0;

	*ret = IO_GO_ON;
	if (!d) {
		atomic_fetch_add_explicit(&b->unclaimed, 1, memory_order_relaxed);
		return false;
	}
	bus_lock(b);
	d->writes++;
	if (d->range.write)
		*ret = d->range.write(d->self, offset, data, size);
	else if (offset == 0 && (data[0] & d->range.mask) == d->range.match)
		*ret = d->range.action;
	bus_unlock(b);
	return true;
}
