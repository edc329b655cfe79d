/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/floor.c: the floor of bench.sh: floor MANIFEST FIRMWARE. Makes the system calls of a
 * run of a plain VM without a sandbox, in kind and order as strace(1) shows them (but for some of
 * control groups and of the end), and does nothing else: what is read is not looked at, and nothing
 * is measured. The firmware runs until it writes to port 0xf4. What it sends to COM1 goes to
 * standard output; the status is the byte for port 0xf4.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/vm/abi.h"

enum { COM1 = 0x3f8, EXIT_PORT = 0xf4, MEMORY = 512 << 20, HUGE_PAGE = 2 << 20 };

struct machine {
	int kvm, vm, vcpu, over; /* over: an eventfd */
	struct kvm_run *run;
	int status;
};

static void *memory_map(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static void on_signal(int number)
{
	(void)number;
}

static void signals_set(void (*handler)(int number))
{
	static const int numbers[] = { SIGALRM, SIGINT, SIGTERM, SIGHUP, SIGTTIN, SIGTTOU };
	struct sigaction on = { .sa_handler = handler, .sa_flags = SA_RESTART }, before;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (handler != SIG_DFL && i > 0 && i < 4)
			sigaction(numbers[i], NULL, &before);
		sigaction(numbers[i], &on, NULL);
	}
}

/* A file of the host: /proc, /sys. */
static void look(const char *path)
{
	static char text[8192];
	int fd = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return;
	fstat(fd, &st);
	do
		n = read(fd, text, sizeof(text));
	while (n > 0);
	close(fd);
}

/* A file of the user: it is opened once its kind is known, and must not have changed at its end. */
static void *file_read(const char *path, size_t *ret_size)
{
	int at = open(path, O_RDONLY | O_CLOEXEC | O_PATH), fd;
	char name[64];
	struct stat st;
	void *to;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", at);
	if (fstat(at, &st) < 0 || (fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
		return NULL;
	fstat(fd, &st);
	close(at);
	*ret_size = (size_t)st.st_size;
	to = memory_map(*ret_size);
	if (!to || read(fd, to, *ret_size) != st.st_size || read(fd, name, 1) != 0)
		return NULL;
	fstat(fd, &st);
	close(fd);
	return to;
}

/* Whether a result would replace this input. */
static void path_follow(const char *path)
{
	char part[256] = "", target[256];
	struct stat st;

	stat(path, &st);
	for (const char *at = path; at; at = strchr(at + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s",
		         (int)strcspn(at + 1, "/") + (int)(at + 1 - path), path);
		if (readlink(part, target, sizeof(target)) >= 0)
			return;
	}
	stat(".", &st);
}

static bool slot_add(int vm, unsigned slot, uint64_t gpa, uint64_t size, void *at)
{
	struct kvm_userspace_memory_region r = { .slot = slot,
		                                 .guest_phys_addr = gpa,
		                                 .memory_size = size,
		                                 .userspace_addr = (uintptr_t)at };

	return at && ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r) == 0;
}

/* In a guest_memfd that can be mapped, where KVM has such (Linux 6.18). */
static bool rom_add(int vm, void *image, size_t size)
{
	struct kvm_create_guest_memfd create = {
		.size = size, .flags = GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED
	};
	struct kvm_userspace_memory_region2 r = { .slot = 1,
		                                  .flags = KVM_MEM_GUEST_MEMFD,
		                                  .guest_phys_addr = (1ULL << 32) - size,
		                                  .memory_size = size };
	int fd = ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create);
	void *at;

	if (fd < 0)
		return slot_add(vm, 1, r.guest_phys_addr, size, image);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (at == MAP_FAILED)
		return false;
	r.userspace_addr = (uintptr_t)memcpy(at, image, size);
	r.guest_memfd = (uint32_t)fd;
	return ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &r) == 0;
}

static bool vcpu_reset(const struct machine *m, struct kvm_cpuid2 *cpuid)
{
	struct kvm_regs regs = { .rip = 0xfff0, .rflags = 2 };
	struct kvm_sregs s;

	if (ioctl(m->vcpu, KVM_SET_CPUID2, cpuid) < 0 || ioctl(m->vcpu, KVM_GET_SREGS, &s) < 0)
		return false;
	s.cs.selector = 0xf000;
	s.cs.base = 0xffff0000;
	return ioctl(m->vcpu, KVM_SET_SREGS, &s) == 0 && ioctl(m->vcpu, KVM_SET_REGS, &regs) == 0;
}

static bool machine_make(struct machine *m, void *image, size_t size)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[128];
	} cpuid = { .head.nent = 128 };
	sigset_t pending;
	char *memory;
	long mapped;

	m->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (ioctl(m->kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return false;
	m->vm = ioctl(m->kvm, KVM_CREATE_VM, 0);
	mapped = ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (m->vm < 0 || ioctl(m->kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) < 0)
		return false;
	ioctl(m->vm, KVM_CHECK_EXTENSION, KVM_CAP_IRQCHIP);
	memory = mmap(NULL, MEMORY + HUGE_PAGE, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return false;
	munmap(memory + MEMORY, HUGE_PAGE);
	madvise(memory, MEMORY, MADV_HUGEPAGE);
	if (!slot_add(m->vm, 0, 0, MEMORY, memory) || !rom_add(m->vm, image, size) ||
	    ioctl(m->vm, KVM_CREATE_IRQCHIP, 0) < 0)
		return false;
	m->vcpu = ioctl(m->vm, KVM_CREATE_VCPU, 0);
	m->run = mmap(NULL, (size_t)mapped, PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu, 0);
	for (int i = 0; i < 12; i++) /* each step of a launch */
		sigpending(&pending);
	return m->run != MAP_FAILED && vcpu_reset(m, &cpuid.head);
}

static void *vcpu_main(void *self)
{
	struct machine *m = self;
	uint64_t one = 1;

	while (ioctl(m->vcpu, KVM_RUN, 0) == 0 && m->run->exit_reason == KVM_EXIT_IO) {
		const uint8_t *data = (const uint8_t *)m->run + m->run->io.data_offset;
		struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

		if (m->run->io.port == EXIT_PORT)
			m->status = *data;
		if (m->run->io.port == EXIT_PORT || poll(&out, 1, 100) != 1 ||
		    (m->run->io.port == COM1 && write(STDOUT_FILENO, data, m->run->io.size) < 0))
			break;
	}
	if (write(m->over, &one, sizeof(one)) < 0)
		m->status = 104;
	return NULL;
}

/* The child process: all of a run but its arguments and manifest. */
static int run(const char *firmware)
{
	struct machine m = { .status = 103 };
	struct pollfd fds[2];
	struct termios t;
	struct stat st;
	struct itimerval off = { 0 };
	pthread_t thread;
	sigset_t all, before;
	uint64_t n;
	size_t size;
	void *image;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	getppid();
	setitimer(ITIMER_REAL, &off, NULL);
	signals_set(SIG_DFL);
	fds[0] = (struct pollfd){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .events = POLLIN };
	signals_set(on_signal);
	look("/proc/self/cgroup");
	look("/proc/meminfo");
	look("/sys/fs/cgroup/memory.max");
	look("/sys/fs/cgroup/memory/memory.limit_in_bytes");
	image = file_read(firmware, &size);
	if (!image || !memory_map(77824) || !memory_map(77824) || !memory_map(294912))
		return 100;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	fcntl(STDOUT_FILENO, F_GETFL);
	fstat(STDOUT_FILENO, &st);
	tcgetattr(STDOUT_FILENO, &t);
	fstat(STDERR_FILENO, &st);
	if (!machine_make(&m, image, size))
		return 101;
	sigprocmask(SIG_SETMASK, &before, NULL);
	m.over = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	fds[1] = (struct pollfd){ .fd = m.over, .events = POLLIN };
	fstat(STDIN_FILENO, &st);
	signal(SIGRTMIN + 2, on_signal);
	if (pthread_create(&thread, NULL, vcpu_main, &m) != 0)
		return 102;
	poll(fds, 2, 20000);
	if (read(m.over, &n, sizeof(n)) < 0)
		return 102;
	pthread_join(thread, NULL);
	return m.status;
}

int main(int argc, char **argv)
{
	static struct pollfd fds[258];
	struct termios t;
	struct stat st;
	size_t size;
	void *manifest;
	int status = 0;
	pid_t pid;

	if (argc != 3)
		return 100;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	close(open("/", O_PATH));
	free(malloc(1)); /* the heap */
	eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	signals_set(on_signal);
	manifest = file_read(argv[1], &size);
	if (!manifest || munmap(manifest, size) < 0)
		return 100;
	path_follow(argv[1]);
	path_follow(argv[2]);
	fstat(STDOUT_FILENO, &st);
	fstat(STDERR_FILENO, &st);
	look("/proc/self/cgroup");
	look("/sys/fs/cgroup/memory.events");
	look("/sys/fs/cgroup/memory/memory.oom_control");
	if (mmap(NULL, 57176, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) ==
	    MAP_FAILED)
		return 100;
	tcgetattr(STDIN_FILENO, &t);
	pid = fork();
	if (pid == 0)
		_exit(run(argv[2]));
	for (size_t i = 0; i < 258; i++)
		fds[i].fd = -1;
	fds[0] = (struct pollfd){ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	poll(fds, 258, 20000);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 103;
}
