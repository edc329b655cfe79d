/* SPDX-License-Identifier: MIT */
/*
 * core/host/memory.c: /proc/meminfo, and the memory controllers of both versions of control groups.
 */
#include "core/host/memory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/text.h"
#include "core/host/host.h"

#define NO_LIMIT (1ULL << 62)

/* Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst. */
static const struct cgroup_version {
	const char *controller; /* for host_cgroup() */
	const char *mount;
	const char *max, *used, *cache; /* files; the key of memory.stat that can be reclaimed */
	const char *events;             /* the file that counts oom_kill */
} versions[] = {
	{ "", "/sys/fs/cgroup", "memory.max", "memory.current", "file", "memory.events" },
	{ "memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
	  "total_cache", "memory.oom_control" },
};

/* The number after a key at the start of a line; for the key "", the first number of the file. */
static bool number_read(const struct host *h, const char *path, const char *key, uint64_t *ret)
{
	char text[8192];
	size_t n = strlen(key);
	char *at = text, *end;

	if (host_file(h, path, text, sizeof(text)) < 0)
		return false;
	while (n > 0 && at && !(strncmp(at, key, n) == 0 && strchr(" :", at[n]) && at[n])) {
		at = strchr(at, '\n');
		at += at ? 1 : 0;
	}
	if (!at)
		return false;
	at += n + strspn(at + n, ": ");
	*ret = strtoull(at, &end, 10);
	return end != at;
}

static bool group_number(const struct host *h, const struct cgroup_version *v, const char *group,
                         const char *file, const char *key, uint64_t *ret)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s%s/%s", v->mount, group, file) < (int)sizeof(path) &&
	       number_read(h, path, key, ret);
}

static void group_look(const struct host *h, const struct cgroup_version *v, const char *group,
                       struct host_memory *ret)
{
	uint64_t max, used, cache = 0, left;

	/*
	 * Without a limit the file says "max", which isn't a number; or, in version 1, a number that
	 * no use comes near. The kernel sums up all CPUs and groups for the other two files.
	 */
	if (!group_number(h, v, group, v->max, "", &max) || max >= NO_LIMIT ||
	    !group_number(h, v, group, v->used, "", &used))
		return;
	group_number(h, v, group, "memory.stat", v->cache, &cache);
	used -= MIN(cache, used);
	left = max > used ? max - used : 0;
	if (left >= ret->left)
		return;
	ret->left = left;
	snprintf(ret->where, sizeof(ret->where), "the control group '%.120s'",
	         *group ? group : "/");
	text_clean_ascii(ret->where);
}

void host_memory_left(const struct host *h, struct host_memory *ret)
{
	struct host_cgroups groups;
	char group[PATH_MAX], *slash;
	uint64_t kib;

	host_cgroups_read(h, &groups);

	*ret = (struct host_memory){ .left = UINT64_MAX, .where = "the machine" };
	if (number_read(h, "/proc/meminfo", "MemAvailable", &kib) && kib < UINT64_MAX / 1024)
		ret->left = kib * 1024;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		if (!host_cgroup(&groups, versions[i].controller, group, sizeof(group)))
			continue;
		group_look(h, &versions[i], group, ret);
		while ((slash = strrchr(group, '/'))) {
			*slash = '\0';
			group_look(h, &versions[i], group, ret);
		}
	}
}

uint64_t host_oom_kills(const struct host *h)
{
	struct host_cgroups groups;
	char group[PATH_MAX];
	uint64_t n = 0;

	host_cgroups_read(h, &groups);
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (host_cgroup(&groups, versions[i].controller, group, sizeof(group)) &&
		    group_number(h, &versions[i], group, versions[i].events, "oom_kill", &n))
			return n;
	number_read(h, "/proc/vmstat", "oom_kill", &n);
	return n;
}
