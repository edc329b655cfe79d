/* SPDX-License-Identifier: MIT */
/* firmware/guest/snp.h: instructions of an SEV-SNP guest, and the layout of its CPUID page. */
#ifndef FIRMWARE_GUEST_SNP_H
#define FIRMWARE_GUEST_SNP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MSR_GHCB 0xc0010130

/*
 * MSR protocol (GHCB specification, AMD 56421): terminates the guest. The reason set is in bits
 * 15:12, the code in bits 23:16.
 */
#define GHCB_MSR_TERMINATE 0x100
/* Makes the page in bits 51:12 shared; the answer is of no interest. */
#define GHCB_MSR_PSC_SHARED (2ULL << 52 | 0x014)

/* PVALIDATE's result in EAX (APM volume 3) if the page has the other size. */
#define PVALIDATE_SIZEMISMATCH 6

static inline uint64_t msr_read(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return low | (uint64_t)high << 32;
}

static inline void msr_write(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr"
	                 :
	                 : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
	                 : "memory");
}

/* VMGEXIT as bytes: older assemblers don't know it. */
static inline void vmgexit(void)
{
	__asm__ volatile(".byte 0xf3, 0x0f, 0x01, 0xd9" : : : "memory");
}

/* PVALIDATE of a page of 4 KiB or 2 MiB. *changed: its state changed (CF clear). Returns EAX. */
static inline uint32_t pvalidate(volatile void *page, bool large, bool validate, bool *changed)
{
	uint64_t rax = (uint64_t)page;
	bool same;

	__asm__ volatile(".byte 0xf2, 0x0f, 0x01, 0xff"
	                 : "+a"(rax), "=@ccc"(same)
	                 : "c"((uint32_t)large), "d"((uint32_t)validate)
	                 : "memory");
	*changed = !same;
	return (uint32_t)rax;
}

/* SEV-SNP firmware ABI 8.17.2.6: the CPUID page. */
struct cpuid_entry {
	uint32_t eax_in, ecx_in;
	uint64_t xcr0_in, xss_in;
	uint32_t eax, ebx, ecx, edx;
	uint64_t reserved;
};
_Static_assert(sizeof(struct cpuid_entry) == 48, "CPUID function");

#define CPUID_MAX 64
struct cpuid_page {
	uint32_t count, reserved0;
	uint64_t reserved1;
	struct cpuid_entry entries[CPUID_MAX];
};
_Static_assert(offsetof(struct cpuid_page, entries) == 0x10, "CPUID page");

#define CPUID_LEAF_SEV 0x8000001f

#endif
