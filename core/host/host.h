/* SPDX-License-Identifier: MIT */
/*
 * core/host/host.h: what a host says about itself: files, CPUID, kernel log, SEV firmware. Nothing
 * here changes it.
 */
#ifndef CORE_HOST_HOST_H
#define CORE_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvm_sys; /* core/vm/sys.h */

/*
 * The seam for all that isn't KVM's: tests put a tree of files and a processor of their own behind
 * it.
 */
struct host {
	const struct kvm_sys *sys; /* for /dev/kvm and /dev/sev */
	const char *root;          /* stands before /proc, /sys and /dev/kmsg; "" on the real one */
	void (*cpuid)(uint32_t leaf, uint32_t sub, uint32_t reg[4]); /* EAX, EBX, ECX, EDX */
};

extern const struct host host_this;

/* For a result: which host it was. Printable ASCII; "" is unknown. */
struct host_facts {
	char kernel[128];  /* release */
	char cpu[64];      /* model name */
	char firmware[64]; /* SEV firmware, as in "1.55.21" */
};

/*
 * Never fails: what isn't to be had stays "". A few system calls and one command to the firmware.
 * Returns 0.
 */
int host_facts_read(const struct host *h, struct host_facts *ret);

/*
 * At most size - 1 bytes of a small file, from its start, with a NUL behind them; NULs among them
 * become '?'. Returns how many, or a negative errno (and an empty text). What isn't a regular file
 * is refused, -EINVAL.
 */
int host_file(const struct host *h, const char *path, char *ret, size_t size);
/* Is there anything of that name? */
bool host_has(const struct host *h, const char *path);

/* Is `word` one of the words between spaces? */
bool host_word(const char *text, const char *word);

/*
 * The kernel's own messages so far, oldest first, each as a cleaned line without its prefix.
 * Doesn't wait, and stops after a few megabytes. 0, or a negative errno: the log can't be read.
 */
int host_log(const struct host *h, void (*line)(void *self, const char *text), void *self);

/* CPUID, with zeros for leaves beyond what the processor has. */
void host_cpuid(const struct host *h, uint32_t leaf, uint32_t reg[4]);

#endif
