#include <features.h> /* __GLIBC__ */

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include "jump_scene.h"
#include "login/conversation.h"
#include "refusals.h"

/*
 * At each place on the way through a jump host where a library or the system may refuse for want of
 * memory or descriptors it does so once: the way then comes to its usual end, perhaps alone, or to
 * a failure that is ours. And nothing is left behind.
 */

/* No assertion within: check's own calls would count. */
static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct scene *scene = (struct scene *)inquiry;

    (void)group;
    scene->there = true;
    scene->failed = failure != NULL;
    scene->cause = failure != NULL ? failure->cause : SPF_NO_FINDING;
}

/* Goes the way; place: the one that is refused. */
static void go(const struct play *play, size_t place)
{
    const int64_t end = spf_now_ms() + UNIT_HANGS_MS;
    struct spf_conversation *talk;
    struct scene scene;
    bool good;

    scene_open(&scene, (size_t)(play - plays), play->len);
    scene.inquiry.arrived = arrived;
    refusals_arm(place);
    talk = spf_conversation_new(&scene.inquiry, false);
    if (talk != NULL) {
        spf_conversation_serve(talk, SPF_GROUP_TCP);
    }
    while (talk != NULL && !scene.there && spf_now_ms() < end &&
           spf_loop_turn(scene.inquiry.loop, spf_now_ms() + 20).code == SPF_OK) {
    }
    refusals_disarm();
    ck_assert_msg(talk == NULL || scene.there, "%s, %s: it hangs", play->name,
                  refusals_name(place));
    good = talk == NULL || (scene.failed ? place > 0 && scene.cause == SPF_SYSTEM_ERROR
                                         : scene.facts.tcp->outcome ==
                                               (is_there("alone") ? SPF_TCP_OPEN : play->outcome));
    ck_assert_msg(good, "%s, %s: cause %d, outcome %d", play->name, refusals_name(place),
                  (int)scene.cause, (int)scene.facts.tcp->outcome);
    spf_conversation_free(talk);
    scene_close(&scene);
}

static bool is_tried(const struct play *play)
{
    static const char *const names[] = {
        "opens",        "byte by byte",    "refused",
        "no socket",    "speaks",          "closes",
        "ends at once", "refused a login", "no room for its socket"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(play->name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(a_shortage_is_never_taken_for_the_jump_hosts_word)
{
    refusals_init();
    for (size_t i = 0; i < PLAYS; i++) {
        size_t place = refused_place_count; /* those of the plays before were tried */

        if (is_tried(&plays[i])) {
            go(&plays[i], 0);
            while (place++ < refused_place_count) {
                go(&plays[i], place);
            }
        }
    }
    ck_assert_uint_gt(refused_place_count, 50);
}
END_TEST

int main(int argc, char **argv)
{
    be_ssh_if_called_so(argc, argv);
    return unit_main(
        "login jump shortage",
        (const TTest *const[]){a_shortage_is_never_taken_for_the_jump_hosts_word, NULL});
}

#else /* a sanitizer has functions of its own in place of the system's */
int main(void)
{
    return 77;
}
#endif
