/* SPDX-License-Identifier: MIT */
/*
 * core/base/cleanup.h: descriptors and memory that are released when their variable goes out of
 * scope.
 */
#ifndef CORE_BASE_CLEANUP_H
#define CORE_BASE_CLEANUP_H

void fd_cleanup(const int *fd); /* closes it unless it is negative */
#define auto_fd __attribute__((cleanup(fd_cleanup)))

static inline int fd_steal(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

void free_cleanup(void *pointer_to_pointer);
#define auto_free __attribute__((cleanup(free_cleanup)))

#endif
