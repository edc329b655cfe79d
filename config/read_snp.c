/* SPDX-License-Identifier: MIT */
/* config/read_snp.c: the values that SEV-SNP gives a meaning: CPU models, policies, features. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "config/load_priv.h"
#include "config/value.h"
#include "core/base/error.h"
#include "core/snp/policy.h"

static int refuse_host(struct load *l, const struct key *k, const char *text)
{
	error_set(l->err, ERROR_BAD_VALUE, "'%s' cannot be '%s'", k->name, text);
	error_why(l->err,
	          "the CPU's signature is measured, so the digest would depend on the machine");
	return error_fix(l->err,
	                 "name the model of the machines that launch it, such as EPYC-Milan");
}

static int refuse_vcpu_type(struct load *l, const struct key *k, const char *text)
{
	enum {
		SLIPS = 2
	}; /* letters; another processor's name may have a third of them in common */
	struct nearest n = { .word = text };
	uint64_t decimal = 0;

	if (value_number(k->name, text, 0, k->max, &decimal, l->err) == 0) {
		error_set(l->err, ERROR_BAD_VALUE,
		          "'%s' is %s, which is neither a model nor a 0x signature", k->name, text);
		return error_fix(l->err, "write 0x%" PRIx64 " if that signature is meant", decimal);
	}
	error_set(l->err, ERROR_BAD_VALUE, "'%s': there is no CPU model '%s'", k->name,
	          shown_of(text).text);
	for (const struct snp_vcpu_type *t = snp_vcpu_types; t->name; t++)
		nearest_try(&n, t->name);
	if (n.best && n.distance <= SLIPS)
		return error_fix(l->err, "did you mean '%s'?", n.best);
	error_why(l->err, "the CPU's signature is measured, so a model that is only similar has "
	                  "another digest");
	return error_fix(l->err,
	                 "write EPYC, EPYC-Rome, EPYC-Milan, EPYC-Genoa or EPYC-Turin, with or "
	                 "without a version such as -v2, or a signature such as 0xa00f11");
}

int read_vcpu_type(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	const struct snp_vcpu_type *t = snp_vcpu_type(v->text);
	uint64_t signature = t ? t->signature : 0;
	int r = 0;

	if (strcmp(v->text, "host") == 0 || strcmp(v->text, "max") == 0)
		return refuse_host(l, k, v->text);
	if (!t && strncmp(v->text, "0x", 2) == 0)
		r = value_number(k->name, v->text, 0, k->max, &signature, l->err);
	else if (!t)
		r = refuse_vcpu_type(l, k, v->text);
	if (r < 0)
		return r;
	l->m->vcpu_sig = (uint32_t)signature;
	return load_copy(l, v->text, load_field(l, k));
}

/* The names that the map form of snp.policy takes. */
static void policy_words(const char *to[static 64 + 2])
{
	size_t n = 0;

	for (const struct snp_bit *b = snp_policy_bits; b->text && n < 64; b++)
		if (b->key)
			to[n++] = b->key;
	to[n++] = ABI_KEY;
	to[n] = NULL;
}

/* One entry of snp.policy's map into *policy. */
static int read_policy_entry(struct load *l, const struct key *k, const struct yaml_tree *v,
                             uint64_t *policy)
{
	const struct snp_bit *b = snp_policy_bits;
	bool abi = strcmp(v->key, ABI_KEY) == 0, set = false;
	const char *words[64 + 2], *text;
	uint16_t version = 0;
	char name[NAME_CAP];
	int r;

	while (b->text && !(b->key && strcmp(b->key, v->key) == 0))
		b++;
	if (!abi && !b->text) {
		policy_words(words);
		return refuse_entry(l, k->name, v, words);
	}
	snprintf(name, sizeof(name), "%s.%s", k->name, v->key);
	text = load_text(l, name, v, abi ? "a version such as \"1.51\"" : "true or false");
	if (!text)
		return l->err->code;
	r = abi ? value_abi(name, text, &version, l->err) : value_bool(name, text, &set, l->err);
	if (r < 0)
		return at_value(l, v);
	if (abi)
		*policy = (*policy & ~(uint64_t)0xffff) | version;
	else
		*policy = (*policy & ~((uint64_t)1 << b->bit)) | (uint64_t)set << b->bit;
	return 0;
}

int read_policy(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	uint64_t policy = SNP_POLICY_DEFAULT; /* what a map doesn't name: bit 17, and SMT */
	const char *text = NULL;
	int r = 0;

	for (const struct yaml_tree *c = v->first; v->kind == YAML_MAP && c && r == 0; c = c->next)
		r = load_keep(l, read_policy_entry(l, k, c, &policy));
	if (v->kind != YAML_MAP) {
		text = load_text(l, k->name, v, "a number or a map");
		r = text ? value_number(k->name, text, k->min, k->max, &policy, l->err)
		         : l->err->code;
	}
	if (r == 0 && snp_policy_check(policy, l->err) < 0)
		r = error_wrap(l->err, "'%s'", k->name);
	l->m->policy_at = location_of(l, v);
	if (r == 0)
		load_store(l, k, policy);
	return r;
}

int read_features(struct load *l, const struct key *k, const struct yaml_tree *v)
{
	int r = read_number(l, k, v);

	if (r == 0 && snp_features_check(l->m->guest_features, l->err) < 0)
		r = error_wrap(l->err, "'%s'", k->name);
	return r;
}
