/* SPDX-License-Identifier: MIT */
/* core/dev/rng.h: virtio-rng, random bytes of the host (virtio 1.2, 5.4). */
#ifndef CORE_DEV_RNG_H
#define CORE_DEV_RNG_H

#include "core/dev/device.h"

/* The most that a request gets, however much it asks for. */
#define RNG_REQUEST 4096

extern const struct device rng_device;

#endif
