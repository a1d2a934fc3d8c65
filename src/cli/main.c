/*
 * sshpreflight: why can't I log in to this cloud instance with this key, and what do I do about it?
 *
 * A map of the tree, in the order in which things happen:
 *
 *     cli/parse.c          argv to values (option_table.c has all); cli/prepare.c makes targets
 *     driver/driver.c      one loop: asks each run what it wants, has the probes fetch it
 *     key/, cloud/, net/, login/
 *                          the domains: facts.h what can be known, files like key/cache.c how it
 *                          is learnt, *check.c what it means; login/ is one SSH conversation
 *     cloud/aliyun/        Alibaba Cloud: an operation makes calls, and what their replies mean
 *     cloud/aliyun/identity/
 *                          where credentials come from: environment, profiles, programs, roles
 *     cloud/aliyun/http/   a call becomes signed requests: endpoints, retries, error codes
 *     openssh/             what the user's own ssh would do: ssh -G, known_hosts, versions, words
 *     transcript/          what a pasted text says, as the same facts
 *     pipeline/table.c     the fifteen checks; pipeline/run.c judges and wants, needs.c
 *                          says what must come first;
 *                          pipeline/findings/ is the catalogue of causes
 *     diagnosis/           from results to one verdict and one root cause
 *     ledger/              what earlier runs left: records and ndjson, replayed, resumed, merged
 *     report/              text for people, JSON for programs; they decide nothing
 *     platform/            what the kernel and libc give: children, signals, home, files
 *     base/                errors, text, secrets, clocks, shapes, the loop
 *
 * Where is a cause decided? Search its symbol: SPF_SG_NO_RULE is returned by one judge. What is
 * wrong with a key file its readers see: key/text.c lists it ("key-crlf"), and SPF_DAMAGE_CRLF is
 * set where it is seen. What a text names: transcript/.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/language.h"
#include "base/loop.h"
#include "cli/completion.h"
#include "cli/defaults.h"
#include "cli/fixing.h"
#include "cli/help.h"
#include "cli/judge.h"
#include "cli/key_look.h"
#include "cli/merge.h"
#include "cli/parse.h"
#include "cli/prepare.h"
#include "cli/progress.h"
#include "cli/prompt.h"
#include "cli/publish.h"
#include "cli/style.h"
#include "cli/wait.h"
#include "cloud/cloud.h"
#include "pipeline/needs.h"
#include "platform/limits.h"
#include "platform/signals.h"
#include "platform/terminal.h"
#include "platform/texts.h"
#include "report/render.h"

/* Exit statuses beside the verdict's 0, 1 and 2; a contract (design and manual). */
enum {
    EXIT_UNKNOWN = 2,
    EXIT_USAGE = 64,
    EXIT_BUG = 70,
    EXIT_NOT_WRITTEN = 74,
};

#define REPORT_MAX (1024u * 1024 * 1024)

/* A text that is the same each time is translated here. */
static int complain(int status, const char *text)
{
    (void)fprintf(stderr, "sshpreflight: %s\n", spf_tr(text));
    if (status == EXIT_USAGE) {
        (void)fputs(_("Try: sshpreflight --help\n"), stderr);
    }
    return status;
}

/* Somebody who typed - without a pipe would see nothing happen. */
static void say_that_it_waits(const char *what)
{
    if (isatty(STDIN_FILENO) == 1) {
        (void)fprintf(stderr, _("sshpreflight: reading %s from the terminal; %s ends it\n"), what,
                      spf_terminal_end);
    }
}

/* What must come from a person or a pipe before any clock runs. */
static struct spf_error gather_secrets(const struct spf_options *options, struct spf_round *round,
                                       int stop_fd)
{
    bool from_input = options->key != NULL && strcmp(options->key, "-") == 0;
    struct spf_error error = spf_ok();

    if (options->transcript != NULL && strcmp(options->transcript, "-") == 0) {
        say_that_it_waits(_("the transcript"));
    }
    if ((options->key == NULL && options->key_dir == NULL) || options->replay != NULL ||
        options->transcript != NULL) {
        return error;
    }
    if (from_input) {
        say_that_it_waits(_("the private key"));
    }
    if (from_input) {
        error = spf_read_key_from_stdin(stop_fd, options->deadline_s, &round->key_text);
    }
    if (error.code != SPF_OK) {
        return error;
    }
    if (options->passphrase_file != NULL) {
        return spf_read_passphrase_file(options->passphrase_file, stop_fd, options->deadline_s,
                                        &round->passphrase);
    }
    error = spf_read_passphrase_environment(&round->passphrase);
    if (error.code == SPF_OK && round->passphrase == NULL && options->key != NULL && !from_input &&
        spf_wants_passphrase_in_time(options->key, options->timeout_s, stop_fd, &round->key_file)) {
        error = spf_prompt_passphrase(options->key, &round->passphrase);
    }
    return error;
}

/* --fix, before the checks: says what it did, and puts the file to use from now on into the
 * options. */
static void fix_key(struct spf_options *options, struct spf_round *round, int stop_fd)
{
    static struct spf_key_fixed fixed; /* a thread that is given up may still write to it */
    struct spf_error error =
        spf_fix_in_time(options->key, round->passphrase, options->deadline_s, stop_fd, &fixed);

    spf_key_file_clear(&round->key_file); /* the file may be another one now */
    (void)complain(0, error.code == SPF_OK ? fixed.text : error.text);
    if (error.code == SPF_ERR_TOO_BIG) {
        /* That thread uses what a tidy end would free; a signal that came ends us in its own way.
         */
        spf_signals_release();
        _exit(EXIT_USAGE);
    }
    if (error.code == SPF_OK && fixed.fix == SPF_FIX_COPY) {
        char *copy = strdup(fixed.path);

        if (copy == NULL) {
            return;
        }
        free(options->key_copy);
        options->key = options->key_copy = copy;
    }
}

static void say_remarks(const struct spf_options *options)
{
    struct spf_buf lines;

    spf_buf_init(&lines, 8000);
    spf_options_remark(options, &lines);
    for (char *at = lines.data, *line; (line = strsep(&at, "\n")) != NULL;) {
        if (line[0] != '\0') {
            (void)complain(0, line);
        }
    }
    spf_buf_clear(&lines);
}

/* --wait: a line that stays, on a terminal above the one that is redrawn. */
static void say_change(void *context, const char *line)
{
    spf_progress_wipe(context);
    (void)complain(0, line);
}

/* -v: each call of the API, as it ends. */
static void say_call(void *context, const char *line)
{
    char clean[600];

    spf_progress_wipe(context);
    spf_clean(clean, sizeof clean, line, strlen(line));
    (void)fprintf(stderr, "%s\n", clean);
}

#define LEFT_OUT_SHOWN 20

/* Lines of lists that name no target, or one that was there. */
static void say_lists(const struct spf_options *options, const struct spf_targets *targets)
{
    char line[1000];

    for (size_t i = 0; i < targets->left_out.count && i < LEFT_OUT_SHOWN; i++) {
        (void)fprintf(stderr, _("sshpreflight: %s: %s; left out\n"),
                      targets->left_out.items[i].where, targets->left_out.items[i].why);
    }
    if (targets->left_out.count > LEFT_OUT_SHOWN) {
        (void)fprintf(stderr, _("sshpreflight: %zu more lines cannot be read, and are left out\n"),
                      targets->left_out.count - LEFT_OUT_SHOWN);
    }
    if (targets->alike == 0 || options->quiet) {
        return;
    }
    spf_format(line, sizeof line,
               targets->alike == 1
                   ? _("%zu target is named again: %s; each is checked once")
                   : _("%zu targets are named again, the first is %s; each is checked once"),
               targets->alike, targets->alike_first != NULL ? targets->alike_first : "?");
    (void)complain(0, line);
}

/* Of a run that cannot begin. */
static int exit_status_of(enum spf_err code)
{
    return code == SPF_ERR_NOMEM ? EXIT_BUG : code == SPF_ERR_SYS ? EXIT_UNKNOWN : EXIT_USAGE;
}

/* A run that cannot begin; a signal that came meanwhile is what ended it. */
static int end_early(const struct spf_error *error, int status, int stop_fd)
{
    const int signal_number = spf_signals_which(stop_fd);

    return complain(signal_number != 0 ? 128 + signal_number : status, error->text);
}

/* What is to be written is known: a writer that blocks (a pager) may be ended like any other. */
static int publish(struct spf_publisher *publisher)
{
    const struct spf_round *round = publisher->round;
    int status;

    spf_signals_release();
    status = spf_publish_end(publisher);
    if (status == 0 || round->stopped) {
        status = round->report.exit_status;
    }
    if (publisher->options->format == SPF_FORMAT_NAGIOS && status < EXIT_USAGE) {
        status = spf_report_nagios_status(&round->report); /* its own contract */
    }
    return status;
}

static int run(struct spf_options *options)
{
    struct spf_round round = {0};
    struct spf_progress progress;
    int stop_fd = spf_signals_watch();
    int signal_number;
    int status;
    const struct spf_style style = spf_style_of(options);
    struct spf_publisher publisher = {
        .options = options, .style = &style, .round = &round, .stop_fd = stop_fd};
    struct spf_error error = gather_secrets(options, &round, stop_fd);

    if (error.code != SPF_OK) {
        spf_round_clear(&round);
        return end_early(&error, EXIT_USAGE, stop_fd);
    }
    say_remarks(options);
    if (options->fix && options->replay == NULL) {
        fix_key(options, &round, stop_fd);
    }
    if (options->replay != NULL && strcmp(options->replay, "-") == 0) {
        say_that_it_waits(_("a record"));
    }
    spf_progress_init(&progress, options->format == SPF_FORMAT_TEXT && !options->quiet);
    round.trace = say_call;
    round.trace_owner = &progress;
    error = spf_round_prepare(&round, options, stop_fd);
    if (error.code != SPF_OK) {
        spf_round_clear(&round);
        return end_early(&error, exit_status_of(error.code), stop_fd);
    }

    say_lists(options, &round.targets);
    round.remembers = !options->no_cache;
    spf_publish_begin(&publisher);
    error = spf_wait_run(&round, options, stop_fd, spf_progress_show,
                         options->quiet ? NULL : say_change, &progress);
    spf_progress_wipe(&progress);
    if (error.code != SPF_OK) {
        (void)complain(0, error.text);
        if (round.report.exit_status == 0) {
            round.report.exit_status = EXIT_UNKNOWN; /* what is there is not all */
        }
    }
    if (round.stopped && (signal_number = spf_signals_which(stop_fd)) != 0) {
        round.report.exit_status = 128 + signal_number;
    }

    status = publish(&publisher);
    spf_round_clear(&round);
    if (stop_fd >= 0) {
        (void)close(stop_fd);
    }
    return status;
}

/* The catalogue's entry on standard output; for a cause that does not exist, on standard error. */
static int explain(const struct spf_options *options)
{
    const struct spf_style style = spf_style_of(options);
    struct spf_buf buf;
    bool known;

    spf_buf_init(&buf, REPORT_MAX);
    known = options->format == SPF_FORMAT_JSON ? spf_explain_json(&buf, options->cause)
                                               : spf_explain(&buf, options->cause, &style);
    (void)fprintf(known ? stdout : stderr, "%s%s", known ? "" : "sshpreflight: ", buf.data);
    spf_buf_clear(&buf);
    return known ? 0 : EXIT_USAGE;
}

/* No format but has it said here as well: a pipeline's log, and ndjson, which has no place for it.
 */
static void say_lacks(const struct spf_report *report)
{
    for (size_t i = 0; i < report->lacks_count; i++) {
        (void)fprintf(stderr, "sshpreflight: %s %s\n", report->lacks[i].where,
                      report->lacks[i].why);
    }
}

/* The parts of a fleet as one report. */
static int merge(const struct spf_options *options)
{
    const struct spf_style style = spf_style_of(options);
    struct spf_merge *merge = spf_merge_new();
    const struct spf_report *merged = NULL;
    int stop_fd = spf_signals_watch();
    int status = 0;
    struct spf_error error =
        merge != NULL ? spf_merge_files(options, stop_fd, merge, &merged) : spf_no_memory();

    if (error.code != SPF_OK) {
        status = end_early(&error, error.code == SPF_ERR_NOMEM ? EXIT_BUG : EXIT_USAGE, stop_fd);
    }
    spf_signals_release();
    if (stop_fd >= 0) {
        (void)close(stop_fd);
    }
    if (error.code == SPF_OK && merged != NULL) {
        struct spf_report report = *merged;

        say_lacks(&report);
        status = spf_publish_report(options, &style, &report);
        if (status == 0) {
            status = options->format == SPF_FORMAT_NAGIOS ? spf_report_nagios_status(&report)
                                                          : report.exit_status;
        }
    }
    spf_merge_free(merge);
    return status;
}

static int list_checks(const struct spf_options *options)
{
    const struct spf_style style = spf_style_of(options);
    struct spf_buf buf;

    spf_buf_init(&buf, REPORT_MAX);
    if (options->format == SPF_FORMAT_JSON) {
        spf_list_checks_json(&buf);
    } else {
        spf_list_checks(&buf, &style);
    }
    (void)fputs(buf.data, stdout);
    spf_buf_clear(&buf);
    return 0;
}

/* What an administrator must grant; JSON and nothing else. */
static int print_policy(const struct spf_options *options)
{
    const struct spf_target target = {
        .instance_id = "", .host = options->host, .selected = options->selected};
    struct spf_buf buf;
    bool whole;

    spf_buf_init(&buf, REPORT_MAX);
    whole = spf_cloud_policy(spf_checks_with_needs(&target), options->console, &buf);
    if (whole) {
        (void)fputs(buf.data, stdout);
    }
    spf_buf_clear(&buf);
    return whole ? 0 : complain(EXIT_BUG, "out of memory");
}

static int print_completion(const struct spf_options *options)
{
    struct spf_buf buf;
    bool whole;

    spf_buf_init(&buf, REPORT_MAX);
    spf_completion(&buf, options->completion, options->config_path);
    whole = !spf_buf_failed(&buf);
    if (whole) {
        (void)fputs(buf.data, stdout);
    }
    spf_buf_clear(&buf);
    return whole ? 0 : complain(EXIT_BUG, "out of memory");
}

static int print_config(const struct spf_options *options)
{
    struct spf_buf buf;

    spf_buf_init(&buf, REPORT_MAX);
    spf_defaults_print(options, &buf);
    (void)fputs(buf.data, stdout);
    spf_buf_clear(&buf);
    return 0;
}

/* What --lang says, before the command line is read: what is wrong there is said in it, too. */
static const char *language_asked(char **argv)
{
    const char *word = NULL;

    for (int i = 1; argv[i] != NULL && word == NULL && strcmp(argv[i], "--") != 0; i++) {
        if (spf_starts_with(argv[i], "--lang=")) {
            word = argv[i] + strlen("--lang=");
        } else if (strcmp(argv[i], "--lang") == 0) {
            word = argv[i + 1];
        }
    }
    return word == NULL || strcmp(word, "auto") == 0 ? NULL : word;
}

static bool set_language(const char *word)
{
    size_t size;
    const void *inside = spf_texts_inside(&size);

    if (inside != NULL) {
        (void)spf_language_take(inside, size);
    }
    return spf_language_set(word, spf_texts_locale());
}

/* Chinese where it was asked for, or where the locale is Chinese. */
static void speak(const struct spf_options *options)
{
    static const char *const words[] = {
        [SPF_LANGUAGE_AUTO] = NULL, [SPF_LANGUAGE_EN] = "en", [SPF_LANGUAGE_ZH] = "zh"};
    const char *word = words[options->language];

    if (!set_language(word) && word != NULL) {
        (void)fputs("sshpreflight: no Chinese texts are installed; this is English\n", stderr);
    }
}

/* A closed standard descriptor would become a socket's number, and a message go to the server. */
static void hold_standard_descriptors(void)
{
    for (int fd = open("/dev/null", O_RDONLY | O_NOCTTY); fd >= 0;
         fd = open("/dev/null", O_RDONLY | O_NOCTTY)) {
        if (fd > STDERR_FILENO) {
            (void)close(fd);
            return;
        }
    }
}

int main(int argc, char **argv)
{
    struct spf_options options;
    struct spf_error error;
    int status = 0;

    hold_standard_descriptors();
    error = spf_limits_prepare();
    if (error.code != SPF_OK) {
        return complain(EXIT_USAGE, error.text);
    }
    spf_secret_guard_process();
    spf_terminal_init();
    spf_signals_init();

    (void)set_language(language_asked(argv));
    error = spf_options_parse(argc, argv, &options);
    if (error.code != SPF_OK) {
        spf_options_clear(&options);
        return complain(EXIT_USAGE, error.text);
    }
    speak(&options);
    switch (options.command) {
    case SPF_COMMAND_RUN:
        status = run(&options);
        break;
    case SPF_COMMAND_EXPLAIN:
        status = explain(&options);
        break;
    case SPF_COMMAND_MERGE:
        status = merge(&options);
        break;
    case SPF_COMMAND_LIST_CHECKS:
        status = list_checks(&options);
        break;
    case SPF_COMMAND_PRINT_POLICY:
        status = print_policy(&options);
        break;
    case SPF_COMMAND_COMPLETION:
        status = print_completion(&options);
        break;
    case SPF_COMMAND_PRINT_CONFIG:
        status = print_config(&options);
        break;
    case SPF_COMMAND_HELP:
        spf_options_help(stdout);
        break;
    case SPF_COMMAND_VERSION:
        (void)puts("sshpreflight " SPF_VERSION);
        break;
    }
    if (fflush(stdout) != 0 && status == 0) {
        status = complain(EXIT_NOT_WRITTEN, _("standard output could not be written"));
    }
    spf_options_clear(&options);
    if (spf_jobs_abandoned()) {
        _exit(status); /* see there: no clean-up of a library while a thread is in it */
    }
    return status;
}
