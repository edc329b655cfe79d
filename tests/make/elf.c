/* SPDX-License-Identifier: MIT */
/* tests/make/elf.c: headers of an ELF file (System V ABI, AMD64 supplement). */
#include "tests/make/elf.h"

#include <elf.h>
#include <string.h>

void elf_put(struct buffer *to, uint64_t code, const struct elf_symbol *symbols)
{
	enum { CODE_SIZE = 0x1000, N = 4 };
	auto_buffer struct buffer names = { 0 }, table = { 0 };
	Elf64_Ehdr head = { .e_ident = ELFMAG,
		            .e_type = ET_EXEC,
		            .e_machine = EM_X86_64,
		            .e_version = EV_CURRENT,
		            .e_shoff = sizeof(head),
		            .e_ehsize = sizeof(head),
		            .e_shentsize = sizeof(Elf64_Shdr),
		            .e_shnum = N };
	Elf64_Shdr sections[N] = { 0 };
	size_t at = sizeof(head) + sizeof(sections);

	head.e_ident[EI_CLASS] = ELFCLASS64;
	head.e_ident[EI_DATA] = ELFDATA2LSB;
	head.e_ident[EI_VERSION] = EV_CURRENT;
	buffer_add(&names, "", 1);
	buffer_add(&table, &(Elf64_Sym){ 0 }, sizeof(Elf64_Sym));
	for (; symbols->name; symbols++) {
		const Elf64_Sym s = { .st_name = (Elf64_Word)names.size,
			              .st_info = (unsigned char)ELF64_ST_INFO(STB_GLOBAL,
			                                                      symbols->type),
			              .st_shndx = (Elf64_Section)symbols->section,
			              .st_value = symbols->address };

		buffer_add(&names, symbols->name, strlen(symbols->name) + 1);
		buffer_add(&table, &s, sizeof(s));
	}
	sections[1] = (Elf64_Shdr){ .sh_type = SHT_PROGBITS,
		                    .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
		                    .sh_addr = code,
		                    .sh_size = CODE_SIZE };
	sections[2] = (Elf64_Shdr){ .sh_type = SHT_SYMTAB,
		                    .sh_offset = at,
		                    .sh_size = table.size,
		                    .sh_link = 3,
		                    .sh_entsize = sizeof(Elf64_Sym) };
	sections[3] = (Elf64_Shdr){ .sh_type = SHT_STRTAB,
		                    .sh_offset = at + table.size,
		                    .sh_size = names.size };
	buffer_add(to, &head, sizeof(head));
	buffer_add(to, sections, sizeof(sections));
	buffer_add(to, table.data, table.size);
	buffer_add(to, names.data, names.size);
}
