#include "key/agent.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/shortage.h"
#include "platform/sockets.h"

enum {
    ANSWER_MAX = 256 << 10, /* OpenSSH's agent: MAX_AGENT_REPLY_LEN */
    WAIT_MS = 1000,
};

static const char of_putty[] = "that of PuTTY"; /* compared by its address */

const char *spf_agent_for(const char *agent, const struct spf_key_facts *key)
{
    return agent == NULL && spf_key_is_for_putty(key) ? of_putty : agent;
}

int spf_agent_connect(const char *path)
{
    if (path == NULL || path == of_putty) {
        path = spf_agent_default(path == of_putty);
    }
    return path != NULL ? spf_connect_local(path) : -1;
}

/* Exactly len octets before due_ms. */
static bool read_exactly(int fd, uint8_t *out, size_t len, int64_t due_ms)
{
    while (len > 0) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int64_t left = due_ms - spf_now_ms();
        ssize_t got;

        errno = 0;
        if (left <= 0 || poll(&ready, 1, (int)left) <= 0 || (got = read(fd, out, len)) <= 0) {
            spf_heed_errno(errno);
            return false;
        }
        out += got;
        len -= (size_t)got;
    }
    return true;
}

static bool read_keys(struct spf_reader reader, struct spf_agent_keys *keys)
{
    uint32_t count;

    if (spf_reader_u8(&reader) != SPF_AGENT_IDENTITIES_ANSWER) {
        return false;
    }
    count = spf_reader_u32(&reader);
    if (count > reader.left / 8) { /* two lengths each */
        return false;
    }
    keys->blobs = calloc(count > 0 ? count : 1, sizeof *keys->blobs);
    if (keys->blobs == NULL) {
        spf_ran_short();
    }
    while (keys->blobs != NULL && keys->count < count && !reader.bad) {
        keys->blobs[keys->count++] = spf_reader_string(&reader);
        spf_reader_string(&reader); /* the comment */
    }
    return keys->blobs != NULL && !reader.bad;
}

bool spf_agent_list(const char *path, struct spf_agent_keys *keys)
{
    static const uint8_t request[] = {0, 0, 0, 1, SPF_AGENT_REQUEST_IDENTITIES};
    const int64_t due_ms = spf_now_ms() + WAIT_MS;
    bool good = false;
    uint8_t head[4];
    size_t len;
    int fd;

    *keys = (struct spf_agent_keys){0};
    errno = 0;
    fd = spf_agent_connect(path);
    if (fd < 0) {
        spf_heed_errno(errno); /* an agent may be there all the same */
        return false;
    }
    if (send(fd, request, sizeof request, MSG_NOSIGNAL) != (ssize_t)sizeof request) {
        spf_heed_errno(errno);
    } else if (read_exactly(fd, head, sizeof head, due_ms)) {
        struct spf_reader reader = spf_reader(head, sizeof head);

        len = spf_reader_u32(&reader);
        keys->answer = len > 0 && len <= ANSWER_MAX ? malloc(len) : NULL;
        if (keys->answer == NULL && len > 0 && len <= ANSWER_MAX) {
            spf_ran_short();
        }
        good = keys->answer != NULL && read_exactly(fd, keys->answer, len, due_ms) &&
               read_keys(spf_reader(keys->answer, len), keys);
    }
    (void)close(fd);
    if (!good) {
        spf_agent_keys_clear(keys);
    }
    return good;
}

bool spf_agent_holds(const struct spf_agent_keys *keys, struct spf_bytes blob)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (blob.len > 0 && spf_bytes_equal(keys->blobs[i], blob)) {
            return true;
        }
    }
    return false;
}

void spf_agent_keys_clear(struct spf_agent_keys *keys)
{
    free(keys->blobs);
    free(keys->answer);
    *keys = (struct spf_agent_keys){0};
}

void spf_agent_ask_about(const char *agent, struct spf_key_facts *key)
{
    struct spf_agent_keys keys;
    uint8_t blob[8192];
    long len = 0;

    key->agent_keys = -1;
    if (!spf_agent_list(spf_agent_for(agent, key), &keys)) {
        return;
    }
    if (key->public_blob != NULL) {
        len = spf_base64_decode(key->public_blob, strlen(key->public_blob), blob, sizeof blob);
    }
    key->agent_keys = (int64_t)keys.count;
    key->in_agent = key->from_agent ||
                    spf_agent_holds(&keys, (struct spf_bytes){blob, len > 0 ? (size_t)len : 0});
    spf_agent_keys_clear(&keys);
}
