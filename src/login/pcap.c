#include "login/pcap.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define FILE_HEADER   24
#define PADDING_MIN   4
#define RECORD_HEADER 16
#define IP_TCP_HEADER 40 /* both without options, as libssh writes them */

enum message { /* RFC 4250 section 4.1.2 */
               MSG_DISCONNECT = 1,
               MSG_IGNORE = 2,
               MSG_DEBUG = 4,
               MSG_EXT_INFO = 7,
               MSG_KEXINIT = 20,
               MSG_USERAUTH_REQUEST = 50,
               MSG_USERAUTH_FAILURE = 51,
               MSG_USERAUTH_SUCCESS = 52,
               MSG_USERAUTH_BANNER = 53,
               MSG_USERAUTH_PK_OK = 60,
               MSG_GLOBAL_REQUEST = 80,
               MSG_CHANNEL_OPEN_FAILURE = 92,
};

/* What is left to read of something. */
struct input {
    const uint8_t *at;
    size_t len;
};

static bool take(struct input *in, size_t len, struct input *out)
{
    if (len > in->len)
        return false;
    *out = (struct input){in->at, len};
    *in = (struct input){in->at + len, in->len - len};
    return true;
}

static bool take_u32(struct input *in, uint32_t *value)
{
    struct input four;

    if (!take(in, 4, &four))
        return false;
    *value = (uint32_t)four.at[0] << 24 | (uint32_t)four.at[1] << 16 | (uint32_t)four.at[2] << 8 |
             four.at[3];
    return true;
}

static bool take_string(struct input *in, struct input *out)
{
    uint32_t len;

    return take_u32(in, &len) && take(in, len, out);
}

static bool is_word(struct input text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.at, word, text.len) == 0;
}

static void keep_text(char *out, size_t size, struct input text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;

    memcpy(out, text.at, len);
    out[len] = '\0';
}

/* A name-list is printable US-ASCII (RFC 4251 section 5); anything else in it is not kept. */
static void keep_names(char **out, struct input names)
{
    char *copy;

    while (names.len > SPF_NAMES_MAX) {
        const uint8_t *comma = memrchr(names.at, ',', SPF_NAMES_MAX);

        names.len = comma != NULL ? (size_t)(comma - names.at) : 0;
    }
    copy = malloc(names.len + 1);
    if (copy == NULL)
        return;
    for (size_t i = 0; i < names.len; i++)
        copy[i] = names.at[i] > ' ' && names.at[i] < 0x7f ? (char)names.at[i] : '?';
    copy[names.len] = '\0';
    free(*out);
    *out = copy;
}

static void read_kexinit(char *offer[SPF_OFFER_LISTS], struct input body)
{
    struct input part;

    if (!take(&body, 16, &part)) /* the cookie */
        return;
    for (int i = 0; i < SPF_OFFER_LISTS && take_string(&body, &part); i++)
        keep_names(&offer[i], part);
}

static void read_ext_info(struct spf_seen *seen, struct input body)
{
    struct input name, value;
    uint32_t count;

    if (!take_u32(&body, &count))
        return;
    while (count-- > 0 && take_string(&body, &name) && take_string(&body, &value)) {
        if (is_word(name, "server-sig-algs"))
            keep_names(&seen->sig_algs, value);
        if (is_word(name, "publickey-hostbound@openssh.com"))
            seen->hostbound = true;
    }
}

/*
 * sshd says what it read beside the key: "FILE:LINE: key options: agent-forwarding command pty …"
 * (auth.c, auth_log_authopts; since 7.7). "expires" follows without a blank, up to 10.6 at least:
 * "commandexpires"; no other option begins with "command". Before 7.7 it was "Forced command." or,
 * before 5.7, "Forced command: …" (auth-options.c), and nothing where there is none. A message as
 * long as sshd's buffer was cut, and its options may be missing: it announces nothing.
 */
static void read_debug(struct spf_seen *seen, struct input body)
{
    static const char mark[] = "key options:", command[] = "command";
    struct input ignored, message;
    const char *options;
    char text[1000];

    if (!take(&body, 1, &ignored) || !take_string(&body, &message) || message.len >= sizeof text)
        return;
    keep_text(text, sizeof text, message);
    if (spf_starts_with(text, "Forced command")) {
        seen->key_options = seen->forced_command = true;
        return;
    }
    options = strstr(text, mark);
    if (options == NULL)
        return;
    seen->key_options = true;
    seen->options_settled = seen->accepted;
    seen->no_pty = true;
    for (options += strlen(mark); *options != '\0'; options += strcspn(options, " ")) {
        options += strspn(options, " ");
        if (spf_starts_with(options, command))
            seen->forced_command = true;
        if (strcspn(options, " ") == 3 && spf_starts_with(options, "pty"))
            seen->no_pty = false;
    }
}

static void read_disconnect(struct spf_seen *seen, struct input body)
{
    struct input text;

    seen->disconnected = true;
    if (take_u32(&body, &seen->disconnect_code) && take_string(&body, &text))
        keep_text(seen->disconnect, sizeof seen->disconnect, text);
}

/* RFC 4254 section 4: the name of what is wanted, … */
static void read_global_request(struct spf_seen *seen, struct input body)
{
    struct input request;

    if (seen->accepted && take_string(&body, &request) &&
        is_word(request, "hostkeys-00@openssh.com"))
        seen->host_keys_shown = true;
}

/* RFC 4254 section 5.1: our channel's number, a reason code, a text. */
static void read_refusal(struct spf_seen *seen, struct input body)
{
    struct input numbers, text;

    seen->channel_refused = true;
    if (take(&body, 8, &numbers) && take_string(&body, &text))
        keep_text(seen->refusal, sizeof seen->refusal, text);
}

static void count_message(struct spf_seen *seen, uint8_t type)
{
    if (type == MSG_IGNORE || type == MSG_DEBUG) {
        seen->filler = type;
        seen->fillers++;
    } else {
        seen->last = type;
        seen->fillers = 0;
    }
}

static void read_from_server(struct spf_seen *seen, uint8_t type, struct input body)
{
    struct input text;

    count_message(seen, type);
    switch (type) {
    case MSG_KEXINIT:
        if (seen->server[0] == NULL)
            read_kexinit(seen->server, body);
        break;
    case MSG_EXT_INFO:
        read_ext_info(seen, body);
        break;
    case MSG_DEBUG:
        read_debug(seen, body);
        break;
    case MSG_DISCONNECT:
        read_disconnect(seen, body);
        break;
    case MSG_USERAUTH_FAILURE:
        seen->request_sent = false;
        if (take_string(&body, &text))
            keep_text(seen->methods, sizeof seen->methods, text);
        break;
    case MSG_USERAUTH_BANNER:
        if (take_string(&body, &text))
            keep_text(seen->banner, sizeof seen->banner, text);
        break;
    case MSG_USERAUTH_PK_OK:
        seen->key_accepted = true;
        seen->request_sent = false;
        break;
    case MSG_USERAUTH_SUCCESS:
        seen->request_sent = false;
        seen->accepted = true;
        break;
    case MSG_GLOBAL_REQUEST:
        read_global_request(seen, body);
        break;
    case MSG_CHANNEL_OPEN_FAILURE:
        read_refusal(seen, body);
        break;
    default:
        break;
    }
}

/*
 * A packet as libssh captures it: length, padding length, payload, padding (RFC 4253 section 6).
 * The length is missing from what comes where a MAC over the ciphertext was checked first, and is
 * four short in what goes out there. No padding is below four bytes and no length reaches 64 MiB,
 * so the first byte tells.
 */
static bool payload_of(struct input packet, struct input *payload)
{
    struct input part;
    uint32_t len;

    if (packet.len > 0 && packet.at[0] < PADDING_MIN && !take_u32(&packet, &len))
        return false;
    if (!take(&packet, 1, &part) || packet.len < (size_t)part.at[0] + 1)
        return false;
    return take(&packet, packet.len - part.at[0], payload);
}

/*
 * RFC 4252 section 7: user, service, "publickey", signed or not, algorithm, … The second name is
 * the method of OpenSSH's PROTOCOL, section 3.1: the same and then the host key; libssh has it
 * since 0.12.
 */
static void read_request(struct spf_seen *seen, struct input body)
{
    struct input user, service, method, ignored, algorithm;

    seen->request_sent = true;
    if (take_string(&body, &user) && take_string(&body, &service) && take_string(&body, &method) &&
        (is_word(method, "publickey") || is_word(method, "publickey-hostbound-v00@openssh.com")) &&
        take(&body, 1, &ignored) && take_string(&body, &algorithm))
        keep_text(seen->algorithm, sizeof seen->algorithm, algorithm);
}

static void read_packet(struct spf_seen *seen, struct input packet, bool ours)
{
    struct input payload, type;

    if (packet.len >= 4 && memcmp(packet.at, "SSH-", 4) == 0)
        return; /* an identification line */
    if (!payload_of(packet, &payload) || !take(&payload, 1, &type))
        return;
    seen->packets = true;
    if (!ours)
        read_from_server(seen, *type.at, payload);
    else if (*type.at == MSG_KEXINIT && seen->client[0] == NULL)
        read_kexinit(seen->client, payload);
    else if (*type.at == MSG_USERAUTH_REQUEST)
        read_request(seen, payload);
}

void spf_seen_read(struct spf_seen *seen, const uint8_t *file, size_t len)
{
    static const uint8_t magic[4] = {0xa1, 0xb2, 0xc3, 0xd4};
    struct input in = {file, len}, part;

    if (!take(&in, FILE_HEADER, &part) || memcmp(part.at, magic, sizeof magic) != 0)
        return;
    while (take(&in, RECORD_HEADER, &part)) {
        struct input times = part, headers, packet;
        uint32_t kept;

        if (!take(&times, 8, &part) || !take_u32(&times, &kept) || kept < IP_TCP_HEADER ||
            !take(&in, IP_TCP_HEADER, &headers) || !take(&in, kept - IP_TCP_HEADER, &packet))
            return;
        /* The source port shows the direction, and the first packet of all is our identification.
         */
        if (!seen->port_known) {
            memcpy(seen->port, headers.at + 20, sizeof seen->port);
            seen->port_known = true;
        }
        read_packet(seen, packet, memcmp(seen->port, headers.at + 20, sizeof seen->port) == 0);
    }
}

void spf_seen_clear(struct spf_seen *seen)
{
    for (int i = 0; i < SPF_OFFER_LISTS; i++) {
        free(seen->server[i]);
        free(seen->client[i]);
    }
    free(seen->sig_algs);
    *seen = (struct spf_seen){0};
}
