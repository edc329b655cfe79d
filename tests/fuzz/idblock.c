/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/idblock.c: libFuzzer target: any ID block and authentication is accepted or refused
 * with a reason.
 */
#include "core/base/error.h"
#include "core/snp/idblock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	bool author, digest, policy;

	if (size < PLAN_ID_BLOCK + PLAN_ID_AUTH)
		return 0;
	if (snp_id_check(data, data + PLAN_ID_BLOCK, &author, &err) < 0 &&
	    (err.kind != ERROR_BAD_ID_BLOCK || !err.text[0]))
		__builtin_trap();
	snp_id_compare(data, data + PLAN_ID_BLOCK, size, &digest, &policy);
	return 0;
}
