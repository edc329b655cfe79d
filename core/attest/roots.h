/* SPDX-License-Identifier: MIT */
/* core/attest/roots.h: whom we trust: AMD's root keys, by their digests. */
#ifndef CORE_ATTEST_ROOTS_H
#define CORE_ATTEST_ROOTS_H

#include <stdbool.h>

struct cert; /* core/attest/x509.h */

/* Whether this is the ARK of its line, by its key. */
bool root_is_amd(const struct cert *ark);

#endif
