#include "cli/round.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/prompt.h"
#include "cloud/instance_word.h"
#include "platform/files.h"

#define RECORD_MAX (64u * 1024 * 1024)

/* Waits until fd can be read: a pipe's writer may take its time, but not for ever. */
static struct spf_error wait_for(int fd, int stop_fd, int64_t until_ms)
{
    struct pollfd polls[2] = {{.fd = fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
    int64_t left;
    int got;

    do {
        left = until_ms - spf_now_ms();
        got = left > 0 ? poll(polls, 2, (int)left) : 0;
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return spf_error_sys(errno, "it cannot be waited for");
    if (got > 0 && polls[1].revents != 0)
        return spf_error(SPF_ERR_INVALID, "interrupted before it was read");
    return got > 0 ? spf_ok()
                   : spf_error(SPF_ERR_TOO_BIG, "it did not come to its end in time (--deadline)");
}

/* A file, a pipe, or "-": standard input. Of a bounded size. */
static struct spf_error read_all(const char *path, int stop_fd, unsigned seconds,
                                 struct spf_buf *text)
{
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : spf_open_to_read(path);
    int64_t until_ms = spf_now_ms() + (int64_t)seconds * 1000;
    struct spf_error error = fd >= 0 ? spf_ok() : spf_error_sys(errno, "it cannot be read");
    char bytes[16384];
    ssize_t got = 1;

    while (error.code == SPF_OK && got > 0) {
        error = wait_for(fd, stop_fd, until_ms);
        if (error.code != SPF_OK)
            break;
        got = read(fd, bytes, sizeof bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            got = 1;
        else if (got < 0)
            error = spf_error_sys(errno, "it cannot be read");
        else
            spf_buf_add(text, bytes, (size_t)got);
        if (spf_buf_failed(text))
            error = spf_error(SPF_ERR_TOO_BIG, "it is too large");
    }
    if (!is_input && fd >= 0)
        (void)close(fd);
    return error;
}

static struct spf_error read_record(struct spf_round *round, const struct spf_options *options,
                                    int stop_fd)
{
    const char *path = strcmp(options->replay, "-") == 0 ? "standard input" : options->replay;
    struct spf_error error;
    struct spf_buf text;
    char shown[100];

    spf_buf_init(&text, RECORD_MAX);
    error = read_all(options->replay, stop_fd, options->deadline_s, &text);
    if (error.code == SPF_OK)
        error = spf_record_read(text.data, text.len, &round->replayed);
    spf_buf_clear(&text);
    if (error.code == SPF_OK || error.code == SPF_ERR_NOMEM)
        return error;
    spf_clean(shown, sizeof shown, path, strlen(path));
    return spf_error(SPF_ERR_USAGE, "the record %s: %s", shown, error.text);
}

static void set_target(struct spf_round *round, const struct spf_options *options)
{
    round->targets[0] = (struct spf_target){
        .instance_id = options->instance,
        .host = options->host,
        .user = options->user,
        .key_path = options->key,
        .jump = options->jump,
        .ssh_config = options->ssh_config,
        .ssh_words = options->ssh_words[0] != NULL ? options->ssh_words : NULL,
        .user_at = options->user_at,
        .port_at = options->port_at,
        .user_given = options->user_given,
        .port_given = options->port_given,
        .port = options->port,
        .family = options->family,
        .address = options->address,
        .source_ip = options->source_ip,
        .source_lookup = options->source_lookup,
        .session = options->session,
        .transfer = options->transfer,
        .selected = options->selected,
        .timeout_ms = options->timeout_s * 1000,
        .deadline_s = options->deadline_s,
        .known_hosts = options->known_hosts[0] != NULL ? options->known_hosts : NULL,
        .key_text = round->key_text,
        .passphrase = round->passphrase,
        .console = options->console,
        .fix_tried = options->fix,
        .find_key = options->find_key,
        .profile = options->profile,
        .config_path = options->config_path,
        .other_options = options->repeat[0] != NULL ? options->repeat : NULL,
    };
}

/* What the text names is the target; what is given on the command line counts first. */
static void set_transcript_target(struct spf_round *round, const struct spf_options *options)
{
    const struct spf_transcript_target *named = spf_transcript_target(round->transcript);
    struct spf_target *target = &round->targets[0];

    set_target(round, options);
    target->from_transcript = true;
    target->session =
        spf_transcript_shows_session(round->transcript) ? SPF_SESSION_AUTO : SPF_SESSION_NEVER;
    if (options->host == NULL)
        target->host = named->host != NULL ? named->host : SPF_UNNAMED_HOST;
    if (!options->user_given)
        target->user = named->user != NULL ? named->user : SPF_UNNAMED_USER;
    if (!options->port_given && named->port != 0)
        target->port = named->port;
    if (options->key == NULL)
        target->key_path = named->key_path;
    target->jump = named->jump;
}

static struct spf_error read_transcript(struct spf_round *round, const struct spf_options *options,
                                        int stop_fd)
{
    const char *path =
        strcmp(options->transcript, "-") == 0 ? "standard input" : options->transcript;
    struct spf_error error;
    struct spf_buf text;
    char shown[100];

    spf_buf_init(&text, SPF_TRANSCRIPT_MAX);
    error = read_all(options->transcript, stop_fd, options->deadline_s, &text);
    if (error.code == SPF_OK) {
        round->transcript = spf_transcript_read(text.data, text.len);
        if (round->transcript == NULL)
            error = spf_error(SPF_ERR_NOMEM, "out of memory");
    }
    spf_buf_clear(&text);
    if (error.code == SPF_OK || error.code == SPF_ERR_NOMEM)
        return error;
    spf_clean(shown, sizeof shown, path, strlen(path));
    return spf_error(SPF_ERR_USAGE, "the transcript %s: %s", shown, error.text);
}

struct spf_error spf_round_prepare(struct spf_round *round, const struct spf_options *options,
                                   int stop_fd)
{
    struct spf_error error = spf_ok();

    if (options->passphrase_file != NULL && options->key != NULL && options->replay == NULL &&
        round->passphrase == NULL)
        error = spf_read_passphrase_file(options->passphrase_file, options->deadline_s,
                                         &round->passphrase);
    if (error.code != SPF_OK)
        return error;
    round->count = 1;
    if (options->replay != NULL) {
        error = read_record(round, options, stop_fd);
        if (error.code != SPF_OK) {
            round->count = 0;
            return error;
        }
        round->count = spf_record_count(round->replayed);
    }
    if (options->transcript != NULL)
        error = read_transcript(round, options, stop_fd);
    if (error.code != SPF_OK) {
        round->count = 0;
        return error;
    }
    round->targets = calloc(round->count, sizeof *round->targets);
    round->runs = calloc(round->count, sizeof *round->runs);
    round->diagnoses = calloc(round->count, sizeof *round->diagnoses);
    round->reported = calloc(round->count, sizeof *round->reported);
    if (round->targets == NULL || round->runs == NULL || round->diagnoses == NULL ||
        round->reported == NULL) {
        round->count = 0;
        return spf_error(SPF_ERR_NOMEM, "out of memory");
    }
    if (round->transcript != NULL)
        set_transcript_target(round, options);
    else if (round->replayed == NULL)
        set_target(round, options);
    for (size_t i = 0; i < round->count; i++) {
        if (round->replayed != NULL)
            round->targets[i] = *spf_record_target(round->replayed, i);
        spf_run_init(&round->runs[i], &round->targets[i]);
    }
    return spf_ok();
}

/* -v: each call of the API, as it ends. */
static void trace(void *owner, const char *line)
{
    char clean[600];

    (void)owner;
    spf_clean(clean, sizeof clean, line, strlen(line));
    (void)fprintf(stderr, "%s\n", clean);
}

/* The report in JSON says which ssh was evaluated, and a record lets it be said again. */
static spf_groups reported(const struct spf_options *options)
{
    bool json = options->format == SPF_FORMAT_JSON || options->record != NULL;

    for (size_t i = 0; i < options->output_count; i++)
        json |= options->outputs[i].format == SPF_FORMAT_JSON;
    return json && options->transcript == NULL ? SPF_GROUP_BIT(OPENSSH) : 0;
}

/* For the first round; the options are kept where the driver can borrow them. */
static bool prepare_driver(struct spf_round *round, const struct spf_options *options, int stop_fd,
                           void (*progress)(void *, const struct spf_run *, size_t), void *context)
{
    round->cloud = (struct spf_aliyun_options){
        .credentials = {.profile = options->profile,
                        .config_path = options->config_path,
                        .region = options->region,
                        .vpc = options->vpc_endpoints != 0},
        .api = {.ca_file = options->ca_file,
                .endpoints = options->endpoints,
                .endpoint_count = options->endpoint_count,
                .trace = options->verbose ? trace : NULL},
    };
    round->driver_options = (struct spf_driver_options){
        .stop_fd = stop_fd,
        .cloud = &round->cloud,
        .reported = reported(options),
        .transcript = round->transcript,
        .replay = round->replayed,
        .progress = progress,
        .context = context,
    };
    round->driver = spf_driver_new(round->runs, round->count, &round->driver_options);
    return round->driver != NULL;
}

/* No loop, no round: what is known then is that this machine could not do it. */
static struct spf_error abandon(struct spf_round *round)
{
    const struct spf_failure failure =
        spf_failure(SPF_SYSTEM_ERROR, "out of memory or descriptors");

    for (size_t i = 0; i < round->count; i++)
        spf_run_abandon(&round->runs[i], &failure, spf_now_ms());
    return spf_error(SPF_ERR_NOMEM, "out of memory or descriptors");
}

static void diagnose(struct spf_round *round, bool strict)
{
    for (size_t i = 0; i < round->count; i++) {
        spf_diagnosis_reconcile(&round->runs[i]);
        spf_diagnose(&round->runs[i],
                     round->replayed != NULL ? round->report.replayed_utc : spf_utc_now(),
                     &round->diagnoses[i]);
        round->reported[i] = (struct spf_report_target){
            .run = &round->runs[i],
            .diagnosis = &round->diagnoses[i],
            .duration_ms = round->report.duration_ms,
        };
    }
    round->report.targets = round->reported;
    round->report.count = round->count;
    round->report.exit_status = spf_report_exit_status(&round->report, strict);
}

/* A word that neither resolves nor looks like a host, and that an instance may have as its name. */
static bool may_name_instance(const struct spf_round *round, const struct spf_options *options)
{
    const struct spf_run *run = &round->runs[0];
    const char *host = round->targets[0].host;
    enum spf_instance_word kind;

    return options->host_is_word && round->replayed == NULL && round->transcript == NULL &&
           !round->stopped && host != NULL && round->targets[0].instance_id == NULL &&
           run->target->alias == NULL && !spf_target_is_proxied(run->target) &&
           run->results[SPF_CHECK_NET_PORT].finding == SPF_HOST_UNRESOLVED &&
           strpbrk(host, ".:") == NULL && spf_instance_word(host, &kind, NULL).code == SPF_OK &&
           kind == SPF_WORD_NAME;
}

static struct spf_error drive_again(struct spf_round *round, const struct spf_target *target,
                                    int64_t until_ms)
{
    const int64_t left_ms = until_ms - spf_now_ms();

    round->targets[0] = *target;
    spf_run_clear(&round->runs[0]);
    spf_run_init(&round->runs[0], &round->targets[0]);
    return spf_driver_round(round->driver, left_ms > 0 ? left_ms : 0, &round->stopped);
}

/* Looks for an instance of the host's name; where there is none, all is as it was. */
static struct spf_error take_for_instance(struct spf_round *round, int64_t until_ms)
{
    const struct spf_target asked = round->targets[0];
    const struct spf_facts *facts = &round->runs[0].facts;
    struct spf_target named = asked;
    struct spf_error error;

    named.instance_id = asked.host;
    named.host = NULL;
    error = drive_again(round, &named, until_ms);
    if (error.code != SPF_OK || round->stopped ||
        (spf_facts_have(facts, SPF_GROUP_INSTANCE) &&
         facts->instance.search != SPF_INSTANCE_NOWHERE))
        return error;
    return drive_again(round, &asked, until_ms);
}

struct spf_error spf_round_run(struct spf_round *round, const struct spf_options *options,
                               spf_groups keep, int64_t deadline_ms, int stop_fd,
                               void (*progress)(void *, const struct spf_run *, size_t),
                               void *context)
{
    int64_t started_ms = spf_now_ms();
    struct spf_error error;

    round->report.started_utc = spf_utc_now();
    if (round->replayed != NULL) {
        round->report.started_utc = spf_record_started(round->replayed);
        round->report.replayed_utc = spf_record_made(round->replayed);
    }
    for (size_t i = 0; round->driver != NULL && i < round->count; i++) {
        spf_diagnosis_clear(&round->diagnoses[i]);
        spf_run_again(&round->runs[i], keep);
    }
    if (round->driver != NULL || prepare_driver(round, options, stop_fd, progress, context))
        error = spf_driver_round(round->driver, deadline_ms, &round->stopped);
    else
        error = abandon(round);
    if (error.code == SPF_OK && may_name_instance(round, options))
        error = take_for_instance(round, started_ms + deadline_ms);
    round->report.duration_ms = spf_now_ms() - started_ms;
    diagnose(round, options->strict);
    return error;
}

void spf_round_rest(struct spf_round *round)
{
    spf_driver_free(round->driver);
    round->driver = NULL;
}

void spf_round_clear(struct spf_round *round)
{
    spf_round_rest(round);
    for (size_t i = 0; i < round->count; i++) {
        spf_diagnosis_clear(&round->diagnoses[i]);
        spf_run_clear(&round->runs[i]);
    }
    free(round->reported);
    free(round->diagnoses);
    free(round->runs);
    free(round->targets);
    spf_record_free(round->replayed);
    spf_transcript_free(round->transcript);
    spf_secret_free(round->passphrase);
    spf_secret_free(round->key_text);
    *round = (struct spf_round){0};
}
