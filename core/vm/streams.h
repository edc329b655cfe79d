/* SPDX-License-Identifier: MIT */
/*
 * core/vm/streams.h: where the guest's bytes go: its console, its debug port, and the log of each.
 */
#ifndef CORE_VM_STREAMS_H
#define CORE_VM_STREAMS_H

#include <stdint.h>

struct vm;         /* core/vm/vm_priv.h */
struct vm_devices; /* core/vm/vm.h */

enum vm_stream {
	STREAM_SERIAL,
	STREAM_DEBUG,
	STREAM_SERIAL_LOG, /* gets what STREAM_SERIAL gets, wherever that leads */
	STREAM_DEBUG_LOG,
	VM_STREAMS
};

void streams_init(struct vm *vm, const struct vm_devices *d);
void streams_fini(struct vm *vm);
/* Called with `self` when bytes begin to wait, and when a write failed; NULL: nobody is. */
void streams_on_wake(struct vm *vm, void (*wake)(void *self), void *self);

uint64_t stream_bytes(const struct vm *vm, enum vm_stream which); /* that the guest ever wrote */
/* As sink_flush() and sink_end(): 0, or the negative errno of the first write that ever failed. */
int stream_flush(struct vm *vm, enum vm_stream which);
int stream_end(struct vm *vm, enum vm_stream which);

#endif
