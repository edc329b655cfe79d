/* SPDX-License-Identifier: MIT */
/* tests/fuzz/xml.h: whether a text is well-formed XML 1.0, of the kinds of markup that we write. */
#ifndef TESTS_FUZZ_XML_H
#define TESTS_FUZZ_XML_H

#include "core/base/text.h"
#include "tests/fuzz/fuzz.h"

/* Production 2 of XML 1.0: what a document may have, in whatever form. */
static inline void xml_check_characters(const char *text)
{
	for (size_t left = strlen(text); left > 0;) {
		struct text_char c = text_decode(text, left);

		must(c.state == TEXT_WHOLE);
		must(c.code == '\t' || c.code == '\n' || c.code == '\r' ||
		     (c.code >= 0x20 && c.code < 0xd800) || (c.code >= 0xe000 && c.code < 0xfffe) ||
		     (c.code >= 0x10000 && c.code < 0x110000));
		text += c.size;
		left -= c.size;
	}
}

/* Up to `end`: characters and references to one of the five entities that XML has. */
static inline const char *xml_check_text(const char *at, char end)
{
	const char stops[] = { end, '&', '<', ']', '\0' };
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&apos;" };

	for (at += strcspn(at, stops); *at && *at != end; at += 1 + strcspn(at + 1, stops)) {
		bool known = *at != '&';

		for (size_t i = 0; i < ARRAY_SIZE(entities) && !known; i++)
			known = !strncmp(at, entities[i], strlen(entities[i]));
		must(known && *at != '<' && (*at != ']' || strncmp(at, "]]>", 3)));
	}
	return at;
}

/* Behind an element's name: attributes, none twice. True: it has no content. */
static inline bool xml_check_tag(const char **at)
{
	const char *names[16];
	size_t n = 0;

	while (**at == ' ') {
		size_t length = strspn(++*at, "abcdefghijklmnopqrstuvwxyz_");

		must(length > 0 && n < ARRAY_SIZE(names) && !strncmp(*at + length, "=\"", 2));
		for (size_t i = 0; i < n; i++)
			must(strncmp(names[i], *at, length + 1));
		names[n++] = *at;
		*at = xml_check_text(*at + length + 2, '"');
		must(*(*at)++ == '"');
	}
	if (**at == '/')
		++*at;
	must(*(*at)++ == '>');
	return (*at)[-2] == '/';
}

static inline void xml_check(const char *at)
{
	static const char prolog[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
	const char *open[16]; /* the names of elements that have not ended */
	size_t depth = 0, roots = 0;

	xml_check_characters(at);
	must(!strncmp(at, prolog, strlen(prolog)));
	for (at += strlen(prolog); *at;) {
		size_t length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz-");

		if (*at != '<') {
			must(depth > 0 || *at == '\n');
			at = xml_check_text(at, '<');
		} else if (at[1] == '/') {
			length = strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-");
			must(depth > 0 && !strncmp(open[--depth], at + 2, length));
			must(strspn(open[depth], "abcdefghijklmnopqrstuvwxyz-") == length);
			at += 2 + length;
			must(*at++ == '>');
		} else {
			must(length > 0 && depth < ARRAY_SIZE(open) && (depth > 0 || roots++ == 0));
			open[depth] = at + 1;
			at += 1 + length;
			depth += !xml_check_tag(&at);
		}
	}
	must(depth == 0 && roots == 1);
}

#endif
