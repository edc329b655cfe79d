/* SPDX-License-Identifier: MIT */
/* firmware/stage0/entry.S: stage0 starts like all our own guests. */
#include "firmware/stage0/params.h"

#define GUEST_MAIN     stage0_main
#define GUEST_CODE     STAGE0_CODE
#define GUEST_CODE_MAX STAGE0_CODE_MAX
#include "firmware/guest/entry.S"
