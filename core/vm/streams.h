/* SPDX-License-Identifier: MIT */
/*
 * core/vm/streams.h: where the guest's output goes: its console, its debug port, and a log of each.
 */
#ifndef CORE_VM_STREAMS_H
#define CORE_VM_STREAMS_H

#include <stdint.h>

struct log_file;   /* core/dev/log_file.h */
struct vm;         /* core/vm/vm_priv.h */
struct vm_devices; /* core/vm/vm.h */

enum vm_stream {
	STREAM_SERIAL,
	STREAM_DEBUG,
	STREAM_SERIAL_LOG, /* a copy of STREAM_SERIAL, even if that goes nowhere */
	STREAM_DEBUG_LOG,
	VM_STREAMS
};

/* Where a stream goes. All of it is borrowed. */
struct stream_target {
	/*
	 * 0 or less: nowhere, so that a zeroed target has no output. No output has descriptor 0:
	 * main() keeps it occupied if it was closed at start.
	 */
	int fd;
	struct log_file *file; /* limits the size of the file behind fd; NULL: no limit */
	const char *prefix;    /* before each line; NULL: none */
};

void streams_init(struct vm *vm, const struct vm_devices *d);
void streams_fini(struct vm *vm);
/* Sets a function to call when bytes begin to wait for writing, and when a write fails; or NULL. */
void streams_on_wake(struct vm *vm, void (*wake)(void *self), void *self);

/* How many bytes the guest has written. */
uint64_t stream_bytes(const struct vm *vm, enum vm_stream which);
/* As sink_flush() and sink_end(): 0, or the negative errno of the first write that ever failed. */
int stream_flush(struct vm *vm, enum vm_stream which);
int stream_end(struct vm *vm, enum vm_stream which);

#endif
