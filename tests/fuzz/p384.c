/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/p384.c: libFuzzer target: any file is a key of P-384 or refused with a reason, and so
 * is any signature. None is one of ours, and what a key signs is verified by it alone.
 */
#include "core/attest/p384.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t *our_public(void)
{
	static uint8_t public[P384_PUBLIC_SIZE];
	static struct p384 *key;
	struct error err = { 0 };

	if (!key) {
		must(p384_generate(&key, &err) == 0);
		p384_public(key, public);
	}
	return public;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t public[P384_PUBLIC_SIZE], signature[P384_SIGNATURE_SIZE];
	struct error err = { 0 };
	struct p384 *key = NULL;

	if (p384_signature_read("signature", data, size, signature, &err) == 0)
		must(!p384_verify(our_public(), data, size, signature));
	else
		must(err.kind == ERROR_BAD_ID_BLOCK && err.text[0]);
	err = (struct error){ 0 };
	if (p384_read("key", data, size, &key, &err) < 0) {
		must(err.kind == ERROR_BAD_KEY && err.text[0]);
		return 0;
	}
	if (p384_can_sign(key)) {
		p384_public(key, public);
		must(p384_sign(key, data, size, signature, &err) == 0);
		must(p384_verify(public, data, size, signature));
		must(!p384_verify(our_public(), data, size, signature));
	}
	p384_free(key);
	return 0;
}
