/* SPDX-License-Identifier: MIT */
/* core/dev/sink.h: writes a device's output to a descriptor, line by line. */
#ifndef CORE_DEV_SINK_H
#define CORE_DEV_SINK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"

struct log_file; /* core/dev/log_file.h */

#define SINK_CAP 4096

/*
 * Bytes are held until a newline, until the buffer is full, or until sink_flush(), so that there is
 * one write(2) for each line. `wake` is called when bytes begin to wait, so that the owner flushes
 * an unfinished line (a prompt) soon, and when a write fails. The process must ignore SIGPIPE.
 */
struct sink {
	int fd; /* borrowed; -1 discards */
	int to; /* where writes go: fd, or the same file opened again so that no write blocks */
	pthread_mutex_t lock;
	uint8_t bytes[SINK_CAP];
	size_t held;
	uint64_t total;        /* bytes ever put in */
	uint64_t first_ns;     /* CLOCK_MONOTONIC at the first byte; 0: none came */
	atomic_ullong last_ns; /* ... at the last byte, accurate to some milliseconds */
	struct log_file *file; /* limits the size of the file behind fd; NULL: no limit. Borrowed */
	/* Both get every byte at once, even if fd is -1; may be NULL. */
	struct sink *also;
	void (*tap)(void *self, const uint8_t *data, size_t size);
	void *tap_self;
	/*
	 * Put before each line; lines are written whole, so that sinks can share a terminal; or
	 * NULL
	 */
	const char *prefix;
	bool midline; /* a line has begun and not ended */
	/* With a prefix: the last byte was a carriage return; looks for commands of CI systems. */
	bool returned;
	struct text_command command;
	/*
	 * Without a prefix, and snpvmm's own messages go to the same place: a line that begins like
	 * one of them ("snpvmm:") gets a space, so that the guest can't forge a message. `ours` is
	 * how many of these characters the line has begun with.
	 */
	bool beside_ours;
	size_t ours;
	/* errno of the first failed write, EAGAIN if it was given up; later bytes are discarded. */
	atomic_int failed;
	const atomic_bool *give_up; /* once set, no write blocks; may be NULL */
	void (*wake)(void *self);   /* may be NULL */
	void *wake_self;
};

void sink_init(struct sink *s, int fd);
/* Whether fd leads to the same file, terminal or pipe as this one. */
bool sink_shares(const struct sink *s, int fd);
void sink_put(struct sink *s, const uint8_t *data, size_t size);
/* Writes what waits. Returns 0, or the negative errno of the first write that ever failed. */
int sink_flush(struct sink *s);
/*
 * The same, and discards all later bytes: fd may then be closed even if an abandoned thread still
 * writes.
 */
int sink_end(struct sink *s);
/*
 * Writes what doesn't block, and nothing while another thread is writing; sink_waits() says whether
 * to call it again. For the thread that sets *give_up, which must never block.
 */
void sink_try_flush(struct sink *s);
/* With a prefix: ends an unfinished line. Never blocks. */
void sink_end_line(struct sink *s);
/* Whether the last line is unfinished, carriage returns aside. Never blocks. */
bool sink_midline(struct sink *s);
bool sink_waits(struct sink *s); /* never blocks; true while another thread is writing */
void sink_fini(struct sink *s);  /* flushes */

#endif
