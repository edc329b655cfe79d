/* SPDX-License-Identifier: GPL-2.0-or-later */
/* contrib/snp-host/selftest/kvmsnp.h: what the kernel headers of Debian 12 lack. */
#pragma once
#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#define KVM_X86_SNP_VM 4
#ifndef KVM_CREATE_GUEST_MEMFD
struct kvm_userspace_memory_region2 {
	__u32 slot, flags;
	__u64 guest_phys_addr, memory_size, userspace_addr, guest_memfd_offset;
	__u32 guest_memfd, pad1;
	__u64 pad2[14];
};
struct kvm_memory_attributes {
	__u64 address, size, attributes, flags;
};
struct kvm_create_guest_memfd {
	__u64 size, flags, reserved[6];
};
#define KVM_MEM_GUEST_MEMFD          (1u << 2)
#define KVM_SET_USER_MEMORY_REGION2  _IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)
#define KVM_SET_MEMORY_ATTRIBUTES    _IOW(KVMIO, 0xd2, struct kvm_memory_attributes)
#define KVM_CREATE_GUEST_MEMFD       _IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#define KVM_MEMORY_ATTRIBUTE_PRIVATE (1ULL << 3)
#define KVM_EXIT_MEMORY_FAULT        39
#endif
#ifndef KVM_CAP_VM_TYPES
#define KVM_CAP_VM_TYPES 235
#endif
#define SEV_INIT2         22
#define SNP_LAUNCH_START  100
#define SNP_LAUNCH_UPDATE 101
#define SNP_LAUNCH_FINISH 102
struct sev_init2 {
	uint64_t vmsa_features;
	uint32_t flags;
	uint16_t ghcb_version, pad1;
	uint32_t pad2[8];
};
struct snp_start {
	uint64_t policy;
	uint8_t gosvw[16];
	uint16_t flags;
	uint8_t pad0[6];
	uint64_t pad1[4];
};
struct snp_update {
	uint64_t gfn_start, uaddr, len;
	uint8_t type, pad0;
	uint16_t flags;
	uint32_t pad1;
	uint64_t pad2[4];
};
struct snp_finish {
	uint64_t id_block_uaddr, id_auth_uaddr;
	uint8_t id_block_en, auth_key_en, vcek_disabled;
	uint8_t host_data[32];
	uint8_t pad0[3];
	uint16_t flags;
	uint64_t pad1[4];
};
