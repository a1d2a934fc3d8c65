#pragma once

#include <stdbool.h>

#include "pipeline/target.h"

/*
 * "key,ssh.auth" to a set: ids, or what precedes a dot. False if a word names no check; *wrong
 * is then where it begins.
 */
bool spf_checks_parse(const char *list, spf_checks *checks, const char **wrong);
