/* SPDX-License-Identifier: MIT */
/* tests/make/gdb_client.c: one byte at a time; acknowledges every packet. */
#include "tests/make/gdb_client.h"

#include <assert.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int gdb_client_open(struct gdb_client *c, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	assert(strlen(path) < sizeof(at.sun_path));
	strcpy(at.sun_path, path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(c->fd >= 0);
	if (connect(c->fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		return 1;
	gdb_client_close(c);
	return 0;
}

void gdb_client_close(struct gdb_client *c)
{
	close(c->fd);
	c->fd = -1;
}

/* The other side may be gone: that is for the next gdb_client_hear() to find out. */
void gdb_client_send(struct gdb_client *c, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = send(c->fd, bytes, size, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		bytes += n;
		size -= (size_t)n;
	}
}

void gdb_client_tell(struct gdb_client *c, const char *packet)
{
	uint8_t sum = 0;
	char end[4];

	for (const char *p = packet; *p; p++)
		sum = (uint8_t)(sum + (uint8_t)*p);
	snprintf(end, sizeof(end), "#%02x", sum);
	gdb_client_send(c, "$", 1);
	gdb_client_send(c, packet, strlen(packet));
	gdb_client_send(c, end, 3);
}

const char *gdb_client_hear(struct gdb_client *c)
{
	struct pollfd in = { .fd = c->fd, .events = POLLIN };
	size_t n = 0, end = 0;
	char byte;

	for (;;) {
		if (poll(&in, 1, 30000) <= 0)
			return "(nothing)";
		if (recv(c->fd, &byte, 1, 0) <= 0)
			return "(gone)";
		if (byte == '$')
			n = end = 0;
		else if (byte == '#' || end)
			end++;
		if (!end && (byte != '+' || n > 0) && n < sizeof(c->reply) - 1)
			c->reply[n++] = byte;
		if (end == 3) {
			c->reply[n] = '\0';
			gdb_client_send(c, "+", 1);
			return c->reply + (c->reply[0] == '$');
		}
	}
}

const char *gdb_client_ask(struct gdb_client *c, const char *packet)
{
	gdb_client_tell(c, packet);
	return gdb_client_hear(c);
}
