#include "login/pcap.h"

#include <stdlib.h>
#include <string.h>

#include "base/shortage.h"
#include "base/text.h"
#include "base/wire.h"
#include "login/ssh_messages.h"

#define FILE_HEADER   24
#define PADDING_MIN   4
#define SENTENCE_MAX  255
#define BANNER_MAX    599
#define IP_TCP_HEADER 40 /* both without options, as libssh writes them */

static void keep_text(char *out, size_t size, struct spf_bytes text)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;

    memcpy(out, text.at, len);
    out[len] = '\0';
}

/* The string that comes next, if there is one. */
static void keep_string(char *out, size_t size, struct spf_reader *body)
{
    struct spf_bytes text = spf_reader_string(body);

    if (!body->bad) {
        keep_text(out, size, text);
    }
}

/* The same of one that seldom comes: it takes memory only then. */
static void keep_long_string(char **out, size_t max, struct spf_reader *body)
{
    struct spf_bytes text = spf_reader_string(body);
    char *copy;

    if (body->bad) {
        return;
    }
    copy = malloc((text.len < max ? text.len : max) + 1);
    if (copy == NULL) {
        spf_ran_short();
        return;
    }
    keep_text(copy, max + 1, text);
    free(*out);
    *out = copy;
}

/* A name-list is printable US-ASCII (RFC 4251 section 5); anything else in it is not kept. */
static void keep_names(char **out, struct spf_bytes names)
{
    char *copy;

    while (names.len > SPF_NAMES_MAX) {
        const uint8_t *comma = memrchr(names.at, ',', SPF_NAMES_MAX);

        names.len = comma != NULL ? (size_t)(comma - names.at) : 0;
    }
    copy = malloc(names.len + 1);
    if (copy == NULL) {
        return;
    }
    for (size_t i = 0; i < names.len; i++) {
        copy[i] = names.at[i] > ' ' && names.at[i] < 0x7f ? (char)names.at[i] : '?';
    }
    copy[names.len] = '\0';
    free(*out);
    *out = copy;
}

static void read_kexinit(char *offer[SPF_OFFER_LISTS], struct spf_reader body)
{
    (void)spf_reader_take(&body, 16); /* the cookie */
    for (int i = 0; i < SPF_OFFER_LISTS; i++) {
        struct spf_bytes names = spf_reader_string(&body);

        if (body.bad) {
            return;
        }
        keep_names(&offer[i], names);
    }
}

static void read_ext_info(struct spf_seen *seen, struct spf_reader body)
{
    uint32_t count = spf_reader_u32(&body);

    while (count-- > 0) {
        struct spf_bytes name = spf_reader_string(&body);
        struct spf_bytes value = spf_reader_string(&body);

        if (body.bad) {
            return;
        }
        if (spf_bytes_are(name, "server-sig-algs")) {
            keep_names(&seen->sig_algs, value);
        }
        if (spf_bytes_are(name, "publickey-hostbound@openssh.com")) {
            seen->hostbound = true;
        }
    }
}

/*
 * sshd says what it read beside the key: "FILE:LINE: key options: agent-forwarding command pty …"
 * (auth.c, auth_log_authopts; since 7.7). "expires" follows without a blank, up to 10.6 at least:
 * "commandexpires"; no other option begins with "command". Before 7.7 it was "Forced command." or,
 * before 5.7, "Forced command: …" (auth-options.c), and nothing where there is none. A message as
 * long as sshd's buffer was cut, and its options may be missing: it announces nothing.
 */
static void read_debug(struct spf_seen *seen, struct spf_reader body)
{
    static const char mark[] = "key options:";
    static const char command[] = "command";
    struct spf_bytes message;
    const char *options;
    char text[1000];

    (void)spf_reader_u8(&body); /* whether to display it */
    message = spf_reader_string(&body);
    if (body.bad || message.len >= sizeof text) {
        return;
    }
    keep_text(text, sizeof text, message);
    if (spf_starts_with(text, "Forced command")) {
        seen->key_options = seen->forced_command = true;
        return;
    }
    options = strstr(text, mark);
    if (options == NULL) {
        return;
    }
    seen->key_options = true;
    seen->options_settled = seen->accepted;
    seen->no_pty = true;
    for (options += strlen(mark); *options != '\0'; options += strcspn(options, " ")) {
        options += strspn(options, " ");
        if (spf_starts_with(options, command)) {
            seen->forced_command = true;
        }
        if (strcspn(options, " ") == 3 && spf_starts_with(options, "pty")) {
            seen->no_pty = false;
        }
    }
}

static void read_disconnect(struct spf_seen *seen, struct spf_reader body)
{
    uint32_t code = spf_reader_u32(&body);

    seen->disconnected = true;
    if (body.bad) {
        return;
    }
    seen->disconnect_code = code;
    keep_long_string(&seen->disconnect, SENTENCE_MAX, &body);
}

/* RFC 4254 section 4: the name of what is wanted, … */
static void read_global_request(struct spf_seen *seen, struct spf_reader body)
{
    if (seen->accepted && spf_bytes_are(spf_reader_string(&body), "hostkeys-00@openssh.com")) {
        seen->host_keys_shown = true;
    }
}

/* RFC 4254 section 5.1: our channel's number, a reason code, a text. */
static void read_refusal(struct spf_seen *seen, struct spf_reader body)
{
    seen->channel_refused = true;
    (void)spf_reader_take(&body, 8);
    keep_long_string(&seen->refusal, SENTENCE_MAX, &body);
}

static void count_message(struct spf_seen *seen, uint8_t type)
{
    if (type == SPF_MSG_IGNORE || type == SPF_MSG_DEBUG) {
        seen->filler = type;
        seen->fillers++;
    } else {
        seen->last = type;
        seen->fillers = 0;
    }
}

static void read_from_server(struct spf_seen *seen, uint8_t type, struct spf_reader body)
{
    count_message(seen, type);
    switch (type) {
    case SPF_MSG_KEXINIT:
        if (seen->server[0] == NULL && !seen->offers_over) {
            read_kexinit(seen->server, body);
        }
        break;
    case SPF_MSG_EXT_INFO:
        read_ext_info(seen, body);
        break;
    case SPF_MSG_DEBUG:
        read_debug(seen, body);
        break;
    case SPF_MSG_DISCONNECT:
        read_disconnect(seen, body);
        break;
    case SPF_MSG_USERAUTH_FAILURE:
        seen->request_sent = false;
        keep_string(seen->methods, sizeof seen->methods, &body);
        break;
    case SPF_MSG_USERAUTH_BANNER:
        keep_long_string(&seen->banner, BANNER_MAX, &body);
        break;
    case SPF_MSG_USERAUTH_PK_OK:
        seen->key_accepted = true;
        seen->request_sent = false;
        break;
    case SPF_MSG_USERAUTH_SUCCESS:
        seen->request_sent = false;
        seen->accepted = true;
        break;
    case SPF_MSG_GLOBAL_REQUEST:
        read_global_request(seen, body);
        break;
    case SPF_MSG_CHANNEL_OPEN_FAILURE:
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
 * so the first byte tells. What is no packet makes a bad reader.
 */
static struct spf_reader payload_of(struct spf_bytes packet)
{
    struct spf_reader reader = spf_reader(packet.at, packet.len);
    size_t padding;

    if (packet.len > 0 && packet.at[0] < PADDING_MIN) {
        (void)spf_reader_u32(&reader);
    }
    padding = spf_reader_u8(&reader);
    if (reader.left <= padding) { /* there is a type at least */
        reader.bad = true;
    }
    reader.left -= reader.bad ? reader.left : padding;
    return reader;
}

/*
 * RFC 4252 section 7: user, service, "publickey", signed or not, algorithm, … The second name is
 * the method of OpenSSH's PROTOCOL, section 3.1: the same and then the host key; libssh has it
 * since 0.12.
 */
static void read_request(struct spf_seen *seen, struct spf_reader body)
{
    struct spf_bytes method;

    seen->request_sent = true;
    (void)spf_reader_string(&body); /* the user */
    (void)spf_reader_string(&body); /* the service */
    method = spf_reader_string(&body);
    (void)spf_reader_u8(&body);
    if (spf_bytes_are(method, "publickey") ||
        spf_bytes_are(method, "publickey-hostbound-v00@openssh.com")) {
        keep_string(seen->algorithm, sizeof seen->algorithm, &body);
    }
}

static void read_packet(struct spf_seen *seen, struct spf_bytes packet, bool ours)
{
    struct spf_reader payload = payload_of(packet);
    uint8_t type = spf_reader_u8(&payload);

    if (packet.len >= 4 && memcmp(packet.at, "SSH-", 4) == 0) {
        return; /* an identification line */
    }
    if (payload.bad) {
        return;
    }
    seen->packets = true;
    if (!ours) {
        read_from_server(seen, type, payload);
    } else if (type == SPF_MSG_KEXINIT && seen->client[0] == NULL && !seen->offers_over) {
        read_kexinit(seen->client, payload);
    } else if (type == SPF_MSG_USERAUTH_REQUEST) {
        read_request(seen, payload);
    }
}

void spf_seen_read(struct spf_seen *seen, const uint8_t *file, size_t len)
{
    static const uint8_t magic[4] = {0xa1, 0xb2, 0xc3, 0xd4};
    struct spf_reader in = spf_reader(file, len);
    struct spf_bytes header = spf_reader_take(&in, FILE_HEADER);

    if (in.bad || memcmp(header.at, magic, sizeof magic) != 0) {
        return;
    }
    for (;;) {
        struct spf_bytes headers;
        struct spf_bytes packet;
        uint32_t kept;

        (void)spf_reader_take(&in, 8); /* when */
        kept = spf_reader_u32(&in);
        (void)spf_reader_u32(&in); /* how long it was before it was cut */
        headers = spf_reader_take(&in, IP_TCP_HEADER);
        if (in.bad || kept < IP_TCP_HEADER) {
            return;
        }
        packet = spf_reader_take(&in, kept - IP_TCP_HEADER);
        if (in.bad) {
            return;
        }
        /* The source port shows the direction, and the first packet of all is our identification.
         */
        if (!seen->port_known) {
            memcpy(seen->port, headers.at + 20, sizeof seen->port);
            seen->port_known = true;
        }
        read_packet(seen, packet, memcmp(seen->port, headers.at + 20, sizeof seen->port) == 0);
    }
}

void spf_seen_forget_offers(struct spf_seen *seen)
{
    for (int i = 0; i < SPF_OFFER_LISTS; i++) {
        free(seen->client[i]);
        seen->client[i] = NULL;
        if (i != SPF_OFFER_MACS_OUT) {
            free(seen->server[i]);
            seen->server[i] = NULL;
        }
    }
    seen->offers_over = true;
}

void spf_seen_clear(struct spf_seen *seen)
{
    free(seen->banner);
    free(seen->disconnect);
    free(seen->refusal);
    for (int i = 0; i < SPF_OFFER_LISTS; i++) {
        free(seen->server[i]);
        free(seen->client[i]);
    }
    free(seen->sig_algs);
    *seen = (struct spf_seen){0};
}
