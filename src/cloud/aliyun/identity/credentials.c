#include "cloud/aliyun/identity/credentials.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* Printable ASCII without blanks, ends trimmed: nothing else may get into a request's headers. */
static bool trim(const char **text, size_t *len)
{
    *text += strspn(*text, " \t\r\n");
    *len = strlen(*text);
    while (*len > 0 && strchr(" \t\r\n", (*text)[*len - 1]) != NULL) {
        (*len)--;
    }
    for (size_t i = 0; i < *len; i++) {
        if ((*text)[i] <= ' ' || (*text)[i] > '~') {
            return false;
        }
    }
    return *len > 0;
}

bool spf_api_key_set(struct spf_api_key *key, const char *id, const char *secret, const char *token)
{
    size_t id_len;
    size_t secret_len;
    size_t token_len = 0;
    bool temporary = token != NULL && token[0] != '\0';

    if (!trim(&id, &id_len) || !trim(&secret, &secret_len) || id_len >= sizeof key->id ||
        strchr(id, ',') != NULL || (temporary && !trim(&token, &token_len))) {
        return false;
    }
    memcpy(key->id, id, id_len);
    key->id[id_len] = '\0';
    spf_secret_free(key->secret);
    spf_secret_free(key->token);
    key->secret = spf_secret_new(secret, secret_len);
    key->token = temporary ? spf_secret_new(token, token_len) : NULL;
    return key->secret != NULL && (!temporary || key->token != NULL);
}

void spf_api_key_clear(struct spf_api_key *key)
{
    spf_secret_free(key->secret);
    spf_secret_free(key->token);
    *key = (struct spf_api_key){0};
}

struct spf_credential_step *spf_credentials_step(struct spf_credentials *credentials,
                                                 enum spf_step_kind kind)
{
    struct spf_credential_step *step;

    if (credentials->step_count == SPF_STEPS_MAX) {
        return NULL;
    }
    step = &credentials->steps[credentials->step_count++];
    step->kind = kind;
    return step;
}

void spf_credentials_forget(struct spf_credentials *credentials)
{
    for (size_t i = 0; i < credentials->step_count; i++) {
        spf_secret_free(credentials->steps[i].bearer);
    }
    spf_json_wipe(credentials->profile);
    spf_json_wipe(credentials->profiles);
    credentials->profile = credentials->profiles = NULL;
    memset(credentials->steps, 0, sizeof credentials->steps);
    credentials->step_count = 0;
    spf_api_key_clear(&credentials->key);
}

void spf_credentials_clear(struct spf_credentials *credentials)
{
    spf_credentials_forget(credentials);
    *credentials = (struct spf_credentials){0};
}

void spf_add_reason(char *words, size_t size, const char *source, const char *why)
{
    size_t len = strlen(words);

    /* whole, or not at all */
    if (!spf_format_whole(words + len, size - len, "%s%s%s%s", len > 0 ? "; " : "", source,
                          source[0] != '\0' ? ": " : "", why)) {
        words[len] = '\0';
    }
}

void spf_credentials_absent(struct spf_credential_trail *trail, const char *source, const char *why)
{
    spf_add_reason(trail->words, sizeof trail->words, source, why);
}

void spf_credentials_useless(struct spf_credential_trail *trail, const struct spf_failure *failure)
{
    bool silent = failure->text[0] == '\0'; /* the cause says it all, but not to a list */

    if (trail->first.cause == SPF_NO_FINDING) {
        trail->first = *failure;
    }
    spf_add_reason(trail->useless, sizeof trail->useless, silent ? failure->action : "",
                   silent ? spf_findings[failure->cause].id : failure->text);
}
