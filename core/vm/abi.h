/* SPDX-License-Identifier: MIT */
/*
 * core/vm/abi.h: the kernel's interface to KVM and the PSP, under the kernel's own names. The
 * headers at build time may be older than the running kernel (Debian 12 has those of 6.1, SNP
 * guests need 6.11), so this declares what they lack, release by release, unless a macro of that
 * release is defined. Source: Linux, include/uapi/linux/kvm.h and psp-sev.h,
 * arch/x86/include/uapi/asm/kvm.h.
 */
#ifndef CORE_VM_ABI_H
#define CORE_VM_ABI_H

#include <assert.h>
#include <linux/kvm.h>
#include <linux/kvm_para.h>
#include <linux/psp-sev.h>
#include <stddef.h>
#include <stdint.h>

#ifndef KVM_CAP_GUEST_MEMFD /* Linux 6.8 */
#define KVM_X86_DEFAULT_VM 0

#define KVM_CAP_USER_MEMORY2      231
#define KVM_CAP_MEMORY_FAULT_INFO 232
#define KVM_CAP_MEMORY_ATTRIBUTES 233
#define KVM_CAP_GUEST_MEMFD       234
#define KVM_CAP_VM_TYPES          235

#define KVM_MEM_GUEST_MEMFD          (1UL << 2)
#define KVM_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)
#define KVM_EXIT_MEMORY_FAULT        39
#define KVM_MEMORY_EXIT_FLAG_PRIVATE (1ULL << 3)

struct kvm_userspace_memory_region2 {
	__u32 slot, flags;
	__u64 guest_phys_addr, memory_size, userspace_addr, guest_memfd_offset;
	__u32 guest_memfd, pad1;
	__u64 pad2[14];
};

struct kvm_create_guest_memfd {
	__u64 size, flags, reserved[6];
};

struct kvm_memory_attributes {
	__u64 address, size, attributes, flags;
};

#define KVM_SET_USER_MEMORY_REGION2 _IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)
#define KVM_SET_MEMORY_ATTRIBUTES   _IOW(KVMIO, 0xd2, struct kvm_memory_attributes)
#define KVM_CREATE_GUEST_MEMFD      _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#endif
static_assert(sizeof(struct kvm_userspace_memory_region2) == 160, "kvm_userspace_memory_region2");
static_assert(offsetof(struct kvm_userspace_memory_region2, guest_memfd) == 40, "guest_memfd");
static_assert(sizeof(struct kvm_create_guest_memfd) == 64, "kvm_create_guest_memfd");
static_assert(sizeof(struct kvm_memory_attributes) == 32, "kvm_memory_attributes");

#ifndef KVM_X86_SEV_VM /* Linux 6.10 */
#define KVM_X86_SEV_VM    2
#define KVM_X86_SEV_ES_VM 3

#define KVM_X86_GRP_SEV           1
#define KVM_X86_SEV_VMSA_FEATURES 0

#define KVM_SEV_INIT2 22

struct kvm_sev_init {
	__u64 vmsa_features;
	__u32 flags;
	__u16 ghcb_version, pad1;
	__u32 pad2[8];
};
#endif
static_assert(KVM_SEV_INIT2 == 22, "KVM_SEV_INIT2");
static_assert(sizeof(struct kvm_sev_cmd) == 24, "kvm_sev_cmd");
static_assert(sizeof(struct kvm_sev_init) == 48, "kvm_sev_init");

#ifndef KVM_CAP_PRE_FAULT_MEMORY /* Linux 6.11 */
#define KVM_CAP_PRE_FAULT_MEMORY 236

struct kvm_pre_fault_memory {
	__u64 gpa, size, flags, padding[5];
};

#define KVM_PRE_FAULT_MEMORY _IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
#endif
static_assert(sizeof(struct kvm_pre_fault_memory) == 64, "kvm_pre_fault_memory");

#ifndef KVM_X86_SNP_VM /* Linux 6.11 */
#define KVM_X86_SNP_VM 4

#define KVM_SEV_SNP_LAUNCH_START  100
#define KVM_SEV_SNP_LAUNCH_UPDATE 101
#define KVM_SEV_SNP_LAUNCH_FINISH 102

struct kvm_sev_snp_launch_start {
	__u64 policy;
	__u8 gosvw[16];
	__u16 flags;
	__u8 pad0[6];
	__u64 pad1[4];
};

struct kvm_sev_snp_launch_update {
	__u64 gfn_start, uaddr, len;
	__u8 type, pad0;
	__u16 flags;
	__u32 pad1;
	__u64 pad2[4];
};

struct kvm_sev_snp_launch_finish {
	__u64 id_block_uaddr, id_auth_uaddr;
	__u8 id_block_en, auth_key_en, vcek_disabled;
	__u8 host_data[32];
	__u8 pad0[3];
	__u16 flags;
	__u64 pad1[4];
};
#endif
static_assert(KVM_SEV_SNP_LAUNCH_START == 100, "KVM_SEV_SNP_LAUNCH_START");
static_assert(KVM_SEV_SNP_LAUNCH_UPDATE == 101, "KVM_SEV_SNP_LAUNCH_UPDATE");
static_assert(KVM_SEV_SNP_LAUNCH_FINISH == 102, "KVM_SEV_SNP_LAUNCH_FINISH");
static_assert(sizeof(struct kvm_sev_snp_launch_start) == 64, "kvm_sev_snp_launch_start");
static_assert(sizeof(struct kvm_sev_snp_launch_update) == 64, "kvm_sev_snp_launch_update");
static_assert(sizeof(struct kvm_sev_snp_launch_finish) == 88, "kvm_sev_snp_launch_finish");
static_assert(offsetof(struct kvm_sev_snp_launch_finish, host_data) == 19, "host_data");
static_assert(offsetof(struct kvm_sev_snp_launch_finish, flags) == 54, "flags");

#ifndef KVM_CAP_GUEST_MEMFD_FLAGS /* Linux 6.18 */
#define KVM_CAP_GUEST_MEMFD_FLAGS    244
#define GUEST_MEMFD_FLAG_MMAP        (1ULL << 0)
#define GUEST_MEMFD_FLAG_INIT_SHARED (1ULL << 1)
#endif

#ifndef KVM_X86_SNP_POLICY_BITS /* Linux 6.19 */
#define KVM_X86_SNP_POLICY_BITS 1
#endif

#ifndef KVM_EXIT_SNP_REQ_CERTS /* Linux 7.0 */
#define KVM_EXIT_SNP_REQ_CERTS    43
#define KVM_X86_SEV_SNP_REQ_CERTS 2

#define KVM_SEV_SNP_ENABLE_REQ_CERTS 103
#endif

/*
 * /dev/sev, psp-sev.h: the two status queries. SNP_PLATFORM_STATUS is an enumerator in newer
 * headers (Linux 6.10), which the preprocessor can't see; a macro of the same value is harmless.
 * It fills `struct snp_platform_status` of core/snp/abi.h, not the kernel's struct, whose bit
 * fields grow with its releases.
 */
#define SNP_PLATFORM_STATUS 9
static_assert(SEV_PLATFORM_STATUS == 1, "SEV_PLATFORM_STATUS");
static_assert(sizeof(struct sev_issue_cmd) == 16, "sev_issue_cmd");
static_assert(sizeof(struct sev_user_data_status) == 12, "sev_user_data_status");

/*
 * Members of kvm_run's exit union that older headers lack or name differently; the union is at
 * offset 32.
 */
struct exit_memory_fault {
	__u64 flags, gpa, size;
};
struct exit_hypercall {
	__u64 nr, args[6], ret, flags;
};
/* ret: 0, or a positive ENOSPC (npages: how many it takes), EAGAIN or EIO. */
struct exit_snp_req_certs {
	__u64 gpa, npages, ret;
};
static_assert(offsetof(struct kvm_run, hw) == 32, "kvm_run's exit union");

#endif
