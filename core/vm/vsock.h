/* SPDX-License-Identifier: MIT */
/* core/vm/vsock.h: virtio-vsock by the kernel's vhost-vsock (virtio 1.2, 5.10). */
#ifndef CORE_VM_VSOCK_H
#define CORE_VM_VSOCK_H

#include <stdint.h>

#include "core/dev/device.h"

struct error;   /* core/base/error.h */
struct kvm_sys; /* core/vm/sys.h */
struct vm;      /* core/vm/vm_priv.h */

#define VSOCK_CID_MIN  3
#define VSOCK_CID_MAX  0xfffffffe
#define VSOCK_CID_AUTO UINT64_MAX /* instead of a CID: any that is free */

/* The guest's CID; 0: it has no vsock. */
uint64_t vm_vsock_cid(const struct vm *vm);

/* /dev/vhost-vsock. A descriptor, or a negative errno with *err filled. */
int vsock_device_open(const struct kvm_sys *sys, struct error *err);

extern const struct device vsock_device;

#endif
