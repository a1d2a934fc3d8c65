#include "cli/prepare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/language.h"
#include "base/text.h"
#include "cli/accounts.h"
#include "cli/input.h"
#include "cli/inventory.h"
#include "cli/prompt.h"
#include "cli/resume.h"
#include "cli/target_lines.h"

/* What the text names is the target; what is given on the command line counts first. */
static struct spf_error take_transcript_target(struct spf_round *round,
                                               const struct spf_options *options)
{
    const struct spf_transcript_target *named = spf_transcript_target(round->transcript);
    struct spf_error error = spf_targets_take(&round->targets, options);
    struct spf_target *target;

    if (error.code != SPF_OK) {
        return error;
    }
    target = round->targets.list.items[0];
    target->from_transcript = true;
    target->session =
        spf_transcript_shows_session(round->transcript) ? SPF_SESSION_AUTO : SPF_SESSION_NEVER;
    if (options->host == NULL) {
        target->host = named->host != NULL ? named->host : SPF_UNNAMED_HOST;
    }
    if (!options->user_given) {
        target->user = named->user != NULL ? named->user : SPF_UNNAMED_USER;
    }
    if (!options->port_given && named->port != 0) {
        target->port = named->port;
        target->port_given = true;
    }
    if (options->key == NULL) {
        target->key_path = named->key_path;
    }
    target->jump = named->jump;
    return error;
}

static struct spf_error read_transcript(struct spf_round *round, const struct spf_options *options,
                                        int stop_fd)
{
    const char *path =
        strcmp(options->transcript, "-") == 0 ? _("standard input") : options->transcript;
    struct spf_error error;
    struct spf_buf text;
    char shown[100];

    spf_buf_init(&text, SPF_TRANSCRIPT_MAX);
    error = spf_input_read(options->transcript, stop_fd, options->deadline_s, &text);
    if (error.code == SPF_OK) {
        round->transcript = spf_transcript_read(text.data, text.len);
        if (round->transcript == NULL) {
            error = spf_no_memory();
        }
    }
    spf_buf_clear(&text);
    if (error.code == SPF_OK || error.code == SPF_ERR_NOMEM) {
        return error;
    }
    spf_clean(shown, sizeof shown, path, strlen(path));
    return spf_usage("the transcript %s: %s", shown, error.text);
}

static struct spf_error read_list(struct spf_round *round, const struct spf_options *options,
                                  bool of_instances, const char *path, int stop_fd)
{
    struct spf_error error;
    struct spf_buf text;
    char shown[100];
    bool inventory;

    if (strcmp(path, "-") == 0) {
        spf_copy(shown, sizeof shown, _("standard input"));
    } else {
        spf_clean(shown, sizeof shown, path, strlen(path));
    }
    spf_buf_init(&text, SPF_TARGET_LIST_MAX);
    inventory = !of_instances && spf_inventory_is_directory(path);
    error = inventory ? spf_ok() : spf_input_read(path, stop_fd, options->deadline_s, &text);
    if (error.code == SPF_OK && strlen(text.data) != text.len) {
        error = spf_error(SPF_ERR_INVALID, _("it is not a text file"));
    }
    inventory |= !of_instances && error.code == SPF_OK && spf_inventory_is_one(text.data);
    if (error.code == SPF_OK && inventory) {
        error = spf_targets_refuse_key(text.data, true);
    }
    if (error.code == SPF_OK && inventory) {
        error = spf_inventory_take(&round->targets, options, path, shown, stop_fd);
    } else if (error.code == SPF_OK) {
        error = spf_targets_read(&round->targets, options, of_instances, shown, text.data);
    }
    spf_buf_clear(&text);
    if (error.code == SPF_OK || error.code == SPF_ERR_NOMEM) {
        return error;
    }
    return spf_usage("the list %s: %s", shown, error.text);
}

static struct spf_error read_lists(struct spf_round *round, const struct spf_options *options,
                                   int stop_fd)
{
    const struct spf_targets *targets = &round->targets;
    struct spf_error error = spf_targets_take(&round->targets, options);

    if (error.code == SPF_OK && spf_options_select(options)) {
        error = spf_accounts_select(round, options, stop_fd);
    }
    for (size_t i = 0; error.code == SPF_OK && options->instances_files[i] != NULL; i++) {
        error = read_list(round, options, true, options->instances_files[i], stop_fd);
    }
    for (size_t i = 0; error.code == SPF_OK && options->hosts_files[i] != NULL; i++) {
        error = read_list(round, options, false, options->hosts_files[i], stop_fd);
    }
    if (error.code != SPF_OK || targets->list.count > 0) {
        return error;
    }
    if (targets->elsewhere > 0) { /* a part may be empty */
        return spf_ok();
    }
    if (targets->left_out.count == 0) {
        return spf_usage("the list names no target");
    }
    return spf_usage("no line names a target; %s: %s", targets->left_out.items[0].where,
                     targets->left_out.items[0].why);
}

/* Room for what is to be known of each. */
static struct spf_error make_room(struct spf_round *round)
{
    const struct spf_targets *targets = &round->targets;
    const size_t count =
        round->replayed != NULL ? spf_ledger_count(round->replayed) : targets->list.count;
    const size_t room = count > 0 ? count : 1; /* a part may have no target */

    round->runs = calloc(room, sizeof(*round->runs));
    round->diagnoses = calloc(room, sizeof *round->diagnoses);
    round->reported = calloc(room, sizeof *round->reported);
    round->begun_ms = calloc(room, sizeof *round->begun_ms);
    round->restored_from = calloc(room, sizeof *round->restored_from);
    round->restored = calloc(room, sizeof(*round->restored));
    round->changes = calloc(room, sizeof(*round->changes));
    round->left_out = calloc(targets->left_out.count + 1, sizeof *round->left_out);
    if (round->changes == NULL || round->restored_from == NULL || round->restored == NULL ||
        round->begun_ms == NULL || round->runs == NULL || round->diagnoses == NULL ||
        round->reported == NULL || round->left_out == NULL) {
        return spf_no_memory();
    }
    round->count = count;
    for (size_t i = 0; round->replayed != NULL && i < count; i++) {
        round->restored_from[i] = i + 1;
    }
    for (size_t i = 0; i < targets->left_out.count; i++) {
        round->left_out[i] = (struct spf_report_left_out){targets->left_out.items[i].where,
                                                          targets->left_out.items[i].why};
    }
    if (round->replayed == NULL) {
        round->report.left_out = round->left_out;
        round->report.left_out_count = targets->left_out.count;
    }
    return spf_ok();
}

/* A part that ran twice must be told from itself. */
static void name_run(struct spf_report *report, const struct spf_options *options)
{
    uint64_t name = 0;

    report->shard = options->shard;
    report->shards = options->shards;
    if (options->shards == 0) {
        return;
    }
    if (getrandom(&name, sizeof name, 0) != (ssize_t)sizeof name) {
        name = (uint64_t)spf_now_ms();
    }
    spf_format(report->run, sizeof report->run, "%016" PRIx64, name);
}

static bool expect_targets(struct spf_round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        const struct spf_target *target = round->replayed != NULL
                                              ? spf_ledger_entry(round->replayed, i)->target
                                              : round->targets.list.items[i];

        if (!spf_baseline_expect(round->baseline, target)) {
            return false;
        }
    }
    return true;
}

struct spf_error spf_round_prepare(struct spf_round *round, const struct spf_options *options,
                                   int stop_fd)
{
    struct spf_error error = spf_ok();

    if (options->passphrase_file != NULL && options->replay == NULL && round->passphrase == NULL &&
        (options->key != NULL || spf_options_list(options))) {
        error = spf_read_passphrase_file(options->passphrase_file, stop_fd, options->deadline_s,
                                         &round->passphrase);
    }
    if (error.code != SPF_OK) {
        return error;
    }
    name_run(&round->report, options);
    round->targets.shard = options->shard;
    round->targets.shards = options->shards;
    round->targets.key_text = round->key_text;
    round->targets.passphrase = round->passphrase;
    if (options->replay != NULL) {
        error = spf_read_record(round, options, stop_fd);
    } else if (options->transcript != NULL) {
        error = read_transcript(round, options, stop_fd);
        if (error.code == SPF_OK) {
            error = take_transcript_target(round, options);
        }
    } else {
        error = read_lists(round, options, stop_fd);
    }
    if (round->targets.list.count > 1 || options->shards > 0 || options->resume != NULL) {
        spf_format(round->report.selection, sizeof round->report.selection, "%016" PRIx64,
                   round->targets.selection);
    }
    for (size_t i = 0; error.code == SPF_OK && i < round->targets.list.count; i++) {
        if (round->targets.list.items[i]->key_path == options->key) {
            round->targets.list.items[i]->key_file = &round->key_file;
        }
    }
    if (error.code == SPF_OK && options->baseline != NULL) {
        error = spf_read_baseline(round, options, stop_fd);
    }
    if (error.code == SPF_OK) {
        error = spf_accounts_ready(round, options);
    }
    if (error.code == SPF_OK) {
        error = make_room(round);
    }
    if (error.code == SPF_OK && options->resume != NULL) {
        error = spf_resume(round, options, stop_fd);
    }
    if (error.code == SPF_OK && round->baseline != NULL && !expect_targets(round)) {
        error = spf_no_memory();
    }
    spf_targets_settle(&round->targets);
    return error;
}
