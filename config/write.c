/* SPDX-License-Identifier: MIT */
/* config/write.c: one function for each type of value, the other way round from read.c. */
#include "config/write.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/keys.h"
#include "config/manifest.h"
#include "config/value.h"
#include "config/yaml.h"
#include "config/yaml_text.h"
#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"

struct writer {
	const struct manifest *m;
	const struct manifest_hashes *h;
	FILE *to;
	const struct key_group *group; /* whose map is open */
	bool failed;                   /* for want of memory */
};

/* "  policy:", with the group's name on a line before it where that begins. */
static void put_key(struct writer *w, const struct key *k)
{
	char name[32];
	const struct key_group *g;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(k->name, "."), k->name);
	g = strchr(k->name, '.') ? key_group_find(name) : NULL;
	if (g && g != w->group)
		fprintf(w->to, "%s:\n", g->name);
	w->group = g;
	fprintf(w->to, "%s%s:", g ? "  " : "", key_last(k->name));
}

/* One character as double quotes take it: YAML 1.1, 5.7. */
static void put_character(FILE *to, const char *at, size_t size, long c, long before)
{
	if (c < 0)
		fputs("\\uFFFD", to);
	else if (c == '"' || c == '\\')
		fprintf(to, "\\%c", (char)c);
	else if (c == '\t')
		fputs("\\t", to);
	else if (c == '\n')
		fputs("\\n", to);
	else if (text_is_control((uint32_t)c))
		fprintf(to, "\\x%02lX", c);
	else if (c == 0xfffe || c == 0xffff || (c <= 0xffff && character_hides(c, before)))
		fprintf(to, "\\u%04lX", c); /* refused as they stand */
	else if (character_hides(c, before))
		fprintf(to, "\\U%08lX", c);
	else
		fwrite(at, 1, size, to);
}

static void put_text(FILE *to, const char *text)
{
	size_t left = strlen(text), size;
	long before = 0;

	fputc('"', to);
	for (; left > 0; text += size, left -= size) {
		long c = yaml_character((const uint8_t *)text, left, &size);

		put_character(to, text, size, c, before);
		before = c;
	}
	fputc('"', to);
}

static void put_hex(FILE *to, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(to, "%02x", bytes[i]);
}

/* As seen from nowhere. The caller frees it; NULL: out of memory, or the folder at hand is gone. */
static char *path_absolute(const char *path)
{
	auto_free char *folder = NULL;
	char *joined;

	if (path[0] == '/')
		return strdup(path);
	folder = getcwd(NULL, 0);
	return folder && asprintf(&joined, "%s/%s", folder, path) >= 0 ? joined : NULL;
}

static void put_path(struct writer *w, const char *path)
{
	auto_free char *absolute = path_absolute(path);

	w->failed |= !absolute;
	put_text(w->to, absolute ? absolute : path);
}

static const void *field_at(const struct writer *w, const struct key *k)
{
	return (const char *)w->m + k->offset;
}

static uint64_t field_number(const struct writer *w, const struct key *k)
{
	switch (k->size) {
	case sizeof(uint64_t):
		return *(const uint64_t *)field_at(w, k);
	case sizeof(uint32_t):
		return *(const uint32_t *)field_at(w, k);
	case sizeof(uint16_t):
		return *(const uint16_t *)field_at(w, k);
	default: /* `version`, which has but one value */
		return k->min;
	}
}

static void write_number(struct writer *w, const struct key *k)
{
	put_key(w, k);
	fprintf(w->to, " %" PRIu64 "\n", field_number(w, k));
}

static void write_bits(struct writer *w, const struct key *k)
{
	put_key(w, k);
	fprintf(w->to, " 0x%" PRIx64 "\n", field_number(w, k));
}

/* A command line without a kernel is no manifest's. */
static void write_text(struct writer *w, const struct key *k)
{
	if (k == &keys[KEY_BOOT_CMDLINE] && !w->m->kernel.path)
		return;
	put_key(w, k);
	fputc(' ', w->to);
	put_text(w->to, *(char *const *)field_at(w, k));
	fputc('\n', w->to);
}

static void write_word(struct writer *w, const struct key *k)
{
	put_key(w, k);
	fprintf(w->to, " %s\n", k->words[field_number(w, k)]);
}

static void write_bool(struct writer *w, const struct key *k)
{
	put_key(w, k);
	fprintf(w->to, " %s\n", *(const bool *)field_at(w, k) ? "true" : "false");
}

static void write_size(struct writer *w, const struct key *k)
{
	char text[VALUE_UNIT_CAP];

	put_key(w, k);
	fprintf(w->to, " %s\n", value_size_text(field_number(w, k), text));
}

/* A time that may be none is 0 then. */
static void write_time(struct writer *w, const struct key *k)
{
	char text[VALUE_UNIT_CAP];

	if (field_number(w, k) == 0)
		return;
	put_key(w, k);
	fprintf(w->to, " %s\n", value_time_text(field_number(w, k), text));
}

/* Of the first of its files. */
static const uint8_t *hash_of(const struct writer *w, const struct key *k)
{
	return k == &keys[KEY_BOOT_FIRMWARE] ? w->h->firmware
	       : k == &keys[KEY_BOOT_KERNEL] ? w->h->kernel
	       : k == &keys[KEY_BOOT_INITRD] ? w->h->initrd
	                                     : NULL;
}

/* " { path: P, sha256: H }" and a newline; the hash if it is known or pinned. */
static void put_file(struct writer *w, const struct manifest_file *f, const uint8_t *known)
{
	auto_free char *resolved = realpath(f->path, NULL);
	const uint8_t *hash = known ? known : f->pinned ? f->sha256 : NULL;

	fputs(" { " FILE_PATH_KEY ": ", w->to);
	put_path(w, resolved ? resolved : f->path);
	if (hash) {
		fputs(", " FILE_HASH_KEY ": \"", w->to);
		put_hex(w->to, hash, 32);
		fputc('"', w->to);
	}
	fputs(" }\n", w->to);
}

static void write_file(struct writer *w, const struct key *k)
{
	const struct manifest_file *f = field_at(w, k);

	if (!f->path)
		return;
	put_key(w, k);
	put_file(w, f, hash_of(w, k));
}

static void write_files(struct writer *w, const struct key *k)
{
	const uint8_t *hash = hash_of(w, k);
	const struct manifest_file *f;

	if (w->m->n_initrd_more == 0) {
		write_file(w, k);
		return;
	}
	put_key(w, k);
	fputc('\n', w->to);
	for (size_t i = 0; (f = manifest_initrd(w->m, i)); i++) {
		fputs("    -", w->to);
		put_file(w, f, hash ? hash + 32 * i : NULL);
	}
}

static void write_firmware(struct writer *w, const struct key *k)
{
	if (!w->m->builtin) {
		write_file(w, k);
		return;
	}
	put_key(w, k);
	fprintf(w->to, " " FIRMWARE_BUILTIN "%s\n", w->m->builtin);
}

/* Block and authentication are there together or not at all. */
static void write_bytes(struct writer *w, const struct key *k)
{
	bool id = k == &keys[KEY_SNP_ID_BLOCK] || k == &keys[KEY_SNP_ID_AUTH];

	if (id && !w->m->id_block_given)
		return;
	put_key(w, k);
	fputs(" hex:", w->to);
	put_hex(w->to, field_at(w, k), k->size);
	fputc('\n', w->to);
}

static void put_digest(struct writer *w, const uint8_t *digest)
{
	fputc('"', w->to);
	put_hex(w->to, digest, PLAN_DIGEST);
	fputc('"', w->to);
}

static void write_digest(struct writer *w, const struct key *k)
{
	if (!w->m->ovmf_hash_given)
		return;
	put_key(w, k);
	fputc(' ', w->to);
	put_digest(w, field_at(w, k));
	fputc('\n', w->to);
}

/* " [D, D]": those for one count of vCPUs. */
static void put_pins(struct writer *w, unsigned vcpus)
{
	const char *before = " [";

	for (const struct manifest_pin *p = w->m->pins; p < w->m->pins + w->m->n_pins; p++) {
		if (p->vcpus != vcpus)
			continue;
		fputs(before, w->to);
		put_digest(w, p->digest);
		before = ", ";
	}
	fputs("]\n", w->to);
}

/* A count may stand in several places of the list: `1` and `0x1` are two keys of a map. */
static bool pins_before(const struct manifest *m, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (m->pins[j].vcpus == m->pins[i].vcpus)
			return true;
	return false;
}

static void write_pins(struct writer *w, const struct key *k)
{
	const struct manifest *m = w->m;

	if (m->n_pins == 0)
		return;
	put_key(w, k);
	if (m->pins[0].vcpus == 0) { /* then it is so of all */
		put_pins(w, 0);
		return;
	}
	fputc('\n', w->to);
	for (size_t i = 0; i < m->n_pins; i++) {
		if (pins_before(m, i))
			continue;
		fprintf(w->to, "    %u:", m->pins[i].vcpus);
		put_pins(w, m->pins[i].vcpus);
	}
}

static void write_sink(struct writer *w, const struct key *k)
{
	const struct manifest_sink *s = field_at(w, k);

	put_key(w, k);
	fputc(' ', w->to);
	if (s->kind == SINK_FILE)
		put_path(w, s->path);
	else
		fputs(sink_words[s->kind], w->to);
	fputc('\n', w->to);
}

static void write_port(struct writer *w, const struct key *k)
{
	if (w->m->exit_port_given) {
		write_bits(w, k);
		return;
	}
	put_key(w, k);
	fputs(" false\n", w->to);
}

static void write_exit(struct writer *w, const struct key *k)
{
	const struct manifest *m = w->m;

	if (m->exit_expected)
		write_number(w, k);
	if (!m->exit_any && !m->exit_none)
		return;
	put_key(w, k);
	fprintf(w->to, " %s\n", exit_words[m->exit_any ? EXIT_ANY : EXIT_NONE]);
}

static void write_patterns(struct writer *w, const struct key *k)
{
	const struct manifest_patterns *p = field_at(w, k);

	put_key(w, k);
	fputs(p->count ? "\n" : " []\n", w->to);
	for (size_t i = 0; i < p->count; i++) {
		fputs("    - ", w->to);
		put_text(w->to, p->list[i].text);
		fputc('\n', w->to);
	}
}

/* This run's values stand in the keys that vary. */
static void write_matrix(struct writer *w, const struct key *k)
{
	(void)w, (void)k;
}

/* There is none. */
static void write_later(struct writer *w, const struct key *k)
{
	(void)w, (void)k;
}

static void (*const writers[])(struct writer *w, const struct key *k) = {
	[VALUE_NUMBER] = write_number,  [VALUE_TEXT] = write_text,
	[VALUE_LINE] = write_text,      [VALUE_WORD] = write_word,
	[VALUE_BOOL] = write_bool,      [VALUE_SIZE] = write_size,
	[VALUE_TIME] = write_time,      [VALUE_FILE] = write_file,
	[VALUE_FILES] = write_files,    [VALUE_FIRMWARE] = write_firmware,
	[VALUE_VCPU_TYPE] = write_text, [VALUE_POLICY] = write_bits,
	[VALUE_FEATURES] = write_bits,  [VALUE_BYTES] = write_bytes,
	[VALUE_DIGEST] = write_digest,  [VALUE_PINS] = write_pins,
	[VALUE_SINK] = write_sink,      [VALUE_PORT] = write_port,
	[VALUE_EXIT] = write_exit,      [VALUE_PATTERNS] = write_patterns,
	[VALUE_MATRIX] = write_matrix,  [VALUE_LATER] = write_later,
};
static_assert(ARRAY_SIZE(writers) == VALUE_KINDS, "a kind of value that nobody writes");

int manifest_write(const struct manifest *m, const struct manifest_hashes *h, FILE *to,
                   struct error *err)
{
	struct writer w = { .m = m, .h = h, .to = to };

	fprintf(to, "# written by snpvmm %s: the manifest of this run, resolved\n", SNPVMM_VERSION);
	for (size_t i = 0; i < KEYS; i++)
		writers[keys[i].kind](&w, &keys[i]);
	if (w.failed)
		return error_set(err, ERROR_OUTPUT, "cannot tell where the manifest's files are");
	if (fflush(to) != 0 || ferror(to))
		return error_sys(err, ERROR_OUTPUT, errno, "cannot write the manifest");
	return 0;
}

/* A text that YAML reads as it stands, without quotes; of some that it would, we don't say so. */
static bool is_plain(const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "/._+=- ";
	size_t n = strlen(text);

	return n > 0 && strspn(text, safe) == n && !strchr("_+=- ", text[0]) &&
	       text[n - 1] != ' ' && strcasecmp(text, "null") != 0;
}

static void put_setting(FILE *to, const struct manifest_setting *s)
{
	if (is_plain(s->value) || (!s->option && s->value[0] && strchr("{[\"'", s->value[0])))
		fputs(s->value, to);
	else
		put_text(to, s->value);
}

void settings_write(const struct manifest_setting *set, size_t n, FILE *to)
{
	struct writer w = { .to = to };

	fprintf(to, "version: 1\n");
	for (size_t i = KEY_VERSION + 1; i < KEYS; i++) {
		size_t first = n, last = n;

		/* the last one counts, but with several -i their files are a list */
		for (size_t j = 0; j < n; j++) {
			if (strcmp(set[j].key, keys[i].name) != 0)
				continue;
			if (last == n || keys[i].kind != VALUE_FILES || !set[j].option ||
			    !set[last].option)
				first = j;
			last = j;
		}
		if (last == n)
			continue;
		put_key(&w, &keys[i]);
		for (size_t j = first; j <= last; j++) {
			if (strcmp(set[j].key, keys[i].name) != 0)
				continue;
			fputs(first == last ? " " : j == first ? " [" : ", ", to);
			put_setting(to, &set[j]);
		}
		fputs(first == last ? "\n" : "]\n", to);
	}
}
