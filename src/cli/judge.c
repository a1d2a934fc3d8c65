/* Options that cannot be meant, told before anything is asked, read or written. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli/options.h"

static struct spf_error no(const char *sentence)
{
    return spf_error(SPF_ERR_USAGE, "%s", sentence);
}

/* As ssh judges it (ssh.c: valid_ruser); what it refuses can be nobody's name. */
static bool ssh_takes_user(const char *user)
{
    if (user[0] == '-')
        return false;
    for (const char *c = user; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c) || strchr("'`\";&<>|(){}", *c) != NULL)
            return false;
        if (isspace((unsigned char)*c) && c[1] == '-')
            return false;
        if (*c == '\\' && c[1] == '\0')
            return false;
    }
    return true;
}

/* As later versions of ssh judge it (ssh.c: valid_hostname): a host that stands on a command line
 * becomes a part of the commands that its configuration has. */
static bool ssh_takes_host(const char *host)
{
    if (host[0] == '-')
        return false;
    for (const char *c = host; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c) || isspace((unsigned char)*c) ||
            strchr("'`\"$\\;&<>|(){}", *c) != NULL)
            return false;
    }
    return true;
}

static bool same_file(const char *a, const char *b)
{
    struct stat one, other;

    if (a == NULL || b == NULL)
        return false;
    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && S_ISREG(one.st_mode) &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static bool is_read(const struct spf_options *options, const char *path)
{
    for (size_t i = 0; options->known_hosts[i] != NULL; i++) {
        if (same_file(path, options->known_hosts[i]))
            return true;
    }
    return same_file(path, options->key) || same_file(path, options->ssh_config) ||
           same_file(path, options->passphrase_file) || same_file(path, options->config_path) ||
           same_file(path, options->ca_file) || same_file(path, options->replay);
}

/* A report must never take the place of a key, nor of another report. */
static struct spf_error judge_outputs(const struct spf_options *options)
{
    const char *paths[SPF_LIST_OPTION_MAX + 1];
    size_t count = 0;

    for (size_t i = 0; i < options->output_count; i++)
        paths[count++] = options->outputs[i].path;
    if (options->record != NULL)
        paths[count++] = options->record;
    for (size_t i = 0; i < count; i++) {
        if (is_read(options, paths[i]))
            return no(
                "--output or --record names a file that is also to be read; it would be lost");
        for (size_t k = 0; k < i; k++) {
            if (same_file(paths[i], paths[k]))
                return no("--output and --record name the same file twice");
        }
    }
    return spf_ok();
}

/* ssh: "Address family for hostname not supported". */
static struct spf_error judge_family(const struct spf_options *options)
{
    struct spf_ip ip;

    if (options->family == 0 || options->host == NULL || !spf_ip_parse(options->host, &ip) ||
        ip.family == options->family)
        return spf_ok();
    return spf_error(SPF_ERR_USAGE, "%s is an IPv%d address, and -%d allows IPv%d only",
                     options->host, ip.family, options->family, options->family);
}

/* A record says itself what was asked, and of whom. */
static struct spf_error judge_replay(const struct spf_options *options)
{
    const struct {
        bool given;
        const char *name;
    } idle[] = {
        {options->record != NULL, "--record"},
        {options->host != NULL, "a host"},
        {options->instance != NULL, "--instance"},
        {options->key != NULL, "--key"},
        {options->user_given, "--user"},
        {options->port_given, "--port"},
        {options->find_key != NULL, "--find-key"},
        {options->fix, "--fix"},
        {options->selected != SPF_ALL_CHECKS, "--only or --skip"},
    };

    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        if (idle[i].given)
            return spf_error(SPF_ERR_USAGE,
                             "%s means nothing with --replay: the record says what was asked",
                             idle[i].name);
    }
    for (size_t i = 0;
         i < sizeof options->repeat / sizeof *options->repeat && options->repeat[i] != NULL; i++) {
        if (options->repeat[i][0] == '-')
            return spf_error(SPF_ERR_USAGE,
                             "%s means nothing with --replay: the record says what was asked",
                             options->repeat[i]);
    }
    return judge_outputs(options);
}

/* What cannot be: said before anything is asked. */
struct spf_error spf_options_judge(const struct spf_options *options)
{
    static const spf_checks without_host =
        SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT);
    struct spf_error error;

    if (options->replay != NULL)
        return judge_replay(options);
    if (options->selected == 0)
        return no("--only and --skip leave no check to run");
    if (options->instance == NULL && options->host == NULL &&
        (options->selected & ~without_host) != 0)
        return no("say what to check: --instance ID, or a host");
    if (options->instance == NULL && (options->selected & ~SPF_CLOUD_CHECKS) == 0)
        return no("the cloud checks need --instance ID");
    if (options->instance != NULL && options->instance[0] == '\0')
        return no("--instance is empty");
    if (options->host != NULL && options->host[0] == '\0')
        return no("the host is empty");
    if (options->key == NULL &&
        (options->ssh_config == NULL || (options->instance == NULL && options->host == NULL)) &&
        (options->selected & SPF_CHECKS_WITH_KEY) != 0)
        return no("say which private key: --key FILE");
    if (options->find_key != NULL && options->instance == NULL)
        return no("--find-key looks for the key pair of an instance: it needs --instance ID");
    if (options->console && options->instance == NULL)
        return no("--console reads that of an instance: it needs --instance ID");
    if (options->source_lookup != NULL && options->jump != NULL &&
        strcasecmp(options->jump, "none") != 0)
        return no(
            "behind a jump host the rules see its address, which lookup: cannot tell; give it "
            "to --source-ip");
    if (options->fix && (options->key == NULL || strcmp(options->key, "-") == 0))
        return no("--fix repairs a file: it needs --key FILE");
    if (options->user[0] == '\0')
        return no("the user name is empty");
    if (!ssh_takes_user(options->user))
        return no("ssh refuses this user name: it holds characters that no user name should have");
    if (options->ssh_config != NULL && options->host != NULL && !ssh_takes_host(options->host))
        return no("ssh refuses this host name: it holds characters that no host name should have");
    if (options->host != NULL && strstr(options->host, "://") != NULL)
        return no("give the host alone, or as ssh://[user@]host[:port]");
    if (options->host != NULL && options->host[0] == '[')
        return no("only an IPv6 address may stand in brackets; the port goes with -p");
    if (options->host != NULL && strchr(options->host, ':') != NULL &&
        strchr(options->host, ':') == strrchr(options->host, ':'))
        return no("give the host alone; the port goes with -p");
    error = judge_family(options);
    return error.code == SPF_OK ? judge_outputs(options) : error;
}
