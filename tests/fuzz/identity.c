/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/identity.c: libFuzzer target: of any ID block and authentication, the signatures are
 * verified or refused with a reason. Those of our own key are made over any block; one changed byte
 * of the block, the signature or the key, as the input says, is refused.
 */
#include "core/attest/identity.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { RS = 2 * 72 }; /* two numbers; the bytes behind them are reserved */
	static const struct {
		size_t at, size;
	} covered[] = { { 0, PLAN_ID_BLOCK },
		        { PLAN_ID_BLOCK + 0x40, RS },
		        { PLAN_ID_BLOCK + 0x240, 4 + RS } };
	static struct identity ours;
	uint8_t bytes[PLAN_ID_BLOCK + PLAN_ID_AUTH] = { 0 };
	uint8_t *block = bytes, *auth = bytes + PLAN_ID_BLOCK;
	struct error err = { 0 };
	bool author;
	size_t at, n = 0;

	if (size < PLAN_ID_BLOCK + 3)
		return 0;
	memcpy(bytes, data, size < sizeof(bytes) ? size : sizeof(bytes));
	if (identity_verify(block, auth, &author, &err) < 0)
		must(err.kind == ERROR_BAD_ID_BLOCK && err.text[0]);

	must(ours.id_key || p384_generate(&ours.id_key, &err) == 0);
	memcpy(ours.family_id, data, sizeof(ours.family_id));
	memcpy(ours.image_id, data + sizeof(ours.family_id), sizeof(ours.image_id));
	identity_block(&ours, data + 48, 0x30000, block);
	must(identity_authenticate(&ours, block, NULL, auth, &err) == 0);
	must(identity_verify(block, auth, &author, &err) == 0 && !author);
	at = (data[0] | (size_t)data[1] << 8) % (PLAN_ID_BLOCK + RS + 4 + RS);
	for (; at >= covered[n].size; n++)
		at -= covered[n].size;
	at += covered[n].at;
	bytes[at] ^= data[2] ? data[2] : 1;
	err = (struct error){ 0 };
	must(identity_verify(block, auth, &author, &err) < 0);
	must(err.kind == ERROR_BAD_ID_BLOCK && err.text[0]);
	return 0;
}
