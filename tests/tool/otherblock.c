/* SPDX-License-Identifier: MIT */
/*
 * tests/tool/otherblock.c: otherblock MANIFEST: launches it with a correctly signed ID block for a
 * digest with one bit flipped. snpvmm itself refuses that; the firmware has to refuse it, too.
 * Prints the error; status 0 if the firmware refused.
 */
#include <stdio.h>
#include <string.h>

#include "config/manifest.h"
#include "core/attest/identity.h"
#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/snp/digest.h"
#include "core/vm/devices.h"
#include "core/vm/launch.h"
#include "core/vm/sys.h"
#include "core/vm/vm.h"
#include "firmware/assemble.h"
#include "firmware/images.h"

static int launch(const char *path, struct error *err)
{
	const struct vm_devices devices = { .exit_port_given = false };
	auto_manifest struct manifest m = { 0 };
	auto_images struct images images = { 0 };
	auto_plan const struct plan *plan = NULL;
	auto_digest struct snp_digest digest = { 0 };
	auto_identity struct identity identity = { 0 };
	uint8_t block[PLAN_ID_BLOCK], auth[PLAN_ID_AUTH];
	struct vm *vm = NULL;

	if (manifest_load(path, NULL, &m, err) < 0 || images_load(&m, &images, err) < 0 ||
	    assemble(&m, &images, manifest_platform(&m), &plan, err) < 0 ||
	    snp_digest_of(plan, &digest, err) < 0 || p384_generate(&identity.id_key, err) < 0)
		return err->code;
	digest.value[SNP_DIGEST_SIZE - 1] ^= 1;
	identity_block(&identity, digest.value, m.policy, block);
	if (identity_authenticate(&identity, block, NULL, auth, err) < 0)
		return err->code;
	plan_set_id_block(plan, block, auth, false);
	vm_launch(&kvm_sys_host, manifest_platform(&m), plan, &devices, &vm, err);
	vm_free(vm);
	return err->code;
}

int main(int argc, char **argv)
{
	struct error err = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: otherblock MANIFEST\n");
		return 2;
	}
	if (launch(argv[1], &err) == 0) {
		puts("launched");
		return 1;
	}
	printf("%s\n%s\n", err.text, err.why);
	return strstr(err.text, "BAD_MEASUREMENT") ? 0 : 1;
}
