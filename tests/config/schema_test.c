/* SPDX-License-Identifier: MIT */
/*
 * tests/config/schema_test.c: the schema against the table, and against the parser, value by value.
 */
#include "config/schema.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "config/kind.h"
#include "config/manifest.h"
#include "config/yaml.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"

#define HEX48                                                                                      \
	"8d02277b9361cbdb0a797aef4f5a2d2e8cc989ab640e7b9805aac395b74ea988133ebbd052c39b61477de1e5" \
	"464725a5"
#define HEX32 "7b456907dd0786d415999e801a1ac4637b8ed4d7cf5378cfc6edbe5e574dd773"

static json_t *schema(void)
{
	auto_free char *text = NULL;
	size_t size = 0;
	struct error err = { 0 };
	FILE *f = open_memstream(&text, &size);
	json_t *j;

	cr_assert_not_null(f);
	cr_assert_eq(schema_write(f, &err), 0, "%s", err.text);
	fclose(f);
	cr_assert_eq(text[size - 1], '\n');
	j = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(j);
	return j;
}

/* The description of a dotted key; NULL: the schema doesn't know it. */
static json_t *schema_of(json_t *top, const char *name)
{
	char group[32];
	const char *dot = strchr(name, '.');

	if (!dot)
		return json_object_get(json_object_get(top, "properties"), name);
	snprintf(group, sizeof(group), "%.*s", (int)(dot - name), name);
	return schema_of(schema_of(top, group), dot + 1);
}

static bool has_type(const json_t *v, const char *type)
{
	if (strcmp(type, "number") == 0)
		return json_is_number(v);
	return (strcmp(type, "string") == 0 && json_is_string(v)) ||
	       (strcmp(type, "integer") == 0 && json_is_integer(v)) ||
	       (strcmp(type, "boolean") == 0 && json_is_boolean(v)) ||
	       (strcmp(type, "object") == 0 && json_is_object(v)) ||
	       (strcmp(type, "array") == 0 && json_is_array(v));
}

static bool matches(const char *pattern, const char *text)
{
	regex_t re;
	bool yes;

	cr_assert_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0, "%s", pattern);
	yes = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return yes;
}

static bool valid(const json_t *s, const json_t *v);

/* One keyword of JSON Schema, draft 7, as far as ours uses them; an unknown one fails the test. */
static bool keyword_type(const json_t *s, const json_t *arg, const json_t *v)
{
	size_t i;
	json_t *type;

	(void)s;
	if (json_is_string(arg))
		return has_type(v, json_string_value(arg));
	json_array_foreach(arg, i, type) if (has_type(v, json_string_value(type))) return true;
	return false;
}

static bool keyword_pattern(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !json_is_string(v) || matches(json_string_value(arg), json_string_value(v));
}

static bool keyword_enum(const json_t *s, const json_t *arg, const json_t *v)
{
	size_t i;
	json_t *one;

	(void)s;
	json_array_foreach(arg, i, one) if (json_equal(one, v)) return true;
	return false;
}

static bool keyword_minimum(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !json_is_number(v) || json_number_value(v) >= json_number_value(arg);
}

static bool keyword_maximum(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !json_is_number(v) || json_number_value(v) <= json_number_value(arg);
}

static bool keyword_min_length(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !json_is_string(v) || (json_int_t)json_string_length(v) >= json_integer_value(arg);
}

static bool keyword_max_length(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !json_is_string(v) || (json_int_t)json_string_length(v) <= json_integer_value(arg);
}

static bool keyword_min_items(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !json_is_array(v) || (json_int_t)json_array_size(v) >= json_integer_value(arg);
}

static bool keyword_max_items(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !json_is_array(v) || (json_int_t)json_array_size(v) <= json_integer_value(arg);
}

static bool keyword_min_properties(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !json_is_object(v) || (json_int_t)json_object_size(v) >= json_integer_value(arg);
}

static bool keyword_items(const json_t *s, const json_t *arg, const json_t *v)
{
	size_t i;
	json_t *one;

	(void)s;
	json_array_foreach(v, i, one) if (!valid(arg, one)) return false;
	return true;
}

static bool keyword_required(const json_t *s, const json_t *arg, const json_t *v)
{
	size_t i;
	json_t *name;

	(void)s;
	json_array_foreach(arg, i,
	                   name) if (json_is_object(v) &&
	                             !json_object_get(v, json_string_value(name))) return false;
	return true;
}

static bool keyword_properties(const json_t *s, const json_t *arg, const json_t *v)
{
	const char *name;
	json_t *one, *object = json_incref((json_t *)v);
	bool ok = true;

	(void)s;
	json_object_foreach(object, name, one)
	{
		const json_t *known = json_object_get(arg, name);

		ok &= !known || valid(known, one);
	}
	json_decref(object);
	return ok;
}

static bool keyword_additional(const json_t *s, const json_t *arg, const json_t *v)
{
	const char *name;
	json_t *one, *object = json_incref((json_t *)v);
	bool ok = true;

	json_object_foreach(object, name,
	                    one) if (!json_object_get(json_object_get(s, "properties"), name)) ok &=
		valid(arg, one);
	json_decref(object);
	return ok;
}

static bool keyword_names(const json_t *s, const json_t *arg, const json_t *v)
{
	const char *name;
	json_t *one, *object = json_incref((json_t *)v);
	bool ok = true;

	(void)s;
	json_object_foreach(object, name, one)
	{
		json_t *text = json_string(name);

		(void)one;
		ok &= valid(arg, text);
		json_decref(text);
	}
	json_decref(object);
	return ok;
}

static bool keyword_any_of(const json_t *s, const json_t *arg, const json_t *v)
{
	size_t i;
	json_t *one;

	(void)s;
	json_array_foreach(arg, i, one) if (valid(one, v)) return true;
	return false;
}

static bool keyword_all_of(const json_t *s, const json_t *arg, const json_t *v)
{
	size_t i;
	json_t *one;

	(void)s;
	json_array_foreach(arg, i, one) if (!valid(one, v)) return false;
	return true;
}

static bool keyword_not(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s;
	return !valid(arg, v);
}

static bool keyword_said(const json_t *s, const json_t *arg, const json_t *v)
{
	(void)s, (void)arg, (void)v;
	return true;
}

static const struct {
	const char *name;
	bool (*holds)(const json_t *s, const json_t *arg, const json_t *v);
} keywords[] = {
	{ "type", keyword_type },
	{ "pattern", keyword_pattern },
	{ "enum", keyword_enum },
	{ "minimum", keyword_minimum },
	{ "maximum", keyword_maximum },
	{ "minLength", keyword_min_length },
	{ "maxLength", keyword_max_length },
	{ "minItems", keyword_min_items },
	{ "maxItems", keyword_max_items },
	{ "minProperties", keyword_min_properties },
	{ "items", keyword_items },
	{ "required", keyword_required },
	{ "properties", keyword_properties },
	{ "additionalProperties", keyword_additional },
	{ "propertyNames", keyword_names },
	{ "anyOf", keyword_any_of },
	{ "allOf", keyword_all_of },
	{ "not", keyword_not },
	{ "description", keyword_said },
	{ "default", keyword_said },
	{ "title", keyword_said },
	{ "$schema", keyword_said },
};

static bool valid(const json_t *s, const json_t *v)
{
	json_t *object = json_incref((json_t *)s), *arg;
	const char *name;
	bool ok = !json_is_false(s);

	json_object_foreach(object, name, arg)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(keywords) && strcmp(keywords[i].name, name) != 0)
			i++;
		cr_assert_lt(i, ARRAY_SIZE(keywords), "keyword %s", name);
		ok = ok && keywords[i].holds(s, arg, v);
	}
	json_decref(object);
	return ok;
}

/* A plain scalar as YAML 1.2's core schema (10.3.2) types it, which is what an editor checks. */
static json_t *scalar_json(const struct yaml_tree *t)
{
	if (!t->plain)
		return json_string(t->text);
	if (matches("^(|~|null|Null|NULL)$", t->text))
		return json_null();
	if (matches("^(true|false|True|False|TRUE|FALSE)$", t->text))
		return json_boolean((t->text[0] | 0x20) == 't');
	if (matches("^([-+]?[0-9]+|0x[0-9a-fA-F]+)$", t->text))
		return strlen(t->text) > 18
		               ? json_real(strtod(t->text, NULL))
		               : json_integer(strtoll(t->text, NULL, t->text[1] == 'x' ? 16 : 10));
	if (matches("^[-+]?([.][0-9]+|[0-9]+([.][0-9]*)?)([eE][-+]?[0-9]+)?$", t->text))
		return json_real(strtod(t->text, NULL));
	return json_string(t->text);
}

static json_t *tree_json(const struct yaml_tree *t)
{
	json_t *j;

	if (t->kind == YAML_SCALAR)
		return scalar_json(t);
	j = t->kind == YAML_MAP ? json_object() : json_array();
	for (const struct yaml_tree *c = t->first; c; c = c->next)
		if (t->kind == YAML_MAP)
			json_object_set_new(j, c->key, tree_json(c));
		else
			json_array_append_new(j, tree_json(c));
	return j;
}

static json_t *yaml_json(const char *text)
{
	auto_yaml struct yaml_tree *t = NULL;
	struct error err = { 0 };

	cr_assert_eq(yaml_tree_parse("t", (const uint8_t *)text, strlen(text), &t, NULL, &err), 0,
	             "%s: %s", text, err.text);
	return tree_json(t);
}

static int parse(const char *text, struct error *err)
{
	auto_manifest struct manifest m = { 0 };

	return manifest_parse("m.yaml", (const uint8_t *)text, strlen(text), NULL, &m, err);
}

/* A manifest with one value: `boot` is there, for what needs it. */
static void manifest_of(const char *key, const char *value, char *to, size_t cap)
{
	const char *dot = strchr(key, '.');
	bool boot = strncmp(key, "boot.", 5) == 0;
	const char *version = strcmp(key, "version") == 0 ? "" : "version: 1\n";
	const char *base = !boot                               ? "boot: {firmware: fw}\n"
	                   : strcmp(key, "boot.firmware") == 0 ? "boot:\n"
	                   : strcmp(key, "boot.accept") == 0   ? "boot:\n  kernel: k\n"
	                   : strcmp(key, "boot.kernel") == 0
	                           ? "boot:\n  firmware: fw\n"
	                           : "boot:\n  firmware: fw\n  kernel: k\n";

	if (strncmp(key, "snp.identity.", 13) == 0)
		snprintf(to, cap, "%s%ssnp:\n  identity:\n%s    %s: %s\n", version, base,
		         strcmp(key + 13, "id_key") == 0 ? "" : "    id_key: k\n", key + 13, value);
	else if (strncmp(key, "boot.vars.", 10) == 0)
		snprintf(to, cap, "%splatform: kvm\nboot:\n  firmware: fw\n  vars:\n%s    %s: %s\n",
		         version, strcmp(key + 10, "path") == 0 ? "" : "    path: v\n", key + 10,
		         value);
	else if (!dot)
		snprintf(to, cap, "%s%s%s: %s\n", version, base, key, value);
	else if (boot)
		snprintf(to, cap, "%s%s  %s: %s\n", version, base, dot + 1, value);
	else
		snprintf(to, cap, "%s%s%.*s:\n  %s: %s\n", version, base, (int)(dot - key), key,
		         dot + 1, value);
}

static const struct sample {
	enum key_id key;
	const char *value;
	bool good;
} samples[] = {
	{ KEY_VERSION, "1", true },
	{ KEY_VERSION, "0x1", true },
	{ KEY_VERSION, "'1'", true },
	{ KEY_VERSION, "2", false },
	{ KEY_VERSION, "1.5", false },
	{ KEY_VERSION, "one", false },
	{ KEY_NAME, "a name", true },
	{ KEY_NAME, "12", true },
	{ KEY_NAME, "yes", true },
	{ KEY_NAME, "true", true },
	{ KEY_NAME, "''", false },
	{ KEY_NAME, "null", false },
	{ KEY_NAME, "[a]", false },
	{ KEY_PLATFORM, "snp", true },
	{ KEY_PLATFORM, "kvm", true },
	{ KEY_PLATFORM, "tdx", false },
	{ KEY_PLATFORM, "{}", false },
	{ KEY_BOOT_FIRMWARE, "OVMF.fd", true },
	{ KEY_BOOT_FIRMWARE, "builtin:selftest", true },
	{ KEY_BOOT_FIRMWARE, "builtin:other", false },
	{ KEY_BOOT_FIRMWARE, "{path: x, sha256: " HEX32 "}", true },
	{ KEY_BOOT_FIRMWARE, "{path: 'builtin:other'}", true },
	{ KEY_BOOT_FIRMWARE, "[x]", false },
	{ KEY_BOOT_KERNEL, "bzImage", true },
	{ KEY_BOOT_KERNEL, "{path: bzImage}", true },
	{ KEY_BOOT_KERNEL, "{path: bzImage, sha256: '0x" HEX32 "'}", true },
	{ KEY_BOOT_KERNEL, "{path: bzImage, sha256: abc}", false },
	{ KEY_BOOT_KERNEL, "{sha256: 0x" HEX32 "}", false },
	{ KEY_BOOT_KERNEL, "{path: bzImage, size: 1}", false },
	{ KEY_BOOT_KERNEL, "{path: ''}", false },
	{ KEY_BOOT_KERNEL, "{path: [x]}", false },
	{ KEY_BOOT_KERNEL, "''", false },
	{ KEY_BOOT_KERNEL, "~", false },
	{ KEY_BOOT_INITRD, "i", true },
	{ KEY_BOOT_INITRD, "", false },
	{ KEY_BOOT_INITRD, "[i]", true },
	{ KEY_BOOT_INITRD, "[i, {path: j}, k]", true },
	{ KEY_BOOT_INITRD, "[]", false },
	{ KEY_BOOT_INITRD, "[i, '']", false },
	{ KEY_BOOT_INITRD, "[i, [j]]", false },
	{ KEY_BOOT_INITRD, "[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]", true },
	{ KEY_BOOT_INITRD, "[a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]", false },
	{ KEY_BOOT_CMDLINE, "''", true },
	{ KEY_BOOT_CMDLINE, "console=ttyS0", true },
	{ KEY_BOOT_CMDLINE, "", false },
	{ KEY_BOOT_CMDLINE, "[a]", false },
	{ KEY_BOOT_KERNEL_HASHES, "true", true },
	{ KEY_BOOT_KERNEL_HASHES, "'false'", true },
	{ KEY_BOOT_KERNEL_HASHES, "yes", false },
	{ KEY_BOOT_KERNEL_HASHES, "1", false },
	{ KEY_BOOT_VARS_PATH, "OVMF_VARS.fd", true },
	{ KEY_BOOT_VARS_PATH, "{path: v, sha256: " HEX32 "}", true },
	{ KEY_BOOT_VARS_PATH, "[v]", false },
	{ KEY_BOOT_VARS_KEEP, "true", true },
	{ KEY_BOOT_VARS_KEEP, "false", true },
	{ KEY_BOOT_VARS_KEEP, "kept.fd", true },
	{ KEY_BOOT_VARS_KEEP, "''", false },
	{ KEY_BOOT_VARS_KEEP, "{path: v}", false },
	{ KEY_BOOT_ACCEPT, "auto", true },
	{ KEY_BOOT_ACCEPT, "eager", true },
	{ KEY_BOOT_ACCEPT, "lazy", true },
	{ KEY_BOOT_ACCEPT, "never", false },
	{ KEY_BOOT_ACCEPT, "true", false },
	{ KEY_VCPUS, "1", true },
	{ KEY_VCPUS, "4096", true },
	{ KEY_VCPUS, "0xff", true },
	{ KEY_VCPUS, "0", false },
	{ KEY_VCPUS, "4097", false },
	{ KEY_VCPUS, "-1", false },
	{ KEY_VCPUS, "four", false },
	{ KEY_VCPUS, "'010'", false },
	{ KEY_VCPUS, "true", false },
	{ KEY_VCPU_TYPE, "EPYC", true },
	{ KEY_VCPU_TYPE, "EPYC-Genoa-v2", true },
	{ KEY_VCPU_TYPE, "0x0", true },
	{ KEY_VCPU_TYPE, "'0xffffffff'", true },
	{ KEY_VCPU_TYPE, "0x100000000", false },
	{ KEY_VCPU_TYPE, "'0x100000000'", false },
	{ KEY_VCPU_TYPE, "host", false },
	{ KEY_VCPU_TYPE, "EPYC-v9", false },
	{ KEY_VCPU_TYPE, "'8392466'", false },
	{ KEY_LOG_LIMIT, "64M", true },
	{ KEY_LOG_LIMIT, "4KiB", true },
	{ KEY_LOG_LIMIT, "64", false },
	{ KEY_LOG_LIMIT, "none", false },
	{ KEY_MEMORY, "512M", true },
	{ KEY_MEMORY, "1GiB", true },
	{ KEY_MEMORY, "512", false },
	{ KEY_MEMORY, "0K", false },
	{ KEY_MEMORY, "512MB", false },
	{ KEY_MEMORY, "1.5G", false },
	{ KEY_SNP_POLICY, "0x30000", true },
	{ KEY_SNP_POLICY, "'0x30000'", true },
	{ KEY_SNP_POLICY, "{}", true },
	{ KEY_SNP_POLICY, "{smt: true, debug: false, abi: \"1.51\"}", true },
	{ KEY_SNP_POLICY, "{abi: 1.51}", true },
	{ KEY_SNP_POLICY, "{abi: '1'}", false },
	{ KEY_SNP_POLICY, "{debug: yes}", false },
	{ KEY_SNP_POLICY, "{debg: true}", false },
	{ KEY_SNP_POLICY, "default", false },
	{ KEY_SNP_GUEST_FEATURES, "0x21", true },
	{ KEY_SNP_GUEST_FEATURES, "x", false },
	{ KEY_SNP_HOST_DATA, "hex:" HEX32, true },
	{ KEY_SNP_HOST_DATA, "hex:00", false },
	{ KEY_SNP_HOST_DATA, HEX32, false },
	{ KEY_SNP_HOST_DATA, "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", true },
	{ KEY_SNP_HOST_DATA, "base64:AAECAwQFBgcICQoLDA0ODw==", false },
	{ KEY_SNP_HOST_DATA, "random", true },
	{ KEY_SNP_HOST_DATA, "Random", false },
	{ KEY_EXPECT_REPORT, "true", true },
	{ KEY_EXPECT_REPORT, "false", true },
	{ KEY_EXPECT_REPORT, "yes", false },
	{ KEY_SNP_GOSVW, "base64:AAECAwQFBgcICQoLDA0ODw==", true },
	{ KEY_SNP_GOSVW, "base64:AAECAwQFBgcICQoLDA0ODw", false },
	{ KEY_SNP_ID_BLOCK, "hex:00", false },
	{ KEY_SNP_ID_AUTH, "'base64:'", false },
	{ KEY_SNP_IDENTITY_ID_KEY, "id.pem", true },
	{ KEY_SNP_IDENTITY_ID_KEY, "ephemeral", true },
	{ KEY_SNP_IDENTITY_ID_KEY, "''", false },
	{ KEY_SNP_IDENTITY_ID_KEY, "{path: id.pem}", false },
	{ KEY_SNP_IDENTITY_AUTHOR_KEY, "author.pem", true },
	{ KEY_SNP_IDENTITY_AUTHOR_KEY, "./ephemeral", true },
	{ KEY_SNP_IDENTITY_AUTHOR_KEY, "ephemeral", false },
	{ KEY_SNP_IDENTITY_FAMILY_ID, "base64:AAECAwQFBgcICQoLDA0ODw==", true },
	{ KEY_SNP_IDENTITY_FAMILY_ID, "hex:00", false },
	{ KEY_SNP_IDENTITY_IMAGE_ID, "hex:000102030405060708090a0b0c0d0e0f", true },
	{ KEY_SNP_IDENTITY_IMAGE_ID, "000102030405060708090a0b0c0d0e0f", false },
	{ KEY_SNP_IDENTITY_SVN, "4294967295", true },
	{ KEY_SNP_IDENTITY_SVN, "4294967296", false },
	{ KEY_SNP_IDENTITY_SVN, "-1", false },
	{ KEY_SNP_CERTS, "certs.bin", true },
	{ KEY_SNP_CERTS, "{path: certs.bin, sha256: " HEX32 "}", true },
	{ KEY_SNP_CERTS, "''", false },
	{ KEY_SNP_CERTS, "[certs.bin]", false },
	{ KEY_MEASURE_PROFILE, "ec2", true },
	{ KEY_MEASURE_PROFILE, "xen", false },
	{ KEY_MEASURE_OVMF_HASH, HEX48, true },
	{ KEY_MEASURE_OVMF_HASH, "abc", false },
	{ KEY_MEASURE_SVSM, "svsm.bin", true },
	{ KEY_MEASURE_SVSM, "[svsm.bin]", false },
	{ KEY_MEASURE_VARS_SIZE, "528K", true },
	{ KEY_MEASURE_VARS_SIZE, "528", false },
	{ KEY_SERIAL, "stdout", true },
	{ KEY_SERIAL, "a.log", true },
	{ KEY_SERIAL, "stderr", false },
	{ KEY_SERIAL, "''", false },
	{ KEY_DEBUG_PORT, "stderr", true },
	{ KEY_DEBUG_PORT, "stdout", false },
	{ KEY_EXIT_PORT, "0xf4", true },
	{ KEY_EXIT_PORT, "false", true },
	{ KEY_EXIT_PORT, "true", false },
	{ KEY_EXIT_PORT, "0xffff", false },
	{ KEY_EXIT_PORT, "none", false },
	{ KEY_VSOCK, "auto", true },
	{ KEY_VSOCK, "{cid: 3}", true },
	{ KEY_VSOCK, "{cid: 0xfffffffe}", true },
	{ KEY_VSOCK, "{cid: 2}", false },
	{ KEY_VSOCK, "{cid: 0xffffffff}", false },
	{ KEY_VSOCK, "{cid: auto}", false },
	{ KEY_VSOCK, "{}", false },
	{ KEY_VSOCK, "{cid: 3, port: 1}", false },
	{ KEY_VSOCK, "3", false },
	{ KEY_VSOCK, "true", false },
	{ KEY_VSOCK, "~", false },
	{ KEY_RNG, "true", true },
	{ KEY_RNG, "[]", false },
	{ KEY_HVC, "true", true },
	{ KEY_HVC, "hvc0", false },
	{ KEY_EXPECT_MEASUREMENT, HEX48, true },
	{ KEY_EXPECT_MEASUREMENT, "[" HEX48 ", '0x" HEX48 "']", true },
	{ KEY_EXPECT_MEASUREMENT, "{1: " HEX48 ", 2: [" HEX48 "]}", true },
	{ KEY_EXPECT_MEASUREMENT, "[]", false },
	{ KEY_EXPECT_MEASUREMENT, "{}", false },
	{ KEY_EXPECT_MEASUREMENT, "{1: []}", false },
	{ KEY_EXPECT_MEASUREMENT, "{x: " HEX48 "}", false },
	{ KEY_EXPECT_MEASUREMENT, "[[" HEX48 "]]", false },
	{ KEY_EXPECT_CONSOLE, "[x, '^y$']", true },
	{ KEY_EXPECT_CONSOLE, "[]", true },
	{ KEY_EXPECT_CONSOLE, "x", false },
	{ KEY_EXPECT_CONSOLE, "[[x]]", false },
	{ KEY_EXPECT_NEVER, "[]", true },
	{ KEY_EXPECT_NEVER, "[1, true]", true },
	{ KEY_EXPECT_NEVER, "[~]", false },
	{ KEY_EXPECT_NEVER, "{}", false },
	{ KEY_EXPECT_EXIT, "any", true },
	{ KEY_EXPECT_EXIT, "nobody", false },
	{ KEY_EXPECT_EXIT, "0x2a", true },
	{ KEY_EXPECT_EXIT, "4294967296", false },
	{ KEY_EXPECT_EXIT, "all", false },
	{ KEY_TIMEOUT, "500ms", true },
	{ KEY_TIMEOUT, "90", false },
	{ KEY_TIMEOUT, "0s", false },
	{ KEY_TIMEOUT, "1h", false },
	{ KEY_SILENCE, "1s", true },
	{ KEY_SILENCE, "1", false },
	{ KEY_SILENCE, "0ms", false },
	{ KEY_SILENCE, "10m", true },
	{ KEY_DISKS, "a.img", true },
	{ KEY_DISKS, "[]", true },
	{ KEY_DISKS, "[a, {path: b, mode: rw, serial: 12}, {path: c, serial: x-1}]", true },
	{ KEY_DISKS, "{path: a, sha256: '0x" HEX32 "'}", true },
	{ KEY_DISKS, "{path: a, mode: wo}", false },
	{ KEY_DISKS, "{mode: ro}", false },
	{ KEY_DISKS, "[a, [b]]", false },
	{ KEY_DISKS, "{path: a, serial: 'x y'}", false },
	{ KEY_DISKS, "{path: a, serial: ''}", false },
	{ KEY_DISKS, "[a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q]", false },
	{ KEY_MATRIX, "{vcpus: [1]}", true },
	{ KEY_MATRIX,
	  "{vcpus: [1, 2], snp.policy: [0x30000, {debug: true}], expect.never: [[], [x]]}", true },
	{ KEY_MATRIX, "{}", true },
	{ KEY_MATRIX, "{vcpus: 1}", false },
	{ KEY_MATRIX, "{vcpus: []}", false },
	{ KEY_MATRIX, "{vcpus: [0]}", false },
	{ KEY_MATRIX, "{name: [a]}", false },
	{ KEY_MATRIX, "{disks: [[], [a, {path: b}], c]}", true },
	{ KEY_MATRIX, "{disks: [{mode: ro}]}", false },
	{ KEY_MATRIX, "{snp: {policy: [0x30000]}}", false },
	{ KEY_MATRIX, "[]", false },
};

Test(schema, and_the_parser_agree_on_every_sample)
{
	json_t *s = schema();

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		const struct sample *one = &samples[i];
		struct error err = { 0 };
		char text[512];
		json_t *v;

		manifest_of(keys[one->key].name, one->value, text, sizeof(text));
		v = yaml_json(text);
		cr_expect_eq(parse(text, &err) == 0, one->good, "parser:\n%s%s", text, err.text);
		cr_expect_eq(valid(s, v), one->good, "schema:\n%s", text);
		json_decref(v);
	}
	json_decref(s);
}

Test(schema, has_samples_of_every_key)
{
	bool good[KEYS] = { false }, bad[KEYS] = { false };

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		(samples[i].good ? good : bad)[samples[i].key] = true;
	for (size_t k = 0; k < KEYS; k++) {
		bool pair = k == KEY_SNP_ID_BLOCK || k == KEY_SNP_ID_AUTH; /* below */

		cr_expect(bad[k], "no bad value of %s", keys[k].name);
		cr_expect(good[k] || pair, "no good value of %s", keys[k].name);
	}
}

Test(schema, and_the_parser_agree_on_an_id_block)
{
	json_t *s = schema(), *v;
	auto_free char *auth = malloc(8193), *text = malloc(10000);
	struct error err = { 0 };

	memset(auth, 'a', 8192);
	auth[8192] = '\0';
	snprintf(text, 10000,
	         "version: 1\nboot: {kernel: k}\nsnp:\n  id_block: hex:%s%s\n  id_auth: hex:%s\n",
	         HEX48, HEX48, auth);
	v = yaml_json(text);
	cr_expect_eq(parse(text, &err), 0, "%s", err.text);
	cr_expect(valid(s, v));
	json_decref(v);
	json_decref(s);
}

Test(schema, has_every_key_of_the_table)
{
	json_t *s = schema();

	for (size_t i = 0; i < KEYS; i++) {
		json_t *one = schema_of(s, keys[i].name);
		const char *said = json_string_value(json_object_get(one, "description"));

		cr_assert_not_null(one, "%s", keys[i].name);
		cr_assert_not_null(said, "%s", keys[i].name);
		cr_expect_eq(json_object_get(one, "default") != NULL, keys[i].default_value != NULL,
		             "%s", keys[i].name);
		if (keys[i].default_value)
			cr_expect(valid(one, json_object_get(one, "default")), "%s", keys[i].name);
	}
	json_decref(s);
}

/* Every key below `level` is read by the parser, or refused by its name. */
static void hold_level(json_t *level, const char *prefix)
{
	const char *key;
	json_t *one;

	cr_expect(json_is_false(json_object_get(level, "additionalProperties")), "'%s' is open",
	          prefix);
	json_object_foreach(json_object_get(level, "properties"), key, one)
	{
		char name[64], text[256];
		struct error err = { 0 };

		snprintf(name, sizeof(name), "%s%s", prefix, key);
		if (key_group_find(name)) {
			snprintf(name, sizeof(name), "%s%s.", prefix, key);
			hold_level(one, name);
			continue;
		}
		cr_expect_not_null(key_find(name), "%s", name);
		manifest_of(name, "{\"\": \"\"}", text, sizeof(text));
		cr_expect_lt(parse(text, &err), 0);
		/* A map with an empty key suits nobody: the refusal speaks of this key's value. */
		cr_expect_not_null(strstr(err.text, name), "%s: %s", name, err.text);
	}
}

Test(schema, has_no_key_that_the_parser_lacks)
{
	json_t *s = schema();

	hold_level(s, "");
	json_decref(s);
}

Test(schema, requires_the_version_and_refuses_strangers)
{
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
		{ "version: 1\nboot: {kernel: k}\n", true },
		{ "boot: {kernel: k}\n", false },
		{ "version: 1\nboot: {kernel: k}\nmemroy: 1G\n", false },
		{ "version: 1\nboot: {kernal: k}\n", false },
		{ "version: 1\nboot: []\n", false },
		{ "[]\n", false },
	};
	json_t *s = schema();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct error err = { 0 };
		json_t *v = yaml_json(cases[i].text);

		cr_expect_eq(valid(s, v), cases[i].good, "%s", cases[i].text);
		cr_expect_eq(parse(cases[i].text, &err) == 0, cases[i].good, "%s", cases[i].text);
		json_decref(v);
	}
	cr_expect_str_eq(json_string_value(json_object_get(s, "$schema")),
	                 "http://json-schema.org/draft-07/schema#");
	json_decref(s);
}

Test(schema, says_so_when_it_cannot_be_written)
{
	struct error err = { 0 };
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_assert_lt(schema_write(full, &err), 0);
	cr_assert_eq(err.kind, ERROR_OUTPUT);
	fclose(full);
}

Test(keys, have_a_group_for_every_dot_and_a_range_that_makes_sense)
{
	for (size_t i = 0; i < KEYS; i++) {
		char group[32];
		const char *dot = strrchr(keys[i].name, '.');

		snprintf(group, sizeof(group), "%.*s", dot ? (int)(dot - keys[i].name) : 0,
		         keys[i].name);
		cr_expect_eq(key_group_of(keys[i].name), key_group_find(group), "%s", keys[i].name);
		cr_expect_eq(key_group_of(keys[i].name) != NULL, dot != NULL, "%s", keys[i].name);
		cr_expect_leq(keys[i].min, keys[i].max, "%s", keys[i].name);
		cr_expect_eq(key_find(keys[i].name), &keys[i], "%s stands twice", keys[i].name);
		cr_expect_str_eq(key_meant(keys[i].name), keys[i].name);
	}
}
