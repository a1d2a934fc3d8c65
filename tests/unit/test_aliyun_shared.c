#include "shared_client.h"

/*
 * What several targets ask of one account: one call for all, each its part of the answer, and what
 * refuses one is not what refuses all. The instances of a selection, page by page. Our own address,
 * from a service that tells it. Against an API and a service that answer in the loop.
 */

/* ---- one answer for many --------------------------------------------------------------------- */

static bool is_batch(void)
{
    return strchr(words, ',') != NULL;
}

static const char *good_list(void)
{
    static char json[60000];
    size_t len = (size_t)snprintf(json, sizeof json, "{\"Instances\":{\"Instance\":[");
    const char *id = words;
    bool first = true;

    while ((id = strstr(id, "\"i-")) != NULL) {
        len += (size_t)snprintf(json + len, sizeof json - len,
                                "%s{\"InstanceId\":%.*s,\"Status\":\"Running\"}", first ? "" : ",",
                                (int)strcspn(id + 1, "\"") + 2, id);
        first = false;
        id++;
        id += strcspn(id, "\"") + 1;
    }
    (void)snprintf(json + len, sizeof json - len, "]}}");
    return json;
}

static const char *batch_answer;
static long batch_status;

/* The batch gets batch_answer, one alone a good one. */
static const char *refuses_batches(const struct spf_api_request *request, long *status)
{
    (void)request;
    if (is_batch()) {
        *status = batch_status;
        return batch_answer;
    }
    return good_list();
}

static const char *answers_all(const struct spf_api_request *request, long *status)
{
    (void)request;
    (void)status;
    return good_list();
}

START_TEST(what_refuses_many_at_once)
{
    static const struct {
        const char *answer;
        long status;
        enum spf_finding cause; /* of each; none: each was asked about alone */
        int calls;
    } cases[] = {
        {"{\"Code\":\"InvalidInstanceId.NotFound\",\"Message\":\"x\"}", 404, SPF_NO_FINDING, 4},
        {"{\"Code\":\"MissingParameter.X\",\"Message\":\"x\"}", 400, SPF_NO_FINDING, 4},
        {"{\"Code\":\"InternalError\",\"Message\":\"x\"}", 500, SPF_API_ERROR, 1},
        {"{\"Code\":\"Forbidden.RAM\",\"Message\":\"x\"}", 403, SPF_PERMISSION_DENIED, 1},
        {"{\"Code\":\"InvalidAccessKeyId.NotFound\"}", 404, SPF_ACCESS_KEY_UNKNOWN, 1},
        {"{\"Code\":\"InvalidAccessKeyId.Inactive\"}", 400, SPF_ACCESS_KEY_INACTIVE, 1},
        {"{\"Code\":\"InvalidAccessKeySecret\"}", 400, SPF_ACCESS_KEY_SECRET_WRONG, 1},
        {"{\"Code\":\"InvalidSecurityToken.Expired\"}", 400, SPF_TOKEN_EXPIRED, 1},
        {"{\"Code\":\"InvalidSecurityToken.Malformed\"}", 400, SPF_TOKEN_INVALID, 1},
        {"{\"Code\":\"InvalidTimeStamp.Expired\"}", 400, SPF_CLOCK_SKEW, 1},
        {"{}", 200, SPF_API_REPLY_INVALID, 1},
        {"{\"Instances\":{}}", 200, SPF_API_REPLY_INVALID, 1},
        {"[]", 200, SPF_API_REPLY_INVALID, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene *scene = calloc(1, sizeof *scene);

        set_up(scene, 4, true);
        scene->options.credentials.region = "cn-hangzhou";
        answer = refuses_batches;
        batch_answer = cases[i].answer;
        batch_status = cases[i].status;
        ask(scene, 0, 4, SPF_GROUP_CREDENTIALS);
        ask(scene, 0, 3, SPF_GROUP_INSTANCE);
        for (size_t k = 0; k < 3; k++) {
            ck_assert_msg((scene->ones[k].good ? SPF_NO_FINDING : scene->ones[k].failure.cause) ==
                              cases[i].cause,
                          "%s: %s %s", cases[i].answer,
                          spf_findings[scene->ones[k].failure.cause].id,
                          scene->ones[k].failure.text);
        }
        /* the fourth was asked about with them, so alone there is nothing to ask */
        ck_assert_msg(calls == cases[i].calls, "%s: %d calls", cases[i].answer, calls);
        ask(scene, 3, 4, SPF_GROUP_INSTANCE);
        ck_assert_msg(cases[i].cause == SPF_NO_FINDING ||
                          scene->ones[3].failure.cause == cases[i].cause,
                      "%s", cases[i].answer);
        tear_down(scene);
        free(scene);
    }
}
END_TEST

/* Once it is said that the key is none, no other call is made with it. */
START_TEST(a_refused_key_is_not_used_again)
{
    struct scene *scene = calloc(1, sizeof *scene);

    set_up(scene, 150, true);
    answer = refuses_batches;
    batch_answer = "{\"Code\":\"InvalidAccessKeyId.NotFound\"}";
    batch_status = 404;
    ask(scene, 0, 150, SPF_GROUP_CREDENTIALS);
    ask(scene, 0, 20, SPF_GROUP_INSTANCE);
    ck_assert_int_eq(calls, 1);
    ask(scene, 20, 150, SPF_GROUP_INSTANCE);
    ask(scene, 0, 3, SPF_GROUP_IDENTITY);
    ck_assert_int_eq(calls, 1);
    for (size_t i = 0; i < 150; i++) {
        ck_assert_int_eq(scene->ones[i].failure.cause, SPF_ACCESS_KEY_UNKNOWN);
        ck_assert_str_eq(scene->ones[i].failure.code, "InvalidAccessKeyId.NotFound");
    }
    tear_down(scene);
    free(scene);
}
END_TEST

START_TEST(a_hundred_at_a_time)
{
    struct scene *scene = calloc(1, sizeof *scene);

    set_up(scene, 150, true);
    answer = answers_all;
    ask(scene, 0, 150, SPF_GROUP_CREDENTIALS);
    ask(scene, 0, 150, SPF_GROUP_INSTANCE);
    ck_assert_int_eq(calls, 2);
    for (size_t i = 0; i < 150; i++) {
        ck_assert_msg(scene->ones[i].good, "%zu: %s", i, scene->ones[i].failure.text);
        ck_assert_str_eq(scene->ones[i].facts.instance->id, scene->ids[i]);
    }
    /* and what they have in common once: also when it is asked after the answer came */
    ask(scene, 0, 100, SPF_GROUP_IDENTITY);
    ask(scene, 100, 150, SPF_GROUP_IDENTITY);
    ck_assert_int_eq(calls, 3);
    tear_down(scene);
    free(scene);
}
END_TEST

static const char *lacks_one(const struct spf_api_request *request, long *status)
{
    (void)request;
    (void)status;
    return "{\"Instances\":{\"Instance\":[{\"InstanceId\":\"i-bp1000\",\"Status\":\"Running\"}]}}";
}

/* Of one that the reply does not have, it says that there is none; not another's part. */
START_TEST(each_has_its_part_of_the_reply)
{
    struct scene *scene = calloc(1, sizeof *scene);

    set_up(scene, 3, true);
    answer = lacks_one;
    ask(scene, 0, 3, SPF_GROUP_CREDENTIALS);
    ask(scene, 0, 3, SPF_GROUP_INSTANCE);
    ck_assert_int_eq(scene->ones[0].facts.instance->search, SPF_INSTANCE_FOUND);
    ck_assert_int_eq(scene->ones[1].facts.instance->search, SPF_INSTANCE_NOWHERE);
    ck_assert_int_eq(scene->ones[2].facts.instance->search, SPF_INSTANCE_NOWHERE);
    tear_down(scene);
    free(scene);
}
END_TEST

/* One that is dropped while all wait is not answered; the others are. */
START_TEST(one_of_many_is_cancelled)
{
    struct scene *scene = calloc(1, sizeof *scene);

    set_up(scene, 4, true);
    answer = answers_all;
    ask(scene, 0, 4, SPF_GROUP_CREDENTIALS);
    scene->ones[3].arrived = 0;
    spf_aliyun_serve(scene->aliyun, &scene->ones[3].inquiry, SPF_GROUP_INSTANCE);
    for (size_t i = 0; i < 2; i++) {
        spf_aliyun_serve(scene->aliyun, &scene->ones[i].inquiry, SPF_GROUP_INSTANCE);
    }
    spf_aliyun_cancel(scene->aliyun, &scene->ones[3].inquiry);
    spf_aliyun_cancel(scene->aliyun, &scene->ones[0].inquiry);
    scene->ones[0].arrived = 0;
    ask(scene, 2, 3, SPF_GROUP_INSTANCE);
    ck_assert_int_eq(scene->ones[3].arrived, 0);
    ck_assert_int_eq(scene->ones[0].arrived, 0);
    ck_assert(scene->ones[2].good);
    /* dropped with all that waits */
    spf_aliyun_serve(scene->aliyun, &scene->ones[0].inquiry, SPF_GROUP_INSTANCE);
    tear_down(scene);
    free(scene);
}
END_TEST

/* ---- a selection ----------------------------------------------------------------------------- */

static const char *const *pages; /* one after the other; the last for ever */
static const char *next_page(const struct spf_api_request *request, long *status)
{
    const char *page = pages[0];

    (void)request;
    if (pages[1] != NULL) {
        pages++;
    }
    if (strstr(page, "\"Code\"") != NULL) {
        *status = 403;
    }
    return page[0] != '\0' ? page : NULL;
}

#define LIST(items, more) "{\"Instances\":{\"Instance\":[" items "]}" more "}"

START_TEST(instances_of_a_selection)
{
    static const struct {
        const char *const pages[3];
        size_t count;
        const char *error; /* NULL: none */
    } cases[] = {
        {{LIST("{\"InstanceId\":\"i-1\"},{\"InstanceId\":\"i-2\"}", "")}, 2, NULL},
        {{LIST("{\"InstanceId\":\"i-1\"}", ",\"NextToken\":\"t\""),
          LIST("{\"InstanceId\":\"i-2\"}", ",\"NextToken\":\"\"")},
         2,
         NULL},
        {{LIST("{\"InstanceId\":\"\"},{},{\"InstanceId\":\"i-2\"}", "")}, 1, NULL},
        {{LIST("", "")}, 0, NULL},
        {{"{}"}, 0, "the API's reply has no Instances"},
        {{LIST("{\"InstanceId\":\"i-1\"}", ",\"NextToken\":\"t\""), "{\"Instances\":5}"},
         0,
         "the API's reply has no Instances"},
        {{LIST("{\"InstanceId\":\"i-1\"}", ",\"NextToken\":\"t\"")}, 0, "go round in a circle"},
        {{"{\"Code\":\"Forbidden.RAM\",\"Message\":\"no\"}"}, 0, "[permission-denied]"},
        {{LIST("{\"InstanceId\":\"i-1\"}", ",\"NextToken\":\"t\""), "{\"Code\":\"New\"}"},
         0,
         "New"},
    };
    static const char *const tags[] = {"env=prod", "team", NULL};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int narrow = 0; narrow < 2; narrow++) {
            const struct spf_selection selection = {.tags = narrow ? tags : NULL,
                                                    .vpc = narrow ? "vpc-1" : NULL,
                                                    .timeout_ms = 1000,
                                                    .deadline_ms = spf_now_ms() + UNIT_HANGS_MS,
                                                    .stop_fd = -1};
            struct scene *scene = calloc(1, sizeof *scene);
            struct spf_listing *listing = NULL;
            spf_id_list ids = {0};
            struct spf_error error;

            set_up(scene, 0, false);
            answer = next_page;
            pages = cases[i].pages;
            error = spf_aliyun_select(scene->aliyun, &selection, &ids, &listing);
            ck_assert_msg((error.code == SPF_OK) == (cases[i].error == NULL), "case %zu: %s", i,
                          error.text);
            if (cases[i].error == NULL) {
                ck_assert_uint_eq(ids.count, cases[i].count);
            } else {
                ck_assert_msg(strstr(error.text, cases[i].error) != NULL, "%s", error.text);
            }
            ck_assert_int_eq(strstr(words, "Tag.1.Key=env\nTag.1.Value=prod\nTag.2.Key=team\n"
                                           "VpcId=vpc-1\n") != NULL,
                             narrow);
            spf_listing_free(listing);
            free(ids.items);
            tear_down(scene);
            free(scene);
        }
    }
    spf_listing_free(NULL);
}
END_TEST

static const char *never(const struct spf_api_request *request, long *status)
{
    (void)request;
    (void)status;
    return NULL;
}

START_TEST(a_selection_that_ends_early)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    for (int way = 0; way < 3; way++) { /* the time is up, a signal came, no region */
        const struct spf_selection selection = {.timeout_ms = 1000,
                                                .deadline_ms =
                                                    spf_now_ms() + (way == 0 ? 50 : UNIT_HANGS_MS),
                                                .stop_fd = way == 1 ? ends[0] : -1};
        struct scene *scene = calloc(1, sizeof *scene);
        struct spf_listing *listing = NULL;
        spf_id_list ids = {0};
        struct spf_error error;

        set_up(scene, 0, false);
        scene->options.credentials.region = way == 2 ? NULL : "cn-hangzhou";
        answer = never;
        error = spf_aliyun_select(scene->aliyun, &selection, &ids, &listing);
        ck_assert_int_eq(error.code, way == 2 ? SPF_ERR_USAGE : SPF_ERR_SYS);
        ck_assert_msg(strstr(error.text, way == 0   ? "--deadline"
                                         : way == 1 ? "interrupted"
                                                    : "--region") != NULL,
                      "%s", error.text);
        spf_listing_free(listing);
        free(ids.items);
        tear_down(scene);
        free(scene);
    }
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* What was listed is not asked again. */
START_TEST(what_was_listed_is_known)
{
    static const char *const two[] = {
        LIST("{\"InstanceId\":\"i-bp1000\",\"Status\":\"Running\"}", ",\"NextToken\":\"t\""),
        LIST("{\"InstanceId\":\"i-bp1001\",\"Status\":\"Stopped\"}", ""), NULL};
    struct spf_selection selection = {.timeout_ms = 1000, .stop_fd = -1};
    struct scene *scene = calloc(1, sizeof *scene);
    struct spf_listing *listing = NULL;
    spf_id_list ids = {0};

    set_up(scene, 2, false);
    selection.deadline_ms = spf_now_ms() + UNIT_HANGS_MS;
    answer = next_page;
    pages = two;
    ck_assert_int_eq(spf_aliyun_select(scene->aliyun, &selection, &ids, &listing).code, SPF_OK);
    ck_assert_int_eq(calls, 2);
    scene->options.listing = listing;
    ck_assert(spf_aliyun_share(scene->aliyun, scene->ids, 2));
    ask(scene, 0, 2, SPF_GROUP_CREDENTIALS);
    ask(scene, 0, 2, SPF_GROUP_INSTANCE);
    ck_assert_int_eq(calls, 2);
    ck_assert_int_eq(scene->ones[0].facts.instance->state, SPF_STATE_RUNNING);
    ck_assert_int_eq(scene->ones[1].facts.instance->state, SPF_STATE_STOPPED);
    spf_listing_free(listing);
    free(ids.items);
    tear_down(scene);
    free(scene);
}
END_TEST

/* ---- a service that tells our address -------------------------------------------------------- */

static void with_public_address(struct one *one)
{
    struct spf_address *address = SPF_APPEND(&one->facts.instance->addresses);

    address->class = SPF_CLASS_PUBLIC;
    ck_assert(spf_ip_parse("203.0.113.10", &address->ip));
    one->facts.group[SPF_GROUP_INSTANCE].phase = SPF_PRESENT;
    one->target.source_lookup = "https://ip.example/";
}

START_TEST(what_a_service_tells)
{
    static const struct {
        long status;
        const char *reply;
        size_t len;          /* 0: the text's */
        const char *address; /* NULL: none */
        const char *says;
    } cases[] = {
        {200, "198.51.100.7", 0, "198.51.100.7", ""},
        {200, " \r\n198.51.100.7\n", 0, "198.51.100.7", ""},
        {200, "::ffff:198.51.100.7", 0, "198.51.100.7", ""},
        {200, "", 0, NULL, "not an address and nothing else"},
        {200, " \n", 0, NULL, "not an address and nothing else"},
        {200, "198.51.100.7 198.51.100.8", 0, NULL, "not an address and nothing else"},
        {200, "198.51.100.7\0", 13, NULL, "zero byte"},
        {200, "<html>", 0, NULL, "not an address and nothing else"},
        {200, "198.51.100.777", 0, NULL, "not an address and nothing else"},
        {200, "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", 0, NULL,
         "not an address and nothing else"},
        {200, "2001:db8::7", 0, NULL, "of the other kind"},
        {200, "10.0.0.7", 0, NULL, "nobody has in the internet"},
        {200, "127.0.0.1", 0, NULL, "nobody has in the internet"},
        {503, "198.51.100.7", 0, NULL, "it answers with status 503"},
        {302, "", 0, NULL, "it answers with status 302"},
        {0, "", 0, NULL, "no route"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene *scene = calloc(1, sizeof *scene);
        struct spf_secret *secret = spf_secret_new(
            cases[i].reply, cases[i].len > 0 ? cases[i].len : strlen(cases[i].reply));
        struct spf_fetch done;

        set_up(scene, 4, true);
        for (size_t k = 0; k < 4; k++) {
            with_public_address(&scene->ones[k]);
        }
        for (size_t k = 0; k < 3; k++) {
            spf_aliyun_serve(scene->aliyun, &scene->ones[k].inquiry, SPF_GROUP_LOOKUP);
        }
        ck_assert_int_eq(fetches, 1);
        spf_aliyun_cancel(scene->aliyun, &scene->ones[1].inquiry); /* who waits no more */
        done = *fetch;
        spf_fetch_cancel(fetch);
        done.done(done.owner, cases[i].status, secret, cases[i].status == 0 ? "no route" : "");
        ask(scene, 3, 4, SPF_GROUP_LOOKUP); /* it is known by now */
        ck_assert_int_eq(fetches, 1);
        ck_assert_int_eq(scene->ones[1].arrived, 0);
        for (size_t k = 0; k < 4; k += k == 0 ? 2 : 1) {
            struct one *one = &scene->ones[k];

            ck_assert_int_eq(one->arrived, 1);
            ck_assert_msg(one->good == (cases[i].address != NULL), "%s: %s", cases[i].reply,
                          one->failure.text);
            if (one->good) {
                char text[SPF_IP_TEXT_SIZE];

                spf_ip_format(&one->facts.lookup->address, text);
                ck_assert_str_eq(text, cases[i].address);
            } else {
                ck_assert_int_eq(one->failure.cause, SPF_SG_SOURCE_UNKNOWN);
                ck_assert_msg(strstr(one->failure.text, cases[i].says) != NULL, "%s",
                              one->failure.text);
            }
        }
        spf_secret_free(secret);
        tear_down(scene);
        free(scene);
    }
}
END_TEST

/* By itself a target asks again each time; what is under way is dropped with the client. */
START_TEST(a_service_is_asked_again)
{
    struct scene *scene = calloc(1, sizeof *scene);
    struct spf_secret *secret = spf_secret_new("198.51.100.7", 12);
    struct spf_fetch done;

    set_up(scene, 2, false);
    with_public_address(&scene->ones[0]);
    with_public_address(&scene->ones[1]);
    scene->ones[1].target.source_lookup = "ftp://ip.example/";
    for (int round = 1; round <= 2; round++) {
        spf_aliyun_serve(scene->aliyun, &scene->ones[0].inquiry, SPF_GROUP_LOOKUP);
        ck_assert_int_eq(fetches, round);
        done = *fetch;
        spf_fetch_cancel(fetch);
        done.done(done.owner, 200, secret, "");
        ck_assert_int_eq(scene->ones[0].arrived, round);
    }
    ask(scene, 1, 2, SPF_GROUP_LOOKUP);
    ck_assert_int_eq(scene->ones[1].failure.cause, SPF_SG_SOURCE_UNKNOWN);
    spf_aliyun_serve(scene->aliyun, &scene->ones[0].inquiry, SPF_GROUP_LOOKUP);
    spf_secret_free(secret);
    tear_down(scene);
    ck_assert_ptr_null(fetch);
    free(scene);
}
END_TEST

int main(void)
{
    forget_environment();
    setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "LTAI5tLabCanaryId0001", 1);
    setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "LabCanarySecretAk000000000001x", 1);
    return unit_main("aliyun_shared",
                     (const TTest *const[]){what_refuses_many_at_once,
                                            a_refused_key_is_not_used_again, a_hundred_at_a_time,
                                            each_has_its_part_of_the_reply,
                                            one_of_many_is_cancelled, instances_of_a_selection,
                                            a_selection_that_ends_early, what_was_listed_is_known,
                                            what_a_service_tells, a_service_is_asked_again, NULL});
}
