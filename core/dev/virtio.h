/* SPDX-License-Identifier: MIT */
/*
 * core/dev/virtio.h: a virtio device as a PCI function (virtio 1.2, 4.1): capabilities, common
 * configuration, status, MSI-X, and a thread that serves its queues.
 *
 * A device's state begins with a struct virtio, so that `self` is a pointer to both. Threads: the
 * guest's accesses come from vCPUs' threads, with the bus locked; requests are served by the
 * device's own thread, virtio_work(), which never takes that lock. A driver's reset waits for the
 * request in progress, and afterwards nothing is written to the old rings.
 */
#ifndef CORE_DEV_VIRTIO_H
#define CORE_DEV_VIRTIO_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/dev/device.h"
#include "core/dev/msix.h"
#include "core/dev/pci_function.h"
#include "core/dev/virtqueue.h"

#define VIRTIO_QUEUES  3 /* of a device, at most */
#define VIRTIO_VECTORS (VIRTIO_QUEUES + 1)
#define VIRTIO_CONFIG  0x100 /* bytes of a device's configuration, at most */

/* Bits of the transport, which devices don't offer themselves. */
#define VIRTIO_VERSION_1       ((uint64_t)1 << 32)
#define VIRTIO_ACCESS_PLATFORM ((uint64_t)1 << 33)
/* Devices offer these themselves, or not. */
#define VIRTIO_F_INDIRECT_DESC ((uint64_t)1 << 28)
#define VIRTIO_F_EVENT_IDX     ((uint64_t)1 << 29)

/* Numbers are those of virtio 1.2, chapter 5. */
enum virtio_id { VIRTIO_BLOCK = 2, VIRTIO_CONSOLE = 3, VIRTIO_RNG = 4, VIRTIO_VSOCK = 19 };

struct virtio_type {
	enum virtio_id id;
	uint32_t pci_class; /* base class, subclass and interface: 0x010000 */
	unsigned n_queues;
	uint16_t queue_max;   /* entries of each, a power of two, at most VIRTQUEUE_MAX */
	unsigned config_size; /* bytes in virtio.config; 0: it has no configuration */
	/*
	 * Serves a request of queue `queue`, one at a time, in the device's thread, and sets
	 * *ret_written to how many bytes it wrote into the chain. -EPROTO: the driver broke the
	 * rule in *fault. NULL: requests aren't served by virtio_work().
	 */
	int (*serve)(void *self, unsigned queue, struct virtq_chain *c, uint32_t *ret_written,
	             struct virtq_fault *fault);
	unsigned served; /* a bit for each queue of which `serve` takes requests */
	/* Whether to take requests of a queue now; otherwise they stay in it. NULL: always. */
	bool (*due)(void *self, unsigned queue);
	/*
	 * The driver has set DRIVER_OK, and the enabled queues have been checked. -EPROTO after
	 * virtio_break(): the device can't work with them. Or NULL.
	 */
	int (*start)(void *self);
	/* Reset: returns when nothing is in flight any more. Or NULL. */
	void (*stop)(void *self);
	/*
	 * Queue `queue` was notified by an access that reached us; NULL: virtio.kick[queue] is
	 * signalled, as by an access that didn't.
	 */
	void (*notify)(void *self, unsigned queue);
	/*
	 * Interrupts of queue `queue` are now this message; NULL: they can't be sent, and have to
	 * wait. For who sends them without virtio_interrupt(); or NULL.
	 */
	void (*route)(void *self, unsigned queue, const struct msix_message *m);
};

struct virtio {
	struct pci_function pci;
	const struct virtio_type *type;
	const char *name; /* in messages and statistics, as "disk0". Borrowed */
	struct device_env env;
	uint8_t config[VIRTIO_CONFIG]; /* the device's configuration, set before the guest runs */
	/*
	 * An eventfd for each queue, signalled by the guest's notifications, in general without an
	 * exit. All queues with `serve` have the same one.
	 */
	int kick[VIRTIO_QUEUES];
	/* What was counted. */
	atomic_ullong requests; /* taken from queues */
	atomic_ullong notified; /* notifications that came by an exit */
	bool driven;            /* a driver has ever set DRIVER_OK */
	bool reported;          /* one has broken a rule, which is reported once; under `lock` */

	/* Only with the bus locked. */
	uint64_t offered, accepted; /* features */
	uint32_t offered_word, accepted_word;
	uint16_t queue_select;
	bool started;
	uint64_t kick_at[VIRTIO_QUEUES]; /* where notifications signal kick; 0: nowhere */
	bool routed[VIRTIO_QUEUES];      /* type->route has the message in `routes` */
	struct msix_message routes[VIRTIO_QUEUES];

	struct msix msix;
	pthread_mutex_t lock; /* for status, isr and which vectors are used */
	uint8_t status, isr;
	uint16_t config_vector, queue_vector[VIRTIO_QUEUES];

	pthread_mutex_t serving; /* held while requests are served, so that a reset waits */
	atomic_bool running;     /* DRIVER_OK, no reset since, and no rule broken */
	atomic_bool ended;       /* virtio_work() has to return */
	struct virtqueue queues[VIRTIO_QUEUES];
};

/*
 * Makes a function with these features beside those of the transport, and gives it the next slot.
 * After it has failed, nothing has to be freed.
 */
int virtio_init(struct virtio *v, const struct virtio_type *type, const char *name,
                uint64_t features, const struct device_env *env, struct error *err);
void virtio_fini(void *self);

/* From start() to stop() it belongs to who serves it. */
struct virtqueue *virtio_queue(struct virtio *v, unsigned queue);

/* From any thread. */
void virtio_interrupt(struct virtio *v, unsigned queue);
/*
 * The driver broke a rule: sets DEVICE_NEEDS_RESET, tells the driver by an interrupt, and warns
 * once. From any thread. The device doesn't serve until it is reset.
 */
void virtio_break(struct virtio *v, const struct virtq_fault *f);

/*
 * For who has a loop of its own: serves at most as many requests as the queues can hold. True:
 * there may be more.
 */
bool virtio_serve(struct virtio *v);
/* Functions of struct device, for devices with `serve`. */
void virtio_work(void *self);
void virtio_work_end(void *self);

#endif
