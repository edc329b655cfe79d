/* SPDX-License-Identifier: MIT */
/*
 * firmware/acpi.c: writes the ACPI tables of a direct boot. Layouts are those of the ACPI
 * specification 6.4, chapters 5.2 (tables), 6.4 (resources) and 20 (AML).
 */
#include "firmware/acpi.h"

#include <assert.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/dev/acpi_pm.h"
#include "core/dev/pci_function.h"
#include "core/dev/ports.h"

#define TABLES_ALIGN 64
#define RSDP_ALIGN   16
#define ZONE_HIGH    1
#define ZONE_FSEG    2 /* 0xe0000..0xfffff; OVMF may ignore it */

#define RESET_VALUE 6 /* full reset, as at port 0xcf9 of PCs */
#define IO_APIC_GPA 0xfec00000
#define LAPIC_GPA   0xfee00000
#define X2APIC_FROM 255 /* as an APIC id of a byte, 255 is the broadcast */

/* FADT: 5.2.9.3, IA-PC boot architecture flags; 5.2.9, fixed feature flags. */
#define BOOT_ARCH_NO_VGA   (1 << 2)
#define BOOT_ARCH_NO_RTC   (1 << 5)
#define FADT_WBINVD        (1 << 0)
#define FADT_C1            (1 << 2)
#define FADT_NO_PWR_BUTTON (1 << 4)
#define FADT_NO_SLP_BUTTON (1 << 5)
#define FADT_RESET_REG     (1 << 10)

/*
 * These machines are not hardware-reduced (flag 20). On one that is, Linux reboots through EFI, and
 * without EFI it jumps to a BIOS (arch/x86/kernel/reboot.c, reboot_init();
 * drivers/firmware/efi/reboot.c). A plain guest then hangs, and an SNP guest ends up in a state
 * that no processor enters.
 */
#define SCI_IRQ 9

/* 5.2.6: the header of every table except the RSDP. */
struct sdt_head {
	char signature[4];
	le32 length;
	uint8_t revision, checksum;
	char oem_id[6], oem_table_id[8];
	le32 oem_revision;
	char creator_id[4];
	le32 creator_revision;
};
static_assert(offsetof(struct sdt_head, checksum) == 9, "SDT.Checksum");
static_assert(offsetof(struct sdt_head, oem_revision) == 24, "SDT.OEMRevision");
static_assert(sizeof(struct sdt_head) == 36, "SDT header");

/* 5.2.3.2: generic address structure. */
struct gas {
	uint8_t space, bits, offset, access;
	le64 address;
};
static_assert(sizeof(struct gas) == 12, "generic address");
#define GAS_PORT 1
#define GAS_BYTE 1

/* 5.2.5.3 */
struct rsdp {
	char signature[8];
	uint8_t checksum; /* of the first 20 bytes */
	char oem_id[6];
	uint8_t revision;
	le32 rsdt, length;
	le64 xsdt;
	uint8_t extended_checksum; /* of all */
	uint8_t reserved[3];
};
static_assert(offsetof(struct rsdp, xsdt) == 24, "RSDP.XsdtAddress");
static_assert(offsetof(struct rsdp, extended_checksum) == 32, "RSDP.ExtendedChecksum");
static_assert(sizeof(struct rsdp) == ACPI_RSDP_SIZE, "RSDP");
#define RSDP_FIRST 20 /* the bytes that the first checksum covers */

/* 5.2.9. Fields that we don't set are zero: no SMI, no general-purpose events, no FACS. */
struct fadt {
	struct sdt_head head;
	le32 firmware_ctrl, dsdt;
	uint8_t reserved_44, profile;
	le16 sci_int;
	le32 smi_cmd; /* 0: in ACPI mode from the start */
	uint8_t smi_values[4];
	le32 pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	uint8_t pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len;
	uint8_t rest[17];
	le16 boot_arch;
	uint8_t reserved;
	le32 flags;
	struct gas reset;
	uint8_t reset_value;
	uint8_t arm_boot_arch[2], minor;
	le64 x_firmware_ctrl, x_dsdt;
	uint8_t x_fixed[96];
	struct gas sleep_control, sleep_status; /* only for hardware-reduced machines */
	le64 hypervisor;
};
static_assert(offsetof(struct fadt, dsdt) == 40, "FADT.DSDT");
static_assert(offsetof(struct fadt, sci_int) == 46, "FADT.SCI_INT");
static_assert(offsetof(struct fadt, pm1a_evt) == 56, "FADT.PM1a_EVT_BLK");
static_assert(offsetof(struct fadt, pm_tmr) == 76, "FADT.PM_TMR_BLK");
static_assert(offsetof(struct fadt, pm_tmr_len) == 91, "FADT.PM_TMR_LEN");
static_assert(offsetof(struct fadt, boot_arch) == 109, "FADT.IAPC_BOOT_ARCH");
static_assert(offsetof(struct fadt, flags) == 112, "FADT.Flags");
static_assert(offsetof(struct fadt, reset_value) == 128, "FADT.RESET_VALUE");
static_assert(offsetof(struct fadt, x_dsdt) == 140, "FADT.X_DSDT");
static_assert(offsetof(struct fadt, sleep_control) == 244, "FADT.SLEEP_CONTROL_REG");
static_assert(sizeof(struct fadt) == 276, "FADT");

/* 5.2.12 */
struct madt {
	struct sdt_head head;
	le32 lapic, flags; /* flags bit 0: there are two 8259s, which KVM emulates */
};
static_assert(sizeof(struct madt) == 44, "MADT");

struct madt_lapic {
	uint8_t type, length, uid, id;
	le32 flags; /* bit 0: enabled */
};
static_assert(sizeof(struct madt_lapic) == 8, "MADT local APIC");

struct madt_x2apic {
	uint8_t type, length, reserved[2];
	le32 id, flags, uid;
};
static_assert(sizeof(struct madt_x2apic) == 16, "MADT local x2APIC");

struct madt_ioapic {
	uint8_t type, length, id, reserved;
	le32 address, gsi_base;
};
static_assert(sizeof(struct madt_ioapic) == 12, "MADT IOAPIC");

/* 5.2.8 */
struct xsdt {
	struct sdt_head head;
	le64 fadt, madt;
};
static_assert(offsetof(struct xsdt, fadt) == 36, "XSDT.Entry");
static_assert(sizeof(struct xsdt) == 52, "XSDT");

/*
 * The DSDT's body. Linux powers off by writing the first number of \_S5 to PM1_CNT. From COM1 it
 * learns that the port's interrupt is line 4 of the IOAPIC, without which the output of programs
 * is lost.
 */
static const char aml_s5[] =
	/* Name (\_S5, Package (4) { 5, 5, 0, 0 }) */
	"\x08_S5_\x12\x08\x04\x0a\x05\x0a\x05\x00\x00";
/* Scope (\_SB), which holds COM1, or COM1 and PCI0 */
static const char aml_scope[] = "\x10\x38_SB_", aml_scope_pci[] = "\x10\x40\x09_SB_";
static const char aml_com1[] =
	/* Device (COM1) */
	"\x5b\x82\x31"
	"COM1"
	/* Name (_HID, EisaId ("PNP0501")) */
	"\x08_HID\x0c\x41\xd0\x05\x01"
	/* Name (_UID, 0) */
	"\x08_UID\x00"
	/* Name (_CRS, ResourceTemplate ()): a buffer of 19 bytes */
	"\x08_CRS\x11\x16\x0a\x13"
	/* IO (Decode16, 0x03f8, 0x03f8, 1, 8) */
	"\x47\x01\xf8\x03\xf8\x03\x01\x08"
	/* Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 4 } */
	"\x89\x06\x00\x03\x01\x04\x00\x00\x00"
	/* end tag, without a checksum */
	"\x79\x00";
/*
 * One bus, so that Linux doesn't look for others, and the ports and addresses that its functions
 * have. Without interrupt lines and without _OSC: interrupts are messages.
 */
static const char aml_pci0[] =
	/* Device (PCI0) */
	"\x5b\x82\x45\x05"
	"PCI0"
	/* Name (_HID, EisaId ("PNP0A03")) */
	"\x08_HID\x0c\x41\xd0\x0a\x03"
	/* Name (_CRS, ResourceTemplate ()): a buffer of 60 bytes */
	"\x08_CRS\x11\x3f\x0a\x3c"
	/* WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0, 0, 1) */
	"\x88\x0d\x00\x02\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00"
	/* WordIO (ResourceProducer, ..., EntireRange, 0, 0x0d00, 0xffff, 0, 0xf300) */
	"\x88\x0d\x00\x01\x0c\x03\x00\x00\x00\x0d\xff\xff\x00\x00\x00\xf3"
	/* DWordMemory (ResourceProducer, ..., NonCacheable, ReadWrite, 0, WINDOW, END - 1, 0, SIZE) */
	"\x87\x17\x00\x00\x0c\x01\x00\x00\x00\x00";
struct aml_window {
	le32 min, max, translation, length;
	uint8_t end_tag[2];
};
/* Literals end with a NUL. */
#define AML(literal) (sizeof(literal) - 1)
#define DSDT_BODY    (AML(aml_s5) + AML(aml_scope) + AML(aml_com1))
#define DSDT_PCI_BODY                                                                              \
	(AML(aml_s5) + AML(aml_scope_pci) + AML(aml_com1) + AML(aml_pci0) +                        \
	 sizeof(struct aml_window))
static_assert(sizeof(struct sdt_head) + DSDT_BODY == 107, "as iasl compiles it");
static_assert(sizeof(struct sdt_head) + DSDT_PCI_BODY == 195, "as iasl compiles it");

static const char *const file_names[ACPI_FILES] = {
	[ACPI_TABLES] = "etc/acpi/tables",
	[ACPI_RSDP] = "etc/acpi/rsdp",
};

const char *acpi_file_name(enum acpi_file f)
{
	return file_names[f];
}

static struct sdt_head head_of(const char *signature, uint8_t revision, size_t length)
{
	struct sdt_head h = {
		.length = le32_of((uint32_t)length),
		.revision = revision,
		.oem_id = { 'S', 'N', 'P', 'V', 'M', 'M' },
		.oem_table_id = { 'S', 'N', 'P' }, /* and the signature */
		.oem_revision = le32_of(1),
		.creator_id = { 'S', 'N', 'P', 'V' },
		.creator_revision = le32_of(1),
	};

	memcpy(h.signature, signature, sizeof(h.signature));
	memcpy(h.oem_table_id + 3, signature, sizeof(h.signature));
	return h;
}

static size_t dsdt_size(const struct acpi_config *c)
{
	return sizeof(struct sdt_head) + (c->pci_window ? DSDT_PCI_BODY : DSDT_BODY);
}

static void dsdt_put(struct acpi_tables *t, const struct acpi_config *c)
{
	struct sdt_head head = head_of("DSDT", 2, dsdt_size(c));
	const struct aml_window window = {
		.min = le32_of((uint32_t)c->pci_window),
		.max = le32_of(PCI_WINDOW_END - 1),
		.length = le32_of(PCI_WINDOW_END - (uint32_t)c->pci_window),
		.end_tag = { 0x79 },
	};
	const struct {
		const void *bytes;
		size_t size;
	} parts[] = {
		{ &head, sizeof(head) },
		{ aml_s5, AML(aml_s5) },
		{ c->pci_window ? aml_scope_pci : aml_scope,
		  c->pci_window ? AML(aml_scope_pci) : AML(aml_scope) },
		{ aml_com1, AML(aml_com1) },
		{ aml_pci0, c->pci_window ? AML(aml_pci0) : 0 },
		{ &window, c->pci_window ? sizeof(window) : 0 },
	};
	uint8_t *to = t->tables + t->dsdt;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		memcpy(to, parts[i].bytes, parts[i].size);
		to += parts[i].size;
	}
}

static void fadt_put(struct acpi_tables *t)
{
	struct fadt f = {
		.head = head_of("FACP", 6, sizeof(f)),
		.dsdt = le32_of(t->dsdt),
		.boot_arch = le16_of(BOOT_ARCH_NO_VGA | BOOT_ARCH_NO_RTC),
		.sci_int = le16_of(SCI_IRQ),
		.pm1a_evt = le32_of(ACPI_PM_PORT),
		.pm1a_cnt = le32_of(ACPI_PM_PORT + 4),
		.pm_tmr = le32_of(ACPI_PM_PORT + 8),
		.pm1_evt_len = 4,
		.pm1_cnt_len = 2,
		.pm_tmr_len = 4,
		.flags = le32_of(FADT_WBINVD | FADT_C1 | FADT_NO_PWR_BUTTON | FADT_NO_SLP_BUTTON |
		                 FADT_RESET_REG),
		.reset = { .space = GAS_PORT,
		           .bits = 8,
		           .access = GAS_BYTE,
		           .address = le64_of(RESET_PORT) },
		.reset_value = RESET_VALUE,
		.x_dsdt = le64_of(t->dsdt),
	};

	memcpy(t->tables + t->fadt, &f, sizeof(f));
}

static uint64_t madt_size(unsigned vcpus)
{
	uint64_t small = MIN(vcpus, X2APIC_FROM), large = vcpus - small;

	return sizeof(struct madt) + small * sizeof(struct madt_lapic) +
	       large * sizeof(struct madt_x2apic) + sizeof(struct madt_ioapic);
}

static void madt_put(struct acpi_tables *t, unsigned vcpus)
{
	struct madt m = {
		.head = head_of("APIC", 5, madt_size(vcpus)),
		.lapic = le32_of(LAPIC_GPA),
		.flags = le32_of(1),
	};
	struct madt_ioapic io = { 1, sizeof(io), 0, 0, le32_of(IO_APIC_GPA), le32_of(0) };
	uint8_t *to = t->tables + t->madt;

	memcpy(to, &m, sizeof(m));
	to += sizeof(m);
	for (unsigned id = 0; id < vcpus; id++) {
		struct madt_lapic lapic = { 0, sizeof(lapic), (uint8_t)id, (uint8_t)id,
			                    le32_of(1) };
		struct madt_x2apic x2apic = { .type = 9,
			                      .length = sizeof(x2apic),
			                      .id = le32_of(id),
			                      .flags = le32_of(1),
			                      .uid = le32_of(id) };
		bool fits = id < X2APIC_FROM;

		memcpy(to, fits ? (void *)&lapic : (void *)&x2apic,
		       fits ? sizeof(lapic) : sizeof(x2apic));
		to += fits ? sizeof(lapic) : sizeof(x2apic);
	}
	memcpy(to, &io, sizeof(io));
}

/* Reserves space for the next table, eight-byte aligned. */
static uint32_t table_reserve(struct acpi_tables *t, uint64_t size)
{
	size_t at = (t->size + 7) / 8 * 8;

	t->size = at + size;
	return (uint32_t)at;
}

static int vcpus_refuse(unsigned vcpus, size_t cap, struct error *err)
{
	return error_set(err, ERROR_UNSUPPORTED,
	                 "ACPI tables for %u vcpus cannot be made: they can have at most %zu bytes",
	                 vcpus, cap);
}

int acpi_tables_make(const struct acpi_config *c, struct acpi_tables *ret, struct error *err)
{
	struct acpi_tables t = { 0 };
	struct xsdt xsdt = { .head = head_of("XSDT", 1, sizeof(xsdt)) };
	struct rsdp rsdp = {
		.signature = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' },
		.oem_id = { 'S', 'N', 'P', 'V', 'M', 'M' },
		.revision = 2,
		.length = le32_of(sizeof(rsdp)),
	};

	if (c->vcpus == 0 || madt_size(c->vcpus) > sizeof(t.tables))
		return vcpus_refuse(c->vcpus, sizeof(t.tables), err);
	t.dsdt = table_reserve(&t, dsdt_size(c));
	t.fadt = table_reserve(&t, sizeof(struct fadt));
	t.madt = table_reserve(&t, madt_size(c->vcpus));
	t.xsdt = table_reserve(&t, sizeof(xsdt));
	if (t.size > sizeof(t.tables))
		return vcpus_refuse(c->vcpus, sizeof(t.tables), err);
	dsdt_put(&t, c);
	fadt_put(&t);
	madt_put(&t, c->vcpus);
	xsdt.fadt = le64_of(t.fadt);
	xsdt.madt = le64_of(t.madt);
	memcpy(t.tables + t.xsdt, &xsdt, sizeof(xsdt));
	rsdp.xsdt = le64_of(t.xsdt);
	memcpy(t.rsdp, &rsdp, sizeof(rsdp));
	*ret = t;
	return 0;
}

/* A command of the loader. */
struct acpi_command {
	enum acpi_action action;
	enum acpi_file file; /* the file that is loaded or changed */
	uint32_t alignment;  /* ALLOCATE */
	uint8_t zone; /* ALLOCATE: 1 anywhere, 2 below 1 MiB, where software looks for the RSDP */
	enum acpi_file to;      /* ADD_POINTER: whose address is added to the integer at `at` */
	uint32_t at;            /* of the integer, or of the checksum */
	uint8_t size;           /* ADD_POINTER: the integer's bytes */
	uint32_t start, length; /* ADD_CHECKSUM: [start, start + length) then sums up to zero */
};

static struct acpi_command allocate(enum acpi_file file, uint32_t alignment, uint8_t zone)
{
	return (struct acpi_command){
		.action = ACPI_ALLOCATE, .file = file, .alignment = alignment, .zone = zone
	};
}

/* Every pointer is to a table. */
static struct acpi_command pointer(enum acpi_file file, size_t at, uint8_t size)
{
	return (struct acpi_command){ .action = ACPI_ADD_POINTER,
		                      .file = file,
		                      .to = ACPI_TABLES,
		                      .at = (uint32_t)at,
		                      .size = size };
}

static struct acpi_command checksum(enum acpi_file file, size_t at, size_t start, size_t length)
{
	return (struct acpi_command){ .action = ACPI_ADD_CHECKSUM,
		                      .file = file,
		                      .at = (uint32_t)at,
		                      .start = (uint32_t)start,
		                      .length = (uint32_t)length };
}

static struct acpi_command table_checksum(const struct acpi_tables *t, uint32_t at)
{
	struct sdt_head h;

	memcpy(&h, t->tables + at, sizeof(h));
	return checksum(ACPI_TABLES, at + offsetof(struct sdt_head, checksum), at,
	                le32_get(h.length));
}

/* In order of execution: a checksum comes after the pointers in what it covers. */
static void commands_of(const struct acpi_tables *t, struct acpi_command ret[static ACPI_COMMANDS])
{
	const struct acpi_command all[] = {
		allocate(ACPI_TABLES, TABLES_ALIGN, ZONE_HIGH),
		allocate(ACPI_RSDP, RSDP_ALIGN, ZONE_FSEG),
		pointer(ACPI_TABLES, t->fadt + offsetof(struct fadt, dsdt), 4),
		pointer(ACPI_TABLES, t->fadt + offsetof(struct fadt, x_dsdt), 8),
		table_checksum(t, t->dsdt),
		table_checksum(t, t->fadt),
		table_checksum(t, t->madt),
		pointer(ACPI_TABLES, t->xsdt + offsetof(struct xsdt, fadt), 8),
		pointer(ACPI_TABLES, t->xsdt + offsetof(struct xsdt, madt), 8),
		table_checksum(t, t->xsdt),
		pointer(ACPI_RSDP, offsetof(struct rsdp, xsdt), 8),
		checksum(ACPI_RSDP, offsetof(struct rsdp, checksum), 0, RSDP_FIRST),
		checksum(ACPI_RSDP, offsetof(struct rsdp, extended_checksum), 0, ACPI_RSDP_SIZE),
	};

	static_assert(ARRAY_SIZE(all) == ACPI_COMMANDS, "ACPI_COMMANDS");
	memcpy(ret, all, sizeof(all));
}

int acpi_relocate(struct acpi_tables *t, uint64_t tables, uint64_t rsdp, struct error *err)
{
	const uint64_t base[ACPI_FILES] = { [ACPI_TABLES] = tables, [ACPI_RSDP] = rsdp };
	uint8_t *file[ACPI_FILES] = { [ACPI_TABLES] = t->tables, [ACPI_RSDP] = t->rsdp };
	struct acpi_command all[ACPI_COMMANDS];

	if (tables > UINT32_MAX - t->size || rsdp > UINT32_MAX - ACPI_RSDP_SIZE)
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "ACPI tables at 0x%llx and an RSDP at 0x%llx are not below 4 GiB",
		                 (unsigned long long)tables, (unsigned long long)rsdp);
	commands_of(t, all);
	for (size_t i = 0; i < ACPI_COMMANDS; i++) {
		const struct acpi_command *c = &all[i];
		uint8_t *at = file[c->file] + c->at;
		le64 pointer = { 0 };
		unsigned sum = 0;

		if (c->action == ACPI_ADD_POINTER) {
			memcpy(&pointer, at, c->size);
			pointer = le64_of(le64_get(pointer) + base[c->to]);
			memcpy(at, &pointer, c->size);
		} else if (c->action == ACPI_ADD_CHECKSUM) {
			for (uint32_t n = 0; n < c->length; n++)
				sum += file[c->file][c->start + n];
			*at = (uint8_t)-sum;
		}
	}
	return 0;
}

int acpi_page(const struct acpi_config *c, uint64_t gpa, uint8_t page[static PAGE_SIZE],
              struct error *err)
{
	struct acpi_tables t;
	int r = acpi_tables_make(c, &t, err);

	if (r < 0)
		return r;
	if (t.size > PAGE_SIZE - ACPI_TABLES_AT)
		return vcpus_refuse(c->vcpus, PAGE_SIZE - ACPI_TABLES_AT, err);
	if (gpa % PAGE_SIZE || gpa > UINT32_MAX)
		return error_set(err, ERROR_BAD_LAYOUT,
		                 "ACPI tables can't lie at 0x%llx: not a page below 4 GiB",
		                 (unsigned long long)gpa);
	r = acpi_relocate(&t, gpa + ACPI_TABLES_AT, gpa, err);
	if (r < 0)
		return r;
	memset(page, 0, PAGE_SIZE);
	memcpy(page, t.rsdp, sizeof(t.rsdp));
	memcpy(page + ACPI_TABLES_AT, t.tables, t.size);
	return 0;
}

/* A row of etc/table-loader. Fields that a command doesn't use are zero. */
struct loader_row {
	le32 action;
	char file[56];
	union {
		struct {
			le32 alignment;
			uint8_t zone;
		} allocate;
		struct {
			char to[56];
			le32 at;
			uint8_t size;
		} pointer;
		struct {
			le32 at, start, length;
		} checksum;
		uint8_t cap[68];
	};
};
static_assert(offsetof(struct loader_row, allocate.zone) == 64, "ALLOCATE.zone");
static_assert(offsetof(struct loader_row, pointer.at) == 116, "ADD_POINTER.offset");
static_assert(offsetof(struct loader_row, pointer.size) == 120, "ADD_POINTER.size");
static_assert(offsetof(struct loader_row, checksum.length) == 68, "ADD_CHECKSUM.length");
static_assert(sizeof(struct loader_row) == ACPI_LOADER_ROW, "table-loader row");

static void name_put(char to[static 56], enum acpi_file f)
{
	memcpy(to, file_names[f], strlen(file_names[f])); /* zeros follow */
}

size_t acpi_loader(const struct acpi_tables *t, uint8_t *to, size_t cap)
{
	struct acpi_command all[ACPI_COMMANDS];
	size_t size = ACPI_COMMANDS * ACPI_LOADER_ROW;

	if (cap < size)
		return size;
	commands_of(t, all);
	for (size_t i = 0; i < ACPI_COMMANDS; i++) {
		const struct acpi_command *c = &all[i];
		struct loader_row r;

		memset(&r, 0, sizeof(r));
		r.action = le32_of(c->action);
		name_put(r.file, c->file);
		switch (c->action) {
		case ACPI_ALLOCATE:
			r.allocate.alignment = le32_of(c->alignment);
			r.allocate.zone = c->zone;
			break;
		case ACPI_ADD_POINTER:
			name_put(r.pointer.to, c->to);
			r.pointer.at = le32_of(c->at);
			r.pointer.size = c->size;
			break;
		case ACPI_ADD_CHECKSUM:
			r.checksum.at = le32_of(c->at);
			r.checksum.start = le32_of(c->start);
			r.checksum.length = le32_of(c->length);
			break;
		}
		memcpy(to + i * sizeof(r), &r, sizeof(r));
	}
	return size;
}

bool acpi_page_next(const uint8_t *page, size_t size, struct acpi_table *t)
{
	size_t at = t->size ? (t->at + t->size + 7) / 8 * 8 : ACPI_TABLES_AT;
	const struct sdt_head *head;

	if (at > size || size - at < sizeof(*head))
		return false;
	head = (const void *)(page + at);
	if (le32_get(head->length) < sizeof(*head) || le32_get(head->length) > size - at)
		return false;
	*t = (struct acpi_table){ .at = at, .size = le32_get(head->length) };
	memcpy(t->signature, head->signature, sizeof(head->signature));
	return true;
}
