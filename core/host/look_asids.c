/* SPDX-License-Identifier: MIT */
/*
 * core/host/look_asids.c: checks whether another SNP guest can run, by the counters of control
 * groups.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/array.h"
#include "core/host/looks.h"

/*
 * kernel/cgroup/misc.c: lines "NAME NUMBER" or "NAME max". SNP guests are charged to sev_es, one
 * each. False: there is no such line or file.
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

static void asids_none(struct doctor_check *c, uint64_t used, uint64_t of, const char *why,
                       const char *fix)
{
	check_say(c, DOCTOR_MISSING,
	          "no room for another SNP guest: %" PRIu64 " of %" PRIu64 " are in use", used, of);
	check_advise(c, why, fix);
}

/*
 * A guest is charged to its group and all parents; *left becomes the smallest number that one of
 * them has left. False: one has none left, and *c says so.
 */
static bool asids_in_groups(const struct doctor *d, struct doctor_check *c, uint64_t *left)
{
	struct host_cgroups groups;
	char group[PATH_MAX], *slash;
	uint64_t used, max;

	host_cgroups_read(d->host, &groups);
	if (!host_cgroup(&groups, "", group, sizeof(group)))
		return true;
	for (;;) {
		if (misc_read(d, group, "max", &max) && misc_read(d, group, "current", &used)) {
			if (used >= max) {
				asids_none(c, used, max, "misc.max of the control group is reached",
				           "stop other guests, or raise sev_es in its misc.max");
				return false;
			}
			if (max != UINT64_MAX)
				*left = MIN(*left, max - used);
		}
		if (!(slash = strrchr(group, '/')))
			return true;
		*slash = '\0';
	}
}

void look_free_asids(struct doctor *d, const struct doctor_row *row, struct doctor_check *c)
{
	uint64_t capacity, used, left = UINT64_MAX;
	bool known = misc_read(d, "", "capacity", &capacity) && misc_read(d, "", "current", &used);

	(void)row;
	if (known && used >= capacity) {
		asids_none(c, used, capacity, "all ASIDs are in use",
		           "stop other guests, or raise the SEV-ES ASID space limit in the BIOS");
		return;
	}
	if (known)
		left = capacity - used;
	if (!asids_in_groups(d, c, &left))
		return;
	if (left == UINT64_MAX)
		check_say(c, DOCTOR_UNKNOWN,
		          "no control group (misc, sev_es) says how many guests are possible");
	else
		check_say(c, DOCTOR_OK, "room for %" PRIu64 " more SNP guest%s", left,
		          left == 1 ? "" : "s");
}
