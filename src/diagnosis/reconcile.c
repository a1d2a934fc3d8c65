#include "diagnosis/diagnosis.h"

#include <string.h>

#include "base/language.h"
#include "cloud/address.h"

/*
 * A login is stronger evidence than any reading of rules: what it disproves cannot be why a login
 * fails. But it disproves only what it passed through, so all of this asks first whether the
 * address that was tried is the instance's; an open port at a stranger's says nothing about our
 * rules.
 */
static void disprove(struct spf_run *run, enum spf_check_id check, enum spf_finding instead,
                     const char *but)
{
    struct spf_result *result = &run->results[check];
    struct spf_buf words;

    spf_buf_init(&words, sizeof result->summary);
    spf_words(&words, run, check);
    result->disproved = result->finding;
    spf_note_text(result, "disproved", spf_findings[result->finding].id);
    spf_say(result, "%s, %s", spf_buf_failed(&words) ? "" : words.data, spf_tr(but));
    spf_buf_clear(&words);
    if (instead != SPF_NO_FINDING) {
        result->finding = instead;
    }
    result->status = SPF_WARN;
    result->holds = true;
}

/*
 * A host's name was taken for the instance's own address until it was resolved. If it is a NAT
 * gateway's, which leads another port inside, the rules are judged for that one.
 */
static void judge_forwarded_again(struct spf_run *run)
{
    static const enum spf_check_id checks[] = {SPF_CHECK_CLOUD_SECURITY_GROUP,
                                               SPF_CHECK_CLOUD_NETWORK_ACL};
    uint16_t port = run->target->port;
    struct spf_ip ip;

    if (run->target->host == NULL || spf_ip_parse(run->target->host, &ip) ||
        !spf_facts_have(&run->facts, SPF_GROUP_GATEWAY) ||
        !spf_facts_have(&run->facts, SPF_GROUP_TCP) ||
        !spf_facts_have(&run->facts, SPF_GROUP_LOCAL_ENVIRONMENT) ||
        spf_cloud_forward(run->target, &run->facts, &port) == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (run->results[checks[i]].status != SPF_SKIP &&
            run->results[checks[i]].status != SPF_PENDING) {
            spf_run_judge_again(run, checks[i]);
        }
    }
}

/* Facts that were asked for late say more than was known when the check was judged. */
static void judge_again(struct spf_run *run)
{
    const enum spf_group_phase way = run->facts.group[SPF_GROUP_GATEWAY].phase;

    if ((way == SPF_PRESENT || way == SPF_FAILED) && spf_fine(run, SPF_CHECK_CLOUD_ADDRESS)) {
        spf_run_judge_again(run, SPF_CHECK_CLOUD_ADDRESS);
    }
    if (spf_facts_have(&run->facts, SPF_GROUP_EVENTS) && spf_fine(run, SPF_CHECK_CLOUD_INSTANCE) &&
        !(run->active & SPF_CHECK_BIT(NET_PORT))) {
        spf_run_judge_again(run, SPF_CHECK_CLOUD_INSTANCE);
    }
    if (spf_facts_have(&run->facts, SPF_GROUP_IDENTITY) && spf_fine(run, SPF_CHECK_CLOUD_ACCESS)) {
        spf_run_judge_again(run, SPF_CHECK_CLOUD_ACCESS); /* who asked came later */
    }
    judge_forwarded_again(run);
    if (run->facts.local_environment->no_user_entry && spf_fine(run, SPF_CHECK_NET_PORT)) {
        spf_run_judge_again(run, SPF_CHECK_NET_PORT); /* nothing waits for it there */
    }
    if (spf_facts_have(&run->facts, SPF_GROUP_SESSION) && run->facts.session->peer[0] != '\0') {
        if (spf_has(run, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_SG_SOURCE_UNKNOWN)) {
            spf_run_judge_again(run, SPF_CHECK_CLOUD_SECURITY_GROUP);
        }
        if (spf_has(run, SPF_CHECK_CLOUD_NETWORK_ACL, SPF_ACL_SOURCE_UNKNOWN)) {
            spf_run_judge_again(run, SPF_CHECK_CLOUD_NETWORK_ACL);
        }
    }
}

void spf_diagnosis_reconcile(struct spf_run *run)
{
    struct spf_result *results = run->results;
    enum spf_check_id goal;

    judge_again(run);
    spf_tell_late_facts(run);

    /* It is the instance's, though perhaps one that should not be reachable from here. */
    bool doubtful = spf_has(run, SPF_CHECK_CLOUD_ADDRESS, SPF_ADDRESS_NO_BANDWIDTH) ||
                    spf_has(run, SPF_CHECK_CLOUD_ADDRESS, SPF_ADDRESS_IPV6_NO_INTERNET) ||
                    spf_has(run, SPF_CHECK_CLOUD_ADDRESS, SPF_ADDRESS_IPV6_EGRESS_ONLY) ||
                    spf_has(run, SPF_CHECK_CLOUD_ADDRESS, SPF_ADDRESS_PRIVATE_ONLY);
    bool of_instance = doubtful || spf_fine(run, SPF_CHECK_CLOUD_ADDRESS);
    bool open = of_instance && spf_fine(run, SPF_CHECK_NET_PORT);
    bool in = open && spf_goal(run, &goal) && spf_fine(run, goal);

    if (open && spf_failed(run, SPF_CHECK_CLOUD_SECURITY_GROUP)) {
        disprove(run, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_PATH_OPEN_DESPITE_RULES,
                 N_("yet the connection works"));
    }
    if (open && spf_failed(run, SPF_CHECK_CLOUD_NETWORK_ACL)) {
        disprove(run, SPF_CHECK_CLOUD_NETWORK_ACL, SPF_PATH_OPEN_DESPITE_RULES,
                 N_("yet the connection works"));
    }
    if (open && doubtful && spf_failed(run, SPF_CHECK_CLOUD_ADDRESS)) {
        disprove(run, SPF_CHECK_CLOUD_ADDRESS, SPF_NO_FINDING, N_("yet the connection works"));
    }
    if (open && spf_failed(run, SPF_CHECK_CLOUD_KEY_PAIR) && spf_key_is_accepted(run)) {
        disprove(run, SPF_CHECK_CLOUD_KEY_PAIR, SPF_KEY_ACCEPTED_THOUGH_UNBOUND,
                 N_("yet the server accepts this key"));
    }
    if (in && run->facts.query->none_accepted && spf_failed(run, SPF_CHECK_CLOUD_KEY_PAIR)) {
        disprove(run, SPF_CHECK_CLOUD_KEY_PAIR, SPF_NO_FINDING,
                 N_("yet the server lets you in without any key"));
    }
    if (in && run->facts.query->of_certificate && spf_failed(run, SPF_CHECK_CLOUD_KEY_PAIR)) {
        disprove(run, SPF_CHECK_CLOUD_KEY_PAIR, SPF_NO_FINDING,
                 N_("yet the server lets you in by the key's certificate"));
    }
    if (in && spf_failed(run, SPF_CHECK_CLOUD_INSTANCE) &&
        results[SPF_CHECK_CLOUD_INSTANCE].holds) {
        disprove(run, SPF_CHECK_CLOUD_INSTANCE, SPF_NO_FINDING, N_("yet the login works"));
    }
}
