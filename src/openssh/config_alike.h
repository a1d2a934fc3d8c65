#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/*
 * Does the user's ssh configuration say the same of several hosts and users? ssh itself names the
 * files that it reads, with -v. What decides is which of their Host lines match a host's name: of
 * two for which the same ones do, ssh says the same, unless there is a Match, or a value made of
 * tokens. Nothing else of the files is read here: what they say, `ssh -G` says.
 */

#define SPF_SSH_PATH_SIZE    1024
#define SPF_SSH_SECTIONS_MAX (64u * 1024)

enum spf_ssh_alike {
    SPF_SSH_UNLIKE,     /* nobody can tell of which others it says the same */
    SPF_SSH_OWN,        /* of this host it says what may be of no other; of others it may not */
    SPF_SSH_OF_SECTION, /* it says the same of all that the same sections are about */
};

/*
 * Pure: what a file's text says of the host, in doubt the lower of these. Appends the patterns of
 * its Host lines to sections, a line each. A ControlPath with tokens, which many have, does not
 * count: it is written to control_path, which holds "" or that of an earlier file, for
 * config_shared.h to expand. Which tokens count: those of values that some ssh prints expanded.
 */
enum spf_ssh_alike spf_ssh_config_read_sections(const char *text, size_t len, const char *host,
                                                struct spf_buf *sections,
                                                char control_path[SPF_SSH_PATH_SIZE]);

/*
 * log: all that `ssh -v -G` wrote to its standard error about the host, a C string. The same of all
 * files that it names; UNLIKE where one cannot be read here. sections has the cap
 * SPF_SSH_SECTIONS_MAX. Blocks no longer than ssh did, which has just read the same files.
 */
enum spf_ssh_alike spf_ssh_config_alike(const char *log, const char *host, struct spf_buf *sections,
                                        char control_path[SPF_SSH_PATH_SIZE]);

/* Pure: which of the sections are about the host, by their numbers. */
void spf_ssh_config_sections_of(const char *sections, const char *host, struct spf_buf *numbers);

/* Is a host or a user of this name one that every ssh takes as it stands? Some characters end an
 * ssh of 9.6, or make it read two words, whatever is configured. */
bool spf_ssh_config_can_be_shared(const char *name);

/* The first line of such a log that is not of -v, and its length; an empty one if there is none. */
const char *spf_ssh_config_complaint(const char *log, size_t *len);
