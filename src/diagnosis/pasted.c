#include "diagnosis/pasted.h"

#include <string.h>

#include "base/text.h"
#include "diagnosis/pasted_words.h"

#define LINE_MAX_READ 2000

/* What is "administratively prohibited" is a session or a forwarding; the next line tells which. */
static const struct phrase forwarding_refused = {
    "", NULL, DECIDES, SPF_JUMP_FORWARDING_REFUSED, {0}};

/* What ends a connection means another thing behind the login. */
static const struct phrase ended_inside = {
    "", NULL, DECIDES, SPF_NO_FINDING, {SPF_SESSION_REFUSED, SPF_SESSION_NO_SHELL}};

struct reading {
    const struct phrase *decided; /* by DECIDES, SUGGESTS or DENIED */
    const struct phrase *trouble; /* the first with the key file */
    char trouble_line[300];
    unsigned offered, from_agent;
    bool identified, unusable, accepted, answered, partial, no_algorithm, methods_seen,
        methods_lack_ours;
    bool methods_named;        /* by the line that decided; plink's does not */
    bool queries_mean_nothing; /* TinySSH says yes to each, and judges only the signature */
};

/* The line "debug1: Authentications that can continue: …", or "Permission denied (…)". */
static bool lacks_publickey(const char *methods)
{
    return strncmp(methods, "publickey", 9) != 0 && strstr(methods, ",publickey") == NULL;
}

static void keep_line(char out[300], const char *line)
{
    spf_clean(out, 300, line, strlen(line));
}

static void decide(struct reading *reading, const struct phrase *phrase, const char *line,
                   struct spf_pasted *pasted)
{
    reading->decided = phrase;
    pasted->logged_in = false;
    keep_line(pasted->line, line);
}

static void decide_first(struct reading *reading, const struct phrase *phrase, const char *line,
                         struct spf_pasted *pasted)
{
    if (reading->decided == NULL)
        decide(reading, phrase, line, pasted);
}

static void take_line(struct reading *reading, const char *line, struct spf_pasted *pasted)
{
    const char *behind = "";
    const struct phrase *phrase = spf_pasted_phrase(line, &behind);

    if (phrase == NULL)
        return;
    switch (phrase->effect) {
    case DECIDES:
        decide(reading, phrase, line, pasted);
        break;
    case SUGGESTS:
        if (reading->decided == NULL)
            decide(reading, pasted->logged_in ? &ended_inside : phrase, line, pasted);
        break;
    case KEY_TROUBLE:
        /* an encrypted key is asked for, and then its passphrase is wrong: the later says more */
        if (reading->trouble == NULL || reading->trouble->cause == SPF_KEY_ENCRYPTED) {
            reading->trouble = phrase;
            keep_line(reading->trouble_line, line);
        }
        break;
    case FROM_AGENT:
        reading->from_agent++;
        reading->offered++;
        break;
    case OFFERED:
        reading->offered++;
        break;
    case UNSIGNED:
        reading->unusable = reading->accepted && !reading->answered;
        break;
    case EXITED:
        if (behind[0] != '0' && pasted->logged_in && reading->decided == NULL)
            decide(reading, phrase, line, pasted);
        break;
    case ACCEPTED:
        reading->accepted = !reading->queries_mean_nothing;
        break;
    case PARTIAL:
        reading->partial = true;
        break;
    case NO_ALGORITHM:
        reading->no_algorithm = true;
        decide_first(reading, phrase, line, pasted);
        break;
    case REFUSED:
        reading->offered++;
        decide_first(reading, phrase, line, pasted);
        break;
    case ASKS:
        decide_first(reading, phrase, line, pasted);
        break;
    case FORWARDED:
        if (reading->decided != NULL &&
            reading->decided->candidates[0] == SPF_JUMP_FORWARDING_REFUSED)
            reading->decided = &forwarding_refused; /* the line before says why */
        decide_first(reading, phrase, line, pasted);
        break;
    case CONTINUES:
        reading->answered = reading->accepted; /* of the signature, that is */
        if (!reading->partial) {
            reading->methods_seen = true;
            reading->methods_lack_ours = lacks_publickey(behind);
        }
        break;
    case IDENTIFIED:
        reading->identified = true;
        reading->queries_mean_nothing = strstr(behind, "tinyssh_") != NULL;
        break;
    case DENIED:
        reading->methods_named = behind[-1] == '(' || behind[-1] == ' ';
        if (!reading->methods_seen)
            reading->methods_lack_ours = lacks_publickey(behind);
        decide(reading, phrase, line, pasted);
        break;
    case AUTHENTICATED:
        pasted->logged_in = true;
        reading->decided = NULL;
        keep_line(pasted->line, line);
        break;
    case CONNECTS:
        reading->decided = NULL;
        reading->identified = reading->unusable = reading->answered = reading->accepted =
            reading->partial = reading->no_algorithm = false;
        reading->methods_seen = reading->methods_lack_ours = false;
        reading->offered = reading->from_agent = 0;
        pasted->logged_in = false;
        break;
    }
}

static void suggest(struct spf_pasted *pasted, const enum spf_finding *candidates)
{
    pasted->count = 0;
    while (pasted->count < SPF_PASTED_CANDIDATES && candidates[pasted->count] != SPF_NO_FINDING) {
        pasted->candidates[pasted->count] = candidates[pasted->count];
        pasted->count++;
    }
}

/* "Permission denied (publickey)" is said for a dozen causes; what came before it tells some apart.
 */
static void judge_denial(const struct reading *reading, struct spf_pasted *pasted)
{
    static const enum spf_finding refused[SPF_PASTED_CANDIDATES] = {
        SPF_KEY_PAIR_DIFFERENT,      SPF_USER_NOT_OF_IMAGE,     SPF_KEY_PAIR_NOT_INSTALLED,
        SPF_AUTHORIZED_KEYS_IGNORED, SPF_USER_NOT_ALLOWED,      SPF_KEY_LINE_EXCLUDES,
        SPF_KEY_AGAINST_POLICY,      SPF_AUTH_ALGORITHM_REFUSED};
    static const enum spf_finding any[SPF_PASTED_CANDIDATES] = {
        SPF_KEY_PAIR_DIFFERENT,    SPF_USER_NOT_OF_IMAGE,       SPF_KEY_PAIR_NOT_INSTALLED,
        SPF_AUTH_LOGIN_REFUSED,    SPF_AUTHORIZED_KEYS_IGNORED, SPF_KEY_ENCRYPTED,
        SPF_USER_NOT_ALLOWED,      SPF_KEY_LINE_EXCLUDES,       SPF_KEY_AGAINST_POLICY,
        SPF_AUTH_ALGORITHM_REFUSED};
    static const enum spf_finding methods[SPF_PASTED_CANDIDATES] = {SPF_AUTH_PUBLICKEY_DISABLED,
                                                                    SPF_AUTH_SECOND_FACTOR};

    if (reading->partial) {
        pasted->cause = SPF_AUTH_SECOND_FACTOR;
    } else if (reading->methods_lack_ours && reading->methods_seen) {
        pasted->cause = SPF_AUTH_PUBLICKEY_DISABLED;
    } else if (reading->methods_lack_ours && reading->offered == 0 &&
               (reading->methods_named || reading->trouble == NULL)) {
        suggest(pasted, methods);
    } else if (reading->trouble != NULL) {
        pasted->cause = reading->trouble->cause;
        suggest(pasted, reading->trouble->candidates);
        (void)spf_copy(pasted->line, sizeof pasted->line, reading->trouble_line);
    } else if (reading->no_algorithm) {
        pasted->cause = SPF_AUTH_ALGORITHM_REFUSED;
    } else if (reading->unusable) { /* the public half was beside it, the private one is locked */
        pasted->cause = SPF_KEY_ENCRYPTED;
    } else if (reading->accepted) {
        pasted->cause = SPF_AUTH_LOGIN_REFUSED;
    } else if (reading->offered > 0) {
        pasted->cause = SPF_AUTH_KEY_REFUSED;
        suggest(pasted, refused);
    } else {
        suggest(pasted, any);
    }
}

static bool judge(const struct reading *reading, struct spf_pasted *pasted)
{
    const struct phrase *phrase = reading->decided;

    if (phrase == NULL && reading->trouble != NULL && !pasted->logged_in) {
        phrase = reading->trouble;
        (void)spf_copy(pasted->line, sizeof pasted->line, reading->trouble_line);
    }
    if (phrase == NULL)
        return pasted->logged_in;
    if (phrase->effect == DENIED || phrase->effect == REFUSED || phrase->effect == ASKS ||
        phrase->effect == NO_ALGORITHM) {
        judge_denial(reading, pasted);
        return true;
    }
    pasted->cause = phrase->cause;
    suggest(pasted, phrase->candidates);
    if (phrase->cause == SPF_AUTH_TOO_MANY && reading->from_agent > 1) {
        pasted->cause = SPF_AGENT_KEYS_TOO_MANY;
        pasted->count = 0;
    } else if (phrase->cause == SPF_AUTH_TOO_MANY && reading->accepted && !reading->answered) {
        pasted->cause = SPF_AUTH_LOGIN_REFUSED; /* and this is its last try's answer */
        pasted->count = 0;
    } else if (phrase->cause == SPF_AUTH_TOO_MANY && reading->offered == 1) {
        pasted->cause = SPF_AUTH_KEY_REFUSED; /* MaxAuthTries 1 says no in this way */
        pasted->count = 0;
    }
    /* where -v shows how far it had come, the end has a name */
    if (phrase->effect == SUGGESTS && phrase->cause == SPF_NO_FINDING && reading->identified &&
        phrase->candidates[0] != SPF_HOST_KEY_UNKNOWN) {
        pasted->cause = reading->methods_seen || reading->offered > 0 || reading->accepted
                            ? SPF_AUTH_DISCONNECTED
                            : SPF_HANDSHAKE_FAILED;
        pasted->count = 0;
    }
    return true;
}

struct source {
    const char *text;
    size_t len, at;
    int order; /* of UTF-16, which PowerShell's > writes */
};

/* The next character as UTF-8 into out; how many bytes that is, 0 at the end. */
static size_t next_character(struct source *source, char out[3])
{
    unsigned c;

    if (source->order == 0) {
        if (source->at >= source->len)
            return 0;
        out[0] = source->text[source->at++];
        return 1;
    }
    if (source->len - source->at < 2)
        return 0;
    c = (unsigned)(unsigned char)source->text[source->at + (source->order == 1)] << 8 |
        (unsigned char)source->text[source->at + (source->order == 2)];
    source->at += 2;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | c >> 12); /* half of a pair is shown as what it is: not a character */
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    return 3;
}

bool spf_pasted_read(const char *text, size_t len, struct spf_pasted *pasted)
{
    struct source source = {text, len, 0, spf_utf16_order((const uint8_t *)text, len)};
    struct reading reading = {0};
    char line[LINE_MAX_READ + 1], piece[3];
    size_t size = 0, bytes;

    *pasted = (struct spf_pasted){0};
    if (source.order != 0 && ((unsigned char)text[0] | (unsigned char)text[1]) == 0xff)
        source.at = 2; /* the byte order mark: FF and FE */
    do {
        bytes = next_character(&source, piece);
        if (bytes > 0 && piece[0] != '\n' && piece[0] != '\r') {
            if (size + bytes <= LINE_MAX_READ) {
                memcpy(line + size, piece, bytes);
                size += bytes;
                if (line[size - 1] == '\0')
                    line[size - 1] = ' ';
            }
            continue;
        }
        line[size] = '\0';
        take_line(&reading, line, pasted);
        size = 0;
    } while (bytes > 0);
    return judge(&reading, pasted);
}
