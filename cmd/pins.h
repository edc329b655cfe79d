/* SPDX-License-Identifier: MIT */
/* cmd/pins.h: the measurement, announced and held against what the manifest expects. */
#ifndef CMD_PINS_H
#define CMD_PINS_H

struct error;        /* core/base/error.h */
struct manifest;     /* config/manifest.h */
struct manifest_pin; /* config/manifest.h */
struct plan;         /* core/plan/plan.h */
struct snp_digest;   /* core/snp/digest.h */

/* Lines on stderr: the measurement, and what people must know about it. */
void pins_announce(const struct manifest *m, const struct plan *p, const struct snp_digest *d);

/* Before any host resource is touched: 0, or ERROR_MEASUREMENT_DIFFERS at the key's place. */
int pins_check(const struct manifest *m, const struct snp_digest *d, struct error *err);

/* The pin that fits the digest, else the first for this count of vCPUs; NULL: none. */
const struct manifest_pin *pins_find(const struct manifest *m, const struct snp_digest *d);

#endif
