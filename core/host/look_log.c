/* SPDX-License-Identifier: MIT */
/*
 * core/host/look_log.c: checks the kernel log for messages about SEV-SNP. The latest message on a
 * topic counts.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/host/looks.h"
#include "core/snp/status.h"

#define IOMMU_ON         "enable the IOMMU in the BIOS; boot without amd_iommu=off and iommu=off"
#define IOMMU_TRANSLATES "boot without iommu=pt and iommu.passthrough=1; add iommu=nopt"

/*
 * Linux 6.12 to 7.3: arch/x86/virt/svm/sev.c, drivers/iommu/amd/init.c,
 * drivers/crypto/ccp/sev-dev.c, arch/x86/kvm/svm/sev.c. A line matches the first row whose text it
 * contains.
 */
static const struct log_fragment {
	enum log_topic topic;
	enum doctor_state state;
	const char *text;
	const char *why, *fix; /* "": of the firmware status in the line */
} fragments[] = {
	{ LOG_RMP, DOCTOR_OK, "SEV-SNP: RMP table physical range [", "", "" },
	{ LOG_RMP, DOCTOR_OK, "Segmented RMP base table physical range [", "", "" }, /* 6.14 */
	{ LOG_RMP, DOCTOR_MISSING, "Memory for the RMP table has not been reserved by BIOS",
	  "the BIOS reserves no memory for the RMP, the table of page owners", BIOS_RMP },
	{ LOG_RMP, DOCTOR_MISSING, "does not cover full system RAM",
	  "the RMP that the BIOS reserved is too small for this much memory",
	  "enable SNP memory (RMP table) coverage of all memory in the BIOS" },
	{ LOG_RMP, DOCTOR_MISSING, "SEV-SNP: RMP configuration not valid",
	  "the BIOS reserved the RMP incorrectly", "update the BIOS; " BIOS_RMP },
	{ LOG_IOMMU, DOCTOR_OK, "IOMMU SNP support enabled", "", "" },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU disabled or configured in passthrough mode",
	  "SNP needs every device behind the IOMMU", IOMMU_ON "; " IOMMU_TRANSLATES },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU disabled,", /* 7.3 split the message in two */
	  "SNP needs every device behind the IOMMU", IOMMU_ON },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU configured in passthrough mode",
	  "SNP needs the IOMMU to translate for every device", IOMMU_TRANSLATES },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU is configured with V2 page table mode",
	  "SNP needs version 1 of the IOMMU's page tables", "boot without amd_iommu=pgtbl_v2" },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU SNP feature not enabled",
	  "the IOMMU doesn't report SNP support",
	  "enable the IOMMU and its SEV-SNP support in the BIOS" },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: RMP initialization failed",
	  "the RMP can't be used; an earlier line of the log says why", BIOS_RMP },
	{ LOG_FIRMWARE, DOCTOR_OK, "SEV-SNP API:", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV: memory encryption not enabled by BIOS",
	  "secure memory encryption is off in the BIOS", "enable SMEE in the BIOS" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV-SNP: failed to INIT", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV-SNP: SNP_INIT", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV: failed to INIT", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV: INIT", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "timed out, disabling PSP",
	  "the firmware stopped answering, and Linux gave up on it", "reboot the host" },
	{ LOG_KVM, DOCTOR_OK, "SEV-SNP enabled (ASIDs", "", "" },
	{ LOG_KVM, DOCTOR_MISSING, "SEV-SNP disabled (ASIDs",
	  "kvm_amd was loaded without SNP; the first other missing check says why",
	  "fix that, and reload kvm_amd" },
	{ LOG_GUESTS, DOCTOR_NOTE, "Failed to create SEV-SNP context",
	  "LAUNCH_START failed: the firmware had no context for another guest",
	  "stop leftover guests" },
	{ LOG_GUESTS, DOCTOR_NOTE, "vmgexit: GHCB GPA [",
	  "a guest used a GHCB that it had not registered; its KVM_RUN then fails up to Linux "
	  "6.18, and Linux 7 reports it to the guest",
	  "give the guest a kernel or firmware that knows SEV-SNP" },
	{ LOG_GUESTS, DOCTOR_NOTE, "vmgexit: exit code ",
	  "a guest left out fields of its GHCB, or the GHCB's page was private",
	  "give the guest a kernel or firmware that knows SEV-SNP" },
	{ LOG_GUESTS, DOCTOR_NOTE, "Leaking PFN range",
	  "the firmware kept pages of a guest that ended; they are lost until the host reboots",
	  "reboot when memory runs short" },
};

/* What it means if the log has no message on a topic. */
static const struct {
	enum doctor_state state;
	const char *text;
} silences[] = {
	[LOG_RMP] = { DOCTOR_UNKNOWN, "nothing about the RMP" },
	[LOG_IOMMU] = { DOCTOR_UNKNOWN, "nothing about SNP in the IOMMU" },
	[LOG_FIRMWARE] = { DOCTOR_UNKNOWN, "nothing about the SNP firmware" },
	[LOG_KVM] = { DOCTOR_UNKNOWN, "nothing about SNP in KVM" },
	[LOG_GUESTS] = { DOCTOR_OK, "no complaint about SNP guests" },
};
static_assert(ARRAY_SIZE(silences) == LOG_TOPICS, "a topic without a row");

static void log_line(void *self, const char *text)
{
	struct doctor *d = self;

	for (size_t i = 0; i < ARRAY_SIZE(fragments); i++) {
		struct log_finding *f = &d->log[fragments[i].topic];

		if (!strstr(text, fragments[i].text))
			continue;
		f->fragment = &fragments[i];
		snprintf(f->line, sizeof(f->line), "%s", text);
		return;
	}
}

/* "... rc -5, error 0x3", "INIT failed 0xe, rc -5": the number in hex is the firmware's status. */
static void status_advise(const char *line, struct doctor_check *c)
{
	const char *at = strstr(line, " 0x");
	const struct snp_status *s = snp_status(at ? (uint32_t)strtoul(at, NULL, 0) : 0);
	char why[sizeof(c->why)];

	if (s->code == 0) {
		check_advise(c, "the kernel could not initialise SNP",
		             "update BIOS and SEV firmware; 'sev-firmware' shows its version");
		return;
	}
	snprintf(why, sizeof(why), "the SEV firmware says %s: %s", s->name, s->why);
	check_advise(c, why, s->fix);
}

/* The kernel logs nothing if its command line turns the IOMMU off, so look there. */
static bool iommu_off(const struct doctor *d, struct doctor_check *c)
{
	static const char *const words[] = { "amd_iommu=off", "iommu=off" };
	char line[4096];

	host_file(d->host, "/proc/cmdline", line, sizeof(line));
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (host_word(line, words[i])) {
			check_say(c, DOCTOR_MISSING, "the kernel was booted with %s", words[i]);
			check_advise(c, "SNP needs every device behind the IOMMU", IOMMU_ON);
			return true;
		}
	return false;
}

/* If SNP works now, a message that it doesn't is outdated, and only a note. */
void look_log(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	const struct log_finding *f = &d->log[row->which];

	if (!d->log_read)
		d->log_result = host_log(d->host, log_line, d);
	d->log_read = true;
	if (!f->fragment && row->which == LOG_IOMMU && !d->snp_offered && iommu_off(d, c))
		return;
	if (!f->fragment && d->log_result < 0)
		check_say(c, DOCTOR_UNKNOWN, "the kernel log can't be read: %s",
		          strerror(-d->log_result));
	else if (!f->fragment)
		check_say(c, silences[row->which].state, "the kernel log has %s",
		          silences[row->which].text);
	if (!f->fragment)
		return;
	check_say(c, f->fragment->state, "the kernel log has: %s", f->line);
	if (c->state == DOCTOR_OK)
		return;
	if (c->state == DOCTOR_MISSING && d->snp_offered && d->snp_up)
		c->state = DOCTOR_NOTE;
	if (f->fragment->why[0])
		check_advise(c, f->fragment->why, f->fragment->fix);
	else
		status_advise(f->line, c);
}
