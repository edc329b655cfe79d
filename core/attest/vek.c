/* SPDX-License-Identifier: MIT */
/* core/attest/vek.c: reads the extensions below AMD's 1.3.6.1.4.1.3704.1. */
#include "core/attest/vek.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "core/attest/x509.h"

#define AMD_OID "1.3.6.1.4.1.3704.1."

enum { DER_INTEGER = 0x02, DER_OCTETS = 0x04, DER_IA5 = 0x16 };

/* A number of one byte, in its only form in DER. */
static bool number_read(const uint8_t *at, size_t size, uint8_t *ret)
{
	if (size == 3 && at[0] == DER_INTEGER && at[1] == 1 && at[2] < 0x80)
		*ret = at[2];
	else if (size == 4 && at[0] == DER_INTEGER && at[1] == 2 && at[2] == 0 && at[3] >= 0x80)
		*ret = at[3];
	else
		return false;
	return true;
}

static bool text_read(const uint8_t *at, size_t size, char *to, size_t cap)
{
	if (size < 2 || at[0] != DER_IA5 || at[1] >= 0x80 || at[1] != size - 2 || size - 2 >= cap)
		return false;
	for (size_t i = 2; i < size; i++)
		if (at[i] < ' ' || at[i] > '~')
			return false;
	memcpy(to, at + 2, size - 2);
	to[size - 2] = '\0';
	return true;
}

/*
 * The chip's id without any tag; in newer certificates it may be an OCTET STRING. Check the size
 * first, since an id may begin with the byte that is such a string's tag.
 */
static bool hwid_read(const uint8_t *at, size_t size, struct vek *v)
{
	if (size != 8 && size != sizeof(v->hwid)) {
		if (size < 2 || at[0] != DER_OCTETS || at[1] != size - 2 ||
		    (size - 2 != 8 && size - 2 != sizeof(v->hwid)))
			return false;
		at += 2;
		size -= 2;
	}
	memcpy(v->hwid, at, size);
	v->hwid_size = size;
	return true;
}

enum { OID_VERSION = 1, OID_PRODUCT, OID_SPL, OID_HWID, OID_CSP, OIDS };

/* Parses the part of an OID after AMD's, such as "2" or "3.8"; *ret_top 0: unknown. */
static void oid_parse(const char *text, unsigned *ret_top, unsigned *ret_spl)
{
	char *end;
	unsigned long top = strtoul(text, &end, 10), spl = 0;

	if (top == OID_SPL && *end == '.')
		spl = strtoul(end + 1, &end, 10);
	*ret_top = *end == '\0' && top < OIDS && (top == OID_SPL) == (spl > 0 && spl < VEK_SPLS)
	                   ? (unsigned)top
	                   : 0;
	*ret_spl = (unsigned)spl;
}

static bool value_read(struct vek *v, unsigned top, unsigned spl, const uint8_t *at, size_t size)
{
	uint8_t version;

	switch (top) {
	case OID_VERSION:
		return number_read(at, size, &version);
	case OID_PRODUCT:
		return text_read(at, size, v->product, sizeof(v->product));
	case OID_SPL:
		v->has_spl[spl] = true;
		return number_read(at, size, &v->spl[spl]);
	case OID_HWID:
		return hwid_read(at, size, v);
	default:
		return text_read(at, size, v->csp, sizeof(v->csp));
	}
}

static void defect(struct cert *c, const char *what, const char *oid)
{
	if (!c->defect[0])
		snprintf(c->defect, sizeof(c->defect), "%s %s%.40s", what, oid ? AMD_OID : "",
		         oid ? oid : "");
}

/* Checks that the certificate has the extensions of its kind and line, and no others. */
static void vek_complete(struct cert *c, const bool seen[static OIDS])
{
	static const unsigned components[] = { SPL_BOOT_LOADER, SPL_TEE, SPL_SNP, SPL_MICROCODE };
	struct vek *v = &c->vek;
	bool vcek = c->kind == CERT_VCEK;

	if (!seen[OID_VERSION])
		defect(c, "lacks extension", "1");
	if (!seen[OID_PRODUCT])
		defect(c, "lacks extension", "2");
	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++)
		if (!v->has_spl[components[i]])
			defect(c, "lacks a component of the TCB in", "3");
	if (c->line == SNP_TURIN && !v->has_spl[SPL_FMC])
		defect(c, "lacks extension", "3.9");
	if (c->line != SNP_TURIN && v->spl[SPL_FMC])
		defect(c, "has an FMC, which processors of its line lack, in", "3.9");
	if (vcek != seen[OID_HWID])
		defect(c, vcek ? "lacks the chip's id, extension" : "has a chip's id, extension",
		       "4");
	if (vcek == seen[OID_CSP])
		defect(c,
		       vcek ? "names a cloud provider, extension"
		            : "names no cloud provider, extension",
		       "5");
	if (v->hwid_size && c->line && v->hwid_size != snp_line_chip_id(c->line))
		defect(c, "has a chip's id of another size than its line's, extension", "4");
}

void vek_read(struct cert *c)
{
	bool seen[OIDS] = { false };

	for (int i = 0; i < X509_get_ext_count(c->x509); i++) {
		X509_EXTENSION *e = X509_get_ext(c->x509, i);
		const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(e);
		unsigned top, spl;
		char oid[80];
		bool twice;

		OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(e), 1);
		if (strncmp(oid, AMD_OID, strlen(AMD_OID)) != 0)
			continue;
		oid_parse(oid + strlen(AMD_OID), &top, &spl);
		if (!top) {
			c->vek.unknown++;
			continue;
		}
		twice = top == OID_SPL ? c->vek.has_spl[spl] : seen[top];
		seen[top] = true;
		if (twice)
			defect(c, "has twice the extension", oid + strlen(AMD_OID));
		else if (!value_read(&c->vek, top, spl, ASN1_STRING_get0_data(value),
		                     (size_t)ASN1_STRING_length(value)))
			defect(c, "has a malformed extension", oid + strlen(AMD_OID));
	}
	vek_complete(c, seen);
}
