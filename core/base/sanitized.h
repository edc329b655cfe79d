/* SPDX-License-Identifier: MIT */
/* core/base/sanitized.h: whether this is built with AddressSanitizer. */
#ifndef CORE_BASE_SANITIZED_H
#define CORE_BASE_SANITIZED_H

#include <stdbool.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#endif
