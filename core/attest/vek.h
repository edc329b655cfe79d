/* SPDX-License-Identifier: MIT */
/* core/attest/vek.h: AMD's extensions of VCEKs and VLEKs. */
#ifndef CORE_ATTEST_VEK_H
#define CORE_ATTEST_VEK_H

struct cert; /* core/attest/x509.h */

/* Fills c->vek from c->x509; c->defect, if it has none yet, says what is wrong with it. */
void vek_read(struct cert *c);

#endif
