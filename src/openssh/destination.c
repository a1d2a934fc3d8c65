#include "openssh/destination.h"

#include <ctype.h>
#include <limits.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "platform/home.h"

/* What follows a jump host's colon, as ssh takes it (misc.c: a2port; nothing means 22). */
static bool is_port(const char *text, size_t len)
{
    char port[8];
    long number;
    char *end;

    if (len == 0) {
        return true;
    }
    if (len >= sizeof port) {
        return false;
    }
    memcpy(port, text, len);
    port[len] = '\0';
    if (!isdigit((unsigned char)port[0])) { /* "h:ssh" */
        return getservbyname(port, "tcp") != NULL;
    }
    number = strtol(port, &end, 10);
    return *end == '\0' && number >= 1 && number <= 65535;
}

static struct spf_error judge_hop(const char *hop, size_t len)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-@:[]";
    const char *end = hop + len;
    const char *at;
    const char *host;
    const char *colon = NULL;
    struct spf_error form =
        spf_usage("\"%.*s\" is not a valid jump host ([user@]host[:port])", (int)len, hop);
    size_t colons = 0;

    if (spf_starts_with(hop, "ssh://")) {
        hop += 6;
    }
    if (hop >= end || strspn(hop, allowed) < (size_t)(end - hop) || strchr("-@", hop[0]) != NULL) {
        return form;
    }
    at = memchr(hop, '@', (size_t)(end - hop));
    host = at != NULL ? at + 1 : hop;
    if (host >= end || strchr("-@", host[0]) != NULL) {
        return form;
    }
    if (host[0] == '[') {
        const char *close = memchr(host, ']', (size_t)(end - host));

        if (close == NULL || (close + 1 < end && close[1] != ':')) {
            return form;
        }
        colon = close + 1 < end ? close + 1 : NULL;
    } else {
        for (const char *c = host; c < end; c++) {
            colons += *c == ':';
            colon = *c == ':' ? c : colon;
        }
        if (colons > 1) {
            return spf_usage("\"%.*s\": an IPv6 address of a jump host stands in brackets, "
                             "[%.*s], its port after them: [::1]:22",
                             (int)(end - hop), hop, (int)(end - host), host);
        }
    }
    if (colon == host) {
        return form;
    }
    if (colon != NULL && !is_port(colon + 1, (size_t)(end - colon - 1))) {
        return spf_usage("\"%.*s\" is not a valid port of a jump host (1-65535)",
                         (int)(end - colon - 1), colon + 1);
    }
    return spf_ok();
}

struct spf_error spf_jump_hosts_check(const char *hosts)
{
    if (strlen(hosts) > 255) {
        return spf_usage("the jump hosts are longer than 255 bytes");
    }
    for (;;) {
        size_t len = strcspn(hosts, ",");
        struct spf_error error = judge_hop(hosts, len);

        if (error.code != SPF_OK || hosts[len] == '\0') {
            return error;
        }
        hosts += len + 1;
    }
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, tolower((unsigned char)c)) : NULL;

    return found != NULL ? (int)(found - digits) : -1;
}

/* In place (misc.c: urldecode). */
static bool url_decode(char *text)
{
    char *out = text;

    for (; *text != '\0'; text++) {
        if (*text == '%') {
            int high = hex_digit(text[1]);
            int low = high >= 0 ? hex_digit(text[2]) : -1;

            if (low < 0 || (high == 0 && low == 0)) {
                return false;
            }
            *out++ = (char)(high << 4 | low);
            text += 2;
        } else {
            *out++ = *text == '+' ? ' ' : *text;
        }
    }
    *out = '\0';
    return true;
}

/* As misc.c: valid_domain; an address in brackets is none. */
static bool is_domain(const char *host)
{
    if (!isalnum((unsigned char)host[0]) && host[0] != '_') {
        return false;
    }
    for (const char *c = host; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr(".-_", *c) == NULL) {
            return false;
        }
        if (c[0] == '.' && c[1] == '.') {
            return false;
        }
    }
    return true;
}

/* "[name]", which may precede a port, loses its brackets; other names stay (misc.c: hpdelim2,
 * cleanhostname). NULL: the brackets are no pair, or something else follows them. */
static char *leave_brackets(char *host)
{
    char *close = host[0] == '[' ? strchr(host, ']') : NULL;

    if (host[0] != '[') {
        return host;
    }
    if (close == NULL || (close[1] != '\0' && close[1] != ':')) {
        return NULL;
    }
    memmove(close, close + 1, strlen(close));
    return host + 1;
}

/* What follows ssh://; cut in place. */
static bool read_uri(char *rest, struct spf_login_place *place)
{
    char *at = strchr(rest, '@');
    char *host = at != NULL ? at + 1 : rest;
    char *slash;
    char *colon;

    slash = strchr(host, '/');
    if (slash != NULL && slash[1] != '\0') {
        return false; /* a path */
    }
    if (slash != NULL) {
        *slash = '\0';
    }
    host = leave_brackets(host);
    if (host == NULL) {
        return false;
    }
    colon = strchr(host, ':');
    if (colon != NULL) {
        char *end = colon + 1;
        long port = 0;

        *colon = '\0';
        if (colon[1] != '\0' && isdigit((unsigned char)colon[1])) {
            port = strtol(colon + 1, &end, 10);
        }
        if (*end != '\0' || (colon[1] != '\0' && (port < 1 || port > 65535))) {
            return false;
        }
        place->port = (uint16_t)port;
    }
    if (!is_domain(host)) {
        return false;
    }
    if (at != NULL) {
        *at = '\0';
        rest[strcspn(rest, ";")] = '\0'; /* parameters of the connection, which ssh ignores */
        if (rest[0] == '\0' || !url_decode(rest)) {
            return false;
        }
        place->user = rest;
    }
    place->host = host;
    return true;
}

static void read_plain(char *word, struct spf_login_place *place)
{
    char *at = strrchr(word, '@');
    char *host = word;
    size_t len;

    if (at != NULL) {
        *at = '\0';
        host = at + 1;
        place->user = word;
    }
    len = strlen(host);
    place->in_brackets = len > 2 && host[0] == '[' && host[len - 1] == ']';
    if (place->in_brackets) {
        host[len - 1] = '\0';
        host++;
    }
    place->host = host;
}

struct spf_error spf_login_place_read(const char *word, struct spf_login_place *place)
{
    static const char scheme[] = "ssh://";
    const bool uri = spf_starts_with(word, scheme);

    *place = (struct spf_login_place){.copy = strdup(uri ? word + strlen(scheme) : word)};
    if (place->copy == NULL) {
        return spf_no_memory();
    }
    if (!uri) {
        read_plain(place->copy, place);
        return spf_ok();
    }
    if (read_uri(place->copy, place)) {
        return spf_ok();
    }
    free(place->copy);
    place->copy = NULL;
    return spf_usage(
        "ssh does not take \"%s\": give ssh://[user@]host[:port], or the host alone and "
        "the port with -p",
        word);
}

/* The home of name, or of whoever runs this if it is empty. */
static bool home_of(const char *name, char home[PATH_MAX])
{
    struct passwd entry;
    struct passwd *found = NULL;
    char room[16384];

    if (name[0] == '\0') {
        return spf_home(home);
    }
    return getpwnam_r(name, &entry, room, sizeof room, &found) == 0 && found != NULL &&
           spf_copy_whole(home, PATH_MAX, entry.pw_dir);
}

struct spf_error spf_ssh_expand_home(const char *file, char **path)
{
    char name[256];
    char home[PATH_MAX];
    char whole[2 * PATH_MAX];
    size_t len = strcspn(file, "/");

    *path = NULL;
    if (file[0] != '~') {
        return spf_ok();
    }
    if (len > sizeof name) {
        return spf_usage("no user has the name that \"%s\" begins with", file);
    }
    memcpy(name, file + 1, len - 1);
    name[len - 1] = '\0';
    if (!home_of(name, home)) {
        return spf_usage(
            "\"%s\": ssh expands the ~, and there is no such user; a file of this name "
            "is ./%s",
            file, file);
    }
    if (!spf_format_whole(whole, sizeof whole, "%s%s", home, file + len)) {
        return spf_usage("the name of a file is too long");
    }
    *path = strdup(whole);
    return *path != NULL ? spf_ok() : spf_no_memory();
}
