/* SPDX-License-Identifier: MIT */
/* tests/host/host_test.c: what a host says is read in bounds, cleaned, and never waited for. */
#include "core/host/host.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "tests/fake/host.h"

Test(host, facts_name_kernel_cpu_and_firmware)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	struct host_facts facts;

	host_facts_read(&f->host, &facts);
	cr_expect_str_eq(facts.kernel, "6.12.107+deb12-amd64");
	cr_expect_str_eq(facts.cpu, "AMD EPYC 9354 32-Core Processor");
	cr_expect_str_eq(facts.firmware, "1.55.21");
	cr_expect_eq(f->open, 0u);
	cr_expect_eq(f->sev_asked, 1u, "one command is enough");
	cr_expect_str_empty(f->complaint);
}

Test(host, facts_that_are_not_to_be_had_are_empty)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	struct host_facts facts;

	fake_host_remove(f, "/proc");
	fake_host_leaf(f, 0x80000000)[0] = 0x80000001;
	f->sev_errno = EACCES;
	host_facts_read(&f->host, &facts);
	cr_expect_str_empty(facts.kernel);
	cr_expect_str_empty(facts.cpu, "'%s' is of leaves that there aren't", facts.cpu);
	cr_expect_str_empty(facts.firmware);
	f->sev_errno = 0;
	f->sev_status_errno = EIO;
	host_facts_read(&f->host, &facts);
	cr_expect_str_empty(facts.firmware);
	cr_expect_eq(f->open, 0u);
}

Test(host, facts_are_printable_whatever_the_host_says)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	struct host_facts facts;
	char huge[4096];

	memset(huge, '\x1b', sizeof(huge));
	huge[0] = '\0';
	fake_host_bytes(f, "/proc/sys/kernel/osrelease", huge, sizeof(huge));
	for (uint32_t i = 0; i < 3; i++)
		memset(fake_host_leaf(f, 0x80000002 + i), 0xff, 16);
	host_facts_read(&f->host, &facts);
	cr_expect_eq(strlen(facts.kernel), sizeof(facts.kernel) - 1);
	cr_expect_eq(strspn(facts.kernel, "?"), sizeof(facts.kernel) - 1);
	cr_expect_eq(strlen(facts.cpu), 48u);
	cr_expect_eq(strspn(facts.cpu, "?"), 48u);
}

Test(host, this_one_has_a_kernel)
{
	struct host_facts facts;

	host_facts_read(&host_this, &facts);
	cr_expect_str_not_empty(facts.kernel);
}

Test(host, a_file_is_read_as_far_as_there_is_room)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	char text[8];

	fake_host_text(f, "/proc/x", "12345");
	cr_expect_eq(host_file(&f->host, "/proc/x", text, sizeof(text)), 5);
	cr_expect_str_eq(text, "12345");
	fake_host_bytes(f, "/proc/x",
	                "12\0"
	                "4567890",
	                10);
	cr_expect_eq(host_file(&f->host, "/proc/x", text, sizeof(text)), 7);
	cr_expect_str_eq(text, "12?4567");
	fake_host_text(f, "/proc/x", "");
	cr_expect_eq(host_file(&f->host, "/proc/x", text, sizeof(text)), 0);
	cr_expect_str_empty(text);
}

Test(host, what_is_no_file_is_refused_without_waiting)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	char text[8] = "x", path[128];

	cr_expect_eq(host_file(&f->host, "/proc/none", text, sizeof(text)), -ENOENT);
	cr_expect_str_empty(text);
	cr_expect_eq(host_file(&f->host, "/proc", text, sizeof(text)), -EINVAL);
	snprintf(path, sizeof(path), "%s/proc/fifo", f->root);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(host_file(&f->host, "/proc/fifo", text, sizeof(text)), -EINVAL);
	cr_expect(host_has(&f->host, "/proc/fifo"));
	cr_expect_not(host_has(&f->host, "/proc/none"));
}

/* Lines of a log, joined by '|'. */
struct heard {
	char text[512];
	size_t count, longest;
};

static void hear(void *self, const char *text)
{
	struct heard *h = self;
	size_t n = strlen(h->text);

	snprintf(h->text + n, sizeof(h->text) - n, "%s|", text);
	h->count++;
	if (strlen(text) > h->longest)
		h->longest = strlen(text);
}

Test(host, the_log_is_the_kernels_lines_alone)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	struct heard h = { 0 };

	fake_host_text(f, "/dev/kmsg",
	               "6,1,0,-;first\n SUBSYSTEM=pci\n DEVICE=x;y\n"
	               "12,2,0,-;said by a program\n" /* facility 1 */
	               "7,3,0,c;sec\tond\x80\x1b[31m\n"
	               "no record\n;\n-1,4,0,-;negative\n6;short\n"
	               "0,5,0,-;\n3,6,0,-;not ended");
	cr_assert_eq(host_log(&f->host, hear, &h), 0);
	cr_expect_str_eq(h.text, "first|sec?ond??[31m||");
}

Test(host, a_log_that_is_none_is_not_read)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	struct heard h = { 0 };
	char path[128];

	fake_host_remove(f, "/dev/kmsg");
	cr_expect_eq(host_log(&f->host, hear, &h), -ENOENT);
	snprintf(path, sizeof(path), "%s/dev/kmsg", f->root);
	cr_assert_eq(symlink("/dev/null", path), 0);
	cr_expect_eq(host_log(&f->host, hear, &h), -EINVAL, "another character device");
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_expect_eq(host_log(&f->host, hear, &h), -EINVAL, "a FIFO");
	cr_expect_eq(h.count, 0u);
}

/*
 * Larger than what is looked at; a line that never ends is dropped, and those behind it are still
 * heard.
 */
Test(host, a_huge_log_is_read_to_a_limit)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	struct heard h = { 0 };
	size_t size = 8 << 20, n = 0;
	auto_free char *log = malloc(size);

	cr_assert_not_null(log);
	memset(log, 'x', 100000);
	n = 100000;
	log[n++] = '\n';
	while (n + 32 < size)
		n += (size_t)sprintf(log + n, "6,1,0,-;a line of the kernel\n");
	fake_host_bytes(f, "/dev/kmsg", log, n);
	cr_assert_eq(host_log(&f->host, hear, &h), 0);
	cr_expect_gt(h.count, 100000u);
	cr_expect_lt(h.count, 160000u, "4 MiB are enough");
	cr_expect_eq(h.longest, strlen("a line of the kernel"));
}

Test(host, the_real_log_is_read_or_refused_at_once)
{
	struct heard h = { 0 };
	int r = host_log(&host_this, hear, &h);

	cr_expect(r == 0 || r == -EACCES || r == -EPERM || r == -ENOENT || r == -EINVAL, "%d", r);
}

Test(host, leaves_beyond_the_last_are_zero)
{
	auto_fake_host struct fake_host *f = fake_host_new();
	uint32_t reg[4] = { 1, 1, 1, 1 };

	host_cpuid(&f->host, 0x8000001f, reg);
	cr_expect_eq(reg[3], 100u);
	fake_host_leaf(f, 0x80000000)[0] = 0x8000001e;
	host_cpuid(&f->host, 0x8000001f, reg);
	cr_expect_eq(reg[0] | reg[1] | reg[2] | reg[3], 0u);
	fake_host_leaf(f, 0x80000000)[0] =
		0; /* as processors before it did: another leaf's registers */
	host_cpuid(&f->host, 0x80000001, reg);
	cr_expect_eq(reg[2], 0u);
	fake_host_leaf(f, 0x80000000)[0] = 0xffffffff;
	host_cpuid(&f->host, 0x80000001, reg);
	cr_expect_eq(reg[2], 0u, "no number of a last leaf");
}
