/* SPDX-License-Identifier: MIT */
/* core/sandbox/privileges.c: capabilities by capset(2), without a library. */
#include "core/sandbox/privileges.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void privileges_none_new(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void privileges_undumpable(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static bool capabilities_set(unsigned permitted, unsigned effective)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct sets[2] = {
		{ .permitted = permitted, .effective = effective },
	};

	return syscall(SYS_capset, &head, sets) == 0;
}

bool privileges_drop(const int *folders, size_t n)
{
	const unsigned override = 1U << CAP_DAC_OVERRIDE;
	bool needed = false;

	/* fails without the capability, which then can't be needed */
	if (capabilities_set(override, 0))
		for (size_t i = 0; i < n; i++)
			needed |= folders[i] >= 0 &&
			          faccessat(folders[i], ".", W_OK | X_OK, AT_EACCESS) < 0;
	if (needed && capabilities_set(override, override))
		return false;
	capabilities_set(0, 0);
	return true;
}

void privileges_close_inherited(void)
{
	DIR *all = opendir("/proc/self/fd");
	struct dirent *entry;

	while (all && (entry = readdir(all))) {
		int fd = atoi(entry->d_name), flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			close(fd);
	}
	if (all)
		closedir(all);
}
