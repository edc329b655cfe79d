/* SPDX-License-Identifier: MIT */
/*
 * core/vm/gdb_server.h: waits for a debugger on a socket and serves it during a run. One at a time:
 * others are turned away.
 */
#ifndef CORE_VM_GDB_SERVER_H
#define CORE_VM_GDB_SERVER_H

#include <poll.h>
#include <stdbool.h>

#include "core/vm/outcome.h"

struct error;      /* core/base/error.h */
struct gdb_server; /* core/vm/gdb_server.c */
struct vm;         /* core/vm/vm_priv.h */

#define GDB_DEFAULT_PORT "1234"

/* Whether it is a port (0: any that is free) or unix:PATH. 0, or ERROR_USAGE in *err. */
int gdb_server_check(const char *where, struct error *err);
/*
 * Listens at a port of 127.0.0.1, or at a UNIX socket that only this user can connect to. NULL with
 * *err filled on failure.
 */
struct gdb_server *gdb_server_new(const char *where, struct error *err);
/* Removes the UNIX socket. NULL is fine. */
void gdb_server_free(struct gdb_server *s);
/* Where it listens, as GDB's `target remote` takes it. */
const char *gdb_server_address(const struct gdb_server *s);

/*
 * For core/vm/run.c: from now on the guest is held until a debugger resumes it. wake(self) is
 * called in other threads when gdb_server_serve() is due.
 */
int gdb_server_begin(struct gdb_server *s, struct vm *vm, void (*wake)(void *self), void *self,
                     struct error *err);
/*
 * Tells a debugger that waits for the guest that it has ended, and closes the connection. A limit
 * that was reached while the guest was held gets that into its sentence.
 */
void gdb_server_end(struct gdb_server *s, struct outcome *o);

enum { GDB_SERVER_FDS = 2 };
/* What to poll before gdb_server_serve(). */
void gdb_server_poll(const struct gdb_server *s, struct pollfd fds[static GDB_SERVER_FDS]);
/* Never blocks. True: the debugger has killed the guest. */
bool gdb_server_serve(struct gdb_server *s);
/* Whether the guest is held: its time limits don't count then. */
bool gdb_server_holds(const struct gdb_server *s);
/* Whether a debugger is connected. */
bool gdb_server_connected(const struct gdb_server *s);

#endif
