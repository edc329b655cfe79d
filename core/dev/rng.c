/* SPDX-License-Identifier: MIT */
/* core/dev/rng.c: each request is filled by getrandom(2). */
#include "core/dev/rng.h"

#include <sys/random.h>

#include "core/base/array.h"
#include "core/dev/virtio.h"

static int rng_serve(void *self, unsigned queue, struct virtq_chain *c, uint32_t *ret_written,
                     struct virtq_fault *fault)
{
	uint8_t bytes[RNG_REQUEST];
	ssize_t got = getrandom(bytes, MIN(c->in_bytes, sizeof(bytes)), 0);
	size_t done = 0;

	(void)self;
	(void)queue;
	(void)fault;
	for (unsigned i = 0; i < c->n_in && got > 0 && done < (size_t)got; i++) {
		const struct iovec *to = &c->iov[c->n_out + i];
		size_t n = MIN(to->iov_len, (size_t)got - done);

		memcpy(to->iov_base, bytes + done, n);
		done += n;
	}
	*ret_written = (uint32_t)done;
	return 0;
}

static const struct virtio_type rng_type = {
	.id = VIRTIO_RNG,
	.pci_class = 0x00ff00,
	.n_queues = 1,
	.queue_max = 16,
	.serve = rng_serve,
	.served = 1,
};

static int rng_init(void *self, const struct device_env *env, struct error *err)
{
	return virtio_init(self, &rng_type, "rng", 0, env, err);
}

const struct device rng_device = {
	.name = "rng",
	.size = sizeof(struct virtio),
	.init = rng_init,
	.fini = virtio_fini,
	.work = virtio_work,
	.work_end = virtio_work_end,
};
