/* SPDX-License-Identifier: MIT */
/*
 * config/keys.h: the table of manifest keys, which parser, writer, schema and tests walk.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_id {
	KEY_VERSION,
	KEY_NAME,
	KEY_PLATFORM,
	KEY_BOOT_FIRMWARE,
	KEY_BOOT_KERNEL,
	KEY_BOOT_INITRD,
	KEY_BOOT_CMDLINE,
	KEY_BOOT_KERNEL_HASHES,
	KEY_BOOT_VARS_PATH,
	KEY_BOOT_VARS_KEEP,
	KEY_BOOT_ACCEPT,
	KEY_VCPUS,
	KEY_VCPU_TYPE,
	KEY_MEMORY,
	KEY_SNP_POLICY,
	KEY_SNP_GUEST_FEATURES,
	KEY_SNP_HOST_DATA,
	KEY_SNP_GOSVW,
	KEY_SNP_ID_BLOCK,
	KEY_SNP_ID_AUTH,
	KEY_SNP_IDENTITY_ID_KEY,
	KEY_SNP_IDENTITY_AUTHOR_KEY,
	KEY_SNP_IDENTITY_FAMILY_ID,
	KEY_SNP_IDENTITY_IMAGE_ID,
	KEY_SNP_IDENTITY_SVN,
	KEY_SNP_CERTS,
	KEY_MEASURE_PROFILE,
	KEY_MEASURE_OVMF_HASH,
	KEY_MEASURE_SVSM,
	KEY_MEASURE_VARS_SIZE,
	KEY_SERIAL,
	KEY_DEBUG_PORT,
	KEY_EXIT_PORT,
	KEY_LOG_LIMIT,
	KEY_DISKS,
	KEY_VSOCK,
	KEY_RNG,
	KEY_HVC,
	KEY_EXPECT_MEASUREMENT,
	KEY_EXPECT_CONSOLE,
	KEY_EXPECT_NEVER,
	KEY_EXPECT_EXIT,
	KEY_EXPECT_REPORT,
	KEY_TIMEOUT,
	KEY_SILENCE,
	KEY_MATRIX,
	KEYS
};

struct kind;     /* config/kind.h */
struct manifest; /* config/manifest.h */

struct key {
	const char *name; /* with dots: "snp.policy" stands as `policy` in the map `snp` */
	const struct kind *kind;
	bool required;
	bool fixed;               /* the same in all runs: not in the matrix */
	size_t offset, size;      /* where in struct manifest; size 0: nowhere */
	uint64_t min, max;        /* in units of the kind: bytes, milliseconds, items */
	const char *const *words; /* ended by NULL */
	/* Whether a manifest has a value for it; NULL: always, or the kind decides. */
	bool (*has)(const struct manifest *m);
	const char *default_value; /* the default, as one would write it; NULL: none, or computed */
	const char *doc;           /* one sentence, no full stop */
};

/* One row a key, by enum key_id. */
extern const struct key keys[KEYS];

/* A map of keys: "boot", "snp", "snp.identity". The last row has no name. */
struct key_group {
	const char *name, *doc;
	const struct key_group *in; /* NULL: it stands at the top */
	const char *required;       /* the last part of the key that it needs; NULL: none */
};
extern const struct key_group key_groups[];

/* By dotted name. NULL: there is none. */
const struct key *key_find(const char *name);
const struct key_group *key_group_find(const char *name);
/* The map in which a key of this name stands; NULL: it stands at the top. */
const struct key_group *key_group_of(const char *name);

/* What comes after the last dot. */
const char *key_last(const char *name);

/* The key or group that was probably meant: a similar name, or the same in another group. */
const char *key_meant(const char *name);

/* By enum manifest_platform, manifest_profile and manifest_accept; each list ends with NULL. */
extern const char *const platform_words[], *const profile_words[], *const accept_words[];

#define KEY_NAME_CAP 96 /* for a dotted name; longer ones are no keys */

#define HOST_DATA_RANDOM "random"    /* instead of bytes */
#define ABI_KEY          "abi"       /* in the map form of snp.policy, beside snp_policy_bits */
#define KEY_EPHEMERAL    "ephemeral" /* instead of a file with a key */
#define FIRMWARE_BUILTIN "builtin:"  /* before the name of a built-in guest */
/* A file's map form. */
#define FILE_PATH_KEY "path"
#define FILE_HASH_KEY "sha256"
#define DISK_MODE_KEY "mode" /* beside a disk's path */

#endif
