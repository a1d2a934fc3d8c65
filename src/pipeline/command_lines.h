#pragma once

#include "base/text.h"
#include "pipeline/check.h"

/* The command lines that repeat what was asked: ssh's own, and ours with something changed. */

/* The address that was or would be tried: connect(2)'s, else the one cloud.address chose; or NULL.
 */
const char *spf_address_of(const struct spf_view *view);
/* The host as given, else that address. */
const char *spf_host_of(const struct spf_view *view);

/*
 * Who else could be meant. The cloud's images log in as root, or as ecs-user where that was chosen;
 * a custom image ("m-…") has the user that its distribution's cloud images come with.
 */
const char *spf_usual_user(const struct spf_view *view);

/*
 * Appends the ssh line for the target. follows: what the template goes on with. False: a value does
 * not fit a command.
 */
bool spf_ssh_line(struct spf_buf *buf, const struct spf_view *view, const char *follows);

/* What a line to rerun changes, a set. */
enum {
    SPF_RERUN_WITHOUT_HOST = 1 << 0,
    SPF_RERUN_WITHOUT_USER = 1 << 1, /* the template goes on with "-l NAME" */
    SPF_RERUN_AS_OTHER_USER = 1 << 2,
    SPF_RERUN_AS_CONSOLE_USER = 1 << 3,    /* for whom the console shows this key installed */
    SPF_RERUN_WITH_SSH_CONFIG = 1 << 4,    /* the user's */
    SPF_RERUN_WITH_MATCHING_KEY = 1 << 5,  /* the one that --find-key found */
    SPF_RERUN_WITH_NEXT_KEY = 1 << 6,      /* the one that ssh would offer next */
    SPF_RERUN_WITH_COPY_AT_HOME = 1 << 7,  /* ~/.ssh/login-key, made before */
    SPF_RERUN_WITH_KEY_IN_A_FILE = 1 << 8, /* none where it came from standard input */
};

/*
 * Appends the sshpreflight line for the target. An option with which the template goes on takes the
 * place of the user's own. False: there is no such line here, or a value does not fit a command.
 */
bool spf_rerun_line(struct spf_buf *buf, const struct spf_view *view, unsigned changes,
                    const char *follows);
