/* SPDX-License-Identifier: MIT */
/* core/host/look_sev.c: checks of the SEV firmware. Kernel side: drivers/crypto/ccp/sev-dev.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/host/looks.h"
#include "core/snp/report.h"
#include "core/snp/status.h"
#include "core/vm/abi.h"
#include "core/vm/sev.h"

/* The oldest version with which Linux initialises SNP (SNP_MIN_API_MAJOR, _MINOR). */
enum { API_MAJOR = 1, API_MINOR = 51 };
/* With older firmware, launches are often reported to fail. */
enum { API_MINOR_GOOD = 55 };
/* The platform's state: include/linux/psp-sev.h, enum sev_state. */
enum { STATE_UNINIT = 0 };

void look_sev_device(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	struct error err = { 0 };

	(void)row;
	d->sev = sev_open(d->host->sys, &err);
	if (d->sev >= 0) {
		check_say(c, DOCTOR_OK, "/dev/sev opens");
		return;
	}
	check_say(c, DOCTOR_MISSING, "%s", err.text);
	check_advise(c, err.why, err.fix);
	if (d->sev == -EPERM)
		check_advise(c, "the device rules of a container or a service forbid it",
		             "pass /dev/sev in (--device /dev/sev, DeviceAllow=/dev/sev r)");
}

static void firmware_refused(const char *command, int errnum, uint32_t status,
                             struct doctor_check *c)
{
	const struct snp_status *s = snp_status(status);

	if (status != 0 && status != SNP_STATUS_NOT_ASKED) {
		check_say(c, DOCTOR_MISSING, "%s: the SEV firmware says %s (0x%02x)", command,
		          s->name, status);
		check_advise(c, s->why,
		             "see 'log-firmware'; reboot the host, update BIOS and SEV firmware");
		return;
	}
	check_say(c, DOCTOR_MISSING, "%s failed: %s", command, strerror(errnum));
	if (errnum == EBUSY || errnum == ETIMEDOUT)
		check_advise(c, "the firmware stopped answering, and Linux gave up on it",
		             "reboot the host; update BIOS and SEV firmware if it happens again");
	else
		check_advise(c, "the kernel has no SEV firmware behind /dev/sev",
		             "look for 'ccp' and 'SEV' in the kernel log");
}

#define NEWER_FIRMWARE                                                                             \
	"update the BIOS, or put AMD's newer SEV firmware file into /lib/firmware/amd and reload " \
	"ccp"

void look_sev_firmware(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	struct sev_user_data_status s;
	uint32_t status;
	int r = sev_platform_status(d->host->sys, d->sev, &s, &status);
	unsigned version;

	(void)row;
	if (r < 0) {
		firmware_refused("PLATFORM_STATUS", -r, status, c);
		return;
	}
	version = (unsigned)s.api_major << 8 | s.api_minor;
	check_say(c, DOCTOR_OK, "SEV firmware %u.%u.%u", s.api_major, s.api_minor, s.build);
	if (version < (API_MAJOR << 8 | API_MINOR)) {
		c->state = DOCTOR_MISSING;
		check_advise(c, "Linux doesn't use SEV-SNP with firmware before 1.51",
		             NEWER_FIRMWARE);
	} else if (version < (API_MAJOR << 8 | API_MINOR_GOOD)) {
		c->state = DOCTOR_NOTE;
		check_advise(c, "launches are known to fail with firmware before 1.55",
		             NEWER_FIRMWARE);
	}
}

void look_snp_firmware(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	struct snp_platform_status s;
	uint32_t status;
	int r = sev_snp_status(d->host->sys, d->sev, &s, &status);
	bool rmp = s.init & SNP_PLATFORM_RMP;

	(void)row;
	if (r < 0) {
		firmware_refused("SNP_PLATFORM_STATUS", -r, status, c);
		return;
	}
	d->snp = s;
	d->snp_up = s.state != STATE_UNINIT && rmp;
	if (d->snp_up) {
		check_say(c, DOCTOR_OK, "SNP firmware %u.%u.%u is up, with %u guest%s", s.api_major,
		          s.api_minor, le32_get(s.build_id), le32_get(s.guest_count),
		          le32_get(s.guest_count) == 1 ? "" : "s");
		return;
	}
	check_say(c, DOCTOR_MISSING, "the SNP firmware is not initialised%s",
	          s.state == STATE_UNINIT ? "" : ": it has no RMP");
	check_advise(c, "kvm_amd initialises it when loaded: it isn't loaded, or that failed",
	             "modprobe kvm_amd; if it is loaded see 'log-firmware', 'log-rmp' and "
	             "'log-iommu'");
}

/*
 * "boot loader 4, TEE 0, SNP 24, microcode 84"; the layout depends on the CPU's family.
 */
static const char *tcb_text(const struct doctor *d, le64 tcb, char *to, size_t size)
{
	struct snp_report like = { .version = le32_of(3) };
	struct snp_tcb t;
	uint32_t reg[4];

	host_cpuid(d->host, 1, reg); /* APM volume 3, E.3.2 */
	like.cpuid_family = (uint8_t)((reg[0] >> 8 & 0xf) + (reg[0] >> 20 & 0xff));
	like.cpuid_model = (uint8_t)((reg[0] >> 4 & 0xf) | (reg[0] >> 12 & 0xf0));
	t = snp_report_tcb(&like, tcb);
	if (t.unknown)
		snprintf(to, size, "0x%016llx, of unknown layout",
		         (unsigned long long)le64_get(tcb));
	else if (t.has_fmc)
		snprintf(to, size, "FMC %u, boot loader %u, TEE %u, SNP %u, microcode %u", t.fmc,
		         t.boot_loader, t.tee, t.snp, t.microcode);
	else
		snprintf(to, size, "boot loader %u, TEE %u, SNP %u, microcode %u", t.boot_loader,
		         t.tee, t.snp, t.microcode);
	return to;
}

/* snphost shows the same two as platform and reported TCB; the committed one is only in reports. */
void look_tcb(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	char current[96], reported[96];

	(void)row;
	tcb_text(d, d->snp.current_tcb, current, sizeof(current));
	tcb_text(d, d->snp.reported_tcb, reported, sizeof(reported));
	if (le64_get(d->snp.current_tcb) == le64_get(d->snp.reported_tcb)) {
		check_say(c, DOCTOR_OK, "TCB, current and reported: %s", current);
		return;
	}
	check_say(c, DOCTOR_NOTE, "TCB %s; reported: %s", current, reported);
	check_advise(c,
	             "SNP_CONFIG chose the TCB that reports name and certificates are issued for, "
	             "or the firmware was updated since",
	             "to report the current one: 'snphost config reset'");
}

/* Memory with two addresses would bypass the RMP (CVE-2024-21944). */
void look_alias_check(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	(void)row;
	if (d->snp.init & SNP_PLATFORM_ALIAS_CHECK) {
		check_say(c, DOCTOR_OK, "memory has no aliases, as the firmware checked");
		return;
	}
	check_say(c, DOCTOR_NOTE, "the firmware doesn't confirm that memory has no aliases");
	check_advise(c,
	             "it didn't check, or is older than 1.55.22 (EPYC 7003) or 1.55.38 (9004): "
	             "reports lack alias_check_complete (CVE-2024-21944)",
	             "update BIOS and SEV firmware");
}

void look_report_masks(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	uint32_t flags = le32_get(d->snp.flags);
	bool id = flags & SNP_PLATFORM_MASK_CHIP_ID, key = flags & SNP_PLATFORM_MASK_CHIP_KEY;

	(void)row;
	if (!id && !key) {
		check_say(c, DOCTOR_OK, "attestation reports name the chip and are signed%s",
		          flags & SNP_PLATFORM_VLEK ? "; there is a VLEK" : "");
		return;
	}
	check_say(c, DOCTOR_NOTE, "attestation reports %s%s%s",
	          id ? "don't name the chip (MASK_CHIP_ID)" : "", id && key ? " and " : "",
	          key ? "aren't signed by its key (MASK_CHIP_KEY)" : "");
	check_advise(c, "SNP_CONFIG on this host says so", "'snphost config' changes it");
}
