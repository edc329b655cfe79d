/* SPDX-License-Identifier: MIT */
/*
 * core/vm/ioctls.h: the ioctls of a launch, by the kernel's names: their structs, field by field,
 * and the names of values.
 */
#ifndef CORE_VM_IOCTLS_H
#define CORE_VM_IOCTLS_H

#include <stddef.h>
#include <stdint.h>

/* A value that has a name. A table of them ends with one whose name is NULL. */
struct abi_name {
	uint64_t value;
	const char *name;
};

enum abi_form {
	ABI_NUMBER,
	ABI_HEX,
	ABI_BYTES,
	ABI_MEMORY,     /* an address in this process */
	ABI_DESCRIPTOR, /* an open file of this process */
	ABI_STRUCT
};

/* A field; padding and reserved ones are left out. A table ends with one whose name is NULL. */
struct abi_field {
	const char *name;
	uint16_t offset, size; /* numbers have 1, 2, 4 or 8 bytes */
	enum abi_form form;
	const struct abi_name *names;   /* of values; NULL: none */
	const struct abi_struct *inner; /* of ABI_STRUCT */
};

struct abi_struct {
	const char *name;
	size_t size;
	const struct abi_field *fields;
	/* The first field counts entries of this kind, which follow the struct; NULL: there are none. */
	const struct abi_struct *entry;
};

enum { ABI_MASKED_MAX = 2 }; /* addresses and descriptors in one struct */

struct abi_ioctl {
	unsigned long request; /* or, in the other table, the id of a command */
	const char *name;
	const struct abi_struct *argument; /* what it passes; NULL: a number, or nothing */
	const struct abi_name *names;      /* of such numbers; NULL: it passes nothing */
};

/* NULL: not one that a launch makes. */
const struct abi_ioctl *abi_ioctl(unsigned long request);
/* The command of KVM_MEMORY_ENCRYPT_OP with this id, whose argument is at kvm_sev_cmd.data. */
const struct abi_ioctl *abi_sev_command(uint32_t id);

uint64_t abi_number(const struct abi_field *f, const uint8_t *bytes);
/* NULL: the value has no name. */
const char *abi_name(const struct abi_name *names, uint64_t value);
/* The size of the struct at `bytes`, entries included. */
size_t abi_size(const struct abi_struct *s, const void *bytes);

#endif
