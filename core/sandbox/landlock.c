/* SPDX-License-Identifier: MIT */
/* core/sandbox/landlock.c: makes a ruleset with all rights that this kernel can take away. */
#include "core/sandbox/landlock.h"

#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/cleanup.h"

/* include/uapi/linux/landlock.h; headers may lack those of later ABIs, or the whole file. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif
enum { CREATE_RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };
enum {
	FS_WRITE_FILE = 1 << 1,
	FS_READ_FILE = 1 << 2,
	FS_READ_DIR = 1 << 3,
	FS_REMOVE_FILE = 1 << 5,
	FS_MAKE_REG = 1 << 8,
	FS_TRUNCATE = 1 << 14
};

struct ruleset_attr {
	uint64_t fs, net, scoped;
};

struct path_beneath_attr {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

/* All rights of each ABI, from the first on. */
static const struct ruleset_attr abis[] = {
	{ 0x1fff, 0, 0 }, { 0x3fff, 0, 0 }, /* moving to another folder */
	{ 0x7fff, 0, 0 },                   /* truncating */
	{ 0x7fff, 3, 0 },                   /* TCP */
	{ 0xffff, 3, 0 },                   /* ioctls of devices */
	{ 0xffff, 3, 3 },                   /* abstract sockets, and signals */
};

int landlock_confine(const struct landlock_folder *list, size_t n)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	const struct ruleset_attr *all;
	auto_fd int ruleset = -1;

	if (abi < 1)
		return 0;
	all = &abis[MIN((size_t)abi, ARRAY_SIZE(abis)) - 1];
	ruleset = (int)syscall(SYS_landlock_create_ruleset, all, sizeof(*all), 0);
	if (ruleset < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : 0;
	for (size_t i = 0; i < n; i++) {
		const uint64_t rights =
			FS_READ_FILE | FS_READ_DIR |
			(list[i].write ? FS_WRITE_FILE | FS_REMOVE_FILE | FS_MAKE_REG | FS_TRUNCATE
		                       : 0);
		const struct path_beneath_attr rule = { rights & all->fs, list[i].fd };

		if (list[i].fd >= 0)
			syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
	}
	return syscall(SYS_landlock_restrict_self, ruleset, 0) == 0 ? (int)abi : 0;
}
