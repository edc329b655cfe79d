/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/igvm.c: libFuzzer target: any bytes, with a right checksum, are refused or become a
 * plan that has a digest; and what is written of the plan has the same one.
 */
#include "config/manifest.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/snp/digest.h"
#include "core/vm/platforms.h"
#include "firmware/assemble.h"
#include "firmware/igvm.h"
#include "firmware/igvm_plan.h"
#include "firmware/igvm_write.h"
#include "firmware/images.h"
#include "tests/fuzz/fuzz.h"

/* The last byte chooses the loader and the number of vCPUs. */
static struct manifest manifest_for(uint8_t choice)
{
	static const enum manifest_profile profiles[] = { PROFILE_QEMU, PROFILE_IGVM,
		                                          PROFILE_IGVMMEASURE_ZERO,
		                                          PROFILE_CLOUD_HYPERVISOR };

	return (struct manifest){ .file = (char *)"m.yaml",
		                  .firmware.path = (char *)"guest.igvm",
		                  .cmdline = (char *)"quiet",
		                  .vcpus = 1 + (choice >> 2) % 3,
		                  .vcpu_sig = 0x800f12,
		                  .memory = (uint64_t)32 << 20,
		                  .policy = 0x30000,
		                  .guest_features = 1,
		                  .profile = profiles[choice % 4] };
}

/* As the file says where its headers are; a mutation of them hardly ever has the right one. */
static void checksum_mend(uint8_t *file, size_t size)
{
	static const uint8_t zero[4];
	struct reader r = reader_over(file, size, 4, 12);
	uint32_t fixed = reader_le32(&r) == 2 ? 32 : 24, at = reader_le32(&r), n = reader_le32(&r);
	uint32_t crc;
	le32 sum;

	if (r.bad || size < fixed || at > size || n > size - at)
		return;
	memcpy(file, "IGVM", 4);
	crc = igvm_crc(0, file, 20);
	crc = igvm_crc(crc, zero, sizeof(zero));
	crc = igvm_crc(crc, file + 24, fixed - 24);
	sum = le32_of(igvm_crc(crc, file + at, n));
	memcpy(file + 20, &sum, sizeof(sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest m = manifest_for(size ? data[size - 1] : 0);
	auto_images struct images images = { 0 };
	auto_plan const struct plan *p = NULL;
	auto_digest struct snp_digest d = { 0 };
	auto_buffer struct buffer again = { 0 };
	enum manifest_profile profile;
	struct error err = { 0 };

	if (size < 4 || blob_zero(size, &images.firmware, &err) < 0)
		return 0;
	memcpy(images.firmware.data, data, size);
	checksum_mend(images.firmware.data, size);
	if (!igvm_probe(images.firmware.data, size))
		return 0;
	igvm_policy(&m, &images.firmware);
	if (assemble(&m, &images, &platform_snp, &p, &err) < 0) {
		must_explain(&err);
		return 0;
	}
	must(snp_digest_of(p, &d, &err) == 0);
	if (!plan_settings(p)->vmsas_are_regions &&
	    igvm_write(p, &m, d.value, &again, &profile, &err) < 0) {
		must_explain(&err);
		must(!strstr(err.text, "read back"));
	}
	return 0;
}
