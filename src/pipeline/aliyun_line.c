#include "pipeline/aliyun_line.h"
#include "platform/shell.h"

#include <string.h>

/* NULL: it is not known (yet), or the run never came to it. */
static const struct spf_credentials_facts *identity_of(const struct spf_view *view)
{
    return spf_facts_have(view->facts, SPF_GROUP_CREDENTIALS) ? view->facts->credentials : NULL;
}

/* With this the CLI reads no file, and needs no region of it. */
static bool ignores_file(const struct spf_credentials_facts *who)
{
    return who != NULL && (who->identity == SPF_IDENTITY_TERRAFORM ||
                           (who->identity != SPF_IDENTITY_PROFILE && who->beside_configuration));
}

bool spf_aliyun_line(struct spf_buf *buf, const struct spf_view *view)
{
    const struct spf_credentials_facts *who = identity_of(view);

    if (who != NULL && who->identity == SPF_IDENTITY_ELSEWHERE) {
        return false;
    }
    if (ignores_file(who)) {
        spf_buf_addstr(buf, "ALIBABA_CLOUD_IGNORE_PROFILE=TRUE ");
    }
    if (who != NULL && who->identity == SPF_IDENTITY_TERRAFORM) {
        spf_buf_addstr(buf, "ALIBABA_CLOUD_ACCESS_KEY_ID=\"$ALICLOUD_ACCESS_KEY\" "
                            "ALIBABA_CLOUD_ACCESS_KEY_SECRET=\"$ALICLOUD_SECRET_KEY\" ");
    }
    spf_buf_addstr(buf, "aliyun");
    return true;
}

static bool add(struct spf_buf *buf, const char *option, const char *value)
{
    if (value == NULL || value[0] == '\0') {
        return true;
    }
    spf_buf_addf(buf, " %s ", option);
    spf_buf_add_shell(buf, value);
    return value[0] != '-';
}

/* A shell expands "~/" only where it is not quoted. */
static void add_path(struct spf_buf *buf, const char *path)
{
    if (path == NULL || path[0] == '\0') {
        return;
    }
    spf_buf_addstr(buf, " --config-path ");
    if (spf_starts_with(path, "~/")) {
        spf_buf_addstr(buf, "~/");
        spf_buf_add_shell(buf, path + 2);
    } else {
        spf_buf_add_path(buf, path);
    }
}

bool spf_aliyun_options(struct spf_buf *buf, enum spf_aliyun_as as, const struct spf_view *view)
{
    static const char *const modes[] = {
        [SPF_IDENTITY_OIDC] = " --mode OIDC --role-session-name sshpreflight",
        [SPF_IDENTITY_MACHINE] = " --mode EcsRamRole",
        [SPF_IDENTITY_URI] = " --mode CredentialsURI",
        [SPF_IDENTITY_ELSEWHERE] = NULL,
    };
    const struct spf_credentials_facts *who = identity_of(view);
    const char *region = view->facts->instance->region;
    bool good = true;

    if (as != SPF_ALIYUN_AS_CONFIG) {
        good = add(buf, "--profile", who != NULL ? who->profile : view->target->profile);
    }
    add_path(buf, who != NULL ? who->config_path : view->target->config_path);
    if (as != SPF_ALIYUN_AS_IDENTITY || who == NULL) {
        return good;
    }
    if (modes[who->identity] != NULL) {
        spf_buf_addstr(buf, modes[who->identity]);
    }
    /* It refuses to start without a region of its own, although a call names one. */
    if (who->identity != SPF_IDENTITY_UNKNOWN && !who->region_configured && !ignores_file(who)) {
        good &= add(buf, "--region", region[0] != '\0' ? region : "cn-hangzhou");
    }
    return good;
}

static void add_variable(struct spf_buf *buf, const char *name, const char *from)
{
    if (from[0] != '\0') {
        spf_buf_addf(buf, "%s=\"$%s\" ", name, from);
    }
}

bool spf_session_line(struct spf_buf *buf, const struct spf_view *view)
{
    const struct spf_credentials_facts *who = identity_of(view);
    const struct spf_instance_facts *instance = view->facts->instance;
    bool good = true;

    if (who == NULL || !who->instance_cli) {
        return false;
    }
    add_variable(buf, "ALIBABACLOUD_ACCESS_KEY_ID", who->id_variable);
    add_variable(buf, "ALIBABACLOUD_ACCESS_KEY_SECRET", who->secret_variable);
    add_variable(buf, "SECURITY_TOKEN", who->token_variable);
    spf_buf_addstr(buf, "ali-instance-cli session");
    good &=
        add(buf, "--instance", instance->id[0] != '\0' ? instance->id : view->target->instance_id);
    good &= add(buf, "--region", instance->region);
    if (who->token_variable[0] != '\0') {
        spf_buf_addstr(buf, " --mode StsToken");
    }
    if (who->identity != SPF_IDENTITY_PROFILE) {
        return good;
    }
    good &= add(buf, "--profile", who->profile);
    add_path(buf, who->config_path[0] != '\0' ? who->config_path : "~/.aliyun/config.json");
    return good;
}
