/* SPDX-License-Identifier: MIT */
/* firmware/prepare.c: checks each file by itself, so that all faults are found, not the first. */
#include "firmware/prepare.h"

#include <inttypes.h>
#include <stddef.h>

#include "config/cmdline.h"
#include "config/keys.h"
#include "config/value.h"
#include "core/attest/crypto.h"
#include "core/attest/given.h"
#include "core/attest/identity.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/filekind.h"
#include "core/base/findings.h"
#include "core/plan/plan.h"
#include "core/snp/certs.h"
#include "core/snp/idblock.h"
#include "core/vm/vm.h"
#include "firmware/assemble.h"
#include "firmware/igvm.h"
#include "firmware/igvm_plan.h"
#include "firmware/images.h"
#include "firmware/initrd.h"
#include "firmware/linux.h"
#include "firmware/ovmf.h"
#include "firmware/vars.h"

static int check_firmware(const struct manifest *m, const struct images *images, struct error *err)
{
	const char *lack;
	struct ovmf o;
	struct igvm f;

	if (!images->firmware_read)
		return 0;
	if (igvm_probe(images->firmware.data, images->firmware.size)) {
		int r = igvm_parse(images->firmware.data, images->firmware.size, &f, err);

		if (r == 0 && manifest_platform(m)->measured)
			return 0;
		if (r == 0) {
			error_set(err, ERROR_UNSUPPORTED,
			          "an IGVM file is launched under SNP, not on platform %s",
			          manifest_platform(m)->name);
			error_why(err, "its pages, registers and parameters are those of its SNP "
			               "platform");
			error_fix(err, "give the raw image (.fd), or use platform snp");
		}
		error_wrap(err, "firmware '%s'", m->firmware.path);
		return manifest_at_location(m, &m->firmware.at, err);
	}
	if (!m->kernel.path && m->cmdline && m->cmdline[0] && manifest_gives(m, KEY_BOOT_CMDLINE)) {
		error_set(err, ERROR_CONFLICT, "'boot.cmdline' without 'boot.kernel'");
		error_fix(err, "give the kernel that the command line is for%s, or remove it",
		          m->locations[KEY_BOOT_CMDLINE].by ? " (-k)" : "");
		return manifest_at(m, KEY_BOOT_CMDLINE, err);
	}
	if (ovmf_parse_for_launch(m->firmware.path, images->firmware.data, images->firmware.size,
	                          manifest_platform(m)->measured, &o, &lack, err) == 0)
		return 0;
	return manifest_at_location(m, &m->firmware.at, err);
}

/* With a firmware, even a kernel that can't be parsed can be measured, so it is no error here. */
static int check_kernel(const struct manifest *m, const struct images *images, struct error *err)
{
	struct linux_kernel k;

	if (!images->kernel_read)
		return 0;
	if (linux_parse(images->kernel.data, images->kernel.size, &k, err) < 0) {
		if (!m->direct)
			return 0;
		error_wrap(err, "kernel '%s'", m->kernel.path);
		return manifest_at_location(m, &m->kernel.at, err);
	}
	if (!m->cmdline || linux_cmdline_check(m->cmdline, &k, m->direct, err) == 0)
		return 0;
	return manifest_at(m, KEY_BOOT_CMDLINE, err);
}

static int check_id_block(const struct manifest *m, const struct images *images, struct error *err)
{
	uint64_t policy = igvm_policy(m, &images->firmware);
	bool author_key, digest_differs, policy_differs = false;

	if (!m->id_block_given)
		return 0;
	if (snp_id_check(m->id_block, m->id_auth, &author_key, err) < 0)
		return manifest_at(m, KEY_SNP_ID_BLOCK, err);
	if (snp_id_version(m->id_block) != SNP_ID_BLOCK_VERSION) {
		error_set(err, ERROR_BAD_ID_BLOCK, "snp.id_block has version %u, not %d",
		          snp_id_version(m->id_block), SNP_ID_BLOCK_VERSION);
		error_why(err, "the SEV-SNP firmware specification defines no other");
		error_fix(err, "'snpvmm idblock' makes one for this manifest");
		return manifest_at(m, KEY_SNP_ID_BLOCK, err);
	}
	if (m->whole)
		snp_id_compare(m->id_block, m->id_block, policy, &digest_differs, &policy_differs);
	if (policy_differs) {
		error_set(err, ERROR_BAD_ID_BLOCK,
		          "snp.id_block is for policy 0x%" PRIx64 ", and snp.policy is 0x%" PRIx64,
		          snp_id_policy(m->id_block), policy);
		error_why(err, "the firmware refuses a launch whose policy differs from the "
		               "block's in any bit");
		error_fix(err, "write policy: 0x%" PRIx64 ", or sign a block for this policy",
		          snp_id_policy(m->id_block));
		return manifest_at(m, KEY_SNP_ID_BLOCK, err);
	}
	/* the last, because it is wrong as well where something else of the block was changed */
	if (identity_verify(m->id_block, m->id_auth, &author_key, err) < 0)
		return manifest_at(m, KEY_SNP_ID_BLOCK, err);
	return 0;
}

/* The table as the guest will get it. It is read again for each request: core/vm/snp_certs.c. */
static int check_certs(const struct manifest *m, const struct images *images, struct error *err)
{
	const struct blob *b = &images->certs;
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t count;

	if (!images->certs_read)
		return 0;
	if (file_kind_refuse(b->data, b->size, ROLE_CERTS, ERROR_BAD_CERTIFICATE, err) == 0 &&
	    snp_certs_parse(b->data, b->size, certs, &count, err) == 0)
		return 0;
	if (!err->fix[0])
		error_fix(err, "'snpvmm certs DIR FILE' makes a table from a folder of "
		               "certificates");
	error_wrap(err, "snp.certs: '%s'", m->certs.path);
	return manifest_at_location(m, &m->certs.at, err);
}

/* Guests get these bytes whatever they are, so that what can't be right is only a warning. */
static void warn_certs_content(const struct manifest *m, const struct images *images,
                               struct findings *f)
{
	const uint8_t *table = images->certs.data;
	struct snp_cert certs[SNP_CERTS_MAX];
	size_t count = 0;
	struct error w;

	if (images->certs_read)
		snp_certs_read(table, images->certs.size, certs, &count);
	for (size_t i = 0; i < count; i++) {
		struct given g = { 0 };

		if (certs[i].name &&
		    given_add(&g, table + certs[i].offset, certs[i].size, &w) < 0) {
			error_wrap(&w, "snp.certs: the table's %s", certs[i].name);
			error_why(&w, "guests get it as it is, and can't verify their report");
			manifest_at_location(m, &m->certs.at, &w);
			findings_add(f, SEVERITY_WARNING, &w);
		}
		given_fini(&g);
	}
}

static void warn_certs(const struct manifest *m, const struct images *images, struct findings *f)
{
	struct error w;

	warn_certs_content(m, images, f);
	if (images->certs.size <= SNP_CERTS_LINUX)
		return;
	error_set(&w, ERROR_NONE, "snp.certs: the table has %zu bytes, and Linux guests take %zu",
	          images->certs.size, SNP_CERTS_LINUX);
	error_why(&w, "the guest's driver offers no more, and gets no certificates then");
	error_fix(&w, "leave out what the guest doesn't need; certificates in DER are smaller "
	              "than in PEM");
	manifest_at_location(m, &m->certs.at, &w);
	findings_add(f, SEVERITY_WARNING, &w);
}

int prepare_id_digest(const struct manifest *m, const struct plan *p,
                      const uint8_t digest[static PLAN_DIGEST], struct error *err)
{
	const struct plan_settings *s = plan_settings(p);
	char want[2 * PLAN_DIGEST + 1], have[2 * PLAN_DIGEST + 1];
	bool digest_differs = false, policy_differs;

	if (s->id_block_given)
		snp_id_compare(s->id_block, digest, s->policy, &digest_differs, &policy_differs);
	if (!digest_differs)
		return 0;
	error_set(err, ERROR_MEASUREMENT_DIFFERS, "%s is for another measurement",
	          m->id_block_given ? "snp.id_block" : "the ID block in the IGVM file");
	error_why(err, "it names %s, this manifest measures as %s",
	          hex_of(s->id_block, PLAN_DIGEST, want), hex_of(digest, PLAN_DIGEST, have));
	if (!m->id_block_given) {
		error_fix(err, "try the other values of measure.profile for IGVM files, or have "
		               "the file signed for this measurement");
		return manifest_at(m, KEY_BOOT_FIRMWARE, err);
	}
	error_fix(
		err,
		"sign a block for this measurement, or give the files that the block was made for");
	return manifest_at(m, KEY_SNP_ID_BLOCK, err);
}

/*
 * Linux unpacks an initrd into a tmpfs, which takes up to half of the memory that Linux finds,
 * while the packed one is still there. With root= it may be a ramfs, which takes all (linux:
 * init/do_mounts.c, mm/shmem.c). The memory that Linux itself needs is not counted, so there is no
 * warning about an initrd that fits.
 */
static void warn_initrd(const struct manifest *m, const struct images *images, struct findings *f)
{
	uint64_t packed = images->initrd.size, unpacked, most;
	struct linux_kernel k;
	struct error w;
	char text[VALUE_UNIT_CAP];

	if (!images->initrd_read || !images->kernel_read || !m->memory || !m->cmdline ||
	    linux_parse(images->kernel.data, images->kernel.size, &k, &w) < 0)
		return;
	unpacked = initrd_unpacked(images->initrd.data, images->initrd.size);
	most = cmdline_has(m->cmdline, "root=") || cmdline_has(m->cmdline, "rootfstype=")
	               ? m->memory
	               : m->memory / 2;
	if (unpacked <= most && unpacked + packed <= m->memory)
		return;
	error_set(&w, ERROR_NONE,
	          "the initrd unpacks to about %" PRIu64 " MiB, which is too much "
	          "for a guest with memory: %s",
	          unpacked >> 20, value_size_text(m->memory, text));
	error_why(&w, "Linux unpacks it into memory, of which its files may take %s",
	          most < m->memory ? "half" : "what the packed one leaves");
	error_fix(&w, "write memory: %" PRIu64 "M or more",
	          ((2 * unpacked + packed) / ((uint64_t)64 << 20) + 2) * 64);
	manifest_at(m,
	            m->locations[KEY_MEMORY].line || m->locations[KEY_MEMORY].by ? KEY_MEMORY
	                                                                         : KEY_BOOT_INITRD,
	            &w);
	if (m->variant)
		error_wrap(&w, "%s", m->variant);
	findings_add(f, SEVERITY_WARNING, &w);
}

bool prepare_files(const struct manifest *m, bool hashed, struct images *ret, struct findings *f)
{
	static int (*const checks[])(const struct manifest *m, const struct images *images,
	                             struct error *err) = {
		check_firmware, check_kernel, check_id_block, check_certs, vars_check,
	};
	size_t errors = f->errors;
	struct error err = { 0 };

	images_read(m, hashed, ret, f);
	for (size_t i = 0; m->file && i < ARRAY_SIZE(checks); i++)
		if (checks[i](m, ret, &err) < 0)
			findings_add(f, SEVERITY_ERROR, &err);
	warn_initrd(m, ret, f);
	warn_certs(m, ret, f);
	/* an ID block is verified when no file can be opened any more */
	if (m->id_block_given || igvm_probe(ret->firmware.data, ret->firmware.size))
		crypto_start();
	return f->errors == errors;
}

bool prepare_plan(const struct manifest *m, const struct images *images, const struct platform *on,
                  const struct plan **ret, struct findings *f)
{
	struct error err = { 0 };

	if (assemble(m, images, on, ret, &err) < 0) {
		if (m->variant)
			error_wrap(&err, "%s", m->variant);
		findings_add(f, SEVERITY_ERROR, &err);
		return false;
	}
	if (m->firmware.path && m->kernel.path && !m->kernel_hashes) {
		error_set(&err, ERROR_NONE,
		          "kernel_hashes is false: kernel, initrd and command line are not "
		          "measured");
		manifest_at(m, KEY_BOOT_KERNEL_HASHES, &err);
		findings_add(f, SEVERITY_WARNING, &err);
	}
	if (manifest_platform(m)->measured && plan_settings(*ret)->snp_warning) {
		error_set(&err, ERROR_NONE, "%s", plan_settings(*ret)->snp_warning);
		manifest_at(m, KEY_BOOT_FIRMWARE, &err);
		findings_add(f, SEVERITY_WARNING, &err);
	}
	return true;
}
