/* SPDX-License-Identifier: MIT */
/*
 * tests/snp/report_test.c: where a report is found, which versions are read, and what takes more
 * than an offset.
 */
#include "core/snp/report.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "tests/make/report.h"
#include "tests/make/vectors.h"

#define RESPONSE     (REPORT_HEAD + REPORT_SIZE)
#define RESPONSE_CAP 4000

static struct snp_report made(uint32_t version)
{
	struct snp_report r;

	report_make(version, (uint8_t *)&r);
	return r;
}

Test(report, is_found_by_itself)
{
	uint8_t bytes[REPORT_SIZE + 1] = { 0 };

	report_make(2, bytes);
	cr_expect_eq(snp_report_find(bytes, REPORT_SIZE), (const void *)bytes);
	cr_expect_null(snp_report_find(bytes, REPORT_SIZE - 1));
	cr_expect_null(snp_report_find(bytes, REPORT_SIZE + 1));
	cr_expect_null(snp_report_find(bytes, 0));
}

Test(report, is_found_ahead_of_an_empty_certificate_table)
{
	uint8_t bytes[REPORT_SIZE + 4096] = { 0 };
	struct snp_report_file file;

	report_make(2, bytes);
	for (size_t n = 24; n <= 4096; n += 4096 - 24) {
		cr_expect(snp_report_open(bytes, REPORT_SIZE + n, &file));
		cr_expect_eq(file.report, (const void *)bytes);
		cr_expect_null(file.certs);
	}
	cr_expect_null(snp_report_find(bytes, REPORT_SIZE + 23));
	bytes[REPORT_SIZE + 24] = 1;
	cr_expect_null(snp_report_find(bytes, REPORT_SIZE + 25));
	bytes[REPORT_SIZE + 24] = 0;
	for (bytes[0] = 0; bytes[0] < 2; bytes[0]++) /* zeros; an ID authentication */
		cr_expect_null(snp_report_find(bytes, sizeof(bytes)));
}

Test(report, is_found_behind_the_head_of_a_response)
{
	static const size_t sizes[] = { RESPONSE, RESPONSE_CAP };
	uint8_t bytes[RESPONSE_CAP + 1] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		report_response(3, bytes, sizes[i]);
		cr_expect_eq(snp_report_find(bytes, sizes[i]), (const void *)(bytes + REPORT_HEAD));
		cr_expect_null(snp_report_find(bytes, sizes[i] - 1));
		cr_expect_null(snp_report_find(bytes, sizes[i] + 1));
	}
}

Test(report, is_not_found_behind_another_head)
{
	static const size_t places[] = { 0, 3, 4, 5, 8, 31 }; /* status, size, reserved */
	uint8_t bytes[RESPONSE];

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		report_response(3, bytes, sizeof(bytes));
		bytes[places[i]] ^= 0x40;
		cr_expect_null(snp_report_find(bytes, sizeof(bytes)), "byte %zu", places[i]);
	}
}

Test(report, is_not_found_where_the_version_is_no_small_number)
{
	uint8_t bytes[REPORT_SIZE];

	report_make(0xff, bytes);
	cr_expect_not_null(snp_report_find(bytes, sizeof(bytes)));
	report_make(0x100, bytes);
	cr_expect_null(snp_report_find(bytes, sizeof(bytes)));
	report_make(0x02000000, bytes);
	cr_expect_null(snp_report_find(bytes, sizeof(bytes)));
}

Test(report, of_versions_2_to_5_is_read)
{
	uint8_t bytes[REPORT_SIZE];

	for (uint32_t version = 2; version <= 5; version++) {
		const struct snp_report *r = NULL;
		struct error err = { 0 };

		report_make(version, bytes);
		cr_expect_eq(snp_report_read(bytes, sizeof(bytes), &r, &err), 0, "%s", err.text);
		cr_expect_eq(r, (const void *)bytes);
		cr_expect_eq(snp_report_has_cpuid(r), version >= 3, "version %u", version);
		cr_expect_eq(snp_report_has_mitigations(r), version >= 5, "version %u", version);
		cr_expect_eq(snp_report_reserved_set(r), 0, "version %u", version);
	}
}

Test(report, of_another_version_is_refused_with_its_number)
{
	static const struct {
		uint32_t version;
		const char *says;
	} rows[] = {
		{ 0, "has version 0;" },
		{ 1, "has version 1;" },
		{ 6, "has version 6; versions 2 to 5 are known" },
		{ 255, "has version 255;" },
	};
	const struct snp_report untouched, *r = &untouched;
	uint8_t bytes[REPORT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };

		report_make(rows[i].version, bytes);
		cr_expect_eq(snp_report_read(bytes, sizeof(bytes), &r, &err), -EINVAL);
		cr_expect_eq(err.kind, ERROR_UNSUPPORTED);
		cr_expect(strstr(err.text, rows[i].says), "%s", err.text);
		cr_expect_eq(r, &untouched);
	}
}

Test(report, that_is_none_is_refused)
{
	const struct snp_report untouched, *r = &untouched;
	uint8_t bytes[REPORT_SIZE] = { 2 };
	struct error err = { 0 };

	cr_expect_eq(snp_report_read(bytes, sizeof(bytes) - 1, &r, &err), -EINVAL);
	cr_expect_eq(err.kind, ERROR_BAD_VALUE);
	cr_expect(strstr(err.why, "1184 bytes"), "%s", err.why);
	cr_expect_eq(r, &untouched);
}

/*
 * The ranges that the specification keeps, byte by byte: {from, to, version that gave them a
 * meaning}.
 */
Test(report, counts_what_is_set_of_its_reserved_bytes)
{
	static const struct {
		size_t from, to;
		uint32_t until;
	} ranges[] = {
		{ 0x4c, 0x50, 99 },   { 0x188, 0x18b, 3 },  { 0x18b, 0x1a0, 99 },
		{ 0x1eb, 0x1ec, 99 }, { 0x1ef, 0x1f0, 99 }, { 0x1f8, 0x208, 5 },
		{ 0x208, 0x2a0, 99 },
	};

	for (uint32_t version = 2; version <= 5; version++) {
		bool reserved[REPORT_SIZE] = { 0 };

		for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
			for (size_t at = ranges[i].from; at < ranges[i].to; at++)
				reserved[at] = version < ranges[i].until;
		for (size_t at = 4; at < REPORT_SIZE; at++) {
			struct snp_report r = made(version);

			((uint8_t *)&r)[at] = 0x80;
			cr_expect_eq(snp_report_reserved_set(&r), reserved[at],
			             "version %u, byte 0x%zx", version, at);
		}
	}
}

static const le64 tcb = { { 1, 2, 3, 4, 5, 6, 7, 8 } };

enum layout { UNKNOWN, MILAN, TURIN };

static void check_tcb(const struct snp_report *r, enum layout layout, const char *what)
{
	static const struct snp_tcb wants[] = {
		[UNKNOWN] = { .unknown = true },
		[MILAN] = { false, 0, 1, 2, 7, 8, false },
		[TURIN] = { true, 1, 2, 3, 4, 8, false },
	};
	struct snp_tcb t = snp_report_tcb(r, tcb), want = wants[layout];

	cr_expect_eq(t.unknown, want.unknown, "%s", what);
	cr_expect_eq(t.has_fmc, want.has_fmc, "%s", what);
	cr_expect_eq(t.fmc, want.fmc, "%s", what);
	cr_expect_eq(t.boot_loader, want.boot_loader, "%s", what);
	cr_expect_eq(t.tee, want.tee, "%s", what);
	cr_expect_eq(t.snp, want.snp, "%s", what);
	cr_expect_eq(t.microcode, want.microcode, "%s", what);
}

Test(report, lays_out_the_tcb_by_the_processors_family)
{
	for (uint32_t version = 3; version <= 5; version++) {
		struct snp_report r = made(version);

		check_tcb(&r, MILAN, "family 19h");
		memset(r.chip_id + 8, 0, sizeof(r.chip_id) - 8);
		check_tcb(&r, MILAN, "family 19h, whatever the chip id");
		r.cpuid_family = 0x1a;
		r.cpuid_model = 0x11;
		check_tcb(&r, TURIN, "family 1Ah");
		r.cpuid_model = 0x50;
		check_tcb(&r, UNKNOWN, "Venice");
		r.cpuid_family = 0x1b;
		check_tcb(&r, UNKNOWN, "family 1Bh");
	}
}

Test(report, without_a_family_lays_out_the_tcb_by_the_length_of_the_chip_id)
{
	struct snp_report r = made(2);

	check_tcb(&r, MILAN, "64 bytes");
	memset(r.chip_id + 9, 0, sizeof(r.chip_id) - 9);
	check_tcb(&r, MILAN, "9 bytes");
	r.chip_id[8] = 0;
	check_tcb(&r, TURIN, "8 bytes");
	memset(r.chip_id, 0, sizeof(r.chip_id));
	check_tcb(&r, UNKNOWN, "masked");
	r.cpuid_family = 0x1a; /* reserved there */
	check_tcb(&r, UNKNOWN, "masked, and a byte set that has no meaning yet");
}

Test(report, names_the_bits_of_platform_info)
{
	static const char *const names[64] = { "smt",
		                               "tsme",
		                               "ecc",
		                               "rapl_dis",
		                               "ciphertext_hiding",
		                               "alias_check_complete",
		                               "iommu_write_safe",
		                               "tio" };

	for (unsigned bit = 0; bit < 64; bit++) {
		const char *name = snp_report_platform_name(bit);

		cr_expect_eq(!name, !names[bit], "bit %u", bit);
		if (name && names[bit])
			cr_expect_str_eq(name, names[bit]);
	}
}

Test(report, names_the_signing_key)
{
	static const char *const names[8] = { "VCEK",     "VLEK",     "reserved", "reserved",
		                              "reserved", "reserved", "reserved", "none" };

	for (uint32_t key = 0; key < 8; key++) {
		struct snp_report r = { .flags = le32_of(key << 2 | 0xffffffe3) };

		cr_expect_str_eq(snp_report_signing_key(&r), names[key]);
	}
}

/* Reports of real processors, which hosts of ours never saw. */
struct published {
	const char *chip;
	uint32_t version;
	uint8_t family, model;
	struct snp_tcb tcb;
};

static void check_published(const struct published *want, const struct snp_report *r)
{
	struct snp_tcb t = snp_report_tcb(r, r->current_tcb);

	cr_expect_eq(le32_get(r->version), want->version, "%s", want->chip);
	cr_expect_eq(r->cpuid_family, want->family, "%s", want->chip);
	cr_expect_eq(r->cpuid_model, want->model, "%s", want->chip);
	cr_expect_eq(t.has_fmc, want->tcb.has_fmc, "%s", want->chip);
	cr_expect_eq(t.fmc, want->tcb.fmc, "%s", want->chip);
	cr_expect_eq(t.boot_loader, want->tcb.boot_loader, "%s", want->chip);
	cr_expect_eq(t.tee, want->tcb.tee, "%s", want->chip);
	cr_expect_eq(t.snp, want->tcb.snp, "%s", want->chip);
	cr_expect_eq(t.microcode, want->tcb.microcode, "%s", want->chip);
	cr_expect_str_eq(snp_report_signing_key(r), "VCEK");
	cr_expect_eq(snp_report_reserved_set(r), 0, "%s", want->chip);
}

Test(report, reads_those_of_real_processors)
{
	static const struct published rows[] = {
		{ "milan", 3, 0x19, 0x01, { .boot_loader = 4, .snp = 0x18, .microcode = 0xdb } },
		{ "genoa", 3, 0x19, 0x11, { .boot_loader = 10, .snp = 0x17, .microcode = 0x54 } },
		{ "turin", 5, 0x1a, 0x02, { true, 1, 1, 1, 4, 0x51, false } },
	};
	const struct snp_report *r;
	struct error err = { 0 };
	char name[64], path[4096];

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_blob struct blob b = BLOB_NONE;

		snprintf(name, sizeof(name), "ms-tav/%s_attestation_report.bin", rows[i].chip);
		if (blob_read(attest_path(name, path, sizeof(path)), 4096, &b, &err) < 0)
			SKIP_ALOUD("%s (SNPVMM_ATTEST)", err.text);
		cr_assert_eq(snp_report_read(b.data, b.size, &r, &err), 0, "%s", err.text);
		check_published(&rows[i], r);
	}
}
