#include "login/mux.h"

#include "base/wire.h"

/* Of mux.c: what a client says, what a master does. */
enum {
    HELLO = 0x00000001,
    VERSION = 4,
    ALIVE_CHECK = 0x10000004,
    NEW_STDIO_FWD = 0x10000008,
    FAILURE = (int)0x80000003,
    IS_ALIVE = (int)0x80000005,
    SESSION_OPENED = (int)0x80000006,
};

#define REQUEST      1 /* its number: there is one on each connection */
#define REQUEST_ROOM 512
#define REPLY_MAX    4096 /* the longest has a few words of text */

/* Any other failure is the master's own. */
static const char peer_refused[] = "Session open refused by peer";

static void add_hello(struct spf_writer *out)
{
    spf_writer_u32(out, 8);
    spf_writer_u32(out, HELLO);
    spf_writer_u32(out, VERSION);
}

struct spf_secret *spf_mux_ask_alive(void)
{
    struct spf_writer out = spf_writer(REQUEST_ROOM);

    add_hello(&out);
    spf_writer_u32(&out, 8);
    spf_writer_u32(&out, ALIVE_CHECK);
    spf_writer_u32(&out, REQUEST);
    return spf_writer_take(&out);
}

struct spf_secret *spf_mux_ask_connection(const char *host, unsigned port)
{
    const struct spf_bytes name = spf_bytes_of(host);
    struct spf_writer out = spf_writer(REQUEST_ROOM);

    add_hello(&out);
    spf_writer_u32(&out, (uint32_t)(20 + name.len));
    spf_writer_u32(&out, NEW_STDIO_FWD);
    spf_writer_u32(&out, REQUEST);
    spf_writer_cstring(&out, ""); /* reserved */
    spf_writer_string(&out, name);
    spf_writer_u32(&out, port);
    return spf_writer_take(&out);
}

enum spf_mux_reply spf_mux_read(const void *bytes, size_t len, size_t *taken)
{
    struct spf_reader in = spf_reader(bytes, len);
    const uint32_t length = spf_reader_u32(&in);
    const uint32_t type = spf_reader_u32(&in);
    const uint32_t number = spf_reader_u32(&in); /* the version, or the request's */

    *taken = 0;
    if (len >= 4 && (length < 8 || length > REPLY_MAX)) {
        return SPF_MUX_STRANGE;
    }
    if (len < 4 || len - 4 < length) {
        return SPF_MUX_INCOMPLETE;
    }
    *taken = 4 + (size_t)length;
    if (type == HELLO) {
        return number == VERSION ? SPF_MUX_HELLO : SPF_MUX_STRANGE;
    }
    if (number != REQUEST) {
        return SPF_MUX_STRANGE;
    }
    switch ((int)type) {
    case IS_ALIVE:
        return SPF_MUX_ALIVE;
    case SESSION_OPENED:
        return SPF_MUX_OPENED;
    case FAILURE:
        return spf_bytes_are(spf_reader_string(&in), peer_refused) ? SPF_MUX_REFUSED
                                                                   : SPF_MUX_STRANGE;
    default:
        return SPF_MUX_STRANGE;
    }
}
