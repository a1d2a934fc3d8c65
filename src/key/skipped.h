#pragma once

#include "pipeline/check.h"

/* A key file that ssh goes on without, as other keys may log in: how grave that is. */

/*
 * Of the command's -i, where ssh went on without the file and another key logged in: the checks of
 * the key are about that file all the same. NULL: the file is the one that was evaluated.
 */
const struct spf_skipped_file *spf_key_skipped(const struct spf_view *view);
/* What the checks of the key are about: that file, else the key that is evaluated. Borrowed. */
const struct spf_key_facts *spf_key_of(const struct spf_view *view);
const char *spf_key_path_of(const struct spf_view *view);

/*
 * A command of ssh goes on without a file that it can't use, and so does a configuration; it offers
 * the other keys of both and of the agent. What the server answers to these decides whether the
 * file keeps anybody out.
 */
bool spf_key_others_stand_in(const struct spf_view *view);

/* The finding with which a login goes on all the same is a warning. */
struct spf_opinion spf_key_stood_in(const struct spf_view *view, struct spf_result *result,
                                    struct spf_opinion opinion);
