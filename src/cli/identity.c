#include "cli/identity.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

uint64_t spf_hash_text(uint64_t hash, const char *text)
{
    for (const char *c = text != NULL ? text : "";; c++) {
        hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
        if (*c == '\0') {
            return hash;
        }
    }
}

/* FNV's low bits know little of the last bytes (MurmurHash3's end). */
uint64_t spf_hash_end(uint64_t hash)
{
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    return hash ^ hash >> 33;
}

void spf_place_find(struct spf_place *place)
{
    if (place->known) {
        return;
    }
    place->known = true;
    spf_homes_find(&place->homes);
    if (getcwd(place->directory, sizeof place->directory) == NULL) {
        place->directory[0] = '\0';
    }
}

/* What is not there is another thing than an empty text. */
static uint64_t add_text(uint64_t hash, const char *text)
{
    return spf_hash_text(spf_hash_text(hash, text != NULL ? "+" : "-"), text);
}

static uint64_t add_number(uint64_t hash, int64_t number)
{
    char text[24];

    spf_format(text, sizeof text, "%lld", (long long)number);
    return spf_hash_text(hash, text);
}

static uint64_t add_list(uint64_t hash, const char *const *words)
{
    for (; words != NULL && *words != NULL; words++) {
        hash = add_text(hash, *words);
    }
    return add_text(hash, NULL);
}

/* Takes "", "." and ".." out of an absolute path, in place. */
static void straighten(char *path)
{
    char *to = path;

    for (const char *from = path; *from != '\0';) {
        size_t len = 1 + strcspn(from + 1, "/");
        bool stays = len == 1 || (len == 2 && from[1] == '.');
        bool up = len == 3 && strncmp(from, "/..", 3) == 0;

        while (up && to > path && *--to != '/') {
        }
        if (!stays && !up) {
            memmove(to, from, len);
            to += len;
        }
        from += len;
    }
    *to = '\0';
}

/* NULL, "" and "-" are no files. */
static uint64_t add_path(uint64_t hash, const char *path, const struct spf_place *place)
{
    char full[2 * PATH_MAX];
    char *hidden = NULL;
    bool whole = false;

    if (path == NULL || path[0] == '\0' || strcmp(path, "-") == 0) {
        return add_text(hash, path);
    }
    if (path[0] == '/') {
        whole = spf_copy_whole(full, sizeof full, path);
    } else if (path[0] != '~' && place->directory[0] == '/') {
        whole = spf_format_whole(full, sizeof full, "%s/%s", place->directory, path);
    }
    if (whole) {
        straighten(full);
        hidden = spf_homes_hide(&place->homes, full);
    }
    hash = add_text(hash, hidden != NULL ? hidden : path);
    free(hidden);
    return hash;
}

static uint64_t add_paths(uint64_t hash, const char *const *paths, const struct spf_place *place)
{
    for (; paths != NULL && *paths != NULL; paths++) {
        hash = add_path(hash, *paths, place);
    }
    return add_text(hash, NULL);
}

static uint64_t add_numbers(uint64_t hash, const struct spf_target *target)
{
    /* Without a configuration a user that is given is no other than the same one by default. */
    const bool with_config = target->ssh_config != NULL;
    const int64_t numbers[] = {
        target->port,
        target->family,
        target->address,
        target->session,
        target->transfer,
        target->no_openssh,
        target->openssh_typed,
        target->putty_cache,
        target->putty_batch,
        target->console,
        with_config && target->port_given,
        with_config && target->user_given,
        target->ssh_words != NULL ? (int64_t)target->port_at : 0,
        target->ssh_words != NULL ? (int64_t)target->user_at : 0,
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        hash = add_number(hash, numbers[i]);
    }
    return hash;
}

uint64_t spf_target_identity(const struct spf_target *target, const char *region,
                             const struct spf_place *place)
{
    const char *const texts[] = {target->instance_id, target->host,    target->user,
                                 target->jump,        target->profile, region};
    const char *const paths[] = {target->key_path, target->missing_key, target->key_dir,
                                 target->find_key, target->ssh_config,  target->config_path};
    char source[SPF_IP_TEXT_SIZE] = "";
    uint64_t hash = SPF_HASH_BEGIN;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hash = add_text(hash, texts[i]);
    }
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        hash = add_path(hash, paths[i], place);
    }
    hash = add_numbers(hash, target);
    if (target->agent != NULL) { /* of most none is said: theirs stays as it was */
        hash = add_text(hash, target->agent);
    }
    hash = add_list(hash, target->ssh_words);
    hash = add_paths(hash, target->known_hosts, place);
    if (target->source_ip.family != 0) {
        spf_ip_format(&target->source_ip, source);
    }
    hash = spf_hash_end(add_text(hash, source));
    return hash != 0 ? hash : 1;
}
