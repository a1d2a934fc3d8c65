/* The command lines of programs that run ssh: rsync, git, mosh. */
#include <string.h>
#include <strings.h>

#include "base/language.h"
#include "openssh/command_programs.h"

static bool set_part(struct spf_command_reader *reader, const char *word, size_t len)
{
    const char *host = spf_command_keep(reader, word, len);

    return host != NULL && spf_command_set_host(reader, host);
}

/* Letters that take a value besides -e (rsync(1)): the rest of the word, or the next one. */
static bool take_rsync_letters(struct spf_command_reader *reader, const char *word,
                               const char **shell)
{
    for (const char *c = word + 1; *c != '\0'; c++) {
        const char *value = c[1] != '\0' ? c + 1 : NULL;

        if (*c == '4' || *c == '6') {
            if (!spf_command_add(reader, *c == '4' ? "-4" : "-6", NULL)) {
                return false;
            }
        }
        if (strchr("efTBM@", *c) == NULL) {
            continue;
        }
        if (value == NULL && reader->at < reader->count) {
            value = reader->words[reader->at++];
        }
        if (*c == 'e') {
            *shell = value;
        }
        break;
    }
    return true;
}

/* rsync(1)'s long options whose value may be the next word. */
static const char *const rsync_valued[] = {"--address",
                                           "--backup-dir",
                                           "--block-size",
                                           "--bwlimit",
                                           "--cc",
                                           "--checksum-choice",
                                           "--chmod",
                                           "--chown",
                                           "--compare-dest",
                                           "--compress-choice",
                                           "--compress-level",
                                           "--contimeout",
                                           "--copy-as",
                                           "--copy-dest",
                                           "--debug",
                                           "--exclude",
                                           "--exclude-from",
                                           "--files-from",
                                           "--filter",
                                           "--groupmap",
                                           "--iconv",
                                           "--include",
                                           "--include-from",
                                           "--info",
                                           "--link-dest",
                                           "--log-file",
                                           "--log-file-format",
                                           "--max-delete",
                                           "--max-size",
                                           "--min-size",
                                           "--modify-window",
                                           "--out-format",
                                           "--outbuf",
                                           "--partial-dir",
                                           "--password-file",
                                           "--port",
                                           "--protocol",
                                           "--remote-option",
                                           "--rsync-path",
                                           "--skip-compress",
                                           "--sockopts",
                                           "--suffix",
                                           "--temp-dir",
                                           "--timeout",
                                           "--usermap",
                                           "--write-batch",
                                           "--zc",
                                           "--zl",
                                           NULL};

bool spf_command_rsync(struct spf_command_reader *reader)
{
    const char *shell = reader->remote_shell;
    const char *word;
    const char *value;
    bool daemon = false;

    while (reader->at < reader->count) {
        word = reader->words[reader->at++];
        if ((value = spf_command_long_value(reader, word, "--rsh")) != NULL) {
            shell = value;
        } else if (spf_command_takes_next(word, rsync_valued)) {
            spf_command_skip_value(reader);
        } else if (strcmp(word, "--ipv4") == 0 || strcmp(word, "--ipv6") == 0) {
            if (!spf_command_add(reader, word[5] == '4' ? "-4" : "-6", NULL)) {
                return false;
            }
        } else if (word[0] == '-' && word[1] != '-') {
            if (!take_rsync_letters(reader, word, &shell)) {
                return false;
            }
        } else if (word[0] != '-') {
            size_t len = spf_command_remote_host(word);

            daemon =
                daemon || spf_starts_with(word, "rsync://") || (len > 0 && word[len + 1] == ':');
            if (len > 0 && !spf_starts_with(word, "rsync://") && !set_part(reader, word, len)) {
                return false;
            }
        }
    }
    if (daemon && shell == NULL) {
        return spf_command_refuse(reader,
                                  "this rsync command speaks to an rsync daemon, not by SSH");
    }
    return shell == NULL || spf_command_take_remote_shell(reader, shell, _("rsync's remote shell"));
}

/* A repository's URL that means ssh (git-clone(1), GIT URLS); false with the error set. */
static bool take_repository(struct spf_command_reader *reader, const char *word)
{
    size_t len;

    for (const char *const *scheme =
             (const char *const[]){"ssh://", "git+ssh://", "ssh+git://", NULL};
         *scheme != NULL; scheme++) {
        const char *rest = word + strlen(*scheme);
        char uri[600];

        if (!spf_starts_with(word, *scheme)) {
            continue;
        }
        if (!spf_format_whole(uri, sizeof uri, "ssh://%.*s", (int)strcspn(rest, "/"), rest)) {
            return spf_command_refuse(reader, "the repository's URL is too long");
        }
        return set_part(reader, uri, strlen(uri));
    }
    if (strstr(word, "://") != NULL) {
        return spf_command_refuse(reader, "git reaches %.100s without SSH",
                                  strchr(word, '@') == NULL ? word : _("that repository"));
    }
    len = spf_command_remote_host(word);
    if (len > 0) {
        return set_part(reader, word, len);
    }
    return spf_command_refuse(reader,
                              "\"%.60s\" is a remote's name or a path: put its URL in its place "
                              "(git remote get-url %.60s)",
                              word, word);
}

/* git's own options, before the subcommand. */
static bool take_git_options(struct spf_command_reader *reader, const char **shell)
{
    static const char *const valued[] = {
        "-C",          "--git-dir",    "--work-tree",    "--namespace",
        "--exec-path", "--config-env", "--super-prefix", NULL};
    const char *word;

    while ((word = spf_command_next_option(reader)) != NULL) {
        if (strcmp(word, "-c") == 0 && reader->at < reader->count) {
            const char *setting = reader->words[reader->at++];

            if (strncasecmp(setting, "core.sshCommand=", 16) == 0 && *shell == NULL) {
                *shell = setting + 16;
            }
        } else if (spf_command_takes_next(word, valued)) {
            spf_command_skip_value(reader);
        }
    }
    return reader->at < reader->count ||
           spf_command_refuse(reader, "this git command names no repository");
}

/* The same of git's subcommands that log in. */
static const char *const git_valued[] = {"-b",
                                         "--branch",
                                         "-o",
                                         "--origin",
                                         "--depth",
                                         "-j",
                                         "--jobs",
                                         "-u",
                                         "--upload-pack",
                                         "--reference",
                                         "--reference-if-able",
                                         "--separate-git-dir",
                                         "-c",
                                         "--config",
                                         "--template",
                                         "--filter",
                                         "--shallow-since",
                                         "--shallow-exclude",
                                         "--push-option",
                                         "--receive-pack",
                                         "--exec",
                                         "--repo",
                                         "--refmap",
                                         "--server-option",
                                         "--negotiation-tip",
                                         "--sort",
                                         "--bundle-uri",
                                         "--name",
                                         "-s",
                                         "--strategy",
                                         "-X",
                                         "--strategy-option",
                                         NULL};

bool spf_command_git(struct spf_command_reader *reader)
{
    static const char *const flags_of_push[] = {"-u", NULL};
    static const char *const remote[] = {"clone", "fetch", "pull", "push", "ls-remote", NULL};
    const char *shell = reader->remote_shell;
    const char *subcommand;
    const char *word = NULL;

    if (!take_git_options(reader, &shell)) {
        return false;
    }
    subcommand = reader->words[reader->at++];
    if (strcmp(subcommand, "submodule") == 0 || strcmp(subcommand, "remote") == 0) {
        reader->at += reader->at < reader->count; /* add */
    } else if (!spf_command_takes_next(subcommand, remote)) {
        return spf_command_refuse(reader, "git %.40s does not log in anywhere", subcommand);
    }
    while (reader->at < reader->count) {
        word = reader->words[reader->at++];
        if (word[0] != '-') {
            break;
        }
        if (spf_command_takes_next(word, git_valued) &&
            !(strcmp(subcommand, "push") == 0 && spf_command_takes_next(word, flags_of_push))) {
            spf_command_skip_value(reader);
        }
        word = NULL;
    }
    if (strcmp(subcommand, "remote") == 0 && reader->at < reader->count) {
        word = reader->words[reader->at]; /* remote add NAME URL */
    }
    if (word == NULL) {
        return spf_command_refuse(reader, "this git command names no repository: add its URL "
                                          "(git remote get-url origin)");
    }
    return take_repository(reader, word) &&
           (shell == NULL || spf_command_take_remote_shell(reader, shell, _("git's ssh command")));
}

bool spf_command_mosh(struct spf_command_reader *reader)
{
    static const char *const valued[] = {
        "-p",       "--port",   "--predict",     "--client",
        "--server", "--family", "--bind-server", "--experimental-remote-ip",
        NULL};
    const char *shell = NULL;
    const char *word;
    const char *value;

    while ((word = spf_command_next_option(reader)) != NULL) {
        if ((value = spf_command_long_value(reader, word, "--ssh")) != NULL) {
            shell = value;
        } else if (strcmp(word, "-4") == 0 || strcmp(word, "-6") == 0) {
            if (!spf_command_add(reader, word, NULL)) {
                return false;
            }
        } else if (spf_command_takes_next(word, valued)) { /* -p is mosh's UDP port */
            spf_command_skip_value(reader);
        }
    }
    if (reader->at < reader->count && strcmp(reader->words[reader->at], "--") == 0) {
        reader->at++;
    }
    spf_command_remark(reader, "of mosh only the login by SSH is checked, not its UDP ports "
                               "(60000-61000)");
    if (reader->at < reader->count && !spf_command_set_host(reader, reader->words[reader->at])) {
        return false;
    }
    return shell == NULL || spf_command_take_remote_shell(reader, shell, "mosh's --ssh");
}
