#include "login_fixture.h"
#include "openssh/config.h"

/*
 * Which keys ssh offers, and in which order: ours is held against what the ssh of this machine says
 * to a real server ("Will attempt key", sshconnect2.c, pubkey_prepare).
 */

#define LINE_SIZE 200

struct fixture {
    struct place place;
    pid_t agent;
};

static void make_key(const struct place *place, const char *name, const char *words)
{
    run("cd %s && ssh-keygen -q %s -C %s -f %s", place->dir, words, name, name);
}

static void certify(const struct place *place, const char *name, const char *words)
{
    run("cd %s && ssh-keygen -q -s authority -I lab %s %s.pub", place->dir, words, name);
}

/*
 * Keys with a certificate (plain, held), with a host's, encrypted, and without a .pub file; the
 * agent holds a stranger, a key and its certificate, and of another the certificate alone.
 */
static void set_up(struct fixture *fixture)
{
    struct place *place = &fixture->place;

    *fixture = (struct fixture){0};
    place_open(place);
    make_key(place, "authority", "-t ed25519 -N ''");
    make_key(place, "plain", "-t ed25519 -N ''");
    certify(place, "plain", "-n nobody");
    make_key(place, "held", "-t rsa -b 2048 -N ''");
    certify(place, "held", "-n nobody");
    make_key(place, "host-certified", "-t ecdsa -N ''");
    certify(place, "host-certified", "-h");
    make_key(place, "encrypted", "-t ed25519 -N secret");
    certify(place, "encrypted", "-n nobody");
    make_key(place, "no-pub", "-t ed25519 -N ''");
    run("rm %s/no-pub.pub", place->dir);
    make_key(place, "stranger", "-t ed25519 -N ''");
    make_key(place, "only-certificate", "-t ed25519 -N ''");
    certify(place, "only-certificate", "-n nobody");
    fixture->agent = start_agent(place);
    run("cd %s && ssh-add -q stranger && ssh-add -q only-certificate && ssh-add -q -d "
        "only-certificate.pub && ssh-add -q held",
        place->dir);
    start_sshd(place, "MaxAuthTries 30");
}

static void tear_down(struct fixture *fixture)
{
    (void)kill(fixture->agent, SIGTERM);
    (void)waitpid(fixture->agent, NULL, 0);
    (void)unsetenv("SSH_AUTH_SOCK");
    place_close(&fixture->place);
}

/* A line for each key: its fingerprint, whether it goes by its certificate, whether the agent has
 * it. */
static void order_of_ssh(const struct place *place, char *out, size_t size)
{
    char *path = text_of("%s/said", place->dir), *text, *rest;

    run("ssh -v -F %s/config web true </dev/null >%s 2>&1; grep -q 'Will attempt key' %s",
        place->dir, path, path);
    text = slurp(path);
    out[0] = '\0';
    for (char *line = strtok_r(text, "\r\n", &rest); line != NULL;
         line = strtok_r(NULL, "\r\n", &rest)) {
        const char *hash = strstr(line, " SHA256:");
        const size_t len = strlen(out);

        /* without a fingerprint: a file of an RSA key that is too short, which will not be offered
         */
        if (strstr(line, "Will attempt key: ") == NULL || hash == NULL) {
            continue;
        }
        (void)snprintf(out + len, size - len, "%.*s%s%s\n", (int)strcspn(hash + 1, " "), hash + 1,
                       strstr(line, "-CERT ") != NULL ? " certificate" : "",
                       strstr(hash, " agent") != NULL ? " agent" : "");
    }
    free(text);
    free(path);
}

static void order_of_ours(const struct place *place, char *out, size_t size)
{
    char *path = text_of("%s/config", place->dir);
    struct talk talk;
    struct spf_ssh_config *config;

    talk_open(&talk, place, "web", place->port);
    talk.target.ssh_config = path;
    config = spf_ssh_config_new(&talk.inquiry, NULL);
    ck_assert_ptr_nonnull(config);
    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS; !talk.there && spf_now_ms() < end;) {
        ck_assert_int_eq(spf_loop_turn(talk.inquiry.loop, end).code, SPF_OK);
    }
    ck_assert_msg(talk.there && talk.failure.cause == SPF_NO_FINDING, "%s", talk.failure.text);
    out[0] = '\0';
    for (size_t i = 0; i < talk.facts.ssh_config->offers.count; i++) {
        const struct spf_ssh_offer *offer = &talk.facts.ssh_config->offers.items[i];
        const size_t len = strlen(out);

        (void)snprintf(out + len, size - len, "%s%s%s\n", offer->sha256,
                       offer->certificate[0] != '\0' ? " certificate" : "",
                       offer->in_agent ? " agent" : "");
        ck_assert(offer->certificate[0] == '\0' || offer->certificate_line != NULL);
    }
    spf_ssh_config_free(config);
    talk_close(&talk);
    free(path);
}

START_TEST(keys_are_offered_in_the_order_of_ssh)
{
    static const struct {
        const char *lines;
        int least; /* offers, so that not two empty lists are compared */
    } cases[] = {
        {"", 10},
        {"IdentitiesOnly yes", 8},
        {"IdentityAgent none", 8},
        {"PubkeyAcceptedAlgorithms *-cert-v01@openssh.com", 4},
        {"PubkeyAcceptedAlgorithms -*-cert-v01@openssh.com", 6},
        {"PubkeyAcceptedAlgorithms rsa-sha2-256,rsa-sha2-256-cert-v01@openssh.com", 2},
        {"RequiredRSASize 4096", 8},
    };
    struct fixture fixture;

    set_up(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char theirs[20 * LINE_SIZE], ours[sizeof theirs];
        char *path = text_of("%s/config", fixture.place.dir);
        FILE *file = fopen(path, "w");
        int count = 0;

        ck_assert_ptr_nonnull(file);
        (void)fprintf(file,
                      "Host web\nHostName 127.0.0.1\nPort %u\n%s\nBatchMode yes\n"
                      "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n",
                      (unsigned)fixture.place.port, cases[i].lines);
        for (const char *const *name = (const char *const[]){"plain", "encrypted", "host-certified",
                                                             "held", "no-pub", NULL};
             *name != NULL; name++) {
            (void)fprintf(file, "IdentityFile %s/%s\n", fixture.place.dir, *name);
        }
        (void)fclose(file);
        order_of_ssh(&fixture.place, theirs, sizeof theirs);
        order_of_ours(&fixture.place, ours, sizeof ours);
        for (const char *at = theirs; (at = strchr(at, '\n')) != NULL; at++) {
            count++;
        }
        ck_assert_msg(strcmp(ours, theirs) == 0, "%s:\nssh\n%sours\n%s", cases[i].lines, theirs,
                      ours);
        ck_assert_msg(count >= cases[i].least, "%s: ssh offers %d", cases[i].lines, count);
        free(path);
    }
    tear_down(&fixture);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        keys_are_offered_in_the_order_of_ssh,
        NULL,
    };

    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    return unit_main("login offers", tests);
}
