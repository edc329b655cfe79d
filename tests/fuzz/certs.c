/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/certs.c: libFuzzer target: any certificate table is read, with contents that lie in it
 * and apart from each other, or refused with a reason.
 */
#include "core/snp/certs.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snp_cert certs[SNP_CERTS_MAX];
	struct error err = { 0 };
	size_t count = 0;

	if (snp_certs_parse(data, size, certs, &count, &err) < 0) {
		must(err.kind == ERROR_BAD_CERTIFICATE && err.text[0]);
		return 0;
	}
	must(count > 0 && count <= SNP_CERTS_MAX);
	for (size_t i = 0; i < count; i++) {
		uint64_t end = (uint64_t)certs[i].offset + certs[i].size;

		must(certs[i].size > 0 && certs[i].offset >= (count + 1) * 24 && end <= size);
		for (size_t j = 0; j < i; j++)
			must(certs[j].offset >= end ||
			     certs[i].offset >= (uint64_t)certs[j].offset + certs[j].size);
	}
	return 0;
}
