/* SPDX-License-Identifier: MIT */
/*
 * core/vm/vsock.c: hands the driver's rings to vhost, which serves them in the kernel: its kicks
 * are ioeventfds, and its calls irqfds. Source: Linux, drivers/vhost/vsock.c and vhost.c.
 */
#include "core/vm/vsock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/interrupt.h"
#include "core/base/log.h"
#include "core/dev/virtio.h"
#include "core/vm/irq.h"
#include "core/vm/refusal.h"
#include "core/vm/vm_priv.h"

#define F_SEQPACKET ((uint64_t)1 << 1)

/* The third queue is for events, of which there are none. */
enum { VSOCK_RX, VSOCK_TX, VSOCK_SERVED, VSOCK_QUEUES = 3, VSOCK_QUEUE_MAX = 128 };
enum { CID_TRIES = 64 };

struct vsock {
	struct virtio v;
	struct vm *vm;
	int fd;                 /* of /dev/vhost-vsock */
	int call[VSOCK_SERVED]; /* eventfds: vhost has put something into a used ring */
	int failed;             /* an eventfd: a ring is broken */
	uint64_t cid;
	atomic_bool ended;
};

static int vhost(const struct vsock *s, unsigned long request, void *arg)
{
	return vm_ioctl(s->vm, s->fd, request, arg);
}

/* Where the guest's memory is in this process: as far as it is shared, under SNP. */
static int memory_table_set(const struct vsock *s)
{
	const struct memory *m = &s->vm->memory;
	union {
		struct vhost_memory head;
		uint8_t bytes[sizeof(struct vhost_memory) +
		              ARRAY_SIZE(m->slots) * sizeof(struct vhost_memory_region)];
	} table = { .bytes = { 0 } };

	for (size_t i = 0; i < m->count; i++) {
		const struct memslot *slot = &m->slots[i];

		if (slot->borrowed) /* an image, which is no place for rings or buffers */
			continue;
		table.head.regions[table.head.nregions++] =
			(struct vhost_memory_region){ .guest_phys_addr = slot->gpa,
			                              .memory_size = slot->size,
			                              .userspace_addr = (uintptr_t)slot->at };
	}
	return vhost(s, VHOST_SET_MEM_TABLE, &table);
}

static int ring_set(struct vsock *s, unsigned i)
{
	const struct virtqueue *q = virtio_queue(&s->v, i);
	struct vhost_vring_state size = { .index = i, .num = q->size };
	struct vhost_vring_state base = { .index = i };
	struct vhost_vring_addr addr = {
		.index = i,
		.desc_user_addr = (uintptr_t)memory_at(&s->vm->memory, q->desc, 1),
		.avail_user_addr = (uintptr_t)memory_at(&s->vm->memory, q->avail, 1),
		.used_user_addr = (uintptr_t)memory_at(&s->vm->memory, q->used, 1),
	};
	struct vhost_vring_file call = { .index = i, .fd = s->call[i] };
	struct vhost_vring_file failed = { .index = i, .fd = s->failed };
	struct vhost_vring_file kick = { .index = i, .fd = s->v.kick[i] };
	const struct {
		unsigned long request;
		void *argument;
	} steps[] = {
		{ VHOST_SET_VRING_NUM, &size },   { VHOST_SET_VRING_BASE, &base },
		{ VHOST_SET_VRING_ADDR, &addr },  { VHOST_SET_VRING_CALL, &call },
		{ VHOST_SET_VRING_ERR, &failed }, { VHOST_SET_VRING_KICK, &kick },
	};
	int r = 0;

	for (size_t n = 0; r >= 0 && n < ARRAY_SIZE(steps); n++)
		r = vhost(s, steps[n].request, steps[n].argument);
	return r;
}

/* Bit 33 is ours: to vhost it would mean that we translate addresses. */
static int vsock_start(void *self)
{
	struct vsock *s = self;
	uint64_t features = s->v.accepted & ~VIRTIO_ACCESS_PLATFORM;
	int r, on = 1;

	for (unsigned i = 0; i < VSOCK_SERVED; i++)
		if (!virtio_queue(&s->v, i)->enabled) {
			virtio_break(&s->v,
			             &(struct virtq_fault){ "a queue is not enabled: number", i });
			return -EPROTO;
		}
	r = vhost(s, VHOST_SET_FEATURES, &features);
	if (r >= 0)
		r = memory_table_set(s);
	for (unsigned i = 0; r >= 0 && i < VSOCK_SERVED; i++)
		r = ring_set(s, i);
	if (r >= 0)
		r = vhost(s, VHOST_VSOCK_SET_RUNNING, &on);
	if (r >= 0)
		return 0;
	virtio_break(&s->v, &(struct virtq_fault){ "vhost-vsock refuses its rings, with errno",
	                                           (uint64_t)-r });
	return -EPROTO;
}

static void vsock_stop(void *self)
{
	int off = 0;

	vhost(self, VHOST_VSOCK_SET_RUNNING, &off);
}

static void vsock_route(void *self, unsigned queue, const struct msix_message *m)
{
	struct vsock *s = self;

	if (queue < VSOCK_SERVED)
		irq_route(s->vm, queue, s->call[queue], m);
}

static const struct virtio_type vsock_type = {
	.id = VIRTIO_VSOCK,
	.pci_class = 0x078000,
	.n_queues = VSOCK_QUEUES,
	.queue_max = VSOCK_QUEUE_MAX,
	.config_size = sizeof(le64),
	.start = vsock_start,
	.stop = vsock_stop,
	.route = vsock_route,
};

/* A CID of the kernel's choice doesn't exist: tries some, each process others. */
static int cid_set(struct vsock *s, uint64_t wanted, struct error *err)
{
	bool any = wanted == VSOCK_CID_AUTO;
	uint64_t first = (uint64_t)getpid() * 0x9e3779b1u;
	unsigned i = 0, waited_ms = 0;
	int r;

	do {
		s->cid = any ? VSOCK_CID_MIN + (first + i) % 0x7fffffff : wanted;
		r = vhost(s, VHOST_VSOCK_SET_GUEST_CID, &s->cid);
	} while (r == -EADDRINUSE && (any ? ++i < CID_TRIES : lock_wait(&waited_ms)));
	if (r >= 0)
		return 0;
	refusal_set(err, CALL_VSOCK_CID, -r);
	return any ? r : error_wrap(err, "vsock: CID %llu", (unsigned long long)wanted);
}

static void vsock_fini(void *self)
{
	struct vsock *s = self;

	virtio_fini(&s->v);
	for (unsigned i = 0; i < VSOCK_SERVED; i++)
		fd_cleanup(&s->call[i]);
	fd_cleanup(&s->failed);
	if (s->fd >= 0)
		s->vm->sys->close(s->vm->sys->self, s->fd);
}

int vsock_device_open(const struct kvm_sys *sys, struct error *err)
{
	int fd = sys->open(sys->self, "/dev/vhost-vsock", O_RDWR | O_CLOEXEC);

	return fd < 0 ? refusal_set(err, CALL_OPEN_VHOST, -fd) : fd;
}

/* What a guest needs of the host; *ret_features: what vhost offers the driver. */
static int vhost_open(struct vsock *s, uint64_t cid, uint64_t *ret_features, struct error *err)
{
	int r;

	s->fd = vsock_device_open(s->vm->sys, err);
	if (s->fd < 0)
		return s->fd;
	r = vhost(s, VHOST_SET_OWNER, NULL);
	if (r < 0)
		return refusal_set(err, CALL_VHOST_OWNER, -r);
	r = cid_set(s, cid, err);
	if (r < 0)
		return r;
	r = vhost(s, VHOST_GET_FEATURES, ret_features);
	return r < 0 ? refusal_set(err, CALL_VHOST_FEATURES, -r) : 0;
}

static int vsock_init(void *self, const struct device_env *env, struct error *err)
{
	const uint64_t *cid = env->settings;
	struct vsock *s = self;
	uint64_t features = 0;
	int r;

	s->vm = env->vm;
	s->fd = s->call[VSOCK_RX] = s->call[VSOCK_TX] = s->failed = -1;
	r = virtio_init(&s->v, &vsock_type, "vsock", 0, env, err);
	if (r < 0)
		return r;
	r = vhost_open(s, *cid, &features, err);
	for (unsigned i = 0; r == 0 && i <= VSOCK_SERVED; i++) {
		int *fd = i < VSOCK_SERVED ? &s->call[i] : &s->failed;

		*fd = eventfd(0, EFD_CLOEXEC);
		if (*fd < 0)
			r = error_sys(err, ERROR_HOST_MEMORY, errno, "eventfd");
	}
	s->v.offered |= features & (F_SEQPACKET | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
	memcpy(s->v.config, le64_of(s->cid).b, sizeof(le64));
	s->vm->vsock_cid = s->cid;
	if (r < 0)
		vsock_fini(s);
	return r;
}

/* Waits for vhost to complain about a ring, which it else only stops to serve. */
static void vsock_work(void *self)
{
	struct vsock *s = self;
	eventfd_t count;

	while (!atomic_load(&s->ended)) {
		if (eventfd_read(s->failed, &count) < 0 && errno != EINTR)
			break;
		if (!atomic_load(&s->ended))
			virtio_break(&s->v,
			             &(struct virtq_fault){
					     "vhost-vsock found a ring unusable, of CID", s->cid });
	}
}

static void vsock_work_end(void *self)
{
	struct vsock *s = self;

	atomic_store(&s->ended, true);
	eventfd_write(s->failed, 1);
}

uint64_t vm_vsock_cid(const struct vm *vm)
{
	return vm->vsock_cid;
}

const struct device vsock_device = {
	.name = "vsock",
	.size = sizeof(struct vsock),
	.init = vsock_init,
	.fini = vsock_fini,
	.work = vsock_work,
	.work_end = vsock_work_end,
};
