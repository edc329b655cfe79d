/* SPDX-License-Identifier: MIT */
/*
 * core/host/host.c: reads files, CPUID, kernel log and SEV firmware of the host.
 */
#include "core/host/host.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/vm/abi.h"
#include "core/vm/sev.h"
#include "core/vm/sys.h"

enum {
	LOG_RECORD = 8192, /* PRINTK_MESSAGE_MAX is 2048 (kernel/printk/internal.h) */
	LOG_MAX = 4 << 20, /* bytes that are read; messages of the boot come first */
};

static void cpuid_this(uint32_t leaf, uint32_t sub, uint32_t reg[4])
{
	__cpuid_count(leaf, sub, reg[0], reg[1], reg[2], reg[3]);
}

const struct host host_this = { &kvm_sys_host, "", cpuid_this };

bool host_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += n)
		if ((at == text || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	return false;
}

/*
 * In a container, the file may be of any type: opening it must not block or make it our controlling
 * terminal.
 */
static int host_open(const struct host *h, const char *path, struct stat *ret)
{
	char full[PATH_MAX];
	int fd;

	if (snprintf(full, sizeof(full), "%s%s", h->root, path) >= (int)sizeof(full))
		return -ENAMETOOLONG;
	fd = open(full, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, ret) == 0)
		return fd;
	close(fd);
	return -EIO;
}

int host_file(const struct host *h, const char *path, char *ret, size_t size)
{
	struct stat st;
	auto_fd int fd = host_open(h, path, &st);
	size_t n = 0;
	ssize_t r = 1;

	ret[0] = '\0';
	if (fd < 0)
		return fd;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	while (r > 0 && n < size - 1) {
		r = read(fd, ret + n, size - 1 - n);
		n += r > 0 ? (size_t)r : 0;
	}
	if (r < 0 && n == 0)
		return -errno;
	ret[n] = '\0';
	for (char *nul = ret; (nul = memchr(nul, '\0', n - (size_t)(nul - ret)));)
		*nul = '?';
	return (int)n;
}

bool host_has(const struct host *h, const char *path)
{
	char full[PATH_MAX];

	return snprintf(full, sizeof(full), "%s%s", h->root, path) < (int)sizeof(full) &&
	       access(full, F_OK) == 0;
}

/*
 * Passes the complete records of `text` to line(), moves the rest to the start and returns its
 * size. A record of /dev/kmsg is "PRIORITY,SEQUENCE,TIME,FLAGS;TEXT"
 * (Documentation/ABI/testing/dev-kmsg). Priorities from 8 on include a facility: those records are
 * from programs, and skipped, since only the kernel is trusted.
 */
static size_t log_records(char *text, size_t size, void (*line)(void *self, const char *text),
                          void *self)
{
	char *at = text, *end;

	for (; (end = memchr(at, '\n', size - (size_t)(at - text))); at = end + 1) {
		char *message, *comma;
		unsigned long priority = strtoul(at, &comma, 10);

		*end = '\0';
		message = strchr(at, ';');
		if (!message || comma == at || *comma != ',' || priority > 7)
			continue;
		text_clean_ascii(message + 1);
		line(self, message + 1);
	}
	size -= (size_t)(at - text);
	memmove(text, at, size);
	return size >= LOG_RECORD ? 0 : size; /* no record is that long */
}

int host_log(const struct host *h, void (*line)(void *self, const char *text), void *self)
{
	char text[2 * LOG_RECORD];
	struct stat st;
	auto_fd int fd = host_open(h, "/dev/kmsg", &st);
	size_t kept = 0, total = 0;
	ssize_t r;

	if (fd < 0)
		return fd;
	/* In a container it may be something else, such as a console, which must not be read. */
	if (!S_ISREG(st.st_mode) && !(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 11)))
		return -EINVAL;
	while (total < LOG_MAX) {
		r = read(fd, text + kept, sizeof(text) - kept);
		total += r > 0 ? (size_t)r : 1;
		if (r < 0 && (errno == EPIPE || errno == EINTR))
			continue; /* EPIPE: records were overwritten; continues with the oldest */
		if (r < 0 && errno != EAGAIN && total == 1)
			return -errno;
		if (r <= 0)
			return 0;
		kept = log_records(text, kept + (size_t)r, line, self);
	}
	return 0;
}

void host_cgroups_read(const struct host *h, struct host_cgroups *ret)
{
	host_file(h, "/proc/self/cgroup", ret->text, sizeof(ret->text));
}

bool host_cgroup(const struct host_cgroups *c, const char *controller, char *ret, size_t size)
{
	size_t n = strlen(controller);
	int len;

	/* Lines "NUMBER:CONTROLLER:PATH" (cgroups(7)). */
	for (const char *at = c->text, *path; *at; at += strcspn(at, "\n")) {
		at += *at == '\n';
		path = at + strcspn(at, ":\n");
		if (*path != ':' || strncmp(path + 1, controller, n) != 0 ||
		    strncmp(path + 1 + n, ":/", 2) != 0)
			continue;
		path += n + 2;
		len = (int)strcspn(path, "\n");
		return snprintf(ret, size, "%.*s", len > 1 ? len : 0, path) < (int)size &&
		       !strstr(ret, "/..");
	}
	return false;
}

void host_cpuid(const struct host *h, uint32_t leaf, uint32_t reg[4])
{
	h->cpuid(leaf & 0xffff0000, 0, reg); /* EAX: the last leaf of this range */
	if (reg[0] < leaf || reg[0] > (leaf | 0xffff))
		memset(reg, 0, 4 * sizeof(*reg));
	else
		h->cpuid(leaf, 0, reg);
}

/* The brand string, "model name" in /proc/cpuinfo: APM volume 3, E.4.2. */
static void facts_cpu(const struct host *h, struct host_facts *ret)
{
	char name[49] = "", *from = name, *end;
	uint32_t reg[4];

	for (uint32_t i = 0; i < 3; i++) {
		host_cpuid(h, 0x80000002 + i, reg);
		memcpy(name + 16 * i, reg, sizeof(reg));
	}
	text_clean_ascii(name);
	from += strspn(from, " ");
	for (end = from + strlen(from); end > from && end[-1] == ' ';)
		*--end = '\0';
	snprintf(ret->cpu, sizeof(ret->cpu), "%s", from);
}

void host_facts_read(const struct host *h, struct host_facts *ret)
{
	struct error error = { 0 };
	int sev = sev_open(h->sys, &error);
	struct sev_user_data_status status;
	uint32_t ignored;

	*ret = (struct host_facts){ 0 };
	host_file(h, "/proc/sys/kernel/osrelease", ret->kernel, sizeof(ret->kernel));
	ret->kernel[strcspn(ret->kernel, "\n")] = '\0';
	text_clean_ascii(ret->kernel);
	facts_cpu(h, ret);
	if (sev < 0)
		return;
	if (sev_platform_status(h->sys, sev, &status, &ignored) == 0)
		snprintf(ret->firmware, sizeof(ret->firmware), "%u.%u.%u", status.api_major,
		         status.api_minor, status.build);
	h->sys->close(h->sys->self, sev);
}
