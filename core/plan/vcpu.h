/* SPDX-License-Identifier: MIT */
/*
 * core/plan/vcpu.h: the state in which a vCPU starts. It is set through KVM, and the VMSA is
 * predicted from it.
 */
#ifndef CORE_PLAN_VCPU_H
#define CORE_PLAN_VCPU_H

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

/*
 * Other registers have their reset values. efer is without SVME, which KVM adds under SNP.
 */
struct vcpu_state {
	struct segment cs, ds, es, fs, gs, ss, gdt, idt, ldt, tr;
	uint64_t cr0, cr3, cr4, efer;
	uint64_t rip, rsp, rflags, rdx, rsi;
};

#endif
