#include "net/own_drops.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX 16384

/* The whole file, which the kernel writes at once, as text. */
static bool read_file(const char *path, char *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t got = 0;

    if (fd < 0)
        return false;
    while (len < FILE_MAX - 1 && (got = read(fd, text + len, FILE_MAX - 1 - len)) > 0)
        len += (size_t)got;
    (void)close(fd);
    text[len] = '\0';
    return got >= 0;
}

/* A line of names, "Ip: Forwarding DefaultTTL …", is followed by one of their values. */
static bool find(const char *text, const char *group, const char *name, int64_t *value)
{
    const size_t group_len = strlen(group), name_len = strlen(name);
    const char *names = text, *values;

    while (strncmp(names, group, group_len) != 0) {
        names = strchr(names, '\n');
        if (names == NULL)
            return false;
        names++;
    }
    values = strchr(names, '\n');
    if (values == NULL || strncmp(++values, group, group_len) != 0)
        return false;
    for (;;) {
        size_t len;

        names += strcspn(names, " \n");
        values += strcspn(values, " \n");
        if (*names != ' ' || *values != ' ')
            return false;
        names++;
        values++;
        len = strcspn(names, " \n");
        if (len == name_len && memcmp(names, name, len) == 0) {
            *value = strtoll(values, NULL, 10);
            return true;
        }
    }
}

bool spf_own_drops_read(struct spf_own_drops *drops)
{
    char text[FILE_MAX];
    int64_t received, delivered;

    if (!read_file("/proc/self/net/netstat", text) ||
        !find(text, "TcpExt:", "TCPRetransFail", &drops->unsent) ||
        !find(text, "TcpExt:", "IPReversePathFilter", &drops->reverse) ||
        !read_file("/proc/self/net/snmp", text) || !find(text, "Ip:", "InReceives", &received) ||
        !find(text, "Ip:", "InDelivers", &delivered))
        return false;
    drops->received = received - delivered;
    return true;
}
