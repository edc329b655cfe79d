/* SPDX-License-Identifier: MIT */
/*
 * config/keys.c: every key of the manifest, version 1: its kind, field, limits, default and
 * meaning.
 */
#include "config/keys.h"

#include <assert.h>
#include <string.h>

#include "config/kind.h"
#include "config/manifest.h"
#include "config/nearest.h"
#include "core/base/array.h"

#define FIELD(f) .offset = offsetof(struct manifest, f), .size = sizeof(((struct manifest *)0)->f)

#define KIB ((uint64_t)1 << 10)
#define TIB ((uint64_t)1 << 40)
#define DAY ((uint64_t)24 * 60 * 60 * 1000)

const char *const platform_words[] = { [MANIFEST_SNP] = "snp", [MANIFEST_KVM] = "kvm", NULL };
const char *const profile_words[] = { [PROFILE_QEMU] = "qemu",
	                              [PROFILE_EC2] = "ec2",
	                              [PROFILE_GCE] = "gce",
	                              [PROFILE_SVSM] = "svsm",
	                              [PROFILE_IGVM] = "igvm",
	                              [PROFILE_IGVMMEASURE] = "igvmmeasure",
	                              [PROFILE_IGVMMEASURE_ZERO] = "igvmmeasure-native-zero",
	                              [PROFILE_CLOUD_HYPERVISOR] = "cloud-hypervisor",
	                              NULL };
static_assert(ARRAY_SIZE(profile_words) == PROFILES + 1, "a profile without a name");
const char *const accept_words[] = {
	[ACCEPT_AUTO] = "auto", [ACCEPT_EAGER] = "eager", [ACCEPT_LAZY] = "lazy", NULL
};
static const char *const builtin_words[] = { "selftest", NULL };
static const char *const key_words[] = { KEY_EPHEMERAL, NULL };
static const char *const serial_words[] = { "stdout", "none", NULL };
static const char *const debug_words[] = { "none", "stderr", NULL };

static bool has_cmdline(const struct manifest *m)
{
	return m->kernel.path || (m->cmdline && manifest_gives(m, KEY_BOOT_CMDLINE));
}

static bool is_direct(const struct manifest *m)
{
	return m->direct;
}

static bool has_id_block(const struct manifest *m)
{
	return m->id_block_given;
}

static bool has_identity(const struct manifest *m)
{
	return m->identity_given;
}

static bool has_ovmf_hash(const struct manifest *m)
{
	return m->ovmf_hash_given;
}

static bool has_keep(const struct manifest *m)
{
	return m->vars_keep.back || m->vars_keep.path;
}

static bool has_vars_size(const struct manifest *m)
{
	return m->vars_size;
}

static bool has_rng(const struct manifest *m)
{
	return m->rng;
}

static bool has_hvc(const struct manifest *m)
{
	return m->hvc;
}

const struct key keys[KEYS] = {
	[KEY_VERSION] = { "version", &kind_number, .required = true, .fixed = true, .min = 1,
	                  .max = 1, .doc = "Version of the manifest's format" },
	[KEY_NAME] = { "name", &kind_line, .fixed = true, FIELD(name), .min = 1, .max = 255,
	               .doc = "Name in results; by default the file's name without its extension" },
	[KEY_PLATFORM] = { "platform", &kind_word, FIELD(platform), .words = platform_words,
	                   .default_value = "snp",
	                   .doc = "snp, or kvm: a plain VM without protection, for development" },
	[KEY_BOOT_FIRMWARE] = { "boot.firmware", &kind_firmware, FIELD(firmware),
	                        .words = builtin_words,
	                        .doc = "OVMF-style image, IGVM file, or builtin:selftest" },
	[KEY_BOOT_KERNEL] = { "boot.kernel", &kind_file, FIELD(kernel),
	                      .doc = "bzImage, booted directly if there is no firmware; with "
	                             "one, also an EFI program" },
	[KEY_BOOT_INITRD] = { "boot.initrd", &kind_files, FIELD(initrd), .max = MANIFEST_INITRDS,
	                      .doc = "Initial RAM disk, or a list of files to concatenate" },
	[KEY_BOOT_CMDLINE] = { "boot.cmdline", &kind_text, FIELD(cmdline), .max = 64 * KIB - 1,
	                       .default_value = "console=ttyS0 panic=-1", .has = has_cmdline,
	                       .doc = "Kernel command line; its exact bytes are measured" },
	[KEY_BOOT_KERNEL_HASHES] = { "boot.kernel_hashes", &kind_bool, FIELD(kernel_hashes),
	                             .doc = "Measure kernel, initrd and command line by their "
	                                    "hashes; by default if there are firmware and kernel" },
	[KEY_BOOT_VARS_PATH] = { "boot.vars.path", &kind_file, FIELD(vars),
	                         .doc = "Variables of a firmware that is split: OVMF_VARS; only "
	                                "for plain VMs" },
	[KEY_BOOT_VARS_KEEP] = { "boot.vars.keep", &kind_keep, FIELD(vars_keep), .has = has_keep,
	                         .doc = "Where variables are kept after the run: true: in the file "
	                                "they came from; or a path; by default nowhere" },
	[KEY_BOOT_ACCEPT] = { "boot.accept", &kind_word, FIELD(accept), .words = accept_words,
	                      .default_value = "auto", .has = is_direct,
	                      .doc = "Who accepts memory in a direct boot: stage0 all of it "
	                             "(eager), "
	                             "or the kernel what it needs (lazy); measured" },
	[KEY_VCPUS] = { "vcpus", &kind_number, FIELD(vcpus), .min = 1, .max = PLAN_MAX_VCPUS,
	                .default_value = "1", .doc = "Number of vCPUs; measured" },
	[KEY_VCPU_TYPE] = { "vcpu_type", &kind_vcpu_type, FIELD(vcpu_type), .max = UINT32_MAX,
	                    .default_value = "EPYC-v4",
	                    .doc = "CPU model, or its signature as 0x number; measured" },
	[KEY_MEMORY] = { "memory", &kind_size, FIELD(memory), .min = 64 * KIB, .max = TIB,
	                 .default_value = "512M", .doc = "Guest memory, in whole 4 KiB pages" },
	[KEY_SNP_POLICY] = { "snp.policy", &kind_policy, FIELD(policy), .max = UINT64_MAX,
	                     .default_value = "0x30000",
	                     .doc = "Guest policy, as a number or as a map of its bits" },
	[KEY_SNP_GUEST_FEATURES] = { "snp.guest_features", &kind_features, FIELD(guest_features),
	                             .max = UINT64_MAX, .default_value = "0x1",
	                             .doc = "SEV_FEATURES of the VMSA; measured" },
	[KEY_SNP_HOST_DATA] = { "snp.host_data", &kind_host_data, FIELD(host_data),
	                        .doc = "32 bytes for HOST_DATA in reports; or random: new ones for "
	                               "each run; by default zero" },
	[KEY_SNP_GOSVW] = { "snp.gosvw", &kind_bytes, FIELD(gosvw),
	                    .doc = "16 bytes of guest OS visible workarounds; by default zero" },
	[KEY_SNP_ID_BLOCK] = { "snp.id_block", &kind_bytes, FIELD(id_block), .has = has_id_block,
	                       .doc = "ID block, 96 bytes; needs snp.id_auth" },
	[KEY_SNP_ID_AUTH] = { "snp.id_auth", &kind_bytes, FIELD(id_auth), .has = has_id_block,
	                      .doc = "ID authentication, 4096 bytes; needs snp.id_block" },
	[KEY_SNP_IDENTITY_ID_KEY] = { "snp.identity.id_key", &kind_key, FIELD(id_key),
	                              .words = key_words,
	                              .doc = "Key that signs the ID block, or ephemeral: one for "
	                                     "this run only" },
	[KEY_SNP_IDENTITY_AUTHOR_KEY] = { "snp.identity.author_key", &kind_key, FIELD(author_key),
	                                  .doc = "Key that vouches for the ID key" },
	[KEY_SNP_IDENTITY_FAMILY_ID] = { "snp.identity.family_id", &kind_bytes, FIELD(family_id),
	                                 .has = has_identity,
	                                 .doc = "16 bytes for FAMILY_ID in reports; by default "
	                                        "zero" },
	[KEY_SNP_IDENTITY_IMAGE_ID] = { "snp.identity.image_id", &kind_bytes, FIELD(image_id),
	                                .has = has_identity,
	                                .doc = "16 bytes for IMAGE_ID in reports; by default "
	                                       "zero" },
	[KEY_SNP_IDENTITY_SVN] = { "snp.identity.svn", &kind_number, FIELD(svn), .max = UINT32_MAX,
	                           .has = has_identity,
	                           .doc = "Security version of the guest in reports; by default "
	                                  "0" },
	[KEY_SNP_CERTS] = { "snp.certs", &kind_file, FIELD(certs),
	                    .doc = "Certificate table handed to the guest with its report" },
	[KEY_MEASURE_PROFILE] = { "measure.profile", &kind_word, FIELD(profile),
	                          .words = profile_words, .default_value = "qemu",
	                          .doc = "Launcher whose digest is predicted; ec2, gce and svsm "
	                                 "cannot be run; the last four are for IGVM files" },
	[KEY_MEASURE_OVMF_HASH] = { "measure.ovmf_hash", &kind_digest, FIELD(ovmf_hash),
	                            .has = has_ovmf_hash,
	                            .doc = "Launch digest after the firmware; cannot be run" },
	[KEY_MEASURE_SVSM] = { "measure.svsm", &kind_file, FIELD(svsm),
	                       .doc = "SVSM image, for profile svsm" },
	[KEY_MEASURE_VARS_SIZE] = { "measure.vars_size", &kind_size, FIELD(vars_size),
	                            .min = 4 * KIB, .max = 16 * 1024 * KIB, .has = has_vars_size,
	                            .doc = "Size of the variable store between firmware and SVSM, "
	                                   "for profile svsm" },
	[KEY_SERIAL] = { "serial", &kind_sink, FIELD(serial), .words = serial_words,
	                 .default_value = "stdout",
	                 .doc = "Where COM1 writes: stdout, none, or a path" },
	[KEY_DEBUG_PORT] = { "debug_port", &kind_sink, FIELD(debug_port), .words = debug_words,
	                     .default_value = "none",
	                     .doc = "Where I/O port 0x402 writes: none, stderr, or a path" },
	[KEY_EXIT_PORT] = { "exit_port", &kind_port, FIELD(exit_port), .min = 1, .max = 0xfffe,
	                    .default_value = "0xf4",
	                    .doc = "I/O port to which the guest writes its status; false: none" },
	[KEY_LOG_LIMIT] = { "log_limit", &kind_size, FIELD(log_limit), .min = 4 * KIB, .max = TIB,
	                    .default_value = "64M",
	                    .doc = "Size beyond which a log keeps only its head and its tail" },
	[KEY_DISKS] = { "disks", &kind_disks, FIELD(disks), .max = DISKS_MAX,
	                .doc = "Raw images for virtio-blk disks; nothing of them is measured" },
	[KEY_VSOCK] = { "vsock", &kind_cid, FIELD(vsock_cid), .min = 3, .max = 0xfffffffe,
	                .doc = "Sockets between host and guest: auto, or the guest's CID; by "
	                       "default none" },
	[KEY_RNG] = { "rng", &kind_bool, FIELD(rng), .has = has_rng, .default_value = "false",
	              .doc = "A virtio-rng: random bytes of the host, which Linux trusts fully" },
	[KEY_HVC] = { "hvc", &kind_bool, FIELD(hvc), .has = has_hvc, .default_value = "false",
	              .doc = "A virtio-console, hvc0 in Linux: fast output beside COM1's" },
	[KEY_EXPECT_MEASUREMENT] = { "expect.measurement", &kind_pins, FIELD(pins),
	                             .doc = "Launch digests; checked before the launch" },
	[KEY_EXPECT_CONSOLE] = { "expect.console", &kind_patterns, FIELD(console), .max = 256,
	                         .doc = "Regular expressions that console lines must match, in "
	                                "this order" },
	[KEY_EXPECT_NEVER] = { "expect.never", &kind_patterns, FIELD(never), .max = 256,
	                       .default_value = "[Kernel panic]",
	                       .doc = "Regular expressions that no console line may match" },
	[KEY_EXPECT_EXIT] = { "expect.exit", &kind_exit, FIELD(exit_code), .max = UINT32_MAX,
	                      .doc = "Status that the guest must give; any; or none: it may keep "
	                             "running" },
	[KEY_EXPECT_REPORT] = { "expect.report", &kind_bool, FIELD(report),
	                        .doc = "Whether the guest prints its attestation report, which "
	                               "must be of this launch" },
	[KEY_TIMEOUT] = { "timeout", &kind_time, FIELD(timeout_ms), .min = 1, .max = 24 * DAY,
	                  .default_value = "60s",
	                  .doc = "Time limit since the guest's first instruction" },
	[KEY_SILENCE] = { "silence", &kind_time, FIELD(silence_ms), .min = 1, .max = 24 * DAY,
	                  .doc = "Time limit since the last console byte" },
	[KEY_MATRIX] = { "matrix", &kind_matrix, .fixed = true,
	                 .doc = "Map from keys to lists of values: one run for each combination" },
};

const struct key_group key_groups[] = {
	{ "boot", "What the guest boots", NULL, NULL },
	{ "boot.vars", "The variables of a firmware", &key_groups[0], "path" },
	{ "snp", "Parameters of an SEV-SNP launch", NULL, NULL },
	{ "snp.identity", "How the ID block of a launch is made and signed", &key_groups[2],
	  "id_key" },
	{ "measure", "How the launch digest is predicted", NULL, NULL },
	{ "expect", "What the run must result in", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
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

const struct key_group *key_group_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (const struct key_group *g = key_groups; dot && g->name; g++)
		if (strlen(g->name) == (size_t)(dot - name) &&
		    strncmp(g->name, name, strlen(g->name)) == 0)
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
	/* a typo in the wrong group is near as well, if nothing is nearer */
	n.word = key_last(name);
	for (size_t i = 0; i < KEYS; i++)
		nearest_try_as(&n, key_last(keys[i].name), keys[i].name);
	return n.best;
}
