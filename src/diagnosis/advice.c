#include "diagnosis/advice.h"

#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "diagnosis/predicates.h"
#include "pipeline/slots.h"
#include "platform/shell.h"

#define LINE_MAX_BYTES 4000

/* The template with its values, to be freed; NULL where one is missing or does not fit. */
static char *expanded(const struct spf_run *run, enum spf_check_id check, const char *template,
                      enum spf_slot_use use)
{
    struct spf_view view = spf_view_of(run);
    struct spf_buf buf;

    if (template == NULL) {
        return NULL;
    }
    spf_buf_init(&buf, LINE_MAX_BYTES);
    if (!spf_slots_expand(&buf, template, use, &view, &run->results[check])) {
        spf_buf_clear(&buf);
        return NULL;
    }
    return spf_buf_take(&buf);
}

static bool is_given_already(const spf_advice_list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].text, text) == 0) {
            return true;
        }
    }
    return false;
}

/* A line about the key's file: of a key from standard input there is none. */
static bool needs_file(const struct spf_run *run, enum spf_check_id check,
                       const struct spf_remedy *remedy)
{
    return check <= SPF_CHECK_KEY_FORMAT && run->target->key_path != NULL &&
           strcmp(run->target->key_path, "-") == 0 && remedy->command != NULL;
}

/* A line that only a POSIX shell takes: on Windows nobody is given it. */
static bool is_for_posix(const char *line)
{
    static const char *const words[] = {"umask ",         "chmod ", "chown ", "sudo ",   "ls ",
                                        "mkdir ",         "mv ",    "cp ",    "export ", "eip=$(",
                                        "SSH_AUTH_SOCK= "};

    for (size_t i = 0; line != NULL && i < sizeof words / sizeof *words; i++) {
        const char *found = strstr(line, words[i]);

        if (found != NULL && (found == line || strchr(" (", found[-1]) != NULL)) {
            return true;
        }
    }
    return false;
}

static bool is_on_windows(const struct spf_run *run, enum spf_check_id check)
{
    char *there = expanded(run, check, "{?windows}yes", SPF_SLOT_TEXT);

    free(there);
    return there != NULL;
}

/* The catalogue names Session Manager wherever a remedy is, or can be, carried out inside. */
static bool is_done_inside(const struct spf_remedy *remedy)
{
    return strstr(remedy->text, "Session Manager");
}

bool spf_is_done_inside(enum spf_finding finding)
{
    for (const struct spf_remedy *remedy = spf_findings[finding].remedies; remedy->text != NULL;
         remedy++) {
        if (is_done_inside(remedy)) {
            return true;
        }
    }
    return false;
}

/* As a report has said them. */
static void repeat(const spf_advice_list *said, spf_advice_list *list)
{
    for (size_t i = 0; i < said->count; i++) {
        const struct spf_advice *one = &said->items[i];
        struct spf_advice *advice = SPF_APPEND(list);

        if (advice == NULL) {
            return;
        }
        *advice =
            (struct spf_advice){one->cause, strdup(one->text),
                                one->command != NULL ? strdup(one->command) : NULL, one->impact};
        if (advice->text == NULL) {
            free(advice->command);
            list->count--;
        }
    }
}

void spf_advise(const struct spf_run *run, enum spf_check_id check, enum spf_finding finding,
                spf_advice_list *list)
{
    bool open =
        spf_facts_have(&run->facts, SPF_GROUP_ASSISTANT) && run->facts.assistant->session_manager;
    const bool windows = is_on_windows(run, check);

    if (run->said != NULL) {
        repeat(&run->said[check].remedies, list);
        return;
    }
    for (const struct spf_remedy *remedy = spf_findings[finding].remedies; remedy->text != NULL;
         remedy++) {
        if (windows && is_for_posix(remedy->command)) {
            continue;
        }
        const char *line = remedy->command == NULL && open && is_done_inside(remedy)
                               ? "{session_line}"
                               : remedy->command;
        char *text = expanded(run, check, remedy->text, SPF_SLOT_TEXT);
        char *command = expanded(run, check, line, SPF_SLOT_COMMAND);
        struct spf_advice *advice;

        if (text == NULL || is_given_already(list, text) ||
            (needs_file(run, check, remedy) && command == NULL) ||
            (advice = SPF_APPEND(list)) == NULL) {
            free(text);
            free(command);
            continue;
        }
        *advice = (struct spf_advice){finding, text, command, remedy->impact};
    }
}

void spf_advice_clear(spf_advice_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].text);
        free(list->items[i].command);
    }
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

/* The last of a path's names; on Windows either slash comes before it. */
static const char *name_in(const char *path, bool windows)
{
    const char *name = path;

    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '/' || (windows && *at == '\\')) {
            name = at + 1;
        }
    }
    return name;
}

/* "key.pem" with another ending; "keys.d/prod" keeps its dots. */
static char *with_ending(const char *path, const char *ending, bool windows)
{
    const char *name = name_in(path, windows);
    const char *dot = strrchr(name, '.');
    size_t stem = dot != NULL && dot != name ? (size_t)(dot - path) : strlen(path);
    char *out = malloc(stem + strlen(ending) + 1);

    if (out != NULL) {
        memcpy(out, path, stem);
        memcpy(out + stem, ending, strlen(ending) + 1);
    }
    return out;
}

static bool is_pkcs8(enum spf_key_container container)
{
    return container == SPF_CONTAINER_PKCS8 || container == SPF_CONTAINER_PKCS8_ENCRYPTED;
}

/* What makes other, for PuTTY, of the key; a POSIX shell's puttygen has options, Windows' a window.
 */
static void add_preparation(struct spf_buf *buf, const struct spf_key_facts *key,
                            const char *certificate, const char *key_word, const char *other_word,
                            bool windows)
{
    if (windows) {
        spf_buf_addf(buf, "winscp.com /keygen %s /output=%s", key_word, other_word);
    } else if (is_pkcs8(key->container)) {
        spf_buf_addf(buf,
                     "(umask 077 && openssl pkey -traditional -in %s -out %s.tmp) && puttygen "
                     "%s.tmp -o %s",
                     key_word, other_word, other_word, other_word);
    } else {
        spf_buf_addf(buf, "puttygen %s -o %s", key_word, other_word);
    }
    if (certificate != NULL) { /* since PuTTY 0.78 */
        spf_buf_addstr(buf, " --certificate ");
        spf_buf_add_path(buf, certificate);
    }
    if (!windows && is_pkcs8(key->container)) {
        spf_buf_addf(buf, " && rm %s.tmp", other_word);
    }
}

/* What to enter in PuTTY's window, and where; false: that is not known. */
static bool add_settings(struct spf_buf *buf, const struct spf_view *view,
                         const struct spf_result *auth, const char *own, const char *other)
{
    const bool as_it_is = spf_key_is_for_putty(view->facts->key);
    bool good;

    if (!as_it_is) {
        spf_buf_addf(buf, _("PuTTYgen: Conversions > Import key: %s; Save private key: %s"), own,
                     other);
        spf_buf_addstr(buf, "; ");
    }
    good = spf_slots_expand(
        buf,
        _("PuTTY: Session: Host Name {host}, Port {port}; Connection > Data: Auto-login username "
          "{user}; Connection > SSH > Auth > Credentials: Private key file "),
        SPF_SLOT_TEXT, view, auth);
    spf_buf_addstr(buf, as_it_is ? own : other);
    return good;
}

/* May PuTTY use the key, or what puttygen makes of it? */
static bool has_putty(const struct spf_key_facts *key, bool windows)
{
    return key->container != SPF_CONTAINER_PUBLIC &&
           !(is_pkcs8(key->container) && (windows || strcmp(key->algorithm, "ssh-ed25519") == 0));
}

struct lines {
    struct spf_view view;
    const struct spf_result *auth;
    const char *own;   /* the key file */
    const char *other; /* what is made of it for the other program */
    struct spf_buf own_word;
    struct spf_buf other_word;
    bool windows;
};

static void add_ssh_line(const struct lines *lines, struct spf_diagnosis *d)
{
    struct spf_target target = *lines->view.target;
    struct spf_view view = lines->view;
    struct spf_buf ssh;

    spf_buf_init(&ssh, LINE_MAX_BYTES);
    view.target = &target;
    if (spf_key_is_for_putty(view.facts->key)) {
        spf_buf_addf(&ssh, "puttygen %s -O private-openssh -o %s && ", lines->own_word.data,
                     lines->other_word.data);
        target.key_path = lines->other;
    }
    if (!(lines->windows && spf_key_is_for_putty(view.facts->key)) &&
        spf_slots_expand(&ssh, "{ssh}", SPF_SLOT_COMMAND, &view, lines->auth)) {
        d->openssh = spf_buf_take(&ssh);
    }
    spf_buf_clear(&ssh);
}

static void add_putty_lines(const struct lines *lines, struct spf_diagnosis *d)
{
    const struct spf_key_facts *key = lines->view.facts->key;
    const struct spf_target *target = lines->view.target;
    const bool as_it_is = spf_key_is_for_putty(key);
    const bool by_certificate = lines->view.facts->query->of_certificate;
    const char *certificate = by_certificate ? key->certificate : NULL;
    struct spf_buf putty;
    struct spf_buf prepare;
    struct spf_buf settings;

    /* the certificate logs in, which PuTTY takes from within its own file */
    if (by_certificate && (as_it_is || lines->windows || key->certificate[0] == '\0')) {
        return;
    }
    /* PuTTY keeps jump hosts and proxies in a saved session, not on its command line */
    if (!has_putty(key, lines->windows) || spf_target_is_proxied(target)) {
        return;
    }
    spf_buf_init(&putty, LINE_MAX_BYTES);
    spf_buf_init(&prepare, LINE_MAX_BYTES);
    spf_buf_init(&settings, LINE_MAX_BYTES);
    spf_buf_addf(&putty, "plink -i %s ", as_it_is ? lines->own_word.data : lines->other_word.data);
    if (target->port != 22) {
        spf_buf_addf(&putty, "-P %u ", (unsigned)target->port);
    }
    if (spf_slots_expand(&putty, "{user}@{host}", SPF_SLOT_COMMAND, &lines->view, lines->auth)) {
        d->putty = spf_buf_take(&putty);
        if (!as_it_is) {
            add_preparation(&prepare, key, certificate, lines->own_word.data,
                            lines->other_word.data, lines->windows);
            d->putty_prepare = spf_buf_take(&prepare);
        }
        if (lines->windows &&
            add_settings(&settings, &lines->view, lines->auth, lines->own, lines->other)) {
            d->putty_settings = spf_buf_take(&settings);
        }
    }
    spf_buf_clear(&putty);
    spf_buf_clear(&prepare);
    spf_buf_clear(&settings);
}

/*
 * Two files: what ssh takes and what PuTTY takes, and the line that makes the one from the other.
 * puttygen 0.78 reads PKCS#1, SEC1 and OpenSSH containers; PKCS#8 it refuses ("unrecognised key
 * type"), so openssl makes a traditional one first. For Ed25519 there is none, and of a public key
 * no other file can be made: then there are no lines for PuTTY. On Windows puttygen has a window
 * and no options: WinSCP's converter takes its place, and for ssh there is no line that converts.
 */
void spf_connect_lines(const struct spf_run *run, struct spf_diagnosis *d)
{
    struct lines lines = {
        .view = {run->target, &run->facts, run->results},
        .auth = &run->results[SPF_CHECK_SSH_AUTH],
        .own = run->target->key_path,
        .windows = is_on_windows(run, SPF_CHECK_SSH_AUTH),
    };
    char *other;

    if (lines.own == NULL && d->verdict == SPF_VERDICT_PASS) { /* by the agent's key */
        add_ssh_line(&lines, d);
    }
    if (lines.own == NULL || strcmp(lines.own, "-") == 0) {
        return;
    }
    other = with_ending(lines.own, spf_key_is_for_putty(run->facts.key) ? ".pem" : ".ppk",
                        lines.windows);
    if (other == NULL) {
        return;
    }
    lines.other = other;
    spf_buf_init(&lines.own_word, LINE_MAX_BYTES);
    spf_buf_init(&lines.other_word, LINE_MAX_BYTES);
    spf_buf_add_path(&lines.own_word, lines.own);
    spf_buf_add_path(&lines.other_word, lines.other);
    add_ssh_line(&lines, d);
    add_putty_lines(&lines, d);
    spf_buf_clear(&lines.own_word);
    spf_buf_clear(&lines.other_word);
    free(other);
}
