#pragma once

#include <json-c/json.h>

#include "cloud/aliyun/http/api.h"
#include "pipeline/facts.h"

/*
 * What a source of credentials gives: a key, or the steps that lead to one (exchange.h takes them).
 * The sources themselves are tried by chain.h.
 */
enum spf_step_kind {
    SPF_STEP_ASSUME_ROLE,      /* with the key so far */
    SPF_STEP_ASSUME_WITH_OIDC, /* with a token from a file; unsigned */
    SPF_STEP_METADATA,         /* the instance's role */
    SPF_STEP_URI,
    SPF_STEP_PROGRAM,
    SPF_STEP_SIGN_IN, /* CloudSSO: an access token for a key */
    SPF_STEP_OAUTH,   /* the same of an OAuth application */
};

/* One way from what is there to a key. Texts are as configured. */
struct spf_credential_step {
    enum spf_step_kind kind;
    bool by_chance;   /* nothing asked for it: that it is not there is no error */
    char place[1100]; /* role name, URI, command line, token file, sign-in URL */
    char role_arn[300], session[80], external_id[300], provider_arn[300];
    char sts_region[40];                 /* "" the central endpoint */
    struct spf_endpoint sts_endpoint;    /* the profile's own; url "": none */
    char account[64], access_config[80]; /* CloudSSO */
    int64_t seconds;                     /* 0: the default */
    char policy[2048];                   /* narrows the role; "" none */
    struct spf_secret *bearer;           /* CloudSSO's or OAuth's access token */
};

#define SPF_STEPS_MAX 6

struct spf_credentials {
    struct spf_api_key key; /* what is configured, or what the steps begin with */
    struct spf_credential_step steps[SPF_STEPS_MAX];
    size_t step_count;
    char source[200];
    char beside[256];               /* other sources that are there and were not used; "" none */
    enum spf_cli_identity identity; /* what makes the aliyun CLI act as the same */
    char profile_name[100];         /* of the profile; "" none */
    char config_path[1024];    /* of a file that the CLI reads only where it is named; "" none */
    bool profile_is_usual;     /* the CLI would take it unasked, whatever becomes current */
    bool region_configured;    /* the CLI finds one by itself */
    bool beside_configuration; /* there is a configuration file, and this is none of it */
    bool instance_cli; /* a profile of a mode that ali-instance-cli knows, whole in itself */
    /* names of the environment's variables, static; NULL: not from there */
    const char *id_variable, *secret_variable, *token_variable;
    /* Of mode External, for what the program prints: the file's profiles and this one, with the
     * environment in it. Owned; NULL else. */
    struct json_object *profiles;
    struct json_object *profile;
    char profile_path[150];
    struct spf_configured_places
        places; /* where to call: of --endpoint-type, environment or profile */
    char region[40], region_source[80]; /* of --region, the profile or the environment; "" none */
    bool region_guessed;                /* this machine's own, which nobody named */
};

/* What was tried so far and why it gave nothing. Zeroed at first; of plain values. */
struct spf_credential_trail {
    unsigned next;            /* the source to try next */
    bool configuration;       /* there is a configuration file of the CLI */
    bool refused;             /* a profile is configured, and could not be used */
    struct spf_failure first; /* of the first source that is there but of no use */
    char useless[256];        /* all of these, in words */
    char words[320];          /* what is not there: "environment: no access key; OIDC role: …" */
};

/* Keeps why a source that was found was of no use after all. */
void spf_credentials_useless(struct spf_credential_trail *trail, const struct spf_failure *failure);
/* The same of one that need not have been there: no failure. */
void spf_credentials_absent(struct spf_credential_trail *trail, const char *source,
                            const char *why);
void spf_credentials_clear(struct spf_credentials *credentials);
/* Keys and steps, so that the next source starts afresh; the region stays. */
void spf_credentials_forget(struct spf_credentials *credentials);
/* Appends "source: why" to a list in words, whole or not at all. source may be "". */
void spf_add_reason(char *words, size_t size, const char *source, const char *why);

/* Appends a step; NULL when there are too many, as when profiles name each other in a ring. */
struct spf_credential_step *spf_credentials_step(struct spf_credentials *credentials,
                                                 enum spf_step_kind kind);
/* The first and, so far, only step of a source that is no chain. */
struct spf_credential_step *spf_credentials_first_step(struct spf_credentials *credentials,
                                                       enum spf_step_kind kind);

/* Copies what stands under that name in a source. False, with *failure, where it does not fit: half
 * of it would be something else. */
SPF_MUST_USE
bool spf_take_whole(char *out, size_t size, const char *text, const char *name,
                    struct spf_failure *failure);

/* The parts of a key as a source has them, and what it calls them. token NULL or "": none. */
struct spf_key_texts {
    const char *id, *secret, *token;
    const char *id_name, *secret_name, *token_name;
};

/* Fills key; blanks around a text do not count. An error names the one that cannot be what it must
 * be, and key is as it was. */
SPF_MUST_USE
struct spf_error spf_api_key_set(struct spf_api_key *key, const struct spf_key_texts *texts);
/* Its error as the failure of a source. */
struct spf_failure spf_key_failure(struct spf_error error, const char *where);
void spf_api_key_clear(struct spf_api_key *key);
