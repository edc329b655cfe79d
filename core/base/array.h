/* SPDX-License-Identifier: MIT */
/* core/base/array.h: what C lacks for arrays and numbers. */
#ifndef CORE_BASE_ARRAY_H
#define CORE_BASE_ARRAY_H

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
