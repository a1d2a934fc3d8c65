#include <arpa/inet.h>
#include <dirent.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "login/link.h"
#include "unit.h"

/* Sends junk to one port of this machine; tcp: connects to it first. */
static void disturb(uint16_t port, bool tcp)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    (void)connect(fd, (struct sockaddr *)&address, sizeof address);
    (void)send(fd, "SSH-2.0-stranger\r\n", 18, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

/* Another local user: sends to each socket on loopback that is not connected (yet). */
static void be_a_stranger(void)
{
    static const struct {
        const char *path;
        unsigned state; /* of one that takes what anybody sends */
        bool tcp;
    } lists[] = {{"/proc/net/udp", 7, false}, {"/proc/net/tcp", 10, true}};

    for (size_t i = 0;; i = !i) {
        FILE *list = fopen(lists[i].path, "re");
        char line[256];

        while (list != NULL && fgets(line, sizeof line, list) != NULL) {
            unsigned address;
            unsigned port;
            unsigned state;

            if (sscanf(line, " %*[0-9]: %x:%x %*x:%*x %x", &address, &port, &state) == 3 &&
                address == htonl(INADDR_LOOPBACK) && state == lists[i].state && port >= 32768) {
                disturb((uint16_t)port, lists[i].tcp);
            }
        }
        if (list != NULL) {
            (void)fclose(list);
        }
    }
}

START_TEST(nobody_else_can_write_to_the_placeholder)
{
    pid_t strangers[3];

    for (size_t i = 0; i < 3; i++) {
        if ((strangers[i] = fork()) == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            be_a_stranger();
        }
    }
    for (int i = 0; i < 3000; i++) {
        struct spf_link *link = spf_link_new("root", NULL);
        const char *words;
        size_t len = 0;

        ck_assert_ptr_nonnull(link);
        words = spf_link_identification(link, &len);
        ck_assert_msg(len > 16 && memcmp(words, "SSH-2.0-libssh", 14) == 0, "%.*s", (int)len,
                      words);
        ck_assert_msg(memcmp(words + len - 2, "\r\n", 2) == 0 &&
                          memchr(words, '\r', len) == words + len - 2,
                      "%.*s", (int)len, words);
        spf_link_free(link);
    }
    for (size_t i = 0; i < 3; i++) {
        (void)kill(strangers[i], SIGKILL);
        (void)waitpid(strangers[i], NULL, 0);
    }
}
END_TEST

/* Servers of libssh close on more than 127 bytes; RFC 4253 section 4.2 allows 255. */
START_TEST(the_identification_is_short)
{
    struct spf_link *link = spf_link_new("root", NULL);
    size_t len = 0;

    ck_assert_ptr_nonnull(link);
    (void)spf_link_identification(link, &len);
    ck_assert_uint_le(len, 127);
    spf_link_free(link);
}
END_TEST

/* Whom it disturbs is in this program: the servers of other tests count their connections. */
static void go_apart(void)
{
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int fd;

    if (unshare(CLONE_NEWNET) != 0) { /* only root can */
        return;
    }
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &loopback) != 0) {
        abort();
    }
    close(fd);
}

/* How many of this process's descriptors are a file without a name. */
static int nameless_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    char target[64];
    int count = 0;

    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);

        target[len > 0 ? len : 0] = '\0';
        count += strstr(target, "memfd:") != NULL;
    }
    (void)closedir(dir);
    return count;
}

/* A file for each, opened again at each look, took a tenth of a login's CPU. */
START_TEST(no_file_is_behind_it)
{
    struct spf_link *link = spf_link_new("root", NULL);

    ck_assert_ptr_nonnull(link);
    ck_assert_int_eq(nameless_files(), 0);
    spf_link_free(link);
}
END_TEST

int main(void)
{
    go_apart();
    return unit_main("login/link", (const TTest *const[]){nobody_else_can_write_to_the_placeholder,
                                                          the_identification_is_short,
                                                          no_file_is_behind_it, NULL});
}
