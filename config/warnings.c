/* SPDX-License-Identifier: MIT */
/* config/warnings.c: warns about values that are valid, but hardly what was meant. */
#include "config/warnings.h"

#include <stdio.h>
#include <string.h>

#include "config/cmdline.h"
#include "config/manifest.h"
#include "config/value.h"
#include "core/base/array.h"
#include "core/base/error.h"
#include "core/base/findings.h"
#include "core/base/pattern.h"

/* Where a command line sends the kernel's messages. */
struct consoles {
	bool here;      /* to the serial port, perhaps among others */
	char other[32]; /* the first that is not the serial port; "": there is none */
};

static bool is_text(const char *value, size_t size, const char *text)
{
	return size == strlen(text) && memcmp(value, text, size) == 0;
}

/*
 * ttyS0 and ttyS0,115200n8; uart,io,0x3f8 and uart8250,io,0x3f8,115200 (linux:
 * kernel-parameters.txt).
 */
static bool is_serial(const char *value, size_t size)
{
	const char *comma = memchr(value, ',', size);
	size_t name = comma ? (size_t)(comma - value) : size;
	static const char at[] = ",io,0x3f8";
	size_t n = sizeof(at) - 1;

	if (is_text(value, name, "ttyS0"))
		return true;
	if (!is_text(value, name, "uart") && !is_text(value, name, "uart8250"))
		return false;
	return size - name >= n && memcmp(value + name, at, n) == 0 &&
	       (size - name == n || value[name + n] == ',');
}

static void consoles_of(const struct manifest *m, struct consoles *ret)
{
	struct cmdline c = { .at = m->cmdline };
	const char *value;
	size_t size;

	*ret = (struct consoles){ 0 };
	while (cmdline_next(&c)) {
		value = cmdline_value(&c, "console=", &size);
		if (!value)
			continue;
		if (is_serial(value, size) || (m->hvc && is_text(value, size, "hvc0")))
			ret->here = true;
		else if (size == 0 || is_text(value, size, "null"))
			continue; /* explicitly nowhere */
		else if (!ret->other[0])
			snprintf(ret->other, sizeof(ret->other), "%.*s",
			         (int)(size < 31 ? size : 31), value);
	}
}

static void warn_consoles(const struct manifest *m, struct findings *f)
{
	struct consoles c;
	struct error w;

	if (!m->kernel.path || !m->cmdline)
		return;
	consoles_of(m, &c);
	if (c.here)
		return;
	if (c.other[0]) {
		error_set(&w, ERROR_NONE,
		          "'boot.cmdline' has the kernel write to '%s'%s, which the guest does not "
		          "have",
		          shown_of(c.other).text,
		          strncmp(c.other, "tty", 3) == 0 && c.other[3] <= '9' ? ", a screen" : "");
		error_why(&w, "the guest's only console is its first serial port, ttyS0 at 0x3f8");
		error_fix(&w, strcmp(c.other, "hvc0") == 0 ? "write console=ttyS0, or hvc: true"
		                                           : "write console=ttyS0");
	} else if (m->console.count && !cmdline_has(m->cmdline, "earlycon") &&
	           !cmdline_has(m->cmdline, "earlyprintk")) {
		error_set(&w, ERROR_NONE,
		          "'expect.console' waits for lines, but 'boot.cmdline' has no "
		          "console=ttyS0");
		error_why(&w, "without it Linux may write nothing to the serial port");
		error_fix(&w, "add console=ttyS0");
	} else {
		return;
	}
	manifest_at(m, KEY_BOOT_CMDLINE, &w);
	findings_add(f, SEVERITY_WARNING, &w);
}

/*
 * Whether an expression matches the empty line, and one with a bit of everything in it: `^$`
 * matches only the first.
 */
static bool matches_all(const struct pattern *p, struct matcher *matcher)
{
	static const char *const texts[] = {
		"", "\xf3\xb0\x80\x80 aZ09_-.:/\\'\"#\xc3\xa9\xe2\x82\xac[]{}()<>+*?^$|~%&=,;!@` "
		    "\t\xf3\xb0\x80\x81"
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct pattern_line line = { texts[i], strlen(texts[i]), 0, false };

		if (pattern_match(p, matcher, &line) != PATTERN_YES)
			return false;
	}
	return true;
}

static void warn_pattern(const struct manifest *m, enum key_id id, const struct manifest_pattern *p,
                         struct findings *f)
{
	struct error w;

	error_set(&w, ERROR_NONE, "'%s': '%s' matches every line", keys[id].name,
	          shown_of(p->text).text);
	if (id == KEY_EXPECT_NEVER) {
		error_why(&w, "the first line that the guest writes fails the run");
		error_fix(&w, "write what a line must not contain, or remove the expression");
	} else {
		error_why(&w, "any line that the guest writes next counts as the expected one");
		error_fix(&w, "write what only that line contains, or remove the expression");
	}
	manifest_at_location(m, &p->at, &w);
	findings_add(f, SEVERITY_WARNING, &w);
}

/* All share one matcher's limit of steps, so that hostile ones together take under a second. */
static void warn_patterns(const struct manifest *m, enum key_id id,
                          const struct manifest_patterns *of, struct findings *f)
{
	struct error ignored = { 0 };
	struct matcher *matcher = of->count ? matcher_new(&ignored) : NULL;

	for (size_t i = 0; matcher && i < of->count; i++) {
		struct pattern *p = pattern_new(of->list[i].text, &ignored);

		if (p && matches_all(p, matcher))
			warn_pattern(m, id, &of->list[i], f);
		pattern_free(p);
	}
	matcher_free(matcher);
}

static void warn_certs(const struct manifest *m, struct findings *f)
{
	struct error w;

	if (!m->certs.path || m->platform == MANIFEST_SNP)
		return;
	error_set(&w, ERROR_NONE, "'snp.certs' has no effect on platform '%s'",
	          platform_words[m->platform]);
	error_why(&w, "only guests under SEV-SNP ask for certificates");
	manifest_at(m, KEY_SNP_CERTS, &w);
	findings_add(f, SEVERITY_WARNING, &w);
}

/* linux: drivers/char/hw_random/core.c, default_quality, which no confidential guest lowers. */
static void warn_rng(const struct manifest *m, struct findings *f)
{
	struct error w;

	if (!m->rng || m->platform != MANIFEST_SNP)
		return;
	error_set(&w, ERROR_NONE, "'rng' lets the host choose what the guest takes for entropy");
	error_why(&w, "Linux credits a virtio-rng with full entropy, and the host, which an SNP "
	              "guest does not trust, makes its bytes");
	error_fix(&w, "leave out rng: the guest has RDRAND");
	manifest_at(m, KEY_RNG, &w);
	findings_add(f, SEVERITY_WARNING, &w);
}

void manifest_warn(const struct manifest *m, struct findings *f)
{
	warn_consoles(m, f);
	warn_certs(m, f);
	warn_rng(m, f);
	warn_patterns(m, KEY_EXPECT_CONSOLE, &m->console, f);
	warn_patterns(m, KEY_EXPECT_NEVER, &m->never, f);
}
