/*
 * Authentication over a link: what is asked about a key, and by whom it signs. libssh's answers
 * become states (enum spf_link_state).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/text.h"
#include "base/wire.h"
#include "login/link_parts.h"
#include "platform/sockets.h"

static enum spf_link_state state_of_code(struct spf_link *link, int code)
{
    switch (code) {
    case SSH_AUTH_SUCCESS:
        return SPF_LINK_DONE;
    case SSH_AUTH_PARTIAL:
        return SPF_LINK_PARTIAL;
    case SSH_AUTH_DENIED:
        /* So libssh since 0.11 reports a disconnect, where 0.10 says "again". */
        if (!spf_link_is_alive(link)) {
            return SPF_LINK_ENDED;
        }
        /* libssh's own verdicts ("The key algorithm '..' is not allowed", RSA_MIN_SIZE, key type)
         * differ from the server's by their words alone. */
        return spf_starts_with(ssh_get_error(link->session), "Access denied") ? SPF_LINK_REFUSED
                                                                              : SPF_LINK_LOCAL;
    case SSH_AUTH_AGAIN:
        /* libssh may close the connection and still say "again" */
        return spf_link_is_alive(link) ? SPF_LINK_AGAIN : SPF_LINK_ENDED;
    default:
        return SPF_LINK_ENDED;
    }
}

static enum spf_link_state auth_state(struct spf_link *link, int code)
{
    const int errnum = errno;

    return spf_link_came(link, errnum, state_of_code(link, code));
}

enum spf_link_state spf_link_query(struct spf_link *link, const char *algorithm, const char *blob)
{
    const enum ssh_keytypes_e type = ssh_key_type_from_name(algorithm);

    if (link->query_key == NULL &&
        ssh_pki_import_pubkey_base64(blob, type, &link->query_key) != SSH_OK) {
        return type == SSH_KEYTYPE_UNKNOWN || type == SSH_KEYTYPE_DSS ? SPF_LINK_LOCAL
                                                                      : spf_link_lacks_memory();
    }
    spf_link_calls(link);
    return auth_state(link, ssh_userauth_try_publickey(link->session, link->user, link->query_key));
}

void spf_link_query_next(struct spf_link *link)
{
    ssh_key_free(link->query_key);
    ssh_key_free(link->certificate);
    link->query_key = link->certificate = NULL;
    link->query_left = false;
}

static bool generate(enum ssh_keytypes_e type, ssh_key *key)
{
#if LIBSSH_VERSION_INT >= SSH_VERSION_INT(0, 12, 0)
    return ssh_pki_generate_key(type, NULL, key) == SSH_OK;
#else
    return ssh_pki_generate(type, 0, key) == SSH_OK;
#endif
}

/* Of other types none is made. */
static bool has_strangers(const char *algorithm)
{
    return spf_starts_with(algorithm, "ecdsa-sha2-") || strcmp(algorithm, "ssh-ed25519") == 0 ||
           strcmp(algorithm, "ssh-rsa") == 0;
}

/* An ECDSA key must be a point of its curve; other blobs end with bytes that may be any. */
static bool make_stranger(const char *algorithm, const char *blob, ssh_key *key)
{
    enum ssh_keytypes_e type = ssh_key_type_from_name(algorithm);
    struct spf_buf text;
    uint8_t bytes[8192];
    long len;
    bool made;

    if (spf_starts_with(algorithm, "ecdsa-sha2-")) {
        return generate(type, key);
    }
    len = spf_base64_decode(blob, strlen(blob), bytes, sizeof bytes);
    if (len < 4 + 11 + 4 + 32 || getrandom(bytes + len - 32, 32, 0) != 32) {
        return false;
    }
    bytes[len - 1] |= 1; /* a modulus is odd */
    spf_buf_init(&text, 2 * sizeof bytes);
    spf_buf_add_base64(&text, bytes, (size_t)len, true);
    made = !spf_buf_failed(&text) && ssh_pki_import_pubkey_base64(text.data, type, key) == SSH_OK;
    spf_buf_clear(&text);
    return made;
}

enum spf_link_state spf_link_query_stranger(struct spf_link *link, const char *algorithm,
                                            const char *blob)
{
    if (!has_strangers(algorithm)) {
        return SPF_LINK_LOCAL;
    }
    if (link->stranger_key == NULL && !make_stranger(algorithm, blob, &link->stranger_key)) {
        return spf_link_lacks_memory();
    }
    spf_link_calls(link);
    return auth_state(link,
                      ssh_userauth_try_publickey(link->session, link->user, link->stranger_key));
}

enum spf_link_state spf_link_none(struct spf_link *link)
{
    spf_link_calls(link);
    return auth_state(link, ssh_userauth_none(link->session, link->user));
}

/* The blob begins with its type (PROTOCOL.certkeys), which is not the plain key's. Its reader has
 * found it whole (key/public.c). */
static enum ssh_keytypes_e type_of_certificate(const char *base64)
{
    uint8_t bytes[48]; /* of 64 characters; the longest type has 43 */
    const size_t len = strnlen(base64, 64);
    const long count = spf_base64_decode(base64, len, bytes, sizeof bytes);
    struct spf_reader in = spf_reader(bytes, count > 0 ? (size_t)count : 0);
    const struct spf_bytes type = spf_reader_string(&in);
    char name[sizeof bytes];

    spf_format(name, sizeof name, "%.*s", (int)type.len, (const char *)type.at);
    return ssh_key_type_from_name(name);
}

enum spf_link_state spf_link_query_certificate(struct spf_link *link,
                                               const struct spf_secret *certificate)
{
    const char *base64 = spf_secret_text(certificate);
    const enum ssh_keytypes_e type = type_of_certificate(base64);

    if (link->certificate == NULL &&
        ssh_pki_import_cert_base64(base64, type, &link->certificate) != SSH_OK) {
        return type == SSH_KEYTYPE_UNKNOWN || type == SSH_KEYTYPE_DSS_CERT01
                   ? SPF_LINK_LOCAL
                   : spf_link_lacks_memory();
    }
    spf_link_calls(link);
    return auth_state(link,
                      ssh_userauth_try_publickey(link->session, link->user, link->certificate));
}

enum spf_link_state spf_link_sign(struct spf_link *link, const struct spf_secret *key)
{
    if (link->sign_key == NULL &&
        (ssh_pki_import_privkey_base64(spf_secret_text(key), NULL, NULL, NULL, &link->sign_key) !=
             SSH_OK ||
         (link->certificate != NULL &&
          ssh_pki_copy_cert_to_privkey(link->certificate, link->sign_key) != SSH_OK))) {
        return spf_link_lacks_memory();
    }
    spf_link_calls(link);
    return auth_state(link, ssh_userauth_publickey(link->session, link->user, link->sign_key));
}

/* Takes in what has come, without taking the answer to the pending call from libssh. */
static void take_in(struct spf_link *link)
{
    ssh_event event = ssh_event_new();

    spf_link_calls(link);
    if (event == NULL) {
        return;
    }
    if (ssh_event_add_session(event, link->session) == SSH_OK) {
        (void)ssh_event_dopoll(event, 0);
        (void)ssh_event_remove_session(event, link->session);
    }
    (void)spf_link_came(link, errno, SPF_LINK_AGAIN);
    ssh_event_free(event);
}

/* What libssh has said to a placeholder goes to the server. False: not all of it; errno says why.
 */
static bool pass_on(int placeholder, int server)
{
    char words[4096];
    ssize_t len;

    while ((len = recv(placeholder, words, sizeof words, 0)) > 0) {
        errno = 0;
        /* all that went before was answered: there is room for this much */
        if (send(server, words, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT) != len) {
            return false;
        }
    }
    return len == 0 || errno == EAGAIN;
}

/*
 * The query, at a moment when libssh can read nothing: its words go to a placeholder socket, and
 * from there to the server. libssh looks for an answer in the call that sends, and would take one
 * that is fast.
 */
static enum spf_link_state query_unheard(struct spf_link *link, const char *algorithm,
                                         const char *blob)
{
    const int fd = spf_socket_descriptor((intptr_t)ssh_get_fd(link->session));
    const int server = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    enum spf_link_state state;
    int pair[2] = {-1, -1};

    if (server >= 0 &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0) {
        (void)dup3(pair[0], fd, O_CLOEXEC);
    }
    state = spf_link_query(link, algorithm, blob);
    if (pair[1] >= 0 && !pass_on(pair[1], server)) {
        state = spf_link_came(link, errno, SPF_LINK_ENDED);
    }
    if (pair[1] >= 0 && spf_socket_descriptor((intptr_t)ssh_get_fd(link->session)) == fd &&
        dup3(server, fd, O_CLOEXEC) < 0) {
        state = spf_link_lacks_memory();
    }
    for (int i = 0; i < 2 && pair[i] >= 0; i++) {
        (void)close(pair[i]);
    }
    if (server >= 0) {
        (void)close(server);
    }
    return state;
}

enum spf_link_state spf_link_query_for_agent(struct spf_link *link, const char *algorithm,
                                             const char *blob)
{
    const struct spf_seen *seen = spf_link_seen(link);
    enum spf_link_state state;

    if (!seen->packets) { /* no capture to see the answer in */
        return spf_link_query(link, algorithm, blob);
    }
    take_in(link);
    seen = spf_link_seen(link);
    if (!spf_link_is_alive(link)) {
        return spf_link_query(link, algorithm, blob);
    }
    if (link->query_left && seen->key_accepted) {
        return SPF_LINK_DONE;
    }
    if (link->query_left && seen->request_sent) {
        return SPF_LINK_AGAIN;
    }
    state = query_unheard(link, algorithm, blob);
    link->query_left = state == SPF_LINK_AGAIN && spf_link_seen(link)->request_sent;
    return state;
}

bool spf_link_use_agent(struct spf_link *link, int agent)
{
    /* libssh waits for the agent all the same; on Windows it would not see that it has to */
    (void)fcntl(agent, F_SETFL, 0);
    return ssh_set_agent_socket(link->session, (socket_t)spf_socket_handle(agent)) == SSH_OK;
}

enum spf_link_state spf_link_sign_by_agent(struct spf_link *link)
{
    spf_link_calls(link);
    return auth_state(link, ssh_userauth_agent(link->session, link->user));
}
