/* SPDX-License-Identifier: MIT */
/* firmware/inspect_fv.c: volumes, drivers and build strings of an image. */
#include "firmware/inspect_fv.h"

#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/sha2.h"
#include "core/base/text.h"
#include "core/out/tree.h"
#include "firmware/fv.h"

struct view {
	const struct fv *f;
	uint64_t gpa;
	enum inspect_view of;
	struct tree *t;
};

/*
 * Where something is: its offset in the image and its address; or its offset in what a section at
 * `compressed_at` is decompressed to. A table for people needs the same columns in each row.
 */
static void describe_place(const struct view *v, size_t space, size_t at)
{
	tree_hex(v->t, "offset", at);
	if (space == 0)
		tree_hex(v->t, "gpa", v->gpa + at);
	else if (v->of != INSPECT_DATA)
		tree_text(v->t, "gpa", "compressed");
	else
		tree_hex(v->t, "compressed_at", fv_image_offset(v->f, space));
}

static void describe_file(const struct view *v, const struct fv_file *file)
{
	const struct fv_volume *volume = &v->f->volumes[file->volume];
	const char *type = fv_file_type_name(file->type);
	char path[256], guid[GUID_TEXT], number[16];
	uint8_t hash[SHA256_SIZE];
	const uint8_t *content;
	size_t size;

	snprintf(number, sizeof(number), "0x%x", file->type);
	fv_path(v->f, file->volume, path, sizeof(path));
	tree_map(v->t, NULL);
	if (v->of == INSPECT_DATA)
		tree_text(v->t, "volume", path);
	tree_text(v->t, "name", fv_file_name(file, guid));
	tree_text(v->t, "type", type ? type : number);
	if (v->of != INSPECT_DATA || file->version[0])
		tree_text(v->t, "version", file->version[0] ? file->version : "-");
	describe_place(v, volume->space, file->at);
	tree_hex(v->t, "size", file->size);
	if (v->of != INSPECT_DATA) {
		tree_text(v->t, "volume", volume->name);
		tree_end(v->t);
		return;
	}
	tree_text(v->t, "guid", guid_of(file->guid, guid));
	tree_text(v->t, "header_checksum", file->header_ok ? "right" : "wrong");
	tree_text(v->t, "data_checksum", file->data_ok ? "right" : "wrong");
	if (file->deleted)
		tree_boolean(v->t, "deleted", true);
	if (file->packed) /* and not decompressed */
		tree_boolean(v->t, "compressed", true);
	content = fv_content(v->f, file, &size);
	sha256(content, size, hash);
	tree_bytes(v->t, "sha256", hash, sizeof(hash));
	tree_end(v->t);
}

/* A visible character of UCS-2. */
static bool is_ucs2(const uint8_t *at)
{
	return text_is_ascii(at[0]) && at[1] == 0;
}

/*
 * The texts that edk2's build gives to the driver of SMBIOS tables: firmware vendor, version and
 * release date (SmbiosPlatformDxe, 4110465d-5ff3-4f4b-b580-24ed0d06747a). In the module they are
 * aligned to 16 bytes, unlike the literals of its code.
 */
static void describe_build(const struct view *v)
{
	static const uint8_t smbios[16] = { 0x5d, 0x46, 0x10, 0x41, 0xf3, 0x5f, 0x4b, 0x4f,
		                            0xb5, 0x80, 0x24, 0xed, 0x0d, 0x06, 0x74, 0x7a };
	enum { SHORTEST = 4, ALIGN = 16, MOST = 8 };
	size_t n = 0;

	for (size_t i = 0; i < v->f->n_sections && n < MOST; i++) {
		const struct fv_section *s = &v->f->sections[i];
		const struct fv_file *file = &v->f->files[s->file];
		const uint8_t *from;
		size_t size;

		if (s->type != FV_SECTION_PE32 || memcmp(file->guid, smbios, sizeof(smbios)) != 0)
			continue;
		from = fv_section_content(v->f, s, &size);
		for (size_t at = 0; at < size && n < MOST; at += ALIGN) {
			char text[FV_TEXT];
			size_t length = 0;

			while (length < sizeof(text) - 1 && at + 2 * length + 3 < size &&
			       is_ucs2(from + at + 2 * length)) {
				text[length] = (char)from[at + 2 * length];
				length++;
			}
			text[length] = '\0';
			/* nor is it the end of a longer one */
			if (length < SHORTEST ||
			    (at >= 4 && is_ucs2(from + at - 4) && is_ucs2(from + at - 2)))
				continue;
			if (n++ == 0)
				tree_list(v->t, "build_strings");
			tree_map(v->t, NULL);
			tree_text(v->t, "text", text);
			tree_text(v->t, "file", file->name);
			describe_place(v, s->space, s->at + s->header + at);
			tree_end(v->t);
			at += 2 * length / ALIGN * ALIGN;
		}
	}
	if (n > 0)
		tree_end(v->t);
}

void inspect_volumes(const uint8_t *bytes, size_t size, uint64_t gpa, enum inspect_view of,
                     struct tree *t)
{
	struct view v = { .gpa = gpa, .of = of, .t = t };
	struct error unwanted;
	auto_fv struct fv f = { 0 };

	if (fv_read(bytes, size, &f, &unwanted) < 0 || f.n_volumes == 0)
		return;
	v.f = &f;
	tree_list(t, "volumes");
	for (size_t i = 0; i < f.n_volumes; i++) {
		const struct fv_volume *volume = &f.volumes[i];
		const char *format = fv_guid_name(volume->format);
		char path[256], guid[GUID_TEXT];

		fv_path(&f, i, path, sizeof(path));
		tree_map(t, NULL);
		tree_text(t, "name", path);
		describe_place(&v, volume->space, volume->at);
		tree_hex(t, "size", volume->size);
		tree_number(t, "files", volume->n_files);
		tree_text(t, "format", format ? format : guid_of(volume->format, guid));
		tree_text(t, "checksum", volume->checksum_ok ? "right" : "wrong");
		if (of == INSPECT_DATA && volume->guid)
			tree_text(t, "guid", guid_of(volume->guid, guid));
		tree_end(t);
	}
	tree_end(t);
	describe_build(&v);
	if (of != INSPECT_BRIEF) {
		tree_list(t, "files");
		for (size_t i = 0; i < f.n_files; i++)
			if (of == INSPECT_DATA || f.files[i].type != FV_FILE_PAD)
				describe_file(&v, &f.files[i]);
		tree_end(t);
	}
	if (f.n_faults == 0)
		return;
	tree_list(t, "volume_faults");
	for (size_t i = 0; i < MIN(f.n_faults, (size_t)FV_MAX_FAULTS); i++) {
		tree_map(t, NULL);
		tree_text(t, "text", f.faults[i].text);
		describe_place(&v, f.faults[i].space, f.faults[i].at);
		tree_end(t);
	}
	tree_end(t);
}
