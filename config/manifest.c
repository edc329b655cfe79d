/* SPDX-License-Identifier: MIT */
/* config/manifest.c: where the values of a manifest stand, and how it ends. */
#include "config/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/vm/platforms.h"

void setting_name(const char *by, char *to, size_t cap)
{
	snprintf(to, cap, "%s%s", by[0] == '-' ? "" : "--set ", by);
}

int manifest_at_location(const struct manifest *m, const struct location *at, struct error *err)
{
	char option[KEY_NAME_CAP];

	if (!at->by)
		return error_at(err, m->file, at->line, at->column);
	setting_name(at->by, option, sizeof(option));
	return error_at(err, option, 0, 0);
}

static void patterns_free(struct manifest_patterns *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->list[i].text);
	free(p->list);
}

void manifest_free(struct manifest *m)
{
	free(m->file);
	free(m->name);
	free(m->builtin);
	free(m->firmware.path);
	free(m->kernel.path);
	free(m->initrd.path);
	for (size_t i = 0; i < m->n_initrd_more; i++)
		free(m->initrd_more[i].path);
	free(m->cmdline);
	free(m->vars.path);
	free(m->vars_keep.path);
	free(m->vcpu_type);
	free(m->id_key.path);
	free(m->author_key.path);
	free(m->certs.path);
	free(m->svsm.path);
	free(m->serial.path);
	free(m->debug_port.path);
	for (size_t i = 0; i < m->n_disks; i++)
		free(m->disks[i].image.path);
	free(m->pins);
	patterns_free(&m->console);
	patterns_free(&m->never);
	free(m->variant);
	*m = (struct manifest){ 0 };
}

int manifest_at(const struct manifest *m, enum key_id id, struct error *err)
{
	return manifest_at_location(m, &m->locations[id], err);
}

const char *manifest_profile_name(enum manifest_profile profile)
{
	return profile_words[profile];
}

const struct platform *manifest_platform(const struct manifest *m)
{
	return platform_named(platform_words[m->platform]);
}

void manifest_stem(const char *path, char *to, size_t cap)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	int size = dot && dot != base ? (int)(dot - base) : (int)strlen(base);

	text_clean(to, cap, base, (size_t)size, false);
}
