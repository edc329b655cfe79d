/* SPDX-License-Identifier: MIT */
/*
 * config/keys.c: every key of the manifest, version 1: its type, its place, its default, its
 * meaning.
 */
#include "config/keys.h"

#include <assert.h>
#include <string.h>

#include "config/manifest.h"
#include "config/value.h"
#include "core/base/array.h"

#define FIELD(f) .offset = offsetof(struct manifest, f), .size = sizeof(((struct manifest *)0)->f)

#define KIB ((uint64_t)1 << 10)
#define TIB ((uint64_t)1 << 40)
#define DAY ((uint64_t)24 * 60 * 60 * 1000)

const char *const platform_words[] = { [MANIFEST_SNP] = "snp", [MANIFEST_KVM] = "kvm", NULL };
const char *const profile_words[] = {
	[PROFILE_QEMU] = "qemu", [PROFILE_EC2] = "ec2", [PROFILE_GCE] = "gce", NULL
};
static_assert(ARRAY_SIZE(profile_words) == PROFILES + 1, "a profile without a name");
const char *const builtin_words[] = { "selftest", NULL };
const char *const exit_words[] = { [EXIT_ANY] = "any", [EXIT_NONE] = "none", NULL };
const char *const sink_words[] = {
	[SINK_NONE] = "none", [SINK_STDOUT] = "stdout", [SINK_STDERR] = "stderr", [SINK_FILE] = NULL
};

static const char *const serial_words[] = { "stdout", "none", NULL };
static const char *const debug_words[] = { "none", "stderr", NULL };

const struct key keys[KEYS] = {
	[KEY_VERSION] = { "version", VALUE_NUMBER, .required = true, .fixed = true, .min = 1,
	                  .max = 1, .doc = "Version of the manifest's format" },
	[KEY_NAME] = { "name", VALUE_LINE, .fixed = true, FIELD(name), .min = 1, .max = 255,
	               .doc = "Name of the test in results; else the file's stem" },
	[KEY_PLATFORM] = { "platform", VALUE_WORD, FIELD(platform), .words = platform_words,
	                   .default_value = "snp",
	                   .doc = "snp, or kvm: a plain VM without protection, for development" },
	[KEY_BOOT_FIRMWARE] = { "boot.firmware", VALUE_FIRMWARE, FIELD(firmware),
	                        .words = builtin_words,
	                        .doc = "OVMF image, IGVM file, or builtin:selftest" },
	[KEY_BOOT_KERNEL] = { "boot.kernel", VALUE_FILE, FIELD(kernel),
	                      .doc = "bzImage; without a firmware it is booted directly" },
	[KEY_BOOT_INITRD] = { "boot.initrd", VALUE_FILES, FIELD(initrd), .max = MANIFEST_INITRDS,
	                      .doc = "Initial RAM disk of the kernel, or a list: one after the "
	                             "other" },
	[KEY_BOOT_CMDLINE] = { "boot.cmdline", VALUE_TEXT, FIELD(cmdline), .max = 64 * KIB - 1,
	                       .default_value = "console=ttyS0 panic=-1",
	                       .doc = "Kernel command line; its exact bytes are measured" },
	[KEY_BOOT_KERNEL_HASHES] = { "boot.kernel_hashes", VALUE_BOOL, FIELD(kernel_hashes),
	                             .doc = "Measure by hashes; true if firmware and kernel" },
	[KEY_VCPUS] = { "vcpus", VALUE_NUMBER, FIELD(vcpus), .min = 1, .max = PLAN_MAX_VCPUS,
	                .default_value = "1", .doc = "Number of vCPUs; measured" },
	[KEY_VCPU_TYPE] = { "vcpu_type", VALUE_VCPU_TYPE, FIELD(vcpu_type), .max = UINT32_MAX,
	                    .default_value = "EPYC-v4",
	                    .doc = "CPU model, or its signature as 0x number; measured" },
	[KEY_MEMORY] = { "memory", VALUE_SIZE, FIELD(memory), .min = 64 * KIB, .max = TIB,
	                 .default_value = "512M", .doc = "Guest memory, in whole 4 KiB pages" },
	[KEY_SNP_POLICY] = { "snp.policy", VALUE_POLICY, FIELD(policy), .max = UINT64_MAX,
	                     .default_value = "0x30000",
	                     .doc = "Guest policy, as a number or as a map of its bits" },
	[KEY_SNP_GUEST_FEATURES] = { "snp.guest_features", VALUE_FEATURES, FIELD(guest_features),
	                             .max = UINT64_MAX, .default_value = "0x1",
	                             .doc = "SEV_FEATURES of the VMSA; measured" },
	[KEY_SNP_HOST_DATA] = { "snp.host_data", VALUE_BYTES, FIELD(host_data),
	                        .doc = "32 bytes of the host's own in the report; else zero" },
	[KEY_SNP_GOSVW] = { "snp.gosvw", VALUE_BYTES, FIELD(gosvw),
	                    .doc = "16 bytes of guest OS visible workarounds; else zero" },
	[KEY_SNP_ID_BLOCK] = { "snp.id_block", VALUE_BYTES, FIELD(id_block),
	                       .doc = "ID block, 96 bytes; needs snp.id_auth" },
	[KEY_SNP_ID_AUTH] = { "snp.id_auth", VALUE_BYTES, FIELD(id_auth),
	                      .doc = "ID authentication, 4096 bytes; needs snp.id_block" },
	[KEY_SNP_IDENTITY] = { "snp.identity", VALUE_LATER,
	                       .doc = "Keys and ids from which an ID block is made at launch" },
	[KEY_SNP_CERTS] = { "snp.certs", VALUE_LATER,
	                    .doc = "Certificate table handed to the guest with its report" },
	[KEY_MEASURE_PROFILE] = { "measure.profile", VALUE_WORD, FIELD(profile),
	                          .words = profile_words, .default_value = "qemu",
	                          .doc = "Whose launch is measured; ec2 and gce cannot be run" },
	[KEY_MEASURE_OVMF_HASH] = { "measure.ovmf_hash", VALUE_DIGEST, FIELD(ovmf_hash),
	                            .doc = "Launch digest after the firmware; cannot be run" },
	[KEY_SERIAL] = { "serial", VALUE_SINK, FIELD(serial), .words = serial_words,
	                 .default_value = "stdout",
	                 .doc = "Where COM1 writes: stdout, none, or a path" },
	[KEY_DEBUG_PORT] = { "debug_port", VALUE_SINK, FIELD(debug_port), .words = debug_words,
	                     .default_value = "none",
	                     .doc = "Where I/O port 0x402 writes: none, stderr, or a path" },
	[KEY_EXIT_PORT] = { "exit_port", VALUE_PORT, FIELD(exit_port), .min = 1, .max = 0xfffe,
	                    .default_value = "0xf4",
	                    .doc = "I/O port to which the guest writes its status; false: none" },
	[KEY_LOG_LIMIT] = { "log_limit", VALUE_SIZE, FIELD(log_limit), .min = 4 * KIB, .max = TIB,
	                    .default_value = "64M",
	                    .doc = "Size beyond which a log keeps its head and its tail" },
	[KEY_DISKS] = { "disks", VALUE_LATER, .doc = "virtio-blk disks, raw" },
	[KEY_EXPECT_MEASUREMENT] = { "expect.measurement", VALUE_PINS, FIELD(pins),
	                             .doc = "Launch digests; checked before the launch" },
	[KEY_EXPECT_CONSOLE] = { "expect.console", VALUE_PATTERNS, FIELD(console), .max = 256,
	                         .doc = "Regular expressions that console lines must match, in "
	                                "this order" },
	[KEY_EXPECT_NEVER] = { "expect.never", VALUE_PATTERNS, FIELD(never), .max = 256,
	                       .default_value = "[Kernel panic]",
	                       .doc = "Regular expressions that no console line may match" },
	[KEY_EXPECT_EXIT] = { "expect.exit", VALUE_EXIT, FIELD(exit_code), .max = UINT32_MAX,
	                      .doc = "The guest's status; any; or none: it need not end" },
	[KEY_TIMEOUT] = { "timeout", VALUE_TIME, FIELD(timeout_ms), .min = 1, .max = 24 * DAY,
	                  .default_value = "60s", .doc = "Time limit of the whole run" },
	[KEY_SILENCE] = { "silence", VALUE_TIME, FIELD(silence_ms), .min = 1, .max = 24 * DAY,
	                  .doc = "Time limit since the last console byte" },
	[KEY_MATRIX] = { "matrix", VALUE_MATRIX, .fixed = true,
	                 .doc = "Map from keys to lists: one run for each combination" },
};

const struct key_group key_groups[] = {
	{ "boot", "What the guest starts with" },
	{ "snp", "What SEV-SNP is told at launch" },
	{ "measure", "How the launch digest is predicted" },
	{ "expect", "What must come out" },
	{ NULL, NULL },
};

const struct key *key_find(const char *name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

const struct key_group *key_group_find(const char *name)
{
	for (const struct key_group *g = key_groups; g->name; g++)
		if (strcmp(g->name, name) == 0)
			return g;
	return NULL;
}

const char *key_last(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

const char *key_meant(const char *name)
{
	struct nearest n = { .word = name };

	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(key_last(keys[i].name), key_last(name)) == 0)
			return keys[i].name;
	for (size_t i = 0; i < KEYS; i++)
		nearest_try(&n, keys[i].name);
	for (const struct key_group *g = key_groups; g->name; g++)
		nearest_try(&n, g->name);
	n.word = key_last(name); /* a slip and the wrong group: still near, if nothing is nearer */
	for (size_t i = 0; i < KEYS; i++)
		nearest_try_as(&n, key_last(keys[i].name), keys[i].name);
	return n.best;
}
