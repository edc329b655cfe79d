/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/vhost.c: /dev/vhost-vsock (drivers/vhost/vsock.c and vhost.c), which serves nothing.
 */
#include <errno.h>
#include <linux/vhost.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/fake/state.h"

#define FEATURES 0x33d000002ULL /* of Linux 6.12 */
#define IOTLB    (1ULL << 33)

static int cid_set(struct fake_kvm *f, uint64_t cid)
{
	if (cid <= 2 || cid >= UINT32_MAX)
		return -EINVAL;
	if (cid == f->taken_cid || f->every_cid_taken)
		return -EADDRINUSE;
	f->vhost.cid = cid;
	return 0;
}

static int features_set(struct fake_kvm *f, uint64_t features)
{
	if (features & ~FEATURES)
		return -EOPNOTSUPP;
	if (features & IOTLB)
		return fake_complain(f, EINVAL, "vhost is to translate addresses");
	f->vhost.features = features;
	return 0;
}

static int table_set(struct fake_kvm *f, const struct vhost_memory *m)
{
	for (unsigned i = 0; i < m->nregions; i++) {
		const struct vhost_memory_region *r = &m->regions[i];

		if (!fake_guest_side(f, (const void *)(uintptr_t)r->userspace_addr, 1))
			return fake_complain(f, EFAULT, "vhost: no memory at 0x%llx",
			                     (unsigned long long)r->guest_phys_addr);
	}
	f->vhost.regions = m->nregions;
	return 0;
}

/* A ring's part, which no backend may be using. */
static int ring_set(struct fake_kvm *f, unsigned long request, const void *arg)
{
	const struct vhost_vring_state *s = arg; /* all have the index first */
	const struct vhost_vring_addr *a = arg;

	if (s->index >= ARRAY_SIZE(f->vhost.rings))
		return -ENOBUFS;
	if (f->vhost.running)
		return -EBUSY;
	if (request == VHOST_SET_VRING_NUM && (s->num == 0 || s->num & (s->num - 1)))
		return -EINVAL;
	if (request == VHOST_SET_VRING_ADDR &&
	    (!a->desc_user_addr || !a->avail_user_addr || !a->used_user_addr))
		return -EFAULT;
	f->vhost.rings[s->index] |= request == VHOST_SET_VRING_NUM    ? 1
	                            : request == VHOST_SET_VRING_ADDR ? 2
	                            : request == VHOST_SET_VRING_CALL ? 4
	                            : request == VHOST_SET_VRING_KICK ? 8
	                                                              : 0;
	return 0;
}

static int running_set(struct fake_kvm *f, bool on)
{
	for (size_t i = 0; on && i < ARRAY_SIZE(f->vhost.rings); i++)
		if (f->vhost.rings[i] != 15 || !f->vhost.regions)
			return fake_complain(f, EFAULT, "vhost runs with half a ring %zu", i);
	f->vhost.running = on;
	f->vhost.starts += on;
	return 0;
}

int fake_vhost_ioctl(struct fake_kvm *f, unsigned long request, void *arg)
{
	if (request == VHOST_SET_OWNER) {
		if (f->vhost.owned)
			return -EBUSY;
		f->vhost.owned = true;
		return 0;
	}
	if (!f->vhost.owned)
		return fake_complain(f, EPERM, "vhost: ioctl 0x%lx before VHOST_SET_OWNER",
		                     request);
	switch (request) {
	case VHOST_VSOCK_SET_GUEST_CID:
		return cid_set(f, *(const uint64_t *)arg);
	case VHOST_GET_FEATURES:
		*(uint64_t *)arg = FEATURES;
		return 0;
	case VHOST_SET_FEATURES:
		return features_set(f, *(const uint64_t *)arg);
	case VHOST_SET_MEM_TABLE:
		return table_set(f, arg);
	case VHOST_SET_VRING_NUM:
	case VHOST_SET_VRING_BASE:
	case VHOST_SET_VRING_ADDR:
	case VHOST_SET_VRING_CALL:
	case VHOST_SET_VRING_ERR:
	case VHOST_SET_VRING_KICK:
		return ring_set(f, request, arg);
	case VHOST_VSOCK_SET_RUNNING:
		return running_set(f, *(const int *)arg);
	default:
		return fake_complain(f, ENOTTY, "vhost: ioctl 0x%lx", request);
	}
}

void fake_kvm_cid_taken(struct fake_kvm *f, uint64_t cid)
{
	f->taken_cid = cid;
	f->every_cid_taken = cid == 0;
}

unsigned fake_kvm_vhost_starts(struct fake_kvm *f)
{
	return f->vhost.starts;
}

bool fake_kvm_vhost_runs(struct fake_kvm *f)
{
	return f->vhost.running;
}
