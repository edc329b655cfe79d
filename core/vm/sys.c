/* SPDX-License-Identifier: MIT */
/* core/vm/sys.c: the real host's system calls. */
#include "core/vm/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/plan/region.h"

#define HUGE_PAGE ((size_t)2 << 20)

static int host_result(int r)
{
	return r < 0 ? -errno : r;
}

static int host_open(void *self, const char *path, int flags)
{
	(void)self;
	return host_result(open(path, flags | O_CLOEXEC));
}

static int host_ioctl(void *self, int fd, unsigned long request, void *arg)
{
	(void)self;
	return host_result(ioctl(fd, request, arg));
}

/* Since 6.7, Linux does this by itself if the size is a multiple of a huge page. */
static void *map_aligned(size_t size, int prot, int flags)
{
	uint8_t *from = size > SIZE_MAX - HUGE_PAGE
	                        ? MAP_FAILED
	                        : mmap(NULL, size + HUGE_PAGE, prot, flags, -1, 0);
	size_t before = -(uintptr_t)from % HUGE_PAGE;

	if (from == MAP_FAILED)
		return from;
	if (before > 0)
		munmap(from, before);
	munmap(from + before + size, HUGE_PAGE - before);
	return from + before;
}

static void *host_map(void *self, size_t size, int prot, int flags, int fd, int *error)
{
	bool aligned = fd < 0 && size >= HUGE_PAGE && size % PAGE_SIZE == 0;
	void *at = aligned ? map_aligned(size, prot, flags) : mmap(NULL, size, prot, flags, fd, 0);

	(void)self;
	*error = at == MAP_FAILED ? -errno : 0;
	return at == MAP_FAILED ? NULL : at;
}

static int host_unmap(void *self, void *at, size_t size)
{
	(void)self;
	return host_result(munmap(at, size));
}

static int host_huge(void *self, void *at, size_t size)
{
	(void)self;
	return host_result(madvise(at, size, MADV_HUGEPAGE));
}

static int host_cloexec(void *self, int fd)
{
	(void)self;
	return host_result(fcntl(fd, F_SETFD, FD_CLOEXEC));
}

static int host_discard(void *self, int fd, void *at, uint64_t offset, uint64_t size)
{
	(void)self;
	if (fd >= 0)
		return host_result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		                             (off_t)offset, (off_t)size));
	return host_result(madvise(at, size, MADV_DONTNEED));
}

static int host_close(void *self, int fd)
{
	(void)self;
	return host_result(close(fd));
}

const struct kvm_sys kvm_sys_host = {
	.open = host_open,
	.ioctl = host_ioctl,
	.map = host_map,
	.unmap = host_unmap,
	.huge = host_huge,
	.cloexec = host_cloexec,
	.discard = host_discard,
	.close = host_close,
};
