#ifndef SPF_TESTS_UNIT_LOGIN_SCENE_H
#define SPF_TESTS_UNIT_LOGIN_SCENE_H

#include "all_facts.h"
#include "evidence.h"
#include "unit.h"

#include "base/text.h"
#include "login/ending.h"
#include "pipeline/check.h"

/* The judges of the network and the login: facts in, opinions out. */
struct scene {
    struct spf_target target;
    struct spf_facts facts;
    struct spf_result results[SPF_CHECK_COUNT];
    struct spf_view view;
};

static inline void have(struct scene *scene, enum spf_group group)
{
    scene->facts.group[group].phase = SPF_PRESENT;
}

/* The group is unavailable, for this reason. */
static inline void lack(struct scene *scene, enum spf_group group, enum spf_finding cause)
{
    const struct spf_failure failure = spf_failure(cause, "it is unavailable");

    spf_group_settle(&scene->facts.group[group], &failure);
}

/* All facts of a login that works, with a key of ours on a known host. */
static inline void set_scene(struct scene *scene)
{
    struct spf_known_host *line;

    *scene = (struct scene){
        .target = {.host = "203.0.113.9", .user = "root", .port = 22, .selected = SPF_ALL_CHECKS}};
    open_all(&scene->facts);
    scene->view = (struct spf_view){&scene->target, &scene->facts, scene->results};
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_init(&scene->results[i]);
    }
    for (int i = SPF_GROUP_KEY; i < SPF_GROUP_COUNT; i++) {
        have(scene, (enum spf_group)i);
    }
    scene->facts.key->usable = true;
    (void)strcpy(scene->facts.key->algorithm, "ssh-rsa");
    (void)strcpy(scene->facts.tcp->address, "203.0.113.9");
    (void)strcpy(scene->facts.identification->software, "OpenSSH_9.2");
    scene->facts.handshake->host_key_blob = strdup("AAAA");
    scene->facts.handshake->server_sig_algs = strdup("ssh-ed25519,rsa-sha2-512");
    (void)strcpy(scene->facts.query->algorithm, "rsa-sha2-512");
    line = SPF_APPEND(&scene->facts.known_hosts->lines);
    (void)strcpy(line->file, "known_hosts");
    line->line = 3;
    line->blob = strdup("AAAA");
}

static inline void strike(struct scene *scene)
{
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_clear(&scene->results[i]);
    }
    spf_facts_clear(&scene->facts);
}

static inline struct spf_opinion judge(struct scene *scene, enum spf_check_id check)
{
    spf_result_forget(&scene->results[check]);
    return spf_check_table[check].judge(&scene->view, &scene->results[check]);
}

static inline void expect(struct scene *scene, enum spf_check_id check, enum spf_status status,
                          enum spf_finding finding)
{
    struct spf_opinion opinion = judge(scene, check);

    ck_assert_msg(opinion.kind == SPF_OPINION_CONCLUDES && opinion.status == status &&
                      opinion.finding == finding,
                  "%s: kind %d, %s, %s", spf_check_table[check].id, (int)opinion.kind,
                  spf_status_name(opinion.status), spf_findings[opinion.finding].id);
}

static inline const char *evidence(struct scene *scene, enum spf_check_id check, const char *name)
{
    const char *text = evidence_text(&scene->results[check], name);

    return text != NULL ? text : "(null)";
}

#endif
