#pragma once

#include <stddef.h>
#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC; only differences mean anything. */
int64_t spf_now_ms(void);

/* Seconds since the epoch. */
int64_t spf_utc_now(void);

/* "2026-11-22T10:00:00Z"; out must have room for 21 bytes. */
#define SPF_UTC_SIZE 21
void spf_utc_format(int64_t utc, char out[SPF_UTC_SIZE]);

/*
 * Reads ISO 8601 UTC as the cloud writes it, with or without seconds or fractions
 * ("2017-12-10T04:04Z", "2026-11-22T10:00:00Z"). Returns -1 for anything else.
 */
int64_t spf_utc_parse(const char *text);

/* Later than any time and longer than any span that outside numbers may name, in seconds. */
#define SPF_SECONDS_MAX 1000000000000
