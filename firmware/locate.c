/* SPDX-License-Identifier: MIT */
/*
 * firmware/locate.c: OVMF's first program runs where the image has it. The PEI modules run from a
 * volume that was decompressed into memory, and drivers from wherever there was room, relocated;
 * both begin at a page, so that looking back page by page finds them.
 */
#include "firmware/locate.h"

#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/log.h"
#include "firmware/fv.h"
#include "firmware/pe.h"
#include "firmware/symbols.h"

#define FOUR_GIB    ((uint64_t)1 << 32)
#define LOOK_BACK   ((uint64_t)32 << 20) /* larger than any volume or module */
#define MODULE_MAX  ((uint64_t)16 << 20)
#define HEADERS_MAX 4096

/* The symbol at an RVA of a module, from the debug file that its linker named, else by its name. */
static void find_symbol(const struct locate_in *in, const struct pe *pe, uint32_t rva,
                        struct located *l)
{
	struct symbol_place where = { rva, pe_code(pe) };
	struct error err = { 0 };
	char name[FV_TEXT];

	if (!in->symbols)
		return;
	pe_name(pe, name, sizeof(name));
	if (!symbol_find_in(in->symbols, name, &where, l->symbol, sizeof(l->symbol), &err) &&
	    !err.code)
		symbol_find_in(in->symbols, l->file, &where, l->symbol, sizeof(l->symbol), &err);
	if (err.code)
		log_info("%s", err.text);
}

/* What is at an offset of a space of volumes that lies at `gpa`. */
static bool locate_in_volumes(const struct locate_in *in, const struct fv *f, uint64_t gpa,
                              uint64_t rip, struct located *l)
{
	const struct fv_section *s;
	char guid[GUID_TEXT];
	struct fv_where w;
	const uint8_t *content;
	struct pe pe;
	size_t size;

	if (!fv_where(f, 0, (size_t)(rip - gpa), &w))
		return false;
	fv_path(f, w.volume, l->volume, sizeof(l->volume));
	l->offset = w.offset;
	if (w.file != FV_NONE)
		snprintf(l->file, sizeof(l->file), "%s", fv_file_name(&f->files[w.file], guid));
	s = w.section == FV_NONE ? NULL : &f->sections[w.section];
	if (!s || (s->type != FV_SECTION_PE32 && s->type != FV_SECTION_TE))
		return true;
	content = fv_section_content(f, s, &size);
	if (pe_read(content, size, false, &pe)) {
		uint32_t rva = pe_rva(&pe, w.offset);

		l->base = rip - rva;
		l->offset = rva;
		find_symbol(in, &pe, rva, l);
	}
	return true;
}

/*
 * Names a module in memory by the file of the image that has the same headers, but for their base,
 * and the same debug file; if there are several, it may be any of them.
 */
static void name_module(const struct fv *f, const struct pe *loaded, struct located *l)
{
	size_t n = MIN((size_t)loaded->headers, (size_t)HEADERS_MAX);
	size_t base = loaded->base_at, behind = base + loaded->base_size, count = 0;
	const struct fv_file *file = NULL;
	char guid[GUID_TEXT], name[FV_TEXT];

	pe_name(loaded, l->file, sizeof(l->file));
	for (size_t i = 0; i < f->n_sections && behind <= n && n <= loaded->size; i++) {
		const struct fv_section *s = &f->sections[i];
		const uint8_t *content;
		struct pe pe;
		size_t size;

		content = fv_section_content(f, s, &size);
		if (s->type != FV_SECTION_PE32 || size < n ||
		    memcmp(loaded->bytes, content, base) != 0 ||
		    memcmp(loaded->bytes + behind, content + behind, n - behind) != 0 ||
		    !pe_read(content, size, false, &pe))
			continue;
		pe_name(&pe, name, sizeof(name));
		if (strcmp(name, l->file) == 0) {
			file = &f->files[s->file];
			count++;
		}
	}
	if (count != 1)
		return;
	fv_path(f, file->volume, l->volume, sizeof(l->volume));
	snprintf(l->file, sizeof(l->file), "%s", fv_file_name(file, guid));
}

/* Whether the page at `at` begins a module or a volume around rip; then *l says what is there. */
static bool locate_at_page(const struct locate_in *in, const struct fv *image, uint64_t at,
                           uint64_t rip, struct located *l)
{
	const uint8_t *page = in->look(in->self, at, PAGE_SIZE), *all;
	auto_fv struct fv in_memory = { 0 };
	struct error unwanted;
	struct reader r;
	uint64_t size;
	struct pe pe;

	if (!page)
		return false;
	if (pe_read(page, PAGE_SIZE, true, &pe) && !pe.is_te) {
		all = pe.image_size > rip - at && pe.image_size <= MODULE_MAX
		              ? in->look(in->self, at, pe.image_size)
		              : NULL;
		if (!all || !pe_read(all, pe.image_size, true, &pe))
			return false;
		l->base = at;
		l->offset = rip - at;
		name_module(image, &pe, l);
		find_symbol(in, &pe, (uint32_t)(rip - at), l);
		return true;
	}
	if (memcmp(page + 40, "_FVH", 4) != 0)
		return false;
	r = reader_over(page, PAGE_SIZE, 32, 8);
	size = reader_le64(&r);
	all = size > rip - at && size <= LOOK_BACK ? in->look(in->self, at, size) : NULL;
	return all && fv_read(all, (size_t)size, &in_memory, &unwanted) == 0 &&
	       locate_in_volumes(in, &in_memory, at, rip, l);
}

bool locate(const struct locate_in *in, uint64_t rip, struct located *ret)
{
	uint64_t gpa = FOUR_GIB - in->size, first = rip / PAGE_SIZE * PAGE_SIZE;
	struct error unwanted;
	auto_fv struct fv f = { 0 };
	bool found = false;

	*ret = (struct located){ 0 };
	if (fv_read(in->image, in->size, &f, &unwanted) < 0)
		return false;
	if (rip >= gpa && rip < FOUR_GIB)
		return locate_in_volumes(in, &f, gpa, rip, ret);
	for (uint64_t back = 0; !found && back < LOOK_BACK && back <= first; back += PAGE_SIZE) {
		*ret = (struct located){ 0 };
		found = locate_at_page(in, &f, first - back, rip, ret);
	}
	return found;
}

void located_text(const struct located *l, char *to, size_t cap)
{
	snprintf(to, cap, "%s%s%s +0x%llx%s%s%s", l->volume, l->volume[0] && l->file[0] ? ", " : "",
	         l->file[0]     ? l->file
	         : l->volume[0] ? ""
	                        : "a module without a name",
	         (unsigned long long)l->offset, l->symbol[0] ? " (" : "", l->symbol,
	         l->symbol[0] ? ")" : "");
}
