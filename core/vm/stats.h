/* SPDX-License-Identifier: MIT */
/*
 * core/vm/stats.h: statistics of a run: exits by kind, device and port, page-state changes, and the
 * time to the first output.
 */
#ifndef CORE_VM_STATS_H
#define CORE_VM_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dev/bus.h"
#include "core/dev/fwcfg.h"
#include "core/dev/hvc.h"

struct vm; /* core/vm/vm_priv.h */

enum exit_kind {
	EXIT_PORT,
	EXIT_MMIO,
	EXIT_PAGE_STATE,   /* the guest asks to make pages private or shared */
	EXIT_MEMORY_FAULT, /* a private access to a shared page, or the reverse */
	EXIT_CERTS,        /* KVM asks for the certificates that go with a report */
	EXIT_KICK,         /* a signal interrupted KVM_RUN; not the guest's doing */
	EXIT_OTHER,
	EXIT_KINDS
};

/* Part of struct vm. vCPUs count without a lock. */
struct stats {
	atomic_ullong exits[EXIT_KINDS];
	atomic_ullong pages_shared, pages_private; /* pages made so at the guest's request */
	/* exits at each; a string instruction is one exit */
	atomic_uint ports[0x10000];
	uint64_t begun_ns;      /* CLOCK_MONOTONIC at the start of the run; 0: not started */
	atomic_ullong last_ns;  /* ... at the guest's last exit; 0: none */
	atomic_ullong ended_ns; /* ... at the end of the run */
};

void stats_exit(struct stats *s, enum exit_kind kind);
void stats_port(struct stats *s, uint16_t port);
void stats_pages(struct stats *s, uint64_t pages, bool now_private);
void stats_begin(struct stats *s);
void stats_end(struct stats *s);
uint64_t stats_exits(struct stats *s); /* of all kinds, so far */
/* The time from the guest's last exit to the end of the run, accurate to some milliseconds. */
uint64_t stats_quiet_ms(const struct stats *s);
uint64_t vm_quiet_ms(const struct vm *vm);

enum { STATS_PORTS = 8 }; /* listed for each device: those with the most exits */

struct stats_line {
	uint16_t port;
	uint64_t exits;
};

struct stats_device {
	const char *name; /* of the device; "nobody": ports without one */
	uint64_t exits;
	struct stats_line ports[STATS_PORTS]; /* by descending count */
	size_t n_ports;
	uint64_t others; /* exits at ports that aren't listed */
};

/* A summary for after the run. Its size doesn't depend on what the guest did. */
struct stats_report {
	uint64_t exits[EXIT_KINDS], total;
	uint64_t pages_shared, pages_private;
	struct stats_device devices[BUS_MAX_DEVICES + 1]; /* those with exits, by ascending port */
	size_t n_devices;
	bool serial_seen, debug_seen;
	uint64_t serial_us, debug_us; /* from the guest's start to its first byte */
	bool fwcfg_there;
	struct fwcfg_stats fwcfg;
	bool hvc_there;
	struct hvc_stats hvc;
	/* the last line on the debug port that wasn't empty; "": none. Valid as long as the VM */
	const char *debug_line;
};

void stats_report(const struct vm *vm, struct stats_report *ret);
/* The name in results, such as "page_state". Static. */
const char *stats_exit_name(enum exit_kind kind);

#endif
