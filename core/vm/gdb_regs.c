/* SPDX-License-Identifier: MIT */
/*
 * core/vm/gdb_regs.c: the table of registers, in the order that GDB's features for x86-64 require
 * (GDB manual, G.5.5 "i386 Features"), and the target description made of it. As in QEMU, the
 * description is that of 64-bit mode whatever the vCPU's mode, since GDB can't change it later.
 */
#include "core/vm/gdb_regs.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"

#define CR0_PE (1U << 0)

/* PART: `bytes` of a member, from its byte `from` on. */
#define PART(member, from, bytes) offsetof(struct guest_regs, member) + (from), bytes, ROW_COPY
#define AT(member)                PART(member, 0, sizeof(((struct guest_regs *)NULL)->member))
#define SELECTOR(s)               offsetof(struct guest_regs, sregs.s.selector), 2, ROW_SELECTOR
#define TAGS(member)              offsetof(struct guest_regs, member), 1, ROW_TAGS

static const struct row {
	const char *name, *type;
	uint16_t bits;
	uint16_t at, size; /* in struct guest_regs */
	enum { ROW_COPY, ROW_SELECTOR, ROW_TAGS } kind;
} rows[] = {
	{ "rax", "int64", 64, AT(regs.rax) },
	{ "rbx", "int64", 64, AT(regs.rbx) },
	{ "rcx", "int64", 64, AT(regs.rcx) },
	{ "rdx", "int64", 64, AT(regs.rdx) },
	{ "rsi", "int64", 64, AT(regs.rsi) },
	{ "rdi", "int64", 64, AT(regs.rdi) },
	{ "rbp", "data_ptr", 64, AT(regs.rbp) },
	{ "rsp", "data_ptr", 64, AT(regs.rsp) },
	{ "r8", "int64", 64, AT(regs.r8) },
	{ "r9", "int64", 64, AT(regs.r9) },
	{ "r10", "int64", 64, AT(regs.r10) },
	{ "r11", "int64", 64, AT(regs.r11) },
	{ "r12", "int64", 64, AT(regs.r12) },
	{ "r13", "int64", 64, AT(regs.r13) },
	{ "r14", "int64", 64, AT(regs.r14) },
	{ "r15", "int64", 64, AT(regs.r15) },
	{ "rip", "code_ptr", 64, AT(regs.rip) },
	{ "eflags", "eflags_bits", 32, PART(regs.rflags, 0, 4) },
	{ "cs", "int32", 32, SELECTOR(cs) },
	{ "ss", "int32", 32, SELECTOR(ss) },
	{ "ds", "int32", 32, SELECTOR(ds) },
	{ "es", "int32", 32, SELECTOR(es) },
	{ "fs", "int32", 32, SELECTOR(fs) },
	{ "gs", "int32", 32, SELECTOR(gs) },
	{ "st0", "i387_ext", 80, PART(fpu.fpr[0], 0, 10) },
	{ "st1", "i387_ext", 80, PART(fpu.fpr[1], 0, 10) },
	{ "st2", "i387_ext", 80, PART(fpu.fpr[2], 0, 10) },
	{ "st3", "i387_ext", 80, PART(fpu.fpr[3], 0, 10) },
	{ "st4", "i387_ext", 80, PART(fpu.fpr[4], 0, 10) },
	{ "st5", "i387_ext", 80, PART(fpu.fpr[5], 0, 10) },
	{ "st6", "i387_ext", 80, PART(fpu.fpr[6], 0, 10) },
	{ "st7", "i387_ext", 80, PART(fpu.fpr[7], 0, 10) },
	{ "fctrl", "int", 32, AT(fpu.fcw) },
	{ "fstat", "int", 32, AT(fpu.fsw) },
	{ "ftag", "int", 32, TAGS(fpu.ftwx) },
	{ "fiseg", "int", 32, PART(fpu.last_ip, 4, 2) },
	{ "fioff", "int", 32, PART(fpu.last_ip, 0, 4) },
	{ "foseg", "int", 32, PART(fpu.last_dp, 4, 2) },
	{ "fooff", "int", 32, PART(fpu.last_dp, 0, 4) },
	{ "fop", "int", 32, AT(fpu.last_opcode) },
	{ "xmm0", "vec128", 128, AT(fpu.xmm[0]) },
	{ "xmm1", "vec128", 128, AT(fpu.xmm[1]) },
	{ "xmm2", "vec128", 128, AT(fpu.xmm[2]) },
	{ "xmm3", "vec128", 128, AT(fpu.xmm[3]) },
	{ "xmm4", "vec128", 128, AT(fpu.xmm[4]) },
	{ "xmm5", "vec128", 128, AT(fpu.xmm[5]) },
	{ "xmm6", "vec128", 128, AT(fpu.xmm[6]) },
	{ "xmm7", "vec128", 128, AT(fpu.xmm[7]) },
	{ "xmm8", "vec128", 128, AT(fpu.xmm[8]) },
	{ "xmm9", "vec128", 128, AT(fpu.xmm[9]) },
	{ "xmm10", "vec128", 128, AT(fpu.xmm[10]) },
	{ "xmm11", "vec128", 128, AT(fpu.xmm[11]) },
	{ "xmm12", "vec128", 128, AT(fpu.xmm[12]) },
	{ "xmm13", "vec128", 128, AT(fpu.xmm[13]) },
	{ "xmm14", "vec128", 128, AT(fpu.xmm[14]) },
	{ "xmm15", "vec128", 128, AT(fpu.xmm[15]) },
	{ "mxcsr", "int", 32, AT(fpu.mxcsr) },
	{ "fs_base", "int64", 64, AT(sregs.fs.base) },
	{ "gs_base", "int64", 64, AT(sregs.gs.base) },
	{ "k_gs_base", "int64", 64, AT(kernel_gs_base) },
	{ "cr0", "cr0_bits", 64, AT(sregs.cr0) },
	{ "cr2", "int64", 64, AT(sregs.cr2) },
	{ "cr3", "int64", 64, AT(sregs.cr3) },
	{ "cr4", "cr4_bits", 64, AT(sregs.cr4) },
	{ "cr8", "int64", 64, AT(sregs.cr8) },
	{ "efer", "efer_bits", 64, AT(sregs.efer) },
	{ "cs_base", "int64", 64, AT(sregs.cs.base) },
	{ "ss_base", "int64", 64, AT(sregs.ss.base) },
	{ "ds_base", "int64", 64, AT(sregs.ds.base) },
	{ "es_base", "int64", 64, AT(sregs.es.base) },
	{ "gdt_base", "int64", 64, AT(sregs.gdt.base) },
	{ "gdt_limit", "int64", 64, AT(sregs.gdt.limit) },
	{ "idt_base", "int64", 64, AT(sregs.idt.base) },
	{ "idt_limit", "int64", 64, AT(sregs.idt.limit) },
	{ "ldt_base", "int64", 64, AT(sregs.ldt.base) },
	{ "tr_base", "int64", 64, AT(sregs.tr.base) },
};

static const struct {
	unsigned first; /* of its registers */
	const char *name;
} features[] = {
	{ 0, "org.gnu.gdb.i386.core" },
	{ 40, "org.gnu.gdb.i386.sse" },
	{ 57, "org.gnu.gdb.i386.segments" },
	/* for debugging an OS or firmware; GDB shows features that it doesn't know, too */
	{ 59, "snpvmm.x86.system" },
};

/* Types of the description: the bits of a register by name. */
struct flag {
	const char *name; /* NULL ends a list */
	unsigned bit;
};

static const struct {
	const char *type;
	unsigned bytes;
	struct flag flags[24];
} flag_types[] = {
	{ "eflags_bits",
	  4,
	  { { "CF", 0 },
	    { "PF", 2 },
	    { "AF", 4 },
	    { "ZF", 6 },
	    { "SF", 7 },
	    { "TF", 8 },
	    { "IF", 9 },
	    { "DF", 10 },
	    { "OF", 11 },
	    { "NT", 14 },
	    { "RF", 16 },
	    { "VM", 17 },
	    { "AC", 18 },
	    { "VIF", 19 },
	    { "VIP", 20 },
	    { "ID", 21 } } },
	{ "cr0_bits",
	  8,
	  { { "PE", 0 },
	    { "MP", 1 },
	    { "EM", 2 },
	    { "TS", 3 },
	    { "ET", 4 },
	    { "NE", 5 },
	    { "WP", 16 },
	    { "AM", 18 },
	    { "NW", 29 },
	    { "CD", 30 },
	    { "PG", 31 } } },
	{ "cr4_bits",
	  8,
	  { { "VME", 0 },   { "PVI", 1 },       { "TSD", 2 },         { "DE", 3 },
	    { "PSE", 4 },   { "PAE", 5 },       { "MCE", 6 },         { "PGE", 7 },
	    { "PCE", 8 },   { "OSFXSR", 9 },    { "OSXMMEXCPT", 10 }, { "UMIP", 11 },
	    { "LA57", 12 }, { "FSGSBASE", 16 }, { "PCIDE", 17 },      { "OSXSAVE", 18 },
	    { "SMEP", 20 }, { "SMAP", 21 },     { "PKE", 22 },        { "CET", 23 } } },
	{ "efer_bits",
	  8,
	  { { "SCE", 0 },
	    { "LME", 8 },
	    { "LMA", 10 },
	    { "NXE", 11 },
	    { "SVME", 12 },
	    { "LMSLE", 13 },
	    { "FFXSR", 14 },
	    { "TCE", 15 } } },
};

/* The same 16 bytes seen as vectors of each kind of element. */
static const struct {
	const char *vector, *element;
	unsigned count;
} vectors[] = { { "v4_float", "ieee_single", 4 }, { "v2_double", "ieee_double", 2 },
	        { "v16_int8", "int8", 16 },       { "v8_int16", "int16", 8 },
	        { "v4_int32", "int32", 4 },       { "v2_int64", "int64", 2 } };

unsigned gdb_regs_count(void)
{
	return ARRAY_SIZE(rows);
}

/*
 * The x87's tag word has two bits a register: 3 is empty, 0 valid, 1 zero, 2 special (infinity,
 * NaN, denormal). KVM keeps FXSAVE's form, one bit for "not empty" (APM volume 2, 11.4.4).
 */
static uint16_t tags_full(const struct kvm_fpu *f)
{
	unsigned top = f->fsw >> 11 & 7;
	uint16_t tags = 0;

	for (unsigned i = 0; i < 8; i++) {
		const uint8_t *st = f->fpr[(i - top) & 7];
		unsigned exponent = (st[8] | st[9] << 8) & 0x7fff, tag = 2;

		if (!(f->ftwx >> i & 1))
			tag = 3;
		else if (exponent == 0 && bytes_zero(st, 8))
			tag = 1;
		else if (exponent != 0 && exponent != 0x7fff && st[7] >> 7)
			tag = 0;
		tags |= (uint16_t)(tag << 2 * i);
	}
	return tags;
}

size_t gdb_reg_read(const struct guest_regs *r, unsigned n, uint8_t to[static GDB_REG_MAX])
{
	const struct row *row = &rows[n];
	uint16_t tags;

	if (n >= ARRAY_SIZE(rows))
		return 0;
	memset(to, 0, GDB_REG_MAX);
	tags = tags_full(&r->fpu);
	if (row->kind == ROW_TAGS)
		memcpy(to, &tags, sizeof(tags));
	else
		memcpy(to, (const uint8_t *)r + row->at, row->size);
	return row->bits / 8;
}

int gdb_reg_write(struct guest_regs *r, unsigned n, const uint8_t *bytes)
{
	const struct row *row = &rows[n];
	struct kvm_segment *s;

	if (n >= ARRAY_SIZE(rows))
		return -EINVAL;
	if (row->kind == ROW_TAGS) {
		r->fpu.ftwx = 0;
		for (unsigned i = 0; i < 8; i++)
			r->fpu.ftwx |= (uint8_t)(((bytes[i / 4] >> i % 4 * 2 & 3) != 3) << i);
		return 0;
	}
	if (row->kind == ROW_SELECTOR) {
		s = (void *)((uint8_t *)r + row->at - offsetof(struct kvm_segment, selector));
		if (!memcmp(&s->selector, bytes, sizeof(s->selector)))
			return 0;
		if (r->sregs.cr0 & CR0_PE)
			return -EINVAL;
		memcpy(&s->selector, bytes, sizeof(s->selector));
		s->base = (uint64_t)s->selector << 4;
		return 0;
	}
	memcpy((uint8_t *)r + row->at, bytes, row->size);
	return 0;
}

static void __attribute__((format(printf, 2, 3)))
describe(struct buffer *to, const char *format, ...)
{
	char text[160];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < sizeof(text));
	buffer_add(to, text, (size_t)n);
}

static void describe_types(struct buffer *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_types); i++) {
		describe(to, "<flags id=\"%s\" size=\"%u\">", flag_types[i].type,
		         flag_types[i].bytes);
		for (const struct flag *f = flag_types[i].flags; f->name; f++)
			describe(to, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>", f->name,
			         f->bit, f->bit);
		describe(to, "</flags>\n");
	}
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		describe(to, "<vector id=\"%s\" type=\"%s\" count=\"%u\"/>", vectors[i].vector,
		         vectors[i].element, vectors[i].count);
	describe(to, "<union id=\"vec128\">");
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++)
		describe(to, "<field name=\"%s\" type=\"%s\"/>", vectors[i].vector,
		         vectors[i].vector);
	describe(to, "<field name=\"uint128\" type=\"uint128\"/></union>\n");
}

void gdb_regs_describe(struct buffer *to)
{
	size_t next = 0;

	describe(to, "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
	             "<target version=\"1.0\">\n<architecture>i386:x86-64</architecture>\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (next < ARRAY_SIZE(features) && i == features[next].first) {
			describe(to, "%s<feature name=\"%s\">\n", i ? "</feature>\n" : "",
			         features[next++].name);
			describe_types(to); /* a type is known only in its own feature */
		}
		describe(to, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"/>\n", rows[i].name,
		         rows[i].bits, rows[i].type);
	}
	describe(to, "</feature>\n</target>\n");
}
