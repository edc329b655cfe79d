/* SPDX-License-Identifier: MIT */
/*
 * firmware/symbols.h: functions of a module by its debug file, an ELF file that edk2's build left.
 */
#ifndef FIRMWARE_SYMBOLS_H
#define FIRMWARE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error; /* core/base/error.h */

/* An address of a module's image: `rva` in memory, in the section of code that begins at `code`. */
struct symbol_place {
	uint32_t rva, code;
};

/*
 * The function at an address, "SecCoreStartupWithStack+0x1f". False: no symbol is below it, or the
 * bytes are no 64-bit ELF file of x86 with a symbol table.
 */
bool symbol_find(const uint8_t *elf, size_t size, const struct symbol_place *where, char *to,
                 size_t cap);

/*
 * The same in DIR/MODULE.debug. False with err->code 0: that file is not there, has no such symbol,
 * or the module's name is no name of a file; with another code, *err says why it can't be read.
 */
bool symbol_find_in(const char *dir, const char *module, const struct symbol_place *where, char *to,
                    size_t cap, struct error *err);

#endif
