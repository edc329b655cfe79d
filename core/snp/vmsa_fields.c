/* SPDX-License-Identifier: MIT */
/* core/snp/vmsa_fields.c: the table of VMSA fields. */
#include "core/snp/vmsa_fields.h"

#define RESET_BLOCK "APs start where the firmware's SEV-ES reset block says"
#define ACCESSED    "the accessed bits of segments differ by launcher: qemu, ec2, gce"
#define START       "a firmware starts in real mode; a kernel without one starts in 64-bit mode"
#define FPU         "KVM copies the FPU's state since Linux 6.10; older KVM, EC2 and GCE leave 0"
#define XCR0        "KVM sets it to 1; another launcher may not"
#define UNUSUAL     "no launcher that snpvmm knows changes it"

#define SEGMENT(name, at, attrib_key, attrib_cause, base_key, base_cause)                          \
	{ name ".selector", at, 2, "boot.firmware", START },                                       \
		{ name ".attrib", at + 2, 2, attrib_key, attrib_cause },                           \
		{ name ".limit", at + 4, 4, "boot.firmware", START },                              \
	{                                                                                          \
		name ".base", at + 8, 8, base_key, base_cause                                      \
	}
#define DATA_SEGMENT(name, at)                                                                     \
	SEGMENT(name, at, "measure.profile", ACCESSED, "boot.firmware", START)
#define ODD(name, at, size)                                                                        \
	{                                                                                          \
		name, at, size, NULL, UNUSUAL                                                      \
	}

const struct page_field vmsa_fields[] = {
	DATA_SEGMENT("es", 0x00),
	SEGMENT("cs", 0x10, "measure.profile", ACCESSED, "boot.firmware", RESET_BLOCK),
	DATA_SEGMENT("ss", 0x20),
	DATA_SEGMENT("ds", 0x30),
	DATA_SEGMENT("fs", 0x40),
	DATA_SEGMENT("gs", 0x50),
	DATA_SEGMENT("gdtr", 0x60),
	DATA_SEGMENT("ldtr", 0x70),
	DATA_SEGMENT("idtr", 0x80),
	DATA_SEGMENT("tr", 0x90),
	ODD("pl0_ssp", 0xa0, 8),
	ODD("pl1_ssp", 0xa8, 8),
	ODD("pl2_ssp", 0xb0, 8),
	ODD("pl3_ssp", 0xb8, 8),
	ODD("u_cet", 0xc0, 8),
	{ "vmpl", 0xca, 1, NULL, "a guest below an SVSM has a VMPL above 0" },
	{ "cpl", 0xcb, 1, NULL, "KVM copies it from the DPL in ss.attrib" },
	{ "efer", 0xd0, 8, "boot.firmware", "KVM adds SVME (0x1000); 64-bit mode adds 0xd00" },
	ODD("xss", 0x140, 8),
	{ "cr4", 0x148, 8, "boot.firmware", "KVM adds MCE (0x40); 64-bit mode adds PAE" },
	{ "cr3", 0x150, 8, "boot.firmware", START },
	{ "cr0", 0x158, 8, "boot.firmware",
	  "KVM drops CD and NW unless its quirk CD_NW_CLEARED is off (0x60000010)" },
	{ "dr7", 0x160, 8, NULL, "0x400 after reset; 0 with a launcher that sets it so" },
	ODD("dr6", 0x168, 8),
	ODD("rflags", 0x170, 8),
	{ "rip", 0x178, 8, "boot.firmware", RESET_BLOCK },
	ODD("dr0", 0x180, 8),
	ODD("dr1", 0x188, 8),
	ODD("dr2", 0x190, 8),
	ODD("dr3", 0x198, 8),
	ODD("dr0_addr_mask", 0x1a0, 8),
	ODD("dr1_addr_mask", 0x1a8, 8),
	ODD("dr2_addr_mask", 0x1b0, 8),
	ODD("dr3_addr_mask", 0x1b8, 8),
	{ "rsp", 0x1d8, 8, "boot.firmware", START },
	ODD("s_cet", 0x1e0, 8),
	ODD("ssp", 0x1e8, 8),
	ODD("isst_addr", 0x1f0, 8),
	ODD("rax", 0x1f8, 8),
	ODD("star", 0x200, 8),
	ODD("lstar", 0x208, 8),
	ODD("cstar", 0x210, 8),
	ODD("sfmask", 0x218, 8),
	ODD("kernel_gs_base", 0x220, 8),
	ODD("sysenter_cs", 0x228, 8),
	ODD("sysenter_esp", 0x230, 8),
	ODD("sysenter_eip", 0x238, 8),
	ODD("cr2", 0x240, 8),
	{ "g_pat", 0x268, 8, "measure.profile", "gce has its own; a vCPU that ran keeps its PAT" },
	ODD("dbgctl", 0x270, 8),
	ODD("br_from", 0x278, 8),
	ODD("br_to", 0x280, 8),
	ODD("last_excp_from", 0x288, 8),
	ODD("last_excp_to", 0x290, 8),
	ODD("spec_ctrl", 0x2e0, 8),
	ODD("pkru", 0x2e8, 4),
	ODD("tsc_aux", 0x2ec, 4),
	{ "guest_tsc_scale", 0x2f0, 8, NULL, "a guest with Secure TSC has it" },
	{ "guest_tsc_offset", 0x2f8, 8, NULL, "a guest with Secure TSC has it" },
	ODD("reg_prot_nonce", 0x300, 8),
	ODD("rcx", 0x308, 8),
	{ "rdx", 0x310, 8, "vcpu_type",
	  "the CPU's signature, CPUID 1 EAX; 0x600 if no CPUID was set before" },
	ODD("rbx", 0x318, 8),
	ODD("rbp", 0x328, 8),
	{ "rsi", 0x330, 8, "boot.firmware", START },
	ODD("rdi", 0x338, 8),
	ODD("r8", 0x340, 8),
	ODD("r9", 0x348, 8),
	ODD("r10", 0x350, 8),
	ODD("r11", 0x358, 8),
	ODD("r12", 0x360, 8),
	ODD("r13", 0x368, 8),
	ODD("r14", 0x370, 8),
	ODD("r15", 0x378, 8),
	ODD("guest_exitinfo1", 0x390, 8),
	ODD("guest_exitinfo2", 0x398, 8),
	ODD("guest_exitintinfo", 0x3a0, 8),
	ODD("guest_nrip", 0x3a8, 8),
	{ "sev_features", 0x3b0, 8, "snp.guest_features",
	  "kernels of 6.6 to 6.8 with AMD's SNP patches set DebugSwap (0x20) unasked" },
	ODD("vintr_ctrl", 0x3b8, 8),
	ODD("guest_exit_code", 0x3c0, 8),
	ODD("virtual_tom", 0x3c8, 8),
	ODD("tlb_id", 0x3d0, 8),
	ODD("pcpu_id", 0x3d8, 8),
	ODD("event_inj", 0x3e0, 8),
	{ "xcr0", 0x3e8, 8, NULL, XCR0 },
	ODD("x87_dp", 0x400, 8),
	{ "mxcsr", 0x408, 4, "measure.profile", FPU },
	ODD("x87_ftw", 0x40c, 2),
	ODD("x87_fsw", 0x40e, 2),
	{ "x87_fcw", 0x410, 2, "measure.profile", FPU },
	ODD("x87_fop", 0x412, 2),
	ODD("x87_ds", 0x414, 2),
	ODD("x87_cs", 0x416, 2),
	ODD("x87_rip", 0x418, 8),
	{ 0 },
};
