/* SPDX-License-Identifier: MIT */
/* core/attest/expect.c: compares field by field, and reports all differences at once. */
#include "core/attest/expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/snp/policy.h"

static void check_number(struct attest_checks *c, const char *name, enum reason reason,
                         uint64_t expected, uint64_t actual)
{
	struct attest_check *check = expected == actual
	                                     ? check_ok(c, name, "as expected")
	                                     : check_fail(c, name, reason, "not as expected");

	snprintf(check->expected, sizeof(check->expected), "0x%" PRIx64, expected);
	snprintf(check->actual, sizeof(check->actual), "0x%" PRIx64, actual);
}

/* Lists the names of bits, as many as fit. */
static void policy_names(uint64_t bits, char *to, size_t cap)
{
	size_t n = 0;

	to[0] = '\0';
	if (bits & SNP_POLICY_ABI)
		n += (size_t)snprintf(to, cap, "abi");
	for (unsigned bit = 16; bit < 64 && n < cap; bit++) {
		const char *name = snp_policy_name(bit);

		if (bits >> bit & 1)
			n += (size_t)snprintf(to + n, cap - n, "%s%s", n ? ", " : "",
			                      name ? name : "a reserved bit");
	}
}

static void check_policy(const struct snp_report *r, const struct reference *l,
                         struct attest_checks *c)
{
	uint64_t actual = le64_get(r->policy);
	struct attest_check *check;
	char names[160];

	if (!(actual & SNP_POLICY_DEBUG))
		check_ok(c, "debug", "the host may not debug the guest");
	else if (l && !(l->policy & SNP_POLICY_DEBUG))
		check_fail(c, "debug", DEBUG_ALLOWED,
		           "the host may read and change the guest's memory, and the manifest "
		           "does not allow that");
	else
		check_note(c, "debug", "the host may read and change the guest's memory");
	if (!l)
		return;
	policy_names(actual ^ l->policy, names, sizeof(names));
	check = actual == l->policy
	                ? check_ok(c, "policy", "as in the manifest")
	                : check_fail(c, "policy", POLICY_DIFFERS, "different: %s", names);
	snprintf(check->expected, sizeof(check->expected), "0x%" PRIx64, l->policy);
	snprintf(check->actual, sizeof(check->actual), "0x%" PRIx64, actual);
}

static void check_pins(const struct snp_report *r, const struct attest_want *w,
                       struct attest_checks *c)
{
	static const char name[] = "expect.measurement";
	struct attest_check *check;

	if (!w->pins)
		return;
	for (size_t i = 0; i < w->n_pins; i++)
		if (memcmp(w->pins[i], r->measurement, sizeof(r->measurement)) == 0) {
			check_ok(c, name, "the report's measurement is one that is expected");
			return;
		}
	check = check_fail(c, name, ERROR_MEASUREMENT_DIFFERS,
	                   w->n_pins == 0   ? "no digest is expected for this number of vCPUs"
	                   : w->n_pins == 1 ? "not the measurement that is expected"
	                                    : "none of the measurements that are expected");
	if (w->n_pins == 0)
		return;
	hex_of(w->pins[0], sizeof(r->measurement), check->expected);
	hex_of(r->measurement, sizeof(r->measurement), check->actual);
}

/* Without an ID block, no digest of an author key is expected. */
static void check_identity(const struct snp_report *r, const struct reference *l,
                           struct attest_checks *c)
{
	bool author = le32_get(r->flags) & SNP_REPORT_AUTHOR_KEY;

	if (!l->id_block || l->id_key_known)
		check_bytes(c, "id-key", ID_KEY_DIFFERS, l->id_key_digest, r->id_key_digest,
		            sizeof(r->id_key_digest));
	else if (bytes_zero(r->id_key_digest, sizeof(r->id_key_digest)))
		check_fail(c, "id-key", ID_KEY_DIFFERS, "the launch had no ID block");
	else
		check_skip(c, "id-key", "the manifest's key is ephemeral: another for each run");
	if (author != l->author_key_known && l->id_block)
		check_fail(c, "author-key", AUTHOR_KEY_DIFFERS,
		           author ? "an author key signed the ID key, and the manifest has none"
		                  : "no author key signed the ID key");
	else
		check_bytes(c, "author-key", AUTHOR_KEY_DIFFERS, l->author_key_digest,
		            r->author_key_digest, sizeof(r->author_key_digest));
	check_bytes(c, "family-id", FAMILY_ID_DIFFERS, l->family_id, r->family_id,
	            sizeof(r->family_id));
	check_bytes(c, "image-id", IMAGE_ID_DIFFERS, l->image_id, r->image_id, sizeof(r->image_id));
	check_number(c, "guest-svn", SVN_DIFFERS, l->svn, le32_get(r->guest_svn));
}

static void check_launch(const struct snp_report *r, const struct attest_want *w,
                         struct attest_checks *c)
{
	const struct reference *l = w->launch;

	check_bytes(c, "measurement", ERROR_MEASUREMENT_DIFFERS, l->measurement, r->measurement,
	            sizeof(r->measurement));
	check_pins(r, w, c);
	check_policy(r, l, c);
	if (l->host_data_random)
		check_skip(c, "host-data",
		           "random for each run; manifest.yaml in a run's results has it");
	else
		check_bytes(c, "host-data", HOST_DATA_DIFFERS, l->host_data, r->host_data,
		            sizeof(r->host_data));
	check_identity(r, l, c);
}

/* Without a migration agent, its report id is all ones. */
static void check_migration(const struct snp_report *r, struct attest_checks *c)
{
	static const char name[] = "migration";
	bool none = true;

	for (size_t i = 0; i < sizeof(r->report_id_ma); i++)
		none = none && r->report_id_ma[i] == 0xff;
	if (none)
		check_ok(c, name, "no migration agent");
	else if (le64_get(r->policy) & SNP_POLICY_MIGRATE_MA)
		check_note(c, name,
		           "the guest has a migration agent, which may hand it to another "
		           "host");
	else
		check_fail(c, name, MIGRATION_DIFFERS,
		           "the guest has a migration agent, and its policy allows none");
}

static void check_report_data(const struct snp_report *r, const struct attest_want *w,
                              struct attest_checks *c)
{
	if (w->has_report_data)
		check_bytes(c, "report-data", NONCE_DIFFERS, w->report_data, r->report_data,
		            sizeof(r->report_data));
	else
		check_skip(c, "report-data",
		           "no --report-data: this may be an old report, given again");
}

/* The launch TCB counts, too: a firmware update doesn't repair a launch by older firmware. */
static void check_min_tcb(const struct snp_report *r, enum snp_line line,
                          const struct attest_want *w, struct attest_checks *c)
{
	struct snp_tcb tcbs[] = { snp_line_tcb(line, r->reported_tcb),
		                  snp_line_tcb(line, r->launch_tcb) };
	const char *const names[] = { "reported", "launch" };
	bool asked = false;

	for (enum tcb_part p = TCB_FMC; p < TCB_PARTS; p++)
		asked = asked || w->has_min_tcb[p];
	if (!asked)
		return;
	if (line == SNP_LINE_UNKNOWN) {
		check_fail(c, "min-tcb", TCB_TOO_OLD, "the TCB's layout is not known");
		return;
	}
	for (size_t i = 0; i < 2; i++)
		for (enum tcb_part p = TCB_FMC; p < TCB_PARTS; p++) {
			struct attest_check *check;

			if (!w->has_min_tcb[p] || (tcb_part(&tcbs[i], p) >= w->min_tcb[p] &&
			                           (p != TCB_FMC || tcbs[i].has_fmc)))
				continue;
			check = check_fail(c, "min-tcb", TCB_TOO_OLD, "the %s TCB's %s is below %u",
			                   names[i], tcb_part_name(p), w->min_tcb[p]);
			tcb_text(&tcbs[i], check->actual);
			return;
		}
	check_ok(c, "min-tcb", "the reported and the launch TCB are new enough");
}

static uint32_t version_number(const struct snp_report_version *v)
{
	return (uint32_t)v->major << 16 | (uint32_t)v->minor << 8 | v->build;
}

/* The committed version counts, too: the host can go back to it. */
static void check_min_firmware(const struct snp_report *r, const struct attest_want *w,
                               struct attest_checks *c)
{
	const struct snp_report_version *lower =
		version_number(&r->committed) < version_number(&r->current) ? &r->committed
									    : &r->current;
	struct attest_check *check;

	if (!w->has_min_firmware)
		return;
	check = version_number(lower) >= version_number(&w->min_firmware)
	                ? check_ok(c, "min-firmware", "new enough")
	                : check_fail(c, "min-firmware", FIRMWARE_TOO_OLD,
	                             "the %s firmware is too old",
	                             lower == &r->current ? "current" : "committed");
	snprintf(check->expected, sizeof(check->expected), "%u.%u.%u", w->min_firmware.major,
	         w->min_firmware.minor, w->min_firmware.build);
	snprintf(check->actual, sizeof(check->actual), "%u.%u.%u", lower->major, lower->minor,
	         lower->build);
}

static void check_platform(const struct snp_report *r, const struct attest_want *w,
                           struct attest_checks *c)
{
	uint64_t info = le64_get(r->platform_info);

	for (unsigned bit = 0; bit < 64; bit++) {
		bool require = w->require >> bit & 1, forbid = w->forbid >> bit & 1;
		const char *name = snp_report_platform_name(bit);

		if (!name || (!require && !forbid))
			continue;
		if ((info >> bit & 1) == require)
			check_ok(c, "platform", "%s is %s", name, require ? "on" : "off");
		else
			check_fail(c, "platform", PLATFORM_BIT, "%s is %s", name,
			           require ? "off" : "on");
	}
}

static void check_mitigations(const struct snp_report *r, const struct attest_want *w,
                              struct attest_checks *c)
{
	static const char name[] = "mitigations";
	uint64_t both = le64_get(r->launch_mitigations) & le64_get(r->current_mitigations);
	struct attest_check *check;

	if (!w->mitigations)
		return;
	if (!snp_report_has_mitigations(r)) {
		check_fail(c, name, MITIGATION_MISSING,
		           "reports of version %" PRIu32 " do not tell", le32_get(r->version));
		return;
	}
	check = (both & w->mitigations) == w->mitigations
	                ? check_ok(c, name, "there at launch and now")
	                : check_fail(c, name, MITIGATION_MISSING,
	                             "not all were there at launch and are now");
	snprintf(check->expected, sizeof(check->expected), "0x%" PRIx64, w->mitigations);
	snprintf(check->actual, sizeof(check->actual), "0x%" PRIx64, both);
}

void attest_expect(const struct snp_report *r, enum snp_line line, const struct attest_want *w,
                   struct attest_checks *c)
{
	if (w->launch) {
		check_launch(r, w, c);
	} else {
		check_skip(c, "measurement", "no manifest: this may be a report of any guest");
		check_policy(r, NULL, c);
	}
	check_migration(r, c);
	check_number(c, "vmpl", VMPL_DIFFERS, w->vmpl, le32_get(r->vmpl));
	check_report_data(r, w, c);
	check_min_tcb(r, line, w, c);
	check_min_firmware(r, w, c);
	check_platform(r, w, c);
	check_mitigations(r, w, c);
}
