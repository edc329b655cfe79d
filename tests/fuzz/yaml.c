/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/yaml.c: libFuzzer target: any bytes as a manifest; a valid one can be written and
 * loaded again.
 */
#include "config/manifest.h"
#include "config/write.h"
#include "tests/fuzz/fuzz.h"

static void rewrite(const struct manifest *m)
{
	const struct manifest_hashes none = { 0 };
	auto_manifest struct manifest again = { 0 };
	struct error err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	must(f && manifest_write(m, &none, f, &err) == 0);
	fclose(f);
	must(manifest_parse("again.yaml", (uint8_t *)text, size, NULL, &again, &err) == 0);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_manifest struct manifest m = { 0 }, last = { 0 };
	struct manifest_choice choice = { 0 };
	struct error err = { 0 };

	if (manifest_parse("fuzz.yaml", data, size, NULL, &m, &err) < 0)
		return 0;
	rewrite(&m);
	choice.run = m.runs - 1;
	if (m.runs > 1 && manifest_parse("fuzz.yaml", data, size, &choice, &last, &err) == 0)
		rewrite(&last);
	return 0;
}
