#include "transcript/conclude.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pipeline/check.h"

/* A refused login of which a text without -v says nothing more. */
static const char any_denial[] =
    "key-pair-different,user-not-of-image,key-pair-not-installed,auth-login-refused,"
    "authorized-keys-ignored,key-encrypted,key-missing,user-not-allowed,auth-second-factor,auth-"
    "publickey-disabled,auth-algorithm-refused";
/* -v shows that a key file was tried, and nothing that came of it. */
static const char tried_in_vain[] = "key-missing,key-encrypted,key-is-not-a-key";
/* PuTTY says of each key of a file that is refused that it is, so mostly there was none. */
static const char putty_denial[] =
    "key-missing,key-pair-different,user-not-of-image,auth-algorithm-refused,authorized-keys-"
    "ignored";
static const char damaged_file[] =
    "key-no-final-newline,key-crlf,key-is-ppk,key-on-one-line,key-truncated,key-is-public,"
    "key-pkcs8-ed25519,key-is-not-a-key,key-header-mangled,key-empty";
static const char ended_somewhere[] =
    "handshake-failed,auth-disconnected,ssh-closed-early,ssh-busy,ssh-penalised,not-ssh";
static const char ended_after_host_key[] = "auth-disconnected,handshake-failed,ssh-closed-early";

static void name(struct spf_attempt *attempt, enum spf_check_id check, const char *cause)
{
    attempt->ended.check = check;
    attempt->ended.cause = spf_finding_by_id(cause);
    attempt->ended.candidates[0] = '\0'; /* what was suspected before is settled */
}

static void leave_open(struct spf_attempt *attempt, enum spf_check_id check, const char *candidates)
{
    attempt->ended.check = check;
    spf_copy(attempt->ended.candidates, sizeof attempt->ended.candidates, candidates);
}

/* Which check a trouble with the key file belongs to. */
static enum spf_check_id check_of_trouble(const char *cause)
{
    const struct spf_finding_info *info = &spf_findings[spf_finding_by_id(cause)];
    int check = info->id != NULL ? spf_check_by_id(info->check) : -1;

    return check >= 0 ? (enum spf_check_id)check : SPF_CHECK_KEY_FORMAT;
}

/* Is something wrong with the key file, or with its algorithm? Then that is the cause. */
static bool names_key(struct spf_attempt *attempt)
{
    if (attempt->key_trouble != NULL) {
        name(attempt, check_of_trouble(attempt->key_trouble), attempt->key_trouble);
    } else if (attempt->key_unclear) {
        leave_open(attempt, SPF_CHECK_KEY_FORMAT, damaged_file);
    } else if (attempt->no_algorithm) {
        name(attempt, SPF_CHECK_SSH_AUTH, "auth-algorithm-refused");
    } else {
        return false;
    }
    return true;
}

/*
 * The authentication came to nothing. What the client could not do with the key precedes what the
 * server thought of it; that the server accepted the key, and then the login failed, precedes what
 * it thought of others.
 */
static void conclude_denial(struct spf_attempt *attempt)
{
    const char *methods = attempt->methods;

    if (attempt->ended.check <= SPF_CHECK_KEY_FORMAT ||
        (attempt->ended.check == SPF_CHECK_SSH_AUTH && attempt->offered == 0)) {
        return; /* a client's suspicion that says more than the denial */
    }
    attempt->ended.check = SPF_CHECK_SSH_AUTH;
    if (spf_attempt_yes_is_unproven(attempt)) {
        leave_open(attempt, SPF_CHECK_SSH_AUTH, "auth-login-refused,auth-key-refused");
    }
    if (attempt->partial || attempt->signature_refused) {
        return; /* query and signature say it */
    }
    if (spf_lacks_publickey(methods) && attempt->offered == 0) {
        if (methods[0] == '?') {
            leave_open(attempt, SPF_CHECK_SSH_AUTH, "auth-publickey-disabled,auth-second-factor");
        }
        return;
    }
    if (names_key(attempt)) {
        return;
    }
    if (attempt->accepted) { /* and nothing was signed: its private key was not at hand */
        name(attempt, SPF_CHECK_KEY_FORMAT,
             attempt->passphrases >= 2 ? "key-passphrase-wrong" : "key-encrypted");
    } else if (attempt->offered == 0 && attempt->passphrases >= 2) {
        name(attempt, SPF_CHECK_KEY_FORMAT, "key-passphrase-wrong");
    } else if (attempt->offered == 0 && attempt->passphrases == 1) {
        name(attempt, SPF_CHECK_KEY_FORMAT, "key-encrypted");
    } else if (attempt->offered == 0 && attempt->keys_absent > 0 && attempt->keys_found == 0) {
        name(attempt, SPF_CHECK_KEY_FILE, "key-missing");
    } else if (attempt->offered == 0) {
        leave_open(attempt, SPF_CHECK_SSH_AUTH,
                   strstr(attempt->ended.words, "(server sent: ") != NULL ? putty_denial
                   : attempt->keys_tried > 0                              ? tried_in_vain
                                                                          : any_denial);
    }
}

/* The connection ended, and nothing says why: then it matters how far it had come. */
static void conclude_end(struct spf_attempt *attempt)
{
    switch (attempt->stage) {
    case SPF_STAGE_NONE:
    case SPF_STAGE_CONNECTING:
        attempt->stage = SPF_STAGE_CONNECTED; /* somebody closed it */
        leave_open(attempt, SPF_CHECK_SSH_BANNER, ended_somewhere);
        break;
    case SPF_STAGE_CONNECTED:
        attempt->banner = "closed";
        attempt->ended.check = SPF_CHECK_SSH_BANNER;
        break;
    case SPF_STAGE_IDENTIFIED:
    case SPF_STAGE_KEY_EXCHANGE:
        attempt->kex_broken = true;
        attempt->ended.check = SPF_CHECK_SSH_HANDSHAKE;
        break;
    case SPF_STAGE_HOST_KEY:
        leave_open(attempt, SPF_CHECK_SSH_AUTH, ended_after_host_key);
        break;
    case SPF_STAGE_USER_AUTH:
    case SPF_STAGE_IN:
        attempt->ended.check = SPF_CHECK_SSH_AUTH;
        break;
    }
}

static void conclude_proxy(struct spf_attempt *attempt)
{
    attempt->tcp = "proxy";
    attempt->banner = NULL;
    attempt->ended.candidates[0] = '\0';
    attempt->ended.check = SPF_CHECK_NET_PORT;
}

/*
 * The key that was to be the login's: the only file that was not offered. The keys that were are
 * not at fault, and no command should name them.
 */
static void name_unreached_key(struct spf_attempt *attempt)
{
    if (attempt->key_named >= SPF_KEY_TYPED) {
        return;
    }
    attempt->key_file[0] = '\0';
    if (attempt->planned_files == attempt->files_asked + 1) {
        spf_copy(attempt->key_file, sizeof attempt->key_file, attempt->planned_file);
    }
}

/*
 * The server's last word answers what was sent last. If ssh would have offered more, that is why it
 * could not; where the text does not show what more, who used up the tries is open.
 */
static void conclude_too_many(struct spf_attempt *attempt)
{
    unsigned dealt_with = attempt->offered + attempt->keys_tried;

    attempt->ended.check = SPF_CHECK_SSH_AUTH;
    if (attempt->accepted && !attempt->unsigned_key) {
        attempt->signature_refused = true;
    } else if (attempt->offered > 0 && attempt->planned <= dealt_with &&
               (attempt->planned > 0 || (attempt->offered == 1 && !attempt->from_agent))) {
        attempt->refused = attempt->offered;
    } else {
        attempt->cut_off = true;
        name_unreached_key(attempt);
        if (attempt->from_agent || attempt->offered == 0) {
            leave_open(attempt, SPF_CHECK_SSH_AUTH,
                       "agent-keys-too-many,auth-key-refused,auth-login-refused");
        } else if (attempt->planned_known <= dealt_with) {
            leave_open(attempt, SPF_CHECK_SSH_AUTH, "auth-key-refused");
        }
    }
}

static void conclude_session(struct spf_attempt *attempt)
{
    if (attempt->exit_status > 0 && attempt->exit_status < 128) {
        leave_open(attempt, SPF_CHECK_SSH_SESSION,
                   "session-no-shell,session-forced-command,session-other-user");
    } else if (attempt->closed && !attempt->session_closed && attempt->exit_status < 0) {
        leave_open(attempt, SPF_CHECK_SSH_SESSION, "session-refused,session-no-shell");
    }
}

/* Did the handshake fail, or wait for what did not come? */
static bool fails_in_handshake(const struct spf_attempt *attempt)
{
    return attempt->no_common != NULL || attempt->kex_broken || attempt->kex_timeout ||
           (attempt->kex_waits && attempt->stage == SPF_STAGE_KEY_EXCHANGE);
}

/* Was the host key refused, or asked about and never answered? */
static bool fails_at_host_key(const struct spf_attempt *attempt)
{
    return attempt->host_key >= SPF_HOST_UNKNOWN_REFUSED ||
           (attempt->host_key == SPF_HOST_ASKED && attempt->stage == SPF_STAGE_HOST_KEY &&
            !attempt->closed);
}

/* What is known of the key file and of what was done with it, where nobody named or suspected more.
 */
static void conclude_key(struct spf_attempt *attempt)
{
    if (names_key(attempt)) {
        return;
    }
    if (attempt->closed) {
        conclude_end(attempt);
    } else if (attempt->passphrases > 0) {
        name(attempt, SPF_CHECK_KEY_FORMAT, "key-encrypted");
    } else if (attempt->refused > 0) {
        attempt->ended.check = SPF_CHECK_SSH_AUTH;
    }
}

static void conclude_attempt(struct spf_attempt *attempt)
{
    bool banner_broken = attempt->banner != NULL && (strcmp(attempt->banner, "closed") == 0 ||
                                                     strcmp(attempt->banner, "reset") == 0);

    if (attempt->ended.cause != SPF_NO_FINDING || attempt->tcp != NULL) {
        return;
    }
    if (attempt->channel_refused != NULL) { /* and no way through the host was asked for */
        attempt->in = true;
        attempt->stage = SPF_STAGE_IN;
        name(attempt, SPF_CHECK_SSH_SESSION, "session-refused");
    } else if (attempt->stage <= SPF_STAGE_CONNECTED && attempt->proxy[0] != '\0' &&
               (attempt->closed || banner_broken)) {
        conclude_proxy(attempt);
    } else if (attempt->banner != NULL) {
        attempt->ended.check = SPF_CHECK_SSH_BANNER;
        if (banner_broken && attempt->before[0] == '\0') { /* sshd says why, and no ssh shows it */
            leave_open(attempt, SPF_CHECK_SSH_BANNER, "ssh-busy,ssh-penalised,not-ssh");
        }
    } else if (fails_in_handshake(attempt)) {
        attempt->ended.check = SPF_CHECK_SSH_HANDSHAKE;
        /* ssh's packets are the largest of the whole login here */
        if (attempt->no_common == NULL && !attempt->kex_broken) {
            leave_open(attempt, SPF_CHECK_SSH_HANDSHAKE, "path-mtu");
        }
    } else if (fails_at_host_key(attempt)) {
        attempt->ended.check = SPF_CHECK_SSH_HOST_KEY;
    } else if (attempt->in_somehow && attempt->ended.check == SPF_CHECK_COUNT) {
        attempt->ended.check = SPF_CHECK_SSH_AUTH;
        if (attempt->session_closed && !attempt->session_used) { /* "Last login", and out again */
            leave_open(attempt, SPF_CHECK_SSH_AUTH, "session-no-shell,session-forced-command");
        }
    } else if (attempt->in) {
        if (attempt->ended.check == SPF_CHECK_COUNT) {
            conclude_session(attempt);
        }
    } else if (attempt->too_many) {
        conclude_too_many(attempt);
    } else if (attempt->denied || attempt->asks_password || attempt->signature_refused) {
        conclude_denial(attempt);
    } else if (attempt->key_trouble != NULL && attempt->ended.check <= SPF_CHECK_KEY_FORMAT) {
        name(attempt, check_of_trouble(attempt->key_trouble), attempt->key_trouble);
    } else if (attempt->no_algorithm && attempt->ended.check == SPF_CHECK_SSH_AUTH) {
        name(attempt, SPF_CHECK_SSH_AUTH, "auth-algorithm-refused"); /* what a library suspects */
    } else if (attempt->ended.check == SPF_CHECK_COUNT) {            /* else a suspicion */
        conclude_key(attempt);
    }
}

static bool is_way_itself(const char *tcp)
{
    return tcp != NULL &&
           (strcmp(tcp, "proxy") == 0 || strcmp(tcp, "jump") == 0 || strcmp(tcp, "forbids") == 0);
}

/* The lines that a check rests on say why there is no connection. The last that says how a login
 * ended; NULL: there is none. */
static const char *of_the_way(struct spf_transcript_facts *facts, enum spf_check_id check)
{
    const char *last = NULL;

    for (size_t i = 0; i < facts->shown.count; i++) {
        struct spf_transcript_line *line = &facts->shown.items[i];

        if (strcmp(line->check, spf_check_table[check].id) != 0) {
            continue;
        }
        spf_copy(line->check, sizeof line->check, spf_check_table[SPF_CHECK_NET_PORT].id);
        if (last == NULL || strstr(line->text, "UNKNOWN port 65535") == NULL) {
            last = line->text;
        }
    }
    return last;
}

/*
 * The login that failed was that of a jump host, for the ssh that waited for it got nothing: the
 * target itself was never reached.
 */
static void conclude_jump(struct spf_attempt *attempt, struct spf_transcript_facts *facts)
{
    const char *last;
    const char *said = attempt->ended.words[0] != '\0' ? attempt->ended.words : NULL;

    /* a channel that the jump host did not open, or a ProxyCommand: said so already */
    if (is_way_itself(attempt->tcp) || attempt->forwarding) {
        return;
    }
    last = of_the_way(facts, attempt->ended.check);
    if (said == NULL) {
        said = last;
    }
    if (said != NULL) {
        spf_copy(attempt->tcp_error, sizeof attempt->tcp_error, said);
    }
    if (attempt->hop_count == 0) {
        attempt->port = 0;
    }
    spf_attempt_behind_jump(attempt);
    attempt->tcp = "jump";
    attempt->key_trouble_file[0] = '\0';
    attempt->keys_listed = 0;
    /* what was refused there is not what to give the jump host */
    if (attempt->key_named != SPF_KEY_TYPED || attempt->offered > 0) {
        attempt->key_file[0] = '\0';
    }
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_NET_PORT};
}

void spf_conclude(struct spf_attempt *attempt, struct spf_transcript_facts *facts)
{
    conclude_attempt(attempt);
    if (attempt->no_way_on && attempt->ended.check != SPF_CHECK_COUNT) {
        conclude_jump(attempt, facts);
    }
    if (attempt->ended.check == SPF_CHECK_COUNT) {
        return;
    }
    if (attempt->tcp != NULL && strcmp(attempt->tcp, "proxy") == 0) {
        (void)of_the_way(facts, SPF_CHECK_SSH_BANNER);
    }
    spf_copy(facts->stopped_at, sizeof facts->stopped_at, spf_check_table[attempt->ended.check].id);
    spf_copy(facts->candidates, sizeof facts->candidates, attempt->ended.candidates);
    if (attempt->ended.cause != SPF_NO_FINDING) {
        spf_copy(facts->named, sizeof facts->named, spf_findings[attempt->ended.cause].id);
    }
    if (attempt->ended.check > SPF_CHECK_KEY_FORMAT) {
        spf_copy(facts->words, sizeof facts->words, attempt->ended.words);
    }
    for (size_t i = facts->shown.count; facts->words[0] == '\0' && i-- > 0;) {
        if (strcmp(facts->shown.items[i].check, facts->stopped_at) == 0) {
            spf_copy(facts->words, sizeof facts->words, facts->shown.items[i].text);
        }
    }
}
