/* SPDX-License-Identifier: MIT */
/* cmd/explained.h: what explains a digest, in a line, and as a hint in errors about digests. */
#ifndef CMD_EXPLAINED_H
#define CMD_EXPLAINED_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/plan/plan.h"

struct error;       /* core/base/error.h */
struct explanation; /* core/out/explanation.h */
struct images;      /* firmware/images.h */
struct manifest;    /* config/manifest.h */
struct snp_digest;  /* core/snp/digest.h */

/*
 * Writes the changes as arguments of --set, quoted for a shell, and what no setting stands for as
 * sentences. `place`: where in a launch the digest is; "": at its end.
 */
void explained_write(FILE *to, const struct explanation *x, const char *place);

enum { EXPLAINED_CAP = 256 };

/*
 * Looks for one change besides the number of vCPUs, for a few milliseconds: "that of vcpus: 4
 * (--set vcpus=4)"; "" if there is none.
 */
void explained_hint(const struct manifest *m, const struct images *images,
                    const uint8_t want[static PLAN_DIGEST], char to[static EXPLAINED_CAP]);
/* Adds such a hint to why an error says that a digest differs. "": none. */
void explained_add(const char *hint, struct error *err);
/* prepare_id_digest(), with such a hint. */
int explained_id_digest(const struct manifest *m, const struct images *images, const struct plan *p,
                        const uint8_t digest[static PLAN_DIGEST], struct error *err);

/* measurement_check(), then that; what fails first has such a hint. */
int explained_digest(const struct manifest *m, const struct images *images, const struct plan *p,
                     const struct snp_digest *d, struct error *err);

#endif
