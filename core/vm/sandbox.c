/* SPDX-License-Identifier: MIT */
/*
 * core/vm/sandbox.c: the table of system calls that the process of a run makes while its guest runs
 * and afterwards, up to its result. What isn't here ends the run: `run --sandbox=log` says what
 * that would be.
 */
#include "core/vm/sandbox.h"

#include <fcntl.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sanitized.h"
#include "core/sandbox/privileges.h"
#include "core/vm/abi.h"

enum { MAIN = SANDBOX_MAIN, VCPU = SANDBOX_VCPU, WORKER = SANDBOX_WORKER };
enum { ALL = MAIN | VCPU | WORKER };
enum { BASE = 1 << 3 }; /* until a thread has its own filter */

#define CALL(name, threads)                                                                        \
	{                                                                                          \
		SYS_##name, threads, 0, FILTER_ANY, 0, 0                                           \
	}
#define CALL_FOR(need, name, threads)                                                              \
	{                                                                                          \
		SYS_##name, threads, need, FILTER_ANY, 0, 0                                        \
	}
#define IOCTL(request, threads)                                                                    \
	{                                                                                          \
		SYS_ioctl, threads, 0, FILTER_IS, 1, (uint32_t)(request)                           \
	}
#define IOCTL_FOR(need, request, threads)                                                          \
	{                                                                                          \
		SYS_ioctl, threads, need, FILTER_IS, 1, (uint32_t)(request)                        \
	}
#define CALL_IF(need, name, threads, test, argument, value)                                        \
	{                                                                                          \
		SYS_##name, threads, need, test, argument, value                                   \
	}
#define NO_CODE(name)                                                                              \
	{                                                                                          \
		SYS_##name, ALL, 0, FILTER_WITHOUT, 2, PROT_EXEC                                   \
	}

/* Rows that are needed most stand first. */
static const struct filter_row rows[] = {
	/* the guest */
	IOCTL(KVM_RUN, VCPU),
	IOCTL(KVM_SET_MEMORY_ATTRIBUTES, VCPU),
	IOCTL(KVM_IRQ_LINE, MAIN | VCPU | WORKER),
	IOCTL(KVM_SIGNAL_MSI, ALL),
	IOCTL(KVM_IOEVENTFD, MAIN | VCPU),
	IOCTL(KVM_GET_MP_STATE, VCPU),
	IOCTL(KVM_PRE_FAULT_MEMORY, VCPU), /* of what it accepts */
	/* a driver sets its vsock up, or resets it */
	IOCTL_FOR(SANDBOX_VSOCK, KVM_SET_GSI_ROUTING, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, KVM_IRQFD, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_SET_FEATURES, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_SET_MEM_TABLE, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_SET_VRING_NUM, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_SET_VRING_BASE, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_SET_VRING_ADDR, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_SET_VRING_CALL, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_SET_VRING_ERR, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_SET_VRING_KICK, VCPU),
	IOCTL_FOR(SANDBOX_VSOCK, VHOST_VSOCK_SET_RUNNING, VCPU),
	/* where it was, when it has ended */
	IOCTL(KVM_GET_REGS, MAIN | VCPU),
	IOCTL(KVM_GET_SREGS, MAIN | VCPU),
	IOCTL(KVM_TRANSLATE, MAIN),
	IOCTL(KVM_SET_USER_MEMORY_REGION, MAIN), /* see vm_free() */
	/* a debugger */
	IOCTL_FOR(SANDBOX_GDB, KVM_TRANSLATE, VCPU),
	IOCTL_FOR(SANDBOX_GDB, KVM_SET_GUEST_DEBUG, MAIN | VCPU),
	IOCTL_FOR(SANDBOX_GDB, KVM_SET_REGS, MAIN | VCPU),
	IOCTL_FOR(SANDBOX_GDB, KVM_SET_SREGS, MAIN | VCPU),
	IOCTL_FOR(SANDBOX_GDB, KVM_GET_FPU, MAIN | VCPU),
	IOCTL_FOR(SANDBOX_GDB, KVM_SET_FPU, MAIN | VCPU),
	IOCTL_FOR(SANDBOX_GDB, KVM_GET_MSRS, MAIN | VCPU),
	IOCTL_FOR(SANDBOX_GDB, KVM_SET_MSRS, MAIN | VCPU),
	/* isatty(3), and how wide it is */
	IOCTL(TCGETS, MAIN),
	IOCTL(FILTER_TCGETS2, MAIN),
	IOCTL(TIOCGWINSZ, MAIN),
	/* memory: the heap, stacks of threads that end, and pages of the guest */
	CALL(futex, ALL),
	CALL(madvise, ALL),
	/* only to give pages back: it fills a disk at once */
	CALL_IF(0, fallocate, MAIN | VCPU, FILTER_IS, 1,
	        FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE),
	CALL(brk, ALL),
	NO_CODE(mmap),
	NO_CODE(mprotect),
	CALL(munmap, ALL),
	CALL(mremap, ALL),
	/* output, and input from the keyboard's socket */
	CALL(write, ALL),
	CALL(writev, ALL), /* glibc's last words */
	CALL(poll, ALL),
	CALL(ppoll, ALL),
	CALL(fstat, ALL),
	CALL(newfstatat, ALL), /* fstat(3) of new C libraries */
	CALL(ftruncate, ALL),
	CALL(lseek, MAIN),
	/* F_SETOWN would have the kernel send a signal to anybody; F_SETFL changes others' output */
	CALL_IF(0, fcntl, MAIN, FILTER_IS, 1, F_GETFL),
	CALL_IF(0, fcntl, MAIN, FILTER_IS, 1, F_DUPFD_CLOEXEC),
	CALL(close, ALL),
	CALL(read, MAIN | WORKER),
	CALL(recvfrom, MAIN),
	CALL(sendto, MAIN),
	CALL(shutdown, MAIN),
	/* disks */
	CALL(pread64, WORKER),
	CALL(pwrite64, WORKER),
	CALL(preadv, WORKER),
	CALL(pwritev, WORKER),
	CALL(fdatasync, WORKER),
	/* names of results, below their folder: Landlock; the tails of a log that is cut */
	CALL(renameat, ALL),
	CALL(renameat2, ALL),
	CALL_IF(0, unlinkat, MAIN, FILTER_IS, 2, 0), /* no folders */
	/* time */
	CALL(clock_gettime, ALL),
	CALL(gettimeofday, ALL),
	CALL(time, ALL),
	CALL(clock_nanosleep, ALL),
	CALL(nanosleep, ALL),
	/* threads and signals */
	CALL(rt_sigreturn, ALL),
	CALL(rt_sigprocmask, ALL),
	CALL(restart_syscall, ALL),
	CALL(sched_yield, ALL),
	CALL(rseq, ALL),
	CALL(set_robust_list, ALL),
	CALL(getpid, ALL),
	CALL(gettid, ALL),
	CALL(exit, ALL),
	CALL(exit_group, ALL),
	CALL(getrandom, ALL),
	CALL(seccomp, BASE),
	/* the debugger's socket */
	CALL_FOR(SANDBOX_GDB, accept4, MAIN),
	CALL_FOR(SANDBOX_GDB, setsockopt, MAIN),
	CALL_FOR(SANDBOX_GDB, unlink, MAIN),
	CALL_FOR(SANDBOX_GDB, lstat, MAIN),
	/* certificates: Landlock allows to read no other folder */
	CALL_IF(SANDBOX_CERTS, openat, VCPU, FILTER_WITHOUT, 2, FILTER_WRITES),
	CALL_FOR(SANDBOX_CERTS | SANDBOX_CONFINE, openat2, VCPU),
	CALL_IF(SANDBOX_CERTS, fcntl, VCPU, FILTER_IS, 1, F_OFD_SETLK),
	CALL_FOR(SANDBOX_CERTS, stat, VCPU),
	CALL_FOR(SANDBOX_CERTS, pread64, VCPU),
	/* --confine: where a relative path begins */
	CALL_FOR(SANDBOX_CONFINE, getcwd, MAIN | VCPU),
	CALL_FOR(SANDBOX_CONFINE, stat, MAIN | VCPU),
	/* debug files of the firmware; the same */
	CALL_IF(SANDBOX_SYMBOLS, openat, MAIN, FILTER_WITHOUT, 2, FILTER_WRITES),
	/* the firmware's variables: a new file, in a folder that Landlock allows */
	CALL_IF(SANDBOX_KEEP, openat, MAIN, FILTER_WITHOUT, 2, FILTER_WRITES),
	CALL_IF(SANDBOX_KEEP, openat, MAIN, FILTER_IS, 2,
	        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC), /* see vars_keep() */
	CALL_FOR(SANDBOX_KEEP | SANDBOX_CONFINE, openat2, MAIN),
	CALL_FOR(SANDBOX_KEEP, fchmod, MAIN),
	CALL_FOR(SANDBOX_KEEP, fsync, MAIN),
	CALL_FOR(SANDBOX_KEEP, faccessat, MAIN),
	CALL_FOR(SANDBOX_KEEP, faccessat2, MAIN),
};

int sandbox_begin(struct sandbox *s, struct error *err)
{
	int folders[8];
	size_t n = MIN(s->n_folders, ARRAY_SIZE(folders));

	if (SANITIZED)
		s->mode = SANDBOX_OFF;
	if (s->mode == SANDBOX_OFF)
		return 0;
	privileges_none_new();
	privileges_close_inherited();
	if (!(s->needs & SANDBOX_GDB))
		privileges_undumpable();
	for (size_t i = 0; i < n; i++)
		folders[i] = s->folders[i].write ? s->folders[i].fd : -1;
	s->capabilities = !privileges_drop(folders, n);
	/* it has no mode that only reports */
	if (s->mode == SANDBOX_ON)
		s->landlock = landlock_confine(s->folders, s->n_folders);
	if (s->landlock < 0)
		return error_sys(err, ERROR_HOST_MEMORY, -s->landlock, "Landlock");
	return filter_begin(s->mode, s->refused, NULL, err);
}

static int filter(const struct sandbox *s, unsigned threads, bool all, struct error *err)
{
	struct filter_row with_self[ARRAY_SIZE(rows) + 1];

	if (!s || s->mode == SANDBOX_OFF)
		return 0;
	/* a signal may only go to this process: a thread's kick, and abort(3) */
	memcpy(with_self, rows, sizeof(rows));
	with_self[ARRAY_SIZE(rows)] =
		(struct filter_row){ SYS_tgkill, ALL, 0, FILTER_IS, 0, (uint32_t)getpid() };
	return filter_set(with_self, ARRAY_SIZE(with_self), threads, s->needs, all, err);
}

int sandbox_all(const struct sandbox *s, struct error *err)
{
	int r = filter(s, ALL | BASE, true, err);

	return r < 0 ? r : sandbox_own(s, SANDBOX_MAIN, err);
}

int sandbox_own(const struct sandbox *s, enum sandbox_thread thread, struct error *err)
{
	return filter(s, thread, false, err);
}
