#include "transcript/attempt.h"

#include <string.h>

#include "base/language.h"
#include "base/text.h"
#include "pipeline/check.h"

static const char unnamed_jump[] = N_("that is not named");

void spf_attempt_begin(struct spf_attempt *attempt, int64_t line)
{
    *attempt = (struct spf_attempt){
        .first_line = line, .exit_status = -1, .ended = {.check = SPF_CHECK_COUNT}};
}

bool spf_attempt_is_over(const struct spf_attempt *attempt)
{
    return attempt->ended.check != SPF_CHECK_COUNT || attempt->tcp != NULL ||
           attempt->banner != NULL || attempt->denied || attempt->closed || attempt->too_many ||
           attempt->session_closed || attempt->host_key >= SPF_HOST_UNKNOWN_REFUSED ||
           attempt->no_common != NULL || attempt->kex_broken || attempt->kex_timeout;
}

void spf_attempt_begin_next(struct spf_attempt *attempt, int64_t line,
                            struct spf_transcript_facts *facts)
{
    struct spf_attempt next;

    spf_attempt_begin(&next, line);
    memcpy(next.client, attempt->client, sizeof next.client);
    next.windows = attempt->windows;
    memcpy(next.key_file, attempt->key_file, sizeof next.key_file);
    next.key_named = attempt->key_named == SPF_KEY_TYPED ? SPF_KEY_TYPED : SPF_KEY_UNNAMED;
    memcpy(next.user, attempt->user, sizeof next.user);
    memcpy(next.proxy, attempt->proxy, sizeof next.proxy);
    memcpy(next.hops, attempt->hops, sizeof next.hops);
    next.hop_count = attempt->hop_count;
    next.hops_in = attempt->hops_in;
    next.keys_absent = attempt->keys_absent;
    next.keys_found = attempt->keys_found;
    next.keys_listed = attempt->keys_listed;
    memcpy(next.listed_file, attempt->listed_file, sizeof next.listed_file);
    *attempt = next;
    facts->attempts++;
}

void spf_attempt_reach(struct spf_attempt *attempt, enum spf_stage stage)
{
    if (attempt->stage < stage) {
        attempt->stage = stage;
    }
}

/* The hop that is being logged in to; NULL: none is known. */
static const struct spf_hop *hop_now(const struct spf_attempt *attempt)
{
    unsigned in = attempt->hops_in;

    if (attempt->hop_count == 0) {
        return NULL;
    }
    return &attempt->hops[in < attempt->hop_count ? attempt->hop_count - 1 - in : 0];
}

static void name_target(struct spf_attempt *attempt)
{
    spf_copy(attempt->host, sizeof attempt->host, attempt->typed_host);
    if (attempt->hop_count > 0) {
        spf_copy(attempt->host, sizeof attempt->host, attempt->hops[0].host);
        attempt->port = attempt->hops[0].port;
    }
    attempt->address[0] = '\0';
}

void spf_attempt_lacks_jump(struct spf_attempt *attempt, const char *name, const char *word)
{
    static const char *const causes[][2] = {
        {"refused", "port-refused"},
        {"silent", "port-silent"},
        {"unreachable", "port-unreachable"},
        {"unresolved", "host-unresolved"},
    };

    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
        if (strcmp(causes[i][0], word) == 0) {
            spf_copy(attempt->jump_cause, sizeof attempt->jump_cause, causes[i][1]);
        }
    }
    spf_copy(attempt->jump, sizeof attempt->jump, name[0] != '\0' ? name : spf_tr(unnamed_jump));
    attempt->tcp = "jump";
    name_target(attempt);
}

void spf_attempt_passes_hops(struct spf_attempt *attempt)
{
    size_t len = 0;

    for (unsigned i = attempt->hop_count; i-- > 0 && len + 1 < sizeof attempt->jump;) {
        spf_format(attempt->jump + len, sizeof attempt->jump - len, "%s%s", len > 0 ? "," : "",
                   attempt->hops[i].name);
        len = strlen(attempt->jump);
    }
}

void spf_attempt_behind_jump(struct spf_attempt *attempt)
{
    const struct spf_hop *hop = hop_now(attempt);

    if (hop != NULL) {
        spf_copy(attempt->jump, sizeof attempt->jump,
                 hop->name[0] != '\0' ? hop->name : spf_tr(unnamed_jump));
    } else if (attempt->jump[0] == '\0') {
        spf_copy(attempt->jump, sizeof attempt->jump,
                 attempt->host[0] != '\0' ? attempt->host : spf_tr(unnamed_jump));
    }
    name_target(attempt);
    spf_copy(attempt->user, sizeof attempt->user, attempt->typed_user);
}

void spf_attempt_end(struct spf_attempt *attempt, const struct spf_match *match, int weight)
{
    const char *space = strchr(match->row->argument, ' ');
    char id[32];
    int check;

    if (space == NULL ||
        !spf_format_whole(id, sizeof id, "%.*s", (int)(space - match->row->argument),
                          match->row->argument)) {
        return;
    }
    check = spf_check_by_id(id);
    if (check < 0 || weight < attempt->ended.weight) {
        return;
    }
    attempt->ended = (struct spf_ended){.check = (enum spf_check_id)check, .weight = weight};
    spf_clean(attempt->ended.words, sizeof attempt->ended.words, match->line, strlen(match->line));
    if (weight == SPF_WEIGHT_NAMED) {
        attempt->ended.cause = spf_finding_by_id(space + 1);
    } else {
        spf_copy(attempt->ended.candidates, sizeof attempt->ended.candidates, space + 1);
    }
}

bool spf_lacks_publickey(const char *methods)
{
    methods += *methods == '?'; /* from the denial alone */
    return *methods != '\0' && strncmp(methods, "publickey", 9) != 0 &&
           strstr(methods, ",publickey") == NULL;
}

bool spf_attempt_yes_is_unproven(const struct spf_attempt *attempt)
{
    return attempt->signature_refused && !attempt->partial && !attempt->in &&
           attempt->software[0] == '\0';
}
