#include "login/capture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/shortage.h"
#include "platform/sockets.h"

#define CAPTURE_MAX (4l << 20) /* bytes between two looks at it; a whole login takes 20 KiB */
#define FEW_BYTES   16384      /* that are copied; of more a mapping costs less */

bool spf_capture_start(struct spf_capture *capture, ssh_session session)
{
    char path[512];

    capture->fd = spf_scratch_open(path, sizeof path, &capture->named);
    capture->path = strdup(path);
    capture->pcap = ssh_pcap_file_new();
    if (capture->path == NULL && capture->named) {
        (void)unlink(path);
    }
    return capture->fd >= 0 && capture->path != NULL && capture->pcap != NULL &&
           ssh_pcap_file_open(capture->pcap, capture->path) == SSH_OK &&
           ssh_set_pcap_file(session, capture->pcap) == SSH_OK;
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
const struct spf_seen *spf_capture_seen(struct spf_capture *capture)
{
    struct stat stat;

    if (!capture->stale) {
        return &capture->seen;
    }
    if (ssh_pcap_file_close(capture->pcap) != SSH_OK) {
        spf_ran_short();
        return &capture->seen;
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
    return &capture->seen;
}

bool spf_capture_is_bounded(const struct spf_capture *capture)
{
    struct stat stat;

    return capture->fd < 0 || fstat(capture->fd, &stat) != 0 || stat.st_size <= CAPTURE_MAX;
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
    spf_seen_clear(&capture->seen);
}
