/* SPDX-License-Identifier: MIT */
/*
 * core/vm/abi.h: KVM's user interface as far as it is newer than the headers we may be built with
 * (Debian 12 has 6.1's, SNP guests came with 6.11), under names of our own so that newer headers don't
 * clash. Source of each: Linux include/uapi/linux/kvm.h and arch/x86/include/uapi/asm/kvm.h.
 */
#ifndef CORE_VM_ABI_H
#define CORE_VM_ABI_H

#include <assert.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"

/* VM types, KVM_CREATE_VM; bit numbers in KVM_CAP_VM_TYPES. */
#define X_KVM_DEFAULT_VM 0UL
#define X_KVM_SEV_VM     2UL
#define X_KVM_SEV_ES_VM  3UL
#define X_KVM_SNP_VM     4UL

/* Capabilities. */
#define X_CAP_USER_MEMORY2      231
#define X_CAP_MEMORY_FAULT_INFO 232
#define X_CAP_MEMORY_ATTRIBUTES 233
#define X_CAP_GUEST_MEMFD       234
#define X_CAP_VM_TYPES          235
#define X_CAP_PRE_FAULT_MEMORY  236
#define X_CAP_GUEST_MEMFD_FLAGS 244

/* guest_memfd and slots. */
#define X_MEM_GUEST_MEMFD          (1U << 2)
#define X_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)
#define X_GUEST_MEMFD_MMAP         (1ULL << 0) /* Linux 6.18 */
#define X_GUEST_MEMFD_INIT_SHARED  (1ULL << 1) /* Linux 6.18 */

struct x_memory_region2 {
	uint32_t slot, flags;
	uint64_t guest_phys_addr, memory_size, userspace_addr, guest_memfd_offset;
	uint32_t guest_memfd, pad1;
	uint64_t pad2[14];
};
static_assert(sizeof(struct x_memory_region2) == 160, "kvm_userspace_memory_region2");
static_assert(offsetof(struct x_memory_region2, guest_memfd) == 40, "guest_memfd");

struct x_create_guest_memfd {
	uint64_t size, flags, reserved[6];
};
static_assert(sizeof(struct x_create_guest_memfd) == 64, "kvm_create_guest_memfd");

struct x_memory_attributes {
	uint64_t address, size, attributes, flags;
};
static_assert(sizeof(struct x_memory_attributes) == 32, "kvm_memory_attributes");

struct x_pre_fault_memory {
	uint64_t gpa, size, flags, padding[5];
};
static_assert(sizeof(struct x_pre_fault_memory) == 64, "kvm_pre_fault_memory");

#define X_PRE_FAULT_MEMORY        _IOWR(KVMIO, 0xd5, struct x_pre_fault_memory)
#define X_SET_USER_MEMORY_REGION2 _IOW(KVMIO, 0x49, struct x_memory_region2)
#define X_SET_MEMORY_ATTRIBUTES   _IOW(KVMIO, 0xd2, struct x_memory_attributes)
#define X_CREATE_GUEST_MEMFD      _IOWR(KVMIO, 0xd4, struct x_create_guest_memfd)

/* KVM_MEMORY_ENCRYPT_OP commands. */
#define X_SEV_INIT2         22
#define X_SNP_LAUNCH_START  100
#define X_SNP_LAUNCH_UPDATE 101
#define X_SNP_LAUNCH_FINISH 102

struct x_sev_cmd {
	uint32_t id, pad;
	uint64_t data;
	uint32_t error, sev_fd;
};
static_assert(sizeof(struct x_sev_cmd) == 24, "kvm_sev_cmd");

struct x_sev_init {
	uint64_t vmsa_features;
	uint32_t flags;
	uint16_t ghcb_version, pad1;
	uint32_t pad2[8];
};
static_assert(sizeof(struct x_sev_init) == 48, "kvm_sev_init");

struct x_snp_launch_start {
	uint64_t policy;
	uint8_t gosvw[16];
	uint16_t flags;
	uint8_t pad0[6];
	uint64_t pad1[4];
};
static_assert(sizeof(struct x_snp_launch_start) == 64, "kvm_sev_snp_launch_start");

struct x_snp_launch_update {
	uint64_t gfn_start, uaddr, len;
	uint8_t type, pad0;
	uint16_t flags;
	uint32_t pad1;
	uint64_t pad2[4];
};
static_assert(sizeof(struct x_snp_launch_update) == 64, "kvm_sev_snp_launch_update");

struct x_snp_launch_finish {
	uint64_t id_block_uaddr, id_auth_uaddr;
	uint8_t id_block_en, auth_key_en, vcek_disabled;
	uint8_t host_data[32];
	uint8_t pad0[3];
	uint16_t flags;
	uint64_t pad1[4];
};
static_assert(sizeof(struct x_snp_launch_finish) == 88, "kvm_sev_snp_launch_finish");
static_assert(offsetof(struct x_snp_launch_finish, host_data) == 19, "host_data");
static_assert(offsetof(struct x_snp_launch_finish, flags) == 54, "flags");

/* /dev/kvm attributes. */
#define X_GRP_SEV           1
#define X_SEV_VMSA_FEATURES 0
#define X_SNP_POLICY_BITS   1 /* Linux 6.19 */
#define X_SNP_REQ_CERTS     2 /* Linux 7.0 */

/* /dev/sev, include/uapi/linux/psp-sev.h: the two commands that only ask. */
#define X_SEV_PLATFORM_STATUS 1
#define X_SNP_PLATFORM_STATUS 9

struct x_sev_issue_cmd {
	le32 cmd;
	le64 data;
	le32 error;
};
static_assert(sizeof(struct x_sev_issue_cmd) == 16, "sev_issue_cmd");
#define X_SEV_ISSUE_CMD _IOWR('S', 0x0, struct x_sev_issue_cmd)

struct x_sev_status {
	uint8_t api_major, api_minor, state;
	le32 flags;
	uint8_t build;
	le32 guest_count;
};
static_assert(sizeof(struct x_sev_status) == 12, "sev_user_data_status");

struct x_snp_status {
	uint8_t api_major, api_minor, state, init;
	le32 build_id, flags, guest_count;
	le64 current_tcb, reported_tcb;
};
static_assert(sizeof(struct x_snp_status) == 32, "sev_user_data_snp_status");

/* In x_snp_status.init; SEV-SNP firmware ABI 8.3.2. */
#define X_SNP_STATUS_RMP         (1U << 0)
#define X_SNP_STATUS_ALIAS_CHECK (1U << 1)

/* In x_snp_status.flags. */
#define X_SNP_STATUS_MASK_CHIP_ID      (1U << 0)
#define X_SNP_STATUS_MASK_CHIP_KEY     (1U << 1)
#define X_SNP_STATUS_VLEK              (1U << 2)
#define X_SNP_STATUS_RAPL_DIS          (1U << 4)
#define X_SNP_STATUS_CIPHERTEXT_HIDING (1U << 6)
static_assert(offsetof(struct x_snp_status, flags) == 8, "sev_user_data_snp_status");

/* KVM_RUN. */
#define X_EXIT_MEMORY_FAULT        39
#define X_EXIT_SNP_REQ_CERTS       43 /* Linux 7.0 */
#define X_MEMORY_EXIT_FLAG_PRIVATE (1ULL << 3)
#define X_HC_MAP_GPA_RANGE         12
#define X_MAP_GPA_PRIVATE          (1ULL << 4)
#define X_SYSTEM_EVENT_SEV_TERM    6

/* Members of kvm_run's exit union that older headers lack or spell otherwise; the union is at 32. */
struct x_exit_memory_fault {
	uint64_t flags, gpa, size;
};
struct x_exit_hypercall {
	uint64_t nr, args[6], ret, flags;
};
static_assert(offsetof(struct kvm_run, hw) == 32, "kvm_run's exit union");

#endif
