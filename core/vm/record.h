/* SPDX-License-Identifier: MIT */
/*
 * core/vm/record.h: a launch without a host. The launch code itself runs, on system calls that
 * record what it asks for and answer as a host that supports everything.
 */
#ifndef CORE_VM_RECORD_H
#define CORE_VM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/vm/ioctls.h"

struct error;      /* core/base/error.h */
struct plan;       /* core/plan/plan.h */
struct platform;   /* core/vm/vm.h */
struct record;     /* opaque */
struct region;     /* core/plan/region.h */
struct vm_devices; /* core/vm/vm.h */

enum record_kind {
	RECORD_OPEN,    /* open(2) of the path `on` */
	RECORD_IOCTL,   /* of the descriptor `on` */
	RECORD_MAP,     /* mmap(2) of the descriptor `on`; NULL: of anonymous memory */
	RECORD_HUGE,    /* madvise(2) with MADV_HUGEPAGE, of the mapping `on` */
	RECORD_CLOEXEC, /* fcntl(2) with FD_CLOEXEC, of the descriptor `on` */
	/* What the plan has, followed by the calls that load it. */
	RECORD_REGION,
	RECORD_VCPU,
};

/* A struct that an ioctl passes, or that such a struct points to. */
struct record_argument {
	const struct abi_struct *kind; /* NULL: mere bytes, those of `name` */
	const char *name;
	/* As it was passed, but all bits of an address or descriptor that isn't 0 are set. */
	uint8_t *bytes;
	size_t size;
	/* What those addresses and descriptors stand for, in the order of the fields; NULL: 0. */
	const char *holds[ABI_MASKED_MAX];
	const char *varies; /* why its bytes differ on another host or run; NULL: they don't */
};

enum { RECORD_ARGUMENTS_MAX = 4 };

/* All strings belong to the record or the plan. */
struct record_step {
	enum record_kind kind;
	const char *on;
	const char *returns; /* the descriptor or mapping that it made; NULL: none */
	uint64_t size;       /* of a mapping; 0: the host's KVM_GET_VCPU_MMAP_SIZE */
	unsigned long request;
	const struct abi_ioctl *ioctl;   /* NULL: one that core/vm/ioctls.c lacks */
	const struct abi_ioctl *command; /* of KVM_MEMORY_ENCRYPT_OP, else NULL */
	uint64_t number;                 /* that an ioctl without a struct passes */
	struct record_argument arguments[RECORD_ARGUMENTS_MAX];
	size_t n_arguments;
	const struct region *region; /* of RECORD_REGION */
	unsigned vcpu;               /* of RECORD_VCPU */
	const char *varies; /* what of it depends on the host, but for its arguments; or NULL */
};

/*
 * Launches the plan on a host that isn't there. *d has no files. The plan must outlive the record.
 * 0, or a negative errno with *err filled.
 */
int record_launch(const struct platform *on, const struct plan *p, const struct vm_devices *d,
                  struct record **ret, struct error *err);
void record_free(struct record *r); /* NULL is fine */

static inline void record_cleanup(struct record **r)
{
	record_free(*r);
}
#define auto_record __attribute__((cleanup(record_cleanup)))

/* All steps in order. */
size_t record_steps(const struct record *r, const struct record_step **ret);

#endif
