/* SPDX-License-Identifier: MIT */
/* cmd/stats.c: lines about exits, and the same as JSON. */
#include "cmd/stats.h"

#include <inttypes.h>
#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/out/tree.h"
#include "core/out/result.h"
#include "core/vm/stats.h"

/* Asked for by name, so -q doesn't silence it. */
#define say(...) log_at(LOG_QUIET, __VA_ARGS__)

static void device_print(const struct stats_device *d)
{
	char line[400];
	size_t n = 0;

	for (size_t i = 0; i < d->n_ports; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "%s0x%x %" PRIu64, i ? ", " : "",
		                      d->ports[i].port, d->ports[i].exits);
	if (d->others > 0)
		snprintf(line + n, sizeof(line) - n, ", other ports %" PRIu64, d->others);
	say("exits: %s %" PRIu64 " (%s)", d->name, d->exits, line);
}

static void first_print(const char *what, bool came, uint64_t us)
{
	if (came)
		say("first %s byte after %" PRIu64 ".%03" PRIu64 " s", what, us / 1000000,
		    us / 1000 % 1000);
	else
		say("no %s byte", what);
}

void stats_print(const struct stats_report *r)
{
	say("exits: %" PRIu64 ": ports %" PRIu64 ", MMIO %" PRIu64 ", page states %" PRIu64
	    ", memory faults %" PRIu64 ", signals %" PRIu64 ", others %" PRIu64,
	    r->total, r->exits[EXIT_PORT], r->exits[EXIT_MMIO], r->exits[EXIT_PAGE_STATE],
	    r->exits[EXIT_MEMORY_FAULT], r->exits[EXIT_KICK], r->exits[EXIT_OTHER]);
	for (size_t i = 0; i < r->n_devices; i++)
		device_print(&r->devices[i]);
	if (r->fwcfg_there)
		say("fw_cfg: %" PRIu64 " transfers of %" PRIu64 " KiB, %" PRIu64
		    " refused; %" PRIu64 " bytes by port",
		    r->fwcfg.dma_count, r->fwcfg.dma_bytes / 1024, r->fwcfg.dma_refused,
		    r->fwcfg.port_bytes);
	say("pages: %" PRIu64 " made shared, %" PRIu64 " made private", r->pages_shared,
	    r->pages_private);
	first_print("serial", r->serial_came, r->serial_us);
	first_print("debug", r->debug_came, r->debug_us);
	if (r->debug_line[0])
		say("last line on the debug port: %s", r->debug_line);
}

int stats_write(const struct stats_report *r, FILE *to, struct error *err)
{
	auto_tree struct tree *t = tree_new();

	result_stats(t, NULL, r);
	return tree_print_json(t, to, err);
}
