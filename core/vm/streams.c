/* SPDX-License-Identifier: MIT */
/* core/vm/streams.c: a sink for each stream; those of the logs get copies from the others. */
#include "core/vm/streams.h"

#include <unistd.h>

#include "core/vm/vm_priv.h"
#include "core/vm/watch.h"

void streams_init(struct vm *vm, const struct vm_devices *d)
{
	const struct {
		int fd;
		struct log_file *file;
		const char *prefix;
	} rows[VM_STREAMS] = {
		[STREAM_SERIAL] = { d->serial_fd, d->serial_file, d->serial_prefix },
		[STREAM_DEBUG] = { d->debug_fd, d->debug_file, d->debug_prefix },
		[STREAM_SERIAL_LOG] = { d->serial_log_fd > 0 ? d->serial_log_fd : -1, d->serial_log,
		                        NULL },
		[STREAM_DEBUG_LOG] = { d->debug_log_fd > 0 ? d->debug_log_fd : -1, d->debug_log,
		                       NULL },
	};
	struct sink *serial = &vm->streams[STREAM_SERIAL], *debug = &vm->streams[STREAM_DEBUG];

	for (int i = 0; i < VM_STREAMS; i++) {
		sink_init(&vm->streams[i], rows[i].fd);
		vm->streams[i].file = rows[i].file;
		vm->streams[i].prefix = rows[i].prefix;
		vm->streams[i].beside_ours = sink_shares(&vm->streams[i], STDERR_FILENO);
	}
	serial->also = &vm->streams[STREAM_SERIAL_LOG];
	debug->also = &vm->streams[STREAM_DEBUG_LOG];
	serial->give_up = debug->give_up = &vm->stopping;
	vm->watch = d->watch;
	if (d->watch) {
		serial->tap = watch_put;
		serial->tap_self = d->watch;
	}
}

void streams_fini(struct vm *vm)
{
	for (int i = 0; i < VM_STREAMS; i++)
		sink_fini(&vm->streams[i]);
}

void streams_on_wake(struct vm *vm, void (*wake)(void *self), void *self)
{
	for (int i = 0; i < VM_STREAMS; i++) {
		vm->streams[i].wake = wake;
		vm->streams[i].wake_self = self;
	}
}

uint64_t stream_bytes(const struct vm *vm, enum vm_stream which)
{
	return vm->streams[which].total;
}

int stream_flush(struct vm *vm, enum vm_stream which)
{
	return sink_flush(&vm->streams[which]);
}

int stream_end(struct vm *vm, enum vm_stream which)
{
	return sink_end(&vm->streams[which]);
}
