#include "unit.h"

#include "base/text.h"
#include "login/implementations.h"
#include "login/offers.h"
#include "login/pcap.h"

/* A capture as libssh writes it: big-endian records of IPv4, TCP and a packet in clear. */
struct capture {
    uint8_t bytes[16384];
    size_t len;
};

static void put(struct capture *capture, const void *bytes, size_t len)
{
    ck_assert_uint_le(capture->len + len, sizeof capture->bytes);
    memcpy(capture->bytes + capture->len, bytes, len);
    capture->len += len;
}

static void put_u32(struct capture *capture, size_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                              (uint8_t)value};

    put(capture, bytes, sizeof bytes);
}

static void put_string(struct capture *capture, const char *text)
{
    put_u32(capture, strlen(text));
    put(capture, text, strlen(text));
}

static void start(struct capture *capture)
{
    static const uint8_t header[24] = {0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4};

    capture->len = 0;
    put(capture, header, sizeof header);
}

static void put_record(struct capture *capture, bool ours, const void *bytes, size_t len)
{
    uint8_t headers[40] = {0x45};

    headers[20] = ours ? 0xc0 : 0;
    headers[21] = ours ? 1 : 22;
    put_u32(capture, 0);
    put_u32(capture, 0);
    put_u32(capture, sizeof headers + len);
    put_u32(capture, sizeof headers + len);
    put(capture, headers, sizeof headers);
    put(capture, bytes, len);
}

/* As with most ciphers; and, where the MAC covers the ciphertext, what comes and what goes out. */
enum length { LENGTH, NO_LENGTH, SHORT_LENGTH };

static void put_packet(struct capture *capture, bool ours, enum length length,
                       const struct capture *payload)
{
    struct capture packet = {.len = 0};
    const uint8_t padding[5] = {4};

    if (length != NO_LENGTH) {
        put_u32(&packet, payload->len + 5 - (length == SHORT_LENGTH ? 4 : 0));
    }
    put(&packet, padding, 1);
    put(&packet, payload->bytes, payload->len);
    put(&packet, padding + 1, 4);
    put_record(capture, ours, packet.bytes, packet.len);
}

static void message(struct capture *payload, uint8_t type)
{
    payload->len = 0;
    put(payload, &type, 1);
}

static void put_debug(struct capture *capture, const char *text)
{
    struct capture payload;

    message(&payload, 4);
    put(&payload, "\1", 1);
    put_string(&payload, text);
    put_string(&payload, "");
    put_packet(capture, false, LENGTH, &payload);
}

START_TEST(a_whole_login)
{
    static const char cookie[16] = {0};
    struct capture capture;
    struct capture payload;
    struct spf_seen seen = {0};

    start(&capture);
    put_record(&capture, true, "SSH-2.0-us\r\n", 12);
    put_record(&capture, false, "SSH-2.0-them\r\n", 14);
    for (int ours = 0; ours < 2; ours++) {
        message(&payload, 20);
        put(&payload, cookie, sizeof cookie);
        for (int i = 0; i < 10; i++) {
            put_string(&payload, ours != 0 ? "a,b" : "b,c");
        }
        put_packet(&capture, ours != 0, LENGTH, &payload);
    }
    message(&payload, 7);
    put_u32(&payload, 2);
    put_string(&payload, "something");
    put_string(&payload, "else");
    put_string(&payload, "server-sig-algs");
    put_string(&payload, "ssh-ed25519,rsa-sha2-256");
    put_packet(&capture, false, NO_LENGTH, &payload);
    message(&payload, 50);
    put_string(&payload, "root");
    put_string(&payload, "ssh-connection");
    put_string(&payload, "publickey");
    put(&payload, "\0", 1);
    put_string(&payload, "rsa-sha2-256");
    put_string(&payload, "blob");
    put_packet(&capture, true, NO_LENGTH, &payload);
    spf_seen_read(&seen, capture.bytes, capture.len);

    ck_assert(seen.packets);
    ck_assert_str_eq(seen.client[SPF_OFFER_KEX], "a,b");
    ck_assert_str_eq(seen.server[SPF_OFFER_MACS_IN], "b,c");
    ck_assert_str_eq(seen.sig_algs, "ssh-ed25519,rsa-sha2-256");
    ck_assert_str_eq(seen.algorithm, "rsa-sha2-256");
    ck_assert(seen.request_sent);
    ck_assert_int_eq(spf_offers_judge(&seen), SPF_SHAKE_FAILED); /* all have "b" */

    start(&capture); /* the next look begins a new file */
    message(&payload, 51);
    put_string(&payload, "publickey,password");
    put(&payload, "\0", 1);
    put_packet(&capture, false, LENGTH, &payload);
    spf_seen_read(&seen, capture.bytes, capture.len);
    ck_assert(!seen.request_sent);
    ck_assert_str_eq(seen.methods, "publickey,password");
    ck_assert(!seen.disconnected);

    start(&capture);
    message(&payload, 1);
    put_u32(&payload, 2);
    put_string(&payload, "Too many authentication failures");
    put_string(&payload, "");
    put_packet(&capture, false, LENGTH, &payload);
    spf_seen_read(&seen, capture.bytes, capture.len);
    ck_assert(seen.disconnected);
    ck_assert_uint_eq(seen.disconnect_code, 2);
    ck_assert_str_eq(seen.disconnect, "Too many authentication failures");
    spf_seen_clear(&seen);
}
END_TEST

/* Which algorithm our key was offered with, and by which method: libssh since 0.12 has a second. */
START_TEST(requests)
{
    static const struct {
        const char *method, *algorithm;
        enum length length;
    } cases[] = {
        {"publickey", "rsa-sha2-512", LENGTH},
        {"publickey", "rsa-sha2-512", NO_LENGTH},
        {"publickey", "rsa-sha2-512", SHORT_LENGTH},
        {"publickey-hostbound-v00@openssh.com", "rsa-sha2-512", LENGTH},
        {"publickey-hostbound", "", LENGTH},
        {"hostbased", "", LENGTH},
        {"none", "", LENGTH},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_seen seen = {0};
        struct capture capture;
        struct capture payload;

        start(&capture);
        put_record(&capture, true, "SSH-2.0-us\r\n", 12);
        message(&payload, 50);
        put_string(&payload, "root");
        put_string(&payload, "ssh-connection");
        put_string(&payload, cases[i].method);
        put(&payload, "\0", 1);
        put_string(&payload, "rsa-sha2-512");
        put_string(&payload, "the key");
        put_string(&payload, "the host key");
        put_packet(&capture, true, cases[i].length, &payload);
        spf_seen_read(&seen, capture.bytes, capture.len);
        ck_assert_msg(seen.request_sent, "%s", cases[i].method);
        ck_assert_msg(strcmp(seen.algorithm, cases[i].algorithm) == 0, "%s: %s", cases[i].method,
                      seen.algorithm);
        spf_seen_clear(&seen);
    }
}
END_TEST

START_TEST(forced_commands)
{
    static const struct {
        const char *text;
        bool options, forced;
    } cases[] = {
        {"AK:1: key options: agent-forwarding command pty", true, true},
        {"AK:1: key options: command", true, true},
        {"AK:1: key options: agent-forwarding port-forwarding pty user-rc x11-forwarding", true,
         false},
        {"AK:1: key options: agent-forwarding commandexpires pty", true, true},
        {"AK:1: key options: environmentexpires pty", true, false},
        {"AK:1: key options:", true, false},
        {"Forced command.", true, true},             /* OpenSSH before 7.7 */
        {"Forced command: /bin/deploy", true, true}, /* before 5.7 */
        {"Authentication tried with command", false, false},
        {"", false, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_seen seen = {0};
        struct capture capture;

        start(&capture);
        put_record(&capture, true, "SSH-2.0-us\r\n", 12);
        put_debug(&capture, cases[i].text);
        spf_seen_read(&seen, capture.bytes, capture.len);
        ck_assert_msg(seen.key_options == cases[i].options, "%s", cases[i].text);
        ck_assert_msg(seen.forced_command == cases[i].forced, "%s", cases[i].text);
        spf_seen_clear(&seen);
    }
}
END_TEST

/* As long as sshd's buffer: what would follow was cut off, so it is no announcement of nothing. */
START_TEST(an_announcement_that_was_cut)
{
    struct spf_seen seen = {0};
    struct capture capture;
    char text[1024];

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text + sizeof text - 14, " key options:", 13);
    start(&capture);
    put_record(&capture, true, "SSH-2.0-us\r\n", 12);
    put_debug(&capture, text);
    spf_seen_read(&seen, capture.bytes, capture.len);
    ck_assert(!seen.key_options);
    spf_seen_clear(&seen);
}
END_TEST

/* Who says nothing has said that there is none only if he would have said something. */
START_TEST(who_announces_forced_commands)
{
    static const struct {
        const char *software;
        bool key_options, host_keys, announces;
    } cases[] = {
        {"OpenSSH_9.2p1 Debian-2+deb12u10", true, true, true},
        {"OpenSSH_9.2p1 Debian-2+deb12u10", false, true, false},
        {"OpenSSH_7.7p1", false, true, false},
        {"OpenSSH_7.6p1", false, true, true},
        {"OpenSSH_7.4", false, true, true},
        {"OpenSSH_6.8", false, true, true},
        {"OpenSSH_6.7", false, true, false},
        {"OpenSSH_5.3", false, false, false},
        {"OpenSSH_7.6p1", false, false, false}, /* so says wish, of Go */
        {"OpenSSH_10.6p1 Debian-1", false, true, false},
        {"OpenSSH_for_Windows_7.6", false, true, true},
        {"OpenSSH_", false, true, false},
        {"OpenSSH_7.99999999999", false, true, false},
        {"dropbear_2022.83", false, false, false},
        {"mod_sftp", false, true, false},
        {"", false, true, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_seen seen = {.key_options = cases[i].key_options,
                                      .host_keys_shown = cases[i].host_keys};

        ck_assert_msg(spf_announces_forced_commands(cases[i].software, &seen) == cases[i].announces,
                      "%s (case %zu)", cases[i].software, i);
    }
}
END_TEST

/* What is announced before SUCCESS, with the answer to a query, does not settle anything. */
START_TEST(what_holds_for_the_session)
{
    struct spf_seen seen = {0};
    struct capture capture;
    struct capture payload;

    start(&capture);
    put_record(&capture, true, "SSH-2.0-us\r\n", 12);
    put_debug(&capture, "AK:1: key options: pty");
    spf_seen_read(&seen, capture.bytes, capture.len);
    ck_assert(seen.key_options && !seen.accepted && !seen.options_settled);

    start(&capture);
    message(&payload, 52);
    put_packet(&capture, false, LENGTH, &payload);
    spf_seen_read(&seen, capture.bytes, capture.len);
    ck_assert(seen.accepted && !seen.options_settled);

    start(&capture);
    put_debug(&capture, "AK:1: key options: command pty");
    message(&payload, 80);
    put_string(&payload, "hostkeys-00@openssh.com");
    put(&payload, "\0", 1);
    put_packet(&capture, false, LENGTH, &payload);
    message(&payload, 92);
    put_u32(&payload, 43);
    put_u32(&payload, 1);
    put_string(&payload, "open failed");
    put_string(&payload, "");
    put_packet(&capture, false, LENGTH, &payload);
    spf_seen_read(&seen, capture.bytes, capture.len);
    ck_assert(seen.options_settled && seen.forced_command && seen.channel_refused);
    ck_assert(seen.host_keys_shown);
    ck_assert_str_eq(seen.refusal, "open failed");
    spf_seen_clear(&seen);
}
END_TEST

/* Only the server's words count: what we send ourselves must not look like an announcement. */
START_TEST(directions_are_told_apart)
{
    struct spf_seen seen = {0};
    struct capture capture;
    struct capture payload;

    start(&capture);
    put_record(&capture, true, "SSH-2.0-us\r\n", 12);
    message(&payload, 4);
    put(&payload, "\1", 1);
    put_string(&payload, "key options: command");
    put_packet(&capture, true, LENGTH, &payload);
    spf_seen_read(&seen, capture.bytes, capture.len);
    ck_assert(!seen.key_options);
    spf_seen_clear(&seen);
}
END_TEST

/* Whatever is cut off or lies about its length is skipped. */
START_TEST(cut_anywhere)
{
    struct capture capture;

    start(&capture);
    put_record(&capture, true, "SSH-2.0-us\r\n", 12);
    put_debug(&capture, "AK:1: key options: command");
    for (size_t len = 0; len < capture.len; len++) {
        struct spf_seen seen = {0};

        spf_seen_read(&seen, capture.bytes, len);
        ck_assert(!seen.forced_command);
        spf_seen_clear(&seen);
    }
}
END_TEST

/* A list of so many bytes of 'x', with commas at intervals; 0: none. */
static void put_long_list(struct capture *payload, size_t len, size_t interval)
{
    put_u32(payload, len);
    for (size_t i = 1; i <= len; i++) {
        put(payload, interval > 0 && i % interval == 0 ? "," : "x", 1);
    }
}

/* Lists are cut at a comma, and hold what a name-list may hold. The first KEXINIT counts, and not
 * that of a later exchange. */
START_TEST(odd_lists)
{
    static const char cookie[16] = {0};
    struct spf_seen seen = {0};
    struct capture capture;
    struct capture payload;

    start(&capture);
    put_record(&capture, true, "SSH-2.0-us\r\n", 12);
    message(&payload, 20);
    put(&payload, cookie, sizeof cookie);
    put_long_list(&payload, 4100, 1000);
    put_long_list(&payload, 4001, 0);
    put_string(&payload, "a\001b\177c d,e");
    put_packet(&capture, false, LENGTH, &payload); /* and no more lists: it was cut */
    spf_seen_read(&seen, capture.bytes, capture.len);
    ck_assert_uint_eq(strlen(seen.server[SPF_OFFER_KEX]), 3999);
    ck_assert_str_eq(seen.server[SPF_OFFER_HOST_KEYS], "");
    ck_assert_str_eq(seen.server[SPF_OFFER_CIPHERS_OUT], "a?b?c?d,e");
    ck_assert_ptr_null(seen.server[SPF_OFFER_CIPHERS_IN]);

    for (int ours = 0; ours < 2; ours++) {
        for (int turn = 0; turn < 2; turn++) {
            start(&capture);
            message(&payload, 20);
            put(&payload, cookie, sizeof cookie);
            put_string(&payload, turn == 0 ? "first" : "second");
            put_packet(&capture, ours != 0, LENGTH, &payload);
            spf_seen_read(&seen, capture.bytes, capture.len);
        }
    }
    ck_assert_str_eq(seen.client[SPF_OFFER_KEX], "first");
    ck_assert_uint_eq(strlen(seen.server[SPF_OFFER_KEX]), 3999);
    ck_assert_int_eq(spf_offers_judge(&seen), SPF_SHAKE_NO_KEX);
    spf_seen_clear(&seen);
}
END_TEST

/* Of a handshake that is done only what shows whose server it is stays, also when keys are
 * exchanged again. */
START_TEST(offers_are_forgotten)
{
    static const char cookie[16] = {0};
    static const char *const offers[] = {"first", "second"};
    struct spf_seen seen = {0};
    struct capture capture;
    struct capture payload;

    for (int turn = 0; turn < 2; turn++) {
        for (int ours = 0; ours < 2; ours++) {
            start(&capture);
            put_record(&capture, true, "SSH-2.0-us\r\n", 12);
            message(&payload, 20);
            put(&payload, cookie, sizeof cookie);
            for (int i = 0; i < SPF_OFFER_LISTS; i++) {
                put_string(&payload, offers[turn]);
            }
            put_packet(&capture, ours != 0, LENGTH, &payload);
            spf_seen_read(&seen, capture.bytes, capture.len);
        }
        if (turn == 0) {
            ck_assert_str_eq(seen.server[SPF_OFFER_MACS_IN], "first");
            ck_assert_str_eq(seen.client[SPF_OFFER_MACS_IN], "first");
            spf_seen_forget_offers(&seen);
        }
        for (int i = 0; i < SPF_OFFER_LISTS; i++) {
            ck_assert_ptr_null(seen.client[i]);
            ck_assert((seen.server[i] != NULL) == (i == SPF_OFFER_MACS_OUT));
        }
        ck_assert_str_eq(seen.server[SPF_OFFER_MACS_OUT], "first");
    }
    spf_seen_clear(&seen);
}
END_TEST

/* One message of the server's, after our identification and, where asked for, its SUCCESS. */
static void see_one(struct spf_seen *seen, bool accepted, uint8_t type, const void *body,
                    size_t len)
{
    struct capture capture;
    struct capture payload;

    start(&capture);
    put_record(&capture, true, "SSH-2.0-us\r\n", 12);
    if (accepted) {
        message(&payload, 52);
        put_packet(&capture, false, LENGTH, &payload);
    }
    message(&payload, type);
    put(&payload, body, len);
    put_packet(&capture, false, LENGTH, &payload);
    spf_seen_read(seen, capture.bytes, capture.len);
}

/* Messages that end before they say what they have to, and some that say something else. */
START_TEST(odd_messages)
{
    struct spf_seen seen = {0};

    see_one(&seen, false, 1, "\0\0", 2); /* DISCONNECT without its code */
    ck_assert(seen.disconnected);
    ck_assert_uint_eq(seen.disconnect_code, 0);
    see_one(&seen, false, 1, "\0\0\0\2\0\0\0\11cut", 11);
    ck_assert_uint_eq(seen.disconnect_code, 2);
    ck_assert_ptr_null(seen.disconnect);
    see_one(&seen, false, 7, "\0\0\0\2\0\0\0\1a", 9); /* EXT_INFO with half a pair */
    ck_assert_ptr_null(seen.sig_algs);
    see_one(&seen, false, 7,
            "\0\0\0\1\0\0\0\40publickey-hostbound@openssh.com\0\0\0\1"
            "0",
            45);
    ck_assert(!seen.hostbound); /* one letter is missing of the name's 32 */
    see_one(&seen, false, 7,
            "\0\0\0\1\0\0\0\37publickey-hostbound@openssh.com\0\0\0\1"
            "0",
            44);
    ck_assert(seen.hostbound);
    see_one(&seen, false, 4, "\1\0\0\0\11key", 8); /* DEBUG that is cut */
    ck_assert(!seen.key_options);
    see_one(&seen, false, 4, "\1\0\0\0\25key options: abc ptyx", 26);
    ck_assert(seen.key_options && seen.no_pty);
    see_one(&seen, false, 4, "\1\0\0\0\24key options: pty abc", 25);
    ck_assert(!seen.no_pty);
    see_one(&seen, false, 80, "\0\0\0\27hostkeys-00@openssh.com\0", 28);
    ck_assert(!seen.host_keys_shown); /* before SUCCESS it proves nothing */
    see_one(&seen, true, 80, "\0\0\0\25keepalive@openssh.com\1", 26);
    ck_assert(!seen.host_keys_shown);
    see_one(&seen, true, 80, "\0\0\0\27hostkeys-00@openssh.com\0", 28);
    ck_assert(seen.host_keys_shown);
    see_one(&seen, true, 92, "\0\0\0", 3);
    ck_assert(seen.channel_refused);
    ck_assert_ptr_null(seen.refusal);
    spf_seen_clear(&seen);
}
END_TEST

/* What is no packet is skipped, and shows nothing of a capture that works. */
START_TEST(no_packets)
{
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{"", 0},
                 {"\4", 1},
                 {"\5ab", 3},
                 {"\0\0\0\1", 4},
                 {"\0\0\0\2\10x", 6},
                 {"SSH-", 4},
                 {"\377\377\377\377", 4}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_seen seen = {0};
        struct capture capture;

        start(&capture);
        put_record(&capture, true, "SSH-2.0-us\r\n", 12);
        put_record(&capture, false, cases[i].bytes, cases[i].len);
        spf_seen_read(&seen, capture.bytes, capture.len);
        ck_assert_msg(!seen.packets, "case %zu", i);
        capture.bytes[0] ^= 1; /* no capture at all */
        spf_seen_read(&seen, capture.bytes, capture.len);
        capture.bytes[0] ^= 1;
        capture.bytes[24 + 11] = 39; /* a record shorter than its own headers */
        spf_seen_read(&seen, capture.bytes, capture.len);
        ck_assert_msg(!seen.packets, "case %zu", i);
        spf_seen_clear(&seen);
    }
}
END_TEST

int main(void)
{
    return unit_main(
        "login pcap",
        (const TTest *const[]){a_whole_login, requests, forced_commands,
                               an_announcement_that_was_cut, who_announces_forced_commands,
                               what_holds_for_the_session, directions_are_told_apart, cut_anywhere,
                               odd_lists, offers_are_forgotten, odd_messages, no_packets, NULL});
}
