/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contrib/snp-host/selftest/guest.c: a small SNP guest, loaded at 1 MiB and entered in 64-bit mode
 * with the number of a test in RDI. It prints what it sees as NAME=HEX and ends itself by the GHCB
 * protocol.
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;

#define ALIAS    0x40000000ULL /* the same memory, shared */
#define GHCB_GPA 0x300000ULL
#define LAZY     0x310000ULL
#define SHARED2  0x320000ULL

static volatile u8 *const ghcb = (void *)GHCB_GPA; /* mapped shared by the launcher's page tables */

static void ghcb_msr_write(u64 v)
{
	asm volatile("wrmsr" ::"c"(0xc0010130), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static u64 rdmsr(u32 m)
{
	u32 a, d;
	asm volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(m) : "memory");
	return a | (u64)d << 32;
}

static void vmgexit(void)
{
	asm volatile("rep; vmmcall" ::: "memory");
}

static u64 msr_protocol(u64 v)
{
	ghcb_msr_write(v);
	vmgexit();
	return rdmsr(0xc0010130);
}

static void terminate(u32 set, u32 code)
{
	for (;;)
		msr_protocol(0x100 | (u64)(set & 15) << 12 | (u64)(code & 255) << 16);
}

static void ghcb_set(u32 off, u64 v)
{
	*(volatile u64 *)(ghcb + off) = v;
	u32 b = off / 8;
	ghcb[0x3f0 + b / 8] |= 1 << (b % 8);
}

static void ghcb_clear(void)
{
	for (int i = 0; i < 0x400; i += 8)
		*(volatile u64 *)(ghcb + i) = 0;
	*(volatile u16 *)(ghcb + 0xffa) = 2;
	*(volatile u32 *)(ghcb + 0xffc) = 0;
}

static void exit_with(u64 c, u64 i1, u64 i2)
{
	ghcb_set(0x390, c);
	ghcb_set(0x398, i1);
	ghcb_set(0x3a0, i2);
	ghcb_msr_write(GHCB_GPA);
	vmgexit();
}

static void outb(u16 port, u8 v)
{
	ghcb_clear();
	ghcb_set(0x1f8, v);
	exit_with(0x7b, (u64)port << 16 | 1 << 4, 0);
}

static void puts(const char *s)
{
	while (*s)
		outb(0x3f8, *s++);
}

static void hex(u64 v)
{
	char b[17];
	for (int i = 15; i >= 0; i--, v >>= 4)
		b[i] = "0123456789abcdef"[v & 15];
	b[16] = 0;
	puts(b);
}

static void print(const char *k, u64 v)
{
	puts(k);
	puts("=");
	hex(v);
	puts("\n");
}

static u32 pvalidate(u64 va, u32 size, u32 val, u32 *cf)
{
	u32 r;
	u8 c;
	asm volatile("pushfq; clc; .byte 0xf2,0x0f,0x01,0xff; setc %1; popfq"
	             : "=a"(r), "=&q"(c)
	             : "a"(va), "c"(size), "d"(val)
	             : "memory", "cc");
	*cf = c;
	return r;
}

static u32 rmpadjust(u64 va, u32 size, u64 attr)
{
	u64 r;
	asm volatile(".byte 0xf3,0x0f,0x01,0xfe"
	             : "=a"(r)
	             : "a"(va), "c"(size), "d"(attr)
	             : "memory", "cc");
	return r;
}

/* start.S has the handlers. That of #VC adds `vc_skip` to RIP and returns, unless that is 0. */
extern u8 vc_entry[], pf_entry[];
u64 vc_code, vc_rip, vc_skip, pf_cr2, pf_err;

static struct {
	u64 lo, hi;
} idt[32] __attribute__((aligned(16)));

void vc_fatal(void)
{
	puts("#VC ");
	print("code", vc_code);
	print("rip", vc_rip);
	terminate(0, 0x40);
}

void pf_fatal(void)
{
	puts("#PF ");
	print("cr2", pf_cr2);
	print("err", pf_err);
	terminate(0, 0x41);
}

static void gate(int n, u8 *handler)
{
	u64 a = (u64)handler;

	idt[n].lo = (a & 0xffff) | 0x08ULL << 16 | 0x8e00ULL << 32 | (a >> 16 & 0xffff) << 48;
	idt[n].hi = a >> 32;
}

static u8 other_page[4096] __attribute__((aligned(4096)));

static void validate(void)
{
	volatile u64 *lazy = (void *)LAZY;
	u32 cf;

	print("pvalidate.rc", pvalidate(LAZY, 0, 1, &cf));
	print("pvalidate.cf", cf);
	print("again.rc", pvalidate(LAZY, 0, 1, &cf));
	print("again.cf", cf);
	lazy[0] = 0x1122334455667788;
	lazy[511] = 42;
	print("lazy", lazy[0] + lazy[511] - 42);
	print("pvalidate2M.rc", pvalidate(0x200000, 1, 1, &cf)); /* of a 4 KiB mapping */
	print("rmpadjust.rc", rmpadjust((u64)other_page, 0, 1 | 0xf << 8));
	print("rmpadjust_vmsa.rc", rmpadjust((u64)other_page, 0, 1 | 1 << 16));
	print("rmpadjust_clear.rc", rmpadjust((u64)other_page, 0, 1));
	print("rmpadjust_vmpl0.rc", rmpadjust((u64)other_page, 0, 0));
}

/* What a hypervisor intercepts becomes #VC in the guest. */
static void exceptions(void)
{
	u32 a = 0, b, c, d;
	u64 cr4;

	vc_skip = 2; /* the length of the instructions */
	asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	print("cpuid.#VC", vc_code);
	asm volatile("rdmsr" : "=a"(a), "=d"(d) : "c"(0x1b));
	print("rdmsr.#VC", vc_code);
	asm volatile("in %%dx, %%al; nop" ::"d"(0x80) : "rax");
	print("in.#VC", vc_code);
	asm volatile("wbinvd");
	print("wbinvd.#VC", vc_code);
	vc_skip = 3;
	asm volatile("mov (%1), %0; nop" : "=r"(a) : "r"(0x80000000UL));
	print("mmio.#VC", vc_code);
	vc_skip = 0;
	asm volatile("mov %%cr4, %0; or $0x80, %0; mov %0, %%cr4" : "=&r"(cr4));
	print("cr4", cr4);
}

static void instructions(void)
{
	validate();
	exceptions();
	terminate(0, 0);
}

static void not_validated(void)
{
	print("read", *(volatile u64 *)LAZY);
}

/* Shared, private, and shared again, by the MSR protocol. */
static void page_state(void)
{
	volatile u64 *private = (void *)SHARED2, *shared = (void *)(SHARED2 + ALIAS);
	u32 cf;

	shared[0] = 0xabcd;
	print("shared", shared[0]);
	print("psc", msr_protocol(0x014 | SHARED2 | 1ULL << 52));
	print("validate.rc", pvalidate(SHARED2, 0, 1, &cf));
	private[0] = 0x1234;
	print("private", private[0]);
	print("rescind.rc", pvalidate(SHARED2, 0, 0, &cf));
	print("psc2", msr_protocol(0x014 | SHARED2 | 2ULL << 52));
	print("shared_again", shared[0]);
	terminate(0, 0);
}

static void private_as_shared(void)
{
	*(volatile u64 *)(0x100000 + ALIAS) = 1;
}

static void halt(void)
{
	asm volatile("hlt");
}

static void shared_as_private(void)
{
	print("read", *(volatile u64 *)0x380000);
}

static void many_exits(void)
{
	for (int i = 0; i < 2000; i++)
		outb(0x3f8, 'x');
	puts("\n");
	terminate(0, 0);
}

static void (*const tests[])(void) = {
	[1] = instructions, [2] = not_validated,     [3] = page_state, [4] = private_as_shared,
	[5] = halt,         [6] = shared_as_private, [7] = many_exits,
};

/* start.S calls it. */
void guest_main(u64 test)
{
	struct __attribute__((packed)) {
		u16 limit;
		u64 base;
	} idtr = { sizeof(idt) - 1, (u64)idt };

	if (msr_protocol(GHCB_GPA | 0x12) != (GHCB_GPA | 0x13)) /* register the GHCB */
		terminate(0, 0x10);
	gate(29, vc_entry);
	gate(14, pf_entry);
	asm volatile("lidt %0" ::"m"(idtr));
	puts("hello from SNP guest\n");
	print("sev_status", rdmsr(0xc0010131));
	if (test < sizeof(tests) / sizeof(*tests) && tests[test])
		tests[test]();
	terminate(1, 2);
}
