#include "cloud/aliyun/identity/credentials.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

/* Printable ASCII without blanks, ends trimmed: nothing else may get into a request's headers. */
static struct spf_error trim(const char **text, size_t *len, const char *name)
{
    *text += strspn(*text, " \t\r\n");
    *len = strlen(*text);
    while (*len > 0 && strchr(" \t\r\n", (*text)[*len - 1]) != NULL) {
        (*len)--;
    }
    for (size_t i = 0; i < *len; i++) {
        if ((*text)[i] <= ' ' || (*text)[i] > '~') {
            return spf_error(SPF_ERR_INVALID, "%s has characters that no access key has", name);
        }
    }
    return *len > 0 ? spf_ok() : spf_error(SPF_ERR_INVALID, "%s is missing or empty", name);
}

struct spf_error spf_api_key_set(struct spf_api_key *key, const struct spf_key_texts *texts)
{
    struct spf_key_texts of = *texts;
    struct spf_api_key made = {.id = ""};
    bool temporary = of.token != NULL && of.token[0] != '\0';
    size_t id_len;
    size_t secret_len = 0;
    size_t token_len = 0;
    struct spf_error error = trim(&of.id, &id_len, of.id_name);

    if (error.code == SPF_OK &&
        memchr(of.id, ',', id_len) != NULL) { /* it ends there in a header */
        error = spf_error(SPF_ERR_INVALID, "%s has characters that no access key has", of.id_name);
    } else if (error.code == SPF_OK && id_len >= sizeof made.id) {
        error = spf_error(SPF_ERR_INVALID, "%s is too long", of.id_name);
    }
    if (error.code == SPF_OK) {
        error = trim(&of.secret, &secret_len, of.secret_name);
    }
    if (error.code == SPF_OK && temporary) {
        error = trim(&of.token, &token_len, of.token_name);
    }
    if (error.code != SPF_OK) {
        return error;
    }
    memcpy(made.id, of.id, id_len);
    made.secret = spf_secret_new(of.secret, secret_len);
    made.token = temporary ? spf_secret_new(of.token, token_len) : NULL;
    if (made.secret == NULL || (temporary && made.token == NULL)) {
        spf_api_key_clear(&made);
        return spf_no_memory();
    }
    spf_api_key_clear(key);
    *key = made;
    return spf_ok();
}

struct spf_failure spf_key_failure(struct spf_error error, const char *where)
{
    return spf_failure(error.code == SPF_ERR_NOMEM ? SPF_SYSTEM_ERROR : SPF_CREDENTIALS_INCOMPLETE,
                       "%s: %s", where, error.text);
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

struct spf_credential_step *spf_credentials_first_step(struct spf_credentials *credentials,
                                                       enum spf_step_kind kind)
{
    credentials->steps[0] = (struct spf_credential_step){.kind = kind};
    credentials->step_count = 1;
    return &credentials->steps[0];
}

bool spf_take_whole(char *out, size_t size, const char *text, const char *name,
                    struct spf_failure *failure)
{
    if (spf_copy_whole(out, size, text)) {
        return true;
    }
    *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s is too long", name);
    return false;
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
