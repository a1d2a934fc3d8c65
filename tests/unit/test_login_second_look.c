#include "login/second_look.h"
#include "login_fixture.h"

/* Whatever another connection comes to is an answer: the host key that it was shown, or none. */

/* A server that says this to each who connects, and closes; in a process of its own. */
static pid_t serve(int listener, const char *words)
{
    const pid_t child = fork();

    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            const int fd = accept(listener, NULL, NULL);

            if (fd < 0 || send(fd, words, strlen(words), MSG_NOSIGNAL) < 0 ||
                shutdown(fd, SHUT_WR) != 0) {
                _exit(1);
            }
            /* what was sent here is read, so that no reset overtakes the words */
            for (char bytes[512]; recv(fd, bytes, sizeof bytes, 0) > 0;) {
            }
            (void)close(fd);
        }
    }
    return child;
}

static void look(struct place *place, bool finds)
{
    const int64_t end = spf_now_ms() + UNIT_HANGS_MS;
    struct spf_second_look *again;
    struct talk talk;

    talk_open(&talk, place, "127.0.0.1", place->port);
    again = spf_second_look_new(&talk.inquiry);
    ck_assert_ptr_nonnull(again);
    spf_second_look_begin(again);
    while (!talk.there && spf_now_ms() < end) {
        ck_assert_int_eq(spf_loop_turn(talk.inquiry.loop, end).code, SPF_OK);
    }
    ck_assert(talk.there);
    ck_assert_int_eq(talk.failure.cause, SPF_NO_FINDING);
    ck_assert(spf_facts_have(&talk.facts, SPF_GROUP_HOST_KEY_AGAIN));
    ck_assert_int_eq(talk.facts.host_key_again->blob != NULL, finds);
    ck_assert_int_eq(talk.facts.host_key_again->sha256[0] != '\0', finds);
    spf_second_look_free(again);
    talk_close(&talk);
}

START_TEST(a_server_that_shows_none)
{
    static const char *const words[] = {NULL, "", "220 mail.example ESMTP\r\n", "SSH-2.0-x\r\n",
                                        "SSH-2.0-x\r\n\0junk"};
    struct place place;
    int listener;
    pid_t child = -1;

    place_open(&place);
    listener = listen_somewhere(&place.port);
    if (words[_i] != NULL) {
        child = serve(listener, words[_i]);
    }
    (void)close(listener); /* without a server: refused */
    look(&place, false);
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    place_close(&place);
}
END_TEST

START_TEST(a_server_that_shows_one)
{
    struct place place;

    place_open(&place);
    start_sshd(&place, "");
    look(&place, true);
    spf_second_look_free(NULL);
    place_close(&place);
}
END_TEST

/* Who is given up half-way is not called any more. */
START_TEST(it_is_given_up)
{
    struct spf_second_look *again;
    struct place place;
    struct talk talk;
    int listener;

    place_open(&place);
    listener = listen_somewhere(&place.port);
    talk_open(&talk, &place, "127.0.0.1", place.port);
    again = spf_second_look_new(&talk.inquiry);
    ck_assert_ptr_nonnull(again);
    spf_second_look_begin(again);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(spf_loop_turn(talk.inquiry.loop, spf_now_ms() + 10).code, SPF_OK);
    }
    spf_second_look_free(again);
    ck_assert(!talk.there);
    talk_close(&talk);
    (void)close(listener);
    place_close(&place);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("login second look");
    TCase *tcase = unit_case(suite, "login second look");

    tcase_add_loop_test(tcase, a_server_that_shows_none, 0, 5);
    tcase_add_test(tcase, a_server_that_shows_one);
    tcase_add_test(tcase, it_is_given_up);
    return unit_run(suite);
}
