#include <stdlib.h>
#include <string.h>

#include "cloud/any_source.h"
#include "cloud/rules.h"

/*
 * What the rules do to any source. The first addresses of all ranges, sorted, are a line; the
 * rules, first in order first, paint on it the stretches that they are for, and what is painted is
 * not painted over. So every address knows the first rule that fits it, and no rule is compared
 * with an address that has one.
 */
#define NOBODY UINT32_MAX

struct place {
    struct spf_ip ip;
    uint32_t asked; /* its place in the order in which examples are looked for */
};

/* One coat of paint: the rules of one reading. */
struct coat {
    uint32_t *rule; /* for each place the rank of its first rule, or NOBODY */
    uint32_t *next; /* leads to the first unpainted place from here on (union-find) */
};

struct line {
    const struct spf_rules_facts *facts;
    const struct spf_rules_question *question;
    struct place *places;
    uint32_t count;
    struct spf_rule_as_read *ranked[2]; /* by enum spf_reading: those that fit anybody */
    uint32_t rules[2];
    struct coat coats[2];
    struct coat open;     /* painted by the rules that accept somebody */
    unsigned char *lists; /* what was done with each prefix list */
};

static int by_address(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;

    return memcmp(a->ip.octets, b->ip.octets, sizeof a->ip.octets);
}

/* Is the address before the block (< 0), in it, or after it? Both are of one family. */
static int beside(const struct spf_cidr *block, const struct spf_ip *ip)
{
    unsigned whole = block->bits / 8u;
    unsigned rest = block->bits % 8u;
    unsigned mask = 0xff00u >> rest & 0xffu;
    int order = memcmp(ip->octets, block->ip.octets, whole);

    if (order != 0 || rest == 0) {
        return order;
    }
    return (int)(ip->octets[whole] & mask) - (int)(block->ip.octets[whole] & mask);
}

/* The first place that is not before the block, or with `after` the first one after it. */
static uint32_t find(const struct line *line, const struct spf_cidr *block, bool after)
{
    uint32_t low = 0;
    uint32_t high = line->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = beside(block, &line->places[middle].ip);

        if (order < 0 || (after && order == 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t unpainted(struct coat *coat, uint32_t place)
{
    while (coat->next[place] != place) {
        coat->next[place] = coat->next[coat->next[place]];
        place = coat->next[place];
    }
    return place;
}

static void paint(struct coat *coat, uint32_t from, uint32_t until, uint32_t rank)
{
    for (from = unpainted(coat, from); from < until; from = unpainted(coat, from)) {
        coat->rule[from] = rank;
        coat->next[from] = from + 1;
    }
}

static bool coat_init(struct coat *coat, uint32_t count)
{
    coat->rule = malloc((count + 1) * sizeof *coat->rule);
    coat->next = malloc((count + 1) * sizeof *coat->next);
    if (coat->rule == NULL || coat->next == NULL) {
        return false;
    }
    for (uint32_t i = 0; i <= count; i++) {
        coat->rule[i] = NOBODY;
        coat->next[i] = i;
    }
    return true;
}

static void coat_clear(struct coat *coat)
{
    free(coat->rule);
    free(coat->next);
}

/*
 * What rules with the same prefix list share needs doing once: its borders are the same, and where
 * an earlier rule painted it nothing is left to paint.
 */
enum { CUT = 1, OPEN = 2, PAINTED = 4 /* shifted by the reading */ };

static bool is_done(struct line *line, const struct spf_rule_sources *sources, unsigned what)
{
    unsigned char *done;

    if (sources->list == NULL) {
        return false;
    }
    done = &line->lists[sources->list - line->facts->prefix_lists.items];
    if (*done & what) {
        return true;
    }
    *done |= (unsigned char)what;
    return false;
}

static void paint_rule(struct line *line, const struct spf_rule_as_read *rule, struct coat *coat,
                       uint32_t rank, unsigned what)
{
    const struct spf_rule_sources sources =
        spf_rule_sources(line->facts, line->question, rule->rule);

    if (rule->all) {
        paint(coat, 0, line->count, rank);
        return;
    }
    if (is_done(line, &sources, what)) {
        return;
    }
    for (size_t i = 0; i < sources.count; i++) {
        const struct spf_cidr *block = &sources.blocks[i].cidr;

        if (block->ip.family == line->question->family) {
            paint(coat, find(line, block, false), find(line, block, true), rank);
        }
    }
}

static bool take_rules(struct line *line, struct spf_any_source *any)
{
    for (size_t i = 0; i < line->facts->rules.count; i++) {
        const struct spf_rule *rule = &line->facts->rules.items[i];
        struct spf_rule_sources sources = spf_rule_sources(line->facts, line->question, rule);
        bool matters = false;

        for (int reading = SPF_STRICT; reading <= SPF_LAX; reading++) {
            if (!spf_rule_read(line->facts, line->question, rule, (enum spf_reading)reading,
                               &line->ranked[reading][line->rules[reading]])) {
                continue;
            }
            line->rules[reading]++;
            matters = true;
        }
        if (!matters || is_done(line, &sources, CUT)) {
            continue;
        }
        for (size_t k = 0; k < sources.count; k++) {
            if (!spf_any_source_cut(any, &sources.blocks[k].cidr)) {
                return false;
            }
        }
    }
    for (int reading = SPF_STRICT; reading <= SPF_LAX; reading++) {
        qsort(line->ranked[reading], line->rules[reading], sizeof *line->ranked[reading],
              spf_rule_compare_as_read);
    }
    return true;
}

static bool line_init(struct line *line)
{
    const struct spf_rules_facts *facts = line->facts;
    struct spf_any_source any;
    bool ok = spf_any_source_init(&any, line->question->family, line->question->internet);

    line->lists = calloc(facts->prefix_lists.count + 1, 1);
    for (int reading = SPF_STRICT; reading <= SPF_LAX; reading++) {
        line->ranked[reading] = calloc(facts->rules.count + 1, sizeof *line->ranked[reading]);
        ok = ok && line->ranked[reading] != NULL;
    }
    ok = ok && line->lists != NULL && take_rules(line, &any);
    line->places = calloc(any.addresses.count + 1, sizeof *line->places);
    ok = ok && line->places != NULL;
    for (; ok && line->count < any.addresses.count; line->count++) {
        line->places[line->count] = (struct place){any.addresses.items[line->count], line->count};
    }
    spf_any_source_clear(&any);
    if (!ok) {
        return false;
    }
    qsort(line->places, line->count, sizeof *line->places, by_address);
    return coat_init(&line->coats[SPF_STRICT], line->count) &&
           coat_init(&line->coats[SPF_LAX], line->count) && coat_init(&line->open, line->count);
}

static void line_clear(struct line *line)
{
    coat_clear(&line->coats[SPF_STRICT]);
    coat_clear(&line->coats[SPF_LAX]);
    coat_clear(&line->open);
    free(line->places);
    free(line->ranked[SPF_STRICT]);
    free(line->ranked[SPF_LAX]);
    free(line->lists);
}

static struct spf_rule_as_read rule_at(const struct line *line, enum spf_reading reading,
                                       uint32_t place)
{
    uint32_t rank = line->coats[reading].rule[place];

    return rank != NOBODY ? line->ranked[reading][rank] : (struct spf_rule_as_read){0};
}

/* Of each answer the example is the one that was asked for first: a rule's own, before its
 * neighbours'. */
struct examples {
    uint32_t accepted, denied, uncertain;
};

static void note_answer(struct spf_rules_any_source *any, struct examples *examples,
                        const struct spf_rules_decision *decision, uint32_t asked)
{
    bool *some = &any->denies_some;
    struct spf_rules_decision *example = &any->denied;
    uint32_t *first = &examples->denied;

    if (decision->answer == SPF_RULES_ACCEPT) {
        some = &any->accepts_some;
        example = &any->accepted;
        first = &examples->accepted;
    } else if (decision->answer == SPF_RULES_UNCERTAIN) {
        some = &any->uncertain_for_some;
        example = &any->uncertain;
        first = &examples->uncertain;
    }
    if (*some && asked > *first) {
        return;
    }
    *some = true;
    *first = asked;
    *example = *decision;
}

static bool is_for_any_source(const struct line *line, const struct spf_rule *rule)
{
    const struct spf_rule_sources sources = spf_rule_sources(line->facts, line->question, rule);

    for (size_t i = 0; i < sources.count; i++) {
        if (sources.blocks[i].cidr.ip.family == line->question->family &&
            sources.blocks[i].cidr.bits == 0) {
            return true;
        }
    }
    return false;
}

/* Takes the rule that accepts somebody at the place as open, for all blocks that it names; a rule
 * for the members of a group, of which we are one, opens the port to no stranger. */
static void paint_open(struct line *line, uint32_t place, struct spf_rules_any_source *any)
{
    const struct spf_rule_as_read rule = rule_at(line, SPF_STRICT, place);

    if (line->open.rule[place] != NOBODY || rule.rule == NULL || rule.policy != SPF_POLICY_ACCEPT ||
        rule.all) {
        return;
    }
    paint_rule(line, &rule, &line->open, 0, OPEN);
    if (any->opened_by == NULL && is_for_any_source(line, rule.rule)) {
        any->opened_by = rule.rule;
    }
}

bool spf_rules_for_any_source(const struct spf_rules_facts *facts,
                              const struct spf_rules_question *question,
                              struct spf_rules_any_source *any)
{
    enum spf_inner_access inner = spf_rules_inner(facts, question);
    struct line line = {.facts = facts, .question = question};
    struct examples examples;
    bool ok = line_init(&line);

    memset(any, 0, sizeof *any);
    for (int reading = SPF_STRICT; reading <= SPF_LAX; reading++) {
        for (uint32_t rank = 0; ok && rank < line.rules[reading]; rank++) {
            paint_rule(&line, &line.ranked[reading][rank], &line.coats[reading], rank,
                       (unsigned)PAINTED << reading);
        }
    }
    for (uint32_t i = 0; ok && i < line.count; i++) {
        const struct spf_rule_as_read firsts[2] = {rule_at(&line, SPF_STRICT, i),
                                                   rule_at(&line, SPF_LAX, i)};
        struct spf_rules_decision decision = spf_rules_conclude(facts, question, inner, firsts);

        note_answer(any, &examples, &decision, line.places[i].asked);
        if (decision.answer == SPF_RULES_ACCEPT) {
            paint_open(&line, i, any);
        }
    }
    any->open_to_world = ok && any->accepts_some && unpainted(&line.open, 0) == line.count;
    line_clear(&line);
    return ok;
}
