#include <string.h>

#include "base/json_build.h"
#include "base/language.h"
#include "base/text.h"
#include "key/describe.h"
#include "key/skipped.h"
#include "login/offers.h"
#include "openssh/key_support.h"
#include "pipeline/check.h"

/* Files of the configuration that ssh cannot use: it says so, and goes on. */
static void say_passed_over(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;
    struct json_object *list;
    struct spf_buf names;

    if (!view->target->key_configured || view->target->key_path == NULL) {
        return;
    }
    spf_buf_init(&names, 2000);
    list = spf_json_array();
    for (size_t i = 0; i < config->identities.count; i++) {
        const struct spf_ssh_file *file = &config->identities.items[i];

        if (!file->passed_over || file->path == NULL ||
            strcmp(file->path, view->target->key_path) == 0) {
            continue;
        }
        spf_json_append(list, spf_clean_json(file->path));
        spf_buf_addf(&names, "%s%s", names.len > 0 ? ", " : "", file->path);
    }
    if (names.len > 0) {
        spf_say(result, "file readable; ssh skips %s, which it cannot use", names.data);
        spf_note_json(result, "passed_over", list);
    } else {
        json_object_put(list);
    }
    spf_buf_clear(&names);
}

/* Neither the options nor the ssh configuration nor an agent has a key. */
static struct spf_opinion judge_no_key(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;

    spf_note_null(result, "path");
    if (config->identities.count == 1 && !config->identities.items[0].exists &&
        config->identities.items[0].path != NULL) {
        spf_say(result,
                "the only key file that the ssh configuration names, %s, does not exist, and "
                "no agent holds a key",
                config->identities.items[0].path);
    } else if (view->target->no_openssh) {
        spf_say(result,
                "no key file is given, and no agent holds a key that PuTTY would use: name a "
                "file with -i");
    } else {
        spf_say(result, "the ssh configuration names no key file that exists, and no agent holds a "
                        "key: name one with --key");
    }
    return spf_lowered(SPF_KEY_MISSING, SPF_UNKNOWN);
}

/* Is there a regular file I can read? */
static struct spf_opinion judge_file(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);
    struct spf_opinion opinion;

    if (view->target->key_dir != NULL && view->target->key_path == NULL) {
        spf_note_null(result, "path");
        return spf_lacks(view, SPF_GROUP_FOUND_KEY, &opinion) && opinion.kind == SPF_OPINION_WANTS
                   ? opinion
                   : spf_skips(SPF_CHECK_CLOUD_KEY_PAIR); /* there it is said why */
    }
    if (view->target->key_path == NULL && view->target->offer == NULL &&
        !view->target->from_transcript) {
        return judge_no_key(view, result);
    }
    if (spf_lacks(view, SPF_GROUP_KEY, &opinion)) {
        return opinion;
    }
    spf_note_text(result, "path", spf_key_path_of(view));
    if (view->target->key_dir != NULL) {
        spf_note_text(result, "picked_by", view->facts->found_key->by_name ? "name" : "public-key");
    }
    switch (key->outcome) {
    case SPF_KEY_ABSENT:
        if (spf_key_path_of(view) != NULL && spf_key_path_of(view)[0] == '\0') {
            spf_say(result, "the name of the key file is empty: is a variable not set?");
        }
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
    if (key->from_agent) {
        spf_say(result, view->target->no_openssh
                            ? N_("held by the agent")
                            : N_("held by the ssh-agent; no file of the ssh configuration is this "
                                 "key"));
        return spf_passes();
    }
    spf_note_number(result, "size", key->size);
    if (view->target->key_dir != NULL) {
        spf_say(result, "%s is readable", spf_key_path_of(view));
    } else {
        spf_say(result, key->from_stdin ? N_("read from standard input") : N_("file readable"));
    }
    say_passed_over(view, result);
    return spf_passes();
}

/*
 * ssh ignores the file, for others have access to it; but it goes on, and the agent that holds the
 * key signs. Of a file in its own format it has the public key all the same, and offers it first.
 */
static bool agent_signs_in_its_place(const struct spf_view *view)
{
    const struct spf_key_facts *key = spf_key_of(view);

    return key->in_agent &&
           (key->container == SPF_CONTAINER_OPENSSH || spf_key_others_stand_in(view));
}

/*
 * Would Windows' ssh accept the access list? PowerShell/openssh-portable, w32-sshfileperm.c
 * (check_secure_file_permission), in place of the mode: the owner and every entry that allows
 * something must be this user, Administrators, SYSTEM or TrustedInstaller; entries that deny do not
 * matter. Git's ssh derives a mode from the list, and PuTTY does not look.
 */
static struct spf_opinion judge_access_list(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);
    const bool accepts = key->owner_trusted && key->strangers[0] == '\0';

    spf_note_null(result, "mode");
    spf_note_text(result, "owner", key->owner);
    spf_note_bool(result, "openssh_accepts", accepts);
    if (key->strangers[0] != '\0') {
        spf_note_text(result, "others_with_access", key->strangers);
    }
    if (!key->owner_trusted) {
        return spf_container_is_ppk(key->container)
                   ? spf_lowered(SPF_KEY_OWNER_UNTRUSTED, SPF_WARN)
                   : spf_but_holds(spf_concludes(SPF_KEY_OWNER_UNTRUSTED));
    }
    if (!accepts && agent_signs_in_its_place(view)) {
        spf_say(
            result,
            "%s %s access: ssh ignores the file, and the ssh-agent, which holds this key, signs",
            key->strangers, strchr(key->strangers, ',') != NULL ? _("have") : _("has"));
        return spf_lowered(SPF_KEY_MODE_TOO_OPEN, SPF_WARN);
    }
    if (!accepts) {
        spf_say(result, "%s %s access to %s, so Windows' ssh refuses it", key->strangers,
                strchr(key->strangers, ',') != NULL ? _("have") : _("has"), spf_key_path_of(view));
        return spf_container_is_ppk(key->container)
                   ? spf_lowered(SPF_KEY_MODE_TOO_OPEN, SPF_WARN)
                   : spf_but_holds(spf_concludes(SPF_KEY_MODE_TOO_OPEN));
    }
    spf_say(result, "nobody else has access to it");
    return spf_passes();
}

/* The group or others have access to the file of this user, so ssh ignores it. */
static struct spf_opinion judge_open_file(const struct spf_view *view, struct spf_result *result,
                                          const char *mode)
{
    const struct spf_key_facts *key = spf_key_of(view);

    if (agent_signs_in_its_place(view)) {
        spf_say(result,
                "mode %s: ssh ignores the file, and the ssh-agent, which holds this key, signs",
                mode);
        return spf_lowered(SPF_KEY_MODE_TOO_OPEN, SPF_WARN);
    }
    if (key->file_system[0]) {
        spf_say(result,
                "the file system of %s (%s) keeps no modes: all files look open there, and ssh "
                "refuses the key",
                spf_key_path_of(view), key->file_system);
    } else if (key->acl) {
        spf_say(result, "mode %s: an access control list lets others read %s, so ssh refuses it",
                mode, spf_key_path_of(view));
    }
    return spf_container_is_ppk(key->container) || view->target->no_openssh
               ? spf_lowered(SPF_KEY_MODE_TOO_OPEN, SPF_WARN)
               : spf_but_holds(spf_concludes(SPF_KEY_MODE_TOO_OPEN));
}

/*
 * Would ssh accept the mode? OpenSSH authfile.c: sshkey_perm_ok. It looks at it before it loads a
 * private key: that the file is the public one is another fault. Of a file
 * in its own format it has the public key whatever the mode, and so lets the agent sign.
 */
static struct spf_opinion judge_mode(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);
    const bool open = (key->mode & 077) != 0;
    const bool refused = key->mine && open;
    struct spf_opinion opinion;
    char mode[8];

    if (spf_lacks(view, SPF_GROUP_KEY, &opinion)) {
        return opinion;
    }
    if (key->outcome != SPF_KEY_READ || key->from_stdin || key->from_agent ||
        spf_finding_by_id(key->damage) == SPF_KEY_IS_PUBLIC) { /* nobody keeps one to himself */
        return spf_not_applicable();
    }
    if (key->by_list) {
        return judge_access_list(view, result);
    }
    spf_format(mode, sizeof mode, "%04o", (unsigned)key->mode & 07777);
    spf_note_text(result, "mode", mode);
    spf_note_text(result, "owner", key->owner);
    spf_note_bool(result, "openssh_accepts", !refused);
    if (key->acl) {
        spf_note_bool(result, "acl", true);
    }
    if (key->file_system[0]) {
        spf_note_text(result, "file_system", key->file_system);
    }
    if (key->file_system[0] || key->read_only) {
        spf_note_text(result, "mode_fixed",
                      key->read_only ? _("it is mounted read-only") : _("it keeps no modes"));
    }
    if (refused) {
        return judge_open_file(view, result, mode);
    }
    if (!key->mine) {
        return spf_concludes(SPF_KEY_OWNER_OTHER);
    }
    if (key->dir_writable) {
        spf_note_text(result, "dir_file", key->dir);
        return spf_concludes(SPF_KEY_DIR_WRITABLE);
    }
    if (key->mode != 0400) {
        return spf_concludes(SPF_KEY_MODE_NOT_0400);
    }
    spf_say(result, "mode %s", mode);
    return spf_passes();
}

static const char *name_of(const struct spf_view *view)
{
    const struct spf_key_facts *key = spf_key_of(view);

    return key->from_stdin   ? _("the key from standard input")
           : key->from_agent ? _("the key of the ssh-agent")
                             : spf_key_path_of(view);
}

/* Damages of the text, from which a whole key was recovered. */
static bool is_text_damage(const struct spf_key_facts *key)
{
    return strcmp(key->damage, "key-crlf") == 0 || strcmp(key->damage, "key-header-mangled") == 0 ||
           strcmp(key->damage, "key-bom") == 0 ||
           strcmp(key->damage, "key-no-final-newline") == 0 ||
           strcmp(key->damage, "key-multiple") == 0;
}

/*
 * Would the user's ssh offer a DSA key? No default of its has ssh-dss since 7.0; where the
 * configuration adds it, ssh -G lists it only if that ssh was built with it.
 */
static bool ssh_is_told_of_dsa(const struct spf_view *view)
{
    const char *accepted = view->facts->ssh_config->accepted_algorithms;

    return view->target->ssh_config != NULL && accepted != NULL &&
           spf_names_have(accepted, "ssh-dss");
}

/* Of a type that this program does not have. */
static struct spf_opinion judge_type(const struct spf_view *view, bool loads,
                                     struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);
    const bool is_dsa = strcmp(key->algorithm, "ssh-dss") == 0;
    struct spf_opinion opinion;

    if (loads && is_dsa && view->target->ssh_config != NULL &&
        spf_lacks(view, SPF_GROUP_SSH_CONFIG, &opinion) && opinion.kind == SPF_OPINION_WANTS) {
        return opinion;
    }
    if (loads && is_dsa && ssh_is_told_of_dsa(view)) {
        spf_say(result,
                "%s is a DSA key (ssh-dss): ssh can sign with it here, as its configuration has "
                "ssh-dss in PubkeyAcceptedAlgorithms; this program can't",
                name_of(view));
        return spf_lowered(SPF_KEY_ALGORITHM_UNSUPPORTED, SPF_WARN);
    }
    return (loads && !is_dsa) || key->putty_accepts
               ? spf_lowered(SPF_KEY_ALGORITHM_UNSUPPORTED, SPF_WARN)
               : spf_concludes(SPF_KEY_ALGORITHM_UNSUPPORTED);
}

/* loads: this machine's ssh would load the file. */
static struct spf_opinion judge_damage(const struct spf_view *view, bool loads,
                                       struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);
    const enum spf_finding finding = spf_finding_by_id(key->damage);
    const bool public_known = key->public_blob != NULL;

    switch (finding) {
    case SPF_NO_FINDING: /* an id that only a record of another version can have */
        return spf_concludes(SPF_KEY_CORRUPT);
    case SPF_KEY_ENCRYPTED:
    case SPF_KEY_NEEDS_DEVICE: /* warn where the public key is enough to ask the server */
        return public_known ? spf_lowered(finding, SPF_WARN) : spf_concludes(finding);
    case SPF_KEY_IS_PUBLIC: /* ssh_config(5), IdentityFile: enough where an agent has the rest */
        return spf_key_agent_signs(key) ? spf_lowered(finding, SPF_WARN) : spf_concludes(finding);
    case SPF_KEY_KDF_TOO_COSTLY:
    case SPF_KEY_PASSPHRASE_WRONG:
        return public_known ? spf_but_holds(spf_concludes(finding)) : spf_concludes(finding);
    case SPF_KEY_WEAK: /* ssh loads RSA keys from 1024 bits on; servers often want 2048 */
        return loads ? spf_lowered(finding, SPF_WARN) : spf_concludes(finding);
    case SPF_KEY_PARTS_MISMATCH: /* a number that only speeds up signing */
        if (loads && key->usable) {
            return spf_lowered(finding, SPF_WARN);
        }
        break;
    case SPF_KEY_ALGORITHM_UNSUPPORTED: /* by us; ssh or PuTTY can log in with it */
        return judge_type(view, loads, result);
    case SPF_KEY_PKCS8_ED25519:
    case SPF_KEY_PKCS8_V2: /* another ssh than this machine's would not load it */
        if (loads) {
            return spf_passes();
        }
        break;
    default:
        if (loads && is_text_damage(key)) { /* harmless in PEM, fatal in OpenSSH's own container */
            return spf_lowered(finding, SPF_WARN);
        }
        break;
    }
    return key->usable ? spf_but_holds(spf_concludes(finding)) : spf_concludes(finding);
}

/* The file alone does not say whether the login works: ssh, too, lets the agent sign. */
static void say_agent_holds(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);
    const char *path = name_of(view);

    if (strcmp(key->damage, "key-encrypted") == 0) {
        spf_say(result, "%s is encrypted and no passphrase was given; %s holds this key", path,
                spf_key_agent_name(key));
    } else if (strcmp(key->damage, "key-is-public") == 0) {
        spf_say(result, "%s is a public key; the ssh-agent holds the private one, and ssh uses it",
                path);
    }
}

/*
 * PuTTY can use a PPK and so can we, so that on its own it is a warning; not where ssh is the
 * program that logs in, for ssh goes on without the file, unless the agent has the key anyway.
 */
static bool ssh_is_to_read_ppk(const struct spf_view *view)
{
    const struct spf_key_facts *key = spf_key_of(view);

    return spf_finding_by_id(key->damage) == SPF_KEY_IS_PPK &&
           (view->target->openssh_typed || view->target->key_configured) &&
           !spf_key_others_stand_in(view);
}

/* PuTTY goes on without a file that it can't use, and so the agent's key may still do. */
static struct spf_opinion judge_for_putty(const struct spf_view *view, struct spf_result *result)
{
    spf_say(result, "%s is not in PuTTY's own format (PPK)", name_of(view));
    return spf_key_of(view)->in_agent ? spf_lowered(SPF_PUTTY_NEEDS_PPK, SPF_WARN)
                                      : spf_but_holds(spf_concludes(SPF_PUTTY_NEEDS_PPK));
}

/* The version that counts, where versions differ: "OpenSSH 9.2 here can't; 9.6 and later can". */
static void say_which_ssh(const struct spf_view *view, const struct spf_openssh_facts *ssh,
                          bool loads, struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);
    const char *who = spf_openssh_that_loads(key->needs);
    const enum spf_finding finding = spf_finding_by_id(key->damage);
    char here[40];
    char words[80];

    if (who == NULL || !key->openssh_accepts) {
        return;
    }
    spf_note_text(result, "openssh_accepted_by", who);
    spf_openssh_here(ssh, here, sizeof here);
    spf_key_describe(key, words, sizeof words);
    if (finding != SPF_KEY_PKCS8_ED25519 && finding != SPF_KEY_PKCS8_V2) {
        return;
    }
    if (!loads) {
        spf_say(result, "%s is %s%s: %s can't read it; %s can", name_of(view), words,
                key->needs == SPF_NEEDS_ED25519_PKCS8 ? "" : " version 2", here, who);
    } else if (ssh != NULL && ssh->version > 0) {
        spf_say(result, "%s; %s reads it, older ones do not", words, here);
    } else {
        spf_say(result, "%s; %s read it", words, who);
    }
}

static void note_key(const struct spf_view *view, bool loads, struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);

    spf_note_text(result, "format",
                  key->container != SPF_CONTAINER_NONE ? spf_container_name(key->container) : NULL);
    spf_note_text(result, "algorithm", key->algorithm[0] ? key->algorithm : NULL);
    if (key->bits > 0) {
        spf_note_number(result, "bits", key->bits);
    } else {
        spf_note_null(result, "bits");
    }
    spf_note_text(result, "fingerprint_sha256", key->sha256[0] ? key->sha256 : NULL);
    spf_note_text(result, "fingerprint_md5", key->md5[0] ? key->md5 : NULL);
    spf_note_bool(result, "openssh_accepts", loads);
    spf_note_bool(result, "putty_accepts", key->putty_accepts);
    spf_note_bool(result, "encrypted", key->encrypted);
    if (key->detail[0]) {
        spf_note_text(result, "detail", key->detail);
    }
    if (key->legacy_cipher[0]) {
        spf_note_text(result, "legacy_cipher", key->legacy_cipher);
    }
    if (key->container == SPF_CONTAINER_PPK3) {
        spf_note_number(result, "ppk_version", 3);
    }
    if (key->in_agent) {
        spf_note_bool(result, "in_agent", true);
    }
}

/* Is it a private key that ssh can load, in good shape and strong enough? */
static struct spf_opinion judge_format(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_key_facts *key = spf_key_of(view);
    const struct spf_openssh_facts *ssh = NULL;
    struct spf_opinion opinion;
    char words[80];
    bool loads;

    if (spf_lacks(view, SPF_GROUP_KEY, &opinion)) {
        return opinion;
    }
    if (key->openssh_accepts && spf_openssh_that_loads(key->needs) != NULL) {
        /* Where it can't be asked (an older record), it is as if there were none. */
        if (spf_lacks(view, SPF_GROUP_OPENSSH, &opinion) && opinion.kind == SPF_OPINION_WANTS) {
            return opinion;
        }
        if (spf_facts_have(view->facts, SPF_GROUP_OPENSSH)) {
            ssh = view->facts->openssh;
        }
    }
    loads = spf_openssh_loads(ssh, key);
    note_key(view, loads, result);
    if (key->outcome != SPF_KEY_READ) { /* ssh goes on without it */
        return spf_but_holds(spf_not_applicable());
    }
    spf_key_describe(key, words, sizeof words);
    if (ssh_is_to_read_ppk(view)) {
        return key->usable ? spf_but_holds(spf_concludes(SPF_SSH_NEEDS_OPENSSH_KEY))
                           : spf_concludes(SPF_SSH_NEEDS_OPENSSH_KEY);
    }
    if (key->container == SPF_CONTAINER_PPK3 && strcmp(key->damage, "key-is-ppk") == 0) {
        spf_say(result,
                "%s is a PuTTY key (PPK 3, for PuTTY 0.75 or newer): PuTTY and this program can "
                "use it, ssh can't",
                name_of(view));
    }
    say_which_ssh(view, ssh, loads, result);
    if (spf_key_agent_signs(key)) {
        say_agent_holds(view, result);
    }
    if (key->from_agent && spf_key_agent_signs(key)) {
        spf_say(result, "%s, in the ssh-agent", words);
        return spf_passes();
    }
    if (key->damage[0]) {
        return judge_damage(view, loads, result);
    }
    if (view->target->no_openssh && !key->putty_accepts) {
        return judge_for_putty(view, result);
    }
    spf_say(result, "%s", words);
    return spf_passes();
}

struct spf_opinion spf_judge_key_file(const struct spf_view *view, struct spf_result *result)
{
    return spf_key_stood_in(view, result, judge_file(view, result));
}

struct spf_opinion spf_judge_key_mode(const struct spf_view *view, struct spf_result *result)
{
    return spf_key_stood_in(view, result, judge_mode(view, result));
}

struct spf_opinion spf_judge_key_format(const struct spf_view *view, struct spf_result *result)
{
    return spf_key_stood_in(view, result, judge_format(view, result));
}
