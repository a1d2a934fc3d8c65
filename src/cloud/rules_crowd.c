#include <stdlib.h>
#include <string.h>

#include "cloud/everybody.h"
#include "cloud/rules.h"

/*
 * What the rules do to everybody. The first addresses of all ranges, sorted, are a line; the rules,
 * first in order first, paint on it the stretches that they are for, and what is painted is not
 * painted over. So every address knows the first rule that fits it, and no rule is compared with an
 * address that has one.
 */
#define NOBODY UINT32_MAX

struct place {
    struct spf_ip ip;
    uint32_t asked; /* its place in the order in which examples are looked for */
};

/* One coat of paint: rules that fit for certain, or those in doubt of one policy. */
struct coat {
    uint32_t *rule; /* for each place the rank of its first rule, or NOBODY */
    uint32_t *next; /* leads to the first unpainted place from here on (union-find) */
};

struct line {
    const struct spf_rules_facts *facts;
    const struct spf_rules_question *question;
    struct place *places;
    uint32_t count;
    const struct spf_rule **ranked; /* those that can matter to anyone who asks for this port */
    uint32_t rules;
    struct coat certain, in_doubt[2]; /* by enum spf_policy */
    unsigned char *lists;             /* what was done with each prefix list */
};

static int by_address(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    return memcmp(a->ip.octets, b->ip.octets, sizeof a->ip.octets);
}

/* Is the address before the block (< 0), in it, or after it? Both are of one family. */
static int beside(const struct spf_cidr *block, const struct spf_ip *ip)
{
    unsigned whole = block->bits / 8u, rest = block->bits % 8u, mask = 0xff00u >> rest & 0xffu;
    int order = memcmp(ip->octets, block->ip.octets, whole);

    if (order != 0 || rest == 0)
        return order;
    return (int)(ip->octets[whole] & mask) - (int)(block->ip.octets[whole] & mask);
}

/* The first place that is not before the block, or with `after` the first one after it. */
static uint32_t find(const struct line *line, const struct spf_cidr *block, bool after)
{
    uint32_t low = 0, high = line->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = beside(block, &line->places[middle].ip);

        if (order < 0 || (after && order == 0))
            low = middle + 1;
        else
            high = middle;
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
    if (coat->rule == NULL || coat->next == NULL)
        return false;
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
enum { CUT = 1, CERTAIN = 2, IN_DOUBT = 4 /* shifted by the policy */ };

static bool is_done(struct line *line, const struct spf_rule_sources *sources, unsigned what)
{
    unsigned char *done;

    if (sources->list == NULL)
        return false;
    done = &line->lists[sources->list - line->facts->prefix_lists.items];
    if (*done & what)
        return true;
    *done |= (unsigned char)what;
    return false;
}

static void paint_rule(struct line *line, uint32_t rank)
{
    const struct spf_rule *rule = line->ranked[rank];
    const struct spf_rule_sources sources = spf_rule_sources(line->facts, line->question, rule);
    const char *doubt;
    bool certain = spf_rule_fit_but_source(line->facts, line->question, rule, &doubt) == SPF_FITS &&
                   sources.doubt == NULL;
    struct coat *coat = certain ? &line->certain : &line->in_doubt[rule->policy];

    if (sources.all || sources.doubt != NULL) {
        paint(coat, 0, line->count, rank);
        return;
    }
    if (is_done(line, &sources, certain ? CERTAIN : (unsigned)IN_DOUBT << rule->policy))
        return;
    for (size_t i = 0; i < sources.count; i++) {
        const struct spf_cidr *block = &sources.blocks[i].cidr;

        if (block->ip.family == line->question->family)
            paint(coat, find(line, block, false), find(line, block, true), rank);
    }
}

static bool take_rules(struct line *line, struct spf_everybody *everybody)
{
    for (size_t i = 0; i < line->facts->rules.count; i++) {
        const struct spf_rule *rule = &line->facts->rules.items[i];
        struct spf_rule_sources sources = spf_rule_sources(line->facts, line->question, rule);
        const char *doubt;
        enum spf_rule_fit fit = spf_rule_fit_but_source(line->facts, line->question, rule, &doubt);

        if (fit != SPF_FITS && fit != SPF_FITS_PERHAPS)
            continue;
        line->ranked[line->rules++] = rule;
        if (is_done(line, &sources, CUT))
            continue;
        for (size_t k = 0; k < sources.count; k++)
            if (!spf_everybody_cut(everybody, &sources.blocks[k].cidr))
                return false;
    }
    qsort(line->ranked, line->rules, sizeof *line->ranked, spf_rule_compare);
    return true;
}

static bool line_init(struct line *line)
{
    const struct spf_rules_facts *facts = line->facts;
    struct spf_everybody everybody;
    bool ok = spf_everybody_init(&everybody, line->question->family, line->question->internet);

    line->lists = calloc(facts->prefix_lists.count + 1, 1);
    line->ranked = calloc(facts->rules.count + 1, sizeof *line->ranked);
    ok = ok && line->lists != NULL && line->ranked != NULL && take_rules(line, &everybody);
    line->places = calloc(everybody.addresses.count + 1, sizeof *line->places);
    ok = ok && line->places != NULL;
    for (; ok && line->count < everybody.addresses.count; line->count++)
        line->places[line->count] =
            (struct place){everybody.addresses.items[line->count], line->count};
    spf_everybody_clear(&everybody);
    if (!ok)
        return false;
    qsort(line->places, line->count, sizeof *line->places, by_address);
    return coat_init(&line->certain, line->count) &&
           coat_init(&line->in_doubt[SPF_POLICY_ACCEPT], line->count) &&
           coat_init(&line->in_doubt[SPF_POLICY_DROP], line->count);
}

static void line_clear(struct line *line)
{
    coat_clear(&line->certain);
    coat_clear(&line->in_doubt[SPF_POLICY_ACCEPT]);
    coat_clear(&line->in_doubt[SPF_POLICY_DROP]);
    free(line->places);
    free(line->ranked);
    free(line->lists);
}

static const struct spf_rule *rule_at(const struct line *line, const struct coat *coat,
                                      uint32_t place)
{
    return coat->rule[place] != NOBODY ? line->ranked[coat->rule[place]] : NULL;
}

/* Of each answer the example is the one that was asked for first: a rule's own, before its
 * neighbours'. */
struct examples {
    uint32_t accepted, denied, uncertain;
};

static void note_answer(struct spf_rules_crowd *crowd, struct examples *examples,
                        const struct spf_rules_decision *decision, uint32_t asked)
{
    bool *some = &crowd->denies_some;
    struct spf_rules_decision *example = &crowd->denied;
    uint32_t *first = &examples->denied;

    if (decision->answer == SPF_RULES_ACCEPT) {
        some = &crowd->accepts_some;
        example = &crowd->accepted;
        first = &examples->accepted;
        if (decision->rule != NULL && decision->rule->source.cidr.ip.family != 0 &&
            decision->rule->source.cidr.bits == 0)
            crowd->open_to_world = true;
    } else if (decision->answer == SPF_RULES_UNCERTAIN) {
        some = &crowd->uncertain_for_some;
        example = &crowd->uncertain;
        first = &examples->uncertain;
    }
    if (*some && asked > *first)
        return;
    *some = true;
    *first = asked;
    *example = *decision;
}

bool spf_rules_crowd(const struct spf_rules_facts *facts, const struct spf_rules_question *question,
                     struct spf_rules_crowd *crowd)
{
    const struct spf_rules_decision otherwise = spf_rules_default(facts, question);
    struct line line = {.facts = facts, .question = question};
    struct examples examples;
    bool ok = line_init(&line);

    memset(crowd, 0, sizeof *crowd);
    for (uint32_t rank = 0; ok && rank < line.rules; rank++)
        paint_rule(&line, rank);
    for (uint32_t i = 0; ok && i < line.count; i++) {
        const struct spf_rules_firsts firsts = {
            .certain = rule_at(&line, &line.certain, i),
            .in_doubt = {rule_at(&line, &line.in_doubt[0], i),
                         rule_at(&line, &line.in_doubt[1], i)},
        };
        struct spf_rules_decision decision =
            spf_rules_conclude(facts, question, &firsts, &otherwise);

        note_answer(crowd, &examples, &decision, line.places[i].asked);
    }
    line_clear(&line);
    return ok;
}
