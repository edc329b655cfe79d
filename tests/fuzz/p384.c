/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/p384.c: libFuzzer target: any file is a key of P-384 or refused with a reason, and so
 * is any signature; whatever key it is, it doesn't verify what it has not signed.
 */
#include "core/attest/p384.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t public[P384_PUBLIC_SIZE], signature[P384_SIGNATURE_SIZE], own[P384_SIGNATURE_SIZE];
	struct error err = { 0 };
	struct p384 *key = NULL;

	if (p384_signature_read("signature", data, size, signature, &err) < 0) {
		must(err.kind == ERROR_BAD_ID_BLOCK && err.text[0]);
		memset(signature, 1, sizeof(signature));
	}
	err = (struct error){ 0 };
	if (p384_read("key", data, size, &key, &err) < 0) {
		must(err.kind == ERROR_BAD_KEY && err.text[0]);
		return 0;
	}
	p384_public(key, public);
	must(!p384_verify(public, data, size, signature));
	if (p384_can_sign(key)) {
		must(p384_sign(key, data, size, own, &err) == 0);
		must(p384_verify(public, data, size, own));
	}
	p384_free(key);
	return 0;
}
