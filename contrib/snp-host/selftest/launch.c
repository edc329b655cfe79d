/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contrib/snp-host/selftest/launch.c: launches guest.c by KVM's ioctls, in good and in wrong ways,
 * and prints what comes of it. It shares no source with snpvmm, so that the two can't be wrong
 * alike.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvmsnp.h"

#define CBIT     (1ULL << 51)
#define MEM      0x400000ULL
#define GDT      0xf000ULL
#define TABLES   0x10000ULL  /* nine pages of page tables */
#define CODE     0x100000ULL /* guest.c */
#define GHCB     0x300000ULL
#define SECRETS  0xd000ULL
#define CPUID    0xe000ULL
#define ZEROS    0x8000ULL /* two pages */
#define NOT_SEEN 0xb000ULL

enum { PAGE_NORMAL = 1, PAGE_ZERO = 3, PAGE_UNMEASURED, PAGE_SECRETS, PAGE_CPUID };

extern const unsigned char guest_bin[], guest_bin_end[];
asm(".section .rodata\n"
    ".globl guest_bin, guest_bin_end\n"
    "guest_bin: .incbin \"guest.bin\"\n"
    "guest_bin_end:\n"
    ".text\n");

struct cpuid_leaf {
	uint32_t function, index;
	uint64_t xcr0, xss;
	uint32_t eax, ebx, ecx, edx;
	uint64_t reserved;
};
struct cpuid_page {
	uint32_t count, reserved1;
	uint64_t reserved2;
	struct cpuid_leaf leaf[64];
};

static struct {
	int test;
	uint64_t policy, features;
	bool bad_cpuid, not_private, twice;
	const char *id_file, *dump_file;
} ask = { .policy = 0x30000 };

static int kvm, vm, sev, vcpu;
static unsigned char *ram;
static struct kvm_run *run;
static struct kvm_cpuid2 *cpuid;

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(2);
}

/* What a call that must succeed returns. */
static int must(int r, const char *what)
{
	if (r < 0)
		die(what);
	return r;
}

/* A command of KVM_MEMORY_ENCRYPT_OP. False: it failed, which is printed. */
static bool command(int id, void *data, const char *what)
{
	struct kvm_sev_cmd c = { .id = (uint32_t)id,
		                 .data = (uintptr_t)data,
		                 .sev_fd = (uint32_t)sev };

	if (ioctl(vm, KVM_MEMORY_ENCRYPT_OP, &c) == 0)
		return true;
	printf("%s: %s, fw_error %#x\n", what, strerror(errno), c.error);
	return false;
}

static bool update(uint64_t gpa, uint64_t size, int type, const char *name)
{
	struct snp_update u = { .gfn_start = gpa >> 12,
		                .uaddr = type == PAGE_ZERO ? 0 : (uintptr_t)(ram + gpa),
		                .len = size,
		                .type = (uint8_t)type };
	char what[64];

	snprintf(what, sizeof(what), "LAUNCH_UPDATE %s", name);
	return command(SNP_LAUNCH_UPDATE, &u, what);
}

static void vm_create(void)
{
	struct kvm_enable_cap cap = { .cap = KVM_CAP_EXIT_HYPERCALL, .args = { 1 << 12 } };
	struct sev_init2 init = { .vmsa_features = ask.features };
	struct kvm_create_guest_memfd memfd = { .size = MEM };
	struct kvm_userspace_memory_region2 region = { .flags = KVM_MEM_GUEST_MEMFD,
		                                       .memory_size = MEM };
	/* all but 64 KiB with the GHCB, and the end */
	struct kvm_memory_attributes private[] = {
		{ .address = 0, .size = GHCB, .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE },
		{ .address = 0x310000,
		  .size = 0x10000,
		  .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE },
	};

	kvm = must(open("/dev/kvm", O_RDWR), "/dev/kvm");
	sev = must(open("/dev/sev", O_RDWR), "/dev/sev");
	vm = must(ioctl(kvm, KVM_CREATE_VM, KVM_X86_SNP_VM), "KVM_CREATE_VM");
	must(ioctl(vm, KVM_ENABLE_CAP, &cap), "KVM_CAP_EXIT_HYPERCALL");
	if (!command(SEV_INIT2, &init, "INIT2"))
		exit(1);
	ram = mmap(NULL, MEM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	region.userspace_addr = (uintptr_t)ram;
	region.guest_memfd =
		(uint32_t)must(ioctl(vm, KVM_CREATE_GUEST_MEMFD, &memfd), "guest_memfd");
	must(ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &region), "KVM_SET_USER_MEMORY_REGION2");
	for (int i = 0; i < 2 && !ask.not_private; i++)
		must(ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &private[i]),
		     "KVM_SET_MEMORY_ATTRIBUTES");
}

static void vcpu_create(void)
{
	bool has_sev = false;

	vcpu = must(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	run = mmap(NULL,
	           (size_t)must(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE"),
	           PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	cpuid = calloc(1, sizeof(*cpuid) + 200 * sizeof(struct kvm_cpuid_entry2));
	cpuid->nent = 199;
	must(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID");
	for (unsigned i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 *e = &cpuid->entries[i];

		if (e->function == 0x8000001f) {
			has_sev = true;
			e->ebx = (e->ebx & ~0x3fu) | 51;
		}
	}
	if (!has_sev)
		cpuid->entries[cpuid->nent++] =
			(struct kvm_cpuid_entry2){ .function = 0x8000001f, .eax = 0x1a, .ebx = 51 };
	must(ioctl(vcpu, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
}

/* The first GiB of addresses is private, the second the same memory shared, the third MMIO. */
static void tables_write(void)
{
	uint64_t *table[9];

	for (int i = 0; i < 9; i++)
		table[i] = (uint64_t *)(ram + TABLES + i * 4096);
	table[0][0] = (TABLES + 0x1000) | CBIT | 7;
	for (int i = 0; i < 2; i++) {
		table[1][i] = (TABLES + 0x2000 + (uint64_t)i * 0x1000) | CBIT | 7;
		table[2][i] = (TABLES + 0x4000 + (uint64_t)i * 0x1000) | CBIT | 7;
		table[3][i] = (TABLES + 0x6000 + (uint64_t)i * 0x1000) | CBIT | 7;
	}
	table[1][2] = (TABLES + 0x8000) | CBIT | 7;
	table[8][0] = 0x80000000ULL | 0x87;
	for (uint64_t i = 0; i < 1024; i++) {
		uint64_t gpa = i << 12;

		table[4][i] = gpa | (gpa == GHCB ? 0 : CBIT) | 7;
		table[6][i] = gpa | 7;
	}
}

/* What KVM supports, less what the firmware refuses. */
static void cpuid_page_write(struct cpuid_page *page)
{
	for (unsigned i = 0; i < cpuid->nent && page->count < 64; i++) {
		const struct kvm_cpuid_entry2 *e = &cpuid->entries[i];
		struct cpuid_leaf *l = &page->leaf[page->count];

		if ((e->function >= 0x40000000 && e->function < 0x80000000) ||
		    !(e->eax | e->ebx | e->ecx | e->edx))
			continue;
		*l = (struct cpuid_leaf){ .function = e->function,
			                  .index = e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX
			                                   ? e->index
			                                   : 0,
			                  .eax = e->eax,
			                  .ebx = e->ebx,
			                  .ecx = e->ecx,
			                  .edx = e->edx };
		if (l->function == 0xd && l->index < 2) {
			l->xcr0 = 1;
			l->ebx = 0x240;
		} else if (l->function == 1) {
			l->ecx &= ~(1u << 24); /* TSC deadline */
		} else if (l->function == 7 && l->index == 0) {
			l->ebx &= ~2u;
			l->edx &= ~(1u << 26 | 1u << 27 | 1u << 29 | 1u << 31);
		} else if (l->function == 0x80000008) {
			l->ebx &= ~(1u << 25 | 1u << 24 | 1u << 26);
		} else if (l->function == 0x80000021) {
			l->eax &= 0x62fcf;
			l->ecx = 0;
		}
		page->count++;
	}
	if (ask.bad_cpuid)
		page->leaf[1].ecx |= 1u << 5;
}

static void registers_set(void)
{
	const struct kvm_segment data = {
		.limit = ~0u, .selector = 16, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1
	};
	struct kvm_regs regs = { .rip = CODE, .rflags = 2, .rdi = (uint64_t)ask.test };
	struct kvm_sregs s;

	must(ioctl(vcpu, KVM_GET_SREGS, &s), "KVM_GET_SREGS");
	s.cr0 = 0x80000011;
	s.cr3 = TABLES | CBIT;
	s.cr4 = 0x620;
	s.efer = 0x500;
	s.gdt.base = GDT;
	s.gdt.limit = 23;
	s.cs = (struct kvm_segment){
		.limit = ~0u, .selector = 8, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1
	};
	s.ds = s.es = s.ss = s.fs = s.gs = data;
	must(ioctl(vcpu, KVM_SET_SREGS, &s), "KVM_SET_SREGS");
	must(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS");
}

static void corrections_print(const struct cpuid_page *before, const struct cpuid_page *after)
{
	for (unsigned i = 0; i < before->count; i++) {
		const struct cpuid_leaf *b = &before->leaf[i], *a = &after->leaf[i];

		if (memcmp(a, b, sizeof(*a)) != 0)
			printf("corrected %08x.%x: %08x %08x %08x %08x -> %08x %08x %08x %08x\n",
			       a->function, a->index, b->eax, b->ebx, b->ecx, b->edx, a->eax,
			       a->ebx, a->ecx, a->edx);
	}
}

static bool image_load(void)
{
	size_t size = (size_t)(guest_bin_end - guest_bin);
	uint64_t *gdt = (uint64_t *)(ram + GDT), code_size = (size + 4095) & ~4095ULL;
	struct cpuid_page *page = (struct cpuid_page *)(ram + CPUID), before;

	gdt[1] = 0x00209b0000000000;
	gdt[2] = 0x0000930000000000;
	tables_write();
	memcpy(ram + CODE, guest_bin, size);
	cpuid_page_write(page);
	before = *page;
	if (!update(GDT, 4096, PAGE_NORMAL, "gdt") ||
	    !update(TABLES, 9 * 4096, PAGE_NORMAL, "tables") ||
	    !update(CODE, code_size, PAGE_NORMAL, "code"))
		return false;
	if (ask.twice && update(CODE, 4096, PAGE_NORMAL, "code again"))
		puts("a page was taken twice");
	if (!update(SECRETS, 4096, PAGE_SECRETS, "secrets"))
		return false;
	if (!update(CPUID, 4096, PAGE_CPUID, "cpuid")) {
		corrections_print(&before, page);
		return false;
	}
	return update(ZEROS, 2 * 4096, PAGE_ZERO, "zeros") &&
	       update(NOT_SEEN, 4096, PAGE_UNMEASURED, "unmeasured");
}

/* The ID block and then the ID authentication, of one file. */
static void id_read(struct snp_finish *f)
{
	static unsigned char block[96], auth[4096];
	FILE *file = fopen(ask.id_file, "rb");

	if (!file || fread(block, 1, sizeof(block), file) != sizeof(block) ||
	    fread(auth, 1, sizeof(auth), file) != sizeof(auth))
		die(ask.id_file);
	fclose(file);
	f->id_block_en = 1;
	f->auth_key_en = auth[0x880] != 0;
	f->id_block_uaddr = (uintptr_t)block;
	f->id_auth_uaddr = (uintptr_t)auth;
}

static bool launch(void)
{
	struct snp_start start = { .policy = ask.policy };
	struct snp_finish finish = { 0 };
	FILE *file;

	if (!command(SNP_LAUNCH_START, &start, "LAUNCH_START") || !image_load())
		return false;
	if (ask.dump_file) {
		file = fopen(ask.dump_file, "wb");
		if (!file || fwrite(ram, 1, MEM, file) != MEM || fclose(file))
			die(ask.dump_file);
	}
	if (ask.id_file)
		id_read(&finish);
	return command(SNP_LAUNCH_FINISH, &finish, "LAUNCH_FINISH");
}

static void hypercall(void)
{
	struct kvm_memory_attributes a = { .address = run->hypercall.args[0],
		                           .size = run->hypercall.args[1] << 12,
		                           .attributes = run->hypercall.args[2] & 16
		                                                 ? KVM_MEMORY_ATTRIBUTE_PRIVATE
		                                                 : 0 };

	printf("[hypercall %llu gpa %#llx pages %llu attr %#llx]\n", run->hypercall.nr,
	       run->hypercall.args[0], run->hypercall.args[1], run->hypercall.args[2]);
	run->hypercall.ret = ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &a) ? (uint64_t)errno : 0;
}

/* Runs the guest to its end, and prints each exit but those of console output. */
static int guest_run(void)
{
	for (;;) {
		const uint64_t *fault = (const uint64_t *)&run->hw; /* of KVM_EXIT_MEMORY_FAULT */
		int r = ioctl(vcpu, KVM_RUN, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && run->exit_reason != KVM_EXIT_MEMORY_FAULT)
			die("KVM_RUN");
		switch (run->exit_reason) {
		case KVM_EXIT_IO:
			if (run->io.port == 0x3f8 && run->io.direction == KVM_EXIT_IO_OUT)
				fwrite((char *)run + run->io.data_offset, run->io.size,
				       run->io.count, stdout);
			else
				printf("[port %#x]\n", run->io.port);
			continue;
		case KVM_EXIT_HYPERCALL:
			hypercall();
			continue;
		case KVM_EXIT_MMIO:
			printf("[mmio %#llx]\n", run->mmio.phys_addr);
			continue;
		case KVM_EXIT_SYSTEM_EVENT:
			printf("[system event type %u data %#llx; ended]\n", run->system_event.type,
			       run->system_event.data[0]);
			return run->system_event.data[0] == 0x100 ? 0 : 4;
		case KVM_EXIT_MEMORY_FAULT:
			printf("[memory fault flags %#llx gpa %#llx size %#llx]\n",
			       (unsigned long long)fault[0], (unsigned long long)fault[1],
			       (unsigned long long)fault[2]);
			return 5;
		case KVM_EXIT_HLT:
			puts("[hlt]");
			return 6;
		default:
			printf("[exit reason %u]\n", run->exit_reason);
			return 9;
		}
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "test", 1, NULL, 't' },      { "policy", 1, NULL, 'p' },
		{ "bad-cpuid", 0, NULL, 'b' }, { "not-private", 0, NULL, 'a' },
		{ "id", 1, NULL, 'i' },        { "dump", 1, NULL, 'd' },
		{ "twice", 0, NULL, 'u' },     { "features", 1, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};

	for (int o; (o = getopt_long(argc, argv, "t:p:bai:d:uf:", options, NULL)) != -1;)
		switch (o) {
		case 't':
			ask.test = atoi(optarg);
			break;
		case 'p':
			ask.policy = strtoull(optarg, NULL, 0);
			break;
		case 'b':
			ask.bad_cpuid = true;
			break;
		case 'a':
			ask.not_private = true;
			break;
		case 'i':
			ask.id_file = optarg;
			break;
		case 'd':
			ask.dump_file = optarg;
			break;
		case 'u':
			ask.twice = true;
			break;
		case 'f':
			ask.features = strtoull(optarg, NULL, 0);
			break;
		default:
			return 2;
		}
	setvbuf(stdout, NULL, _IOLBF, 0);
	vm_create();
	vcpu_create();
	registers_set();
	if (!launch())
		return 1;
	puts("launched");
	return guest_run();
}
