#include "openssh/config_words.h"

#include <stdlib.h>
#include <string.h>

#include "openssh/config_alike.h"
#include "openssh/keywords.h"

/* A line of ssh -G; its texts are copies and free of control bytes. */
struct line {
    char name[64];
    char value[4096];
};

/*
 * Takes the next line off the text; false at its end. One with control bytes, or too long, is as if
 * it were not there: no name of a host, a user or a file that is meant has any.
 */
static bool next_line(const char **text, size_t *len, struct line *line)
{
    while (*len > 0) {
        const char *at = *text;
        const char *end = memchr(at, '\n', *len);
        const char *blank;
        size_t size = end != NULL ? (size_t)(end - at) : *len;
        size_t name;
        bool good = true;

        *text += size + (end != NULL);
        *len -= size + (end != NULL);
        blank = memchr(at, ' ', size);
        name = blank != NULL ? (size_t)(blank - at) : size;
        for (size_t i = 0; i < size; i++) {
            good = good && (unsigned char)at[i] >= ' ' && at[i] != '\x7f';
        }
        if (!good || blank == NULL || name >= sizeof line->name ||
            size - name - 1 >= sizeof line->value) {
            continue;
        }
        memcpy(line->name, at, name);
        line->name[name] = '\0';
        memcpy(line->value, blank + 1, size - name - 1);
        line->value[size - name - 1] = '\0';
        return true;
    }
    return false;
}

static bool is(const struct line *line, const char *name)
{
    return strcmp(line->name, name) == 0;
}

static bool is_none(const struct line *line)
{
    return spf_same_word(line->value, "none");
}

/* ssh -G writes a flag either way. */
static bool is_yes(const struct line *line)
{
    return strcmp(line->value, "yes") == 0 || strcmp(line->value, "true") == 0;
}

static bool is_no(const struct line *line)
{
    return strcmp(line->value, "no") == 0 || strcmp(line->value, "false") == 0;
}

/*
 * How long the first file of a list is. ssh -G does not quote, so that a blank within a name cannot
 * be told from one between two; but ssh has made all names absolute by then that begin with ~.
 */
static size_t first_file(const char *value)
{
    size_t len = strcspn(value, " ");

    while (value[len] == ' ' && value[len + 1] != '/' && value[len + 1] != '\0') {
        len += 1 + strcspn(value + len + 1, " ");
    }
    return len;
}

static bool add_files(struct spf_ssh_config_facts *facts, const char *value)
{
    while (*value != '\0') {
        size_t len = first_file(value);
        struct spf_ssh_file *file;

        if (len > 0 && len < SPF_SSH_PATH_SIZE) {
            if (facts->known_hosts.count >= SPF_IDENTITIES_MAX) {
                return true;
            }
            if ((file = SPF_APPEND(&facts->known_hosts)) == NULL) {
                return false;
            }
            if ((file->path = strndup(value, len)) == NULL) {
                return false;
            }
        }
        value += len + (value[len] == ' ');
    }
    return true;
}

static bool add_identity(struct spf_ssh_config_facts *facts, const char *value)
{
    struct spf_ssh_file *file;

    if (facts->identities.count >= SPF_IDENTITIES_MAX || strlen(value) >= SPF_SSH_PATH_SIZE) {
        return true;
    }
    if ((file = SPF_APPEND(&facts->identities)) == NULL) {
        return false;
    }
    file->path = strdup(value);
    return file->path != NULL;
}

/* $NAME is a variable that holds the socket (ssh_config(5), IdentityAgent). */
static bool take_agent(const char *value, struct spf_ssh_config_facts *facts)
{
    if (value[0] == '$') {
        value = getenv(value + 1);
    }
    return spf_copy_whole(facts->identity_agent, sizeof facts->identity_agent,
                          value != NULL ? value : "none");
}

static int64_t port_of(const char *value)
{
    char *end;
    long port = strtol(value, &end, 10);

    return *end == '\0' && port >= 1 && port <= 65535 ? port : 0;
}

/* The files of the user come before those of the system, whichever ssh prints first. */
static bool take_known_hosts(struct spf_ssh_config_facts *facts, const char *users,
                             const char *systems)
{
    return add_files(facts, users) && add_files(facts, systems);
}

/* Lists of algorithms; without those of host certificates, which are none of ours. */
static bool take_algorithms(const struct line *line, struct spf_ssh_config_facts *facts)
{
    const struct {
        const char *name;
        char **list;
    } lists[] = {
        {"kexalgorithms", &facts->kex},
        {"hostkeyalgorithms", &facts->host_key_algorithms},
        {"ciphers", &facts->ciphers},
        {"macs", &facts->macs},
        {"pubkeyacceptedalgorithms", &facts->accepted_algorithms},
        {"pubkeyacceptedkeytypes", &facts->accepted_algorithms}, /* before 8.5 */
    };
    struct spf_buf kept;

    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!is(line, lists[i].name) || *lists[i].list != NULL) {
            continue;
        }
        spf_buf_init(&kept, sizeof line->value);
        for (const char *name = line->value; *name != '\0';) {
            size_t len = strcspn(name, ",");

            if (lists[i].list == &facts->accepted_algorithms ||
                memmem(name, len, "-cert-", 6) == NULL) {
                if (kept.len > 0) {
                    spf_buf_addch(&kept, ',');
                }
                spf_buf_add(&kept, name, len);
            }
            name += len + (name[len] == ',');
        }
        *lists[i].list = spf_buf_take(&kept);
        return *lists[i].list != NULL;
    }
    return true;
}

/* In batch mode nobody is asked, which counts as a no (sshconnect.c, confirm). "" stands for "ask"
 * and for "accept-new". */
static void keep_strictness(const struct line *line, bool is_batch, char strict[8])
{
    bool refuses = is_yes(line) || (is_batch && strcmp(line->value, "ask") == 0);

    spf_copy(strict, 8, refuses ? "yes" : is_no(line) ? "no" : "");
}

/* What the configuration has of the keywords that are only named, the first of each kind, and what
 * makes it count. */
struct named {
    char first[SPF_KEYWORD_FORWARDING + 1][300]; /* by enum spf_keyword_when */
    bool exits;                                  /* ExitOnForwardFailure */
};

static void take_named(const struct line *line, struct named *named)
{
    const struct spf_openssh_keyword *keyword = spf_openssh_keyword(line->name);

    if (is(line, "exitonforwardfailure")) {
        named->exits = is_yes(line);
    }
    if (keyword != NULL && spf_openssh_keyword_matters(keyword, line->value) &&
        named->first[keyword->when][0] == '\0') {
        spf_format(named->first[keyword->when], 300, "%s %.200s", keyword->name, line->value);
    }
}

/* The one that is in the way of any verdict, if one is. */
static void keep_named(const struct named *named, struct spf_ssh_config_facts *facts)
{
    bool direct = facts->jump[0] == '\0' && facts->proxy_command[0] == '\0';
    struct spf_ip ip;
    const bool counts[] = {
        [SPF_KEYWORD_ALWAYS] = true,
        [SPF_KEYWORD_DIRECT] = direct,
        [SPF_KEYWORD_DIRECT_NAME] = direct && !spf_ip_parse(facts->host, &ip),
        [SPF_KEYWORD_FORWARDING] = named->exits,
    };

    for (size_t i = 0; i < sizeof counts / sizeof *counts && facts->unhonoured[0] == '\0'; i++) {
        if (counts[i]) {
            spf_copy(facts->unhonoured, sizeof facts->unhonoured, named->first[i]);
        }
    }
}

/* What the login's time, its questions and its shared connection depend on. */
static bool take_manners(const struct line *line, struct spf_ssh_manners *manners)
{
    if (is(line, "connecttimeout")) {
        manners->connect_timeout = is_none(line) ? 0 : strtol(line->value, NULL, 10);
    } else if (is(line, "batchmode")) {
        manners->is_batch = is_yes(line);
    } else if (is(line, "numberofpasswordprompts")) {
        manners->asks_for_no_passphrase = strcmp(line->value, "0") == 0;
    } else if (is(line, "controlpath") && !is_none(line)) {
        return spf_copy_whole(manners->control_path, sizeof manners->control_path, line->value);
    } else if (is(line, "controlmaster")) {
        manners->is_master = !is_no(line);
    }
    return true;
}

bool spf_ssh_config_read(const char *text, size_t len, struct spf_ssh_config_facts *facts)
{
    struct line line;
    struct line users = {0};
    struct line systems = {0};
    struct line strictness = {0};
    struct named named = {0};
    bool good = true;

    while (good && next_line(&text, &len, &line)) {
        if (is(&line, "hostname")) {
            good = spf_copy_whole(facts->host, sizeof facts->host, line.value);
        } else if (is(&line, "user")) {
            good = spf_copy_whole(facts->user, sizeof facts->user, line.value);
        } else if (is(&line, "port")) {
            facts->port = port_of(line.value);
        } else if (is(&line, "addressfamily")) {
            facts->family = strcmp(line.value, "inet") == 0    ? 4
                            : strcmp(line.value, "inet6") == 0 ? 6
                                                               : 0;
        } else if (is(&line, "proxyjump") && !is_none(&line)) {
            good = spf_copy_whole(facts->jump, sizeof facts->jump, line.value);
        } else if (is(&line, "proxycommand") && !is_none(&line)) {
            good = spf_copy_whole(facts->proxy_command, sizeof facts->proxy_command, line.value);
        } else if (is(&line, "proxyusefdpass")) {
            facts->proxy_passes_descriptor = strcmp(line.value, "yes") == 0;
        } else if (is(&line, "hostkeyalias")) {
            good = spf_copy_whole(facts->host_key_alias, sizeof facts->host_key_alias, line.value);
        } else if (is(&line, "userknownhostsfile") && !is_none(&line)) {
            users = line;
        } else if (is(&line, "globalknownhostsfile") && !is_none(&line)) {
            systems = line;
        } else if (is(&line, "identityfile") && !is_none(&line)) {
            good = add_identity(facts, line.value);
        } else if (is(&line, "identityagent") && strcmp(line.value, "SSH_AUTH_SOCK") != 0) {
            good = take_agent(line.value, facts);
        } else if (is(&line, "identitiesonly")) {
            facts->identities_only = strcmp(line.value, "yes") == 0;
        } else if (is(&line, "pubkeyauthentication")) {
            facts->publickey_off = strcmp(line.value, "false") == 0 || /* 9.2; "no" before 8.9 */
                                   strcmp(line.value, "no") == 0;
        } else if (is(&line, "stricthostkeychecking")) {
            strictness = line;
        } else if (is(&line, "nohostauthenticationforlocalhost")) {
            facts->trusts_loopback = strcmp(line.value, "yes") == 0;
        } else if (is(&line, "requiredrsasize")) {
            facts->required_rsa = strtol(line.value, NULL, 10);
        } else {
            good = take_algorithms(&line, facts) && take_manners(&line, &facts->manners);
        }
        take_named(&line, &named);
    }
    keep_named(&named, facts);
    keep_strictness(&strictness, facts->manners.is_batch, facts->strict);
    return good && take_known_hosts(facts, users.value, systems.value) && facts->host[0] != '\0' &&
           facts->user[0] != '\0' && facts->port != 0;
}

/* A list of files as ssh_config(5) writes it. False: it is too long. */
static bool quote_files(const char *value, char *out, size_t size)
{
    struct spf_buf files;
    bool good;

    spf_buf_init(&files, size - 1);
    while (*value != '\0') {
        size_t len = first_file(value);

        spf_buf_addf(&files, memchr(value, ' ', len) != NULL ? "%s\"%.*s\"" : "%s%.*s",
                     files.len > 0 ? " " : "", (int)len, value);
        value += len + (value[len] == ' ');
    }
    good = !spf_buf_failed(&files) && spf_copy_whole(out, size, files.data);
    spf_buf_clear(&files);
    return good;
}

bool spf_ssh_config_read_hop(const char *text, size_t len, struct spf_ssh_hop *hop, char *jump,
                             size_t size)
{
    struct line line;
    struct line strictness = {0};
    bool good = true;

    jump[0] = hop->host[0] = hop->user[0] = hop->known_hosts[0] = '\0';
    hop->port = 0;
    hop->manners = (struct spf_ssh_manners){0};
    while (good && next_line(&text, &len, &line)) {
        if (is(&line, "hostname")) {
            good = spf_copy_whole(hop->host, sizeof hop->host, line.value);
        } else if (is(&line, "user")) {
            good = spf_copy_whole(hop->user, sizeof hop->user, line.value);
        } else if (is(&line, "port")) {
            hop->port = port_of(line.value);
        } else if (is(&line, "userknownhostsfile") && !is_none(&line)) {
            good = quote_files(line.value, hop->known_hosts, sizeof hop->known_hosts);
        } else if (is(&line, "stricthostkeychecking")) {
            strictness = line;
        } else if (is(&line, "proxyjump") && !is_none(&line)) {
            good = spf_copy_whole(jump, size, line.value);
        } else {
            good = take_manners(&line, &hop->manners);
        }
    }
    keep_strictness(&strictness, hop->manners.is_batch, hop->strict);
    return good && hop->host[0] != '\0';
}

static void add_says(struct spf_buf *says, const char *option, const char *value)
{
    spf_buf_addf(says, "%s%s ", says->len > 0 ? ", " : "", option);
    spf_buf_add_clean(says, value, strlen(value), 100);
}

static void add_path(struct spf_buf *says, const char *option, const char *path, const char *home)
{
    size_t len = strlen(home);
    char shown[1024];

    if (len > 1 && strncmp(path, home, len) == 0 && path[len] == '/' &&
        spf_format_whole(shown, sizeof shown, "~%s", path + len)) {
        path = shown;
    }
    add_says(says, option, path);
}

/* A keyword with its value; "" adds nothing. */
static void add_as_is(struct spf_buf *says, const char *text)
{
    if (text[0] != '\0' && says->len > 0) {
        spf_buf_addstr(says, ", ");
    }
    spf_buf_add_clean(says, text, strlen(text), 160);
}

void spf_ssh_config_tell(const struct spf_target *asked, const char *own_user, const char *home,
                         struct spf_ssh_config_facts *facts)
{
    struct spf_buf says;
    struct spf_ip ip;
    const char *key;
    char port[8];

    spf_buf_init(&says, 4096);
    if (!spf_same_host(facts->host, facts->asked)) {
        add_says(&says, "HostName", facts->host);
    }
    if (strcmp(facts->user, asked->user) != 0 &&
        (asked->ssh_config != NULL || strcmp(facts->user, own_user) != 0)) {
        add_says(&says, "User", facts->user);
    }
    if (facts->port != asked->port) {
        spf_format(port, sizeof port, "%lld", (long long)facts->port);
        add_says(&says, "Port", port);
    }
    if (facts->jump[0] != '\0' && asked->jump == NULL) {
        add_says(&says, "ProxyJump", facts->jump);
    }
    if (facts->proxy_program[0] != '\0') {
        add_path(&says, "ProxyCommand", facts->proxy_program, home);
    }
    if (asked->ssh_config != NULL && asked->key_path == NULL && asked->key_dir == NULL &&
        (key = spf_ssh_config_key(facts, NULL)) != NULL) {
        add_path(&says, "IdentityFile", key, home);
    }
    if (asked->ssh_config != NULL && facts->host_key_alias[0] != '\0') {
        add_says(&says, "HostKeyAlias", facts->host_key_alias);
    }
    if (facts->publickey_off) {
        add_says(&says, "PubkeyAuthentication", "no");
    }
    if (asked->ssh_config == NULL) {
        if (asked->family == 0 && facts->family != 0 && spf_ip_parse(facts->asked, &ip) &&
            ip.family != facts->family) {
            add_says(&says, "AddressFamily", facts->family == 4 ? "inet" : "inet6");
        }
        add_as_is(&says, facts->refusal);
        add_as_is(&says, facts->unhonoured);
    }
    spf_clean(facts->says, sizeof facts->says, says.data, says.len);
    spf_buf_clear(&says);
}
