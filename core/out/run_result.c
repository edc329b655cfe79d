/* SPDX-License-Identifier: MIT */
/* core/out/run_result.c: the result of a run as a tree, and what its other formats share. */
#include "core/out/run_result.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/out/tree.h"
#include "core/out/run_result_priv.h"

const char *run_status_name(enum run_status status)
{
	static const char *const names[] = {
		[RESULT_PASS] = "pass", [RESULT_FAIL] = "fail",       [RESULT_ERROR] = "error",
		[RESULT_SKIP] = "skip", [RESULT_TIMEOUT] = "timeout",
	};

	static_assert(ARRAY_SIZE(names) == RESULTS, "a status without a name");
	return (unsigned)status < RESULTS ? names[status] : "error";
}

/* Bytes other than 0 and 1 are no bool, and reading one is undefined. */
static void mend_bool(void *at, size_t size)
{
	uint8_t *byte = at;

	for (size_t i = 0; i < size; i++)
		byte[i] = byte[i] != 0;
}

static void mend_text(char *at, size_t size)
{
	at[size - 1] = '\0';
}

static void mend_reason(enum reason *r)
{
	if ((unsigned)*r >= REASONS)
		*r = ERROR_INTERNAL;
}

void run_result_mend(struct run_result *r)
{
#define TEXT(member) mend_text(r->member, sizeof(r->member))
#define BOOL(member) mend_bool(&r->member, sizeof(r->member))
	TEXT(name), TEXT(variant), TEXT(sentence), TEXT(why), TEXT(fix), TEXT(file);
	TEXT(measurement.explained), TEXT(measurement.profile), TEXT(measurement.vcpu_type);
	TEXT(measurement.accept), TEXT(measurement.accept_why);
	TEXT(guest.detail), TEXT(guest.last_line), TEXT(guest.where.volume);
	TEXT(guest.where.file), TEXT(guest.where.symbol);
	TEXT(host.kernel), TEXT(host.firmware), TEXT(host.cpu);
	BOOL(concluded), BOOL(measurement.known), BOOL(measurement.proven);
	BOOL(measurement.pinned), BOOL(host_data_known), BOOL(report.wanted), BOOL(report.came);
	BOOL(report.authentic), BOOL(report.fresh), BOOL(report.differs), BOOL(launched);
	BOOL(sandbox.capabilities), BOOL(guest.where.rip_known), BOOL(guest.where.is_earlier),
		BOOL(guest.where.known);
	BOOL(serial.known), BOOL(debug.known), BOOL(time.first_byte_came);
	for (size_t i = 0; i < RUN_CHECKS; i++) {
		TEXT(report.failed[i].name), TEXT(report.failed[i].expected);
		TEXT(report.failed[i].actual);
		mend_reason(&r->report.failed[i].reason);
	}
	for (size_t i = 0; i < RUN_INPUTS; i++)
		TEXT(inputs[i].role), TEXT(inputs[i].path);
	for (size_t i = 0; i < DISKS_MAX; i++) {
		TEXT(disks[i].name), TEXT(disks[i].path), TEXT(disks[i].mode);
		TEXT(disks[i].serial), BOOL(disks[i].driver);
	}
#define NUMBER(member) r->member = MIN(r->member, (uint64_t)INT64_MAX) /* JSON's largest */
	NUMBER(serial.bytes), NUMBER(serial.dropped), NUMBER(debug.bytes), NUMBER(debug.dropped);
	NUMBER(time.start_us), NUMBER(time.update_us), NUMBER(time.finish_us);
	NUMBER(time.first_byte_us), NUMBER(time.total_us);
	for (size_t i = 0; i < DISKS_MAX; i++) {
		NUMBER(disks[i].size), NUMBER(disks[i].dirty), NUMBER(disks[i].stats.reads);
		NUMBER(disks[i].stats.writes), NUMBER(disks[i].stats.flushes);
		NUMBER(disks[i].stats.read_bytes), NUMBER(disks[i].stats.written_bytes);
		NUMBER(disks[i].stats.errors), NUMBER(disks[i].stats.exits);
	}
#undef TEXT
#undef BOOL
#undef NUMBER
	mend_reason(&r->reason);
	mend_reason(&r->guest.event);
	if ((unsigned)r->status >= RESULTS)
		r->status = RESULT_ERROR;
	r->n_disks = MIN(r->n_disks, (size_t)DISKS_MAX);
	if ((unsigned)r->sandbox.mode > SANDBOX_OFF)
		r->sandbox.mode = SANDBOX_OFF;
	r->sandbox.landlock &= 0xffff;
	r->sandbox.calls.n = MIN(r->sandbox.calls.n, (uint32_t)ARRAY_SIZE(r->sandbox.calls.list));
	r->n_inputs = MIN(r->n_inputs, (size_t)RUN_INPUTS);
	r->tail_size = MIN(r->tail_size, sizeof(r->tail));
}

const char *run_text_clean(char to[static RUN_TEXT], const char *from, size_t cap)
{
	text_clean(to, RUN_TEXT, from, strnlen(from, cap), 0);
	return to;
}

const char *run_title_make(char to[static RUN_TITLE], const struct run_result *r)
{
	const char *variant = run_text(r->variant);

	snprintf(to, RUN_TITLE, "%s%s%s%s", run_text(r->name), variant[0] ? " [" : "", variant,
	         variant[0] ? "]" : "");
	return to;
}

void run_put(FILE *to, const char *text, const struct run_escape *escapes)
{
	for (; *text; text++) {
		const struct run_escape *e = escapes;

		while (e->is && e->is != *text)
			e++;
		if (e->is)
			fputs(e->as, to);
		else
			fputc(*text, to);
	}
}

void run_put_some(FILE *to, const char *before, const char *text, const char *after,
                  const struct run_escape *escapes)
{
	if (!*text)
		return;
	fputs(before, to);
	run_put(to, text, escapes);
	fputs(after, to);
}

int run_written(FILE *to, const char *what, struct error *err)
{
	/* If the stream failed earlier, fflush() does nothing and doesn't set errno. */
	errno = EIO;
	return fflush(to) != 0 || ferror(to) ? error_sys(err, ERROR_OUTPUT, errno, "%s", what) : 0;
}

/* Adds a text, unless it is empty. */
#define result_some(t, key, member)                                                                \
	do {                                                                                       \
		if (*(member))                                                                     \
			tree_text(t, key, run_text(member));                                       \
	} while (0)

static void result_known(struct tree *t, const char *key, unsigned number)
{
	if (number)
		tree_number(t, key, number);
}

static void result_measurement(struct tree *t, const struct run_result *r)
{
	if (!r->measurement.known)
		return;
	tree_map(t, "measurement");
	tree_bytes(t, "expected", r->measurement.expected, sizeof(r->measurement.expected));
	if (r->measurement.pinned)
		tree_bytes(t, "pinned", r->measurement.pin, sizeof(r->measurement.pin));
	if (r->measurement.proven) {
		tree_boolean(t, "proven", true);
		tree_bytes(t, "id_key_digest", r->measurement.id_key_digest, PLAN_DIGEST);
		if (!bytes_zero(r->measurement.author_key_digest, PLAN_DIGEST))
			tree_bytes(t, "author_key_digest", r->measurement.author_key_digest,
			           PLAN_DIGEST);
	}
	result_some(t, "explained", r->measurement.explained);
	result_some(t, "profile", r->measurement.profile);
	tree_number(t, "vcpus", r->measurement.vcpus);
	result_some(t, "vcpu_type", r->measurement.vcpu_type);
	result_some(t, "accept", r->measurement.accept);
	result_some(t, "accept_why", r->measurement.accept_why);
	tree_end(t);
}

static void result_report(struct tree *t, const struct run_result *r)
{
	static const char *const outcomes[CHECK_OUTCOMES] = {
		[CHECK_OK] = "passed",
		[CHECK_FAIL] = "failed",
		[CHECK_NOTE] = "noted",
		[CHECK_SKIP] = "skipped",
	};

	if (!r->report.wanted || !r->launched)
		return;
	tree_map(t, "report");
	tree_text(t, "verdict", !r->report.came ? "missing" : r->report.differs ? "fail" : "pass");
	if (r->report.came) {
		tree_number(t, "version", r->report.version);
		tree_boolean(t, "authentic", r->report.authentic);
		tree_boolean(t, "fresh", r->report.fresh);
		tree_map(t, "checks");
		for (int i = 0; i < CHECK_OUTCOMES; i++)
			tree_number(t, outcomes[i], r->report.checks[i]);
		tree_end(t);
	}
	if (r->report.differs) {
		tree_list(t, "differs");
		for (size_t i = 0; i < MIN(r->report.checks[CHECK_FAIL], (unsigned)RUN_CHECKS);
		     i++) {
			const struct run_check *c = &r->report.failed[i];

			tree_map(t, NULL);
			tree_text(t, "name", run_text(c->name));
			tree_text(t, "reason", reason_name(c->reason));
			result_some(t, "expected", c->expected);
			result_some(t, "actual", c->actual);
			tree_end(t);
		}
		tree_end(t);
	}
	tree_end(t);
}

static void result_guest(struct tree *t, const struct run_result *r)
{
	/* Ends whose code has a meaning even if it is 0. */
	static const bool has_code[REASONS] = {
		[GUEST_EXITED] = true, [GUEST_TERMINATED] = true, [MEMORY_FAULT] = true,
		[KVM_INTERNAL] = true, [KVM_ENTRY_FAILED] = true, [RUN_TIMED_OUT] = true,
		[RUN_SILENT] = true,   [RUN_SIGNALLED] = true,
	};
	const struct run_where *w = &r->guest.where;
	unsigned event = r->guest.event;

	if (!r->launched)
		return;
	tree_map(t, "guest");
	tree_text(t, "event", reason_name(r->guest.event));
	if (r->guest.code > INT64_MAX) /* readers of JSON may not accept it as a number */
		tree_hex(t, "code", r->guest.code);
	else if (r->guest.code || (event < REASONS && has_code[event]))
		tree_number(t, "code", r->guest.code);
	result_some(t, "detail", r->guest.detail);
	if (r->guest.expected) {
		tree_number(t, "expected_lines", r->guest.expected);
		tree_number(t, "met_lines", r->guest.met);
	}
	result_some(t, "last_line", r->guest.last_line);
	if (w->rip_known) {
		tree_hex(t, "rip", w->rip);
		if (w->is_earlier)
			tree_boolean(t, "rip_is_earlier", true);
	}
	if (w->known) {
		tree_map(t, "where");
		result_some(t, "volume", w->volume);
		result_some(t, "file", w->file);
		tree_hex(t, "offset", w->offset);
		result_some(t, "symbol", w->symbol);
		tree_end(t);
	}
	tree_end(t);
}

static void result_sandbox(struct tree *t, const struct run_result *r)
{
	const struct calls *calls = &r->sandbox.calls;
	char name[CALL_NAME];

	if (!r->launched)
		return;
	tree_map(t, "sandbox");
	tree_text(t, "mode", sandbox_mode_name(r->sandbox.mode));
	if (r->sandbox.mode == SANDBOX_ON)
		tree_number(t, "landlock", (uint64_t)r->sandbox.landlock);
	if (r->sandbox.capabilities)
		tree_boolean(t, "capabilities", true);
	if (calls->n > 0) {
		tree_list(t, "refused");
		for (size_t i = 0; i < MIN((size_t)calls->n, ARRAY_SIZE(calls->list)); i++)
			tree_text(t, NULL, call_name(&calls->list[i], name));
		tree_end(t);
	}
	tree_end(t);
}

static void result_log(struct tree *t, const char *key, const struct run_log *l)
{
	if (!l->known)
		return;
	tree_map(t, key);
	tree_number(t, "bytes", l->bytes);
	tree_number(t, "dropped", l->dropped);
	tree_end(t);
}

static void result_time(struct tree *t, const struct run_result *r)
{
	const struct {
		const char *key;
		uint64_t us;
		bool known;
	} rows[] = {
		{ "start", r->time.start_us, r->launched },
		{ "update", r->time.update_us, r->launched },
		{ "finish", r->time.finish_us, r->launched },
		{ "first_byte", r->time.first_byte_us, r->time.first_byte_came },
		{ "total", r->time.total_us, true },
	};

	tree_map(t, "time_ms");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].known)
			tree_number(t, rows[i].key, run_ms(rows[i].us));
	tree_end(t);
}

static void result_disks(struct tree *t, const struct run_result *r)
{
	if (r->n_disks == 0)
		return;
	tree_list(t, "disks");
	for (const struct run_disk *d = r->disks; d < r->disks + MIN(r->n_disks, DISKS_MAX); d++) {
		tree_map(t, NULL);
		tree_text(t, "path", run_text(d->path));
		tree_text(t, "mode", run_text(d->mode));
		tree_text(t, "serial", run_text(d->serial));
		tree_number(t, "size", d->size);
		tree_boolean(t, "driver", d->driver);
		tree_number(t, "reads", d->stats.reads);
		tree_number(t, "writes", d->stats.writes);
		tree_number(t, "flushes", d->stats.flushes);
		tree_number(t, "read_bytes", d->stats.read_bytes);
		tree_number(t, "written_bytes", d->stats.written_bytes);
		tree_number(t, "errors", d->stats.errors);
		tree_number(t, "exits", d->stats.exits);
		if (strcmp(d->mode, disk_modes[DISK_SCRATCH]) == 0)
			tree_number(t, "dirty_bytes", d->dirty);
		tree_end(t);
	}
	tree_end(t);
}

void result_run(struct tree *t, const char *key, const struct run_result *r)
{
	tree_map(t, key);
	tree_text(t, "schema", "snpvmm.result/1");
	tree_text(t, "name", run_text(r->name));
	result_some(t, "variant", r->variant);
	tree_text(t, "verdict", run_status_name(r->status));
	tree_number(t, "status", (uint8_t)r->exit_status); /* as a parent process sees it */
	if (r->reason != ERROR_NONE)
		tree_text(t, "reason", reason_name(r->reason));
	tree_text(t, "sentence", run_text(r->sentence));
	result_some(t, "why", r->why);
	result_some(t, "fix", r->fix);
	result_known(t, "attempts", r->attempts > 1 ? r->attempts : 0);
	if (r->file[0]) {
		tree_map(t, "at");
		result_some(t, "file", r->file);
		result_known(t, "line", r->line);
		result_known(t, "column", r->column);
		tree_end(t);
	}
	result_measurement(t, r);
	if (r->vsock_cid) {
		tree_map(t, "vsock");
		tree_number(t, "cid", r->vsock_cid);
		tree_end(t);
	}
	if (r->host_data_known)
		tree_bytes(t, "host_data", r->host_data, sizeof(r->host_data));
	result_report(t, r);
	result_guest(t, r);
	result_sandbox(t, r);
	if (r->serial.known || r->debug.known) {
		tree_map(t, "logs");
		result_log(t, "serial", &r->serial);
		result_log(t, "debug", &r->debug);
		tree_end(t);
	}
	result_disks(t, r);
	result_time(t, r);
	if (r->host.kernel[0] || r->host.firmware[0] || r->host.cpu[0]) {
		tree_map(t, "host");
		result_some(t, "kernel", r->host.kernel);
		result_some(t, "firmware", r->host.firmware);
		result_some(t, "cpu", r->host.cpu);
		tree_end(t);
	}
	tree_list(t, "inputs");
	for (size_t i = 0; i < MIN(r->n_inputs, (size_t)RUN_INPUTS); i++) {
		tree_map(t, NULL);
		tree_text(t, "role", run_text(r->inputs[i].role));
		tree_text(t, "path", run_text(r->inputs[i].path));
		tree_bytes(t, "sha256", r->inputs[i].sha256, sizeof(r->inputs[i].sha256));
		tree_end(t);
	}
	tree_end(t);
	tree_end(t);
}
