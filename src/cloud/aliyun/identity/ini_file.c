#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud/aliyun/identity/config_file.h"

/* The section's members that the SDKs know; NULL: not there. Into the copy of the text. */
enum member { TYPE, ID, SECRET, POLICY, ROLE, SESSION, ROLE_NAME, MEMBERS };
static const char *const names[MEMBERS] = {
    [TYPE] = "type",           [ID] = "access_key_id", [SECRET] = "access_key_secret",
    [POLICY] = "policy",       [ROLE] = "role_arn",    [SESSION] = "role_session_name",
    [ROLE_NAME] = "role_name",
};
struct section {
    const char *member[MEMBERS];
    bool found;
};

static void take(struct section *section, const char *name, const char *value)
{
    for (int i = 0; i < MEMBERS; i++) {
        if (strcmp(name, names[i]) == 0) {
            section->member[i] = value;
        }
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

/* A section that is being taken. */
struct reading {
    const struct section *section;
    const char *where; /* "section [NAME] of PATH (type TYPE)" */
    struct spf_credentials *credentials;
    struct spf_failure *failure;
};

static bool is_there(const struct section *section, enum member which)
{
    return section->member[which] != NULL && section->member[which][0] != '\0';
}

/* The member, or the variable that the SDKs fill it from; without either, out is as it was. */
static bool take_member(const struct reading *reading, enum member which, const char *variable,
                        char *out, size_t size)
{
    bool here = is_there(reading->section, which) || variable == NULL;
    const char *text = here ? reading->section->member[which] : getenv(variable);

    return text == NULL ||
           spf_take_whole(out, size, text, here ? names[which] : variable, reading->failure);
}

static bool take_role(const struct reading *reading)
{
    struct spf_credential_step *step =
        spf_credentials_first_step(reading->credentials, SPF_STEP_ASSUME_ROLE);
    const char *region = getenv("ALIBABA_CLOUD_STS_REGION");

    if (!take_member(reading, ROLE, "ALIBABA_CLOUD_ROLE_ARN", step->role_arn,
                     sizeof step->role_arn) ||
        !take_member(reading, SESSION, "ALIBABA_CLOUD_ROLE_SESSION_NAME", step->session,
                     sizeof step->session) ||
        !take_member(reading, POLICY, NULL, step->policy, sizeof step->policy) ||
        (region != NULL && !spf_take_whole(step->sts_region, sizeof step->sts_region, region,
                                           "ALIBABA_CLOUD_STS_REGION", reading->failure))) {
        return false;
    }
    if (step->role_arn[0] == '\0') {
        *reading->failure =
            spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s lacks its role_arn", reading->where);
    }
    return step->role_arn[0] != '\0';
}

static bool take_key(const struct reading *reading)
{
    const char *const *member = reading->section->member;
    const struct spf_key_texts texts = {.id = member[ID] != NULL ? member[ID] : "",
                                        .secret = member[SECRET] != NULL ? member[SECRET] : "",
                                        .id_name = names[ID],
                                        .secret_name = names[SECRET]};
    const struct spf_error error = spf_api_key_set(&reading->credentials->key, &texts);

    if (error.code != SPF_OK) {
        *reading->failure = spf_key_failure(error, reading->where);
    }
    return error.code == SPF_OK;
}

/* The three types that the SDKs know; without one they do not read a section. */
static bool take_type(const struct reading *reading)
{
    const char *type = reading->section->member[TYPE];
    struct spf_credential_step *step;

    reading->credentials->identity = SPF_IDENTITY_ELSEWHERE;
    if (type != NULL && strcmp(type, "ecs_ram_role") == 0) {
        reading->credentials->identity = SPF_IDENTITY_MACHINE;
        step = spf_credentials_first_step(reading->credentials, SPF_STEP_METADATA);
        return take_member(reading, ROLE_NAME, "ALIBABA_CLOUD_ECS_METADATA", step->place,
                           sizeof step->place);
    }
    if (type != NULL && strcmp(type, "access_key") == 0) {
        return take_key(reading);
    }
    if (type != NULL && strcmp(type, "ram_role_arn") == 0) {
        return take_key(reading) && take_role(reading);
    }
    *reading->failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE,
                                    "%s is not of a type that the SDKs know (access_key, "
                                    "ecs_ram_role, ram_role_arn)",
                                    reading->where);
    return false;
}

bool spf_ini_read(const struct spf_secret *text, const char *section_name, const char *shown_path,
                  struct spf_credentials *credentials, struct spf_failure *failure)
{
    struct spf_secret *copy = spf_secret_new(spf_secret_text(text), spf_secret_len(text));
    struct section section = {.found = false};
    struct spf_failure where;
    bool ok = false;

    if (copy == NULL) {
        *failure = (struct spf_failure){.cause = SPF_SYSTEM_ERROR};
        return false;
    }
    if (strlen(spf_secret_text(copy)) != spf_secret_len(copy)) { /* a text would end there */
        *failure = spf_failure(SPF_CREDENTIALS_INCOMPLETE, "%s holds a zero byte", shown_path);
        spf_secret_free(copy);
        return false;
    }
    read_section((char *)spf_secret_bytes(copy), section_name, &section);
    where = spf_failure(SPF_NO_FINDING, "section [%s] of %s (type %s)", section_name, shown_path,
                        is_there(&section, TYPE) ? section.member[TYPE] : "missing");
    if (!section.found) {
        *failure =
            spf_failure(SPF_PROFILE_UNKNOWN, "%s has no section [%s]", shown_path, section_name);
    } else {
        const struct reading reading = {&section, where.text, credentials, failure};

        ok = take_type(&reading);
    }
    if (ok) {
        where = spf_failure(SPF_NO_FINDING, "section [%s] of %s", section_name, shown_path);
        spf_copy(credentials->source, sizeof credentials->source, where.text);
    }
    spf_secret_free(copy);
    return ok;
}
