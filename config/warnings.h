/* SPDX-License-Identifier: MIT */
/* config/warnings.h: warnings about a manifest that was read. */
#ifndef CONFIG_WARNINGS_H
#define CONFIG_WARNINGS_H

struct findings; /* core/base/findings.h */
struct manifest; /* config/manifest.h */

void manifest_warn(const struct manifest *m, struct findings *f);

#endif
