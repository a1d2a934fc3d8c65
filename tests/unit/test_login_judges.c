#include "login_scene.h"

#include "base/clock.h"

/* What the judges of handshake, host key and session make of the rarer facts. */

#define AUTH      SPF_CHECK_SSH_AUTH
#define HANDSHAKE SPF_CHECK_SSH_HANDSHAKE
#define HOST_KEY  SPF_CHECK_SSH_HOST_KEY
#define SESSION   SPF_CHECK_SSH_SESSION

static void says(struct scene *scene, enum spf_check_id check, const char *part)
{
    ck_assert_msg(strstr(scene->results[check].summary, part) != NULL, "\"%s\" lacks \"%s\"",
                  scene->results[check].summary, part);
}

static void says_not(struct scene *scene, enum spf_check_id check, const char *part)
{
    ck_assert_msg(strstr(scene->results[check].summary, part) == NULL, "\"%s\" has \"%s\"",
                  scene->results[check].summary, part);
}

/* A line for the bare host, and another port than 22: ssh shouts, and asks as of an unknown key. */
START_TEST(a_key_revoked_without_the_port)
{
    struct spf_known_host *line;
    struct scene scene;

    set_scene(&scene);
    line = &scene.facts.known_hosts->lines.items[0];
    line->marker = SPF_MARKER_REVOKED;
    line->without_port = true;
    expect(&scene, HOST_KEY, SPF_WARN, SPF_HOST_KEY_REVOKED);
    ck_assert_ptr_nonnull(strstr(scene.results[HOST_KEY].summary, "known_hosts line 3 marks"));
    ck_assert_str_eq(evidence(&scene, HOST_KEY, "known_hosts_line"), "known_hosts:3");
    ck_assert_str_eq(evidence(&scene, HOST_KEY, "verified_by"), "(null)");
    scene.target.ssh_config = "";
    (void)strcpy(scene.facts.ssh_config->strict, "no");
    expect(&scene, HOST_KEY, SPF_WARN, SPF_HOST_KEY_REVOKED);
    (void)strcpy(scene.facts.ssh_config->strict, "yes");
    expect(&scene, HOST_KEY, SPF_FAIL, SPF_HOST_KEY_REVOKED);
    strike(&scene);
}
END_TEST

/* Where an authority is named, too, it may have signed the host's certificate. */
START_TEST(revoked_without_the_port_beside_other_knowledge)
{
    struct spf_known_host *line;
    struct spf_console_host_key *printed;
    struct scene scene;

    set_scene(&scene);
    scene.facts.known_hosts->lines.items[0].marker = SPF_MARKER_REVOKED;
    scene.facts.known_hosts->lines.items[0].without_port = true;
    line = SPF_APPEND(&scene.facts.known_hosts->lines);
    line->marker = SPF_MARKER_CERT_AUTHORITY;
    line->blob = strdup("CCCC");
    (void)strcpy(scene.facts.handshake->host_key_algorithm, "ssh-ed25519");
    scene.facts.handshake->server_host_keys =
        strdup("ssh-ed25519-cert-v01@openssh.com,ssh-ed25519");
    expect(&scene, HOST_KEY, SPF_UNKNOWN, SPF_HOST_KEY_BY_CERTIFICATE);
    (void)strcpy(scene.facts.handshake->server_host_keys, "ssh-ed25519");
    expect(&scene, HOST_KEY, SPF_WARN, SPF_HOST_KEY_REVOKED);
    /* what this boot printed on the console is another key */
    printed = SPF_APPEND(&scene.facts.console->host_keys);
    (void)strcpy(printed->algorithm, "ED25519");
    (void)strcpy(printed->sha256, "SHA256:other");
    scene.facts.console->boot_seen = true;
    expect(&scene, HOST_KEY, SPF_FAIL, SPF_HOST_KEY_NOT_OF_INSTANCE);
    strike(&scene);
}
END_TEST

/* Nothing is known of the host, and the configuration says how strict to be. */
START_TEST(unknown_host_keys)
{
    struct spf_console_host_key *printed;
    struct spf_known_host *line;
    struct scene scene;

    set_scene(&scene);
    spf_shape_clear(&spf_known_hosts_shape, scene.facts.known_hosts);
    (void)strcpy(scene.facts.known_hosts->name, "203.0.113.9");
    (void)strcpy(scene.facts.handshake->host_key_algorithm, "rsa-sha2-512");
    expect(&scene, HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN);
    ck_assert_str_eq(evidence(&scene, HOST_KEY, "pin_line"), "203.0.113.9 ssh-rsa AAAA");
    (void)strcpy(scene.facts.ssh_config->strict, "yes");
    expect(&scene, HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN); /* it was not to be used */
    says(&scene, HOST_KEY, "so a plain ssh refuses");
    scene.target.ssh_config = "";
    expect(&scene, HOST_KEY, SPF_FAIL, SPF_HOST_KEY_UNKNOWN);
    ck_assert(judge(&scene, HOST_KEY).holds);
    line = SPF_APPEND(&scene.facts.known_hosts->lines);
    line->marker = SPF_MARKER_CERT_AUTHORITY;
    line->blob = strdup("CCCC");
    scene.facts.handshake->server_host_keys = strdup("rsa-sha2-512");
    expect(&scene, HOST_KEY, SPF_UNKNOWN, SPF_HOST_KEY_UNKNOWN);
    says(&scene, HOST_KEY, "trusts certificates of an authority");
    printed = SPF_APPEND(&scene.facts.console->host_keys);
    (void)strcpy(printed->algorithm, "RSA");
    (void)strcpy(printed->sha256, "SHA256:other");
    scene.facts.console->boot_seen = true;
    expect(&scene, HOST_KEY, SPF_FAIL, SPF_HOST_KEY_NOT_OF_INSTANCE);
    strike(&scene);
}
END_TEST

/* StrictHostKeyChecking no: ssh goes on whatever it finds, and says so. */
START_TEST(host_keys_that_ssh_only_warns_of)
{
    static const struct {
        enum spf_host_key_marker marker;
        const char *blob;
        enum spf_finding finding;
        const char *says;
    } cases[] = {
        {SPF_MARKER_NONE, "BBBB", SPF_HOST_KEY_CHANGED, "is not the one that is known; ssh only"},
        {SPF_MARKER_REVOKED, "AAAA", SPF_HOST_KEY_REVOKED, "is revoked; ssh only warns"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_known_host *line;
        struct scene scene;

        set_scene(&scene);
        scene.target.ssh_config = "";
        (void)strcpy(scene.facts.ssh_config->strict, "no");
        lack(&scene, SPF_GROUP_HOST_KEY_AGAIN, SPF_NOT_RECORDED);
        line = &scene.facts.known_hosts->lines.items[0];
        line->marker = cases[i].marker;
        (void)strcpy(line->blob, cases[i].blob);
        expect(&scene, HOST_KEY, SPF_WARN, cases[i].finding);
        says(&scene, HOST_KEY, cases[i].says);
        strike(&scene);
    }
}
END_TEST

/* 64 bits of modulus, the least that shows how they are counted. */
#define RSA_64 "AAAAB3NzaC1yc2EAAAADAQABAAAACQD//////////w=="

/* What the configuration says before any file counts. */
START_TEST(host_keys_and_the_configuration)
{
    static const struct {
        const char *blob, *address, *alias, *jump;
        int64_t required;
        bool trusts_loopback;
        enum spf_status status;
        enum spf_finding finding;
        const char *says;
    } cases[] = {
        {RSA_64, "203.0.113.9", "", NULL, 2048, false, SPF_UNKNOWN, SPF_SSH_CONFIG_UNUSABLE,
         "64 bits"},
        {RSA_64, "203.0.113.9", "", NULL, 64, false, SPF_FAIL, SPF_HOST_KEY_CHANGED, ""},
        {"AAAA", "127.0.0.1", "", NULL, 0, true, SPF_PASS, SPF_NO_FINDING, "not compared"},
        {"AAAA", "::1", "", NULL, 0, true, SPF_PASS, SPF_NO_FINDING, "not compared"},
        {"AAAA", "2001:db8::1", "", NULL, 0, true, SPF_PASS, SPF_NO_FINDING, "host key known"},
        {"AAAA", "203.0.113.9", "", NULL, 0, true, SPF_PASS, SPF_NO_FINDING, "host key known"},
        {"AAAA", "", "", NULL, 0, true, SPF_PASS, SPF_NO_FINDING, "host key known"},
        {"AAAA", "127.0.0.1", "alias", NULL, 0, true, SPF_PASS, SPF_NO_FINDING, "host key known"},
        {"AAAA", "127.0.0.1", "", "b", 0, true, SPF_PASS, SPF_NO_FINDING, "host key known"},
        {NULL, "203.0.113.9", "", NULL, 2048, false, SPF_FAIL, SPF_HOST_KEY_CHANGED, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        scene.target.ssh_config = "";
        scene.target.jump = cases[i].jump;
        lack(&scene, SPF_GROUP_HOST_KEY_AGAIN, SPF_NOT_RECORDED);
        free(scene.facts.handshake->host_key_blob);
        scene.facts.handshake->host_key_blob = cases[i].blob != NULL ? strdup(cases[i].blob) : NULL;
        (void)strcpy(scene.facts.tcp->address, cases[i].address);
        (void)strcpy(scene.facts.ssh_config->host_key_alias, cases[i].alias);
        scene.facts.ssh_config->required_rsa = cases[i].required;
        scene.facts.ssh_config->trusts_loopback = cases[i].trusts_loopback;
        expect(&scene, HOST_KEY, cases[i].status, cases[i].finding);
        says(&scene, HOST_KEY, cases[i].says);
        strike(&scene);
    }
}
END_TEST

/* Of several files that could not be read, the one that ssh would have read is named. */
START_TEST(the_file_that_matters_is_named)
{
    static const struct {
        bool first, second;
        const char *names;
        enum spf_finding finding;
    } cases[] = {
        {false, false, "one could not be read", SPF_NO_FINDING},
        {false, true, "two could not be read", SPF_KNOWN_HOSTS_UNREAD},
        {true, true, "one could not be read", SPF_KNOWN_HOSTS_UNREAD},
        {true, false, "one could not be read", SPF_KNOWN_HOSTS_UNREAD},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_unread_file *unread;
        struct scene scene;

        set_scene(&scene);
        unread = SPF_APPEND(&scene.facts.known_hosts->unread);
        (void)strcpy(unread->file, "one");
        unread->ssh_reads = cases[i].first;
        unread = SPF_APPEND(&scene.facts.known_hosts->unread);
        (void)strcpy(unread->file, "two");
        unread->ssh_reads = cases[i].second;
        expect(&scene, HOST_KEY, cases[i].finding == SPF_NO_FINDING ? SPF_PASS : SPF_UNKNOWN,
               cases[i].finding);
        says(&scene, HOST_KEY, cases[i].names);
        strike(&scene);
    }
}
END_TEST

/* Lines of a type that this machine's ssh does not know are none to it. */
START_TEST(lines_beyond_ssh)
{
    struct scene scene;
    struct spf_opinion opinion;
    struct spf_group_state *state;

    set_scene(&scene);
    state = &scene.facts.group[SPF_GROUP_OPENSSH_ALGORITHMS];
    lack(&scene, SPF_GROUP_HOST_KEY_AGAIN, SPF_NOT_RECORDED);
    (void)strcpy(scene.facts.known_hosts->lines.items[0].blob, "BBBB");
    (void)strcpy(scene.facts.known_hosts->lines.items[0].algorithm, "ssh-dss");
    state->phase = SPF_ABSENT;
    opinion = judge(&scene, HOST_KEY);
    ck_assert_int_eq(opinion.kind, SPF_OPINION_WANTS);
    ck_assert_uint_eq(opinion.wants, SPF_GROUP_BIT(OPENSSH_ALGORITHMS));
    state->phase = SPF_FAILED; /* no ssh to ask: as if it knew it */
    expect(&scene, HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    state->phase = SPF_PRESENT;
    expect(&scene, HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    scene.facts.openssh_algorithms->known_host_keys = strdup("ssh-ed25519,ssh-dss");
    expect(&scene, HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    (void)strcpy(scene.facts.openssh_algorithms->known_host_keys, "ssh-ed25519");
    expect(&scene, HOST_KEY, SPF_WARN, SPF_HOST_KEY_UNKNOWN);
    says(&scene, HOST_KEY, "does not know and skips");
    strike(&scene);
}
END_TEST

/* What PuTTY knows is of the key's own type, or says nothing of it. */
START_TEST(putty_and_other_types)
{
    struct spf_known_host *key;
    struct scene scene;

    set_scene(&scene);
    (void)strcpy(scene.facts.handshake->host_key_algorithm, "x-new-type");
    key = SPF_APPEND(&scene.facts.known_hosts->putty);
    (void)strcpy(key->algorithm, "ssh-rsa");
    key->blob = strdup("BBBB");
    expect(&scene, HOST_KEY, SPF_PASS, SPF_NO_FINDING);
    ck_assert_str_eq(evidence(&scene, HOST_KEY, "putty"), "(null)");
    (void)strcpy(key->algorithm, "x-new-type");
    key = SPF_APPEND(&scene.facts.known_hosts->putty);
    (void)strcpy(key->algorithm, "x-new-type");
    key->blob = strdup("DDDD");
    expect(&scene, HOST_KEY, SPF_PASS, SPF_NO_FINDING);
    ck_assert_str_eq(evidence(&scene, HOST_KEY, "putty"), "changed");
    strike(&scene);
}
END_TEST

START_TEST(host_keys_of_a_transcript)
{
    static const struct {
        const char *verdict;
        enum spf_status status;
        enum spf_finding finding;
        bool holds;
    } cases[] = {
        {"changed", SPF_FAIL, SPF_HOST_KEY_CHANGED, false},
        {"revoked", SPF_FAIL, SPF_HOST_KEY_REVOKED, false},
        {"refused", SPF_FAIL, SPF_HOST_KEY_UNKNOWN, false},
        {"unknown", SPF_FAIL, SPF_HOST_KEY_UNKNOWN, true},
        {"known", SPF_PASS, SPF_NO_FINDING, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        scene.target.from_transcript = true;
        (void)strcpy(scene.facts.known_hosts->client_verdict, cases[i].verdict);
        expect(&scene, HOST_KEY, cases[i].status, cases[i].finding);
        ck_assert_int_eq(judge(&scene, HOST_KEY).holds, cases[i].holds);
        strike(&scene);
    }
}
END_TEST

/* An instance whose console cannot be asked, for it is not there to be asked. */
START_TEST(the_console_of_a_missing_instance_is_not_waited_for)
{
    struct scene scene;

    set_scene(&scene);
    scene.target.instance_id = "i-1";
    scene.results[SPF_CHECK_CLOUD_INSTANCE].status = SPF_FAIL;
    scene.facts.group[SPF_GROUP_CONSOLE].phase = SPF_ASKED;
    lack(&scene, SPF_GROUP_HOST_KEY_AGAIN, SPF_NOT_RECORDED);
    (void)strcpy(scene.facts.known_hosts->lines.items[0].blob, "BBBB");
    expect(&scene, HOST_KEY, SPF_FAIL, SPF_HOST_KEY_CHANGED);
    scene.results[SPF_CHECK_CLOUD_INSTANCE].holds = true;
    ck_assert_int_eq(judge(&scene, HOST_KEY).kind, SPF_OPINION_WANTS);
    strike(&scene);
}
END_TEST

START_TEST(handshakes_that_fail)
{
    struct scene scene;

    set_scene(&scene);
    scene.facts.handshake->outcome = SPF_SHAKE_FAILED;
    (void)strcpy(scene.facts.handshake->error, "Receiving banner: too large banner");
    expect(&scene, HANDSHAKE, SPF_UNKNOWN, SPF_HANDSHAKE_BEYOND_US);
    scene.facts.handshake->error[0] = '\0';
    scene.facts.handshake->ending.kind = SPF_ENDING_RESET;
    (void)strcpy(scene.facts.handshake->ending.last_message, "SSH_MSG_KEXINIT");
    (void)strcpy(scene.facts.tcp->proxy, "nc");
    expect(&scene, HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_FAILED);
    says_not(&scene, HANDSHAKE, "ProxyCommand");
    ck_assert_ptr_nonnull(strstr(evidence(&scene, HANDSHAKE, "may_dislike"), "our lists of"));
    (void)strcpy(scene.facts.identification->before, "Welcome");
    expect(&scene, HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_FAILED);
    says(&scene, HANDSHAKE, "the ProxyCommand nc had printed text of its own");
    says(&scene, HANDSHAKE, "Welcome");
    strike(&scene);
}
END_TEST

START_TEST(handshakes_of_a_transcript)
{
    struct scene scene;

    set_scene(&scene);
    scene.target.from_transcript = true;
    expect(&scene, HANDSHAKE, SPF_PASS, SPF_NO_FINDING);
    says(&scene, HANDSHAKE, "key exchange done");
    scene.facts.handshake->outcome = SPF_SHAKE_TIMEOUT;
    scene.facts.handshake->ending.kind = SPF_ENDING_SILENCE;
    expect(&scene, HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_TIMEOUT);
    says(&scene, HANDSHAKE, "the handshake stalls");
    scene.facts.handshake->outcome = SPF_SHAKE_NO_CIPHER;
    expect(&scene, HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_NO_COMMON_CIPHER);
    says(&scene, HANDSHAKE, "no cipher algorithm in common");
    scene.target.from_transcript = false;
    expect(&scene, HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_NO_COMMON_CIPHER);
    says(&scene, HANDSHAKE, "offers no cipher algorithm at all");
    strike(&scene);
}
END_TEST

/* A standstill of which the cause was measured: the network path, and at which step it shows does
 * not matter. */
START_TEST(standstills)
{
    static const struct {
        enum spf_path_outcome outcome;
        bool inwards;
        const char *address, *interface, *says;
        enum spf_finding finding;
        int64_t mss;
    } cases[] = {
        {SPF_PATH_CUT, false, "203.0.113.9", "", "stands still after about 9000 bytes",
         SPF_FLOW_CUT, -1},
        {SPF_PATH_LIMITED, false, "203.0.113.9", "eth0", "packets of more than 1400 bytes do not",
         SPF_PATH_MTU, 1360},
        {SPF_PATH_LIMITED, true, "2001:db8::1", "", "packets of 1500 bytes from 2001:db8::1 to us",
         SPF_PATH_MTU, 1340},
        {SPF_PATH_LIMITED, true, "", "", "packets of 1500 bytes from  to us", SPF_PATH_MTU, 1360},
    };
    static const struct {
        enum spf_check_id check;
        enum spf_group group;
        size_t ending; /* where in its facts */
    } steps[] = {
        {HANDSHAKE, SPF_GROUP_HANDSHAKE, offsetof(struct spf_handshake_facts, ending)},
        {AUTH, SPF_GROUP_QUERY, offsetof(struct spf_query_facts, ending)},
        {AUTH, SPF_GROUP_SIGNATURE, offsetof(struct spf_signature_facts, ending)},
        {SESSION, SPF_GROUP_SESSION, offsetof(struct spf_session_facts, ending)},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases * (sizeof steps / sizeof *steps); i++) {
        const size_t step = i % (sizeof steps / sizeof *steps);
        const size_t at = i / (sizeof steps / sizeof *steps);
        struct spf_ending *ending;
        struct scene scene;
        struct json_object *mss;

        set_scene(&scene);
        ending = (struct spf_ending *)((char *)spf_facts_group(&scene.facts, steps[step].group) +
                                       steps[step].ending);
        (void)strcpy(scene.facts.tcp->address, cases[at].address);
        ending->kind = SPF_ENDING_SILENCE;
        ending->path = (struct spf_path_mtu){.outcome = cases[at].outcome,
                                             .inwards = cases[at].inwards,
                                             .passes = 1400,
                                             .fails = 1500,
                                             .cut_after = 9000};
        (void)strcpy(ending->path.interface, cases[at].interface);
        scene.facts.handshake->outcome = step == 0 ? SPF_SHAKE_TIMEOUT : SPF_SHAKE_DONE;
        scene.facts.query->outcome = step == 1 ? SPF_AUTH_SILENT : SPF_AUTH_ACCEPTED;
        scene.facts.signature->outcome = step == 2 ? SPF_AUTH_SILENT : SPF_AUTH_ACCEPTED;
        scene.facts.session->outcome = step == 3 ? SPF_ECHO_TIMEOUT : SPF_ECHO_BACK;
        expect(&scene, steps[step].check, SPF_FAIL, cases[at].finding);
        says(&scene, steps[step].check, cases[at].says);
        mss = evidence_member(&scene.results[steps[step].check], "mss");
        if (mss != NULL) {
            ck_assert_int_eq(json_object_get_int64(mss), cases[at].mss);
        } else {
            ck_assert_int_eq(cases[at].mss, -1);
        }
        json_object_put(mss);
        strike(&scene);
    }
}
END_TEST

START_TEST(sessions_without_a_command)
{
    static const struct {
        const char *software, *output;
        int64_t status;
        enum spf_status verdict;
        enum spf_finding finding;
        const char *says;
        const char *user; /* NULL: root */
        bool only_errors;
    } cases[] = {
        {"OpenSSH_9.2", "Moving house", 254, SPF_FAIL, SPF_AUTH_NOT_YET, "/etc/nologin; it says: M",
         "bob", true},
        {"OpenSSH_9.2", "Moving house", 254, SPF_FAIL, SPF_SESSION_PAM_DENIED,
         "its last line: Moving house", "bob", false},
        {"OpenSSH_9.2", "Moving house", 254, SPF_FAIL, SPF_SESSION_PAM_DENIED,
         "its last line: Moving house", NULL, true},
        {"OpenSSH_9.2", "", 254, SPF_FAIL, SPF_SESSION_PAM_DENIED, "an empty file /etc/nologin",
         "bob", false},
        {"OpenSSH_9.2", "Password change required but no TTY available.", 1, SPF_FAIL,
         SPF_ACCOUNT_PASSWORD_EXPIRED, "has expired"},
        {"OpenSSH_9.2", "Hello" SPF_LINE_MARK "no room for you", 254, SPF_FAIL,
         SPF_SESSION_PAM_DENIED, "its last line: no room for you"},
        {"OpenSSH_9.2", "", 254, SPF_FAIL, SPF_SESSION_PAM_DENIED, "(sshd ends with status 254)"},
        {"dropbear_2022.83", "x", 254, SPF_FAIL, SPF_SESSION_NO_SHELL, "the server says: x"},
        {"OpenSSH_9.2", "", 0, SPF_FAIL, SPF_SESSION_NO_SHELL, "ends at once with status 0"},
        {"OpenSSH_9.2", "", -1, SPF_FAIL, SPF_SESSION_NO_SHELL, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        scene.facts.session->outcome = SPF_ECHO_OTHER;
        scene.facts.session->exit_status = cases[i].status;
        (void)strcpy(scene.facts.identification->software, cases[i].software);
        (void)strcpy(scene.facts.session->output, cases[i].output);
        scene.facts.session->only_errors = cases[i].only_errors;
        if (cases[i].user != NULL) {
            scene.target.user = cases[i].user;
        }
        expect(&scene, SESSION, cases[i].verdict, cases[i].finding);
        says(&scene, SESSION, cases[i].says);
        strike(&scene);
    }
}
END_TEST

/* sftp alone: enough for sftp, and for an scp that speaks it. */
START_TEST(sessions_with_sftp_alone)
{
    static const struct {
        enum spf_file_transfer transfer;
        int64_t version;
        bool asked;
        enum spf_status verdict;
        enum spf_finding finding;
    } cases[] = {
        {SPF_TRANSFER_NONE, 902, true, SPF_FAIL, SPF_SESSION_SFTP_ONLY},
        {SPF_TRANSFER_SCP, 902, true, SPF_PASS, SPF_NO_FINDING},
        {SPF_TRANSFER_SCP, 900, true, SPF_PASS, SPF_NO_FINDING},
        {SPF_TRANSFER_SCP, 807, true, SPF_UNKNOWN, SPF_SESSION_SFTP_ONLY},
        {SPF_TRANSFER_SCP, 806, true, SPF_FAIL, SPF_SESSION_SFTP_ONLY},
        {SPF_TRANSFER_SCP, 0, true, SPF_PASS, SPF_NO_FINDING},    /* it did not say */
        {SPF_TRANSFER_SCP, 806, false, SPF_PASS, SPF_NO_FINDING}, /* none could be asked */
        {SPF_TRANSFER_SFTP, 0, false, SPF_PASS, SPF_NO_FINDING},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const enum spf_session_outcome outcomes[] = {SPF_ECHO_OTHER, SPF_ECHO_REFUSED};

        for (size_t j = 0; j < sizeof outcomes / sizeof *outcomes; j++) {
            struct scene scene;

            set_scene(&scene);
            scene.target.transfer = cases[i].transfer;
            scene.facts.session->outcome = outcomes[j];
            scene.facts.session->sftp = true;
            scene.facts.openssh->version = cases[i].version;
            scene.facts.group[SPF_GROUP_OPENSSH].phase = cases[i].asked ? SPF_PRESENT : SPF_FAILED;
            expect(&scene, SESSION, cases[i].verdict, cases[i].finding);
            scene.facts.group[SPF_GROUP_OPENSSH].phase = SPF_ABSENT;
            ck_assert_int_eq(judge(&scene, SESSION).kind, cases[i].transfer == SPF_TRANSFER_SCP
                                                              ? SPF_OPINION_WANTS
                                                              : SPF_OPINION_CONCLUDES);
            strike(&scene);
        }
    }
}
END_TEST

/* What ends a step, in the words of a report. */
START_TEST(every_ending_has_its_words)
{
    static const struct {
        enum spf_ending_kind kind;
        const char *last, *filler, *error, *says;
    } cases[] = {
        {SPF_ENDING_DISCONNECT, "", "", "bye", "disconnected and said: bye"},
        {SPF_ENDING_DISCONNECT, "", "", "", "without saying why"},
        {SPF_ENDING_CLOSED, "SSH_MSG_NEWKEYS", "", "", "closed the connection (after"},
        {SPF_ENDING_RESET, "", "", "", "was reset (after the server's identification line)"},
        {SPF_ENDING_BAD_MAC, "", "", "", "integrity check"},
        {SPF_ENDING_OUT_OF_TURN, "SSH_MSG_NEWKEYS", "", "", "cannot come here (SSH_MSG_NEWKEYS)"},
        {SPF_ENDING_OUT_OF_TURN, "", "", "", "cannot come here (its first one)"},
        {SPF_ENDING_DAMAGED, "SSH_MSG_KEXINIT", "", "", "is damaged (SSH_MSG_KEXINIT)"},
        {SPF_ENDING_DAMAGED, "", "", "", "is damaged (its first one)"},
        {SPF_ENDING_NO_CHANNEL, "", "", "", "opens no channel for it"},
        {SPF_ENDING_NO_CHANNEL, "", "", "why", "opens no channel for it: why"},
        {SPF_ENDING_FLOOD, "", "SSH_MSG_IGNORE", "", "sends SSH_MSG_IGNORE without end"},
        {SPF_ENDING_FLOOD, "", "", "", "sends without end"},
        {SPF_ENDING_FILLERS, "", "SSH_MSG_DEBUG", "", "goes on sending SSH_MSG_DEBUG (7 by now)"},
        {SPF_ENDING_SILENCE, "", "", "", "nothing came after the server's identification line"},
        {SPF_ENDING_SILENCE, "SSH_MSG_KEXINIT", "", "", "after the server's SSH_MSG_KEXINIT"},
        {SPF_ENDING_UNCLEAR, "", "", "", "cannot go on with"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_ending ending = {.kind = cases[i].kind, .fillers = 7};
        struct scene scene;

        set_scene(&scene);
        (void)strcpy(ending.last_message, cases[i].last);
        (void)strcpy(ending.filler, cases[i].filler);
        scene.facts.handshake->outcome = SPF_SHAKE_FAILED;
        scene.facts.handshake->ending = ending;
        (void)strcpy(scene.facts.handshake->error, cases[i].error);
        expect(&scene, HANDSHAKE, SPF_FAIL, SPF_HANDSHAKE_FAILED);
        says(&scene, HANDSHAKE, cases[i].says);
        /* of a session that is not answered in time, the same clause, and how long was waited */
        scene.target.timeout_ms = 1500;
        scene.facts.session->outcome = SPF_ECHO_TIMEOUT;
        scene.facts.session->ending = ending;
        (void)strcpy(scene.facts.session->error, cases[i].error);
        if (cases[i].kind == SPF_ENDING_FLOOD) {
            expect(&scene, SESSION, SPF_UNKNOWN, SPF_SESSION_TIMEOUT);
        } else {
            expect(&scene, SESSION, SPF_FAIL, SPF_SESSION_TIMEOUT);
            says(&scene, SESSION, cases[i].says);
        }
        if (cases[i].kind == SPF_ENDING_SILENCE || cases[i].kind == SPF_ENDING_FILLERS) {
            says(&scene, SESSION, "within 2 s");
        }
        strike(&scene);
    }
}
END_TEST

/* Where the server's system has acknowledged all, the silence is the server's. */
START_TEST(a_silence_is_explained_where_the_connection_tells)
{
    static const struct {
        enum spf_ending_kind kind;
        int64_t unacked, retransmissions;
        enum spf_path_outcome path;
        const char *says;
        bool said;
    } cases[] = {
        {SPF_ENDING_SILENCE, 0, 0, SPF_PATH_UNTRIED, "has acknowledged all", true},
        {SPF_ENDING_SILENCE, 9, 3, SPF_PATH_FINE, "a firewall on the way has forgotten", true},
        {SPF_ENDING_SILENCE, 9, 3, SPF_PATH_UNTRIED, "are lost on the way", true},
        {SPF_ENDING_SILENCE, 9, 0, SPF_PATH_UNTRIED, "acknowledged", false},
        {SPF_ENDING_FILLERS, 0, 0, SPF_PATH_UNTRIED, "has acknowledged all", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;

        set_scene(&scene);
        scene.facts.query->outcome = SPF_AUTH_SILENT;
        scene.facts.query->ending = (struct spf_ending){
            .kind = cases[i].kind,
            .flow = {.known = true,
                     .unacked = cases[i].unacked,
                     .retransmissions = cases[i].retransmissions},
            .path = {.outcome = cases[i].path},
        };
        expect(&scene, AUTH, SPF_UNKNOWN, SPF_AUTH_TIMEOUT);
        if (cases[i].said) {
            says(&scene, AUTH, cases[i].says);
        } else {
            says_not(&scene, AUTH, cases[i].says);
        }
        strike(&scene);
    }
}
END_TEST

/* How a step ended, from what was seen of it. */
START_TEST(endings_from_what_was_seen)
{
    struct spf_seen seen = {.last = 51, .request_sent = true};
    struct spf_ending ending;

    ck_assert_int_eq(spf_ending_of(&seen, "", true).kind, SPF_ENDING_CLOSED);
    seen.request_sent = false;
    ck_assert_int_eq(spf_ending_of(&seen, "", true).kind, SPF_ENDING_NONE);
    seen = (struct spf_seen){.last = 199};
    ck_assert_str_eq(spf_ending_of(&seen, "", false).last_message, "message of type 199");

    seen = (struct spf_seen){.fillers = 19, .filler = 2};
    ck_assert_int_eq(spf_standstill_of(&seen, false).kind, SPF_ENDING_SILENCE);
    ck_assert_int_eq(spf_standstill_of(&seen, true).kind, SPF_ENDING_FLOOD);
    seen.fillers = 20;
    ending = spf_standstill_of(&seen, false);
    ck_assert_int_eq(ending.kind, SPF_ENDING_FILLERS);
    ck_assert_int_eq(ending.fillers, 20);
    ck_assert_str_eq(ending.filler, "SSH_MSG_IGNORE");
}
END_TEST

int main(void)
{
    return unit_main(
        "login judges",
        (const TTest *const[]){
            a_key_revoked_without_the_port, revoked_without_the_port_beside_other_knowledge,
            unknown_host_keys, host_keys_that_ssh_only_warns_of, host_keys_and_the_configuration,
            the_file_that_matters_is_named, lines_beyond_ssh, putty_and_other_types,
            host_keys_of_a_transcript, the_console_of_a_missing_instance_is_not_waited_for,
            handshakes_that_fail, handshakes_of_a_transcript, standstills,
            sessions_without_a_command, sessions_with_sftp_alone, every_ending_has_its_words,
            a_silence_is_explained_where_the_connection_tells, endings_from_what_was_seen, NULL});
}
