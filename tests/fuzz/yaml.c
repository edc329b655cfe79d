/* SPDX-License-Identifier: MIT */
/* tests/fuzz/yaml.c: any bytes as a manifest. clang -fsanitize=fuzzer,address with libsnpvmm.a. */
#include "config/manifest.h"
#include "core/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_manifest struct manifest m = { 0 }, last = { 0 };
	struct manifest_choice choice = { 0 };
	struct error err = { 0 };

	if (manifest_parse("fuzz.yaml", data, size, NULL, &m, &err) < 0 || m.runs == 1)
		return 0;
	choice.run = m.runs - 1;
	manifest_parse("fuzz.yaml", data, size, &choice, &last, &err);
	return 0;
}
