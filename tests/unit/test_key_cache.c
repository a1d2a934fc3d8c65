#include <stdio.h>
#include <unistd.h>

#include "all_facts.h"
#include "unit.h"

#include "base/clock.h"
#include "base/loop.h"
#include "base/text.h"
#include "key/cache.h"
#include "login/facts.h"

/* A key made for these tests and used nowhere else. */
#define KEY                                                                    \
    "-----BEGIN OPENSSH PRIVATE KEY-----\n"                                    \
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n" \
    "QyNTUxOQAAACDU2ltuEjpZHWhAIOBZ6xZa1BUIqyHJGVdaDiaj7HSOUwAAAIitioUFrYqF\n" \
    "BQAAAAtzc2gtZWQyNTUxOQAAACDU2ltuEjpZHWhAIOBZ6xZa1BUIqyHJGVdaDiaj7HSOUw\n" \
    "AAAEA3U8CYrglfRKQrX5kmnb6imXwnoDlmn3KXvgvslEEROtTaW24SOlkdaEAg4FnrFlrU\n" \
    "FQirIckZV1oOJqPsdI5TAAAAAAECAwQF\n"                                       \
    "-----END OPENSSH PRIVATE KEY-----\n"
#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAINTaW24SOlkdaEAg4FnrFlrUFQirIckZV1oOJqPsdI5T"

/* Somebody who asks: what arrived, and how. */
struct asker {
    struct spf_inquiry inquiry; /* first */
    struct spf_target target;
    struct spf_facts facts;
    int answers, failures;
};

static struct spf_loop *loop;
static struct spf_key_cache *cache;
static char dir[32], path[64];

static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct asker *asker = (struct asker *)inquiry;

    (void)group;
    asker->answers++;
    asker->failures += failure != NULL;
}

static void ask(struct asker *asker, enum spf_group group)
{
    open_all(&asker->facts);
    asker->inquiry = (struct spf_inquiry){
        .target = &asker->target, .facts = &asker->facts, .loop = loop, .arrived = arrived};
    spf_key_cache_serve(cache, &asker->inquiry, group);
}

static void wait_for(const struct asker *asker)
{
    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS; asker->answers == 0 && spf_now_ms() < end;) {
        ck_assert_int_eq(spf_loop_turn(loop, end).code, SPF_OK);
    }
    ck_assert_int_eq(asker->answers, 1);
}

static void set_up(void)
{
    FILE *file;

    strcpy(dir, "/tmp/spf-cache-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/k", dir);
    file = fopen(path, "w");
    ck_assert(file != NULL && fputs(KEY, file) >= 0 && fclose(file) == 0);
    loop = spf_loop_new();
    cache = spf_key_cache_new(loop);
    ck_assert(loop != NULL && cache != NULL);
}

static void tear_down(void)
{
    spf_key_cache_free(cache);
    spf_loop_free(loop);
    spf_jobs_wait_for_computing(UNIT_HANGS_MS / 1000); /* or it runs into exit(3)'s clean-up */
    (void)unlink(path);
    (void)rmdir(dir);
}

static void clear(struct asker *asker)
{
    spf_facts_clear(&asker->facts);
}

START_TEST(a_key_is_read_once_for_all)
{
    struct asker one = {.target = {.key_path = path, .agent = ""}};
    struct asker other = {.target = {.key_path = path, .agent = ""}};
    struct asker late = {.target = {.key_path = path, .agent = ""}};

    ask(&one, SPF_GROUP_KEY);
    ask(&other, SPF_GROUP_KEY);
    wait_for(&one);
    ck_assert_int_eq(other.answers, 1);
    ck_assert(one.facts.key->usable && other.facts.key->usable);
    ck_assert_str_eq(other.facts.key->public_blob, BLOB);
    ck_assert_int_eq(unlink(path), 0); /* nobody reads it again */
    ask(&late, SPF_GROUP_KEY);
    ck_assert_int_eq(late.answers, 1);
    ck_assert(late.facts.key->usable && late.failures == 0);
    clear(&one);
    clear(&other);
    clear(&late);
}
END_TEST

/* Another agent, another passphrase, another text: other answers. */
START_TEST(what_differs_is_read_for_itself)
{
    struct spf_secret *passphrase = spf_secret_new("p", 1);
    struct spf_secret *text = spf_secret_new(KEY, strlen(KEY));
    struct asker askers[] = {
        {.target = {.key_path = path, .agent = ""}},
        {.target = {.key_path = path}},
        {.target = {.key_path = path, .agent = "/nonexistent"}},
        {.target = {.key_path = path, .agent = "", .passphrase = passphrase}},
        {.target = {.key_path = "-", .agent = "", .key_text = text}},
        {.target = {.key_path = "-", .agent = ""}},
        {.target = {.key_path = "/nonexistent", .agent = ""}},
        {.target = {.agent = ""}},
    };
    static const enum spf_key_outcome outcomes[] = {
        SPF_KEY_READ, SPF_KEY_READ,       SPF_KEY_READ,   SPF_KEY_READ,
        SPF_KEY_READ, SPF_KEY_ZERO_BYTES, SPF_KEY_ABSENT, SPF_KEY_ZERO_BYTES,
    };

    for (size_t i = 0; i < sizeof askers / sizeof *askers; i++) {
        ask(&askers[i], SPF_GROUP_KEY);
        wait_for(&askers[i]);
        ck_assert_msg(askers[i].facts.key->outcome == outcomes[i], "%zu", i);
        ck_assert_msg(askers[i].facts.key->usable == (outcomes[i] == SPF_KEY_READ), "%zu", i);
    }
    ck_assert(askers[4].facts.key->from_stdin && !askers[0].facts.key->from_stdin);
    for (size_t i = 0; i < sizeof askers / sizeof *askers; i++) {
        clear(&askers[i]);
    }
    spf_secret_free(passphrase);
    spf_secret_free(text);
}
END_TEST

START_TEST(who_cancelled_is_not_told)
{
    struct asker gone = {.target = {.key_path = path, .agent = ""}};
    struct asker stays = {.target = {.key_path = path, .agent = ""}};

    ask(&gone, SPF_GROUP_KEY);
    ask(&stays, SPF_GROUP_KEY);
    spf_key_cache_cancel(cache, &gone.inquiry, SPF_GROUP_FOUND_KEY); /* that it did not ask for */
    spf_key_cache_cancel(cache, &gone.inquiry, SPF_GROUP_KEY);
    wait_for(&stays);
    ck_assert_int_eq(gone.answers, 0);
    clear(&gone);
    clear(&stays);
}
END_TEST

/* It was about another key, as when the ssh configuration names it: the first answer is not told.
 */
START_TEST(who_asks_again_is_told_of_the_other_key)
{
    struct asker changes = {.target = {.key_path = path, .agent = ""}};
    struct asker stays = {.target = {.key_path = path, .agent = ""}};

    ask(&changes, SPF_GROUP_KEY);
    ask(&stays, SPF_GROUP_KEY);
    changes.target.key_path = "/nonexistent";
    ask(&changes, SPF_GROUP_KEY);
    wait_for(&stays);
    wait_for(&changes);
    ck_assert(stays.facts.key->outcome == SPF_KEY_READ);
    ck_assert(changes.facts.key->outcome == SPF_KEY_ABSENT);
    clear(&changes);
    clear(&stays);
}
END_TEST

/* A key that only an agent has is known by its public key. */
START_TEST(a_key_of_the_agent_is_read_from_the_offer)
{
    static char good[] = BLOB;
    static char broken[] = "AAAA";
    const struct spf_ssh_offer offers[] = {{.blob = good}, {.blob = broken}, {.blob = NULL}};

    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        struct asker asker = {.target = {.agent = "", .offer = &offers[i]}};

        ask(&asker, SPF_GROUP_KEY);
        wait_for(&asker);
        ck_assert_int_eq(asker.failures, i > 0);
        if (i == 0) {
            ck_assert(asker.facts.key->from_agent && !asker.facts.key->usable);
            ck_assert_str_eq(asker.facts.key->damage, "key-is-public");
        }
        clear(&asker);
    }
}
END_TEST

static struct asker searcher(char *public_key, char *name)
{
    struct asker asker = {.target = {.key_dir = dir, .agent = ""}};

    open_all(&asker.facts);
    asker.facts.key_pair->public_key = public_key != NULL ? strdup(public_key) : NULL;
    spf_copy(asker.facts.key_pair->name, sizeof asker.facts.key_pair->name, name);
    return asker;
}

START_TEST(a_directory_is_read_once_for_all_pairs)
{
    static char line[] = "ssh-ed25519 " BLOB " me";
    struct asker one = searcher(line, "pair");
    struct asker same = searcher(line, "pair");
    struct asker other_pair = searcher(line, "other");
    struct asker other_key = searcher(NULL, "pair");
    struct asker again = searcher(line, "pair");
    struct asker beside = searcher(line, "pair");

    beside.target = (struct spf_target){.find_key = dir, .agent = ""};
    ask(&one, SPF_GROUP_FOUND_KEY);
    ask(&same, SPF_GROUP_FOUND_KEY);
    wait_for(&one);
    ck_assert_int_eq(same.answers, 1);
    ck_assert_str_eq(one.facts.found_key->path, path);
    ck_assert_str_eq(same.facts.found_key->path, path);
    ck_assert_int_eq(unlink(path), 0);
    ask(&other_pair, SPF_GROUP_FOUND_KEY);
    wait_for(&other_pair);
    ck_assert_str_eq(other_pair.facts.found_key->path, path); /* as it was seen */
    ask(&other_key, SPF_GROUP_FOUND_KEY);
    wait_for(&other_key);
    ck_assert_str_eq(other_key.facts.found_key->path, "");
    ask(&beside, SPF_GROUP_FOUND_KEY);
    wait_for(&beside);
    ck_assert_str_eq(beside.facts.found_key->path, path);
    spf_key_cache_forget_found(cache);
    ask(&again, SPF_GROUP_FOUND_KEY);
    wait_for(&again);
    ck_assert_str_eq(again.facts.found_key->path, "");
    clear(&one);
    clear(&same);
    clear(&other_pair);
    clear(&other_key);
    clear(&beside);
    clear(&again);
}
END_TEST

START_TEST(a_directory_that_is_not_there_is_said)
{
    struct asker asker = searcher(NULL, "pair");

    asker.target.key_dir = "/nonexistent";
    ask(&asker, SPF_GROUP_FOUND_KEY);
    wait_for(&asker);
    ck_assert_int_eq(asker.failures, 1);
    asker.answers = 0;
    ask(&asker, SPF_GROUP_FOUND_KEY); /* the failure is kept as well */
    ck_assert_int_eq(asker.answers, 1);
    ck_assert_int_eq(asker.failures, 2);
    clear(&asker);
}
END_TEST

/* Work that is under way when the cache goes away tells nobody. */
START_TEST(a_cache_goes_away_in_the_middle)
{
    static char line[] = "ssh-ed25519 " BLOB " me";
    struct asker reader = {.target = {.key_path = path, .agent = ""}};
    struct asker seeker = searcher(line, "pair");

    ask(&reader, SPF_GROUP_KEY);
    ask(&seeker, SPF_GROUP_FOUND_KEY);
    spf_key_cache_forget_found(cache);
    spf_key_cache_free(cache);
    cache = NULL;
    ck_assert_int_eq(spf_loop_turn(loop, spf_now_ms() + 50).code, SPF_OK);
    ck_assert(reader.answers == 0 && seeker.answers == 0);
    clear(&reader);
    clear(&seeker);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_key_is_read_once_for_all,
                                  what_differs_is_read_for_itself,
                                  who_cancelled_is_not_told,
                                  who_asks_again_is_told_of_the_other_key,
                                  a_key_of_the_agent_is_read_from_the_offer,
                                  a_directory_is_read_once_for_all_pairs,
                                  a_directory_that_is_not_there_is_said,
                                  a_cache_goes_away_in_the_middle};
    Suite *suite = suite_create("key_cache");
    TCase *tcase = unit_case(suite, "key_cache");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    return unit_run(suite);
}
