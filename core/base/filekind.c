/* SPDX-License-Identifier: MIT */
/*
 * core/base/filekind.c: the table of file kinds, recognised by magic numbers as file(1) does, with
 * what to do about each.
 */
#include "core/base/filekind.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/array.h"
#include "core/base/bytes.h"
#include "core/base/error.h"

#define TEXT_LOOKED_AT ((size_t)4096) /* only this much of a text is examined */

/* PE/COFF: where the offset of the header is, and the sizes of header and sections. */
#define PE_POINTER      0x3c
#define PE_HEADER       24
#define PE_SECTION      40
#define PE_SECTIONS_MAX 96

static bool marked(const uint8_t *bytes, size_t size, size_t at, const char *mark, size_t n)
{
	return at <= size && n <= size - at && memcmp(bytes + at, mark, n) == 0;
}

static bool is_empty(const uint8_t *bytes, size_t size)
{
	(void)bytes;
	return size == 0;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
	size_t n = MIN(size, TEXT_LOOKED_AT);

	for (size_t i = 0; i < n; i++)
		if ((bytes[i] < ' ' && !memchr("\t\n\r\f", bytes[i], 4)) || bytes[i] == 0x7f)
			return false;
	return n > 0;
}

static size_t space_before(const uint8_t *bytes, size_t size)
{
	size_t n = marked(bytes, size, 0, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (n < size && n < TEXT_LOOKED_AT && memchr(" \t\r\n", bytes[n], 4))
		n++;
	return n;
}

static bool begins_with(const uint8_t *bytes, size_t size, const char *word)
{
	size_t at = space_before(bytes, size);

	return size - at >= strlen(word) &&
	       strncasecmp((const char *)bytes + at, word, strlen(word)) == 0;
}

static bool is_html(const uint8_t *bytes, size_t size)
{
	return begins_with(bytes, size, "<!doctype html") || begins_with(bytes, size, "<html");
}

static bool is_xml(const uint8_t *bytes, size_t size)
{
	return begins_with(bytes, size, "<?xml");
}

static bool is_json(const uint8_t *bytes, size_t size)
{
	size_t at = space_before(bytes, size), end = size;

	while (end > at && memchr(" \t\r\n", bytes[end - 1], 4))
		end--;
	if (!is_text(bytes, size) || end - at < 2)
		return false;
	return (bytes[at] == '{' && bytes[end - 1] == '}') ||
	       (bytes[at] == '[' && bytes[end - 1] == ']');
}

/* A document marker, or a first line "key: value" after comments. */
static bool is_yaml(const uint8_t *bytes, size_t size)
{
	static const char key_chars[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.";
	size_t n = MIN(size, TEXT_LOOKED_AT), at = space_before(bytes, n), from;

	while (at < n && bytes[at] == '#') {
		while (at < n && bytes[at] != '\n')
			at++;
		at += space_before(bytes + at, n - at);
	}
	if (!is_text(bytes, size) || marked(bytes, n, at, "---\n", 4))
		return is_text(bytes, size);
	for (from = at; at < n && memchr(key_chars, bytes[at], sizeof(key_chars) - 1);)
		at++;
	return at > from && at < n && bytes[at] == ':' &&
	       (at + 1 == n || memchr(" \r\n", bytes[at + 1], 3));
}

/*
 * One DER object that fills the file: a SEQUENCE of the file's length, then what certificates and
 * keys begin with.
 */
static bool is_der(const uint8_t *bytes, size_t size)
{
	size_t head = 2, length;

	if (size < 32 || bytes[0] != 0x30)
		return false;
	length = bytes[1];
	if (bytes[1] == 0x81 || bytes[1] == 0x82) {
		head = bytes[1] == 0x81 ? 3 : 4;
		length = head == 3 ? bytes[2] : (size_t)bytes[2] << 8 | bytes[3];
	}
	return head + length == size && (bytes[head] == 0x30 || bytes[head] == 0x02);
}

const uint8_t *pe_section(const uint8_t *bytes, size_t size, const char *name, size_t *ret_size)
{
	struct reader r = reader_over(bytes, size, PE_POINTER, 4);
	uint32_t at = reader_le32(&r);
	unsigned sections, optional;
	char key[8] = { 0 };

	if (r.bad || !marked(bytes, size, 0, "MZ", 2) || !marked(bytes, size, at, "PE\0\0", 4))
		return NULL;
	memcpy(key, name, strnlen(name, sizeof(key)));
	r = reader_over(bytes, size, at, PE_HEADER);
	reader_take(&r, 6);
	sections = reader_le16(&r);
	reader_take(&r, 12);
	optional = reader_le16(&r);
	if (r.bad)
		return NULL;
	for (unsigned i = 0; i < sections && i < PE_SECTIONS_MAX; i++) {
		struct reader s =
			reader_over(bytes, size, (size_t)at + PE_HEADER + optional + i * PE_SECTION,
		                    PE_SECTION);
		const uint8_t *head = reader_take(&s, 16);
		uint32_t raw_size = reader_le32(&s), raw = reader_le32(&s);

		if (!head || memcmp(head, key, sizeof(key)) != 0)
			continue;
		*ret_size = raw_size;
		return raw <= size && raw_size <= size - raw ? bytes + raw : NULL;
	}
	return NULL;
}

static bool is_uki(const uint8_t *bytes, size_t size)
{
	size_t n;

	return pe_section(bytes, size, ".linux", &n);
}

/*
 * fff12b8d-7696-4c8b-a985-2747075b4f50, gEfiSystemNvDataFvGuid: also the front of a whole OVMF.fd
 */
#define OVMF_VARS_GUID "\x8d\x2b\xf1\xff\x96\x76\x8b\x4c\xa9\x85\x27\x47\x07\x5b\x4f\x50"

/* 96b582de-1fb2-45f7-baea-a366c55a082d, 48 bytes before the end: edk2's table of GUIDs. */
static bool is_ovmf(const uint8_t *bytes, size_t size)
{
	return size >= 0x30 &&
	       marked(bytes, size, size - 0x30,
	              "\xde\x82\xb5\x96\xb2\x1f\xf7\x45\xba\xea\xa3\x66\xc5\x5a\x08\x2d", 16);
}

/* A variable store, and the header of another volume behind it: the code of an OVMF.fd. */
static bool is_ovmf_cut(const uint8_t *bytes, size_t size)
{
	uint64_t store;

	if (size < 0x28 || !marked(bytes, size, 16, OVMF_VARS_GUID, 16))
		return false;
	store = le_get(bytes + 0x20, 8);
	return store && store < size && marked(bytes, size, store + 0x28, "_FVH", 4);
}

/* It begins with the GUID of an ARK, ASK, VCEK or VLEK (GHCB, extended guest request). */
static bool is_certs(const uint8_t *bytes, size_t size)
{
	static const char *const guids[] = {
		"\xc0\xb4\x06\xa4\xa8\x03\x49\x52\x97\x43\x3f\xb6\x01\x4c\xd0\xae",
		"\x4a\xb7\xb3\x79\xbb\xac\x4f\xe4\xa0\x2f\x05\xae\xf3\x27\xc7\x82",
		"\x63\xda\x75\x8d\xe6\x64\x45\x64\xad\xc5\xf4\xb9\x3b\xe8\xac\xcd",
		"\xa8\x07\x4b\xc2\xa2\x5a\x48\x3e\xaa\xe6\x39\xc0\x45\xa0\xb8\xa1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(guids); i++)
		if (marked(bytes, size, 0, guids[i], 16))
			return true;
	return false;
}

/*
 * The BIOS of a PC is a multiple of 64 KiB that ends at 4 GiB; its last 16 bytes begin with a jump.
 */
static bool is_bios(const uint8_t *bytes, size_t size)
{
	const uint8_t *last = bytes + size - 16;

	if (size < 0x10000 || size % 0x10000 || size > (size_t)16 << 20)
		return false;
	return (last[0] == 0xea && last[4] == 0xf0) || last[0] == 0xe9 || last[0] == 0xeb;
}

#define MARK_FOR(at, text, use)  at, text, sizeof(text) - 1, NULL, use
#define PROBE_FOR(function, use) 0, NULL, 0, function, use
#define MARK(at, text)           MARK_FOR(at, text, NULL)
#define PROBE(function)          PROBE_FOR(function, NULL)
#define CERT_OR_KEY                                                                                \
	"certificates verify reports ('snpvmm verify') and go into a table for snp.certs "         \
	"('snpvmm certs'); a key signs ID blocks ('snpvmm idblock')"
#define COMPARES                                                                                   \
	"give it to a verifier that takes a CoRIM; 'snpvmm verify' and 'snpvmm diff' compare a "   \
	"report with the manifest"
#define MAYBE_MANIFEST "if it is a manifest, 'snpvmm check' looks at it"
#define UNPACK(tool)   "unpack it first: " tool ", or give the file from before it was packed"

/*
 * The first match counts. Kinds recognised by their end come early, since a firmware may begin with
 * anything.
 */
const struct file_kind file_kinds[] = {
	{ "empty", "an empty file", ROLE_MANIFEST, NULL, "copy, download or build it again", false,
	  PROBE(is_empty) },
	{ "git-lfs", "a Git LFS pointer", 0, NULL, "fetch the file that it points to: git lfs pull",
	  false, MARK(0, "version https://git-lfs.github.com/spec/") },
	{ "ovmf", "an OVMF-style firmware image", ROLE_FIRMWARE, "boot.firmware", NULL, false,
	  PROBE(is_ovmf) },
	{ "certs", "a certificate table", ROLE_CERTS, "snp.certs", NULL, false, PROBE(is_certs) },
	{ "igvm", "an IGVM file", ROLE_FIRMWARE, "boot.firmware", NULL, false, MARK(0, "IGVM") },
	{ "bzimage", "a Linux kernel (bzImage)", ROLE_KERNEL, "boot.kernel", NULL, false,
	  MARK(0x202, "HdrS") },
	{ "firmware-volume", "a firmware image without its end", 0, NULL,
	  "it may be cut short: copy the image again, or rebuild it with edk2's OvmfPkg", false,
	  PROBE(is_ovmf_cut) },
	{ "ovmf-vars", "a variable store without code", 0, NULL,
	  "give the code image (OVMF_CODE) or the whole one (OVMF.fd)", false,
	  MARK(16, OVMF_VARS_GUID) },
	{ "firmware-volume", "a UEFI firmware volume without a reset vector", ROLE_FIRMWARE,
	  "boot.firmware", NULL, false, MARK(0x28, "_FVH") },
	/* CBOR tags: 501 of a CoRIM, 18 of a COSE_Sign1 with its four parts */
	{ "corim", "a CoRIM, reference values for verifiers", 0, NULL, COMPARES, false,
	  MARK(0, "\xd9\x01\xf5") },
	{ "cose", "signed CBOR (COSE), as a signed CoRIM is", 0, NULL, COMPARES, false,
	  MARK(0, "\xd2\x84") },
	{ "arm64-kernel", "a kernel for arm64", 0, NULL, "give one for x86-64", false,
	  MARK(0x38, "ARM\x64") },
	{ "riscv-kernel", "a kernel for RISC-V", 0, NULL, "give one for x86-64", false,
	  MARK(0x38, "RSC\x05") },
	{ "uki", "a unified kernel image (UKI)", 0, NULL,
	  "extract its parts: objcopy -O binary --only-section=.linux UKI KERNEL, and likewise "
	  ".initrd",
	  false, PROBE(is_uki) },
	{ "pe", "an EFI program (PE)", 0, NULL, NULL, false, MARK(0, "MZ") },
	{ "elf", "an ELF file, as vmlinux is", 0, NULL, NULL, false, MARK(0, "\177ELF") },
	{ "gzip", "a gzip file", ROLE_INITRD, NULL, UNPACK("gunzip"), false, MARK(0, "\x1f\x8b") },
	{ "xz", "an xz file", ROLE_INITRD, NULL, UNPACK("unxz"), false,
	  MARK(0, "\xfd"
	          "7zXZ\0") },
	{ "zstd", "a zstd file", ROLE_INITRD, NULL, UNPACK("unzstd"), false,
	  MARK(0, "\x28\xb5\x2f\xfd") },
	{ "bzip2", "a bzip2 file", ROLE_INITRD, NULL, UNPACK("bunzip2"), false, MARK(0, "BZh") },
	{ "lzma", "an LZMA file", ROLE_INITRD, NULL, UNPACK("unlzma"), false, MARK(0, "\x5d\0\0") },
	{ "lzo", "an LZO file", ROLE_INITRD, NULL, UNPACK("lzop -d"), false,
	  MARK(0, "\x89LZO\0\r\n\x1a\n") },
	{ "lz4", "an LZ4 file in the old format", ROLE_INITRD, NULL, UNPACK("unlz4"), false,
	  MARK(0, "\x02\x21\x4c\x18") },
	{ "lz4-frame", "an LZ4 file in the frame format, which Linux does not unpack", 0, NULL,
	  "unpack it (unlz4); for an initrd 'lz4 -l' works", false, MARK(0, "\x04\x22\x4d\x18") },
	{ "cpio", "a cpio archive, as an initrd is", ROLE_INITRD, "boot.initrd", NULL, false,
	  MARK(0, "07070") },
	{ "cpio-old", "a cpio archive in the old binary format, which Linux does not unpack", 0,
	  NULL, "pack it in the format 'newc': cpio -o -H newc", false, MARK(0, "\xc7\x71") },
	{ "squashfs", "a squashfs file system", ROLE_INITRD, NULL, NULL, false, MARK(0, "hsqs") },
	{ "ext4", "an ext2, ext3 or ext4 file system", ROLE_INITRD, NULL, NULL, false,
	  MARK(0x438, "\x53\xef") },
	{ "tar", "a tar archive", 0, NULL, "extract the file: tar -xf", false, MARK(257, "ustar") },
	{ "zip", "a zip archive", 0, NULL, "extract the file: unzip", false, MARK(0, "PK\3\4") },
	{ "7z", "a 7z archive", 0, NULL, "extract the file: 7z x", false,
	  MARK(0, "7z\xbc\xaf\x27\x1c") },
	{ "deb", "a Debian package", 0, NULL, "extract the file: dpkg-deb -x PACKAGE.deb FOLDER",
	  false, MARK(0, "!<arch>\ndebian") },
	{ "ar", "an ar archive", 0, NULL, "extract the file: ar x", false, MARK(0, "!<arch>\n") },
	{ "rpm", "an RPM package", 0, NULL, "extract the file: rpm2cpio PACKAGE.rpm | cpio -id",
	  false, MARK(0, "\xed\xab\xee\xdb") },
	{ "qcow2", "a qcow2 disk", 0, NULL,
	  "unpack it first: qemu-img convert -O raw IMAGE.qcow2 IMAGE.fd", false,
	  MARK(0, "QFI\xfb") },
	{ "vmdk", "a VMDK disk", 0, NULL, "unpack it first: qemu-img convert -O raw", false,
	  MARK(0, "KDMV") },
	{ "vhdx", "a VHDX disk", 0, NULL, "unpack it first: qemu-img convert -O raw", false,
	  MARK(0, "vhdxfile") },
	{ "iso", "an ISO 9660 image", 0, NULL, "extract the file: bsdtar -xf IMAGE.iso", false,
	  MARK(0x8001, "CD001") },
	{ "uimage", "a U-Boot image", 0, NULL, "give the file that it was made from", false,
	  MARK(0, "\x27\x05\x19\x56") },
	{ "fdt", "a device tree or FIT image", 0, NULL, "give the file that it was made from",
	  false, MARK(0, "\xd0\x0d\xfe\xed") },
	{ "android-boot", "an Android boot image", 0, NULL, "extract the kernel: unpack_bootimg",
	  false, MARK(0, "ANDROID!") },
	{ "pem", "a certificate or key in PEM form", 0, NULL, NULL, false,
	  MARK_FOR(0, "-----BEGIN ", CERT_OR_KEY) },
	{ "der", "a certificate or key in DER form", 0, NULL, NULL, false,
	  PROBE_FOR(is_der, CERT_OR_KEY) },
	{ "bios", "a PC firmware (BIOS)", ROLE_FIRMWARE, "boot.firmware", NULL, true,
	  PROBE(is_bios) },
	{ "boot-sector", "a boot sector or a disk", 0, NULL,
	  "give the file itself, not the disk that it is on", false, MARK(0x1fe, "\x55\xaa") },
	{ "html", "an HTML page, perhaps of a failed download", 0, NULL,
	  "download the file again, and check that it is not a login or error page", false,
	  PROBE(is_html) },
	{ "xml", "an XML document", 0, NULL, NULL, false, PROBE(is_xml) },
	{ "script", "a script", ROLE_MANIFEST, NULL, NULL, false, MARK(0, "#!") },
	{ "json", "a JSON document", ROLE_MANIFEST, NULL, NULL, false,
	  PROBE_FOR(is_json, MAYBE_MANIFEST "; what snpvmm writes as JSON is for other programs") },
	{ "yaml", "a YAML document", ROLE_MANIFEST, NULL, NULL, true,
	  PROBE_FOR(is_yaml, MAYBE_MANIFEST) },
	{ "text", "a text", ROLE_MANIFEST, NULL, NULL, true, PROBE(is_text) },
	{ 0 },
};

const struct file_kind *file_kind_of(const uint8_t *bytes, size_t size)
{
	for (const struct file_kind *k = file_kinds; k->name; k++)
		if (k->probe ? k->probe(bytes, size)
		             : marked(bytes, size, k->at, k->mark, k->mark_size))
			return k;
	return NULL;
}

static const struct role_row {
	enum file_role role;
	const char *wanted, *fix;
} roles[] = {
	{ ROLE_FIRMWARE, "an OVMF-style image", "give the firmware's raw image (.fd)" },
	{ ROLE_KERNEL, "a bzImage",
	  "give the bzImage that a kernel build leaves in arch/x86/boot (vmlinuz in packages)" },
	{ ROLE_INITRD, "an initrd",
	  "give a cpio archive, compressed or not, as mkinitramfs and dracut make" },
	{ ROLE_MANIFEST, "a manifest", "give a manifest in YAML, or a kernel with -k" },
	{ ROLE_BYTES, "the expected bytes",
	  "give a file with only these bytes, as binary, base64 or hex" },
	{ ROLE_CERTS, "a certificate table",
	  "'snpvmm certs DIR FILE' makes a table from a folder of certificates" },
};

/* The option for such a file; NULL: there is none. */
static const char *option_of(const struct file_kind *k)
{
	return k->fits & ROLE_FIRMWARE ? "-f"
	       : k->fits & ROLE_KERNEL ? "-k"
	       : k->fits & ROLE_INITRD ? "-i"
	                               : NULL;
}

/*
 * What to do about a file of that kind in that role, static or in `to`; NULL: nothing special.
 */
static const char *file_kind_fix(const struct file_kind *k, enum file_role role, char *to,
                                 size_t size)
{
	if (k->fits & role || !k->fits)
		return k->fix;
	if (k->key && !option_of(k))
		snprintf(to, size, "name it in the manifest, as %s", k->key);
	else if (role == ROLE_MANIFEST)
		snprintf(to, size, "give it with %s%s; then no manifest is needed", option_of(k),
		         k->key ? "" : " if it is an initrd, and a kernel with -k");
	else if (k->key)
		snprintf(to, size, "give it as %s (%s)", k->key, option_of(k));
	else if (k->fix)
		snprintf(to, size, "%s; an initrd is given as boot.initrd (-i)", k->fix);
	else
		snprintf(to, size, "an initrd is given as boot.initrd (-i)");
	return to;
}

int file_kind_refuse(const uint8_t *bytes, size_t size, enum file_role role, enum reason reason,
                     struct error *err)
{
	const struct file_kind *k = file_kind_of(bytes, size);
	const struct role_row *row = roles;
	char buffer[256];
	const char *fix;

	/* A manifest only gets here if parsing failed, so a weak mark is enough. */
	if (!k || (k->vague && role != ROLE_MANIFEST) || k->fits & role)
		return 0;
	while (row->role != role)
		row++;
	error_set(err, reason, "not %s: it looks like %s", row->wanted, k->text);
	fix = file_kind_fix(k, role, buffer, sizeof(buffer));
	return error_fix(err, "%s", fix ? fix : row->fix);
}
