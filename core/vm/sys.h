/* SPDX-License-Identifier: MIT */
/*
 * core/vm/sys.h: the seam. What isn't in this table isn't called: all traffic with KVM and
 * /dev/sev.
 */
#ifndef CORE_VM_SYS_H
#define CORE_VM_SYS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Each returns what the system call does, with a negative errno in place of -1 (map: NULL, *error
 * set). A fake behind the same table is how tests launch without a host.
 */
struct kvm_sys {
	void *self;
	int (*open)(void *self, const char *path, int flags);
	int (*ioctl)(void *self, int fd, unsigned long request, void *arg);
	/* Memory without a descriptor begins where a huge page may, if it is as large as one. */
	void *(*map)(void *self, size_t size, int prot, int flags, int fd, int *error);
	int (*unmap)(void *self, void *at, size_t size);
	int (*huge)(void *self, void *at, size_t size); /* MADV_HUGEPAGE */
	int (*cloexec)(void *self, int fd); /* for guest_memfd, which KVM opens without it */
	/* Frees pages: a hole in fd when fd >= 0 (guest_memfd), else MADV_DONTNEED on `at`. */
	int (*discard)(void *self, int fd, void *at, uint64_t offset, uint64_t size);
	int (*close)(void *self, int fd);
};

extern const struct kvm_sys kvm_sys_host;

#endif
