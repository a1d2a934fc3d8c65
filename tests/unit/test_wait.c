#include "cli/wait.h"
#include "fixture.h"

/*
 * --wait under a clock that does not run: an instance comes up in stages, or never will. A stage is
 * what the world shows from a second on; a round takes what a real one would.
 */
struct stage {
    int from_s;
    void (*show)(struct fixture *f);
    int64_t takes_ms;
};

struct scene {
    const struct stage *stages; /* from_s ascending; the last one stays */
    int age_s; /* of the instance when the waiting begins; -1: no instance is known */
    struct fixture f;
    struct spf_round round;
    struct spf_run *runs[1];
    struct spf_report_target reported;
    int64_t now_ms;
    unsigned rounds, lines;
    unsigned stop_after; /* rounds; 0: never told to stop */
    int64_t round_ms[100], reached_login_ms[100], pause_after_ms[100];
    spf_groups kept[100];
    unsigned logins;
    char said[8000];
};

static int64_t scene_ms(void *context)
{
    return ((struct scene *)context)->now_ms;
}

static int64_t scene_utc(void *context)
{
    return FIXTURE_NOW + scene_ms(context) / 1000;
}

static unsigned no_chance(void *context)
{
    (void)context;
    return 0;
}

static void say(void *context, const char *line)
{
    struct scene *scene = context;
    size_t len = strlen(scene->said);

    scene->lines++;
    spf_format(scene->said + len, sizeof scene->said - len, "%s\n", line);
}

static bool scene_pause(void *context, int64_t ms)
{
    struct scene *scene = context;

    ck_assert_int_gt(ms, 0);
    scene->pause_after_ms[scene->rounds - 1] = ms;
    if (scene->stop_after > 0 && scene->rounds >= scene->stop_after) {
        return false;
    }
    scene->now_ms += ms;
    return true;
}

static struct spf_error scene_round(void *context, spf_groups keep, int64_t deadline_ms)
{
    struct scene *scene = context;
    struct fixture *f = &scene->f;
    const struct stage *stage = scene->stages;

    ck_assert_uint_lt(scene->rounds, 100);
    while (stage[1].show != NULL && stage[1].from_s * 1000 <= scene->now_ms) {
        stage++;
    }
    if (scene->rounds > 0) {
        fixture_clear(f);
    }
    healthy(f);
    f->run.facts.instance->search = SPF_INSTANCE_FOUND;
    f->run.facts.instance->state = SPF_STATE_RUNNING;
    f->run.facts.instance->started = FIXTURE_NOW - scene->age_s;
    f->run.facts.group[SPF_GROUP_TCP].asked = true;
    spf_copy(f->run.facts.identification->software, sizeof f->run.facts.identification->software,
             "OpenSSH_9.2p1");
    if (scene->age_s < 0) {
        host_only(f, "203.0.113.9");
    }
    stage->show(f);
    f->run.facts.group[SPF_GROUP_QUERY].asked =
        f->run.facts.group[SPF_GROUP_QUERY].phase == SPF_PRESENT;
    f->run.facts.group[SPF_GROUP_INSTANCE].done_ms = scene->now_ms;
    scene->round_ms[scene->rounds] = scene->now_ms;
    scene->kept[scene->rounds++] = keep;
    if (f->run.facts.group[SPF_GROUP_QUERY].asked) {
        scene->reached_login_ms[scene->logins++] = scene->now_ms;
    }
    scene->now_ms += stage->takes_ms < deadline_ms ? stage->takes_ms : deadline_ms;
    spf_diagnosis_reconcile(&f->run);
    spf_diagnose(&f->run, scene_utc(scene), &f->d);
    scene->runs[0] = &f->run;
    scene->round = (struct spf_round){.count = 1, .runs = scene->runs, .diagnoses = &f->d};
    return spf_ok();
}

/* Waits at most so long; the scene is cleared by the caller. */
static enum spf_wait_end waits(struct scene *scene, const struct stage *stages, int age_s,
                               int limit_s)
{
    const struct spf_wait wait = {
        .limit_ms = (int64_t)limit_s * 1000,
        .deadline_ms = 60000,
        .now_ms = scene_ms,
        .now_utc = scene_utc,
        .chance = no_chance,
        .pause = scene_pause,
        .round = scene_round,
        .say = say,
        .context = scene,
    };
    enum spf_wait_end end;

    scene->stages = stages;
    scene->age_s = age_s;
    scene->round = (struct spf_round){.count = 1};
    ck_assert_int_eq(spf_wait_rounds(&wait, &scene->round, &end).code, SPF_OK);
    return end;
}

static void nothing_dialled(struct fixture *f)
{
    f->run.facts.group[SPF_GROUP_TCP].phase = SPF_ABSENT;
    f->run.facts.group[SPF_GROUP_TCP].asked = false;
    f->run.facts.group[SPF_GROUP_QUERY].phase = SPF_ABSENT;
}

static void pending(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_INSTANCE, SPF_FAIL, SPF_INSTANCE_STARTING, NULL);
    f->run.results[SPF_CHECK_CLOUD_INSTANCE].holds = true;
    f->run.facts.instance->state = SPF_STATE_STARTING;
    set(f, SPF_CHECK_CLOUD_ADDRESS, SPF_FAIL, SPF_ADDRESS_NONE, NULL);
    skip(f, SPF_CHECK_NET_PORT, SPF_CHECK_CLOUD_ADDRESS);
    skip_ssh(f);
    nothing_dialled(f);
}

static void starting(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_INSTANCE, SPF_FAIL, SPF_INSTANCE_STARTING, NULL);
    f->run.results[SPF_CHECK_CLOUD_INSTANCE].holds = true;
    f->run.facts.instance->state = SPF_STATE_STARTING;
    silent(f, NULL);
}

static void is_silent(struct fixture *f)
{
    silent(f, NULL);
}

static void port_refused(struct fixture *f)
{
    silent(f, NULL);
    set(f, SPF_CHECK_NET_PORT, SPF_FAIL, SPF_PORT_REFUSED, NULL);
}

static void no_banner(struct fixture *f)
{
    silent(f, NULL);
    set(f, SPF_CHECK_NET_PORT, SPF_PASS, SPF_NO_FINDING, NULL);
    set(f, SPF_CHECK_SSH_BANNER, SPF_FAIL, SPF_SSH_CLOSED_EARLY, NULL);
}

static void penalised(struct fixture *f)
{
    no_banner(f);
    set(f, SPF_CHECK_SSH_BANNER, SPF_FAIL, SPF_SSH_PENALISED, NULL);
}

static void not_yet(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_NOT_YET, NULL);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
}

static void denied(struct fixture *f)
{
    refused(f, NULL);
}

static void denied_unproved(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_UNKNOWN, SPF_KEY_PAIR_UNPROVEN, NULL);
    refused(f, NULL);
}

static void denied_by_console(struct fixture *f)
{
    struct spf_console_authorized *line = SPF_APPEND(&f->run.facts.console->authorized);

    refused(f, NULL);
    present(f, SPF_GROUP_CONSOLE);
    spf_copy(line->user, sizeof line->user, "root");
    spf_copy(line->fingerprint, sizeof line->fingerprint,
             "SHA256:uHk7rYfV0lqk2Yx3bJm5ZcTt8oWq1nS4dPp6aEe9gGi");
}

static void in(struct fixture *f)
{
    (void)f;
}

static void rule_denies(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_NO_RULE, NULL);
    silent(f, NULL);
}

static void starting_and_rule_denies(struct fixture *f)
{
    starting(f);
    set(f, SPF_CHECK_CLOUD_SECURITY_GROUP, SPF_FAIL, SPF_SG_NO_RULE, NULL);
    nothing_dialled(f);
    set(f, SPF_CHECK_NET_PORT, SPF_SKIP, SPF_NO_FINDING, NULL);
}

static void other_pair(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_KEY_PAIR, SPF_FAIL, SPF_KEY_PAIR_DIFFERENT, NULL);
    refused(f, NULL);
}

static void mode_too_open(struct fixture *f)
{
    port_refused(f);
    set(f, SPF_CHECK_KEY_MODE, SPF_FAIL, SPF_KEY_MODE_TOO_OPEN, NULL);
}

static void no_address(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_ADDRESS, SPF_FAIL, SPF_ADDRESS_NONE, NULL);
    skip(f, SPF_CHECK_NET_PORT, SPF_CHECK_CLOUD_ADDRESS);
    skip_ssh(f);
    nothing_dialled(f);
}

static void private_only(struct fixture *f)
{
    no_address(f);
    set(f, SPF_CHECK_CLOUD_ADDRESS, SPF_FAIL, SPF_ADDRESS_PRIVATE_ONLY, NULL);
}

static void stopped(struct fixture *f)
{
    starting(f);
    set(f, SPF_CHECK_CLOUD_INSTANCE, SPF_FAIL, SPF_INSTANCE_STOPPED, NULL);
    f->run.results[SPF_CHECK_CLOUD_INSTANCE].holds = true;
    f->run.facts.instance->state = SPF_STATE_STOPPED;
}

static void not_found(struct fixture *f)
{
    no_address(f);
    set(f, SPF_CHECK_CLOUD_INSTANCE, SPF_FAIL, SPF_INSTANCE_NOT_FOUND, NULL);
    for (int i = SPF_CHECK_CLOUD_ADDRESS; i <= SPF_CHECK_CLOUD_KEY_PAIR; i++) {
        skip(f, (enum spf_check_id)i, SPF_CHECK_CLOUD_INSTANCE);
    }
}

static void no_credentials(struct fixture *f)
{
    set(f, SPF_CHECK_CLOUD_ACCESS, SPF_UNKNOWN, SPF_CREDENTIALS_MISSING, NULL);
    for (int i = SPF_CHECK_CLOUD_INSTANCE; i <= SPF_CHECK_CLOUD_KEY_PAIR; i++) {
        skip(f, (enum spf_check_id)i, SPF_CHECK_CLOUD_ACCESS);
    }
    skip(f, SPF_CHECK_NET_PORT, SPF_CHECK_CLOUD_ADDRESS);
    skip_ssh(f);
    nothing_dialled(f);
}

static void login_refused(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_LOGIN_REFUSED, NULL);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
}

static void account_denied(struct fixture *f)
{
    login_refused(f);
    set(f, SPF_CHECK_SSH_AUTH, SPF_FAIL, SPF_AUTH_ACCOUNT_DENIED, NULL);
}

static void no_shell(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_SESSION, SPF_FAIL, SPF_SESSION_NO_SHELL, NULL);
    present(f, SPF_GROUP_SESSION);
    f->run.facts.session->outcome = SPF_ECHO_OTHER;
}

static void other_host_key(struct fixture *f)
{
    set(f, SPF_CHECK_SSH_HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED, NULL);
    skip(f, SPF_CHECK_SSH_AUTH, SPF_CHECK_SSH_HOST_KEY);
    skip(f, SPF_CHECK_SSH_SESSION, SPF_CHECK_SSH_AUTH);
    f->run.facts.group[SPF_GROUP_QUERY].phase = SPF_ABSENT;
}

static void web_server(struct fixture *f)
{
    no_banner(f);
    set(f, SPF_CHECK_SSH_BANNER, SPF_FAIL, SPF_NOT_SSH, NULL);
}

static void sshd_broken(struct fixture *f)
{
    struct spf_console_trouble *trouble = SPF_APPEND(&f->run.facts.console->trouble);

    port_refused(f);
    present(f, SPF_GROUP_CONSOLE);
    spf_copy(trouble->kind, sizeof trouble->kind, "sshd failed");
    spf_copy(trouble->line, sizeof trouble->line, "Failed to start OpenSSH server daemon.");
}

static const struct stage comes_up[] = {
    {0, pending, 200},      {12, starting, 3000}, {25, is_silent, 10000},
    {45, port_refused, 60}, {60, no_banner, 80},  {64, not_yet, 150},
    {90, denied, 150},      {120, in, 200},       {0, NULL, 0},
};

/* Every stage is seen and said once, and the login soon after it works. */
START_TEST(comes_up_in_stages)
{
    struct scene scene = {0};

    ck_assert_int_eq(waits(&scene, comes_up, 0, 600), SPF_WAIT_REACHED);
    ck_assert_int_eq(scene.f.d.verdict, SPF_VERDICT_PASS);
    ck_assert_msg(scene.now_ms < 150000, "%lld ms\n%s", (long long)scene.now_ms, scene.said);
    ck_assert_msg(scene.lines >= 6 && scene.lines <= 8, "%s", scene.said);
    for (unsigned i = 1; i < scene.logins; i++) {
        ck_assert_int_ge(scene.reached_login_ms[i] - scene.reached_login_ms[i - 1], 15000);
    }
    (void)printf("comes up at 120 s: known after %lld ms, %u rounds, %u of them reached sshd's "
                 "authentication\n%s",
                 (long long)scene.now_ms, scene.rounds, scene.logins, scene.said);
    fixture_clear(&scene.f);
}
END_TEST

/* What PAM's account phase refuses may be a file of somebody's, for maintenance. */
START_TEST(maintenance_ends)
{
    static const struct stage stages[] = {{0, account_denied, 150}, {60, in, 200}, {0, NULL, 0}};
    struct scene scene = {0};

    ck_assert_int_eq(waits(&scene, stages, 0, 600), SPF_WAIT_REACHED);
    ck_assert_int_eq(scene.f.d.verdict, SPF_VERDICT_PASS);
    fixture_clear(&scene.f);
}
END_TEST

/* Causes that no waiting removes: how long until they are believed, and that it is said which. */
static const struct never {
    const char *name;
    void (*show)(struct fixture *f);
    int age_s;       /* of the instance; -1: there is none */
    int at_most_s;   /* from the beginning */
    unsigned rounds; /* at most */
    const char *vain;
} never[] = {
    {"a rule denies", rule_denies, 5, 10, 1, "sg-no-rule"},
    {"it starts, and a rule denies", starting_and_rule_denies, 0, 10, 1, "sg-no-rule"},
    {"another key pair", other_pair, 20, 10, 1, "key-pair-different"},
    {"a key file that ssh refuses", mode_too_open, 20, 10, 1, "key-mode-too-open"},
    {"only a private address", private_only, 20, 10, 1, "address-private-only"},
    {"no credentials", no_credentials, 0, 10, 1, "credentials-missing"},
    {"no address", no_address, 20, 30, 4, "address-none"},
    {"stopped", stopped, 20, 30, 8, "instance-stopped"},
    {"no such instance", not_found, 0, 30, 4, "instance-not-found"},
    {"the key is refused, long after the start", denied, 3600, 10, 1, "key-refused-though-bound"},
    {"the key is refused by a new one", denied, 30, 350, 25, "key-refused-though-bound"},
    {"the console shows that it was left out", denied_by_console, 30, 10, 1,
     "key-refused-though-bound"},
    {"refused, nothing known of the key", denied_unproved, 290, 40, 3, "auth-key-refused"},
    {"refused, nothing known of the instance", denied_unproved, -1, 400, 25, "auth-key-refused"},
    {"accepted, and the login refused", login_refused, 30, 10, 1, "auth-login-refused"},
    {"an echo that found no shell", no_shell, 30, 10, 1, "session-no-shell"},
    {"another host key, long after the start", other_host_key, 3600, 10, 1, "host-key-changed"},
    {"a web server on the port", web_server, 30, 30, 12, "not-ssh"},
    {"sshd failed, long after the start", sshd_broken, 3600, 10, 1, "port-refused"},
};

START_TEST(never_comes_up)
{
    const struct never *row = &never[_i];
    const struct stage stages[] = {{0, row->show, 150}, {0, NULL, 0}};
    struct scene scene = {0};
    enum spf_wait_end end = waits(&scene, stages, row->age_s, 600);

    ck_assert_msg(end == SPF_WAIT_IN_VAIN, "%s: %d\n%s", row->name, end, scene.said);
    ck_assert_msg(scene.now_ms <= row->at_most_s * 1000 && scene.rounds <= row->rounds,
                  "%s: %lld ms, %u rounds", row->name, (long long)scene.now_ms, scene.rounds);
    ck_assert_msg(strstr(scene.said, row->vain) != NULL, "%s: %s", row->name, scene.said);
    (void)printf("%-42s given up after %6.1f s, round %u\n", row->name, (double)scene.now_ms / 1000,
                 scene.rounds);
    fixture_clear(&scene.f);
}
END_TEST

/* What may still pass is waited for until the time is up, and politely. */
static const struct open {
    const char *name;
    void (*show)(struct fixture *f);
    int age_s, limit_s;
    int64_t takes_ms, least_ms;
    unsigned rounds_least, rounds_most;
} open[] = {
    {"refused port", port_refused, 20, 600, 60, 1000, 30, 60},
    {"silent port", is_silent, 20, 600, 10000, 1000, 15, 60},
    {"penalised", penalised, 20, 600, 60, 60000, 3, 10},
    {"refused key of a new instance", denied, 20, 250, 150, 15000, 4, 15},
    {"shorter than a second round", denied, 20, 10, 150, 15000, 1, 1},
    {"system is booting up", not_yet, 20, 600, 150, 15000, 8, 40},
    {"sshd failed just now", sshd_broken, 20, 200, 60, 1000, 10, 60},
};

START_TEST(waits_until_the_time_is_up)
{
    const struct open *row = &open[_i];
    const struct stage stages[] = {{0, row->show, row->takes_ms}, {0, NULL, 0}};
    struct scene scene = {0};
    char next[80];

    ck_assert_msg(waits(&scene, stages, row->age_s, row->limit_s) == SPF_WAIT_OVER, "%s: %s",
                  row->name, scene.said);
    ck_assert_msg(scene.now_ms <= row->limit_s * 1000, "%s: %lld", row->name,
                  (long long)scene.now_ms);
    ck_assert_msg(scene.rounds >= row->rounds_least && scene.rounds <= row->rounds_most,
                  "%s: %u rounds", row->name, scene.rounds);
    for (unsigned i = 1; i < scene.rounds; i++) {
        ck_assert_int_ge(scene.round_ms[i] - scene.round_ms[i - 1], row->least_ms);
    }
    ck_assert_msg(scene.lines == 2, "%s: %s", row->name, scene.said);
    spf_format(next, sizeof next, "(the next try would be %s after this one)\n",
               row->least_ms == 60000   ? "1 min 0 s"
               : row->least_ms == 15000 ? "15 s"
                                        : "1 s");
    ck_assert_msg(strstr(scene.said, next) != NULL, "%s: %s lacks %s", row->name, scene.said, next);
    fixture_clear(&scene.f);
}
END_TEST

/* A refused port is asked after a second; the cloud is not, until its own interval is over. */
START_TEST(asks_only_what_can_have_changed)
{
    const struct stage stages[] = {{0, port_refused, 60}, {0, NULL, 0}};
    struct scene scene = {0};
    unsigned asked = 0;

    ck_assert_int_eq(waits(&scene, stages, 20, 100), SPF_WAIT_OVER);
    ck_assert_int_le(scene.round_ms[1] - scene.round_ms[0], 1300);
    for (unsigned i = 1; i < scene.rounds; i++) {
        ck_assert_msg(scene.kept[i] & SPF_GROUP_BIT(KEY), "round %u reads the key again", i);
        ck_assert_msg(!(scene.kept[i] & (SPF_GROUP_BIT(TCP) | SPF_GROUP_BIT(LOCAL_ENVIRONMENT) |
                                         SPF_GROUP_BIT(KNOWN_HOSTS) | SPF_GROUP_BIT(QUERY))),
                      "round %u keeps an old answer of the server", i);
        asked += !(scene.kept[i] & SPF_GROUP_BIT(INSTANCE));
    }
    ck_assert_uint_eq(asked, 0); /* done_ms is each round's here, and pauses are below 30 s */
    fixture_clear(&scene.f);
}
END_TEST

START_TEST(cloud_by_its_own_interval)
{
    struct fixture f;

    healthy(&f);
    f.run.facts.instance->search = SPF_INSTANCE_FOUND;
    f.run.facts.instance->state = SPF_STATE_RUNNING;
    f.run.facts.group[SPF_GROUP_INSTANCE].done_ms = 1000;
    ck_assert(spf_retry_keeps(&f.run, 30000) & SPF_GROUP_BIT(INSTANCE));
    ck_assert(!(spf_retry_keeps(&f.run, 31001) & SPF_GROUP_BIT(INSTANCE)));
    f.run.facts.instance->state = SPF_STATE_STARTING;
    ck_assert(!(spf_retry_keeps(&f.run, 6001) & SPF_GROUP_BIT(KEY_PAIR)));
    ck_assert(spf_retry_keeps(&f.run, 6001) & SPF_GROUP_BIT(KEY));
    fixture_clear(&f);
}
END_TEST

START_TEST(stops_when_told)
{
    const struct stage stages[] = {{0, port_refused, 60}, {0, NULL, 0}};
    struct scene scene = {.stop_after = 3};

    ck_assert_int_eq(waits(&scene, stages, 20, 600), SPF_WAIT_STOPPED);
    ck_assert_uint_eq(scene.rounds, 3);
    ck_assert(scene.round.stopped);
    fixture_clear(&scene.f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wait");
    TCase *tests = unit_case(suite, "wait");

    tcase_add_test(tests, comes_up_in_stages);
    tcase_add_test(tests, maintenance_ends);
    tcase_add_loop_test(tests, never_comes_up, 0, sizeof never / sizeof *never);
    tcase_add_loop_test(tests, waits_until_the_time_is_up, 0, sizeof open / sizeof *open);
    tcase_add_test(tests, asks_only_what_can_have_changed);
    tcase_add_test(tests, cloud_by_its_own_interval);
    tcase_add_test(tests, stops_when_told);
    return unit_run(suite);
}
