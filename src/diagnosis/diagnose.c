#include "diagnosis/diagnosis.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "diagnosis/candidates.h"

/*
 * What ssh meets, in the order in which it meets it. The earliest fail is the root cause: repairing
 * a later one first would show nothing. cloud.access never fails; an unknown one comes before all
 * that it keeps us from knowing.
 */
static const enum spf_check_id path[SPF_CHECK_COUNT] = {
    SPF_CHECK_CLOUD_ACCESS,      SPF_CHECK_CLOUD_INSTANCE,
    SPF_CHECK_CLOUD_ADDRESS,     SPF_CHECK_CLOUD_SECURITY_GROUP,
    SPF_CHECK_CLOUD_NETWORK_ACL, SPF_CHECK_NET_PORT,
    SPF_CHECK_SSH_BANNER,        SPF_CHECK_SSH_HANDSHAKE,
    SPF_CHECK_SSH_HOST_KEY,      SPF_CHECK_KEY_FILE,
    SPF_CHECK_KEY_FORMAT,        SPF_CHECK_KEY_MODE,
    SPF_CHECK_CLOUD_KEY_PAIR,    SPF_CHECK_SSH_AUTH,
    SPF_CHECK_SSH_SESSION,
};

#define BIT(check) ((spf_checks)1u << (check))

const char *spf_verdict_name(enum spf_verdict verdict)
{
    switch (verdict) {
        SPF_NAME(SPF_VERDICT_PASS, "pass");
        SPF_NAME(SPF_VERDICT_FAIL, "fail");
        SPF_NAME(SPF_VERDICT_UNKNOWN, "unknown");
    }
    return "";
}

static enum spf_verdict verdict_of(const struct spf_run *run)
{
    enum spf_check_id goal;
    bool any_unknown = false;

    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        if (run->results[i].status == SPF_FAIL) {
            return SPF_VERDICT_FAIL;
        }
        any_unknown |= run->results[i].status == SPF_UNKNOWN;
    }
    if (spf_goal(run, &goal)) {
        return spf_fine(run, goal) ? SPF_VERDICT_PASS : SPF_VERDICT_UNKNOWN;
    }
    return any_unknown ? SPF_VERDICT_UNKNOWN : SPF_VERDICT_PASS;
}

static bool is_silence(const struct spf_run *run)
{
    return spf_has(run, SPF_CHECK_NET_PORT, SPF_PORT_SILENT) ||
           spf_has(run, SPF_CHECK_NET_PORT, SPF_PORT_UNREACHABLE);
}

/* Is the second fail what the first one leads to, so that it needs no repair of its own? */
static bool explains(const struct spf_run *run, enum spf_check_id first, enum spf_check_id second)
{
    if (first == second || !spf_failed(run, first)) {
        return false;
    }
    switch (first) {
    case SPF_CHECK_CLOUD_INSTANCE: /* one that was found, but does not run as it should */
        if (second == SPF_CHECK_CLOUD_ADDRESS) {
            return spf_has(run, second, SPF_ADDRESS_NONE);
        }
        return run->results[first].holds &&
               (second == SPF_CHECK_NET_PORT || second == SPF_CHECK_SSH_BANNER ||
                second == SPF_CHECK_SSH_HANDSHAKE || second == SPF_CHECK_SSH_AUTH);
    case SPF_CHECK_CLOUD_ADDRESS:
        if (spf_has(run, first, SPF_ADDRESS_NOT_OF_INSTANCE)) {
            return second == SPF_CHECK_NET_PORT || second == SPF_CHECK_SSH_BANNER ||
                   second == SPF_CHECK_SSH_HANDSHAKE || second == SPF_CHECK_SSH_HOST_KEY ||
                   second == SPF_CHECK_SSH_AUTH;
        }
        return second == SPF_CHECK_NET_PORT && is_silence(run);
    case SPF_CHECK_CLOUD_SECURITY_GROUP: /* they drop; a refusal comes from somebody else */
    case SPF_CHECK_CLOUD_NETWORK_ACL:
        return second == SPF_CHECK_NET_PORT && is_silence(run);
    case SPF_CHECK_CLOUD_KEY_PAIR:
        return spf_has(run, second, SPF_AUTH_KEY_REFUSED);
    default:
        return false;
    }
}

static bool stands_alone(const struct spf_run *run, enum spf_check_id check)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        if (explains(run, (enum spf_check_id)i, check)) {
            return false;
        }
    }
    return true;
}

static void find_fails(const struct spf_run *run, struct spf_diagnosis *d)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        enum spf_check_id check = path[i];

        if (!spf_failed(run, check)) {
            continue;
        }
        if (d->cause == SPF_NO_FINDING) {
            d->cause = run->results[check].finding;
            d->check = check;
            d->supporting |= BIT(check);
        } else if (explains(run, d->check, check)) {
            d->supporting |= BIT(check);
        } else if (stands_alone(run, check)) {
            d->further[d->further_count] = run->results[check].finding;
            d->further_check[d->further_count++] = check;
        }
    }
}

/*
 * Beside an open port, what the cloud could not tell us is the last explanation to offer: it did
 * not stop anybody.
 */
static void find_unknown(const struct spf_run *run, struct spf_diagnosis *d)
{
    bool open = spf_fine(run, SPF_CHECK_NET_PORT);
    int stopped = spf_check_by_id(run->facts.transcript->stopped_at);

    /* Of a transcript, what was not reached is no reason: where it ended is the open question. */
    if (stopped >= 0 && run->results[stopped].status == SPF_UNKNOWN) {
        d->cause = run->results[stopped].finding;
        d->check = (enum spf_check_id)stopped;
        d->supporting |= BIT(stopped);
        return;
    }
    for (int last_resort = 0; last_resort <= 1; last_resort++) {
        for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
            enum spf_check_id check = path[i];
            bool behind = open && SPF_CLOUD_CHECKS & BIT(check);

            if (run->results[check].status != SPF_UNKNOWN || behind != (last_resort == 1)) {
                continue;
            }
            d->cause = run->results[check].finding;
            d->check = check;
            d->supporting |= BIT(check);
            return;
        }
    }
}

/* Several results together can say more than the one that failed. The check keeps its own cause. */
static void see_the_whole(const struct spf_run *run, struct spf_diagnosis *d)
{
    if (d->cause == SPF_PORT_SILENT && spf_fine(run, SPF_CHECK_CLOUD_ADDRESS) &&
        spf_fine(run, SPF_CHECK_CLOUD_SECURITY_GROUP)) {
        d->cause = SPF_PATH_BLOCKED_PAST_SECURITY_GROUP;
        d->supporting |= SPF_CHECK_BIT(CLOUD_SECURITY_GROUP);
        if (spf_fine(run, SPF_CHECK_CLOUD_NETWORK_ACL)) {
            d->supporting |= SPF_CHECK_BIT(CLOUD_NETWORK_ACL);
        }
    } else if (d->cause == SPF_AUTH_KEY_REFUSED && spf_pair_is_proved(run)) {
        d->cause = SPF_KEY_REFUSED_THOUGH_BOUND;
        d->supporting |= SPF_CHECK_BIT(CLOUD_KEY_PAIR);
    } else if (d->cause == SPF_ADDRESS_NOT_OF_INSTANCE && spf_failed(run, SPF_CHECK_SSH_HOST_KEY)) {
        d->cause = SPF_ADDRESS_ANSWERS_AS_OTHER_HOST;
    }
}

static void find_contradictions(const struct spf_run *run, struct spf_diagnosis *d)
{
    for (size_t i = 0; i < SPF_CHECK_COUNT; i++) {
        if (run->results[i].disproved != SPF_NO_FINDING) {
            d->contradicting |= BIT(i);
        }
    }
    /* A refusal is an answer: somebody sent it although the rules seem to drop what we send. */
    if ((d->check == SPF_CHECK_CLOUD_SECURITY_GROUP || d->check == SPF_CHECK_CLOUD_NETWORK_ACL) &&
        d->verdict == SPF_VERDICT_FAIL && spf_failed(run, SPF_CHECK_NET_PORT) && !is_silence(run)) {
        d->contradicting |= SPF_CHECK_BIT(NET_PORT);
    }
    if (d->verdict == SPF_VERDICT_FAIL && d->check == SPF_CHECK_CLOUD_INSTANCE &&
        spf_fine(run, SPF_CHECK_NET_PORT) && spf_fine(run, SPF_CHECK_CLOUD_ADDRESS)) {
        d->contradicting |= SPF_CHECK_BIT(NET_PORT);
    }
}

void spf_diagnose(const struct spf_run *run, int64_t now_utc, struct spf_diagnosis *d)
{
    enum spf_check_id goal;

    memset(d, 0, sizeof *d);
    d->verdict = verdict_of(run);
    if (d->verdict == SPF_VERDICT_FAIL) {
        find_fails(run, d);
        see_the_whole(run, d);
    } else if (d->verdict == SPF_VERDICT_UNKNOWN) {
        find_unknown(run, d);
    } else if (spf_goal(run, &goal)) {
        d->supporting = BIT(goal);
    }
    find_contradictions(run, d);
    if (d->cause != SPF_NO_FINDING) {
        d->permanence = spf_findings[d->cause].permanence;
        spf_suggest_candidates(run, now_utc, d);
        spf_advise(run, d->check, d->cause, &d->remedies);
        for (size_t i = 0; i < d->further_count; i++) {
            spf_advise(run, d->further_check[i], d->further[i], &d->remedies);
        }
    }
    spf_summarise(run, d);
    spf_connect_lines(run, d);
}

void spf_diagnosis_clear(struct spf_diagnosis *d)
{
    for (size_t i = 0; i < d->candidates.count; i++) {
        free(d->candidates.items[i].text);
        free(d->candidates.items[i].tell_apart);
    }
    free(d->candidates.items);
    spf_advice_clear(&d->remedies);
    free(d->inside);
    free(d->openssh);
    free(d->putty);
    free(d->putty_prepare);
    free(d->putty_settings);
    memset(d, 0, sizeof *d);
}
