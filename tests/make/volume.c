/* SPDX-License-Identifier: MIT */
/* tests/make/volume.c: headers and checksums of firmware volumes, and images in them. */
#include "tests/make/volume.h"

#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/make/image.h"
#include "tests/make/le.h"

#define VOLUME_HEADER 72 /* with a block map of one row */
#define EXT_HEADER    20
#define FILE_HEADER   24
#define MODULE_SIZE   64

const char guid_dxefv[] = "\xc9\xbd\xb8\x7c\xeb\xf8\x34\x4f\xaa\xea\x3e\xe4\xaf\x65\x16\xa1";
const char guid_secfv[] = "\x0d\xed\x3b\x76\x9f\xde\xf5\x48\x81\xf1\x3e\x90\xe1\xb1\xa0\x15";
const char guid_compact[] = "\x17\x5e\xdb\x48\x7c\x70\x2d\x47\x91\xcd\x16\x13\xe7\xef\x51\xb0";
const char guid_sec[] = "\xf6\xce\x1c\xdf\x01\xf3\x63\x4a\x96\x61\xfc\x60\x30\xdc\xc8\x80";
const char guid_pad[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";

static const char guid_smbios[] =
	"\x5d\x46\x10\x41\xf3\x5f\x4b\x4f\xb5\x80\x24\xed\x0d\x06\x74\x7a";
static const char guid_lzma[] = "\x98\x58\x4e\xee\x14\x39\x59\x42\x9d\x6e\xdc\x7b\xd7\x94\x03\xcf";
static const char guid_ffs2[] = "\x78\xe5\x8c\x8c\x3d\x8a\x1c\x4f\x99\x35\x89\x61\x85\xc3\x2d\xd3";

static void unfit(const char *why)
{
	fprintf(stderr, "tests/make/volume.c: %s\n", why);
	abort();
}

static void add(struct buffer *to, const void *data, size_t size)
{
	buffer_add(to, data, size);
	if (to->failed)
		unfit("no memory");
}

static void add_le(struct buffer *to, uint64_t value, size_t width)
{
	uint8_t bytes[8];

	le_put(bytes, value, width);
	add(to, bytes, width);
}

static void fill(struct buffer *to, size_t align, uint8_t with)
{
	while (to->size % align)
		add(to, &with, 1);
}

static uint8_t sum8(const uint8_t *from, size_t size)
{
	uint8_t sum = 0;

	while (size-- > 0)
		sum = (uint8_t)(sum + *from++);
	return sum;
}

void section_put(struct buffer *to, uint8_t type, const void *head, size_t head_size,
                 const void *content, size_t size)
{
	fill(to, 4, 0);
	add_le(to, 4 + head_size + size, 3);
	add_le(to, type, 1);
	add(to, head, head_size);
	add(to, content, size);
}

void section_text_put(struct buffer *to, uint8_t type, const char *text)
{
	uint8_t ucs2[2 * 256] = { 0 };
	size_t n = strlen(text) + 1;

	if (n > 256)
		unfit("a text is too long");
	for (size_t i = 0; i < n; i++)
		ucs2[2 * i] = (uint8_t)text[i];
	section_put(to, type, "\0\0", type == 0x14 ? 2 : 0, ucs2, 2 * n);
}

void section_guided_put(struct buffer *to, const char guid[static 16], bool encoded,
                        const struct buffer *content)
{
	uint8_t head[20];

	memcpy(head, guid, 16);
	le_put(head + 16, 24, 2);
	le_put(head + 18, encoded, 2);
	section_put(to, 2, head, sizeof(head), content->data, content->size);
}

void section_lzma_put(struct buffer *to, const struct buffer *content)
{
	size_t cap = content->size + content->size / 2 + 1024;
	struct buffer packed = { .data = malloc(cap), .cap = cap };
	lzma_stream s = LZMA_STREAM_INIT;
	lzma_options_lzma options;

	if (!packed.data || lzma_lzma_preset(&options, 0) ||
	    lzma_alone_encoder(&s, &options) != LZMA_OK)
		unfit("no encoder of LZMA");
	s.next_in = content->data;
	s.avail_in = content->size;
	s.next_out = packed.data;
	s.avail_out = cap;
	if (lzma_code(&s, LZMA_FINISH) != LZMA_STREAM_END)
		unfit("LZMA failed");
	packed.size = cap - s.avail_out;
	lzma_end(&s);
	le_put(packed.data + 5, content->size, 8); /* the encoder leaves it unknown */
	section_guided_put(to, guid_lzma, true, &packed);
	buffer_fini(&packed);
}

void file_put(struct buffer *to, const char guid[static 16], uint8_t type, uint8_t state,
              const void *content, size_t size)
{
	uint8_t head[FILE_HEADER] = { 0 };

	fill(to, 8, 0xff);
	memcpy(head, guid, 16);
	head[18] = type;
	head[19] = 0x40; /* the data has a checksum */
	le_put(head + 20, FILE_HEADER + size, 3);
	head[16] = (uint8_t)-sum8(head, FILE_HEADER);
	head[17] = (uint8_t)-sum8(content, size);
	head[23] = (uint8_t)~state; /* bits of 1 are erased ones */
	add(to, head, sizeof(head));
	add(to, content, size);
}

void module_put(struct buffer *to, const char guid[static 16], const char *name,
                const char *version, uint64_t seed)
{
	auto_buffer struct buffer sections = { 0 };
	uint8_t noise[MODULE_SIZE];

	image_noise(noise, sizeof(noise), seed);
	section_put(&sections, 0x10, "", 0, noise, sizeof(noise));
	if (name)
		section_text_put(&sections, 0x15, name);
	if (version)
		section_text_put(&sections, 0x14, version);
	file_put(to, guid, 7, VOLUME_FILE_VALID, sections.data, sections.size);
}

void volume_put(struct buffer *to, const char name[static 16], const struct buffer *files,
                size_t free)
{
	size_t at, size = VOLUME_HEAD + files->size + free;
	unsigned sum = 0;

	fill(to, 8, 0xff);
	size = (size + 7) / 8 * 8;
	at = to->size;
	add(to, (uint8_t[16]){ 0 }, 16);
	add(to, guid_ffs2, 16);
	add_le(to, size, 8);
	add(to, "_FVH", 4);
	add_le(to, 0x4feff, 4);
	add_le(to, VOLUME_HEADER, 2);
	add_le(to, 0, 2);             /* the checksum */
	add_le(to, VOLUME_HEADER, 2); /* where the extended header is */
	add_le(to, 0x0200, 2);        /* reserved, revision 2 */
	add_le(to, 1, 4);
	add_le(to, size, 4);
	add_le(to, 0, 8);
	for (size_t i = 0; i < VOLUME_HEADER; i += 2)
		sum += (unsigned)le_get(to->data + at + i, 2);
	le_put(to->data + at + 50, (uint16_t)-sum, 2);
	add(to, name, 16);
	add_le(to, EXT_HEADER, 4);
	fill(to, 8, 0xff);
	if (to->size - at != VOLUME_HEAD)
		unfit("a volume's header");
	add(to, files->data, files->size);
	while (to->size < at + size)
		add(to, "\xff", 1);
}

/* As edk2's compiler leaves them: literals anywhere, texts of the build at multiples of 16. */
static void smbios_put(struct buffer *to)
{
	static const struct {
		size_t at;
		const char *text;
	} texts[] = { { 0x44, "unknown" },
		      { 0x5c, "02/02/2022" },
		      { 0x80, "11/30/2026" },
		      { 0xa0, "2026.11-1" },
		      { 0xc0, "Somebody's build of EDK II" } };
	auto_buffer struct buffer sections = { 0 };
	uint8_t image[0x100] = { 0 };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t k = 0; texts[i].text[k]; k++)
			image[texts[i].at + 2 * k] = (uint8_t)texts[i].text[k];
	section_put(&sections, 0x10, "", 0, image, sizeof(image));
	section_text_put(&sections, 0x15, "SmbiosPlatformDxe");
	file_put(to, guid_smbios, 7, VOLUME_FILE_VALID, sections.data, sections.size);
}

struct buffer volumes_make(const struct volumes_recipe *how)
{
	struct buffer image = { 0 };
	auto_buffer struct buffer files = { 0 }, inner = { 0 }, sections = { 0 }, outer = { 0 };
	auto_buffer struct buffer raw = { 0 }, sec = { 0 };
	static const uint8_t zero[VOLUMES_SIZE];

	if (how->seed_a)
		module_put(&files, "AAAA11112222333", how->first ? how->first : "FirstDxe", "1.2",
		           how->seed_a);
	file_put(&files, guid_pad, 0xf0, VOLUME_FILE_VALID, "\xff\xff\xff", 3);
	if (how->seed_b)
		module_put(&files, "BBBB11112222333", NULL, NULL, how->seed_b);
	smbios_put(&files);
	volume_put(&inner, guid_dxefv, &files, how->free);
	section_put(&sections, 0x17, "", 0, inner.data, inner.size);
	section_lzma_put(&outer, &sections);
	file_put(&raw, "CCCC11112222333", 0xb, VOLUME_FILE_VALID, outer.data, outer.size);
	module_put(&sec, guid_sec, NULL, "3", 7);

	add(&image, zero, VOLUMES_MAIN_AT);
	volume_put(&image, guid_compact, &raw, 256);
	if (image.size > VOLUMES_SEC_AT)
		unfit("the drivers are too large");
	add(&image, zero, VOLUMES_SEC_AT - image.size);
	volume_put(&image, guid_secfv, &sec, 256);
	add(&image, zero, VOLUMES_SIZE - image.size);
	return image;
}

/* Both headers have a section .text at RVA 0x200 and .data at 0x300, each of 256 bytes. */
void pe_put(struct buffer *to, bool te, const char *path)
{
	enum { STRIPPED = 0x200, TE_HEAD = 40, TABLE_PE = 0x168, DEBUG = 0x320, PATH = 0x340 };
	uint8_t b[0x400] = { 0 };
	uint8_t *table = b + (te ? STRIPPED - 80 : TABLE_PE);
	size_t from = 0;

	for (unsigned i = 0; i < 2; i++) {
		memcpy(table + (size_t)i * 40, i ? ".data" : ".text", 5);
		for (unsigned k = 0; k < 4; k++) /* sizes are 0x100, addresses equal offsets */
			le_put(table + (size_t)i * 40 + 8 + (size_t)k * 4,
			       k % 2 ? 0x200 + 0x100 * i : 0x100, 4);
	}
	if (te) {
		uint8_t *h = table - TE_HEAD;

		memcpy(h, "VZ\x64\x86", 4);
		h[4] = 2;
		h[5] = 0xb;
		le_put(h + 6, (uint64_t)(h - b) + TE_HEAD, 2);
		le_put(h + 8, 0x210, 4);
		le_put(h + 32, DEBUG, 4);
		le_put(h + 36, 28, 4);
		from = (size_t)(h - b);
	} else {
		memcpy(b, "MZ", 2);
		le_put(b + 0x3c, 0x60, 4);
		memcpy(b + 0x60, "PE\0\0\x64\x86\x02", 7);
		le_put(b + 0x60 + 20, 0xf0, 2);
		le_put(b + 0x78, 0x20b, 2);
		le_put(b + 0x78 + 16, 0x210, 4);    /* entry */
		le_put(b + 0x78 + 56, 0x400, 4);    /* size in memory */
		le_put(b + 0x78 + 60, STRIPPED, 4); /* of the headers */
		le_put(b + 0x78 + 108, 16, 4);
		le_put(b + 0x78 + 112 + 48, DEBUG, 4);
		le_put(b + 0x78 + 112 + 52, 28, 4);
	}
	le_put(b + DEBUG + 12, 2, 4);
	le_put(b + DEBUG + 16, 24 + strlen(path) + 1, 4);
	le_put(b + DEBUG + 20, PATH, 4);
	le_put(b + DEBUG + 24, PATH, 4);
	memcpy(b + PATH, "RSDS", 4);
	snprintf((char *)b + PATH + 24, sizeof(b) - PATH - 24, "%s", path);
	add(to, b + from, sizeof(b) - from);
}
