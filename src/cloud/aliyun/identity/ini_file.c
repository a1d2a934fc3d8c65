#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/aliyun/identity/config_file.h"

/* The section's members, as the SDKs know them. */
struct section {
    char type[32], id[130], role_arn[300], session[80], role_name[140], policy[2048];
    char *secret; /* borrowed from the copy of the text */
    bool found;
};

static void take(struct section *section, const char *name, char *value)
{
    if (strcmp(name, "type") == 0) {
        spf_copy(section->type, sizeof section->type, value);
    } else if (strcmp(name, "access_key_id") == 0) {
        spf_copy(section->id, sizeof section->id, value);
    } else if (strcmp(name, "access_key_secret") == 0) {
        section->secret = value;
    } else if (strcmp(name, "policy") == 0) {
        spf_copy(section->policy, sizeof section->policy, value);
    } else if (strcmp(name, "role_arn") == 0) {
        spf_copy(section->role_arn, sizeof section->role_arn, value);
    } else if (strcmp(name, "role_session_name") == 0) {
        spf_copy(section->session, sizeof section->session, value);
    } else if (strcmp(name, "role_name") == 0) {
        spf_copy(section->role_name, sizeof section->role_name, value);
    }
}

/* The value without quotes, or without the comment after it; a value in quotes may have both. */
static char *value_of(char *text)
{
    char *end;

    text = spf_trim(text);
    if (text[0] != '\0' && strchr("\"'`", text[0]) != NULL &&
        (end = strchr(text + 1, text[0])) != NULL) {
        *end = '\0';
        return text + 1;
    }
    for (end = text; *end != '\0'; end++) {
        if ((*end == ';' || *end == '#') && (end == text || end[-1] == ' ' || end[-1] == '\t')) {
            *end = '\0';
            break;
        }
    }
    return spf_trim(text);
}

/* Cuts the text up in place. The SDK for Go takes "name: value" as well. */
static void read_section(char *text, const char *name, struct section *section)
{
    bool inside = false;
    char *save = NULL;

    for (char *line = strtok_r(text, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        char *equals;

        line = spf_trim(line);
        if (line[0] == '#' || line[0] == ';') {
            continue;
        }
        if (line[0] == '[') {
            line[strcspn(line, "]")] = '\0';
            inside = strcmp(spf_trim(line + 1), name) == 0;
            section->found |= inside;
            continue;
        }
        equals = strpbrk(line, "=:");
        if (!inside || equals == NULL) {
            continue;
        }
        *equals = '\0';
        take(section, spf_trim(line), value_of(equals + 1));
    }
}

/* The SDKs fill what a role lacks from the environment. */
static bool take_role(const struct section *section, struct spf_credentials *credentials)
{
    const char *role = getenv("ALIBABA_CLOUD_ROLE_ARN");
    const char *session = getenv("ALIBABA_CLOUD_ROLE_SESSION_NAME");
    const char *region = getenv("ALIBABA_CLOUD_STS_REGION");
    struct spf_credential_step *step = spf_credentials_step(credentials, SPF_STEP_ASSUME_ROLE);

    if (section->role_arn[0] != '\0') {
        role = section->role_arn;
    }
    if (section->session[0] != '\0') {
        session = section->session;
    }
    return step != NULL && role != NULL && role[0] != '\0' &&
           spf_copy_whole(step->role_arn, sizeof step->role_arn, role) &&
           spf_copy_whole(step->session, sizeof step->session, session != NULL ? session : "") &&
           spf_copy_whole(step->sts_region, sizeof step->sts_region,
                          region != NULL ? region : "") &&
           spf_copy_whole(step->policy, sizeof step->policy, section->policy);
}

/* The three types that the SDKs know; without one they do not read a section. */
static bool take_type(const struct section *section, struct spf_credentials *credentials)
{
    const char *role_name = getenv("ALIBABA_CLOUD_ECS_METADATA");
    bool role = strcmp(section->type, "ram_role_arn") == 0;
    struct spf_credential_step *step;

    credentials->identity = SPF_IDENTITY_ELSEWHERE;
    if (strcmp(section->type, "ecs_ram_role") == 0) {
        credentials->identity = SPF_IDENTITY_MACHINE;
        if (section->role_name[0] != '\0' || role_name == NULL) {
            role_name = section->role_name;
        }
        step = spf_credentials_step(credentials, SPF_STEP_METADATA);
        return step != NULL && spf_copy_whole(step->place, sizeof step->place, role_name);
    }
    if ((!role && strcmp(section->type, "access_key") != 0) || section->secret == NULL ||
        !spf_api_key_set(&credentials->key, section->id, section->secret, NULL)) {
        return false;
    }
    return !role || take_role(section, credentials);
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
    if (!section.found) {
        *failure =
            spf_failure(SPF_PROFILE_UNKNOWN, "%s has no section [%s]", shown_path, section_name);
    } else if (!ok) {
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                               "section [%s] of %s (type %s) is incomplete, or not of a type that "
                               "the SDKs know (access_key, ecs_ram_role, ram_role_arn)",
                               section_name, shown_path,
                               section.type[0] != '\0' ? section.type : "missing");
    }
    source = spf_failure(SPF_NO_FINDING, "section [%s] of %s", section_name, shown_path);
    if (ok) {
        spf_copy(credentials->source, sizeof credentials->source, source.text);
    }
    spf_secret_free(copy);
    return ok;
}
