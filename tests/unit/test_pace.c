#include "unit.h"

#include "base/pace.h"

START_TEST(one_after_the_other_at_a_place)
{
    struct spf_pace *pace = spf_pace_new();

    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(spf_pace_take(pace, "here", 4, 1000), 1000 + i * SPF_PACE_MS);
    }
    ck_assert_int_eq(spf_pace_take(pace, "there", 5, 1000), 1000);
    ck_assert_int_eq(spf_pace_take(pace, "her", 3, 1000), 1000);
    ck_assert_int_eq(spf_pace_take(pace, "here", 4, 1000 + 3 * SPF_PACE_MS + 50),
                     1000 + 4 * SPF_PACE_MS);
    ck_assert_int_eq(spf_pace_take(pace, "here", 4, 60000), 60000); /* nothing is saved up */
    ck_assert_int_eq(spf_pace_take(pace, "here", 4, 60000), 60000 + SPF_PACE_MS);
    spf_pace_free(pace);
    spf_pace_free(NULL);
}
END_TEST

/* However many places there were, each has its turn, and those are forgotten whose turn is over. */
START_TEST(many_places)
{
    struct spf_pace *pace = spf_pace_new();
    int64_t now_ms = 1000;

    for (int i = 0; i < 20000; i++, now_ms += 1) {
        ck_assert_int_eq(spf_pace_take(pace, &i, sizeof i, now_ms), now_ms);
        ck_assert_int_eq(spf_pace_take(pace, &i, sizeof i, now_ms), now_ms + SPF_PACE_MS);
        ck_assert_int_eq(spf_pace_take(pace, "busy", 4, 1000), 1000 + (int64_t)i * SPF_PACE_MS);
    }
    ck_assert_uint_lt(spf_pace_places(pace), 1000);
    spf_pace_free(pace);
}
END_TEST

int main(void)
{
    return unit_main("pace",
                     (const TTest *const[]){one_after_the_other_at_a_place, many_places, NULL});
}
