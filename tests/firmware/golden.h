/* SPDX-License-Identifier: MIT */
/*
 * tests/firmware/golden.h: the files of the golden vectors (tests/data/README.md), and their cases
 * as manifests. A header only, for the programs that measure them.
 */
#ifndef TESTS_FIRMWARE_GOLDEN_H
#define TESTS_FIRMWARE_GOLDEN_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/sha2.h"
#include "tests/make/vectors.h"

static json_t *all;
static char folder[] = "/tmp/snpvmm-vectors-XXXXXX";
/* files made from recipes, in the folder */
static struct {
	char name[64], path[PATH_MAX];
} built[4];
static size_t n_built;

static void golden_teardown(void)
{
	while (n_built > 0)
		unlink(built[--n_built].path);
	rmdir(folder);
	json_decref(all);
}

/* stream(seed, size) of the vectors' README: concatenated hashes of a counter. */
static void stream_fill(struct blob *b, const char *seed)
{
	for (size_t i = 0; i * SHA256_SIZE < b->size; i++) {
		uint8_t digest[SHA256_SIZE];
		char text[128];
		int n = snprintf(text, sizeof(text), "snpvmm-vec:%s:%zu", seed, i);

		sha256(text, (size_t)n, digest);
		memcpy(b->data + i * SHA256_SIZE, digest,
		       MIN(sizeof(digest), b->size - i * SHA256_SIZE));
	}
}

/* hdrs(seed, size): a stream with the setup header of a kernel, version 2.15. */
static void hdrs_patch(struct blob *b)
{
	static const struct {
		size_t at, size;
		const char *bytes;
	} patches[] = {
		{ 0x1f1, 1, "\x03" },
		{ 0x1fe, 2, "\x55\xaa" },
		{ 0x200, 2, "\xeb\x66" },
		{ 0x202, 4, "HdrS" },
		{ 0x206, 2, "\x0f\x02" },
		{ 0x210, 2, "\0\x01" },
		{ 0x218, 8, "\0\0\0\0\0\0\0\0" },
		{ 0x228, 4, "\0\0\0\0" },
		{ 0x250, 8, "\0\0\0\0\0\0\0\0" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(patches); i++)
		memcpy(b->data + patches[i].at, patches[i].bytes, patches[i].size);
}

static struct blob recipe_make(const json_t *recipe)
{
	struct blob b = BLOB_NONE;
	struct error err = { 0 };
	size_t size = (size_t)json_integer_value(json_object_get(recipe, "size"));

	cr_assert_eq(blob_zero(size, &b, &err), 0, "%s", err.text);
	stream_fill(&b, json_string_value(json_object_get(recipe, "seed")));
	if (!strcmp(json_string_value(json_object_get(recipe, "kind")), "hdrs"))
		hdrs_patch(&b);
	return b;
}

/* Too large to be kept in the tree: made here once, and removed by golden_teardown(). */
static const char *recipe_write(const char *name, const json_t *recipe)
{
	char *path;
	FILE *f;

	for (size_t i = 0; i < n_built; i++)
		if (strcmp(built[i].name, name) == 0)
			return built[i].path;
	auto_blob struct blob b = recipe_make(recipe);

	cr_assert_lt(n_built, ARRAY_SIZE(built));
	if (!n_built)
		cr_assert_not_null(mkdtemp(folder));
	path = built[n_built].path;
	snprintf(built[n_built].name, sizeof(built[0].name), "%s", name);
	snprintf(path, sizeof(built[0].path), "%s/%zu.bin", folder, n_built++);
	f = fopen(path, "w");
	cr_assert(f && fwrite(b.data, 1, b.size, f) == b.size && fclose(f) == 0, "%s", path);
	return path;
}

static const json_t *file_of(const char *name)
{
	const json_t *file = json_object_get(json_object_get(all, "files"), name);

	cr_assert(file, "no file '%s'", name);
	return file;
}

/* The absolute path of a file of the vectors, in `to` unless it is made of a recipe. */
static const char *golden_path(const char *name, char to[static PATH_MAX])
{
	const json_t *file = file_of(name);
	const char *path = json_string_value(json_object_get(file, "path"));
	char below[PATH_MAX];

	if (!path)
		path = recipe_write(name, json_object_get(file, "recipe"));
	else if (path[0] != '/')
		path = realpath(vectors_path(path, below, sizeof(below)), to);
	cr_assert(path, "'%s' is not in the vectors' folder", name);
	return path;
}

/* Writes `  KEY: { path: P, sha256: S }`. The pin verifies the file, as the vectors require. */
static void put_file(FILE *to, const char *key, const json_t *name)
{
	char absolute[PATH_MAX];

	if (json_is_string(name))
		fprintf(to, "  %s: { path: \"%s\", sha256: \"%s\" }\n", key,
		        golden_path(json_string_value(name), absolute),
		        json_string_value(
				json_object_get(file_of(json_string_value(name)), "sha256")));
}

/* Family, model and stepping if given; else the signature; else the name. */
/* CPUID(1).EAX from family (with extension), model and stepping, APM volume 3, appendix E.3.2. */
static uint32_t signature(unsigned family, unsigned model, unsigned stepping)
{
	uint32_t extended = family > 15 ? family - 15 : 0, base = family > 15 ? 15 : family;

	return (extended & 0xff) << 20 | (model >> 4 & 15) << 16 | base << 8 | (model & 15) << 4 |
	       (stepping & 15);
}

static void put_vcpu_type(FILE *to, const json_t *c)
{
	const json_t *fms = json_object_get(c, "vcpu_fms"), *sig = json_object_get(c, "vcpu_sig");
	const json_t *type = json_object_get(c, "vcpu_type");
	unsigned n[3];

	for (size_t i = 0; i < 3; i++)
		n[i] = (unsigned)json_integer_value(json_array_get(fms, i));
	if (json_is_array(fms))
		fprintf(to, "vcpu_type: 0x%x\n", signature(n[0], n[1], n[2]));
	else if (json_is_string(sig))
		fprintf(to, "vcpu_type: %s\n", json_string_value(sig));
	else if (json_is_string(type))
		fprintf(to, "vcpu_type: %s\n", json_string_value(type));
}

/* The case as a manifest. A JSON string is also a double-quoted string of YAML. */
static char *golden_manifest(const json_t *c, size_t *size)
{
	json_t *append = json_object_get(c, "append");
	char *text = NULL, *quoted = json_dumps(append, JSON_ENCODE_ANY);
	const char *vmm = json_string_value(json_object_get(c, "vmm_type"));
	const json_t *seed = json_object_get(c, "snp_ovmf_hash");
	FILE *f = open_memstream(&text, size);

	cr_assert(f && quoted && vmm);
	fprintf(f, "version: 1\nmemory: 4G\nboot:\n");
	put_file(f, "firmware", json_object_get(c, "firmware"));
	put_file(f, "kernel", json_object_get(c, "kernel"));
	put_file(f, "initrd", json_object_get(c, "initrd"));
	fprintf(f, "  cmdline: %s\n", json_is_string(append) ? quoted : "\"\"");
	fprintf(f, "vcpus: %d\n", (int)json_integer_value(json_object_get(c, "vcpus")));
	put_vcpu_type(f, c);
	fprintf(f, "snp:\n  guest_features: %s\n",
	        json_string_value(json_object_get(c, "guest_features")));
	if (json_object_get(c, "svsm"))
		vmm = "svsm";
	fprintf(f, "measure:\n  profile: %s\n", !strcmp(vmm, "QEMU") ? "qemu" : vmm);
	put_file(f, "svsm", json_object_get(c, "svsm"));
	if (json_object_get(c, "vars_size"))
		fprintf(f, "  vars_size: %dK\n",
		        (int)json_integer_value(json_object_get(c, "vars_size")) / 1024);
	if (json_is_string(seed))
		fprintf(f, "  ovmf_hash: %s\n", json_string_value(seed));
	fclose(f);
	free(quoted);
	return text;
}

#endif
