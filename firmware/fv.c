/* SPDX-License-Identifier: MIT */
/*
 * firmware/fv.c: reads firmware volumes, files and sections (PI specification, volume 3, 2 and 3).
 * Nothing here is recursive: what a section holds, sections or a volume, goes to the end of a list
 * that is read in turn, so that a deeply nested image can't exhaust the stack.
 */
#include "firmware/fv_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "firmware/pe.h"

#define VOLUME_HEADER     56 /* without the block map */
#define VOLUME_SIGNATURE  40 /* "_FVH" */
#define VOLUME_ALIGN      8
#define ERASE_POLARITY    0x800
#define EXT_HEADER        20
#define FILE_HEADER       24
#define FILE_HEADER_LARGE 32
#define FILE_ALIGN        8
#define FILE_LARGE        0x01 /* attributes */
#define FILE_CHECKSUM     0x40
#define NO_CHECKSUM       0xaa /* in the place of the data's checksum */
#define SECTION_HEADER    4
#define SECTION_ALIGN     4
#define GUIDED_PROCESS    1 /* attribute: the content is encoded */

/* EFI_FFS_FILE_STATE, in the order in which the bits are written. */
enum {
	STATE_HEADER_CONSTRUCTION = 0x01,
	STATE_HEADER_VALID = 0x02,
	STATE_DATA_VALID = 0x04,
	STATE_DELETED = 0x10,
	STATE_HEADER_INVALID = 0x20,
};

struct parser {
	struct fv f;
	size_t unpack_left; /* how many bytes may still be decompressed */
	bool no_memory;
};

static void fault_add(struct parser *p, size_t space, size_t at, const char *text)
{
	struct fv *f = &p->f;

	if (f->n_faults < FV_MAX_FAULTS)
		f->faults[f->n_faults] = (struct fv_fault){ space, at, text };
	f->n_faults++;
}

/* Whether there may be one more of what there are n of. */
static bool has_room(struct parser *p, size_t n, size_t max, size_t space, size_t at)
{
	if (n < max)
		return !p->no_memory;
	fault_add(p, space, at, "there are too many volumes, files or sections");
	return false;
}

static size_t align_up(size_t value, size_t to)
{
	return (value + to - 1) / to * to;
}

static uint8_t sum8(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum;
}

/* --- volumes --- */

/* The volume's extended header has the GUID of its name, and files begin behind it. */
static void volume_name(struct parser *p, struct fv_volume *v, size_t ext)
{
	const uint8_t *bytes = p->f.spaces[v->space].bytes + v->at, *guid;
	struct reader r = reader_over(bytes, v->size, ext, EXT_HEADER);
	const char *name;
	uint32_t size;

	snprintf(v->name, sizeof(v->name), "%s",
	         fv_guid_known(v->format, &name) == FV_VARIABLES ? name : "volume");
	if (!ext)
		return;
	guid = reader_take(&r, GUID_SIZE);
	size = reader_le32(&r);
	if (r.bad || size < EXT_HEADER || size > v->size - ext) {
		fault_add(p, v->space, v->at, "the volume's extended header is not within it");
		return;
	}
	v->guid = guid;
	v->files_at = MAX(v->files_at, align_up(ext + size, FILE_ALIGN));
	name = fv_guid_name(guid);
	if (name)
		snprintf(v->name, sizeof(v->name), "%s", name);
	else
		guid_of(guid, v->name);
}

uint64_t fv_variables_size(const uint8_t *bytes, size_t size)
{
	struct reader r = reader_over(bytes, size, GUID_SIZE, VOLUME_HEADER - GUID_SIZE);
	const uint8_t *format = reader_take(&r, GUID_SIZE);
	uint64_t says = reader_le64(&r);
	const char *unwanted;

	return !r.bad && memcmp(bytes + VOLUME_SIGNATURE, "_FVH", 4) == 0 &&
	                       fv_guid_known(format, &unwanted) == FV_VARIABLES
	               ? says
	               : 0;
}

/*
 * Adds the volume at `at`, if one is there: with its signature, a known revision, sizes that are
 * possible, and a checksum or a file system that shows that this is no accident. Returns its size,
 * 0 if there is none.
 */
static size_t volume_add(struct parser *p, struct fv_volume v, size_t left)
{
	const uint8_t *bytes = p->f.spaces[v.space].bytes + v.at;
	struct reader r = reader_over(bytes, left, GUID_SIZE, VOLUME_HEADER - GUID_SIZE);
	unsigned header, ext, revision;
	enum fv_known format;
	const char *unwanted;
	uint32_t attributes;
	uint16_t sum = 0;
	uint64_t size;

	if (r.bad || memcmp(bytes + VOLUME_SIGNATURE, "_FVH", 4) != 0)
		return 0;
	v.format = reader_take(&r, GUID_SIZE);
	size = reader_le64(&r);
	reader_le32(&r); /* the signature */
	attributes = reader_le32(&r);
	header = reader_le16(&r);
	reader_le16(&r); /* the checksum */
	ext = reader_le16(&r);
	revision = reader_le16(&r) >> 8;
	if (header < VOLUME_HEADER || header > size || header > left || revision < 1 ||
	    revision > 2)
		return 0;
	format = fv_guid_known(v.format, &unwanted);
	for (size_t i = 0; i + 1 < header; i += 2)
		sum = (uint16_t)(sum + (bytes[i] | bytes[i + 1] << 8));
	v.checksum_ok = header % 2 == 0 && sum == 0;
	v.has_files = format == FV_FFS1 || format == FV_FFS2 || format == FV_FFS3;
	if (!v.checksum_ok && !v.has_files && format != FV_VARIABLES)
		return 0;
	if (!has_room(p, p->f.n_volumes, FV_MAX_VOLUMES, v.space, v.at))
		return 0;
	p->no_memory = !ARRAY_GROW(p->f.volumes, p->f.n_volumes);
	if (p->no_memory)
		return 0;
	v.cut = size > left;
	v.size = (size_t)MIN(size, (uint64_t)left);
	v.erased_ones = attributes & ERASE_POLARITY;
	v.files_at = align_up(header, FILE_ALIGN);
	if (v.cut)
		fault_add(p, v.space, v.at, "the volume ends beyond what holds it");
	volume_name(p, &v, ext);
	p->f.volumes[p->f.n_volumes++] = v;
	return v.size;
}

/* --- sections --- */

/* Adds the sections between two offsets of a space. */
static void stream_read(struct parser *p, size_t file, size_t space, size_t from, size_t to,
                        unsigned depth)
{
	struct fv *f = &p->f;
	const uint8_t *bytes = f->spaces[space].bytes;
	size_t at = from;

	while (at < to && to - at >= SECTION_HEADER) {
		struct reader r = reader_over(bytes, to, at, to - at);
		struct fv_section s = { .file = file,
			                .space = space,
			                .at = at,
			                .header = SECTION_HEADER,
			                .depth = depth,
			                .unpacked = FV_NONE };
		uint32_t word = reader_le32(&r);
		const uint8_t *more = NULL;

		s.type = (uint8_t)(word >> 24);
		s.size = word & 0xffffff;
		if (s.size == 0xffffff) {
			s.size = reader_le32(&r);
			s.header += 4;
		}
		if (s.type == FV_SECTION_GUIDED) {
			s.guid = reader_take(&r, GUID_SIZE);
			s.header = MAX(reader_le16(&r), (unsigned)(s.header + GUID_SIZE + 4));
			s.encoded = reader_le16(&r) & GUIDED_PROCESS;
		} else if (s.type == FV_SECTION_COMPRESSED) {
			more = reader_take(&r,
			                   5); /* size of the content, and how it is compressed */
			s.header += 5;
			s.encoded = more && more[4] != 0;
		} else if (s.type == FV_SECTION_VERSION) {
			s.header += 2;
		}
		if (r.bad || s.size < s.header || s.size > to - at) {
			fault_add(p, space, at, "a section's size is wrong");
			return;
		}
		if (!has_room(p, f->n_sections, FV_MAX_SECTIONS, space, at))
			return;
		p->no_memory = !ARRAY_GROW(f->sections, f->n_sections);
		if (p->no_memory)
			return;
		f->sections[f->n_sections++] = s;
		at += align_up(s.size, SECTION_ALIGN);
	}
}

/* Decompresses a section into a space of its own, and adds its sections. */
static void section_unpack(struct parser *p, size_t index)
{
	struct fv_section *s = &p->f.sections[index];
	struct fv *f = &p->f;
	const char *why = "there are too many compressed sections";
	struct fv_space space = { .section = index };
	const uint8_t *from;
	size_t size;

	from = fv_section_content(f, s, &size);
	if (f->n_spaces < FV_MAX_SPACES)
		why = fv_unlzma(from, size, &p->unpack_left, &space.owned);
	if (why) {
		fault_add(p, s->space, s->at, why);
		f->files[s->file].packed = true;
		return;
	}
	space.bytes = space.owned.data;
	space.size = space.owned.size;
	s->unpacked = f->n_spaces;
	f->spaces[f->n_spaces++] = space;
	stream_read(p, s->file, f->n_spaces - 1, 0, space.size, s->depth + 1);
}

/* UCS-2 up to its NUL, as UTF-8 and clean. */
static void text_of_ucs2(const uint8_t *from, size_t size, char to[static FV_TEXT])
{
	char utf8[3 * FV_TEXT];
	size_t n = 0;

	for (size_t i = 0; i + 1 < size && n + 3 < sizeof(utf8); i += 2) {
		unsigned c = from[i] | (unsigned)from[i + 1] << 8;

		if (c == 0)
			break;
		if (c < 0x80) {
			utf8[n++] = (char)c;
			continue;
		}
		if (c >= 0x800)
			utf8[n++] = (char)(0xe0 | c >> 12);
		utf8[n++] = (char)(c >= 0x800 ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6);
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	}
	text_clean(to, FV_TEXT, utf8, n, false);
}

/* Takes what a section says of its file, or opens what it holds. */
static void section_open(struct parser *p, size_t index)
{
	struct fv *f = &p->f;
	struct fv_section *s = &f->sections[index];
	struct fv_file *file = &f->files[s->file];
	bool is_stream = s->type >= FV_SECTION_COMPRESSED && s->type <= FV_SECTION_DISPOSABLE;
	const char *unwanted;
	const uint8_t *from;
	size_t size, at = s->at + s->header, end = s->at + s->size;
	struct pe pe;

	from = fv_section_content(f, s, &size);
	if (s->type == FV_SECTION_UI) {
		text_of_ucs2(from, size, file->name);
	} else if (s->type == FV_SECTION_VERSION) {
		text_of_ucs2(from, size, file->version);
	} else if (s->type == FV_SECTION_PE32 || s->type == FV_SECTION_TE) {
		if (!file->name[0] && pe_read(from, size, false, &pe))
			pe_name(&pe, file->name, sizeof(file->name));
	} else if ((is_stream || s->type == FV_SECTION_VOLUME) && s->depth >= FV_MAX_DEPTH) {
		fault_add(p, s->space, s->at, "sections and volumes are nested too deeply");
	} else if (s->type == FV_SECTION_VOLUME) {
		file->holds_volume |= volume_add(p,
		                                 (struct fv_volume){ .space = s->space,
		                                                     .at = at,
		                                                     .section = index,
		                                                     .depth = s->depth + 1 },
		                                 size) > 0;
	} else if (s->guid && fv_guid_known(s->guid, &unwanted) == FV_LZMA) {
		section_unpack(p, index);
	} else if (s->encoded) {
		file->packed = true;
	} else if (is_stream) {
		stream_read(p, s->file, s->space, at, end, s->depth + 1);
	}
}

/* --- files --- */

/*
 * Reads the header at an offset of the volume. Returns how far it is to the next one; 0: there is
 * none.
 */
static size_t file_read(struct parser *p, size_t volume, size_t at)
{
	const struct fv_volume *v = &p->f.volumes[volume];
	const uint8_t *bytes = p->f.spaces[v->space].bytes + v->at + at;
	size_t left = v->size - at, size;
	struct reader r = reader_over(bytes, left, GUID_SIZE, left - GUID_SIZE);
	struct fv_file file = { .volume = volume, .at = v->at + at, .header = FILE_HEADER };
	uint8_t erased = v->erased_ones ? 0xff : 0, head[FILE_HEADER_LARGE], state, attributes;
	const char *unwanted;
	size_t blank = 0;

	while (blank < FILE_HEADER && bytes[blank] == erased)
		blank++;
	if (blank == FILE_HEADER)
		return 0; /* free space up to the end */
	file.guid = bytes;
	file.type = bytes[18];
	attributes = bytes[19];
	state = bytes[23] ^ erased;
	reader_le32(&r);
	size = reader_le32(&r) & 0xffffff;
	if (attributes & FILE_LARGE && fv_guid_known(v->format, &unwanted) == FV_FFS3) {
		uint64_t large = reader_le64(&r);

		file.header = FILE_HEADER_LARGE;
		size = (size_t)MIN(large, (uint64_t)SIZE_MAX);
	}
	if (state & STATE_HEADER_INVALID || !(state & STATE_HEADER_VALID))
		return FILE_HEADER; /* its writer gave up, and nothing else of it is there */
	if (r.bad || size < file.header || size > left) {
		fault_add(p, v->space, file.at, "a file's size is wrong");
		return 0;
	}
	file.size = size;
	file.deleted = state & STATE_DELETED || !(state & STATE_DATA_VALID);
	/* the header's checksum leaves out the data's and the state */
	memcpy(head, bytes, file.header);
	head[17] = head[23] = 0;
	file.header_ok = sum8(head, file.header) == 0;
	file.data_ok =
		attributes & FILE_CHECKSUM
			? (uint8_t)(sum8(bytes + file.header, size - file.header) + bytes[17]) == 0
			: bytes[17] == NO_CHECKSUM;
	if (!has_room(p, p->f.n_files, FV_MAX_FILES, v->space, file.at))
		return 0;
	p->no_memory = !ARRAY_GROW(p->f.files, p->f.n_files);
	if (p->no_memory)
		return 0;
	file.first_section = p->f.n_sections;
	p->f.files[p->f.n_files++] = file;
	return size;
}

/* Reads the files of a volume, and the sections of each. */
static void volume_read(struct parser *p, size_t volume)
{
	struct fv *f = &p->f;
	size_t at = f->volumes[volume].files_at, n;
	struct fv_file *file;
	const char *name;

	f->volumes[volume].first_file = f->n_files;
	while (f->volumes[volume].has_files && at < f->volumes[volume].size &&
	       f->volumes[volume].size - at >= FILE_HEADER) {
		size_t index = f->n_files;

		n = file_read(p, volume, at);
		if (n == 0)
			break;
		at += align_up(n, FILE_ALIGN);
		if (f->n_files == index)
			continue;
		file = &f->files[index];
		if (file->type > FV_FILE_RAW && file->type <= FV_FILE_LAST && !file->deleted)
			stream_read(p, index, f->volumes[volume].space, file->at + file->header,
			            file->at + file->size, f->volumes[volume].depth + 1);
		for (size_t s = file->first_section; s < f->n_sections; s++)
			section_open(p, s);
		file->n_sections = f->n_sections - file->first_section;
		name = fv_guid_name(file->guid);
		if (!file->name[0] && name)
			snprintf(file->name, sizeof(file->name), "%s", name);
	}
	f->volumes[volume].n_files = f->n_files - f->volumes[volume].first_file;
}

int fv_read(const uint8_t *bytes, size_t size, struct fv *ret, struct error *err)
{
	struct parser p = { .f.spaces = { { bytes, size, FV_NONE, BLOB_NONE } },
		            .f.n_spaces = 1,
		            .unpack_left = FV_MAX_UNPACKED };
	size_t at = 0, n;

	while (at < size) {
		n = volume_add(&p, (struct fv_volume){ .at = at, .section = FV_NONE }, size - at);
		at += n ? align_up(n, VOLUME_ALIGN) : VOLUME_ALIGN;
	}
	/* files may add volumes, which are read in their turn */
	for (size_t v = 0; v < p.f.n_volumes && !p.no_memory; v++)
		volume_read(&p, v);
	if (p.no_memory) {
		fv_fini(&p.f);
		return error_nomem(err, "firmware volumes");
	}
	*ret = p.f;
	return 0;
}

void fv_fini(struct fv *f)
{
	for (size_t i = 0; i < f->n_spaces; i++)
		blob_fini(&f->spaces[i].owned);
	free(f->volumes);
	free(f->files);
	free(f->sections);
	*f = (struct fv){ 0 };
}

/* --- questions --- */

const uint8_t *fv_content(const struct fv *f, const struct fv_file *file, size_t *ret_size)
{
	*ret_size = file->size - file->header;
	return f->spaces[f->volumes[file->volume].space].bytes + file->at + file->header;
}

const uint8_t *fv_section_content(const struct fv *f, const struct fv_section *s, size_t *ret_size)
{
	*ret_size = s->size - s->header;
	return f->spaces[s->space].bytes + s->at + s->header;
}

static bool is_within(size_t at, size_t from, size_t size)
{
	return at >= from && at - from < size;
}

bool fv_where(const struct fv *f, size_t space, size_t at, struct fv_where *ret)
{
	struct fv_where w = { FV_NONE, FV_NONE, FV_NONE, 0 };
	const struct fv_volume *v;

	for (size_t i = 0; i < f->n_volumes; i++) {
		v = &f->volumes[i];
		if (v->space == space && is_within(at, v->at, v->size) &&
		    (w.volume == FV_NONE || v->depth >= f->volumes[w.volume].depth))
			w.volume = i;
	}
	if (w.volume == FV_NONE)
		return false;
	v = &f->volumes[w.volume];
	w.offset = at - v->at;
	for (size_t i = v->first_file; i < v->first_file + v->n_files; i++)
		if (is_within(at, f->files[i].at, f->files[i].size)) {
			w.file = i;
			w.offset = at - f->files[i].at;
		}
	for (size_t i = 0; w.file != FV_NONE && i < f->files[w.file].n_sections; i++) {
		size_t n = f->files[w.file].first_section + i;
		const struct fv_section *s = &f->sections[n];

		/* those that are inside another one come after it */
		if (s->space == space && is_within(at, s->at + s->header, s->size - s->header)) {
			w.section = n;
			w.offset = at - s->at - s->header;
		}
	}
	*ret = w;
	return true;
}

const char *fv_file_name(const struct fv_file *file, char guid[static GUID_TEXT])
{
	return file->name[0] ? file->name : guid_of(file->guid, guid);
}

size_t fv_path(const struct fv *f, size_t volume, char *to, size_t cap)
{
	size_t names[FV_MAX_DEPTH + 1], n = 0, length = 0;

	while (volume != FV_NONE && n < ARRAY_SIZE(names)) {
		size_t section = f->volumes[volume].section;

		names[n++] = volume;
		volume = section == FV_NONE ? FV_NONE : f->files[f->sections[section].file].volume;
	}
	to[0] = '\0';
	while (n-- > 0 && length < cap)
		length += (size_t)snprintf(to + length, cap - length, "%s%s", length ? "/" : "",
		                           f->volumes[names[n]].name);
	return MIN(length, cap - 1);
}

size_t fv_where_text(const struct fv *f, const struct fv_where *w, char *to, size_t cap)
{
	const struct fv_section *s = w->section == FV_NONE ? NULL : &f->sections[w->section];
	const char *kind = s ? fv_section_kind(s) : NULL;
	size_t n = fv_path(f, w->volume, to, cap);
	char guid[GUID_TEXT];

	if (w->file != FV_NONE)
		n += (size_t)snprintf(to + n, cap - n, ", %s",
		                      fv_file_name(&f->files[w->file], guid));
	else if (f->volumes[w->volume].has_files)
		n += (size_t)snprintf(to + n, cap - n, ", outside its files");
	if (s && n < cap)
		n += (size_t)snprintf(to + n, cap - n, ", %s", kind ? kind : "section");
	if (n < cap)
		n += (size_t)snprintf(to + n, cap - n, " +0x%zx", w->offset);
	return MIN(n, cap - 1);
}

size_t fv_image_offset(const struct fv *f, size_t space)
{
	size_t at = 0;

	while (space != 0) {
		const struct fv_section *s = &f->sections[f->spaces[space].section];

		at = s->at;
		space = s->space;
	}
	return at;
}
