/* SPDX-License-Identifier: MIT */
/* tests/attest/expect_test.c: a report against a launch: each field has a name of its own. */
#include "core/attest/expect.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/array.h"
#include "tests/make/chain.h"

/* A launch with an ID block, and the report that it has. */
static void launch_make(struct reference *l, struct snp_report *r)
{
	*l = (struct reference){ .policy = 0x30000,
		                 .id_block = true,
		                 .id_key_known = true,
		                 .author_key_known = true,
		                 .svn = 7 };
	chain_report(5, CERT_VCEK, SNP_TURIN, r);
	memcpy(l->measurement, r->measurement, sizeof(l->measurement));
	memset(l->host_data, 1, sizeof(l->host_data));
	memset(l->id_key_digest, 2, sizeof(l->id_key_digest));
	memset(l->author_key_digest, 3, sizeof(l->author_key_digest));
	memset(l->family_id, 4, sizeof(l->family_id));
	memset(l->image_id, 5, sizeof(l->image_id));
	memcpy(r->host_data, l->host_data, sizeof(l->host_data));
	memcpy(r->id_key_digest, l->id_key_digest, sizeof(l->id_key_digest));
	memcpy(r->author_key_digest, l->author_key_digest, sizeof(l->author_key_digest));
	memcpy(r->family_id, l->family_id, sizeof(l->family_id));
	memcpy(r->image_id, l->image_id, sizeof(l->image_id));
	r->guest_svn = le32_of(7);
	r->flags = le32_of(SNP_REPORT_AUTHOR_KEY);
}

static const struct attest_check *failure(const struct snp_report *r, const struct attest_want *w,
                                          struct attest_checks *c, size_t *ret_count)
{
	*c = (struct attest_checks){ 0 };
	*ret_count = 0;
	attest_expect(r, SNP_TURIN, w, c);
	for (size_t i = 0; i < c->count; i++)
		*ret_count += c->list[i].outcome == CHECK_FAIL;
	return checks_failed(c);
}

Test(expect, the_report_of_a_launch_passes)
{
	struct reference l;
	struct snp_report r;
	const struct attest_want w = { .launch = &l };
	struct attest_checks c;
	size_t n;

	launch_make(&l, &r);
	cr_expect_null(failure(&r, &w, &c, &n));
}

Test(expect, each_field_that_differs_has_a_name)
{
	static const struct {
		size_t at;
		uint8_t flip;
		enum reason reason;
	} rows[] = {
		{ offsetof(struct snp_report, measurement) + 47, 1, ERROR_MEASUREMENT_DIFFERS },
		{ offsetof(struct snp_report, policy) + 2, 0x10,
		  POLICY_DIFFERS },                                         /* single_socket */
		{ offsetof(struct snp_report, policy), 1, POLICY_DIFFERS }, /* the API */
		{ offsetof(struct snp_report, policy) + 2, 0x08, DEBUG_ALLOWED },
		{ offsetof(struct snp_report, host_data) + 31, 1, HOST_DATA_DIFFERS },
		{ offsetof(struct snp_report, id_key_digest), 1, ID_KEY_DIFFERS },
		{ offsetof(struct snp_report, author_key_digest), 1, AUTHOR_KEY_DIFFERS },
		{ offsetof(struct snp_report, flags), 1, AUTHOR_KEY_DIFFERS },
		{ offsetof(struct snp_report, family_id) + 15, 1, FAMILY_ID_DIFFERS },
		{ offsetof(struct snp_report, image_id) + 15, 1, IMAGE_ID_DIFFERS },
		{ offsetof(struct snp_report, guest_svn) + 3, 1, SVN_DIFFERS },
		{ offsetof(struct snp_report, report_id_ma), 1, MIGRATION_DIFFERS },
		{ offsetof(struct snp_report, vmpl), 1, VMPL_DIFFERS },
	};
	struct reference l;
	const struct attest_want w = { .launch = &l };
	struct attest_checks c;
	struct snp_report r;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attest_check *failed;

		launch_make(&l, &r);
		((uint8_t *)&r)[rows[i].at] ^= rows[i].flip;
		failed = failure(&r, &w, &c, &n);
		cr_assert_not_null(failed, "row %zu", i);
		cr_expect_eq(failed->reason, rows[i].reason, "row %zu: %s: %s", i, failed->name,
		             failed->text);
		cr_expect_eq(n, rows[i].reason == DEBUG_ALLOWED ? 2 : 1, "row %zu: %zu", i, n);
	}
}

Test(expect, without_an_ID_block_its_fields_are_zero)
{
	struct reference l;
	const struct attest_want w = { .launch = &l };
	struct attest_checks c;
	struct snp_report r;
	size_t n;

	launch_make(&l, &r);
	memset(l.id_key_digest, 0, sizeof(l.id_key_digest));
	memset(l.author_key_digest, 0, sizeof(l.author_key_digest));
	memset(l.family_id, 0, sizeof(l.family_id));
	memset(l.image_id, 0, sizeof(l.image_id));
	l.id_block = l.id_key_known = l.author_key_known = false;
	l.svn = 0;
	failure(&r, &w, &c, &n);
	cr_expect_eq(n, 5, "%zu", n);
}

Test(expect, components_are_compared_one_by_one)
{
	struct attest_want w = { .has_min_tcb = { [TCB_BOOT_LOADER] = true, [TCB_SNP] = true } };
	struct attest_checks c;
	struct snp_report r;
	size_t n;

	chain_report(5, CERT_VCEK, SNP_TURIN, &r);
	w.min_tcb[TCB_BOOT_LOADER] = 4;
	w.min_tcb[TCB_SNP] = 24;
	cr_expect_null(failure(&r, &w, &c, &n));
	w.min_tcb[TCB_BOOT_LOADER] = 5; /* that the others are above makes up for nothing */
	w.min_tcb[TCB_SNP] = 0;
	cr_expect_eq(failure(&r, &w, &c, &n)->reason, TCB_TOO_OLD);
	w.min_tcb[TCB_BOOT_LOADER] = 4;
	r.launch_tcb.b[1] = 3; /* of the launch alone */
	cr_expect_eq(failure(&r, &w, &c, &n)->reason, TCB_TOO_OLD);
}

Test(expect, what_can_be_gone_back_to_counts)
{
	struct attest_want w = { .has_min_firmware = true,
		                 .min_firmware = { .major = 1, .minor = 55, .build = 31 } };
	struct attest_checks c;
	struct snp_report r;
	size_t n;

	chain_report(5, CERT_VCEK, SNP_TURIN, &r);
	cr_expect_null(failure(&r, &w, &c, &n));
	r.committed.build = 30;
	cr_expect_eq(failure(&r, &w, &c, &n)->reason, FIRMWARE_TOO_OLD);
	r.committed.build = 31;
	r.current.minor = 54;
	cr_expect_eq(failure(&r, &w, &c, &n)->reason, FIRMWARE_TOO_OLD);
}

Test(expect, mitigations_are_there_at_launch_and_now)
{
	struct attest_want w = { .mitigations = 0x21 };
	struct attest_checks c;
	struct snp_report r;
	size_t n;

	chain_report(5, CERT_VCEK, SNP_TURIN, &r);
	cr_expect_null(failure(&r, &w, &c, &n));
	r.launch_mitigations = le64_of(0x1f);
	cr_expect_eq(failure(&r, &w, &c, &n)->reason, MITIGATION_MISSING);
	r.launch_mitigations = le64_of(0x3f);
	r.current_mitigations = le64_of(0x20);
	cr_expect_eq(failure(&r, &w, &c, &n)->reason, MITIGATION_MISSING);
	r.version = le32_of(4);
	cr_expect_eq(failure(&r, &w, &c, &n)->reason, MITIGATION_MISSING);
}
