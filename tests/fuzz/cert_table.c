/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/cert_table.c: libFuzzer target: what is read of a certificate table lies inside of it.
 */
#include "core/snp/certs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t n = 0;

	if (!snp_certs_read(data, size, certs, &n))
		return 0;
	for (size_t i = 0; i < n; i++) {
		volatile uint8_t sum = 0;

		for (size_t at = 0; at < certs[i].size; at++)
			sum ^= data[certs[i].offset + at];
		(void)sum;
		if ((uint64_t)certs[i].offset + certs[i].size > size || certs[i].size == 0)
			__builtin_trap();
	}
	return 0;
}
