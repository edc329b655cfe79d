/* SPDX-License-Identifier: MIT */
/* tests/guest/report.c: report [--raw FILE]: an attestation report's measurement in hex, or the report itself. */
#include <asm/fcntl.h>
#include <asm/unistd.h>
#include <linux/ioctl.h>
#include <linux/sev-guest.h>

#include "tests/guest/sys.h"

#define STDOUT 1
#define STDERR 2
#define DEVICE "/dev/sev-guest"

/* MSG_REPORT_RSP, SEV-SNP firmware ABI section 7.3: what the driver leaves in snp_report_resp.data. */
struct report_message {
	uint32_t status; /* 0, or why the firmware refuses: 0x16 bad parameter, 0x27 no such key */
	uint32_t size;   /* of the report */
	uint8_t reserved[24];
	uint8_t report[];
};
static_assert(offsetof(struct report_message, report) == 0x20, "MSG_REPORT_RSP.REPORT");

/* ATTESTATION_REPORT, the same section. */
#define REPORT_SIZE        1184
#define REPORT_MEASUREMENT 0x90
#define MEASUREMENT_SIZE   48
static_assert(sizeof(struct report_message) + REPORT_SIZE <= sizeof(struct snp_report_resp),
              "a report fits what the driver returns");

static union {
	struct snp_report_resp raw;
	struct report_message message;
} response;

static int fail(const char *what, uint64_t value)
{
	put(STDERR, "report: ");
	put_number(STDERR, what, value);
	put(STDERR, "\n");
	return 1;
}

/* Asks for a report with no data of ours in it, as VMPL 0. */
static int report_get(void)
{
	static struct snp_report_req request; /* all zero is what we want */
	struct snp_guest_request_ioctl arg = { .msg_version = 1,
		                               .req_data = (uintptr_t)&request,
		                               .resp_data = (uintptr_t)&response };
	long fd = sys_call(__NR_open, (long)DEVICE, O_RDWR, 0);
	long r;

	if (fd < 0)
		return fail("cannot open " DEVICE ": errno", (uint64_t)-fd);
	r = sys_call(__NR_ioctl, fd, (long)SNP_GET_REPORT, (long)&arg);
	if (r < 0 && arg.exitinfo2 == 0)
		return fail("SNP_GET_REPORT: errno", (uint64_t)-r);
	if (r < 0)
		return fail("SNP_GET_REPORT: EXITINFO2 (VMM's error:firmware's)", arg.exitinfo2);
	if (response.message.status != 0)
		return fail("the firmware refuses a report: status", response.message.status);
	if (response.message.size != REPORT_SIZE)
		return fail("a report of unknown size:", response.message.size);
	return 0;
}

static int report_save(const char *path)
{
	long fd = sys_call(__NR_open, (long)path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0)
		return fail("cannot create the file: errno", (uint64_t)-fd);
	return !write_all((int)fd, response.message.report, REPORT_SIZE);
}

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

int main(int argc, char **argv)
{
	if (argc != 1 && !(argc == 3 && same(argv[1], "--raw"))) {
		put(STDERR, "usage: report [--raw FILE]\n");
		return 2;
	}
	if (report_get() != 0)
		return 1;
	if (argc == 3)
		return report_save(argv[2]);
	put_hex(STDOUT, response.message.report + REPORT_MEASUREMENT, MEASUREMENT_SIZE);
	put(STDOUT, "\n");
	return 0;
}
