#ifndef SPF_TESTS_REFUSALS_H
#define SPF_TESTS_REFUSALS_H

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What a library or the system may refuse for want of memory or descriptors is refused once at each
 * place of the program that asks for it. The functions below take precedence over the libraries'
 * own; what the libraries call among themselves is left alone, but for libssh's talk with the
 * network. A place is a call with those that led to it, PLACE_DEPTH in all; of libssh's, the first,
 * the second and so on where nothing is refused. To be included by one file of a test alone; not
 * beside a sanitizer, which has such functions itself.
 */

#define PLACE_DEPTH 6
#define PLACES_MAX  4096

/* clang-format off */
#define REFUSED_FUNCTIONS(ROW)                                                                    \
    ROW(malloc) ROW(calloc) ROW(realloc) ROW(strdup) ROW(socketpair) ROW(fcntl) ROW(dup3)         \
    ROW(pipe2) ROW(socket) ROW(sendmsg) ROW(mkdtemp) ROW(posix_spawn) ROW(posix_spawnp)           \
    ROW(fstat) ROW(pread) ROW(mmap) ROW(memfd_create) ROW(getrandom) ROW(epoll_ctl)               \
    ROW(ssh_new) ROW(ssh_options_set) ROW(ssh_event_new) ROW(ssh_event_add_session)               \
    ROW(ssh_channel_new) ROW(ssh_pcap_file_new) ROW(ssh_pcap_file_open) ROW(ssh_pcap_file_close)  \
    ROW(ssh_set_pcap_file) ROW(ssh_set_agent_socket) ROW(ssh_pki_import_pubkey_base64)            \
    ROW(ssh_pki_import_privkey_base64) ROW(ssh_pki_import_cert_base64)                            \
    ROW(ssh_pki_export_pubkey_base64) ROW(ssh_get_server_publickey)                               \
    ROW(ssh_pki_copy_cert_to_privkey) ROW(pthread_create) ROW(setsockopt) ROW(connect)            \
    ROW(send) ROW(recv) ROW(read) ROW(poll)
/* clang-format on */
#define REFUSED_NUMBER(name) REFUSED_##name,
#define REFUSED_NAME(name)   #name,
enum refused_function { REFUSED_FUNCTIONS(REFUSED_NUMBER) REFUSED_COUNT };
static const char *const refused_names[] = {REFUSED_FUNCTIONS(REFUSED_NAME)};

static struct refused_place {
    enum refused_function function;
    uintptr_t path[PLACE_DEPTH];
} refused_places[PLACES_MAX];
static size_t refused_place_count; /* found so far, in the order of their first calls */
static bool refusals_armed;
static size_t refused_at; /* from 1 on; 0: none, places are only found */
static bool refused_once; /* it was */
static pthread_mutex_t refusals_lock = PTHREAD_MUTEX_INITIALIZER;
static struct refused_text {
    uintptr_t base, from, to;
} refusals_program, refusals_libssh;
static uintptr_t refusals_libssh_calls[REFUSED_COUNT]; /* since they were armed */
static uintptr_t refusals_scene;                       /* how often places were found */

static int refusals_find_text(struct dl_phdr_info *info, size_t size, void *first)
{
    struct refused_text text = {.base = info->dlpi_addr};
    bool *is_first = first; /* it is the program itself (dl_iterate_phdr(3)) */

    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            text.from = info->dlpi_addr + part->p_vaddr;
            text.to = text.from + part->p_memsz;
        }
    }
    if (*is_first) {
        refusals_program = text;
    } else if (strstr(info->dlpi_name, "/libssh.so") != NULL) {
        refusals_libssh = text;
    }
    *is_first = false;
    return 0;
}

static void refusals_init(void)
{
    void *warm[2];
    bool first = true;

    (void)backtrace(warm, 2); /* which takes memory the first time */
    (void)dl_iterate_phdr(refusals_find_text, &first);
}

/* From now on the place of this number is refused once; 0: places are found. */
static void refusals_arm(size_t number)
{
    refused_at = number;
    refused_once = false;
    refusals_scene += number == 0;
    memset(refusals_libssh_calls, 0, sizeof refusals_libssh_calls);
    refusals_armed = true;
}

static void refusals_disarm(void)
{
    refusals_armed = false;
}

/* With the lock held: the number of the place, from 1 on. No frames: one of libssh's. */
static size_t refusals_place(enum refused_function function, void *const *frames, int count)
{
    struct refused_place place = {.function = function};

    for (int i = 0; i < count && i < PLACE_DEPTH; i++) {
        place.path[i] = (uintptr_t)frames[i];
    }
    if (count == 0) {
        place.path[0] = ++refusals_libssh_calls[function];
        place.path[1] = refusals_scene;
    }
    for (size_t i = 0; i < refused_place_count; i++) {
        if (memcmp(&refused_places[i], &place, sizeof place) == 0) {
            return i + 1;
        }
    }
    if (refused_place_count == PLACES_MAX || (count == 0 && refused_at != 0)) {
        return 0;
    }
    refused_places[refused_place_count++] = place;
    return refused_place_count;
}

static bool refusals_is_in(const struct refused_text *text, const void *from)
{
    return (uintptr_t)from >= text->from && (uintptr_t)from < text->to;
}

static int refusals_errno(enum refused_function function)
{
    switch (function) {
    case REFUSED_malloc:
    case REFUSED_calloc:
    case REFUSED_realloc:
    case REFUSED_strdup:
    case REFUSED_recv:
    case REFUSED_read:
    case REFUSED_poll:
        return ENOMEM;
    case REFUSED_connect:
    case REFUSED_send:
        return ENOBUFS;
    case REFUSED_sendmsg:
        return ETOOMANYREFS;
    case REFUSED_mkdtemp:
        return ENOSPC;
    default:
        return EMFILE;
    }
}

static bool refusals_refuse(enum refused_function function, const void *from)
{
    static __thread bool inside;
    const bool is_libssh = (function == REFUSED_send || function == REFUSED_recv) &&
                           refusals_is_in(&refusals_libssh, from);
    void *frames[PLACE_DEPTH + 4];
    bool refused = false;
    int count = 0;
    int first = 0;

    if (!refusals_armed || inside || (!is_libssh && !refusals_is_in(&refusals_program, from))) {
        return false;
    }
    inside = true;
    if (!is_libssh) {
        count = backtrace(frames, PLACE_DEPTH + 4);
    }
    while (first < count && frames[first] != from) {
        first++;
    }
    (void)pthread_mutex_lock(&refusals_lock);
    if (refusals_place(function, frames + first, count - first) == refused_at && !refused_once) {
        refused_once = refused = true;
    }
    (void)pthread_mutex_unlock(&refusals_lock);
    inside = false;
    if (refused) {
        errno = refusals_errno(function);
    }
    return refused;
}

/* "malloc 0x1234 <- 0x2345": for addr2line(1). */
static const char *refusals_name(size_t number)
{
    static char text[200];
    const struct refused_place *place = &refused_places[number - 1];
    size_t len;

    if (number == 0) {
        return "nothing";
    }
    len = (size_t)snprintf(text, sizeof text, "%s", refused_names[place->function]);
    if (place->path[2] == 0) {
        (void)snprintf(text + len, sizeof text - len, " %lu of libssh",
                       (unsigned long)place->path[0]);
        return text;
    }
    for (int i = 0; i < PLACE_DEPTH; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, " 0x%lx",
                                (unsigned long)(place->path[i] - refusals_program.base));
    }
    return text;
}

static void *refusals_next(enum refused_function which)
{
    static void *found[REFUSED_COUNT];

    if (found[which] == NULL) {
        found[which] = dlsym(RTLD_NEXT, refused_names[which]);
    }
    return found[which];
}

#define REFUSES(name) refusals_refuse(REFUSED_##name, __builtin_return_address(0))
#define NEXT(name)    (__extension__((__typeof__(&name))refusals_next(REFUSED_##name)))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size)
{
    return REFUSES(malloc) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return REFUSES(calloc) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return REFUSES(realloc) ? NULL : __libc_realloc(old, size);
}

char *(strdup)(const char *text)
{
    return REFUSES(strdup) ? NULL : NEXT(strdup)(text);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
    return REFUSES(socketpair) ? -1 : NEXT(socketpair)(domain, type, protocol, pair);
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    long value; /* or a pointer */

    va_start(args, command);
    value = va_arg(args, long);
    va_end(args);
    return REFUSES(fcntl) ? -1 : NEXT(fcntl)(fd, command, value);
}

int dup3(int from, int to, int flags)
{
    return REFUSES(dup3) ? -1 : NEXT(dup3)(from, to, flags);
}

int socket(int domain, int type, int protocol)
{
    return REFUSES(socket) ? -1 : NEXT(socket)(domain, type, protocol);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    return REFUSES(setsockopt) ? -1 : NEXT(setsockopt)(fd, level, name, value, len);
}

int connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t len)
{
    return REFUSES(connect) ? -1 : NEXT(connect)(fd, to, len);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    return REFUSES(send) ? -1 : NEXT(send)(fd, bytes, len, flags);
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    return REFUSES(recv) ? -1 : NEXT(recv)(fd, bytes, len, flags);
}

ssize_t read(int fd, void *bytes, size_t len)
{
    return REFUSES(read) ? -1 : NEXT(read)(fd, bytes, len);
}

int poll(struct pollfd *files, nfds_t count, int timeout_ms)
{
    return REFUSES(poll) ? -1 : NEXT(poll)(files, count, timeout_ms);
}

int fstat(int fd, struct stat *out)
{
    return REFUSES(fstat) ? -1 : NEXT(fstat)(fd, out);
}

ssize_t pread(int fd, void *out, size_t len, off_t at)
{
    return REFUSES(pread) ? -1 : NEXT(pread)(fd, out, len, at);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    return REFUSES(mmap) ? MAP_FAILED : NEXT(mmap)(at, len, protection, flags, fd, offset);
}

int memfd_create(const char *name, unsigned flags)
{
    return REFUSES(memfd_create) ? -1 : NEXT(memfd_create)(name, flags);
}

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
    return REFUSES(getrandom) ? -1 : NEXT(getrandom)(out, len, flags);
}

int pipe2(int ends[2], int flags)
{
    return REFUSES(pipe2) ? -1 : NEXT(pipe2)(ends, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return REFUSES(sendmsg) ? -1 : NEXT(sendmsg)(fd, message, flags);
}

char *mkdtemp(char *path)
{
    return REFUSES(mkdtemp) ? NULL : NEXT(mkdtemp)(path);
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *how, char *const words[], char *const variables[])
{
    return REFUSES(posix_spawn) ? EAGAIN
                                : NEXT(posix_spawn)(pid, path, actions, how, words, variables);
}

int posix_spawnp(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *how, char *const words[], char *const variables[])
{
    return REFUSES(posix_spawnp) ? EAGAIN
                                 : NEXT(posix_spawnp)(pid, path, actions, how, words, variables);
}

int epoll_ctl(int epoll, int act, int fd, struct epoll_event *event)
{
    return REFUSES(epoll_ctl) ? -1 : NEXT(epoll_ctl)(epoll, act, fd, event);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*work)(void *), void *with)
{
    return REFUSES(pthread_create) ? EAGAIN : NEXT(pthread_create)(thread, how, work, with);
}

ssh_session ssh_new(void)
{
    return REFUSES(ssh_new) ? NULL : NEXT(ssh_new)();
}

int ssh_options_set(ssh_session session, enum ssh_options_e option, const void *value)
{
    return REFUSES(ssh_options_set) ? SSH_ERROR : NEXT(ssh_options_set)(session, option, value);
}

ssh_event ssh_event_new(void)
{
    return REFUSES(ssh_event_new) ? NULL : NEXT(ssh_event_new)();
}

int ssh_event_add_session(ssh_event event, ssh_session session)
{
    return REFUSES(ssh_event_add_session) ? SSH_ERROR : NEXT(ssh_event_add_session)(event, session);
}

ssh_channel ssh_channel_new(ssh_session session)
{
    return REFUSES(ssh_channel_new) ? NULL : NEXT(ssh_channel_new)(session);
}

ssh_pcap_file ssh_pcap_file_new(void)
{
    return REFUSES(ssh_pcap_file_new) ? NULL : NEXT(ssh_pcap_file_new)();
}

int ssh_pcap_file_open(ssh_pcap_file pcap, const char *path)
{
    return REFUSES(ssh_pcap_file_open) ? SSH_ERROR : NEXT(ssh_pcap_file_open)(pcap, path);
}

int ssh_pcap_file_close(ssh_pcap_file pcap)
{
    return REFUSES(ssh_pcap_file_close) ? SSH_ERROR : NEXT(ssh_pcap_file_close)(pcap);
}

int ssh_set_pcap_file(ssh_session session, ssh_pcap_file pcap)
{
    return REFUSES(ssh_set_pcap_file) ? SSH_ERROR : NEXT(ssh_set_pcap_file)(session, pcap);
}

int ssh_set_agent_socket(ssh_session session, socket_t fd)
{
    return REFUSES(ssh_set_agent_socket) ? SSH_ERROR : NEXT(ssh_set_agent_socket)(session, fd);
}

int ssh_pki_import_pubkey_base64(const char *text, enum ssh_keytypes_e type, ssh_key *key)
{
    return REFUSES(ssh_pki_import_pubkey_base64)
               ? SSH_ERROR
               : NEXT(ssh_pki_import_pubkey_base64)(text, type, key);
}

int ssh_pki_import_cert_base64(const char *text, enum ssh_keytypes_e type, ssh_key *key)
{
    return REFUSES(ssh_pki_import_cert_base64) ? SSH_ERROR
                                               : NEXT(ssh_pki_import_cert_base64)(text, type, key);
}

int ssh_pki_import_privkey_base64(const char *text, const char *passphrase,
                                  ssh_auth_callback ask_user, void *data, ssh_key *key)
{
    return REFUSES(ssh_pki_import_privkey_base64)
               ? SSH_ERROR
               : NEXT(ssh_pki_import_privkey_base64)(text, passphrase, ask_user, data, key);
}

int ssh_pki_export_pubkey_base64(const ssh_key key, char **text)
{
    return REFUSES(ssh_pki_export_pubkey_base64) ? SSH_ERROR
                                                 : NEXT(ssh_pki_export_pubkey_base64)(key, text);
}

int ssh_get_server_publickey(ssh_session session, ssh_key *key)
{
    return REFUSES(ssh_get_server_publickey) ? SSH_ERROR
                                             : NEXT(ssh_get_server_publickey)(session, key);
}

int ssh_pki_copy_cert_to_privkey(const ssh_key certificate, ssh_key key)
{
    return REFUSES(ssh_pki_copy_cert_to_privkey)
               ? SSH_ERROR
               : NEXT(ssh_pki_copy_cert_to_privkey)(certificate, key);
}

#endif
