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
#define CBIT     (1ULL << 51)
#define GHCB_GPA 0x300000ULL
#define LAZY     0x310000ULL
#define SHARED2  0x320000ULL
static volatile u8 *const ghcb = (void *)GHCB_GPA; /* mapped shared by the launcher's page tables */
static void wrghcb(u64 v)
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
static u64 msrproto(u64 v)
{
	wrghcb(v);
	vmgexit();
	return rdmsr(0xc0010130);
}
static void term(u32 set, u32 code)
{
	for (;;)
		msrproto(0x100 | (u64)(set & 15) << 12 | (u64)(code & 255) << 16);
}
static void setq(u32 off, u64 v)
{
	*(volatile u64 *)(ghcb + off) = v;
	u32 b = off / 8;
	ghcb[0x3f0 + b / 8] |= 1 << (b % 8);
}
static void clear(void)
{
	for (int i = 0; i < 0x400; i += 8)
		*(volatile u64 *)(ghcb + i) = 0;
	*(volatile u16 *)(ghcb + 0xffa) = 2;
	*(volatile u32 *)(ghcb + 0xffc) = 0;
}
static void exitc(u64 c, u64 i1, u64 i2)
{
	setq(0x390, c);
	setq(0x398, i1);
	setq(0x3a0, i2);
	wrghcb(GHCB_GPA);
	vmgexit();
}
static void outb(u16 port, u8 v)
{
	clear();
	setq(0x1f8, v);
	exitc(0x7b, (u64)port << 16 | 1 << 4, 0);
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
static void kv(const char *k, u64 v)
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
extern u8 vc_entry[], pf_entry[];
u64 vc_code, vc_rip, vc_count, vc_skip;
u64 pf_cr2, pf_err;
struct {
	u64 lo, hi;
} idt[32] __attribute__((aligned(16)));
static void gate(int n, u8 *h)
{
	u64 a = (u64)h;
	idt[n].lo = (a & 0xffff) | 0x08ULL << 16 | 0x8e00ULL << 32 | (a >> 16 & 0xffff) << 48;
	idt[n].hi = a >> 32;
}
asm(".text\nvc_entry:\n push %rax\n mov 8(%rsp),%rax\n mov %rax,vc_code(%rip)\n mov "
    "16(%rsp),%rax\n mov %rax,vc_rip(%rip)\n incq vc_count(%rip)\n mov vc_skip(%rip),%rax\n test "
    "%rax,%rax\n jz 1f\n add %rax,16(%rsp)\n pop %rax\n add $8,%rsp\n iretq\n1: jmp vc_fatal\n");
asm(".text\npf_entry:\n pop pf_err(%rip)\n mov %cr2,%rax\n mov %rax,pf_cr2(%rip)\n jmp pf_fatal\n");
__attribute__((used)) void vc_fatal(void)
{
	puts("#VC ");
	kv("code", vc_code);
	kv("rip", vc_rip);
	term(0, 0x40);
}
__attribute__((used)) void pf_fatal(void)
{
	puts("#PF ");
	kv("cr2", pf_cr2);
	kv("err", pf_err);
	term(0, 0x41);
}
static u8 page2[4096] __attribute__((aligned(4096)));
__attribute__((section(".text.start"), used)) void _start_c(u64 test)
{
	u64 r = msrproto(GHCB_GPA | 0x12); /* register the GHCB */
	if (r != (GHCB_GPA | 0x13))
		term(0, 0x10);
	struct __attribute__((packed)) {
		u16 l;
		u64 b;
	} d = { sizeof(idt) - 1, (u64)idt };
	gate(29, vc_entry);
	gate(14, pf_entry);
	asm volatile("lidt %0" ::"m"(d));
	puts("hello from SNP guest\n");
	kv("sev_status", rdmsr(0xc0010131));
	kv("sev_info", msrproto(0x2));
	kv("hv_features", msrproto(0x80));
	u32 cf, rc;
	volatile u64 *lazy = (void *)LAZY;
	if (test == 0 || test == 1) {
		rc = pvalidate(LAZY, 0, 1, &cf);
		kv("pvalidate.rc", rc);
		kv("pvalidate.cf", cf);
		rc = pvalidate(LAZY, 0, 1, &cf);
		kv("again.rc", rc);
		kv("again.cf", cf);
		lazy[0] = 0x1122334455667788;
		lazy[511] = 42;
		kv("lazy", lazy[0] + lazy[511] - 42);
		rc = pvalidate(0x200000, 1, 1, &cf);
		kv("pvalidate2M.rc", rc); /* 2M of a 4K mapping */
		rc = pvalidate(0x100000, 0, 1, &cf);
		kv("measured.cf", cf);
		rc = rmpadjust((u64)page2, 0, 1 | 0xf << 8);
		kv("rmpadjust.rc", rc);
		rc = rmpadjust((u64)page2, 0, 1 | 1 << 16);
		kv("rmpadjust_vmsa.rc", rc);
		rc = rmpadjust((u64)page2, 0, 1);
		kv("rmpadjust_clear.rc", rc);
		rc = rmpadjust((u64)page2, 0, 0);
		kv("rmpadjust_vmpl0.rc", rc);
		vc_skip = 2;
		{
			u32 a = 0, b, c, dd;
			asm volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(dd));
		}
		kv("cpuid.#VC", vc_code);
		{
			u32 a, dd;
			asm volatile("rdmsr" : "=a"(a), "=d"(dd) : "c"(0x1b));
		}
		kv("rdmsr.#VC", vc_code);
		{
			asm volatile("in %%dx,%%al; nop" ::"d"(0x80) : "rax");
		}
		kv("in.#VC", vc_code);
		{
			asm volatile("wbinvd");
		}
		kv("wbinvd.#VC", vc_code);
		vc_skip = 3;
		{
			volatile u32 *m = (void *)0x80000000;
			u32 x;
			asm volatile("mov (%1),%0; nop" : "=r"(x) : "r"(m));
		}
		kv("mmio.#VC", vc_code);
		vc_skip = 0;
		{
			u64 c;
			asm volatile("mov %%cr4,%0; or $0x80,%0; mov %0,%%cr4" : "=&r"(c));
			kv("cr4", c);
		}
		{
			float f[4] = { 1, 2, 3, 4 };
			(void)f;
		}
		puts("done\n");
		term(0, 0);
	}
	if (test == 2) {
		kv("unvalidated", lazy[0]);
		puts("NOT REACHED\n");
		term(0, 1);
	}                /* must #VC 404 */
	if (test == 3) { /* MSR protocol page state change: shared->private->shared */
		volatile u64 *s2 = (void *)SHARED2,
			     *sh = (void *)(SHARED2 + 0x40000000); /* alias with C=0 */
		sh[0] = 0xabcd;
		kv("shared", sh[0]);
		kv("psc", msrproto(0x014 | SHARED2 | 1ULL << 52));
		rc = pvalidate(SHARED2, 0, 1, &cf);
		kv("pv.rc", rc);
		kv("pv.cf", cf);
		s2[0] = 0x1234;
		kv("private", s2[0]);
		rc = pvalidate(SHARED2, 0, 0, &cf);
		kv("unpv.rc", rc);
		kv("unpv.cf", cf);
		kv("psc2", msrproto(0x014 | SHARED2 | 2ULL << 52));
		kv("shared_again", sh[0]);
		sh[1] = 7;
		kv("shared_w", sh[1]);
		puts("done\n");
		term(0, 0);
	}
	if (test == 4) {
		volatile u64 *sh = (void *)(0x100000 + 0x40000000);
		sh[0] = 1;
		puts("NOT REACHED\n");
		term(0, 1);
	} /* C=0 access to private */
	if (test == 5) {
		asm volatile("hlt");
		puts("after hlt\n");
		term(0, 0);
	}
	if (test == 6) {
		volatile u64 *p = (void *)0x380000;
		kv("absent private", p[0]);
		term(0, 1);
	} /* private access to a shared page */
	if (test == 9) {
		for (int i = 0; i < 2000; i++)
			outb(0x3f8, 'x');
		puts("\n");
		term(0, 0);
	}
	term(1, 2);
}
