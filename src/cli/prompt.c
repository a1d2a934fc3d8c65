#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "platform/files.h"

#define KEY_MAX        (1024 * 1024)
#define PASSPHRASE_MAX 4096

/* How long to wait for an input. */
struct patience {
    int stop_fd;      /* until this is readable; -1: none */
    unsigned seconds; /* so long at most; 0: no bound */
};

enum waited { READABLE, STOPPED, EXPIRED };

static enum waited wait_for(int fd, const struct patience *patience, int64_t since_ms)
{
    struct pollfd polls[2] = {{.fd = fd, .events = POLLIN},
                              {.fd = patience->stop_fd, .events = POLLIN}};
    int got;

    do {
        int64_t left = since_ms + (int64_t)patience->seconds * 1000 - spf_now_ms();

        if (patience->seconds == 0)
            left = -1;
        else if (left <= 0)
            return EXPIRED;
        got = poll(polls, 2, (int)left);
    } while (got == 0 || (got < 0 && errno == EINTR));
    return got > 0 && polls[1].revents != 0 ? STOPPED : READABLE; /* an error read(2) will tell */
}

/* Reads at most max bytes until the end, or until a line feed (which is left out) where asked. */
static struct spf_error read_bounded(int fd, const struct patience *patience, size_t max,
                                     bool one_line, const char *what, struct spf_secret **secret)
{
    struct spf_secret *read_so_far = spf_secret_alloc(max + 1);
    struct spf_error error = spf_ok();
    int64_t since_ms = spf_now_ms();
    size_t len = 0;

    if (read_so_far == NULL)
        return spf_error(SPF_ERR_NOMEM, "out of memory");
    while (len <= max) {
        unsigned char *at = spf_secret_bytes(read_so_far) + len;
        enum waited waited = wait_for(fd, patience, since_ms);
        ssize_t got;

        if (waited == EXPIRED)
            error =
                spf_error(SPF_ERR_TOO_BIG, "%s did not come to its end within %u s (--deadline)",
                          what, patience->seconds);
        if (waited != READABLE)
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

struct spf_error spf_read_key_from_stdin(int stop_fd, unsigned seconds, struct spf_secret **secret)
{
    const struct patience patience = {stop_fd, seconds};

    return read_bounded(STDIN_FILENO, &patience, KEY_MAX, false, "standard input (--key -)",
                        secret);
}

struct spf_error spf_read_passphrase_file(const char *path, unsigned seconds,
                                          struct spf_secret **secret)
{
    const struct patience patience = {-1, seconds};
    char shown[120];
    struct spf_error error;
    int fd = spf_open_to_read(path);

    spf_clean(shown, sizeof shown, path, strlen(path));
    if (fd < 0)
        return spf_error_sys(errno, shown);
    error = read_bounded(fd, &patience, PASSPHRASE_MAX, true, shown, secret);
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

/* Signals that come while the terminal is silent: it is restored before they do what they do. */
static const int caught[] = {SIGALRM, SIGHUP,  SIGINT,  SIGPIPE, SIGQUIT,
                             SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
#define CAUGHT (sizeof caught / sizeof *caught)

static volatile sig_atomic_t came[CAUGHT];

static void note_signal(int number)
{
    for (size_t i = 0; i < CAUGHT; i++)
        if (caught[i] == number)
            came[i] = 1;
}

/* One line without echo, by the rules of readpassphrase(3): one byte after the other, so that
 * nothing is left in a buffer; what does not fit is read and dropped. */
static bool read_line(int tty, const char *prompt, const sigset_t *waiting,
                      struct spf_secret *answer)
{
    struct pollfd poller = {.fd = tty, .events = POLLIN};
    struct termios before, silent;
    unsigned char *bytes = spf_secret_bytes(answer);
    size_t len = 0, room = spf_secret_len(answer) - 1;
    char c = '\0';
    ssize_t got;

    if (tcgetattr(tty, &before) != 0)
        return false;
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    if (tcsetattr(tty, TCSAFLUSH, &silent) != 0)
        return false;
    (void)dprintf(tty, "%s", prompt);
    /* Signals come while it waits and at no other time, so that none falls between two calls. */
    while ((got = ppoll(&poller, 1, NULL, waiting)) == 1 && (got = read(tty, &c, 1)) == 1 &&
           c != '\n' && c != '\r')
        if (len < room)
            bytes[len++] = (unsigned char)c;
    c = '\0';
    bytes[len] = '\0';
    (void)dprintf(tty, "\n");
    while (tcsetattr(tty, TCSAFLUSH, &before) != 0 && errno == EINTR && !came[CAUGHT - 1])
        continue; /* unless it is no longer ours: SIGTTOU */
    return got == 1;
}

/* Asks once. Signals that came meanwhile act afterwards, those too that the caller has blocked.
 * True: one of them stopped the process, and it goes on, so ask again. */
static bool ask_once(int tty, const char *prompt, struct spf_secret *answer, bool *answered)
{
    struct sigaction before[CAUGHT], note = {.sa_handler = note_signal}; /* no SA_RESTART */
    sigset_t ours, mask, waiting;
    bool again = false;

    (void)sigemptyset(&ours);
    for (size_t i = 0; i < CAUGHT; i++) {
        came[i] = 0;
        if (caught[i] != SIGTTIN && caught[i] != SIGTTOU) /* those stop what is in the background */
            (void)sigaddset(&ours, caught[i]);
        (void)sigaction(caught[i], &note, &before[i]);
        if (before[i].sa_handler == SIG_IGN)
            (void)sigaction(caught[i], &before[i], NULL); /* nohup(1) */
    }
    (void)sigprocmask(SIG_BLOCK, &ours, &mask);
    waiting = mask;
    for (size_t i = 0; i < CAUGHT; i++)
        (void)sigdelset(&waiting, caught[i]);
    *answered = read_line(tty, prompt, &waiting, answer);
    for (size_t i = 0; i < CAUGHT; i++)
        (void)sigaction(caught[i], &before[i], NULL);
    (void)sigprocmask(SIG_UNBLOCK, &ours, NULL);
    for (size_t i = 0; i < CAUGHT; i++) {
        if (!came[i])
            continue;
        (void)raise(caught[i]); /* now it does what it would have done */
        again |= caught[i] == SIGTSTP || caught[i] == SIGTTIN || caught[i] == SIGTTOU;
    }
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    return again;
}

struct spf_error spf_prompt_passphrase(const char *key_path, struct spf_secret **secret)
{
    struct spf_secret *answer = spf_secret_alloc(PASSPHRASE_MAX + 2);
    char shown[120], prompt[200];
    bool answered;
    size_t len;
    int tty;

    *secret = NULL;
    if (answer == NULL)
        return spf_error(SPF_ERR_NOMEM, "out of memory");
    spf_clean(shown, sizeof shown, key_path, strlen(key_path));
    (void)spf_format(prompt, sizeof prompt, "Passphrase for %s (Enter: go on without): ", shown);
    tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        spf_secret_free(answer);
        return spf_ok();
    }
    while (ask_once(tty, prompt, answer, &answered))
        continue;
    (void)close(tty);
    len = answered ? strlen(spf_secret_text(answer)) : 0;
    if (len == 0 || len > PASSPHRASE_MAX) {
        spf_secret_free(answer);
        return len == 0 ? spf_ok()
                        : spf_error(SPF_ERR_TOO_BIG, "the passphrase: more than %d bytes",
                                    PASSPHRASE_MAX);
    }
    spf_secret_truncate(answer, len);
    *secret = answer;
    return spf_ok();
}
