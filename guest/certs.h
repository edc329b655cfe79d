/* SPDX-License-Identifier: MIT */
/* guest/certs.h: the certificate table that a host sends with a report. */
#ifndef GUEST_CERTS_H
#define GUEST_CERTS_H

#include <stddef.h>
#include <stdint.h>

enum {
	CERTS_CAP = 0x4000, /* SEV_FW_BLOB_MAX_SIZE of the kernel's driver */
	CERTS_ENTRY = 24    /* GUID, offset, length: GHCB specification, extended guest request */
};

/*
 * The size of a table in `cap` untrusted bytes, up to the end of its last certificate. CERTS_ENTRY:
 * it is empty. 0: it is damaged.
 */
size_t certs_size(const uint8_t *table, size_t cap);

#endif
