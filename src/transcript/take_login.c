#include "transcript/take_steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "transcript/key_words.h"
#include "transcript/words.h"

static void take_key_trouble(struct spf_attempt *attempt, const struct spf_match *match)
{
    static const struct spf_message differs = {
        "", NULL, SPF_EVENT_SUSPECTED, "key.format key-pub-file-differs,key-certificate-differs"};
    const char *mode = strstr(match->line, "Permissions ");
    const char *unreached = strstr(match->rest, " not accessible");
    const char *private = strcmp(match->row->words, "contents do not match public") == 0
                              ? strstr(match->line, "private key ")
                              : NULL;

    /* an encrypted key is asked for, and then its passphrase is wrong: the later says more */
    if (attempt->key_trouble == NULL || strcmp(attempt->key_trouble, "key-encrypted") == 0) {
        attempt->key_trouble = match->row->argument;
    }
    attempt->unsigned_key |= attempt->accepted && !attempt->signature_refused;
    /* the key that was to sign is not the one of the file beside it: of which, the offer shows */
    if (strcmp(match->row->argument, "key-pub-file-differs") == 0 && attempt->certificate_last) {
        attempt->key_trouble = "key-certificate-differs";
    } else if (strcmp(match->row->argument, "key-pub-file-differs") == 0 && attempt->offered == 0) {
        struct spf_match suspected = *match;

        suspected.row = &differs;
        attempt->key_trouble = NULL;
        spf_attempt_end(attempt, &suspected, SPF_WEIGHT_SUSPICION);
    }
    if (mode != NULL && mode[12] == '0') {
        (void)spf_word_at(mode + 12, " ", attempt->key_mode, sizeof attempt->key_mode);
    }
    if (unreached != NULL && spf_ends_with(match->row->words, "dentity file ")) {
        spf_clean(attempt->key_trouble_file, sizeof attempt->key_trouble_file, match->rest,
                  (size_t)(unreached - match->rest));
    } else if (private == NULL || spf_quoted_or_path(match->line, attempt->key_trouble_file,
                                                     sizeof attempt->key_trouble_file)) {
        (void)spf_quoted_or_path(match->line, attempt->key_trouble_file,
                                 sizeof attempt->key_trouble_file);
    } else {
        (void)spf_word_at(private + strlen("private key "), " ", attempt->key_trouble_file,
                          sizeof attempt->key_trouble_file);
    }
    if (attempt->key_file[0] == '\0') {
        spf_copy(attempt->key_file, sizeof attempt->key_file, attempt->key_trouble_file);
    }
    /* its name says that no mode would help */
    if (spf_ends_with(attempt->key_trouble_file, ".pub") &&
        strcmp(attempt->key_trouble, "key-mode-too-open") == 0) {
        attempt->key_trouble = "key-is-public";
    }
}

/* "no such identity: FILE: No such file or directory" */
static void take_absent(struct spf_attempt *attempt, const struct spf_match *match)
{
    (void)spf_word_at(match->rest, ":", attempt->key_trouble_file,
                      sizeof attempt->key_trouble_file);
    if (strstr(match->rest, ":\\") != NULL || attempt->key_trouble != NULL) {
        return; /* a drive's colon */
    }
    attempt->key_trouble = "key-missing";
    spf_copy(attempt->key_file, sizeof attempt->key_file, attempt->key_trouble_file);
}

static void name_key(struct spf_attempt *attempt, const char *file, enum spf_key_named how)
{
    if (file[0] != '\0' && (how > attempt->key_named || how == SPF_KEY_ACCEPTED)) {
        spf_copy(attempt->key_file, sizeof attempt->key_file, file);
        attempt->key_named = how;
    }
}

/* "FILE type N", and the same of "FILE-cert" */
static void take_listed(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *type = strstr(match->rest, " type ");
    size_t len = (size_t)(type - match->rest);

    attempt->keys_found += !spf_starts_with(type, " type -1");
    if (len < strlen("-cert") || memcmp(type - strlen("-cert"), "-cert", strlen("-cert")) != 0) {
        char file[sizeof attempt->listed_file];

        spf_clean(file, sizeof file, match->rest, len);
        attempt->keys_listed += strcmp(file, attempt->listed_file) != 0;
        spf_copy(attempt->listed_file, sizeof attempt->listed_file, file);
    }
}

/* Before the first offer ssh lists what it will try: the keys of the agent, and the files. */
static void take_plan(struct spf_attempt *attempt, const struct spf_match *match)
{
    struct spf_key_words key = spf_key_words(match->rest);

    attempt->planned++;
    attempt->planned_known = key.known ? attempt->planned : attempt->planned_known;
    if (!key.from_agent) {
        attempt->planned_files++;
        spf_copy(attempt->planned_file, sizeof attempt->planned_file, key.file);
    }
}

static void take_offer(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *at = strstr(match->line, "public key: ");
    struct spf_key_words key = spf_key_words(at != NULL ? at + strlen("public key: ") : "");

    /* of an RSA key that is too short for it ssh complains at its start, used or not */
    if (attempt->key_trouble != NULL && strcmp(attempt->key_trouble, "key-weak") == 0) {
        attempt->key_trouble = NULL;
        attempt->key_trouble_file[0] = '\0';
    }
    key.from_agent |= match->row->argument != NULL;
    attempt->offered++;
    attempt->from_agent = key.from_agent;
    attempt->certificate_last = strstr(match->line, "-CERT ") != NULL;
    attempt->certificate |= attempt->certificate_last;
    attempt->files_asked += !key.from_agent;
    attempt->accepted = false;
    spf_attempt_reach(attempt, SPF_STAGE_USER_AUTH);
    spf_copy(attempt->asked_file, sizeof attempt->asked_file, key.file);
    name_key(attempt, key.file, SPF_KEY_OFFERED);
}

/* An encrypted or unread file, or one that is not there. Of several, which one is the login's is
 * not known. */
static void take_try(struct spf_attempt *attempt, const struct spf_match *match)
{
    bool first = attempt->keys_tried++ == 0;

    attempt->files_asked++;
    attempt->accepted = false;
    spf_attempt_reach(attempt, SPF_STAGE_USER_AUTH);
    (void)spf_word_at(match->rest, "\r\n", attempt->asked_file, sizeof attempt->asked_file);
    if (first) {
        name_key(attempt, attempt->asked_file, SPF_KEY_TRIED);
    } else if (attempt->key_named == SPF_KEY_TRIED &&
               strcmp(attempt->key_file, attempt->asked_file) != 0) {
        attempt->key_file[0] = '\0';
    }
}

/* The server would take it: the file, or a key of the agent, for which a file that was only tried
 * or offered is not to blame. */
static void take_acceptance(struct spf_attempt *attempt, const struct spf_match *match)
{
    struct spf_key_words key = spf_key_words(match->rest);

    attempt->accepted = true;
    spf_attempt_reach(attempt, SPF_STAGE_USER_AUTH);
    name_key(attempt, key.file[0] != '\0' ? key.file : attempt->asked_file, SPF_KEY_ACCEPTED);
    if (key.from_agent && attempt->key_named <= SPF_KEY_OFFERED) {
        attempt->key_file[0] = attempt->listed_file[0] = '\0';
    }
}

/* What can continue: at first what the server offers, later its answer to what was sent. */
static void take_methods(struct spf_attempt *attempt, const struct spf_match *match)
{
    spf_attempt_reach(attempt, SPF_STAGE_USER_AUTH);
    attempt->asked_file[0] = '\0';
    if (attempt->partial) {
        (void)spf_word_at(match->rest, " ", attempt->next_methods, sizeof attempt->next_methods);
    }
    if (attempt->accepted) {
        attempt->signature_refused = !attempt->unsigned_key && !attempt->partial;
    } else if (attempt->offered > 0) {
        attempt->refused++;
    } else {
        (void)spf_word_at(match->rest, " ", attempt->methods, sizeof attempt->methods);
    }
}

/* "USER@HOST: Permission denied (publickey,password)." */
static void take_denied(struct spf_attempt *attempt, const struct spf_match *match)
{
    const char *at = strchr(match->line, '@');
    const char *stop = strstr(match->line, ": Permission denied");
    char list[200];

    spf_attempt_reach(attempt, SPF_STAGE_USER_AUTH);
    if (attempt->host_key == SPF_HOST_ASKED) { /* the prompt was answered */
        attempt->host_key = SPF_HOST_TAKEN;
    }
    attempt->denied = true;
    if (attempt->ended.cause == SPF_NO_FINDING) { /* else it only follows from that */
        spf_clean(attempt->ended.words, sizeof attempt->ended.words, match->line,
                  strlen(match->line));
    }
    if (at != NULL && stop != NULL && at < stop) {
        spf_login_at(match->line, stop, attempt);
    }
    /* a list that its bracket does not close is cut off */
    if (match->row->argument == NULL && attempt->methods[0] == '\0' &&
        (strchr(match->row->words, '(') == NULL || strchr(match->rest, ')') != NULL) &&
        spf_word_at(match->rest, ").", list, sizeof list)) {
        spf_format(attempt->methods, sizeof attempt->methods, "?%s", list);
    }
}

static void take_authenticated(struct spf_attempt *attempt, const struct spf_match *match)
{
    /* a password that was typed says nothing of the key */
    if (strstr(match->line, "(password)") != NULL || strstr(match->line, "\"password\"") != NULL ||
        strstr(match->line, "(keyboard-interactive)") != NULL ||
        strstr(match->line, "\"keyboard-interactive\"") != NULL) {
        attempt->asks_password = true;
        return;
    }
    attempt->hops_in += !attempt->in && attempt->hops_in < attempt->hop_count;
    attempt->in = true;
    attempt->in_somehow = false;
    attempt->in_by_none |= strcmp(match->row->argument, "none") == 0;
    attempt->denied = attempt->asks_password = false;
    attempt->key_trouble = NULL;
    attempt->key_trouble_file[0] = '\0';
    attempt->key_unclear = false;
    if (!attempt->in_by_none) {
        name_key(attempt, attempt->asked_file, SPF_KEY_ACCEPTED);
    }
    attempt->ended = (struct spf_ended){.check = SPF_CHECK_COUNT};
    spf_attempt_reach(attempt, SPF_STAGE_IN);
}

bool spf_take_keys(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_KEY_ABSENT:
        attempt->keys_absent++;
        if (strstr(match->line, "debug") == NULL) { /* one that was asked for (sshconnect2.c) */
            take_absent(attempt, match);
        }
        return true;
    case SPF_EVENT_KEY_FILE:
        take_listed(attempt, match);
        return true;
    case SPF_EVENT_KEY_TROUBLE:
        take_key_trouble(attempt, match);
        return true;
    case SPF_EVENT_KEY_UNCLEAR:
        attempt->key_unclear = true;
        (void)spf_quoted_or_path(match->line, attempt->key_trouble_file,
                                 sizeof attempt->key_trouble_file);
        return true;
    case SPF_EVENT_ASKS_PASSPHRASE:
        attempt->passphrases++;
        (void)spf_quoted_or_path(match->line, attempt->key_trouble_file,
                                 sizeof attempt->key_trouble_file);
        return true;
    case SPF_EVENT_PLANS_KEY:
        take_plan(attempt, match);
        return true;
    case SPF_EVENT_TRIES_KEY:
        take_try(attempt, match);
        return true;
    default:
        return false;
    }
}

void spf_take_authentication(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_METHODS:
        take_methods(attempt, match);
        break;
    case SPF_EVENT_OFFERED:
        take_offer(attempt, match);
        break;
    case SPF_EVENT_SENT_KEY:
        if (attempt->offered == 0) { /* "Trying private key:", and it was sent */
            attempt->offered = 1;
            name_key(attempt, attempt->asked_file, SPF_KEY_OFFERED);
        }
        break;
    case SPF_EVENT_ACCEPTED:
        take_acceptance(attempt, match);
        break;
    case SPF_EVENT_REFUSED:
        attempt->offered += attempt->offered == 0;
        attempt->refused++;
        spf_attempt_reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_SIGNATURE_REFUSED:
        attempt->accepted = attempt->signature_refused = true;
        spf_attempt_reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_UNSIGNED:
        attempt->unsigned_key |= attempt->accepted && !attempt->signature_refused;
        break;
    case SPF_EVENT_ASKS_PASSWORD:
        if (attempt->host_key == SPF_HOST_ASKED) {
            attempt->host_key = SPF_HOST_TAKEN;
        }
        attempt->asks_password = true;
        if (attempt->user[0] == '\0') { /* "USER@HOST's password:" */
            spf_login_at(match->line, strstr(match->line, "'s password"), attempt);
        }
        spf_attempt_reach(attempt, SPF_STAGE_USER_AUTH);
        break;
    case SPF_EVENT_DENIED:
        take_denied(attempt, match);
        break;
    case SPF_EVENT_DISCONNECT:
        spf_clean(attempt->disconnect, sizeof attempt->disconnect, match->rest,
                  strlen(match->rest));
        attempt->closed = true;
        break;
    case SPF_EVENT_AUTHENTICATED:
        take_authenticated(attempt, match);
        break;
    default:
        break;
    }
}

void spf_take_session(struct spf_attempt *attempt, const struct spf_match *match)
{
    switch (match->row->event) {
    case SPF_EVENT_SESSION:
        if (!attempt->denied) {
            attempt->in_somehow |= !attempt->in;
            attempt->in = true;
            spf_attempt_reach(attempt, SPF_STAGE_IN);
        }
        break;
    case SPF_EVENT_EXIT:
        attempt->exit_status = strtol(match->rest, NULL, 10);
        break;
    default:
        break;
    }
}
