#pragma once

#include <stddef.h>

#include "base/loop.h"
#include "net/facts.h"

/*
 * How large may a packet be? Measured where a connection has come to a standstill, with at most
 * SPF_PATH_PROBES new ones to the same place; a run that gets on makes none.
 *
 * From us: a connection carries the start of one SSH packet in TCP segments of growing size, each
 * sent when the one before is acknowledged (SIOCOUTQ), until one is not. The next begins with the
 * largest size that passed and goes on in smaller steps, so that three find the limit to a byte or
 * two. The server sees a client that says who it is, begins an SSH_MSG_IGNORE and goes away.
 *
 * To us: before a login all that a server can be made to send is its own KEXINIT; TCP_MAXSEG cuts
 * it, and the limit is found by halving.
 *
 * A flow that is cut after so many bytes is distinguished from packets that are too large by the
 * bytes that passed: a cut meets every connection after as many.
 */
#define SPF_PATH_PROBES 3
/* What every IPv4 link must pass (RFC 791); nothing smaller is tried. */
#define SPF_PATH_LEAST 576

struct spf_path_probe;

/*
 * Makes close(2) send a reset. A FIN waits after the bytes that are lost, and the server, which
 * never learns of it, would keep one of its places for logins (MaxStartups) for us until
 * LoginGraceTime.
 */
void spf_path_abort_at_close(int fd);

/* The interface that has the socket's own address: its MTU decides how large our packets are, and
 * what we let the server send. "" if there is none. */
void spf_path_name_interface(int fd, struct spf_path_mtu *path);

/* Once, in the loop's thread: the path is filled. The probe may be freed here. */
typedef void spf_path_probed(void *owner);

/*
 * stalled: the socket that stands still, whose peer is asked, and flow what the kernel says of it.
 * greeting: our identification line, with CR LF; copied. path and owner outlive the probe. NULL
 * where there is nothing to measure (no TCP, or what is lost is too small for a limit), or no
 * memory.
 */
struct spf_path_probe *spf_path_probe_new(struct spf_loop *loop, int stalled,
                                          const struct spf_flow *flow, const char *greeting,
                                          size_t greeting_len, struct spf_path_mtu *path,
                                          spf_path_probed *done, void *owner);

/* done is not called any more. Takes NULL. */
void spf_path_probe_free(struct spf_path_probe *probe);
