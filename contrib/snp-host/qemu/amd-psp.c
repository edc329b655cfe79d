/*
 * AMD Platform Security Processor with SEV-SNP firmware, emulated for tests: the
 * PCI device, its mailbox and the table of commands.
 *
 * It follows the SEV-SNP Firmware ABI Specification: which commands there are, in
 * which order their arguments are checked, and with which status they fail.  Keys
 * and signatures are real, but made anew at each start; no memory is encrypted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "hw/pci/msi.h"
#include "hw/qdev-properties.h"
#include "amd-psp.h"

#define PSP_DEVICE_ID   0x14ca
#define PSP_BAR_SIZE    0x20000
#define TCB_VERSION     0xd315000000000007ULL   /* microcode d3, SNP 15, loader 7 */

/* registers, at the offsets that Linux's ccp has for this device */
#define R_INT_ENABLE        0x10690
#define R_INT_STATUS        0x10694
#define R_CMDRESP           0x10980
#define R_CMDBUFF_ADDR_LO   0x109e0
#define R_CMDBUFF_ADDR_HI   0x109e4
#define R_BOOTLOADER_INFO   0x109ec
#define R_FEATURE           0x109fc

#define CMDRESP_INTERRUPT   (1u << 0)       /* of a command */
#define CMDRESP_ID(v)       (((v) >> 16) & 0x7ff)
#define CMDRESP_STATUS      0xffff          /* of a response */
#define CMDRESP_RESPONSE    (1u << 31)
#define INT_COMMAND_DONE    (1u << 1)
#define FEATURE_SEV         (1u << 0)
#define BOOTLOADER_VERSION  0x2c0084

#define CMD_BUFFER_MAX      64
#define CMD_SNP_PAGE_RECLAIM    0x0c7       /* frequent: it isn't traced */

/*
 * Commands by their ID, with the size of their buffer.  All others fail with
 * INVALID_COMMAND: guests of SEV and SEV-ES, certificates, migration, swap.
 */
static const struct {
    PspHandler *handle;
    uint8_t buffer_size;
    bool writes_buffer;     /* it returns something there */
} commands[] = {
    [0x001] = { psp_init, 20 },
    [0x002] = { psp_shutdown },
    [0x003] = { psp_factory_reset },
    [0x004] = { psp_platform_status, 12, true },
    [0x005] = { psp_key_gen },                      /* PEK_GEN */
    [0x009] = { psp_key_gen },                      /* PDH_GEN */
    [0x00a] = { psp_df_flush },
    [0x00c] = { psp_get_id, 12, true },
    [0x00d] = { psp_init_ex, 36 },
    [0x00e] = { psp_nop },
    [0x081] = { snp_init },
    [0x082] = { snp_shutdown },
    [0x083] = { snp_platform_status, 8 },
    [0x084] = { snp_df_flush },
    [0x085] = { snp_init_ex, 64 },
    [0x086] = { snp_shutdown_ex, 8 },
    [0x090] = { snp_decommission, 8 },
    [0x091] = { snp_activate, 12 },
    [0x092] = { snp_guest_status, 16 },
    [0x093] = { snp_gctx_create, 8 },
    [0x094] = { snp_guest_request, 24 },
    [0x0a0] = { snp_launch_start, 48 },
    [0x0a1] = { snp_launch_update, 32 },
    [0x0a2] = { snp_launch_finish, 64 },
    [0x0b0] = { snp_dbg_decrypt, 24 },
    [0x0b1] = { snp_dbg_encrypt, 24 },
    [CMD_SNP_PAGE_RECLAIM] = { snp_page_reclaim, 8 },
    [0x0c8] = { snp_page_unsmash, 8 },
    [0x0c9] = { snp_config, 64 },
    [0x0cb] = { snp_commit, 4 },
    [0x0ce] = { snp_feature_info, 16 },
};

static int run_command(AmdPsp *s, uint32_t id)
{
    uint64_t paddr = (uint64_t)s->cmdbuf_hi << 32 | s->cmdbuf_lo;
    uint64_t buffer[CMD_BUFFER_MAX / sizeof(uint64_t)] = { 0 };
    size_t size;
    int ret = RET_SUCCESS, written;

    if (id >= ARRAY_SIZE(commands) || !commands[id].handle) {
        return RET_INVALID_COMMAND;
    }
    size = commands[id].buffer_size;
    assert(size <= sizeof(buffer));
    if (size) {
        ret = psp_read(paddr, buffer, size);
    }
    if (!ret && commands[id].writes_buffer) {
        ret = psp_may_write(s, paddr, size);
    }
    if (ret) {
        return ret;
    }
    ret = commands[id].handle(s, buffer);
    if (commands[id].writes_buffer) {
        written = psp_write(s, paddr, buffer, size);
        ret = ret ? ret : written;
    }
    return ret;
}

/* Whether the property fail-cmd lets this command fail. */
static bool is_to_fail(AmdPsp *s, uint32_t id)
{
    uint32_t *count = s->fail_skip ? &s->fail_skip : &s->fail_count;
    bool fails = !s->fail_skip;

    if (!s->fail_cmd || s->fail_cmd != id || !*count) {
        return false;
    }
    --*count;
    return fails;
}

static void complete(void *opaque)
{
    AmdPsp *s = opaque;

    s->cmdresp |= CMDRESP_RESPONSE;
    if (s->interrupt_on_completion) {
        s->int_status |= INT_COMMAND_DONE;
        if ((s->int_enable & INT_COMMAND_DONE) && msi_enabled(&s->parent_obj)) {
            msi_notify(&s->parent_obj, 0);
        }
    }
}

static void start_command(AmdPsp *s, uint32_t value)
{
    uint32_t id = CMDRESP_ID(value);
    int ret = is_to_fail(s, id) ? s->fail_code : run_command(s, id);

    if ((s->trace && id != CMD_SNP_PAGE_RECLAIM) ||
        (ret && qemu_loglevel_mask(LOG_GUEST_ERROR))) {
        error_report("psp: command %#x -> %#x", id, ret);
    }
    s->cmdresp = ret & CMDRESP_STATUS;
    s->interrupt_on_completion = value & CMDRESP_INTERRUPT;
    if (s->latency_us) {
        timer_mod(s->timer,
                  qemu_clock_get_us(QEMU_CLOCK_REALTIME) + s->latency_us);
    } else {
        complete(s);
    }
}

static uint64_t mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    AmdPsp *s = opaque;

    switch (addr) {
    case R_CMDRESP:
        return s->cmdresp;
    case R_CMDBUFF_ADDR_LO:
        return s->cmdbuf_lo;
    case R_CMDBUFF_ADDR_HI:
        return s->cmdbuf_hi;
    case R_BOOTLOADER_INFO:
        return BOOTLOADER_VERSION;
    case R_FEATURE:
        return FEATURE_SEV;
    case R_INT_ENABLE:
        return s->int_enable;
    case R_INT_STATUS:
        return s->int_status;
    }
    return 0;
}

static void mmio_write(void *opaque, hwaddr addr, uint64_t value, unsigned size)
{
    AmdPsp *s = opaque;

    switch (addr) {
    case R_CMDRESP:
        start_command(s, value);
        break;
    case R_CMDBUFF_ADDR_LO:
        s->cmdbuf_lo = value;
        break;
    case R_CMDBUFF_ADDR_HI:
        s->cmdbuf_hi = value;
        break;
    case R_INT_ENABLE:
        s->int_enable = value;
        break;
    case R_INT_STATUS:
        s->int_status &= ~value;
        break;
    }
}

static const MemoryRegionOps psp_ops = {
    .read = mmio_read,
    .write = mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 4,
    .valid.max_access_size = 8,
    .impl.min_access_size = 4,
    .impl.max_access_size = 4,
};

static guint gctx_hash(gconstpointer paddr)
{
    return *(const uint64_t *)paddr >> 12;
}

static void psp_realize(PCIDevice *d, Error **errp)
{
    AmdPsp *s = AMD_PSP(d);

    if (!snp_host.enabled) {
        error_setg(errp, "amd-psp needs -machine snp-host=on");
        return;
    }
    if (!psp_make_vcek(s, errp)) {
        return;
    }
    memory_region_init_io(&s->bar, OBJECT(s), &psp_ops, s, "amd-psp", PSP_BAR_SIZE);
    pci_register_bar(d, 2, PCI_BASE_ADDRESS_SPACE_MEMORY, &s->bar);
    if (msi_init(d, 0, 1, true, false, errp)) {
        return;
    }
    s->guests = g_hash_table_new_full(gctx_hash, g_int64_equal, NULL, g_free);
    s->tcb = s->reported_tcb = TCB_VERSION;
    s->timer = timer_new_us(QEMU_CLOCK_REALTIME, complete, s);
}

static Property psp_props[] = {
    DEFINE_PROP_UINT8("api-major", AmdPsp, api_major, 1),
    DEFINE_PROP_UINT8("api-minor", AmdPsp, api_minor, 55),
    DEFINE_PROP_UINT8("build", AmdPsp, build, 21),
    DEFINE_PROP_UINT32("smt", AmdPsp, smt, 1),
    DEFINE_PROP_UINT32("fail-cmd", AmdPsp, fail_cmd, 0),
    DEFINE_PROP_UINT32("fail-code", AmdPsp, fail_code, 0),
    DEFINE_PROP_UINT32("fail-skip", AmdPsp, fail_skip, 0),
    DEFINE_PROP_UINT32("fail-count", AmdPsp, fail_count, 1),
    DEFINE_PROP_UINT32("latency-us", AmdPsp, latency_us, 0),
    DEFINE_PROP_UINT32("features", AmdPsp, features, 0),
    DEFINE_PROP_BOOL("trace", AmdPsp, trace, false),
    DEFINE_PROP_STRING("key-out", AmdPsp, key_out),
    DEFINE_PROP_END_OF_LIST(),
};

static void psp_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *k = PCI_DEVICE_CLASS(oc);

    k->realize = psp_realize;
    k->vendor_id = PCI_VENDOR_ID_AMD;
    k->device_id = PSP_DEVICE_ID;
    k->class_id = 0x1080;
    dc->desc = "AMD PSP (SEV-SNP firmware), emulated";
    device_class_set_props(dc, psp_props);
}

static const TypeInfo psp_info = {
    .name = TYPE_AMD_PSP,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(AmdPsp),
    .class_init = psp_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_CONVENTIONAL_PCI_DEVICE },
        { },
    },
};

static void psp_register(void)
{
    type_register_static(&psp_info);
}
type_init(psp_register)
