#include "login/second_look.h"
#include "login/shared.h"
#include "login_fixture.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include "refusals.h"

/*
 * At each place of a login where a library or the system may refuse for want of memory or
 * descriptors it does so once: a step then comes to its usual end, or to a failure that is ours.
 */

/* No assertion within: check's own calls would count. */
static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct talk *talk = (struct talk *)inquiry;

    (void)group;
    talk->there = true;
    if (failure != NULL) {
        talk->failure = *failure;
    }
}

/* What a login came to: the group that failed, SPF_GROUP_COUNT none, and the outcomes so far. */
struct came {
    enum spf_group failed;
    struct spf_failure failure;
    int outcomes[5];
};

/* KEYS: of two that ssh would offer the second does; LOOK: a second look at the host key. */
enum manner { PLAIN, AGENT, CERTIFICATE, STRANGER, KEYS, LOOK, MANNERS };

/* As the ssh configuration would: a key that the server does not know, and then the other. */
static void offer_two(struct talk *talk, const struct place *place)
{
    static const char *const names[] = {"ca", "key"};

    for (size_t i = 0; i < 2; i++) {
        struct spf_ssh_offer *offer = SPF_APPEND(&talk->facts.ssh_config->offers);
        char *path = text_of("%s/%s.pub", place->dir, names[i]);
        char *line = slurp(path);
        char blob[4096];

        ck_assert_ptr_nonnull(offer);
        ck_assert_int_eq(sscanf(line, "%39s %4095s", offer->algorithm, blob), 2);
        offer->blob = strdup(blob);
        offer->usable = true;
        free(line);
        free(path);
    }
    talk->target.offer = &talk->facts.ssh_config->offers.items[0];
    talk->target.ssh_config = "";
}

static void prepare(struct talk *talk, const struct place *place, enum manner manner)
{
    talk_open(talk, place, "127.0.0.1", place->port);
    talk->inquiry.arrived = arrived;
    talk_use_key(talk, place, manner == CERTIFICATE ? "certified" : manner == KEYS ? "ca" : "key");
    if (manner == AGENT || manner == STRANGER) {
        spf_secret_free(talk->facts.key->login);
        talk->facts.key->login = NULL;
        talk->facts.key->usable = false;
        talk->facts.key->encrypted = true;
        talk->facts.key->in_agent = manner == AGENT;
    }
    if (manner == KEYS) {
        offer_two(talk, place);
    }
    if (manner == CERTIFICATE) {
        char *path = text_of("%s/certified-cert.pub", place->dir);
        char *line = slurp(path);
        char blob[4096];

        ck_assert_int_eq(sscanf(line, "%*s %4095s", blob), 1);
        talk->facts.key->certificate_line = spf_secret_new(blob, strlen(blob));
        free(line);
        free(path);
    }
}

static void turn_until_there(struct talk *talk, int64_t end)
{
    while (!talk->there && spf_now_ms() < end &&
           spf_loop_turn(talk->inquiry.loop, end).code == SPF_OK) {
        continue;
    }
}

/* Serves the group, and waits; the second look's as the driver does. */
static void serve(struct talk *talk, enum spf_group group, int64_t end)
{
    struct spf_second_look *look;

    talk->there = false;
    if (group != SPF_GROUP_HOST_KEY_AGAIN) {
        spf_conversation_serve(talk->conversation, group);
        turn_until_there(talk, end);
        return;
    }
    look = spf_second_look_new(&talk->inquiry);
    if (look == NULL) {
        const struct spf_failure failure = {.cause = SPF_SYSTEM_ERROR};

        arrived(&talk->inquiry, group, &failure);
        return;
    }
    spf_second_look_begin(look);
    turn_until_there(talk, end);
    spf_second_look_free(look);
}

static struct came log_in(const struct place *place, enum manner manner, size_t at)
{
    static const enum spf_group last_of[MANNERS] = {SPF_GROUP_SESSION, SPF_GROUP_SESSION,
                                                    SPF_GROUP_SESSION, SPF_GROUP_QUERY,
                                                    SPF_GROUP_QUERY,   SPF_GROUP_HANDSHAKE};
    const int64_t end = spf_now_ms() + UNIT_HANGS_MS;
    struct spf_login_shared *shared;
    struct talk talk;
    struct came came;

    prepare(&talk, place, manner);
    refusals_arm(at);
    shared = spf_login_shared_new();
    talk.inquiry.login = shared;
    came.failed = SPF_GROUP_COUNT;
    for (int group = SPF_GROUP_KNOWN_HOSTS;
         group <= (int)last_of[manner] && talk.failure.cause == SPF_NO_FINDING; group++) {
        serve(&talk, (enum spf_group)group, end);
        if (manner == STRANGER && group == SPF_GROUP_IDENTIFICATION) {
            talk.facts.identification->software[0] = 'x'; /* whose yes proves nothing */
        }
        came.failed = talk.failure.cause != 0 ? (enum spf_group)group : SPF_GROUP_COUNT;
    }
    if (manner == LOOK && talk.failure.cause == SPF_NO_FINDING) {
        serve(&talk, SPF_GROUP_HOST_KEY_AGAIN, end);
        came.failed = talk.failure.cause != 0 ? SPF_GROUP_HOST_KEY_AGAIN : SPF_GROUP_COUNT;
    }
    refusals_disarm();
    ck_assert_msg(talk.there, "%s: it hangs", refusals_name(at));
    came.failure = talk.failure;
    came.outcomes[0] = (int)talk.facts.tcp->outcome;
    came.outcomes[1] = (int)talk.facts.identification->outcome;
    came.outcomes[2] = (int)talk.facts.handshake->outcome;
    came.outcomes[3] = (int)talk.facts.query->outcome * 10 + (int)talk.facts.query->stranger +
                       100 * (int)talk.facts.query->asked.count;
    came.outcomes[4] = (int)talk.facts.signature->outcome * 10 + (int)talk.facts.session->outcome +
                       (talk.facts.host_key_again->blob != NULL ? 1000 : 0);
    talk_close(&talk);
    spf_login_shared_free(shared);
    return came;
}

/* Which of the outcomes a group has. */
static int place_of(enum spf_group group)
{
    switch (group) {
    case SPF_GROUP_TCP:
        return 0;
    case SPF_GROUP_IDENTIFICATION:
        return 1;
    case SPF_GROUP_HANDSHAKE:
        return 2;
    case SPF_GROUP_QUERY:
        return 3;
    default:
        return group == SPF_GROUP_KNOWN_HOSTS ? 0 : 4;
    }
}

static void refuse_each(const struct place *place, enum manner manner)
{
    size_t at = refused_place_count; /* those of the manners before were tried */
    const struct came usual = log_in(place, manner, 0);

    ck_assert_msg(usual.failed == SPF_GROUP_COUNT, "manner %d: %s", (int)manner,
                  usual.failure.text);
    while (at++ < refused_place_count) {
        const struct came came = log_in(place, manner, at);
        const int so_far = came.failed == SPF_GROUP_COUNT ? 5 : place_of(came.failed);

        ck_assert_msg(came.failed == SPF_GROUP_COUNT || came.failure.cause == SPF_SYSTEM_ERROR,
                      "manner %d, %s: group %d failed: %s", (int)manner, refusals_name(at),
                      (int)came.failed, came.failure.text);
        for (int i = 0; i < so_far; i++) {
            ck_assert_msg(came.outcomes[i] == usual.outcomes[i], "manner %d, %s: step %d: %d",
                          (int)manner, refusals_name(at), i, came.outcomes[i]);
        }
    }
}

START_TEST(a_shortage_is_never_taken_for_an_answer)
{
    struct place place;
    pid_t agent;
    char *path;

    place_open(&place);
    path = text_of("%s/agent", place.dir);
    run("cd %s && ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -q -t ed25519 -N '' -f ca && "
        "ssh-keygen -q -t ed25519 -N '' -f certified && "
        "ssh-keygen -q -s ca -I id -n $(id -un) certified.pub && cp key.pub authorized_keys",
        place.dir);
    agent = fork();
    if (agent == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)!freopen("/dev/null", "w", stdout);
        (void)execlp("ssh-agent", "ssh-agent", "-D", "-a", path, (char *)NULL);
        _exit(127);
    }
    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS;
         access(path, F_OK) != 0 && spf_now_ms() < end;) {
        (void)poll(NULL, 0, 10);
    }
    ck_assert_int_eq(setenv("SSH_AUTH_SOCK", path, 1), 0);
    /* its socket may be there before it listens */
    run("i=0; until ssh-add -q %s/key 2>/dev/null; do i=$((i + 1)); [ $i -lt 1000 ] || exit 1; "
        "done",
        place.dir);
    {
        char *config = text_of("TrustedUserCAKeys %s/ca.pub\nMaxStartups 1000", place.dir);

        start_sshd(&place, config);
        free(config);
    }
    refusals_init();
    for (int manner = 0; manner < MANNERS; manner++) {
        refuse_each(&place, (enum manner)manner);
    }
    ck_assert_uint_gt(refused_place_count, 100);
    (void)kill(agent, SIGTERM);
    (void)waitpid(agent, NULL, 0);
    (void)unsetenv("SSH_AUTH_SOCK");
    free(path);
    place_close(&place);
}
END_TEST

int main(void)
{
    return unit_main("login shortage",
                     (const TTest *const[]){a_shortage_is_never_taken_for_an_answer, NULL});
}

#else /* a sanitizer has functions of its own in place of the system's */
int main(void)
{
    return 77;
}
#endif
