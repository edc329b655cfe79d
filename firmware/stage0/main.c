/* SPDX-License-Identifier: MIT */
/*
 * firmware/stage0/main.c: validates memory, or leaves that to the kernel; copies kernel and initrd
 * into it, verifies the copies, and starts Linux.
 */
#include <stdbool.h>

#include "firmware/guest/entry.h"
#include "firmware/guest/snp.h"
#include "firmware/stage0/params.h"
#include "firmware/stage0/sha256.h"

#define SMALL 0x1000ULL
#define LARGE 0x200000ULL

#define CPUID_LEAF_FEATURES  7
#define FEATURES_SHA         (1U << 29) /* EBX */
#define SEV_COHERENCY_SFW_NO (1U << 31) /* EBX: no cache lines to evict after PVALIDATE */

_Noreturn void stage0_main(const struct stage0_params *given, uint32_t rdx);

/* Measured, so trusted. Always at this address, whatever RSI says. */
static const struct stage0_params *const params = (const struct stage0_params *)STAGE0_PARAMS;

static bool flag(uint64_t bit)
{
	return le64_get(params->flags) & bit;
}

static _Noreturn void die(unsigned code)
{
	uint16_t port = le16_get(params->exit_port);

	if (flag(STAGE0_FLAG_SNP)) {
		msr_write(MSR_GHCB,
		          GHCB_MSR_TERMINATE | STAGE0_REASON_SET << 12 | (uint64_t)code << 16);
		vmgexit();
	} else if (port) {
		__asm__ volatile("outl %0, %1" : : "a"(STAGE0_EXIT_CODE | code), "Nd"(port));
	}
	for (;;)
		__asm__ volatile("ud2"); /* with an IDT of limit 0 this is a shutdown */
}

/* EBX of a leaf in the CPUID page, which the SNP firmware has checked; 0: not in it. */
static uint32_t cpuid_page_ebx(uint32_t leaf)
{
	const struct cpuid_page *page = (const struct cpuid_page *)STAGE0_CPUID;

	for (uint32_t i = 0; i < page->count && i < CPUID_MAX; i++)
		if (page->entries[i].eax_in == leaf && page->entries[i].ecx_in == 0)
			return page->entries[i].ebx;
	return 0;
}

/* EBX by the instruction, which an SNP guest can't use without a #VC handler. */
static uint32_t cpuid_ebx(uint32_t leaf)
{
	uint32_t eax = 0, ebx, ecx = 0, edx;

	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	if (eax < leaf)
		return 0;
	eax = leaf;
	ecx = 0;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return ebx;
}

static bool sha_ni_usable(void)
{
	if (!flag(STAGE0_FLAG_SHA_NI))
		return false;
	return (flag(STAGE0_FLAG_SNP) ? cpuid_page_ebx(CPUID_LEAF_FEATURES)
	                              : cpuid_ebx(CPUID_LEAF_FEATURES)) &
	       FEATURES_SHA;
}

/*
 * Validates the page at `gpa`, as a large page if the range allows it and the host backs it by one.
 * Hosts whose guest_memfd has only small pages don't (Linux up to 6.12 at least), so small pages
 * are the usual case. Returns the page's size.
 */
static uint64_t page_validate(uint64_t gpa, uint64_t end)
{
	bool large = gpa % LARGE == 0 && end - gpa >= LARGE, changed;
	uint32_t status = pvalidate((void *)gpa, large, true, &changed);

	if (large && status == PVALIDATE_SIZEMISMATCH) {
		large = false;
		status = pvalidate((void *)gpa, false, true, &changed);
	}
	if (status != 0)
		die(STAGE0_CODE_PVALIDATE);
	/* The host maps another page here, or the same page twice: going on is not safe. */
	if (!changed)
		die(STAGE0_CODE_VALIDATED);
	return large ? LARGE : SMALL;
}

/*
 * CVE-2025-38560: stale cache lines of the page's former owner may hide what we write. Reading its
 * first and last byte evicts all of them.
 */
static void page_evict(uint64_t gpa)
{
	uint8_t byte;

	__asm__ volatile("movb (%1), %0" : "=q"(byte) : "r"(gpa) : "memory");
	__asm__ volatile("movb %c2(%1), %0" : "=q"(byte) : "r"(gpa), "i"(SMALL - 1) : "memory");
}

static void range_validate(const struct stage0_params_range *r, bool evict)
{
	uint64_t end = le64_get(r->end);

	for (uint64_t gpa = le64_get(r->start); gpa < end;) {
		uint64_t next = gpa + page_validate(gpa, end);

		for (; gpa < next; gpa += SMALL)
			if (evict)
				page_evict(gpa);
	}
}

static void clear(uint64_t from, uint64_t end)
{
	uint64_t count;

	for (; from < end && from % 8 != 0; from++)
		*(volatile uint8_t *)from = 0;
	count = end > from ? (end - from) / 8 : 0;
	__asm__ volatile("rep stosq" : "+D"(from), "+c"(count) : "a"(0ULL) : "memory");
}

static void memory_validate(void)
{
	bool evict = !(cpuid_page_ebx(CPUID_LEAF_SEV) & SEV_COHERENCY_SFW_NO);

	for (uint32_t i = 0; i < le32_get(params->nr_range); i++)
		range_validate(&params->ranges[i], evict);
	/* The BIOS data area: Linux looks where it points to, and new memory holds anything. */
	clear(0, SMALL);
}

/*
 * The memory that a kernel accepts itself: it finds the table by a pointer that is measured. The
 * bits are in memory that was validated above, so the host can't change them.
 */
static void unaccepted_make(void)
{
	struct stage0_unaccepted *table = (struct stage0_unaccepted *)STAGE0_UNACCEPTED;
	uint64_t *bits = (uint64_t *)(table + 1), end = 0;

	for (unsigned i = 0; i < params->nr_lazy; i++)
		end = le64_get(params->lazy[i].end);
	table->version = le32_of(1);
	table->unit_size = le32_of(STAGE0_UNIT);
	table->phys_base = le64_of(0);
	table->size = le64_of((end / STAGE0_UNIT + 63) / 64 * 8);
	clear((uint64_t)bits, (uint64_t)bits + le64_get(table->size));
	for (unsigned i = 0; i < params->nr_lazy; i++) {
		uint64_t unit = le64_get(params->lazy[i].start) / STAGE0_UNIT;

		for (end = le64_get(params->lazy[i].end) / STAGE0_UNIT; unit < end; unit++)
			bits[unit / 64] |= 1ULL << unit % 64;
	}
}

/* The copy is hashed, as the host can change the original at any time. */
static void blob_take(uint32_t index, stage0_sha256_blocks *blocks)
{
	const struct stage0_params_blob *b = &params->blobs[index];
	uint64_t src = le64_get(b->src), to = le64_get(b->dst), size = le64_get(b->size);
	uint64_t from = src - le64_get(params->shared_base) + (1ULL << GUEST_ALIAS_SHIFT);
	uint8_t digest[32], differs = 0;

	stage0_sha256_copy(blocks, (uint8_t *)to, (const uint8_t *)from, size, digest);
	for (unsigned i = 0; i < sizeof(digest); i++)
		differs |= digest[i] ^ b->sha256[i];
	if (differs)
		die(STAGE0_CODE_BLOB + index);
	if (!flag(STAGE0_FLAG_SNP)) /* its memory is zero */
		return;
	clear(to + size, le64_get(b->clear_end));
	/* Asking for shared memory to become shared says that the original is not needed. */
	msr_write(MSR_GHCB, GHCB_MSR_PSC_SHARED | (src & ~(SMALL - 1)));
	vmgexit();
}

static void blobs_take(void)
{
	stage0_sha256_blocks *blocks = sha_ni_usable() ? stage0_sha256_ni : stage0_sha256_plain;

	for (uint32_t i = 0; i < le32_get(params->nr_blob); i++)
		blob_take(i, blocks);
}

/* Linux, Documentation/arch/x86/boot.rst, "64-bit Boot Protocol". */
static _Noreturn void linux_enter(void)
{
	__asm__ volatile(
		"cli\n\tcld\n\txor %%ebx, %%ebx\n\txor %%ebp, %%ebp\n\txor %%edi, %%edi\n\tjmp *%0"
		:
		: "a"(le64_get(params->entry)), "S"(le64_get(params->boot_params))
		: "memory");
	__builtin_unreachable();
}

_Noreturn void stage0_main(const struct stage0_params *given, uint32_t rdx)
{
	if (given != params || le64_get(params->magic) != STAGE0_MAGIC ||
	    rdx != le32_get(params->vcpu_sig) || le32_get(params->nr_range) > STAGE0_MAX_RANGES ||
	    le32_get(params->nr_blob) > STAGE0_MAX_BLOBS || params->nr_lazy > STAGE0_MAX_LAZY)
		die(STAGE0_CODE_PARAMS);
	if (flag(STAGE0_FLAG_SNP))
		memory_validate();
	if (params->nr_lazy)
		unaccepted_make();
	blobs_take();
	linux_enter();
}
