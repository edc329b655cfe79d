/* SPDX-License-Identifier: MIT */
/*
 * core/vm/stats.h: what a run cost: exits by kind, device and port, page-state changes, and how
 * soon it spoke.
 */
#ifndef CORE_VM_STATS_H
#define CORE_VM_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dev/bus.h"
#include "core/dev/fwcfg.h"

struct vm; /* core/vm/vm_priv.h */

enum exit_kind {
	EXIT_PORT,
	EXIT_MMIO,
	EXIT_PAGE_STATE,   /* the guest asks for pages to be private or shared */
	EXIT_MEMORY_FAULT, /* it touches a page that is the other */
	EXIT_KICK,         /* a signal of ours took it out */
	EXIT_OTHER,
	EXIT_KINDS
};

/* Part of struct vm; vCPUs count without a lock. */
struct stats {
	atomic_ullong exits[EXIT_KINDS];
	atomic_ullong pages_shared, pages_private; /* that became so on the guest's word */
	atomic_uint ports[0x10000];                /* exits at each; a string of accesses is one */
	uint64_t begun_ns;                         /* CLOCK_MONOTONIC; 0: never */
	atomic_ullong last_ns;                     /* the same, at the guest's last exit; 0: none */
	atomic_ullong ended_ns;                    /* and when the run's end was known */
};

void stats_exit(struct stats *s, enum exit_kind kind);
void stats_port(struct stats *s, uint16_t port);
void stats_pages(struct stats *s, uint64_t pages, bool now_private);
void stats_begin(struct stats *s);
void stats_end(struct stats *s);
uint64_t stats_exits(struct stats *s); /* of all kinds, so far */
/* How long the guest had not been seen doing anything when its run ended, to some milliseconds. */
uint64_t stats_quiet_ms(const struct stats *s);
uint64_t vm_quiet_ms(const struct vm *vm);

enum { STATS_PORTS = 8 }; /* of a device that are listed, those with most exits */

struct stats_line {
	uint16_t port;
	uint64_t exits;
};

struct stats_device {
	const char *name; /* of the device; "nobody": ports without one */
	uint64_t exits;
	struct stats_line ports[STATS_PORTS]; /* by falling count */
	size_t n_ports;
	uint64_t others; /* exits at ports that aren't listed */
};

/* Once the run is over. Its size doesn't depend on what the guest did. */
struct stats_report {
	uint64_t exits[EXIT_KINDS], total;
	uint64_t pages_shared, pages_private;
	struct stats_device devices[BUS_MAX_DEVICES + 1]; /* that were reached, by rising port */
	size_t n_devices;
	bool serial_came, debug_came;
	uint64_t serial_us, debug_us; /* from the guest's start to its first byte */
	bool fwcfg_there;
	struct fwcfg_stats fwcfg;
	/* the last one with something in it; "": none. Lives as long as the VM */
	const char *debug_line;
};

void stats_report(const struct vm *vm, struct stats_report *ret);
/* "page_state": in results and, with spaces, in sentences. Static. */
const char *stats_exit_name(enum exit_kind kind);

#endif
