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

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    Suite *suite;
    TCase *tcase;

    if (strcmp(name != NULL ? name + 1 : argv[0], "ssh") == 0) {
        _exit(be_ssh(argc, argv));
    }
    suite = suite_create("login_jump_share");
    tcase = unit_case(suite, "login_jump_share");
    tcase_add_loop_test(tcase, a_master_plays, 0, (int)PLAYS);
    tcase_add_loop_test(tcase, it_hangs_up_at_each_byte, 0, (int)plays[0].len);
    tcase_add_loop_test(tcase, it_is_given_up, 0, 4);
    return unit_run(suite);
}
