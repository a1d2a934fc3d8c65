#include "unit.h"

#include "base/clock.h"
#include "driver/task.h"

/* One target on its way, with what arrives given by hand. */

/* The key that was asked about is another one by now (pipeline/configure.c), and only then comes
 * the answer: nothing of it stays, where the next answer would be put over it. */
START_TEST(an_answer_to_a_forgotten_question)
{
    static const struct spf_target target = {.host = "203.0.113.9",
                                             .user = "root",
                                             .port = 22,
                                             .selected = SPF_ALL_CHECKS,
                                             .timeout_ms = 1000};
    struct spf_driver_shared shared = {.loop = spf_loop_new()};
    struct spf_task task = {.shared = &shared};
    struct spf_run run;

    spf_run_init(&run, &target);
    ck_assert(spf_task_begin(&task, &run, spf_now_ms() + UNIT_HANGS_MS));
    ck_assert_ptr_eq(spf_task_next(&shared), &task);

    ck_assert(spf_run_asked(&run, SPF_GROUP_KEY, spf_now_ms()));
    spf_facts_forget(&run.facts, SPF_GROUP_KEY);
    *run.facts.key = (struct spf_key_facts){.from_agent = true, .public_blob = strdup("AAAA")};
    task.inquiry.arrived(&task.inquiry, SPF_GROUP_KEY, NULL);
    ck_assert_ptr_null(run.facts.key->public_blob);
    ck_assert(!run.facts.key->from_agent);
    ck_assert_int_eq(run.facts.group[SPF_GROUP_KEY].phase, SPF_ABSENT);
    ck_assert_ptr_null(spf_task_next(&shared)); /* it is no news */

    ck_assert(spf_run_asked(&run, SPF_GROUP_KEY, spf_now_ms()));
    *run.facts.key = (struct spf_key_facts){.public_blob = strdup("BBBB")};
    task.inquiry.arrived(&task.inquiry, SPF_GROUP_KEY, NULL);
    ck_assert_str_eq(run.facts.key->public_blob, "BBBB");
    ck_assert_int_eq(run.facts.group[SPF_GROUP_KEY].phase, SPF_PRESENT);
    ck_assert_ptr_eq(spf_task_next(&shared), &task);

    spf_loop_free(shared.loop);
    spf_run_clear(&run);
}
END_TEST

int main(void)
{
    return unit_main("task", (const TTest *const[]){an_answer_to_a_forgotten_question, NULL});
}
