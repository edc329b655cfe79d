/* SPDX-License-Identifier: MIT */
/* cmd/run_once_where.c: where the vCPUs were in a guest that didn't end by itself. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/run_once_priv.h"
#include "core/base/log.h"
#include "core/out/run_result.h"
#include "core/vm/look.h"
#include "firmware/locate.h"

void run_once_where(struct run_once *a)
{
	/* how a run may end without telling where the guest was */
	static const bool unexplained[REASONS] = {
		[GUEST_SHUTDOWN] = true, [GUEST_HALTED] = true, [KVM_INTERNAL] = true,
		[RUN_TIMED_OUT] = true,  [RUN_SILENT] = true,
	};
	const struct blob *image = &a->images.firmware;
	const struct locate_in in = { image->data, image->size, vm_look, a->vm, a->o->symbols };
	struct run_where *first = &a->r->guest.where;

	if (!unexplained[a->outcome.kind])
		return;
	for (unsigned i = 0; i < vm_vcpus(a->vm); i++) {
		struct vm_position at;
		struct located l = { 0 };
		char text[512] = "";
		bool known;

		if (!vm_position(a->vm, i, &at))
			continue;
		known = image->size && at.is_physical && locate(&in, at.rip, &l);
		if (known)
			located_text(&l, text, sizeof(text));
		if (i == a->outcome.vcpu) {
			*first = (struct run_where){ .rip_known = true,
				                     .rip = at.rip,
				                     .is_earlier = at.is_earlier,
				                     .known = known,
				                     .offset = l.offset };
			snprintf(first->volume, sizeof(first->volume), "%s", l.volume);
			snprintf(first->file, sizeof(first->file), "%s", l.file);
			snprintf(first->symbol, sizeof(first->symbol), "%s", l.symbol);
		}
		if (known)
			log_info("vCPU %u: rip 0x%" PRIx64 "%s is in %s", i, at.rip,
			         at.is_earlier ? " at its last exit" : "", text);
	}
}
