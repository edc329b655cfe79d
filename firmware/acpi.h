/* SPDX-License-Identifier: MIT */
/* firmware/acpi.h: the ACPI tables of guests, and the commands by which firmware loads them. */
#ifndef FIRMWARE_ACPI_H
#define FIRMWARE_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"

struct error; /* core/base/error.h */

#define ACPI_RSDP_SIZE  36
#define ACPI_TABLES_AT  64 /* in the page of acpi_page(), after the RSDP */
#define ACPI_COMMANDS   13
#define ACPI_LOADER_ROW 128 /* bytes of a command in etc/table-loader */

struct acpi_config {
	unsigned vcpus;      /* their APIC ids are 0, 1, ... */
	uint64_t pci_window; /* where PCI devices have their registers; 0: there is no PCI bus */
};

/* The two files in fw_cfg from which firmware makes ACPI tables. */
enum acpi_file { ACPI_TABLES, ACPI_RSDP, ACPI_FILES };

const char *acpi_file_name(enum acpi_file f); /* "etc/acpi/tables", ... Static. */

/*
 * Before relocation: pointers are offsets into `tables`, checksums are 0. acpi_relocate() or the
 * firmware completes them.
 */
struct acpi_tables {
	uint8_t tables[8192];
	size_t size;                     /* of the tables; the bytes after them are zero */
	uint32_t dsdt, fadt, madt, xsdt; /* offsets in tables */
	uint8_t rsdp[ACPI_RSDP_SIZE];
};

/*
 * DSDT (COM1, \_S5, and the PCI bus), FADT, MADT (vCPUs and an IOAPIC), XSDT. -EINVAL for no vCPUs
 * and for more than fit. *ret is written only on success.
 */
int acpi_tables_make(const struct acpi_config *c, struct acpi_tables *ret, struct error *err);

/*
 * The numbers are those of etc/table-loader (QEMU's hw/acpi/bios-linker-loader.c, edk2's
 * QemuLoader.h).
 */
enum acpi_action { ACPI_ALLOCATE = 1, ACPI_ADD_POINTER = 2, ACPI_ADD_CHECKSUM = 3 };

/*
 * Executes the commands of acpi_loader() on *t itself, for t->tables at address `tables` and
 * t->rsdp at address `rsdp`. -EINVAL unless both end below 4 GiB, since the FADT has a 32-bit
 * pointer.
 */
int acpi_relocate(struct acpi_tables *t, uint64_t tables, uint64_t rsdp, struct error *err);

/*
 * Everything in one page at gpa: the RSDP at its start, the tables at ACPI_TABLES_AT, then zeros.
 * -EINVAL for no vCPUs, for more than fit in a page (255 do), and for a gpa that isn't that of a
 * page below 4 GiB. The page is written only on success.
 */
int acpi_page(const struct acpi_config *c, uint64_t gpa, uint8_t page[static PAGE_SIZE],
              struct error *err);

/* A table in such a page. Begin with { 0 }. */
struct acpi_table {
	char signature[5];
	size_t at, size; /* in the page */
};
/* The next one; false: there are no more. The page may hold anything. */
bool acpi_page_next(const uint8_t *page, size_t size, struct acpi_table *t);

/* Writes etc/table-loader if `cap` bytes are enough for it. Returns its size in any case. */
size_t acpi_loader(const struct acpi_tables *t, uint8_t *to, size_t cap);

#endif
