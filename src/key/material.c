#include "key/material.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "key/authority.h"
#include "key/math.h"

void spf_material_clear(struct spf_key_material *material)
{
    spf_secret_free(material->payload);
    *material = (struct spf_key_material){0};
}

void spf_contents_clear(struct spf_key_contents *contents)
{
    spf_material_clear(&contents->material);
    spf_secret_free(contents->certificate);
    *contents = (struct spf_key_contents){0};
}

enum spf_reading spf_reads(struct spf_key_contents *contents, enum spf_reading reading,
                           const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    spf_vformat(contents->detail, sizeof contents->detail, fmt, args);
    va_end(args);
    return reading;
}

/* A positive number; anything else spoils the reader (sshbuf_get_bignum2_bytes_direct). */
static struct spf_bytes positive(struct spf_reader *reader)
{
    struct spf_bytes number = spf_reader_string(reader);

    if (number.len > SPF_KEY_NUMBER_MAX || (number.len > 0 && number.at[0] & 0x80) ||
        (number.len == SPF_KEY_NUMBER_MAX && number.at[0] != 0)) {
        reader->bad = true;
    }
    return spf_bytes_magnitude(number);
}

static bool is_odd(struct spf_bytes number)
{
    return number.len > 0 && number.at[number.len - 1] & 1;
}

static bool is_one(struct spf_bytes number)
{
    return number.len == 1 && number.at[0] == 1;
}

/* The numbers of any kind of key, in the order of the public blob and of OpenSSH's private section.
 */
struct parts {
    const char *algorithm;
    const struct spf_curve *curve;
    struct spf_bytes e, n, d, iqmp, p, q; /* RSA; p, q of DSA too */
    struct spf_bytes g, y, x;             /* DSA */
    struct spf_bytes point, number;       /* ECDSA */
    struct spf_bytes ed_public, ed_seed;  /* Ed25519 */
    struct spf_bytes application, handle; /* FIDO */
    uint8_t flags;
};

static bool is(const char *algorithm, const char *name)
{
    return strcmp(algorithm, name) == 0;
}

static const struct {
    const char *algorithm, *words;
    int64_t bits;
} foreign_types[] = {
    {"ssh-ed448",
     "an Ed448 key: PuTTY and some servers (AsyncSSH, Erlang's, ProFTPD) have it, OpenSSH does not",
     448},
    {"ssh-mldsa44-ed25519", "an ML-DSA-44 and Ed25519 key, which OpenSSH has since 10.6", 0},
    {"ssh-mldsa44-ed25519@openssh.com",
     "an ML-DSA-44 and Ed25519 key under the name of OpenSSH's experiments before 10.6", 0},
    {"ssh-mldsa-44", "an ML-DSA-44 key, which OpenSSH does not have", 0},
    {"ssh-mldsa-65", "an ML-DSA-65 key, which OpenSSH does not have", 0},
    {"ssh-mldsa-87", "an ML-DSA-87 key, which OpenSSH does not have", 0},
    {"ecdsa-sha2-1.3.132.0.10",
     "an ECDSA key on the curve secp256k1; OpenSSH knows P-256, P-384 and P-521 only", 256},
    {"ssh-xmss@openssh.com", "an XMSS key, which OpenSSH is not built with", 0},
};

const char *spf_foreign_type(const char *algorithm)
{
    for (size_t i = 0; i < sizeof foreign_types / sizeof *foreign_types; i++) {
        if (is(foreign_types[i].algorithm, algorithm)) {
            return foreign_types[i].words;
        }
    }
    return NULL;
}

bool spf_material_set_foreign(struct spf_key_material *material, struct spf_bytes blob)
{
    struct spf_reader reader = spf_reader(blob.at, blob.len);
    char name[sizeof material->algorithm];

    spf_reader_name(&reader, name, sizeof name);
    if (reader.left == 0 || blob.len > sizeof material->blob || spf_foreign_type(name) == NULL) {
        return false;
    }
    spf_copy(material->algorithm, sizeof material->algorithm, name);
    memcpy(material->blob, blob.at, blob.len);
    material->blob_len = blob.len;
    material->foreign = true;
    for (size_t i = 0; i < sizeof foreign_types / sizeof *foreign_types; i++) {
        material->bits =
            is(foreign_types[i].algorithm, name) ? foreign_types[i].bits : material->bits;
    }
    return true;
}

#define SK_ED25519 "sk-ssh-ed25519@openssh.com"
#define SK_ECDSA   "sk-ecdsa-sha2-nistp256@openssh.com"

/* In a FIDO device. */
static bool is_token(const char *algorithm)
{
    return spf_starts_with(algorithm, "sk-");
}

static const struct spf_curve *curve_of(const char *algorithm)
{
    return spf_curve(spf_bytes_of(is(algorithm, SK_ECDSA) ? "nistp256" : algorithm));
}

/* The curve's name and the point of an ECDSA key; a curve that is not the algorithm's is bad. */
static void read_point(struct spf_reader *reader, struct parts *parts)
{
    parts->curve = curve_of(parts->algorithm);
    if (spf_curve(spf_reader_cstring(reader)) != parts->curve) {
        reader->bad = true;
    }
    parts->point = spf_reader_string(reader);
    reader->bad = reader->bad || !spf_ec_public_valid(parts->curve, parts->point);
}

static struct spf_bytes exactly(struct spf_reader *reader, size_t len)
{
    struct spf_bytes string = spf_reader_string(reader);

    if (string.len != len) {
        reader->bad = true;
    }
    return string;
}

/* What follows the type's name in a public blob. False: no such type. */
static bool read_public(struct spf_reader *reader, struct parts *parts)
{
    const char *algorithm = parts->algorithm;

    if (is(algorithm, "ssh-rsa")) {
        parts->e = positive(reader);
        parts->n = positive(reader);
    } else if (is(algorithm, "ssh-dss")) {
        parts->p = positive(reader);
        parts->q = positive(reader);
        parts->g = positive(reader);
        parts->y = positive(reader);
    } else if (is(algorithm, "ssh-ed25519")) {
        parts->ed_public = exactly(reader, 32);
    } else if (is(algorithm, SK_ED25519)) {
        parts->ed_public = exactly(reader, 32);
        parts->application = spf_reader_cstring(reader);
    } else if (is(algorithm, SK_ECDSA)) {
        read_point(reader, parts);
        parts->application = spf_reader_cstring(reader);
    } else if (curve_of(algorithm) != NULL) {
        read_point(reader, parts);
    } else {
        return false;
    }
    return true;
}

bool spf_material_knows(const char *algorithm)
{
    struct parts parts = {.algorithm = algorithm};
    struct spf_reader nothing = spf_reader("", 0);

    return read_public(&nothing, &parts) || spf_foreign_type(algorithm) != NULL;
}

static int64_t bits_of(const struct parts *parts)
{
    if (parts->n.len > 0) {
        return spf_bits(parts->n);
    }
    if (parts->curve != NULL) {
        return parts->curve->bits;
    }
    return parts->ed_public.len > 0 ? 256 : spf_bits(parts->p);
}

static void write_public(struct spf_writer *writer, const struct parts *parts)
{
    spf_writer_cstring(writer, parts->algorithm);
    if (is(parts->algorithm, "ssh-rsa")) {
        spf_writer_mpint(writer, parts->e);
        spf_writer_mpint(writer, parts->n);
    } else if (is(parts->algorithm, "ssh-dss")) {
        spf_writer_mpint(writer, parts->p);
        spf_writer_mpint(writer, parts->q);
        spf_writer_mpint(writer, parts->g);
        spf_writer_mpint(writer, parts->y);
    } else if (parts->curve != NULL) {
        spf_writer_cstring(writer, parts->curve->name);
        spf_writer_string(writer, parts->point);
    } else {
        spf_writer_string(writer, parts->ed_public);
    }
    if (is_token(parts->algorithm)) {
        spf_writer_string(writer, parts->application);
    }
}

/*
 * The public key from its numbers, its blob as ssh writes it: of a certificate the plain key's.
 * False: no memory, or larger than any key.
 */
static bool set_public(struct spf_key_material *material, const struct parts *parts)
{
    struct spf_writer writer = spf_writer(sizeof material->blob);
    struct spf_secret *blob;

    write_public(&writer, parts);
    blob = spf_writer_take(&writer);
    if (blob == NULL) {
        return false;
    }
    spf_copy(material->algorithm, sizeof material->algorithm, parts->algorithm);
    material->bits = bits_of(parts);
    material->e_is_one = is_one(parts->e);
    material->blob_len = spf_secret_len(blob);
    memcpy(material->blob, spf_secret_text(blob), material->blob_len);
    spf_secret_free(blob);
    return true;
}

/* A time of a certificate; all bits set is for ever. */
static int64_t read_time(struct spf_reader *reader)
{
    uint64_t high = spf_reader_u32(reader);
    uint64_t time = high << 32 | spf_reader_u32(reader);

    return time > SPF_FOR_EVER ? SPF_FOR_EVER : (int64_t)time;
}

/* PROTOCOL.certkeys, from the serial on. */
static bool read_certified(struct spf_reader *reader, struct spf_certificate_facts *certified)
{
    enum { USER = 1, HOST = 2 };
    uint32_t type;
    struct spf_bytes text;
    struct spf_reader names;
    struct spf_buf list;

    (void)read_time(reader); /* the serial number */
    type = spf_reader_u32(reader);
    certified->host = type == HOST;
    spf_reader_string(reader); /* the key ID */
    text = spf_reader_string(reader);
    names = spf_reader(text.at, text.len);
    spf_buf_init(&list, 4096);
    while (!names.bad && names.left > 0) {
        text = spf_reader_string(&names);
        spf_buf_addstr(&list, list.len > 0 ? "," : "");
        spf_buf_add(&list, text.at, text.len);
    }
    spf_clean(certified->principals, sizeof certified->principals, list.data, list.len);
    spf_buf_clear(&list);
    certified->valid_after = read_time(reader);
    certified->valid_before = read_time(reader);
    return !reader->bad && !names.bad && (type == USER || type == HOST);
}

/* Then what it may be used for, and the authority's word for all of it, which is its last. */
static bool read_signature(struct spf_reader *reader, struct spf_bytes blob)
{
    struct spf_bytes authority;
    struct spf_bytes signature;
    struct spf_bytes text;
    struct spf_reader key;
    char name[64];
    struct parts parts = {.algorithm = name};

    spf_reader_string(reader); /* critical options */
    spf_reader_string(reader); /* extensions */
    spf_reader_string(reader); /* reserved */
    authority = spf_reader_string(reader);
    text = (struct spf_bytes){blob.at, blob.len - reader->left};
    signature = spf_reader_string(reader);
    key = spf_reader(authority.at, authority.len);
    spf_reader_name(&key, name, sizeof name);
    if (reader->bad || reader->left > 0) {
        return false;
    }
    if (spf_foreign_type(name) != NULL) { /* only a newer OpenSSH can tell */
        return true;
    }
    return read_public(&key, &parts) && !key.bad && key.left == 0 &&
           !spf_signature_is_spoiled(authority, signature, text);
}

bool spf_material_set_blob(struct spf_key_material *material, struct spf_bytes blob)
{
    static const char cert_suffix[] = "-cert-v01@openssh.com";
    struct spf_reader reader = spf_reader(blob.at, blob.len);
    char name[sizeof material->algorithm + sizeof cert_suffix];
    struct parts parts = {.algorithm = name};
    char *cert;

    spf_reader_name(&reader, name, sizeof name);
    cert = strstr(name, cert_suffix);
    /* A certificate has a nonce, then the key's own numbers, then what the authority says about it.
     */
    if (cert != NULL) {
        spf_copy(cert, sizeof cert_suffix, is_token(name) ? "@openssh.com" : "");
        spf_reader_string(&reader);
    }
    if (!read_public(&reader, &parts) || reader.bad) {
        return false;
    }
    return (cert != NULL
                ? read_certified(&reader, &material->certified) && read_signature(&reader, blob)
                : reader.left == 0) &&
           set_public(material, &parts);
}

/* Of all but RSA the private key is the public one with more behind it. */
static void write_private(struct spf_writer *writer, const struct parts *parts)
{
    if (is(parts->algorithm, "ssh-rsa")) {
        spf_writer_cstring(writer, parts->algorithm);
        spf_writer_mpint(writer, parts->n);
        spf_writer_mpint(writer, parts->e);
        spf_writer_mpint(writer, parts->d);
        spf_writer_mpint(writer, parts->iqmp);
        spf_writer_mpint(writer, parts->p);
        spf_writer_mpint(writer, parts->q);
        return;
    }
    write_public(writer, parts);
    if (is(parts->algorithm, "ssh-dss")) {
        spf_writer_mpint(writer, parts->x);
    } else if (is_token(parts->algorithm)) {
        spf_writer_u8(writer, parts->flags);
        spf_writer_string(writer, parts->handle);
        spf_writer_cstring(writer, "");
    } else if (parts->curve != NULL) {
        spf_writer_mpint(writer, parts->number);
    } else if (parts->ed_seed.len > 0) {
        spf_writer_u32(writer, 64);
        spf_writer_raw(writer, parts->ed_seed.at, 32);
        spf_writer_raw(writer, parts->ed_public.at, 32);
    }
}

/* Fills the material from the numbers, which may lie anywhere. */
static enum spf_reading assemble(const struct parts *parts, struct spf_key_material *material)
{
    enum { ROOM = 6 * (SPF_KEY_NUMBER_MAX + 8) + 4096 };
    struct spf_writer writer = spf_writer(ROOM);

    write_private(&writer, parts);
    spf_secret_free(material->payload);
    material->payload = spf_writer_take(&writer);
    if (material->payload == NULL) {
        return SPF_READING_NO_MEMORY;
    }
    return set_public(material, parts) ? SPF_READING_DONE : SPF_READING_CORRUPT;
}

enum spf_reading spf_material_from_openssh(struct spf_reader *reader,
                                           struct spf_key_material *material)
{
    char name[sizeof material->algorithm];
    struct parts parts = {.algorithm = name};

    spf_reader_name(reader, name, sizeof name);
    if (reader->bad) {
        return SPF_READING_CORRUPT;
    }
    if (is(name, "ssh-rsa")) {
        parts.n = positive(reader);
        parts.e = positive(reader);
        parts.d = positive(reader);
        parts.iqmp = positive(reader);
        parts.p = positive(reader);
        parts.q = positive(reader);
        /* ssh can't compute d modulo 0, nor blind modulo an even number */
        reader->bad = reader->bad || !is_odd(parts.n) || is_one(parts.p) || is_one(parts.q);
    } else {
        if (!read_public(reader, &parts)) {
            return SPF_READING_UNSUPPORTED;
        }
        if (is(name, "ssh-dss")) {
            parts.x = positive(reader);
        } else if (is(name, "ssh-ed25519")) {
            struct spf_bytes both = exactly(reader, 64);

            parts.ed_seed = (struct spf_bytes){both.at, reader->bad ? 0 : 32};
            material->copy_differs =
                !reader->bad &&
                !spf_bytes_equal((struct spf_bytes){both.at + 32, 32}, parts.ed_public);
        } else if (is_token(name)) {
            parts.flags = spf_reader_u8(reader);
            parts.handle = spf_reader_string(reader);
            spf_reader_string(reader);
        } else {
            parts.number = positive(reader);
            reader->bad = reader->bad || !spf_ec_private_valid(parts.curve, parts.number);
        }
    }
    return reader->bad ? SPF_READING_CORRUPT : assemble(&parts, material);
}

/* As PuTTY wants it: without needless zeros (marshal.c, get_mp_ssh2). */
static struct spf_bytes shortest(struct spf_reader *reader)
{
    const size_t before = reader->left;
    struct spf_bytes number = positive(reader);
    const bool sign = number.len > 0 && number.at[0] & 0x80;

    if (before - reader->left != 4 + number.len + sign) {
        reader->bad = true;
    }
    return number;
}

static bool is_blob(const struct spf_key_material *material, struct spf_bytes blob)
{
    return spf_bytes_equal((struct spf_bytes){material->blob, material->blob_len}, blob);
}

enum spf_reading spf_material_from_putty(const char *algorithm, struct spf_bytes public_blob,
                                         struct spf_bytes private_blob,
                                         struct spf_key_material *material)
{
    struct spf_reader pub = spf_reader(public_blob.at, public_blob.len);
    struct spf_reader priv = spf_reader(private_blob.at, private_blob.len);
    struct parts parts = {.algorithm = algorithm};
    uint8_t seed[32] = {0};
    enum spf_reading reading;

    if (!spf_bytes_are(spf_reader_string(&pub), algorithm)) {
        return SPF_READING_CORRUPT;
    }
    if (!read_public(&pub, &parts) || is_token(algorithm)) {
        return SPF_READING_UNSUPPORTED;
    }
    if (is(algorithm, "ssh-rsa")) {
        parts.d = shortest(&priv);
        parts.p = shortest(&priv);
        parts.q = shortest(&priv);
        parts.iqmp = shortest(&priv);
    } else if (is(algorithm, "ssh-dss")) {
        parts.x = shortest(&priv);
    } else if (is(algorithm, "ssh-ed25519")) {
        /* PuTTY takes it for a little-endian number and leaves zeros at its end away */
        struct spf_bytes number = spf_reader_string(&priv);

        if (number.len > sizeof seed) {
            return SPF_READING_CORRUPT;
        }
        memcpy(seed, number.at, number.len);
        parts.ed_seed = (struct spf_bytes){seed, sizeof seed};
    } else {
        parts.number = positive(&priv);
    }
    reading = pub.bad || priv.bad ? SPF_READING_CORRUPT : assemble(&parts, material);
    if (reading == SPF_READING_DONE && !is_blob(material, public_blob)) {
        reading = SPF_READING_CORRUPT;
    }
    explicit_bzero(seed, sizeof seed);
    return reading;
}

bool spf_material_signs(const struct spf_key_material *material)
{
    return !is_token(material->algorithm) && !is(material->algorithm, "ssh-dss") &&
           (!is(material->algorithm, "ssh-rsa") || material->bits >= 1024);
}
