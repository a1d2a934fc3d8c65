#include "cli/judge.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/language.h"
#include "cli/guard.h"
#include "pipeline/check.h"
#include "pipeline/needs.h"

/* As ssh judges it (ssh.c: valid_ruser); what it refuses can be nobody's name. */
static bool ssh_takes_user(const char *user)
{
    if (user[0] == '-') {
        return false;
    }
    for (const char *c = user; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c) || strchr("'`\";&<>|(){}", *c) != NULL) {
            return false;
        }
        if (isspace((unsigned char)*c) && c[1] == '-') {
            return false;
        }
        if (*c == '\\' && c[1] == '\0') {
            return false;
        }
    }
    return true;
}

/* As later versions of ssh judge it (ssh.c: valid_hostname): a host that stands on a command line
 * becomes a part of the commands that its configuration has. */
static bool ssh_takes_host(const char *host)
{
    if (host[0] == '-') {
        return false;
    }
    for (const char *c = host; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c) || isspace((unsigned char)*c) ||
            strchr("'`\"$\\;&<>|(){}", *c) != NULL) {
            return false;
        }
    }
    return true;
}

/* ssh: "Address family for hostname not supported". */
static struct spf_error judge_family(const struct spf_options *options)
{
    struct spf_ip ip;

    if (options->family == 0 || options->host == NULL || !spf_ip_parse(options->host, &ip) ||
        ip.family == options->family) {
        return spf_ok();
    }
    return spf_usage("%s is an IPv%d address, and -%d allows IPv%d only", options->host, ip.family,
                     options->family, options->family);
}

/* [::1]:22, h:22, ::1:22: a port that stands with the host. */
static struct spf_error judge_form(const struct spf_options *options)
{
    const char *host = options->host;
    const char *colon = host != NULL ? strrchr(host, ':') : NULL;
    const char *user = "";
    const char *at = "";
    const char *open = host != NULL && host[0] == '[' ? "[" : "";
    size_t len = colon != NULL ? (size_t)(colon - host) : 0;
    struct spf_ip ip;
    char address[80];
    bool is_port;

    if (colon == NULL) {
        return open[0] != '\0' ? spf_usage("only an IPv6 address may stand in brackets") : spf_ok();
    }
    if (options->user_given) {
        user = options->user;
        at = "@";
    }
    is_port = colon[1] != '\0' && colon[1 + strspn(colon + 1, "0123456789")] == '\0';
    if (open[0] != '\0' && is_port && len > 2 && host[len - 1] == ']') {
        return spf_usage("the port goes with -p: write -p %s %s%s%.*s", colon + 1, user, at,
                         (int)(len - 2), host + 1);
    }
    if (open[0] != '\0') {
        return spf_usage("only an IPv6 address may stand in brackets; the port goes with -p");
    }
    spf_format(address, sizeof address, "%.*s", (int)strcspn(host, "%"), host);
    if (!spf_ip_parse(address, &ip)) { /* without its zone (RFC 4007 section 11) */
        return is_port && memchr(host, ':', len) == NULL
                   ? spf_usage("the port goes with -p: write -p %s %s%s%.*s", colon + 1, user, at,
                               (int)len, host)
                   : spf_usage("give the host alone; the port goes with -p");
    }
    /* ::1:22 is an address that no machine has, and meant otherwise; other addresses may end so. */
    if (spf_starts_with(host, "::1:") && is_port && !options->host_in_brackets) {
        return spf_usage("%s is itself an IPv6 address; for port %s of ::1 write -p %s %s%s::1",
                         host, colon + 1, colon + 1, user, at);
    }
    return spf_ok();
}

/* A record says itself what was asked, and of whom. */
static struct spf_error judge_replay(const struct spf_options *options)
{
    const struct {
        bool given;
        const char *name;
    } idle[] = {
        {options->record != NULL, "--record"},
        {options->resume != NULL, "--resume"},
        {options->host != NULL, N_("a host")},
        {options->instance != NULL, "--instance"},
        {options->key != NULL, "--key"},
        {options->user_given, "--user"},
        {options->port_given, "--port"},
        {options->find_key != NULL, "--find-key"},
        {options->key_dir != NULL, "--key-dir"},
        {options->fix, "--fix"},
        {options->only != 0, "--only"},
        {options->skip != 0, "--skip"},
        {options->wait_s != 0, "--wait"},
        {spf_options_list(options), N_("a list of targets")},
    };

    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        if (idle[i].given) {
            return spf_usage("%s means nothing with --replay: the record says what was asked",
                             spf_tr(idle[i].name));
        }
    }
    for (size_t i = 0;
         i < sizeof options->repeat / sizeof *options->repeat && options->repeat[i] != NULL; i++) {
        if (options->repeat[i][0] == '-') {
            return spf_usage("%s means nothing with --replay: the record says what was asked",
                             options->repeat[i]);
        }
    }
    return spf_guard_outputs(options);
}

/* A text names the host, the user and the key; the cloud may be asked beside it. */
static struct spf_error judge_transcript(const struct spf_options *options)
{
    const struct {
        bool given;
        const char *name;
    } idle[] = {
        {options->resume != NULL, "--resume"},
        {options->ssh_words[0] != NULL, "-o"},
        {options->ssh_config != NULL, "--ssh-config"},
        {options->jump != NULL, "--jump"},
        {options->fix, "--fix"},
        {options->find_key != NULL, "--find-key"},
        {options->key_dir != NULL, "--key-dir"},
        {options->known_hosts[0] != NULL, "--known-hosts"},
        {options->passphrase_file != NULL, "--passphrase-file"},
        {options->wait_s != 0, "--wait"},
        {spf_options_list(options), N_("a list of targets")},
    };

    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++) {
        if (idle[i].given) {
            return spf_usage("%s means nothing with a transcript: nothing connects to the host",
                             spf_tr(idle[i].name));
        }
    }
    return spf_guard_outputs(options);
}

/* Lists of targets; standard input can be but one of them, and not the key as well. */
static struct spf_error judge_lists(const struct spf_options *options)
{
    unsigned from_input = options->key != NULL && strcmp(options->key, "-") == 0;

    for (size_t i = 0; options->instances_files[i] != NULL; i++) {
        from_input += strcmp(options->instances_files[i], "-") == 0;
    }
    for (size_t i = 0; options->hosts_files[i] != NULL; i++) {
        from_input += strcmp(options->hosts_files[i], "-") == 0;
    }
    from_input += options->resume != NULL && strcmp(options->resume, "-") == 0;
    from_input += options->baseline != NULL && strcmp(options->baseline, "-") == 0;
    if (from_input > 1) {
        return spf_usage("standard input can be read once: one list, a record, or the key");
    }
    if (options->resume != NULL && options->wait_s != 0) {
        return spf_usage("--resume goes on with one round, and --wait repeats them");
    }
    if (options->host != NULL && options->instances.count > 0) {
        return spf_usage("a host is the address of one instance, and several are given");
    }
    return spf_ok();
}

/* An instance is in one region and of one account; several are those in which some are chosen. */
static struct spf_error judge_accounts(const struct spf_options *options)
{
    if (options->regions[0] != NULL && options->regions[1] != NULL &&
        (options->instance != NULL || !spf_options_select(options))) {
        return spf_usage("several --region are for --all, --tag and --vpc; an instance is in one, "
                         "or it is looked for in all of them: give one, or none");
    }
    if (options->profiles[0] != NULL && options->profiles[1] != NULL &&
        (options->instance != NULL || !spf_options_select(options))) {
        return spf_usage("several --profile are for --all, --tag and --vpc; an instance is asked "
                         "about with one: give one");
    }
    return spf_ok();
}

/* --key-dir is in place of --key, and of a look for the key alone. */
static struct spf_error judge_key_dir(const struct spf_options *options)
{
    if (options->key_dir == NULL) {
        return spf_ok();
    }
    if (options->key_dir[0] == '\0') {
        return spf_usage("--key-dir is empty");
    }
    if (options->key != NULL) {
        return spf_usage("--key %s and --key-dir %s exclude each other", options->key,
                         options->key_dir);
    }
    if (options->find_key != NULL) {
        return spf_usage("--find-key and --key-dir %s exclude each other", options->key_dir);
    }
    if (options->instance == NULL && !spf_options_list(options)) {
        return spf_usage(
            "--key-dir picks the key of an instance's key pair: it needs --instance ID");
    }
    return spf_ok();
}

/* An instance, a host, or neither where only the key file is looked at. */
static struct spf_error judge_target(const struct spf_options *options)
{
    static const spf_checks without_host =
        SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) | SPF_CHECK_BIT(KEY_FORMAT);

    if (options->instance == NULL && options->host == NULL &&
        (options->selected & ~without_host) != 0) {
        return spf_usage("say what to check: --instance ID, or a host");
    }
    if (options->instance == NULL && (options->selected & ~SPF_CLOUD_CHECKS) == 0) {
        return spf_usage("the cloud checks need --instance ID");
    }
    if (options->instance != NULL && options->instance[0] == '\0') {
        return spf_usage("--instance is empty");
    }
    if (options->host != NULL && options->host[0] == '\0') {
        return spf_usage("the host is empty");
    }
    return spf_ok();
}

/* A word that is mistyped is no fault of memory or of the machine. */
static struct spf_error judge_find_key(const char *path)
{
    struct stat status;

    if (path == NULL || path[0] == '\0') {
        return spf_ok();
    }
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        errno = ENOTDIR;
    } else if (access(path, R_OK | X_OK) == 0) {
        return spf_ok();
    }
    return spf_usage("--find-key=%s: %s", path, strerror(errno));
}

/* Options that mean nothing without another one. */
static struct spf_error judge_needs(const struct spf_options *options)
{
    if (options->key == NULL && options->key_dir == NULL &&
        (options->ssh_config == NULL || (options->instance == NULL && options->host == NULL)) &&
        (options->selected & SPF_CHECKS_WITH_KEY) != 0) {
        return spf_usage("say which private key: --key FILE");
    }
    if (options->find_key != NULL && options->instance == NULL) {
        return spf_usage(
            "--find-key looks for the key pair of an instance: it needs --instance ID");
    }
    if (options->console && options->instance == NULL) {
        return spf_usage("--console reads that of an instance: it needs --instance ID");
    }
    if (options->source_lookup != NULL && options->jump != NULL &&
        strcasecmp(options->jump, "none") != 0) {
        return spf_usage(
            "behind a jump host the rules see its address, which lookup: cannot tell; give it "
            "to --source-ip");
    }
    if (options->fix && (options->key == NULL || strcmp(options->key, "-") == 0)) {
        return spf_usage("--fix repairs a file: it needs --key FILE");
    }
    return judge_find_key(options->find_key);
}

/* The user's and the host's, as ssh judges them. */
static struct spf_error judge_names(const struct spf_options *options)
{
    if (options->user[0] == '\0') {
        return spf_usage("the user name is empty");
    }
    if (!ssh_takes_user(options->user)) {
        return spf_usage(
            "ssh refuses this user name: it holds characters that no user name should have");
    }
    if (options->ssh_config != NULL && options->host != NULL && !ssh_takes_host(options->host)) {
        return spf_usage(
            "ssh refuses this host name: it holds characters that no host name should have");
    }
    if (options->host != NULL && strstr(options->host, "://") != NULL) {
        return spf_usage("give the host alone, or as ssh://[user@]host[:port]");
    }
    return spf_ok();
}

typedef struct spf_error judge(const struct spf_options *options);

static struct spf_error first_error(judge *const *judges, const struct spf_options *options)
{
    struct spf_error error = spf_ok();

    for (; *judges != NULL && error.code == SPF_OK; judges++) {
        error = (*judges)(options);
    }
    return error;
}

/* What cannot be: said before anything is asked. */
struct spf_error spf_options_judge(const struct spf_options *options)
{
    static judge *const of_transcript[] = {judge_accounts, judge_transcript, NULL};
    static judge *const of_any[] = {judge_lists, judge_accounts, judge_key_dir, NULL};
    static judge *const of_one[] = {judge_target, judge_needs,  judge_names,
                                    judge_form,   judge_family, NULL};
    struct spf_error error;

    if (options->replay != NULL) {
        return judge_replay(options);
    }
    if (options->transcript != NULL) {
        return first_error(of_transcript, options);
    }
    if (options->selected == 0) {
        return spf_usage("--only and --skip leave no check to run");
    }
    error = first_error(of_any, options);
    /* each line of a list is judged as it is read */
    if (error.code == SPF_OK &&
        (!spf_options_list(options) || options->instance != NULL || options->host != NULL)) {
        error = first_error(of_one, options);
    }
    return error.code == SPF_OK ? spf_guard_outputs(options) : error;
}

/* The first of the checks to be run that needs this one, directly or not. */
static int needed_by(const struct spf_options *options, int check)
{
    struct spf_target target = {.instance_id = options->instance, .host = options->host};

    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        target.selected = (spf_checks)1u << i;
        if (options->selected & target.selected && spf_checks_with_needs(&target) >> check & 1) {
            return i;
        }
    }
    return -1;
}

/* "2001:db8::1:22", but not "2001:db8::22" */
static bool ends_like_a_port(const char *host)
{
    size_t len = strlen(host);

    return len > 4 && strcmp(host + len - 3, ":22") == 0 && host[len - 4] != ':';
}

void spf_options_remark(const struct spf_options *options, struct spf_buf *lines)
{
    struct spf_ip ip;

    if (options->remark != NULL) {
        spf_buf_addf(lines, "%s\n", options->remark);
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        int by = options->skip >> i & 1 ? needed_by(options, i) : -1;

        if (by >= 0 && (options->instance != NULL || !(SPF_CLOUD_CHECKS >> i & 1))) {
            spf_buf_addf(lines, _("--skip %s: it runs all the same, for %s needs it\n"),
                         spf_check_table[i].id, spf_check_table[by].id);
        }
    }
    if (options->host != NULL && !options->port_given && !options->host_in_brackets &&
        spf_ip_parse(options->host, &ip) && ends_like_a_port(options->host)) {
        spf_buf_addf(lines, _("%s is read as an address; a port goes with -p\n"), options->host);
    }
}
