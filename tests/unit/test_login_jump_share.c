#include "jump_scene.h"

/*
 * What becomes of a target behind a jump host when the master of the shared connection behaves
 * oddly. Whatever a broken master says is no answer: the target goes alone. And nothing is left
 * behind.
 */

START_TEST(a_master_plays)
{
    const struct play *play = &plays[_i];
    struct scene scene;

    scene_open(&scene, (size_t)_i, play->len);
    scene.jump = spf_jump_new(&scene.inquiry, "web", dialled, &scene);
    ck_assert_ptr_nonnull(scene.jump);
    is_private(&scene);
    await(&scene, play);
    expect(&scene, play, play->alone);
    ck_assert_int_le(scene.settled, 1);
    scene_close(&scene);
}
END_TEST

/* Of the replies that open a connection, any beginning. */
START_TEST(it_hangs_up_at_each_byte)
{
    struct scene scene;

    scene_open(&scene, 0, (size_t)_i);
    scene.jump = spf_jump_new(&scene.inquiry, "web", dialled, &scene);
    ck_assert_ptr_nonnull(scene.jump);
    await(&scene, &plays[0]);
    expect(&scene, &plays[0], true);
    scene_close(&scene);
}
END_TEST

/* Who is given up half-way, at any point, leaves nothing behind either. */
START_TEST(it_is_given_up)
{
    struct scene scene;

    scene_open(&scene, 0, plays[0].len);
    scene.jump = spf_jump_new(&scene.inquiry, "web", dialled, &scene);
    ck_assert_ptr_nonnull(scene.jump);
    for (int i = 0; i < _i; i++) {
        turn(&scene);
    }
    scene_close(&scene);
}
END_TEST

/* Several of one way: each is connected, whether it came before the login or after it, but who is
 * given up; another way is another's. */
START_TEST(several_share_it)
{
    static const char *const jumps[] = {"a@b", "a@b", "a@b", "a@c", "a@b"};
    struct scene scene;
    struct scene others[4];
    struct scene *each[5] = {&scene};

    scene_open(&scene, 0, plays[0].len);
    for (int i = 0; i < 4; i++) {
        others[i] = scene;
        others[i].facts = (struct spf_facts){0};
        open_all(&others[i].facts);
        others[i].target.jump = jumps[i + 1];
        others[i].inquiry.target = &others[i].target;
        others[i].inquiry.facts = &others[i].facts;
        each[i + 1] = &others[i];
    }
    ck_assert(!spf_jump_is_settled(&scene.inquiry.login->jumps, "a@b"));
    for (int i = 0; i < 4; i++) {
        each[i]->jump = spf_jump_new(&each[i]->inquiry, "web", dialled, each[i]);
        ck_assert_ptr_nonnull(each[i]->jump);
    }
    spf_jump_free(each[1]->jump);
    spf_facts_clear(&each[1]->facts);
    await(&scene, &plays[0]);
    each[4]->jump = spf_jump_new(&each[4]->inquiry, "web", dialled, each[4]);
    for (int i = 2; i < 5; i++) {
        await(each[i], &plays[0]);
        ck_assert(each[i]->facts.tcp->outcome == SPF_TCP_OPEN);
        ck_assert_str_eq(each[i]->facts.tcp->jump, jumps[i]);
        spf_jump_free(each[i]->jump);
        (void)close(each[i]->fd);
        spf_facts_clear(&each[i]->facts);
    }
    ck_assert(!each[1]->there);
    ck_assert(spf_jump_is_settled(&scene.inquiry.login->jumps, "a@b"));
    ck_assert(spf_jump_is_settled(&scene.inquiry.login->jumps, "a@c"));
    ck_assert(!spf_jump_is_settled(&scene.inquiry.login->jumps, "a@d"));
    ck_assert(!is_there("alone"));
    spf_jump_free(scene.jump);
    scene.jump = NULL; /* nobody goes through it any more */
    spf_jump_leave_all(&scene.inquiry.login->jumps);
    ck_assert(!spf_jump_is_settled(&scene.inquiry.login->jumps, "a@b"));
    scene_close(&scene);
}
END_TEST

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    spf_copy(at.sun_path, sizeof at.sun_path, path);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    return fd;
}

/* A connection that the user's own ssh holds open there is the user's: ours goes alone. One that
 * is named and not open is none. */
START_TEST(the_user_holds_one_open)
{
    const bool is_open = _i == 1;
    struct spf_ssh_hop *hop;
    struct scene scene;
    char path[200];
    int fd = -1;

    scene_open(&scene, 0, plays[0].len);
    path_in(&scene, "control", path);
    scene.target.ssh_config = "";
    (void)SPF_APPEND(&scene.facts.ssh_config->hops); /* of the first there is none */
    hop = SPF_APPEND(&scene.facts.ssh_config->hops);
    spf_copy(hop->manners.control_path, sizeof hop->manners.control_path, path);
    if (is_open) {
        fd = listen_at(path);
    }
    scene.jump = spf_jump_new(&scene.inquiry, "web", dialled, &scene);
    ck_assert_ptr_nonnull(scene.jump);
    await(&scene, &plays[0]);
    expect(&scene, &plays[0], is_open);
    if (is_open) {
        (void)close(fd);
        (void)unlink(path);
    }
    scene_close(&scene);
}
END_TEST

/* Without an ssh there is no way, nor a reason to wait. */
START_TEST(there_is_no_ssh)
{
    struct scene scene;

    scene_open(&scene, 0, plays[0].len);
    ck_assert_int_eq(setenv("PATH", "/nonexistent", 1), 0);
    ck_assert_ptr_null(spf_jump_new(&scene.inquiry, "web", dialled, &scene));
    ck_assert_int_eq(errno, ENOENT);
    ck_assert(!scene.there);
    scene_close(&scene);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite;
    TCase *tcase;

    be_ssh_if_called_so(argc, argv);
    suite = suite_create("login_jump_share");
    tcase = unit_case(suite, "login_jump_share");
    tcase_add_loop_test(tcase, a_master_plays, 0, (int)PLAYS);
    tcase_add_loop_test(tcase, it_hangs_up_at_each_byte, 0, (int)plays[0].len);
    tcase_add_loop_test(tcase, it_is_given_up, 0, 4);
    tcase_add_test(tcase, several_share_it);
    tcase_add_loop_test(tcase, the_user_holds_one_open, 0, 2);
    tcase_add_test(tcase, there_is_no_ssh);
    return unit_run(suite);
}
