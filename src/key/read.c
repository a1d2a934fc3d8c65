#include "key/read.h"

#include <string.h>

#include "base/encoding.h"
#include "base/fingerprint.h"
#include "base/shortage.h"
#include "base/text.h"
#include "key/foreign.h"
#include "key/readers.h"
#include "key/text.h"
#include "key/unwrap.h"

/* Reads bytes as they are. OpenSSH's container first, PEM if that is refused: OpenSSH's order. */
static enum spf_reading read_strictly(struct spf_bytes text, const struct spf_secret *passphrase,
                                      struct spf_key_contents *contents)
{
    struct spf_key_contents pem = {0};
    enum spf_reading reading = spf_ppk_read(text, passphrase, contents);
    enum spf_reading second;

    if (reading != SPF_READING_NOT_THIS) {
        return reading;
    }
    reading = spf_openssh_read(text, passphrase, contents);
    if (reading != SPF_READING_NOT_THIS && reading != SPF_READING_CORRUPT &&
        reading != SPF_READING_TRUNCATED && reading != SPF_READING_MISMATCH) {
        return reading;
    }
    second = spf_pem_read(text, passphrase, &pem);
    if (second == SPF_READING_NOT_THIS) {
        spf_contents_clear(&pem);
        return reading;
    }
    spf_contents_clear(contents);
    *contents = pem;
    return second;
}

static bool is_pem(enum spf_key_container container)
{
    return container >= SPF_CONTAINER_PKCS1 && container <= SPF_CONTAINER_DSA;
}

/* The file is in order as far as can be told; only a passphrase may be missing. */
static bool is_whole(enum spf_reading reading)
{
    return reading == SPF_READING_DONE || reading == SPF_READING_WANTS_PASSPHRASE ||
           reading == SPF_READING_WRONG_PASSPHRASE || reading == SPF_READING_TOO_COSTLY;
}

static bool is_ed25519(const struct spf_key_contents *contents)
{
    return strcmp(contents->material.algorithm, "ssh-ed25519") == 0;
}

static bool is_ed448(const struct spf_key_contents *contents)
{
    return strcmp(contents->material.algorithm, "ssh-ed448") == 0;
}

static bool is_mldsa44(const struct spf_key_contents *contents)
{
    return strcmp(contents->material.algorithm, "ssh-mldsa44-ed25519") == 0;
}

static bool rsa_below(const struct spf_key_contents *contents, int64_t bits)
{
    return strcmp(contents->material.algorithm, "ssh-rsa") == 0 && contents->material.bits < bits;
}

/* Would `ssh -i` of some OpenSSH from 9.2 on load it, given its passphrase? */
static bool openssh_takes(enum spf_reading strict, const struct spf_key_contents *contents)
{
    const bool openssh = contents->container == SPF_CONTAINER_OPENSSH;

    if (strict == SPF_READING_LEGACY_CIPHER ||
        (strict == SPF_READING_UNSUPPORTED && openssh && is_mldsa44(contents))) {
        return true;
    }
    return is_whole(strict) && (is_pem(contents->container) || openssh) &&
           contents->refused == NULL && !rsa_below(contents, 1024);
}

/* And which one (openssh/key_support.h)? */
static enum spf_key_needs needs_of(enum spf_reading strict, const struct spf_key_contents *contents)
{
    if (strict == SPF_READING_LEGACY_CIPHER) {
        return SPF_NEEDS_LEGACY_CIPHER;
    }
    if (is_mldsa44(contents)) {
        return SPF_NEEDS_MLDSA44_ED25519;
    }
    if (is_pem(contents->container) && is_ed25519(contents)) {
        return contents->pkcs8_v2 ? SPF_NEEDS_ED25519_PKCS8_V2 : SPF_NEEDS_ED25519_PKCS8;
    }
    if (contents->pkcs8_v2) {
        return SPF_NEEDS_PKCS8_V2;
    }
    if (strcmp(contents->material.algorithm, "ssh-dss") == 0) {
        return SPF_NEEDS_DSA;
    }
    return contents->material.copy_differs ? SPF_NEEDS_ED25519_COPY : SPF_NEEDS_NOTHING;
}

/* Damages worth reporting also where a program reads over them; text before a PEM key is usual. */
#define NOTICEABLE                                                           \
    (1u << SPF_DAMAGE_LABEL | 1u << SPF_DAMAGE_BOM | 1u << SPF_DAMAGE_CRLF | \
     1u << SPF_DAMAGE_NO_NEWLINE | 1u << SPF_DAMAGE_MULTIPLE)

static int worst_damage(unsigned damage)
{
    for (int i = 0; i < SPF_DAMAGE_COUNT; i++) {
        if (damage & 1u << i) {
            return i;
        }
    }
    return -1;
}

static void add_detail(struct spf_key_facts *facts, const char *words)
{
    struct spf_buf buf;

    if (!*words) {
        return;
    }
    spf_buf_init(&buf, sizeof facts->detail - 1);
    spf_buf_addf(&buf, "%s%s%s", facts->detail, facts->detail[0] ? "; " : "", words);
    if (!spf_buf_failed(&buf)) {
        spf_copy(facts->detail, sizeof facts->detail, buf.data);
    }
    spf_buf_clear(&buf);
}

static void set_damage(struct spf_key_facts *facts, const char *cause)
{
    spf_copy(facts->damage, sizeof facts->damage, cause);
}

static void tell_text_damage(struct spf_key_facts *facts, const struct spf_key_text *text,
                             unsigned heeded)
{
    const unsigned damage = text->damage & heeded;
    int worst = worst_damage(damage);

    if (worst < 0) {
        return;
    }
    set_damage(facts, spf_damage_cause((enum spf_damage)worst));
    for (int i = 0; i < SPF_DAMAGE_COUNT; i++) {
        if (!(damage & 1u << i)) {
            continue;
        }
        add_detail(facts, i == SPF_DAMAGE_ESCAPED && text->escape != NULL ? text->escape
                          : i == SPF_DAMAGE_LABEL                         ? text->label
                                                  : spf_damage_words((enum spf_damage)i));
    }
}

static void take_public_half(struct spf_key_facts *facts, const struct spf_key_material *material)
{
    struct spf_bytes blob = {material->blob, material->blob_len};
    struct spf_buf base64;

    if (blob.len == 0) {
        return;
    }
    spf_copy(facts->algorithm, sizeof facts->algorithm, material->algorithm);
    facts->bits = material->bits;
    spf_fingerprint_sha256(blob, facts->sha256, sizeof facts->sha256);
    spf_fingerprint_md5(blob, facts->md5, sizeof facts->md5);
    spf_buf_init(&base64, blob.len * 2);
    spf_buf_add_base64(&base64, blob.at, blob.len, true);
    facts->public_blob = spf_buf_take(&base64);
}

/* The cause that a reading stands for, where it is one by itself; NULL else. */
static const char *cause_of(enum spf_reading reading, const struct spf_key_contents *contents)
{
    switch (reading) {
    case SPF_READING_TRUNCATED:
        return "key-truncated";
    case SPF_READING_CORRUPT:
        return "key-corrupt";
    case SPF_READING_WANTS_PASSPHRASE:
        return "key-encrypted";
    case SPF_READING_WRONG_PASSPHRASE:
        return "key-passphrase-wrong";
    case SPF_READING_TOO_COSTLY:
        return "key-kdf-too-costly";
    case SPF_READING_LEGACY_CIPHER:
        return "key-cipher-legacy";
    case SPF_READING_UNSUPPORTED:
        return contents->container == SPF_CONTAINER_PPK_NEWER ? "key-ppk-version-new"
                                                              : "key-algorithm-unsupported";
    case SPF_READING_MISMATCH:
        return "key-parts-mismatch";
    default:
        return NULL;
    }
}

/* What to report of a key whose file has no fault of its own. */
static const char *cause_of_key(const struct spf_key_contents *contents)
{
    if (contents->refused != NULL) {
        return "key-corrupt";
    }
    if (is_pem(contents->container) && is_ed25519(contents)) {
        return "key-pkcs8-ed25519";
    }
    if (contents->pkcs8_v2) {
        return "key-pkcs8-v2";
    }
    if (rsa_below(contents, 2048) || contents->material.e_is_one) {
        return "key-weak";
    }
    if (spf_starts_with(contents->material.algorithm, "sk-")) {
        return "key-needs-device";
    }
    if (!spf_material_signs(&contents->material)) {
        return "key-algorithm-unsupported";
    }
    return spf_container_is_ppk(contents->container) ? "key-is-ppk" : NULL;
}

/* The sentence for it. */
static void detail_of_key(struct spf_key_facts *facts, const struct spf_key_contents *contents)
{
    const struct spf_key_material *material = &contents->material;
    char bits[40];

    if (contents->refused != NULL) {
        add_detail(facts, contents->refused);
    } else if (strcmp(facts->damage, "key-weak") == 0) {
        spf_format(bits, sizeof bits, "RSA with %lld bits", (long long)material->bits);
        add_detail(facts, material->e_is_one ? "RSA with a public exponent of 1" : bits);
    } else if (strcmp(facts->damage, "key-algorithm-unsupported") == 0) {
        add_detail(facts, "DSA (ssh-dss) is switched off everywhere");
    }
}

/* No private key: a public one, a certificate, something else. */
static void tell_other(struct spf_key_facts *facts, struct spf_bytes file,
                       struct spf_key_contents *contents)
{
    unsigned ignored = 0;
    struct spf_secret *plain = spf_key_text_plain(file, &ignored);
    enum spf_reading reading = spf_public_read(file, contents);
    const struct spf_foreign *foreign = spf_foreign(file);

    if (reading == SPF_READING_NOT_THIS) {
        reading = spf_public_read(spf_secret_view(plain), contents);
    }
    spf_secret_free(plain);
    facts->container = contents->container;
    if (reading != SPF_READING_NOT_THIS) {
        set_damage(facts, contents->container == SPF_CONTAINER_CERTIFICATE ? "key-is-certificate"
                                                                           : "key-is-public");
        add_detail(facts, contents->detail);
        return;
    }
    facts->container = foreign->container;
    if (foreign->container == SPF_CONTAINER_PFX && spf_pfx_legacy_cipher(file) != NULL) {
        spf_copy(facts->legacy_cipher, sizeof facts->legacy_cipher, spf_pfx_legacy_cipher(file));
    }
    set_damage(facts, foreign->cause);
    add_detail(facts, foreign->words);
}

/* The .pub beside it: the public key where none is known, a trap where it is another key's. */
static void heed_pub_file(struct spf_key_facts *facts, struct spf_bytes pub_file,
                          struct spf_key_material *material)
{
    struct spf_key_contents beside = {0};

    if (pub_file.len > 0 && spf_public_read(pub_file, &beside) == SPF_READING_DONE &&
        beside.container == SPF_CONTAINER_PUBLIC) {
        struct spf_bytes theirs = {beside.material.blob, beside.material.blob_len};

        if (material->blob_len == 0) {
            (void)spf_material_set_blob(material, theirs);
        } else if (!spf_bytes_equal(theirs,
                                    (struct spf_bytes){material->blob, material->blob_len}) &&
                   (facts->damage[0] == '\0' || strcmp(facts->damage, "key-encrypted") == 0)) {
            set_damage(facts, "key-pub-file-differs");
        }
    }
    spf_contents_clear(&beside);
}

/* The two readings of a file, and which of them counts. */
struct readings {
    struct spf_key_text text;
    struct spf_key_contents as_is, cleaned, *best;
    enum spf_reading strict, reading;
    bool damaged; /* not a key as it is, but one once it is cleaned */
    bool untidy;  /* a key as it is, but its text has a damage that is reported */
};

static bool read_twice(struct spf_bytes file, const struct spf_secret *passphrase,
                       struct readings *r)
{
    r->best = &r->as_is;
    r->reading = r->strict = read_strictly(file, passphrase, &r->as_is);
    if (!spf_key_text_clean(file, &r->text) ||
        (r->text.clean == NULL && r->strict == SPF_READING_NOT_THIS &&
         !spf_key_unwrap(file, &r->text))) {
        return false;
    }
    if (r->text.clean != NULL && !is_whole(r->strict)) {
        enum spf_reading second =
            read_strictly(spf_secret_view(r->text.clean), passphrase, &r->cleaned);

        if (second != SPF_READING_NOT_THIS) {
            r->reading = second;
            r->best = &r->cleaned;
        }
    }
    r->damaged = r->best == &r->cleaned && is_whole(r->reading);
    if (r->damaged && r->reading != SPF_READING_DONE && r->text.strange > 0) {
        /* something was left out to get here, and nothing proves that it was not needed */
        r->reading = spf_reads(r->best, SPF_READING_CORRUPT, "characters in it are lost or wrong");
        r->damaged = false;
    }
    if (r->damaged && r->text.no_end) {
        r->text.damage |= 1u << SPF_DAMAGE_HEADER;
    }
    if (r->damaged && r->text.damage == 0) { /* something that only a strict reader refuses */
        r->text.damage = 1u << SPF_DAMAGE_WRAPPED;
    }
    return r->strict != SPF_READING_NO_MEMORY && r->reading != SPF_READING_NO_MEMORY;
}

static void tell_damage(struct spf_key_facts *facts, struct readings *r)
{
    const char *cause = cause_of(r->reading, r->best);

    if (r->damaged) {
        tell_text_damage(facts, &r->text, ~0u);
    } else if (cause != NULL) {
        set_damage(facts, r->text.no_end && !is_whole(r->reading) ? "key-truncated" : cause);
        add_detail(facts, r->best->detail);
    } else if (cause_of_key(r->best) != NULL) {
        set_damage(facts, cause_of_key(r->best));
        detail_of_key(facts, r->best);
    } else {
        tell_text_damage(facts, &r->text, NOTICEABLE);
        r->untidy = facts->damage[0] != '\0';
    }
}

/* Is anything in the file worth repairing? */
static bool wants_rewriting(const struct spf_key_facts *facts, const struct readings *r,
                            enum spf_fit fit)
{
    return !facts->encrypted && !spf_container_is_ppk(r->best->container) &&
           (!openssh_takes(r->reading, r->best) || fit == SPF_FIT_UNEVEN ||
            needs_of(r->reading, r->best) != SPF_NEEDS_NOTHING);
}

static void tell_fit(struct spf_key_facts *facts, const struct spf_key_material *material,
                     enum spf_fit fit)
{
    set_damage(facts, "key-parts-mismatch");
    facts->detail[0] = '\0';
    add_detail(facts,
               fit == SPF_FIT_BROKEN ? "the private key does not belong to the public key in it"
               : material->copy_differs
                   ? "the second copy of its public key differs from the first"
                   : "one of its numbers is wrong; ssh can sign without it, other programs may "
                     "refuse the key");
}

/* Of several keys in one file a copy would have one: whose, nobody but the user knows. */
static bool has_several_keys(const struct spf_key_facts *facts)
{
    return strcmp(facts->damage, "key-multiple") == 0;
}

/* The key for the login, and the copy that --fix would write. */
static bool take_private_half(struct spf_key_facts *facts, struct readings *r,
                              struct spf_secret **repaired)
{
    const struct spf_key_material *material = &r->best->material;
    enum spf_fit fit = SPF_FIT_GOOD;

    if (r->reading == SPF_READING_DONE && spf_material_signs(material)) {
        fit = spf_material_fit(material);
        if (fit != SPF_FIT_GOOD) {
            tell_fit(facts, material, fit);
        }
        if (fit == SPF_FIT_BROKEN) {
            return true;
        }
        facts->login = spf_material_write(material);
        if (facts->login == NULL) {
            return false;
        }
        facts->usable = true;
    }
    if ((r->damaged || strcmp(facts->damage, "key-header-mangled") == 0 ||
         (r->untidy && r->text.clean != NULL && !has_several_keys(facts))) &&
        (spf_container_is_ppk(r->best->container) || openssh_takes(r->reading, r->best)) &&
        !(facts->encrypted && needs_of(r->reading, r->best) != SPF_NEEDS_NOTHING) &&
        !(facts->usable && wants_rewriting(facts, r, fit))) {
        *repaired = r->text.clean;
        r->text.clean = NULL;
    } else if (facts->usable && wants_rewriting(facts, r, fit) && spf_material_fits(material)) {
        *repaired = spf_secret_share(facts->login); /* in OpenSSH's container */
    }
    facts->repairable = *repaired != NULL;
    return true;
}

/* That in the file itself, which only a PPK can have. */
static void take_certificate(struct spf_key_facts *facts, const struct spf_key_contents *contents)
{
    const struct spf_bytes blob = spf_secret_view(contents->certificate);
    struct spf_buf base64;

    if (contents->certificate == NULL) {
        return;
    }
    spf_buf_init(&base64, 2 * SPF_KEY_BLOB_MAX);
    spf_buf_add_base64(&base64, blob.at, blob.len, true);
    facts->certificate_line = spf_secret_new(base64.data, base64.len);
    facts->certified = contents->material.certified;
    spf_buf_clear(&base64);
}

bool spf_key_read(struct spf_bytes file, struct spf_bytes pub_file,
                  const struct spf_secret *passphrase, struct spf_key_facts *facts,
                  struct spf_secret **repaired)
{
    struct spf_secret *better = NULL;
    struct readings r = {0};
    bool good = read_twice(file, passphrase, &r);

    facts->openssh_accepts = openssh_takes(r.strict, &r.as_is);
    facts->needs = facts->openssh_accepts ? needs_of(r.strict, &r.as_is) : SPF_NEEDS_NOTHING;
    facts->putty_accepts =
        spf_container_is_ppk(r.as_is.container) &&
        (is_whole(r.strict) ||
         (r.strict == SPF_READING_UNSUPPORTED && is_ed448(&r.as_is))); /* PuTTY has it since 0.75 */
    spf_copy(facts->legacy_cipher, sizeof facts->legacy_cipher, r.best->legacy_cipher);
    facts->container = r.damaged && r.text.damage & 1u << SPF_DAMAGE_BINARY ? SPF_CONTAINER_DER
                                                                            : r.best->container;
    facts->encrypted = r.best->encrypted;
    take_certificate(facts, r.best);
    if (good && (r.reading == SPF_READING_NOT_THIS ||
                 (!r.damaged && !is_whole(r.reading) && spf_is_rich_text(file)))) {
        tell_other(facts, file, r.best);
    } else if (good) {
        tell_damage(facts, &r);
        good = take_private_half(facts, &r, &better);
        heed_pub_file(facts, pub_file, &r.best->material);
    }
    take_public_half(facts, &r.best->material);
    if (repaired != NULL) {
        *repaired = better;
    } else {
        spf_secret_free(better);
    }
    spf_key_text_clear(&r.text);
    spf_contents_clear(&r.as_is);
    spf_contents_clear(&r.cleaned);
    spf_clear_crypto_errors();
    return !spf_was_short() && good;
}

bool spf_key_read_blob(struct spf_bytes blob, struct spf_key_facts *facts)
{
    struct spf_key_material material = {0};
    struct spf_reader reader = spf_reader(blob.at, blob.len);
    char type[80];
    const char *damage = "key-is-public";
    bool good = spf_material_set_blob(&material, blob);

    spf_reader_name(&reader, type, sizeof type);
    if (strstr(type, "-cert-v01@") != NULL) {
        facts->container = SPF_CONTAINER_CERTIFICATE;
        damage = "key-is-certificate";
    } else if (!good) {
        good = spf_material_set_foreign(&material, blob);
        damage = "key-algorithm-unsupported";
    }
    set_damage(facts, damage);
    take_public_half(facts, &material);
    spf_material_clear(&material);
    return good && facts->public_blob != NULL;
}
