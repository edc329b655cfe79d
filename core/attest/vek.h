/* SPDX-License-Identifier: MIT */
/* core/attest/vek.h: AMD's extensions of VCEKs and VLEKs. */
#ifndef CORE_ATTEST_VEK_H
#define CORE_ATTEST_VEK_H

struct cert; /* core/attest/x509.h */

/* Fills c->vek from c->x509; on a defect, sets c->defect unless it is set. */
void vek_read(struct cert *c);

#endif
