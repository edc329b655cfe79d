/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/command.c: kvm_sys_host for snpvmm-fake: the whole program on a host that the file
 * $FAKE_SCRIPT describes.
 */
#include "tests/fake/command.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fake/state.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct fake_kvm *fake;
static struct fake_command *command;
static atomic_int inside; /* how many threads are in KVM_RUN */

/* At exit: the program fails if it broke a rule of KVM or left something open. */
static void findings(void)
{
	const char *complaint = fake_kvm_complaint(fake);
	unsigned leaks = fake_kvm_leaks(fake);

	if (!complaint[0] && (leaks == 0 || atomic_load(&inside) > 0))
		return; /* with an abandoned vCPU, everything stays open */
	fprintf(stderr, "snpvmm-fake: %s\n",
	        complaint[0] ? complaint : "descriptors or mappings were leaked");
	_exit(125);
}

static void begin(void)
{
	const char *path;
	int errnum;

	command = fake_command_read(getenv("FAKE_SCRIPT"));
	fake = fake_kvm_new(fake_command_flags(command));
	path = fake_command_no_path(command, &errnum);
	if (path)
		fake_kvm_open_fails(fake, path, errnum);
	atexit(findings);
}

static const struct kvm_sys *host(void)
{
	pthread_once(&once, begin);
	return fake_kvm_sys(fake);
}

/* The number of the vCPU with this descriptor whose script is over. */
static struct fake_vcpu *idle_vcpu(int number, unsigned *ret_index)
{
	struct fake_vcpu *v = NULL;
	const struct fake_fd *fd;

	pthread_mutex_lock(&fake->lock);
	fd = fake_fd(fake, number);
	if (fd && fd->kind == FD_VCPU) {
		*ret_index = fd->index;
		v = fake->vm.vcpus[fd->index];
	}
	if (v && (!v->run || v->at < v->n_script))
		v = NULL;
	pthread_mutex_unlock(&fake->lock);
	return v;
}

/*
 * Passes the script on in parts, because those of the fake are short. 0, or -EINTR: kicked while it
 * slept.
 */
static int feed(int number)
{
	struct fake_exit exits[FAKE_SCRIPT];
	unsigned index = 0;
	struct fake_vcpu *v = idle_vcpu(number, &index);
	int n = v ? fake_command_exits(command, index, &v->run->immediate_exit, exits, FAKE_SCRIPT)
	          : 0;

	if (n > 0)
		fake_kvm_script(fake, index, exits, (size_t)n);
	return n < 0 ? n : 0;
}

/* Called at the beginning of each run of a process, with the script's first line. */
static void restart(void)
{
	static const struct fake_exit none;

	fake_command_restart(command);
	for (unsigned i = 0; i < FAKE_VCPUS; i++)
		fake_kvm_script(fake, i, &none, 0);
}

static int command_open(void *self, const char *path, int flags)
{
	const struct kvm_sys *sys = host();

	(void)self;
	if (!strcmp(path, "/dev/kvm"))
		restart();
	return sys->open(fake, path, flags);
}

static int command_ioctl(void *self, int fd, unsigned long request, void *arg)
{
	const struct kvm_sys *sys = host();
	int r = fake_command_fails(command, request, request == KVM_MEMORY_ENCRYPT_OP ? arg : NULL);

	(void)self;
	atomic_fetch_add(&inside, request == KVM_RUN);
	if (r == 0 && request == KVM_RUN)
		r = feed(fd);
	if (r == 0)
		r = sys->ioctl(fake, fd, request, arg);
	atomic_fetch_sub(&inside, request == KVM_RUN);
	return r;
}

static void *command_map(void *self, size_t size, int prot, int flags, int fd, int *error)
{
	(void)self;
	return host()->map(fake, size, prot, flags, fd, error);
}

static int command_unmap(void *self, void *at, size_t size)
{
	(void)self;
	return host()->unmap(fake, at, size);
}

static int command_huge(void *self, void *at, size_t size)
{
	(void)self;
	return host()->huge(fake, at, size);
}

static int command_cloexec(void *self, int fd)
{
	(void)self;
	return host()->cloexec(fake, fd);
}

static int command_discard(void *self, int fd, void *at, uint64_t offset, uint64_t size)
{
	(void)self;
	return host()->discard(fake, fd, at, offset, size);
}

static int command_close(void *self, int fd)
{
	(void)self;
	return host()->close(fake, fd);
}

const struct kvm_sys kvm_sys_host = {
	.open = command_open,
	.ioctl = command_ioctl,
	.map = command_map,
	.unmap = command_unmap,
	.huge = command_huge,
	.cloexec = command_cloexec,
	.discard = command_discard,
	.close = command_close,
};
