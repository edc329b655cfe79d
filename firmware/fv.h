/* SPDX-License-Identifier: MIT */
/*
 * firmware/fv.h: the firmware volumes of an image (UEFI Platform Initialization, volume 3), with
 * their files and sections, also those inside an LZMA section.
 */
#ifndef FIRMWARE_FV_H
#define FIRMWARE_FV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bytes.h"
#include "core/base/file.h"

struct error; /* core/base/error.h */

/* More than this in an image is not read; real images have a tenth of it. */
enum {
	FV_MAX_VOLUMES = 256,
	FV_MAX_FILES = 8192,
	FV_MAX_SECTIONS = 65536,
	FV_MAX_SPACES = 16,
	FV_MAX_DEPTH = 16, /* sections and volumes inside each other */
	FV_MAX_FAULTS = 16,
};
/* Of all that is decompressed for one image, also what turns out to be damaged. */
#define FV_MAX_UNPACKED ((size_t)64 << 20)

#define FV_NONE SIZE_MAX /* no index */

/* Bytes that hold volumes: the image itself is spaces[0], decompressed sections follow. */
struct fv_space {
	const uint8_t *bytes;
	size_t size;
	size_t section;    /* which it was decompressed from; FV_NONE: the image */
	struct blob owned; /* what was decompressed */
};

struct fv_volume {
	size_t space, at, size;     /* the header begins at spaces[space].bytes + at */
	size_t section;             /* the section that holds it; FV_NONE: none, as in spaces[0] */
	const uint8_t *format;      /* GUID of its file system */
	const uint8_t *guid;        /* of its name; NULL: it has no name */
	char name[GUID_TEXT];       /* "DXEFV", a GUID, "variables" for an NV store, or "volume" */
	unsigned depth;             /* how many sections and volumes are around it */
	bool erased_ones;           /* what is erased has bits of 1 */
	bool checksum_ok;           /* of its header; nothing depends on it */
	bool cut;                   /* it says that it is larger than what is there */
	bool has_files;             /* its file system is FFS2 or FFS3 */
	size_t files_at;            /* offset of the first, from the volume's header */
	size_t first_file, n_files; /* in files[] */
};

enum fv_file_type {
	FV_FILE_RAW = 1,
	FV_FILE_SECURITY_CORE = 3,
	FV_FILE_PEIM = 6,
	FV_FILE_DRIVER = 7,
	FV_FILE_VOLUME_IMAGE = 0xb,
	FV_FILE_LAST = 0xf, /* with sections */
	FV_FILE_PAD = 0xf0,
};

/* The size of the variable store that begins the bytes, as its header says; 0: none does. */
uint64_t fv_variables_size(const uint8_t *bytes, size_t size);

#define FV_TEXT 64

struct fv_file {
	size_t volume;           /* in volumes[] */
	size_t at, size, header; /* in the volume's space; `size` includes the header */
	const uint8_t *guid;
	uint8_t type;            /* enum fv_file_type, and others */
	bool deleted;            /* by its state: a newer file replaces it */
	bool header_ok, data_ok; /* checksums; nothing depends on them */
	bool holds_volume;       /* the files of that volume say more than this one's content */
	bool packed;             /* has a compressed section that could not be decompressed */
	/*
	 * From the UI section, the PDB path of its PE or TE image, or a table of well-known GUIDs;
	 * "" if none has one. Clean text (core/base/text.h).
	 */
	char name[FV_TEXT];
	char version[FV_TEXT]; /* of its version section; "": none */
	size_t first_section, n_sections;
};

enum fv_section_type {
	FV_SECTION_COMPRESSED = 1,
	FV_SECTION_GUIDED = 2,
	FV_SECTION_DISPOSABLE = 3,
	FV_SECTION_PE32 = 0x10,
	FV_SECTION_TE = 0x12,
	FV_SECTION_VERSION = 0x14,
	FV_SECTION_UI = 0x15,
	FV_SECTION_VOLUME = 0x17,
	FV_SECTION_RAW = 0x19,
};

struct fv_section {
	size_t file, space;
	size_t at, size,
		header; /* in the space, which is another one than the file's if unpacked */
	uint8_t type;   /* enum fv_section_type, and others */
	bool encoded;   /* compressed, or signed in a way that hides the content */
	unsigned depth;
	const uint8_t *guid; /* of FV_SECTION_GUIDED, else NULL */
	size_t unpacked;     /* the space with its content; FV_NONE: it isn't decompressed */
};

/* What is wrong in the image, and where. Reading goes on behind it as far as that makes sense. */
struct fv_fault {
	size_t space, at;
	const char *text; /* a sentence; static */
};

/*
 * Everything is in the order of the image, the content of a volume after all that is beside it. The
 * files of a volume and the sections of a file, with those inside them, are contiguous.
 */
struct fv {
	struct fv_space spaces[FV_MAX_SPACES];
	struct fv_volume *volumes;
	struct fv_file *files;
	struct fv_section *sections;
	size_t n_spaces, n_volumes, n_files, n_sections;
	struct fv_fault faults[FV_MAX_FAULTS]; /* the first of them */
	size_t n_faults;                       /* all */
};

/*
 * Reads all volumes of an image, which it borrows until fv_fini(). Bytes that are no volume or
 * wrong are not an error, but `faults`. 0 or -ENOMEM; *ret is written only on success.
 */
int fv_read(const uint8_t *bytes, size_t size, struct fv *ret, struct error *err);
void fv_fini(struct fv *f);

static inline void fv_cleanup(struct fv *f)
{
	fv_fini(f);
}
#define auto_fv __attribute__((cleanup(fv_cleanup)))

/* What is at an offset: indices, FV_NONE if it is in none. */
struct fv_where {
	size_t volume, file, section; /* the innermost of each */
	/* From the content of the section, else from the header of the file, else of the volume. */
	size_t offset;
};

/* For an offset in a space, 0 for the image. False: no volume is there. */
bool fv_where(const struct fv *f, size_t space, size_t at, struct fv_where *ret);

/*
 * "SECFV, SecMain, PE32 image +0x1234": what *w is, for people. Returns the length; truncated if
 * `cap` is too small.
 */
size_t fv_where_text(const struct fv *f, const struct fv_where *w, char *to, size_t cap);

/* The volume's name behind those of the volumes around it: "FVMAIN_COMPACT/DXEFV". Its length. */
size_t fv_path(const struct fv *f, size_t volume, char *to, size_t cap);
/* The file's name, else its GUID in `guid`. */
const char *fv_file_name(const struct fv_file *file, char guid[static GUID_TEXT]);
/* The offset in the image of the compressed section that a space comes from; 0 for the image. */
size_t fv_image_offset(const struct fv *f, size_t space);

/* A file's content, without its header, and a section's. */
const uint8_t *fv_content(const struct fv *f, const struct fv_file *file, size_t *ret_size);
const uint8_t *fv_section_content(const struct fv *f, const struct fv_section *s, size_t *ret_size);

/* "FFS2", "DXEFV", "SecMain": what is known by its GUID alone; NULL: unknown. Static. */
const char *fv_guid_name(const uint8_t guid[static 16]);
/* "driver", "PEI module"; NULL: unknown. Static. */
const char *fv_file_type_name(uint8_t type);
/* "PE32 image", "LZMA-compressed"; NULL: unknown. Static. */
const char *fv_section_kind(const struct fv_section *s);

enum fv_change { FV_CHANGED, FV_ADDED, FV_REMOVED };

/*
 * Calls `each` for what differs between two images, in the order of b, then what only a has. Files
 * are the same file if their volume's name and GUID are. A file that holds volumes is left to the
 * files in there, unless none of these differs; a volume without files (variables) is compared as a
 * whole, and is told by its index with FV_NONE for files. 0 or -ENOMEM.
 */
struct fv_difference {
	enum fv_change change;
	size_t volume_a, volume_b; /* FV_NONE on the side that lacks it */
	size_t file_a, file_b;     /* FV_NONE: the volume as a whole, or that side lacks it */
};
int fv_compare(const struct fv *a, const struct fv *b,
               void (*each)(void *self, const struct fv_difference *d), void *self,
               struct error *err);

#endif
