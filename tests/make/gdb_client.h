/* SPDX-License-Identifier: MIT */
/* tests/make/gdb_client.h: a debugger's side of GDB's remote protocol. */
#ifndef TESTS_MAKE_GDB_CLIENT_H
#define TESTS_MAKE_GDB_CLIENT_H

#include <stddef.h>

struct gdb_client {
	int fd;
	char reply[0x8000];
};

/* Connects to a UNIX socket. False: nobody listens there. */
int gdb_client_open(struct gdb_client *c, const char *path);
void gdb_client_close(struct gdb_client *c);

/* Sends bytes as they are. */
void gdb_client_send(struct gdb_client *c, const char *bytes, size_t size);
/* Sends a packet. */
void gdb_client_tell(struct gdb_client *c, const char *packet);
/*
 * Waits for a packet: its data; "(gone)" once the connection is closed, "(nothing)" if none came
 * for half a minute.
 */
const char *gdb_client_hear(struct gdb_client *c);
/* Both. */
const char *gdb_client_ask(struct gdb_client *c, const char *packet);

#endif
