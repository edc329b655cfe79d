/* SPDX-License-Identifier: MIT */
/*
 * tests/fake/host.h: a fake of struct host: a tree of files, a processor, and a /dev/kvm and a
 * /dev/sev that only answer queries.
 */
#ifndef TESTS_FAKE_HOST_H
#define TESTS_FAKE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/host/host.h"
#include "core/snp/abi.h"
#include "core/vm/abi.h"
#include "core/vm/sys.h"

enum { FAKE_HOST_CAPS = 8, FAKE_HOST_ATTRIBUTES = 3, FAKE_HOST_LEAVES = 16 };

/*
 * Starts as a host that can launch SNP guests; tests remove something from it. One at a time.
 */
struct fake_host {
	struct host host; /* for the code under test */
	struct kvm_sys sys;
	char root[64];

	int kvm_errno, sev_errno, vhost_errno; /* errno of opening it; 0: it opens */
	int api_version;
	struct {
		int capability;
		int value; /* negative: the errno of KVM_CHECK_EXTENSION */
	} caps[FAKE_HOST_CAPS];
	int attribute_errno[FAKE_HOST_ATTRIBUTES]; /* of group KVM_X86_GRP_SEV */
	uint64_t attributes[FAKE_HOST_ATTRIBUTES];
	struct sev_user_data_status sev;
	struct snp_platform_status snp;
	int sev_status_errno, snp_status_errno;
	uint32_t sev_error; /* the firmware's status for either */
	struct {
		uint32_t leaf, reg[4];
	} leaves[FAKE_HOST_LEAVES];
	size_t n_leaves;

	unsigned open;       /* open descriptors */
	unsigned sev_asked;  /* commands to the firmware */
	char complaint[128]; /* the first call that a query must not make; "": none */
};

struct fake_host *fake_host_new(void);
void fake_host_free(struct fake_host *f); /* removes the tree */

static inline void fake_host_cleanup(struct fake_host **f)
{
	fake_host_free(*f);
}
#define auto_fake_host __attribute__((cleanup(fake_host_cleanup)))

/* Creates or replaces a file of the tree, and its folders. */
void fake_host_bytes(struct fake_host *f, const char *path, const void *bytes, size_t size);
void fake_host_text(struct fake_host *f, const char *path, const char *text);
/* Removes a file or a folder with its content. If it doesn't exist, the test fails. */
void fake_host_remove(struct fake_host *f, const char *path);
/* The value of a capability; if it is unknown, the test fails. */
void fake_host_cap(struct fake_host *f, int capability, int value);
/* The four registers of a CPUID leaf, to be changed; a new leaf has zeros. */
uint32_t *fake_host_leaf(struct fake_host *f, uint32_t leaf);

#endif
