#include "base/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

int64_t spf_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t spf_utc_now(void)
{
    return (int64_t)time(NULL);
}

void spf_utc_format(int64_t utc, char out[SPF_UTC_SIZE])
{
    time_t seconds = (time_t)utc;
    struct tm tm;

    if (gmtime_r(&seconds, &tm) == NULL ||
        strftime(out, SPF_UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        out[0] = '\0';
    }
}

/* Reads exactly `digits` decimal digits; -1 if there are fewer. */
static int number(const char **text, int digits)
{
    int value = 0;

    for (int i = 0; i < digits; i++, (*text)++) {
        if (**text < '0' || **text > '9') {
            return -1;
        }
        value = value * 10 + (**text - '0');
    }
    return value;
}

static bool skip(const char **text, char c)
{
    if (**text != c) {
        return false;
    }
    (*text)++;
    return true;
}

int64_t spf_utc_parse(const char *text)
{
    struct tm tm = {0};

    tm.tm_year = number(&text, 4);
    if (tm.tm_year < 1970 || !skip(&text, '-')) {
        return -1;
    }
    tm.tm_year -= 1900;
    tm.tm_mon = number(&text, 2) - 1;
    if (tm.tm_mon < 0 || tm.tm_mon > 11 || !skip(&text, '-')) {
        return -1;
    }
    tm.tm_mday = number(&text, 2);
    if (tm.tm_mday < 1 || tm.tm_mday > 31 || !skip(&text, 'T')) {
        return -1;
    }
    tm.tm_hour = number(&text, 2);
    if (tm.tm_hour < 0 || tm.tm_hour > 24 || !skip(&text, ':')) {
        return -1;
    }
    tm.tm_min = number(&text, 2);
    if (tm.tm_min < 0 || tm.tm_min > 59) {
        return -1;
    }
    if (skip(&text, ':')) {
        tm.tm_sec = number(&text, 2);
        if (tm.tm_sec < 0 || tm.tm_sec > 60) {
            return -1;
        }
        if (skip(&text, '.')) {
            text += strspn(text, "0123456789");
        }
    }
    return strcmp(text, "Z") == 0 ? (int64_t)timegm(&tm) : -1;
}
