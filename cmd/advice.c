/* SPDX-License-Identifier: MIT */
/* cmd/advice.c: likely causes of a guest that printed nothing, or stopped after its last line. */
#include "cmd/advice.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "config/cmdline.h"
#include "config/manifest.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/vm/outcome.h"
#include "core/vm/streams.h"
#include "core/vm/watch.h"
#include "firmware/fv.h"
#include "firmware/stage0.h"

static const char *silence_fix(const struct manifest *m)
{
	if (m->builtin)
		return NULL;
	if (!m->kernel.path)
		return m->debug_port.kind == SINK_NONE ? "set debug_port: stderr; many firmware "
		                                         "builds report their progress there"
		                                       : NULL;
	if (!cmdline_has(m->cmdline, "console=ttyS0") && !cmdline_has(m->cmdline, "console=uart"))
		return "add console=ttyS0 to boot.cmdline; without it Linux writes elsewhere";
	if (cmdline_has(m->cmdline, "quiet"))
		return "remove quiet from boot.cmdline, to see how far the kernel gets";
	if (!cmdline_has(m->cmdline, "earlyprintk="))
		return "add earlyprintk=serial,ttyS0 to boot.cmdline, to see messages from before "
		       "the console is set up; a kernel built for other machines stops there";
	return NULL;
}

/*
 * A kernel that touches memory that nobody accepted asks for its termination, or shuts down, long
 * before it can print.
 */
static bool not_accepted(const struct outcome *o)
{
	unsigned code;

	return o->kind == GUEST_SHUTDOWN ||
	       (o->kind == GUEST_TERMINATED && !stage0_termination_code(o->code, &code));
}

/*
 * Linux before 6.9 validates the hole below 1 MiB itself, as stage0 has where it accepts all
 * memory. The code is Linux's GHCB_TERM_PSC (arch/x86/include/asm/sev-common.h).
 */
static bool validated_twice(const struct manifest *m, const struct outcome *o)
{
	const uint64_t set = 1 << 12, code = 1 << 16, terminate = 0x100;

	return m->direct && o->kind == GUEST_TERMINATED && o->code == (terminate | set | code);
}

/*
 * What a firmware can't say itself. Its volumes may be damaged. Or it has drivers for System
 * Management Mode, which edk2 adds if it is built with SMM_REQUIRE: such a firmware stops early if
 * there is no SMM, without a word (OvmfPkg: PlatformPei, SmmAccess).
 */
static void firmware_advise(const struct blob *firmware, struct outcome *o)
{
	auto_fv struct fv f = { 0 };
	struct error unwanted;

	if (firmware->size == 0 || fv_read(firmware->data, firmware->size, &f, &unwanted) < 0)
		return;
	if (f.n_faults > 0) {
		outcome_add(o, "; the firmware's image is damaged: %s", f.faults[0].text);
		o->fix = "copy the firmware's image again, or rebuild it; 'snpvmm inspect' lists "
			 "what is damaged";
		return;
	}
	for (size_t i = 0; i < f.n_files; i++)
		if (strcmp(f.files[i].name, "PiSmmCore") == 0) {
			outcome_add(o, "; the firmware needs System Management Mode, which these "
			               "guests don't have");
			o->fix = "use a build without SMM_REQUIRE: OVMF_CODE_4M.fd instead of "
				 "OVMF_CODE_4M.secboot.fd";
			return;
		}
}

/* A firmware that was to boot a kernel, and says on the console that it has nothing to boot. */
static const char *unbooted_fix(const struct manifest *m, const char *line)
{
	if (!m->firmware.path || !m->kernel.path || m->kernel_hashes ||
	    !strstr(line, "BdsDxe: No bootable option"))
		return NULL;
	return "leave out boot.kernel_hashes: a firmware that verifies kernels (AmdSevX64) boots "
	       "none without hashes";
}

void advice_add(const struct manifest *m, const struct blob *firmware, bool lazy,
                const struct vm *vm, struct watch *w, struct outcome *o)
{
	static const struct {
		enum reason kind;
		bool last_line;
	} rows[] = {
		{ RUN_TIMED_OUT, true },   { RUN_SILENT, true },       { GUEST_HALTED, true },
		{ GUEST_SHUTDOWN, false }, { CONSOLE_MISSING, false }, { GUEST_TERMINATED, false },
	};
	const char *line = watch_last_line(w);
	char text[160];

	if (!lazy && validated_twice(m, o))
		o->fix = "with a kernel older than Linux 6.9, write boot.accept: lazy";
	if ((o->kind == GUEST_REJECTED || o->kind == KVM_INTERNAL) &&
	    stream_bytes(vm, STREAM_SERIAL) == 0)
		firmware_advise(firmware, o);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].kind != o->kind)
			continue;
		else if (stream_bytes(vm, STREAM_SERIAL) == 0) {
			outcome_add(o, "; the console got no byte");
			if (lazy && not_accepted(o)) {
				outcome_add(o, "; the kernel had to accept memory itself, and one "
				               "that can't ends like this");
				o->fix = "write boot.accept: eager";
			}
			if (!o->fix)
				firmware_advise(firmware, o);
			if (!o->fix)
				o->fix = silence_fix(m);
		} else if (rows[i].last_line && line[0]) {
			text_clean(text, sizeof(text), line, strlen(line), 0);
			outcome_add(o, "; the console's last line is '%s'", text);
			if (!o->fix)
				o->fix = unbooted_fix(m, line);
			/* kernel_halt() in Linux's kernel/reboot.c prints this for halt(8) */
			if (strstr(line, "reboot: System halted"))
				o->fix = "end the guest by poweroff or reboot; halt only stops its "
					 "CPUs";
		}
}
