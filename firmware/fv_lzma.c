/* SPDX-License-Identifier: MIT */
/*
 * firmware/fv_lzma.c: decompresses an LZMA section by liblzma, within bounds of output and memory.
 */
#include "firmware/fv_priv.h"

#include <lzma.h>

#include "core/base/error.h"

#define HEAD      13 /* properties, u32 size of the dictionary, u64 size of the content */
#define MEM_LIMIT ((uint64_t)96 << 20)

const char *fv_unlzma(const uint8_t *bytes, size_t size, size_t *left, struct blob *ret)
{
	struct reader head = reader_over(bytes, size, 0, HEAD);
	auto_blob struct blob out = BLOB_NONE;
	lzma_stream s = LZMA_STREAM_INIT;
	struct error unwanted;
	uint64_t wanted;
	lzma_ret r;

	reader_take(&head, 5);
	wanted = reader_le64(&head);
	if (head.bad || wanted == 0 || wanted == UINT64_MAX)
		return "an LZMA section doesn't say how large its content is";
	if (wanted > *left)
		return "an LZMA section holds more than is decompressed of one image";
	/* Allocated on the section's word, but no page of it is used before it is written. */
	if (blob_zero((size_t)wanted, &out, &unwanted) < 0 ||
	    lzma_alone_decoder(&s, MEM_LIMIT) != LZMA_OK)
		return "there is no memory to decompress an LZMA section";
	s.next_in = bytes;
	s.avail_in = size;
	s.next_out = out.data;
	s.avail_out = out.size;
	r = lzma_code(&s, LZMA_FINISH);
	lzma_end(&s);
	*left -= out.size - s.avail_out;
	if (r == LZMA_MEMLIMIT_ERROR || r == LZMA_MEM_ERROR)
		return "an LZMA section wants too much memory for its dictionary";
	if (r != LZMA_STREAM_END || s.avail_out > 0)
		return "an LZMA section is damaged";
	*ret = blob_steal(&out);
	return NULL;
}
