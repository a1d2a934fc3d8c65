#include <string.h>

#include "base/text.h"
#include "key/key_describe.h"
#include "pipeline/check.h"

/* Files of the configuration that ssh cannot use: it says so, and goes on. */
static void say_passed_over(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_ssh_config_facts *config = &view->facts->ssh_config;
    struct json_object *list;
    struct spf_buf names;

    if (!view->target->key_configured)
        return;
    spf_buf_init(&names, 2000);
    list = json_object_new_array();
    for (size_t i = 0; i < config->identities.count; i++) {
        const struct spf_ssh_file *file = &config->identities.items[i];

        if (!file->passed_over || strcmp(file->path, view->target->key_path) == 0)
            continue;
        (void)json_object_array_add(list, spf_clean_json(file->path));
        spf_buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", file->path);
    }
    if (names.len > 0) {
        spf_say(result, "file readable; ssh passes over %s, which it cannot use", names.data);
        spf_note_json(result, "passed_over", list);
    } else {
        json_object_put(list);
    }
    spf_buf_clear(&names);
}

/* Is there a regular file I can read? */
struct spf_opinion spf_judge_key_file(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = &view->facts->key;
    struct spf_opinion opinion;

    /* Only from a configuration: ssh would then try the keys of an agent, of which we show none
     * that was not asked for. */
    if (view->target->key_path == NULL && !view->target->from_transcript) {
        spf_note_null(result, "path");
        spf_say(result, "the ssh configuration names no key file that exists: name one with --key");
        return spf_lowered(SPF_KEY_MISSING, SPF_UNKNOWN);
    }
    if (spf_lacks(view, SPF_GROUP_KEY, &opinion))
        return opinion;
    spf_note_text(result, "path", view->target->key_path);
    switch (key->outcome) {
    case SPF_KEY_ABSENT:
        if (view->target->key_path != NULL && view->target->key_path[0] == '\0')
            spf_say(result, "the name of the key file is empty: is a variable not set?");
        return spf_concludes(SPF_KEY_MISSING);
    case SPF_KEY_NOT_A_FILE:
        spf_note_text(result, "kind", key->kind);
        return spf_concludes(SPF_KEY_NOT_REGULAR);
    case SPF_KEY_UNREADABLE:
        spf_note_text(result, "error", key->error);
        return spf_concludes(SPF_KEY_NOT_READABLE);
    case SPF_KEY_ZERO_BYTES:
        return spf_concludes(SPF_KEY_EMPTY);
    case SPF_KEY_HUGE:
        spf_note_number(result, "size", key->size);
        return spf_concludes(SPF_KEY_TOO_LARGE);
    case SPF_KEY_READ:
        break;
    }
    spf_note_number(result, "size", key->size);
    spf_say(result, key->from_stdin ? "read from standard input" : "file readable");
    say_passed_over(view, result);
    return spf_passes();
}

/* PuTTY does not look at the mode, and ssh does not take its files. */
static bool is_ppk(const struct spf_key_facts *key)
{
    return key->container == SPF_CONTAINER_PPK2 || key->container == SPF_CONTAINER_PPK3 ||
           key->container == SPF_CONTAINER_PPK_NEWER;
}

/* Would ssh accept the mode? OpenSSH authfile.c: sshkey_perm_ok. */
struct spf_opinion spf_judge_key_mode(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = &view->facts->key;
    const bool open = (key->mode & 077) != 0, refused = key->mine && open;
    struct spf_opinion opinion;
    char mode[8];

    if (spf_lacks(view, SPF_GROUP_KEY, &opinion))
        return opinion;
    if (key->from_stdin)
        return spf_not_applicable();
    (void)spf_format(mode, sizeof mode, "%04o", (unsigned)key->mode & 07777);
    spf_note_text(result, "mode", mode);
    spf_note_text(result, "owner", key->owner);
    spf_note_bool(result, "openssh_accepts", !refused);
    if (key->acl)
        spf_note_bool(result, "acl", true);
    if (key->file_system[0])
        spf_note_text(result, "file_system", key->file_system);
    if (refused && key->file_system[0])
        spf_say(result,
                "the file system of %s (%s) keeps no modes: all files look open there, and ssh "
                "refuses the key",
                view->target->key_path, key->file_system);
    else if (refused && key->acl)
        spf_say(result, "mode %s: an access control list lets others read %s, so ssh refuses it",
                mode, view->target->key_path);
    if (refused)
        return is_ppk(key) ? spf_lowered(SPF_KEY_MODE_TOO_OPEN, SPF_WARN)
                           : spf_but_holds(spf_concludes(SPF_KEY_MODE_TOO_OPEN));
    if (!key->mine)
        return spf_concludes(SPF_KEY_OWNER_OTHER);
    if (key->dir_writable) {
        spf_note_text(result, "dir_file", key->dir);
        return spf_concludes(SPF_KEY_DIR_WRITABLE);
    }
    if (key->mode != 0400)
        return spf_concludes(SPF_KEY_MODE_NOT_0400);
    spf_say(result, "mode %s", mode);
    return spf_passes();
}

/* Damages of the text, from which a whole key was recovered. */
static bool is_text_damage(const struct spf_key_facts *key)
{
    return key->openssh_accepts &&
           (strcmp(key->damage, "key-crlf") == 0 || strcmp(key->damage, "key-bom") == 0 ||
            strcmp(key->damage, "key-no-final-newline") == 0 ||
            strcmp(key->damage, "key-multiple") == 0);
}

static struct spf_opinion judge_damage(const struct spf_key_facts *key)
{
    const enum spf_finding finding = spf_finding_by_id(key->damage);
    const bool public_known = key->public_blob != NULL;

    switch (finding) {
    case SPF_NO_FINDING: /* an id that only a record of another version can have */
        return spf_concludes(SPF_KEY_CORRUPT);
    case SPF_KEY_ENCRYPTED:
    case SPF_KEY_KDF_TOO_COSTLY: /* warn where the public half is enough to ask the server */
        return public_known ? spf_lowered(finding, SPF_WARN) : spf_concludes(finding);
    case SPF_KEY_IS_PUBLIC: /* ssh_config(5), IdentityFile: enough where an agent has the rest */
        return spf_key_agent_signs(key) ? spf_lowered(finding, SPF_WARN) : spf_concludes(finding);
    case SPF_KEY_PASSPHRASE_WRONG:
        return public_known ? spf_but_holds(spf_concludes(finding)) : spf_concludes(finding);
    case SPF_KEY_WEAK: /* ssh loads RSA keys from 1024 bits on; servers often want 2048 */
        return key->openssh_accepts ? spf_lowered(finding, SPF_WARN) : spf_concludes(finding);
    case SPF_KEY_ALGORITHM_UNSUPPORTED: /* ssh can use FIDO keys, with the device at hand */
        if (strncmp(key->algorithm, "sk-", 3) == 0 && key->openssh_accepts)
            return spf_lowered(finding, SPF_WARN);
        break;
    default:
        if (is_text_damage(key)) /* harmless in PEM, fatal in OpenSSH's own container */
            return spf_lowered(finding, SPF_WARN);
        break;
    }
    return key->usable ? spf_but_holds(spf_concludes(finding)) : spf_concludes(finding);
}

static const char *name_of(const struct spf_view *view)
{
    return view->facts->key.from_stdin ? "the key from standard input" : view->target->key_path;
}

/* The file alone does not say whether the login works: ssh, too, lets the agent sign. */
static void say_agent_holds(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = &view->facts->key;
    const char *path = name_of(view);

    if (strcmp(key->damage, "key-encrypted") == 0)
        spf_say(result, "%s is encrypted and no passphrase was given; the ssh-agent holds this key",
                path);
    else if (strcmp(key->damage, "key-is-public") == 0)
        spf_say(result, "%s is a public key; the ssh-agent holds the private one, and ssh uses it",
                path);
}

/* Is it a private key that ssh can load, in good shape and strong enough? */
struct spf_opinion spf_judge_key_format(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = &view->facts->key;
    struct spf_opinion opinion;
    char words[80];

    if (spf_lacks(view, SPF_GROUP_KEY, &opinion))
        return opinion;
    spf_key_describe(key, words, sizeof words);
    spf_note_text(result, "format",
                  key->container != SPF_CONTAINER_NONE ? spf_container_name(key->container) : NULL);
    spf_note_text(result, "algorithm", key->algorithm[0] ? key->algorithm : NULL);
    if (key->bits > 0)
        spf_note_number(result, "bits", key->bits);
    else
        spf_note_null(result, "bits");
    spf_note_text(result, "fingerprint_sha256", key->sha256[0] ? key->sha256 : NULL);
    spf_note_text(result, "fingerprint_md5", key->md5[0] ? key->md5 : NULL);
    spf_note_bool(result, "openssh_accepts", key->openssh_accepts);
    spf_note_bool(result, "putty_accepts", key->putty_accepts);
    spf_note_bool(result, "encrypted", key->encrypted);
    if (key->detail[0])
        spf_note_text(result, "detail", key->detail);
    if (strcmp(key->damage, "key-pkcs8-ed25519") == 0)
        spf_note_text(result, "openssh_accepts_since", "9.6");
    if (key->container == SPF_CONTAINER_PPK3) {
        spf_note_number(result, "ppk_version", 3);
        if (strcmp(key->damage, "key-is-ppk") == 0)
            spf_say(
                result,
                "%s is a PuTTY key (PPK 3, for PuTTY 0.75 or newer): PuTTY and this program can "
                "use it, ssh can't",
                name_of(view));
    }
    if (key->in_agent)
        spf_note_bool(result, "in_agent", true);
    if (spf_key_agent_signs(key))
        say_agent_holds(view, result);
    if (key->damage[0])
        return judge_damage(key);
    spf_say(result, "%s", words);
    return spf_passes();
}
