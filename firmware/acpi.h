/* SPDX-License-Identifier: MIT */
/* firmware/acpi.h: the ACPI tables of our guests, and the script that puts them in their place. */
#ifndef FIRMWARE_ACPI_H
#define FIRMWARE_ACPI_H

#include <stddef.h>
#include <stdint.h>

struct error; /* core/base/error.h */

#define ACPI_PAGE       4096
#define ACPI_RSDP_SIZE  36
#define ACPI_TABLES_AT  64 /* in the page of acpi_page(): behind the RSDP */
#define ACPI_COMMANDS   13
#define ACPI_LOADER_ROW 128 /* bytes of a command in etc/table-loader */

struct acpi_config {
	unsigned vcpus; /* their APIC ids are 0, 1, ... */
};

/* The two files of which firmware makes ACPI tables, as it finds them in fw_cfg. */
enum acpi_file { ACPI_TABLES, ACPI_RSDP, ACPI_FILES };

const char *acpi_file_name(enum acpi_file f); /* "etc/acpi/tables", ... Static. */

/*
 * Not usable as they stand: the pointer fields hold offsets into `tables`, and checksums are 0. The
 * commands make them whole.
 */
struct acpi_tables {
	uint8_t tables[8192];
	size_t size;                     /* of tables, zero from there on */
	uint32_t dsdt, fadt, madt, xsdt; /* where in tables */
	uint8_t rsdp[ACPI_RSDP_SIZE];
};

/*
 * DSDT (COM1 and \_S5), FADT, MADT (vCPUs and an IOAPIC), XSDT. -EINVAL for no vCPUs,
 * and for more of them than there is room for. *ret is touched only on success.
 */
int acpi_tables_make(const struct acpi_config *c, struct acpi_tables *ret, struct error *err);

/*
 * The numbers are those of etc/table-loader (QEMU's hw/acpi/bios-linker-loader.c, edk2's
 * QemuLoader.h).
 */
enum acpi_action { ACPI_ALLOCATE = 1, ACPI_ADD_POINTER = 2, ACPI_ADD_CHECKSUM = 3 };

struct acpi_command {
	enum acpi_action action;
	enum acpi_file file; /* put into memory, or changed */
	uint32_t alignment;  /* ALLOCATE */
	uint8_t zone;        /* ALLOCATE: 1 anywhere, 2 where legacy software looks for the RSDP */
	enum acpi_file to;   /* ADD_POINTER: whose address is added to the integer at `at` */
	uint32_t at;         /* of the integer, or of the checksum */
	uint8_t size;        /* ADD_POINTER: the integer's bytes */
	uint32_t start, length; /* ADD_CHECKSUM: [start, start + length) then sums up to zero */
};

/* In order of execution; always ACPI_COMMANDS of them. */
void acpi_commands(const struct acpi_tables *t, struct acpi_command ret[static ACPI_COMMANDS]);

/*
 * Carries the commands out in place: t->tables at address `tables`, t->rsdp at address `rsdp`. Both
 * ends must be below 4 GiB, since the FADT has a 32-bit pointer; -EINVAL.
 */
int acpi_place(struct acpi_tables *t, uint64_t tables, uint64_t rsdp, struct error *err);

/*
 * All of it for one page at gpa: the RSDP at its start, the tables at ACPI_TABLES_AT, zeros.
 * -EINVAL for no vCPUs, for more of them than a page has room for (255 do fit), and for a gpa that
 * isn't a page's below 4 GiB. The page is touched only on success.
 */
int acpi_page(const struct acpi_config *c, uint64_t gpa, uint8_t page[static ACPI_PAGE],
              struct error *err);

/* etc/table-loader: writes it if there is room for it whole, and returns its size in any case. */
size_t acpi_loader(const struct acpi_tables *t, uint8_t *to, size_t cap);

#endif
