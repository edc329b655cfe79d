/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/hostile.c: hostile psc|ghcb|ap|mute FILE: writes a bzImage that, booted directly as an
 * SNP guest, makes a request that the hypervisor must refuse; "mute" loops and says nothing. It
 * reports by termination codes of reason set 5: 1 the page state change was refused, 2 it was
 * granted, 3 the guest continued after using an unregistered GHCB.
 */
#include <stdio.h>
#include <string.h>

#include "tests/make/bzimage.h"

#define ENTRY 0x200 /* the 64-bit entry; Documentation/arch/x86/boot.rst */

/* The code is position-independent and needs no stack. GHCB specification (AMD 56421). */
__asm__(".pushsection .rodata\n"
        ".macro ask low, high\n" /* the MSR protocol */
        "	mov $0xc0010130, %ecx\n"
        "	mov $\\low, %eax\n"
        "	mov $\\high, %edx\n"
        "	wrmsr\n"
        "	.byte 0xf3, 0x0f, 0x01, 0xd9\n" /* VMGEXIT */
        ".endm\n"
        ".macro die code\n"
        "	ask (0x100 | 5 << 12 | \\code << 16), 0\n"
        "	ud2\n"
        ".endm\n"

        /* Changes page 0x100000000000, where there is no memory, to private. */
        "hostile_psc:\n"
        "	ask 0x14, 0x101000\n"
        "	rdmsr\n"
        "	test %edx, %edx\n"
        "	jz 1f\n"
        "	die 1\n"
        "1:	die 2\n"

        /* Uses a GHCB at 32 MiB that isn't registered. */
        "hostile_ghcb:\n"
        "	ask 0x2000000, 0\n"
        "	die 3\n"

        /*
         * Creates a second vCPU with a VMSA where there is no memory. The GHCB is shared, at 32
         * MiB. Its mapping is ours: stage0's second table of 1 GiB pages, which begins at virtual
         * address 2^39, gets a shared page of address 0 as its second one.
         */
        "hostile_ap:\n"
        "	mov $0x2000000, %eax\n"
        "	xor %ecx, %ecx\n"
        "	xor %edx, %edx\n"
        "	.byte 0xf2, 0x0f, 0x01, 0xff\n" /* PVALIDATE */
        "	ask 0x2000014, 0x200000\n"
        "	ask 0x2000012, 0\n"
        "	mov %cr3, %rax\n"
        "	movabs $0x7fffffffff000, %rdx\n" /* without the C-bit */
        "	and %rdx, %rax\n"
        "	mov 8(%rax), %rax\n"
        "	and %rdx, %rax\n"
        "	movq $0x83, 8(%rax)\n"
        "	mov %cr3, %rax\n"
        "	mov %rax, %cr3\n"
        "	movabs $0x8042000000, %rbx\n"
        "	mov %rbx, %rdi\n"
        "	mov $512, %ecx\n"
        "	xor %eax, %eax\n"
        "	rep stosq\n"
        "	movq $1, 0x1f8(%rbx)\n" /* RAX: SEV_FEATURES */
        "	mov $0x80000013, %eax\n"
        "	mov %rax, 0x390(%rbx)\n"
        "	movabs $0x100000001, %rax\n" /* APIC id 1, create immediately */
        "	mov %rax, 0x398(%rbx)\n"
        "	movabs $0x10000001000, %rax\n"
        "	mov %rax, 0x3a0(%rbx)\n"
        "	movabs $0x8000000000000000, %rax\n"
        "	mov %rax, 0x3f0(%rbx)\n"
        "	movabs $0x1c000000000000, %rax\n"
        "	mov %rax, 0x3f8(%rbx)\n"
        "	movw $2, 0xffa(%rbx)\n"
        "	ask 0x2000000, 0\n"
        "hostile_mute:\n"
        "2:	pause\n"
        "	jmp 2b\n"
        "hostile_end:\n"
        ".popsection\n");

extern const uint8_t hostile_psc[], hostile_ghcb[], hostile_ap[], hostile_mute[], hostile_end[];

static const uint8_t *code_named(const char *name)
{
	return !strcmp(name, "psc")    ? hostile_psc
	       : !strcmp(name, "ghcb") ? hostile_ghcb
	       : !strcmp(name, "ap")   ? hostile_ap
	       : !strcmp(name, "mute") ? hostile_mute
	                               : NULL;
}

int main(int argc, char **argv)
{
	const uint8_t *code = argc == 3 ? code_named(argv[1]) : NULL;
	struct bzimage_spec spec = bzimage_default();
	auto_blob struct blob image = BLOB_NONE;
	size_t setup = 512 * (spec.setup_sects + (size_t)1);
	FILE *f;
	int bad;

	if (!code) {
		fprintf(stderr, "usage: hostile psc|ghcb|ap|mute FILE\n");
		return 2;
	}
	image = bzimage_make(&spec);
	memcpy(image.data + setup + ENTRY, code, (size_t)(hostile_end - code));
	f = fopen(argv[2], "wb");
	bad = !f || fwrite(image.data, 1, image.size, f) != image.size;
	return (f && fclose(f)) || bad;
}
