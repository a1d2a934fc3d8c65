#pragma once

#include "pipeline/check.h"

/*
 * What ssh.auth says where there is no algorithm to sign with: the server has only SHA-1 for RSA,
 * or wants none of this type. ssh 8.8 and later refuse in the same way ("no mutual signature
 * algorithm"). Pure.
 */

/* Evidence: what the server knows, and the ways out. */
void spf_algorithm_note(const struct spf_view *view, struct spf_result *result);
struct spf_opinion spf_algorithm_judge(const struct spf_view *view, struct spf_result *result);
