/* SPDX-License-Identifier: MIT */
/* firmware/vars.c: checks OVMF_VARS, and says where it lies in the guest. */
#include "firmware/vars.h"

#include "config/manifest.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "firmware/fv.h"
#include "firmware/images.h"
#include "firmware/ovmf.h"

#define FOUR_GIB ((uint64_t)1 << 32)

static int store_check(const struct blob *vars, struct error *err)
{
	uint64_t says = fv_variables_size(vars->data, vars->size);

	if (says == 0) {
		error_set(err, ERROR_BAD_FIRMWARE, "not a variable store");
		error_why(err, ovmf_probe(vars->data, vars->size)
		                       ? "it looks like the code of a firmware"
		                       : "it does not begin with the header of one");
		return error_fix(err, "give a copy of OVMF_VARS, and OVMF_CODE as boot.firmware");
	}
	if (says == vars->size && vars->size % PAGE_SIZE == 0)
		return 0;
	error_set(err, ERROR_BAD_FIRMWARE, "a variable store of %llu bytes in a file of %zu",
	          (unsigned long long)says, vars->size);
	error_why(err, says == vars->size ? "it is not whole 4 KiB blocks, which a flash has"
	                                  : "its header says another size than it has");
	return error_fix(err, says > vars->size
	                              ? "the file may be cut short: copy it again"
	                              : "give the OVMF_VARS of a split build, not a whole image");
}

/* The size of edk2's whole images is a power of two, from which they compute their addresses. */
static int pair_check(const struct blob *code, const struct blob *vars, struct error *err)
{
	size_t whole = code->size + vars->size;

	if (fv_variables_size(code->data, code->size)) {
		error_set(err, ERROR_CONFLICT, "boot.firmware has its variables in itself");
		error_why(err, "it is a whole image, not one that is split");
		return error_fix(err, "give OVMF_CODE as boot.firmware, or leave vars out");
	}
	if (whole <= OVMF_MAX_SIZE && (whole & (whole - 1)) == 0)
		return 0;
	error_set(err, ERROR_CONFLICT, "not the variables of this firmware");
	error_why(err,
	          "with boot.firmware, of %zu KiB, it has %zu KiB, and edk2's images have 1, 2 or "
	          "4 MiB; the firmware would look for its variables elsewhere",
	          code->size / 1024, whole / 1024);
	return error_fix(err, "give the OVMF_VARS that was built with it: OVMF_VARS_4M for "
	                      "OVMF_CODE_4M");
}

int vars_check(const struct manifest *m, const struct images *images, struct error *err)
{
	if (!images->vars_read)
		return 0;
	if (store_check(&images->vars, err) == 0 &&
	    (!images->firmware_read || pair_check(&images->firmware, &images->vars, err) == 0))
		return 0;
	error_wrap(err, "boot.vars.path: '%s'", m->vars.path);
	return manifest_at_location(m, &m->vars.at, err);
}

struct flash_content vars_flash(const struct images *images)
{
	const struct blob *vars = &images->vars;

	return (struct flash_content){ .bytes = vars->data,
		                       .gpa = FOUR_GIB - images->firmware.size - vars->size,
		                       .size = vars->size };
}
