/* SPDX-License-Identifier: MIT */
/* tests/make/results.c: see results.h. */
#include "tests/make/results.h"

#include <stdio.h>
#include <string.h>

#include "core/base/array.h"

#define SET(member, text) snprintf(member, sizeof(member), "%s", text)

static void results_ending(struct run_result *r, enum run_status status)
{
	static const struct {
		int exit_status;
		enum reason reason;
		const char *sentence;
	} rows[] = {
		[RESULT_PASS] = { 0, GUEST_EXITED, "the guest exited with 0" },
		[RESULT_FAIL] = { 1, CONSOLE_FORBIDDEN, "the guest said \"<oops> & 100%\" # 1" },
		[RESULT_ERROR] = { 99, ERROR_FIRMWARE_REFUSED, "the firmware said \\INVALID" },
		[RESULT_SKIP] = { 77, ERROR_HOST_UNSUPPORTED, "no SEV-SNP here #1" },
		[RESULT_TIMEOUT] = { 124, RUN_TIMED_OUT, "no end within 30 s" },
	};

	r->status = status;
	r->exit_status = rows[status].exit_status;
	r->reason = rows[status].reason;
	SET(r->sentence, rows[status].sentence);
	if (status == RESULT_PASS)
		return;
	SET(r->why, "it's so");
	SET(r->fix, "do: otherwise");
	SET(r->file, "a,b:guest.yaml");
	r->line = 7;
	r->column = 3;
}

static void results_guest(struct run_result *r, enum run_status status)
{
	r->launched = status != RESULT_SKIP && status != RESULT_ERROR;
	r->guest.event = r->reason;
	r->guest.code = status == RESULT_TIMEOUT ? 30000 : 0;
	snprintf(r->guest.detail, sizeof(r->guest.detail), "%.200s", r->sentence);
	r->guest.expected = 3;
	r->guest.met = status == RESULT_PASS ? 3 : 2;
	SET(r->guest.last_line, "login:");
	SET(r->tail, "booting <1>\r\n\x1b[1mlogin:\xff");
	r->tail_size = strlen(r->tail);
}

static void results_inputs(struct run_result *r)
{
	static const char *const roles[] = { "manifest", "firmware" };

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		SET(r->inputs[i].role, roles[i]);
		snprintf(r->inputs[i].path, sizeof(r->inputs[i].path), "in/%s", roles[i]);
		memset(r->inputs[i].sha256, (int)i + 1, sizeof(r->inputs[i].sha256));
	}
	r->n_inputs = ARRAY_SIZE(roles);
}

void results_full(struct run_result *r, enum run_status status)
{
	*r = (struct run_result){
		.name = "boot",
		.variant = "vcpus=4,memory=1G",
		.measurement = { .known = true, .pinned = true, .vcpus = 4 },
		.time = { 1499, 1500, 2000, true, 40000, 1234567 },
		.host = { "6.11.0", "1.55.39", "AMD EPYC 9654" },
	};
	results_ending(r, status);
	results_guest(r, status);
	results_inputs(r);
	SET(r->measurement.profile, "qemu");
	SET(r->measurement.vcpu_type, "EPYC-v4");
	memset(r->measurement.expected, 0xab, sizeof(r->measurement.expected));
	memset(r->measurement.pin, 0xcd, sizeof(r->measurement.pin));
}

void results_all(struct run_result list[static RESULTS],
                 const struct run_result *runs[static RESULTS])
{
	for (size_t i = 0; i < RESULTS; i++) {
		results_full(&list[i], (enum run_status)i);
		runs[i] = &list[i];
	}
}

void results_bare(struct run_result *r)
{
	*r = (struct run_result){ .name = "bare", .status = RESULT_ERROR, .exit_status = 2 };
}

/*
 * Fills a text with all bytes except NUL, and with strings that have a meaning in XML, JSON, YAML,
 * TAP and workflow commands.
 */
static void fill(char *to, size_t size, unsigned seed)
{
	static const char texts[] =
		"]]></system-out><![CDATA[ &#0; &lt &x; --> <?xml?> \\\" \\u0000 \\ud800 "
		"'\n...\n---\n# TODO \\# # SKIP\nnot ok 1\n1..0\nBail out!\n"
		"\r\n::error::x\n::stop-commands::t\r::add-mask::e\n##[error]x %0A%25 "
		"\xed\xa0\x80\xef\xbf\xbf\xf4\x90\x80\x80\xe2\x80\xa8\xe2\x80\xa9\xc2\x85"
		"\xf0\x9f\x98\x80\xef\xbb\xbf";

	for (size_t i = 0; i < size; i++) {
		size_t at = (i + seed) % (255 + sizeof(texts) - 1);

		to[i] = at < 255 ? (char)(at + 1) : texts[at - 255];
	}
}

void results_hostile(struct run_result *r, enum run_status status, unsigned seed)
{
	results_full(r, status);
	fill(r->name, sizeof(r->name), seed);
	fill(r->variant, sizeof(r->variant), seed + 1);
	fill(r->sentence, sizeof(r->sentence), seed);
	fill(r->why, sizeof(r->why), seed + 2);
	fill(r->fix, sizeof(r->fix), seed + 3);
	fill(r->file, sizeof(r->file), seed + 4);
	fill(r->measurement.profile, sizeof(r->measurement.profile), seed + 5);
	fill(r->measurement.vcpu_type, sizeof(r->measurement.vcpu_type), seed + 6);
	fill(r->guest.detail, sizeof(r->guest.detail), seed + 7);
	fill(r->guest.last_line, sizeof(r->guest.last_line), seed + 8);
	r->guest.where = (struct run_where){ true, UINT64_MAX, true, true, "", "", UINT64_MAX, "" };
	fill(r->guest.where.volume, sizeof(r->guest.where.volume), seed + 14);
	fill(r->guest.where.file, sizeof(r->guest.where.file), seed + 15);
	fill(r->guest.where.symbol, sizeof(r->guest.where.symbol), seed + 16);
	fill(r->host.kernel, sizeof(r->host.kernel), seed + 9);
	fill(r->host.firmware, sizeof(r->host.firmware), seed + 10);
	fill(r->host.cpu, sizeof(r->host.cpu), seed + 11);
	for (size_t i = 0; i < RUN_INPUTS; i++) {
		fill(r->inputs[i].role, sizeof(r->inputs[i].role), seed + 12);
		fill(r->inputs[i].path, sizeof(r->inputs[i].path), seed + 13);
	}
	fill(r->tail, sizeof(r->tail), seed);
	r->tail[seed % sizeof(r->tail)] = '\0';
	r->tail_size = SIZE_MAX;
	r->n_inputs = SIZE_MAX;
	r->guest.code = UINT64_MAX;
	r->guest.expected = r->guest.met = r->measurement.vcpus = r->line = r->column = -1U;
	r->time.start_us = r->time.update_us = r->time.finish_us = r->time.first_byte_us =
		r->time.total_us = UINT64_MAX;
	r->exit_status = status == RESULT_PASS ? 0 : -1;
}
