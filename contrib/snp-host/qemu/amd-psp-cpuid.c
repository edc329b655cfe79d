/*
 * The emulated PSP's policy for CPUID: what a guest may be told of its processor
 * (SNP_LAUNCH_UPDATE of a CPUID page, MSG_CPUID_REQ).  The emulated CPU is held
 * to be the real one.  Values that are refused are replaced by acceptable ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/error-report.h"
#include "hw/core/cpu.h"
#include "cpu.h"
#include "amd-psp.h"

enum { EAX, EBX, ECX, EDX };

/* The emulated processor, plus what the documentation (PPR) of its model has. */
static void real_cpuid(uint32_t function, uint32_t index, uint32_t host[4])
{
    static const struct { uint32_t function, has[4]; } more[] = {
        { 0x1, { 0, 0, 1u << 21 /* x2APIC */, 1u << 28 /* HTT */ } },
        { 0x80000001, { 0, 0, 1u << 22 | 1u << 1 /* TOPOEXT, CmpLegacy */, 0 } },
        { 0x80000007, { 0, 0x1b /* machine checks */, 0,
                        1u << 8 /* invariant TSC */ } },
        { 0x80000021, { 0x62fcf, 0, 0, 0 } },
    };

    cpu_x86_cpuid(first_cpu->env_ptr, function, index,
                  &host[EAX], &host[EBX], &host[ECX], &host[EDX]);
    for (int i = 0; i < ARRAY_SIZE(more); i++) {
        for (int r = 0; more[i].function == function && r < 4; r++) {
            host[r] |= more[i].has[r];
        }
    }
}

/* A rule returns whether the value is accepted. */
static bool set(uint32_t *value, uint32_t accepted)
{
    bool ok = *value == accepted;

    *value = accepted;
    return ok;
}

static bool subset(uint32_t *value, uint32_t host)
{
    return set(value, *value & host);
}

static bool at_most(uint32_t *value, uint32_t host, int start, int length)
{
    uint32_t field = MIN(extract32(*value, start, length),
                         extract32(host, start, length));

    return set(value, deposit32(*value, start, length, field));
}

/* ---------- functions with rules of their own ---------- */

/* To be compared: family, model, stepping. */
static uint32_t version_key(uint32_t eax)
{
    uint32_t family = extract32(eax, 8, 4) + extract32(eax, 20, 8);
    uint32_t model = extract32(eax, 16, 4) << 4 | extract32(eax, 4, 4);

    return family << 16 | model << 8 | extract32(eax, 0, 4);
}

static bool check_version(uint32_t *eax)
{
    uint32_t host[4];
    bool ok = true;

    real_cpuid(1, 0, host);
    if (version_key(*eax) > version_key(host[EAX])) {
        *eax = host[EAX];
        ok = false;
    }
    return set(eax, *eax & 0x0fff0fff) && ok;
}

static bool check_1(CpuidFunction *f, const uint32_t host[4])
{
    const uint32_t dynamic = 1u << 27 | 1u << 31;   /* OSXSAVE, hypervisor */
    bool ok = check_version(&f->eax);

    if (extract32(f->ebx, 0, 16) != 0x800) {    /* CLFLUSH's size, brand */
        f->ebx = deposit32(f->ebx, 0, 16, 0x800);
        ok = false;
    }
    ok &= subset(&f->ecx, host[ECX] | dynamic);
    return subset(&f->edx, host[EDX]) && ok;
}

static bool check_7_0(CpuidFunction *f, const uint32_t host[4])
{
    bool ok = at_most(&f->eax, host[EAX], 0, 32);

    ok &= subset(&f->ebx, host[EBX]);
    ok &= subset(&f->ecx, host[ECX] | 1u << 4 /* OSPKE */);
    return subset(&f->edx, host[EDX]) && ok;
}

/* The size of XSAVE's area, compacted with `supervisor`, for what is enabled. */
static uint32_t xsave_size(const CpuidFunction *f, bool supervisor)
{
    uint64_t enabled = f->xcr0_in | (supervisor ? f->xss_in : 0);
    uint32_t size = 0x240, host[4];

    for (int i = 2; i < 63; i++) {
        if (enabled & (1ULL << i)) {
            real_cpuid(0xd, i, host);
            size = supervisor ? size + host[EAX] :
                                MAX(size, host[EAX] + host[EBX]);
        }
    }
    return size;
}

static bool check_d_0(CpuidFunction *f, const uint32_t host[4])
{
    bool ok = set(&f->eax, f->eax | 3);     /* x87 and SSE */

    ok &= subset(&f->eax, host[EAX]);
    ok &= set(&f->ebx, xsave_size(f, false));
    return set(&f->edx, host[EDX]) && ok;
}

static bool check_d_1(CpuidFunction *f, const uint32_t host[4])
{
    bool ok = subset(&f->eax, host[EAX]);

    ok &= set(&f->ebx, xsave_size(f, true));
    ok &= subset(&f->ecx, host[ECX]);
    return subset(&f->edx, host[EDX]) && ok;
}

static bool check_80000001(CpuidFunction *f, const uint32_t host[4])
{
    bool ok = check_version(&f->eax);

    ok &= subset(&f->ecx, host[ECX]);
    return subset(&f->edx, host[EDX]) && ok;
}

static bool check_80000008(CpuidFunction *f, const uint32_t host[4])
{
    bool ok = at_most(&f->eax, 52, 0, 8);       /* address sizes: physical, */

    ok &= at_most(&f->eax, 57 << 8, 8, 8);      /* linear, */
    ok &= at_most(&f->eax, 52 << 16, 16, 8);    /* the guest's */
    ok &= at_most(&f->eax, 0, 24, 8);
    return subset(&f->ebx, host[EBX]) && ok;
}

static bool check_8000001f(CpuidFunction *f, const uint32_t host[4])
{
    bool ok = subset(&f->eax, host[EAX]);

    if (extract32(f->ebx, 0, 6) != SNP_CBIT_POS || f->ebx >> 16) {
        f->ebx = deposit32(f->ebx & 0xffff, 0, 6, SNP_CBIT_POS);
        ok = false;
    }
    return at_most(&f->ebx, 4 << 12, 12, 4) && ok;      /* VMPLs */
}

static const struct {
    uint32_t function, index;
    bool (*check)(CpuidFunction *f, const uint32_t host[4]);
} own_checks[] = {
    { 0x1, 0, check_1 }, { 0x7, 0, check_7_0 },
    { 0xd, 0, check_d_0 }, { 0xd, 1, check_d_1 },
    { 0x80000001, 0, check_80000001 }, { 0x80000008, 0, check_80000008 },
    { 0x8000001f, 0, check_8000001f },
};

/* ---------- all others: a rule for each of EAX, EBX, ECX, EDX ---------- */

enum { U, X, M, L };    /* unchecked, exact, bit mask, less than or equal */

static const struct {
    uint32_t function, index;
    uint8_t rule[4];
} rules[] = {
    { 0x0, 0, { L, U, U, U } },         { 0x2, 0, { U, U, U, U } },
    { 0x4, 0, { U, U, U, U } },         { 0x5, 0, { U, U, U, U } },
    { 0x6, 0, { M, X, M, X } },         { 0x7, 1, { M, X, X, X } },
    { 0xb, 0, { U, U, U, U } },         { 0xb, 1, { U, U, U, U } },
    { 0xb, 2, { U, U, U, U } },         { 0xd, 2, { X, X, X, X } },
    { 0xd, 5, { X, X, M, X } },         { 0xd, 6, { X, X, M, X } },
    { 0xd, 7, { X, X, M, X } },         { 0xd, 9, { X, X, X, X } },
    { 0xd, 11, { X, X, X, X } },        { 0xd, 12, { X, X, X, X } },
    { 0xf, 0, { X, U, X, U } },         { 0xf, 1, { U, U, U, U } },
    { 0x10, 0, { X, U, X, X } },        { 0x10, 1, { U, U, U, U } },
    { 0x80000000, 0, { L, U, U, U } },  { 0x80000002, 0, { U, U, U, U } },
    { 0x80000003, 0, { U, U, U, U } },  { 0x80000004, 0, { U, U, U, U } },
    { 0x80000005, 0, { U, U, U, U } },  { 0x80000006, 0, { U, U, U, U } },
    { 0x80000007, 0, { X, M, U, M } },  { 0x8000000a, 0, { U, U, X, M } },
    { 0x80000019, 0, { U, U, X, X } },  { 0x8000001a, 0, { U, X, X, X } },
    { 0x8000001b, 0, { M, X, X, X } },  { 0x8000001d, 0, { U, U, U, U } },
    { 0x8000001d, 1, { U, U, U, U } },  { 0x8000001d, 2, { U, U, U, U } },
    { 0x8000001d, 3, { U, U, U, U } },  { 0x8000001d, 4, { U, X, U, X } },
    { 0x8000001e, 0, { U, U, U, U } },  { 0x80000021, 0, { M, U, X, X } },
    { 0x80000022, 0, { M, U, U, X } },  { 0x80000023, 0, { M, U, X, X } },
    { 0x80000026, 0, { U, U, U, U } },  { 0x80000026, 1, { U, U, U, U } },
    { 0x80000026, 2, { U, U, U, U } },  { 0x80000026, 3, { U, U, U, U } },
};

static bool check_rule(uint32_t *value, uint32_t host, int rule)
{
    switch (rule) {
    case X:
        return set(value, host);
    case M:
        return subset(value, host);
    case L:
        return at_most(value, host, 0, 32);
    default:
        return true;
    }
}

static bool check_by_rules(CpuidFunction *f, const uint32_t host[4])
{
    static const uint8_t zero[4] = { X, X, X, X };
    const uint32_t nothing[4] = { 0 };
    uint32_t *value[4] = { &f->eax, &f->ebx, &f->ecx, &f->edx };
    const uint8_t *rule = zero;         /* a function that isn't listed */
    bool ok = true;

    for (int i = 0; i < ARRAY_SIZE(rules); i++) {
        if (rules[i].function == f->eax_in && rules[i].index == f->ecx_in) {
            rule = rules[i].rule;
        }
    }
    for (int r = 0; r < 4; r++) {
        ok &= check_rule(value[r], rule == zero ? nothing[r] : host[r], rule[r]);
    }
    return ok;
}

static bool check_function(CpuidFunction *f)
{
    uint32_t host[4];

    real_cpuid(f->eax_in, f->ecx_in, host);
    for (int i = 0; i < ARRAY_SIZE(own_checks); i++) {
        if (own_checks[i].function == f->eax_in &&
            own_checks[i].index == f->ecx_in) {
            return own_checks[i].check(f, host);
        }
    }
    return check_by_rules(f, host);
}

bool psp_cpuid_table_valid(const CpuidTable *t, size_t size)
{
    return !t->reserved1 && !t->reserved2 && t->count <= CPUID_COUNT_MAX &&
           offsetof(CpuidTable, function[t->count]) <= size;
}

/* Are all of them accepted?  `checked` becomes the number of those with rules. */
bool psp_cpuid_check(AmdPsp *s, CpuidFunction *table, uint32_t count,
                     uint32_t *checked)
{
    bool ok = true;

    *checked = 0;
    for (uint32_t i = 0; i < count; i++) {
        CpuidFunction *f = &table[i], old = *f;

        if ((f->eax_in & 0x7fffffff) > 0xffff) {
            continue;       /* neither standard nor extended */
        }
        ++*checked;
        if (!f->reserved && check_function(f)) {
            continue;
        }
        ok = false;
        if (s->trace) {
            error_report("psp: CPUID %#x/%#x rejected: %08x %08x %08x %08x -> "
                         "%08x %08x %08x %08x", old.eax_in, old.ecx_in,
                         old.eax, old.ebx, old.ecx, old.edx,
                         f->eax, f->ebx, f->ecx, f->edx);
        }
    }
    return ok;
}
