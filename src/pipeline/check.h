#pragma once

#include "pipeline/facts.h"
#include "pipeline/result.h"
#include "pipeline/target.h"

/*
 * A check asks one question. Its judge is a pure function: from what is known it either concludes,
 * or says which groups of facts it still wants, or waits for the result of another check. It does
 * no I/O and keeps nothing; it is called again whenever something new is known, until it concludes.
 *
 *     struct spf_opinion spf_judge_key_file(const struct spf_view *view, struct spf_result *result)
 *     {
 *         const struct spf_key_facts *key = view->facts->key;
 *         struct spf_opinion opinion;
 *
 *         if (spf_lacks(view, SPF_GROUP_KEY, &opinion))
 *             return opinion;
 *         spf_note_text(result, "path", key->path);
 *         if (key->outcome == SPF_KEY_MISSING)
 *             return spf_concludes(SPF_KEY_MISSING);
 *         spf_say(result, "a regular file, %lld bytes", (long long)key->size);
 *         return spf_passes();
 *     }
 */
struct spf_view {
    const struct spf_target *target;
    const struct spf_facts *facts;
    const struct spf_result *results; /* SPF_CHECK_COUNT of them; pending ones have SPF_PENDING */
};

enum spf_opinion_kind {
    SPF_OPINION_WAITS, /* for another check's result */
    SPF_OPINION_WANTS,
    SPF_OPINION_CONCLUDES,
    SPF_OPINION_SKIPS,
    SPF_OPINION_CANNOT_TELL,
};

struct spf_opinion {
    enum spf_opinion_kind kind;
    spf_groups wants;
    enum spf_finding finding; /* SPF_NO_FINDING: it passed */
    enum spf_status status;   /* that of the catalogue, or a lower one */
    bool holds;               /* the checks that need this one may go on */
    enum spf_skip_reason skip_reason;
    enum spf_check_id because;
    const struct spf_failure *failure;
};

struct spf_opinion spf_waits(void);
struct spf_opinion spf_wants(spf_groups groups);
struct spf_opinion spf_passes(void);
/* With the catalogue's status. Pass and warn hold, the others do not. */
struct spf_opinion spf_concludes(enum spf_finding finding);
/* With a status below the catalogue's; the comment at the call names the rule. */
struct spf_opinion spf_lowered(enum spf_finding finding, enum spf_status status);
/* The same opinion, but what needs this check may go on all the same (a stopped instance is found).
 */
struct spf_opinion spf_but_holds(struct spf_opinion opinion);
struct spf_opinion spf_skips(enum spf_check_id because);
struct spf_opinion spf_not_applicable(void);
/* Unknown, because a group is unavailable. The failure is borrowed from the facts. */
struct spf_opinion spf_cannot_tell(const struct spf_failure *failure);
/* What a failure says, as the result's sentence and evidence. */
void spf_failure_note(const struct spf_failure *failure, struct spf_result *result);

/*
 * The usual first line of a judge: true if the group is not there, and then *opinion is what to
 * return: a want while it may still come, unknown with its failure once it cannot.
 */
SPF_MUST_USE
bool spf_lacks(const struct spf_view *view, enum spf_group group, struct spf_opinion *opinion);

typedef struct spf_opinion spf_judge(const struct spf_view *view, struct spf_result *result);

/* One row of the table. */
struct spf_check {
    const char *id;    /* "key.file" */
    const char *asks;  /* "is there a regular file I can read?" */
    const char *title; /* "key file", in the text report */
    spf_judge *judge;
    spf_checks
        needs; /* while one is pending this one is not judged; one that does not hold skips it */
};

/* The table, in the order of the report; a check needs only checks above it. */
extern const struct spf_check spf_check_table[SPF_CHECK_COUNT];

/* -1 if there is none of that id. */
int spf_check_by_id(const char *id);

spf_judge spf_judge_key_file, spf_judge_key_mode, spf_judge_key_format;
spf_judge spf_judge_cloud_access, spf_judge_cloud_instance, spf_judge_cloud_address;
spf_judge spf_judge_cloud_security_group, spf_judge_cloud_network_acl, spf_judge_cloud_key_pair;
spf_judge spf_judge_net_port, spf_judge_ssh_banner, spf_judge_ssh_handshake;
spf_judge spf_judge_ssh_host_key, spf_judge_ssh_auth, spf_judge_ssh_session;
