#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"

#define KEY_MAX        (1024 * 1024)
#define PASSPHRASE_MAX 4096

/* Waits until fd has something to read; false once stop_fd (-1: none) has. */
static bool may_read(int fd, int stop_fd)
{
    struct pollfd polls[2] = {{.fd = fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};

    while (poll(polls, 2, -1) < 0) {
        if (errno != EINTR)
            return true; /* read(2) will tell */
    }
    return polls[1].revents == 0;
}

/* Reads at most max bytes until the end, or until a line feed (which is left out) where asked. */
static struct spf_error read_bounded(int fd, int stop_fd, size_t max, bool one_line,
                                     const char *what, struct spf_secret **secret)
{
    struct spf_secret *read_so_far = spf_secret_alloc(max + 1);
    struct spf_error error = spf_ok();
    size_t len = 0;

    if (read_so_far == NULL)
        return spf_error(SPF_ERR_NOMEM, "out of memory");
    while (len <= max) {
        unsigned char *at = spf_secret_bytes(read_so_far) + len;
        ssize_t got;

        if (!may_read(fd, stop_fd))
            break;
        got = read(fd, at, one_line ? 1 : max + 1 - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            error = spf_error_sys(errno, what);
        if (got <= 0 || (one_line && *at == '\n'))
            break;
        len += (size_t)got;
    }
    if (error.code == SPF_OK && len > max)
        error = spf_error(SPF_ERR_TOO_BIG, "%s: more than %zu bytes", what, max);
    if (error.code != SPF_OK) {
        spf_secret_free(read_so_far);
        return error;
    }
    if (one_line && len > 0 && spf_secret_bytes(read_so_far)[len - 1] == '\r')
        len--;
    spf_secret_truncate(read_so_far, len);
    *secret = read_so_far;
    return spf_ok();
}

struct spf_error spf_read_pasted(int fd, struct spf_buf *text)
{
    char bytes[16384];

    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return spf_error_sys(errno, "standard input");
        if (got == 0)
            return spf_ok();
        spf_buf_add(text, bytes, (size_t)got);
        if (spf_buf_failed(text))
            return spf_error(SPF_ERR_TOO_BIG, "standard input is too long to be a pasted text");
    }
}

struct spf_error spf_read_key_from_stdin(int stop_fd, struct spf_secret **secret)
{
    return read_bounded(STDIN_FILENO, stop_fd, KEY_MAX, false, "standard input", secret);
}

struct spf_error spf_read_passphrase_file(const char *path, struct spf_secret **secret)
{
    char shown[120];
    struct spf_error error;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    spf_clean(shown, sizeof shown, path, strlen(path));
    if (fd < 0)
        return spf_error_sys(errno, shown);
    error = read_bounded(fd, -1, PASSPHRASE_MAX, true, shown, secret);
    (void)close(fd);
    return error;
}

struct spf_error spf_read_passphrase_environment(struct spf_secret **secret)
{
    char *value = getenv("SSHPREFLIGHT_PASSPHRASE");

    *secret = NULL;
    if (value == NULL || value[0] == '\0')
        return spf_ok();
    *secret = spf_secret_new(value, strlen(value));
    explicit_bzero(value, strlen(value));
    (void)unsetenv("SSHPREFLIGHT_PASSPHRASE");
    return *secret != NULL ? spf_ok() : spf_error(SPF_ERR_NOMEM, "out of memory");
}

struct spf_error spf_prompt_passphrase(int stop_fd, const char *key_path,
                                       struct spf_secret **secret)
{
    struct termios before, silent;
    char shown[120];
    struct spf_error error;
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

    *secret = NULL;
    if (tty < 0)
        return spf_ok();
    if (tcgetattr(tty, &before) != 0) {
        (void)close(tty);
        return spf_ok();
    }
    spf_clean(shown, sizeof shown, key_path, strlen(key_path));
    (void)dprintf(tty, "Passphrase for %s (Enter: go on without): ", shown);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(tty, TCSAFLUSH, &silent);
    error = read_bounded(tty, stop_fd, PASSPHRASE_MAX, true, "/dev/tty", secret);
    (void)tcsetattr(tty, TCSAFLUSH, &before);
    (void)dprintf(tty, "\n");
    (void)close(tty);
    if (error.code == SPF_OK && spf_secret_len(*secret) == 0) {
        spf_secret_free(*secret);
        *secret = NULL;
    }
    return error;
}
