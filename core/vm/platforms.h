/* SPDX-License-Identifier: MIT */
/* core/vm/platforms.h: the platforms by name, and what each needs of a host. */
#ifndef CORE_VM_PLATFORMS_H
#define CORE_VM_PLATFORMS_H

#include <stdbool.h>
#include <stddef.h>

struct error;       /* core/base/error.h */
struct kvm_sys;     /* core/vm/sys.h */
struct requirement; /* core/vm/vm.h */
struct platform;    /* core/vm/vm.h */

extern const struct platform platform_kvm; /* core/vm/kvm.c */
extern const struct platform platform_snp; /* core/vm/snp.c */

/* By the manifest's spelling; NULL: none. */
const struct platform *platform_named(const char *name);

/*
 * The platform whose digest `measure` prints for a launch on `on`: itself if it measures, else snp.
 */
const struct platform *platform_measured(const struct platform *on);

/* All of them, one by one; NULL after the last. */
const struct platform *platform_at(size_t i);

/*
 * Opens /dev/kvm and checks that this host supports the platform. Returns the descriptor, or a
 * negative errno with *err saying what is missing and how to get it. Never falls back to another
 * platform.
 */
int platform_host_open(const struct kvm_sys *sys, const struct platform *on, struct error *err);

/* The same in steps, for checks that go on after a failure. */
int kvm_device_open(const struct kvm_sys *sys, struct error *err);
bool platform_meets(const struct kvm_sys *sys, int kvm, const struct requirement *n);
/* KVM_CHECK_EXTENSION's answer; 0 if it fails. */
unsigned platform_capability(const struct kvm_sys *sys, int kvm, int capability);

#endif
