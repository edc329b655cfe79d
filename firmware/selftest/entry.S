/* SPDX-License-Identifier: MIT */
/* firmware/selftest/entry.S: how the selftest begins: as each guest of ours does. */
#include "firmware/selftest/params.h"

#define GUEST_MAIN     selftest_main
#define GUEST_CODE     SELFTEST_CODE
#define GUEST_CODE_MAX SELFTEST_CODE_MAX
#include "firmware/guest/entry.S"
