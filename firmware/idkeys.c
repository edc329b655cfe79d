/* SPDX-License-Identifier: MIT */
/* firmware/idkeys.c: reads private keys, and lets them sign nothing but this launch. */
#include "firmware/idkeys.h"

#include <string.h>
#include <sys/stat.h>

#include "config/keys.h"
#include "config/value.h"
#include "core/attest/reference.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/findings.h"
#include "core/plan/plan.h"

bool idkeys_exposed(const char *name, const char *path, mode_t mode, struct error *ret)
{
	if (!(mode & (S_IRGRP | S_IROTH)))
		return false;
	error_set(ret, ERROR_NONE, "%s: other users can read the private key '%s'", name, path);
	error_fix(ret, "chmod 600 '%s'", path);
	return true;
}

static int key_read(const struct manifest *m, enum key_id id, const char *path, struct p384 **ret,
                    struct findings *f, struct error *err)
{
	auto_secret_blob struct blob b = BLOB_NONE;
	struct error warning;
	int r = blob_read_in(m->confine, path, P384_FILE_MAX, &b, NULL, err);

	if (r < 0)
		return file_fix(location_is_option(&m->locations[id]) ? "" : m->file, err);
	blob_hide(&b);
	r = p384_read(path, b.data, b.size, ret, err);
	if (r == 0 && p384_can_sign(*ret) &&
	    idkeys_exposed(keys[id].name, path, b.read_from.mode, &warning)) {
		manifest_at(m, id, &warning);
		findings_add(f, SEVERITY_WARNING, &warning);
	}
	return r;
}

bool idkeys_read(const struct manifest *m, struct identity *ret, struct findings *f)
{
	const struct {
		enum key_id id;
		const struct manifest_key *key;
		struct p384 **to;
	} rows[] = {
		{ KEY_SNP_IDENTITY_ID_KEY, &m->id_key, &ret->id_key },
		{ KEY_SNP_IDENTITY_AUTHOR_KEY, &m->author_key, &ret->author_key },
	};
	size_t errors = f->errors;

	*ret = (struct identity){ .svn = m->svn };
	memcpy(ret->family_id, m->family_id, sizeof(ret->family_id));
	memcpy(ret->image_id, m->image_id, sizeof(ret->image_id));
	for (size_t i = 0; m->identity_given && i < 2; i++) {
		struct error err = { 0 };
		int r = 0;

		if (rows[i].key->ephemeral)
			r = p384_generate(rows[i].to, &err);
		else if (rows[i].key->path)
			r = key_read(m, rows[i].id, rows[i].key->path, rows[i].to, f, &err);
		if (r == 0)
			continue;
		error_wrap(&err, "%s", keys[rows[i].id].name);
		manifest_at(m, rows[i].id, &err);
		findings_add(f, SEVERITY_ERROR, &err);
	}
	return f->errors == errors;
}

static int refuse_public(const struct manifest *m, enum key_id id, const char *path,
                         struct error *err)
{
	error_set(err, ERROR_BAD_KEY, "%s: '%s' is a public key, which cannot sign this launch",
	          keys[id].name, path);
	error_fix(err, "give the private key; or have its holder sign what 'snpvmm idblock "
	               "--print-tbs' prints, and give the signature to 'snpvmm idblock'");
	return manifest_at(m, id, err);
}

int idkeys_make(const struct manifest *m, const struct identity *i, uint64_t policy,
                const uint8_t digest[static PLAN_DIGEST], const struct identity_signatures *given,
                struct idkeys_signed *ret, struct error *err)
{
	int r;

	if (!(given && given->id) && !p384_can_sign(i->id_key))
		return refuse_public(m, KEY_SNP_IDENTITY_ID_KEY, m->id_key.path, err);
	if (i->author_key && !(given && given->author) && !p384_can_sign(i->author_key))
		return refuse_public(m, KEY_SNP_IDENTITY_AUTHOR_KEY, m->author_key.path, err);
	identity_block(i, digest, policy, ret->block);
	r = identity_authenticate(i, ret->block, given, ret->auth, err);
	return r < 0 ? manifest_at(m, KEY_SNP_IDENTITY_ID_KEY, err) : 0;
}

int idkeys_sign(const struct manifest *m, const struct identity *i, const struct plan *p,
                const uint8_t digest[static PLAN_DIGEST], struct error *err)
{
	struct idkeys_signed made;
	int r;

	if (!m->identity_given)
		return 0;
	r = idkeys_make(m, i, plan_settings(p)->policy, digest, NULL, &made, err);
	if (r == 0)
		plan_set_id_block(p, made.block, made.auth, i->author_key != NULL);
	return r;
}

void idkeys_reference(const struct manifest *m, const struct identity *i, struct reference *r)
{
	uint8_t block[PLAN_ID_BLOCK], id[P384_PUBLIC_SIZE], author[P384_PUBLIC_SIZE];

	if (!m->identity_given)
		return;
	identity_block(i, r->measurement, r->policy_known ? r->policy : m->policy, block);
	p384_public(i->id_key, id);
	if (i->author_key)
		p384_public(i->author_key, author);
	reference_add_id_block(r, block, m->id_key.ephemeral ? NULL : id,
	                       i->author_key ? author : NULL);
}
