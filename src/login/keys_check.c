#include "login/keys_check.h"

#include <string.h>

#include "base/json_build.h"
#include "base/text.h"
#include "openssh/version.h"

#define NAMED_MAX 4 /* keys in a sentence; the evidence has all */

/* Who would offer them. */
static const char *client(const struct spf_view *view)
{
    return view->target->no_openssh ? "PuTTY" : "ssh";
}

static const char *answer_word(const struct spf_query_facts *query, size_t offer)
{
    for (size_t i = 0; i < query->asked.count; i++) {
        if (query->asked.items[i].offer != (int64_t)offer) {
            continue;
        }
        switch (query->asked.items[i].outcome) {
        case SPF_AUTH_ACCEPTED:
            return "accepted";
        case SPF_AUTH_REFUSED:
            return "refused";
        case SPF_AUTH_LOCAL_REFUSAL:
            return "no common algorithm";
        default:
            return "no answer";
        }
    }
    return "not asked";
}

static void add_key(struct spf_buf *buf, const struct spf_ssh_offer *offer)
{
    if (offer->certificate[0] != '\0' && offer->path[0] != '\0') {
        spf_buf_addf(buf, "%s (certificate)", offer->certificate);
    } else if (offer->path[0] != '\0') {
        spf_buf_addstr(buf, offer->path);
    } else {
        spf_buf_addf(buf, "the agent's %s %.18s...%s", offer->algorithm, offer->sha256,
                     offer->certificate[0] != '\0' ? " (certificate)" : "");
    }
}

void spf_keys_note(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;
    struct json_object *list;

    if (view->facts->query->asked.count == 0) {
        return;
    }
    list = spf_json_array();
    for (size_t i = 0; i < config->offers.count; i++) {
        const struct spf_ssh_offer *offer = &config->offers.items[i];
        struct json_object *item = spf_json_object();

        spf_json_add(item, "file", offer->path[0] != '\0' ? spf_clean_json(offer->path) : NULL);
        spf_json_add(item, "certificate",
                     offer->certificate[0] != '\0' ? spf_clean_json(offer->certificate) : NULL);
        spf_json_add(item, "in_agent", spf_json_boolean(offer->in_agent));
        spf_json_add(item, "fingerprint_sha256",
                     offer->sha256[0] != '\0' ? spf_clean_json(offer->sha256) : NULL);
        spf_json_add(item, "answer", spf_json_string(answer_word(view->facts->query, i)));
        spf_json_append(list, item);
    }
    spf_note_json(result, "keys", list);
}

/* The first key that ssh would offer and can sign with, and the server was not asked about; NULL:
 * none. */
static const struct spf_ssh_offer *first_unasked(const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;

    for (size_t i = 0; i < config->offers.count; i++) {
        if (!config->offers.items[i].skipped &&
            strcmp(answer_word(view->facts->query, i), "not asked") == 0) {
            return &config->offers.items[i];
        }
    }
    return NULL;
}

/* The one that was given, where it was not reached; else the first that was not. */
static const struct spf_ssh_offer *missed(const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;
    const struct spf_ssh_offer *given =
        spf_target_has_typed_key(view->target) ? view->target->offer : NULL;

    return given != NULL && !given->skipped &&
                   strcmp(answer_word(view->facts->query, (size_t)(given - config->offers.items)),
                          "not asked") == 0
               ? given
               : first_unasked(view);
}

/* "a, b and 3 more" */
static void add_refused(struct spf_buf *buf, const struct spf_view *view)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;
    const struct spf_query_facts *query = view->facts->query;
    size_t named = 0;

    for (size_t i = 0; i < query->asked.count && named < NAMED_MAX; i++) {
        const int64_t offer = query->asked.items[i].offer;

        if (offer < 0 || (uint64_t)offer >= config->offers.count) {
            continue; /* a record may say anything */
        }
        spf_buf_addstr(buf, named++ > 0 ? ", " : "");
        add_key(buf, &config->offers.items[offer]);
    }
    if (query->asked.count > named) {
        spf_buf_addf(buf, " and %zu more", query->asked.count - named);
    }
}

static void note_next(const struct spf_ssh_offer *next, struct spf_result *result)
{
    if (next->certificate[0] != '\0' && next->path[0] != '\0') {
        spf_note_text(result, "certificate_file", next->certificate);
    } else if (next->path[0] != '\0') {
        result->next_key = next->path;
        spf_note_text(result, "next_key_file", next->path);
    }
}

/* Of PuTTY, which has one: the file that it could not use. */
static void note_skipped(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_ssh_config_facts *config = view->facts->ssh_config;

    if (view->target->no_openssh && config->identities.count > 0 &&
        config->identities.items[0].path != NULL) {
        spf_note_text(result, "skipped_key_file", config->identities.items[0].path);
    }
}

bool spf_keys_judge_refusal(const struct spf_view *view, struct spf_result *result,
                            struct spf_opinion *opinion)
{
    const struct spf_query_facts *query = view->facts->query;
    const struct spf_ssh_offer *next = missed(view);
    const bool cut = strstr(query->error, "Too many authentication failures") != NULL;
    struct spf_buf names;
    struct spf_buf after;

    if (query->asked.count == 0) {
        return false;
    }
    spf_buf_init(&names, 3000);
    spf_buf_init(&after, 1200);
    add_refused(&names, view);
    note_skipped(view, result);
    if (next != NULL) {
        note_next(next, result);
        add_key(&after, next);
    }
    if (cut && next != NULL && query->asked.count == 1) {
        spf_say(result,
                "the server cuts ssh off after one key that it does not accept for %s, before %s "
                "is offered",
                view->target->user, after.data);
        *opinion = spf_concludes(SPF_AUTH_TOO_MANY);
    } else if (cut && next != NULL) {
        spf_say(result,
                "the server cuts %s off after %zu keys that it does not accept for %s, before %s "
                "is offered",
                client(view), query->asked.count, view->target->user, after.data);
        *opinion = spf_concludes(SPF_AUTH_TOO_MANY);
    } else if (next != NULL && next->beyond_us) {
        spf_say(result,
                "the server accepts none of these keys for %s: %s; %s would also offer %s, of a "
                "type that this program does not have",
                view->target->user, names.data, client(view), after.data);
        *opinion = spf_lowered(SPF_AUTH_KEY_REFUSED, SPF_UNKNOWN);
    } else if (next != NULL) {
        spf_say(result,
                "the server accepts none of these keys for %s: %s; %s would also offer %s, once "
                "its passphrase is entered",
                view->target->user, names.data, client(view), after.data);
        *opinion = spf_lowered(SPF_AUTH_KEY_REFUSED, SPF_UNKNOWN);
    } else {
        if (query->asked.count > 1) {
            spf_say(result,
                    "the server accepts none of the %zu keys that %s would offer for %s: %s",
                    query->asked.count, client(view), view->target->user, names.data);
        }
        *opinion = spf_concludes(SPF_AUTH_KEY_REFUSED);
    }
    spf_buf_clear(&names);
    spf_buf_clear(&after);
    return true;
}

/* How many that were not asked about here ssh would offer before the accepted key. */
static size_t untried_before(const struct spf_view *view)
{
    const int64_t accepted = spf_query_accepted(view->facts->query);
    size_t count = 0;

    for (int64_t i = 0; i < accepted && (uint64_t)i < view->facts->ssh_config->offers.count; i++) {
        count += strcmp(answer_word(view->facts->query, (size_t)i), "not asked") == 0;
    }
    return count;
}

/*
 * ssh offers the keys of an agent before the file's, unless the agent holds the file's too
 * (sshconnect2.c, pubkey_prepare); a server cuts it off at the sixth that it does not take
 * (MaxAuthTries, default 6). Since 10.6 sshd lets six refused queries go by before it counts them
 * (PubkeyAuthOptions max-pk-ok:6).
 */
int64_t spf_keys_too_many(const struct spf_view *view)
{
    const int64_t version = spf_openssh_version_of(view->facts->identification->software);
    const int64_t tries = version >= 1006 ? 12 : 6;
    const struct spf_key_facts *key = view->facts->key;
    int64_t before = key->in_agent ? 0 : key->agent_keys;

    if ((view->target->key_configured || view->target->offer != NULL) &&
        view->facts->ssh_config->offers.count > 0) {
        before = (int64_t)untried_before(view);
    }
    /* PuTTY offers of an agent's keys the file's only (putty/ssh/userauth2-client.c), and a PPK
     * is for PuTTY, unless it was ssh that was given it */
    if (view->target->no_openssh ||
        (spf_key_is_for_putty(key) && !view->target->openssh_typed &&
         !view->target->key_configured) ||
        (view->target->ssh_config != NULL && view->facts->ssh_config->identities_only)) {
        return 0;
    }
    return before >= tries ? before : 0;
}

void spf_keys_say_accepted(const struct spf_view *view, struct spf_result *result)
{
    const struct spf_query_facts *query = view->facts->query;
    const int64_t accepted = spf_query_accepted(query);
    const size_t untried = untried_before(view);
    struct spf_buf name;
    size_t refused = 0; /* not those that it accepted, and ssh can't sign with */

    if (accepted < 0 || (uint64_t)accepted >= view->facts->ssh_config->offers.count) {
        return;
    }
    for (size_t i = 0; i < query->asked.count && query->asked.items[i].offer != accepted; i++) {
        refused += query->asked.items[i].outcome != SPF_AUTH_ACCEPTED;
    }
    spf_buf_init(&name, 1200);
    add_key(&name, &view->facts->ssh_config->offers.items[accepted]);
    if (spf_key_agent_signs(view->facts->key)) {
        spf_buf_addstr(&name, ", signed by the ssh-agent");
    }
    if (untried > 0 && refused == 0) {
        spf_say(result, "key accepted for %s: %s (%s would offer %zu other%s first)",
                view->target->user, name.data, client(view), untried, untried == 1 ? "" : "s");
    } else if (refused > 0) {
        spf_say(result, "key accepted for %s: %s (the server refused %zu other%s before it)",
                view->target->user, name.data, refused, refused == 1 ? "" : "s");
    } else {
        spf_say(result, "key accepted for %s: %s", view->target->user, name.data);
    }
    spf_buf_clear(&name);
}
