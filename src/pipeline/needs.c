#include "pipeline/needs.h"

static const spf_checks with_address =
    SPF_CHECK_BIT(CLOUD_ACCESS) | SPF_CHECK_BIT(CLOUD_INSTANCE) | SPF_CHECK_BIT(CLOUD_ADDRESS);

spf_checks spf_check_needs(const struct spf_target *target, int check)
{
    spf_checks needs = spf_check_table[check].needs;

    if (check == SPF_CHECK_NET_PORT && target->host == NULL) {
        needs |= SPF_CHECK_BIT(CLOUD_ADDRESS);
    }
    /* That the client loaded and offered its key is in the text; the file is on another machine. */
    if (target->from_transcript) {
        needs &= ~(SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_FORMAT));
    }
    return needs;
}

spf_checks spf_checks_with_needs(const struct spf_target *target)
{
    spf_checks all = target->selected;

    /* Needs stand above their check in the table, so one way up gathers them all. */
    for (int i = SPF_CHECK_COUNT - 1; i >= 0; i--) {
        if (!(all >> i & 1)) {
            continue;
        }
        all |= spf_check_needs(target, i);
        /* A given address may be a stranger's by now: ssh.auth waits until that is known. */
        if (i == SPF_CHECK_SSH_AUTH && target->instance_id != NULL && target->host != NULL) {
            all |= with_address;
        }
    }
    /* Which key it is depends on the pair. */
    if (target->key_dir != NULL && all & SPF_CHECK_BIT(KEY_FILE)) {
        all |= SPF_CHECK_BIT(CLOUD_KEY_PAIR) | SPF_CHECK_BIT(CLOUD_INSTANCE) |
               SPF_CHECK_BIT(CLOUD_ACCESS);
    }
    return all;
}

bool spf_check_applies(const struct spf_target *target, int check)
{
    return target->instance_id != NULL || !(SPF_CLOUD_CHECKS >> check & 1);
}

bool spf_check_may_be_configured(const struct spf_target *target, int check)
{
    spf_checks free = SPF_CHECK_BIT(CLOUD_ACCESS) | SPF_CHECK_BIT(CLOUD_INSTANCE);

    if (target->key_path != NULL && !target->openssh_typed) {
        free |= SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT);
    }
    return target->ssh_config != NULL && !(free >> check & 1);
}

spf_groups spf_group_inputs(const struct spf_target *target, const struct spf_target *asked,
                            int group)
{
    spf_groups inputs = spf_groups_info[group].inputs;

    if (target->from_transcript && !(SPF_CLOUD_GROUPS >> group & 1)) {
        return 0; /* a text may show a later step without an earlier one */
    }
    if (group == SPF_GROUP_TCP && target->host == NULL) {
        inputs |= SPF_GROUP_BIT(INSTANCE);
    }
    if (group == SPF_GROUP_TCP && target->jump != NULL) {
        inputs |= SPF_GROUP_BIT(OPENSSH); /* how ssh is made to say what it does */
    }
    if (group == SPF_GROUP_SSH_CONFIG && asked->host == NULL) {
        inputs |= SPF_GROUP_BIT(INSTANCE) | SPF_GROUP_BIT(LOCAL_ENVIRONMENT);
    }
    return inputs;
}

bool spf_silence_is_explained(const struct spf_facts *facts, const struct spf_result *results)
{
    return results[SPF_CHECK_CLOUD_SECURITY_GROUP].status == SPF_FAIL ||
           results[SPF_CHECK_CLOUD_NETWORK_ACL].status == SPF_FAIL ||
           (spf_facts_have(facts, SPF_GROUP_INSTANCE) &&
            facts->instance->search == SPF_INSTANCE_FOUND &&
            facts->instance->state != SPF_STATE_RUNNING);
}
