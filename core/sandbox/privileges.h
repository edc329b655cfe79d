/* SPDX-License-Identifier: MIT */
/* core/sandbox/privileges.h: gives up what the process has by its user and who started it. */
#ifndef CORE_SANDBOX_PRIVILEGES_H
#define CORE_SANDBOX_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

/* No program that is started can have more rights than this process (PR_SET_NO_NEW_PRIVS). */
void privileges_none_new(void);

/*
 * Gives up all capabilities of the calling thread, and of those that it creates later, for good. If
 * files in one of the folders can only be renamed by way of a capability, as where root writes into
 * a user's folder, that one is kept (CAP_DAC_OVERRIDE): false.
 */
bool privileges_drop(const int *folders, size_t n);

/* No core dumps, and no other process of this user can read our memory (PR_SET_DUMPABLE). */
void privileges_undumpable(void);

/* Closes the descriptors that whoever started us left open, except 0 to 2: ours have FD_CLOEXEC. */
void privileges_close_inherited(void);

#endif
