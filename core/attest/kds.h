/* SPDX-License-Identifier: MIT */
/* core/attest/kds.h: where AMD's Key Distribution Service has certificates; nothing is fetched. */
#ifndef CORE_ATTEST_KDS_H
#define CORE_ATTEST_KDS_H

#include <stdbool.h>

#include "core/attest/x509.h"

#define KDS_URL_CAP 320

/*
 * The VCEK of the chip and TCB that the report names. False: no URL can be made, since its chip id
 * is masked or its line unknown.
 */
bool kds_vcek_url(const struct snp_report *r, enum snp_line line, char to[static KDS_URL_CAP]);
/* ASK or ASVK, and ARK, of a line. VLEKs themselves come from the cloud provider. */
void kds_chain_url(enum cert_kind vek, enum snp_line line, char to[static KDS_URL_CAP]);

#endif
