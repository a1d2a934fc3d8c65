/* Recorded facts are judged again, as if they had just come. */
#include "ledger/replay.h"

#include "base/clock.h"
#include "base/json.h"
#include "diagnosis/late_facts.h"
#include "ledger/record_parts.h"

void spf_replay_serve(struct json_object *groups, struct spf_inquiry *inquiry, enum spf_group group)
{
    const struct spf_group_info *info = &spf_groups_info[group];
    struct json_object *recorded = spf_json_get(groups, info->name);
    struct json_object *facts = spf_json_get(recorded, "facts");
    struct spf_failure failure;
    struct spf_error error;

    if (recorded == NULL) {
        failure = spf_failure(SPF_NOT_RECORDED, "the recorded run did not ask for this");
    } else if (facts == NULL) {
        failure = spf_recorded_failure_read(spf_json_get(recorded, "failure"));
    } else {
        error = spf_shape_read(info->shape, facts, spf_facts_group(inquiry->facts, group));
        if (error.code == SPF_OK) {
            inquiry->arrived(inquiry, group, NULL);
            return;
        }
        failure = spf_failure(SPF_NOT_RECORDED, "the record is damaged: %s", error.text);
    }
    inquiry->arrived(inquiry, group, &failure);
}

struct replay {
    struct spf_inquiry inquiry; /* first: arrived() finds the replay by it */
    struct spf_run *run;
};

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct replay *replay = (struct replay *)inquiry;

    spf_run_arrived(replay->run, group, failure, spf_now_ms());
    inquiry->target = replay->run->target; /* the ssh configuration may have made another of it */
}

static spf_groups absent(const struct spf_run *run, spf_groups groups)
{
    for (int i = 0; i < SPF_GROUP_COUNT; i++) {
        if (run->facts.group[i].phase != SPF_ABSENT) {
            groups &= ~((spf_groups)1u << i);
        }
    }
    return groups;
}

void spf_replay(struct json_object *groups, struct spf_run *run, spf_groups reported)
{
    const struct spf_failure nothing =
        spf_failure(SPF_NOT_RECORDED, "the record does not lead to a result");
    struct replay replay = {
        .inquiry = {.target = run->target, .facts = &run->facts, .arrived = arrived},
        .run = run,
    };

    run->replayed = true;
    for (;;) {
        spf_groups wants =
            spf_run_advance(run, spf_now_ms()) | spf_diagnosis_wants(run) | absent(run, reported);

        if (wants == 0) {
            break;
        }
        for (int i = 0; i < SPF_GROUP_COUNT; i++) {
            if (wants >> i & 1 && spf_run_asked(run, (enum spf_group)i, spf_now_ms())) {
                spf_replay_serve(groups, &replay.inquiry, (enum spf_group)i);
            }
        }
    }
    if (!spf_run_done(run)) {
        spf_run_abandon(run, &nothing, spf_now_ms());
    }
}
