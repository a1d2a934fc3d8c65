#include "transcript/match.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 4096u

static const struct spf_family *const families[] = {
    &spf_family_openssh,  &spf_family_putty,  &spf_family_go,         &spf_family_python,
    &spf_family_java,     &spf_family_node,   &spf_family_dotnet,     &spf_family_ruby,
    &spf_family_dropbear, &spf_family_libssh, &spf_family_commercial, &spf_family_tools,
    &spf_family_sshd,
};
#define FAMILIES (sizeof families / sizeof *families)

/* A row's place: 0 for none, else its index over all families and one. Rows of one slot are chained
 * in their order. */
struct spf_matcher {
    uint16_t first[SLOTS];
    struct entry {
        const struct spf_message *row;
        const struct spf_family *family;
        uint16_t next;
    } * entries;
    size_t count;
};

static unsigned slot_of(const char *bytes)
{
    uint32_t word;

    memcpy(&word, bytes, sizeof word);
    return (word * 2654435761u) >> 20;
}

struct spf_matcher *spf_matcher_new(void)
{
    struct spf_matcher *matcher = calloc(1, sizeof *matcher);
    size_t total = 0;

    for (size_t i = 0; i < FAMILIES; i++) {
        total += families[i]->count;
    }
    if (matcher == NULL ||
        (matcher->entries = calloc(total + 1, sizeof *matcher->entries)) == NULL) {
        goto out;
    }
    for (size_t i = 0; i < FAMILIES; i++) {
        for (size_t k = 0; k < families[i]->count; k++) {
            const struct spf_message *row = &families[i]->rows[k];
            uint16_t *link = &matcher->first[slot_of(row->words)];

            while (*link != 0) {
                link = &matcher->entries[*link].next;
            }
            *link = (uint16_t)++matcher->count;
            matcher->entries[matcher->count] = (struct entry){row, families[i], 0};
        }
    }
    return matcher;
out:
    spf_matcher_free(matcher);
    return NULL;
}

void spf_matcher_free(struct spf_matcher *matcher)
{
    if (matcher == NULL) {
        return;
    }
    free(matcher->entries);
    free(matcher);
}

bool spf_matcher_find(const struct spf_matcher *matcher, const char *line, size_t starts,
                      struct spf_match *match)
{
    size_t best = 0;
    size_t longest = 0;
    size_t len = strlen(line);
    const char *rest = NULL;

    for (size_t at = 0; at < starts && at + 4 <= len; at++) {
        for (size_t i = matcher->first[slot_of(line + at)]; i != 0; i = matcher->entries[i].next) {
            const struct spf_message *row = matcher->entries[i].row;
            size_t size = strlen(row->words);
            size_t weight = size + (row->then != NULL ? strlen(row->then) : 0);

            if (weight < longest || (weight == longest && best != 0 && i >= best) ||
                strncmp(line + at, row->words, size) != 0 ||
                (row->then != NULL && strstr(line + at + size, row->then) == NULL)) {
                continue;
            }
            best = i;
            longest = weight;
            rest = line + at + size;
        }
    }
    if (best == 0) {
        return false;
    }
    *match =
        (struct spf_match){matcher->entries[best].row, matcher->entries[best].family, line, rest};
    return true;
}
