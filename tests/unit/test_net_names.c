#include "net/names_reader.h"
#include "unit.h"

static bool is_it(const void *owner, struct spf_bytes address)
{
    return owner != NULL && spf_bytes_are(address, owner);
}

START_TEST(lines_of_a_hosts_file)
{
    static const struct {
        const char *text;
        size_t len; /* 0: the text's */
        unsigned line;
    } cases[] = {
        {"127.0.0.1 web", 0, 1},
        {"127.0.0.1 WEB\n", 0, 1},
        {"\n# x\n \t127.0.0.1\ta.example  web\r\n", 0, 3},
        {"127.0.0.1 a\n127.0.0.2 web\n127.0.0.1 web\n127.0.0.1 web\n", 0, 3},
        {"127.0.0.1 a # web\n", 0, 0},
        {"127.0.0.1 a\0 web", 15, 0},
        {"#127.0.0.1 web\n", 0, 0},
        {"127.0.0.1 we\n127.0.0.1 webs\n127.0.0.1", 0, 0},
        {"127.0.0.2 web\n127.0.0.11 web\n", 0, 0},
        {"", 0, 0},
        {" \n\n", 0, 0},
    };
    static const char ours[] = "127.0.0.1";
    char text[3000] = "#";

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t len = cases[i].len > 0 ? cases[i].len : strlen(cases[i].text);

        ck_assert_msg(spf_hosts_line(cases[i].text, len, "web", is_it, ours) == cases[i].line,
                      "%zu", i);
        ck_assert_uint_eq(spf_hosts_line(cases[i].text, len, "web", is_it, NULL), 0);
    }
    /* a line of any length is one */
    for (size_t at = 1; at < 2100; at++) {
        memset(text + 1, 'x', at - 1);
        (void)strcpy(text + at, "127.0.0.1 web");
        ck_assert_uint_eq(spf_hosts_line(text, strlen(text), "web", is_it, ours), 0);
    }
    (void)strcpy(text, "127.0.0.1 ");
    memset(text + 10, 'x', 2000);
    (void)strcpy(text + 2010, " web\n");
    ck_assert_uint_eq(spf_hosts_line(text, strlen(text), "web", is_it, ours), 1);
}
END_TEST

START_TEST(replies_to_a_question)
{
    static const uint8_t question[] = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    static const struct {
        uint8_t id, flags, code;
        size_t len;
        enum spf_lookup_outcome outcome; /* SPF_LOOKUP_SILENT: it is no answer */
        const char *said;
    } cases[] = {
        {0x34, 0x81, 0x80, 12, SPF_LOOKUP_FAILED, "an answer"},
        {0x34, 0x81, 0x82, 12, SPF_LOOKUP_FAILED, "SERVFAIL"},
        {0x34, 0x81, 0x85, 500, SPF_LOOKUP_REFUSED, "REFUSED"},
        {0x34, 0x80, 0x0f, 12, SPF_LOOKUP_FAILED, "an answer with an error"},
        {0x34, 0x01, 0x00, 12, SPF_LOOKUP_SILENT, NULL}, /* our own question, sent back */
        {0x35, 0x81, 0x80, 12, SPF_LOOKUP_SILENT, NULL}, /* another's answer */
        {0x34, 0x81, 0x80, 11, SPF_LOOKUP_SILENT, NULL},
        {0x34, 0x81, 0x80, 0, SPF_LOOKUP_SILENT, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uint8_t reply[512] = {0x12, cases[i].id, cases[i].flags, cases[i].code};
        enum spf_lookup_outcome outcome = SPF_LOOKUP_SILENT;
        const char *said = NULL;

        ck_assert_msg(spf_name_reply_read(reply, cases[i].len, question, &outcome, &said) ==
                          (cases[i].said != NULL),
                      "%zu", i);
        ck_assert_int_eq(outcome, cases[i].outcome);
        ck_assert(said == cases[i].said || strcmp(said, cases[i].said) == 0);
    }
}
END_TEST

int main(void)
{
    return unit_main("net names",
                     (const TTest *const[]){lines_of_a_hosts_file, replies_to_a_question, NULL});
}
