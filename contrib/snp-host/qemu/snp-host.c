/*
 * A software-emulated AMD SEV-SNP host, for tests: the machine's part.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qemu/error-report.h"
#include "qapi/visitor.h"
#include "cpu.h"
#include "exec/cputlb.h"
#include "exec/exec-all.h"
#include "hw/boards.h"
#include "hw/i386/e820_memory_layout.h"
#include "target/i386/snp-emu.h"

SnpHost snp_host = { .scramble = true };

/* ---------- properties of -machine ---------- */

/* For reading and for writing; `opaque` is the bool. */
static void visit_flag(Object *obj, Visitor *v, const char *name, void *opaque,
                       Error **errp)
{
    visit_type_bool(v, name, opaque, errp);
}

void snp_host_properties(ObjectClass *oc)
{
    static const struct { const char *name, *description; bool *flag; } flags[] = {
        { "snp-host", "Emulate an AMD SEV-SNP host (TCG)", &snp_host.enabled },
        { "snp-scramble", "SEV-SNP emulation: contents of a page change with its "
          "owner (default on)", &snp_host.scramble },
        { "snp-secure-tsc", "SEV-SNP emulation: the CPU has SecureTSC (default "
          "off)", &snp_host.secure_tsc },
    };

    for (int i = 0; i < ARRAY_SIZE(flags); i++) {
        object_class_property_add(oc, flags[i].name, "bool", visit_flag,
                                  visit_flag, NULL, flags[i].flag);
        object_class_property_set_description(oc, flags[i].name,
                                              flags[i].description);
    }
}

/* Reserves memory for the RMP, as firmware of a real machine does. */
void snp_host_init(MachineState *ms, uint64_t below_4g, uint64_t above_4g)
{
    uint64_t top = above_4g ? 4 * GiB + above_4g : below_4g, size;

    qemu_mutex_init(&snp_host.lock);
    snp_host.ram = memory_region_get_ram_ptr(ms->ram);
    snp_host.below_4g = below_4g;
    snp_host.above_4g = above_4g;
    snp_host.nr_pages = top >> 12;
    size = ROUND_UP(RMP_BOOKKEEPING + snp_host.nr_pages * sizeof(RmpEntry), 2 * MiB);
    snp_host.rmp_base = 512 * MiB;
    snp_host.rmp_end = snp_host.rmp_base + size - 1;
    if (below_4g < 1 * GiB) {
        error_report("snp-host needs at least 1 GiB of RAM");
        exit(EXIT_FAILURE);
    }
    if (snp_host.rmp_end >= below_4g) {
        error_report("snp-host: the RMP of so much RAM does not fit below 4 GiB");
        exit(EXIT_FAILURE);
    }
    snp_host.rmp = (RmpEntry *)(snp_host.ram + snp_host.rmp_base + RMP_BOOKKEEPING);
    e820_add_entry(snp_host.rmp_base, size, E820_RESERVED);
}

/* ---------- the contents of pages ---------- */

/*
 * Nothing is encrypted here, but the contents of a page do change when its
 * owner does: guest-owned memory holds the guest's view, and the conversion
 * XORs the page with a stream derived from its address.  Firmware that
 * "encrypts" a page in place (LAUNCH_UPDATE) applies the stream once more.
 */
void snp_scramble_buf(hwaddr spa, void *page)
{
    uint64_t x = spa * 0x9e3779b97f4a7c15ULL + 0x5345562d534e50ULL, *p = page;

    if (!snp_host.scramble) {
        return;
    }
    for (int i = 0; i < 4096 / sizeof(*p); i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        p[i] ^= x;
    }
}

void snp_scramble_page(hwaddr spa)
{
    uint64_t buf[4096 / sizeof(uint64_t)];
    void *p = snp_ram(spa);

    if (!snp_host.scramble || !p) {
        return;
    }
    memcpy(buf, p, sizeof(buf));
    snp_scramble_buf(spa, buf);
    /* through the memory API, so that translated code is invalidated */
    cpu_physical_memory_write(spa, buf, sizeof(buf));
}

void snp_flush_all(void)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        tlb_flush(cs);
    }
}
