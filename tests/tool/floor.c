/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/floor.c: the floor of bench.sh: what no launcher of a plain VM can leave out. Reads a
 * firmware, gives KVM its memory, and runs it until it writes to port 0xf4. What it sends to COM1
 * goes to standard output; the status is the byte for port 0xf4.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COM1 = 0x3f8, EXIT_PORT = 0xf4, MEMORY = 512 << 20 };

static void *memory_map(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

static bool slot_add(int vm, unsigned slot, uint64_t gpa, uint64_t size, void *at)
{
	struct kvm_userspace_memory_region r = { .slot = slot,
		                                 .guest_phys_addr = gpa,
		                                 .memory_size = size,
		                                 .userspace_addr = (uintptr_t)at };

	return at && ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r) == 0;
}

static bool vcpu_reset(int kvm, int vcpu)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[128];
	} cpuid = { .head.nent = 128 };
	struct kvm_regs regs = { .rip = 0xfff0, .rflags = 2 };
	struct kvm_sregs s;

	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid) < 0 ||
	    ioctl(vcpu, KVM_SET_CPUID2, &cpuid) < 0 || ioctl(vcpu, KVM_GET_SREGS, &s) < 0)
		return false;
	s.cs.selector = 0xf000;
	s.cs.base = 0xffff0000;
	return ioctl(vcpu, KVM_SET_SREGS, &s) == 0 && ioctl(vcpu, KVM_SET_REGS, &regs) == 0;
}

int main(int argc, char **argv)
{
	int file = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm = ioctl(kvm, KVM_CREATE_VM, 0), vcpu;
	struct kvm_run *run;
	struct stat st;
	uint8_t *image;
	size_t size;

	if (file < 0 || fstat(file, &st) < 0 || vm < 0)
		return 100;
	size = (size_t)st.st_size;
	image = memory_map(size);
	if (!image || read(file, image, size) != st.st_size ||
	    !slot_add(vm, 0, 0, MEMORY, memory_map(MEMORY)) ||
	    !slot_add(vm, 1, (1ULL << 32) - size, size, image) ||
	    ioctl(vm, KVM_CREATE_IRQCHIP, 0) < 0)
		return 101;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	size = (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED || !vcpu_reset(kvm, vcpu))
		return 102;
	while (ioctl(vcpu, KVM_RUN, 0) == 0 && run->exit_reason == KVM_EXIT_IO) {
		const uint8_t *data = (const uint8_t *)run + run->io.data_offset;

		if (run->io.port == EXIT_PORT)
			return *data;
		if (run->io.port == COM1 && write(STDOUT_FILENO, data, run->io.size) < 0)
			break;
	}
	return 103;
}
