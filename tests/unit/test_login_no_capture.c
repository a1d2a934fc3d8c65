#include <libssh/libssh.h>

#include "login/link.h"
#include "login_fixture.h"

/* As libssh's own, where it was built without WITH_PCAP (pcap.c); it takes precedence here. */
ssh_pcap_file ssh_pcap_file_new(void)
{
    return NULL;
}

/* What a server says would be missed, and so taken for something else: there is no verdict. */
START_TEST(no_login_is_judged_without_captures)
{
    const int64_t end = spf_now_ms() + UNIT_HANGS_MS;
    struct place place;
    struct talk talk;

    ck_assert(!spf_link_captures());
    ck_assert_ptr_null(spf_link_new("root", NULL));
    place_open(&place);
    start_sshd(&place, "");
    talk_open(&talk, &place, "127.0.0.1", place.port);
    ask(&talk, SPF_GROUP_KNOWN_HOSTS);
    ask(&talk, SPF_GROUP_TCP);
    talk.there = false;
    spf_conversation_serve(talk.conversation, SPF_GROUP_IDENTIFICATION);
    while (!talk.there && spf_now_ms() < end) {
        ck_assert_int_eq(spf_loop_turn(talk.inquiry.loop, end).code, SPF_OK);
    }
    ck_assert(talk.there);
    ck_assert_int_eq(talk.failure.cause, SPF_SYSTEM_ERROR);
    ck_assert_ptr_nonnull(strstr(talk.failure.text, "WITH_PCAP"));
    talk_close(&talk);
    place_close(&place);
}
END_TEST

int main(void)
{
    return unit_main("login/no capture",
                     (const TTest *const[]){no_login_is_judged_without_captures, NULL});
}
