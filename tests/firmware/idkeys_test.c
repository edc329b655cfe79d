/* SPDX-License-Identifier: MIT */
/* tests/firmware/idkeys_test.c: keys of snp.identity, read, made and let sign. */
#include "firmware/idkeys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/confine.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/findings.h"
#include "core/plan/plan.h"
#include "core/snp/idblock.h"
#include "tests/make/vectors.h"

static char folder[] = "/tmp/snpvmm-idkeys-XXXXXX";
static char path[64];

/* One of the golden keys, in a file of its own with this mode. */
static void put_key(mode_t mode)
{
	auto_blob struct blob b = BLOB_NONE;
	struct error err = { 0 };
	char from[4096];
	FILE *f;

	cr_assert_eq(blob_read(vectors_path("keys/id_key.pem", from, sizeof(from)), P384_FILE_MAX,
	                       &b, &err),
	             0, "%s", err.text);
	unlink(path); /* its user may not write into one of mode 0400 */
	f = fopen(path, "w");
	cr_assert(f && fwrite(b.data, 1, b.size, f) == b.size && fclose(f) == 0);
	cr_assert_eq(chmod(path, mode), 0);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/id.pem", folder);
	put_key(0600);
}

static void teardown(void)
{
	unlink(path);
	rmdir(folder);
}

TestSuite(idkeys, .init = setup, .fini = teardown);

static struct manifest manifest_of_key(void)
{
	return (struct manifest){ .file = (char *)"m.yaml",
		                  .identity_given = true,
		                  .id_key = { .path = path },
		                  .svn = 5,
		                  .image_id = { 1 },
		                  .policy = 0x30000,
		                  .locations[KEY_SNP_IDENTITY_ID_KEY] = { .line = 7,
		                                                          .column = 13 } };
}

Test(idkeys, are_read_and_let_sign)
{
	struct manifest m = manifest_of_key();
	auto_findings struct findings f = { 0 };
	auto_identity struct identity i;
	static const uint8_t digest[PLAN_DIGEST] = { 0xab };
	struct idkeys_signed made;
	struct error err = { 0 };
	bool author = true;

	cr_assert(idkeys_read(&m, &i, &f));
	cr_expect_eq(f.count, 0);
	cr_expect(i.id_key && !i.author_key && i.svn == 5 && i.image_id[0] == 1);
	cr_assert_eq(idkeys_make(&m, &i, m.policy, digest, NULL, &made, &err), 0, "%s", err.text);
	cr_expect_eq(made.block[0], 0xab);
	cr_expect_eq(snp_id_policy(made.block), 0x30000);
	cr_expect_eq(identity_verify(made.block, made.auth, &author, &err), 0, "%s", err.text);
	cr_expect_not(author);
}

Test(idkeys, there_are_none_without_an_identity)
{
	struct manifest m = manifest_of_key();
	auto_findings struct findings f = { 0 };
	struct identity i;

	m.identity_given = false;
	cr_assert(idkeys_read(&m, &i, &f));
	cr_expect(!i.id_key && !i.author_key);
}

Test(idkeys, an_ephemeral_one_is_another_each_time)
{
	struct manifest m = manifest_of_key();
	auto_findings struct findings f = { 0 };
	auto_identity struct identity a, b;
	uint8_t one[P384_PUBLIC_SIZE], two[P384_PUBLIC_SIZE];

	m.id_key = (struct manifest_key){ .ephemeral = true };
	cr_assert(idkeys_read(&m, &a, &f) && idkeys_read(&m, &b, &f));
	p384_public(a.id_key, one);
	p384_public(b.id_key, two);
	cr_expect_arr_neq(one, two, sizeof(one));
}

Test(idkeys, warn_of_readers)
{
	static const struct {
		mode_t mode;
		bool warned;
	} rows[] = { { 0600, false }, { 0400, false }, { 0640, true },
		     { 0604, true },  { 0644, true },  { 0620, false } };

	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		struct manifest m = manifest_of_key();
		auto_findings struct findings f = { 0 };
		auto_identity struct identity i = { 0 };

		put_key(rows[n].mode);
		cr_assert(idkeys_read(&m, &i, &f));
		cr_assert_eq(f.count, rows[n].warned, "mode %o", rows[n].mode);
		cr_expect(f.count == 0 ||
		          (f.list[0].severity == SEVERITY_WARNING && f.list[0].error.line == 7));
	}
}

Test(idkeys, each_that_is_wrong_is_told_at_its_place)
{
	struct manifest m = manifest_of_key();
	auto_findings struct findings f = { 0 };
	auto_identity struct identity i;

	m.id_key.path = (char *)"/dev/zero";
	m.author_key.path = folder;
	m.locations[KEY_SNP_IDENTITY_AUTHOR_KEY] = (struct location){ .line = 8, .column = 17 };
	cr_expect_not(idkeys_read(&m, &i, &f));
	cr_assert_eq(f.count, 2);
	cr_expect_eq(f.list[0].error.line, 7);
	cr_expect_eq(f.list[1].error.line, 8);
	for (size_t n = 0; n < 2; n++)
		cr_expect_not_null(strstr(f.list[n].error.text, "is not a regular file"), "%s",
		                   f.list[n].error.text);
}

Test(idkeys, lie_below_the_folder_of_confine)
{
	struct manifest m = manifest_of_key();
	auto_findings struct findings f = { 0 };
	auto_identity struct identity i;
	struct confine c;
	struct error err = { 0 };

	cr_assert_eq(confine_begin(&c, "/usr", &err), 0, "%s", err.text);
	m.confine = &c;
	cr_expect_not(idkeys_read(&m, &i, &f));
	cr_assert_eq(f.count, 1);
	cr_expect_eq(f.list[0].error.kind, ERROR_OUTSIDE_CONFINE);
}

/* The bytes of a secret are gone before its memory is. */
Test(idkeys, a_secret_blob_is_wiped)
{
	struct blob b = BLOB_NONE;
	struct error err = { 0 };

	cr_assert_eq(blob_read(path, P384_FILE_MAX, &b, &err), 0, "%s", err.text);
	cr_expect_eq(b.read_from.mode & 0777, 0600);
	blob_hide(&b);
	blob_wipe(&b);
	cr_expect(!b.data && !b.size);
	blob_wipe(&b); /* of nothing, too */
	blob_hide(&b);
}
