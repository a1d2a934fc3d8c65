#pragma once

#include "diagnosis/answer.h"

/*
 * What a finished round means for somebody who waits for a login (--wait): whether waiting can
 * still help, how soon to try again, and which facts need not be asked again. Pure, as all of this
 * room; times are monotonic milliseconds where not said otherwise.
 */
enum spf_retry {
    SPF_RETRY_REACHED, /* the verdict is pass */
    SPF_RETRY_OPEN,    /* it may pass by itself */
    SPF_RETRY_VAIN,    /* waiting cannot help */
};

/* What earlier rounds have shown of one target; zero at first. */
struct spf_history {
    enum spf_finding cause; /* of the last round */
    int64_t since_ms;       /* of the first round of those in a row with this cause */
    unsigned alike;         /* how many they are */
    int64_t answered_ms;    /* when an SSH server first identified itself */
    bool answered;
    enum spf_finding vain; /* with SPF_RETRY_VAIN: the cause that no waiting removes */
};

/*
 * Takes a round into account. A permanent cause is believed at once where no boot can explain it
 * (a security group, another key pair, no credentials). What the guest says while it boots, a
 * refused key above all, is believed once a second fact supports it: the instance was started
 * five minutes or longer ago, the console shows that this boot left the key out, or the server has
 * already accepted the key. now_utc: seconds since the epoch, for the instance's start.
 */
enum spf_retry spf_retry_decide(struct spf_history *history, const struct spf_run *run,
                                const struct spf_diagnosis *diagnosis, int64_t now_ms,
                                int64_t now_utc);

/*
 * How long to wait before the next round. *least_ms: politeness allows no less: 60 s for a server
 * that penalises, 15 s after a round that reached authentication, else 1 s. Beyond that it grows
 * while the cause stays the same; chance (any number) spreads many waiting programs.
 */
int64_t spf_retry_pause_ms(const struct spf_history *history, const struct spf_run *run,
                           unsigned chance, int64_t *least_ms);

/*
 * The groups that the next round, at now_ms, takes over: what cannot have changed (the key, the
 * credentials), and what the cloud said less than its own interval ago.
 */
spf_groups spf_retry_keeps(const struct spf_run *run, int64_t now_ms);
