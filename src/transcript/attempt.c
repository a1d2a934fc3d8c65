#include "transcript/attempt.h"

#include <string.h>

#include "base/text.h"
#include "pipeline/check.h"

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

void spf_attempt_behind_jump(struct spf_attempt *attempt)
{
    if (attempt->jump[0] == '\0') {
        spf_copy(attempt->jump, sizeof attempt->jump,
                 attempt->host[0] != '\0' ? attempt->host : "(not named)");
    }
    spf_copy(attempt->host, sizeof attempt->host, attempt->typed_host);
    spf_copy(attempt->user, sizeof attempt->user, attempt->typed_user);
    attempt->address[0] = '\0';
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
