/* SPDX-License-Identifier: MIT */
/* cmd/verify.c: an attestation report -> is it authentic, and does it come from this launch. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/explained.h"
#include "cmd/options.h"
#include "cmd/print.h"
#include "cmd/reader.h"
#include "cmd/settings.h"
#include "cmd/show.h"
#include "config/value.h"
#include "core/attest/crypto.h"
#include "core/attest/expect.h"
#include "core/attest/kds.h"
#include "core/attest/verify.h"
#include "core/base/bytes.h"
#include "core/base/file.h"
#include "core/base/filekind.h"
#include "core/base/log.h"
#include "core/out/verify_result.h"
#include "core/snp/digest.h"
#include "core/snp/report_lines.h"
#include "core/vm/platforms.h"
#include "firmware/idkeys.h"
#include "firmware/images.h"
#include "firmware/prepare.h"

#define REPORT_TEXT_MAX ((size_t)64 << 10) /* of what is looked at as hex or base64 */

struct verify {
	struct settings settings;
	const char *report_path;
	char *manifest_path; /* NULL: none, unless settings stand for one */
	struct option_paths certs, crls, roots;
	struct attest_question question;
	struct attest_want want;
	bool has_time;

	struct blob bytes, decoded; /* the report's file, and what it is the text of */
	struct given given, given_roots;
	struct reference launch;
	uint8_t (*pins)[SNP_DIGEST_SIZE];
	char explained[EXPLAINED_CAP]; /* what gives the report's measurement, if that differs */
};

enum {
	OPTION_CERTS = 0x300,
	OPTION_CRL,
	OPTION_ROOT,
	OPTION_TIME,
	OPTION_REPORT_DATA,
	OPTION_VMPL,
	OPTION_MIN_TCB,
	OPTION_MIN_FIRMWARE,
	OPTION_REQUIRE,
	OPTION_FORBID,
	OPTION_MITIGATIONS,
	OPTION_UNAUTHENTICATED,
};

static const struct argp_option verify_options[] = {
	{ "certs", OPTION_CERTS, "PATH", 0,
	  "Certificates: PEM, DER, a certificate table, or a folder of them; may be repeated", 0 },
	{ "crl", OPTION_CRL, "FILE", 0, "A certificate revocation list (CRL); may be repeated", 0 },
	{ "root", OPTION_ROOT, "FILE", 0,
	  "Trust this root certificate as well; for test chains only", 0 },
	{ "time", OPTION_TIME, "T", 0,
	  "Check certificates as of this time: RFC 3339, or seconds since 1970 (default: now)", 0 },
	{ "report-data", OPTION_REPORT_DATA, "HEX", 0,
	  "Expected REPORT_DATA, such as a nonce: up to 64 bytes, padded with zeros", 0 },
	{ "vmpl", OPTION_VMPL, "N", 0, "Expected VMPL (default: 0)", 0 },
	{ "min-tcb", OPTION_MIN_TCB, "LIST", 0,
	  "Minimum versions in the TCB: fmc, bl, tee, snp, ucode, as in bl=4,snp=24", 0 },
	{ "min-firmware", OPTION_MIN_FIRMWARE, "V", 0, "Minimum firmware version, as in 1.55.29",
	  0 },
	{ "require", OPTION_REQUIRE, "BITS", 0,
	  "Platform features that must be on: smt, tsme, ecc, rapl_dis, ciphertext_hiding, "
	  "alias_check_complete, iommu_write_safe, tio",
	  0 },
	{ "forbid", OPTION_FORBID, "BITS", 0, "Platform features that must be off", 0 },
	{ "require-mitigations", OPTION_MITIGATIONS, "MASK", 0,
	  "Bits that must be set in both mitigation vectors, as in 0x3f", 0 },
	{ "unauthenticated", OPTION_UNAUTHENTICATED, NULL, 0,
	  "Do without certificates: then anyone could have made the report", 0 },
	{ 0 },
};

/*
 * Whether the text begins like the form: a digit for each 0, T, t or a blank for T, a sign for +.
 */
static bool has_form(const char *text, const char *form)
{
	for (; *form; form++, text++)
		if (*form == '0'   ? *text < '0' || *text > '9'
		    : *form == 'T' ? *text != 'T' && *text != 't' && *text != ' '
		    : *form == '+' ? *text != '+' && *text != '-'
		                   : *text != *form)
			return false;
	return true;
}

/* Seconds since 1970, or RFC 3339: "2026-11-29T10:00:00Z", with any offset. */
static bool time_parse(const char *text, int64_t *ret)
{
	static const char date[] = "0000-00-00T00:00:00", zone[] = "+00:00";
	struct tm tm = { 0 }, day;
	int hours = 0, minutes = 0;
	char *end;
	long long seconds;

	errno = 0;
	seconds = strtoll(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0) {
		*ret = seconds;
		return true;
	}
	if (!has_form(text, date))
		return false;
	sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
	       &tm.tm_min, &tm.tm_sec);
	tm.tm_year -= 1900;
	tm.tm_mon--;
	day = (struct tm){ .tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday };
	timegm(&day); /* makes 2 March of 30 February */
	if (day.tm_mon != tm.tm_mon || day.tm_mday != tm.tm_mday || tm.tm_hour > 23 ||
	    tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	text += strlen(date);
	if (has_form(text, ".0")) /* parts of a second, which no certificate has */
		text += 1 + strspn(text + 1, "0123456789");
	if (strcmp(text, "Z") != 0 && strcmp(text, "z") != 0) {
		if (!has_form(text, zone) || text[strlen(zone)] != '\0')
			return false;
		sscanf(text + 1, "%2d:%2d", &hours, &minutes);
		if (hours > 23 || minutes > 59)
			return false;
	}
	*ret = timegm(&tm) - (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

static error_t min_tcb_option(struct attest_want *w, char *text)
{
	char *name;

	while ((name = strsep(&text, ","))) {
		char *value = strchr(name, '=');
		enum tcb_part p = TCB_FMC;
		uint64_t n;

		if (value)
			*value++ = '\0';
		while (p < TCB_PARTS && strcmp(name, tcb_part_name(p)) != 0)
			p++;
		if (p == TCB_PARTS)
			return option_refuse(
				"--min-tcb knows fmc, bl, tee, snp and ucode, not '%s'",
				shown_of(name).text);
		if (!value)
			return option_refuse("--min-tcb takes numbers, as in bl=4,snp=24");
		if (option_number("--min-tcb", value, 0, 255, &n) != 0)
			return EINVAL;
		w->has_min_tcb[p] = true;
		w->min_tcb[p] = (uint8_t)n;
	}
	return 0;
}

static error_t bits_option(const char *option, uint64_t *bits, char *text)
{
	char *name;

	while ((name = strsep(&text, ","))) {
		unsigned bit = 0;

		while (snp_report_platform_name(bit) &&
		       strcmp(snp_report_platform_name(bit), name) != 0)
			bit++;
		if (!snp_report_platform_name(bit))
			return option_refuse("%s: no platform bit is called '%s'", option,
			                     shown_of(name).text);
		*bits |= (uint64_t)1 << bit;
	}
	return 0;
}

static error_t firmware_option(struct attest_want *w, const char *text)
{
	unsigned major, minor, build;
	int n = 0;

	/* sscanf(3) takes blanks and signs */
	if (text[strspn(text, "0123456789.")] != '\0' ||
	    sscanf(text, "%3u.%3u.%3u%n", &major, &minor, &build, &n) != 3 || text[n] != '\0' ||
	    major > 255 || minor > 255 || build > 255)
		return option_refuse("--min-firmware takes MAJOR.MINOR.BUILD, as in 1.55.29");
	w->min_firmware = (struct snp_report_version){ .major = (uint8_t)major,
		                                       .minor = (uint8_t)minor,
		                                       .build = (uint8_t)build };
	w->has_min_firmware = true;
	return 0;
}

static error_t report_data_option(struct attest_want *w, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(text, "0x", 2) == 0) {
		text += 2;
		n -= 2;
	}
	if (n == 0 || n % 2 || n / 2 > sizeof(w->report_data) ||
	    !hex_parse(text, n, w->report_data, n / 2))
		return option_refuse("--report-data takes up to 64 bytes in hex");
	w->has_report_data = true;
	return 0;
}

static error_t verify_option(int key, char *argument, struct argp_state *state)
{
	struct verify *v = state->input;

	switch (key) {
	case OPTION_CERTS:
		return option_path(&v->certs, argument);
	case OPTION_CRL:
		return option_path(&v->crls, argument);
	case OPTION_ROOT:
		return option_path(&v->roots, argument);
	case OPTION_TIME:
		v->has_time = time_parse(argument, &v->question.at);
		if (v->has_time)
			return 0;
		return option_refuse("--time takes 2026-11-29T10:00:00Z, or seconds since 1970");
	case OPTION_REPORT_DATA:
		return report_data_option(&v->want, argument);
	case OPTION_VMPL:
		return option_number("--vmpl", argument, 0, 3, &v->want.vmpl);
	case OPTION_MIN_TCB:
		return min_tcb_option(&v->want, argument);
	case OPTION_MIN_FIRMWARE:
		return firmware_option(&v->want, argument);
	case OPTION_REQUIRE:
		return bits_option("--require", &v->want.require, argument);
	case OPTION_FORBID:
		return bits_option("--forbid", &v->want.forbid, argument);
	case OPTION_MITIGATIONS:
		return option_number("--require-mitigations", argument, 0, UINT64_MAX,
		                     &v->want.mitigations);
	case OPTION_UNAUTHENTICATED:
		v->question.unauthenticated = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!v->report_path)
			v->report_path = argument;
		else if (!v->manifest_path)
			v->manifest_path = strcmp(argument, "-") == 0 ? manifest_stdin : argument;
		else
			return option_refuse("one report and one manifest at a time");
		return 0;
	case ARGP_KEY_END:
		if (!v->report_path)
			return option_refuse("a report is missing");
		if (v->settings.count && !v->settings.shorthand && !v->manifest_path)
			return option_refuse("a manifest is missing, or a kernel: -k KERNEL");
		if (v->manifest_path == manifest_stdin && strcmp(v->report_path, "-") == 0)
			return option_refuse("standard input can be the report or the manifest, "
			                     "not both");
		for (unsigned bit = 0; bit < 64; bit++)
			if (v->want.require & v->want.forbid & (uint64_t)1 << bit)
				return option_refuse("--require and --forbid both name '%s'",
				                     snp_report_platform_name(bit));
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- the report --- */

/*
 * Decodes the report that a guest has printed, if the file is a console log. *ret_size: how large
 * the report is; 0 if there is none.
 */
static int report_of_log(struct verify *v, size_t *ret_size, struct error *err)
{
	struct report_lines *lines = report_lines_new();
	const char *fault;
	int r = lines ? blob_zero(REPORT_LINES_MAX, &v->decoded, err)
	              : error_nomem(err, "a report");

	*ret_size = 0;
	if (r == 0) {
		report_lines_put(lines, v->bytes.data, v->bytes.size);
		*ret_size = report_lines_take(lines, v->decoded.data, &fault);
		if (*ret_size == 0 && fault) {
			error_set(err, REPORT_MALFORMED, "the guest's report %s", fault);
			r = error_fix(err, "give the whole log, as it is in serial.log");
		}
	}
	report_lines_free(lines);
	return r;
}

/*
 * Reads the report: alone, in the firmware's response, or with a certificate table behind it; in
 * binary, hex or base64, or in the lines of a console.
 */
static int report_open(struct verify *v, struct snp_report_file *ret, struct error *err)
{
	size_t max = GIVEN_FILE_MAX + sizeof(struct snp_report), of_log;
	const struct file_kind *k;
	const char *form;
	long n = -1;
	int r;

	r = strcmp(v->report_path, "-") == 0 ? blob_read_stdin(max, &v->bytes, err)
	                                     : blob_read(v->report_path, max, &v->bytes, err);
	if (r < 0 || snp_report_open(v->bytes.data, v->bytes.size, ret))
		return r;
	if (v->bytes.size > 0 && v->bytes.size <= REPORT_TEXT_MAX) {
		r = blob_zero(v->bytes.size, &v->decoded, err);
		if (r < 0)
			return r;
		n = bytes_of_text(v->bytes.data, v->bytes.size, v->decoded.data, v->bytes.size,
		                  &form);
	}
	if (n > 0 && snp_report_open(v->decoded.data, (size_t)n, ret))
		return 0;
	blob_fini(&v->decoded);
	r = report_of_log(v, &of_log, err);
	if (r < 0 || (of_log > 0 && snp_report_open(v->decoded.data, of_log, ret)))
		return r;
	k = file_kind_of(v->bytes.data, v->bytes.size);
	error_set(err, REPORT_MALFORMED,
	          k && !k->vague ? "not an attestation report: it looks like %s"
	                         : "not an attestation report",
	          k ? k->text : "");
	error_why(err,
	          "a report has %zu bytes, by itself, behind the 32 bytes of the firmware's "
	          "response, or ahead of a certificate table",
	          sizeof(struct snp_report));
	return error_fix(err, "give the report as the guest got it, in binary, hex or base64, or "
	                      "a console log with the output of 'snpvmm-guest report'");
}

/* --- the manifest --- */

static bool launch_pins(struct verify *v, const struct manifest *m, struct findings *f)
{
	struct error err;

	if (m->n_pins == 0)
		return true;
	v->pins = calloc(m->n_pins, sizeof(*v->pins));
	if (!v->pins) {
		error_nomem(&err, "expected measurements");
		findings_add(f, SEVERITY_ERROR, &err);
		return false;
	}
	for (size_t i = 0; i < m->n_pins; i++)
		if (m->pins[i].vcpus == 0 || m->pins[i].vcpus == m->vcpus)
			memcpy(v->pins[v->want.n_pins++], m->pins[i].digest, SNP_DIGEST_SIZE);
	v->want.pins = (const uint8_t(*)[SNP_DIGEST_SIZE])v->pins;
	return true;
}

/* What a report of this manifest's launch has to hold. */
static void verify_manifest(void *self, struct manifest *m, struct findings *f)
{
	auto_digest struct snp_digest digest = { .ledger_wanted = false };
	auto_plan const struct plan *plan = NULL;
	struct images images = { 0 };
	struct verify *v = self;
	struct error err = { 0 };

	if (manifest_refuse_matrix(m, "a report is of", &err) < 0) {
		findings_add(f, SEVERITY_ERROR, &err);
		return;
	}
	if (prepare_files(m, false, &images, f) && m->whole &&
	    prepare_plan(m, &images, platform_measured(manifest_platform(m)), &plan, f)) {
		if (snp_digest_of(plan, &digest, &err) < 0 ||
		    explained_id_digest(m, &images, plan, digest.value, &err) < 0) {
			error_at(&err, m->file, 0, 0);
			findings_add(f, SEVERITY_ERROR, &err);
		} else if (launch_pins(v, m, f)) {
			v->launch = reference_of(plan, digest.value);
			idkeys_reference(m, &images.identity, &v->launch);
			v->want.launch = &v->launch;
			if (memcmp(v->question.report->measurement, digest.value,
			           SNP_DIGEST_SIZE) != 0)
				explained_hint(m, &images, v->question.report->measurement,
				               v->explained);
		}
		/* if no others are given, those that the host hands to the guest serve as well */
		if (v->given.n_certs == 0 && images.certs_read &&
		    given_add(&v->given, images.certs.data, images.certs.size, &err) < 0) {
			manifest_at_location(m, &m->certs.at, &err);
			findings_add(f, SEVERITY_ERROR, &err);
		}
	}
	images_fini(&images);
}

/* --- all of it --- */

static int certs_read(struct verify *v, const struct snp_report_file *report, struct error *err)
{
	int r = 0;

	if (report->certs) {
		r = given_add(&v->given, report->certs, report->certs_size, err);
		if (r < 0)
			error_at(err, v->report_path, 0, 0);
	}
	if (r == 0)
		r = given_add_paths(&v->given, v->certs.list, v->certs.count, err);
	for (size_t i = 0; i < v->crls.count && r == 0; i++) {
		size_t before = v->given.n_crls;

		r = given_add_path(&v->given, v->crls.list[i], err);
		if (r == 0 && v->given.n_crls == before) {
			error_set(err, ERROR_BAD_CERTIFICATE, "no revocation list");
			error_fix(err, "give the list of the processor's line: " KDS
			               "/vcek/v1/LINE/crl");
			r = error_at(err, v->crls.list[i], 0, 0);
		}
	}
	if (r == 0)
		r = given_add_paths(&v->given_roots, v->roots.list, v->roots.count, err);
	return r;
}

/* The last line, as `run` has it. */
static void verify_conclude(const struct attest *a, bool launch)
{
	const struct attest_check *failed = checks_failed(&a->checks);
	size_t more = 0;

	if (a->root_is_given && verify_is_authentic(a))
		log_at(LOG_QUIET, "--root: this report is trusted because of the root you gave, "
		                  "not because of AMD's");
	if (!failed && verify_is_authentic(a)) {
		log_notice("pass: the report is authentic%s",
		           launch ? " and matches this launch" : "");
		return;
	}
	if (!failed) {
		log_notice("pass: the report %sis not authenticated",
		           launch ? "matches this launch, but " : "");
		return;
	}
	for (size_t i = 0; i < a->checks.count; i++)
		more += a->checks.list[i].outcome == CHECK_FAIL;
	if (more > 1)
		log_at(LOG_QUIET, "fail: %s: %s (and %zu more) [%s]", failed->name, failed->text,
		       more - 1, reason_name(failed->reason));
	else
		log_at(LOG_QUIET, "fail: %s: %s [%s]", failed->name, failed->text,
		       reason_name(failed->reason));
}

static int verify_all(struct verify *v, struct error *err)
{
	struct snp_report_file file;
	struct attest attest;
	const char *manifest = v->manifest_path    ? v->manifest_path
	                       : v->settings.count ? MANIFEST_OPTIONS
	                                           : NULL;
	struct verify_result result = { .file = v->report_path, .manifest = manifest };
	auto_findings struct findings f = { 0 };
	int status;

	if (report_open(v, &file, err) < 0) {
		error_at(err, v->report_path, 0, 0);
		return STATUS_USAGE;
	}
	if (certs_read(v, &file, err) < 0)
		return STATUS_USAGE;
	v->question.report = result.report = file.report;
	if (manifest)
		manifest_each_run(v->manifest_path, &v->settings, verify_manifest, v, true, &f);
	if (f.errors)
		return STATUS_USAGE;
	crypto_start();
	reader_has_read();
	if (!v->has_time)
		v->question.at = time(NULL);
	v->question.certs = &v->given;
	v->question.roots = &v->given_roots;
	attest_verify(&v->question, &attest);
	if (attest.known)
		attest_expect(file.report, attest.line, &v->want, &attest.checks);
	else
		check_skip(&attest.checks, "measurement", "the report can't be read");
	for (struct attest_check *c = attest.checks.list;
	     v->explained[0] && c < attest.checks.list + attest.checks.count; c++)
		if (c->outcome == CHECK_FAIL && strcmp(c->name, "measurement") == 0)
			snprintf(c->text, sizeof(c->text),
			         "not as expected: the report's is %.220s", v->explained);
	result.attest = &attest;
	result.at = v->question.at;
	status = checks_failed(&attest.checks) ? STATUS_FAILED : STATUS_OK;
	if (show_for_people())
		verify_text_write(stdout, &result, color_wanted(STDOUT_FILENO));
	else
		status = show_verify(&result, status, err);
	fflush(stdout);
	verify_conclude(&attest, manifest);
	return status;
}

static int verify_main(const struct command *self, int argc, char **argv, struct error *err)
{
	struct verify v = { 0 };
	int status = command_parse(self, verify_option, argc, argv, &v, &v.settings, err);

	if (status == STATUS_OK && v.settings.print)
		return settings_print(&v.settings, v.manifest_path, err);
	if (status == STATUS_OK)
		status = verify_all(&v, err);
	given_fini(&v.given);
	given_fini(&v.given_roots);
	blob_fini(&v.bytes);
	blob_fini(&v.decoded);
	free(v.pins);
	return status;
}

const struct command command_verify = {
	.name = "verify",
	.args = "REPORT [MANIFEST]",
	.summary = "Verify an attestation report",
	.doc = "Verify offline that the firmware of an AMD processor made an attestation report, "
	       "by certificates that lead to AMD's root keys, and, with a MANIFEST, that the "
	       "report is from the launch that the manifest describes. Each check has a line, "
	       "whether it was made or skipped. - is standard input.",
	.options = verify_options,
	.result = CHECK_RESULTS,
	.reads = true,
	.main = verify_main,
};
