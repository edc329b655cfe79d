/* SPDX-License-Identifier: MIT */
/*
 * core/dev/sink.c: collects bytes into lines and writes them; a stalled reader never hangs the VMM.
 */
#include "core/dev/sink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/base/file.h"
#include "core/dev/log_file.h"

#define SLICE_MS 100 /* how often a blocked write checks give_up */
#define NAP_MS   10  /* poll(2) calls a terminal writable even if "\r\n" doesn't fit */

/* poll(2) calls a pipe writable if PIPE_BUF bytes fit (pipe(7)), so no write may be longer. */
static_assert(SINK_CAP <= PIPE_BUF, "a write to a writable pipe could block");

void sink_init(struct sink *s, int fd)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	/*
	 * A blocking write could hang even after poll(2): a terminal counts as writable with one
	 * byte of room, and another writer may fill a pipe first.
	 */
	s->to = fd_nonblocking(fd, O_WRONLY);
	pthread_mutex_init(&s->lock, NULL);
}

/* Whether to give up a write instead of blocking. */
static bool sink_hurries(const struct sink *s, bool wait)
{
	return !wait || (s->give_up && atomic_load(s->give_up));
}

/* Also true for errors that write(2) will report: a closed reader, a bad descriptor. */
static bool sink_writable(const struct sink *s, bool wait)
{
	struct pollfd p = { .fd = s->to, .events = POLLOUT };
	bool hurries;
	int n;

	do {
		hurries = sink_hurries(s, wait);
		n = poll(&p, 1, hurries ? 0 : SLICE_MS);
	} while ((n < 0 && errno == EINTR) || (n == 0 && !hurries));
	return n != 0;
}

/* Writes the first `size` of the held bytes; without `wait`, only what doesn't block. */
static void sink_drain(struct sink *s, size_t size, bool wait)
{
	size_t done = 0;

	while (done < size && !s->failed && sink_writable(s, wait)) {
		ssize_t n = s->file ? log_file_write(s->file, s->bytes + done, size - done)
		                    : write(s->to, s->bytes + done, size - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0)
			s->failed = EIO;
		else if (errno == EAGAIN && sink_hurries(s, wait))
			break;
		else if (errno == EAGAIN)
			poll(NULL, 0, NAP_MS);
		else if (errno != EINTR)
			s->failed = errno;
	}
	/* A write given up is a failure: later bytes would follow without a sign of the gap. */
	if (wait && done < size && !s->failed)
		s->failed = EAGAIN;
	s->held = s->failed ? 0 : s->held - done;
	memmove(s->bytes, s->bytes + done, s->held);
}

/*
 * How many of the held bytes to write: whole lines, or all if the buffer is full. Searches only the
 * last `fresh` bytes for a newline.
 */
static size_t sink_due(const struct sink *s, size_t fresh)
{
	const uint8_t *newline = memrchr(s->bytes + s->held - fresh, '\n', fresh);

	if (newline)
		return (size_t)(newline + 1 - s->bytes);
	return s->held == SINK_CAP ? s->held : 0;
}

/* Adds bytes. True if the owner must be woken: bytes begin to wait, or a write failed first now. */
static bool sink_take(struct sink *s, const uint8_t *data, size_t size)
{
	bool begins = s->held == 0, worked = !s->failed;

	while (size > 0 && !s->failed) {
		size_t n = MIN(size, SINK_CAP - s->held), due;

		memcpy(s->bytes + s->held, data, n);
		s->held += n;
		data += n;
		size -= n;
		due = sink_due(s, n);
		if (due > 0)
			sink_drain(s, due, true);
		begins |= due > 0;
	}
	return (begins && s->held > 0) || (worked && s->failed);
}

/*
 * sink_take() with the prefix before each line. Text after a carriage return counts as a line, too,
 * since CI systems treat it as one; a space breaks up what they would execute as a command.
 */
static bool sink_take_lines(struct sink *s, const uint8_t *data, size_t size)
{
	size_t done = 0;
	bool wake = false;

	for (size_t i = 0; i < size; i++) {
		bool command = text_commands(&s->command, data[i]);
		bool first = !s->midline || (s->returned && data[i] != '\r' && data[i] != '\n');

		if (command || first) {
			wake |= sink_take(s, data + done, i - done);
			done = i;
		}
		if (first)
			wake |= sink_take(s, (const uint8_t *)s->prefix, strlen(s->prefix));
		if (command)
			wake |= sink_take(s, (const uint8_t *)" ", 1);
		s->midline = data[i] != '\n';
		s->returned = data[i] == '\r';
	}
	return sink_take(s, data + done, size - done) || wake;
}

/*
 * sink_take(), but inserts a space into a "snpvmm:" that begins a line, so that the guest can't
 * forge a message of snpvmm's. A carriage return begins a line, too.
 */
static bool sink_take_beside_ours(struct sink *s, const uint8_t *data, size_t size)
{
	static const char message[] = "snpvmm:";
	const size_t whole = strlen(message);
	size_t done = 0;
	bool wake = false;

	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n' || data[i] == '\r') {
			s->ours = 0;
		} else if (s->ours == whole || data[i] != message[s->ours]) {
			s->ours = whole;
		} else if (++s->ours == whole) {
			wake |= sink_take(s, data + done, i - done);
			wake |= sink_take(s, (const uint8_t *)" ", 1);
			done = i;
		}
	}
	return sink_take(s, data + done, size - done) || wake;
}

bool sink_shares(const struct sink *s, int fd)
{
	struct stat one, other;

	return fstat(s->fd, &one) == 0 && fstat(fd, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

void sink_put(struct sink *s, const uint8_t *data, size_t size)
{
	size_t end = size;
	bool wake = false;

	pthread_mutex_lock(&s->lock);
	if (size > 0)
		atomic_store_explicit(&s->last_ns, clock_coarse_ns(), memory_order_relaxed);
	if (s->total == 0 && size > 0)
		s->first_ns = clock_ns();
	s->total += size;
	if (s->tap)
		s->tap(s->tap_self, data, size);
	if (s->also)
		sink_put(s->also, data, size);
	while (end > 0 && data[end - 1] == '\r') /* neither begins nor ends a line */
		end--;
	if (!s->prefix && end > 0)
		s->midline = data[end - 1] != '\n';
	if (s->fd >= 0 && s->prefix)
		wake = sink_take_lines(s, data, size);
	else if (s->fd >= 0)
		wake = s->beside_ours ? sink_take_beside_ours(s, data, size)
		                      : sink_take(s, data, size);
	pthread_mutex_unlock(&s->lock);
	if (wake && s->wake)
		s->wake(s->wake_self);
}

/* How many bytes can be written now: with a prefix, only whole lines until the run is over. */
static size_t sink_ready(const struct sink *s)
{
	bool over = s->give_up && atomic_load(s->give_up);

	return s->prefix && !over ? sink_due(s, s->held) : s->held;
}

void sink_end_line(struct sink *s)
{
	if (pthread_mutex_trylock(&s->lock) != 0)
		return;
	if (s->prefix && s->midline && s->fd >= 0 && !s->failed && s->held < SINK_CAP) {
		s->bytes[s->held++] = '\n';
		s->midline = false;
	}
	pthread_mutex_unlock(&s->lock);
}

bool sink_midline(struct sink *s)
{
	bool midline;

	if (pthread_mutex_trylock(&s->lock) != 0)
		return false;
	midline = s->midline;
	pthread_mutex_unlock(&s->lock);
	return midline;
}

int sink_flush(struct sink *s)
{
	int r;

	pthread_mutex_lock(&s->lock);
	sink_drain(s, s->held, true);
	r = -s->failed;
	pthread_mutex_unlock(&s->lock);
	return r;
}

int sink_end(struct sink *s)
{
	int r;

	pthread_mutex_lock(&s->lock);
	sink_drain(s, s->held, true);
	r = -s->failed;
	if (r == 0)
		s->failed = EBADF;
	pthread_mutex_unlock(&s->lock);
	return r;
}

void sink_try_flush(struct sink *s)
{
	if (pthread_mutex_trylock(&s->lock) != 0)
		return;
	sink_drain(s, sink_ready(s), false);
	pthread_mutex_unlock(&s->lock);
}

bool sink_waits(struct sink *s)
{
	bool waits;

	if (pthread_mutex_trylock(&s->lock) != 0)
		return true; /* another thread is putting bytes in, or is stuck writing them */
	waits = sink_ready(s) > 0;
	pthread_mutex_unlock(&s->lock);
	return waits;
}

void sink_fini(struct sink *s)
{
	sink_flush(s);
	if (s->to != s->fd)
		close(s->to);
	s->to = s->fd;
	pthread_mutex_destroy(&s->lock);
}
