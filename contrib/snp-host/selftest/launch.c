/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contrib/snp-host/selftest/launch.c: launches guest.c by KVM's ioctls, in good and in wrong ways,
 * and prints what comes of it. It shares no source with snpvmm, so that the two can't be wrong
 * alike.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <getopt.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include "kvmsnp.h"

#define CBIT    (1ULL << 51)
#define MEM     0x400000ULL
#define CODE    0x100000ULL
#define PT      0x10000ULL /* page tables: 0x10000.. */
#define GDT     0xf000ULL
#define GHCB    0x300000ULL
#define SECRETS 0xd000ULL
#define CPUIDP  0xe000ULL
extern const unsigned char guest_bin[], guest_bin_end[];
asm(".section .rodata\n.globl guest_bin, guest_bin_end\nguest_bin: .incbin "
    "\"guest.bin\"\nguest_bin_end:\n.text\n");
static int vm, sevfd, vcpu;
static int sev(int id, void *data, unsigned *fwerr)
{
	struct kvm_sev_cmd c = { .id = id, .data = (uintptr_t)data, .sev_fd = sevfd };
	int r = ioctl(vm, KVM_MEMORY_ENCRYPT_OP, &c);
	if (fwerr)
		*fwerr = c.error;
	return r < 0 ? -errno : r;
}
static void die(const char *w)
{
	printf("%s: %s\n", w, strerror(errno));
	exit(2);
}
static unsigned char *ram;
static int update(uint64_t gpa, void *src, uint64_t len, int type, const char *what)
{
	struct snp_update u = {
		.gfn_start = gpa >> 12, .uaddr = (uintptr_t)src, .len = len, .type = type
	};
	unsigned fw;
	int r = sev(SNP_LAUNCH_UPDATE, &u, &fw);
	if (r)
		printf("LAUNCH_UPDATE %s: %s, fw_error %#x\n", what, strerror(-r), fw);
	return r;
}
struct cpuid_fn {
	uint32_t eax_in, ecx_in;
	uint64_t xcr0, xss;
	uint32_t eax, ebx, ecx, edx;
	uint64_t rsvd;
};
struct cpuid_page {
	uint32_t count, r1;
	uint64_t r2;
	struct cpuid_fn fn[64];
};

int main(int argc, char **argv)
{
	uint64_t policy = 0x30000, feats = 0;
	int test = 0, badcpuid = 0, noattr = 0, dup = 0;
	const char *idfile = 0, *hostdata = 0, *dump = 0;
	static struct option lo[] = { { "test", 1, 0, 't' },      { "policy", 1, 0, 'p' },
		                      { "bad-cpuid", 0, 0, 'b' }, { "no-attr", 0, 0, 'a' },
		                      { "id", 1, 0, 'i' },        { "host-data", 1, 0, 'h' },
		                      { "dump", 1, 0, 'd' },      { "dup", 0, 0, 'u' },
		                      { "features", 1, 0, 'f' },  { 0 } };
	for (int o; (o = getopt_long(argc, argv, "t:p:bai:h:d:uf:", lo, 0)) != -1;)
		switch (o) {
		case 't':
			test = atoi(optarg);
			break;
		case 'p':
			policy = strtoull(optarg, 0, 0);
			break;
		case 'b':
			badcpuid = 1;
			break;
		case 'a':
			noattr = 1;
			break;
		case 'i':
			idfile = optarg;
			break;
		case 'h':
			hostdata = optarg;
			break;
		case 'd':
			dump = optarg;
			break;
		case 'u':
			dup = 1;
			break;
		case 'f':
			feats = strtoull(optarg, 0, 0);
			break;
		default:
			return 2;
		}
	setvbuf(stdout, 0, _IOLBF, 0);
	int kvm = open("/dev/kvm", O_RDWR);
	if (kvm < 0)
		die("/dev/kvm");
	sevfd = open("/dev/sev", O_RDWR);
	if (sevfd < 0)
		die("/dev/sev");
	printf("vm types %#x\n", ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_VM_TYPES));
	vm = ioctl(kvm, KVM_CREATE_VM, KVM_X86_SNP_VM);
	if (vm < 0)
		die("KVM_CREATE_VM(SNP)");
	struct kvm_enable_cap cap = { .cap = KVM_CAP_EXIT_HYPERCALL, .args = { 1 << 12 } };
	if (ioctl(vm, KVM_ENABLE_CAP, &cap))
		die("EXIT_HYPERCALL");
	struct sev_init2 in = { .vmsa_features = feats };
	unsigned fw;
	int r;
	if ((r = sev(SEV_INIT2, &in, &fw))) {
		printf("INIT2: %s fw %#x\n", strerror(-r), fw);
		return 1;
	}
	ram = mmap(0, MEM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_create_guest_memfd gm = { .size = MEM };
	int gfd = ioctl(vm, KVM_CREATE_GUEST_MEMFD, &gm);
	if (gfd < 0)
		die("GUEST_MEMFD");
	struct kvm_userspace_memory_region2 mr = { .slot = 0,
		                                   .flags = KVM_MEM_GUEST_MEMFD,
		                                   .memory_size = MEM,
		                                   .userspace_addr = (uintptr_t)ram,
		                                   .guest_memfd = gfd };
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &mr))
		die("MEMORY_REGION2");
	struct {
		uint64_t a, n;
	} priv[] = { { 0, 0x300000 }, { 0x310000, 0x10000 } };
	for (int i = 0; i < 2 && !noattr; i++) {
		struct kvm_memory_attributes at = { .address = priv[i].a,
			                            .size = priv[i].n,
			                            .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE };
		if (ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &at))
			die("SET_MEMORY_ATTRIBUTES");
	}
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		die("CREATE_VCPU");
	int rsz = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct kvm_run *run = mmap(0, rsz, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	struct kvm_cpuid2 *cp = calloc(1, sizeof *cp + 200 * sizeof(struct kvm_cpuid_entry2));
	cp->nent = 200;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cp))
		die("GET_SUPPORTED_CPUID");
	int have = 0;
	for (unsigned i = 0; i < cp->nent; i++) {
		struct kvm_cpuid_entry2 *e = &cp->entries[i];
		if (e->function == 0x8000001f)
			have = 1, e->ebx = (e->ebx & ~0x3fu) | 51;
	}
	if (!have) {
		struct kvm_cpuid_entry2 *e = &cp->entries[cp->nent++];
		memset(e, 0, sizeof *e);
		e->function = 0x8000001f;
		e->eax = 0x1a;
		e->ebx = 51;
		puts("note: 8000001f added");
	}
	if (ioctl(vcpu, KVM_SET_CPUID2, cp))
		die("SET_CPUID2");

	/* guest image: GDT, page tables (VA 0..1G private, 1G..2G shared alias, both identity), code */
	uint64_t *gdt = (void *)(ram + GDT);
	gdt[1] = 0x00209b0000000000;
	gdt[2] = 0x0000930000000000;
	uint64_t *l4 = (void *)(ram + PT), *l3 = (void *)(ram + PT + 0x1000),
		 *l2 = (void *)(ram + PT + 0x2000), *l2s = (void *)(ram + PT + 0x3000),
		 *l1 = (void *)(ram + PT + 0x4000), *l1s = (void *)(ram + PT + 0x6000),
		 *l2m = (void *)(ram + PT + 0x8000);
	l4[0] = (PT + 0x1000) | CBIT | 7;
	l3[0] = (PT + 0x2000) | CBIT | 7;
	l3[1] = (PT + 0x3000) | CBIT | 7;
	l3[2] = (PT + 0x8000) | CBIT | 7;
	l2m[0] = 0x80000000ULL | 0x87; /* MMIO: shared, 2M */
	for (int i = 0; i < 2; i++) {
		l2[i] = (PT + 0x4000 + i * 0x1000) | CBIT | 7;
		l2s[i] = (PT + 0x6000 + i * 0x1000) | CBIT | 7;
	}
	for (uint64_t i = 0; i < 1024; i++) {
		uint64_t a = i << 12;
		l1[i] = a | (a == GHCB ? 0 : CBIT) | 7;
		l1s[i] = a | 7;
	}
	size_t n = (guest_bin_end - guest_bin + 4095) & ~4095UL;
	memcpy(ram + CODE, guest_bin, guest_bin_end - guest_bin);
	struct cpuid_page *pg = (void *)(ram + CPUIDP);
	for (unsigned i = 0; i < cp->nent && pg->count < 64; i++) {
		struct kvm_cpuid_entry2 *e = &cp->entries[i];
		struct cpuid_fn *f = &pg->fn[pg->count];
		if (e->function >= 0x40000000 && e->function < 0x80000000)
			continue;
		if (!(e->eax | e->ebx | e->ecx | e->edx))
			continue;
		*f = (struct cpuid_fn){ .eax_in = e->function,
			                .ecx_in = e->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX
			                                  ? e->index
			                                  : 0,
			                .eax = e->eax,
			                .ebx = e->ebx,
			                .ecx = e->ecx,
			                .edx = e->edx };
		if (e->function == 0xd && e->index < 2)
			f->xcr0 = 1, f->ebx = 0x240;
		if (e->function == 1)
			f->ecx &= ~(1u << 24); /* TSC deadline */
		if (e->function == 7 && e->index == 0)
			f->ebx &= ~2u, f->edx &= ~(1u << 26 | 1u << 27 | 1u << 29 | 1u << 31);
		if (e->function == 0x80000008)
			f->ebx &= ~(1u << 25 | 1u << 24 | 1u << 26);
		if (e->function == 0x80000021)
			f->eax &= 0x62fcf, f->ecx = 0;
		pg->count++;
	}
	if (badcpuid)
		pg->fn[1].ecx |= 1u << 5;
	struct kvm_sregs s;
	ioctl(vcpu, KVM_GET_SREGS, &s);
	s.cr0 = 0x80000011;
	s.cr3 = PT | CBIT;
	s.cr4 = 0x620;
	s.efer = 0x500;
	s.gdt.base = GDT;
	s.gdt.limit = 23;
	s.cs = (struct kvm_segment){ .base = 0,
		                     .limit = ~0u,
		                     .selector = 8,
		                     .type = 11,
		                     .present = 1,
		                     .s = 1,
		                     .l = 1,
		                     .g = 1 };
	s.ds = s.es = s.ss = s.fs = s.gs = (struct kvm_segment){
		.limit = ~0u, .selector = 16, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1
	};
	if (ioctl(vcpu, KVM_SET_SREGS, &s))
		die("SET_SREGS");
	struct kvm_regs rg = { .rip = CODE, .rflags = 2, .rdi = test };
	if (ioctl(vcpu, KVM_SET_REGS, &rg))
		die("SET_REGS");

	struct snp_start st = { .policy = policy };
	if ((r = sev(SNP_LAUNCH_START, &st, &fw))) {
		printf("LAUNCH_START: %s, fw_error %#x\n", strerror(-r), fw);
		return 1;
	}
	if (update(0xf000, ram + 0xf000, 0x1000, 1, "gdt"))
		return 1;
	if (update(PT, ram + PT, 0x9000, 1, "page tables"))
		return 1;
	if (update(CODE, ram + CODE, n, 1, "code"))
		return 1;
	if (dup && !update(CODE, ram + CODE, 4096, 1, "code again"))
		puts("duplicate update accepted?!");
	if (update(SECRETS, ram + SECRETS, 4096, 5, "secrets"))
		return 1;
	struct cpuid_page before = *pg;
	if (update(CPUIDP, ram + CPUIDP, 4096, 6, "cpuid")) {
		for (unsigned i = 0; i < pg->count; i++)
			if (memcmp(&before.fn[i], &pg->fn[i], sizeof pg->fn[i]))
				printf("corrected %08x.%x: %08x %08x %08x %08x -> %08x %08x %08x "
				       "%08x\n",
				       pg->fn[i].eax_in, pg->fn[i].ecx_in, before.fn[i].eax,
				       before.fn[i].ebx, before.fn[i].ecx, before.fn[i].edx,
				       pg->fn[i].eax, pg->fn[i].ebx, pg->fn[i].ecx, pg->fn[i].edx);
		return 1;
	}
	if (update(0x8000, 0, 0x2000, 3, "zero"))
		return 1;
	if (update(0xb000, ram + 0xb000, 0x1000, 4, "unmeasured"))
		return 1;
	if (dump) {
		FILE *f = fopen(dump, "wb");
		fwrite(ram, 1, MEM, f);
		fclose(f);
	}
	struct snp_finish fi = { 0 };
	static unsigned char idb[4096], ida[4096];
	if (hostdata)
		for (int i = 0; i < 32 && hostdata[i]; i++)
			fi.host_data[i] = hostdata[i];
	if (idfile) {
		FILE *f = fopen(idfile, "rb");
		if (!f || fread(idb, 1, 96, f) != 96 || fread(ida, 1, 4096, f) != 4096)
			die(idfile);
		fclose(f);
		fi.id_block_en = 1;
		fi.auth_key_en = ida[0x880] != 0;
		fi.id_block_uaddr = (uintptr_t)idb;
		fi.id_auth_uaddr = (uintptr_t)ida;
	}
	if ((r = sev(SNP_LAUNCH_FINISH, &fi, &fw))) {
		printf("LAUNCH_FINISH: %s, fw_error %#x\n", strerror(-r), fw);
		return 1;
	}
	puts("launched");
	struct timespec t0, t1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	long exits = 0;
	for (;;) {
		r = ioctl(vcpu, KVM_RUN, 0);
		exits++;
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && run->exit_reason != KVM_EXIT_MEMORY_FAULT)
			die("KVM_RUN");
		switch (run->exit_reason) {
		case KVM_EXIT_IO:
			if (run->io.port == 0x3f8 && run->io.direction)
				fwrite((char *)run + run->io.data_offset, run->io.size,
				       run->io.count, stdout);
			else {
				printf("[io port %#x %s]\n", run->io.port,
				       run->io.direction ? "out" : "in");
			}
			break;
		case KVM_EXIT_HYPERCALL: {
			printf("[hypercall %llu gpa %#llx pages %llu attr %#llx]\n",
			       run->hypercall.nr, run->hypercall.args[0], run->hypercall.args[1],
			       run->hypercall.args[2]);
			struct kvm_memory_attributes at = {
				.address = run->hypercall.args[0],
				.size = run->hypercall.args[1] << 12,
				.attributes = run->hypercall.args[2] & 16
				                      ? KVM_MEMORY_ATTRIBUTE_PRIVATE
				                      : 0
			};
			run->hypercall.ret = ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &at) ? errno : 0;
			break;
		}
		case KVM_EXIT_SYSTEM_EVENT:
			clock_gettime(CLOCK_MONOTONIC, &t1);
			printf("[system event type %u data %#llx; %ld exits, %.0f ms]\n",
			       run->system_event.type, run->system_event.data[0], exits,
			       (t1.tv_sec - t0.tv_sec) * 1e3 + (t1.tv_nsec - t0.tv_nsec) / 1e6);
			return run->system_event.data[0] == 0x100 ? 0 : 4;
		case KVM_EXIT_MEMORY_FAULT: {
			uint64_t *m = (void *)&run->hw;
			printf("[memory fault flags %#llx gpa %#llx size %#llx errno %d]\n",
			       (unsigned long long)m[0], (unsigned long long)m[1],
			       (unsigned long long)m[2], errno);
			return 5;
		}
		case KVM_EXIT_MMIO:
			printf("[mmio %#llx]\n", run->mmio.phys_addr);
			break;
		case KVM_EXIT_HLT:
			puts("[hlt]");
			return 6;
		case KVM_EXIT_SHUTDOWN:
			puts("[shutdown]");
			return 7;
		case KVM_EXIT_FAIL_ENTRY:
			printf("[fail entry %#llx]\n",
			       run->fail_entry.hardware_entry_failure_reason);
			return 8;
		default:
			printf("[exit reason %u]\n", run->exit_reason);
			return 9;
		}
	}
}
