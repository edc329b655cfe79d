/* SPDX-License-Identifier: MIT */
/*
 * guest/report.c: gets an attestation report from the kernel's sev-guest driver, by one of its two
 * interfaces.
 */
#include "guest/report.h"

#include <asm/errno.h>
#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/ioctl.h>
#include <linux/sev-guest.h>

#include "guest/certs.h"
#include "guest/frame.h"
#include "guest/sys.h"

#define DEVICE   "/dev/sev-guest"
#define CONFIGFS "/sys/kernel/config/tsm/report"

static_assert((int)REPORT_CAP <= (int)FRAME_REPORT_MAX, "a report that does not fit a frame");
static_assert((int)CERTS_CAP <= (int)FRAME_CERTS_MAX, "a table that does not fit a frame");

/* struct snp_guest_request_ioctl, whose last field has different names in different headers. */
struct request {
	uint8_t version;
	uint64_t to_firmware, from_firmware;
	uint32_t firmware_error, vmm_error;
};
static_assert(sizeof(struct request) == sizeof(struct snp_guest_request_ioctl),
              "struct snp_guest_request_ioctl");

/* MSG_REPORT_RSP, SEV-SNP firmware ABI 7.3: what the driver leaves in snp_report_resp.data. */
struct report_message {
	uint32_t status;
	uint32_t size;
	uint8_t reserved[24];
	uint8_t report[REPORT_CAP];
};
static_assert(offsetof(struct report_message, report) == 0x20, "MSG_REPORT_RSP.REPORT");
static_assert(sizeof(struct report_message) == sizeof(struct snp_report_resp), "snp_report_resp");

static bool failed(const char *what, const char *why, const char *fix)
{
	say("snpvmm-guest: error: ", what, why ? ": " : "", why ? why : "", "\n", (char *)NULL);
	if (fix)
		say("  fix: ", fix, "\n", (char *)NULL);
	return false;
}

static bool refused(const char *what, uint64_t code, const char *fix)
{
	char digits[24];

	return failed(what, number_text(code, 16, digits), fix);
}

static bool no_device(void)
{
	if (!sys_exists("/sys/devices"))
		return failed("there is no " DEVICE " and no /sys to ask", NULL,
		              "mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev");
	/* The kernel registers this device under SEV-SNP, even if there is no driver. */
	if (!sys_exists("/sys/devices/platform/sev-guest"))
		return failed("this is not an SEV-SNP guest", NULL,
		              "launch it on platform snp; the kernel needs "
		              "CONFIG_AMD_MEM_ENCRYPT, and Linux 5.19 or later");
	return failed("there is no " DEVICE ": its driver is not loaded", NULL,
	              "modprobe sev-guest; an initramfs needs this module and its dependencies "
	              "(gcm, ghash)");
}

static bool report_take(const struct report_message *m, struct report *ret)
{
	if (m->status == 0x16)
		return failed("the SNP firmware refuses a report", "bad parameter (0x16)", NULL);
	if (m->status != 0)
		return refused("the SNP firmware refuses a report, status", m->status, NULL);
	if (m->size < REPORT_SIZE || m->size > REPORT_CAP)
		return refused("the SNP firmware gave a report of unexpected size", m->size, NULL);
	for (size_t i = 0; i < m->size; i++)
		ret->bytes[i] = m->report[i];
	ret->size = m->size;
	return true;
}

/* Checks the host's table, which is untrusted, and finds out its size. */
static bool certs_take(struct report *ret, size_t cap)
{
	size_t size = certs_size(ret->certs, cap);

	ret->certs_size = size == CERTS_ENTRY ? 0 : size;
	return size > 0 || failed("the host gave a damaged table of certificates", NULL,
	                          "look at the file of snp.certs with 'snpvmm inspect'");
}

static bool by_device(int fd, const uint8_t data[REPORT_DATA_SIZE], struct report *ret)
{
	static struct report_message response;
	static struct snp_ext_report_req request; /* VMPL 0; begins with a struct snp_report_req */
	struct request r = { 1, (uintptr_t)&request, (uintptr_t)&response, 0, 0 };
	long error, command = ret->certs_wanted ? (long)SNP_GET_EXT_REPORT : (long)SNP_GET_REPORT;

	for (size_t i = 0; i < REPORT_DATA_SIZE; i++)
		request.data.user_data[i] = data[i];
	request.certs_address = (uintptr_t)ret->certs;
	request.certs_len = CERTS_CAP;
	error = sys_call(__NR_ioctl, fd, command, (long)&r);
	if (error == 0)
		return report_take(&response, ret) &&
		       (!ret->certs_wanted || certs_take(ret, CERTS_CAP));
	if (ret->certs_wanted && r.vmm_error == 1) /* SNP_GUEST_VMM_ERR_INVALID_LEN */
		return refused("Linux takes 0x4000 bytes of certificates, and the host has",
		               request.certs_len, "give snp.certs a smaller table");
	if (r.vmm_error)
		return refused("the VMM doesn't forward the request, its error", r.vmm_error, NULL);
	if (r.firmware_error)
		return refused("the SNP firmware refuses the request, status", r.firmware_error,
		               NULL);
	return failed(
		ret->certs_wanted ? "SNP_GET_EXT_REPORT" : "SNP_GET_REPORT", errno_text(error),
		"see the kernel log; if the kernel disabled the VMPCK, launch the guest again");
}

static int write_file(const char *path, const uint8_t *data, size_t size)
{
	int fd = sys_open(path, O_WRONLY);
	int r = fd < 0 ? fd : sys_write(fd, data, size);

	if (fd >= 0)
		sys_close(fd);
	return r;
}

/*
 * A folder is a request: outblob and auxblob have the answer to what is written to inblob, report
 * and certificates. Without certificates the latter is empty, or isn't there.
 */
static bool by_configfs(const uint8_t data[REPORT_DATA_SIZE], struct report *ret)
{
	static const char folder[] = CONFIGFS "/snpvmm-guest";
	static char provider[16];
	long r = sys_call(__NR_mkdir, (long)folder, 0700, 0), certs = 0;

	if (r < 0 && r != -EEXIST)
		return failed("cannot make " CONFIGFS "/snpvmm-guest", errno_text(r),
		              "run it as root");
	r = sys_read(CONFIGFS "/snpvmm-guest/provider", provider, sizeof(provider) - 1);
	if (r >= 0 && !text_same(provider, "sev_guest\n") && !text_same(provider, "sev_guest"))
		r = -ENODEV;
	if (r >= 0)
		r = write_file(CONFIGFS "/snpvmm-guest/inblob", data, REPORT_DATA_SIZE);
	if (r >= 0)
		r = sys_read(CONFIGFS "/snpvmm-guest/outblob", ret->bytes, REPORT_CAP);
	if (r >= 0 && ret->certs_wanted)
		certs = sys_read(CONFIGFS "/snpvmm-guest/auxblob", ret->certs, CERTS_CAP);
	sys_call(__NR_rmdir, (long)folder, 0, 0);
	if (r < 0)
		return failed("no report from " CONFIGFS, errno_text(r), NULL);
	if (r < REPORT_SIZE)
		return refused("configfs gave a report of unexpected size", (uint64_t)r, NULL);
	ret->size = (size_t)r;
	return certs <= 0 || certs_take(ret, (size_t)certs);
}

bool report_get(const uint8_t data[REPORT_DATA_SIZE], struct report *ret)
{
	int fd = sys_open(DEVICE, O_RDWR);
	bool got;

	if (fd == -ENOENT)
		return sys_exists(CONFIGFS) ? by_configfs(data, ret) : no_device();
	if (fd < 0)
		return failed("cannot open " DEVICE, errno_text(fd),
		              fd == -EACCES || fd == -EPERM ? "run it as root" : NULL);
	got = by_device(fd, data, ret);
	sys_close(fd);
	return got;
}
