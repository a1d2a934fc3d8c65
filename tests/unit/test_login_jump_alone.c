#include "jump_scene.h"

/*
 * A connection through a program of its own: the ssh of a target that goes alone, or a
 * ProxyCommand, each of them a script.
 */

#define SAY(text) "printf '" text "' >&2; "
#define SSH       SAY("debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2\\r\\n")
#define PARAMIKO \
    SAY("debug1: Remote protocol version 2.0, remote software version paramiko_3\\r\\n")
#define LOGIN     SAY("Authenticated to b ([192.0.2.9]:22) using \"publickey\".\\r\\n")
#define CONFIRM   SAY("debug2: channel 0: open confirm rwindow 0 rmax 32768\\r\\n")
#define WHEN_OPEN "until [ -e $HOME/go ]; do sleep 0.01; done; "
#define FOREVER   "exec sleep 600"

static const struct way {
    const char *name;
    const char *script;
    unsigned timeout_ms; /* 0: none comes */
    bool is_proxy;
    enum spf_tcp_outcome outcome;
    const char *error; /* a part of it; NULL none */
    const char *last;  /* its last words, once it has ended; NULL: it goes on */
} ways[] = {
    {"ssh opens", SSH LOGIN CONFIRM FOREVER, 0, false, SPF_TCP_OPEN, NULL, NULL},
    {"ssh goes on to speak",
     SSH LOGIN CONFIRM WHEN_OPEN SAY("debug1: more\\r\\n") ": >$HOME/asked; " FOREVER, 0, false,
     SPF_TCP_OPEN, NULL, NULL},
    {"ssh ends", SSH LOGIN CONFIRM "exit 255", 0, false, SPF_TCP_OPEN, NULL, ""},
    {"ssh ends before it is in", SSH "exit 255", 0, false, SPF_TCP_JUMP_FAILED, NULL, NULL},
    {"ssh says nothing", FOREVER, 100, false, SPF_TCP_JUMP_FAILED, NULL, NULL},
    {"ssh opens nothing", SSH LOGIN FOREVER, 300, false, SPF_TCP_SILENT, NULL, NULL},
    {"a word comes through", PARAMIKO LOGIN CONFIRM "printf S; " FOREVER, 0, false, SPF_TCP_OPEN,
     NULL, NULL},
    {"nothing comes through", PARAMIKO LOGIN CONFIRM FOREVER, 300, false,
     SPF_TCP_JUMP_NO_CONNECTION, "nothing came", NULL},
    {"the end comes through", PARAMIKO LOGIN CONFIRM "exec >&- <&-; " FOREVER, 0, false,
     SPF_TCP_JUMP_NO_CONNECTION, "nothing came", NULL},
    {"ssh ends and nothing came", PARAMIKO LOGIN CONFIRM "exec 2>&-; " FOREVER, 0, false,
     SPF_TCP_JUMP_NO_CONNECTION, "nothing came", NULL},
    {"a program speaks", "printf S; " FOREVER, 0, true, SPF_TCP_OPEN, NULL, NULL},
    {"a program speaks and ends", "printf S; exit 3", 0, true, SPF_TCP_OPEN, NULL, "exit status 3"},
    {"with a word", SAY("gone\\n") "printf S; exit 3", 0, true, SPF_TCP_OPEN, NULL,
     "gone (exit status 3)"},
    {"by a signal", "printf S; kill -9 $$", 0, true, SPF_TCP_OPEN, NULL, ""},
    {"a program ends", "exit 3", 0, true, SPF_TCP_PROXY_FAILED,
     "it ended without a word (exit status 3)", NULL},
    {"a program ends well", "exit 0", 0, true, SPF_TCP_PROXY_FAILED, "it ended without a word",
     NULL},
    {"a program complains", SAY("no way\\n") "exit 1", 0, true, SPF_TCP_PROXY_FAILED,
     "no way (exit status 1)", NULL},
    {"a program waits", FOREVER, 100, true, SPF_TCP_PROXY_FAILED, "no byte came in time", NULL},
    {"with its standard error closed", "exec 2>&-; " FOREVER, 300, true, SPF_TCP_PROXY_FAILED,
     "no byte came in time", NULL},
};

static void use(struct scene *scene, const struct way *way)
{
    if (way->timeout_ms > 0) {
        scene->target.timeout_ms = way->timeout_ms / 2; /* a login at the jump host has its own */
    }
    spf_login_shared_free(scene->inquiry.login);
    scene->inquiry.login = NULL; /* so that nothing is shared */
    if (way->is_proxy) {
        scene->target.jump = NULL;
        scene->target.ssh_config = "";
        scene->target.proxy_command = "/bin/sh \"$HOME/script\"";
    }
    note("script", way->script);
}

static void look_at_last_words(struct scene *scene, const struct way *way)
{
    const int64_t until_ms = spf_now_ms() + UNIT_HANGS_MS;
    char says[200] = "x";
    char bytes[8];

    /* its end of the connection is closed when it ends */
    while (recv(scene->fd, bytes, sizeof bytes, MSG_DONTWAIT) != 0) {
        ck_assert_msg(spf_now_ms() < until_ms, "%s", way->name);
        turn(scene);
    }
    spf_jump_last_words(scene->jump, says, sizeof says);
    ck_assert_msg(strcmp(says, way->last) == 0, "%s: %s", way->name, says);
}

START_TEST(a_way_of_its_own)
{
    const struct way *way = &ways[_i];
    const int64_t until_ms = spf_now_ms() + UNIT_HANGS_MS;
    struct scene scene;

    scene_open(&scene, 0, 0);
    use(&scene, way);
    scene.jump = spf_jump_new(&scene.inquiry, "web", dialled, &scene);
    ck_assert_ptr_nonnull(scene.jump);
    while (!scene.there || (strstr(way->script, "asked") != NULL && !is_there("asked"))) {
        ck_assert_msg(spf_now_ms() < until_ms, "%s: hangs", way->name);
        turn(&scene);
        if (scene.there) {
            note("go", "");
        }
    }
    turn(&scene);
    ck_assert_msg(!scene.failed && scene.facts.tcp->outcome == way->outcome, "%s: outcome %d",
                  way->name, (int)scene.facts.tcp->outcome);
    ck_assert_msg(way->error == NULL || strstr(scene.facts.tcp->error, way->error) != NULL,
                  "%s: %s", way->name, scene.facts.tcp->error);
    ck_assert(!spf_jump_is_lost(scene.jump));
    if (way->last != NULL) {
        look_at_last_words(&scene, way);
    }
    scene_close(&scene);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite;
    TCase *tcase;

    be_ssh_if_called_so(argc, argv);
    suite = suite_create("login_jump_alone");
    tcase = unit_case(suite, "login_jump_alone");
    tcase_add_loop_test(tcase, a_way_of_its_own, 0, (int)(sizeof ways / sizeof *ways));
    return unit_run(suite);
}
