/* SPDX-License-Identifier: MIT */
/* core/dev/blk.h: requests of a virtio-blk driver (virtio 1.2, 5.2), served from a disk's image. */
#ifndef CORE_DEV_BLK_H
#define CORE_DEV_BLK_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/dev/device.h"
#include "core/dev/disk.h"
#include "core/dev/virtqueue.h"

#define BLK_QUEUE       128
#define BLK_CONFIG_SIZE 60 /* of struct virtio_blk_config up to its write zeroes fields */

/* The features that a disk offers beside those of every virtio device. */
uint64_t blk_features(const struct disk *d);
/* Its configuration, as the guest reads it. */
void blk_config(const struct disk *d, uint8_t to[static BLK_CONFIG_SIZE]);

/*
 * Serves a request, and sets *ret_written to how many bytes it wrote to the guest's memory. A
 * request that can't be served has a status that says so, and is counted. -EPROTO: it has no room
 * for a status, or no header.
 */
int blk_serve(struct disk *d, struct virtq_chain *c, const atomic_bool *give_up,
              uint32_t *ret_written, struct virtq_fault *fault);

/* Its settings are a struct disk that is open. */
extern const struct device blk_device;

#endif
