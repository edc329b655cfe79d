/* SPDX-License-Identifier: MIT */
/*
 * core/plan/vcpu.h: the state in which a vCPU starts. It is set through KVM, and the VMSA is
 * predicted from it.
 */
#ifndef CORE_PLAN_VCPU_H
#define CORE_PLAN_VCPU_H

#include <stdbool.h>
#include <stdint.h>

/*
 * attrib is the VMCB's packing (APM volume 2, 15.5.1): type 3:0, S 4, DPL 6:5, P 7, AVL 8, L 9, DB
 * 10, G 11. limit is in bytes, as KVM_SET_SREGS takes it.
 */
struct segment {
	uint16_t selector, attrib;
	uint32_t limit;
	uint64_t base;
};

#define VCPU_RESET_DR6   0xffff0ff0
#define VCPU_RESET_DR7   0x400
#define VCPU_RESET_XCR0  1
#define VCPU_RESET_PAT   0x0007040600070406
#define VCPU_RESET_MXCSR 0x1f80
#define VCPU_RESET_FCW   0x37f

/* Registers that only an IGVM file sets: after reset they are not zero, and launchers differ. */
struct vcpu_more {
	bool set; /* false: they have their reset values */
	uint64_t dr6, dr7, g_pat, xcr0;
	uint32_t mxcsr;
	uint16_t fcw;
};

/*
 * Other registers have their reset values. efer is without SVME, which KVM adds under SNP.
 */
struct vcpu_state {
	struct segment cs, ds, es, fs, gs, ss, gdt, idt, ldt, tr;
	uint64_t cr0, cr3, cr4, efer;
	uint64_t rip, rsp, rflags, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8_15[8];
	struct vcpu_more more;
};

#endif
