#pragma once

#include "pipeline/check.h"

/*
 * What ssh.auth says where no key was given, and the server was asked about those that ssh would
 * offer, one after another on one connection. Pure.
 */

/* Evidence "keys": all of them in ssh's order, each with the server's answer. */
void spf_keys_note(const struct spf_view *view, struct spf_result *result);
/* The server accepted none. False: it was asked about one given key only. */
SPF_MUST_USE
bool spf_keys_judge_refusal(const struct spf_view *view, struct spf_result *result,
                            struct spf_opinion *opinion);
/* Names the accepted key and says what ssh does before it; nothing where one key was given. */
void spf_keys_say_accepted(const struct spf_view *view, struct spf_result *result);
/* How many keys ssh would offer before the accepted one, where a server usually cuts it off before
 * that; else 0. */
int64_t spf_keys_too_many(const struct spf_view *view);
