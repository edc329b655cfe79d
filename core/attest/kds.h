/* SPDX-License-Identifier: MIT */
/* core/attest/kds.h: URLs of certificates at AMD's Key Distribution Service; fetches nothing. */
#ifndef CORE_ATTEST_KDS_H
#define CORE_ATTEST_KDS_H

#include <stdbool.h>

#include "core/attest/x509.h"

#define KDS         "https://kdsintf.amd.com"
#define KDS_URL_CAP 320

/*
 * The URL of the VCEK for the report's chip and TCB. False: there is none, since the chip id is
 * masked or the line unknown.
 */
bool kds_vcek_url(const struct snp_report *r, enum snp_line line, char to[static KDS_URL_CAP]);
/* The URL of a line's ASK or ASVK and ARK. (VLEKs themselves come from the cloud provider.) */
void kds_chain_url(enum cert_kind vek, enum snp_line line, char to[static KDS_URL_CAP]);

#endif
