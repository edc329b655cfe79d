/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/fv.c: libFuzzer target: of any bytes, all that is found of firmware volumes lies
 * within them. The first byte says what the rest is: an image, the files of a sound volume, the
 * sections of a sound file, a module, or a debug file.
 */
#include "firmware/fv.h"
#include "firmware/pe.h"
#include "firmware/symbols.h"
#include "tests/fuzz/fuzz.h"

enum { VOLUME_HEAD = 72, FILE_HEAD = 24, HEAD = VOLUME_HEAD + FILE_HEAD };

static void le(uint8_t *to, uint64_t value, unsigned width)
{
	while (width--) {
		*to++ = (uint8_t)value;
		value >>= 8;
	}
}

/* Headers in front of `data`, which are sound but for their checksums. */
static uint8_t *wrapped(const uint8_t *data, size_t size, bool in_file)
{
	static const uint8_t ffs3[16] = { 0x7a, 0xc0, 0x73, 0x54, 0xcb, 0x3d, 0xca, 0x4d,
		                          0xbd, 0x6f, 0x1e, 0x96, 0x89, 0xe7, 0x34, 0x9a };
	size_t head = in_file ? HEAD : VOLUME_HEAD;
	uint8_t *b = calloc(1, head + size);

	must(b);
	memcpy(b + 16, ffs3, 16);
	le(b + 32, head + size, 8);
	memcpy(b + 40, "_FVH\0\x08", 6);
	le(b + 48, VOLUME_HEAD, 2);
	b[55] = 2;
	if (in_file) {
		b[VOLUME_HEAD + 18] = FV_FILE_DRIVER;
		le(b + VOLUME_HEAD + 20, FILE_HEAD + size, 3);
		b[VOLUME_HEAD + 23] = 0xf8;
	}
	memcpy(b + head, data, size);
	return b;
}

static bool is_within(const struct fv *f, size_t space, size_t at, size_t size)
{
	return space < f->n_spaces && at <= f->spaces[space].size &&
	       size <= f->spaces[space].size - at;
}

static void check_name(const char *name, size_t cap)
{
	must(memchr(name, '\0', cap));
}

static void look(const struct fv *f)
{
	char text[256];

	for (size_t i = 0; i < f->n_volumes; i++) {
		const struct fv_volume *v = &f->volumes[i];

		must(is_within(f, v->space, v->at, v->size));
		must(v->first_file + v->n_files <= f->n_files);
		must(fv_path(f, i, text, sizeof(text)) == strlen(text));
		must(fv_path(f, i, text, 5) < 5);
	}
	for (size_t i = 0; i < f->n_files; i++) {
		const struct fv_file *file = &f->files[i];

		must(file->volume < f->n_volumes);
		must(is_within(f, f->volumes[file->volume].space, file->at, file->size));
		must(file->header <= file->size);
		must(file->first_section + file->n_sections <= f->n_sections);
		check_name(file->name, sizeof(file->name));
		check_name(file->version, sizeof(file->version));
	}
	for (size_t i = 0; i < f->n_sections; i++) {
		const struct fv_section *s = &f->sections[i];

		must(s->file < f->n_files && is_within(f, s->space, s->at, s->size));
		must(s->header <= s->size);
		fv_section_kind(s);
	}
	for (size_t space = 0; space < f->n_spaces; space++) {
		size_t step = f->spaces[space].size / 64 + 1;

		must(fv_image_offset(f, space) < f->spaces[0].size || space == 0);
		for (size_t at = 0; at < f->spaces[space].size; at += step) {
			struct fv_where w;

			if (!fv_where(f, space, at, &w))
				continue;
			must(fv_where_text(f, &w, text, sizeof(text)) == strlen(text));
			must(fv_where_text(f, &w, text, 12) == strlen(text));
		}
	}
}

static void no_difference(void *self, const struct fv_difference *d)
{
	(void)self;
	(void)d;
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	uint8_t *own = NULL;
	struct fv f;
	struct pe pe;
	const struct symbol_place place = { 0x300, 0x240 };
	char name[64];

	if (size < 1 || size > 1 << 20)
		return 0;
	switch (data[0] % 8) {
	case 1:
	case 2:
		own = wrapped(data + 1, size - 1, data[0] % 8 == 2);
		size = size - 1 + (data[0] % 8 == 2 ? HEAD : VOLUME_HEAD);
		break;
	case 3: /* a module as a file has it, and as it is in memory */
	case 4:
		if (pe_read(data + 1, size - 1, data[0] % 8 == 4, &pe)) {
			size_t at = pe_offset(&pe, pe.entry);

			must(at == SIZE_MAX || at < size - 1);
			pe_rva(&pe, size / 2);
			pe_code(&pe);
			pe_name(&pe, name, sizeof(name));
			check_name(name, sizeof(name));
		}
		return 0;
	case 5: /* a debug file */
		if (symbol_find(data + 1, size - 1, &place, name, sizeof(name)))
			check_name(name, sizeof(name));
		return 0;
	default:
		data++;
		size--;
	}
	must(fv_read(own ? own : data, size, &f, &err) == 0);
	look(&f);
	must(fv_compare(&f, &f, no_difference, NULL, &err) == 0);
	fv_fini(&f);
	free(own);
	return 0;
}
