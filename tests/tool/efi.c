/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/efi.c: efi FILE: writes the smallest EFI program that a firmware starts: it prints a
 * line on COM1 and ends the guest with status 0 by the exit port.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* PE/COFF: Microsoft's "PE Format". */
enum {
	PE_AT = 0x40,
	OPTIONAL_AT = PE_AT + 24,
	OPTIONAL_SIZE = 240, /* with 16 data directories, all empty */
	SECTION_AT = OPTIONAL_AT + OPTIONAL_SIZE,
	CODE_AT = 0x200,
	CODE_SIZE = 0x200,
	CODE_ADDRESS = 0x1000,
	FILE_SIZE = 4096, /* QEMU's setup part has 2560 bytes */
};

/* Position-independent; the text follows it. */
static const uint8_t code[] = {
	0x48, 0x8d, 0x35, 0x16, 0x00, 0x00, 0x00, /* lea text(%rip), %rsi */
	0x66, 0xba, 0xf8, 0x03,                   /* mov $0x3f8, %dx */
	0xac,                                     /* 1: lodsb */
	0x84, 0xc0,                               /* test %al, %al */
	0x74, 0x03,                               /* jz 2f */
	0xee,                                     /* out %al, %dx */
	0xeb, 0xf8,                               /* jmp 1b */
	0x66, 0xba, 0xf4, 0x00,                   /* 2: mov $0xf4, %dx */
	0x30, 0xc0,                               /* xor %al, %al */
	0xee,                                     /* out %al, %dx */
	0xeb, 0xfe,                               /* jmp . */
	0x90,
};
static const char text[] = "an EFI program runs\r\n";

static void put(uint8_t *image, size_t at, uint32_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		image[at + i] = (uint8_t)(value >> (8 * i));
}

int main(int argc, char **argv)
{
	static uint8_t image[FILE_SIZE];
	FILE *f;
	int bad;

	if (argc != 2) {
		fprintf(stderr, "usage: efi FILE\n");
		return 2;
	}
	memcpy(image, "MZ", 2);
	put(image, 0x3c, PE_AT, 4);
	memcpy(image + PE_AT, "PE\0\0", 4);
	put(image, PE_AT + 4, 0x8664, 2); /* x86-64 */
	put(image, PE_AT + 6, 1, 2);      /* sections */
	put(image, PE_AT + 20, OPTIONAL_SIZE, 2);
	put(image, PE_AT + 22, 0x0022, 2); /* executable, beyond 2 GiB */
	put(image, OPTIONAL_AT, 0x20b, 2); /* PE32+ */
	put(image, OPTIONAL_AT + 4, CODE_SIZE, 4);
	put(image, OPTIONAL_AT + 16, CODE_ADDRESS, 4); /* the entry */
	put(image, OPTIONAL_AT + 20, CODE_ADDRESS, 4);
	put(image, OPTIONAL_AT + 32, 0x1000, 4); /* alignment of sections, and in the file */
	put(image, OPTIONAL_AT + 36, 0x200, 4);
	put(image, OPTIONAL_AT + 56, CODE_ADDRESS + 0x1000, 4); /* in memory */
	put(image, OPTIONAL_AT + 60, CODE_AT, 4);               /* the headers */
	put(image, OPTIONAL_AT + 68, 10, 2);                    /* an EFI application */
	put(image, OPTIONAL_AT + 108, 16, 4);
	memcpy(image + SECTION_AT, ".text", 5);
	put(image, SECTION_AT + 8, CODE_SIZE, 4);
	put(image, SECTION_AT + 12, CODE_ADDRESS, 4);
	put(image, SECTION_AT + 16, CODE_SIZE, 4);
	put(image, SECTION_AT + 20, CODE_AT, 4);
	put(image, SECTION_AT + 36, 0x60000020, 4); /* code, executed and read */
	memcpy(image + CODE_AT, code, sizeof(code));
	memcpy(image + CODE_AT + sizeof(code), text, sizeof(text));
	f = fopen(argv[1], "wb");
	bad = !f || fwrite(image, 1, sizeof(image), f) != sizeof(image);
	return (f && fclose(f)) || bad;
}
