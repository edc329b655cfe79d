/* SPDX-License-Identifier: MIT */
/* core/attest/verify.c: checks a report's authenticity, step by step. */
#include "core/attest/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/attest/roots.h"
#include "core/attest/tcb.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/snp/policy.h"

enum { KEY_VCEK = 0, KEY_VLEK = 1, KEY_NONE = 7 };
enum { ALGORITHM_ECDSA_P384 = 1, NUMBER_SIZE = 48, VERSION_MIN = 2, FLAGS = 5 };

static unsigned signing_key(const struct snp_report *r)
{
	return le32_get(r->flags) >> 2 & 7;
}

/* If firmware may not use the VCEK (MASK_CHIP_KEY) and has no VLEK, the signature is zero. */
static bool is_unsigned(const struct snp_report *r)
{
	return signing_key(r) == KEY_NONE || (bytes_zero(r->signature.r, sizeof(r->signature.r)) &&
	                                      bytes_zero(r->signature.s, sizeof(r->signature.s)));
}

static bool number_is_bad(const uint8_t number[static 72])
{
	return bytes_zero(number, NUMBER_SIZE) ||
	       !bytes_zero(number + NUMBER_SIZE, 72 - NUMBER_SIZE);
}

/*
 * A defect that no report of the firmware has; NULL: none. The bytes after R and S are not signed,
 * so they have to be zero.
 */
static const char *form_fault(const struct snp_report *r)
{
	if (!is_unsigned(r) && le32_get(r->signature_algorithm) != ALGORITHM_ECDSA_P384)
		return "the signature's algorithm is not ECDSA P-384 with SHA-384";
	if (le32_get(r->flags) >> FLAGS)
		return "reserved bits of the flags are set";
	if (snp_report_reserved_set(r))
		return "bytes that its version keeps reserved are set";
	if (!(le64_get(r->policy) & SNP_POLICY_RESERVED_ONE))
		return "bit 17 of the policy, which is always one, is zero";
	if (!snp_policy_known(le64_get(r->policy)))
		return "reserved bits of the policy are set";
	if (!bytes_zero(r->signature.reserved, sizeof(r->signature.reserved)))
		return "bytes behind the signature are set";
	if (!is_unsigned(r) && (number_is_bad(r->signature.r) || number_is_bad(r->signature.s)))
		return "the signature's R or S is no number of 384 bits";
	return NULL;
}

static void check_form(const struct snp_report *r, struct attest *a)
{
	uint32_t version = le32_get(r->version);
	const char *fault;

	a->known = snp_report_version_known(r);
	if (!a->known && version < VERSION_MIN) {
		check_fail(&a->checks, "report", REPORT_MALFORMED,
		           "there is no report version %" PRIu32, version);
		return;
	}
	if (!a->known) {
		check_fail(&a->checks, "report", ERROR_UNSUPPORTED,
		           "report version %" PRIu32 " is not known, and may mean other things by "
		           "the same bytes",
		           version);
		return;
	}
	fault = form_fault(r);
	if (fault)
		check_fail(&a->checks, "report", REPORT_MALFORMED, "%s", fault);
	else
		check_ok(&a->checks, "report", "version %" PRIu32 ", well formed", version);
}

/* The report decides which kind of certificate it needs, whichever ones are given. */
static enum cert_kind check_signing_key(const struct snp_report *r, struct attest *a)
{
	static const char name[] = "signing-key";
	unsigned key = signing_key(r);

	if (is_unsigned(r)) {
		check_fail(&a->checks, name, REPORT_UNSIGNED,
		           "the firmware did not sign this report");
	} else if (key == KEY_VCEK || key == KEY_VLEK) {
		check_ok(&a->checks, name, "%s", snp_report_signing_key(r));
		return key == KEY_VCEK ? CERT_VCEK : CERT_VLEK;
	} else {
		check_fail(&a->checks, name, REPORT_MALFORMED, "signing key %u is reserved", key);
	}
	return CERT_OTHER;
}

static void url_add(struct attest *a, bool made)
{
	a->n_urls += made;
}

/*
 * Adds a URL for each missing certificate. A report of version 2 may be Milan's or Genoa's: add
 * URLs for both.
 */
static void name_urls(const struct snp_report *r, enum cert_kind kind, struct attest *a)
{
	bool either = a->chain.line == SNP_LINE_UNKNOWN && !snp_report_has_cpuid(r) &&
	              !snp_report_tcb(r, r->reported_tcb).unknown;
	enum snp_line lines[] = { either ? SNP_MILAN : a->chain.line,
		                  either ? SNP_GENOA : a->chain.line };

	for (size_t i = 0; i < (either ? ARRAY_SIZE(lines) : 1); i++) {
		if (!a->chain.vek && kind == CERT_VCEK)
			url_add(a, kds_vcek_url(r, lines[i], a->urls[a->n_urls]));
		if ((!a->chain.ask || !a->chain.ark) && lines[i] != SNP_LINE_UNKNOWN) {
			kds_chain_url(kind, lines[i], a->urls[a->n_urls]);
			url_add(a, true);
		}
	}
}

static void check_certificates(const struct attest_question *q, enum cert_kind kind,
                               struct attest *a)
{
	static const char name[] = "certificates";
	const struct cert *needed[] = { a->chain.vek, a->chain.ask, a->chain.ark };
	const char *const names[] = { cert_kind_name(kind), kind == CERT_VCEK ? "ASK" : "ASVK",
		                      "ARK" };
	char missing[64] = "";
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (!needed[i])
			n += (size_t)snprintf(missing + n, sizeof(missing) - n, "%s%s",
			                      n ? ", " : "", names[i]);
	if (n)
		name_urls(q->report, kind, a);
	if (n && q->certs->n_certs == 0 && q->unauthenticated) {
		check_skip(&a->checks, name, "none are given: anybody can have made this report");
		return;
	}
	if (n) {
		check_fail(&a->checks, name,
		           q->certs->n_certs ? CHAIN_BROKEN : REPORT_NOT_AUTHENTIC,
		           q->certs->n_certs ? "missing among those given: %s"
		                             : "none are given; needed: %s",
		           missing);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (needed[i]->defect[0]) {
			check_fail(&a->checks, name, CHAIN_BROKEN, "the %s %s", names[i],
			           needed[i]->defect);
			return;
		}
	if (a->chain.vek->vek.unknown)
		check_note(&a->checks, name, "the %s has %u extensions of AMD's that are not known",
		           names[0], a->chain.vek->vek.unknown);
	else
		check_ok(&a->checks, name, "%s, %s, %s of %s", names[0], names[1], names[2],
		         snp_line_name(a->line));
}

static void check_root(const struct attest_question *q, struct attest *a)
{
	static const char name[] = "root";
	const struct cert *ark = a->chain.ark;

	if (!ark) {
		check_skip(&a->checks, name, "no ARK");
		return;
	}
	a->root_is_amd = root_is_amd(ark);
	a->root_is_given = !a->root_is_amd && chain_root_given(q->roots, ark);
	if (a->root_is_amd)
		check_ok(&a->checks, name, "the key of AMD's %s", ark->subject);
	else if (a->root_is_given)
		check_note(&a->checks, name,
		           "the key of %s is trusted because of --root, not AMD's", ark->subject);
	else
		hex_of(ark->spki, sizeof(ark->spki),
		       check_fail(&a->checks, name, ROOT_NOT_TRUSTED, "the key of %s is not AMD's",
		                  ark->subject)
		               ->actual);
}

static void check_chain(struct attest *a)
{
	static const char name[] = "chain";
	const struct chain *c = &a->chain;

	if (!c->vek || !c->ask || !c->ark)
		check_skip(&a->checks, name, "not all certificates are there");
	else if (!cert_issued_by(c->ark, c->ark))
		check_fail(&a->checks, name, CHAIN_BROKEN, "%s did not sign itself",
		           c->ark->subject);
	else if (!cert_issued_by(c->ask, c->ark))
		check_fail(&a->checks, name, CHAIN_BROKEN, "%s did not sign %s", c->ark->subject,
		           c->ask->subject);
	else if (!cert_issued_by(c->vek, c->ask))
		check_fail(&a->checks, name, CHAIN_BROKEN, "%s did not sign the %s",
		           c->ask->subject, cert_kind_name(c->vek->kind));
	else
		check_ok(&a->checks, name, "%s signed %s signed the %s", c->ark->subject,
		         c->ask->subject, cert_kind_name(c->vek->kind));
}

static void check_validity(const struct attest_question *q, struct attest *a)
{
	static const char name[] = "validity";
	const struct cert *certs[] = { a->chain.vek, a->chain.ask, a->chain.ark };
	char at[CERT_TIME_CAP], limit[CERT_TIME_CAP];
	int64_t until = INT64_MAX;

	cert_time_text(q->at, at);
	for (size_t i = 0; i < ARRAY_SIZE(certs); i++) {
		const struct cert *c = certs[i];

		if (!c)
			continue;
		until = MIN(until, c->not_after);
		if (c->not_before <= q->at && q->at <= c->not_after)
			continue;
		check_fail(
			&a->checks, name, CERTIFICATE_EXPIRED, "the %s is %s %s; it is held to %s",
			cert_kind_name(c->kind),
			q->at < c->not_before ? "not valid before" : "valid until",
			cert_time_text(q->at < c->not_before ? c->not_before : c->not_after, limit),
			at);
		return;
	}
	if (until == INT64_MAX)
		check_skip(&a->checks, name, "no certificates");
	else
		check_ok(&a->checks, name, "at %s; until %s", at, cert_time_text(until, limit));
}

/* Doesn't look up VCEKs and VLEKs, which all have the serial number 0. */
static void check_revocation(const struct attest_question *q, struct attest *a)
{
	static const char name[] = "revocation";
	const struct chain *c = &a->chain;
	const char *fault = "is by another issuer, or its signature is not good";
	bool fresh = false;

	if (q->certs->n_crls == 0) {
		check_skip(&a->checks, name, "no revocation list is given");
		return;
	}
	if (!c->ask || !c->ark) {
		check_skip(&a->checks, name, "not all certificates are there");
		return;
	}
	for (size_t i = 0; i < q->certs->n_crls; i++) {
		const struct crl *crl = &q->certs->crls[i];

		if (!crl_issued_by(crl, c->ark))
			continue;
		if (crl_lists(crl, c->ask) || crl_lists(crl, c->ark)) {
			check_fail(&a->checks, name, CERTIFICATE_REVOKED, "%s is revoked",
			           crl_lists(crl, c->ask) ? c->ask->subject : c->ark->subject);
			return;
		}
		if (crl->defect[0])
			fault = crl->defect;
		else if (q->at < crl->this_update)
			fault = "is not valid yet";
		else if (q->at > crl->next_update)
			fault = "is out of date";
		else
			fresh = true;
	}
	if (fresh)
		check_ok(&a->checks, name, "%s is not revoked", c->ask->subject);
	else
		check_fail(&a->checks, name, REVOCATION_UNKNOWN, "the revocation list %s", fault);
}

/*
 * The report is read by its certificate's line, since its own claim isn't proven; the two have to
 * agree.
 */
static void check_processor(const struct snp_report *r, struct attest *a)
{
	static const char name[] = "processor";
	enum snp_line line = snp_line_of(r->cpuid_family, r->cpuid_model);
	size_t used = snp_line_chip_id(a->line);

	if (snp_report_has_cpuid(r)) {
		if (line == SNP_LINE_UNKNOWN)
			check_fail(&a->checks, name, ERROR_UNSUPPORTED,
			           "a processor of family 0x%x, model 0x%x is not known",
			           r->cpuid_family, r->cpuid_model);
		else if (!a->chain.vek)
			check_skip(&a->checks, name, "the report says %s; no certificate does",
			           snp_line_name(line));
		else if (line != a->line)
			check_fail(&a->checks, name, PROCESSOR_DIFFERS,
			           "the report is of %s, the certificates are of %s",
			           snp_line_name(line), snp_line_name(a->line));
		else
			check_ok(&a->checks, name, "%s", snp_line_name(line));
	} else if (!a->chain.vek || a->line == SNP_LINE_UNKNOWN) {
		check_skip(&a->checks, name,
		           "the report does not name it, and no certificate does");
	} else if (!bytes_zero(r->chip_id + used, sizeof(r->chip_id) - used)) {
		check_fail(&a->checks, name, PROCESSOR_DIFFERS,
		           "the report's chip id is longer than one of %s", snp_line_name(a->line));
	} else {
		check_ok(&a->checks, name, "%s, by its certificate", snp_line_name(a->line));
	}
}

static void check_signature(const struct snp_report *r, struct attest *a)
{
	static const char name[] = "signature";
	const struct cert *vek = a->chain.vek;

	if (!vek)
		check_skip(&a->checks, name, "no certificate to check it with");
	else if (cert_signed_report(vek, r))
		check_ok(&a->checks, name, "the %s signed the report", cert_kind_name(vek->kind));
	else
		check_fail(&a->checks, name, SIGNATURE_BAD,
		           "the %s did not sign the report, or the report was changed",
		           cert_kind_name(vek->kind));
}

/* A VEK is for one TCB: the key of an older TCB may have been extracted by an attack on it. */
static void check_tcb(const struct snp_report *r, struct attest *a)
{
	static const char name[] = "tcb";
	const struct cert *vek = a->chain.vek;
	struct snp_tcb has, wants;
	struct attest_check *check;
	bool same = true;

	if (!vek || a->line == SNP_LINE_UNKNOWN) {
		check_skip(&a->checks, name, "no certificate to compare it with");
		return;
	}
	has = snp_line_tcb(a->line, r->reported_tcb);
	wants = tcb_of_vek(&vek->vek, a->line);
	for (enum tcb_part p = TCB_FMC; p < TCB_PARTS; p++)
		same = same && tcb_part(&has, p) == tcb_part(&wants, p) &&
		       ((p == TCB_FMC && !has.has_fmc) || vek->vek.has_spl[tcb_part_spl(p)]);
	check = same ? check_ok(&a->checks, name, "the %s is of the reported TCB",
	                        cert_kind_name(vek->kind))
	             : check_fail(&a->checks, name, TCB_MISMATCH,
	                          "the %s is of another TCB than the reported one",
	                          cert_kind_name(vek->kind));
	tcb_text(&wants, check->expected);
	tcb_text(&has, check->actual);
}

static void check_chip(const struct snp_report *r, struct attest *a)
{
	static const char name[] = "chip";
	const struct cert *vek = a->chain.vek;
	uint8_t expected[sizeof(r->chip_id)] = { 0 };

	if (!vek)
		check_skip(&a->checks, name, "no certificate to compare it with");
	else if (vek->kind == CERT_VLEK && bytes_zero(r->chip_id, sizeof(r->chip_id)))
		check_ok(&a->checks, name, "none, as a VLEK is of no chip; provider %s",
		         vek->vek.csp);
	else if (vek->kind == CERT_VLEK)
		check_note(&a->checks, name, "the report names one, and a VLEK is of no chip");
	else if (bytes_zero(r->chip_id, sizeof(r->chip_id)))
		check_note(&a->checks, name, "the host hides the chip's id");
	else {
		memcpy(expected, vek->vek.hwid, vek->vek.hwid_size);
		check_bytes(&a->checks, name, CHIP_MISMATCH, expected, r->chip_id,
		            sizeof(expected));
	}
}

/* COMMITTED may be below CURRENT: then the host can still go back to older firmware. */
static void check_consistency(const struct snp_report *r, struct attest *a)
{
	static const char name[] = "consistency";
	struct snp_tcb current = snp_line_tcb(a->line, r->current_tcb);
	struct snp_tcb reported = snp_line_tcb(a->line, r->reported_tcb);
	struct snp_tcb committed = snp_line_tcb(a->line, r->committed_tcb);
	uint16_t wanted = le64_get(r->policy) & 0xffff;
	uint16_t api = (uint16_t)(r->current.major << 8 | r->current.minor);

	if (le32_get(r->vmpl) > 3)
		check_fail(&a->checks, name, REPORT_MALFORMED, "VMPL %" PRIu32 " is no guest's",
		           le32_get(r->vmpl));
	else if (api < wanted)
		check_fail(&a->checks, name, REPORT_MALFORMED,
		           "the firmware's API %u.%u is older than the policy's %u.%u",
		           r->current.major, r->current.minor, wanted >> 8, wanted & 0xff);
	else if (a->line == SNP_LINE_UNKNOWN)
		check_skip(&a->checks, name, "the TCB's layout is not known");
	else if (tcb_above(&reported, &current) != TCB_PARTS)
		check_fail(&a->checks, name, REPORT_MALFORMED,
		           "the reported TCB's %s is above the current one",
		           tcb_part_name(tcb_above(&reported, &current)));
	else if (tcb_above(&committed, &current) != TCB_PARTS)
		check_fail(&a->checks, name, REPORT_MALFORMED,
		           "the committed TCB's %s is above the current one",
		           tcb_part_name(tcb_above(&committed, &current)));
	else if (memcmp(&r->committed_tcb, &r->current_tcb, sizeof(r->current_tcb)) != 0)
		check_note(&a->checks, name,
		           "the current TCB is not committed: the host can still "
		           "go back to an older one");
	else
		check_ok(&a->checks, name, "VMPL and TCBs go together");
}

/* The report's claim about its line, if there is no certificate. */
static enum snp_line claimed_line(const struct snp_report *r)
{
	if (snp_report_has_cpuid(r))
		return snp_line_of(r->cpuid_family, r->cpuid_model);
	return snp_report_tcb(r, r->reported_tcb).has_fmc ? SNP_TURIN : SNP_LINE_UNKNOWN;
}

static void attest_authenticity(const struct attest_question *q, struct attest *ret)
{
	static const char *const unmade[] = { "certificates", "root",       "chain",     "validity",
		                              "revocation",   "processor",  "signature", "tcb",
		                              "chip",         "consistency" };
	const struct snp_report *r = q->report;
	enum cert_kind kind = CERT_OTHER;

	check_form(r, ret);
	if (ret->known)
		kind = check_signing_key(r, ret);
	else
		check_skip(&ret->checks, "signing-key", "the report can't be read");
	if (kind == CERT_OTHER) {
		for (size_t i = 0; i < ARRAY_SIZE(unmade); i++)
			check_skip(&ret->checks, unmade[i], "there is no signature to prove");
		ret->line = ret->known ? claimed_line(r) : SNP_LINE_UNKNOWN;
		return;
	}
	ret->chain = chain_find(q->certs, kind, r, claimed_line(r), q->roots, q->at);
	ret->line = ret->chain.vek ? ret->chain.vek->line : claimed_line(r);
	check_certificates(q, kind, ret);
	check_root(q, ret);
	check_chain(ret);
	check_validity(q, ret);
	check_revocation(q, ret);
	check_processor(r, ret);
	check_signature(r, ret);
	check_tcb(r, ret);
	check_chip(r, ret);
	check_consistency(r, ret);
}

void attest_verify(const struct attest_question *q, struct attest *ret)
{
	*ret = (struct attest){ 0 };
	attest_authenticity(q, ret);
	ret->n_authenticity = ret->checks.count;
}
