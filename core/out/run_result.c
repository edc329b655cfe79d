/* SPDX-License-Identifier: MIT */
/* core/out/run_result.c: the fields of a run's result, in one place for all formats. */
#include "core/out/run_result.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/array.h"
#include "core/out/emit.h"
#include "core/out/run_result_priv.h"

const char *run_verdict_name(enum run_verdict verdict)
{
	static const char *const names[] = {
		[RESULT_PASS] = "pass", [RESULT_FAIL] = "fail",       [RESULT_ERROR] = "error",
		[RESULT_SKIP] = "skip", [RESULT_TIMEOUT] = "timeout",
	};

	static_assert(ARRAY_SIZE(names) == RESULTS, "a verdict without a name");
	return (unsigned)verdict < RESULTS ? names[verdict] : "error";
}

const char *run_title(const struct run_result *r, char to[static RUN_TITLE])
{
	const char *name = run_text(r->name);

	if (r->variant[0])
		snprintf(to, RUN_TITLE, "%s [%s]", name, run_text(r->variant));
	else
		snprintf(to, RUN_TITLE, "%s", name);
	return to;
}

int run_written(FILE *to, const char *what, struct error *err)
{
	errno = EIO; /* for a stream that failed earlier and has nothing left to write */
	return fflush(to) != 0 || ferror(to) ? error_sys(err, ERROR_OUTPUT, errno, "%s", what) : 0;
}

/* A text that doesn't apply, being empty, has no key. */
#define emit_some(e, key, member)                                                                  \
	do {                                                                                       \
		if (*(member))                                                                     \
			(e)->text((e)->self, key, run_text(member));                               \
	} while (0)

static void emit_known(const struct emitter *e, const char *key, unsigned number)
{
	if (number)
		e->number(e->self, key, number);
}

static void result_at(const struct emitter *e, const struct run_result *r)
{
	if (!r->file[0])
		return;
	e->map(e->self, "at");
	emit_some(e, "file", r->file);
	emit_known(e, "line", r->line);
	emit_known(e, "column", r->column);
	e->end(e->self);
}

static void result_measurement(const struct emitter *e, const struct run_result *r)
{
	if (!r->measurement.known)
		return;
	e->map(e->self, "measurement");
	e->bytes(e->self, "expected", r->measurement.expected, sizeof(r->measurement.expected));
	if (r->measurement.pinned)
		e->bytes(e->self, "pinned", r->measurement.pin, sizeof(r->measurement.pin));
	emit_some(e, "profile", r->measurement.profile);
	e->number(e->self, "vcpus", r->measurement.vcpus);
	emit_some(e, "vcpu_type", r->measurement.vcpu_type);
	e->end(e->self);
}

/* Whether a guest's end of this kind comes with a number that says something. */
static bool event_has_code(enum reason event)
{
	static const bool has[REASONS] = {
		[GUEST_EXITED] = true, [GUEST_TERMINATED] = true, [MEMORY_FAULT] = true,
		[KVM_INTERNAL] = true, [KVM_ENTRY_FAILED] = true, [RUN_TIMED_OUT] = true,
		[RUN_SILENT] = true,   [RUN_SIGNALLED] = true,
	};

	return (unsigned)event < REASONS && has[event];
}

/* Emitters and their readers need not take numbers above 2^63 - 1. */
static void emit_code(const struct emitter *e, uint64_t code)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, code);
	if (code > INT64_MAX)
		e->text(e->self, "code", text);
	else
		e->number(e->self, "code", code);
}

static void result_guest(const struct emitter *e, const struct run_result *r)
{
	if (!r->launched)
		return;
	e->map(e->self, "guest");
	e->text(e->self, "event", reason_name(r->guest.event));
	if (event_has_code(r->guest.event) || r->guest.code)
		emit_code(e, r->guest.code);
	emit_some(e, "detail", r->guest.detail);
	if (r->guest.expected) {
		e->number(e->self, "expected_lines", r->guest.expected);
		e->number(e->self, "met_lines", r->guest.met);
	}
	emit_some(e, "last_line", r->guest.last_line);
	e->end(e->self);
}

static void result_log(const struct emitter *e, const char *key, const struct run_log *l)
{
	if (!l->known)
		return;
	e->map(e->self, key);
	e->number(e->self, "bytes", l->bytes);
	e->number(e->self, "dropped", l->dropped);
	e->end(e->self);
}

static void result_logs(const struct emitter *e, const struct run_result *r)
{
	if (!r->serial.known && !r->debug.known)
		return;
	e->map(e->self, "logs");
	result_log(e, "serial", &r->serial);
	result_log(e, "debug", &r->debug);
	e->end(e->self);
}

static uint64_t rounded_ms(uint64_t us)
{
	return us / 1000 + (us % 1000 >= 500);
}

static void result_time(const struct emitter *e, const struct run_result *r)
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

	e->map(e->self, "time_ms");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].known)
			e->number(e->self, rows[i].key, rounded_ms(rows[i].us));
	e->end(e->self);
}

static void result_host(const struct emitter *e, const struct run_result *r)
{
	if (!r->host.kernel[0] && !r->host.firmware[0] && !r->host.cpu[0])
		return;
	e->map(e->self, "host");
	emit_some(e, "kernel", r->host.kernel);
	emit_some(e, "firmware", r->host.firmware);
	emit_some(e, "cpu", r->host.cpu);
	e->end(e->self);
}

static void result_inputs(const struct emitter *e, const struct run_result *r)
{
	e->list(e->self, "inputs");
	for (size_t i = 0; i < MIN_OF(r->n_inputs, (size_t)RUN_INPUTS); i++) {
		const struct run_input *in = &r->inputs[i];

		e->map(e->self, NULL);
		e->text(e->self, "role", run_text(in->role));
		e->text(e->self, "path", run_text(in->path));
		e->bytes(e->self, "sha256", in->sha256, sizeof(in->sha256));
		e->end(e->self);
	}
	e->end(e->self);
}

void result_run(const struct emitter *e, const char *key, const struct run_result *r)
{
	e->map(e->self, key);
	e->text(e->self, "schema", "snpvmm.result/1");
	e->text(e->self, "name", run_text(r->name));
	emit_some(e, "variant", r->variant);
	e->text(e->self, "verdict", run_verdict_name(r->verdict));
	e->number(e->self, "status", (uint8_t)r->status); /* as much as a parent sees of it */
	if (r->reason != ERROR_NONE)
		e->text(e->self, "reason", reason_name(r->reason));
	e->text(e->self, "sentence", run_text(r->sentence));
	emit_some(e, "why", r->why);
	emit_some(e, "fix", r->fix);
	emit_known(e, "attempts", r->attempts > 1 ? r->attempts : 0);
	result_at(e, r);
	result_measurement(e, r);
	result_guest(e, r);
	result_logs(e, r);
	result_time(e, r);
	result_host(e, r);
	result_inputs(e, r);
	e->end(e->self);
}
