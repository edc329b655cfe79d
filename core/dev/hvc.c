/* SPDX-License-Identifier: MIT */
/* core/dev/hvc.c: a request is output as a whole; input waits until the driver has a buffer. */
#include "core/dev/hvc.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>

#include "core/base/array.h"
#include "core/dev/merge.h"
#include "core/dev/sink.h"

enum { PIECE = 4096 };

/*
 * The guest can change its memory meanwhile, and everybody has to get the same bytes: hence a copy.
 * A request can be 4 GiB long, of which a reset or the end of the run leaves the rest.
 */
static void transmit(struct hvc *h, const struct virtq_chain *c)
{
	struct sink *out = &h->v.env.merge->consoles[MERGE_HVC].in;
	const atomic_bool *give_up = h->v.env.give_up;
	uint8_t bytes[PIECE];
	size_t done = 0;

	for (unsigned i = 0; i < c->n_out; i++) {
		const struct iovec *from = &c->iov[i];

		for (size_t at = 0, n; at < from->iov_len; at += n) {
			n = MIN(from->iov_len - at, sizeof(bytes));
			if (done >= PIECE &&
			    (!atomic_load(&h->v.running) || (give_up && atomic_load(give_up))))
				return;
			memcpy(bytes, (const uint8_t *)from->iov_base + at, n);
			sink_put(out, bytes, n);
			done += n;
			atomic_fetch_add(&h->sent, n);
		}
	}
}

static uint32_t receive(struct hvc *h, const struct virtq_chain *c)
{
	uint32_t done = 0;

	pthread_mutex_lock(&h->lock);
	for (unsigned i = 0; i < c->n_in; i++) {
		const struct iovec *to = &c->iov[c->n_out + i];
		size_t n = MIN(to->iov_len, h->held);

		memcpy(to->iov_base, h->input + h->at, n);
		h->at += n;
		h->held -= n;
		done += (uint32_t)n;
	}
	pthread_mutex_unlock(&h->lock);
	atomic_fetch_add(&h->received, done);
	return done;
}

static int hvc_serve(void *self, unsigned queue, struct virtq_chain *c, uint32_t *ret_written,
                     struct virtq_fault *fault)
{
	(void)fault;
	*ret_written = queue == HVC_RECEIVE ? receive(self, c) : 0;
	if (queue == HVC_TRANSMIT)
		transmit(self, c);
	return 0;
}

/* The driver's buffers for input stay in the queue until there is some. */
static bool hvc_due(void *self, unsigned queue)
{
	struct hvc *h = self;
	bool due;

	pthread_mutex_lock(&h->lock);
	due = queue == HVC_TRANSMIT || h->held > 0;
	pthread_mutex_unlock(&h->lock);
	return due;
}

static void taken_set(struct hvc *h, bool taken)
{
	pthread_mutex_lock(&h->lock);
	h->taken = taken;
	pthread_mutex_unlock(&h->lock);
}

static int hvc_start(void *self)
{
	struct hvc *h = self;

	taken_set(h, virtio_queue(&h->v, HVC_RECEIVE)->enabled);
	return 0;
}

static void hvc_stop(void *self)
{
	taken_set(self, false);
}

bool hvc_taken(struct hvc *h)
{
	bool taken;

	pthread_mutex_lock(&h->lock);
	taken = h->taken && atomic_load(&h->v.running);
	pthread_mutex_unlock(&h->lock);
	return taken;
}

size_t hvc_room(struct hvc *h)
{
	size_t room;

	pthread_mutex_lock(&h->lock);
	room = sizeof(h->input) - h->held;
	pthread_mutex_unlock(&h->lock);
	return room;
}

size_t hvc_input(struct hvc *h, const uint8_t *data, size_t size)
{
	size_t n;

	pthread_mutex_lock(&h->lock);
	n = MIN(size, sizeof(h->input) - h->held);
	memmove(h->input, h->input + h->at, h->held);
	memcpy(h->input + h->held, data, n);
	h->at = 0;
	h->held += n;
	pthread_mutex_unlock(&h->lock);
	eventfd_write(h->v.kick[HVC_RECEIVE], 1);
	return n;
}

struct hvc_stats hvc_stats(struct hvc *h)
{
	return (struct hvc_stats){ .sent = atomic_load(&h->sent),
		                   .received = atomic_load(&h->received),
		                   .requests = atomic_load(&h->v.requests),
		                   .exits = atomic_load(&h->v.notified) };
}

static void hvc_wake(void *self)
{
	struct hvc *h = self;

	eventfd_write(h->v.kick[HVC_TRANSMIT], 1);
}

static const struct virtio_type hvc_type = {
	.id = VIRTIO_CONSOLE,
	.pci_class = 0x078000,
	.n_queues = HVC_QUEUES,
	.queue_max = 64,
	.serve = hvc_serve,
	.served = 1 << HVC_RECEIVE | 1 << HVC_TRANSMIT,
	.due = hvc_due,
	.start = hvc_start,
	.stop = hvc_stop,
};

static int hvc_init(void *self, const struct device_env *env, struct error *err)
{
	struct hvc *h = self;
	int r;

	pthread_mutex_init(&h->lock, NULL);
	r = virtio_init(&h->v, &hvc_type, "hvc", 0, env, err);
	if (r < 0) {
		pthread_mutex_destroy(&h->lock);
		return r;
	}
	env->merge->wake = hvc_wake;
	env->merge->wake_self = h;
	return 0;
}

static void hvc_fini(void *self)
{
	struct hvc *h = self;

	h->v.env.merge->wake = NULL;
	virtio_fini(&h->v);
	pthread_mutex_destroy(&h->lock);
}

/* As virtio_work(), and ends the waiting of a line of either console. */
static void hvc_work(void *self)
{
	struct hvc *h = self;
	struct pollfd kick = { .fd = h->v.kick[HVC_TRANSMIT], .events = POLLIN };
	eventfd_t kicks;

	while (!atomic_load(&h->v.ended)) {
		bool more = virtio_serve(&h->v);
		int wait_ms = merge_expire(h->v.env.merge);

		if (poll(&kick, 1, more ? 0 : wait_ms) > 0)
			eventfd_read(kick.fd, &kicks);
	}
}

const struct device hvc_device = {
	.name = "hvc",
	.size = sizeof(struct hvc),
	.init = hvc_init,
	.fini = hvc_fini,
	.work = hvc_work,
	.work_end = virtio_work_end,
};
