/* SPDX-License-Identifier: MIT */
/* cmd/explained.c: explanations of digests as text. */
#include "cmd/explained.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/status.h"
#include "config/keys.h"
#include "config/value.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/out/explanation.h"
#include "core/snp/digest.h"
#include "firmware/prepare.h"
#include "firmware/search.h"
#include "firmware/variation.h"

/*
 * A value as --set takes it: bare text, or a YAML string where that would be read otherwise or
 * isn't safe to print, as a command line that a stranger's manifest has.
 */
static void put_setting(FILE *to, const char *key, const char *value)
{
	auto_free char *clean = text_clean_copy(value);
	bool list = strcmp(key, keys[KEY_DISKS].name) == 0; /* which is empty, or not shown */
	bool yaml = !clean || strcmp(clean, value) != 0 ||
	            (value[0] && strchr("[{\"'", value[0]) && !list);
	const char *end = value + strlen(value);
	struct text_char c;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	fprintf(f, "%s=%s", key, yaml ? "\"" : "");
	for (const char *at = value; at < end; at += c.size) {
		c = text_decode(at, (size_t)(end - at));
		if (!yaml)
			fwrite(at, 1, c.size, f);
		else if (c.state != TEXT_WHOLE) /* no YAML has it */
			fputs(TEXT_REPLACEMENT, f);
		else if (c.code == '\n' || c.code == '\r' || c.code == '\t')
			fprintf(f, "\\%c", "tn..r"[c.code - '\t']);
		else if (text_is_ascii(c.code) && c.code != '#')
			fprintf(f, "%s%c", strchr("\"\\", (int)c.code) ? "\\" : "", (int)c.code);
		else
			fprintf(f, c.code < 0x100 ? "\\x%02x" : "\\U%08x", (unsigned)c.code);
	}
	fprintf(f, "%s", yaml ? "\"" : "");
	fclose(f);
	fputs("--set ", to);
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                      "_-+=:,./@%")] == '\0') {
		fputs(text, to);
	} else { /* for a shell */
		fputc('\'', to);
		for (const char *at = text; *at; at++)
			fputs(*at == '\'' ? "'\\''" : (char[]){ *at, '\0' }, to);
		fputc('\'', to);
	}
	free(text);
}

static void put_change(FILE *to, const struct explained_change *c)
{
	/* --set takes paths that are relative to the manifest's folder */
	auto_free char *absolute = c->is_path && !c->left_out ? realpath(c->wanted, NULL) : NULL;

	if (c->sentence)
		fputs(c->sentence, to);
	else if (c->left_out)
		fprintf(to, "leave out %s", c->key);
	else
		put_setting(to, c->key, absolute ? absolute : c->wanted);
}

void explained_write(FILE *to, const struct explanation *x, const char *place)
{
	const char *between = "";

	/* settings first */
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < x->n; i++) {
			const struct explained_change *c = &x->changes[i];
			bool setting = !c->sentence && !c->left_out;

			if (setting != (pass == 0))
				continue;
			fputs(!between[0] ? "" : setting ? " " : "; ", to);
			put_change(to, c);
			between = " ";
		}
	if (place[0])
		fprintf(to, "%s%s", between[0] ? "; " : "", place);
	else if (x->n == 0)
		fputs("the manifest as it stands", to);
}

void explained_hint(const struct manifest *m, const struct images *images,
                    const uint8_t want[static PLAN_DIGEST], char to[static EXPLAINED_CAP])
{
	static const struct search_limits limits = { .budget_ms = 50, .most_changes = 1 };
	auto_explanations struct explanations e = { 0 };
	struct variations v;
	struct error ignored;
	char *text = NULL;
	size_t size;
	FILE *f;
	bool settings = true;

	to[0] = '\0';
	variations_begin(m, images, &v);
	if (bytes_zero(want, PLAN_DIGEST) || variations_list(&v, &ignored) < 0 ||
	    search(&v, want, &limits, &e, &ignored) < 0 || !e.found ||
	    !(f = open_memstream(&text, &size))) {
		variations_fini(&v);
		return;
	}
	for (size_t i = 0; i < e.list[0].n; i++)
		settings &= e.list[0].changes[i].key && !e.list[0].changes[i].left_out;
	if (settings && !e.place[0]) {
		fputs("that of ", f);
		for (size_t i = 0; i < e.list[0].n; i++)
			fprintf(f, "%s%s: %s", i ? ", " : "", e.list[0].changes[i].name,
			        shown_of(e.list[0].changes[i].wanted).text);
		fputs(" (", f);
	} else {
		fputs("explained: ", f);
	}
	explained_write(f, &e.list[0], e.place);
	fputs(settings && !e.place[0] ? ")" : "", f);
	if (e.reversed)
		fputs(", with its bytes in reverse", f);
	if (fclose(f) == 0)
		text_show(to, EXPLAINED_CAP, text);
	free(text);
	variations_fini(&v);
}

void explained_add(const char *hint, struct error *err)
{
	char why[sizeof(err->why)];

	memcpy(why, err->why, sizeof(why));
	if (hint[0])
		error_why(err, "%s; the expected digest is %s", why, hint);
}

int explained_id_digest(const struct manifest *m, const struct images *images, const struct plan *p,
                        const uint8_t digest[static PLAN_DIGEST], struct error *err)
{
	char hint[EXPLAINED_CAP];

	if (prepare_id_digest(m, p, digest, err) == 0)
		return 0;
	explained_hint(m, images, plan_settings(p)->id_block, hint);
	explained_add(hint, err);
	return err->code;
}

int explained_digest(const struct manifest *m, const struct images *images, const struct plan *p,
                     const struct snp_digest *d, struct error *err)
{
	const struct manifest_pin *pin = measurement_pin(m, d);
	char hint[EXPLAINED_CAP];

	if (measurement_check(m, d, err) == 0)
		return explained_id_digest(m, images, p, d->value, err);
	if (pin) { /* else none is for this number of vCPUs */
		explained_hint(m, images, pin->digest, hint);
		explained_add(hint, err);
	}
	return err->code;
}
