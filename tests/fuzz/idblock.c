/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/idblock.c: libFuzzer target: any ID block and authentication is accepted or refused
 * with a reason.
 */
#include "core/snp/idblock.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t bytes[PLAN_ID_BLOCK + PLAN_ID_AUTH] = { 0 };
	uint8_t *block = bytes, *auth = bytes + PLAN_ID_BLOCK;
	struct error err = { 0 };
	bool author, digest, policy;

	memcpy(bytes, data, MIN(size, sizeof(bytes))); /* most of it is reserved */
	if (snp_id_check(block, auth, &author, &err) < 0)
		must(err.kind == ERROR_BAD_ID_BLOCK && err.text[0]);
	snp_id_compare(block, auth, size, &digest, &policy);
	return 0;
}
