#include "cli/option_table.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/language.h"
#include "base/suggest.h"
#include "cli/checks.h"
#include "cli/shard.h"
#include "cli/ssh_options.h"
#include "cloud/instance_word.h"
#include "pipeline/check.h"

#define WAIT_S      600 /* --wait without a value */
#define WAIT_MOST_S 86400

static const char *const address_words[] = {"auto", "public", "private", "ipv6", NULL};
static const char *const session_words[] = {"auto", "always", "never", NULL};
static const char *const endpoint_words[] = {"public", "vpc", NULL};
static const char *const language_words[] = {"auto", "en", "zh", NULL};
static const char *const colour_words[] = {"auto", "always", "never", NULL};

struct spf_error spf_option_number(const char *name, const char *text, unsigned least,
                                   unsigned most, unsigned *value)
{
    char *end = NULL;

    if (text[0] >= '0' && text[0] <= '9' && strlen(text) <= 9) {
        *value = (unsigned)strtoul(text, &end, 10);
    }
    if (end == NULL || *end != '\0' || *value < least || *value > most) {
        return spf_usage("%s cannot be \"%s\"; it takes a whole number from %u to %u", name, text,
                         least, most);
    }
    return spf_ok();
}

struct spf_error spf_option_choose(const char *name, const char *text, const char *const *words,
                                   unsigned *choice)
{
    struct spf_error error;
    struct spf_buf said;
    size_t count = 0;

    for (; words[count] != NULL; count++) {
        if (strcmp(words[count], text) == 0) {
            *choice = (unsigned)count;
            return spf_ok();
        }
    }
    spf_buf_init(&said, 400);
    spf_buf_addf(&said, _("%s cannot be \"%s\""), name, text);
    if (!spf_suggest(&said, text, "", words, count)) {
        for (size_t i = 0; i < count; i++) {
            spf_buf_addf(&said, "%s%s",
                         i == 0           ? _("; it can be ")
                         : i + 1 == count ? _(" or ")
                                          : ", ",
                         words[i]);
        }
    }
    error = spf_usage("%s", said.data);
    spf_buf_clear(&said);
    return error;
}

static struct spf_error take_host(struct spf_options *options, const char *word)
{
    if (options->host != NULL) {
        return spf_usage("two hosts: %s and %s; a list (--hosts-file) has one in each line",
                         options->host, word);
    }
    return spf_take_destination(options, word);
}

/* Pasted ids come with blanks around them. */
static struct spf_error take_instance(struct spf_options *options, const char *word)
{
    size_t len;
    enum spf_instance_word kind;
    char **copy = SPF_APPEND(&options->copies);

    word += strspn(word, " \t\r\n");
    len = strlen(word);
    while (len > 0 && strchr(" \t\r\n", word[len - 1]) != NULL) {
        len--;
    }
    if (copy == NULL || (*copy = strndup(word, len)) == NULL) {
        return spf_no_memory();
    }
    if (options->instance != NULL) {
        const char **more = SPF_APPEND(&options->instances);

        if (more == NULL) {
            return spf_no_memory();
        }
        *more = *copy;
    } else {
        options->instance = *copy;
    }
    return spf_instance_word(*copy, &kind, NULL);
}

/* Of several users and ports the first counts, as it does with ssh. */
static struct spf_error take_user(struct spf_options *options, const char *name)
{
    if (options->user == NULL) {
        options->user = name;
        options->user_at = spf_ssh_words(options);
    }
    options->user_given = true;
    return spf_ok();
}

static struct spf_error take_port(struct spf_options *options, const char *text)
{
    unsigned port = 0;
    struct spf_error error = spf_option_number("--port", text, 1, 65535, &port);

    if (error.code != SPF_OK) {
        return error;
    }
    if (!options->port_given) {
        options->port = (uint16_t)port;
        options->port_at = spf_ssh_words(options);
    }
    options->port_given = true;
    return spf_ok();
}

static struct spf_error take_jump(struct spf_options *options, const char *hosts)
{
    options->jump = hosts;
    return spf_jump_hosts_check(hosts);
}

static struct spf_error take_tag(struct spf_options *options, const char *tag)
{
    size_t count = 0;
    size_t key = strcspn(tag, "=");

    while (options->tags[count] != NULL) {
        count++;
    }
    if (count == SPF_LIST_OPTION_MAX) {
        return spf_usage("--tag is given more than %d times", SPF_LIST_OPTION_MAX);
    }
    if (key == 0 || key > 128 || strlen(tag) > 128 + 1 + 128) {
        return spf_usage("--tag \"%s\": give KEY or KEY=VALUE, of at most 128 bytes each", tag);
    }
    options->tags[count] = tag;
    return spf_ok();
}

/* One that is there already adds nothing. */
static struct spf_error add_account(const char **list, const char *name, const char *value)
{
    size_t count = 0;

    if (value[0] == '\0') {
        return spf_usage("%s is empty", name);
    }
    for (; list[count] != NULL; count++) {
        if (strcmp(list[count], value) == 0) {
            return spf_ok();
        }
    }
    if (count == SPF_ACCOUNTS_GIVEN_MAX) {
        return spf_usage("%s is given more than %d times", name, SPF_ACCOUNTS_GIVEN_MAX);
    }
    list[count] = value;
    return spf_ok();
}

static struct spf_error take_region(struct spf_options *options, const char *id)
{
    return add_account(options->regions, "--region", id);
}

static struct spf_error take_profile(struct spf_options *options, const char *name)
{
    return add_account(options->profiles, "--profile", name);
}

static struct spf_error take_shard(struct spf_options *options, const char *text)
{
    return spf_shard_parse(text, &options->shard, &options->shards);
}

static struct spf_error take_endpoint(struct spf_options *options, const char *url)
{
    struct spf_error error;

    if (options->endpoint_count == SPF_LIST_OPTION_MAX) {
        return spf_usage("--endpoint is given more than %d times", SPF_LIST_OPTION_MAX);
    }
    options->endpoints[options->endpoint_count++] = url;
    error = spf_cloud_endpoint_check(url);
    return error.code == SPF_ERR_USAGE ? spf_usage("%s", spf_tr(error.text)) : error;
}

/* An address, or who is asked for it. */
static struct spf_error take_source(struct spf_options *options, const char *argument)
{
    static const char lookup[] = "lookup:";
    char host[280];

    options->source_ip = (struct spf_ip){0};
    options->source_lookup = NULL;
    if (spf_starts_with(argument, lookup)) {
        options->source_lookup = argument + strlen(lookup);
        if (spf_cloud_lookup_check(options->source_lookup, host, sizeof host).code != SPF_OK) {
            return spf_usage("--source-ip asks no such service: give lookup:https://HOST/PATH");
        }
    } else if (!spf_ip_parse(argument, &options->source_ip)) {
        return spf_usage("--source-ip \"%s\" is not an IP address", argument);
    }
    spf_ip_unmap(&options->source_ip);
    return spf_ok();
}

static struct spf_error take_checks(const char *list, spf_checks *set)
{
    const char *names[SPF_CHECK_COUNT + 4] = {"key", "cloud", "net", "ssh"};
    const char *wrong;
    char word[60];
    struct spf_error error;
    struct spf_buf text;
    spf_checks checks;

    if (spf_checks_parse(list, &checks, &wrong)) {
        *set |= checks;
        return spf_ok();
    }
    for (int i = 0; i < SPF_CHECK_COUNT; i++) {
        names[4 + i] = spf_check_table[i].id;
    }
    spf_format(word, sizeof word, "%.*s", (int)strcspn(wrong, ","), wrong);
    spf_buf_init(&text, 400);
    spf_buf_addf(&text, _("\"%s\" is not a check"), word);
    if (!spf_suggest(&text, word, "", names, SPF_CHECK_COUNT + 4)) {
        spf_buf_addstr(&text, _("; --list-checks lists them"));
    }
    error = spf_usage("%s", text.data);
    spf_buf_clear(&text);
    return error;
}

static struct spf_error take_only(struct spf_options *options, const char *list)
{
    return take_checks(list, &options->only);
}

static struct spf_error take_skip(struct spf_options *options, const char *list)
{
    return take_checks(list, &options->skip);
}

/* "json:report.json"; a name with a slash or a dot before its colon has no format. */
static struct spf_error take_output(struct spf_options *options, const char *argument)
{
    struct spf_output_option *output = &options->outputs[options->output_count];
    size_t word = strcspn(argument, ":/.");
    int format = -1;

    if (options->output_count == SPF_LIST_OPTION_MAX) {
        return spf_usage("--output is given more than %d times", SPF_LIST_OPTION_MAX);
    }
    *output = (struct spf_output_option){.format = options->format, .path = argument};
    while (word > 0 && argument[word] == ':' && output->path == argument) {
        if (spf_format_names[++format] == NULL) {
            return spf_usage("--output \"%s\": no such format; --help lists them", argument);
        }
        if (strlen(spf_format_names[format]) == word &&
            strncmp(argument, spf_format_names[format], word) == 0) {
            *output = (struct spf_output_option){(unsigned)format, argument + word + 1};
        }
    }
    if (output->path[0] == '\0') {
        return spf_usage("--output \"%s\" names no file", argument);
    }
    if (strcmp(output->path, "-") == 0) {
        return spf_usage("--output names a file; standard output has the report of --format");
    }
    options->output_count++;
    return spf_expand_home(options, output->path, &output->path);
}

static const char *const completion_words[] = {"bash", "zsh", "fish", "profiles", "regions", NULL};

static struct spf_error take_completion(struct spf_options *options, const char *word)
{
    options->command = SPF_COMMAND_COMPLETION;
    return spf_option_choose("--completion", word, completion_words, &options->completion);
}

static struct spf_error take_verbose(struct spf_options *options, const char *none)
{
    (void)none;
    options->verbose++;
    return spf_ok();
}

/* "90", "90s", "10m" or "1h"; without a value ten minutes. */
static struct spf_error take_wait(struct spf_options *options, const char *text)
{
    static const char units[] = "smh";
    static const unsigned seconds[] = {1, 60, 3600};
    size_t len = strlen(text);
    const char *unit = len > 1 ? strchr(units, text[len - 1]) : NULL;
    unsigned scale = unit != NULL ? seconds[unit - units] : 1;
    char digits[10];

    options->wait_s = WAIT_S;
    if (len == 0) {
        return spf_ok();
    }
    if (!spf_format_whole(digits, sizeof digits, "%.*s", (int)(unit != NULL ? len - 1 : len),
                          text) ||
        spf_option_number("--wait", digits, 1, WAIT_MOST_S / scale, &options->wait_s).code !=
            SPF_OK) {
        return spf_usage("--wait=%s: give a time from 1s to 24h, such as 90s or 10m", text);
    }
    options->wait_s *= scale;
    return spf_ok();
}

static struct spf_error take_record(struct spf_options *options, const char *file)
{
    if (file[0] == '\0' || strcmp(file, "-") == 0) {
        return spf_usage("--record writes to a file: give its name");
    }
    return spf_expand_home(options, file, &options->record);
}

/* clang-format off */
#define AT(member)   offsetof(struct spf_options, member)
#define FLAG(member) .type = SPF_OPTION_FLAG, .offset = AT(member)
#define SET(member, value) .type = SPF_OPTION_SET, .offset = AT(member), .least = (value)
#define TEXT(member) .type = SPF_OPTION_TEXT, .offset = AT(member)
#define A_FILE(member) .type = SPF_OPTION_FILE, .offset = AT(member)
#define FILES(member) .type = SPF_OPTION_FILES, .offset = AT(member), .adds = true
#define NUMBER(member, from, to) .type = SPF_OPTION_NUMBER, .offset = AT(member), .least = (from), .most = (to)
#define CHOICE(member, list) .type = SPF_OPTION_CHOICE, .offset = AT(member), .words = (list)
#define TAKE(member, function) .type = SPF_OPTION_OTHER, .offset = AT(member), .take = (function)
#define ADDS         .adds = true
#define WHAT         SPF_OPTION_WHAT
#define HOW          SPF_OPTION_HOW
#define HERE         SPF_OPTION_HERE

const struct spf_option_row spf_option_rows[] = {
    {"instance", 0, "ID", N_("the ECS instance to check; its name or an address will do, too; repeatable"), WHAT, TAKE(instance, take_instance), ADDS},
    {"host", 0, "NAME", N_("the host to try; with --instance: instead of its address"), WHAT, TAKE(host, take_host), ADDS},
    {"instances-file", 0, "FILE", N_("check the instances of this list, a line each (- reads standard input)"), HERE, FILES(instances_files)},
    {"hosts-file", 0, "FILE", N_("check the hosts of this list, a line each (- reads standard input), or of an Ansible inventory"), HERE, FILES(hosts_files)},
    {"all", 0, NULL, N_("check every instance of the region"), HERE, FLAG(all)},
    {"tag", 0, "KEY[=VALUE]", N_("check the instances with this tag; repeatable: with all of these"), HERE, TAKE(tags, take_tag), ADDS},
    {"vpc", 0, "ID", N_("check the instances of this VPC"), HERE, TEXT(vpc)},
    {"shard", 0, "K/N", N_("check the K-th of N parts; auto/N or auto: as the batch system says"), HERE, TAKE(shard, take_shard)},
    {"jobs", 0, "N", N_("check up to N targets at once (128)"), HERE, NUMBER(jobs, 1, 10000)},
    {"fail-over", 0, "PERCENT", N_("exit 0 unless more of the targets fail or are unknown (0)"), HERE, NUMBER(fail_over, 0, 100)},
    {"key", 'i', "FILE", N_("the private key; - reads it from standard input"), WHAT, A_FILE(key)},
    {"key-dir", 0, "DIR", N_("take the bound pair's key from DIR: by its public key, else NAME.pem or NAME.ppk"), WHAT, A_FILE(key_dir), .in_config = true},
    {"jump", 'J', "HOST[,HOST]", N_("go through these jump hosts ([user@]host[:port]), as ssh -J does"), HOW, TAKE(jump, take_jump)},
    {"ssh-config", 'F', "[=FILE]", N_("use the ssh configuration (~/.ssh/config), as ssh would"), HOW, A_FILE(ssh_config)},
    {"passphrase-file", 0, "FILE", N_("its first line is the key's passphrase"), HOW, A_FILE(passphrase_file), .whole_run = true},
    {"user", 'l', "NAME", N_("log in as NAME (root)"), WHAT, TAKE(user, take_user), ADDS, .in_config = true},
    {"port", 'p', "N", N_("the SSH port (22)"), WHAT, TAKE(port, take_port), ADDS},
    {NULL, 'o', "KEYWORD=VALUE", N_("an option of ssh_config(5), as ssh takes it"), HOW, TAKE(ssh_words, spf_take_ssh_option), ADDS},
    {NULL, '4', NULL, N_("use IPv4 only"), HOW, SET(family, 4)},
    {NULL, '6', NULL, N_("use IPv6 only"), HOW, SET(family, 6)},
    {"address", 0, "KIND", N_("public, private, ipv6 or auto: which of the instance's"), HOW, CHOICE(address, address_words), .in_config = true},
    {"source-ip", 0, "ADDR|lookup:URL", N_("the address that the rules see, or an https service that tells it"), HOW, TAKE(source_ip, take_source), .secret = true},
    {"region", 0, "ID", N_("the instance's region; repeatable: --all, --tag and --vpc choose in each"), HOW, TAKE(regions, take_region), ADDS, .in_config = true},
    {"profile", 0, "NAME", N_("profile of the aliyun CLI; repeatable, as --region"), HOW, TAKE(profiles, take_profile), ADDS, .in_config = true},
    {"config-path", 0, "FILE", N_("its configuration (~/.aliyun/config.json)"), HOW, A_FILE(config_path), .in_config = true, .whole_run = true},
    {"endpoint", 0, "[PRODUCT=]URL", N_("another API endpoint, for all or for ecs, vpc, sts"), HOW, TAKE(endpoints, take_endpoint), ADDS, .whole_run = true},
    {"endpoint-type", 0, "TYPE", N_("vpc or public: the API as it is reached inside a VPC"), HOW, CHOICE(vpc_endpoints, endpoint_words), .in_config = true, .whole_run = true},
    {"ca-file", 0, "FILE", N_("trust these CA certificates for the API, no others"), HOW, A_FILE(ca_file), .in_config = true, .whole_run = true},
    {"known-hosts", 0, "FILE", N_("instead of the user's and the system's; repeatable"), HOW, FILES(known_hosts)},
    {"only", 0, "IDS", N_("run these checks and what they need (key,net.port)"), WHAT, TAKE(only, take_only), ADDS},
    {"skip", 0, "IDS", N_("leave these checks out"), WHAT, TAKE(skip, take_skip), ADDS},
    {"list-checks", 0, NULL, N_("list the checks"), HERE, SET(command, SPF_COMMAND_LIST_CHECKS), ADDS},
    {"print-policy", 0, NULL, N_("print the RAM policy that these checks need"), HERE, SET(command, SPF_COMMAND_PRINT_POLICY), ADDS},
    {"session", 0, "WHEN", N_("auto, always or never: run an echo after the login"), HOW, CHOICE(session, session_words), .in_config = true},
    {"no-session", 0, NULL, N_("the same as --session=never"), HOW, SET(session, SPF_SESSION_NEVER)},
    {"console", 0, NULL, N_("read what the instance printed while booting, in any case"), HOW, FLAG(console)},
    {"timeout", 0, "SECONDS", N_("for each network step (10)"), HOW, NUMBER(timeout_s, 1, 3600), .in_config = true},
    {"deadline", 0, "SECONDS", N_("for one round of checks (60)"), HOW, NUMBER(deadline_s, 1, 86400), .in_config = true, .whole_run = true},
    {"wait", 0, "[=DURATION]", N_("check again until the login works or waiting can't help (10m)"), WHAT, TAKE(wait_s, take_wait), .whole_run = true},
    {"strict", 0, NULL, N_("exit 1 on a warning, too, and 2 on anything unknown"), WHAT, FLAG(strict), .whole_run = true},
    {"format", 0, "FORMAT", N_("of the report on standard output: text, short, json, ndjson, junit, tap, nagios, prometheus, github, html"), HERE, CHOICE(format, spf_format_names), .in_config = true},
    {"json", 0, NULL, N_("the same as --format json"), HERE, SET(format, SPF_FORMAT_JSON)},
    {"output", 0, "[FORMAT:]FILE", N_("write a report there as well; repeatable"), HERE, TAKE(outputs, take_output), ADDS},
    {"fix", 0, NULL, N_("first chmod 0400, or write a repaired copy of a damaged key"), HERE, FLAG(fix)},
    {"find-key", 0, "[=DIR]", N_("look for the bound pair's private key (~/.ssh)"), WHAT, A_FILE(find_key)},
    {"record", 0, "FILE", N_("write the evidence there, redacted"), HERE, TAKE(record, take_record)},
    {"resume", 0, "FILE", N_("go on with an interrupted run: what this record or ndjson holds is not asked again"), HERE, A_FILE(resume)},
    {"baseline", 0, "FILE", N_("say what changed since the run that wrote this record or ndjson"), HERE, A_FILE(baseline)},
    {"replay", 0, "FILE", N_("judge recorded evidence again (- reads standard input); asks nobody"), HERE, A_FILE(replay)},
    {"transcript", 0, "FILE", N_("evaluate a pasted text of ssh, PuTTY or another client (- reads standard input)"), HERE, A_FILE(transcript)},
    {"no-cache", 0, NULL, N_("remember no address, and use none that is remembered"), HERE, FLAG(no_cache), .whole_run = true},
    {"color", 0, "WHEN", N_("auto, always or never"), HERE, CHOICE(colour, colour_words), .in_config = true},
    {"lang", 0, "LANGUAGE", N_("auto (the locale's), en or zh"), HERE, CHOICE(language, language_words), .in_config = true},
    {"verbose", 'v', NULL, N_("show the evidence of every check; -vv: and a timeline of the run"), HERE, TAKE(verbose, take_verbose), ADDS},
    {"quiet", 'q', NULL, N_("show the verdict only"), HERE, FLAG(quiet)},
    {"completion", 0, "SHELL", N_("print what completes the command line in bash, zsh or fish"), HERE, TAKE(completion, take_completion), .words = completion_words},
    {"print-config", 0, NULL, N_("print the defaults that hold and where they come from"), HERE, SET(command, SPF_COMMAND_PRINT_CONFIG), ADDS},
    {"help", 'h', NULL, N_("this help"), HERE, SET(command, SPF_COMMAND_HELP), ADDS},
    {"version", 0, NULL, N_("the version"), HERE, SET(command, SPF_COMMAND_VERSION), ADDS},
};
/* clang-format on */
const size_t spf_option_count = sizeof spf_option_rows / sizeof *spf_option_rows;
_Static_assert(sizeof spf_option_rows / sizeof *spf_option_rows <= SPF_OPTIONS_MAX,
               "struct spf_options has room for a value of each");

bool spf_option_may_lack_value(const struct spf_option_row *row)
{
    return row->argument != NULL && spf_starts_with(row->argument, "[=");
}

void spf_option_name(const struct spf_option_row *row, char name[40])
{
    if (row->name != NULL) {
        spf_format(name, 40, "--%s", row->name);
    } else {
        spf_format(name, 40, "-%c", row->letter);
    }
}

const struct spf_option_row *spf_option_named(const char *name)
{
    for (size_t i = 0; i < spf_option_count; i++) {
        if (spf_option_rows[i].name != NULL && strcmp(spf_option_rows[i].name, name) == 0) {
            return &spf_option_rows[i];
        }
    }
    return NULL;
}

const struct spf_option_row *spf_option_given(const struct spf_options *options,
                                              const struct spf_option_row *row)
{
    for (size_t i = 0; i < spf_option_count; i++) {
        if (options->given[i] != NULL && spf_option_rows[i].offset == row->offset) {
            return &spf_option_rows[i];
        }
    }
    return NULL;
}
