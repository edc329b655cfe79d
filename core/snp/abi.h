/* SPDX-License-Identifier: MIT */
/*
 * core/snp/abi.h: SEV-SNP's structures (SEV-SNP firmware ABI, AMD 56860; VMSA: APM volume 2, table
 * B-4).
 */
#ifndef CORE_SNP_ABI_H
#define CORE_SNP_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"

/* PAGE_TYPE of PAGE_INFO for a VMSA; those of guest memory are in core/plan/region.c. */
#define SNP_PAGE_VMSA 2
/* The GPA that KVM measures for each VMSA (arch/x86/kvm/svm/sev.c: snp_launch_update_vmsa()). */
#define SNP_VMSA_GPA ((uint64_t)0xfffffffff000)

/* PAGE_INFO, 8.17 table 67: one link of the launch digest's SHA-384 chain. */
struct snp_page_info {
	uint8_t digest_cur[48];
	uint8_t contents[48]; /* SHA-384 of the page, or zero if the type isn't hashed */
	le16 length;          /* sizeof(struct snp_page_info) */
	uint8_t page_type;
	uint8_t imi_page;
	uint8_t reserved;
	uint8_t vmpl_perms[3]; /* VMPL1, 2, 3: KVM grants none at launch */
	le64 gpa;
};
static_assert(offsetof(struct snp_page_info, length) == 0x60, "PAGE_INFO.LENGTH");
static_assert(offsetof(struct snp_page_info, page_type) == 0x62, "PAGE_INFO.PAGE_TYPE");
static_assert(offsetof(struct snp_page_info, vmpl_perms) == 0x65, "PAGE_INFO.VMPL1_PERMS");
static_assert(offsetof(struct snp_page_info, gpa) == 0x68, "PAGE_INFO.GPA");
static_assert(sizeof(struct snp_page_info) == 0x70, "PAGE_INFO");

struct snp_segment {
	le16 selector, attrib;
	le32 limit;
	le64 base;
};
static_assert(sizeof(struct snp_segment) == 16, "a VMSA segment");

/* The VMSA. Only the fields that a launch sets have names. */
struct snp_vmsa {
	struct snp_segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	uint8_t ssp_cet[0xca - 0xa0];
	uint8_t vmpl, cpl;
	uint8_t reserved_cc[4];
	le64 efer;
	uint8_t reserved_d8[0x140 - 0xd8];
	le64 xss, cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved_180[0x1d8 - 0x180];
	le64 rsp;
	uint8_t reserved_1e0[0x1f8 - 0x1e0];
	le64 rax;
	uint8_t msrs[0x268 - 0x200];
	le64 g_pat;
	uint8_t reserved_270[0x308 - 0x270];
	le64 rcx, rdx, rbx;
	uint8_t reserved_320[8];
	le64 rbp, rsi, rdi;
	le64 r8_15[8];
	uint8_t reserved_380[0x3b0 - 0x380];
	le64 sev_features;
	uint8_t reserved_3b8[0x3e8 - 0x3b8];
	le64 xcr0;
	uint8_t reserved_3f0[0x408 - 0x3f0];
	le32 mxcsr;
	le16 ftw, fsw, fcw, fop;
	uint8_t rest[4096 - 0x414];
};
static_assert(offsetof(struct snp_vmsa, tr) == 0x90, "VMSA.TR");
static_assert(offsetof(struct snp_vmsa, cpl) == 0xcb, "VMSA.CPL");
static_assert(offsetof(struct snp_vmsa, efer) == 0xd0, "VMSA.EFER");
static_assert(offsetof(struct snp_vmsa, cr4) == 0x148, "VMSA.CR4");
static_assert(offsetof(struct snp_vmsa, cr0) == 0x158, "VMSA.CR0");
static_assert(offsetof(struct snp_vmsa, rip) == 0x178, "VMSA.RIP");
static_assert(offsetof(struct snp_vmsa, rsp) == 0x1d8, "VMSA.RSP");
static_assert(offsetof(struct snp_vmsa, g_pat) == 0x268, "VMSA.G_PAT");
static_assert(offsetof(struct snp_vmsa, rdx) == 0x310, "VMSA.RDX");
static_assert(offsetof(struct snp_vmsa, rsi) == 0x330, "VMSA.RSI");
static_assert(offsetof(struct snp_vmsa, sev_features) == 0x3b0, "VMSA.SEV_FEATURES");
static_assert(offsetof(struct snp_vmsa, xcr0) == 0x3e8, "VMSA.XCR0");
static_assert(offsetof(struct snp_vmsa, mxcsr) == 0x408, "VMSA.MXCSR");
static_assert(offsetof(struct snp_vmsa, fcw) == 0x410, "VMSA.FCW");
static_assert(sizeof(struct snp_vmsa) == 4096, "VMSA");

/* One entry of the CPUID page, 8.15.2.6 (CPUID_FUNCTION); the page holds at most 64. */
struct snp_cpuid_entry {
	le32 eax_in, ecx_in;
	le64 xcr0_in, xss_in;
	le32 eax, ebx, ecx, edx;
	le64 reserved;
};
static_assert(sizeof(struct snp_cpuid_entry) == 48, "CPUID_FUNCTION");
static_assert(offsetof(struct snp_cpuid_entry, eax) == 24, "CPUID_FUNCTION.EAX");

#define SNP_CPUID_ENTRIES 64
struct snp_cpuid_page {
	le32 count, reserved0;
	le64 reserved1;
	struct snp_cpuid_entry entries[SNP_CPUID_ENTRIES];
	uint8_t rest[4096 - 16 - 64 * 48];
};
static_assert(sizeof(struct snp_cpuid_page) == 4096, "the CPUID page");

/* ID block, 8.18.3 table 75: what the guest's owner requires of the launch. */
struct snp_id_block {
	uint8_t digest[48];
	uint8_t family_id[16], image_id[16];
	le32 version, guest_svn;
	le64 policy;
};
static_assert(offsetof(struct snp_id_block, policy) == 0x58, "ID_BLOCK.POLICY");
static_assert(sizeof(struct snp_id_block) == 96, "ID_BLOCK");

/* ID authentication information, 8.18.3 table 76; keys and signatures as in chapter 10. */
struct snp_id_auth {
	le32 id_key_algorithm, author_key_algorithm; /* 1: ECDSA P-384 with SHA-384 */
	uint8_t reserved_8[0x40 - 8];
	uint8_t id_block_signature[512];
	uint8_t id_key[0x404];
	uint8_t reserved_644[60];
	uint8_t id_key_signature[512];
	uint8_t author_key[0x404];
	uint8_t reserved_c84[892];
};
static_assert(offsetof(struct snp_id_auth, id_key) == 0x240, "ID_AUTH.ID_KEY");
static_assert(offsetof(struct snp_id_auth, author_key) == 0x880, "ID_AUTH.AUTHOR_KEY");
static_assert(sizeof(struct snp_id_auth) == 4096, "ID_AUTH");

/* What SNP_PLATFORM_STATUS returns, 8.3.2. */
struct snp_platform_status {
	uint8_t api_major, api_minor, state, init;
	le32 build_id, flags, guest_count;
	le64 current_tcb, reported_tcb;
};
static_assert(offsetof(struct snp_platform_status, flags) == 8, "flags");
static_assert(sizeof(struct snp_platform_status) == 32, "SNP_PLATFORM_STATUS");

/* In snp_platform_status.init. */
#define SNP_PLATFORM_RMP         (1U << 0)
#define SNP_PLATFORM_ALIAS_CHECK (1U << 1)

/* In snp_platform_status.flags. */
#define SNP_PLATFORM_MASK_CHIP_ID      (1U << 0)
#define SNP_PLATFORM_MASK_CHIP_KEY     (1U << 1)
#define SNP_PLATFORM_VLEK              (1U << 2)
#define SNP_PLATFORM_RAPL_DIS          (1U << 4)
#define SNP_PLATFORM_CIPHERTEXT_HIDING (1U << 6)

#endif
