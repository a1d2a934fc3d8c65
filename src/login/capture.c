#include "login/capture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shortage.h"
#include "platform/sockets.h"

#define CAPTURE_MAX (4 << 20) /* bytes between two looks at it; a whole login takes 20 KiB */
#define FEW_BYTES   16384     /* that are copied; of more a mapping costs less */

/* ---- in memory ---------------------------------------------------------------------------- */

/* A file begins so (libssh's pcap.c); what spf_seen_read looks at is the first word. */
static const uint8_t file_header[24] = {0xa1, 0xb2, 0xc3, 0xd4};

static void forget(struct spf_capture *capture)
{
    free(capture->kept.bytes);
    capture->kept.bytes = NULL;
    capture->kept.len = capture->kept.room = 0;
}

static bool keep(struct spf_capture *capture, const void *bytes, size_t len)
{
    size_t room = capture->kept.room > 0 ? capture->kept.room : 1024;
    uint8_t *grown = capture->kept.bytes;

    while (room < capture->kept.len + len) {
        room *= 2;
    }
    if (room > capture->kept.room) {
        grown = realloc(capture->kept.bytes, room);
    }
    if (grown == NULL) {
        spf_ran_short();
        return false;
    }
    memcpy(grown + capture->kept.len, bytes, len);
    capture->kept.bytes = grown;
    capture->kept.room = room;
    capture->kept.len += len;
    return true;
}

static void take_written(void *owner, const void *bytes, size_t len)
{
    struct spf_capture *capture = owner;
    const bool is_first =
        capture->kept.bytes == NULL && capture->kept.written == capture->kept.read;
    const bool is_lost = capture->kept.bytes == NULL && !is_first;

    capture->kept.written += len;
    if (is_lost) {
        return;
    }
    if (capture->kept.written > 2 * CAPTURE_MAX ||
        (is_first && !keep(capture, file_header, sizeof file_header)) ||
        !keep(capture, bytes, len)) {
        forget(capture);
    }
}

void spf_capture_settle(struct spf_capture *capture)
{
    if (capture->kept.bytes != NULL) {
        spf_seen_read(&capture->seen, capture->kept.bytes, capture->kept.len);
        forget(capture);
        capture->kept.read = capture->kept.written;
    }
}

static void read_kept(struct spf_capture *capture)
{
    spf_capture_settle(capture);
    capture->kept.read = capture->kept.written = 0;
}

static FILE *first_member(ssh_pcap_file pcap)
{
    FILE *first;

    memcpy(&first, (const void *)pcap, sizeof first);
    return first;
}

static void note_end(void *owner)
{
    *(bool *)owner = true;
}

static void put_first(ssh_pcap_file pcap, FILE *stream)
{
    memcpy((void *)pcap, &stream, sizeof stream);
}

/*
 * libssh opens its capture by name, and nothing but to close it empties the stream's buffer: two
 * files opened and two system calls more at each look, 7 % of a login's CPU. In every release since
 * 0.5 the stream is what the capture begins with (pcap.c), though no header says so; so it is tried
 * first: there is none in a new one, one in an open one and none in a closed one, and libssh closes
 * what was put there.
 */
static bool begins_with_stream(void)
{
    ssh_pcap_file pcap = ssh_pcap_file_new();
    bool ended = false;
    FILE *stream = spf_stream_to(NULL, note_end, &ended);
    bool good = pcap != NULL && stream != NULL && first_member(pcap) == NULL &&
                ssh_pcap_file_open(pcap, "/dev/null") == SSH_OK && first_member(pcap) != NULL &&
                ssh_pcap_file_close(pcap) == SSH_OK && first_member(pcap) == NULL;

    if (good) {
        put_first(pcap, stream);
        good = ssh_pcap_file_close(pcap) == SSH_OK && ended && first_member(pcap) == NULL;
    } else if (stream != NULL) {
        (void)fclose(stream);
    }
    if (pcap != NULL) {
        ssh_pcap_file_free(pcap);
    }
    return good;
}

static bool takes_streams;

static void try_streams(void)
{
    takes_streams = begins_with_stream();
}

/* False: it has to be a file. */
static bool start_in_memory(struct spf_capture *capture)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    FILE *stream;

    (void)pthread_once(&once, try_streams);
    stream = takes_streams ? spf_stream_to(take_written, NULL, capture) : NULL;
    if (stream == NULL) {
        return false;
    }
    put_first(capture->pcap, stream);
    return true;
}

/* ---- in a file ---------------------------------------------------------------------------- */

static bool start_in_file(struct spf_capture *capture)
{
    char path[512];

    capture->fd = spf_scratch_open(path, sizeof path, &capture->named);
    capture->path = strdup(path);
    if (capture->path == NULL && capture->named) {
        (void)unlink(path);
    }
    return capture->fd >= 0 && capture->path != NULL &&
           ssh_pcap_file_open(capture->pcap, capture->path) == SSH_OK;
}

static void read_few(struct spf_capture *capture, size_t len)
{
    uint8_t bytes[FEW_BYTES];

    if (pread(capture->fd, bytes, len, 0) == (ssize_t)len) {
        spf_seen_read(&capture->seen, bytes, len);
    } else {
        spf_ran_short();
    }
}

static void read_many(struct spf_capture *capture, size_t len)
{
    void *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE, capture->fd, 0);

    if (bytes == MAP_FAILED) {
        spf_ran_short();
        return;
    }
    spf_seen_read(&capture->seen, bytes, len);
    (void)munmap(bytes, len);
}

/*
 * Closing the file flushes it, and opening it again empties it: libssh has no other way. Where one
 * of these fails, what the server said is not known, and the step comes to nothing.
 */
static void read_file(struct spf_capture *capture)
{
    struct stat stat;

    if (ssh_pcap_file_close(capture->pcap) != SSH_OK) {
        spf_ran_short();
        return;
    }
    capture->stale = false;
    if (fstat(capture->fd, &stat) != 0) {
        spf_ran_short();
    } else if (stat.st_size <= FEW_BYTES) {
        read_few(capture, (size_t)stat.st_size);
    } else if (stat.st_size <= 2 * CAPTURE_MAX) {
        read_many(capture, (size_t)stat.st_size);
    }
    if (ssh_pcap_file_open(capture->pcap, capture->path) != SSH_OK) {
        spf_ran_short();
    }
}

/* ------------------------------------------------------------------------------------------- */

bool spf_capture_start(struct spf_capture *capture, ssh_session session)
{
    capture->pcap = ssh_pcap_file_new();
    return capture->pcap != NULL && (start_in_memory(capture) || start_in_file(capture)) &&
           ssh_set_pcap_file(session, capture->pcap) == SSH_OK;
}

const struct spf_seen *spf_capture_seen(struct spf_capture *capture)
{
    if (!capture->stale) {
        return &capture->seen;
    }
    if (capture->fd >= 0) {
        read_file(capture);
    } else {
        capture->stale = false;
        read_kept(capture);
    }
    return &capture->seen;
}

bool spf_capture_is_bounded(const struct spf_capture *capture)
{
    struct stat stat;

    if (capture->fd < 0) {
        return capture->kept.written <= CAPTURE_MAX;
    }
    return fstat(capture->fd, &stat) != 0 || stat.st_size <= CAPTURE_MAX;
}

void spf_capture_end(struct spf_capture *capture)
{
    if (capture->pcap != NULL) {
        ssh_pcap_file_free(capture->pcap);
    }
    if (capture->fd >= 0) {
        (void)close(capture->fd);
    }
    if (capture->named && capture->path != NULL) {
        (void)unlink(capture->path);
    }
    free(capture->path);
    free(capture->kept.bytes);
    spf_seen_clear(&capture->seen);
}
