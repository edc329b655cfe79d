/* SPDX-License-Identifier: MIT */
/*
 * core/dev/sink.c: gathers bytes into lines and writes them without ever hanging on a stuck reader.
 */
#include "core/dev/sink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/clock.h"
#include "core/dev/log_file.h"

#define SLICE_MS 100 /* how long give_up may go unseen */
#define NAP_MS   10  /* poll(2) calls a terminal writable that has no room for a newline expanded */

/*
 * A pipe that poll(2) calls writable takes PIPE_BUF bytes whole (pipe(7)), and no write is longer.
 */
static_assert(SINK_CAP <= PIPE_BUF, "a write that a writable pipe may block on");

/*
 * A terminal counts as writable with one byte of room, and a pipe's room may go to another writer
 * between poll(2) and write(2): a blocking write then hangs all the same. O_NONBLOCK on the
 * descriptor we were given would reach every process that shares it, the user's shell among them;
 * opened anew through proc(5), it is ours alone. The master of a pseudo-terminal is left as it is,
 * for opening that one makes another terminal (pts(4)).
 */
static int sink_open_again(int fd)
{
	int flags = fcntl(fd, F_GETFL), mine = -1;
	char path[32];
	struct stat st;
	unsigned pty;

	if (flags < 0 || flags & O_NONBLOCK || (flags & O_ACCMODE) == O_RDONLY)
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)) ||
	    (isatty(fd) && ioctl(fd, TIOCGPTN, &pty) < 0))
		mine = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return mine >= 0 ? mine : fd;
}

void sink_init(struct sink *s, int fd)
{
	memset(s, 0, sizeof(*s));
	s->fd = fd;
	s->to = sink_open_again(fd);
	pthread_mutex_init(&s->lock, NULL);
}

/* Whether a write that would block is to be abandoned. */
static bool sink_hurries(const struct sink *s, bool wait)
{
	return !wait || (s->give_up && atomic_load(s->give_up));
}

/* True also for what only write(2) can name: a closed reader, a bad descriptor. */
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

static ssize_t sink_write_some(struct sink *s, const uint8_t *bytes, size_t size)
{
	return s->file ? log_file_write(s->file, bytes, size) : write(s->to, bytes, size);
}

/* Writes up to `size` of the bytes that are held; how many went. */
static size_t sink_write(struct sink *s, size_t size, bool wait)
{
	size_t done = 0;

	while (done < size && !s->failed && sink_writable(s, wait)) {
		ssize_t n = sink_write_some(s, s->bytes + done, size - done);

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
	return done;
}

static void sink_drain(struct sink *s, size_t size, bool wait)
{
	size_t done = sink_write(s, size, wait);

	/*
	 * Given up. It counts as a failure: what came after the gap would read as if nothing were
	 * missing.
	 */
	if (wait && done < size && !s->failed)
		s->failed = EAGAIN;
	s->held = s->failed ? 0 : s->held - done;
	memmove(s->bytes, s->bytes + done, s->held);
}

/*
 * How many of the bytes that are held are due: whole lines, or all when there is no room for more.
 * `fresh` is where to look.
 */
static size_t sink_due(const struct sink *s, size_t fresh)
{
	const uint8_t *newline = memrchr(s->bytes + s->held - fresh, '\n', fresh);

	if (newline)
		return (size_t)(newline + 1 - s->bytes);
	return s->held == SINK_CAP ? s->held : 0;
}

/*
 * Whether there is something to wake the owner for: bytes that began to wait, or a first failure.
 */
static bool sink_take(struct sink *s, const uint8_t *data, size_t size)
{
	bool begins = s->held == 0, sound = !s->failed;

	while (size > 0 && !s->failed) {
		size_t n = MIN_OF(size, SINK_CAP - s->held), due;

		memcpy(s->bytes + s->held, data, n);
		s->held += n;
		data += n;
		size -= n;
		due = sink_due(s, n);
		if (due > 0)
			sink_drain(s, due, true);
		begins |= due > 0;
	}
	return (begins && s->held > 0) || (sound && s->failed);
}

/*
 * The same, with the prefix before each line, and before what is written over one behind a carriage
 * return: a CI system takes that for a line. What it would take for a command within a line is
 * broken by a space.
 */
static bool sink_take_lines(struct sink *s, const uint8_t *data, size_t size)
{
	size_t done = 0; /* handed on */
	bool begins = false;

	for (size_t i = 0; i < size; i++) {
		bool broken = text_commands(&s->command, data[i]);
		bool first = !s->midline || (s->returned && data[i] != '\r' && data[i] != '\n');

		if (broken || first) {
			begins |= sink_take(s, data + done, i - done);
			done = i;
		}
		if (first)
			begins |= sink_take(s, (const uint8_t *)s->prefix, strlen(s->prefix));
		if (broken)
			begins |= sink_take(s, (const uint8_t *)" ", 1);
		s->midline = data[i] != '\n';
		s->returned = data[i] == '\r';
	}
	return sink_take(s, data + done, size - done) || begins;
}

/*
 * The same, with a space within what begins as a message of ours; a carriage return begins a line
 * anew.
 */
static bool sink_take_beside_ours(struct sink *s, const uint8_t *data, size_t size)
{
	static const char message[] = "snpvmm:";
	const size_t whole = strlen(message);
	size_t done = 0; /* handed on */
	bool begins = false;

	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n' || data[i] == '\r') {
			s->ours = 0;
		} else if (s->ours == whole || data[i] != message[s->ours]) {
			s->ours = whole;
		} else if (++s->ours == whole) {
			begins |= sink_take(s, data + done, i - done);
			begins |= sink_take(s, (const uint8_t *)" ", 1);
			done = i;
		}
	}
	return sink_take(s, data + done, size - done) || begins;
}

static bool sink_take_any(struct sink *s, const uint8_t *data, size_t size)
{
	if (s->prefix)
		return sink_take_lines(s, data, size);
	return s->beside_ours ? sink_take_beside_ours(s, data, size) : sink_take(s, data, size);
}

bool sink_shares(const struct sink *s, int fd)
{
	struct stat one, other;

	return fstat(s->fd, &one) == 0 && fstat(fd, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

/* A carriage return neither begins a line nor ends it. */
static bool line_open(const uint8_t *data, size_t size, bool before)
{
	while (size > 0 && data[size - 1] == '\r')
		size--;
	return size == 0 ? before : data[size - 1] != '\n';
}

void sink_put(struct sink *s, const uint8_t *data, size_t size)
{
	bool begins = false;

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
	if (!s->prefix)
		s->midline = line_open(data, size, s->midline);
	if (s->fd >= 0)
		begins = sink_take_any(s, data, size);
	pthread_mutex_unlock(&s->lock);
	if (begins && s->wake)
		s->wake(s->wake_self);
}

/* What may be written without waiting for more: with a prefix whole lines, until all is over. */
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
		return true; /* somebody is putting bytes in, or is stuck writing them */
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
