/* SPDX-License-Identifier: MIT */
/* core/dev/hvc.h: virtio-console with one port (virtio 1.2, 5.3), which Linux calls hvc0. */
#ifndef CORE_DEV_HVC_H
#define CORE_DEV_HVC_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dev/device.h"
#include "core/dev/virtio.h"

#define HVC_INPUT 1024 /* bytes that wait for the driver's buffers */

enum { HVC_RECEIVE, HVC_TRANSMIT, HVC_QUEUES };

struct hvc {
	struct virtio v;
	pthread_mutex_t lock; /* for what follows; never held while something blocks */
	bool taken;           /* by a driver that receives */
	uint8_t input[HVC_INPUT];
	size_t at, held;
	atomic_ullong sent, received;
};

struct hvc_stats {
	uint64_t sent, received; /* bytes of output, and of input that the driver has */
	uint64_t requests;
	uint64_t exits; /* for notifications */
};

/* Whether a driver takes input; without one it is COM1's. From any thread, as what follows. */
bool hvc_taken(struct hvc *h);
/* How many bytes hvc_input() would take now. */
size_t hvc_room(struct hvc *h);
/* Receives bytes, at most hvc_room() of them; returns how many. */
size_t hvc_input(struct hvc *h, const uint8_t *data, size_t size);
struct hvc_stats hvc_stats(struct hvc *h);

extern const struct device hvc_device;

#endif
