/* SPDX-License-Identifier: MIT */
/*
 * core/dev/virtio.c: the registers of a virtio function (virtio 1.2, 4.1.4): what the driver writes
 * into them, and what becomes of it.
 */
#include "core/dev/virtio.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/log.h"

/* Where things lie in BAR0. Notifications have a page of their own, for eventfds. */
enum {
	AT_COMMON = 0x000,
	AT_ISR = 0x100,
	AT_CONFIG = 0x200,
	AT_MSIX = 0x800,
	AT_PENDING = 0xc00,
	AT_NOTIFY = 0x1000,
	BAR_SIZE = 0x2000,
	NOTIFY_SIZE = 4, /* bytes for each queue */
};
static_assert(AT_MSIX + MSIX_VECTORS * MSIX_ENTRY <= AT_PENDING, "room for the MSI-X table");

/* Where the capabilities lie in configuration space; each names the next. */
enum {
	CAP_COMMON = 0x40,
	CAP_ISR = 0x50,
	CAP_CONFIG = 0x60,
	CAP_NOTIFY = 0x70,
	CAP_PCI = 0x84,
	CAP_MSIX = 0x98,
	MSIX_CONTROL = CAP_MSIX + 2,
};

/* virtio 1.2, 2.1 */
enum { DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 0x40 };
enum { ISR_QUEUE = 1, ISR_CONFIG = 2 };

#define PCI_VENDOR_VIRTIO 0x1af4
#define PCI_DEVICE_VIRTIO 0x1040 /* the first of the devices without a legacy interface */
#define FEATURES          (VIRTIO_VERSION_1 | VIRTIO_ACCESS_PLATFORM)

/* virtio 1.2, 4.1.4.3 */
struct common {
	le32 device_feature_select, device_feature, driver_feature_select, driver_feature;
	le16 config_msix_vector, num_queues;
	uint8_t device_status, config_generation;
	le16 queue_select, queue_size, queue_msix_vector, queue_enable, queue_notify_off;
	le64 queue_desc, queue_driver, queue_device;
};
static_assert(offsetof(struct common, device_status) == 0x14, "device_status");
static_assert(offsetof(struct common, queue_desc) == 0x20, "queue_desc");
static_assert(sizeof(struct common) == 0x38, "the common configuration");

/* The selected queue; NULL: there is none. */
static struct virtqueue *queue_selected(struct virtio *v)
{
	return v->queue_select < v->type->n_queues ? &v->queues[v->queue_select] : NULL;
}

/* The selected queue if its registers may change. */
static struct virtqueue *queue_changing(struct virtio *v)
{
	struct virtqueue *q = queue_selected(v);

	return q && !q->enabled && !v->started ? q : NULL;
}

static struct common common_image(struct virtio *v)
{
	const struct virtqueue *q = queue_selected(v);
	unsigned select = v->queue_select;
	struct common c = {
		.device_feature_select = le32_of(v->offered_word),
		.driver_feature_select = le32_of(v->accepted_word),
		.num_queues = le16_of((uint16_t)v->type->n_queues),
		.queue_select = le16_of(v->queue_select),
	};

	if (v->offered_word < 2)
		c.device_feature = le32_of((uint32_t)(v->offered >> (32 * v->offered_word)));
	if (v->accepted_word < 2)
		c.driver_feature = le32_of((uint32_t)(v->accepted >> (32 * v->accepted_word)));
	pthread_mutex_lock(&v->lock);
	c.config_msix_vector = le16_of(v->config_vector);
	c.device_status = v->status;
	if (q)
		c.queue_msix_vector = le16_of(v->queue_vector[select]);
	pthread_mutex_unlock(&v->lock);
	if (!q)
		return c;
	c.queue_size = le16_of(q->size);
	c.queue_enable = le16_of(q->enabled);
	c.queue_notify_off = le16_of(v->queue_select);
	c.queue_desc = le64_of(q->desc);
	c.queue_driver = le64_of(q->avail);
	c.queue_device = le64_of(q->used);
	return c;
}

/* Tells who sends a queue's interrupts by itself when they have changed. */
static void routes_update(struct virtio *v)
{
	for (unsigned i = 0; v->type->route && i < v->type->n_queues; i++) {
		struct msix_message now = { 0 };
		unsigned vector;
		bool open;

		pthread_mutex_lock(&v->lock);
		vector = v->queue_vector[i];
		pthread_mutex_unlock(&v->lock);
		open = msix_target(&v->msix, vector, &now);
		if (open == v->routed[i] && now.address == v->routes[i].address &&
		    now.data == v->routes[i].data)
			continue;
		v->routed[i] = open;
		v->routes[i] = now;
		v->type->route(v, i, open ? &v->routes[i] : NULL);
	}
}

static void vector_set(struct virtio *v, uint16_t *which, uint64_t value)
{
	pthread_mutex_lock(&v->lock);
	*which = value < v->msix.count ? (uint16_t)value : MSIX_NO_VECTOR;
	pthread_mutex_unlock(&v->lock);
	routes_update(v);
}

/* A reset by the driver: firmware's before it hands over to a kernel, and the kernel's own. */
static void reset(struct virtio *v)
{
	atomic_store(&v->running, false);
	if (v->started && v->type->stop)
		v->type->stop(v);
	pthread_mutex_lock(&v->serving);
	v->started = false;
	for (unsigned i = 0; i < v->type->n_queues; i++)
		v->queues[i] = (struct virtqueue){ .max = v->type->queue_max,
			                           .size = v->type->queue_max,
			                           .memory = v->env.memory,
			                           .memory_self = v->env.memory_self };
	pthread_mutex_unlock(&v->serving);
	v->accepted = 0;
	v->offered_word = v->accepted_word = 0;
	v->queue_select = 0;
	pthread_mutex_lock(&v->lock);
	v->status = v->isr = 0;
	v->config_vector = MSIX_NO_VECTOR;
	for (unsigned i = 0; i < VIRTIO_QUEUES; i++)
		v->queue_vector[i] = MSIX_NO_VECTOR;
	pthread_mutex_unlock(&v->lock);
	for (unsigned i = 0; i < v->msix.count; i++)
		msix_forget(&v->msix, i);
	routes_update(v);
}

/* DRIVER_OK: the device may use the queues. */
static void start(struct virtio *v)
{
	struct virtq_fault fault;
	int r = 0;

	v->started = v->driven = true;
	for (unsigned i = 0; r == 0 && i < v->type->n_queues; i++) {
		v->queues[i].indirect = v->accepted & VIRTIO_F_INDIRECT_DESC;
		if (!v->queues[i].enabled)
			continue;
		r = virtqueue_check(&v->queues[i], &fault);
		if (r < 0)
			virtio_break(v, &fault);
	}
	if (r == 0 && v->type->start)
		r = v->type->start(v);
	if (r < 0)
		return;
	atomic_store(&v->running, true);
	/* A driver may have filled a queue before. */
	for (unsigned i = 0; i < v->type->n_queues; i++)
		eventfd_write(v->kick[i], 1);
}

static void status_set(struct virtio *v, uint64_t value)
{
	uint8_t status = (uint8_t)value, before;

	if (status == 0) {
		reset(v);
		return;
	}
	/* Bit 33 isn't insisted on: a plain guest may do without it. */
	if ((status & FEATURES_OK) &&
	    ((v->accepted & ~v->offered) || !(v->accepted & VIRTIO_VERSION_1)))
		status &= (uint8_t)~FEATURES_OK;
	pthread_mutex_lock(&v->lock);
	before = v->status;
	v->status = (uint8_t)((status & ~NEEDS_RESET) | (before & NEEDS_RESET));
	pthread_mutex_unlock(&v->lock);
	if ((status & DRIVER_OK) && (status & FEATURES_OK) && !v->started)
		start(v);
}

static void offered_word_set(struct virtio *v, uint64_t value)
{
	v->offered_word = (uint32_t)value;
}

static void accepted_word_set(struct virtio *v, uint64_t value)
{
	v->accepted_word = (uint32_t)value;
}

static void accepted_set(struct virtio *v, uint64_t value)
{
	unsigned shift = 32 * v->accepted_word;
	bool agreed;

	pthread_mutex_lock(&v->lock);
	agreed = v->status & FEATURES_OK;
	pthread_mutex_unlock(&v->lock);
	if (v->accepted_word < 2 && !v->started && !agreed)
		v->accepted = (v->accepted & ~((uint64_t)UINT32_MAX << shift)) | value << shift;
}

static void config_vector_set(struct virtio *v, uint64_t value)
{
	vector_set(v, &v->config_vector, value);
}

static void queue_select_set(struct virtio *v, uint64_t value)
{
	v->queue_select = (uint16_t)value;
}

static void queue_size_set(struct virtio *v, uint64_t value)
{
	struct virtqueue *q = queue_changing(v);

	if (q && value > 0 && value <= q->max && (value & (value - 1)) == 0)
		q->size = (uint16_t)value;
}

static void queue_vector_set(struct virtio *v, uint64_t value)
{
	if (queue_selected(v))
		vector_set(v, &v->queue_vector[v->queue_select], value);
}

static void queue_enable_set(struct virtio *v, uint64_t value)
{
	struct virtqueue *q = queue_changing(v);

	if (q && value == 1)
		q->enabled = true;
}

static void desc_set(struct virtio *v, uint64_t value)
{
	if (queue_changing(v))
		queue_changing(v)->desc = value;
}

static void avail_set(struct virtio *v, uint64_t value)
{
	if (queue_changing(v))
		queue_changing(v)->avail = value;
}

static void used_set(struct virtio *v, uint64_t value)
{
	if (queue_changing(v))
		queue_changing(v)->used = value;
}

#define REGISTER(field, write)                                                                     \
	{                                                                                          \
		offsetof(struct common, field), sizeof(((struct common *)0)->field), write         \
	}
static const struct {
	unsigned at, size;
	void (*set)(struct virtio *v, uint64_t value);
} registers[] = {
	REGISTER(device_feature_select, offered_word_set),
	REGISTER(driver_feature_select, accepted_word_set),
	REGISTER(driver_feature, accepted_set),
	REGISTER(config_msix_vector, config_vector_set),
	REGISTER(device_status, status_set),
	REGISTER(queue_select, queue_select_set),
	REGISTER(queue_size, queue_size_set),
	REGISTER(queue_msix_vector, queue_vector_set),
	REGISTER(queue_enable, queue_enable_set),
	REGISTER(queue_desc, desc_set),
	REGISTER(queue_driver, avail_set),
	REGISTER(queue_device, used_set),
};

static void common_read(struct virtio *v, unsigned offset, uint8_t *data, size_t size)
{
	struct common c = common_image(v);

	memcpy(data, (const uint8_t *)&c + offset, size);
}

/* Sets each register of which a byte was written; its other bytes stay. */
static void common_write(struct virtio *v, unsigned offset, const uint8_t *data, size_t size)
{
	struct common c = common_image(v);

	memcpy((uint8_t *)&c + offset, data, size);
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		unsigned at = registers[i].at, bytes = registers[i].size;

		if (offset < at + bytes && at < offset + size)
			registers[i].set(v, le_get((const uint8_t *)&c + at, bytes));
	}
}

/* Reading clears it. */
static void isr_read(struct virtio *v, unsigned offset, uint8_t *data, size_t size)
{
	memset(data, 0, size);
	if (offset > 0)
		return;
	pthread_mutex_lock(&v->lock);
	data[0] = v->isr;
	v->isr = 0;
	pthread_mutex_unlock(&v->lock);
}

static void config_read(struct virtio *v, unsigned offset, uint8_t *data, size_t size)
{
	memcpy(data, v->config + offset, size);
}

static void table_read(struct virtio *v, unsigned offset, uint8_t *data, size_t size)
{
	msix_table_read(&v->msix, offset, data, size);
}

static void table_write(struct virtio *v, unsigned offset, const uint8_t *data, size_t size)
{
	msix_table_write(&v->msix, offset, data, size);
	routes_update(v);
}

static void pending_read(struct virtio *v, unsigned offset, uint8_t *data, size_t size)
{
	msix_pending_read(&v->msix, offset, data, size);
}

/* A notification that no eventfd took: by another width, or where KVM has none for us. */
static void notify_write(struct virtio *v, unsigned offset, const uint8_t *data, size_t size)
{
	unsigned queue = offset / NOTIFY_SIZE;

	(void)data;
	(void)size;
	if (queue >= v->type->n_queues)
		return;
	atomic_fetch_add(&v->notified, 1);
	if (v->type->notify)
		v->type->notify(v, queue);
	else
		eventfd_write(v->kick[queue], 1);
}

/* What isn't here reads as zeros and ignores writes. */
static const struct area {
	unsigned at, size;
	void (*read)(struct virtio *v, unsigned offset, uint8_t *data, size_t size);
	void (*write)(struct virtio *v, unsigned offset, const uint8_t *data, size_t size);
} areas[] = {
	{ AT_COMMON, sizeof(struct common), common_read, common_write },
	{ AT_ISR, 4, isr_read, NULL },
	{ AT_CONFIG, VIRTIO_CONFIG, config_read, NULL },
	{ AT_MSIX, MSIX_VECTORS *MSIX_ENTRY, table_read, table_write },
	{ AT_PENDING, 8, pending_read, NULL },
	{ AT_NOTIFY, VIRTIO_QUEUES *NOTIFY_SIZE, NULL, notify_write },
};

/* The area that begins an access, cut to what lies in it. */
static const struct area *area_of(unsigned offset, size_t *size)
{
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++) {
		const struct area *a = &areas[i];

		if (offset < a->at || offset - a->at >= a->size)
			continue;
		*size = MIN(*size, a->at + a->size - offset);
		return a;
	}
	return NULL;
}

static void bar_read(void *self, unsigned offset, uint8_t *data, size_t size)
{
	const struct area *a;

	memset(data, 0, size);
	a = area_of(offset, &size);
	if (a && a->read)
		a->read(self, offset - a->at, data, size);
}

static void bar_write(void *self, unsigned offset, const uint8_t *data, size_t size)
{
	const struct area *a = area_of(offset, &size);

	if (a && a->write)
		a->write(self, offset - a->at, data, size);
}

/* BAR0 has moved: so do the addresses whose writes signal eventfds. */
static void placed(void *self, uint64_t gpa)
{
	struct virtio *v = self;

	for (unsigned i = 0; i < v->type->n_queues; i++) {
		uint64_t at = gpa ? gpa + AT_NOTIFY + NOTIFY_SIZE * i : 0;

		if (!v->env.notify_at)
			continue;
		if (v->kick_at[i])
			v->env.notify_at(v->env.vm, v->kick[i], v->kick_at[i], false);
		v->kick_at[i] = at && v->env.notify_at(v->env.vm, v->kick[i], at, true) ? at : 0;
	}
}

static void configured(void *self)
{
	struct virtio *v = self;
	const uint8_t *control = v->pci.config + MSIX_CONTROL;

	msix_control(&v->msix, (uint16_t)le_get(control, 2));
	routes_update(v);
}

/* A capability that says where something lies in BAR0 (virtio 1.2, 4.1.4). */
static void capability_put(struct virtio *v, uint8_t at, uint8_t next, uint8_t type,
                           uint32_t offset, uint32_t length)
{
	enum { VENDOR = 9, SIZE = 16, NOTIFY = 2, PCI = 5 };
	uint8_t *to = v->pci.config + at;
	le32 where[] = { le32_of(offset), le32_of(length), le32_of(NOTIFY_SIZE) };
	bool more = type == NOTIFY || type == PCI; /* a multiplier, or four bytes of data */

	to[0] = VENDOR;
	to[1] = next;
	to[2] = (uint8_t)(SIZE + (more ? 4 : 0));
	to[3] = type;
	memcpy(to + 8, where, type == NOTIFY ? 12 : 8);
	if (type == PCI) /* its access to BAR0 isn't there */
		memset(to + SIZE, 0xff, 4);
}

/*
 * No interrupt pin, so that nobody falls back to interrupts by line, and a revision and a device
 * number that drivers for the old interface leave alone.
 */
static void config_make(struct virtio *v)
{
	enum { MSIX = 0x11 };
	const struct virtio_type *t = v->type;
	const struct {
		uint8_t at;
		uint16_t value;
	} words[] = {
		{ PCI_VENDOR, PCI_VENDOR_VIRTIO },
		{ PCI_DEVICE, (uint16_t)(PCI_DEVICE_VIRTIO + t->id) },
		{ PCI_STATUS, PCI_STATUS_CAPABILITIES },
		{ PCI_REVISION, 1 },
		{ PCI_CLASS + 1, (uint16_t)(t->pci_class >> 8) },
		{ PCI_SUBSYSTEM_VENDOR, PCI_VENDOR_VIRTIO },
		{ PCI_SUBSYSTEM, (uint16_t)(PCI_DEVICE_VIRTIO + t->id) },
		{ PCI_CAPABILITIES, CAP_COMMON },
		{ CAP_MSIX, MSIX },
		{ MSIX_CONTROL, (uint16_t)t->n_queues }, /* the number of vectors, less one */
		{ CAP_MSIX + 4, AT_MSIX },
		{ CAP_MSIX + 8, AT_PENDING },
	};
	uint8_t *config = v->pci.config, *writable = v->pci.writable;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		memcpy(config + words[i].at, le16_of(words[i].value).b, 2);
	config[PCI_CLASS] = (uint8_t)t->pci_class;
	capability_put(v, CAP_COMMON, CAP_ISR, 1, AT_COMMON, sizeof(struct common));
	capability_put(v, CAP_ISR, t->config_size ? CAP_CONFIG : CAP_NOTIFY, 3, AT_ISR, 4);
	if (t->config_size)
		capability_put(v, CAP_CONFIG, CAP_NOTIFY, 4, AT_CONFIG, t->config_size);
	capability_put(v, CAP_NOTIFY, CAP_PCI, 2, AT_NOTIFY, NOTIFY_SIZE * t->n_queues);
	capability_put(v, CAP_PCI, CAP_MSIX, 5, 0, 0);
	writable[PCI_COMMAND] = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	writable[PCI_COMMAND + 1] = PCI_COMMAND_NO_INTX >> 8;
	writable[PCI_INTERRUPT_LINE] = 0xff;
	writable[MSIX_CONTROL + 1] = (MSIX_MASK_ALL | MSIX_ENABLE) >> 8;
}

/* An eventfd for each queue, or one for all if they are served by one thread. */
static int kicks_open(struct virtio *v, struct error *err)
{
	for (unsigned i = 0; i < VIRTIO_QUEUES; i++)
		v->kick[i] = -1;
	for (unsigned i = 0; i < v->type->n_queues; i++) {
		v->kick[i] = v->type->serve && i > 0 ? v->kick[0] : eventfd(0, EFD_CLOEXEC);
		if (v->kick[i] < 0)
			return error_sys(err, ERROR_HOST_MEMORY, errno, "eventfd");
	}
	return 0;
}

int virtio_init(struct virtio *v, const struct virtio_type *type, const char *name,
                uint64_t features, const struct device_env *env, struct error *err)
{
	int r;

	v->type = type;
	v->name = name;
	v->env = *env;
	v->offered = features | FEATURES;
	v->pci = (struct pci_function){ .name = name,
		                        .bar_size = BAR_SIZE,
		                        .self = v,
		                        .configured = configured,
		                        .placed = placed,
		                        .read = bar_read,
		                        .write = bar_write };
	config_make(v);
	pthread_mutex_init(&v->lock, NULL);
	pthread_mutex_init(&v->serving, NULL);
	msix_init(&v->msix, type->n_queues + 1, env->msi, env->vm);
	reset(v);
	r = kicks_open(v, err);
	if (r == 0)
		r = pci_host_add(env->pci, &v->pci, err);
	if (r < 0)
		virtio_fini(v);
	return r;
}

void virtio_fini(void *self)
{
	struct virtio *v = self;

	for (unsigned i = 0; i < v->type->n_queues; i++)
		if (v->kick[i] >= 0 && (i == 0 || v->kick[i] != v->kick[0]))
			close(v->kick[i]);
	msix_fini(&v->msix);
	pthread_mutex_destroy(&v->serving);
	pthread_mutex_destroy(&v->lock);
}

struct virtqueue *virtio_queue(struct virtio *v, unsigned queue)
{
	return &v->queues[queue];
}

void virtio_interrupt(struct virtio *v, unsigned queue)
{
	unsigned vector;

	pthread_mutex_lock(&v->lock);
	v->isr |= ISR_QUEUE;
	vector = v->queue_vector[queue];
	pthread_mutex_unlock(&v->lock);
	msix_raise(&v->msix, vector);
}

void virtio_break(struct virtio *v, const struct virtq_fault *f)
{
	unsigned vector;
	bool reported;

	atomic_store(&v->running, false);
	pthread_mutex_lock(&v->lock);
	v->status |= NEEDS_RESET;
	v->isr |= ISR_CONFIG;
	vector = v->config_vector;
	reported = v->reported;
	v->reported = true;
	pthread_mutex_unlock(&v->lock);
	msix_raise(&v->msix, vector);
	if (!reported)
		log_at(LOG_QUIET, "the guest's driver broke the rules of %s: %s 0x%llx", v->name,
		       f->rule, (unsigned long long)f->at);
}

/*
 * The next request: 1, or 0 if there is none; a driver that breaks the rules is reported, and there
 * are no more.
 */
static int request_take(struct virtio *v, unsigned queue, struct virtq_chain *ret)
{
	struct virtq_fault fault;
	int r = atomic_load(&v->running) ? virtqueue_take(&v->queues[queue], ret, &fault) : 0;

	if (r < 0)
		virtio_break(v, &fault);
	if (r > 0)
		atomic_fetch_add(&v->requests, 1);
	return MAX(r, 0);
}

/* Gives a request back, with an interrupt if the driver wants one. */
static void request_put(struct virtio *v, unsigned queue, uint16_t head, uint32_t written)
{
	if (virtqueue_put(&v->queues[queue], head, written))
		virtio_interrupt(v, queue);
}

bool virtio_serve(struct virtio *v)
{
	struct virtq_fault fault;
	struct virtq_chain c;
	bool more = false;
	uint32_t written;

	pthread_mutex_lock(&v->serving);
	for (unsigned i = 0; i < v->type->n_queues; i++) {
		unsigned left = v->type->served >> i & 1 ? v->type->queue_max : 0;

		while (left > 0 && !atomic_load(&v->ended) &&
		       (!v->type->due || v->type->due(v, i)) && request_take(v, i, &c)) {
			if (v->type->serve(v, i, &c, &written, &fault) < 0)
				virtio_break(v, &fault);
			else
				request_put(v, i, c.head, written);
			more |= --left == 0;
		}
	}
	pthread_mutex_unlock(&v->serving);
	return more;
}

void virtio_work(void *self)
{
	struct virtio *v = self;
	eventfd_t kicks;

	while (!atomic_load(&v->ended))
		if (!virtio_serve(v) && eventfd_read(v->kick[0], &kicks) < 0 && errno != EINTR)
			break;
}

void virtio_work_end(void *self)
{
	struct virtio *v = self;

	atomic_store(&v->ended, true);
	eventfd_write(v->kick[0], 1);
}
