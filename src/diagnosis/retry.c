#include "diagnosis/retry.h"

#include <string.h>

#include "diagnosis/predicates.h"

/* A cause that lags of the cloud or a restart may show for a moment is seen twice, this far apart.
 */
#define SEEN_AGAIN_MS 10000

/* How long an answer of the cloud holds: while the instance is on its way, and once it runs. */
#define CLOUD_MOVING_MS  5000
#define CLOUD_SETTLED_MS 30000

/* The least between two rounds, and how far growing takes it. */
#define PORT_MS       1000
#define PORT_MOST_MS  15000
#define API_MS        10000
#define LOGIN_MS      15000
#define LOGIN_MOST_MS 60000
#define PENALTY_MS    60000

static bool is_refused_key(enum spf_finding finding)
{
    return finding == SPF_AUTH_KEY_REFUSED || finding == SPF_KEY_REFUSED_THOUGH_BOUND;
}

static bool runs(const struct spf_run *run)
{
    return spf_facts_have(&run->facts, SPF_GROUP_INSTANCE) &&
           run->facts.instance->search == SPF_INSTANCE_FOUND &&
           run->facts.instance->state == SPF_STATE_RUNNING;
}

/* By the cloud's clock where the cloud says when it was started, else by ours: since a server
 * answered. */
static bool boot_is_over(const struct spf_history *history, const struct spf_run *run,
                         int64_t now_ms, int64_t now_utc)
{
    if (runs(run) && run->facts.instance->started > 0) {
        return now_utc - run->facts.instance->started >= SPF_BOOT_TAKES_S;
    }
    return history->answered && now_ms - history->answered_ms >= (int64_t)SPF_BOOT_TAKES_S * 1000;
}

/* An echo that was run is not run again in another round: what it showed stands. */
static bool has_run_echo(const struct spf_run *run)
{
    const struct spf_session_facts *session = run->facts.session;

    return spf_facts_have(&run->facts, SPF_GROUP_SESSION) && session->outcome == SPF_ECHO_OTHER;
}

/* Does a second fact support it, where a boot alone could explain the first? */
static bool is_certain(const struct spf_history *history, const struct spf_run *run,
                       enum spf_check_id check, enum spf_finding finding, int64_t now_ms,
                       int64_t now_utc)
{
    bool again = history->alike >= 2 && now_ms - history->since_ms >= SEEN_AGAIN_MS;

    switch (finding) {
    case SPF_INSTANCE_NOT_FOUND: /* the API may not list it yet, */
    case SPF_INSTANCE_STOPPED:   /* a restart passes through it, */
    case SPF_ADDRESS_NONE:       /* an address is given when it starts, */
    case SPF_TOKEN_EXPIRED:      /* and a program that provides tokens may provide a new one */
        return again;
    default:
        break;
    }
    switch (check) {
    case SPF_CHECK_SSH_BANNER:
    case SPF_CHECK_SSH_HANDSHAKE:
        return again;
    case SPF_CHECK_SSH_HOST_KEY:
        return finding == SPF_HOST_KEY_REVOKED || boot_is_over(history, run, now_ms, now_utc);
    case SPF_CHECK_SSH_AUTH:
    case SPF_CHECK_SSH_SESSION:
        return spf_key_is_accepted(run) || has_run_echo(run) ||
               (is_refused_key(finding) && spf_boot_left_key_out(run)) ||
               boot_is_over(history, run, now_ms, now_utc);
    default:
        return true;
    }
}

/* The console names what keeps the system or its sshd from coming up, long after the start. */
static bool is_broken_inside(const struct spf_run *run, const struct spf_diagnosis *d)
{
    static const char *const kinds[] = {"kernel panic", "emergency mode", "root file system",
                                        "sshd failed"};
    const struct spf_console_facts *console = run->facts.console;

    if (d->check != SPF_CHECK_NET_PORT || !spf_facts_have(&run->facts, SPF_GROUP_CONSOLE)) {
        return false;
    }
    for (size_t i = 0; i < console->trouble.count; i++) {
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            if (strcmp(console->trouble.items[i].kind, kinds[k]) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool is_in_vain(const struct spf_history *history, const struct spf_run *run,
                       enum spf_check_id check, enum spf_finding finding, int64_t now_ms,
                       int64_t now_utc)
{
    return (spf_findings[finding].permanence == SPF_PERMANENT || is_refused_key(finding)) &&
           is_certain(history, run, check, finding, now_ms, now_utc);
}

enum spf_retry spf_retry_decide(struct spf_history *history, const struct spf_run *run,
                                const struct spf_diagnosis *d, int64_t now_ms, int64_t now_utc)
{
    if (spf_fine(run, SPF_CHECK_SSH_BANNER) && !history->answered) {
        history->answered = true;
        history->answered_ms = now_ms;
    }
    if (history->alike == 0 || history->cause != d->cause) {
        history->cause = d->cause;
        history->since_ms = now_ms;
        history->alike = 0;
    }
    history->alike++;
    history->vain = SPF_NO_FINDING;
    if (d->verdict == SPF_VERDICT_PASS) {
        return SPF_RETRY_REACHED;
    }
    if (d->cause == SPF_NO_FINDING) {
        return SPF_RETRY_OPEN;
    }
    if (is_in_vain(history, run, d->check, d->cause, now_ms, now_utc) ||
        (is_broken_inside(run, d) && boot_is_over(history, run, now_ms, now_utc))) {
        history->vain = d->cause;
    }
    for (size_t i = 0; i < d->further_count && history->vain == SPF_NO_FINDING; i++) {
        if (is_in_vain(history, run, d->further_check[i], d->further[i], now_ms, now_utc)) {
            history->vain = d->further[i];
        }
    }
    return history->vain != SPF_NO_FINDING ? SPF_RETRY_VAIN : SPF_RETRY_OPEN;
}

int64_t spf_retry_pause_ms(const struct spf_history *history, const struct spf_run *run,
                           unsigned chance, int64_t *least_ms)
{
    int64_t most_ms = PORT_MOST_MS;
    int64_t pause_ms;

    *least_ms = PORT_MS;
    if (spf_has(run, SPF_CHECK_SSH_BANNER, SPF_SSH_PENALISED)) {
        *least_ms = PENALTY_MS;
        most_ms = 2 * PENALTY_MS;
    } else if (run->facts.group[SPF_GROUP_QUERY].asked) {
        *least_ms = LOGIN_MS;
        most_ms = LOGIN_MOST_MS;
    } else if (history->cause == SPF_API_THROTTLED) {
        *least_ms = API_MS;
    } else if (!run->facts.group[SPF_GROUP_TCP].asked) {
        *least_ms = CLOUD_MOVING_MS; /* only the cloud was asked */
    }
    pause_ms = *least_ms;
    for (unsigned i = 1; i < history->alike && pause_ms < most_ms; i++) {
        pause_ms += pause_ms / 4;
    }
    if (pause_ms > most_ms) {
        pause_ms = most_ms;
    }
    return pause_ms + pause_ms / 5 * (int64_t)(chance % 100) / 100;
}

/* Present, or refused in a way that asking again would not change. */
static bool is_settled(const struct spf_group_state *state)
{
    return state->phase == SPF_PRESENT ||
           (state->phase == SPF_FAILED && state->asked &&
            spf_findings[state->failure->cause].permanence == SPF_PERMANENT);
}

spf_groups spf_retry_keeps(const struct spf_run *run, int64_t now_ms)
{
    const struct spf_group_state *states = run->facts.group;
    const struct spf_group_state *instance = &states[SPF_GROUP_INSTANCE];
    spf_groups lasting = SPF_GROUP_BIT(KEY) | SPF_GROUP_BIT(OPENSSH) |
                         SPF_GROUP_BIT(OPENSSH_ALGORITHMS) | SPF_GROUP_BIT(CREDENTIALS) |
                         SPF_GROUP_BIT(IDENTITY);
    spf_groups keeps = 0;

    if (run->asked->host != NULL) {
        lasting |= SPF_GROUP_BIT(SSH_CONFIG); /* else it was asked about an address of the cloud */
    }
    if (instance->phase == SPF_FAILED) {
        lasting &= ~(SPF_GROUP_BIT(CREDENTIALS) | SPF_GROUP_BIT(IDENTITY));
    }
    if (instance->phase == SPF_PRESENT &&
        now_ms - instance->done_ms < (runs(run) ? CLOUD_SETTLED_MS : CLOUD_MOVING_MS)) {
        lasting |= SPF_CLOUD_GROUPS | SPF_GROUP_BIT(FOUND_KEY) | SPF_GROUP_BIT(SSH_CONFIG);
    }
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (lasting >> i & 1 && is_settled(&states[i])) {
            keeps |= (spf_groups)1u << i;
        }
    }
    if (run->asked->key_dir != NULL && !(keeps >> SPF_GROUP_FOUND_KEY & 1)) {
        keeps &= ~SPF_GROUP_BIT(KEY); /* it may be another one by then */
    }
    return keeps;
}
