/* SPDX-License-Identifier: MIT */
/*
 * tests/fuzz/set.c: libFuzzer target: any --set and options over manifests: the manifest is loaded,
 * and what is printed of it loads again as the same, or it is refused with a place and a reason.
 */
#include <stdio.h>

#include "config/keys.h"
#include "config/manifest.h"
#include "config/write.h"
#include "core/base/findings.h"
#include "tests/fuzz/fuzz.h"

enum { SETTINGS = 8, TEXT = 256 };

static const char *const manifests[] = {
	"version: 1\nboot: {firmware: 'builtin:selftest'}\n",
	"version: 1\nplatform: kvm\nboot: {kernel: k, initrd: [i, j], cmdline: 'a b'}\n",
	"version: 1\nboot: {firmware: f}\nmatrix: {vcpus: [1, 2], memory: [16M, 1G]}\n",
	"version: 1\nboot: {firmware: f}\nsnp: {policy: {debug: true}}\ndisks: [d]\n",
	"version: 2\nbogus: [\n",
};

/* -k and the like, with their keys; see cmd/settings.c. */
static const struct {
	const char *option;
	enum key_id key;
} options[] = {
	{ "-k", KEY_BOOT_KERNEL },   { "-i", KEY_BOOT_INITRD }, { "-a", KEY_BOOT_CMDLINE },
	{ "-f", KEY_BOOT_FIRMWARE }, { "-m", KEY_MEMORY },      { "-c", KEY_VCPUS },
};

struct texts {
	char key[SETTINGS][TEXT], value[SETTINGS][TEXT];
	struct manifest_setting list[SETTINGS];
};

/* A byte chooses the key, or that it is written out; a line is the value. */
static size_t settings_take(struct input *in, struct texts *t)
{
	size_t n = 0;

	for (; n < SETTINGS && in->left > 0; n++) {
		unsigned which = (unsigned)take(in, 1);
		struct manifest_setting *s = &t->list[n];

		*s = (struct manifest_setting){ .key = t->key[n], .value = t->value[n] };
		if (which < KEYS) {
			s->key = keys[which].name;
		} else if (which < KEYS + ARRAY_SIZE(options)) {
			s->option = options[which - KEYS].option;
			s->key = keys[options[which - KEYS].key].name;
		} else {
			take_text(in, '=', t->key[n], TEXT);
		}
		take_text(in, '\n', t->value[n], TEXT);
	}
	return n;
}

static char *written(const struct manifest *m)
{
	const struct manifest_hashes none = { 0 };
	struct error err = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	must(manifest_write(m, &none, f, &err) == 0 && fclose(f) == 0);
	return text;
}

static void rewrite(const struct manifest *m)
{
	auto_manifest struct manifest again = { 0 };
	char *text = written(m), *twice;
	struct error err = { 0 };

	must(manifest_parse("again.yaml", (uint8_t *)text, strlen(text), NULL, &again, &err) == 0);
	twice = written(&again);
	must(!strcmp(text, twice));
	free(text);
	free(twice);
}

/* All that is wrong is found at once, or nothing. */
static void check_all(const struct manifest_choice *choice, bool loads)
{
	auto_source struct manifest_source *s = manifest_source_new("set.yaml", choice);
	auto_manifest struct manifest m = { 0 };
	auto_findings struct findings f = { 0 };

	manifest_source_load_all(s, choice->run, &m, &f);
	must(m.whole == loads && (f.errors == 0) == loads);
	for (size_t i = 0; i < f.count; i++)
		must(f.list[i].error.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct texts t;
	struct input in = { data, size };
	const char *text = manifests[take(&in, 1) % ARRAY_SIZE(manifests)];
	const struct blob blob = { .data = (uint8_t *)(uintptr_t)text, .size = strlen(text) };
	struct manifest_choice choice = { .set = t.list, .text = &blob };
	auto_manifest struct manifest m = { 0 };
	struct error err = { 0 };
	char *alone = NULL;
	size_t length;
	FILE *to = open_memstream(&alone, &length);
	int r;

	choice.n_set = settings_take(&in, &t);
	r = manifest_parse("set.yaml", blob.data, blob.size, &choice, &m, &err);
	check_all(&choice, r == 0);
	if (r < 0)
		must_explain(&err);
	else
		rewrite(&m);
	settings_write(t.list, choice.n_set, to);
	must(fclose(to) == 0);
	free(alone);
	return 0;
}
