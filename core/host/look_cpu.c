/* SPDX-License-Identifier: MIT */
/*
 * core/host/look_cpu.c: checks of the machine: processor, hypervisor, kernel. CPUID: APM volume 3,
 * appendix E.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/host/looks.h"

enum { LEAF_EAX, LEAF_EBX, LEAF_ECX, LEAF_EDX };

#define SEV_EAX_SNP (1U << 4)

/* Twelve characters in three registers; `to` has room for 13. */
static const char *signature(uint32_t a, uint32_t b, uint32_t c, char *to)
{
	memcpy(to, (uint32_t[]){ a, b, c }, 12);
	to[12] = '\0';
	text_clean_ascii(to);
	return to;
}

/* arch/x86/kernel/cpu/amd.c, bsp_determine_snp(). */
void look_machine(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	uint32_t reg[4];
	char name[13];

	(void)row;
	if (!d->virtual_machine) {
		check_say(c, DOCTOR_OK, "not a virtual machine");
		return;
	}
	d->host->cpuid(0x40000000, 0, reg);
	check_say(c, d->snp_offered ? DOCTOR_NOTE : DOCTOR_MISSING,
	          "this is a virtual machine (%s)",
	          signature(reg[LEAF_EBX], reg[LEAF_ECX], reg[LEAF_EDX], name));
	if (!d->snp_offered)
		check_advise(
			c, "Linux launches SEV-SNP guests only on bare metal",
			"use a bare-metal host; platform kvm may work here if virtualisation is "
			"nested");
}

/*
 * A distribution may have backported SNP to an older kernel, so what KVM says has precedence.
 */
void look_kernel(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	const char *release = d->facts->kernel;
	unsigned major, minor;

	(void)row;
	if (sscanf(release, "%3u.%3u", &major, &minor) != 2) {
		check_say(c, DOCTOR_UNKNOWN, "the kernel version is unknown");
		return;
	}
	if (major > 6 || (major == 6 && minor >= 11) || d->snp_offered) {
		check_say(c, DOCTOR_OK, "Linux %s", release);
		return;
	}
	check_say(c, d->kvm < 0 ? DOCTOR_NOTE : DOCTOR_MISSING, "Linux %s is too old", release);
	check_advise(c, "Linux supports SEV-SNP guests since 6.11", "boot Linux 6.11 or later");
}

void look_cpu(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	const uint32_t *sev = d->sev_leaf;
	uint32_t reg[4];
	char vendor[13];

	(void)row;
	if (sev[LEAF_EAX] & SEV_EAX_SNP) {
		check_say(c, DOCTOR_OK, "the CPU has SEV-SNP, C-bit %u, %u VMPLs",
		          sev[LEAF_EBX] & 63, sev[LEAF_EBX] >> 12 & 15);
		return;
	}
	host_cpuid(d->host, 0, reg);
	check_say(c, DOCTOR_MISSING, "the CPU has no SEV-SNP (%s)",
	          signature(reg[LEAF_EBX], reg[LEAF_EDX], reg[LEAF_ECX], vendor));
	check_advise(c,
	             d->virtual_machine ? "the hypervisor hides it, or the CPU doesn't have it"
	                                : "AMD EPYC CPUs have it since the 7003 series (Milan)",
	             "use a host with an AMD EPYC 7003 or later");
}

/*
 * EDX is the first ASID for guests without SEV-ES; those below are for SEV-ES and SNP. With
 * ciphertext hiding SNP guests only get the first ones (arch/x86/kvm/svm/sev.c,
 * sev_hardware_setup()).
 */
void look_asids(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	uint32_t first = d->sev_leaf[LEAF_EDX], all = d->sev_leaf[LEAF_ECX];
	uint32_t hidden;
	char value[16];

	(void)row;
	host_file(d->host, "/sys/module/kvm_amd/parameters/ciphertext_hiding_asids", value,
	          sizeof(value));
	hidden = (uint32_t)strtoul(value, NULL, 10); /* 0: off, or a kernel before 6.18 */
	if (first > 1 && all > 0 && hidden > 0 && hidden < first) {
		check_say(c, DOCTOR_OK,
		          "%u ASIDs for SNP guests, as kvm_amd.ciphertext_hiding_asids says, of %u",
		          hidden, all);
		return;
	}
	if (first > 1 && all > 0) {
		check_say(c, DOCTOR_OK, "%u ASIDs for SNP guests, of %u", first - 1, all);
		return;
	}
	check_say(c, DOCTOR_MISSING, "no ASIDs for SNP guests");
	check_advise(c, "the BIOS gives all ASIDs to guests without SEV-ES",
	             "set the BIOS's SEV-ES ASID space limit to 2 or more (100 is usual)");
}

void look_cpu_flag(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	char text[16384], *flags, *end;

	(void)row;
	host_file(d->host, "/proc/cpuinfo", text, sizeof(text));
	flags = strstr(text, "\nflags"); /* of the first CPU */
	end = flags ? strchr(flags + 1, '\n') : NULL;
	if (end)
		*end = '\0';
	if (!end) {
		check_say(c, DOCTOR_UNKNOWN, "/proc/cpuinfo doesn't show the CPU's flags");
		return;
	}
	if (host_word(flags, "sev_snp")) {
		check_say(c, DOCTOR_OK, "the kernel uses SEV-SNP (flag sev_snp in /proc/cpuinfo)");
		return;
	}
	check_say(c, DOCTOR_MISSING,
	          "the CPU has SEV-SNP, but the kernel doesn't use it (no flag sev_snp)");
	check_advise(
		c,
		"memory encryption is off in the BIOS, or the BIOS reserved no memory for the RMP, "
		"or the kernel doesn't know this CPU",
		BIOS_RMP);
}
