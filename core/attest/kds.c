/* SPDX-License-Identifier: MIT */
/* core/attest/kds.c: URLs of AMD's Key Distribution Service (AMD 57230). */
#include "core/attest/kds.h"

#include <stdio.h>

#include "core/attest/tcb.h"
#include "core/base/bytes.h"

bool kds_vcek_url(const struct snp_report *r, enum snp_line line, char to[static KDS_URL_CAP])
{
	struct snp_tcb tcb = snp_line_tcb(line, r->reported_tcb);
	char id[2 * sizeof(r->chip_id) + 1];
	size_t n;

	if (line == SNP_LINE_UNKNOWN || bytes_zero(r->chip_id, sizeof(r->chip_id)))
		return false;
	n = (size_t)snprintf(to, KDS_URL_CAP, KDS "/vcek/v1/%s/%s", snp_line_name(line),
	                     hex_of(r->chip_id, snp_line_chip_id(line), id));
	for (enum tcb_part p = tcb.has_fmc ? TCB_FMC : TCB_BOOT_LOADER, first = p; p < TCB_PARTS;
	     p++)
		n += (size_t)snprintf(to + n, KDS_URL_CAP - n, "%c%sSPL=%02u",
		                      p == first ? '?' : '&', tcb_part_name(p), tcb_part(&tcb, p));
	return true;
}

void kds_chain_url(enum cert_kind vek, enum snp_line line, char to[static KDS_URL_CAP])
{
	snprintf(to, KDS_URL_CAP, KDS "/%s/v1/%s/cert_chain", vek == CERT_VLEK ? "vlek" : "vcek",
	         snp_line_name(line));
}
