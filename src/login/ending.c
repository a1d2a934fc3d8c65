#include "login/ending.h"

#include <string.h>

#include "base/language.h"
#include "base/text.h"
#include "login/ssh_messages.h"

#define FILLERS_MIN 20 /* fewer are no flood: sshd sends some SSH_MSG_DEBUG of its own */

static const struct {
    uint8_t type;
    const char *name;
} messages[] = {
    {SPF_MSG_DISCONNECT, "SSH_MSG_DISCONNECT"},
    {SPF_MSG_IGNORE, "SSH_MSG_IGNORE"},
    {SPF_MSG_UNIMPLEMENTED, "SSH_MSG_UNIMPLEMENTED"},
    {SPF_MSG_DEBUG, "SSH_MSG_DEBUG"},
    {SPF_MSG_SERVICE_ACCEPT, "SSH_MSG_SERVICE_ACCEPT"},
    {SPF_MSG_EXT_INFO, "SSH_MSG_EXT_INFO"},
    {SPF_MSG_KEXINIT, "SSH_MSG_KEXINIT"},
    {SPF_MSG_NEWKEYS, "SSH_MSG_NEWKEYS"},
    {SPF_MSG_KEX_REPLY, "key exchange reply"},
    {SPF_MSG_KEX_GEX_REPLY, "key exchange reply"},
    {SPF_MSG_USERAUTH_FAILURE, "SSH_MSG_USERAUTH_FAILURE"},
    {SPF_MSG_USERAUTH_SUCCESS, "SSH_MSG_USERAUTH_SUCCESS"},
    {SPF_MSG_USERAUTH_BANNER, "SSH_MSG_USERAUTH_BANNER"},
    {SPF_MSG_USERAUTH_PK_OK, "SSH_MSG_USERAUTH_PK_OK"},
    {SPF_MSG_GLOBAL_REQUEST, "SSH_MSG_GLOBAL_REQUEST"},
    {SPF_MSG_CHANNEL_OPEN_CONFIRMATION, "SSH_MSG_CHANNEL_OPEN_CONFIRMATION"},
    {SPF_MSG_CHANNEL_OPEN_FAILURE, "SSH_MSG_CHANNEL_OPEN_FAILURE"},
    {SPF_MSG_CHANNEL_WINDOW_ADJUST, "SSH_MSG_CHANNEL_WINDOW_ADJUST"},
    {SPF_MSG_CHANNEL_DATA, "SSH_MSG_CHANNEL_DATA"},
    {SPF_MSG_CHANNEL_EOF, "SSH_MSG_CHANNEL_EOF"},
    {SPF_MSG_CHANNEL_CLOSE, "SSH_MSG_CHANNEL_CLOSE"},
    {SPF_MSG_CHANNEL_REQUEST, "SSH_MSG_CHANNEL_REQUEST"},
    {SPF_MSG_CHANNEL_SUCCESS, "SSH_MSG_CHANNEL_SUCCESS"},
    {SPF_MSG_CHANNEL_FAILURE, "SSH_MSG_CHANNEL_FAILURE"},
};

static void name_message(uint8_t type, char *out, size_t size)
{
    spf_format(out, size, "message of type %u", (unsigned)type);
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        if (messages[i].type == type) {
            spf_copy(out, size, messages[i].name);
        }
    }
    if (type == 0) {
        out[0] = '\0';
    }
}

/* What libssh 0.10 says (packet.c, packet_crypt.c, socket.c, kex.c, dh.c, session.c), and what it
 * means; the first that fits. */
static const struct {
    const char *words;
    enum spf_ending_kind kind;
} phrases[] = {
    {"hostkey signature", SPF_ENDING_UNPROVED_HOST_KEY},
    {"Packet filter: rejected", SPF_ENDING_OUT_OF_TURN},
    {"Packet len too high", SPF_ENDING_NO_PACKET},
    {"Invalid padding", SPF_ENDING_NO_PACKET},
    {"Packet too short", SPF_ENDING_NO_PACKET},
    {"blocksize", SPF_ENDING_NO_PACKET},
    {"Decryption error", SPF_ENDING_BAD_MAC},
    {"HMAC error", SPF_ENDING_BAD_MAC},
    {"EVP_Decrypt", SPF_ENDING_BAD_MAC},
    {"Socket error: disconnected", SPF_ENDING_CLOSED},
    {"Connection reset", SPF_ENDING_RESET},
    {"Broken pipe", SPF_ENDING_RESET},
    {"Socket error: ", SPF_ENDING_BROKEN},
    {"kex error", SPF_ENDING_DAMAGED},
    {"in packet", SPF_ENDING_DAMAGED},
    {"kexinit", SPF_ENDING_DAMAGED},
    {"Invalid", SPF_ENDING_DAMAGED},
    {"Incorrect size", SPF_ENDING_DAMAGED},
    {"Couldn't find DH group", SPF_ENDING_DAMAGED},
    {"import", SPF_ENDING_DAMAGED},
    {"shared secret", SPF_ENDING_DAMAGED},
    {"X25519", SPF_ENDING_DAMAGED},
    {"peer key", SPF_ENDING_DAMAGED},
};

static enum spf_ending_kind kind_of(const struct spf_seen *seen, const char *library_says,
                                    bool closed)
{
    if (seen->channel_refused) {
        return SPF_ENDING_NO_CHANNEL; /* sshd hangs up after it */
    }
    if (seen->disconnected) {
        return SPF_ENDING_DISCONNECT;
    }
    if (seen->last == 51 && !seen->request_sent) {
        return SPF_ENDING_NONE; /* it is the answer */
    }
    if (seen->last == 100) {
        return SPF_ENDING_NO_COMMAND;
    }
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        if (strstr(library_says, phrases[i].words) != NULL) {
            return phrases[i].kind;
        }
    }
    return closed ? SPF_ENDING_CLOSED : SPF_ENDING_UNCLEAR;
}

struct spf_ending spf_ending_of(const struct spf_seen *seen, const char *library_says, bool closed)
{
    struct spf_ending ending = {.kind = kind_of(seen, library_says, closed)};

    name_message(seen->last, ending.last_message, sizeof ending.last_message);
    return ending;
}

struct spf_ending spf_standstill_of(const struct spf_seen *seen, bool without_end)
{
    struct spf_ending ending = {.kind = SPF_ENDING_SILENCE};

    name_message(seen->last, ending.last_message, sizeof ending.last_message);
    if (seen->fillers < FILLERS_MIN && !without_end) {
        return ending;
    }
    ending.kind = without_end ? SPF_ENDING_FLOOD : SPF_ENDING_FILLERS;
    ending.fillers = seen->fillers;
    name_message(seen->filler, ending.filler, sizeof ending.filler);
    return ending;
}

static void add_after(struct spf_buf *buf, const struct spf_ending *ending)
{
    spf_buf_addf(buf, _(" (after the server's %s)"),
                 ending->last_message[0] != '\0' ? ending->last_message : _("identification line"));
}

/* Those that need no more words than these; and after which message of the server, where that says
 * more. */
static const struct {
    const char *words;
    bool after;
} plain[SPF_ENDING_UNCLEAR + 1] = {
    [SPF_ENDING_CLOSED] = {N_("the server closed the connection"), true},
    [SPF_ENDING_RESET] = {N_("the connection was reset"), true},
    [SPF_ENDING_BROKEN] = {N_("the connection broke"), true},
    [SPF_ENDING_NO_PACKET] = {N_("the server sent bytes that are no SSH packet"), true},
    [SPF_ENDING_BAD_MAC] =
        {N_("a packet of the server failed the integrity check: it was badly made, "
            "or changed on the way"),
         true},
    [SPF_ENDING_UNPROVED_HOST_KEY] =
        {N_("the server shows a host key, but its signature does not prove that it "
            "holds that key"),
         false},
    [SPF_ENDING_NO_COMMAND] = {N_("the server opens a channel, but refuses to run a command in it"),
                               false},
    [SPF_ENDING_UNCLEAR] = {N_("the server sent something that the SSH library cannot go on with"),
                            true},
};

static void add_clause(struct spf_buf *buf, const struct spf_ending *ending, const char *error)
{
    const char *last = ending->last_message;

    if (plain[ending->kind].words != NULL) {
        spf_buf_addstr(buf, spf_tr(plain[ending->kind].words));
        if (plain[ending->kind].after) {
            add_after(buf, ending);
        }
        return;
    }
    switch (ending->kind) {
    case SPF_ENDING_DISCONNECT:
        spf_buf_addf(buf, _("the server disconnected%s%s"),
                     error[0] != '\0' ? _(" and said: ") : _(" without saying why"), error);
        return;
    case SPF_ENDING_OUT_OF_TURN:
        spf_buf_addf(buf, _("the server sent a message that cannot come here (%s)"),
                     last[0] != '\0' ? last : _("its first one"));
        return;
    case SPF_ENDING_DAMAGED:
        spf_buf_addf(buf, _("a message of the server is damaged (%s)"),
                     last[0] != '\0' ? last : _("its first one"));
        return;
    case SPF_ENDING_NO_CHANNEL:
        spf_buf_addf(buf, _("the server opens no channel for it%s%s"), error[0] != '\0' ? ": " : "",
                     error);
        return;
    case SPF_ENDING_FLOOD:
        spf_buf_addf(buf, _("the server sends %s%swithout end, and not what comes next"),
                     ending->filler, ending->filler[0] != '\0' ? " " : "");
        return;
    case SPF_ENDING_FILLERS:
        spf_buf_addf(buf, _("the server goes on sending %s (%lld by now), but not what comes next"),
                     ending->filler, (long long)ending->fillers);
        return;
    case SPF_ENDING_SILENCE:
        spf_buf_addf(buf, _("nothing came after the server's %s"),
                     last[0] != '\0' ? last : _("identification line"));
        return;
    default:
        return;
    }
}

void spf_ending_say(struct spf_result *result, const char *what, const struct spf_ending *ending,
                    const char *error)
{
    struct spf_buf buf;

    if (ending->kind == SPF_ENDING_NONE) {
        return;
    }
    spf_buf_init(&buf, SPF_SUMMARY_SIZE);
    spf_buf_addf(&buf, _("%s: "), spf_tr(what));
    add_clause(&buf, ending, error);
    if (!spf_buf_failed(&buf)) {
        spf_say(result, "%s", buf.data);
    }
    spf_buf_clear(&buf);
    spf_note_text(result, "last_message",
                  ending->last_message[0] != '\0' ? ending->last_message : NULL);
    spf_note_text(result, "error", error[0] != '\0' ? error : NULL);
}

void spf_ending_say_late(const struct spf_view *view, struct spf_result *result, const char *what,
                         const struct spf_ending *ending, const char *error)
{
    unsigned seconds = (view->target->timeout_ms + 999) / 1000;
    char late[260];
    char said[SPF_SUMMARY_SIZE];

    if (ending->kind != SPF_ENDING_SILENCE && ending->kind != SPF_ENDING_FILLERS) {
        spf_ending_say(result, what, ending, error);
        return;
    }
    spf_format(late, sizeof late, _("%s within %u s (--timeout); ssh itself goes on waiting"),
               spf_tr(what), seconds);
    spf_ending_say(result, late, ending, error);
    spf_flow_explain(&ending->flow, ending->path.outcome == SPF_PATH_FINE, late, sizeof late);
    if (ending->kind == SPF_ENDING_SILENCE && late[0] != '\0') {
        spf_copy(said, sizeof said, result->summary);
        spf_say(result, "%s%s", said, late);
    }
    spf_note_number(result, "waited_s", seconds);
}
