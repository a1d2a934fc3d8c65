#include "cli/prompt.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/language.h"
#include "base/text.h"
#include "platform/files.h"
#include "platform/terminal.h"

#define KEY_MAX        (1024 * 1024)
#define PASSPHRASE_MAX 4096

/* How long to wait for an input. */
struct limit {
    int stop_fd;      /* until this is readable; -1: none */
    unsigned seconds; /* so long at most; 0: no bound */
};

enum waited { READABLE, STOPPED, EXPIRED };

static enum waited wait_for(int fd, const struct limit *limit, int64_t since_ms)
{
    struct pollfd polls[2] = {{.fd = fd, .events = POLLIN},
                              {.fd = limit->stop_fd, .events = POLLIN}};
    int got;

    do {
        int64_t left = since_ms + (int64_t)limit->seconds * 1000 - spf_now_ms();

        if (limit->seconds == 0) {
            left = -1;
        } else if (left <= 0) {
            return EXPIRED;
        }
        got = poll(polls, 2, (int)left);
    } while (got == 0 || (got < 0 && errno == EINTR));
    return got > 0 && polls[1].revents != 0 ? STOPPED : READABLE; /* an error read(2) will tell */
}

/* Reads at most max bytes until the end, or until a line feed (which is left out) where asked. */
static struct spf_error read_bounded(int fd, const struct limit *limit, size_t max, bool one_line,
                                     const char *what, struct spf_secret **secret)
{
    struct spf_secret *read_so_far = spf_secret_alloc(max + 1);
    struct spf_error error = spf_ok();
    int64_t since_ms = spf_now_ms();
    size_t len = 0;

    if (read_so_far == NULL) {
        return spf_no_memory();
    }
    while (len <= max) {
        unsigned char *at = spf_secret_bytes(read_so_far) + len;
        enum waited waited = wait_for(fd, limit, since_ms);
        ssize_t got;

        if (waited == EXPIRED) {
            error =
                spf_error(SPF_ERR_TOO_BIG, _("%s did not come to its end within %u s (--deadline)"),
                          what, limit->seconds);
        } else if (waited == STOPPED) { /* what came is not all */
            error = spf_error(SPF_ERR_INVALID, _("%s: interrupted before it was read"), what);
        }
        if (waited != READABLE) {
            break;
        }
        got = read(fd, at, one_line ? 1 : max + 1 - len);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            error = spf_error_sys(errno, what);
        }
        if (got <= 0 || (one_line && *at == '\n')) {
            break;
        }
        len += (size_t)got;
    }
    if (error.code == SPF_OK && len > max) {
        error = spf_error(SPF_ERR_TOO_BIG, _("%s: more than %zu bytes"), what, max);
    }
    if (error.code != SPF_OK) {
        spf_secret_free(read_so_far);
        return error;
    }
    if (one_line && len > 0 && spf_secret_bytes(read_so_far)[len - 1] == '\r') {
        len--;
    }
    spf_secret_truncate(read_so_far, len);
    *secret = read_so_far;
    return spf_ok();
}

struct spf_error spf_read_key_from_stdin(int stop_fd, unsigned seconds, struct spf_secret **secret)
{
    const struct limit limit = {stop_fd, seconds};

    return read_bounded(STDIN_FILENO, &limit, KEY_MAX, false, _("standard input (--key -)"),
                        secret);
}

struct spf_error spf_read_passphrase_file(const char *path, int stop_fd, unsigned seconds,
                                          struct spf_secret **secret)
{
    const struct limit limit = {stop_fd, seconds};
    char shown[120];
    struct spf_error error;
    int fd = spf_open_to_read(path);

    spf_clean(shown, sizeof shown, path, strlen(path));
    if (fd < 0) {
        return spf_error_sys(errno, shown);
    }
    error = read_bounded(fd, &limit, PASSPHRASE_MAX, true, shown, secret);
    (void)close(fd);
    return error;
}

struct spf_error spf_read_passphrase_environment(struct spf_secret **secret)
{
    char *value = getenv("SSHPREFLIGHT_PASSPHRASE");

    *secret = NULL;
    if (value == NULL || value[0] == '\0') {
        return spf_ok();
    }
    *secret = spf_secret_new(value, strlen(value));
    explicit_bzero(value, strlen(value));
    (void)unsetenv("SSHPREFLIGHT_PASSPHRASE");
    return *secret != NULL ? spf_ok() : spf_no_memory();
}

struct spf_error spf_prompt_passphrase(const char *key_path, struct spf_secret **secret)
{
    struct spf_secret *answer = spf_secret_alloc(PASSPHRASE_MAX + 2);
    char shown[120];
    char prompt[200];
    size_t len = 0;

    *secret = NULL;
    if (answer == NULL) {
        return spf_no_memory();
    }
    spf_clean(shown, sizeof shown, key_path, strlen(key_path));
    spf_format(prompt, sizeof prompt, _("Passphrase for %s (Enter: go on without): "), shown);
    if (spf_terminal_ask(prompt, (char *)spf_secret_bytes(answer), spf_secret_len(answer))) {
        len = strlen(spf_secret_text(answer));
    }
    if (len == 0 || len > PASSPHRASE_MAX) {
        spf_secret_free(answer);
        return len == 0 ? spf_ok()
                        : spf_error(SPF_ERR_TOO_BIG, _("the passphrase: more than %d bytes"),
                                    PASSPHRASE_MAX);
    }
    spf_secret_truncate(answer, len);
    *secret = answer;
    return spf_ok();
}
