/* SPDX-License-Identifier: MIT */
/* core/vm/stats.c: counts exits, and sums them up by device. */
#include "core/vm/stats.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/dev/debug.h"
#include "core/vm/devices.h"
#include "core/vm/vm_priv.h"

static const char *const names[] = {
	[EXIT_PORT] = "port",
	[EXIT_MMIO] = "mmio",
	[EXIT_PAGE_STATE] = "page_state",
	[EXIT_MEMORY_FAULT] = "memory_fault",
	[EXIT_CERTS] = "certs",
	[EXIT_KICK] = "signal",
	[EXIT_OTHER] = "other",
};
static_assert(ARRAY_SIZE(names) == EXIT_KINDS, "a kind of exit without a name");

const char *stats_exit_name(enum exit_kind kind)
{
	return names[kind];
}

void stats_exit(struct stats *s, enum exit_kind kind)
{
	atomic_fetch_add_explicit(&s->exits[kind], 1, memory_order_relaxed);
	if (kind != EXIT_KICK)
		atomic_store_explicit(&s->last_ns, clock_coarse_ns(), memory_order_relaxed);
}

void stats_port(struct stats *s, uint16_t port)
{
	atomic_fetch_add_explicit(&s->ports[port], 1, memory_order_relaxed);
}

void stats_pages(struct stats *s, uint64_t pages, bool now_private)
{
	atomic_fetch_add_explicit(now_private ? &s->pages_private : &s->pages_shared, pages,
	                          memory_order_relaxed);
}

void stats_end(struct stats *s)
{
	atomic_store(&s->ended_ns, clock_ns());
}

uint64_t stats_quiet_ms(const struct stats *s)
{
	uint64_t end = atomic_load(&s->ended_ns), last = atomic_load(&s->last_ns);

	last = MAX(last, s->begun_ns);
	return end > last ? (end - last) / 1000000 : 0;
}

uint64_t vm_quiet_ms(const struct vm *vm)
{
	return stats_quiet_ms(&vm->stats);
}

uint64_t stats_exits(struct stats *s)
{
	uint64_t total = 0;

	for (size_t i = 0; i < EXIT_KINDS; i++)
		total += atomic_load_explicit(&s->exits[i], memory_order_relaxed);
	return total;
}

void stats_begin(struct stats *s)
{
	s->begun_ns = clock_ns();
}

/* Inserts a line into the list, sorted by descending count; what doesn't fit counts as others. */
static void stats_line_add(struct stats_device *d, struct stats_line line)
{
	size_t at = d->n_ports;

	d->exits += line.exits;
	while (at > 0 && d->ports[at - 1].exits < line.exits)
		at--;
	if (d->n_ports == STATS_PORTS) {
		d->others += at < STATS_PORTS ? d->ports[STATS_PORTS - 1].exits : line.exits;
		d->n_ports -= at < STATS_PORTS;
	}
	if (at == STATS_PORTS)
		return;
	memmove(&d->ports[at + 1], &d->ports[at], (d->n_ports - at) * sizeof(d->ports[0]));
	d->ports[at] = line;
	d->n_ports++;
}

static void stats_ports(const struct vm *vm, unsigned from, unsigned end, struct stats_device *d)
{
	for (unsigned port = from; port < end; port++) {
		uint64_t n = atomic_load_explicit(&vm->stats.ports[port], memory_order_relaxed);

		if (n > 0)
			stats_line_add(d,
			               (struct stats_line){ .port = (uint16_t)port, .exits = n });
	}
}

/* The bus has its devices in ascending order; ports between them belong to nobody. */
static void stats_devices(const struct vm *vm, struct stats_report *r)
{
	struct stats_device nobody = { .name = "nobody" };
	const struct bus *bus = &vm->bus[BUS_PORTS];
	unsigned from = 0;

	for (size_t i = 0; i < bus->count; i++) {
		const struct device_range *range = &bus->devices[i].range;
		struct stats_device *d = &r->devices[r->n_devices];

		*d = (struct stats_device){ .name = range->name };
		stats_ports(vm, from, (unsigned)range->base, &nobody);
		from = (unsigned)(range->base + range->len);
		stats_ports(vm, (unsigned)range->base, from, d);
		r->n_devices += d->exits > 0;
	}
	stats_ports(vm, from, ARRAY_SIZE(vm->stats.ports), &nobody);
	if (nobody.exits > 0)
		r->devices[r->n_devices++] = nobody;
}

static bool sink_first_byte(const struct vm *vm, const struct sink *s, uint64_t *ret_us)
{
	if (!s->first_ns || !vm->stats.begun_ns || s->first_ns < vm->stats.begun_ns)
		return false;
	*ret_us = (s->first_ns - vm->stats.begun_ns) / 1000;
	return true;
}

void stats_report(const struct vm *vm, struct stats_report *ret)
{
	const struct debug_port *debug = devices_find(vm, &debug_port_device);
	const struct fwcfg *fwcfg = devices_find(vm, &fwcfg_device);
	struct hvc *hvc = devices_find(vm, &hvc_device);
	struct stats_report r = { .pages_shared = atomic_load(&vm->stats.pages_shared),
		                  .pages_private = atomic_load(&vm->stats.pages_private),
		                  .fwcfg_there = fwcfg != NULL,
		                  .hvc_there = hvc != NULL,
		                  .debug_line = debug ? debug_port_line(debug) : "" };

	if (fwcfg)
		r.fwcfg = fwcfg->stats;
	if (hvc)
		r.hvc = hvc_stats(hvc);
	for (size_t i = 0; i < EXIT_KINDS; i++) {
		r.exits[i] = atomic_load(&vm->stats.exits[i]);
		r.total += r.exits[i];
	}
	stats_devices(vm, &r);
	r.serial_seen = sink_first_byte(vm, &vm->streams[STREAM_SERIAL], &r.serial_us);
	r.debug_seen = sink_first_byte(vm, &vm->streams[STREAM_DEBUG], &r.debug_us);
	*ret = r;
}
