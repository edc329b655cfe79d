/* SPDX-License-Identifier: MIT */
/*
 * core/sandbox/landlock.h: confines the calling thread, and threads that it creates, to some
 * folders (Documentation/userspace-api/landlock.rst).
 */
#ifndef CORE_SANDBOX_LANDLOCK_H
#define CORE_SANDBOX_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct landlock_folder {
	int fd;     /* borrowed; O_PATH is enough. -1: none */
	bool write; /* files may be made, written and removed; else they may be read */
};

/*
 * As far as the kernel can: files other than those, making connections, and signals to processes
 * outside are forbidden for good. What is open stays usable. Returns the version of the ABI, or 0:
 * the kernel has no Landlock, or it is off. A negative errno if this process lacks what it takes,
 * such as a descriptor; nothing is forbidden then.
 */
int landlock_confine(const struct landlock_folder *list, size_t n);

#endif
