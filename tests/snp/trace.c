/* SPDX-License-Identifier: MIT */
/*
 * tests/snp/trace.c: what a launch really passes to KVM, for a comparison with `snpvmm plan`. A
 * library for LD_PRELOAD: it stands between the program that ships, unchanged, and the C library,
 * behind all code of ours, and shares none with the recorder. strace would not do: it knows KVM's
 * ioctls by name, but not what KVM_MEMORY_ENCRYPT_OP points to.
 *
 * SNPVMM_TRACE names the file. It gets a line for each ioctl of KVM before the first KVM_RUN: the
 * request, then in hex the number or the struct that it passes, and what such a struct points to.
 */
#include <dlfcn.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

/* Linux, Documentation/virt/kvm/x86/amd-memory-encryption.rst: sizes that old headers lack. */
static const struct {
	unsigned id, size;
} commands[] = {
	{ 22, 48 },  /* KVM_SEV_INIT2 */
	{ 100, 64 }, /* KVM_SEV_SNP_LAUNCH_START */
	{ 101, 64 }, /* KVM_SEV_SNP_LAUNCH_UPDATE */
	{ 102, 88 }, /* KVM_SEV_SNP_LAUNCH_FINISH */
};

static FILE *trace;
static int over;

static void hex_write(const void *from, size_t size)
{
	const unsigned char *bytes = from;

	fputc(' ', trace);
	for (size_t i = 0; i < size; i++)
		fprintf(trace, "%02x", bytes[i]);
}

static void command_write(const struct kvm_sev_cmd *cmd)
{
	const void *data = (const void *)(uintptr_t)cmd->data;
	__u64 id_block[2];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].id == cmd->id)
			hex_write(data, commands[i].size);
	if (cmd->id != 102)
		return;
	memcpy(id_block, data, sizeof(id_block));
	if (id_block[0]) {
		hex_write((const void *)(uintptr_t)id_block[0], 96);
		hex_write((const void *)(uintptr_t)id_block[1], 4096);
	}
}

static void ioctl_write(unsigned long request, const void *arg)
{
	const __u32 *count = arg;
	size_t size = _IOC_SIZE(request);

	fprintf(trace, "%lx", request);
	if (request == KVM_MEMORY_ENCRYPT_OP)
		size = sizeof(struct kvm_sev_cmd);
	else if (request == KVM_SET_CPUID2)
		size += *count * sizeof(struct kvm_cpuid_entry2);
	else if (request == KVM_SET_MSRS)
		size += *count * sizeof(struct kvm_msr_entry);
	else if (request == KVM_GET_SREGS)
		size = 0; /* it is only filled in */
	if (_IOC_SIZE(request) == 0)
		fprintf(trace, " %lx", (unsigned long)arg);
	else if (size > 0)
		hex_write(arg, size);
	if (request == KVM_MEMORY_ENCRYPT_OP)
		command_write(arg);
	fputc('\n', trace);
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int fd, unsigned long request, void *arg);
	const char *path = getenv("SNPVMM_TRACE");
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "ioctl");
	over |= request == KVM_RUN;
	if (!trace && path)
		trace = fopen(path, "we");
	if (trace && !over && _IOC_TYPE(request) == KVMIO) {
		ioctl_write(request, arg);
		fflush(trace);
	}
	return next(fd, request, arg);
}
