/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/identity.c: libFuzzer target: an ID block is accepted with the authentication that was
 * made for it alone; whatever else the two are, they are refused with a reason. Signing takes
 * longer than everything else, so most inputs change what was signed before.
 */
#include "core/attest/identity.h"
#include "core/snp/abi.h"
#include "tests/fuzz/fuzz.h"

/* The first byte of an input, modulo 4, says what follows. */
enum {
	FOREIGN, /* a block and its authentication */
	CHANGED, /* changes of what our keys have signed */
	GIVEN,   /* the same; the signatures are given to identity_authenticate() */
	SIGNED,  /* what is in a block, which our keys sign */
};

struct pair {
	uint8_t block[PLAN_ID_BLOCK];
	struct snp_id_auth auth;
};

static const uint8_t *auth_bytes(const struct pair *p)
{
	return (const uint8_t *)&p->auth;
}

/* Whether both signatures, where there is an author, are good. */
static bool accepted(const struct pair *p, bool *author)
{
	struct error err = { 0 };
	int r = identity_verify(p->block, auth_bytes(p), author, &err);

	must(r == 0 || (err.kind == ERROR_BAD_ID_BLOCK && err.text[0]));
	return r == 0;
}

/* What two keys of ours sign, or with `author` false one. */
static struct identity *ours(bool author)
{
	static struct identity keys[2];
	struct identity *i = &keys[author];
	struct error err = { 0 };

	must(i->id_key || p384_generate(&i->id_key, &err) == 0);
	must(!author || i->author_key || p384_generate(&i->author_key, &err) == 0);
	return i;
}

static void pair_sign(struct input *in, bool author, struct pair *p)
{
	struct identity *i = ours(author);
	uint8_t digest[PLAN_DIGEST] = { 0 };
	struct error err = { 0 };
	bool has_author;

	take_bytes(in, digest, sizeof(digest));
	take_bytes(in, i->family_id, sizeof(i->family_id));
	take_bytes(in, i->image_id, sizeof(i->image_id));
	i->svn = (uint32_t)take(in, 4);
	identity_block(i, digest, take(in, 8), p->block);
	must(identity_authenticate(i, p->block, NULL, (uint8_t *)&p->auth, &err) == 0);
	must(accepted(p, &has_author) && has_author == author);
}

/* Each change is a place, in two bytes, and what its byte is XORed with. */
static void pair_change(struct input *in, bool author, struct pair *p)
{
	enum { RS = 2 * 72, KEY = 4 + RS }; /* bytes behind the numbers are reserved */
	const struct {
		uint8_t *at;
		size_t size;
	} parts[] = {
		{ p->block, sizeof(p->block) },
		{ (uint8_t *)&p->auth.id_key_algorithm, 4 },
		{ p->auth.id_block_signature, RS },
		{ p->auth.id_key, KEY },
		{ (uint8_t *)&p->auth.author_key_algorithm, author ? 4 : 0 },
		{ p->auth.id_key_signature, author ? RS : 0 },
		{ p->auth.author_key, author ? KEY : 0 },
	};
	size_t sum = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		sum += parts[i].size;
	for (unsigned n = 1 + take(in, 1) % 4; n > 0; n--) {
		size_t at = take(in, 2) % sum, i = 0;

		for (; at >= parts[i].size; i++)
			at -= parts[i].size;
		parts[i].at[at] ^= (uint8_t)take(in, 1);
	}
}

/* Keys are ours then, whatever the pair says. */
static bool authenticated(const struct pair *p, bool author)
{
	const struct identity_signatures given = { p->auth.id_block_signature,
		                                   p->auth.id_key_signature };
	struct error err = { 0 };
	struct snp_id_auth auth;
	int r = identity_authenticate(ours(author), p->block, &given, (uint8_t *)&auth, &err);

	must(r == 0 || (err.kind == ERROR_BAD_ID_BLOCK && err.text[0]));
	return r == 0;
}

/* Nothing but what was signed is accepted. */
static void check_changed(struct input *in, bool author, bool given)
{
	static struct pair made[2];
	static bool is_made[2];
	const struct pair *old = &made[author];
	struct pair p;
	bool same;

	if (!is_made[author])
		pair_sign(&(struct input){ (const uint8_t *)"", 0 }, author, &made[author]);
	is_made[author] = true;
	p = *old;
	pair_change(in, author, &p);
	if (!given) {
		must(accepted(&p, &(bool){ false }) == !memcmp(&p, old, sizeof(p)));
		return;
	}
	same = !memcmp(p.block, old->block, sizeof(p.block)) &&
	       !memcmp(p.auth.id_block_signature, old->auth.id_block_signature,
	               sizeof(p.auth.id_block_signature)) &&
	       !memcmp(p.auth.id_key_signature, old->auth.id_key_signature,
	               sizeof(p.auth.id_key_signature));
	must(authenticated(&p, author) == same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned how = (unsigned)take(&in, 1);
	struct pair p = { 0 };
	bool author = how >> 2 & 1;

	if (size < 4)
		return 0;
	if (how % 4 == FOREIGN) {
		take_bytes(&in, &p, sizeof(p));
		accepted(&p, &author);
	} else if (how % 4 == SIGNED) {
		pair_sign(&in, author, &p);
	} else {
		check_changed(&in, author, how % 4 == GIVEN);
	}
	return 0;
}
