/* SPDX-License-Identifier: MIT */
/* config/kind_snp.c: values that SEV-SNP gives a meaning: CPU models, policies, features. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/kind.h"
#include "config/nearest.h"
#include "config/reader.h"
#include "config/schema_node.h"
#include "config/value.h"
#include "core/base/error.h"
#include "core/snp/policy.h"

/* --- vcpu_type --- */

static int refuse_vcpu_type(struct key_reader *r, const char *text)
{
	const struct key *k = r->key;
	enum { SLIPS = 2 }; /* letters: another processor's name may differ by three */
	struct nearest n = { .word = text };
	uint64_t decimal = 0;

	if (value_number(k->name, text, 0, k->max, &decimal, r->err) == 0) {
		error_set(r->err, ERROR_BAD_VALUE,
		          "'%s' is %s, which is neither a model nor a 0x signature", k->name, text);
		return error_fix(r->err, "write 0x%" PRIx64 " if that signature is meant", decimal);
	}
	error_set(r->err, ERROR_BAD_VALUE, "'%s': there is no CPU model '%s'", k->name,
	          shown_of(text).text);
	for (const struct snp_vcpu_type *t = snp_vcpu_types; t->name; t++)
		nearest_try(&n, t->name);
	if (n.best && n.distance <= SLIPS)
		return error_fix(r->err, "did you mean '%s'?", n.best);
	error_why(r->err, "the CPU's signature is measured, so a model that is only similar has "
	                  "another digest");
	return error_fix(r->err,
	                 "write EPYC, EPYC-Rome, EPYC-Milan, EPYC-Genoa or EPYC-Turin, with or "
	                 "without a version such as -v2, or a signature such as 0xa00f11");
}

static int vcpu_type_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct key *k = r->key;
	const struct snp_vcpu_type *t = snp_vcpu_type(v->text);
	uint64_t signature = t ? t->signature : 0;
	int e = 0;

	if (strcmp(v->text, "host") == 0 || strcmp(v->text, "max") == 0) {
		error_set(r->err, ERROR_BAD_VALUE, "'%s' cannot be '%s'", k->name, v->text);
		error_why(r->err, "the CPU's signature is measured, so the digest would depend on "
		                  "the machine");
		return error_fix(r->err, "name the model of the machines that launch it, such as "
		                         "EPYC-Milan");
	}
	if (!t && strncmp(v->text, "0x", 2) == 0)
		e = value_number(k->name, v->text, 0, k->max, &signature, r->err);
	else if (!t)
		e = refuse_vcpu_type(r, v->text);
	if (e < 0)
		return e;
	r->m->vcpu_sig = (uint32_t)signature;
	return reader_copy(r, v->text, reader_field(r));
}

static json_t *vcpu_type_describe(struct schema *s, const struct key *k)
{
	json_t *names = schema_array(s);

	for (const struct snp_vcpu_type *t = snp_vcpu_types; t->name; t++)
		schema_append(s, names, json_string(t->name));
	return schema_any_of(s, schema_enum(s, names), schema_pattern(s, "^0x0*[0-9a-fA-F]{1,8}$"),
	                     schema_integer(s, k->min, k->max));
}

const struct kind kind_vcpu_type = {
	.expects = "a CPU model or a 0x signature",
	.read = vcpu_type_read,
	.write = text_write,
	.describe = vcpu_type_describe,
};

/* --- policy --- */

/* One entry of snp.policy's map into *policy. */
static int policy_entry_read(struct key_reader *r, const struct yaml_tree *v, uint64_t *policy)
{
	const struct snp_bit *bit = NULL;
	bool abi = strcmp(v->key, ABI_KEY) == 0, set = false;
	const char *words[64 + 2], *text;
	uint16_t version = 0;
	char name[KEY_NAME_CAP];
	size_t n = 0;
	int e;

	for (const struct snp_bit *b = snp_policy_bits; b->text; b++) {
		if (b->key && n < 64)
			words[n++] = b->key;
		if (b->key && strcmp(b->key, v->key) == 0)
			bit = b;
	}
	words[n++] = ABI_KEY;
	words[n] = NULL;
	if (!abi && !bit)
		return reader_refuse_entry(r, v, words);
	snprintf(name, sizeof(name), "%s.%s", r->key->name, v->key);
	text = reader_scalar(r, name, v, abi ? "a version such as \"1.51\"" : "true or false");
	if (!text)
		return r->err->code;
	e = abi ? value_abi(name, text, &version, r->err) : value_bool(name, text, &set, r->err);
	if (e < 0)
		return reader_at_value(r, v);
	if (abi)
		*policy = (*policy & ~(uint64_t)0xffff) | version;
	else
		*policy = (*policy & ~((uint64_t)1 << bit->bit)) | (uint64_t)set << bit->bit;
	return 0;
}

static int policy_read(struct key_reader *r, const struct yaml_tree *v)
{
	const struct key *k = r->key;
	uint64_t policy = SNP_POLICY_DEFAULT; /* what a map doesn't name: bit 17, and SMT */
	const char *text = NULL;
	int e = 0;

	for (const struct yaml_tree *c = v->first; v->kind == YAML_MAP && c && e == 0; c = c->next)
		e = reader_keep(r, policy_entry_read(r, c, &policy));
	if (v->kind != YAML_MAP) {
		text = reader_scalar(r, k->name, v, "a number or a map");
		e = text ? value_number(k->name, text, k->min, k->max, &policy, r->err)
		         : r->err->code;
	}
	if (e == 0 && snp_policy_check(policy, r->err) < 0)
		e = error_wrap(r->err, "'%s'", k->name);
	r->m->policy_at = reader_location(r, v);
	if (e == 0)
		reader_store(r, policy);
	return e;
}

static json_t *policy_describe(struct schema *s, const struct key *k)
{
	json_t *properties = schema_object(s), *bit;

	for (const struct snp_bit *b = snp_policy_bits; b->text; b++) {
		if (!b->key)
			continue;
		bit = bool_describe(s, k);
		schema_set(s, bit, "description", json_string(b->text));
		schema_set(s, properties, b->key, bit);
	}
	schema_set(s, properties, ABI_KEY,
	           schema_any_of(s, schema_pattern(s, VALUE_ABI_PATTERN), schema_typed(s, "number"),
	                         NULL));
	return schema_any_of(s, schema_integer(s, k->min, k->max),
	                     schema_pattern(s, VALUE_NUMBER_PATTERN), schema_map(s, properties));
}

const struct kind kind_policy = {
	.read = policy_read,
	.write = hex_number_write,
	.describe = policy_describe,
};

/* --- features --- */

static int features_read(struct key_reader *r, const struct yaml_tree *v)
{
	int e = number_read(r, v);

	if (e == 0 && snp_features_check(r->m->guest_features, r->err) < 0)
		e = error_wrap(r->err, "'%s'", r->key->name);
	return e;
}

const struct kind kind_features = {
	.expects = "a number",
	.read = features_read,
	.write = hex_number_write,
	.describe = number_describe,
};
