/* SPDX-License-Identifier: MIT */
/* tests/attest/verify_test.c: reports and chains of tests' own making, sound and spoilt. */
#include "core/attest/verify.h"

#include <stdio.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/reason.h"
#include "tests/attest/setup.h"

static void passes(const struct setup *s, const char *what)
{
	auto_given struct given certs = { 0 }, roots = { 0 };
	const struct attest_check *failed;
	struct attest a;

	setup_verify(s, &certs, &roots, &a);
	failed = checks_failed(&a.checks);
	cr_expect_null(failed, "%s: %s: %s", what, failed ? failed->name : "",
	               failed ? failed->text : "");
	cr_expect_eq(check_named(&a, "signature")->outcome, CHECK_OK, "%s", what);
	cr_expect_eq(check_named(&a, "chain")->outcome, CHECK_OK, "%s", what);
	cr_expect_eq(check_named(&a, "tcb")->outcome, CHECK_OK, "%s", what);
}

Test(verify, each_kind_line_and_version_passes)
{
	static const enum cert_kind kinds[] = { CERT_VCEK, CERT_VLEK };
	char what[64];

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++)
		for (enum snp_line line = SNP_MILAN; line < SNP_LINES; line++)
			for (uint32_t version = 2; version <= 5; version++) {
				struct setup s = setup_of(version, kinds[k], line);

				snprintf(what, sizeof(what), "%s of %s, version %u",
				         cert_kind_name(kinds[k]), snp_line_name(line), version);
				passes(&s, what);
			}
}

/* --- what is spoilt --- */

static void sign_again(struct setup *s)
{
	chain_sign(&s->report, chain_key(KEY_VEK));
}

/* The number n of P-384, little endian: a signature's numbers are below it. */
static void order_of_p384(uint8_t to[static 72])
{
	uint8_t n[48];

	hex_parse("ffffffffffffffffffffffffffffffffffffffffffffffff"
	          "c7634d81f4372ddf581a0db248b0a77aecec196accc52973",
	          96, n, sizeof(n));
	for (size_t i = 0; i < sizeof(n); i++)
		to[i] = n[sizeof(n) - 1 - i];
}

/* Changes of the report that leave its signature good. */
#define SIGNED(name, change)                                                                       \
	static void name(struct setup *s)                                                          \
	{                                                                                          \
		change;                                                                            \
		sign_again(s);                                                                     \
	}
#define CHANGE(name, change)                                                                       \
	static void name(struct setup *s)                                                          \
	{                                                                                          \
		change;                                                                            \
	}

SIGNED(version_0, s->report.version = le32_of(0))
SIGNED(version_1, s->report.version = le32_of(1))
SIGNED(version_6, s->report.version = le32_of(6))
SIGNED(version_largest, s->report.version = le32_of(UINT32_MAX))
SIGNED(algorithm_0, s->report.signature_algorithm = le32_of(0))
SIGNED(algorithm_2, s->report.signature_algorithm = le32_of(2))
SIGNED(flags_5, s->report.flags = le32_of(1 << 5))
SIGNED(flags_31, s->report.flags = le32_of((uint32_t)1 << 31))
SIGNED(key_2, s->report.flags = le32_of(2 << 2))
SIGNED(key_3, s->report.flags = le32_of(3 << 2))
SIGNED(key_4, s->report.flags = le32_of(4 << 2))
SIGNED(key_5, s->report.flags = le32_of(5 << 2))
SIGNED(key_6, s->report.flags = le32_of(6 << 2))
SIGNED(key_none, s->report.flags = le32_of(7 << 2))
SIGNED(key_vlek, s->report.flags = le32_of(1 << 2))
SIGNED(policy_17, s->report.policy = le64_of(0x10000))
SIGNED(policy_26, s->report.policy = le64_of(0x4030000))
SIGNED(policy_63, s->report.policy = le64_of(0x8000000000030000))
SIGNED(reserved, s->report.reserved_4c[3] = 1)
SIGNED(mitigations_of_3, s->report.current_mitigations = le64_of(1))
CHANGE(r_zero, memset(s->report.signature.r, 0, 72))
CHANGE(s_zero, memset(s->report.signature.s, 0, 72))
CHANGE(both_zero, memset(&s->report.signature, 0, 144))
CHANGE(r_long, s->report.signature.r[48] = 1)
CHANGE(s_long, s->report.signature.s[71] = 0x80)
CHANGE(r_above_n, memset(s->report.signature.r, 0xff, 48))
CHANGE(s_above_n, memset(s->report.signature.s, 0xff, 48))
CHANGE(r_is_n, order_of_p384(s->report.signature.r))
CHANGE(s_is_n, order_of_p384(s->report.signature.s))
CHANGE(behind_signature, s->report.signature.reserved[0] = 1)
CHANGE(behind_signature_last, s->report.signature.reserved[367] = 1)
CHANGE(changed, s->report.measurement[0] ^= 1)
CHANGE(other_key, chain_sign(&s->report, chain_key(KEY_OTHER_VEK)))
SIGNED(cpu_genoa, s->report.cpuid_model = 0x11)
SIGNED(cpu_turin, s->report.cpuid_family = 0x1a)
SIGNED(cpu_venice, s->report.cpuid_family = 0x1a; s->report.cpuid_model = 0x50)
SIGNED(cpu_unknown, s->report.cpuid_family = 0x18)
SIGNED(chip_other, s->report.chip_id[63] ^= 1)
SIGNED(tcb_snp, s->report.reported_tcb.b[6]--)
SIGNED(tcb_bl, s->report.reported_tcb.b[0]--)
SIGNED(tcb_ucode, s->report.reported_tcb.b[7]--)
SIGNED(reported_above, s->report.current_tcb.b[7]--; s->report.committed_tcb.b[7]--)
SIGNED(committed_above, s->report.committed_tcb.b[0]++)
SIGNED(vmpl_4, s->report.vmpl = le32_of(4))
SIGNED(vmpl_host, s->report.vmpl = le32_of(UINT32_MAX))
SIGNED(api_too_old, s->report.policy = le64_of(0x30138))

CHANGE(untrusted, s->trusted = false)
CHANGE(no_vek, s->without_vek = true)
CHANGE(no_ask, s->without_ask = true)
CHANGE(no_ark, s->without_ark = true; s->trusted = false)
CHANGE(nothing, s->without_vek = s->without_ask = s->without_ark = true; s->trusted = false)
CHANGE(vek_pkcs1, s->vek.pkcs1 = true)
CHANGE(ask_pkcs1, s->ask.pkcs1 = true)
CHANGE(ark_pkcs1, s->ark.pkcs1 = true)
CHANGE(vek_sha256, s->vek.hash = "SHA256")
CHANGE(vek_mgf1, s->vek.mgf1 = "SHA256")
CHANGE(ask_sha256, s->ask.hash = s->ask.mgf1 = "SHA256")
CHANGE(vek_salt, s->vek.salt = 32)
CHANGE(ark_salt, s->ark.salt = 20)
CHANGE(vek_p256, s->vek.key = chain_key(KEY_P256))
CHANGE(vek_rsa, s->vek.key = chain_key(KEY_ASVK))
CHANGE(ask_rsa2048, s->ask.key = s->vek.signer = chain_key(KEY_RSA2048))
CHANGE(ask_ec, s->ask.key = chain_key(KEY_OTHER_VEK))
CHANGE(ark_rsa2048, s->ark.key = s->ark.signer = s->ask.signer = chain_key(KEY_RSA2048))
CHANGE(vek_by_other, s->vek.signer = chain_key(KEY_ASVK))
CHANGE(vek_by_ark, s->vek.signer = chain_key(KEY_ARK))
CHANGE(ask_by_other, s->ask.signer = chain_key(KEY_ASVK))
CHANGE(ark_by_other, s->ark.signer = chain_key(KEY_ASVK))
CHANGE(ask_no_ca, s->ask.ca = false)
CHANGE(ark_no_ca, s->ark.ca = false)
CHANGE(ask_path, s->ask.path = 1)
CHANGE(ask_usage, s->ask.usage = "critical,cRLSign")
CHANGE(ask_no_usage, s->ask.usage = NULL)
CHANGE(vek_ca, s->vek.ca = true)
CHANGE(vek_version, s->vek.version = 0)
CHANGE(vek_issuer, strcpy(s->vek.issuer, "ARK-Milan"))
CHANGE(vek_issuer_line, strcpy(s->vek.issuer, "SEV-Genoa"))
CHANGE(ask_issuer, strcpy(s->ask.issuer, "ARK-Genoa"))
CHANGE(ask_as_ark, s->ark = s->ask)
CHANGE(vek_as_ask, s->ask = chain_spec(CERT_VCEK, SNP_MILAN))
CHANGE(ask_name, strcpy(s->ask.subject, "SEV-VLEK-Milan"))
CHANGE(vek_name, strcpy(s->vek.subject, "SEV-VLEK"))
CHANGE(vek_expired, s->vek.until = CHAIN_AT - 1)
CHANGE(vek_early, s->vek.from = CHAIN_AT + 1)
CHANGE(ask_expired, s->ask.until = CHAIN_AT - 1)
CHANGE(ark_early, s->ark.from = CHAIN_AT + 1)

static struct chain_extension *spl(struct setup *s)
{
	return chain_extension(&s->vek, "3.8");
}

static struct chain_extension *hwid(struct setup *s)
{
	return chain_extension(&s->vek, "4");
}

CHANGE(spl_other, chain_number(spl(s), 218))
CHANGE(spl_minus, chain_raw(spl(s), "\x02\x01\xff", 3))
CHANGE(spl_256, chain_raw(spl(s), "\x02\x02\x01\x00", 4))
CHANGE(spl_long, chain_raw(spl(s), "\x02\x02\x00\x7f", 4))
CHANGE(spl_minus_219, chain_raw(spl(s), "\x02\x01\xdb", 3))
CHANGE(spl_trailing, chain_raw(spl(s), "\x02\x02\x00\xdb\x00", 5))
CHANGE(spl_empty, chain_raw(spl(s), "", 0))
CHANGE(spl_octets, chain_raw(spl(s), "\x04\x01\x7f", 3))
CHANGE(spl_twice, chain_number(chain_extension_add(&s->vek, "3.8"), 219))
CHANGE(spl_none, chain_extension_drop(&s->vek, "3.8"))
CHANGE(fmc_none, chain_extension_drop(&s->vek, "3.9"))
CHANGE(fmc_of_milan, chain_number(chain_extension_add(&s->vek, "3.9"), 1))
CHANGE(product_none, chain_extension_drop(&s->vek, "2"))
CHANGE(product_utf8, chain_raw(chain_extension(&s->vek, "2"), "\x0c\x05Milan", 7))
CHANGE(product_nul, chain_raw(chain_extension(&s->vek, "2"), "\x16\x05Mil\0n", 7))
CHANGE(product_short, chain_raw(chain_extension(&s->vek, "2"), "\x16\x06Milan", 7))
CHANGE(struct_none, chain_extension_drop(&s->vek, "1"))
CHANGE(hwid_none, chain_extension_drop(&s->vek, "4"))
CHANGE(hwid_0, hwid(s)->size = 0)
CHANGE(hwid_7, hwid(s)->size = 7)
CHANGE(hwid_8, hwid(s)->size = 8)
CHANGE(hwid_63, hwid(s)->size = 63)
CHANGE(hwid_65, hwid(s)->size = 65)
CHANGE(hwid_twice, chain_raw(chain_extension_add(&s->vek, "4"), hwid(s)->bytes, 64))
CHANGE(hwid_other, hwid(s)->bytes[63] ^= 0x80)
CHANGE(csp_too, chain_raw(chain_extension_add(&s->vek, "5"), "\x16\x02no", 4))

static const struct spoilt {
	const char *what;
	void (*change)(struct setup *s);
	const char *check;
	enum reason reason;
} of_milan[] = {
	{ "version 0", version_0, "report", REPORT_MALFORMED },
	{ "version 1", version_1, "report", REPORT_MALFORMED },
	{ "version 6", version_6, "report", ERROR_UNSUPPORTED },
	{ "version 0xffffffff", version_largest, "report", ERROR_UNSUPPORTED },
	{ "algorithm 0", algorithm_0, "report", REPORT_MALFORMED },
	{ "algorithm 2", algorithm_2, "report", REPORT_MALFORMED },
	{ "flags, bit 5", flags_5, "report", REPORT_MALFORMED },
	{ "flags, bit 31", flags_31, "report", REPORT_MALFORMED },
	{ "signing key 2", key_2, "signing-key", REPORT_MALFORMED },
	{ "signing key 3", key_3, "signing-key", REPORT_MALFORMED },
	{ "signing key 4", key_4, "signing-key", REPORT_MALFORMED },
	{ "signing key 5", key_5, "signing-key", REPORT_MALFORMED },
	{ "signing key 6", key_6, "signing-key", REPORT_MALFORMED },
	{ "signing key none", key_none, "signing-key", REPORT_UNSIGNED },
	{ "VLEK by the report, VCEK given", key_vlek, "certificates", CHAIN_BROKEN },
	{ "policy without bit 17", policy_17, "report", REPORT_MALFORMED },
	{ "policy with bit 26", policy_26, "report", REPORT_MALFORMED },
	{ "policy with bit 63", policy_63, "report", REPORT_MALFORMED },
	{ "a reserved byte", reserved, "report", REPORT_MALFORMED },
	{ "mitigations in version 3", mitigations_of_3, "report", REPORT_MALFORMED },
	{ "R zero", r_zero, "report", REPORT_MALFORMED },
	{ "S zero", s_zero, "report", REPORT_MALFORMED },
	{ "no signature", both_zero, "signing-key", REPORT_UNSIGNED },
	{ "R too long", r_long, "report", REPORT_MALFORMED },
	{ "S too long", s_long, "report", REPORT_MALFORMED },
	{ "R above n", r_above_n, "signature", SIGNATURE_BAD },
	{ "S above n", s_above_n, "signature", SIGNATURE_BAD },
	{ "R that is n", r_is_n, "signature", SIGNATURE_BAD },
	{ "S that is n", s_is_n, "signature", SIGNATURE_BAD },
	{ "a byte behind the signature", behind_signature, "report", REPORT_MALFORMED },
	{ "the last byte", behind_signature_last, "report", REPORT_MALFORMED },
	{ "a changed byte", changed, "signature", SIGNATURE_BAD },
	{ "another key's signature", other_key, "signature", SIGNATURE_BAD },
	{ "CPUID of Genoa", cpu_genoa, "processor", PROCESSOR_DIFFERS },
	{ "CPUID of Turin", cpu_turin, "processor", PROCESSOR_DIFFERS },
	{ "CPUID of Venice", cpu_venice, "processor", ERROR_UNSUPPORTED },
	{ "CPUID of nobody", cpu_unknown, "processor", ERROR_UNSUPPORTED },
	{ "another chip", chip_other, "chip", CHIP_MISMATCH },
	{ "TCB: SNP", tcb_snp, "tcb", TCB_MISMATCH },
	{ "TCB: boot loader", tcb_bl, "tcb", TCB_MISMATCH },
	{ "TCB: microcode", tcb_ucode, "tcb", TCB_MISMATCH },
	{ "reported above current", reported_above, "consistency", REPORT_MALFORMED },
	{ "committed above current", committed_above, "consistency", REPORT_MALFORMED },
	{ "VMPL 4", vmpl_4, "consistency", REPORT_MALFORMED },
	{ "VMPL of the host", vmpl_host, "consistency", REPORT_MALFORMED },
	{ "API below the policy's", api_too_old, "consistency", REPORT_MALFORMED },
	{ "an ARK of AMD's name that isn't AMD's", untrusted, "root", ROOT_NOT_TRUSTED },
	{ "no VCEK", no_vek, "certificates", CHAIN_BROKEN },
	{ "no ASK", no_ask, "certificates", CHAIN_BROKEN },
	{ "no ARK", no_ark, "certificates", CHAIN_BROKEN },
	{ "no certificate", nothing, "certificates", REPORT_NOT_AUTHENTIC },
	{ "VCEK signed by PKCS#1 1.5", vek_pkcs1, "certificates", CHAIN_BROKEN },
	{ "ASK signed by PKCS#1 1.5", ask_pkcs1, "certificates", CHAIN_BROKEN },
	{ "ARK signed by PKCS#1 1.5", ark_pkcs1, "certificates", CHAIN_BROKEN },
	{ "VCEK with SHA-256", vek_sha256, "certificates", CHAIN_BROKEN },
	{ "VCEK with MGF1 of SHA-256", vek_mgf1, "certificates", CHAIN_BROKEN },
	{ "ASK with SHA-256", ask_sha256, "certificates", CHAIN_BROKEN },
	{ "VCEK with a salt of 32", vek_salt, "certificates", CHAIN_BROKEN },
	{ "ARK with a salt of 20", ark_salt, "certificates", CHAIN_BROKEN },
	{ "VCEK on P-256", vek_p256, "certificates", CHAIN_BROKEN },
	{ "VCEK of RSA", vek_rsa, "certificates", CHAIN_BROKEN },
	{ "ASK of 2048 bits", ask_rsa2048, "certificates", CHAIN_BROKEN },
	{ "ASK on P-384", ask_ec, "certificates", CHAIN_BROKEN },
	{ "ARK of 2048 bits", ark_rsa2048, "certificates", CHAIN_BROKEN },
	{ "VCEK by another key", vek_by_other, "chain", CHAIN_BROKEN },
	{ "VCEK by the ARK's key", vek_by_ark, "chain", CHAIN_BROKEN },
	{ "ASK by another key", ask_by_other, "chain", CHAIN_BROKEN },
	{ "ARK by another key", ark_by_other, "chain", CHAIN_BROKEN },
	{ "ASK that is no CA", ask_no_ca, "certificates", CHAIN_BROKEN },
	{ "ARK that is no CA", ark_no_ca, "certificates", CHAIN_BROKEN },
	{ "ASK with a path length of 1", ask_path, "certificates", CHAIN_BROKEN },
	{ "ASK that may not sign", ask_usage, "certificates", CHAIN_BROKEN },
	{ "ASK without key usage", ask_no_usage, "certificates", CHAIN_BROKEN },
	{ "VCEK that is a CA", vek_ca, "certificates", CHAIN_BROKEN },
	{ "VCEK of X.509 version 1", vek_version, "certificates", CHAIN_BROKEN },
	{ "VCEK issued by an ARK", vek_issuer, "certificates", CHAIN_BROKEN },
	{ "VCEK issued by another line's ASK", vek_issuer_line, "certificates", CHAIN_BROKEN },
	{ "ASK issued by another line's ARK", ask_issuer, "chain", CHAIN_BROKEN },
	{ "an ASK as root", ask_as_ark, "certificates", CHAIN_BROKEN },
	{ "a VCEK as ASK", vek_as_ask, "certificates", CHAIN_BROKEN },
	{ "ASK of another name", ask_name, "certificates", CHAIN_BROKEN },
	{ "VCEK of a VLEK's name", vek_name, "certificates", CHAIN_BROKEN },
	{ "VCEK expired", vek_expired, "validity", CERTIFICATE_EXPIRED },
	{ "VCEK not valid yet", vek_early, "validity", CERTIFICATE_EXPIRED },
	{ "ASK expired", ask_expired, "validity", CERTIFICATE_EXPIRED },
	{ "ARK not valid yet", ark_early, "validity", CERTIFICATE_EXPIRED },
	{ "another microcode in the VCEK", spl_other, "tcb", TCB_MISMATCH },
	{ "SPL -1", spl_minus, "certificates", CHAIN_BROKEN },
	{ "SPL 256", spl_256, "certificates", CHAIN_BROKEN },
	{ "SPL not minimal", spl_long, "certificates", CHAIN_BROKEN },
	{ "SPL whose last byte is right", spl_minus_219, "certificates", CHAIN_BROKEN },
	{ "SPL with a byte behind it", spl_trailing, "certificates", CHAIN_BROKEN },
	{ "SPL empty", spl_empty, "certificates", CHAIN_BROKEN },
	{ "SPL that is no INTEGER", spl_octets, "certificates", CHAIN_BROKEN },
	{ "SPL twice", spl_twice, "certificates", CHAIN_BROKEN },
	{ "SPL missing", spl_none, "certificates", CHAIN_BROKEN },
	{ "FMC in a VCEK of Milan", fmc_of_milan, "certificates", CHAIN_BROKEN },
	{ "no product", product_none, "certificates", CHAIN_BROKEN },
	{ "a product of another type", product_utf8, "certificates", CHAIN_BROKEN },
	{ "a product with NUL", product_nul, "certificates", CHAIN_BROKEN },
	{ "a product that is cut", product_short, "certificates", CHAIN_BROKEN },
	{ "no structure version", struct_none, "certificates", CHAIN_BROKEN },
	{ "no HWID", hwid_none, "certificates", CHAIN_BROKEN },
	{ "HWID of 0 bytes", hwid_0, "certificates", CHAIN_BROKEN },
	{ "HWID of 7 bytes", hwid_7, "certificates", CHAIN_BROKEN },
	{ "HWID of 8 bytes", hwid_8, "certificates", CHAIN_BROKEN },
	{ "HWID of 63 bytes", hwid_63, "certificates", CHAIN_BROKEN },
	{ "HWID of 65 bytes", hwid_65, "certificates", CHAIN_BROKEN },
	{ "HWID twice", hwid_twice, "certificates", CHAIN_BROKEN },
	{ "another HWID", hwid_other, "chip", CHIP_MISMATCH },
	{ "a VCEK of a provider", csp_too, "certificates", CHAIN_BROKEN },
};

static void fails(struct setup *s, const struct spoilt *row)
{
	auto_given struct given certs = { 0 }, roots = { 0 };
	const struct attest_check *c;
	struct attest a;

	row->change(s);
	setup_verify(s, &certs, &roots, &a);
	c = check_named(&a, row->check);
	cr_expect_eq(c->outcome, CHECK_FAIL, "%s: %s is no failure: %s", row->what, c->name,
	             c->text);
	cr_expect_eq(c->reason, row->reason, "%s: %s: %s [%s]", row->what, c->name, c->text,
	             reason_name(c->reason));
	cr_expect_eq(checks_failed(&a.checks)->reason, row->reason, "%s: the reason is %s",
	             row->what, reason_name(checks_failed(&a.checks)->reason));
}

Test(verify, what_is_spoilt_fails_by_its_own_name)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_milan); i++) {
		struct setup s = setup_of(3, CERT_VCEK, SNP_MILAN);

		fails(&s, &of_milan[i]);
	}
}

SIGNED(chip_longer, s->report.chip_id[8] = 1)
SIGNED(turin_fmc, s->report.reported_tcb.b[0] = 0)
SIGNED(turin_snp, s->report.reported_tcb.b[3]--)
CHANGE(hwid_64, memset(hwid(s)->bytes, 2, 64); hwid(s)->size = 64)

Test(verify, what_is_spoilt_of_turin_fails)
{
	static const struct spoilt rows[] = {
		{ "a ninth byte of chip id", chip_longer, "chip", CHIP_MISMATCH },
		{ "TCB: FMC", turin_fmc, "tcb", TCB_MISMATCH },
		{ "TCB: SNP", turin_snp, "tcb", TCB_MISMATCH },
		{ "no FMC", fmc_none, "certificates", CHAIN_BROKEN },
		{ "HWID of 64 bytes", hwid_64, "certificates", CHAIN_BROKEN },
		{ "CPUID of Milan", cpu_unknown, "processor", ERROR_UNSUPPORTED },
	};
	struct setup s = setup_of(2, CERT_VCEK, SNP_TURIN);
	static const struct spoilt v2 = { "a ninth byte, version 2", chip_longer, "processor",
		                          PROCESSOR_DIFFERS };

	fails(&s, &v2);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		s = setup_of(5, CERT_VCEK, SNP_TURIN);
		fails(&s, &rows[i]);
	}
}

CHANGE(no_csp, chain_extension_drop(&s->vek, "5"))
CHANGE(vlek_chip,
       chain_raw(chain_extension_add(&s->vek, "4"), "\x08\x07\x06\x05\x04\x03\x02\x01", 8))
SIGNED(key_vcek, s->report.flags = le32_of(0))

Test(verify, what_is_spoilt_of_a_VLEK_fails)
{
	static const struct spoilt rows[] = {
		{ "no provider", no_csp, "certificates", CHAIN_BROKEN },
		{ "a chip", vlek_chip, "certificates", CHAIN_BROKEN },
		{ "VCEK by the report", key_vcek, "certificates", CHAIN_BROKEN },
		{ "expired", vek_expired, "validity", CERTIFICATE_EXPIRED },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct setup s = setup_of(3, CERT_VLEK, SNP_GENOA);

		fails(&s, &rows[i]);
	}
}

/* Every byte that a version keeps reserved, signed as if the firmware had set it. */
Test(verify, no_reserved_byte_may_be_set)
{
	for (uint32_t version = 2; version <= 5; version++) {
		struct setup s = setup_of(version, CERT_VCEK, SNP_MILAN);
		auto_given struct given certs = { 0 }, roots = { 0 };
		struct attest_question q = { &s.report, &certs, &roots, CHAIN_AT, false };
		size_t refused = 0;
		struct attest a;

		setup_verify(&s, &certs, &roots, &a);
		for (size_t at = 0; at < 0x2a0; at++) {
			uint8_t *byte = (uint8_t *)&s.report + at;
			const size_t before = snp_report_reserved_set(&s.report);

			*byte ^= 0x80;
			if (snp_report_reserved_set(&s.report) > before) {
				sign_again(&s);
				attest_verify(&q, &a);
				cr_expect_eq(check_named(&a, "report")->outcome, CHECK_FAIL,
				             "version %u, byte 0x%zx", version, at);
				refused++;
			}
			*byte ^= 0x80;
		}
		cr_expect_eq(refused, version == 2 ? 198 : version < 5 ? 195 : 179, "%zu", refused);
	}
}

Test(verify, no_bit_of_what_is_signed_may_change)
{
	struct setup s = setup_of(5, CERT_VCEK, SNP_TURIN);
	auto_given struct given certs = { 0 }, roots = { 0 };
	struct attest_question q = { &s.report, &certs, &roots, CHAIN_AT, false };
	struct attest a, b;

	setup_verify(&s, &certs, &roots, &a);
	cr_assert_null(checks_failed(&a.checks));
	for (size_t bit = 0; bit < 8 * sizeof(s.report); bit++) {
		uint8_t *byte = (uint8_t *)&s.report + bit / 8;

		*byte ^= (uint8_t)(1 << bit % 8);
		if (bit < 8 * SNP_REPORT_SIGNED)
			cr_expect_not(cert_signed_report(a.chain.vek, &s.report), "bit %zu", bit);
		if (bit % 29 == 0) { /* the rest of the checks takes longer */
			attest_verify(&q, &b);
			cr_expect_not_null(checks_failed(&b.checks), "bit %zu", bit);
		}
		*byte ^= (uint8_t)(1 << bit % 8);
	}
}

/* --- which certificates are taken --- */

Test(verify, a_masked_chip_id_is_a_note)
{
	struct setup s = setup_of(3, CERT_VCEK, SNP_GENOA);
	auto_given struct given certs = { 0 }, roots = { 0 };
	struct attest a;

	memset(s.report.chip_id, 0, sizeof(s.report.chip_id));
	sign_again(&s);
	setup_verify(&s, &certs, &roots, &a);
	cr_expect_null(checks_failed(&a.checks));
	cr_expect_eq(check_named(&a, "chip")->outcome, CHECK_NOTE);
}

/* Version 2 names no processor, and a masked chip id no layout: the certificate does. */
Test(verify, a_masked_chip_id_of_version_2_takes_the_line_of_the_certificate)
{
	for (enum snp_line line = SNP_MILAN; line < SNP_LINES; line++) {
		struct setup s = setup_of(2, CERT_VCEK, line);

		memset(s.report.chip_id, 0, sizeof(s.report.chip_id));
		sign_again(&s);
		passes(&s, snp_line_name(line));
	}
}

Test(verify, a_chip_id_may_be_an_octet_string)
{
	struct setup s = setup_of(3, CERT_VCEK, SNP_MILAN);
	struct chain_extension *e = hwid(&s);

	memmove(e->bytes + 2, e->bytes, 64);
	e->bytes[0] = 4;
	e->bytes[1] = 64;
	e->size = 66;
	passes(&s, "an OCTET STRING");
}

/* One chip in 128 has an id that begins as a DER value would. */
Test(verify, a_chip_id_may_begin_with_any_byte)
{
	static const uint8_t first[] = { 0, 2, 4, 0x16, 0x30, 0xff };

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		struct setup s = setup_of(3, CERT_VCEK, SNP_MILAN);

		hwid(&s)->bytes[0] = s.report.chip_id[0] = first[i];
		hwid(&s)->bytes[1] = s.report.chip_id[1] = 62;
		sign_again(&s);
		passes(&s, "a first byte");
	}
}

Test(verify, certificates_of_others_beside_the_right_ones_do_no_harm)
{
	struct setup s = setup_of(3, CERT_VCEK, SNP_MILAN);
	struct chain_spec other = chain_spec(CERT_VCEK, SNP_MILAN);

	other.key = chain_key(KEY_OTHER_VEK);
	chain_cert(&other, &s.more[0]);
	other = chain_spec(CERT_ASK, SNP_MILAN); /* of the same name, by nobody */
	other.key = other.signer = chain_key(KEY_ASVK);
	chain_cert(&other, &s.more[1]);
	other = chain_spec(CERT_ARK, SNP_MILAN);
	other.key = other.signer = chain_key(KEY_ASVK);
	chain_cert(&other, &s.more[2]);
	other = chain_spec(CERT_VLEK, SNP_MILAN);
	chain_cert(&other, &s.more[3]);
	other = chain_spec(CERT_VCEK, SNP_MILAN); /* the same key, expired */
	other.until = CHAIN_AT - 1;
	chain_cert(&other, &s.more[4]);
	s.n_more = 5;
	passes(&s, "five more");
}

Test(verify, the_report_says_whether_a_VCEK_or_a_VLEK_signed_it)
{
	static const enum cert_kind kinds[] = { CERT_VCEK, CERT_VLEK };

	for (size_t i = 0; i < 2; i++) {
		struct setup s = setup_of(3, kinds[i], SNP_MILAN);
		struct chain_spec other = chain_spec(kinds[1 - i], SNP_MILAN);

		chain_cert(&other, &s.more[0]);
		other = chain_spec(i ? CERT_ASK : CERT_ASVK, SNP_MILAN);
		chain_cert(&other, &s.more[1]);
		s.n_more = 2;
		passes(&s, cert_kind_name(kinds[i]));
	}
}

Test(verify, without_certificates_it_fails_unless_that_is_wanted)
{
	struct setup s = setup_of(3, CERT_VCEK, SNP_MILAN);
	auto_given struct given certs = { 0 }, roots = { 0 };
	struct attest a;

	nothing(&s);
	s.unauthenticated = true;
	setup_verify(&s, &certs, &roots, &a);
	cr_expect_null(checks_failed(&a.checks));
	cr_expect_eq(check_named(&a, "certificates")->outcome, CHECK_SKIP);
	cr_expect_eq(check_named(&a, "signature")->outcome, CHECK_SKIP);
	cr_expect_eq(a.n_urls, 2);
	cr_expect_str_eq(a.urls[0],
	                 "https://kdsintf.amd.com/vcek/v1/Milan/"
	                 "02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021"
	                 "22232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f4041"
	                 "?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219");
	cr_expect_str_eq(a.urls[1], "https://kdsintf.amd.com/vcek/v1/Milan/cert_chain");
}

Test(verify, URLs_are_those_of_what_is_missing)
{
	struct setup s = setup_of(5, CERT_VCEK, SNP_TURIN);
	auto_given struct given certs = { 0 }, roots = { 0 };
	struct attest a;

	s.without_vek = true;
	setup_verify(&s, &certs, &roots, &a);
	cr_expect_str_eq(a.urls[0], "https://kdsintf.amd.com/vcek/v1/Turin/0203040506070809"
	                            "?fmcSPL=01&blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219");
	s = setup_of(3, CERT_VLEK, SNP_GENOA);
	nothing(&s);
	given_fini(&certs);
	given_fini(&roots);
	setup_verify(&s, &certs, &roots, &a);
	cr_expect_eq(a.n_urls, 1);
	cr_expect_str_eq(a.urls[0], "https://kdsintf.amd.com/vlek/v1/Genoa/cert_chain");
}

Test(verify, a_version_2_report_without_certificates_may_be_of_two_lines)
{
	struct setup s = setup_of(2, CERT_VCEK, SNP_MILAN);
	auto_given struct given certs = { 0 }, roots = { 0 };
	struct attest a;

	nothing(&s);
	setup_verify(&s, &certs, &roots, &a);
	cr_expect_eq(a.n_urls, 4);
	memset(s.report.chip_id, 0, sizeof(s.report.chip_id)); /* hidden: no URL can be made */
	setup_verify(&s, &certs, &roots, &a);
	cr_expect_eq(a.n_urls, 0);
}

/* --- revocation --- */

static const struct attest_check *revocation(struct setup *s, const struct chain_crl *crl,
                                             struct given *certs, struct given *roots,
                                             struct attest *a)
{
	chain_crl(crl, &s->more[s->n_more++]);
	setup_verify(s, certs, roots, a);
	return check_named(a, "revocation");
}

Test(verify, revocation_lists)
{
	static const long ask[] = { 7, SNP_MILAN * 0x10000 + 1 }, ark[] = { SNP_MILAN * 0x10000 },
			  zero[] = { 0 };
	const struct chain_crl usual = { .line = SNP_MILAN,
		                         .from = CHAIN_FROM,
		                         .until = CHAIN_UNTIL };
	struct {
		const char *what;
		struct chain_crl crl;
		enum check_outcome outcome;
		enum reason reason;
	} rows[] = {
		{ "empty", usual, CHECK_OK, ERROR_NONE },
		{ "serial 0, as all VCEKs have it", usual, CHECK_OK, ERROR_NONE },
		{ "the ASK", usual, CHECK_FAIL, CERTIFICATE_REVOKED },
		{ "the ARK", usual, CHECK_FAIL, CERTIFICATE_REVOKED },
		{ "out of date", usual, CHECK_FAIL, REVOCATION_UNKNOWN },
		{ "not valid yet", usual, CHECK_FAIL, REVOCATION_UNKNOWN },
		{ "without an end", usual, CHECK_FAIL, REVOCATION_UNKNOWN },
		{ "another issuer", usual, CHECK_FAIL, REVOCATION_UNKNOWN },
		{ "another key", usual, CHECK_FAIL, REVOCATION_UNKNOWN },
		{ "another line", usual, CHECK_FAIL, REVOCATION_UNKNOWN },
		{ "a critical extension", usual, CHECK_FAIL, REVOCATION_UNKNOWN },
	};

	rows[1].crl.serials = zero;
	rows[1].crl.n_serials = 1;
	rows[2].crl.serials = ask;
	rows[2].crl.n_serials = 2;
	rows[3].crl.serials = ark;
	rows[3].crl.n_serials = 1;
	rows[4].crl.until = CHAIN_AT - 1;
	rows[5].crl.from = CHAIN_AT + 1;
	rows[6].crl.until = 0;
	rows[7].crl.issuer = "SEV-Milan";
	rows[8].crl.signer = chain_key(KEY_ASVK);
	rows[9].crl.line = SNP_GENOA;
	rows[10].crl.critical = "1.2.3.4";
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct setup s = setup_of(3, CERT_VCEK, SNP_MILAN);
		auto_given struct given certs = { 0 }, roots = { 0 };
		struct attest a;
		const struct attest_check *c = revocation(&s, &rows[i].crl, &certs, &roots, &a);

		cr_expect_eq(c->outcome, rows[i].outcome, "%s: %s", rows[i].what, c->text);
		cr_expect_eq(c->reason, rows[i].reason, "%s: %s", rows[i].what, c->text);
	}
}

Test(verify, without_a_revocation_list_that_is_said)
{
	struct setup s = setup_of(3, CERT_VCEK, SNP_MILAN);
	auto_given struct given certs = { 0 }, roots = { 0 };
	struct attest a;

	setup_verify(&s, &certs, &roots, &a);
	cr_expect_eq(check_named(&a, "revocation")->outcome, CHECK_SKIP);
}
