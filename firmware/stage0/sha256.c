/* SPDX-License-Identifier: MIT */
/* firmware/stage0/sha256.c: copies memory with its SHA-256 (FIPS 180-4), for any processor. */
#include "firmware/stage0/sha256.h"

#define BLOCK  64
#define PART   0x4000 /* bytes, whole blocks */
#define LENGTH 8      /* bytes of the message's length, which ends the last block */

const uint32_t stage0_sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t be32_get(const uint8_t *b)
{
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* 6.2.2, step 1: the message schedule. */
static void schedule(uint32_t w[64], const uint8_t *data)
{
	for (unsigned t = 0; t < 16; t++)
		w[t] = be32_get(data + 4 * t);
	for (unsigned t = 16; t < 64; t++) {
		uint32_t a = w[t - 15], b = w[t - 2];

		w[t] = (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10) + w[t - 7] +
		       (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[t - 16];
	}
}

/* Steps 2 to 4. v[] has the working variables a to h; each round shifts them by one. */
static void compress(uint32_t state[8], const uint32_t w[64])
{
	uint32_t v[8];

	for (unsigned i = 0; i < 8; i++)
		v[i] = state[i];
	for (unsigned t = 0; t < 64; t++) {
		uint32_t e = v[4], a = v[0];
		uint32_t t1 = v[7] + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
		              ((e & v[5]) ^ (~e & v[6])) + stage0_sha256_k[t] + w[t];
		uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
		              ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		for (unsigned i = 7; i > 0; i--)
			v[i] = v[i - 1];
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (unsigned i = 0; i < 8; i++)
		state[i] += v[i];
}

void stage0_sha256_plain(uint32_t state[8], const uint8_t *data, uint64_t count)
{
	uint32_t w[64];

	for (; count > 0; count--, data += BLOCK) {
		schedule(w, data);
		compress(state, w);
	}
}

/* 5.1.1: makes the last blocks: remaining data, a one bit, zeros, length. Returns their number. */
static unsigned pad(uint8_t tail[2 * BLOCK], const uint8_t *data, uint64_t size)
{
	unsigned rest = size % BLOCK, n = rest < BLOCK - LENGTH ? BLOCK : 2 * BLOCK;

	for (unsigned i = 0; i < n; i++)
		tail[i] = i < rest ? data[size - rest + i] : 0;
	tail[rest] = 0x80;
	for (unsigned i = 0; i < LENGTH; i++)
		tail[n - 1 - i] = (uint8_t)(size * 8 >> 8 * i);
	return n / BLOCK;
}

/*
 * A part is hashed while it is in the first level of the cache, so that memory is read once. What
 * is hashed is what is kept: `from` may change at any time.
 */
void stage0_sha256_copy(stage0_sha256_blocks *blocks, uint8_t *to, const uint8_t *from,
                        uint64_t size, uint8_t digest[32])
{
	/* 5.3.3 */
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	uint8_t tail[2 * BLOCK];

	for (uint64_t left = size, part; left > 0; left -= part) {
		const uint8_t *copy = to;
		uint64_t words, bytes;

		part = left < PART ? left : PART;
		words = part / 8, bytes = part % 8;
		__asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(words) : : "memory");
		__asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(bytes) : : "memory");
		blocks(state, copy, part / BLOCK);
	}
	blocks(state, tail, pad(tail, to - size, size));
	for (unsigned i = 0; i < 32; i++)
		digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}
