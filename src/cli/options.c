#include "cli/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "cli/destination.h"

/* Options without a short letter are told apart by these. */
enum {
    OPT_INSTANCE = 256,
    OPT_HOST,
    OPT_PASSPHRASE_FILE,
    OPT_ADDRESS,
    OPT_SOURCE_IP,
    OPT_REGION,
    OPT_PROFILE,
    OPT_CONFIG_PATH,
    OPT_ENDPOINT,
    OPT_ENDPOINT_TYPE,
    OPT_CA_FILE,
    OPT_KNOWN_HOSTS,
    OPT_FIX,
    OPT_FIND_KEY,
    OPT_ONLY,
    OPT_SKIP,
    OPT_LIST_CHECKS,
    OPT_PRINT_POLICY,
    OPT_SESSION,
    OPT_NO_SESSION,
    OPT_CONSOLE,
    OPT_TIMEOUT,
    OPT_DEADLINE,
    OPT_STRICT,
    OPT_FORMAT,
    OPT_JSON,
    OPT_OUTPUT,
    OPT_COLOR,
    OPT_RECORD,
    OPT_REPLAY,
    OPT_VERSION,
};

/*
 * The one table: parsing, --help and the manual's test read it. REPEATED options say how to ask:
 * lines to rerun carry them. TERMINAL ones belong to the command line and mean nothing to the
 * library.
 */
/* clang-format off */
static const struct option_row {
    const char *name;
    int value; /* the short letter, or an OPT_ */
    const char *argument; /* "[=..." may be left out */
    const char *help;
    enum { ONCE, REPEATED, TERMINAL } kind;
} rows[] = {
    {"instance", OPT_INSTANCE, "ID", "the ECS instance to check", ONCE},
    {"host", OPT_HOST, "NAME", "the host to try; with --instance: instead of its address", ONCE},
    {"key", 'i', "FILE", "the private key; - reads it from standard input", ONCE},
    {"jump", 'J', "HOST[,HOST]", "go through these jump hosts ([user@]host[:port]), as ssh -J does", REPEATED},
    {"ssh-config", 'F', "[=FILE]", "use the ssh configuration (~/.ssh/config), as ssh would", REPEATED},
    {"passphrase-file", OPT_PASSPHRASE_FILE, "FILE", "its first line is the key's passphrase", REPEATED},
    {"user", 'l', "NAME", "log in as NAME (root)", ONCE},
    {"port", 'p', "N", "the SSH port (22)", ONCE},
    {NULL, '4', NULL, "use IPv4 only", REPEATED},
    {NULL, '6', NULL, "use IPv6 only", REPEATED},
    {"address", OPT_ADDRESS, "KIND", "public, private, ipv6 or auto: which of the instance's", REPEATED},
    {"source-ip", OPT_SOURCE_IP, "ADDR|lookup:URL", "the address that the rules see, or an https service that tells it", REPEATED},
    {"region", OPT_REGION, "ID", "the instance's region", REPEATED},
    {"profile", OPT_PROFILE, "NAME", "profile of the aliyun CLI", REPEATED},
    {"config-path", OPT_CONFIG_PATH, "FILE", "its configuration (~/.aliyun/config.json)", REPEATED},
    {"endpoint", OPT_ENDPOINT, "[PRODUCT=]URL", "another API endpoint, for all or for ecs, vpc, sts",
     REPEATED},
    {"endpoint-type", OPT_ENDPOINT_TYPE, "TYPE", "vpc or public: the API as it is reached inside a VPC",
     REPEATED},
    {"ca-file", OPT_CA_FILE, "FILE", "trust these CA certificates for the API, no others", REPEATED},
    {"known-hosts", OPT_KNOWN_HOSTS, "FILE", "instead of the user's and the system's; repeatable",
     REPEATED},
    {"only", OPT_ONLY, "IDS", "run these checks and what they need (key,net.port)", ONCE},
    {"skip", OPT_SKIP, "IDS", "leave these checks out", ONCE},
    {"list-checks", OPT_LIST_CHECKS, NULL, "list the checks", TERMINAL},
    {"print-policy", OPT_PRINT_POLICY, NULL, "print the RAM policy that these checks need", TERMINAL},
    {"session", OPT_SESSION, "WHEN", "auto, always or never: run an echo after the login", REPEATED},
    {"no-session", OPT_NO_SESSION, NULL, "the same as --session=never", REPEATED},
    {"console", OPT_CONSOLE, NULL, "read what the instance printed while booting, in any case",
     REPEATED},
    {"timeout", OPT_TIMEOUT, "SECONDS", "for each network step (10)", REPEATED},
    {"deadline", OPT_DEADLINE, "SECONDS", "for everything together (60)", REPEATED},
    {"strict", OPT_STRICT, NULL, "exit 1 on a warning, too, and 2 on anything unknown", ONCE},
    {"format", OPT_FORMAT, "FORMAT", "text or json, on standard output", TERMINAL},
    {"json", OPT_JSON, NULL, "the same as --format json", TERMINAL},
    {"output", OPT_OUTPUT, "[FORMAT:]FILE", "write a report there as well; repeatable", TERMINAL},
    {"fix", OPT_FIX, NULL, "first chmod 0400, or write a repaired copy of a damaged key", TERMINAL},
    {"find-key", OPT_FIND_KEY, "[=DIR]", "look for the bound pair's private key (~/.ssh)", ONCE},
    {"record", OPT_RECORD, "FILE", "write the evidence there, redacted", TERMINAL},
    {"replay", OPT_REPLAY, "FILE", "judge recorded evidence again; asks nobody", TERMINAL},
    {"color", OPT_COLOR, "WHEN", "auto, always or never", TERMINAL},
    {"verbose", 'v', NULL, "show the evidence of every check", TERMINAL},
    {"quiet", 'q', NULL, "show the verdict only", TERMINAL},
    {"help", 'h', NULL, "this help", TERMINAL},
    {"version", OPT_VERSION, NULL, "the version", TERMINAL},
};
/* clang-format on */
#define ROWS (sizeof rows / sizeof *rows)

static bool may_lack(const struct option_row *row)
{
    return row->argument != NULL && spf_starts_with(row->argument, "[=");
}

void spf_options_help(FILE *out)
{
    (void)fputs(
        "Usage: sshpreflight --instance ID --key FILE [options]\n"
        "       sshpreflight [user@]host --key FILE [options]\n"
        "       sshpreflight explain CAUSE\n"
        "       ssh -v ... 2>&1 | sshpreflight explain -\n"
        "       sshpreflight --replay FILE\n"
        "\n"
        "Says why a login to a cloud instance with an SSH key fails, and how to repair it.\n"
        "It changes nothing: not the cloud, not the instance, and no file of yours without --fix.\n"
        "\n",
        out);
    for (size_t i = 0; i < ROWS; i++) {
        const struct option_row *row = &rows[i];
        char left[64];

        (void)spf_format(left, sizeof left, "%s%c%s%s%s%s%s", row->value < 256 ? "-" : "   ",
                         row->value < 256 ? row->value : ' ',
                         row->value < 256 && row->name != NULL ? ", " : "",
                         row->name != NULL ? "--" : "", row->name != NULL ? row->name : "",
                         row->argument != NULL && !may_lack(row) ? " " : "",
                         row->argument != NULL ? row->argument : "");
        (void)fprintf(out, "  %-31s %s\n", left, row->help);
    }
    (void)fputs("\n"
                "Exit status: 0 you can log in, 1 you can't, 2 not known, 64 wrong usage.\n"
                "More: sshpreflight(1), sshpreflight-causes(7), sshpreflight-json(5).\n",
                out);
}

struct spf_error spf_usage(const char *fmt, ...)
{
    char text[160], clean[160];
    va_list args;

    va_start(args, fmt);
    (void)spf_vformat(text, sizeof text, fmt, args);
    va_end(args);
    spf_clean(clean, sizeof clean, text, strlen(text));
    return spf_error(SPF_ERR_USAGE, "%s", clean);
}

/* A whole decimal number between least and most. */
static bool number(const char *text, long least, long most, long *value)
{
    char *end;

    if (text[0] < '0' || text[0] > '9' || strlen(text) > 9)
        return false;
    *value = strtol(text, &end, 10);
    return *end == '\0' && *value >= least && *value <= most;
}

/* Where text stands in a NULL-terminated list of words; -1 if it doesn't. */
static int one_of(const char *text, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0)
            return i;
    }
    return -1;
}

static const char *const address_words[] = {"auto", "public", "private", "ipv6", NULL};
static const char *const session_words[] = {"auto", "always", "never", NULL};
static const char *const endpoint_words[] = {"public", "vpc", NULL};
static const char *const colour_words[] = {"auto", "always", "never", NULL};
static const char *const format_words[] = {"text", "json", NULL};

static struct spf_error add_output(struct spf_options *options, const char *argument)
{
    struct spf_output_option *output = &options->outputs[options->output_count];
    size_t word = strcspn(argument, ":/.");
    int format = -1;

    if (options->output_count == SPF_LIST_OPTION_MAX)
        return spf_usage("--output is given too often");
    *output = (struct spf_output_option){.format = options->format, .path = argument};
    while (word > 0 && argument[word] == ':' && output->path == argument) {
        if (format_words[++format] == NULL)
            return spf_usage("--output \"%s\": the formats are text and json", argument);
        if (strlen(format_words[format]) == word &&
            strncmp(argument, format_words[format], word) == 0)
            *output = (struct spf_output_option){(enum spf_format)format, argument + word + 1};
    }
    if (output->path[0] == '\0')
        return spf_usage("--output \"%s\" names no file", argument);
    if (strcmp(output->path, "-") == 0)
        return spf_usage("--output names a file; standard output has the report of --format");
    options->output_count++;
    return spf_ok();
}

static struct spf_error add_to(const char **list, const char *name, const char *value)
{
    size_t count = 0;

    while (list[count] != NULL)
        count++;
    if (count == SPF_LIST_OPTION_MAX)
        return spf_usage("--%s is given too often", name);
    list[count] = value;
    return spf_ok();
}

static struct spf_error choose(const char *option, const char *text, const char *const *words,
                               unsigned *choice)
{
    int found = one_of(text, words);

    if (found < 0)
        return spf_usage("%s cannot be \"%s\"; --help lists what it can be", option, text);
    *choice = (unsigned)found;
    return spf_ok();
}

static struct spf_error select_checks(struct spf_options *options, int option, const char *list)
{
    const char *wrong;
    spf_checks checks;

    if (!spf_checks_parse(list, &checks, &wrong))
        return spf_usage("\"%.*s\" is no check; --list-checks lists them", (int)strcspn(wrong, ","),
                         wrong);
    if (option == OPT_ONLY)
        options->selected &= checks;
    else
        options->selected &= ~checks;
    return spf_ok();
}

/* An address, or who is asked for it; of several the last one counts. */
static struct spf_error take_source(struct spf_options *options, const char *argument)
{
    static const char lookup[] = "lookup:";
    char host[280];

    options->source_ip = (struct spf_ip){0};
    options->source_lookup = NULL;
    if (spf_starts_with(argument, lookup)) {
        options->source_lookup = argument + strlen(lookup);
        if (spf_lookup_parse(options->source_lookup, host, sizeof host).code != SPF_OK)
            /* the URL may hold a password: it is not repeated */
            return spf_usage("--source-ip asks no such service: give lookup:https://HOST/PATH");
    } else if (!spf_ip_parse(argument, &options->source_ip)) {
        return spf_usage("--source-ip \"%s\" is no IP address", argument);
    }
    spf_ip_unmap(&options->source_ip);
    return spf_ok();
}

/* One option with its argument. */
static struct spf_error take(struct spf_options *options, int option, const char *argument)
{
    struct spf_error error = spf_ok();
    unsigned choice = 0;
    long value = 0;

    if (argument == NULL) /* only where it may be left out */
        argument = "";

    switch (option) {
    case OPT_INSTANCE:
        options->instance = argument;
        break;
    case OPT_HOST:
        return spf_take_destination(options, argument);
    case 'i':
        if (options->key != NULL)
            return spf_usage("two keys, %s and %s: one is checked at a time", options->key,
                             argument);
        return spf_take_key(options, argument);
    case OPT_PASSPHRASE_FILE:
        options->passphrase_file = argument;
        break;
    case 'l': /* the first counts, as it does with ssh */
        if (options->user == NULL)
            options->user = argument;
        options->user_given = true;
        break;
    case 'J':
        if (!spf_is_jump(argument))
            return spf_usage("\"%s\" is no jump host ([user@]host[:port])", argument);
        options->jump = argument;
        break;
    case 'F':
        options->ssh_config = argument;
        break;
    case 'p':
        if (!number(argument, 1, 65535, &value))
            return spf_usage("\"%s\" is no port (1 to 65535)", argument);
        if (!options->port_given)
            options->port = (uint16_t)value;
        options->port_given = true;
        break;
    case '4':
    case '6':
        if (options->family != 0 && options->family != option - '0')
            return spf_usage("-4 and -6 exclude each other");
        options->family = option - '0';
        break;
    case OPT_ADDRESS:
        error = choose("--address", argument, address_words, &choice);
        options->address = (enum spf_address_choice)choice;
        break;
    case OPT_SOURCE_IP:
        return take_source(options, argument);
    case OPT_REGION:
        options->region = argument;
        break;
    case OPT_PROFILE:
        options->profile = argument;
        break;
    case OPT_CONFIG_PATH:
        options->config_path = argument;
        break;
    case OPT_CA_FILE:
        options->ca_file = argument;
        break;
    case OPT_ENDPOINT:
        if (options->endpoint_count == SPF_LIST_OPTION_MAX)
            return spf_usage("--endpoint is given too often");
        return spf_endpoint_parse(argument, &options->endpoints[options->endpoint_count++]);
    case OPT_ENDPOINT_TYPE:
        error = choose("--endpoint-type", argument, endpoint_words, &choice);
        options->vpc_endpoints = choice == 1;
        break;
    case OPT_FIX:
        options->fix = true;
        break;
    case OPT_FIND_KEY:
        options->find_key = argument;
        break;
    case OPT_KNOWN_HOSTS:
        return add_to(options->known_hosts, "known-hosts", argument);
    case OPT_ONLY:
    case OPT_SKIP:
        return select_checks(options, option, argument);
    case OPT_LIST_CHECKS:
        options->command = SPF_COMMAND_LIST_CHECKS;
        break;
    case OPT_PRINT_POLICY:
        options->command = SPF_COMMAND_PRINT_POLICY;
        break;
    case OPT_SESSION:
        error = choose("--session", argument, session_words, &choice);
        options->session = (enum spf_session_mode)choice;
        break;
    case OPT_NO_SESSION:
        options->session = SPF_SESSION_NEVER;
        break;
    case OPT_CONSOLE:
        options->console = true;
        break;
    case OPT_TIMEOUT:
        if (!number(argument, 1, 3600, &value))
            return spf_usage("--timeout takes 1 to 3600 seconds, not \"%s\"", argument);
        options->timeout_s = (unsigned)value;
        break;
    case OPT_DEADLINE:
        if (!number(argument, 1, 86400, &value))
            return spf_usage("--deadline takes 1 to 86400 seconds, not \"%s\"", argument);
        options->deadline_s = (unsigned)value;
        break;
    case OPT_STRICT:
        options->strict = true;
        break;
    case OPT_FORMAT:
        error = choose("--format", argument, format_words, &choice);
        options->format = (enum spf_format)choice;
        break;
    case OPT_JSON:
        options->format = SPF_FORMAT_JSON;
        break;
    case OPT_OUTPUT:
        return add_output(options, argument);
    case OPT_COLOR:
        error = choose("--color", argument, colour_words, &choice);
        options->colour = (enum spf_colour_choice)choice;
        break;
    case OPT_RECORD:
        if (options->record != NULL || argument[0] == '\0' || strcmp(argument, "-") == 0)
            return spf_usage("--record takes one file, once");
        options->record = argument;
        break;
    case OPT_REPLAY:
        options->replay = argument;
        break;
    case 'v':
        options->verbose = true;
        break;
    case 'q':
        options->quiet = true;
        break;
    case 'h':
        options->command = SPF_COMMAND_HELP;
        break;
    case OPT_VERSION:
        options->command = SPF_COMMAND_VERSION;
        break;
    default:
        break;
    }
    return error;
}

/* A word that is no option: the command explain and its cause, or the host. */
static struct spf_error take_word(struct spf_options *options, const char *word, bool first)
{
    if (first && strcmp(word, "explain") == 0) {
        options->command = SPF_COMMAND_EXPLAIN;
        return spf_ok();
    }
    if (options->command == SPF_COMMAND_EXPLAIN) {
        if (options->cause != NULL)
            return spf_usage("explain takes one cause");
        options->cause = word;
        return spf_ok();
    }
    if (options->host != NULL)
        return spf_usage("two hosts: %s and %s", options->host, word);
    return spf_take_destination(options, word);
}

/* Keeps the words of an option that lines to rerun repeat. */
static void remember(struct spf_options *options, int option, char **words, size_t count)
{
    static const size_t room = sizeof options->repeat / sizeof *options->repeat - 1;
    size_t kept = 0;

    while (options->repeat[kept] != NULL)
        kept++;
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].value != option || rows[i].kind != REPEATED)
            continue;
        if (option == '4' || option == '6') { /* it may stand in a cluster */
            if (kept < room)
                options->repeat[kept] = option == '4' ? "-4" : "-6";
            return;
        }
        for (size_t k = 0; k < count && kept < room; k++)
            options->repeat[kept++] = words[k];
        return;
    }
}

void spf_options_init(struct spf_options *options)
{
    *options = (struct spf_options){
        .port = 22, .selected = SPF_ALL_CHECKS, .timeout_s = 10, .deadline_s = 60};
}

struct spf_error spf_options_finish(struct spf_options *options)
{
    if (options->user == NULL)
        options->user = "root";
    if (options->jump != NULL && options->ssh_config == NULL &&
        strcasecmp(options->jump, "none") == 0)
        options->jump = NULL; /* as ssh takes it; ssh itself asks for it where it has more to say */
    if (options->session == SPF_SESSION_NEVER)
        options->selected &= ~SPF_CHECK_BIT(SSH_SESSION);
    /* Looking for the key is what somebody does who does not have it. */
    if (options->find_key != NULL && options->key == NULL)
        options->selected &= ~SPF_CHECKS_WITH_KEY;
    if (options->command == SPF_COMMAND_EXPLAIN && options->cause == NULL)
        return spf_usage("explain needs the name of a cause, or - and a pasted text");
    if (options->command == SPF_COMMAND_EXPLAIN &&
        (options->format != SPF_FORMAT_TEXT || options->output_count > 0))
        return spf_usage("explain writes text on standard output, and nothing else");
    return options->command == SPF_COMMAND_RUN ? spf_options_judge(options) : spf_ok();
}

struct spf_error spf_options_parse(int argc, char **argv, struct spf_options *options)
{
    struct option longs[ROWS + 1] = {0};
    char shorts[2 * ROWS + 3] = "-:"; /* words in between come as option 1, in their order */
    size_t short_count = 2, long_count = 0;
    struct spf_error error;
    int option;

    spf_options_init(options);
    for (size_t i = 0; i < ROWS; i++) {
        const struct option_row *row = &rows[i];

        if (row->value < 256)
            shorts[short_count++] = (char)row->value;
        if (row->value < 256 && row->argument != NULL)
            shorts[short_count++] = ':';
        if (row->name != NULL)
            longs[long_count++] = (struct option){row->name,
                                                  row->argument == NULL ? no_argument
                                                  : may_lack(row)       ? optional_argument
                                                                        : required_argument,
                                                  NULL, row->value};
    }

    opterr = 0;
    optind = 0; /* glibc's way to begin anew, whatever an earlier call left */
    for (;;) {
        int before = optind > 0 ? optind : 1;

        option = getopt_long(argc, argv, shorts, longs, NULL);
        if (option == -1)
            break;
        if (option == ':')
            return spf_usage("%s needs a value", argv[optind - 1]);
        if (option == '?')
            return spf_usage("there is no option %s, or it takes no value", argv[optind - 1]);
        error = option == 1          ? take_word(options, optarg, before == 1)
                : option == OPT_HOST ? take_word(options, optarg, false)
                                     : take(options, option, optarg);
        if (error.code != SPF_OK)
            return error;
        remember(options, option, argv + before, (size_t)(optind - before));
    }
    for (; optind < argc; optind++) {
        error = take_word(options, argv[optind], false);
        if (error.code != SPF_OK)
            return error;
    }
    return spf_options_finish(options);
}

struct spf_error spf_options_set(struct spf_options *options, const char *name, const char *value)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct option_row *row = &rows[i];

        if (row->name == NULL || strcmp(row->name, name) != 0 || row->kind == TERMINAL)
            continue;
        if ((value != NULL) != (row->argument != NULL) && !(value == NULL && may_lack(row)))
            return spf_usage("option %s %s", name,
                             value != NULL ? "takes no value" : "needs a value");
        if (row->value == 'l') /* here a caller changes his mind */
            options->user = NULL;
        if (row->value == 'p')
            options->port_given = false;
        return take(options, row->value, value);
    }
    return spf_usage("there is no option %s", name);
}

void spf_options_clear(struct spf_options *options)
{
    free(options->host_copy);
    free(options->key_copy);
    options->host_copy = options->key_copy = NULL;
}
