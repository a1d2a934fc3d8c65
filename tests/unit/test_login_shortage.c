#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <link.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "login/shared.h"
#include "login_fixture.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

/*
 * Every call of a login that a library or the system may refuse for want of memory or descriptors
 * is refused once: a step then comes to its usual end, or to a failure that is ours. The functions
 * below take precedence over the libraries' own; what the libraries call among themselves is left
 * alone. SPF_SHORTAGE_EVERY: of so many refusals one is tried (1: all).
 */

/* clang-format off */
#define FUNCTIONS(ROW)                                                                            \
    ROW(malloc) ROW(calloc) ROW(strdup) ROW(socketpair) ROW(fcntl) ROW(dup3) ROW(socket)          \
    ROW(fstat) ROW(pread) ROW(mmap) ROW(memfd_create) ROW(getrandom) ROW(epoll_ctl)               \
    ROW(ssh_new) ROW(ssh_options_set) ROW(ssh_event_new) ROW(ssh_event_add_session)               \
    ROW(ssh_channel_new) ROW(ssh_pcap_file_new) ROW(ssh_pcap_file_open) ROW(ssh_pcap_file_close)  \
    ROW(ssh_set_pcap_file) ROW(ssh_set_agent_socket) ROW(ssh_pki_import_pubkey_base64)            \
    ROW(ssh_pki_import_privkey_base64) ROW(ssh_pki_import_cert_base64)                            \
    ROW(ssh_pki_export_pubkey_base64) ROW(ssh_get_server_publickey)                               \
    ROW(ssh_pki_copy_cert_to_privkey) ROW(pthread_create) ROW(setsockopt)
/* clang-format on */
#define NUMBER(name) NUMBER_##name,
#define NAME(name)   #name,
enum function { FUNCTIONS(NUMBER) FUNCTION_COUNT };
static const char *const names[] = {FUNCTIONS(NAME)};

static int armed = -1, refuse_at,
           calls; /* which function, at which of its calls, and how many came */
static uintptr_t text_start, text_end; /* of this program */

static int find_text(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];

        if (part->p_type == PT_LOAD && (part->p_flags & PF_X) != 0) {
            text_start = info->dlpi_addr + part->p_vaddr;
            text_end = text_start + part->p_memsz;
        }
    }
    return 1; /* the program itself comes first (dl_iterate_phdr(3)) */
}

static bool refuses(enum function which, const void *from)
{
    const uintptr_t at = (uintptr_t)from;

    if (armed != (int)which || at < text_start || at >= text_end) {
        return false;
    }
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) != refuse_at) {
        return false;
    }
    errno = which == NUMBER_malloc || which == NUMBER_calloc || which == NUMBER_strdup ? ENOMEM
                                                                                       : EMFILE;
    return true;
}

static void *next_of(enum function which)
{
    static void *found[FUNCTION_COUNT];

    if (found[which] == NULL) {
        found[which] = dlsym(RTLD_NEXT, names[which]);
    }
    return found[which];
}

#define REFUSES(name) refuses(NUMBER_##name, __builtin_return_address(0))
#define NEXT(name)    (__extension__((__typeof__(&name))next_of(NUMBER_##name)))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);

void *malloc(size_t size)
{
    return REFUSES(malloc) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return REFUSES(calloc) ? NULL : __libc_calloc(count, size);
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
    int value;

    va_start(args, command);
    value = va_arg(args, int);
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

/* No assertion within: check's own calls would count. */
static void arrived(struct spf_inquiry *inquiry, enum spf_group group,
                    const struct spf_failure *failure)
{
    struct talk *talk = (struct talk *)inquiry;

    (void)group;
    talk->there = true;
    if (failure != NULL) {
        talk->failure = *failure;
    }
}

/* What a login came to: the group that failed, SPF_GROUP_COUNT none, and the outcomes so far. */
struct came {
    enum spf_group failed;
    struct spf_failure failure;
    int outcomes[5];
};

enum manner { PLAIN, AGENT, CERTIFICATE, STRANGER, MANNERS };

static void prepare(struct talk *talk, const struct place *place, enum manner manner)
{
    talk_open(talk, place, "127.0.0.1", place->port);
    talk->inquiry.arrived = arrived;
    talk_use_key(talk, place, manner == CERTIFICATE ? "certified" : "key");
    if (manner == AGENT || manner == STRANGER) {
        spf_secret_free(talk->facts.key.login);
        talk->facts.key.login = NULL;
        talk->facts.key.usable = false;
        talk->facts.key.encrypted = true;
        talk->facts.key.in_agent = manner == AGENT;
    }
    if (manner == CERTIFICATE) {
        char *path = text_of("%s/certified-cert.pub", place->dir);
        char *line = slurp(path);
        char blob[4096];

        ck_assert_int_eq(sscanf(line, "%*s %4095s", blob), 1);
        talk->facts.key.certificate_line = spf_secret_new(blob, strlen(blob));
        free(line);
        free(path);
    }
}

static struct came log_in(const struct place *place, enum manner manner, int function, int call)
{
    static const int last_of[MANNERS] = {SPF_GROUP_SESSION, SPF_GROUP_SESSION, SPF_GROUP_SESSION,
                                         SPF_GROUP_QUERY};
    const int64_t end = spf_now_ms() + UNIT_HANGS_MS;
    struct spf_login_shared *shared;
    struct talk talk;
    struct came came;

    prepare(&talk, place, manner);
    refuse_at = call;
    calls = 0;
    armed = function;
    shared = spf_login_shared_new();
    talk.inquiry.login = shared;
    for (int group = SPF_GROUP_KNOWN_HOSTS; group <= last_of[manner] && talk.failure.cause == 0;
         group++) {
        talk.there = false;
        spf_conversation_serve(talk.conversation, (enum spf_group)group);
        while (!talk.there && spf_now_ms() < end &&
               spf_loop_turn(talk.inquiry.loop, end).code == SPF_OK) {
            continue;
        }
        if (manner == STRANGER && group == SPF_GROUP_IDENTIFICATION) {
            talk.facts.identification.software[0] = 'x'; /* whose yes proves nothing */
        }
        came.failed = talk.failure.cause != 0 ? (enum spf_group)group : SPF_GROUP_COUNT;
    }
    armed = -1;
    ck_assert_msg(talk.there, "%s %d: it hangs", function >= 0 ? names[function] : "", call);
    came.failure = talk.failure;
    came.outcomes[0] = (int)talk.facts.tcp.outcome;
    came.outcomes[1] = (int)talk.facts.identification.outcome;
    came.outcomes[2] = (int)talk.facts.handshake.outcome;
    came.outcomes[3] = (int)talk.facts.query.outcome * 10 + (int)talk.facts.query.stranger;
    came.outcomes[4] = (int)talk.facts.signature.outcome * 10 + (int)talk.facts.session.outcome;
    talk_close(&talk);
    spf_login_shared_free(shared);
    return came;
}

/* Which of the outcomes a group has. */
static int place_of(enum spf_group group)
{
    switch (group) {
    case SPF_GROUP_TCP:
        return 0;
    case SPF_GROUP_IDENTIFICATION:
        return 1;
    case SPF_GROUP_HANDSHAKE:
        return 2;
    case SPF_GROUP_QUERY:
        return 3;
    default:
        return group == SPF_GROUP_KNOWN_HOSTS ? 0 : 4;
    }
}

static void refuse_each(const struct place *place, enum manner manner, int every)
{
    const struct came usual = log_in(place, manner, -1, 0);

    ck_assert_msg(usual.failed == SPF_GROUP_COUNT, "%s", usual.failure.text);
    for (int function = 0; function < FUNCTION_COUNT; function++) {
        for (int call = 1 + function % every;; call += every) {
            const struct came came = log_in(place, manner, function, call);
            const int so_far = came.failed == SPF_GROUP_COUNT ? 5 : place_of(came.failed);

            if (calls < call) {
                break;
            }
            ck_assert_msg(came.failed == SPF_GROUP_COUNT || came.failure.cause == SPF_SYSTEM_ERROR,
                          "manner %d, %s %d: group %d failed: %s", (int)manner, names[function],
                          call, (int)came.failed, came.failure.text);
            for (int i = 0; i < so_far; i++) {
                ck_assert_msg(came.outcomes[i] == usual.outcomes[i],
                              "manner %d, %s %d: step %d: %d", (int)manner, names[function], call,
                              i, came.outcomes[i]);
            }
        }
    }
}

START_TEST(a_shortage_is_never_taken_for_an_answer)
{
    const char *every = getenv("SPF_SHORTAGE_EVERY");
    struct place place;
    pid_t agent;
    char *path;

    place_open(&place);
    path = text_of("%s/agent", place.dir);
    run("cd %s && ssh-keygen -q -t ed25519 -N '' -f key && ssh-keygen -q -t ed25519 -N '' -f ca && "
        "ssh-keygen -q -t ed25519 -N '' -f certified && "
        "ssh-keygen -q -s ca -I id -n $(id -un) certified.pub && cp key.pub authorized_keys",
        place.dir);
    agent = fork();
    if (agent == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void)!freopen("/dev/null", "w", stdout);
        (void)execlp("ssh-agent", "ssh-agent", "-D", "-a", path, (char *)NULL);
        _exit(127);
    }
    for (int64_t end = spf_now_ms() + UNIT_HANGS_MS;
         access(path, F_OK) != 0 && spf_now_ms() < end;) {
        (void)poll(NULL, 0, 10);
    }
    ck_assert_int_eq(setenv("SSH_AUTH_SOCK", path, 1), 0);
    /* its socket may be there before it listens */
    run("i=0; until ssh-add -q %s/key 2>/dev/null; do i=$((i + 1)); [ $i -lt 1000 ] || exit 1; "
        "done",
        place.dir);
    {
        char *config = text_of("TrustedUserCAKeys %s/ca.pub\nMaxStartups 1000", place.dir);

        start_sshd(&place, config);
        free(config);
    }
    (void)dl_iterate_phdr(find_text, NULL);
    for (int manner = 0; manner < MANNERS; manner++) {
        refuse_each(&place, (enum manner)manner, every != NULL ? atoi(every) : 16);
    }
    (void)kill(agent, SIGTERM);
    (void)waitpid(agent, NULL, 0);
    (void)unsetenv("SSH_AUTH_SOCK");
    free(path);
    place_close(&place);
}
END_TEST

int main(void)
{
    return unit_main("login shortage",
                     (const TTest *const[]){a_shortage_is_never_taken_for_an_answer, NULL});
}

#else /* a sanitizer has functions of its own in place of the system's */
int main(void)
{
    return 77;
}
#endif
