#include <stdio.h>

#include "login_fixture.h"

static int refused;

/* Where no stream can be made, libssh writes its capture to a file (login/capture.c). This takes
 * precedence over the C library's. */
FILE *fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions)
{
    (void)cookie;
    (void)mode;
    (void)functions;
    refused++;
    return NULL;
}

/* sshd says in packets alone what options the key has. */
START_TEST(a_login_is_read_from_a_file)
{
    struct place place;
    struct talk talk;

    place_open(&place);
    run("ssh-keygen -q -t ed25519 -N '' -f %s/key", place.dir);
    run("cp %s/key.pub %s/authorized_keys", place.dir, place.dir);
    start_sshd(&place, "");
    talk_open(&talk, &place, "127.0.0.1", place.port);
    talk_use_key(&talk, &place, "key");
    ask_up_to(&talk, SPF_GROUP_SESSION);
    ck_assert_int_gt(refused, 0);
    ck_assert_int_eq(talk.facts.session->outcome, SPF_ECHO_BACK);
    ck_assert(talk.facts.session->options_seen);
    talk_close(&talk);
    place_close(&place);
}
END_TEST

int main(void)
{
    return unit_main("login/capture in a file",
                     (const TTest *const[]){a_login_is_read_from_a_file, NULL});
}
