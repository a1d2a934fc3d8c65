#include "login_fixture.h"
#include "openssh/known_hosts_judge.h"

#include "base/text.h"
#include "login/offers.h"
#include "openssh/known_hosts.h"
#include "openssh/known_hosts_files.h"
#include "openssh/putty_host_keys.h"
#include "platform/putty.h"

#define ED         "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define ED_BLOB    "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define OTHER_BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIP8BAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
#define RSA        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAwEAAQ=="

static void read_text(struct spf_known_hosts_facts *facts, const char *host, uint16_t port,
                      const char *text)
{
    *facts = (struct spf_known_hosts_facts){0};
    spf_known_hosts_name(facts, host, port);
    ck_assert(spf_known_hosts_read(facts, "known_hosts", text, strlen(text)));
}

START_TEST(which_lines_speak_of_the_host)
{
    static const struct {
        const char *host;
        uint16_t port;
        const char *hosts;
        bool match;
    } cases[] = {
        {"example.com", 22, "example.com", true},
        {"EXAMPLE.com", 22, "Example.COM", true},
        {"example.com", 22, "example.co", false},
        {"example.com", 22, "a,b,example.com,c", true},
        {"example.com", 22, "*.com", true},
        {"example.com", 22, "ex?mple.*", true},
        {"example.com", 22, "*", true},
        {"example.com", 22, "*,!example.com", false},
        {"example.com", 22, "!example.com,*", false},
        {"www.example.com", 22, "*.example.com,!example.com", true},
        {"example.com", 2222, "[example.com]:2222", true},
        {"example.com", 2222, "[example.com]:2223", false},
        {"example.com", 2222, "example.com", true}, /* ssh looks for the bare host, too */
        {"example.com", 22, "[example.com]:2222", false},
        {"::1", 22, "::1", true},
        {"[::1]", 2222, "[::1]:2222", true},
        {"a", 22, "|1|bad|bad", false},
        {"a", 22, "|1|", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 22, "*a*a*a*a*a*a*a*a*a*a*a*a*a*ab", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_known_hosts_facts facts;
        char *text = text_of("%s %s comment\n", cases[i].hosts, ED);

        read_text(&facts, cases[i].host, cases[i].port, text);
        ck_assert_msg((facts.lines.count == 1) == cases[i].match, "%s in %s", cases[i].host,
                      cases[i].hosts);
        spf_shape_clear(&spf_known_hosts_shape, &facts);
        free(text);
    }
}
END_TEST

START_TEST(lines_that_ssh_cannot_read_are_passed_over)
{
    static const char *const bad[] = {
        "",
        "\n\n",
        "# a comment\n",
        "host\n",
        "host ssh-ed25519\n",
        "host ssh-ed25519 !!!!\n",
        "host ssh-rsa " ED_BLOB "\n",
        "@nonsense host " ED "\n",
        "@revoked\n",
        "host " ED_BLOB "\n",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct spf_known_hosts_facts facts;

        read_text(&facts, "host", 22, bad[i]);
        ck_assert_msg(facts.lines.count == 0, "%s", bad[i]);
        spf_shape_clear(&spf_known_hosts_shape, &facts);
    }
}
END_TEST

/* Lines that ssh skips without a word, and that show what was meant: named with file and line. */
START_TEST(lines_of_a_wrong_shape_are_named)
{
    static const struct {
        const char *text, *why; /* NULL: none is named */
    } cases[] = {
        {"\n" ED "\n", "no host name precedes the key"},
        {"\n" ED " root@host\n", "no host name precedes the key"},
        {"\nhost host " ED "\n", "two names without a comma"},
        {"\nhost 192.0.2.1 " ED "\n", "two names without a comma"},
        {"\n256 SHA256:abc host (ED25519)\n", "a fingerprint as ssh-keygen -l prints it"},
        {"\nhost ssh-ed25519 AAAA\n", "no key of the type"},
        {"\nhost " ED " host\n", NULL},
        {"\nhost,192.0.2.1 " ED "\n", NULL},
        {"\nother other " ED "\n", NULL}, /* of another host */
        {"\n@cert-authority * " ED "\n", NULL},
        {"\n# " ED "\n", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_known_hosts_facts facts;

        read_text(&facts, "host", 22, cases[i].text);
        ck_assert_msg(facts.unread.count == (cases[i].why != NULL), "%s", cases[i].text);
        if (cases[i].why != NULL) {
            ck_assert_ptr_nonnull(strstr(facts.unread.items[0].file, ":2"));
            ck_assert_ptr_nonnull(strstr(facts.unread.items[0].why, cases[i].why));
            ck_assert(!facts.unread.items[0].ssh_reads);
        }
        spf_shape_clear(&spf_known_hosts_shape, &facts);
    }
}
END_TEST

START_TEST(what_ssh_would_say)
{
    static const struct {
        const char *text;
        uint16_t port;
        enum spf_host_key_verdict verdict;
        int64_t line;
    } cases[] = {
        {"", 22, SPF_VERDICT_UNKNOWN, 0},
        {"host " ED "\n", 22, SPF_VERDICT_KNOWN, 1},
        {"\nhost " ED "\r\n", 22, SPF_VERDICT_KNOWN, 2},
        {"host ssh-ed25519 " OTHER_BLOB "\n", 22, SPF_VERDICT_CHANGED, 1},
        {"host ssh-ed25519 " OTHER_BLOB "\nhost " ED "\n", 22, SPF_VERDICT_KNOWN, 2},
        {"host " ED "\nhost ssh-ed25519 " OTHER_BLOB "\n", 22, SPF_VERDICT_KNOWN, 1},
        {"host " RSA "\n", 22, SPF_VERDICT_CHANGED, 1}, /* of whichever type */
        {"@revoked host " ED "\nhost " ED "\n", 22, SPF_VERDICT_REVOKED, 1},
        {"host " ED "\n@revoked * " ED "\n", 22, SPF_VERDICT_REVOKED, 2},
        {"@revoked host ssh-ed25519 " OTHER_BLOB "\n", 22, SPF_VERDICT_UNKNOWN, 0},
        {"@cert-authority * " ED "\n", 22, SPF_VERDICT_UNKNOWN, 0},
        {"host " ED "\n", 2222, SPF_VERDICT_KNOWN, 1},
        {"host ssh-ed25519 " OTHER_BLOB "\n", 2222, SPF_VERDICT_UNKNOWN, 0},
        {"\n@revoked host " ED "\n", 2222, SPF_VERDICT_REVOKED_BARE, 2},
        {"@revoked host " ED "\nhost " ED "\n", 2222, SPF_VERDICT_REVOKED_BARE, 1},
        {"@revoked host " ED "\n[host]:2222 " ED "\n", 2222, SPF_VERDICT_KNOWN, 2},
        {"@revoked [host]:2222 " ED "\n", 2222, SPF_VERDICT_REVOKED, 1},
        {"[host]:2222 ssh-ed25519 " OTHER_BLOB "\nhost " ED "\n", 2222, SPF_VERDICT_CHANGED, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_known_hosts_facts facts;
        const struct spf_known_host *line;

        read_text(&facts, "host", cases[i].port, cases[i].text);
        ck_assert_msg(spf_known_hosts_judge(&facts, ED_BLOB, &line) == cases[i].verdict, "%s",
                      cases[i].text);
        ck_assert_msg((line != NULL ? line->line : 0) == cases[i].line, "%s: line %lld",
                      cases[i].text, line != NULL ? (long long)line->line : 0);
        spf_shape_clear(&spf_known_hosts_shape, &facts);
    }
}
END_TEST

START_TEST(known_kinds_are_offered_first)
{
    static const struct {
        const char *text, *order;
    } cases[] = {
        {"", "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"},
        {"host " ED "\nhost " RSA "\n",
         "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"},
        {"host " RSA "\n", "rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256"},
        /* one that is revoked is not known, and another one of its type does not make up for it */
        {"host " ED "\nhost ssh-ed25519 " OTHER_BLOB "\nhost " RSA "\n@revoked * " ED "\n",
         "rsa-sha2-512,rsa-sha2-256,ssh-ed25519,ecdsa-sha2-nistp256"},
        {"@revoked host " RSA "\n", "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_known_hosts_facts facts;
        char *order;

        read_text(&facts, "host", 22, cases[i].text);
        order = spf_known_hosts_order(&facts, cases[0].order);
        ck_assert_str_eq(order, cases[i].order);
        free(order);
        spf_shape_clear(&spf_known_hosts_shape, &facts);
    }
}
END_TEST

/* ssh asks a server that has certificates for one, and then its signer counts. */
START_TEST(what_hangs_on_a_certificate)
{
    static const char plain[] = "ssh-ed25519,rsa-sha2-512";
    static const char none[] = "ssh-ed25519,rsa-sha2-512";
    static const char ed[] = "ssh-ed25519,ssh-ed25519-cert-v01@openssh.com";
    static const char rsa[] = "ssh-ed25519,rsa-sha2-512-cert-v01@openssh.com";
    static const char authority[] = "@cert-authority * ssh-ed25519 " OTHER_BLOB "\n";
    static const char bad_authority[] =
        "@cert-authority * ssh-ed25519 " OTHER_BLOB "\n@revoked * ssh-ed25519 " OTHER_BLOB "\n";
    static const char revoked[] = "@revoked * ssh-ed25519 " OTHER_BLOB "\n";
    static const struct {
        const char *text, *offer;
        enum spf_host_key_verdict verdict;
        bool hangs;
    } cases[] = {
        {"", ed, SPF_VERDICT_UNKNOWN, false},
        {authority, ed, SPF_VERDICT_UNKNOWN, false},
        {authority, ed, SPF_VERDICT_CHANGED, true},
        {authority, none, SPF_VERDICT_CHANGED, false},
        {authority, NULL, SPF_VERDICT_CHANGED, true}, /* it may have one */
        {authority, ed, SPF_VERDICT_KNOWN, false},
        {authority, rsa, SPF_VERDICT_KNOWN, true}, /* of another key */
        {bad_authority, ed, SPF_VERDICT_UNKNOWN, true},
        {bad_authority, ed, SPF_VERDICT_KNOWN, true},
        {bad_authority, none, SPF_VERDICT_KNOWN, false},
        {revoked, ed, SPF_VERDICT_KNOWN, true},
        {revoked, ed, SPF_VERDICT_CHANGED, false}, /* ssh refuses either way */
        {authority, ed, SPF_VERDICT_REVOKED, false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_handshake_facts shown = {.host_key_algorithm = "ssh-ed25519"};
        struct spf_known_hosts_facts facts;

        read_text(&facts, "host", 22, cases[i].text);
        shown.server_host_keys = cases[i].offer != NULL ? text_of("%s", cases[i].offer) : NULL;
        shown.host_key_blob = text_of("%s", ED_BLOB);
        ck_assert_msg(spf_known_hosts_by_certificate(&facts, &shown, plain, cases[i].verdict) ==
                          cases[i].hangs,
                      "case %zu", i);
        free(shown.server_host_keys);
        free(shown.host_key_blob);
        spf_shape_clear(&spf_known_hosts_shape, &facts);
    }
}
END_TEST

/* ssh-keygen hashes the names and finds them again; so must we. */
START_TEST(ssh_keygen_is_the_referee)
{
    static const char *const hosts[] = {"example.com", "[example.com]:2222", "203.0.113.7", "::1"};
    struct place place;
    char *path;
    char *text;

    place_open(&place);
    path = text_of("%s/known_hosts", place.dir);
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        run("echo '%s %s' >> %s", hosts[i], ED, path);
    }
    run("ssh-keygen -q -H -f %s 2>/dev/null >/dev/null", path);
    text = slurp(path);
    ck_assert_ptr_null(strstr(text, "example"));
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        struct spf_known_hosts_facts facts;
        char *fingerprint;

        read_text(&facts, i == 1 ? "example.com" : hosts[i], i == 1 ? 2222 : 22, text);
        ck_assert_msg(facts.lines.count == (i == 1 ? 2 : 1), "%s", hosts[i]);
        fingerprint = text_of("%s", facts.lines.items[0].sha256);
        run("ssh-keygen -lf %s | grep -q '%s'", path, fingerprint);
        free(fingerprint);
        spf_shape_clear(&spf_known_hosts_shape, &facts);
    }
    free(text);
    free(path);
    place_close(&place);
}
END_TEST

START_TEST(names_in_common)
{
    char common[80];
    char *names;

    ck_assert(spf_names_common("a,b,c", "c,b", common, sizeof common));
    ck_assert_str_eq(common, "b");
    ck_assert(!spf_names_common("a,b", "aa,bb", common, sizeof common));
    ck_assert(!spf_names_common("a", NULL, common, sizeof common));
    ck_assert(!spf_names_common("a,", ",", common, sizeof common));
    names = spf_names_of_algorithms("ext-info-s,a,kex-strict-s-v00@openssh.com,b");
    ck_assert_str_eq(names, "a,b");
    free(names);
    ck_assert_ptr_null(spf_names_of_algorithms(NULL));
    ck_assert(spf_names_have("a,b", "b"));
    ck_assert(!spf_names_have("a,bb", "b"));
}
END_TEST

/* What plink 0.78 wrote of four servers, and their own public keys. */
START_TEST(putty_s_numbers_are_the_same_keys)
{
    FILE *stored = fopen(TEST_DATA "/putty/sshhostkeys", "r");
    FILE *known = fopen(TEST_DATA "/putty/host_keys.pub", "r");
    char line[2000];
    char pub[2000];
    char *algorithm;
    char *blob;
    unsigned count = 0;

    ck_assert_ptr_nonnull(stored);
    ck_assert_ptr_nonnull(known);
    while (fgets(line, sizeof line, stored) != NULL) {
        char *numbers = strchr(line, ' ') + 1;
        char *made;

        ck_assert_ptr_nonnull(fgets(pub, sizeof pub, known));
        numbers[strcspn(numbers, "\n")] = '\0';
        algorithm = strtok(pub, " \n");
        blob = strtok(NULL, " \n");
        made = spf_putty_host_key(algorithm, numbers);
        ck_assert_ptr_nonnull(made);
        ck_assert_str_eq(made, blob);
        free(made);
        numbers[strlen(numbers) / 2] = 'x'; /* no digit */
        ck_assert_ptr_null(spf_putty_host_key(algorithm, numbers));
        count++;
    }
    ck_assert_uint_eq(count, 4);
    ck_assert_ptr_null(spf_putty_host_key("ssh-ed25519", ""));
    ck_assert_ptr_null(spf_putty_host_key("ssh-ed25519", "0x,0x"));
    ck_assert_ptr_null(spf_putty_host_key("ssh-ed25519", "0x1,0x2,0x3"));
    ck_assert_ptr_null(spf_putty_host_key("ecdsa-sha2-nistp256", "nistp384,0x1,0x2"));
    ck_assert_ptr_null(spf_putty_host_key("ssh-dss", "0x1,0x2"));
    (void)fclose(stored);
    (void)fclose(known);
}
END_TEST

static char *gathered(struct spf_known_hosts_cache *cache, const struct spf_target *target,
                      const char *host)
{
    struct spf_known_hosts_facts facts = {0};
    struct json_object *json;
    char *text;

    ck_assert(cache != NULL ? spf_known_hosts_gather_cached(cache, target, host, &facts)
                            : spf_known_hosts_gather(target, host, &facts));
    json = spf_shape_write(&spf_known_hosts_shape, &facts, NULL);
    text = strdup(json_object_to_json_string(json));
    json_object_put(json);
    spf_shape_clear(&spf_known_hosts_shape, &facts);
    return text;
}

/* On POSIX PuTTY's cache is such a file, and the only one that its programs look into. */
START_TEST(putty_s_programs_read_putty_s_file)
{
    const char *files[] = {TEST_DATA "/putty/host_keys.pub", NULL};
    struct spf_target target = {.putty_cache = true, .known_hosts = files};
    struct spf_known_hosts_facts facts = {0};
    FILE *stored = fopen(TEST_DATA "/putty/sshhostkeys", "r");
    char name[200];

    ck_assert_ptr_nonnull(stored);
    if (spf_putty_is_usual()) { /* there it is the registry */
        (void)fclose(stored);
        return;
    }
    ck_assert_int_eq(fscanf(stored, "%199s", name), 1);
    (void)fclose(stored);
    ck_assert_int_eq(setenv("PUTTYSSHHOSTKEYS", TEST_DATA "/putty/sshhostkeys", 1), 0);
    target.port = (uint16_t)strtol(strchr(name, '@') + 1, NULL, 10);
    ck_assert(spf_known_hosts_gather(&target, strchr(name, ':') + 1, &facts));
    ck_assert_uint_eq(facts.lines.count, 4);
    ck_assert_ptr_nonnull(strstr(facts.lines.items[0].file, "putty/sshhostkeys"));
    ck_assert(spf_starts_with(facts.lines.items[0].sha256, "SHA256:"));
    ck_assert_uint_eq(facts.putty.count, 0);
    spf_shape_clear(&spf_known_hosts_shape, &facts);
    target.port++;
    ck_assert(spf_known_hosts_gather(&target, strchr(name, ':') + 1, &facts));
    ck_assert_uint_eq(facts.lines.count, 0);
    spf_shape_clear(&spf_known_hosts_shape, &facts);
    ck_assert_int_eq(unsetenv("PUTTYSSHHOSTKEYS"), 0);
}
END_TEST

/* Whatever a file holds, its index finds what reading it for one host finds. */
START_TEST(an_index_finds_the_same)
{
    static const char *const lines[] = {
        "web " ED,
        "web,192.0.2.1 " ED,
        "WEB " ED,
        "[web]:2222 " ED,
        "[web]:22 " ED,
        "*.example,!db.example " ED,
        "db.example " ED,
        "we? " ED,
        "@revoked web " ED,
        "@cert-authority * " ED,
        "# web " ED,
        "",
        "   web   " ED " comment",
        "web web " ED,
        ED,
        "web SHA256:abc",
        "256 SHA256:abc web (ED25519)",
        "web",
        "web ssh-ed25519",
        "web ssh-ed25519 AAAA",
        ",web,, " ED,
        "web " ED "\r",
        "other " ED,
        "|1|AAAA|BBBB " ED,
        "!web " ED,
        "web\t" ED,
        "a,b,c,web " ED,
        "@unknown web " ED,
    };
    static const char *const hosts[] = {"web", "db.example", "a.example", "192.0.2.1", "nobody"};
    struct place place;
    uint32_t random = 7;
    char *path;

    place_open(&place);
    path = text_of("%s/known_hosts", place.dir);
    for (int round = 0; round < 60; round++) {
        const char *files[] = {path, "/nonexistent/known_hosts", NULL};
        struct spf_known_hosts_cache *cache = spf_known_hosts_cache_new();
        FILE *out = fopen(path, "w");

        ck_assert(!spf_known_hosts_cache_is_quick(cache));
        for (int i = 0; i < 12; i++) {
            random = random * 1103515245 + 12345;
            ck_assert_int_ge(fputs(lines[(random >> 16) % (sizeof lines / sizeof *lines)], out), 0);
            if (i < 11 || round % 2 == 0) {
                ck_assert_int_ge(fputc('\n', out), 0);
            }
        }
        if (round % 10 == 9) { /* of which much must be looked at one by one */
            for (int i = 0; i < 100; i++) {
                ck_assert_int_ge(fputs("x* " ED "\n", out), 0);
            }
        }
        ck_assert_int_eq(fclose(out), 0);
        for (size_t i = 0; i < 2 * sizeof hosts / sizeof *hosts; i++) {
            struct spf_target target = {.port = i % 2 ? 2222 : 22, .known_hosts = files};
            char *plain = gathered(NULL, &target, hosts[i / 2]);
            char *cached = gathered(cache, &target, hosts[i / 2]);

            ck_assert_str_eq(plain, cached);
            free(plain);
            free(cached);
        }
        ck_assert_int_eq(spf_known_hosts_cache_is_quick(cache), round % 10 != 9);
        spf_known_hosts_cache_leave(cache);
    }
    free(path);
    place_close(&place);
}
END_TEST

int main(void)
{
    return unit_main("login known_hosts",
                     (const TTest *const[]){
                         which_lines_speak_of_the_host, lines_that_ssh_cannot_read_are_passed_over,
                         lines_of_a_wrong_shape_are_named, what_ssh_would_say,
                         known_kinds_are_offered_first, what_hangs_on_a_certificate,
                         ssh_keygen_is_the_referee, an_index_finds_the_same, names_in_common,
                         putty_s_numbers_are_the_same_keys, putty_s_programs_read_putty_s_file,
                         NULL});
}
