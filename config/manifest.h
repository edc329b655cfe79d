/* SPDX-License-Identifier: MIT */
/* config/manifest.h: the launch manifest, version 1, as a struct. */
#ifndef CONFIG_MANIFEST_H
#define CONFIG_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/keys.h"
#include "core/dev/disk.h"
#include "core/plan/plan.h"

struct blob;     /* core/base/file.h */
struct confine;  /* core/base/confine.h */
struct error;    /* core/base/error.h */
struct findings; /* core/base/findings.h */
struct platform; /* core/vm/vm.h */

#define MANIFEST_INITRDS 16 /* files in a list of boot.initrd */

/* Where a value stands; line 0: in no file. See manifest_at(). */
struct location {
	unsigned line, column;
	const char *by; /* "-k", or the key of --set, static; NULL: the file, or a default */
};

/* "--set KEY" or "-k", for messages. `by`: as in struct location, not NULL. */
void setting_name(const char *by, char *to, size_t cap);

/* -k and the like, whose paths are relative to the current folder, not to the manifest's. */
static inline bool location_is_option(const struct location *at)
{
	return at->by && at->by[0] == '-';
}

/* A file that the manifest names. */
struct manifest_file {
	char *path;  /* resolved against the manifest's folder; NULL: not given */
	bool pinned; /* { path: P, sha256: ... } */
	uint8_t sha256[32];
	struct location at;
};

/* The image of a virtio-blk disk. */
struct manifest_disk {
	struct manifest_file image;
	enum disk_mode mode;
	char serial[DISK_SERIAL + 1]; /* "disk0" by default */
};

/* A file with a key of P-384, or a key that is made for this run alone. */
struct manifest_key {
	bool ephemeral;
	char *path; /* NULL: not given, or ephemeral */
};

enum manifest_platform { MANIFEST_SNP, MANIFEST_KVM };
enum manifest_accept { ACCEPT_AUTO, ACCEPT_EAGER, ACCEPT_LAZY };
enum manifest_profile {
	PROFILE_QEMU,
	PROFILE_EC2,
	PROFILE_GCE,
	PROFILE_SVSM, /* Coconut's, before it had IGVM files */
	PROFILE_IGVM, /* as the IGVM format's specification says */
	PROFILE_IGVMMEASURE,
	PROFILE_IGVMMEASURE_ZERO, /* igvmmeasure --native-zero */
	PROFILE_CLOUD_HYPERVISOR,
	PROFILES
};

/* Where a device's output goes. */
enum sink_kind { SINK_NONE, SINK_STDOUT, SINK_STDERR, SINK_FILE };
struct manifest_sink {
	enum sink_kind kind;
	char *path; /* of SINK_FILE; else NULL */
};

/* boot.vars.keep: at most one of the two. */
struct manifest_keep {
	bool back; /* in the file that they were read from */
	char *path;
};

/* expect.measurement: one of these must match. vcpus 0: for any number of vCPUs. */
struct manifest_pin {
	unsigned vcpus;
	uint8_t digest[PLAN_DIGEST];
};

/* A regular expression, known to compile (core/base/pattern.h), and where it was written. */
struct manifest_pattern {
	char *text;
	struct location at;
};
struct manifest_patterns {
	struct manifest_pattern *list; /* NULL: none */
	size_t count;
};

struct manifest {
	bool whole; /* no mistakes; otherwise only what could be read has a value */

	char *file;         /* as the user gave it, clean, for messages; or MANIFEST_OPTIONS */
	uint8_t sha256[32]; /* of its text */
	char *name;         /* `name`, or the file's stem */
	enum manifest_platform platform;

	char *builtin; /* boot.firmware: builtin:NAME gives NAME; NULL otherwise */
	struct manifest_file firmware, kernel;
	struct manifest_file initrd; /* the only one, or the first of a list: manifest_initrd() */
	struct manifest_file initrd_more[MANIFEST_INITRDS - 1];
	size_t n_initrd_more;
	bool direct;   /* a kernel without a firmware */
	char *cmdline; /* no NUL inside */
	bool kernel_hashes;
	struct manifest_file vars;      /* boot.vars.path: not measured */
	struct manifest_keep vars_keep; /* boot.vars.keep */
	enum manifest_accept accept;    /* as written: what `auto` comes to depends on the kernel */

	unsigned vcpus;
	char *vcpu_type; /* as written: "EPYC-v4" or "0xa20f12" */
	uint32_t vcpu_sig;
	uint64_t memory; /* bytes, whole 4 KiB pages */

	uint64_t policy;
	struct location policy_at;
	uint64_t guest_features;
	uint8_t host_data[32];
	bool host_data_random; /* of each run: host_data is zero until somebody fills it */
	uint8_t gosvw[16];
	bool id_block_given; /* both id_block and id_auth were read */
	uint8_t id_block[PLAN_ID_BLOCK];
	uint8_t id_auth[PLAN_ID_AUTH];
	struct location id_block_at;
	bool identity_given; /* snp.identity: the block is made for the launch, and signed */
	struct manifest_key id_key, author_key;
	uint8_t family_id[16], image_id[16];
	uint32_t svn;

	struct manifest_file certs; /* snp.certs: a certificate table; not measured */

	enum manifest_profile profile;
	bool ovmf_hash_given; /* measure.ovmf_hash: the digest after the firmware's own pages */
	uint8_t ovmf_hash[PLAN_DIGEST];
	struct manifest_file svsm; /* measure.svsm */
	uint64_t vars_size;        /* bytes between the SVSM and the firmware; 0: not given */

	struct manifest_sink serial, debug_port;
	bool exit_port_given; /* false: exit_port: false */
	uint16_t exit_port;
	uint64_t log_limit; /* bytes */

	struct manifest_disk disks[DISKS_MAX]; /* in the order of the guest's PCI slots */
	size_t n_disks;
	bool rng;           /* a virtio-rng */
	bool hvc;           /* a virtio-console */
	uint64_t vsock_cid; /* vsock; 0: none; MANIFEST_CID_AUTO: any that is free */

	struct manifest_pin *pins; /* expect.measurement; NULL: none */
	size_t n_pins;
	struct location pins_at;
	struct manifest_patterns console; /* expect.console: in this order */
	struct manifest_patterns never;   /* expect.never */
	/*
	 * expect.exit: at most one is true. If none is, a status at the exit port must be 0, and
	 * other ends on purpose pass, too.
	 */
	bool exit_any;      /* written as `any` */
	bool exit_none;     /* written as `none`: the run ends once expect.console is complete */
	bool exit_expected; /* written as a number */
	uint64_t exit_code; /* that number; 0 otherwise */
	bool report;        /* expect.report */

	uint64_t timeout_ms;
	uint64_t silence_ms; /* 0: no limit */

	/* Where the value of each key stands; all zero for a default. */
	struct location locations[KEYS];

	/*
	 * matrix: how many runs the manifest stands for (1 without one), and which of them this is.
	 */
	unsigned runs, run;
	char *variant; /* "vcpus=4,memory=1G"; NULL without a matrix */

	const struct confine *confine; /* where all its files must lie, borrowed; NULL: anywhere */
};

/* Whether it has devices that are on a PCI bus, about which ACPI tables have to say something. */
static inline bool manifest_has_pci(const struct manifest *m)
{
	return m->n_disks > 0 || m->rng || m->vsock_cid || m->hvc;
}

/*
 * --set key=value, in the order given; later ones win. The value of an option such as -k is
 * taken literally, never as YAML, and a path in it is relative to the current folder.
 */
struct manifest_setting {
	const char *key, *value;
	const char *option; /* "-k", static; NULL: --set */
};

/* The name of a manifest that options stand for. */
#define MANIFEST_OPTIONS "command line"

/* How to read a manifest. */
struct manifest_choice {
	const struct manifest_setting *set;
	size_t n_set;
	unsigned run; /* of its matrix, from 0; the last key of the matrix varies fastest */
	/* The folder that must hold all its files; outlives the manifest. NULL: any folder. */
	const struct confine *confine;
	const struct blob *text;         /* the manifest's text; NULL: read it from the path */
	const struct error *text_failed; /* why the text could not be read; NULL: it could */
};

#define MANIFEST_CID_AUTO UINT64_MAX
#define MANIFEST_MAX_RUNS 1000

/*
 * A manifest's text with the settings for it, read and parsed once for all runs of its matrix.
 * Mistakes in it are reported when a run is loaded. Borrows the path and choice->confine, and
 * nothing else; ignores choice->run. NULL: out of memory.
 */
struct manifest_source;
struct manifest_source *manifest_source_new(const char *path, const struct manifest_choice *choice);
void manifest_source_free(struct manifest_source *s); /* NULL is fine */

static inline void manifest_source_cleanup(struct manifest_source **s)
{
	manifest_source_free(*s);
}
#define auto_source __attribute__((cleanup(manifest_source_cleanup)))

/*
 * Reads and checks one run of a manifest, without the files that it names, except for `file:PATH`
 * bytes. Of a matrix, it checks the form and the values of this run. 0, or the code of the first
 * mistake, in *err with its place. The caller frees *ret with manifest_free() on success; on
 * failure only ret->runs is set: the number of runs if the mistake is in this one, or 0.
 */
int manifest_source_load(const struct manifest_source *s, unsigned run, struct manifest *ret,
                         struct error *err);

/*
 * The same for choice->run, read from the path. Without a path the settings alone make a manifest.
 * `choice` may be NULL: no settings, run 0.
 */
int manifest_load(const char *path, const struct manifest_choice *choice, struct manifest *ret,
                  struct error *err);
/* The same for text in memory, as fuzzers have it; `path` is for messages and relative paths. */
int manifest_parse(const char *path, const uint8_t *text, size_t size,
                   const struct manifest_choice *choice, struct manifest *ret, struct error *err);

/*
 * As manifest_source_load(), but finds all mistakes, sorted by place. A syntax error of YAML ends
 * reading; after other mistakes only what depends on them is left out. *ret is always written: the
 * caller frees it, and checks ret->whole before using it. The files that it names may be checked in
 * any case.
 */
void manifest_source_load_all(const struct manifest_source *s, unsigned run, struct manifest *ret,
                              struct findings *f);

/* Sets the place of the recorded failure to a value of this manifest. Returns its code. */
int manifest_at_location(const struct manifest *m, const struct location *at, struct error *err);

void manifest_free(struct manifest *m);

static inline void manifest_cleanup(struct manifest *m)
{
	manifest_free(m);
}
#define auto_manifest __attribute__((cleanup(manifest_cleanup)))

/* The same for the value of a key. */
int manifest_at(const struct manifest *m, enum key_id id, struct error *err);

/* Whether the manifest gives the key a value; otherwise it has its default. */
static inline bool manifest_gives(const struct manifest *m, enum key_id id)
{
	return m->locations[id].line || m->locations[id].by;
}

/* File i of the initrd, from 0. NULL: there are no more. */
static inline const struct manifest_file *manifest_initrd(const struct manifest *m, size_t i)
{
	if (i == 0)
		return m->initrd.path ? &m->initrd : NULL;
	return i <= m->n_initrd_more ? &m->initrd_more[i - 1] : NULL;
}

/* The last part of a path without its extension: "guest" for "tests/guest.yaml". Cut to `cap`. */
void manifest_stem(const char *path, char *to, size_t cap);

const char *manifest_profile_name(enum manifest_profile profile); /* "qemu" */
const struct platform *manifest_platform(const struct manifest *m);

#endif
