/* SPDX-License-Identifier: MIT */
/* firmware/pe.c: reads the headers of PE and TE images, and the names of their debug files. */
#include "firmware/pe.h"

#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/text.h"

#define PE_POINTER   0x3c
#define SECTION_SIZE 40
#define TE_HEADER    40
#define PATH_LIMIT   512
#define DEBUG_ROW    28
#define DEBUG_ROWS   16 /* of a directory; edk2 writes one or two */
#define CODEVIEW     2

/* Fields of TE headers are in this order; the debug directory is the second of two. */
static bool te_read(struct pe *p)
{
	struct reader r = reader_over(p->bytes, p->size, 0, TE_HEADER);

	reader_take(&r, 4); /* signature and machine */
	p->n_sections = reader_le16(&r) & 0xff;
	p->stripped = reader_le16(&r);
	p->entry = reader_le32(&r);
	reader_le32(&r); /* base of code */
	reader_le64(&r); /* image base */
	reader_le64(&r); /* relocations */
	p->debug_rva = reader_le32(&r);
	p->debug_size = reader_le32(&r);
	p->is_te = true;
	p->base_at = 16;
	p->base_size = 8;
	p->sections_at = TE_HEADER;
	p->headers = TE_HEADER + p->n_sections * SECTION_SIZE;
	/* what is stripped is at least as large as what takes its place */
	if (p->stripped < TE_HEADER)
		return false;
	p->stripped -= TE_HEADER;
	return !r.bad;
}

static bool pe32_read(struct pe *p)
{
	struct reader r = reader_over(p->bytes, p->size, PE_POINTER, 4);
	uint32_t at = reader_le32(&r), directories;
	unsigned optional, magic;
	const uint8_t *signature;
	bool is_plus;

	if (r.bad || at > p->size)
		return false;
	r = reader_over(p->bytes, p->size, at, p->size - at);
	signature = reader_take(&r, 4);
	if (!signature || memcmp(signature, "PE\0\0", 4) != 0)
		return false;
	reader_le16(&r); /* machine */
	p->n_sections = reader_le16(&r);
	reader_take(&r, 12);
	optional = reader_le16(&r);
	reader_le16(&r);
	p->sections_at = (size_t)at + 24 + optional;

	magic = reader_le16(&r);
	is_plus = magic == 0x20b;
	reader_take(&r, 14);
	p->entry = reader_le32(&r);
	reader_le32(&r); /* base of code */
	if (!is_plus)
		reader_le32(&r); /* base of data */
	p->base_at = (size_t)at + (is_plus ? 48 : 52);
	p->base_size = is_plus ? 8 : 4;
	reader_take(&r, p->base_size);
	reader_take(&r, 24);
	p->image_size = reader_le32(&r);
	p->headers = reader_le32(&r);
	reader_take(&r, is_plus ? 44 : 28); /* to NumberOfRvaAndSizes */
	directories = reader_le32(&r);
	if (directories > 6) {
		reader_take(&r, (size_t)6 * 8);
		p->debug_rva = reader_le32(&r);
		p->debug_size = reader_le32(&r);
	}
	return !r.bad && (is_plus || magic == 0x10b);
}

bool pe_read(const uint8_t *bytes, size_t size, bool loaded, struct pe *ret)
{
	struct pe p = { .bytes = bytes, .size = size, .loaded = loaded };

	if (size < 2 || (memcmp(bytes, "VZ", 2) == 0   ? !te_read(&p)
	                 : memcmp(bytes, "MZ", 2) == 0 ? !pe32_read(&p)
	                                               : true))
		return false;
	*ret = p;
	return true;
}

/* A section: RVA, size in the file, and offset there. */
struct pe_part {
	uint32_t rva, size, at;
};

/* False: there is no such section. */
static bool part_read(const struct pe *p, unsigned i, struct pe_part *ret)
{
	struct reader r =
		reader_over(p->bytes, p->size, p->sections_at + (size_t)i * SECTION_SIZE + 12, 12);

	ret->rva = reader_le32(&r);
	ret->size = reader_le32(&r);
	ret->at = reader_le32(&r);
	return i < p->n_sections && !r.bad && ret->at >= p->stripped;
}

size_t pe_offset(const struct pe *p, uint32_t rva)
{
	struct pe_part part;

	if (p->loaded)
		return rva >= p->stripped && rva - p->stripped < p->size ? rva - p->stripped
		                                                         : SIZE_MAX;
	for (unsigned i = 0; part_read(p, i, &part); i++)
		if (rva >= part.rva && rva - part.rva < part.size &&
		    (uint64_t)part.at - p->stripped + (rva - part.rva) < p->size)
			return (size_t)part.at - p->stripped + (rva - part.rva);
	return SIZE_MAX;
}

uint32_t pe_rva(const struct pe *p, size_t offset)
{
	uint64_t at = (uint64_t)offset + p->stripped;
	struct pe_part part;

	for (unsigned i = 0; !p->loaded && part_read(p, i, &part); i++)
		if (at >= part.at && at - part.at < part.size)
			return (uint32_t)(part.rva + (at - part.at));
	return (uint32_t)at;
}

uint32_t pe_code(const struct pe *p)
{
	struct pe_part part, first = { 0 };

	part_read(p, 0, &first);
	for (unsigned i = 0; part_read(p, i, &part); i++)
		if (p->entry >= part.rva && p->entry - part.rva < part.size)
			return part.rva;
	return first.rva;
}

/*
 * The path of its debug file, as the linker wrote it, and its length. Not ended by a NUL, and not
 * clean. NULL: it has none.
 */
static const char *debug_path(const struct pe *p, size_t *ret_size)
{
	static const struct {
		const char *signature; /* four letters */
		size_t head;           /* before the path */
	} forms[] = { { "NB10", 16 }, { "RSDS", 24 }, { "MTOC", 20 } };
	unsigned rows = MIN(p->debug_size / DEBUG_ROW, (unsigned)DEBUG_ROWS);
	size_t at = p->debug_rva ? pe_offset(p, p->debug_rva) : SIZE_MAX;

	for (unsigned i = 0; at != SIZE_MAX && i < rows; i++, at += DEBUG_ROW) {
		struct reader r = reader_over(p->bytes, p->size, at, DEBUG_ROW);
		uint32_t type, size, rva;
		size_t data;

		reader_take(&r, 12);
		type = reader_le32(&r);
		size = reader_le32(&r);
		rva = reader_le32(&r);
		data = pe_offset(p, rva);
		if (r.bad || type != CODEVIEW || data == SIZE_MAX)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(forms); k++) {
			size_t head = forms[k].head, left = MIN((size_t)size, p->size - data);
			const char *entry = (const char *)p->bytes + data;

			if (left <= head || memcmp(entry, forms[k].signature, 4) != 0)
				continue;
			*ret_size = strnlen(entry + head, MIN(left - head, (size_t)PATH_LIMIT));
			return entry + head;
		}
	}
	return NULL;
}

void pe_name(const struct pe *p, char *to, size_t cap)
{
	size_t size = 0, from = 0;
	const char *path = debug_path(p, &size), *dot;

	if (!path)
		path = "";
	for (size_t i = 0; i < size; i++)
		if (path[i] == '/' || path[i] == '\\')
			from = i + 1;
	dot = memchr(path + from, '.', size - from);
	text_clean(to, cap, path + from, dot ? (size_t)(dot - path) - from : size - from, false);
}
