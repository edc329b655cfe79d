/* SPDX-License-Identifier: MIT */
/* tests/fuzz/yaml.c: any bytes as a manifest. clang -fsanitize=fuzzer,address with libsnpvmm.a. */
#include "config/manifest.h"
#include "core/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_manifest struct manifest m = { 0 };
	struct error err = { 0 };

	manifest_parse("fuzz.yaml", data, size, NULL, 0, &m, &err);
	return 0;
}
