/* SPDX-License-Identifier: MIT */
/* tests/fake/kvm.c: descriptors, mappings, and calls that fail on demand. */
#include "tests/fake/kvm.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/array.h"
#include "tests/fake/state.h"

int fake_complain(struct fake_kvm *f, int errnum, const char *format, ...)
{
	va_list args;

	if (f->complaint[0])
		return -errnum;
	va_start(args, format);
	vsnprintf(f->complaint, sizeof(f->complaint), format, args);
	va_end(args);
	return -errnum;
}

struct fake_fd *fake_fd(struct fake_kvm *f, int fd)
{
	if (fd < FAKE_FD_FIRST || fd >= FAKE_FD_FIRST + FAKE_FDS)
		return NULL;
	return f->fds[fd - FAKE_FD_FIRST].kind == FD_FREE ? NULL : &f->fds[fd - FAKE_FD_FIRST];
}

/* The lowest free number, as in the kernel: a descriptor closed too early is reused. */
int fake_fd_new(struct fake_kvm *f, enum fake_fd_kind kind)
{
	for (int i = 0; i < FAKE_FDS; i++)
		if (f->fds[i].kind == FD_FREE) {
			f->fds[i] = (struct fake_fd){ .kind = kind, .cloexec = kind != FD_GMEM };
			return FAKE_FD_FIRST + i;
		}
	return -EMFILE;
}

void *fake_pages(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Counts the call. True: this one has to fail. */
static bool fails(struct fake_kvm *f, enum fake_call_kind kind, unsigned long request,
                  uint64_t argument)
{
	f->calls++;
	f->calls_of[kind]++;
	if (f->calls != f->fail_at)
		return false;
	f->failed = true;
	f->failed_call = (struct fake_call){ kind, request, argument };
	return true;
}

/* A launch needs no write access to /dev/sev, so requesting it is an error. */
static int access_wanted(const char *path)
{
	return strcmp(path, "/dev/sev") == 0 ? O_RDONLY : O_RDWR;
}

static int fake_open(void *self, const char *path, int flags)
{
	struct fake_kvm *f = self;
	int r;

	pthread_mutex_lock(&f->lock);
	if (fails(f, FAKE_OPEN, 0, 0))
		r = -f->fail_errnum;
	else if (f->no_path && !strcmp(path, f->no_path))
		r = -f->no_path_errnum;
	else if ((flags & O_ACCMODE) != access_wanted(path) || !(flags & O_CLOEXEC))
		r = fake_complain(f, EINVAL, "%s: opened with flags 0x%x", path, flags);
	else if (!strcmp(path, "/dev/kvm"))
		r = fake_fd_new(f, FD_KVM);
	else if (!strcmp(path, "/dev/sev") && !(f->flags & FAKE_NO_SNP))
		r = fake_fd_new(f, FD_SEV);
	else if (!strcmp(path, "/dev/vhost-vsock"))
		r = fake_fd_new(f, FD_VHOST);
	else
		r = -ENOENT;
	pthread_mutex_unlock(&f->lock);
	return r;
}

static uint64_t ioctl_argument(unsigned long request, const void *arg)
{
	if (request == KVM_CHECK_EXTENSION || request == KVM_CREATE_VM ||
	    request == KVM_CREATE_VCPU)
		return (uintptr_t)arg;
	if (request == KVM_SET_USER_MEMORY_REGION || request == KVM_SET_USER_MEMORY_REGION2)
		return ((const struct kvm_userspace_memory_region *)arg)->memory_size;
	return request == KVM_MEMORY_ENCRYPT_OP ? ((const struct kvm_sev_cmd *)arg)->id : 0;
}

static int ioctl_fails(struct fake_kvm *f, unsigned long request, void *arg)
{
	if (request == KVM_MEMORY_ENCRYPT_OP)
		((struct kvm_sev_cmd *)arg)->error = f->fail_status;
	return -f->fail_errnum;
}

static int fake_ioctl(void *self, int number, unsigned long request, void *arg)
{
	struct fake_kvm *f = self;
	const struct fake_fd *fd;
	int r;

	pthread_mutex_lock(&f->lock);
	fd = fake_fd(f, number);
	if (fails(f, FAKE_IOCTL, request, ioctl_argument(request, arg)))
		r = ioctl_fails(f, request, arg);
	else if (fd && fd->kind == FD_KVM)
		r = fake_dev_ioctl(f, request, arg);
	else if (fd && fd->kind == FD_SEV)
		r = fake_sev_issue(f, request, arg);
	else if (fd && fd->kind == FD_VM)
		r = fake_vm_ioctl(f, request, arg);
	else if (fd && fd->kind == FD_VHOST)
		r = fake_vhost_ioctl(f, request, arg);
	else if (fd && fd->kind == FD_VCPU)
		r = fake_vcpu_ioctl(f, f->vm.vcpus[fd->index], request, arg);
	else
		r = fake_complain(f, fd ? ENOTTY : EBADF, "ioctl 0x%lx on descriptor %d", request,
		                  number);
	pthread_mutex_unlock(&f->lock);
	return r;
}

/* The pages of a mapping of this descriptor; NULL with *error set if it can't be mapped so. */
static uint8_t *map_pages(struct fake_kvm *f, size_t size, int flags, int number, int *error)
{
	struct fake_fd *fd = fake_fd(f, number);
	uint8_t *at = NULL;

	*error = -ENOMEM;
	if (number < 0 && flags & MAP_ANONYMOUS)
		return fake_pages(size);
	if (!fd || !(flags & MAP_SHARED))
		*error = fake_complain(f, fd ? EINVAL : EBADF, "mapping of descriptor %d", number);
	else if (fd->kind == FD_VCPU && size == FAKE_RUN_SIZE && !f->vm.vcpus[fd->index]->run)
		at = fake_pages(size);
	else if (fd->kind == FD_GMEM && size <= fd->size && fd->flags & GUEST_MEMFD_FLAG_MMAP)
		at = fd->bytes;
	else
		*error = fake_complain(f, EINVAL, "mapping of 0x%zx bytes of descriptor %d", size,
		                       number);
	if (at && fd->kind == FD_VCPU)
		f->vm.vcpus[fd->index]->run = (void *)at;
	return at;
}

static void *fake_map(void *self, size_t size, int prot, int flags, int number, int *error)
{
	struct fake_kvm *f = self;
	struct fake_map *m = f->maps;
	const struct fake_fd *fd;
	void *at;

	pthread_mutex_lock(&f->lock);
	while (m->at && m < f->maps + FAKE_MAPS - 1)
		m++;
	assert(!m->at && prot == (PROT_READ | PROT_WRITE));
	fd = fake_fd(f, number);
	*m = (struct fake_map){ .size = size, .borrowed = fd && fd->kind != FD_VCPU };
	if (fails(f, FAKE_MAP, 0, size))
		*error = -f->fail_errnum;
	else
		m->at = map_pages(f, size, flags, number, error);
	at = m->at;
	pthread_mutex_unlock(&f->lock);
	return at;
}

static void map_drop(struct fake_kvm *f, struct fake_map *m)
{
	for (unsigned i = 0; i < f->vm.n_vcpus; i++)
		if ((void *)f->vm.vcpus[i]->run == m->at)
			f->vm.vcpus[i]->run = NULL;
	if (!m->borrowed)
		munmap(m->at, m->size);
	*m = (struct fake_map){ 0 };
}

static struct fake_map *map_at(struct fake_kvm *f, const void *at)
{
	for (size_t i = 0; i < FAKE_MAPS; i++)
		if (at && f->maps[i].at == at)
			return &f->maps[i];
	return NULL;
}

static int fake_unmap(void *self, void *at, size_t size)
{
	struct fake_kvm *f = self;
	struct fake_map *m;
	int r = 0;

	pthread_mutex_lock(&f->lock);
	m = map_at(f, at);
	if (fails(f, FAKE_UNMAP, 0, 0))
		r = -f->fail_errnum;
	else if (!m || m->size != size)
		r = fake_complain(f, EINVAL, "unmapping 0x%zx bytes that aren't a mapping", size);
	else
		map_drop(f, m);
	pthread_mutex_unlock(&f->lock);
	return r;
}

static int fake_huge(void *self, void *at, size_t size)
{
	struct fake_kvm *f = self;
	const struct fake_map *m;
	int r = 0;

	pthread_mutex_lock(&f->lock);
	m = map_at(f, at);
	if (fails(f, FAKE_HUGE, 0, 0))
		r = -f->fail_errnum;
	else if (!m || size > m->size)
		r = fake_complain(f, ENOMEM, "advice on 0x%zx bytes that aren't mapped", size);
	pthread_mutex_unlock(&f->lock);
	return r;
}

static int fake_cloexec(void *self, int number)
{
	struct fake_kvm *f = self;
	struct fake_fd *fd;
	int r = 0;

	pthread_mutex_lock(&f->lock);
	fd = fake_fd(f, number);
	if (fails(f, FAKE_CLOEXEC, 0, 0))
		r = -f->fail_errnum;
	else if (fd)
		fd->cloexec = true;
	else
		r = fake_complain(f, EBADF, "close-on-exec of descriptor %d", number);
	pthread_mutex_unlock(&f->lock);
	return r;
}

static int fake_discard(void *self, int fd, void *at, uint64_t offset, uint64_t size)
{
	struct fake_kvm *f = self;
	int r;

	pthread_mutex_lock(&f->lock);
	r = fails(f, FAKE_DISCARD, 0, 0) ? -f->fail_errnum
	                                 : fake_memory_discard(f, fd, at, offset, size);
	pthread_mutex_unlock(&f->lock);
	return r;
}

/* KVM looks /dev/sev's descriptor up again for each command and guest request. */
static void close_order(struct fake_kvm *f, const struct fake_fd *closing)
{
	for (size_t i = 0; closing->kind == FD_SEV && i < FAKE_FDS; i++)
		if (f->fds[i].kind == FD_VM || f->fds[i].kind == FD_VCPU ||
		    f->fds[i].kind == FD_GMEM)
			fake_complain(f, EBUSY, "/dev/sev closed before the VM was");
}

static void fd_drop(struct fake_kvm *f, struct fake_fd *fd)
{
	struct fake_map *m = map_at(f, fd->bytes);

	if (m)
		m->borrowed = false; /* a mapping keeps the pages */
	else if (fd->bytes)
		munmap(fd->bytes, fd->size);
	for (size_t i = 0; i < FAKE_SLOTS; i++)
		if (f->vm.slots[i].used && fake_fd(f, f->vm.slots[i].gmem) == fd)
			f->vm.slots[i].gmem = -1;
	for (size_t i = 0; fd->kind == FD_VM && i < FAKE_SLOTS; i++)
		fake_slot_drop(&f->vm.slots[i]);
	if (fd->kind == FD_VM)
		f->vm.open = false;
	if (fd->kind == FD_VHOST)
		f->vhost = (struct fake_vhost){ .starts = f->vhost.starts };
	*fd = (struct fake_fd){ 0 };
}

/* A failing close(2) has closed the descriptor all the same, so only its result fails. */
static int fake_close(void *self, int number)
{
	struct fake_kvm *f = self;
	struct fake_fd *fd;
	int r = 0;

	pthread_mutex_lock(&f->lock);
	fd = fake_fd(f, number);
	if (fails(f, FAKE_CLOSE, 0, 0))
		r = -f->fail_errnum;
	if (!fd) {
		r = fake_complain(f, EBADF, "closing descriptor %d, which isn't open", number);
	} else {
		close_order(f, fd);
		fd_drop(f, fd);
	}
	pthread_mutex_unlock(&f->lock);
	return r;
}

static const struct kvm_sys fake_sys = {
	.open = fake_open,
	.ioctl = fake_ioctl,
	.map = fake_map,
	.unmap = fake_unmap,
	.huge = fake_huge,
	.cloexec = fake_cloexec,
	.discard = fake_discard,
	.close = fake_close,
};

struct fake_kvm *fake_kvm_new(unsigned flags)
{
	struct fake_kvm *f = calloc(1, sizeof(*f));

	assert(f);
	f->flags = flags;
	f->sys = fake_sys;
	f->sys.self = f;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->waits, NULL);
	return f;
}

void fake_kvm_free(struct fake_kvm *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < FAKE_FDS; i++)
		if (f->fds[i].kind != FD_FREE)
			fd_drop(f, &f->fds[i]);
	for (size_t i = 0; i < FAKE_MAPS; i++)
		if (f->maps[i].at)
			map_drop(f, &f->maps[i]);
	for (unsigned i = 0; i < f->vm.n_vcpus; i++)
		free(f->vm.vcpus[i]);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->waits);
	free(f);
}

const struct kvm_sys *fake_kvm_sys(struct fake_kvm *f)
{
	return &f->sys;
}
