#include "cli/wait.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/language.h"

#define EXIT_TIME_IS_UP 75   /* sysexits(3): EX_TEMPFAIL */
#define LAST_ROUND_MS   5000 /* what the last round is left, or a tenth of all the time */

struct span {
    char text[60];
};

/* "2 min 5 s" */
static struct span span_of(int64_t ms)
{
    long long seconds = (ms + 500) / 1000;
    struct span span;

    if (seconds >= 60) {
        spf_format(span.text, sizeof span.text, _("%lld min %lld s"), seconds / 60, seconds % 60);
    } else {
        spf_format(span.text, sizeof span.text, _("%lld s"), seconds);
    }
    return span;
}

/* What is so now, in the check's words and with its cause's id. */
static void say_state(const struct spf_wait *wait, const struct spf_round *round, size_t index,
                      int64_t elapsed_ms)
{
    const struct spf_diagnosis *d = &round->diagnoses[index];
    struct spf_buf line;

    spf_buf_init(&line, 1000);
    spf_buf_addf(&line, _("after %s: "), span_of(elapsed_ms).text);
    if (d->cause == SPF_NO_FINDING) {
        spf_buf_addstr(&line, d->summary);
    } else {
        spf_words(&line, round->runs[index], d->check);
        spf_buf_addf(&line, " (%s)", spf_findings[d->cause].id);
    }
    wait->say(wait->context, line.data);
    spf_buf_clear(&line);
}

/* least_ms: where the time is up, how long after this round the next one may begin. */
static void say_end(const struct spf_wait *wait, const struct spf_history *history,
                    enum spf_wait_end end, int64_t least_ms)
{
    struct spf_buf line;

    spf_buf_init(&line, 200);
    if (end == SPF_WAIT_IN_VAIN) {
        spf_buf_addf(&line, _("waiting can't help: %s"), spf_findings[history->vain].id);
    }
    if (end == SPF_WAIT_OVER) {
        spf_buf_addf(&line,
                     _("not within %s; it may still pass by itself (the next try would be %s after "
                       "this one)"),
                     span_of(wait->limit_ms).text, span_of(least_ms).text);
    }
    if (line.len > 0) {
        wait->say(wait->context, line.data);
    }
    spf_buf_clear(&line);
}

/*
 * How long to wait; a last round is brought forward so that it ends in time. Negative: the time is
 * up, for politeness allows none earlier than *least_ms.
 */
static int64_t pause_of(const struct spf_wait *wait, const struct spf_history *history,
                        const struct spf_run *run, int64_t left_ms, int64_t *least_ms)
{
    int64_t last_ms = wait->limit_ms / 10;
    int64_t pause_ms = spf_retry_pause_ms(history, run, wait->chance(wait->context), least_ms);

    left_ms -= last_ms < LAST_ROUND_MS ? last_ms : LAST_ROUND_MS;
    if (pause_ms <= left_ms) {
        return pause_ms;
    }
    return left_ms >= *least_ms ? left_ms : -1;
}

/* What one round means over all targets, and the longest pause that one of them asks for. */
struct prospect {
    bool open, vain;
    size_t vain_one;
    int64_t pause_ms;
    int64_t least_ms; /* of one for which the time is up */
    spf_groups keep;  /* what every target can keep */
};

static struct prospect consider(const struct spf_wait *wait, const struct spf_round *round,
                                struct spf_history *history, int64_t started_ms)
{
    struct prospect prospect = {.keep = ~(spf_groups)0};
    int64_t now_ms = wait->now_ms(wait->context);
    int64_t now_utc = wait->now_utc(wait->context);
    int64_t left_ms = wait->limit_ms - (now_ms - started_ms);

    for (size_t i = 0; i < round->count; i++) {
        const struct spf_run *run = round->runs[i];
        enum spf_retry retry =
            spf_retry_decide(&history[i], run, &round->diagnoses[i], now_ms, now_utc);
        int64_t pause_ms;
        int64_t least_ms;

        if (history[i].alike == 1) {
            say_state(wait, round, i, now_ms - started_ms);
        }
        if (retry == SPF_RETRY_VAIN) {
            prospect.vain = true;
            prospect.vain_one = i;
        }
        if (retry != SPF_RETRY_OPEN) {
            continue;
        }
        pause_ms = pause_of(wait, &history[i], run, left_ms, &least_ms);
        if (pause_ms < 0 && least_ms > prospect.least_ms) {
            prospect.least_ms = least_ms;
        }
        if (!prospect.open || pause_ms < 0 ||
            (prospect.pause_ms >= 0 && pause_ms > prospect.pause_ms)) {
            prospect.pause_ms = pause_ms;
        }
        prospect.open = true;
    }
    for (size_t i = 0; i < round->count; i++) {
        prospect.keep &=
            spf_retry_keeps(round->runs[i], now_ms + (prospect.open ? prospect.pause_ms : 0));
    }
    return prospect;
}

static struct spf_error go_on(const struct spf_wait *wait, struct spf_round *round,
                              struct spf_history *history, enum spf_wait_end *end)
{
    int64_t started_ms = wait->now_ms(wait->context);
    spf_groups keep = 0;

    for (;;) {
        int64_t left_ms = wait->limit_ms - (wait->now_ms(wait->context) - started_ms);
        struct spf_error error = wait->round(
            wait->context, keep, left_ms < wait->deadline_ms ? left_ms : wait->deadline_ms);
        struct prospect prospect;

        *end = SPF_WAIT_STOPPED;
        if (error.code != SPF_OK || round->stopped) {
            return error;
        }
        prospect = consider(wait, round, history, started_ms);
        if (!prospect.open) {
            *end = prospect.vain ? SPF_WAIT_IN_VAIN : SPF_WAIT_REACHED;
            say_end(wait, &history[prospect.vain_one], *end, 0);
            return spf_ok();
        }
        if (prospect.pause_ms < 0) {
            *end = SPF_WAIT_OVER;
            say_end(wait, history, *end, prospect.least_ms);
            return spf_ok();
        }
        if (!wait->pause(wait->context, prospect.pause_ms)) {
            round->stopped = true;
            return spf_ok();
        }
        keep = prospect.keep;
    }
}

struct spf_error spf_wait_rounds(const struct spf_wait *wait, struct spf_round *round,
                                 enum spf_wait_end *end)
{
    struct spf_history *history = calloc(round->count + 1, sizeof *history);
    struct spf_error error;

    *end = SPF_WAIT_STOPPED;
    if (history == NULL) {
        return spf_no_memory();
    }
    error = go_on(wait, round, history, end);
    free(history);
    return error;
}

/* The real thing. */
struct live {
    struct spf_round *round;
    const struct spf_options *options;
    int stop_fd;
    void (*progress)(void *context, const struct spf_driver_state *state);
    void (*say)(void *context, const char *line);
    void *context;
};

static int64_t now_ms(void *context)
{
    (void)context;
    return spf_now_ms();
}

static int64_t now_utc(void *context)
{
    (void)context;
    return spf_utc_now();
}

static unsigned chance(void *context)
{
    unsigned number = 0;

    (void)context;
    (void)!getrandom(&number, sizeof number, GRND_NONBLOCK);
    return number;
}

static bool pause_live(void *context, int64_t ms)
{
    const struct live *live = context;
    struct pollfd stop = {.fd = live->stop_fd, .events = POLLIN};
    int64_t until_ms = spf_now_ms() + ms;

    for (int64_t left = ms; left > 0; left = until_ms - spf_now_ms()) {
        int got = poll(&stop, 1, (int)left);

        if (got > 0) {
            return false;
        }
        if (got < 0 && errno != EINTR) {
            return true;
        }
    }
    return true;
}

static struct spf_error round_live(void *context, spf_groups keep, int64_t deadline_ms)
{
    const struct live *live = context;

    return spf_round_run(live->round, live->options, keep, deadline_ms, live->stop_fd,
                         live->progress, live->context);
}

static void say_live(void *context, const char *line)
{
    const struct live *live = context;

    if (live->say != NULL) {
        live->say(live->context, line);
    }
}

struct spf_error spf_wait_run(struct spf_round *round, const struct spf_options *options,
                              int stop_fd,
                              void (*progress)(void *, const struct spf_driver_state *),
                              void (*say)(void *, const char *), void *context)
{
    struct live live = {round, options, stop_fd, progress, say, context};
    const struct spf_wait wait = {
        .limit_ms = (int64_t)options->wait_s * 1000,
        .deadline_ms = (int64_t)options->deadline_s * 1000,
        .now_ms = now_ms,
        .now_utc = now_utc,
        .chance = chance,
        .pause = pause_live,
        .round = round_live,
        .say = say_live,
        .context = &live,
    };
    enum spf_wait_end end;
    struct spf_error error;

    if (options->wait_s == 0) {
        error = round_live(&live, 0, wait.deadline_ms);
    } else {
        error = spf_wait_rounds(&wait, round, &end);
        if (error.code == SPF_OK && end == SPF_WAIT_OVER) {
            round->report.exit_status = EXIT_TIME_IS_UP;
        }
    }
    spf_round_rest(round);
    return error;
}
