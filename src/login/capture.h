#pragma once

#include <libssh/libssh.h>

#include "base/error.h"
#include "login/pcap.h"

/*
 * libssh's capture of a session's packets, decrypted: the only way to what libssh does not report.
 * In memory, or else in a file of its own that nobody else sees. Of one link, in its thread.
 */
struct spf_capture {
    ssh_pcap_file pcap;
    struct {
        uint8_t *bytes; /* NULL: none, or lost: there was no memory, or they are far too many */
        size_t len, room;
        size_t written; /* with those that are lost */
        size_t read;    /* of them, before those in bytes */
    } kept;             /* since the last look, where there is no file */
    int fd;             /* of the file behind it; -1: none */
    char *path;
    bool named; /* it has a name to be removed */
    bool stale; /* libssh may have written packets since seen was read: set by who calls libssh */
    struct spf_seen seen;
};

/* Of a capture that is all zero but for fd, and stays where it is. False: no memory, no file, or a
 * libssh without captures (WITH_PCAP). */
SPF_MUST_USE bool spf_capture_start(struct spf_capture *capture, ssh_session session);
/* What the packets say so far. */
const struct spf_seen *spf_capture_seen(struct spf_capture *capture);
/* The link is going to wait: what it holds until it is looked at takes no memory then. */
void spf_capture_settle(struct spf_capture *capture);
/* Is what was written since the last look still small enough to be read? */
bool spf_capture_is_bounded(const struct spf_capture *capture);
/* After its session. Takes one that was not started, or not to the end. */
void spf_capture_end(struct spf_capture *capture);
