/* SPDX-License-Identifier: MIT */
/*
 * firmware/symbols.c: reads the symbol table of an ELF file. Only a function's
 * name and an offset are wanted, so DWARF, whose reader would be much larger, is not needed.
 */
#include "firmware/symbols.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

#define DEBUG_FILE_MAX ((size_t)256 << 20)
#define NAME_LIMIT     256

struct elf {
	const uint8_t *bytes;
	size_t size;
	uint64_t sections_at;
	unsigned n_sections;
};

/* A section header; the fields of Elf64_Shdr in its order. */
struct elf_section {
	uint32_t type, link;
	uint64_t flags, address, at, size;
};

static bool elf_open(const uint8_t *bytes, size_t size, struct elf *ret)
{
	struct reader r = reader_over(bytes, size, 0, sizeof(Elf64_Ehdr));
	const uint8_t *ident = reader_take(&r, EI_NIDENT);
	unsigned machine, row;

	if (!ident || memcmp(ident, ELFMAG, SELFMAG) != 0 || ident[EI_CLASS] != ELFCLASS64 ||
	    ident[EI_DATA] != ELFDATA2LSB)
		return false;
	reader_le16(&r); /* type */
	machine = reader_le16(&r);
	reader_take(&r, 4 + 8 + 8); /* version, entry, program headers */
	*ret = (struct elf){ .bytes = bytes, .size = size, .sections_at = reader_le64(&r) };
	reader_take(&r, 4 + 2 + 2 + 2); /* flags, sizes of headers */
	row = reader_le16(&r);
	ret->n_sections = reader_le16(&r);
	return machine == EM_X86_64 && row == sizeof(Elf64_Shdr);
}

/* Zeros for a section that is not there. */
static struct elf_section section_read(const struct elf *e, unsigned i)
{
	uint64_t at = e->sections_at + (uint64_t)i * sizeof(Elf64_Shdr);
	struct reader r = reader_over(e->bytes, e->size, at < e->size ? (size_t)at : e->size,
	                              sizeof(Elf64_Shdr));
	struct elf_section s = { 0 };

	reader_le32(&r); /* name */
	s.type = reader_le32(&r);
	s.flags = reader_le64(&r);
	s.address = reader_le64(&r);
	s.at = reader_le64(&r);
	s.size = reader_le64(&r);
	s.link = reader_le32(&r);
	return r.bad || i >= e->n_sections ? (struct elf_section){ 0 } : s;
}

bool symbol_find(const uint8_t *bytes, size_t size, const struct symbol_place *where, char *to,
                 size_t cap)
{
	struct elf_section table = { 0 }, names, code = { 0 };
	uint64_t wanted, best = 0;
	char name[TEXT_CAP(NAME_LIMIT)];
	const uint8_t *found = NULL;
	size_t left;
	struct reader r;
	struct elf e;

	if (!elf_open(bytes, size, &e))
		return false;
	for (unsigned i = 0; i < e.n_sections; i++) {
		struct elf_section s = section_read(&e, i);

		if (s.type == SHT_SYMTAB && table.type == 0)
			table = s;
		if (s.type == SHT_PROGBITS && s.flags & SHF_EXECINSTR && code.type == 0)
			code = s;
	}
	names = section_read(&e, table.link);
	if (table.type == 0 || code.type == 0 || where->rva < where->code || table.at > size ||
	    table.size > size - table.at)
		return false;
	/* the linker's address of the code may differ from the one in the image */
	wanted = code.address + (where->rva - where->code);
	r = reader_over(bytes, size, (size_t)table.at, (size_t)table.size);
	while (reader_left(&r) >= sizeof(Elf64_Sym)) {
		uint32_t at = reader_le32(&r);
		const uint8_t *info = reader_take(&r, 2);
		unsigned section = reader_le16(&r), type = ELF64_ST_TYPE(info[0]);
		uint64_t value = reader_le64(&r);

		reader_le64(&r); /* size: assembly doesn't always set it */
		if ((type == STT_FUNC || type == STT_NOTYPE) && section != SHN_UNDEF &&
		    section < SHN_LORESERVE && value <= wanted && value >= best &&
		    value >= code.address && at > 0 && at < names.size && names.at < size &&
		    at < size - names.at && bytes[names.at + at]) {
			best = value;
			found = bytes + names.at + at;
		}
	}
	if (!found)
		return false;
	left = MIN((size_t)(bytes + size - found), (size_t)NAME_LIMIT);
	text_clean(name, sizeof(name), found, strnlen((const char *)found, left), false);
	snprintf(to, cap, "%s+0x%llx", name, (unsigned long long)(wanted - best));
	return true;
}

bool symbol_find_in(const char *dir, const char *module, const struct symbol_place *where, char *to,
                    size_t cap, struct error *err)
{
	auto_blob struct blob b = BLOB_NONE;
	char path[4096];
	int n;

	err->code = 0;
	/* the name comes from the image, which is untrusted */
	if (!module[0] || module[0] == '.' || strchr(module, '/'))
		return false;
	n = snprintf(path, sizeof(path), "%s/%s.debug", dir, module);
	if (n >= (int)sizeof(path))
		return false;
	if (blob_read(path, DEBUG_FILE_MAX, &b, err) < 0) {
		if (err->code == -ENOENT)
			err->code = 0;
		return false;
	}
	return symbol_find(b.data, b.size, where, to, cap);
}
