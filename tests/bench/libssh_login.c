/*
 * libssh_login HOSTS PORT USER KEY JOBS: the floor that sshpreflight's fleet stands on. The same
 * logins - key exchange, query, signature - at the addresses of the file HOSTS, at most JOBS at
 * once, by nothing but libssh: what they take is libssh's and OpenSSL's. Says in JSON how many were
 * let in, the CPU of each in microseconds, and the peak of memory over that before the first.
 */
#include <arpa/inet.h>
#include <err.h>
#include <libssh/libssh.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOSTS_MAX 20000

struct login {
    ssh_session session;
    int fd;
    enum { CONNECTING, EXCHANGING, ASKING, SIGNING, ENDED } step;
};

static const char *user;
static in_port_t port;
static ssh_key public_key;
static ssh_key private_key;
static size_t let_in;

static void begin(struct login *login, const char *host)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = port};
    const int no = 0;

    login->session = ssh_new();
    login->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    login->step = CONNECTING;
    if (login->session == NULL || login->fd < 0 || inet_pton(AF_INET, host, &at.sin_addr) != 1) {
        err(1, "%s", host);
    }
    (void)connect(login->fd, (struct sockaddr *)&at, sizeof at);
    (void)ssh_options_set(login->session, SSH_OPTIONS_PROCESS_CONFIG, &no);
    (void)ssh_options_set(login->session, SSH_OPTIONS_USER, user);
    (void)ssh_options_set(login->session, SSH_OPTIONS_FD, &login->fd);
    (void)ssh_options_set(login->session, SSH_OPTIONS_SSH_DIR, "/nonexistent");
    ssh_set_blocking(login->session, 0);
}

static void end(struct login *login)
{
    if (login->step != ENDED) {
        const int fd = login->fd;
        const int connected = ssh_is_connected(login->session);

        if (connected) {
            ssh_disconnect(login->session);
        }
        ssh_free(login->session);
        if (connected) {
            (void)close(fd);
        }
        login->step = ENDED;
    }
}

/* As far as it goes without waiting. */
static void advance(struct login *login)
{
    int code = SSH_OK;

    if (login->step == CONNECTING) {
        login->step = EXCHANGING;
    }
    if (login->step == EXCHANGING) {
        code = ssh_connect(login->session);
        if (code == SSH_OK) {
            login->step = ASKING;
        } else if (code != SSH_AGAIN) {
            end(login);
        }
    }
    if (login->step == ASKING && code == SSH_OK) {
        code = ssh_userauth_try_publickey(login->session, user, public_key);
        if (code == SSH_AUTH_SUCCESS) {
            login->step = SIGNING;
        } else if (code != SSH_AUTH_AGAIN) {
            end(login);
        }
    }
    if (login->step == SIGNING) {
        code = ssh_userauth_publickey(login->session, user, private_key);
        let_in += code == SSH_AUTH_SUCCESS;
        if (code != SSH_AUTH_AGAIN) {
            end(login);
        }
    }
}

/* KiB, at most so far. */
static long peak(void)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[200];
    long kib = 0;

    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "VmHWM: %ld", &kib) == 1) {
            break;
        }
    }
    if (status != NULL) {
        (void)fclose(status);
    }
    return kib;
}

static void wait_for(struct login *logins, struct pollfd *pollers, size_t jobs)
{
    for (size_t i = 0; i < jobs; i++) {
        struct login *login = &logins[i];
        const int more =
            login->step == CONNECTING ||
            (login->step != ENDED && (ssh_get_poll_flags(login->session) & SSH_WRITE_PENDING) != 0);

        pollers[i] = (struct pollfd){.fd = login->step != ENDED ? login->fd : -1,
                                     .events = login->step == CONNECTING ? POLLOUT
                                               : more                    ? POLLIN | POLLOUT
                                                                         : POLLIN};
    }
    if (poll(pollers, jobs, -1) < 0) {
        err(1, "poll");
    }
}

static size_t read_hosts(const char *path, char hosts[][64])
{
    FILE *list = fopen(path, "re");
    size_t count = 0;

    while (list != NULL && count < HOSTS_MAX && fscanf(list, "%63s", hosts[count]) == 1) {
        count++;
    }
    if (list == NULL || count == 0) {
        errx(1, "%s: no hosts", path);
    }
    (void)fclose(list);
    return count;
}

static void run(char hosts[][64], size_t count, size_t jobs)
{
    struct login *logins = calloc(jobs, sizeof *logins);
    struct pollfd *pollers = calloc(jobs, sizeof *pollers);
    size_t next = 0;
    size_t ended = 0;

    if (logins == NULL || pollers == NULL) {
        errx(1, "no memory");
    }
    for (; next < jobs; next++) {
        begin(&logins[next], hosts[next]);
    }
    while (ended < count) {
        wait_for(logins, pollers, jobs);
        for (size_t i = 0; i < jobs; i++) {
            if (pollers[i].fd < 0 || pollers[i].revents == 0) {
                continue;
            }
            advance(&logins[i]);
            if (logins[i].step == ENDED) {
                ended++;
                if (next < count) {
                    begin(&logins[i], hosts[next++]);
                }
            }
        }
    }
    free(logins);
    free(pollers);
}

int main(int argc, char **argv)
{
    static char hosts[HOSTS_MAX][64];
    struct rusage before;
    struct rusage after;
    size_t count;
    size_t jobs;
    long kib;

    if (argc != 6) {
        errx(64, "usage: libssh_login HOSTS PORT USER KEY JOBS");
    }
    user = argv[3];
    port = htons((in_port_t)strtoul(argv[2], NULL, 10));
    (void)ssh_set_log_level(SSH_LOG_NONE);
    if (ssh_init() != SSH_OK ||
        ssh_pki_import_privkey_file(argv[4], NULL, NULL, NULL, &private_key) != SSH_OK ||
        ssh_pki_export_privkey_to_pubkey(private_key, &public_key) != SSH_OK) {
        errx(1, "%s: the key cannot be read", argv[4]);
    }
    count = read_hosts(argv[1], hosts);
    jobs = strtoul(argv[5], NULL, 10);
    jobs = jobs > 0 && jobs < count ? jobs : count;
    run(hosts, 1, 1); /* what is made once */
    let_in = 0;
    kib = peak();
    (void)getrusage(RUSAGE_SELF, &before);
    run(hosts, count, jobs);
    (void)getrusage(RUSAGE_SELF, &after);
    (void)printf("{\"passed\": %zu, \"cpu\": %.1f, \"memory\": %ld}\n", let_in,
                 ((double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec -
                           before.ru_stime.tv_sec) *
                      1e6 +
                  (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
                           after.ru_stime.tv_usec - before.ru_stime.tv_usec)) /
                     (double)count,
                 peak() - kib);
    ssh_key_free(public_key);
    ssh_key_free(private_key);
    return 0;
}
