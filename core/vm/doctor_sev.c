/* SPDX-License-Identifier: MIT */
/* core/vm/doctor_sev.c: checks of the SEV firmware. Kernel side: drivers/crypto/ccp/sev-dev.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/error.h"
#include "core/snp/status.h"
#include "core/vm/doctor_priv.h"
#include "core/vm/platforms.h"

/* Below it Linux doesn't initialise SNP (SNP_MIN_API_MAJOR, _MINOR). */
enum { API_MAJOR = 1, API_MINOR = 51 };
/* From here on, reports of launches that fail become rare. */
enum { API_MINOR_GOOD = 55 };
/* The platform's state: include/linux/psp-sev.h, enum sev_state. */
enum { STATE_UNINIT = 0 };

void look_sev_device(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	struct error err = { 0 };

	(void)row;
	d->sev = platform_sev_open(d->host->sys, &err);
	if (d->sev >= 0) {
		doctor_say(c, DOCTOR_OK, "/dev/sev opens");
		return;
	}
	doctor_say(c, DOCTOR_MISSING, "%s", err.text);
	doctor_advise(c, err.why, err.fix);
	if (d->sev == -EPERM)
		doctor_advise(c, "the device rules of a container or a service forbid it",
		              "pass /dev/sev in (--device /dev/sev, DeviceAllow=/dev/sev r)");
}

static void firmware_refused(const char *command, int errnum, uint32_t status,
                             struct doctor_check *c)
{
	const struct snp_status *s = snp_status(status);

	if (status != 0 && status != SNP_STATUS_NOT_ASKED) {
		doctor_say(c, DOCTOR_MISSING, "%s: the SEV firmware says %s (0x%02x)", command,
		           s->name, status);
		doctor_advise(c, s->cause,
		              "see 'log-firmware'; reboot the host, update BIOS and SEV firmware");
		return;
	}
	doctor_say(c, DOCTOR_MISSING, "%s failed: %s", command, strerror(errnum));
	if (errnum == EBUSY || errnum == ETIMEDOUT)
		doctor_advise(c, "the firmware stopped answering, and Linux doesn't ask it again",
		              "reboot the host; update BIOS and SEV firmware if it comes again");
	else
		doctor_advise(c, "the kernel has no SEV firmware behind /dev/sev",
		              "read the kernel log for lines with 'ccp' and 'SEV'");
}

#define NEWER_FIRMWARE                                                                             \
	"update the BIOS, or put AMD's newer SEV firmware file into /lib/firmware/amd and reload " \
	"ccp"

void look_sev_firmware(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	struct x_sev_status s;
	uint32_t status;
	int r = host_sev_status(d->host, d->sev, &s, &status);
	unsigned version;

	(void)row;
	if (r < 0) {
		firmware_refused("PLATFORM_STATUS", -r, status, c);
		return;
	}
	version = (unsigned)s.api_major << 8 | s.api_minor;
	doctor_say(c, DOCTOR_OK, "SEV firmware %u.%u.%u", s.api_major, s.api_minor, s.build);
	if (version < (API_MAJOR << 8 | API_MINOR)) {
		c->state = DOCTOR_MISSING;
		doctor_advise(c, "Linux doesn't use SEV-SNP with firmware before 1.51",
		              NEWER_FIRMWARE);
	} else if (version < (API_MAJOR << 8 | API_MINOR_GOOD)) {
		c->state = DOCTOR_NOTE;
		doctor_advise(c, "firmware before 1.55 is known for launches that fail",
		              NEWER_FIRMWARE);
	}
}

void look_snp_firmware(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	struct x_snp_status s;
	uint32_t status;
	int r = host_snp_status(d->host, d->sev, &s, &status);
	bool rmp = s.rmp_initialized & 1;

	(void)row;
	if (r < 0) {
		firmware_refused("SNP_PLATFORM_STATUS", -r, status, c);
		return;
	}
	d->snp_up = s.state != STATE_UNINIT && rmp;
	if (d->snp_up) {
		doctor_say(c, DOCTOR_OK, "SNP firmware %u.%u.%u is up, with %u guest%s",
		           s.api_major, s.api_minor, le32_get(s.build_id), le32_get(s.guest_count),
		           le32_get(s.guest_count) == 1 ? "" : "s");
		return;
	}
	doctor_say(c, DOCTOR_MISSING, "the SNP firmware is not initialised%s",
	           s.state == STATE_UNINIT ? "" : ": it has no RMP");
	doctor_advise(c, "kvm_amd initialises it when it is loaded; it isn't, or that failed",
	              "modprobe kvm_amd; if it is loaded see 'log-firmware', 'log-rmp' and "
	              "'log-iommu'");
}
