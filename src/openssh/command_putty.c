/* The command lines of PuTTY's programs and of WinSCP. They do not read ssh_config(5). */
#include <string.h>
#include <strings.h>

#include "openssh/command_programs.h"

/* What an option of PuTTY's programs means (cmdline.c, cmdline_process_param). */
enum meaning {
    IDLE,       /* nothing to the login */
    IDLE_VALUE, /* the same, and takes a value */
    USER,
    PORT,
    KEY,
    FAMILY,
    BATCH,
    AGENT, /* what Pageant holds is offered; it is in any case, but after NO_AGENT */
    NO_AGENT,
    EXEC,     /* files go by a command at the other end */
    NOT_USED, /* its value is named as not taken into account */
    HOST_KEY, /* the same; the cache then does not count */
    REFUSED,  /* the login depends on it */
};

static const struct {
    const char *name;
    enum meaning meaning;
} options[] = {
    {"-l", USER},
    {"-P", PORT},
    {"-i", KEY},
    {"-4", FAMILY},
    {"-6", FAMILY},
    {"-batch", BATCH},
    {"-agent", AGENT},
    {"-pagent", AGENT},
    {"-pageant", AGENT},
    {"-noagent", NO_AGENT},
    {"-nopagent", NO_AGENT},
    {"-nopageant", NO_AGENT},
    {"-scp", EXEC},
    {"-pw", IDLE_VALUE},
    {"-pwfile", IDLE_VALUE},
    {"-m", IDLE_VALUE},
    {"-L", IDLE_VALUE},
    {"-R", IDLE_VALUE},
    {"-D", IDLE_VALUE},
    {"-nc", IDLE_VALUE},
    {"-sshlog", IDLE_VALUE},
    {"-sshrawlog", IDLE_VALUE},
    {"-sessionlog", IDLE_VALUE},
    {"-b", IDLE_VALUE},
    {"-title", IDLE_VALUE},
    {"-hostkey", HOST_KEY},
    {"-loghost", NOT_USED},
    {"-cert", REFUSED},
    {"-proxycmd", REFUSED},
    {"-load", REFUSED},
    {"-sercfg", REFUSED},
    {"-serial", REFUSED},
    {"-telnet", REFUSED},
    {"-rlogin", REFUSED},
    {"-raw", REFUSED},
};

static enum meaning meaning_of(const char *word)
{
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (strcmp(options[i].name, word) == 0) {
            return options[i].meaning;
        }
    }
    return IDLE; /* -ssh, -A, -T ... */
}

static bool take_option(struct spf_command_reader *reader, const char *word)
{
    enum meaning meaning = meaning_of(word[1] == '-' ? word + 1 : word);
    const char *value = NULL;

    if (meaning == IDLE) {
        return true;
    }
    if (meaning == EXEC) {
        reader->out->transfer = SPF_TRANSFER_NONE;
        return true;
    }
    if (meaning == BATCH) {
        reader->out->putty_batch = true;
        return true;
    }
    if (meaning == AGENT || meaning == NO_AGENT) {
        reader->out->putty_no_agent = meaning == NO_AGENT;
        return true;
    }
    if (meaning == FAMILY) {
        return spf_command_add(reader, word, NULL);
    }
    if (meaning == REFUSED) {
        return spf_command_refuse(reader,
                                  "%s's %s is not supported here: say what it stands for with -l, "
                                  "-P and -i",
                                  reader->program, word);
    }
    if (reader->at == reader->count) {
        return spf_command_refuse(reader, "%s's option %s lacks its value", reader->program, word);
    }
    value = reader->words[reader->at++];
    if (meaning == HOST_KEY) { /* ssh/common.c, verify_ssh_host_key: it is all that counts */
        reader->out->putty_cache = false;
    }
    if (meaning == NOT_USED || meaning == HOST_KEY) {
        spf_command_remark(reader, "%s's %s is not used here", reader->program, word);
    }
    if (meaning == USER) {
        return spf_command_add(reader, "-l", value);
    }
    if (meaning == PORT) {
        return spf_command_add(reader, "-p", value);
    }
    return meaning != KEY || spf_command_add_key(reader, value);
}

static bool take_options(struct spf_command_reader *reader)
{
    const char *word;

    while ((word = spf_command_next_option(reader)) != NULL) {
        if (!take_option(reader, word)) {
            return false;
        }
    }
    return true;
}

/* [user@]host, then a command; of putty options and a port. */
bool spf_command_plink(struct spf_command_reader *reader)
{
    bool is_putty = strcmp(reader->program, "putty") == 0;
    const char *word;

    if (!take_options(reader)) {
        return false;
    }
    if (reader->at < reader->count && !spf_command_set_host(reader, reader->words[reader->at++])) {
        return false;
    }
    if (!is_putty) {
        return true;
    }
    while (reader->at < reader->count) {
        if (!take_options(reader)) {
            return false;
        }
        if (reader->at == reader->count) {
            break;
        }
        word = reader->words[reader->at++];
        if (word[strspn(word, "0123456789")] == '\0' && !spf_command_add(reader, "-p", word)) {
            return false;
        }
    }
    return true;
}

/* C:\file is none. */
static size_t remote_host(const char *word)
{
    size_t len = spf_command_remote_host(word);

    return len == 1 ? 0 : len;
}

bool spf_command_pscp(struct spf_command_reader *reader)
{
    while (reader->at < reader->count) {
        const char *word;
        const char *host;
        size_t len;

        if (!take_options(reader)) {
            return false;
        }
        if (reader->at == reader->count) {
            break;
        }
        word = reader->words[reader->at++];
        len = remote_host(word);
        if (len == 0) {
            continue;
        }
        host = spf_command_keep(reader, word, len);
        if (host == NULL || !spf_command_set_host(reader, host)) {
            return false;
        }
    }
    return true;
}

bool spf_command_psftp(struct spf_command_reader *reader)
{
    if (!take_options(reader)) {
        return false;
    }
    return reader->at == reader->count || spf_command_set_host(reader, reader->words[reader->at]);
}

/* [sftp://][user[:password][;x=y]@]host[:port][/path]; the password goes nowhere. */
static bool take_session(struct spf_command_reader *reader, const char *word)
{
    const char *host = word;
    const char *at;
    const char *colon;
    size_t len;
    size_t user;

    if (strstr(word, "://") != NULL) {
        if (!spf_starts_with(word, "sftp://") && !spf_starts_with(word, "scp://")) {
            return spf_command_refuse(reader, "this WinSCP session does not use SSH");
        }
        if (word[1] == 'c') {
            reader->out->transfer = SPF_TRANSFER_NONE;
        }
        host = strstr(word, "://") + 3;
    }
    len = strcspn(host, "/");
    at = memrchr(host, '@', len);
    if (at != NULL) {
        user = strcspn(host, ":;@");
        if (spf_command_keep(reader, host, user) == NULL ||
            !spf_command_add(reader, "-l", reader->kept.list.items[reader->kept.list.count - 1])) {
            return false;
        }
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    colon = host[0] == '[' ? memchr(host, ']', len) : host;
    colon = colon != NULL ? memchr(colon, ':', len - (size_t)(colon - host)) : NULL;
    if (colon != NULL && (host = spf_command_keep(reader, host, len)) != NULL) {
        colon = strrchr(host, ':');
        if (!spf_command_add(reader, "-p", colon + 1)) {
            return false;
        }
        len = (size_t)(colon - host);
    }
    host = host != NULL ? spf_command_keep(reader, host, len) : NULL;
    return host != NULL && spf_command_set_host(reader, host);
}

static bool take_winscp_word(struct spf_command_reader *reader, const char *word);

/* "open sftp://user@host/ -privatekey=..." within one word. */
static bool take_open(struct spf_command_reader *reader, const char *line)
{
    const char *at = line + strcspn(line, " ");

    for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
        struct spf_buf word;
        bool quoted = false, good;

        spf_buf_init(&word, 2000);
        for (; *at != '\0' && (quoted || *at != ' '); at++) {
            if (*at == '"') {
                quoted = !quoted;
            } else {
                spf_buf_addch(&word, *at);
            }
        }
        good = !spf_buf_failed(&word) && spf_command_keep(reader, word.data, word.len) != NULL;
        spf_buf_clear(&word);
        if (!good ||
            !take_winscp_word(reader, reader->kept.list.items[reader->kept.list.count - 1])) {
            return spf_command_refuse(reader, "WinSCP's open command cannot be read");
        }
    }
    return true;
}

static bool take_winscp_word(struct spf_command_reader *reader, const char *word)
{
    const char *value = strchr(word, '=');
    size_t len = value != NULL ? (size_t)(value - word) - 1 : 0;

    if (strncasecmp(word, "open ", 5) == 0) {
        return take_open(reader, word);
    }
    if (word[0] != '/' && word[0] != '-') {
        if (reader->host != NULL || strchr(word, ' ') != NULL || strcasecmp(word, "exit") == 0) {
            return true;
        }
        return take_session(reader, word);
    }
    if (len == 10 && strncasecmp(word + 1, "privatekey", len) == 0) {
        return spf_command_add_key(reader, value + 1);
    }
    if (len == 8 && strncasecmp(word + 1, "username", len) == 0) {
        return spf_command_add(reader, "-l", value + 1);
    }
    if (len == 7 && strncasecmp(word + 1, "hostkey", len) == 0) {
        spf_command_remark(reader, "WinSCP's %.8s is not used here", word);
    }
    if (strncasecmp(word + 1, "script", 6) == 0) {
        return spf_command_refuse(reader, "WinSCP's script file is not read");
    }
    if (strncasecmp(word + 1, "rawsettings", 11) == 0) {
        spf_command_remark(reader, "WinSCP's raw settings are not used here");
    }
    return true;
}

bool spf_command_winscp(struct spf_command_reader *reader)
{
    while (reader->at < reader->count) {
        if (!take_winscp_word(reader, reader->words[reader->at++])) {
            return false;
        }
    }
    return true;
}
