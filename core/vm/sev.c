/* SPDX-License-Identifier: MIT */
/* core/vm/sev.c: /dev/sev. Kernel side: drivers/crypto/ccp/sev-dev.c. */
#include "core/vm/sev.h"

#include <fcntl.h>

#include "core/snp/abi.h"
#include "core/vm/abi.h"
#include "core/vm/refusal.h"
#include "core/vm/sys.h"

int sev_open(const struct kvm_sys *sys, struct error *err)
{
	int r = sys->open(sys->self, "/dev/sev", O_RDONLY | O_CLOEXEC);

	return r < 0 ? refusal_set(err, CALL_OPEN_SEV, -r) : r;
}

static int sev_ask(const struct kvm_sys *sys, int sev, uint32_t id, void *ret, uint32_t *ret_status)
{
	struct sev_issue_cmd cmd = { .cmd = id, .data = (uintptr_t)ret };
	int r = sys->ioctl(sys->self, sev, SEV_ISSUE_CMD, &cmd);

	*ret_status = r < 0 ? cmd.error : 0;
	return r < 0 ? r : 0;
}

int sev_platform_status(const struct kvm_sys *sys, int sev, struct sev_user_data_status *ret,
                        uint32_t *ret_status)
{
	*ret = (struct sev_user_data_status){ 0 };
	return sev_ask(sys, sev, SEV_PLATFORM_STATUS, ret, ret_status);
}

int sev_snp_status(const struct kvm_sys *sys, int sev, struct snp_platform_status *ret,
                   uint32_t *ret_status)
{
	*ret = (struct snp_platform_status){ 0 };
	return sev_ask(sys, sev, SNP_PLATFORM_STATUS, ret, ret_status);
}
