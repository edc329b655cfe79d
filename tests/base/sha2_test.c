/* SPDX-License-Identifier: MIT */
/* tests/base/sha2_test.c: NIST's examples for FIPS 180-4. */
#include "core/base/sha2.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"

#define MILLION 1000000

/* csrc.nist.gov, Cryptographic Standards and Guidelines, examples with intermediate values. */
static const struct {
	const char *text;
	size_t repeat;
	const char *sha256, *sha384;
} examples[] = {
	{ "", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
	  "274edebfe76f65fbd51ad2f14898b95b" },
	{ "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	  "8086072ba1e7cc2358baeca134c825a7" },
	{ "a", MILLION, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
	  "9d0e1809716474cb086e834e310a4a1ced149e9c00f248527972cec5704c2a5b"
	  "07b8b3dc38ecc4ebae97ddd87f3d8985" },
};

static uint8_t *example_bytes(size_t i, size_t *size)
{
	size_t n = strlen(examples[i].text);
	uint8_t *bytes = malloc(n * examples[i].repeat + 1);

	cr_assert_not_null(bytes);
	for (size_t j = 0; j < examples[i].repeat; j++)
		memcpy(bytes + j * n, examples[i].text, n);
	*size = n * examples[i].repeat;
	return bytes;
}

Test(sha2, gives_the_digests_of_nists_examples)
{
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		uint8_t small[SHA256_SIZE], large[SHA384_SIZE];
		char hex[2 * SHA384_SIZE + 1];
		size_t size;
		uint8_t *bytes = example_bytes(i, &size);

		sha256(bytes, size, small);
		sha384(bytes, size, large);
		free(bytes);
		cr_expect_str_eq(hex_of(small, sizeof(small), hex), examples[i].sha256);
		cr_expect_str_eq(hex_of(large, sizeof(large), hex), examples[i].sha384);
	}
}

static void *hash_again(void *fails)
{
	uint8_t want[SHA384_SIZE], have[SHA384_SIZE];

	hex_parse(examples[1].sha384, 2 * SHA384_SIZE, want, sizeof(want));
	for (int i = 0; i < 20000; i++) {
		sha384("abc", 3, have);
		*(int *)fails += memcmp(want, have, sizeof(have)) != 0;
	}
	return NULL;
}

Test(sha2, gives_the_same_from_several_threads_at_once)
{
	pthread_t threads[4];
	int fails[4] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, hash_again, &fails[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		pthread_join(threads[i], NULL);
		cr_expect_eq(fails[i], 0);
	}
}
