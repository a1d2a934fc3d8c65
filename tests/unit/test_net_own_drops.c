#include <string.h>

#include "net/own_drops.h"
#include "pipeline/check.h"
#include "unit.h"

/*
 * What this machine drops itself, by counters as the kernel would have them at each time: a SYN is
 * sent again each second from the first on, and a filter here drops the answer 20 ms later. Samples
 * are taken when they are due, or late: then no cause may be certain that is not the true one.
 */

#define ENDS_MS 4600

/* The counters at a time since the first SYN. */
static struct spf_own_drops counters(int64_t at_ms, bool filtered)
{
    return (struct spf_own_drops){.discarded = filtered ? (at_ms + 980) / 1000 : 0};
}

/* Samples from begin_ms on, each so long after the one before; one of them later by delay_ms. The
 * last is taken when the attempt ends, or later. */
static void watch(int64_t begin_ms, int64_t delay_at_ms, int64_t delay_ms, bool filtered,
                  struct spf_drop_facts *facts)
{
    struct spf_own_watch watch = {.running = true};
    int64_t at = begin_ms;

    *facts = (struct spf_drop_facts){0};
    watch.first = watch.last = counters(at, filtered);
    for (;;) {
        const struct spf_own_drops now = counters(at, filtered);

        facts->retransmissions = at / 1000;
        spf_own_watch_count(&watch, &now, 1 + at, at / 1000, facts);
        if (at >= ENDS_MS) {
            return;
        }
        if (at <= delay_at_ms && at + SPF_OWN_SAMPLE_MS > delay_at_ms) {
            at += delay_ms;
        }
        at += SPF_OWN_SAMPLE_MS;
    }
}

static struct spf_opinion judged(const struct spf_drop_facts *drops)
{
    const struct spf_target target = {.host = "203.0.113.9", .port = 22};
    struct spf_tcp_facts tcp = {0};
    struct spf_facts facts;
    struct spf_result results[SPF_CHECK_COUNT];
    struct spf_view view = {&target, &facts, results};
    struct spf_opinion opinion;

    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_init(&results[i]);
    }
    spf_facts_init(&facts);
    facts.tcp = &tcp;
    facts.group[SPF_GROUP_TCP].phase = SPF_PRESENT;
    facts.tcp->outcome = SPF_TCP_SILENT;
    facts.tcp->elapsed_ms = ENDS_MS;
    strcpy(facts.tcp->address, target.host);
    facts.tcp->drops = *drops;
    opinion = spf_judge_net_port(&view, &results[SPF_CHECK_NET_PORT]);
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        spf_result_clear(&results[i]);
    }
    return opinion;
}

START_TEST(samples_in_time)
{
    struct spf_drop_facts drops;

    watch(800, -1000, 0, true, &drops);
    ck_assert(!drops.late);
    ck_assert_int_eq(judged(&drops).finding, SPF_OWN_FIREWALL_DROPS);
    watch(800, -1000, 0, false, &drops);
    ck_assert_int_eq(judged(&drops).finding, SPF_PORT_SILENT);
    ck_assert_int_eq(judged(&drops).status, SPF_FAIL);
}
END_TEST

/* However late one of them is, and wherever: nothing is dropped on the way here. */
START_TEST(a_sample_that_is_late)
{
    int certain = 0;

    for (int64_t at = 800; at < ENDS_MS; at += 100) {
        for (int64_t delay = 100; delay < 3000; delay += 100) {
            struct spf_drop_facts drops;
            struct spf_opinion opinion;

            watch(800, at, delay, true, &drops);
            opinion = judged(&drops);
            ck_assert_msg(opinion.finding == SPF_OWN_FIREWALL_DROPS ||
                              opinion.status == SPF_UNKNOWN,
                          "%d ms late at %d ms", (int)delay, (int)at);
            certain += opinion.finding == SPF_OWN_FIREWALL_DROPS;
            watch(800, at, delay, false, &drops);
            ck_assert_int_eq(judged(&drops).status, SPF_FAIL);
        }
    }
    ck_assert_int_gt(certain, 0);
}
END_TEST

/* The first of them comes after a SYN was sent again, whose answer it did not see. */
START_TEST(a_late_beginning)
{
    for (int64_t begin = 1100; begin < ENDS_MS; begin += 100) {
        struct spf_drop_facts drops;
        struct spf_opinion opinion;

        watch(begin, -1000, 0, true, &drops);
        opinion = judged(&drops);
        ck_assert_msg(opinion.status == SPF_UNKNOWN, "from %d ms on", (int)begin);
    }
}
END_TEST

int main(void)
{
    return unit_main("net_own_drops", (const TTest *const[]){samples_in_time, a_sample_that_is_late,
                                                             a_late_beginning, NULL});
}
