#include <ctype.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/encoding.h"
#include "base/language.h"
#include "base/shortage.h"
#include "base/text.h"
#include "base/wire.h"
#include "cloud/key_pair.h"
#include "pipeline/check.h"

/* Is a key pair bound, and is it this key? Proved by the public key itself wherever the API gives
 * it. */

/* A public key of 16384-bit RSA has 2 KiB; a longer one is nobody's. */
#define BLOB_MAX 8192

static long key_blob(const char *base64, uint8_t blob[BLOB_MAX])
{
    return base64 == NULL ? -1 : spf_base64_decode(base64, strlen(base64), blob, BLOB_MAX);
}

/* The second word of "ssh-rsa AAAA… comment" (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
static long line_blob(const char *line, uint8_t blob[BLOB_MAX])
{
    size_t len;

    if (line == NULL) {
        return -1;
    }
    line += strspn(line, " \t\r\n");
    line += strcspn(line, " \t");
    line += strspn(line, " \t");
    len = strcspn(line, " \t\r\n");
    return len == 0 ? -1 : spf_base64_decode(line, len, blob, BLOB_MAX);
}

/* The hexadecimal digits of a fingerprint, without colons and label; false if there are not
 * `digits`. */
static bool plain_digits(const char *text, char *out, size_t digits)
{
    size_t len = 0;

    if (spf_starts_with(text, "MD5:")) {
        text += 4;
    }
    for (; *text != '\0'; text++) {
        if (*text == ':') {
            continue;
        }
        if (len == digits || !isxdigit((unsigned char)*text)) {
            return false;
        }
        out[len++] = (char)tolower((unsigned char)*text);
    }
    out[len] = '\0';
    return len == digits;
}

#define NUMBER_MAX 2049 /* octets: 16384 bits and a sign octet */

/* A number of big-endian octets as OSSL_PARAM(3) wants it, in this machine's order. */
static OSSL_PARAM native(const char *name, struct spf_bytes number, uint8_t *room)
{
    for (size_t i = 0; i < number.len; i++) {
        room[__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? number.len - 1 - i : i] = number.at[i];
    }
    return OSSL_PARAM_construct_BN(name, room, number.len);
}

/*
 * SubjectPublicKeyInfo of an RSA key's blob (RFC 4253 section 6.6), to be freed with OPENSSL_free;
 * its length, 0 for another key or without memory.
 */
static int public_key_info(struct spf_bytes blob, unsigned char **info)
{
    struct spf_reader reader = spf_reader(blob.at, blob.len);
    const bool is_rsa = spf_bytes_are(spf_reader_string(&reader), "ssh-rsa");
    const struct spf_bytes e = spf_reader_string(&reader);
    const struct spf_bytes n = spf_reader_string(&reader);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    uint8_t numbers[2][NUMBER_MAX];
    EVP_PKEY *key = NULL;
    int len = 0;

    if (is_rsa && !reader.bad && e.len <= NUMBER_MAX && n.len <= NUMBER_MAX && context != NULL) {
        OSSL_PARAM parameters[] = {
            native(OSSL_PKEY_PARAM_RSA_E, e, numbers[0]),
            native(OSSL_PKEY_PARAM_RSA_N, n, numbers[1]),
            OSSL_PARAM_construct_end(),
        };

        if (EVP_PKEY_fromdata_init(context) == 1 &&
            EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1) {
            len = i2d_PUBKEY(key, info);
        }
    }
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(context);
    spf_clear_crypto_errors();
    return len > 0 ? len : 0;
}

static bool has_sha1(const char *fingerprint, const uint8_t *bytes, size_t len)
{
    unsigned char digest[20];
    size_t digest_len = sizeof digest;
    char theirs[41];
    char ours[41];

    if (!plain_digits(fingerprint, theirs, 40) ||
        EVP_Q_digest(NULL, "SHA1", NULL, bytes, len, digest, &digest_len) != 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof digest; i++) {
        spf_format(ours + 2 * i, 3, "%02x", digest[i]);
    }
    return strcmp(ours, theirs) == 0;
}

/* Twenty octets may be SHA-1 of the blob, or of another form of the key: only a match says
 * anything. */
static bool is_sha1_of(const char *fingerprint, struct spf_bytes blob)
{
    unsigned char *info = NULL;
    int len = public_key_info(blob, &info);
    bool same = has_sha1(fingerprint, blob.at, blob.len) ||
                (len > 0 && has_sha1(fingerprint, info, (size_t)len));

    OPENSSL_free(info);
    return same;
}

bool spf_key_pair_is(const struct spf_key_pair_facts *pair, const char *public_blob)
{
    uint8_t ours[BLOB_MAX];
    uint8_t theirs[BLOB_MAX];
    long our_len = key_blob(public_blob, ours);
    long their_len = line_blob(pair->public_key, theirs);

    return pair->bound && our_len > 0 && our_len == their_len &&
           memcmp(ours, theirs, (size_t)our_len) == 0;
}

static void note_match(struct spf_result *result, enum spf_key_match match)
{
    static const char *const names[] = {
        [SPF_MATCH_NONE] = NULL,
        [SPF_MATCH_NAME_ONLY] = "name-only",
        [SPF_MATCH_DIFFERENT] = "different",
        [SPF_MATCH_FINGERPRINT] = "fingerprint",
        [SPF_MATCH_PROVED] = "proved",
    };

    result->key_match = match;
    spf_note_text(result, "match", names[match]);
}

static struct spf_opinion proved(const struct spf_key_pair_facts *pair, enum spf_key_match match,
                                 const char *words, struct spf_result *result)
{
    note_match(result, match);
    spf_say(result, "key pair %s is this key (%s)", pair->name, words);
    return spf_passes();
}

static struct spf_opinion different(struct spf_result *result)
{
    note_match(result, SPF_MATCH_DIFFERENT);
    return spf_concludes(SPF_KEY_PAIR_DIFFERENT);
}

static struct spf_opinion compare(const struct spf_key_pair_facts *pair,
                                  const struct spf_key_facts *key, struct spf_result *result)
{
    uint8_t ours[BLOB_MAX];
    uint8_t theirs[BLOB_MAX];
    long our_len = key_blob(key->public_blob, ours);
    long their_len = line_blob(pair->public_key, theirs);
    char our_md5[33];
    char their_md5[33];

    if (our_len > 0 && their_len > 0) {
        if (our_len == their_len && memcmp(ours, theirs, (size_t)our_len) == 0) {
            return proved(pair, SPF_MATCH_PROVED, _("public keys equal"), result);
        }
        return different(result);
    }
    if (plain_digits(key->md5, our_md5, 32) && plain_digits(pair->fingerprint, their_md5, 32)) {
        if (strcmp(our_md5, their_md5) == 0) {
            return proved(pair, SPF_MATCH_FINGERPRINT, _("MD5 fingerprints equal"), result);
        }
        return different(result);
    }
    if (our_len > 0 && is_sha1_of(pair->fingerprint, (struct spf_bytes){ours, (size_t)our_len})) {
        return proved(pair, SPF_MATCH_FINGERPRINT, "the SHA-1 fingerprints are the same", result);
    }
    note_match(result, SPF_MATCH_NAME_ONLY);
    if (our_len <= 0) {
        spf_say(result, "key pair %s is bound; the public key of the local key file is not known",
                pair->name);
    } else {
        spf_say(result, "key pair %s is bound; the API gave nothing to compare it by", pair->name);
    }
    return spf_concludes(SPF_KEY_PAIR_UNPROVEN);
}

/*
 * --find-key: the file that is the bound pair's key is the remedy, with --key-dir it is the key.
 * True while it is being looked for; *opinion is then what to return.
 */
static bool find_key_lacks(const struct spf_view *view, struct spf_result *result,
                           struct spf_opinion *opinion)
{
    const struct spf_found_key_facts *found = view->facts->found_key;
    const char *public_key = view->facts->key_pair->public_key;

    if (view->target->key_dir == NULL &&
        (view->target->find_key == NULL || public_key == NULL || public_key[0] == '\0')) {
        return false;
    }
    if (spf_lacks(view, SPF_GROUP_FOUND_KEY, opinion)) {
        if (opinion->kind == SPF_OPINION_WANTS) {
            return true;
        }
        spf_note_text(result, "find_key", opinion->failure->text);
        return false;
    }
    spf_note_number(result, "files_looked_at", found->looked_at);
    if (found->path[0] != '\0' && !found->by_name) {
        spf_note_text(result, "matching_key_file", found->path);
    } else if (found->public_only[0] != '\0') {
        spf_note_text(result, "matching_public_key_file", found->public_only);
    } else {
        spf_note_text(result, "searched_file", found->folder);
    }
    return false;
}

/* Only looked for: what was found is the answer. */
static struct spf_opinion judge_without_key(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_pair_facts *pair = view->facts->key_pair;
    const struct spf_found_key_facts *found = view->facts->found_key;
    const bool without_public = pair->public_key == NULL || pair->public_key[0] == '\0';
    struct spf_opinion opinion;

    if (spf_target_key_dir(view->target) == NULL) {
        spf_say(result, "key pair %s is bound (no key given to compare)", pair->name);
        return spf_passes();
    }
    if (without_public && view->target->key_dir == NULL) {
        spf_say(result, "the API gave no public key of key pair %s to look for", pair->name);
        return spf_concludes(SPF_KEY_PAIR_UNPROVEN);
    }
    if (spf_lacks(view, SPF_GROUP_FOUND_KEY, &opinion)) {
        return opinion;
    }
    if (found->path[0] != '\0') {
        spf_say(result, "%s is the private key of the bound key pair %s", found->path, pair->name);
        return spf_passes();
    }
    if (without_public) {
        spf_say(result, "the API gave no public key of key pair %s, and %s has no file of its name",
                pair->name, found->folder);
    } else if (found->public_only[0] != '\0') {
        spf_say(result, "%s is the public key of key pair %s; the private key is not beside it",
                found->public_only, pair->name);
    } else if (!found->all) {
        spf_say(result, "%s holds more files than the %lld that were compared with key pair %s",
                found->folder, (long long)found->looked_at, pair->name);
    } else if (found->unclear > 0) {
        spf_say(result,
                "no file in %s was proved to be the private key of key pair %s; %lld encrypted "
                "ones do not show their public key",
                found->folder, pair->name, (long long)found->unclear);
    }
    return found->all && found->unclear == 0 && !without_public
               ? spf_concludes(SPF_KEY_PAIR_FILE_MISSING)
               : spf_lowered(SPF_KEY_PAIR_FILE_MISSING, SPF_UNKNOWN);
}

struct spf_opinion spf_judge_cloud_key_pair(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_pair_facts *pair = view->facts->key_pair;
    struct spf_opinion opinion;

    spf_note_null(result, "name");
    note_match(result, SPF_MATCH_NONE);
    if (spf_lacks(view, SPF_GROUP_KEY_PAIR, &opinion)) {
        return opinion;
    }
    if (!pair->bound) {
        return spf_concludes(SPF_KEY_PAIR_NONE);
    }
    spf_note_thing(result, SPF_THING_KEY_PAIR, "name", pair->name);
    if (pair->fingerprint[0] != '\0') {
        spf_note_text(result, "fingerprint", pair->fingerprint);
    }
    if (!pair->found) {
        return spf_concludes(SPF_KEY_PAIR_DELETED);
    }
    if (view->target->key_path == NULL) {
        if (find_key_lacks(view, result, &opinion)) {
            return opinion;
        }
        return judge_without_key(view, result);
    }
    if (spf_lacks(view, SPF_GROUP_KEY, &opinion)) {
        if (opinion.kind == SPF_OPINION_WANTS) {
            return opinion;
        }
        note_match(result, SPF_MATCH_NAME_ONLY);
        return spf_concludes(SPF_KEY_PAIR_UNPROVEN);
    }
    if (view->facts->key->md5[0] != '\0') {
        spf_note_text(result, "local_fingerprint", view->facts->key->md5);
    }
    opinion = compare(pair, view->facts->key, result);
    if (opinion.finding == SPF_KEY_PAIR_DIFFERENT) {
        struct spf_opinion wants;

        if (find_key_lacks(view, result, &wants)) {
            return wants;
        }
        if (spf_target_key_dir(view->target) == NULL) {
            spf_note_text(result, "key_to_find", pair->name);
        }
    }
    return opinion;
}
