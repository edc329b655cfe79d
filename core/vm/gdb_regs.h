/* SPDX-License-Identifier: MIT */
/* core/vm/gdb_regs.h: a vCPU's registers as GDB numbers, names and lays them out. */
#ifndef CORE_VM_GDB_REGS_H
#define CORE_VM_GDB_REGS_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

struct buffer; /* core/base/bytes.h */

/* What KVM says of a vCPU. */
struct guest_regs {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_fpu fpu;
	uint64_t kernel_gs_base; /* an MSR */
};

/* The bytes of the largest register, and of all of them. */
enum { GDB_REG_MAX = 16, GDB_REGS_MAX = 1024 };

unsigned gdb_regs_count(void);

/* Copies register `n`, little-endian, and returns its size; 0: there is no such register. */
size_t gdb_reg_read(const struct guest_regs *r, unsigned n, uint8_t to[static GDB_REG_MAX]);
/*
 * Sets register `n` from gdb_reg_read()'s number of bytes. -EINVAL: there is no such register, or
 * the selector of a segment would change outside real mode, where that alone means nothing.
 */
int gdb_reg_write(struct guest_regs *r, unsigned n, const uint8_t *bytes);

/* Appends the target description, XML without the characters that the protocol escapes. */
void gdb_regs_describe(struct buffer *to);

#endif
