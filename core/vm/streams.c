/* SPDX-License-Identifier: MIT */
/* core/vm/streams.c: a sink for each stream; the logs get copies of the other two. */
#include "core/vm/streams.h"

#include <unistd.h>

#include "core/snp/report_lines.h"
#include "core/vm/vm_priv.h"
#include "core/vm/watch.h"

/* What the consoles write, also where it goes nowhere. */
static void console_tap(void *self, const uint8_t *data, size_t size)
{
	struct vm *vm = self;

	if (vm->watch)
		watch_put(vm->watch, data, size);
	if (vm->report)
		report_lines_put(vm->report, data, size);
}

void streams_init(struct vm *vm, const struct vm_devices *d)
{
	struct sink *serial = &vm->streams[STREAM_SERIAL], *debug = &vm->streams[STREAM_DEBUG];

	for (int i = 0; i < VM_STREAMS; i++) {
		const struct stream_target *to = &d->streams[i];
		struct sink *sink = &vm->streams[i];

		sink_init(sink, to->fd > 0 ? to->fd : -1);
		sink->file = to->file;
		sink->prefix = to->prefix;
		sink->beside_ours = sink_shares(sink, STDERR_FILENO);
	}
	serial->also = &vm->streams[STREAM_SERIAL_LOG];
	debug->also = &vm->streams[STREAM_DEBUG_LOG];
	serial->give_up = debug->give_up = &vm->stopping;
	vm->watch = d->watch;
	vm->report = d->report;
	serial->tap = console_tap;
	serial->tap_self = vm;
	merge_init(&vm->merge, serial);
}

void streams_fini(struct vm *vm)
{
	merge_fini(&vm->merge);
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
