#include "platform/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

const char *const spf_terminal_end = "Ctrl-D";

void spf_terminal_init(void)
{
    (void)setlocale(LC_CTYPE, "");
}

bool spf_terminal_is_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int spf_terminal_width(int fd)
{
    struct winsize size = {0};

    if (isatty(fd) != 1) {
        return 0;
    }
    return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

bool spf_terminal_obeys(int fd)
{
    const char *term = getenv("TERM");

    return isatty(fd) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

/* Signals that come while the terminal is silent: it is restored before they do what they do. */
static const int caught[] = {SIGALRM, SIGHUP,  SIGINT,  SIGPIPE, SIGQUIT,
                             SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
#define CAUGHT (sizeof caught / sizeof *caught)

static volatile sig_atomic_t came[CAUGHT];

static void note_signal(int number)
{
    for (size_t i = 0; i < CAUGHT; i++) {
        if (caught[i] == number) {
            came[i] = 1;
        }
    }
}

/* One line without echo, by the rules of readpassphrase(3): one byte after the other, so that
 * nothing is left in a buffer; what does not fit is read and dropped. */
static bool read_line(int tty, const char *prompt, const sigset_t *waiting, char *answer,
                      size_t room)
{
    struct pollfd poller = {.fd = tty, .events = POLLIN};
    struct termios before;
    struct termios silent;
    size_t len = 0;
    char c = '\0';
    ssize_t got;

    if (tcgetattr(tty, &before) != 0) {
        return false;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    if (tcsetattr(tty, TCSAFLUSH, &silent) != 0) {
        return false;
    }
    (void)dprintf(tty, "%s", prompt);
    /* Signals come while it waits and at no other time, so that none falls between two calls. */
    while ((got = ppoll(&poller, 1, NULL, waiting)) == 1 && (got = read(tty, &c, 1)) == 1 &&
           c != '\n' && c != '\r') {
        if (len + 1 < room) {
            answer[len++] = c;
        }
    }
    c = '\0';
    answer[len] = '\0';
    (void)dprintf(tty, "\n");
    while (tcsetattr(tty, TCSAFLUSH, &before) != 0 && errno == EINTR && !came[CAUGHT - 1]) {
        continue; /* unless it is no longer ours: SIGTTOU */
    }
    return got == 1;
}

/* Asks once. Signals that came meanwhile act afterwards, those too that the caller has blocked.
 * True: one of them stopped the process, and it goes on, so ask again. */
static bool ask_once(int tty, const char *prompt, char *answer, size_t room, bool *answered)
{
    struct sigaction before[CAUGHT];
    struct sigaction note = {.sa_handler = note_signal}; /* no SA_RESTART */
    sigset_t ours;
    sigset_t mask;
    sigset_t waiting;
    bool again = false;

    (void)sigemptyset(&ours);
    for (size_t i = 0; i < CAUGHT; i++) {
        came[i] = 0;
        if (caught[i] != SIGTTIN &&
            caught[i] != SIGTTOU) { /* those stop what is in the background */
            (void)sigaddset(&ours, caught[i]);
        }
        (void)sigaction(caught[i], &note, &before[i]);
        if (before[i].sa_handler == SIG_IGN) {
            (void)sigaction(caught[i], &before[i], NULL); /* nohup(1) */
        }
    }
    (void)sigprocmask(SIG_BLOCK, &ours, &mask);
    waiting = mask;
    for (size_t i = 0; i < CAUGHT; i++) {
        (void)sigdelset(&waiting, caught[i]);
    }
    *answered = read_line(tty, prompt, &waiting, answer, room);
    for (size_t i = 0; i < CAUGHT; i++) {
        (void)sigaction(caught[i], &before[i], NULL);
    }
    (void)sigprocmask(SIG_UNBLOCK, &ours, NULL);
    for (size_t i = 0; i < CAUGHT; i++) {
        if (!came[i]) {
            continue;
        }
        (void)raise(caught[i]); /* now it does what it would have done */
        again |= caught[i] == SIGTSTP || caught[i] == SIGTTIN || caught[i] == SIGTTOU;
    }
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    return again;
}

bool spf_terminal_ask(const char *prompt, char *answer, size_t room)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    bool answered;

    if (tty < 0) {
        return false;
    }
    while (ask_once(tty, prompt, answer, room, &answered)) {
        continue;
    }
    (void)close(tty);
    return answered;
}
