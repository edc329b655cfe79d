/* SPDX-License-Identifier: MIT */
/*
 * core/host/host.h: reads a host's files, CPUID, kernel log and SEV firmware, and changes nothing.
 */
#ifndef CORE_HOST_HOST_H
#define CORE_HOST_HOST_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvm_sys; /* core/vm/sys.h */

/*
 * How the host is accessed, so that tests can replace its files and CPUID.
 */
struct host {
	const struct kvm_sys *sys; /* for /dev/kvm and /dev/sev */
	const char *root;          /* comes before /proc, /sys and /dev/kmsg; "" on a real host */
	void (*cpuid)(uint32_t leaf, uint32_t sub, uint32_t reg[4]); /* EAX, EBX, ECX, EDX */
};

extern const struct host host_this;

/* Identifies the host in results. Printable ASCII; "": unknown. */
struct host_facts {
	char kernel[128];  /* release */
	char cpu[64];      /* model name */
	char firmware[64]; /* SEV firmware, as in "1.55.21" */
};

/*
 * Never fails: what cannot be found out stays "". Takes a few system calls and one firmware
 * command.
 */
void host_facts_read(const struct host *h, struct host_facts *ret);

/*
 * Reads the first size - 1 bytes of a file and adds a NUL; NULs in the file become '?'. Returns the
 * number of bytes, or a negative errno and an empty text; -EINVAL if it isn't a regular file.
 */
int host_file(const struct host *h, const char *path, char *ret, size_t size);
/* Whether anything of that name exists. */
bool host_has(const struct host *h, const char *path);

/* Whether `word` is one of the words of a text, separated by spaces. */
bool host_word(const char *text, const char *word);

/*
 * Calls line() for each of the kernel's own messages so far, oldest first, clean and without
 * prefix. Doesn't wait for new ones, and stops after a few megabytes. 0, or a negative errno if the
 * log can't be read.
 */
int host_log(const struct host *h, void (*line)(void *self, const char *text), void *self);

/* Our control groups, a line for each hierarchy. */
struct host_cgroups {
	char text[PATH_MAX + 512];
};
void host_cgroups_read(const struct host *h, struct host_cgroups *ret);

/*
 * The path of our control group, "" for the root or "/a/b": in version 2 for the controller "",
 * else in that controller's hierarchy of version 1. False: there is none, or it is outside our
 * namespace.
 */
bool host_cgroup(const struct host_cgroups *c, const char *controller, char *ret, size_t size);

/* CPUID; zeros for leaves that the CPU doesn't have. */
void host_cpuid(const struct host *h, uint32_t leaf, uint32_t reg[4]);

#endif
