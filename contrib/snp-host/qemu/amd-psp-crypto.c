/*
 * The emulated PSP's cryptography: SHA-384, ECDSA over P-384 in the SEV format
 * of keys and signatures, and AES-256-GCM.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "amd-psp.h"

#define P384_SIZE   48
#define CURVE_P384  2

void psp_sha384(const void *data, size_t size, uint8_t digest[SHA384_SIZE])
{
    gcry_md_hash_buffer(GCRY_MD_SHA384, digest, data, size);
}

void psp_random(void *buf, size_t size)
{
    gcry_create_nonce(buf, size);
}

/* SEV has numbers in little endian, libgcrypt in big endian. */
static void reverse(uint8_t *to, const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = from[size - 1 - i];
    }
}

bool psp_verify(const SevPublicKey *key, const SevSignature *sig,
                const void *data, size_t size)
{
    uint8_t q[1 + 2 * P384_SIZE] = { 4 };       /* an uncompressed point */
    uint8_t r[P384_SIZE], s[P384_SIZE], digest[SHA384_SIZE];
    gcry_sexp_t public = NULL, value = NULL, hash = NULL;
    bool ok = false;

    if (key->curve != CURVE_P384) {
        return false;
    }
    reverse(q + 1, key->qx, P384_SIZE);
    reverse(q + 1 + P384_SIZE, key->qy, P384_SIZE);
    reverse(r, sig->r, P384_SIZE);
    reverse(s, sig->s, P384_SIZE);
    psp_sha384(data, size, digest);
    if (!gcry_sexp_build(&public, NULL,
                         "(public-key (ecc (curve \"NIST P-384\") (q %b)))",
                         (int)sizeof(q), q) &&
        !gcry_sexp_build(&value, NULL, "(sig-val (ecdsa (r %b) (s %b)))",
                         P384_SIZE, r, P384_SIZE, s) &&
        !gcry_sexp_build(&hash, NULL, "(data (flags raw) (value %b))",
                         SHA384_SIZE, digest)) {
        ok = !gcry_pk_verify(value, hash, public);
    }
    gcry_sexp_release(public);
    gcry_sexp_release(value);
    gcry_sexp_release(hash);
    return ok;
}

/* One number of a signature, which may be shorter or have a zero before it. */
static void get_number(gcry_sexp_t from, const char *name, uint8_t *number)
{
    gcry_sexp_t token = gcry_sexp_find_token(from, name, 0);
    size_t size = 0;
    const char *data = gcry_sexp_nth_data(token, 1, &size);

    if (size > P384_SIZE) {
        data += size - P384_SIZE;
        size = P384_SIZE;
    }
    reverse(number, (const uint8_t *)data, size);
    gcry_sexp_release(token);
}

/* Signs with the VCEK. */
void psp_sign(AmdPsp *s, const void *data, size_t size, SevSignature *sig)
{
    uint8_t digest[SHA384_SIZE];
    gcry_sexp_t hash = NULL, value = NULL;

    memset(sig, 0, sizeof(*sig));
    psp_sha384(data, size, digest);
    if (gcry_sexp_build(&hash, NULL, "(data (flags raw) (value %b))",
                        SHA384_SIZE, digest) ||
        gcry_pk_sign(&value, hash, s->vcek)) {
        error_report("psp: signing failed");
    } else {
        get_number(value, "r", sig->r);
        get_number(value, "s", sig->s);
    }
    gcry_sexp_release(hash);
    gcry_sexp_release(value);
}

static bool write_public_key(AmdPsp *s, Error **errp)
{
    FILE *f = fopen(s->key_out, "w");
    bool ok;

    if (!f) {
        error_setg_errno(errp, errno, "psp: cannot write %s", s->key_out);
        return false;
    }
    for (int i = 0; i < sizeof(s->vcek_public); i++) {
        fprintf(f, "%02x", s->vcek_public[i]);
    }
    fputc('\n', f);
    ok = !ferror(f);
    if (fclose(f) || !ok) {
        error_setg(errp, "psp: cannot write %s", s->key_out);
        return false;
    }
    return true;
}

/* Makes the key that signs reports, a new one at each start. */
bool psp_make_vcek(AmdPsp *s, Error **errp)
{
    gcry_sexp_t parameters = NULL, pair = NULL, q;
    const char *point;
    size_t size = 0;

    if (!gcry_sexp_build(&parameters, NULL,
                         "(genkey (ecc (curve \"NIST P-384\")))") &&
        !gcry_pk_genkey(&pair, parameters)) {
        s->vcek = gcry_sexp_find_token(pair, "private-key", 0);
        q = gcry_sexp_find_token(pair, "q", 0);
        point = gcry_sexp_nth_data(q, 1, &size);
        if (size == 1 + sizeof(s->vcek_public)) {
            memcpy(s->vcek_public, point + 1, sizeof(s->vcek_public));
        }
        gcry_sexp_release(q);
    }
    gcry_sexp_release(parameters);
    gcry_sexp_release(pair);
    if (!s->vcek || size != 1 + sizeof(s->vcek_public)) {
        error_setg(errp, "psp: cannot make a key that signs reports");
        return false;
    }
    return !s->key_out || write_public_key(s, errp);
}

static gcry_cipher_hd_t gcm_open(const GcmBox *box)
{
    gcry_cipher_hd_t h;
    uint8_t iv[12] = { 0 };

    stq_le_p(iv, box->seqno);
    if (gcry_cipher_open(&h, GCRY_CIPHER_AES256, GCRY_CIPHER_MODE_GCM, 0)) {
        return NULL;
    }
    if (gcry_cipher_setkey(h, box->key, 32) ||
        gcry_cipher_setiv(h, iv, sizeof(iv)) ||
        gcry_cipher_authenticate(h, box->aad, box->aad_size)) {
        gcry_cipher_close(h);
        return NULL;
    }
    return h;
}

bool psp_gcm_encrypt(const GcmBox *box, const void *in, void *out, size_t size,
                     uint8_t tag[GCM_TAG_SIZE])
{
    gcry_cipher_hd_t h = gcm_open(box);
    bool ok = h && !gcry_cipher_encrypt(h, out, size, in, size) &&
              !gcry_cipher_gettag(h, tag, GCM_TAG_SIZE);

    gcry_cipher_close(h);
    return ok;
}

bool psp_gcm_decrypt(const GcmBox *box, const void *in, void *out, size_t size,
                     const uint8_t tag[GCM_TAG_SIZE])
{
    gcry_cipher_hd_t h = gcm_open(box);
    bool ok = h && !gcry_cipher_decrypt(h, out, size, in, size) &&
              !gcry_cipher_checktag(h, tag, GCM_TAG_SIZE);

    gcry_cipher_close(h);
    return ok;
}
