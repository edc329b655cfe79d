/* SPDX-License-Identifier: MIT */
/* firmware/selftest/entry.S: the selftest starts like all our own guests. */
#include "firmware/selftest/params.h"

#define GUEST_MAIN     selftest_main
#define GUEST_CODE     SELFTEST_CODE
#define GUEST_CODE_MAX SELFTEST_CODE_MAX
#include "firmware/guest/entry.S"
