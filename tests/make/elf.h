/* SPDX-License-Identifier: MIT */
/* tests/make/elf.h: builds the debug file of a module: an ELF file with symbols and no code. */
#ifndef TESTS_MAKE_ELF_H
#define TESTS_MAKE_ELF_H

#include <stdint.h>

#include "core/base/bytes.h"

struct elf_symbol {
	const char *name;
	uint64_t address;
	unsigned type, section; /* STT_FUNC, ...; 1: that of the code */
};

/* Sections: none, the code at `code`, .symtab, .strtab. Ends with a symbol without a name. */
void elf_put(struct buffer *to, uint64_t code, const struct elf_symbol *symbols);

#endif
