#include "cli/input.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/language.h"
#include "platform/files.h"

/* Waits until fd can be read: a pipe's writer may take its time, but not for ever. */
static struct spf_error wait_for(int fd, int stop_fd, int64_t until_ms)
{
    struct pollfd polls[2] = {{.fd = fd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
    int64_t left;
    int got;

    do {
        left = until_ms - spf_now_ms();
        got = left > 0 ? poll(polls, 2, (int)left) : 0;
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return spf_error_sys(errno, _("it cannot be waited for"));
    }
    if (got > 0 && polls[1].revents != 0) {
        return spf_error(SPF_ERR_INVALID, _("interrupted before it was read"));
    }
    return got > 0
               ? spf_ok()
               : spf_error(SPF_ERR_TOO_BIG, _("it did not come to its end in time (--deadline)"));
}

struct spf_error spf_input_read_from(int fd, int stop_fd, unsigned seconds, struct spf_buf *text)
{
    int64_t until_ms = spf_now_ms() + (int64_t)seconds * 1000;
    struct spf_error error = spf_ok();
    char bytes[16384];
    ssize_t got = 1;

    while (error.code == SPF_OK && got > 0) {
        error = wait_for(fd, stop_fd, until_ms);
        if (error.code != SPF_OK) {
            break;
        }
        got = read(fd, bytes, sizeof bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            got = 1;
        } else if (got < 0) {
            error = spf_error_sys(errno, _("it cannot be read"));
        } else {
            spf_buf_add(text, bytes, (size_t)got);
        }
        if (spf_buf_failed(text)) {
            error = spf_error(SPF_ERR_TOO_BIG, _("it is too large"));
        }
    }
    return error;
}

/* Opened once only: a FIFO's writer ends with its first reader. */
static struct spf_error open_input(const char *path, int *fd)
{
    *fd = strcmp(path, "-") == 0 ? STDIN_FILENO : spf_open_to_read(path);
    return *fd >= 0 ? spf_ok() : spf_error_sys(errno, _("it cannot be read"));
}

static void close_input(int fd)
{
    if (fd != STDIN_FILENO && fd >= 0) {
        (void)close(fd);
    }
}

struct spf_error spf_input_read(const char *path, int stop_fd, unsigned seconds,
                                struct spf_buf *text)
{
    int fd;
    struct spf_error error = open_input(path, &fd);

    if (error.code == SPF_OK) {
        error = spf_input_read_from(fd, stop_fd, seconds, text);
    }
    close_input(fd);
    return error;
}

#define LEDGER_MOST (256u * 1024 * 1024) /* bytes of one that comes through a pipe */

/* NULL: not a file on the disk, which can be read twice, or no memory. */
static FILE *regular_file(int fd)
{
    struct stat status;

    return fd != STDIN_FILENO && fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)
               ? fdopen(fd, "r")
               : NULL;
}

void spf_input_remarks(struct spf_buf *remarks, const char *shown)
{
    for (char *at = remarks->data, *line; (line = strsep(&at, "\n")) != NULL;) {
        if (line[0] != '\0') {
            (void)fprintf(stderr, "sshpreflight: %s %s\n", shown, line);
        }
    }
}

struct spf_error spf_input_ledger(const char *path, int stop_fd, unsigned seconds,
                                  bool may_be_empty, struct spf_ledger **ledger)
{
    int fd;
    struct spf_error error = open_input(path, &fd);
    FILE *file = regular_file(fd);
    struct spf_buf text;
    struct spf_buf remarks;
    char shown[100];

    spf_clean(shown, sizeof shown, path, strlen(path));
    if (strcmp(path, "-") == 0) {
        spf_copy(shown, sizeof shown, _("standard input"));
    }
    spf_buf_init(&remarks, 100000);
    spf_buf_init(&text, LEDGER_MOST);
    if (file != NULL) {
        error = spf_ledger_read(file, &remarks, ledger);
    } else if (error.code == SPF_OK) {
        error = spf_input_read_from(fd, stop_fd, seconds, &text);
        close_input(fd);
        if (error.code == SPF_OK) {
            error = spf_ledger_read_text(text.data, text.len, &remarks, ledger);
        }
    }
    if (error.code == SPF_OK && !may_be_empty && spf_ledger_runs(*ledger) == 0) {
        spf_ledger_free(*ledger);
        *ledger = NULL;
        error = spf_error(SPF_ERR_INVALID,
                          _("it is neither a record of sshpreflight nor lines of its ndjson"));
    }
    spf_input_remarks(&remarks, shown);
    spf_buf_clear(&text);
    spf_buf_clear(&remarks);
    return error.code == SPF_OK || error.code == SPF_ERR_NOMEM
               ? error
               : spf_usage("%s: %s", shown, error.text);
}
