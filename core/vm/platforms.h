/* SPDX-License-Identifier: MIT */
/* core/vm/platforms.h: the platforms there are, by name, and what each needs of a host. */
#ifndef CORE_VM_PLATFORMS_H
#define CORE_VM_PLATFORMS_H

struct error;    /* core/base/error.h */
struct kvm_sys;  /* core/vm/sys.h */
struct platform; /* core/vm/vm.h */

extern const struct platform platform_plain; /* core/vm/plain.c */
extern const struct platform platform_snp;   /* core/vm/snp.c */

/* By the manifest's spelling; NULL: none. */
const struct platform *platform_named(const char *name);

/*
 * Opens /dev/kvm and sees that this host can do the platform. Returns the descriptor, or a negative errno
 * with the sentence that says what is missing and how to get it. Never falls back to another platform.
 */
int platform_kvm_open(const struct kvm_sys *sys, const struct platform *on, struct error *err);

#endif
