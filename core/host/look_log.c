/* SPDX-License-Identifier: MIT */
/*
 * core/host/look_log.c: what the kernel log says of SEV-SNP. The latest message on a matter counts.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/host/looks.h"
#include "core/snp/status.h"

#define BIOS_RMP "in the BIOS: SMEE on, SEV-SNP support on, SNP memory (RMP table) coverage on"

#define IOMMU_ON         "boot without amd_iommu=off and iommu=off, with the IOMMU on in the BIOS"
#define IOMMU_TRANSLATES "boot without iommu=pt and iommu.passthrough=1; add iommu=nopt"

/*
 * Linux 6.12 to 7.3: arch/x86/virt/svm/sev.c, drivers/iommu/amd/init.c,
 * drivers/crypto/ccp/sev-dev.c, arch/x86/kvm/svm/sev.c. The first row that fits a line is taken.
 */
static const struct log_fragment {
	enum log_topic topic;
	enum doctor_state state;
	const char *text;
	const char *why,
		*fix; /* "" with an error number in the line: as the firmware's status says */
} fragments[] = {
	{ LOG_RMP, DOCTOR_OK, "SEV-SNP: RMP table physical range [", "", "" },
	{ LOG_RMP, DOCTOR_OK, "Segmented RMP base table physical range [", "", "" }, /* 6.14 */
	{ LOG_RMP, DOCTOR_MISSING, "Memory for the RMP table has not been reserved by BIOS",
	  "the BIOS keeps no memory for the table of page owners", BIOS_RMP },
	{ LOG_RMP, DOCTOR_MISSING, "does not cover full system RAM",
	  "the table of page owners that the BIOS reserved is too small for this much memory",
	  "in the BIOS: SNP memory (RMP table) coverage on for all memory" },
	{ LOG_RMP, DOCTOR_MISSING, "SEV-SNP: RMP configuration not valid",
	  "the BIOS reserved the table of page owners wrongly", "update the BIOS; " BIOS_RMP },
	{ LOG_IOMMU, DOCTOR_OK, "IOMMU SNP support enabled", "", "" },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU disabled or configured in passthrough mode",
	  "SNP wants every device behind the IOMMU", IOMMU_ON "; " IOMMU_TRANSLATES },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU disabled,", /* 7.3 has two messages of the one */
	  "SNP wants every device behind the IOMMU", IOMMU_ON },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU configured in passthrough mode",
	  "SNP wants the IOMMU to translate for every device", IOMMU_TRANSLATES },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU is configured with V2 page table mode",
	  "SNP wants the IOMMU's page tables of version 1", "boot without amd_iommu=pgtbl_v2" },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: IOMMU SNP feature not enabled",
	  "the IOMMU doesn't say that it can do SNP",
	  "in the BIOS: IOMMU on, and SEV-SNP support among its settings" },
	{ LOG_IOMMU, DOCTOR_MISSING, "SNP: RMP initialization failed",
	  "the table of page owners can't be used; a line before this one says why", BIOS_RMP },
	{ LOG_FIRMWARE, DOCTOR_OK, "SEV-SNP API:", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV: memory encryption not enabled by BIOS",
	  "secure memory encryption is off in the BIOS", "in the BIOS: SMEE on" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV-SNP: failed to INIT", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV-SNP: SNP_INIT", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV: failed to INIT", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "SEV: INIT", "", "" },
	{ LOG_FIRMWARE, DOCTOR_MISSING, "timed out, disabling PSP",
	  "the firmware stopped answering, and Linux doesn't ask it again", "reboot the host" },
	{ LOG_KVM, DOCTOR_OK, "SEV-SNP enabled (ASIDs", "", "" },
	{ LOG_KVM, DOCTOR_MISSING, "SEV-SNP disabled (ASIDs",
	  "kvm_amd came up without SNP; the first other check that is missing says why",
	  "mend that, and load kvm_amd anew" },
	{ LOG_GUESTS, DOCTOR_NOTE, "Failed to create SEV-SNP context",
	  "LAUNCH_START failed: the firmware had no context for another guest",
	  "end left-over guests" },
	{ LOG_GUESTS, DOCTOR_NOTE, "vmgexit: GHCB GPA [",
	  "a guest used a GHCB that it had not registered: up to Linux 6.18 its KVM_RUN then "
	  "fails, Linux 7 lets the guest know",
	  "give the guest a kernel or firmware that knows SEV-SNP" },
	{ LOG_GUESTS, DOCTOR_NOTE, "vmgexit: exit code ",
	  "a guest left fields of its GHCB out, or the GHCB's page was private",
	  "give the guest a kernel or firmware that knows SEV-SNP" },
	{ LOG_GUESTS, DOCTOR_NOTE, "Leaking PFN range",
	  "the firmware kept pages of a guest that ended; they are lost until the host reboots",
	  "reboot when memory runs short" },
};

/* What it means that no message was about a matter. */
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
		             "update BIOS and SEV firmware; 'sev-firmware' has its version");
		return;
	}
	snprintf(why, sizeof(why), "the SEV firmware says %s: %s", s->name, s->cause);
	check_advise(c, why, s->cure);
}

/* With the IOMMU off from the command line on the kernel says nothing at all. */
static bool iommu_off(const struct doctor *d, struct doctor_check *c)
{
	static const char *const words[] = { "amd_iommu=off", "iommu=off" };
	char line[4096];

	host_file(d->host, "/proc/cmdline", line, sizeof(line));
	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (host_word(line, words[i])) {
			check_say(c, DOCTOR_MISSING, "the kernel was booted with %s", words[i]);
			check_advise(c, "SNP wants every device behind the IOMMU", IOMMU_ON);
			return true;
		}
	return false;
}

/* Where SNP works all the same, the message is of before, and no more than a note. */
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
