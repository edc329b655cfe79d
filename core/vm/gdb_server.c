/* SPDX-License-Identifier: MIT */
/* core/vm/gdb_server.c: sockets, and what a debugger that connects or leaves does to the guest. */
#include "core/vm/gdb_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/interrupt.h"
#include "core/base/log.h"
#include "core/vm/debug.h"
#include "core/vm/gdb.h"
#include "core/vm/vm_priv.h"

struct gdb_server {
	int listener, client; /* -1: none */
	char *path;           /* of a UNIX socket that is to be removed; NULL: none */
	struct stat bound;    /* the socket's file: another may lie there by then */
	char address[sizeof(struct sockaddr_un)];
	bool chosen;   /* by the kernel: the port was given as 0 */
	struct vm *vm; /* NULL: no run is under way */
	struct gdb_target target;
	struct gdb gdb; /* of the client */
	size_t sent;    /* bytes of gdb.out */
	uint8_t in[4096];
	size_t n_in, taken;
	bool spoken;  /* the client has sent something */
	bool held;    /* the guest was held when it came */
	bool begun;   /* the guest has been resumed */
	bool running; /* the guest was resumed and hasn't come to be held since */
	bool leaving; /* a client has left: the guest is to go on without breakpoints */
};

/* --- listening --- */

/* A socket that nobody listens on any more was left by a run that was killed. */
static bool socket_stale(const struct sockaddr_un *at)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;

	return fd >= 0 && lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	       connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 && errno == ECONNREFUSED;
}

static int listen_failed(const char *where, int errnum, struct error *err)
{
	bool denied = errnum == EACCES || errnum == EPERM || errnum == EROFS;

	if (errnum != EADDRINUSE)
		return error_sys(err, denied ? ERROR_HOST_PERMISSION : ERROR_USAGE, errnum,
		                 "--gdb cannot listen on %s", where);
	error_sys(err, ERROR_HOST_BUSY, errnum, "--gdb cannot listen on %s", where);
	return error_fix(err, "end the program that uses it, or name another: --gdb=PORT or "
	                      "--gdb=unix:PATH");
}

static int listen_unix(struct gdb_server *s, const char *path, struct error *err)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	const struct sockaddr *any = (const struct sockaddr *)&at;
	struct stat st;

	strcpy(at.sun_path, path);
	strcpy(s->address, path);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		error_set(err, ERROR_USAGE, "--gdb cannot listen on %s: it is not a socket", path);
		return error_fix(err, "name a file that does not exist: it is made for the run");
	}
	/* the socket's own mode becomes the file's: nobody else can connect, not even at first */
	if (s->listener < 0 || fchmod(s->listener, 0600) < 0)
		return error_sys(err, ERROR_HOST_MEMORY, errno, "a socket for --gdb");
	if (bind(s->listener, any, sizeof(at)) < 0 &&
	    (errno != EADDRINUSE || !socket_stale(&at) || unlink(path) < 0 ||
	     bind(s->listener, any, sizeof(at)) < 0))
		return listen_failed(path, errno, err);
	s->path = lstat(path, &s->bound) == 0 ? strdup(path) : NULL;
	if (!s->path) {
		unlink(path);
		return error_nomem(err, "the path of a socket");
	}
	return 0;
}

static int listen_tcp(struct gdb_server *s, const char *port, struct error *err)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	const int on = 1;
	unsigned long n = strtoul(port, NULL, 10);
	unsigned waited_ms = 0;
	int r;

	at.sin_port = htons((uint16_t)n);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->listener < 0)
		return error_sys(err, ERROR_HOST_MEMORY, errno, "a socket for --gdb");
	/* else the connection of a run that has just ended would keep the port for a minute */
	setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	snprintf(s->address, sizeof(s->address), "127.0.0.1:%lu", n);
	do
		r = bind(s->listener, (const struct sockaddr *)&at, sizeof(at));
	while (r < 0 && errno == EADDRINUSE && lock_wait(&waited_ms));
	if (r < 0)
		return listen_failed(s->address, errno, err);
	s->chosen = n == 0;
	if (getsockname(s->listener, (struct sockaddr *)&at, &size) == 0)
		snprintf(s->address, sizeof(s->address), "127.0.0.1:%u", ntohs(at.sin_port));
	return 0;
}

int gdb_server_check(const char *where, struct error *err)
{
	size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	char *end;

	if (!strncmp(where, "unix:", 5)) {
		if (where[5] && strlen(where + 5) <= max)
			return 0;
		return error_set(err, ERROR_USAGE, "--gdb=unix:PATH takes a path of 1 to %zu bytes",
		                 max);
	}
	if (*where >= '0' && *where <= '9' && strtoul(where, &end, 10) <= UINT16_MAX && !*end)
		return 0;
	error_set(err, ERROR_USAGE, "--gdb takes a port from 0 to 65535, or unix:PATH, not '%s'",
	          where);
	return error_fix(err, "write '--gdb=%s' or '--gdb=unix:gdb.sock'", GDB_DEFAULT_PORT);
}

struct gdb_server *gdb_server_new(const char *where, struct error *err)
{
	struct gdb_server *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		error_nomem(err, "the debugger's socket");
		return NULL;
	}
	s->listener = s->client = -1;
	r = gdb_server_check(where, err);
	if (r == 0)
		r = strncmp(where, "unix:", 5) ? listen_tcp(s, where, err)
		                               : listen_unix(s, where + 5, err);
	if (r == 0 && listen(s->listener, 4) < 0)
		r = listen_failed(s->address, errno, err);
	if (r == 0)
		return s;
	gdb_server_free(s);
	return NULL;
}

/* A file of the run's results, or the socket of a later run, may have taken the socket's place. */
void gdb_server_free(struct gdb_server *s)
{
	struct stat st;

	if (!s)
		return;
	if (s->path && lstat(s->path, &st) == 0 && st.st_dev == s->bound.st_dev &&
	    st.st_ino == s->bound.st_ino && S_ISSOCK(st.st_mode))
		unlink(s->path);
	fd_cleanup(&s->client);
	fd_cleanup(&s->listener);
	gdb_fini(&s->gdb);
	free(s->path);
	free(s);
}

const char *gdb_server_address(const struct gdb_server *s)
{
	return s->address;
}

/* --- the client --- */

static void client_close(struct gdb_server *s)
{
	fd_cleanup(&s->client);
	s->client = -1;
	gdb_fini(&s->gdb);
}

/* As far as the socket takes it. False: the client is gone. */
static bool client_send(struct gdb_server *s)
{
	struct buffer *out = &s->gdb.out;
	ssize_t n;

	while (s->sent < out->size) {
		n = send(s->client, out->data + s->sent, out->size - s->sent, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN;
		s->sent += (size_t)n;
	}
	out->size = s->sent = 0;
	return !out->failed;
}

/*
 * False: the client is gone, or it begins as no debugger does. A web page can make a browser send
 * packets to this port, but only behind an HTTP header.
 */
static bool client_receive(struct gdb_server *s)
{
	ssize_t n;

	n = recv(s->client, s->in, sizeof(s->in), 0);
	s->taken = 0;
	s->n_in = n > 0 ? (size_t)n : 0;
	if (n > 0 && !s->spoken && !memchr("+-$\x03", s->in[0], 4))
		return false;
	s->spoken |= n > 0;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/*
 * The guest goes on, without breakpoints; its limits end it if nothing else does. A client that
 * only tested whether the port is open changes nothing.
 */
static void client_left(struct gdb_server *s, const char *how)
{
	bool stays = !s->gdb.greeted && s->held;

	log_notice("the debugger has %s; the guest %s", how, stays ? "still waits" : "goes on");
	client_close(s);
	s->leaving = !stays;
	if (s->leaving && s->running)
		debug_interrupt(s->vm->debug);
}

/*
 * Serves the client until it waits for the guest. Receives only once, so that a client that never
 * stops sending can't keep the caller from watching limits and signals.
 */
static void client_serve(struct gdb_server *s)
{
	bool received = false;

	while (s->client >= 0 && s->gdb.end != GDB_KILLED) {
		if (!client_send(s)) {
			client_left(s, "disconnected");
		} else if (s->gdb.out.size > 0 || (s->running && !s->gdb.running)) {
			return; /* it doesn't read, or the guest has yet to stop for it */
		} else if (s->gdb.end == GDB_DETACHED) {
			client_left(s, "detached");
		} else if (s->taken < s->n_in) {
			s->taken += gdb_take(&s->gdb, s->in + s->taken, s->n_in - s->taken);
			s->running |= s->gdb.running;
			s->begun |= s->gdb.running;
		} else if (received) {
			return;
		} else {
			received = true;
			if (!client_receive(s))
				client_left(s, "disconnected");
		}
	}
}

/* The client may have left before the next one came; what it sent last still counts. */
static bool client_stays(struct gdb_server *s)
{
	struct pollfd next = { .fd = s->listener, .events = POLLIN };
	struct pollfd gone = { .fd = s->client, .events = POLLRDHUP };

	if (poll(&next, 1, 0) <= 0)
		return true;
	client_serve(s);
	return s->client >= 0 && poll(&gone, 1, 0) > 0;
}

/* A guest that runs stops when a debugger comes, as under QEMU. */
static void client_accept(struct gdb_server *s)
{
	const int on = 1;
	int fd;

	if (s->leaving || (s->client >= 0 && client_stays(s)) || s->leaving)
		return;
	fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (s->client >= 0) {
		log_notice("a second debugger was turned away");
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* fails for a UNIX socket */
	log_notice("a debugger has connected");
	s->client = fd;
	s->n_in = s->taken = s->sent = 0;
	s->spoken = false;
	s->held = !s->running || !s->begun;
	gdb_init(&s->gdb, &s->target);
	if (s->running)
		debug_interrupt(s->vm->debug);
}

/* --- the run --- */

int gdb_server_begin(struct gdb_server *s, struct vm *vm, void (*wake)(void *self), void *self,
                     struct error *err)
{
	int r = debug_new(vm, wake, self, err);

	if (r < 0)
		return r;
	s->vm = vm;
	s->target = debug_target(vm);
	s->running = true; /* until the vCPUs' threads have begun, and hold them */
	/* with -q, too, where nobody else could know the port */
	log_at(s->chosen ? LOG_QUIET : LOG_NOTICE, "waiting for a debugger: target remote %s",
	       s->address);
	return 0;
}

void gdb_server_end(struct gdb_server *s, struct outcome *o)
{
	static const enum reason normal[] = { GUEST_EXITED, GUEST_RESET, GUEST_POWERED_OFF,
		                              CONSOLE_COMPLETE };
	bool well = false;

	for (size_t i = 0; i < ARRAY_SIZE(normal); i++)
		well |= o->kind == normal[i];
	if (o->kind == RUN_TIMED_OUT && gdb_server_holds(s)) {
		outcome_add(o, s->client < 0
		                       ? "; no debugger was connected, for which the guest waited"
		                       : "; the debugger held the guest");
		o->fix = s->client < 0 ? "connect a debugger in time, or leave out --gdb"
		                       : "let the debugger continue the guest";
	}
	if (s->client >= 0) {
		gdb_exited(&s->gdb, well, o->kind == GUEST_EXITED ? (uint8_t)o->code : 0);
		client_send(s);
		client_close(s);
	}
	fd_cleanup(&s->listener); /* later connections are refused */
	s->listener = -1;
	s->vm = NULL;
}

void gdb_server_poll(const struct gdb_server *s, struct pollfd fds[static GDB_SERVER_FDS])
{
	bool out = s->client >= 0 && s->gdb.out.size > 0;
	bool stopping = s->client >= 0 && s->running && !s->gdb.running;

	/* wake() comes when the guest has stopped for a client, or for one that has left */
	fds[0] = (struct pollfd){ .fd = s->leaving || stopping ? -1 : s->listener,
		                  .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = out || !stopping ? s->client : -1,
		                  .events = out ? POLLOUT : POLLIN };
}

bool gdb_server_serve(struct gdb_server *s)
{
	struct gdb_stop stop;

	if (s->running && debug_held(s->vm->debug) && debug_settle(s->vm->debug, &stop)) {
		s->running = false;
		if (!s->gdb.running) /* it stopped for a debugger that has come */
			stop.kind = GDB_STOP_ATTACHED;
		if (s->client >= 0)
			gdb_stopped(&s->gdb, &stop);
	}
	client_serve(s);
	client_accept(s);
	if (s->leaving && !s->running) {
		s->leaving = false;
		s->running = s->begun = true;
		debug_detach(s->vm->debug);
	}
	return s->client >= 0 && s->gdb.end == GDB_KILLED;
}

bool gdb_server_holds(const struct gdb_server *s)
{
	return !s->running;
}

bool gdb_server_connected(const struct gdb_server *s)
{
	return s->client >= 0;
}
