#include "cli/targets.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "cli/shard.h"

#define LEFT_OUT_MAX 1000 /* of such lines are kept */

struct spf_target spf_target_of(const struct spf_options *options, struct spf_secret *key_text,
                                struct spf_secret *passphrase)
{
    return (struct spf_target){
        .instance_id = options->instance,
        .host = options->host,
        .user = options->user,
        .key_path = options->key,
        .missing_key = options->missing_key,
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
        .no_openssh = options->no_openssh,
        .openssh_typed = options->openssh_typed,
        .putty_cache = options->putty_cache,
        .putty_batch = options->putty_batch,
        .agent = options->putty_no_agent ? "" : NULL,
        .selected = options->selected,
        .timeout_ms = options->timeout_s * 1000,
        .deadline_s = options->deadline_s,
        .known_hosts = options->known_hosts[0] != NULL ? options->known_hosts : NULL,
        .key_text = key_text,
        .passphrase = passphrase,
        .console = options->console,
        .fix_tried = options->fix,
        .find_key = options->find_key,
        .key_dir = options->key_dir,
        .profile = options->profiles[0],
        .config_path = options->config_path,
        .other_options = options->repeat[0] != NULL ? options->repeat : NULL,
    };
}

static int compare_text(const char *one, const char *other)
{
    if (one == NULL || other == NULL) {
        return (one != NULL) - (other != NULL);
    }
    return strcmp(one, other);
}

static int compare_lists(const char *const *one, const char *const *other)
{
    for (size_t i = 0; one != other; i++) {
        int order = compare_text(one != NULL ? one[i] : NULL, other != NULL ? other[i] : NULL);

        if (order != 0 || one == NULL || one[i] == NULL) {
            return order;
        }
    }
    return 0;
}

/* Two of one identity are one, unless other checks or times were asked for. */
static int compare(const void *a, const void *b)
{
    const struct spf_target *one = a;
    const struct spf_target *other = b;
    const uint64_t numbers[][2] = {
        {one->identity, other->identity},
        {one->selected, other->selected},
        {one->timeout_ms, other->timeout_ms},
    };
    int order = 0;

    for (size_t i = 0; order == 0 && i < sizeof numbers / sizeof *numbers; i++) {
        order = (numbers[i][0] > numbers[i][1]) - (numbers[i][0] < numbers[i][1]);
    }
    return order;
}

static uint64_t identify(struct spf_targets *targets, const struct spf_target *target)
{
    const struct spf_account *account =
        target->account < targets->accounts.count ? targets->accounts.items[target->account] : NULL;

    spf_place_find(&targets->place);
    return spf_target_identity(target, account != NULL ? account->cloud.region : NULL,
                               &targets->place);
}

static struct spf_error add(struct spf_targets *targets, const struct spf_target *target)
{
    struct spf_target *copy;
    struct spf_target **place;
    struct spf_target **found;

    targets->selection +=
        spf_shard_hash(target) ^ (uint64_t)target->selected * UINT64_C(0x9e3779b97f4a7c15);
    if (targets->shards > 0 && spf_shard_of(target, targets->shards) != targets->shard) {
        targets->elsewhere++;
        return spf_ok();
    }
    if (targets->list.count >= SPF_TARGETS_MAX) {
        return spf_error(SPF_ERR_TOO_BIG, _("more than %d targets"), SPF_TARGETS_MAX);
    }
    copy = malloc(sizeof *copy);
    if (copy == NULL) {
        return spf_no_memory();
    }
    *copy = *target;
    copy->identity = identify(targets, target);
    found = tsearch(copy, &targets->known, compare);
    if (found == NULL || *found != copy) {
        free(copy);
        targets->alike += found != NULL;
        if (targets->alike == 1) {
            const char *name = target->host != NULL ? target->host : target->instance_id;

            targets->alike_first = name != NULL ? strdup(name) : NULL;
        }
        return found != NULL ? spf_ok() : spf_no_memory();
    }
    place = SPF_APPEND(&targets->list);
    if (place == NULL) {
        (void)tdelete(copy, &targets->known, compare);
        free(copy);
        return spf_no_memory();
    }
    *place = copy;
    return spf_ok();
}

bool spf_targets_keep(struct spf_targets *targets, char **text)
{
    char **place = *text != NULL ? SPF_APPEND(&targets->texts) : NULL;

    if (place == NULL) {
        return *text == NULL;
    }
    *place = *text;
    *text = NULL;
    return true;
}

/*
 * The target borrows from its line's options: their texts are kept, and the struct itself where the
 * lists in it are not those of the options kept last, as they are of most lines.
 */
static bool keep(struct spf_targets *targets, struct spf_options *line, struct spf_target *target)
{
    struct spf_options *last =
        targets->kept.count > 0 ? targets->kept.items[targets->kept.count - 1] : NULL;
    struct spf_options **place;

    for (size_t i = 0; i < line->copies.count; i++) {
        if (!spf_targets_keep(targets, &line->copies.items[i])) {
            return false;
        }
    }
    if (!spf_targets_keep(targets, &line->host_copy)) {
        return false;
    }
    if (last == NULL || compare_lists(last->ssh_words, line->ssh_words) != 0 ||
        compare_lists(last->known_hosts, line->known_hosts) != 0 ||
        compare_lists(last->repeat, line->repeat) != 0) {
        last = malloc(sizeof *last);
        place = last != NULL ? SPF_APPEND(&targets->kept) : NULL;
        if (place == NULL) {
            free(last);
            return false;
        }
        *last = *line; /* owns nothing: its texts are in the list */
        *place = last;
    }
    target->ssh_words = target->ssh_words != NULL ? last->ssh_words : NULL;
    target->known_hosts = target->known_hosts != NULL ? last->known_hosts : NULL;
    target->other_options = target->other_options != NULL ? last->repeat : NULL;
    return true;
}

struct spf_error spf_targets_add(struct spf_targets *targets, struct spf_options *line,
                                 unsigned account)
{
    struct spf_target target = spf_target_of(line, targets->key_text, targets->passphrase);

    target.account = account;
    return keep(targets, line, &target) ? add(targets, &target) : spf_no_memory();
}

bool spf_targets_own(struct spf_targets *targets, const char *text, const char **copy)
{
    char **place;

    *copy = NULL;
    if (text == NULL) {
        return true;
    }
    place = SPF_APPEND(&targets->texts);
    if (place == NULL) {
        return false;
    }
    *copy = *place = strdup(text);
    return *copy != NULL;
}

struct spf_error spf_account_of(struct spf_targets *targets, const char *region,
                                const char *profile, unsigned *place)
{
    struct spf_account **added;
    struct spf_account *account;

    for (size_t i = 0; i < targets->accounts.count; i++) {
        account = targets->accounts.items[i];
        if (compare_text(account->cloud.region, region) == 0 &&
            compare_text(account->cloud.profile, profile) == 0) {
            *place = (unsigned)i;
            return spf_ok();
        }
    }
    if (targets->accounts.count >= SPF_ACCOUNTS_MAX) {
        return spf_error(SPF_ERR_TOO_BIG, _("more than %d regions and profiles"), SPF_ACCOUNTS_MAX);
    }
    account = calloc(1, sizeof *account);
    if (account == NULL || !spf_targets_own(targets, region, &account->cloud.region) ||
        !spf_targets_own(targets, profile, &account->cloud.profile) ||
        (added = SPF_APPEND(&targets->accounts)) == NULL) {
        free(account);
        return spf_no_memory();
    }
    *added = account;
    *place = (unsigned)targets->accounts.count - 1;
    return spf_ok();
}

struct spf_error spf_targets_leave_out(struct spf_targets *targets, char *where, const char *why)
{
    struct spf_left_out *line =
        targets->left_out.count < LEFT_OUT_MAX ? SPF_APPEND(&targets->left_out) : NULL;

    if (line == NULL) {
        free(where);
        return targets->left_out.count < LEFT_OUT_MAX
                   ? spf_no_memory()
                   : spf_usage("more than %d lines cannot be read", LEFT_OUT_MAX);
    }
    line->where = where;
    line->why = strdup(why);
    return line->where != NULL && line->why != NULL ? spf_ok() : spf_no_memory();
}

struct spf_error spf_targets_take(struct spf_targets *targets, const struct spf_options *options)
{
    struct spf_target target = spf_target_of(options, targets->key_text, targets->passphrase);
    struct spf_error error =
        spf_account_of(targets, options->regions[0], options->profiles[0], &target.account);

    if (error.code != SPF_OK) {
        return error;
    }
    if (options->instance != NULL || options->host != NULL || !spf_options_list(options)) {
        error = add(targets, &target);
    }
    for (size_t i = 0; error.code == SPF_OK && i < options->instances.count; i++) {
        target.instance_id = options->instances.items[i];
        error = add(targets, &target);
    }
    return error;
}

static void clear_accounts(struct spf_targets *targets)
{
    for (size_t i = 0; i < targets->accounts.count; i++) {
        struct spf_account *account = targets->accounts.items[i];

        spf_listing_free(account->cloud.listing);
        free(account->instances.items);
        free(account);
    }
    free(targets->accounts.items);
}

/* ---- a list that is whole ----------------------------------------------------------------- */

enum { TARGET_WORDS = sizeof(struct spf_target) / sizeof(uint64_t) };
_Static_assert(sizeof(struct spf_target) % sizeof(uint64_t) == 0 && TARGET_WORDS <= 64,
               "a target is words, of which one can have a bit for each");

/* Of each target a bit for each word of memory in which it differs from the first, then those. */
struct spf_packed {
    struct spf_target first;
    uint64_t *items[]; /* NULL: it is in the list */
};

static uint64_t *pack(const struct spf_target *first, const struct spf_target *target)
{
    uint64_t words[1 + TARGET_WORDS] = {0};
    uint64_t common[TARGET_WORDS];
    uint64_t own[TARGET_WORDS];
    size_t count = 1;
    uint64_t *packed;

    memcpy(common, first, sizeof common);
    memcpy(own, target, sizeof own);
    for (size_t i = 0; i < TARGET_WORDS; i++) {
        if (own[i] != common[i]) {
            words[0] |= UINT64_C(1) << i;
            words[count++] = own[i];
        }
    }
    packed = malloc(count * sizeof *packed);
    if (packed != NULL) {
        memcpy(packed, words, count * sizeof *packed);
    }
    return packed;
}

static void unpack(const struct spf_target *first, const uint64_t *packed, struct spf_target *out)
{
    uint64_t words[TARGET_WORDS];
    size_t count = 1;

    memcpy(words, first, sizeof words);
    for (size_t i = 0; i < TARGET_WORDS; i++) {
        if (packed[0] >> i & 1) {
            words[i] = packed[count++];
        }
    }
    memcpy(out, words, sizeof words);
}

static void nothing(void *key)
{
    (void)key;
}

void spf_targets_settle(struct spf_targets *targets)
{
    struct spf_target **list = targets->list.items;

    tdestroy(targets->known, nothing);
    targets->known = NULL;
    if (targets->list.count < 2) {
        return;
    }
    targets->packed = calloc(1, sizeof *targets->packed + targets->list.count * sizeof(uint64_t *));
    if (targets->packed == NULL) {
        return;
    }
    targets->packed->first = *list[0];
    for (size_t i = 0; i < targets->list.count; i++) {
        targets->packed->items[i] = pack(&targets->packed->first, list[i]);
        if (targets->packed->items[i] != NULL) {
            free(list[i]);
            list[i] = NULL;
        }
    }
}

const struct spf_target *spf_targets_at(const struct spf_targets *targets, size_t index,
                                        struct spf_target *room)
{
    if (targets->list.items[index] != NULL) {
        return targets->list.items[index];
    }
    unpack(&targets->packed->first, targets->packed->items[index], room);
    return room;
}
void spf_targets_clear(struct spf_targets *targets)
{
    tdestroy(targets->known, nothing);
    for (size_t i = 0; i < targets->list.count; i++) {
        free(targets->list.items[i]);
        if (targets->packed != NULL) {
            free(targets->packed->items[i]);
        }
    }
    free(targets->packed);
    for (size_t i = 0; i < targets->left_out.count; i++) {
        free(targets->left_out.items[i].where);
        free(targets->left_out.items[i].why);
    }
    for (size_t i = 0; i < targets->kept.count; i++) {
        free(targets->kept.items[i]);
    }
    for (size_t i = 0; i < targets->texts.count; i++) {
        free(targets->texts.items[i]);
    }
    clear_accounts(targets);
    free(targets->alike_first);
    free(targets->list.items);
    free(targets->left_out.items);
    free(targets->kept.items);
    free(targets->texts.items);
    *targets = (struct spf_targets){0};
}
