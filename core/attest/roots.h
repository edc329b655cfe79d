/* SPDX-License-Identifier: MIT */
/* core/attest/roots.h: AMD's root keys, which are trusted, by their digests. */
#ifndef CORE_ATTEST_ROOTS_H
#define CORE_ATTEST_ROOTS_H

#include <stdbool.h>

struct cert; /* core/attest/x509.h */

/* Whether this certificate has the key of AMD's ARK of its line. */
bool root_is_amd(const struct cert *ark);

#endif
