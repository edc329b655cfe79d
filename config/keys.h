/* SPDX-License-Identifier: MIT */
/*
 * config/keys.h: the one table of manifest keys, which the parser, the schema and the tests walk.
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
	KEY_VCPUS,
	KEY_VCPU_TYPE,
	KEY_MEMORY,
	KEY_SNP_POLICY,
	KEY_SNP_GUEST_FEATURES,
	KEY_SNP_HOST_DATA,
	KEY_SNP_GOSVW,
	KEY_SNP_ID_BLOCK,
	KEY_SNP_ID_AUTH,
	KEY_SNP_IDENTITY,
	KEY_SNP_CERTS,
	KEY_MEASURE_PROFILE,
	KEY_MEASURE_OVMF_HASH,
	KEY_SERIAL,
	KEY_DEBUG_PORT,
	KEY_EXIT_PORT,
	KEY_LOG_LIMIT,
	KEY_DISKS,
	KEY_EXPECT_MEASUREMENT,
	KEY_EXPECT_CONSOLE,
	KEY_EXPECT_NEVER,
	KEY_EXPECT_EXIT,
	KEY_TIMEOUT,
	KEY_SILENCE,
	KEY_MATRIX,
	KEYS
};

/* The type of a value: read.c has a parser for each, schema.c a description. */
enum value_kind {
	VALUE_NUMBER,    /* decimal or 0x, min..max */
	VALUE_TEXT,      /* min..max bytes, kept as they are */
	VALUE_LINE,      /* the same without control characters */
	VALUE_WORD,      /* one of words; its index is stored */
	VALUE_BOOL,      /* true or false */
	VALUE_SIZE,      /* min..max bytes, whole pages */
	VALUE_TIME,      /* min..max milliseconds */
	VALUE_FILE,      /* a path, or a map that pins it */
	VALUE_FILES,     /* one, or a list of at most max of them */
	VALUE_FIRMWARE,  /* the same, or builtin:NAME with a NAME of words */
	VALUE_VCPU_TYPE, /* a model's name or a 0x signature */
	VALUE_POLICY,    /* a number or a map of bits */
	VALUE_FEATURES,  /* a number with bit 0 */
	VALUE_BYTES,     /* as many as the field has */
	VALUE_DIGEST,    /* SHA-384 */
	VALUE_PINS,      /* a digest, a list of them, or a map from vcpus */
	VALUE_SINK,      /* one of words, or a path */
	VALUE_PORT,      /* a number min..max, or false */
	VALUE_EXIT,      /* a number min..max, any, or none */
	VALUE_PATTERNS,  /* a list of at most max regular expressions */
	VALUE_MATRIX,    /* a map from dotted keys to lists of their values */
	VALUE_LATER,     /* known, and refused by name until it is built */
	VALUE_KINDS
};

struct key {
	const char *name; /* with dots: "snp.policy" stands as `policy` in the map `snp` */
	enum value_kind kind;
	bool required;
	bool fixed;                /* the same in all runs: not in the matrix */
	size_t offset, size;       /* where in struct manifest; size 0: nowhere */
	uint64_t min, max;         /* what they count depends on the kind */
	const char *const *words;  /* ended by NULL */
	const char *default_value; /* the default, as one would write it; NULL: none, or computed */
	const char *doc;           /* one sentence, no full stop */
};

/* One row a key, by enum key_id. */
extern const struct key keys[KEYS];

/* A map of keys: "boot", "snp". The rows are ended by a NULL name. */
struct key_group {
	const char *name, *doc;
};
extern const struct key_group key_groups[];

/* By dotted name; NULL: there is none. */
const struct key *key_find(const char *name);
const struct key_group *key_group_find(const char *name);

/* What comes after the last dot. */
const char *key_last(const char *name);

/*
 * The key or group that was meant, by spelling or by a key of that name in another group; or NULL.
 */
const char *key_meant(const char *name);

/*
 * Words of values. Each list is ended by NULL, and its order is that of the enum it stands for
 * (enum manifest_platform, enum manifest_profile).
 */
extern const char *const platform_words[];
extern const char *const profile_words[];
extern const char *const builtin_words[];

#define ABI_KEY          "abi"      /* in the map form of snp.policy, beside snp_policy_bits */
#define FIRMWARE_BUILTIN "builtin:" /* before the name of a built-in guest */
/* A file's map form. */
#define FILE_PATH_KEY "path"
#define FILE_HASH_KEY "sha256"

/* Of expect.exit, beside a number. */
enum { EXIT_ANY, EXIT_NONE };
extern const char *const exit_words[];

/* By enum sink_kind. Never a file's name, not even where the key doesn't take the word. */
extern const char *const sink_words[];

#endif
