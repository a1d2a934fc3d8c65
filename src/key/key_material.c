#include "key/key_material.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "key/key_math.h"

void spf_material_clear(struct spf_key_material *material)
{
    spf_secret_free(material->payload);
    *material = (struct spf_key_material){0};
}

void spf_contents_clear(struct spf_key_contents *contents)
{
    spf_material_clear(&contents->material);
    *contents = (struct spf_key_contents){0};
}

enum spf_reading spf_reads(struct spf_key_contents *contents, enum spf_reading reading,
                           const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)spf_vformat(contents->detail, sizeof contents->detail, fmt, args);
    va_end(args);
    return reading;
}

/* A positive number; anything else spoils the wire (sshbuf_get_bignum2_bytes_direct). */
static struct spf_bytes positive(struct spf_wire *wire)
{
    struct spf_bytes number = spf_wire_string(wire);

    if (number.len > SPF_KEY_NUMBER_MAX || (number.len > 0 && number.at[0] & 0x80) ||
        (number.len == SPF_KEY_NUMBER_MAX && number.at[0] != 0))
        wire->bad = true;
    return spf_bytes_magnitude(number);
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

#define SK_ED25519 "sk-ssh-ed25519@openssh.com"
#define SK_ECDSA   "sk-ecdsa-sha2-nistp256@openssh.com"

static const struct spf_curve *curve_of(const char *algorithm)
{
    return spf_curve(spf_bytes_of(is(algorithm, SK_ECDSA) ? "nistp256" : algorithm));
}

/* The curve's name and the point of an ECDSA key; a curve that is not the algorithm's is bad. */
static void read_point(struct spf_wire *wire, struct parts *parts)
{
    parts->curve = curve_of(parts->algorithm);
    if (spf_curve(spf_wire_string(wire)) != parts->curve)
        wire->bad = true;
    parts->point = spf_wire_string(wire);
    if (!wire->bad && !spf_ec_public_valid(parts->curve, parts->point))
        wire->bad = true;
}

static struct spf_bytes exactly(struct spf_wire *wire, size_t len)
{
    struct spf_bytes string = spf_wire_string(wire);

    if (string.len != len)
        wire->bad = true;
    return string;
}

/* What follows the type's name in a public blob. False: no such type. */
static bool read_public(struct spf_wire *wire, struct parts *parts)
{
    const char *algorithm = parts->algorithm;

    if (is(algorithm, "ssh-rsa")) {
        parts->e = positive(wire);
        parts->n = positive(wire);
    } else if (is(algorithm, "ssh-dss")) {
        parts->p = positive(wire);
        parts->q = positive(wire);
        parts->g = positive(wire);
        parts->y = positive(wire);
    } else if (is(algorithm, "ssh-ed25519")) {
        parts->ed_public = exactly(wire, 32);
    } else if (is(algorithm, SK_ED25519)) {
        parts->ed_public = exactly(wire, 32);
        parts->application = spf_wire_string(wire);
    } else if (is(algorithm, SK_ECDSA)) {
        read_point(wire, parts);
        parts->application = spf_wire_string(wire);
    } else if (curve_of(algorithm)) {
        read_point(wire, parts);
    } else {
        return false;
    }
    return true;
}

static int64_t bits_of(const struct parts *parts)
{
    if (parts->n.len > 0)
        return spf_bits(parts->n);
    if (parts->curve)
        return parts->curve->bits;
    return parts->ed_public.len > 0 ? 256 : spf_bits(parts->p);
}

bool spf_material_set_blob(struct spf_key_material *material, struct spf_bytes blob)
{
    static const char cert_suffix[] = "-cert-v01@openssh.com";
    struct spf_wire wire = spf_wire(blob.at, blob.len);
    char name[sizeof material->algorithm + sizeof cert_suffix];
    struct parts parts = {.algorithm = name};
    char *cert;

    spf_wire_name(&wire, name, sizeof name);
    if (wire.bad || blob.len > sizeof material->blob)
        return false;
    cert = strstr(name, cert_suffix);
    if (cert) { /* a nonce, then the key's own numbers, then what the authority says about it */
        memcpy(cert, strncmp(name, "sk-", 3) == 0 ? "@openssh.com" : "",
               strncmp(name, "sk-", 3) == 0 ? sizeof "@openssh.com" : 1);
        spf_wire_string(&wire);
    }
    if (!read_public(&wire, &parts) || wire.bad || (!cert && wire.left > 0) ||
        !spf_copy(material->algorithm, sizeof material->algorithm, name))
        return false;
    memcpy(material->blob, blob.at, blob.len);
    material->blob_len = blob.len;
    material->bits = bits_of(&parts);
    return true;
}

static void write_public(struct spf_pen *pen, const struct parts *parts)
{
    spf_pen_cstring(pen, parts->algorithm);
    if (is(parts->algorithm, "ssh-rsa")) {
        spf_pen_mpint(pen, parts->e);
        spf_pen_mpint(pen, parts->n);
    } else if (is(parts->algorithm, "ssh-dss")) {
        spf_pen_mpint(pen, parts->p);
        spf_pen_mpint(pen, parts->q);
        spf_pen_mpint(pen, parts->g);
        spf_pen_mpint(pen, parts->y);
    } else if (parts->curve) {
        spf_pen_cstring(pen, parts->curve->name);
        spf_pen_string(pen, parts->point);
    } else {
        spf_pen_string(pen, parts->ed_public);
    }
    if (parts->application.len > 0)
        spf_pen_string(pen, parts->application);
}

static void write_private(struct spf_pen *pen, const struct parts *parts)
{
    spf_pen_cstring(pen, parts->algorithm);
    if (is(parts->algorithm, "ssh-rsa")) {
        spf_pen_mpint(pen, parts->n);
        spf_pen_mpint(pen, parts->e);
        spf_pen_mpint(pen, parts->d);
        spf_pen_mpint(pen, parts->iqmp);
        spf_pen_mpint(pen, parts->p);
        spf_pen_mpint(pen, parts->q);
    } else if (is(parts->algorithm, "ssh-dss")) {
        spf_pen_mpint(pen, parts->p);
        spf_pen_mpint(pen, parts->q);
        spf_pen_mpint(pen, parts->g);
        spf_pen_mpint(pen, parts->y);
        spf_pen_mpint(pen, parts->x);
    } else if (parts->curve) {
        spf_pen_cstring(pen, parts->curve->name);
        spf_pen_string(pen, parts->point);
    } else {
        spf_pen_string(pen, parts->ed_public);
    }
    if (parts->application.len > 0) {
        spf_pen_string(pen, parts->application);
        spf_pen_u8(pen, parts->flags);
        spf_pen_string(pen, parts->handle);
        spf_pen_cstring(pen, "");
    } else if (parts->curve) {
        spf_pen_mpint(pen, parts->number);
    } else if (parts->ed_seed.len > 0) {
        spf_pen_u32(pen, 64);
        spf_pen_raw(pen, parts->ed_seed.at, 32);
        spf_pen_raw(pen, parts->ed_public.at, 32);
    }
}

/* Fills the material from the numbers, which may lie anywhere. */
static enum spf_reading assemble(const struct parts *parts, struct spf_key_material *material)
{
    enum { ROOM = 6 * (SPF_KEY_NUMBER_MAX + 8) + 4096 };
    struct spf_pen public_half = spf_pen(ROOM), private_half = spf_pen(ROOM);
    struct spf_secret *blob;
    enum spf_reading reading = SPF_READING_NO_MEMORY;

    write_public(&public_half, parts);
    write_private(&private_half, parts);
    blob = spf_pen_take(&public_half);
    spf_secret_free(material->payload);
    material->payload = spf_pen_take(&private_half);
    if (blob && material->payload)
        reading = spf_material_set_blob(material, spf_secret_view(blob)) ? SPF_READING_DONE
                                                                         : SPF_READING_CORRUPT;
    spf_secret_free(blob);
    return reading;
}

enum spf_reading spf_material_from_openssh(struct spf_wire *wire, struct spf_key_material *material)
{
    char name[sizeof material->algorithm];
    struct parts parts = {.algorithm = name};

    spf_wire_name(wire, name, sizeof name);
    if (wire->bad)
        return SPF_READING_CORRUPT;
    if (is(name, "ssh-rsa")) {
        parts.n = positive(wire);
        parts.e = positive(wire);
        parts.d = positive(wire);
        parts.iqmp = positive(wire);
        parts.p = positive(wire);
        parts.q = positive(wire);
    } else {
        if (!read_public(wire, &parts))
            return SPF_READING_UNSUPPORTED;
        if (is(name, "ssh-dss")) {
            parts.x = positive(wire);
        } else if (is(name, "ssh-ed25519")) {
            struct spf_bytes both = exactly(wire, 64);

            parts.ed_seed = (struct spf_bytes){both.at, wire->bad ? 0 : 32};
        } else if (parts.application.len > 0) {
            parts.flags = spf_wire_u8(wire);
            parts.handle = spf_wire_string(wire);
            spf_wire_string(wire);
        } else {
            parts.number = positive(wire);
            if (!wire->bad && !spf_ec_private_valid(parts.curve, parts.number))
                wire->bad = true;
        }
    }
    return wire->bad ? SPF_READING_CORRUPT : assemble(&parts, material);
}

enum spf_reading spf_material_from_putty(const char *algorithm, struct spf_bytes public_blob,
                                         struct spf_bytes private_blob,
                                         struct spf_key_material *material)
{
    struct spf_wire pub = spf_wire(public_blob.at, public_blob.len);
    struct spf_wire priv = spf_wire(private_blob.at, private_blob.len);
    struct parts parts = {.algorithm = algorithm};
    uint8_t seed[32] = {0};
    enum spf_reading reading;

    if (!spf_bytes_are(spf_wire_string(&pub), algorithm))
        return SPF_READING_CORRUPT;
    if (!read_public(&pub, &parts) || parts.application.len > 0)
        return SPF_READING_UNSUPPORTED;
    if (is(algorithm, "ssh-rsa")) {
        parts.d = positive(&priv);
        parts.p = positive(&priv);
        parts.q = positive(&priv);
        parts.iqmp = positive(&priv);
    } else if (is(algorithm, "ssh-dss")) {
        parts.x = positive(&priv);
    } else if (is(algorithm, "ssh-ed25519")) {
        /* PuTTY takes it for a little-endian number and leaves zeros at its end away */
        struct spf_bytes number = spf_wire_string(&priv);

        if (number.len > sizeof seed)
            return SPF_READING_CORRUPT;
        memcpy(seed, number.at, number.len);
        parts.ed_seed = (struct spf_bytes){seed, sizeof seed};
    } else {
        parts.number = positive(&priv);
    }
    reading = pub.bad || priv.bad ? SPF_READING_CORRUPT : assemble(&parts, material);
    explicit_bzero(seed, sizeof seed);
    return reading;
}

/* Reads the private half again, from the payload that assemble wrote. */
bool spf_material_fits(const struct spf_key_material *material)
{
    struct spf_bytes payload = spf_secret_view(material->payload);
    struct spf_wire wire = spf_wire(payload.at, payload.len);
    struct spf_bytes f[8];
    size_t count = 0;

    spf_wire_string(&wire);
    if (strncmp(material->algorithm, "sk-", 3) == 0)
        return true;
    while (wire.left > 0 && count < 8)
        f[count++] = spf_wire_string(&wire);
    if (wire.bad)
        return false;
    if (is(material->algorithm, "ssh-rsa"))
        return count == 6 && spf_rsa_fits(f[0], f[1], f[2], f[4], f[5]);
    if (is(material->algorithm, "ssh-dss"))
        return count == 5 && spf_dsa_fits(f[0], f[2], f[3], f[4]);
    if (is(material->algorithm, "ssh-ed25519"))
        return count == 2 && f[1].len == 64 &&
               spf_ed25519_fits(f[0], (struct spf_bytes){f[1].at, 32});
    return count == 3 && spf_ec_fits(spf_curve(f[0]), f[1], f[2]);
}

bool spf_material_signs(const struct spf_key_material *material)
{
    return material->payload && strncmp(material->algorithm, "sk-", 3) != 0 &&
           !is(material->algorithm, "ssh-dss") &&
           (!is(material->algorithm, "ssh-rsa") || material->bits >= 1024);
}
