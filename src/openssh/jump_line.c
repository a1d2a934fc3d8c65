#include "openssh/jump_line.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "platform/child.h"
#include "platform/home.h"

#define LINE_MAX_BYTES ((size_t)64 * 1024)

struct words {
    char *word[SPF_JUMP_WORDS_MAX + 1];
    size_t count;
    bool failed;
};

static void add(struct words *words, const char *fmt, ...) SPF_PRINTF(2, 3);
static void add(struct words *words, const char *fmt, ...)
{
    struct spf_buf buf;
    va_list args;

    spf_buf_init(&buf, LINE_MAX_BYTES);
    va_start(args, fmt);
    spf_buf_vaddf(&buf, fmt, args);
    va_end(args);
    if (words->count < SPF_JUMP_WORDS_MAX &&
        (words->word[words->count] = spf_buf_take(&buf)) != NULL) {
        words->count++;
    } else {
        words->failed = true;
    }
    spf_buf_clear(&buf);
}

void spf_jump_split(const char *name, struct spf_jump_place *place)
{
    const char *host;
    const char *end;
    const char *at;
    size_t len;

    *place = (struct spf_jump_place){{0}, {0}, {0}};
    name += spf_starts_with(name, "ssh://") ? 6 : 0;
    at = strrchr(name, '@');
    host = at != NULL ? at + 1 : name;
    if (at != NULL) {
        spf_format(place->user, sizeof place->user, "%.*s", (int)(at - name), name);
    }
    end = host[0] == '[' ? strchr(host, ']') : NULL;
    if (end != NULL && (end[1] == ':' || end[1] == '\0')) {
        spf_format(place->host, sizeof place->host, "%.*s", (int)(end - host - 1), host + 1);
        end++;
    } else {
        end = strchr(host, ':');
        if (end == NULL || strchr(end + 1, ':') != NULL) {
            end = host + strlen(host);
        }
        spf_format(place->host, sizeof place->host, "%.*s", (int)(end - host), host);
    }
    if (*end == ':') {
        spf_copy(place->port, sizeof place->port, end + 1);
    }
    len = strlen(place->host);
    if (len > 2 && strchr("\"'", place->host[0]) != NULL &&
        place->host[len - 1] == place->host[0]) {
        memmove(place->host, place->host + 1, len - 2);
        place->host[len - 2] = '\0';
    }
}

/* The files in which a jump host's key may stand; before them where a new key is written to. */
static void add_known_hosts(struct words *words, const struct spf_target *target,
                            const struct spf_ssh_hop *hop)
{
    struct spf_buf files;

    spf_buf_init(&files, LINE_MAX_BYTES);
    spf_buf_addstr(&files, "-oUserKnownHostsFile=/dev/null");
    if (hop->known_hosts[0] != '\0') {
        spf_buf_addf(&files, " %s", hop->known_hosts);
    } else if (target->known_hosts == NULL) {
        spf_buf_addstr(&files, " ~/.ssh/known_hosts ~/.ssh/known_hosts2");
    }
    for (size_t i = 0; hop->known_hosts[0] == '\0' && target->known_hosts != NULL &&
                       target->known_hosts[i] != NULL;
         i++) {
        spf_buf_addf(&files, " \"%s\"", target->known_hosts[i]);
    }
    words->failed |= spf_buf_failed(&files);
    add(words, "%s", files.data);
    if (hop->known_hosts[0] == '\0' && target->known_hosts != NULL) {
        add(words, "-oGlobalKnownHostsFile=/dev/null");
    }
    spf_buf_clear(&files);
}

/* The shorter one of ours and the configuration's, s. */
static unsigned connect_timeout(const struct spf_target *target, const struct spf_ssh_hop *hop)
{
    const unsigned ours = (target->timeout_ms + 999) / 1000;
    const int64_t configured = hop->manners.connect_timeout;

    return configured > 0 && configured < ours ? (unsigned)configured : ours;
}

/* All but what it says of every packet. */
static const char marked_lines[] = "!packet.c:ssh_packet_send2*,!packet.c:ssh_packet_read_poll2*,*";

/* sh watches for the end of whoever holds the pipe; ssh itself takes the place of sh. */
static const char until_input_ends[] =
    "exec 3<&0; { read -r x <&3; kill 0; } >/dev/null 2>&1 & exec \"$@\" </dev/null 3<&-";

/* A connection that is cut is noticed by the time that a target has to answer. */
static void add_master(struct words *words, const struct spf_jump_line *line,
                       const struct spf_target *target)
{
    const unsigned alive_s = target->timeout_ms / 3000;

    add(words, "-oControlMaster=yes");
    add(words, "-oControlPath=%s", line->socket);
    add(words, "-oControlPersist=no");
    add(words, "-oClearAllForwardings=yes"); /* as -W does */
    add(words, "-oServerAliveInterval=%u", alive_s > 0 ? alive_s : 1);
    add(words, "-oServerAliveCountMax=2");
    if (line->ssh_version >= 807) {
        add(words, "-oForkAfterAuthentication=no");
    }
    add(words, "-N");
}

/* A connection that the user holds open is used, as the user's ssh would; none is left open. */
static void add_connection(struct words *words, const struct spf_target *target,
                           const char *destination)
{
    add(words, target->ssh_config != NULL ? "-oControlMaster=no" : "-oControlPath=none");
    add(words, "-W");
    add(words, "%s", destination);
}

/* ssh to the hop at index, which forwards to destination. */
static void add_ssh(struct words *words, const struct spf_jump_line *line,
                    const struct spf_target *target, size_t index, const char *destination,
                    const char *proxy)
{
    const bool marks = line->ssh_version >= 805;
    const struct spf_ssh_hop *hop = &line->hops[index];
    bool outermost = index + 1 == line->hop_count;
    struct spf_jump_place place;

    if (outermost && line->socket != NULL) {
        add(words, "sh");
        add(words, "-c");
        add(words, "%s", until_input_ends);
        add(words, "sh");
    }
    add(words, "ssh");
    if (target->ssh_config == NULL || target->ssh_config[0] != '\0') {
        add(words, "-F");
        add(words, "%s", target->ssh_config != NULL ? target->ssh_config : "none");
    }
    /* Each line is marked with its process (jump_log.h), and banners are not shown. Before
     * LogVerbose (8.5), what the inner ones say beyond complaints would be taken for the outermost
     * one's. */
    add(words, "%s", outermost && !marks ? "-vvT" : "-T");
    add(words, "-oBatchMode=yes");
    add(words, "-oStrictHostKeyChecking=%s", hop->strict[0] != '\0' ? hop->strict : "accept-new");
    add(words, "-oUpdateHostKeys=no");
    add(words, "-oPermitLocalCommand=no");
    add(words, "-oLogLevel=%s", marks ? "ERROR" : outermost ? "DEBUG2" : "INFO");
    if (marks) {
        add(words, "-oLogVerbose=%s", marked_lines);
    }
    add(words, "-oConnectTimeout=%u", connect_timeout(target, hop));
    add_known_hosts(words, target, hop);
    if (index > 0) {
        add(words, "-oProxyCommand=%s", proxy);
    }
    if (outermost && line->socket != NULL) {
        add_master(words, line, target);
    } else {
        add_connection(words, target, destination);
    }
    spf_jump_split(hop->name, &place);
    if (place.user[0] != '\0') {
        add(words, "-l");
        add(words, "%s", place.user);
    }
    if (place.port[0] != '\0') {
        add(words, "-p");
        add(words, "%s", place.port);
    }
    add(words, "--");
    add(words, "%s", place.host);
}

static void clear_words(struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->word[i]);
    }
}

static bool take_hops(struct spf_jump_line *line, const char *jump,
                      const struct spf_ssh_config_facts *config)
{
    for (size_t i = 0; config != NULL && i < config->hops.count; i++) {
        if (line->hop_count == SPF_JUMP_HOPS_MAX) {
            return false;
        }
        line->hops[line->hop_count++] = config->hops.items[i];
    }
    while (line->hop_count == 0 || (*jump == ',' && config == NULL)) {
        struct spf_ssh_hop *hop = &line->hops[line->hop_count];
        size_t len;

        jump += *jump == ',';
        len = strcspn(jump, ",");
        if (line->hop_count == SPF_JUMP_HOPS_MAX ||
            !spf_format_whole(hop->name, sizeof hop->name, "%.*s", (int)len, jump)) {
            return false;
        }
        line->hop_count++;
        jump += len;
    }
    return true;
}

static bool make(struct spf_jump_line *line, const struct spf_target *target,
                 const struct spf_ssh_config_facts *config, const char *destination)
{
    struct spf_buf proxy;
    bool good;

    if (config != NULL && config->hops.count == 0) {
        config = NULL;
    }
    good = take_hops(line, target->jump, config);
    spf_buf_init(&proxy, LINE_MAX_BYTES);
    for (size_t i = 0; good && i < line->hop_count; i++) {
        struct words words = {0};

        add_ssh(&words, line, target, i, destination, proxy.data);
        good = !words.failed;
        if (i + 1 < line->hop_count) {
            spf_buf_clear(&proxy);
            good = good && spf_child_proxy(&proxy, &line->variables[i],
                                           (const char *const *)words.word, i + 1);
            clear_words(&words);
        } else {
            memcpy(line->words, words.word, sizeof line->words);
        }
    }
    spf_buf_clear(&proxy);
    return good;
}

bool spf_jump_line_make(struct spf_jump_line *line, const struct spf_target *target,
                        const struct spf_ssh_config_facts *config, int64_t ssh_version,
                        const char *host)
{
    char destination[320];

    *line = (struct spf_jump_line){.ssh_version = ssh_version};
    return spf_format_whole(destination, sizeof destination,
                            strchr(host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
                            (unsigned)target->port) &&
           make(line, target, config, destination);
}

bool spf_jump_line_make_master(struct spf_jump_line *line, const struct spf_target *target,
                               const struct spf_ssh_config_facts *config, int64_t ssh_version,
                               const char *socket)
{
    *line = (struct spf_jump_line){.ssh_version = ssh_version, .socket = socket};
    return make(line, target, config, "");
}

/* Where ssh goes: by its configuration, else by the name and ssh's own defaults. */
static void resolve_hop(const struct spf_ssh_hop *hop, struct spf_jump_place *place)
{
    struct spf_self self;

    spf_jump_split(hop->name, place);
    if (hop->host[0] != '\0') {
        spf_copy(place->host, sizeof place->host, hop->host);
    }
    if (hop->port != 0) {
        spf_format(place->port, sizeof place->port, "%u", (unsigned)hop->port);
    }
    if (place->port[0] == '\0') {
        spf_copy(place->port, sizeof place->port, "22");
    }
    if (hop->user[0] != '\0') {
        spf_copy(place->user, sizeof place->user, hop->user);
    }
    if (place->user[0] == '\0' && spf_self(&self)) {
        spf_copy(place->user, sizeof place->user, self.name);
    }
}

/* ssh compares the name of the jump host as it was given with what it makes of the other's. */
static bool is_reached_through_itself(const struct spf_jump_place *place, const char *jump)
{
    struct spf_jump_place via;
    const char *at = place->host;
    size_t i;

    spf_jump_split(jump, &via);
    for (i = 0; at[i] != '\0'; i++) {
        char lower = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] | 0x20) : at[i];

        if (via.host[i] != lower) {
            return false;
        }
    }
    return via.host[i] == '\0' && strcmp(via.port[0] ? via.port : "22", place->port) == 0 &&
           (via.user[0] == '\0' || strcmp(via.user, place->user) == 0);
}

bool spf_jump_line_loops(const struct spf_jump_line *line, const struct spf_target *target,
                         const char *host, char via[300])
{
    for (size_t i = 0; i < line->hop_count; i++) {
        struct spf_jump_place place = {{0}, {0}, {0}};
        struct spf_jump_place jump;

        if (i + 1 < line->hop_count) {
            resolve_hop(&line->hops[i + 1], &place);
        } else {
            spf_copy(place.host, sizeof place.host, host);
            spf_copy(place.user, sizeof place.user, target->user);
            spf_format(place.port, sizeof place.port, "%u", (unsigned)target->port);
        }
        if (is_reached_through_itself(&place, line->hops[i].name)) {
            spf_jump_split(line->hops[i].name, &jump);
            return spf_copy_whole(via, 300, jump.host);
        }
    }
    return false;
}

void spf_jump_line_clear(struct spf_jump_line *line)
{
    for (size_t i = 0; line->words[i] != NULL; i++) {
        free(line->words[i]);
    }
    for (size_t i = 0; i < SPF_JUMP_HOPS_MAX; i++) {
        free(line->variables[i]);
    }
    *line = (struct spf_jump_line){0};
}
