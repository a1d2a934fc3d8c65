/*
 * delayed RTT_MS COMMAND [ARG...]
 *
 * Runs COMMAND in a network namespace of its own that has far hosts: what is sent to 10.99.0.2
 * comes back to this namespace as if 10.99.0.2 had sent it to 10.99.0.1, half a round trip later.
 * So a server that listens on 10.99.0.1 is reached at 10.99.0.2, and every packet of both
 * directions, the SYN too, takes the delay. (Source and destination change places, which leaves the
 * checksums right.) So it is with all of 10.0.0.0/8, but that what is sent to 10.51.0.0/16 is
 * dropped.
 *
 * Needs root and /dev/net/tun. Nothing outside the namespace is touched or can be reached. Exits
 * with COMMAND's status.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QUEUE      65536
#define PACKET_MAX 2048

static struct packet {
    int64_t due_ns;
    size_t len;
    uint8_t data[PACKET_MAX];
} queue[QUEUE];
static size_t head, count;

static void die(const char *what)
{
    perror(what);
    exit(125);
}

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void bring_up(const char *device, const char *address, const char *mask)
{
    struct ifreq request = {0};
    struct sockaddr_in in = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        die("socket");
    }
    (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", device);
    if (address != NULL) {
        (void)inet_pton(AF_INET, address, &in.sin_addr);
        memcpy(&request.ifr_addr, &in, sizeof in);
        if (ioctl(fd, SIOCSIFADDR, &request) != 0) {
            die("SIOCSIFADDR");
        }
        (void)inet_pton(AF_INET, mask, &in.sin_addr);
        memcpy(&request.ifr_netmask, &in, sizeof in);
        if (ioctl(fd, SIOCSIFNETMASK, &request) != 0) {
            die("SIOCSIFNETMASK");
        }
    }
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
        die("SIOCSIFFLAGS");
    }
    (void)close(fd);
}

static int open_tun(void)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "far0"};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        die("/dev/net/tun");
    }
    return fd;
}

static void take(int tun, int64_t delay_ns)
{
    while (count < QUEUE) {
        struct packet *packet = &queue[(head + count) % QUEUE];
        ssize_t len = read(tun, packet->data, sizeof packet->data);
        uint8_t source[4];

        if (len <= 0) {
            return;
        }
        if (len < 20 || packet->data[0] >> 4 != 4) {
            continue; /* only IPv4 is carried */
        }
        if (packet->data[16] == 10 && packet->data[17] == 51) {
            continue; /* filtered */
        }
        memcpy(source, packet->data + 12, 4);
        memcpy(packet->data + 12, packet->data + 16, 4);
        memcpy(packet->data + 16, source, 4);
        packet->len = (size_t)len;
        packet->due_ns = now_ns() + delay_ns;
        count++;
    }
}

static void give(int tun)
{
    while (count > 0 && queue[head].due_ns <= now_ns()) {
        if (write(tun, queue[head].data, queue[head].len) < 0 && errno == EAGAIN) {
            return;
        }
        head = (head + 1) % QUEUE;
        count--;
    }
}

int main(int argc, char **argv)
{
    int tun;
    int child_fd;
    int status;
    int64_t delay_ns;
    pid_t child;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: delayed RTT_MS COMMAND [ARG...]\n");
        return 125;
    }
    delay_ns = (int64_t)(strtod(argv[1], NULL) / 2 * 1e6);
    if (unshare(CLONE_NEWNET) != 0) {
        die("unshare (needs root)");
    }
    tun = open_tun();
    bring_up("lo", NULL, NULL);
    bring_up("far0", "10.99.0.1", "255.0.0.0");

    child = fork();
    if (child < 0) {
        die("fork");
    }
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, 15);
        (void)execvp(argv[2], argv + 2);
        die(argv[2]);
    }
    child_fd = (int)syscall(SYS_pidfd_open, child, 0);
    if (child_fd < 0) {
        die("pidfd_open");
    }
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    for (;;) {
        struct pollfd polls[2] = {{tun, POLLIN, 0}, {child_fd, POLLIN, 0}};
        int64_t wait = count > 0 ? queue[head].due_ns - now_ns() : 1000000000;
        struct timespec timeout = {wait > 0 ? wait / 1000000000 : 0,
                                   wait > 0 ? wait % 1000000000 : 0};

        if (ppoll(polls, 2, &timeout, NULL) < 0 && errno != EINTR) {
            die("ppoll");
        }
        if (polls[1].revents != 0) {
            break;
        }
        take(tun, delay_ns);
        give(tun);
    }
    if (waitpid(child, &status, 0) < 0) {
        die("waitpid");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
