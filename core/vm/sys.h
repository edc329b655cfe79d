/* SPDX-License-Identifier: MIT */
/*
 * core/vm/sys.h: the system calls on KVM and /dev/sev. All of core/vm makes them through this
 * table, so that tests can launch on a fake host.
 */
#ifndef CORE_VM_SYS_H
#define CORE_VM_SYS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Each returns what the system call returns, or a negative errno; map returns NULL instead, and a
 * negative errno in *error.
 */
struct kvm_sys {
	void *self;
	int (*open)(void *self, const char *path, int flags);
	int (*ioctl)(void *self, int fd, unsigned long request, void *arg);
	/* Anonymous memory of at least 2 MiB is aligned for huge pages. */
	void *(*map)(void *self, size_t size, int prot, int flags, int fd, int *error);
	int (*unmap)(void *self, void *at, size_t size);
	int (*huge)(void *self, void *at, size_t size); /* MADV_HUGEPAGE */
	int (*cloexec)(void *self, int fd);             /* FD_CLOEXEC */
	/* Frees pages: punches a hole into fd (guest_memfd), or if fd < 0 MADV_DONTNEED on `at`. */
	int (*discard)(void *self, int fd, void *at, uint64_t offset, uint64_t size);
	int (*close)(void *self, int fd);
};

extern const struct kvm_sys kvm_sys_host;

#endif
