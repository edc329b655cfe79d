/* SPDX-License-Identifier: MIT */
/* firmware/prepare.c: looks at each file by itself, so that one that is wrong doesn't hide the next. */
#include "firmware/prepare.h"

#include <stddef.h>

#include "config/keys.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/findings.h"
#include "core/plan/plan.h"
#include "core/snp/idblock.h"
#include "firmware/assemble.h"
#include "firmware/images.h"
#include "firmware/linux.h"
#include "firmware/ovmf.h"

static int look_at_firmware(const struct manifest *m, const struct images *images,
                            struct error *err)
{
	const char *lack;
	struct ovmf o;

	if (!images->firmware_read)
		return 0;
	if (ovmf_parse_for_launch(m->firmware.path, images->firmware.data, images->firmware.size,
	                          m->platform == MANIFEST_KVM, &o, &lack, err) == 0)
		return 0;
	return manifest_at_place(m, &m->firmware.at, err);
}

/* One for a firmware may be of a kind that snpvmm can only measure. */
static int look_at_kernel(const struct manifest *m, const struct images *images, struct error *err)
{
	struct linux_kernel k;

	if (!images->kernel_read || !m->direct)
		return 0;
	if (linux_parse(images->kernel.data, images->kernel.size, &k, err) == 0)
		return 0;
	error_wrap(err, "kernel '%s'", m->kernel.path);
	return manifest_at_place(m, &m->kernel.at, err);
}

static int look_at_id_block(const struct manifest *m, const struct images *images,
                            struct error *err)
{
	bool author_key;

	(void)images;
	if (!m->id_block_given || snp_id_check(m->id_block, m->id_auth, &author_key, err) == 0)
		return 0;
	return manifest_at_place(m, &m->id_block_at, err);
}

bool prepare_files(const struct manifest *m, bool hashed, struct images *ret, struct findings *f)
{
	static int (*const looks[])(const struct manifest *m, const struct images *images,
	                            struct error *err) = {
		look_at_firmware,
		look_at_kernel,
		look_at_id_block,
	};
	size_t errors = f->errors;
	struct error err = { 0 };

	images_read(m, hashed, ret, f);
	for (size_t i = 0; m->file && i < ARRAY_SIZE(looks); i++)
		if (looks[i](m, ret, &err) < 0)
			findings_add(f, SEVERITY_ERROR, &err);
	return f->errors == errors;
}

static void warn_unmeasured(const struct manifest *m, struct findings *f)
{
	struct error w;

	if (!m->firmware.path || !m->kernel.path || m->kernel_hashes)
		return;
	error_set(&w, ERROR_NONE,
	          "kernel_hashes is false: kernel, initrd and command line are not measured");
	manifest_at(m, KEY_BOOT_KERNEL_HASHES, &w);
	findings_add(f, SEVERITY_WARNING, &w);
}

static void warn_doubt(const struct manifest *m, const struct plan *p, struct findings *f)
{
	struct error w;

	if (m->platform != MANIFEST_SNP || !plan_settings(p)->snp_doubt)
		return;
	error_set(&w, ERROR_NONE, "%s", plan_settings(p)->snp_doubt);
	manifest_at(m, KEY_BOOT_FIRMWARE, &w);
	findings_add(f, SEVERITY_WARNING, &w);
}

bool prepare_plan(const struct manifest *m, const struct images *images, enum manifest_platform on,
                  const struct plan **ret, struct findings *f)
{
	struct error err = { 0 };

	if (assemble(m, images, on, ret, &err) == 0) {
		warn_unmeasured(m, f);
		warn_doubt(m, *ret, f);
		return true;
	}
	if (m->variant)
		error_wrap(&err, "%s", m->variant);
	findings_add(f, SEVERITY_ERROR, &err);
	return false;
}
