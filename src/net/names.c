#include "net/names.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/nameser.h>

#include "base/clock.h"
#include "base/text.h"
#include "net/names_reader.h"
#include "platform/files.h"

#define HOSTS_FILE  "/etc/hosts"
#define HOSTS_MAX   ((size_t)1 << 20) /* bytes that are read of it */
#define ASK_MS      1000 /* for all name servers together; they had their time before */
#define SERVERS_MAX MAXNS

static int family_of(int family)
{
    return family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
}

static int resolve(const char *name, const char *port, int family, int flags,
                   struct spf_places *places)
{
    struct addrinfo hints = {
        .ai_family = family_of(family), .ai_socktype = SOCK_STREAM, .ai_flags = flags};
    struct addrinfo *list = NULL;
    int error = getaddrinfo(name, port, &hints, &list);

    if (error) {
        return error;
    }
    for (struct addrinfo *at = list; at != NULL && places->count < SPF_PLACES_MAX;
         at = at->ai_next) {
        struct spf_place *place = &places->place[places->count];

        if (at->ai_addrlen > sizeof place->address) {
            continue;
        }
        memcpy(&place->address, at->ai_addr, at->ai_addrlen);
        place->len = (socklen_t)at->ai_addrlen;
        places->count++;
    }
    freeaddrinfo(list);
    return 0;
}

bool spf_places_of_literal(const char *literal, uint16_t port, int family,
                           struct spf_places *places)
{
    char service[8];

    spf_format(service, sizeof service, "%u", (unsigned)port);
    return resolve(literal, service, family, AI_NUMERICHOST | AI_NUMERICSERV, places) == 0;
}

void spf_place_name(const struct spf_place *place, char *out, size_t size)
{
    if (getnameinfo((const struct sockaddr *)&place->address, place->len, out, (socklen_t)size,
                    NULL, 0, NI_NUMERICHOST)) {
        out[0] = '\0';
    }
}

/* One of the addresses that were found? */
static bool was_found(const void *owner, struct spf_bytes address)
{
    const struct spf_places *places = owner;
    char text[64];

    for (size_t i = 0; i < places->count; i++) {
        spf_place_name(&places->place[i], text, sizeof text);
        if (spf_bytes_are(address, text)) {
            return true;
        }
    }
    return false;
}

/* getaddrinfo(3) does not say whether the hosts file answered, before any name server was asked. */
static void note_hosts_line(struct spf_lookup *lookup)
{
    const int fd = spf_open_to_read(HOSTS_FILE);
    char *text = fd >= 0 ? malloc(HOSTS_MAX) : NULL;
    size_t len = 0;
    ssize_t got = 1;
    unsigned line;

    while (text != NULL && got > 0 && len < HOSTS_MAX) {
        got = read(fd, text + len, HOSTS_MAX - len);
        len += got > 0 ? (size_t)got : 0;
    }
    line = text != NULL ? spf_hosts_line(text, len, lookup->name, was_found, &lookup->places) : 0;
    if (line > 0) {
        spf_format(lookup->facts.hosts_line, sizeof lookup->facts.hosts_line, HOSTS_FILE ":%u",
                   line);
    }
    free(text);
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* One name server of resolv.conf(5), and what it made of our question. */
struct server {
    struct spf_place place;
    struct pollfd poll;
    const char *said; /* NULL: nothing yet */
    enum spf_lookup_outcome outcome;
};

static size_t list_servers(const struct __res_state *state, struct server servers[SERVERS_MAX])
{
    size_t count = 0;

    for (int i = 0; i < state->nscount && i < SERVERS_MAX; i++) {
        const struct sockaddr_in6 *six = state->_u._ext.nsaddrs[i];
        struct server *server = &servers[count++];

        *server = (struct server){.outcome = SPF_LOOKUP_SILENT, .poll = {.fd = -1}};
        if (six != NULL && state->nsaddr_list[i].sin_family == 0) {
            memcpy(&server->place.address, six, sizeof *six);
            server->place.len = sizeof *six;
        } else {
            memcpy(&server->place.address, &state->nsaddr_list[i], sizeof(struct sockaddr_in));
            server->place.len = sizeof(struct sockaddr_in);
        }
    }
    return count;
}

static void ask(struct server *server, const uint8_t *question, size_t len)
{
    int fd = socket(server->place.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    server->poll = (struct pollfd){.fd = fd, .events = POLLIN};
    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&server->place.address, server->place.len) == 0 &&
        send(fd, question, len, MSG_NOSIGNAL) == (ssize_t)len) {
        return;
    }
    server->outcome = SPF_LOOKUP_UNREACHABLE;
    server->said = strerrordesc_np(errno);
}

static void hear(struct server *server, const uint8_t *question)
{
    uint8_t reply[512];
    ssize_t len = recv(server->poll.fd, reply, sizeof reply, 0);

    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (len < 0) {
        server->outcome = SPF_LOOKUP_UNREACHABLE;
        server->said = strerrordesc_np(errno);
    } else {
        (void)spf_name_reply_read(reply, (size_t)len, question, &server->outcome, &server->said);
    }
}

static void ask_all(const char *name, struct __res_state *state, struct server *servers,
                    size_t count)
{
    uint8_t question[NS_PACKETSZ];
    const int len = res_nmkquery(state, ns_o_query, name, ns_c_in, ns_t_a, NULL, 0, NULL, question,
                                 sizeof question);
    const int64_t end_ms = spf_now_ms() + ASK_MS;
    struct pollfd polls[SERVERS_MAX];

    for (size_t i = 0; len > 0 && i < count; i++) {
        ask(&servers[i], question, (size_t)len);
    }
    for (;;) {
        const int64_t left_ms = end_ms - spf_now_ms();
        size_t waiting = 0;

        for (size_t i = 0; i < count; i++) {
            polls[i] = servers[i].poll;
            if (servers[i].said != NULL) {
                polls[i].fd = -1;
            }
            waiting += polls[i].fd >= 0;
        }
        if (waiting == 0 || left_ms <= 0 || poll(polls, count, (int)left_ms) < 0) {
            break;
        }
        for (size_t i = 0; i < count; i++) {
            if (polls[i].fd >= 0 && polls[i].revents != 0) {
                hear(&servers[i], question);
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (servers[i].poll.fd >= 0) {
            (void)close(servers[i].poll.fd);
        }
    }
}

/* A server that answers says more than one that does not, and any of them than none. */
static void note_servers(struct spf_name_facts *facts, const struct server *servers, size_t count)
{
    static const enum spf_lookup_outcome telling[] = {SPF_LOOKUP_FAILED, SPF_LOOKUP_REFUSED,
                                                      SPF_LOOKUP_SILENT, SPF_LOOKUP_UNREACHABLE};
    struct spf_buf buf;
    char address[64];

    spf_buf_init(&buf, sizeof facts->servers);
    for (size_t i = 0; i < count; i++) {
        spf_place_name(&servers[i].place, address, sizeof address);
        spf_buf_addf(&buf, "%s%s", i > 0 ? ", " : "", address);
        if (facts->outcome != SPF_LOOKUP_ANSWERED) {
            spf_buf_addf(&buf, ": %s", servers[i].said != NULL ? servers[i].said : "no answer");
        }
    }
    if (!spf_buf_failed(&buf) && buf.len > 0) {
        spf_copy(facts->servers, sizeof facts->servers, buf.data);
    }
    spf_buf_clear(&buf);
    for (size_t t = 0; t < sizeof telling / sizeof *telling; t++) {
        for (size_t i = 0; facts->outcome != SPF_LOOKUP_ANSWERED && i < count; i++) {
            if (servers[i].outcome == telling[t]) {
                facts->outcome = telling[t];
                return;
            }
        }
    }
}

/* The domains that were tried after the name itself, or before it (resolv.conf(5), search). */
static void note_search(struct spf_lookup *lookup, const struct __res_state *state)
{
    const size_t len = strlen(lookup->name);
    struct spf_buf buf;

    if (len == 0 || lookup->name[len - 1] == '.' || (state->options & RES_DNSRCH) == 0) {
        return;
    }
    spf_buf_init(&buf, sizeof lookup->facts.search);
    for (int i = 0; i < MAXDNSRCH && state->dnsrch[i] != NULL; i++) {
        spf_buf_addf(&buf, "%s%s", i > 0 ? ", " : "", state->dnsrch[i]);
    }
    if (!spf_buf_failed(&buf) && buf.len > 0) {
        spf_clean(lookup->facts.search, sizeof lookup->facts.search, buf.data, buf.len);
    }
    spf_buf_clear(&buf);
}

/* Why is there no address? */
static void explain(struct spf_lookup *lookup)
{
    struct __res_state state = {0};
    struct server servers[SERVERS_MAX];
    size_t count;

    lookup->facts.outcome = lookup->error == EAI_AGAIN || lookup->error == EAI_FAIL
                                ? SPF_LOOKUP_SILENT
                                : SPF_LOOKUP_ANSWERED;
    if (strchr(lookup->name, ':') != NULL) {
        return; /* no name of DNS has a colon: an address with a scope that is not there */
    }
    if (lookup->facts.outcome == SPF_LOOKUP_ANSWERED && !res_hnok(lookup->name)) {
        return; /* not a host name (two dots, a label of more than 63): nobody was asked */
    }
    if (res_ninit(&state) != 0) {
        return;
    }
    note_search(lookup, &state);
    count = list_servers(&state, servers);
    if (lookup->facts.outcome != SPF_LOOKUP_ANSWERED) {
        ask_all(lookup->name, &state, servers, count);
    }
    note_servers(&lookup->facts, servers, count);
    res_nclose(&state);
}

static void work(struct spf_job *job)
{
    struct spf_lookup *lookup = (struct spf_lookup *)job;

    lookup->error =
        resolve(lookup->name, lookup->port, lookup->family, AI_NUMERICSERV, &lookup->places);
    lookup->errnum = errno;
    if (lookup->error == 0 && lookup->places.count > 0) {
        note_hosts_line(lookup);
    } else if (lookup->error != EAI_SYSTEM && lookup->error != EAI_MEMORY) {
        explain(lookup);
    }
}

static void release(struct spf_job *job)
{
    free(job);
}

struct spf_lookup *spf_lookup_start(struct spf_loop *loop, const char *name, uint16_t port,
                                    int family, void (*done)(struct spf_job *job), void *owner)
{
    struct spf_lookup *lookup = calloc(1, sizeof *lookup);

    if (lookup == NULL) {
        return NULL;
    }
    lookup->job = (struct spf_job){.work = work, .done = done, .release = release, .owner = owner};
    spf_copy(lookup->name, sizeof lookup->name, name);
    spf_format(lookup->port, sizeof lookup->port, "%u", (unsigned)port);
    lookup->family = family;
    return spf_loop_submit(loop, &lookup->job) ? lookup : NULL;
}
