/* SPDX-License-Identifier: MIT */
/* core/base/cleanup.c: closes and frees. */
#include "core/base/cleanup.h"

#include <stdlib.h>
#include <unistd.h>

void fd_cleanup(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

void free_cleanup(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}
