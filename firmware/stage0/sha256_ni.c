/* SPDX-License-Identifier: MIT */
/*
 * firmware/stage0/sha256_ni.c: SHA-256 by the SHA extensions (APM volume 3: SHA256RNDS2,
 * SHA256MSG1, MSG2).
 */
#include "firmware/stage0/sha256.h"

#include <immintrin.h>

#define WITH_SHA __attribute__((target("sse4.1,sha")))

/* Four words of the message, most significant byte first. */
WITH_SHA static __m128i words(const uint8_t *at)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);

	return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)at), swap);
}

/* The next four words of the schedule, from the sixteen words before them. */
WITH_SHA static __m128i next(__m128i m0, __m128i m1, __m128i m2, __m128i m3)
{
	__m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4));

	return _mm_sha256msg2_epu32(sum, m3);
}

/*
 * The 64 rounds of a block, four at a time. The last four iterations compute words that aren't
 * needed, which costs less than avoiding it.
 */
WITH_SHA static void block(__m128i *abef, __m128i *cdgh, const uint8_t *data)
{
	__m128i m0 = words(data), m1 = words(data + 16), m2 = words(data + 32),
		m3 = words(data + 48);
	__m128i x = *abef, y = *cdgh;

	for (unsigned t = 0; t < 64; t += 4) {
		const __m128i *k = (const __m128i *)&stage0_sha256_k[t];
		__m128i wk = _mm_add_epi32(m0, _mm_loadu_si128(k)), m = next(m0, m1, m2, m3);

		y = _mm_sha256rnds2_epu32(y, x, wk);
		x = _mm_sha256rnds2_epu32(x, y, _mm_shuffle_epi32(wk, 0x0e));
		m0 = m1, m1 = m2, m2 = m3, m3 = m;
	}
	*abef = _mm_add_epi32(*abef, x);
	*cdgh = _mm_add_epi32(*cdgh, y);
}

/*
 * The instructions need the state as FEBA and HGDC, lowest word first: with halves exchanged and
 * words reversed.
 */
WITH_SHA void stage0_sha256_ni(uint32_t state[8], const uint8_t *data, uint64_t count)
{
	__m128i *at = (__m128i *)state;
	__m128i low = _mm_loadu_si128(at), high = _mm_loadu_si128(at + 1);
	__m128i abef = _mm_shuffle_epi32(_mm_unpacklo_epi64(low, high), 0x1b);
	__m128i cdgh = _mm_shuffle_epi32(_mm_unpackhi_epi64(low, high), 0x1b);

	for (; count > 0; count--, data += 64)
		block(&abef, &cdgh, data);
	low = _mm_shuffle_epi32(abef, 0x1b);
	high = _mm_shuffle_epi32(cdgh, 0x1b);
	_mm_storeu_si128(at, _mm_unpacklo_epi64(low, high));
	_mm_storeu_si128(at + 1, _mm_unpackhi_epi64(low, high));
}
