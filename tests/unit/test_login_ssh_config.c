#include "openssh/config_expand.h"
#include "openssh/config_tokens.h"
#include "unit.h"

#include "openssh/config_words.h"
#include "openssh/jump_line.h"

/* What ssh -G of OpenSSH 9.2 prints, shortened. */
static const char printed[] = "host web\n"
                              "user deploy\n"
                              "hostname 10.0.0.5\n"
                              "port 2222\n"
                              "kexalgorithms a-cert-v01@x,b,c\n"
                              "ciphers d\n"
                              "pubkeyacceptedkeytypes e,f-cert-v01@x\n"
                              "identityagent /run/agent\n"
                              "addressfamily inet6\n"
                              "identitiesonly yes\n"
                              "proxyusefdpass no\n"
                              "pubkeyauthentication true\n"
                              "hostkeyalias web-%h\n"
                              "identityfile ~/.ssh/id_%h\n"
                              "identityfile none\n"
                              "identityfile /keys/a b\n"
                              "globalknownhostsfile /etc/ssh/ssh_known_hosts\n"
                              "userknownhostsfile /home/me/kh /home/me/kh2\n"
                              "proxyjump me@bastion:2200,[10.0.0.1]\n";

static const struct spf_ssh_tokens tokens = {.home = "/home/me",
                                             .host = "10.0.0.5",
                                             .alias = "web-alias",
                                             .name = "web",
                                             .user = "deploy",
                                             .own_user = "me",
                                             .own_host = "laptop.example",
                                             .uid = 1000,
                                             .port = 2222};

static struct spf_ssh_config_facts facts;

static bool read_it(const char *text)
{
    spf_shape_clear(&spf_ssh_config_shape, &facts);
    return spf_ssh_config_read(text, strlen(text), &facts);
}

START_TEST(what_ssh_prints_is_read)
{
    ck_assert(read_it(printed));
    ck_assert_str_eq(facts.host, "10.0.0.5");
    ck_assert_str_eq(facts.user, "deploy");
    ck_assert_int_eq(facts.port, 2222);
    ck_assert_int_eq(facts.family, 6);
    ck_assert_str_eq(facts.jump, "me@bastion:2200,[10.0.0.1]");
    ck_assert_str_eq(facts.host_key_alias, "web-%h");
    ck_assert_str_eq(facts.proxy_command, "");
    ck_assert_str_eq(facts.kex, "b,c");
    ck_assert_str_eq(facts.ciphers, "d");
    ck_assert_str_eq(facts.accepted_algorithms, "e,f-cert-v01@x");
    ck_assert_ptr_null(facts.macs);
    ck_assert_str_eq(facts.identity_agent, "/run/agent");
    ck_assert(facts.identities_only && !facts.publickey_off && !facts.proxy_passes_descriptor);
    ck_assert_uint_eq(facts.identities.count, 2);
    ck_assert_str_eq(facts.identities.items[0].path, "~/.ssh/id_%h");
    ck_assert_str_eq(facts.identities.items[1].path, "/keys/a b");
    ck_assert_uint_eq(facts.known_hosts.count, 3);
    ck_assert_str_eq(facts.known_hosts.items[0].path, "/home/me/kh");
    ck_assert_str_eq(facts.known_hosts.items[2].path, "/etc/ssh/ssh_known_hosts");

    ck_assert(read_it("user u\nhostname h\nport 22\nproxycommand nc %h \"a b\" %p\nproxyjump none\n"
                      "proxyusefdpass yes\npubkeyauthentication false\n"));
    ck_assert_str_eq(facts.proxy_command, "nc %h \"a b\" %p");
    ck_assert_str_eq(facts.jump, "");
    ck_assert(facts.publickey_off && facts.proxy_passes_descriptor);
    spf_shape_clear(&spf_ssh_config_shape, &facts);
}
END_TEST

START_TEST(something_else_is_not)
{
    static const char *const cases[] = {
        "",
        "hostname h\nuser u\n",
        "hostname h\nport 22\n",
        "user u\nport 22\n",
        "hostname \nuser u\nport 22\n",
        "hostname h\nuser u\nport 0\n",
        "hostname h\nuser u\nport 65536\n",
        "hostname h\nuser u\nport 22x\n",
        "hostname h\x1b[0m\nuser u\nport 22\n", /* no name has control bytes */
        "hostname\nuser u\nport 22\n",
        "Port 22\nUser u\nHostName h\n",
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(!read_it(cases[i]), "%s", cases[i]);
    }
    spf_shape_clear(&spf_ssh_config_shape, &facts);
}
END_TEST

START_TEST(long_values_are_no_values)
{
    struct spf_buf text;

    spf_buf_init(&text, 1 << 20);
    spf_buf_addstr(&text, "user u\nport 22\nhostname ");
    for (int i = 0; i < 300; i++) {
        spf_buf_addch(&text, 'h');
    }
    spf_buf_addch(&text, '\n');
    ck_assert(!read_it(text.data));
    spf_buf_clear(&text);
    spf_buf_addstr(&text, "user u\nport 22\nhostname h\n");
    for (int i = 0; i < 1000; i++) {
        spf_buf_addf(&text, "identityfile k%d\n", i);
    }
    ck_assert(read_it(text.data));
    ck_assert_uint_eq(facts.identities.count, SPF_IDENTITIES_MAX);
    spf_shape_clear(&spf_ssh_config_shape, &facts);
    spf_buf_clear(&text);
}
END_TEST

START_TEST(a_jump_host_is_read)
{
    struct spf_ssh_hop hop = {.name = "bastion"};
    char jump[64];

    ck_assert(spf_ssh_config_read_hop(printed, sizeof printed - 1, &hop, jump, sizeof jump));
    ck_assert_str_eq(hop.name, "bastion");
    ck_assert_str_eq(hop.host, "10.0.0.5");
    ck_assert_str_eq(hop.known_hosts, "/home/me/kh /home/me/kh2");
    ck_assert_str_eq(jump, "me@bastion:2200,[10.0.0.1]");
    ck_assert(!spf_ssh_config_read_hop(printed, sizeof printed - 1, &hop, jump, 8));
    ck_assert(!spf_ssh_config_read_hop("x", 1, &hop, jump, sizeof jump));
}
END_TEST

START_TEST(tokens_stand_for_values)
{
    static const struct {
        const char *template;
        bool is_path;
        const char *value; /* NULL: not known */
    } cases[] = {
        {"~/.ssh/id_%h", true, "/home/me/.ssh/id_10.0.0.5"},
        {"~", true, "/home/me"},
        {"~root/x", true, NULL},
        {"~/x", false, "~/x"},
        {"%d/%r@%n:%p %u %i %k %l %L %%", true,
         "/home/me/deploy@web:2222 me 1000 web-alias laptop.example laptop %"},
        {"${SPF_TEST_FOLDER}/k", true, "/folder/k"},
        {"${SPF_TEST_FOLDER}/k", false, "${SPF_TEST_FOLDER}/k"},
        {"${SPF_TEST_NOTHING}/k", true, NULL},
        {"${SPF_TEST_FOLDER", true, NULL},
        {"%C", true, NULL},
        {"50%", true, NULL},
        {"$x %% ${", false, "$x % ${"},
        {"", true, ""},
    };

    ck_assert_int_eq(setenv("SPF_TEST_FOLDER", "/folder", 1), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_buf buf;
        bool good;

        spf_buf_init(&buf, 1000);
        good = spf_ssh_config_expand(&buf, cases[i].template, &tokens, cases[i].is_path);
        ck_assert_msg(good == (cases[i].value != NULL), "%s", cases[i].template);
        if (good) {
            ck_assert_str_eq(buf.data, cases[i].value);
        }
        spf_buf_clear(&buf);
    }
}
END_TEST

/* Seen with OpenSSH 9.2: ssh -o HostName=10.0.0.5 -o 'ProxyCommand=echo %k %h %n >&2' web */
START_TEST(the_name_without_an_alias_is_the_one_given)
{
    static const struct spf_ssh_self self = {.user = "me", .home = "/home/me", .host = "laptop"};
    struct spf_ssh_config_facts config = {.asked = "web", .host = "10.0.0.5", .user = "deploy"};

    spf_copy(config.proxy_command, sizeof config.proxy_command, "nc %k %h %n");
    ck_assert_ptr_null(spf_ssh_config_expand_all(&config, &self, true));
    ck_assert_str_eq(config.proxy_command, "nc web 10.0.0.5 web");
    spf_copy(config.host_key_alias, sizeof config.host_key_alias, "farm");
    spf_copy(config.proxy_command, sizeof config.proxy_command, "nc %k");
    ck_assert_ptr_null(spf_ssh_config_expand_all(&config, &self, true));
    ck_assert_str_eq(config.proxy_command, "nc farm");
}
END_TEST

START_TEST(what_differs_is_told)
{
    struct spf_target asked = {.host = "web", .user = "root", .port = 22};

    ck_assert(read_it(printed));
    spf_copy(facts.asked, sizeof facts.asked, "web");
    facts.identities.items[0].exists = true;
    free(facts.identities.items[0].path);
    facts.identities.items[0].path = strdup("/home/me/.ssh/id");

    /* only compared: keys and names of keys are our own business */
    spf_ssh_config_tell(&asked, "me", "/home/me", &facts);
    ck_assert_str_eq(facts.says, "HostName 10.0.0.5, User deploy, Port 2222, "
                                 "ProxyJump me@bastion:2200,[10.0.0.1]");
    spf_ssh_config_tell(&asked, "deploy", "/home/me", &facts);
    ck_assert_ptr_null(strstr(facts.says, "User"));

    asked.ssh_config = "";
    spf_ssh_config_tell(&asked, "deploy", "/home/me", &facts);
    ck_assert_str_eq(facts.says,
                     "HostName 10.0.0.5, User deploy, Port 2222, ProxyJump "
                     "me@bastion:2200,[10.0.0.1], IdentityFile ~/.ssh/id, HostKeyAlias web-%h");

    /* the command line said so */
    asked = (struct spf_target){
        .host = "10.0.0.5", .user = "deploy", .port = 2222, .jump = "me@bastion:2200,10.0.0.1"};
    spf_copy(facts.asked, sizeof facts.asked, "10.0.0.5");
    spf_ssh_config_tell(&asked, "me", "/home/me", &facts);
    ck_assert_str_eq(facts.says, "AddressFamily inet6"); /* that it allows no address of */
    spf_shape_clear(&spf_ssh_config_shape, &facts);
}
END_TEST

START_TEST(what_is_not_honoured_is_kept)
{
#define BASE "hostname h\nuser u\nport 22\n"
    static const struct {
        const char *text, *unhonoured;
    } cases[] = {
        {BASE, ""},
        {BASE "bindaddress 203.0.113.9\n", "BindAddress 203.0.113.9"},
        {BASE "bindaddress 203.0.113.9\nproxyjump way\n", ""},
        {BASE "bindinterface eth7\nproxycommand nc h 22\n", ""},
        {BASE "revokedhostkeys none\nknownhostscommand none\n", ""},
        {BASE "revokedhostkeys /r\nproxyjump way\n", "RevokedHostKeys /r"},
        {BASE "knownhostscommand /k %H\nbindinterface eth7\n", "KnownHostsCommand /k %H"},
        {BASE "certificatefile ~/c\n", "CertificateFile ~/c"},
        {BASE "pkcs11provider /p\n", "PKCS11Provider /p"},
        {BASE "preferredauthentications password,publickey\n", ""},
        {BASE "preferredauthentications password\n", "PreferredAuthentications password"},
        {BASE "checkhostip yes\n", "CheckHostIP yes"},
        {"hostname 192.0.2.1\nuser u\nport 22\ncheckhostip yes\n", ""},
        {BASE "checkhostip yes\nproxyjump way\n", ""},
        {BASE "verifyhostkeydns true\n", "VerifyHostKeyDNS true"},
        {BASE "localforward 1 [h]:2\n", ""},
        {BASE "exitonforwardfailure yes\nlocalforward 1 [h]:2\n", "LocalForward 1 [h]:2"},
        {BASE "exitonforwardfailure yes\ntunnel false\n", ""},
        {BASE "tunnel point-to-point\nexitonforwardfailure yes\n", "Tunnel point-to-point"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert(read_it(cases[i].text));
        ck_assert_str_eq(facts.unhonoured, cases[i].unhonoured);
    }
    ck_assert(read_it(BASE "batchmode yes\nstricthostkeychecking ask\nconnecttimeout 3\n"));
    ck_assert_str_eq(facts.strict, "yes");
    ck_assert_int_eq(facts.manners.connect_timeout, 3);
    ck_assert(read_it(BASE "batchmode yes\nstricthostkeychecking accept-new\n"));
    ck_assert_str_eq(facts.strict, "");
    ck_assert(read_it(BASE "stricthostkeychecking true\nrequiredrsasize 4096\n"
                           "nohostauthenticationforlocalhost yes\nuserknownhostsfile /a b c /d\n"));
    ck_assert_str_eq(facts.strict, "yes");
    ck_assert_int_eq(facts.required_rsa, 4096);
    ck_assert(facts.trusts_loopback);
    ck_assert_uint_eq(facts.known_hosts.count, 2);
    ck_assert_str_eq(facts.known_hosts.items[0].path, "/a b c");
    ck_assert_str_eq(facts.known_hosts.items[1].path, "/d");
    spf_shape_clear(&spf_ssh_config_shape, &facts);
}
END_TEST

START_TEST(a_jump_host_is_taken_to_pieces)
{
    static const struct {
        const char *name, *user, *host, *port;
    } cases[] = {
        {"way", "", "way", ""},
        {"me@way:2200", "me", "way", "2200"},
        {"ssh://me@way:2200", "me", "way", "2200"},
        {"root@[::1]:2200", "root", "::1", "2200"},
        {"[::1]", "", "::1", ""},
        {"root@::1", "root", "::1", ""},
        {"a@b@way", "a@b", "way", ""},
        {"\"way\"", "", "way", ""},
        {"[::1", "", "[::1", ""},
        {"\"", "", "\"", ""},
        {"", "", "", ""},
    };
    struct spf_jump_place place;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        spf_jump_split(cases[i].name, &place);
        ck_assert_str_eq(place.user, cases[i].user);
        ck_assert_str_eq(place.host, cases[i].host);
        ck_assert_str_eq(place.port, cases[i].port);
    }
}
END_TEST

START_TEST(the_key_that_ssh_comes_to)
{
    static const struct spf_ssh_file files[] = {{.path = "a"},
                                                {.path = "b", .exists = true, .passed_over = true},
                                                {.path = "c", .exists = true},
                                                {.path = "d", .exists = true, .passed_over = true}};
    struct spf_ssh_config_facts config = {0};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct spf_ssh_file *file = SPF_APPEND(&config.identities);

        *file = files[i];
        file->path = strdup(files[i].path);
    }
    ck_assert_str_eq(spf_ssh_config_key(&config, NULL), "c");
    ck_assert_str_eq(spf_ssh_config_key(&config, "b"), "c");
    ck_assert_ptr_null(spf_ssh_config_key(&config, "c"));
    config.identities.items[2].passed_over = true;
    ck_assert_str_eq(spf_ssh_config_key(&config, NULL), "b");
    config.identities.items[1].exists = config.identities.items[2].exists = false;
    config.identities.items[3].exists = false; /* named by the failed command */
    ck_assert_str_eq(spf_ssh_config_key(&config, NULL), "b");
    spf_shape_clear(&spf_ssh_config_shape, &config);
}
END_TEST

START_TEST(addresses_are_compared_as_addresses)
{
    ck_assert(spf_same_host("127.1", "127.0.0.1") && spf_same_host("WEB", "web"));
    ck_assert(spf_same_host("2001:DB8::0:1", "2001:db8::1"));
    ck_assert(!spf_same_host("127.0.0.2", "127.0.0.1") && !spf_same_host("web", "127.0.0.1"));
    ck_assert(!spf_same_host("", "web") && !spf_same_host("::1", "127.0.0.1"));
}
END_TEST

static bool has_word(const struct spf_jump_line *line, const char *word)
{
    for (size_t i = 0; line->words[i] != NULL; i++) {
        if (strcmp(line->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(a_line_for_each_jump_host)
{
    static const char *const files[] = {"/k h", NULL};
    struct spf_target target = {
        .jump = "a@b", .port = 22, .timeout_ms = 1500, .known_hosts = files};
    struct spf_jump_line line;

    ck_assert(spf_jump_line_make(&line, &target, NULL, 902, "2001:db8::1"));
    ck_assert(has_word(&line, "none") && has_word(&line, "-oConnectTimeout=2"));
    ck_assert(has_word(&line, "[2001:db8::1]:22") && has_word(&line, "-l") &&
              has_word(&line, "a") && has_word(&line, "b"));
    ck_assert(has_word(&line, "-oUserKnownHostsFile=/dev/null \"/k h\""));
    ck_assert(has_word(&line, "-oGlobalKnownHostsFile=/dev/null"));
    ck_assert_ptr_null(line.variables[0]);
    spf_jump_line_clear(&line);

    target = (struct spf_target){.jump = "a,b,c:2200", .port = 22, .ssh_config = "/a b"};
    ck_assert(spf_jump_line_make(&line, &target, NULL, 902, "web"));
    ck_assert_uint_eq(line.hop_count, 3);
    ck_assert(has_word(&line, "-p") && has_word(&line, "2200") && has_word(&line, "c") &&
              has_word(&line, "/a b"));
    ck_assert(has_word(&line, "-oProxyCommand=sh -c \"$SSHPREFLIGHT_HOP_2\" '[%h]:%p'"));
    ck_assert_ptr_nonnull(strstr(line.variables[0], "SSHPREFLIGHT_HOP_1=exec ssh -F '/a b' "));
    ck_assert_ptr_nonnull(strstr(line.variables[0], " -W \"$0\" -- a"));
    ck_assert_ptr_null(strstr(line.variables[0], "ProxyCommand"));
    ck_assert_ptr_nonnull(strstr(line.variables[1], "SSHPREFLIGHT_HOP_1"));
    ck_assert_ptr_nonnull(strstr(line.variables[1], "-oUpdateHostKeys=no"));
    spf_jump_line_clear(&line);

    ck_assert(spf_jump_line_make_master(&line, &target, NULL, 902, "/tmp/x/s"));
    ck_assert_str_eq(line.words[0], "sh");
    ck_assert(has_word(&line, "-oControlPath=/tmp/x/s") && has_word(&line, "-N") &&
              has_word(&line, "-oControlPersist=no") && has_word(&line, "c"));
    ck_assert(!has_word(&line, "-W") && !has_word(&line, "-oControlMaster=no"));
    ck_assert_ptr_nonnull(strstr(line.variables[0], " -oControlMaster=no -W \"$0\" "));
    spf_jump_line_clear(&line);

    target.jump = "a,b,c,d,e,f,g,h,i";
    ck_assert(!spf_jump_line_make(&line, &target, NULL, 902, "web"));
    spf_jump_line_clear(&line);
}
END_TEST

/* What Debian delivers changes nothing of a login; whatever else there is, ssh is asked. */
START_TEST(a_host_through_itself_is_a_loop)
{
    static const struct {
        const char *jump, *user, *host;
        unsigned port;
        const char *via; /* tried with ssh -J of 9.2 */
    } cases[] = {
        {"web", "me", "web", 22, "web"},    {"web:22", "me", "web", 22, "web"},
        {"me@web", "me", "web", 22, "web"}, {"you@web", "me", "web", 22, ""},
        {"web", "me", "web", 23, ""},       {"web:23", "me", "web", 22, ""},
        {"WEB", "me", "web", 22, ""},       {"web", "me", "WEB", 22, "web"},
        {"b,b", "me", "web", 22, "b"},      {"a@b,a@b", "me", "web", 22, "b"},
        {"b,a@b", "me", "web", 22, "b"}, /* the first one's user is then the second one's */
        {"a@b,c@b", "me", "web", 22, ""},   {"b:2,b:3", "me", "web", 22, ""},
        {"b,c,b", "me", "web", 22, ""},     {"b,c,c", "me", "web", 22, "c"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spf_target target = {.jump = cases[i].jump,
                                          .host = cases[i].host,
                                          .user = cases[i].user,
                                          .port = (uint16_t)cases[i].port};
        struct spf_jump_line line;
        char via[300] = "";

        ck_assert(spf_jump_line_make(&line, &target, NULL, 902, target.host));
        ck_assert_msg(spf_jump_line_loops(&line, &target, target.host, via) ==
                          (cases[i].via[0] != '\0'),
                      "case %zu", i);
        ck_assert_str_eq(via, cases[i].via);
        spf_jump_line_clear(&line);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {what_ssh_prints_is_read,
                                  something_else_is_not,
                                  long_values_are_no_values,
                                  a_jump_host_is_read,
                                  tokens_stand_for_values,
                                  the_name_without_an_alias_is_the_one_given,
                                  what_differs_is_told,
                                  a_line_for_each_jump_host,
                                  a_host_through_itself_is_a_loop,
                                  what_is_not_honoured_is_kept,
                                  a_jump_host_is_taken_to_pieces,
                                  the_key_that_ssh_comes_to,
                                  addresses_are_compared_as_addresses,
                                  NULL};

    return unit_main("login_ssh_config", tests);
}
