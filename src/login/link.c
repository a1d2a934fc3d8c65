#include "login/link.h"

#include <errno.h>
#include <libssh/libssh.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/fingerprint.h"
#include "base/shortage.h"
#include "base/text.h"
#include "login/link_parts.h"
#include "login/offers.h"
#include "login/placeholder.h"
#include "platform/sockets.h"

#define HEAR_MS 20 /* loopback takes its time on some systems */

/*
 * Nothing of this machine's configuration may have a say: no configuration files, no known_hosts
 * (to order host keys is our business), no agent; and nothing that ssh would not offer.
 */
static bool set_options(ssh_session session, int near_end)
{
    const socket_t fd = (socket_t)spf_socket_handle(near_end);
    const int no = 0;
    const struct {
        enum ssh_options_e option;
        const void *value;
    } options[] = {
        {SSH_OPTIONS_PROCESS_CONFIG, &no},
        {SSH_OPTIONS_USER, "nobody"}, /* any: else libssh asks the system who we are */
        {SSH_OPTIONS_FD, &fd},
        {SSH_OPTIONS_SSH_DIR, "/nonexistent"}, /* as before: else it asks for our home */
        {SSH_OPTIONS_KNOWNHOSTS, "/dev/null"},
        {SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null"},
        {SSH_OPTIONS_COMPRESSION, "no"},
        {SSH_OPTIONS_KEY_EXCHANGE, spf_openssh_offer[SPF_OFFER_KEX]},
        {SSH_OPTIONS_HOSTKEYS, spf_openssh_offer[SPF_OFFER_HOST_KEYS]},
        {SSH_OPTIONS_CIPHERS_C_S, spf_openssh_offer[SPF_OFFER_CIPHERS_OUT]},
        {SSH_OPTIONS_CIPHERS_S_C, spf_openssh_offer[SPF_OFFER_CIPHERS_IN]},
        {SSH_OPTIONS_HMAC_C_S, spf_openssh_offer[SPF_OFFER_MACS_OUT]},
        {SSH_OPTIONS_HMAC_S_C, spf_openssh_offer[SPF_OFFER_MACS_IN]},
        {SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, spf_openssh_signatures},
    };

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (ssh_options_set(session, options[i].option, options[i].value) != SSH_OK) {
            return false;
        }
    }
    ssh_set_blocking(session, 0);
    return true;
}

/* Lets libssh speak its identification into the placeholder, and takes it from there. */
static bool take_identification(struct spf_link *link, int far_end)
{
    struct pollfd poller = {.fd = far_end, .events = POLLIN};
    char text[256];

    for (int i = 0; i < 8; i++) {
        ssize_t len;

        if (ssh_connect(link->session) == SSH_ERROR) {
            return false;
        }
        len = recv(far_end, text, sizeof text, 0);
        if (len > 0) {
            link->identification = strndup(text, (size_t)len);
            return link->identification != NULL;
        }
        (void)poll(&poller, 1, HEAR_MS);
    }
    return false;
}

/* Where libssh speaks to until there is a connection: pair[0] is its own; false: no descriptor. */
static bool open_placeholder(struct spf_link *link, struct spf_login_shared *shared, int pair[2])
{
    pair[0] = shared != NULL ? spf_login_shared_placeholder(shared, &pair[1]) : -1;
    if (pair[0] >= 0) {
        return true;
    }
    if (!spf_placeholder_open(pair)) {
        return false;
    }
    link->far_end = pair[1];
    return true;
}

bool spf_link_captures(void)
{
    ssh_pcap_file pcap = ssh_pcap_file_new();
    bool captures = pcap != NULL;

    if (captures) {
        ssh_pcap_file_free(pcap);
    }
    return captures;
}

struct spf_link *spf_link_new(const char *user, struct spf_login_shared *shared)
{
    struct spf_link *link = calloc(1, sizeof *link);
    int pair[2];
    bool good;

    if (link == NULL) {
        return NULL;
    }
    link->capture.fd = link->far_end = -1;
    (void)ssh_set_log_level(SSH_LOG_NONE);
    link->session = ssh_new();
    link->user = strdup(user);
    if (link->session == NULL || link->user == NULL || !open_placeholder(link, shared, pair)) {
        spf_link_free(link);
        return NULL;
    }
    if (set_options(link->session, pair[0])) {
        good =
            spf_capture_start(&link->capture, link->session) && take_identification(link, pair[1]);
    } else {
        good = false;
        (void)close(pair[0]);
    }
    if (good) {
        return link;
    }
    spf_link_free(link);
    return NULL;
}

void spf_link_free(struct spf_link *link)
{
    if (link == NULL) {
        return;
    }
    ssh_key_free(link->query_key);
    ssh_key_free(link->stranger_key);
    ssh_key_free(link->certificate);
    ssh_key_free(link->sign_key);
    if (link->session != NULL) {
        int fd = spf_socket_descriptor((intptr_t)ssh_get_fd(link->session));

        /* With goodbye libssh leaves the descriptor open, without it does not. */
        if (link->shaken && ssh_is_connected(link->session)) {
            ssh_disconnect(link->session);
        } else {
            fd = -1;
        }
        ssh_free(link->session);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    if (link->far_end >= 0) {
        (void)close(link->far_end);
    }
    spf_capture_end(&link->capture);
    free(link->identification);
    free(link->user);
    free(link);
}

const char *spf_link_identification(const struct spf_link *link, size_t *len)
{
    *len = strlen(link->identification);
    return link->identification;
}

int spf_link_attach(struct spf_link *link, int fd)
{
    return spf_socket_hand_over(spf_socket_descriptor((intptr_t)ssh_get_fd(link->session)),
                                &link->far_end, fd);
}

short spf_link_events(struct spf_link *link)
{
    spf_capture_settle(&link->capture);
    return ssh_get_poll_flags(link->session) & SSH_WRITE_PENDING ? POLLIN | POLLOUT : POLLIN;
}

/* libssh denies a list that has nothing that it knows; any other failure is a shortage, but that of
 * an empty list. */
static bool set_names(struct spf_link *link, enum ssh_options_e option, const char *names)
{
    if (ssh_options_set(link->session, option, names) == SSH_OK) {
        return true;
    }
    if (names != NULL && names[0] != '\0' &&
        ssh_get_error_code(link->session) != SSH_REQUEST_DENIED) {
        spf_ran_short();
    }
    return false;
}

bool spf_link_offer(struct spf_link *link, const char *const offers[SPF_OFFER_LISTS],
                    const char *accepted)
{
    static const enum ssh_options_e options[SPF_OFFER_LISTS] = {
        [SPF_OFFER_KEX] = SSH_OPTIONS_KEY_EXCHANGE,
        [SPF_OFFER_HOST_KEYS] = SSH_OPTIONS_HOSTKEYS,
        [SPF_OFFER_CIPHERS_OUT] = SSH_OPTIONS_CIPHERS_C_S,
        [SPF_OFFER_CIPHERS_IN] = SSH_OPTIONS_CIPHERS_S_C,
        [SPF_OFFER_MACS_OUT] = SSH_OPTIONS_HMAC_C_S,
        [SPF_OFFER_MACS_IN] = SSH_OPTIONS_HMAC_S_C,
    };
    struct spf_buf modern;
    bool good = true;

    for (int i = 0; good && i < SPF_OFFER_LISTS; i++) {
        good = set_names(link, options[i], offers[i]);
    }
    if (accepted == NULL || !good) {
        return good;
    }
    spf_buf_init(&modern, 4096);
    for (size_t len; *accepted != '\0'; accepted += len, accepted += *accepted == ',') {
        len = strcspn(accepted, ",");
        if (len == 7 && strncmp(accepted, "ssh-rsa", len) == 0) {
            continue;
        }
        if (modern.len > 0) {
            spf_buf_addch(&modern, ',');
        }
        spf_buf_add(&modern, accepted, len);
    }
    good = set_names(link, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, modern.data);
    spf_buf_clear(&modern);
    return good;
}

bool spf_link_prefer(struct spf_link *link, const char *host_key_algorithms)
{
    return ssh_options_set(link->session, SSH_OPTIONS_HOSTKEYS, host_key_algorithms) == SSH_OK;
}

void spf_link_calls(struct spf_link *link)
{
    link->capture.stale = true;
    errno = 0;
}

enum spf_link_state spf_link_came(struct spf_link *link, int errnum, enum spf_link_state state)
{
    const bool answered =
        state == SPF_LINK_DONE || state == SPF_LINK_REFUSED || state == SPF_LINK_PARTIAL;

    link->ran_short = !answered && (link->ran_short || spf_errno_is_shortage(errnum));
    return state;
}

bool spf_link_ran_short(const struct spf_link *link)
{
    return link->ran_short;
}

enum spf_link_state spf_link_handshake(struct spf_link *link)
{
    int code;

    spf_link_calls(link);
    code = ssh_connect(link->session);
    link->shaken |= code == SSH_OK;
    return spf_link_came(link, errno,
                         code == SSH_OK      ? SPF_LINK_DONE
                         : code == SSH_AGAIN ? SPF_LINK_AGAIN
                                             : SPF_LINK_ENDED);
}

static void copy_name(char *out, size_t size, const char *name)
{
    spf_clean(out, size, name != NULL ? name : "", name != NULL ? strlen(name) : 0);
}

bool spf_link_describe(struct spf_link *link, struct spf_handshake_facts *facts)
{
    ssh_session session = link->session;
    ssh_key key = NULL;
    char *base64 = NULL;
    uint8_t blob[16384];
    long len = -1;

    copy_name(facts->kex, sizeof facts->kex, ssh_get_kex_algo(session));
    copy_name(facts->cipher_in, sizeof facts->cipher_in, ssh_get_cipher_in(session));
    copy_name(facts->cipher_out, sizeof facts->cipher_out, ssh_get_cipher_out(session));
    copy_name(facts->mac_in, sizeof facts->mac_in, ssh_get_hmac_in(session));
    copy_name(facts->mac_out, sizeof facts->mac_out, ssh_get_hmac_out(session));
    if (ssh_get_server_publickey(session, &key) == SSH_OK &&
        ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK) {
        facts->host_key_blob = strdup(base64);
        len = spf_base64_decode(base64, strlen(base64), blob, sizeof blob);
    }
    if (len > 0) {
        spf_fingerprint_sha256((struct spf_bytes){blob, (size_t)len}, facts->host_key_sha256,
                               sizeof facts->host_key_sha256);
    }
    ssh_string_free_char(base64);
    ssh_key_free(key);
    return len > 0 && facts->host_key_blob != NULL;
}

/* A packet that cannot be read is an error to libssh, but it keeps the connection and says "again".
 */
bool spf_link_is_alive(const struct spf_link *link)
{
    return ssh_is_connected(link->session) &&
           (ssh_get_status(link->session) & (SSH_CLOSED | SSH_CLOSED_ERROR)) == 0;
}

void spf_link_pad(struct spf_link *link, size_t len)
{
    char *text = malloc(len + 1);

    spf_link_calls(link);
    if (text == NULL) {
        return;
    }
    memset(text, ' ', len);
    text[len] = '\0';
    (void)ssh_send_ignore(link->session, text); /* a failure shows with what follows */
    (void)spf_link_came(link, errno, SPF_LINK_AGAIN);
    free(text);
}

enum spf_link_state spf_link_lacks_memory(void)
{
    spf_ran_short();
    return SPF_LINK_LOCAL;
}

static enum spf_link_state state_of_code(struct spf_link *link, int code)
{
    if (code == SSH_OK) {
        return SPF_LINK_DONE;
    }
    if (spf_link_is_alive(link)) {
        return code == SSH_AGAIN ? SPF_LINK_AGAIN : SPF_LINK_REFUSED;
    }
    /* sshd hangs up on the early command of a channel that it has refused */
    return spf_link_seen(link)->channel_refused ? SPF_LINK_REFUSED : SPF_LINK_ENDED;
}

static enum spf_link_state channel_state(struct spf_link *link, int code)
{
    const int errnum = errno;

    return spf_link_came(link, errnum, state_of_code(link, code));
}

enum spf_link_state spf_link_open(struct spf_link *link)
{
    if (link->channel == NULL) {
        link->channel = ssh_channel_new(link->session);
    }
    if (link->channel == NULL) {
        return spf_link_lacks_memory();
    }
    spf_link_calls(link);
    return channel_state(link, ssh_channel_open_session(link->channel));
}

enum spf_link_state spf_link_exec(struct spf_link *link, const char *command)
{
    enum spf_link_state state;

    spf_link_calls(link);
    state = channel_state(link, ssh_channel_request_exec(link->channel, command));
    /* sent early, for a channel that was refused then: libssh would wait on */
    return state == SPF_LINK_AGAIN && spf_link_seen(link)->channel_refused ? SPF_LINK_REFUSED
                                                                           : state;
}

/* Has it been said how the command ended? status: -1 where it was by a signal. Reads from the
 * socket, if need be, but no further than that: what libssh 0.11 knows it does not wait for. */
static bool has_exited(ssh_channel channel, int *status)
{
#if LIBSSH_VERSION_INT >= SSH_VERSION_INT(0, 11, 0)
    uint32_t code = 0;
    const bool is_known = ssh_channel_get_exit_state(channel, &code, NULL, NULL) == SSH_OK;

    *status = is_known ? (int)code : -1;
    return is_known;
#else
    *status = ssh_channel_get_exit_status(channel);
    return *status >= 0;
#endif
}

enum spf_link_state spf_link_sftp(struct spf_link *link)
{
    spf_link_calls(link);
    return channel_state(link, ssh_channel_request_subsystem(link->channel, "sftp"));
}

enum spf_link_state spf_link_output(struct spf_link *link, char *out, size_t size, size_t *len,
                                    size_t *errors, int *exit_status)
{
    spf_link_calls(link);
    *len = 0;
    *exit_status = -1;
    /* To look at one stream makes libssh read from the socket, for either. */
    for (int turn = 0; turn < 3; turn++) {
        const int is_stderr = turn == 1;
        int got = 1;

        while (*len < size && got > 0) {
            got = ssh_channel_read_nonblocking(link->channel, out + *len, (uint32_t)(size - *len),
                                               is_stderr);
            if (got > 0) {
                *len += (size_t)got;
            }
            *errors += got > 0 && is_stderr != 0 ? (size_t)got : 0;
        }
    }
    (void)spf_link_came(link, errno, SPF_LINK_AGAIN);
    if (!spf_link_is_alive(link)) {
        return SPF_LINK_ENDED;
    }
    if (!ssh_channel_is_eof(link->channel)) {
        return SPF_LINK_AGAIN;
    }
    /* After EOF libssh reads no further for our reading; asking for the status makes it. */
    return has_exited(link->channel, exit_status) || ssh_channel_is_closed(link->channel)
               ? SPF_LINK_DONE
               : SPF_LINK_AGAIN;
}

const struct spf_seen *spf_link_seen(struct spf_link *link)
{
    return spf_capture_seen(&link->capture);
}

void spf_link_forget_offers(struct spf_link *link)
{
    spf_seen_forget_offers(&link->capture.seen);
}

bool spf_link_is_bounded(const struct spf_link *link)
{
    return spf_capture_is_bounded(&link->capture);
}

const char *spf_link_error(struct spf_link *link)
{
    return ssh_get_error(link->session);
}
