/* SPDX-License-Identifier: MIT */
/* core/vm/ioctls.c: the tables of ioctls, commands and structs. */
#include "core/vm/ioctls.h"

#include <string.h>

#include "core/base/array.h"
#include "core/vm/abi.h"

#include <linux/vhost.h>

#define NAMED(value)                                                                               \
	{                                                                                          \
		value, #value                                                                      \
	}

#define FIELD(type, member, form, ...)                                                             \
	{                                                                                          \
#member, offsetof(struct type, member), sizeof(((struct type *)0)->member), form,  \
			__VA_ARGS__                                                                \
	}
#define NUMBER(type, member)       FIELD(type, member, ABI_NUMBER, NULL, NULL)
#define HEX(type, member)          FIELD(type, member, ABI_HEX, NULL, NULL)
#define BYTES(type, member)        FIELD(type, member, ABI_BYTES, NULL, NULL)
#define MEMORY(type, member)       FIELD(type, member, ABI_MEMORY, NULL, NULL)
#define DESCRIPTOR(type, member)   FIELD(type, member, ABI_DESCRIPTOR, NULL, NULL)
#define NAME_OF(type, member, t)   FIELD(type, member, ABI_NUMBER, t, NULL)
#define STRUCT(type, member, kind) FIELD(type, member, ABI_STRUCT, NULL, &(kind))
#define FIELDS(...)                                                                                \
	(const struct abi_field[])                                                                 \
	{                                                                                          \
		__VA_ARGS__,                                                                       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}
/* `static const struct abi_struct kvm_regs` describes struct kvm_regs. */
#define ABI(type, entry, ...)                                                                      \
	static const struct abi_struct type = { #type, sizeof(struct type), FIELDS(__VA_ARGS__),   \
		                                entry }

static const struct abi_name capabilities[] = {
	NAMED(KVM_CAP_VM_TYPES),          NAMED(KVM_CAP_USER_MEMORY2),
	NAMED(KVM_CAP_GUEST_MEMFD),       NAMED(KVM_CAP_MEMORY_ATTRIBUTES),
	NAMED(KVM_CAP_MEMORY_FAULT_INFO), NAMED(KVM_CAP_EXIT_HYPERCALL),
	NAMED(KVM_CAP_GUEST_MEMFD_FLAGS), { 0 },
};
static const struct abi_name numbers[] = { { 0 } }; /* that have no names */
static const struct abi_name vm_types[] = {
	NAMED(KVM_X86_DEFAULT_VM),
	NAMED(KVM_X86_SNP_VM),
	{ 0 },
};
static const struct abi_name slot_flags[] = { NAMED(KVM_MEM_GUEST_MEMFD), { 0 } };
static const struct abi_name attributes[] = { NAMED(KVM_MEMORY_ATTRIBUTE_PRIVATE), { 0 } };
static const struct abi_name mp_states[] = { NAMED(KVM_MP_STATE_AP_RESET_HOLD), { 0 } };
static const struct abi_name groups[] = { NAMED(KVM_X86_GRP_SEV), { 0 } };
static const struct abi_name group_attributes[] = { NAMED(KVM_X86_SEV_SNP_REQ_CERTS), { 0 } };
/* The kernel's KVM_SEV_SNP_PAGE_TYPE_*. */
static const struct abi_name page_types[] = {
	{ 1, "NORMAL" },  { 3, "ZERO" },  { 4, "UNMEASURED" },
	{ 5, "SECRETS" }, { 6, "CPUID" }, { 0 },
};

ABI(kvm_userspace_memory_region, NULL, NUMBER(kvm_userspace_memory_region, slot),
    NUMBER(kvm_userspace_memory_region, flags), HEX(kvm_userspace_memory_region, guest_phys_addr),
    HEX(kvm_userspace_memory_region, memory_size),
    MEMORY(kvm_userspace_memory_region, userspace_addr));
ABI(kvm_userspace_memory_region2, NULL, NUMBER(kvm_userspace_memory_region2, slot),
    NAME_OF(kvm_userspace_memory_region2, flags, slot_flags),
    HEX(kvm_userspace_memory_region2, guest_phys_addr),
    HEX(kvm_userspace_memory_region2, memory_size),
    MEMORY(kvm_userspace_memory_region2, userspace_addr),
    HEX(kvm_userspace_memory_region2, guest_memfd_offset),
    DESCRIPTOR(kvm_userspace_memory_region2, guest_memfd));
ABI(kvm_create_guest_memfd, NULL, HEX(kvm_create_guest_memfd, size),
    HEX(kvm_create_guest_memfd, flags));
ABI(kvm_memory_attributes, NULL, HEX(kvm_memory_attributes, address),
    HEX(kvm_memory_attributes, size), NAME_OF(kvm_memory_attributes, attributes, attributes),
    HEX(kvm_memory_attributes, flags));
ABI(kvm_pre_fault_memory, NULL, HEX(kvm_pre_fault_memory, gpa), HEX(kvm_pre_fault_memory, size),
    HEX(kvm_pre_fault_memory, flags));
ABI(kvm_enable_cap, NULL, NAME_OF(kvm_enable_cap, cap, capabilities), HEX(kvm_enable_cap, flags),
    HEX(kvm_enable_cap, args[0]), HEX(kvm_enable_cap, args[1]), HEX(kvm_enable_cap, args[2]),
    HEX(kvm_enable_cap, args[3]));
ABI(kvm_device_attr, NULL, HEX(kvm_device_attr, flags), NAME_OF(kvm_device_attr, group, groups),
    NAME_OF(kvm_device_attr, attr, group_attributes), MEMORY(kvm_device_attr, addr));

/* What vhost calls __u64. */
struct vhost_number {
	__u64 value;
};
ABI(vhost_number, NULL, NUMBER(vhost_number, value));

ABI(kvm_cpuid_entry2, NULL, HEX(kvm_cpuid_entry2, function), NUMBER(kvm_cpuid_entry2, index),
    HEX(kvm_cpuid_entry2, flags), HEX(kvm_cpuid_entry2, eax), HEX(kvm_cpuid_entry2, ebx),
    HEX(kvm_cpuid_entry2, ecx), HEX(kvm_cpuid_entry2, edx));
ABI(kvm_cpuid2, &kvm_cpuid_entry2, NUMBER(kvm_cpuid2, nent));
/* KVM fills in the entries: only their number is passed. */
static const struct abi_struct cpuid_cap = { "kvm_cpuid2", sizeof(struct kvm_cpuid2),
	                                     FIELDS(NUMBER(kvm_cpuid2, nent)), NULL };
ABI(kvm_msr_entry, NULL, HEX(kvm_msr_entry, index), HEX(kvm_msr_entry, data));
ABI(kvm_msrs, &kvm_msr_entry, NUMBER(kvm_msrs, nmsrs));
ABI(kvm_debugregs, NULL, HEX(kvm_debugregs, dr6), HEX(kvm_debugregs, dr7));
ABI(kvm_xcr, NULL, NUMBER(kvm_xcr, xcr), HEX(kvm_xcr, value));
ABI(kvm_xcrs, NULL, NUMBER(kvm_xcrs, nr_xcrs), STRUCT(kvm_xcrs, xcrs[0], kvm_xcr));
ABI(kvm_xsave, NULL, HEX(kvm_xsave, region[0]), HEX(kvm_xsave, region[6]),
    HEX(kvm_xsave, region[128]));
ABI(kvm_mp_state, NULL, NAME_OF(kvm_mp_state, mp_state, mp_states));

ABI(kvm_segment, NULL, HEX(kvm_segment, base), HEX(kvm_segment, limit), HEX(kvm_segment, selector),
    NUMBER(kvm_segment, type), NUMBER(kvm_segment, present), NUMBER(kvm_segment, dpl),
    NUMBER(kvm_segment, db), NUMBER(kvm_segment, s), NUMBER(kvm_segment, l), NUMBER(kvm_segment, g),
    NUMBER(kvm_segment, avl), NUMBER(kvm_segment, unusable));
ABI(kvm_dtable, NULL, HEX(kvm_dtable, base), HEX(kvm_dtable, limit));
ABI(kvm_sregs, NULL, STRUCT(kvm_sregs, cs, kvm_segment), STRUCT(kvm_sregs, ds, kvm_segment),
    STRUCT(kvm_sregs, es, kvm_segment), STRUCT(kvm_sregs, fs, kvm_segment),
    STRUCT(kvm_sregs, gs, kvm_segment), STRUCT(kvm_sregs, ss, kvm_segment),
    STRUCT(kvm_sregs, tr, kvm_segment), STRUCT(kvm_sregs, ldt, kvm_segment),
    STRUCT(kvm_sregs, gdt, kvm_dtable), STRUCT(kvm_sregs, idt, kvm_dtable), HEX(kvm_sregs, cr0),
    HEX(kvm_sregs, cr2), HEX(kvm_sregs, cr3), HEX(kvm_sregs, cr4), HEX(kvm_sregs, cr8),
    HEX(kvm_sregs, efer), HEX(kvm_sregs, apic_base), BYTES(kvm_sregs, interrupt_bitmap));
ABI(kvm_regs, NULL, HEX(kvm_regs, rax), HEX(kvm_regs, rbx), HEX(kvm_regs, rcx), HEX(kvm_regs, rdx),
    HEX(kvm_regs, rsi), HEX(kvm_regs, rdi), HEX(kvm_regs, rsp), HEX(kvm_regs, rbp),
    HEX(kvm_regs, r8), HEX(kvm_regs, r9), HEX(kvm_regs, r10), HEX(kvm_regs, r11),
    HEX(kvm_regs, r12), HEX(kvm_regs, r13), HEX(kvm_regs, r14), HEX(kvm_regs, r15),
    HEX(kvm_regs, rip), HEX(kvm_regs, rflags));

ABI(kvm_sev_cmd, NULL, NUMBER(kvm_sev_cmd, id), MEMORY(kvm_sev_cmd, data),
    NUMBER(kvm_sev_cmd, error), DESCRIPTOR(kvm_sev_cmd, sev_fd));
ABI(kvm_sev_init, NULL, HEX(kvm_sev_init, vmsa_features), HEX(kvm_sev_init, flags),
    NUMBER(kvm_sev_init, ghcb_version));
ABI(kvm_sev_snp_launch_start, NULL, HEX(kvm_sev_snp_launch_start, policy),
    BYTES(kvm_sev_snp_launch_start, gosvw), HEX(kvm_sev_snp_launch_start, flags));
ABI(kvm_sev_snp_launch_update, NULL, HEX(kvm_sev_snp_launch_update, gfn_start),
    MEMORY(kvm_sev_snp_launch_update, uaddr), HEX(kvm_sev_snp_launch_update, len),
    NAME_OF(kvm_sev_snp_launch_update, type, page_types), HEX(kvm_sev_snp_launch_update, flags));
ABI(kvm_sev_snp_launch_finish, NULL, MEMORY(kvm_sev_snp_launch_finish, id_block_uaddr),
    MEMORY(kvm_sev_snp_launch_finish, id_auth_uaddr),
    NUMBER(kvm_sev_snp_launch_finish, id_block_en), NUMBER(kvm_sev_snp_launch_finish, auth_key_en),
    NUMBER(kvm_sev_snp_launch_finish, vcek_disabled), BYTES(kvm_sev_snp_launch_finish, host_data),
    HEX(kvm_sev_snp_launch_finish, flags));

#define PLAIN(request)                                                                             \
	{                                                                                          \
		request, #request, NULL, NULL                                                      \
	}
#define WITH_NUMBER(request, names)                                                                \
	{                                                                                          \
		request, #request, NULL, names                                                     \
	}
#define WITH_STRUCT(request, argument)                                                             \
	{                                                                                          \
		request, #request, &(argument), NULL                                               \
	}

static const struct abi_ioctl ioctls[] = {
	PLAIN(KVM_GET_API_VERSION),
	WITH_NUMBER(KVM_CHECK_EXTENSION, capabilities),
	WITH_NUMBER(KVM_CREATE_VM, vm_types),
	PLAIN(KVM_GET_VCPU_MMAP_SIZE),
	PLAIN(VHOST_SET_OWNER),
	WITH_STRUCT(VHOST_VSOCK_SET_GUEST_CID, vhost_number),
	PLAIN(VHOST_GET_FEATURES), /* what it fills in is no argument */
	WITH_STRUCT(KVM_GET_SUPPORTED_CPUID, cpuid_cap),
	WITH_STRUCT(KVM_GET_DEVICE_ATTR, kvm_device_attr),
	WITH_STRUCT(KVM_ENABLE_CAP, kvm_enable_cap),
	WITH_STRUCT(KVM_MEMORY_ENCRYPT_OP, kvm_sev_cmd),
	WITH_STRUCT(KVM_CREATE_GUEST_MEMFD, kvm_create_guest_memfd),
	WITH_STRUCT(KVM_SET_USER_MEMORY_REGION, kvm_userspace_memory_region),
	WITH_STRUCT(KVM_SET_USER_MEMORY_REGION2, kvm_userspace_memory_region2),
	WITH_STRUCT(KVM_SET_MEMORY_ATTRIBUTES, kvm_memory_attributes),
	PLAIN(KVM_CREATE_IRQCHIP),
	WITH_NUMBER(KVM_CREATE_VCPU, numbers),
	WITH_STRUCT(KVM_SET_CPUID2, kvm_cpuid2),
	PLAIN(KVM_GET_SREGS), /* what it fills in is no argument */
	WITH_STRUCT(KVM_SET_SREGS, kvm_sregs),
	WITH_STRUCT(KVM_SET_REGS, kvm_regs),
	WITH_STRUCT(KVM_SET_DEBUGREGS, kvm_debugregs),
	WITH_STRUCT(KVM_SET_XCRS, kvm_xcrs),
	WITH_STRUCT(KVM_SET_XSAVE, kvm_xsave),
	WITH_STRUCT(KVM_SET_MSRS, kvm_msrs),
	WITH_STRUCT(KVM_SET_MP_STATE, kvm_mp_state),
	WITH_STRUCT(KVM_PRE_FAULT_MEMORY, kvm_pre_fault_memory),
};

static const struct abi_ioctl sev_commands[] = {
	WITH_STRUCT(KVM_SEV_INIT2, kvm_sev_init),
	PLAIN(KVM_SEV_SNP_ENABLE_REQ_CERTS),
	WITH_STRUCT(KVM_SEV_SNP_LAUNCH_START, kvm_sev_snp_launch_start),
	WITH_STRUCT(KVM_SEV_SNP_LAUNCH_UPDATE, kvm_sev_snp_launch_update),
	WITH_STRUCT(KVM_SEV_SNP_LAUNCH_FINISH, kvm_sev_snp_launch_finish),
};

static const struct abi_ioctl *row_find(const struct abi_ioctl *rows, size_t n, unsigned long key)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].request == key)
			return &rows[i];
	return NULL;
}

const struct abi_ioctl *abi_ioctl(unsigned long request)
{
	return row_find(ioctls, ARRAY_SIZE(ioctls), request);
}

const struct abi_ioctl *abi_sev_command(uint32_t id)
{
	return row_find(sev_commands, ARRAY_SIZE(sev_commands), id);
}

uint64_t abi_number(const struct abi_field *f, const uint8_t *bytes)
{
	uint64_t value = 0; /* x86 is little-endian */

	memcpy(&value, bytes + f->offset, MIN(f->size, sizeof(value)));
	return value;
}

const char *abi_name(const struct abi_name *names, uint64_t value)
{
	for (; names && names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

size_t abi_size(const struct abi_struct *s, const void *bytes)
{
	return s->size + (s->entry ? abi_number(&s->fields[0], bytes) * s->entry->size : 0);
}
