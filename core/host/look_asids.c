/* SPDX-License-Identifier: MIT */
/*
 * core/host/look_asids.c: check of the room there is for another SNP guest, as control groups count
 * them.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/host/looks.h"

/*
 * kernel/cgroup/misc.c: lines "NAME NUMBER" or "NAME max"; false: the file has none for SNP guests,
 * or isn't there.
 */
static bool misc_read(const struct doctor *d, const char *folder, const char *file, uint64_t *ret)
{
	char path[PATH_MAX], text[1024], *at = text, *end = NULL;

	if (snprintf(path, sizeof(path), "/sys/fs/cgroup%s/misc.%s", folder, file) >=
	            (int)sizeof(path) ||
	    host_file(d->host, path, text, sizeof(text)) < 0)
		return false;
	while (at && strncmp(at, "sev_es ", 7) != 0) {
		at = strchr(at, '\n');
		at += at ? 1 : 0;
	}
	if (!at)
		return false;
	*ret = strncmp(at + 7, "max\n", 4) ? strtoull(at + 7, &end, 10) : UINT64_MAX;
	return *ret == UINT64_MAX || (end != at + 7 && *end == '\n');
}

/* The process's own control group, as "" for the root and "/a/b" else; false: not to be had. */
static bool cgroup_own(const struct doctor *d, char *ret, size_t size)
{
	char text[PATH_MAX + 512] = "\n", *path, *end;

	host_file(d->host, "/proc/self/cgroup", text + 1, sizeof(text) - 1);
	path = strstr(text, "\n0::/");
	end = path ? strchr(path + 1, '\n') : NULL;
	if (!end)
		return false;
	*end = '\0';
	path += strlen("\n0::");
	return !strstr(path, "/..") && snprintf(ret, size, "%s", path[1] ? path : "") < (int)size;
}

static void asids_none(struct doctor_check *c, uint64_t used, uint64_t of, const char *why,
                       const char *fix)
{
	check_say(c, DOCTOR_MISSING,
	          "no room for another SNP guest: %" PRIu64 " of %" PRIu64 " are in use", used, of);
	check_advise(c, why, fix);
}

/*
 * A guest is charged to its group and to all above; *room becomes what the tightest of them leaves.
 */
static bool asids_in_groups(const struct doctor *d, struct doctor_check *c, uint64_t *cap)
{
	char group[PATH_MAX], *slash;
	uint64_t used, max;

	if (!cgroup_own(d, group, sizeof(group)))
		return true;
	for (;;) {
		if (misc_read(d, group, "max", &max) && misc_read(d, group, "current", &used)) {
			if (used >= max) {
				asids_none(c, used, max, "misc.max of the control group is reached",
				           "end other guests, or raise sev_es in its misc.max");
				return false;
			}
			if (max != UINT64_MAX)
				*cap = MIN_OF(*cap, max - used);
		}
		if (!(slash = strrchr(group, '/')))
			return true;
		*slash = '\0';
	}
}

/* SNP guests are charged to sev_es, one each. */
void look_free_asids(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	uint64_t capacity, used, cap = UINT64_MAX;
	bool known = misc_read(d, "", "capacity", &capacity) && misc_read(d, "", "current", &used);

	(void)row;
	if (known && used >= capacity) {
		asids_none(c, used, capacity, "all ASIDs are in use",
		           "end other guests, or raise the SEV-ES ASID space limit in the BIOS");
		return;
	}
	if (known)
		cap = capacity - used;
	if (!asids_in_groups(d, c, &cap))
		return;
	if (cap == UINT64_MAX)
		check_say(c, DOCTOR_UNKNOWN,
		          "no control group (misc, sev_es) says how many guests there may be");
	else
		check_say(c, DOCTOR_OK, "room for %" PRIu64 " more SNP guest%s", cap,
		          cap == 1 ? "" : "s");
}
