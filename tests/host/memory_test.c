/* SPDX-License-Identifier: MIT */
/* tests/host/memory_test.c: what is left of memory, by a tree of files of our own. */
#include "core/host/memory.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host/host.h"

#define GIB ((uint64_t)1 << 30)

static char root[] = "/tmp/snpvmm-memory-XXXXXX";
static struct host host;

static void setup(void)
{
	cr_assert_not_null(mkdtemp(root));
	host = (struct host){ .root = root };
}

static void teardown(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	cr_expect_eq(system(command), 0);
}

TestSuite(host_memory, .init = setup, .fini = teardown);

static void put(const char *path, const char *text)
{
	char whole[512];
	FILE *f;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (char *c = whole + strlen(root) + 1; (c = strchr(c, '/')); c++) {
		*c = '\0';
		cr_assert(mkdir(whole, 0755) == 0 || errno == EEXIST);
		*c = '/';
	}
	f = fopen(whole, "w");
	cr_assert_not_null(f, "%s", whole);
	fputs(text, f);
	cr_assert_eq(fclose(f), 0);
}

static void check_left(uint64_t left, const char *where)
{
	struct host_memory m;

	host_memory_left(&host, &m);
	cr_expect_eq(m.left, left, "%llu", (unsigned long long)m.left);
	cr_expect_str_eq(m.where, where);
}

Test(host_memory, nobody_says)
{
	check_left(UINT64_MAX, "the machine");
	cr_expect_eq(host_oom_kills(&host), 0);
}

Test(host_memory, the_machine)
{
	put("/proc/meminfo",
	    "MemTotal:   16777216 kB\nMemFree: 1 kB\nMemAvailable:    8388608 kB\n");
	put("/proc/vmstat", "pgfault 12\noom_kill 7\n");
	check_left(8 * GIB, "the machine");
	cr_expect_eq(host_oom_kills(&host), 7);
}

/* The tightest group is the one above ours; what its cache holds can be had. */
Test(host_memory, the_tightest_group_of_version_2)
{
	put("/proc/meminfo", "MemAvailable: 8388608 kB\n");
	put("/proc/vmstat", "oom_kill 7\n");
	put("/proc/self/cgroup", "1:name=systemd:/x\n0::/a/b\n");
	put("/sys/fs/cgroup/a/b/memory.max", "max\n");
	put("/sys/fs/cgroup/a/b/memory.current", "4096\n");
	put("/sys/fs/cgroup/a/b/memory.events",
	    "low 0\nhigh 0\nmax 9\noom 5\noom_kill 3\noom_group_kill 0\n");
	put("/sys/fs/cgroup/a/memory.max", "3221225472\n");
	put("/sys/fs/cgroup/a/memory.current", "2147483648\n");
	put("/sys/fs/cgroup/a/memory.stat", "anon 5\nfile 1073741824\nkernel 1\nfile_mapped 1\n");
	check_left(2 * GIB, "the control group '/a'");
	cr_expect_eq(host_oom_kills(&host), 3);
	put("/sys/fs/cgroup/a/memory.max", "1024\n");
	check_left(0, "the control group '/a'");
}

/* In a container the group is the root of what is mounted. */
Test(host_memory, a_container_s_own_group)
{
	put("/proc/meminfo", "MemAvailable: 8388608 kB\n");
	put("/proc/self/cgroup", "0::/\n");
	put("/sys/fs/cgroup/memory.max", "1073741824\n");
	put("/sys/fs/cgroup/memory.current", "0\n");
	check_left(GIB, "the control group '/'");
}

Test(host_memory, groups_of_version_1)
{
	put("/proc/meminfo", "MemAvailable: 8388608 kB\n");
	put("/proc/self/cgroup", "12:cpu:/c\n9:memory:/m/n\n0::/\n");
	put("/sys/fs/cgroup/memory/m/n/memory.limit_in_bytes", "9223372036854771712\n");
	put("/sys/fs/cgroup/memory/m/n/memory.usage_in_bytes", "4096\n");
	put("/sys/fs/cgroup/memory/m/n/memory.oom_control",
	    "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	put("/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "2147483648\n");
	put("/sys/fs/cgroup/memory/m/memory.usage_in_bytes", "1610612736\n");
	put("/sys/fs/cgroup/memory/m/memory.stat", "cache 1\ntotal_cache 536870912\n");
	check_left(GIB, "the control group '/m'");
	cr_expect_eq(host_oom_kills(&host), 2);
}

Test(host_memory, nonsense_is_no_limit)
{
	put("/proc/meminfo", "MemAvailable: many\n");
	put("/proc/self/cgroup", "0::/../../x\n");
	put("/sys/fs/cgroup/memory.max", "\n");
	check_left(UINT64_MAX, "the machine");
}
