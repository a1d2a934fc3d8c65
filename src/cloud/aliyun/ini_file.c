#include <string.h>

#include "base/text.h"
#include "cloud/aliyun/config_file.h"

/* The section's members, as the SDKs know them. */
struct section {
    char type[32], id[130], role_arn[300], session[80], role_name[140];
    char *secret; /* borrowed from the copy of the text */
    const char *token;
    bool found;
};

static char *trim(char *text)
{
    size_t len;

    text += strspn(text, " \t\r");
    len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
        text[--len] = '\0';
    return text;
}

static void take(struct section *section, const char *name, char *value)
{
    if (strcmp(name, "type") == 0)
        (void)spf_copy(section->type, sizeof section->type, value);
    else if (strcmp(name, "access_key_id") == 0)
        (void)spf_copy(section->id, sizeof section->id, value);
    else if (strcmp(name, "access_key_secret") == 0)
        section->secret = value;
    else if (strcmp(name, "security_token") == 0)
        section->token = value;
    else if (strcmp(name, "role_arn") == 0)
        (void)spf_copy(section->role_arn, sizeof section->role_arn, value);
    else if (strcmp(name, "role_session_name") == 0)
        (void)spf_copy(section->session, sizeof section->session, value);
    else if (strcmp(name, "role_name") == 0)
        (void)spf_copy(section->role_name, sizeof section->role_name, value);
}

/* Cuts the text up in place. */
static void read_section(char *text, const char *name, struct section *section)
{
    bool inside = false;
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        char *equals;

        line = trim(line);
        if (line[0] == '#' || line[0] == ';')
            continue;
        if (line[0] == '[') {
            line[strcspn(line, "]")] = '\0';
            inside = strcmp(trim(line + 1), name) == 0;
            section->found |= inside;
            continue;
        }
        equals = strchr(line, '=');
        if (!inside || equals == NULL)
            continue;
        *equals = '\0';
        take(section, trim(line), trim(equals + 1));
    }
}

static bool take_type(const struct section *section, struct spf_credentials *credentials)
{
    const char *type = section->type[0] != '\0' ? section->type : "access_key";
    bool role = strcmp(type, "ram_role_arn") == 0;
    struct spf_credential_step *step;

    if (strcmp(type, "ecs_ram_role") == 0) {
        step = spf_credentials_step(credentials, SPF_STEP_METADATA);
        return step != NULL && spf_copy(step->place, sizeof step->place, section->role_name);
    }
    if ((!role && strcmp(type, "access_key") != 0 && strcmp(type, "sts") != 0) ||
        section->secret == NULL ||
        !spf_api_key_set(&credentials->key, section->id, section->secret, section->token))
        return false;
    if (!role)
        return true;
    step = spf_credentials_step(credentials, SPF_STEP_ASSUME_ROLE);
    return step != NULL && section->role_arn[0] != '\0' &&
           spf_copy(step->role_arn, sizeof step->role_arn, section->role_arn) &&
           spf_copy(step->session, sizeof step->session, section->session);
}

bool spf_ini_read(const struct spf_secret *text, const char *section_name, const char *shown_path,
                  struct spf_credentials *credentials, struct spf_failure *failure)
{
    struct spf_secret *copy = spf_secret_new(spf_secret_text(text), spf_secret_len(text));
    struct section section = {0};
    struct spf_failure source;
    bool ok;

    if (copy == NULL) {
        *failure = (struct spf_failure){.cause = SPF_SYSTEM_ERROR};
        return false;
    }
    read_section((char *)spf_secret_bytes(copy), section_name, &section);
    ok = section.found && take_type(&section, credentials);
    if (!section.found)
        *failure =
            spf_failure(SPF_PROFILE_UNKNOWN, "%s has no section [%s]", shown_path, section_name);
    else if (!ok)
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                               "section [%s] of %s (type %s) is incomplete or of an unknown type",
                               section_name, shown_path, section.type);
    source = spf_failure(SPF_NO_FINDING, "section [%s] of %s", section_name, shown_path);
    if (ok)
        (void)spf_copy(credentials->source, sizeof credentials->source, source.text);
    spf_secret_free(copy);
    return ok;
}
