#include "unit.h"

#include <netdb.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/judge.h"
#include "cli/option_table.h"
#include "cli/parse.h"
#include "pipeline/run.h"
#include "pipeline/slots.h"

#define WORDS_MAX 16

static struct spf_options options;

/* Parses one line of words separated by blanks. */
static struct spf_error parse(const char *line)
{
    static char copy[400];
    char *words[WORDS_MAX + 1] = {"sshpreflight"};
    int count = 1;

    spf_options_clear(&options);
    (void)snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word != NULL && count < WORDS_MAX;
         word = strtok(NULL, " ")) {
        words[count++] = word;
    }
    return spf_options_parse(count, words, &options);
}

static void check_good(const char *line)
{
    struct spf_error error = parse(line);

    ck_assert_msg(error.code == SPF_OK, "%s: %s", line, error.text);
}

/* A pasted id, a name, an address. */
START_TEST(words_for_an_instance)
{
    static const char *const good[] = {"i-bp1a2b3c", "web-1", "sg-gateway", "203.0.113.9",
                                       "2001:db8::1"};
    char line[100];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        (void)snprintf(line, sizeof line, "--only cloud --instance %s", good[i]);
        check_good(line);
        ck_assert_str_eq(options.instance, good[i]);
    }
    {
        char *words[] = {(char *)"sshpreflight", (char *)"--only",        (char *)"cloud",
                         (char *)"--instance",   (char *)" i-bp1a2b3c\n", NULL};

        spf_options_clear(&options);
        ck_assert_int_eq(spf_options_parse(5, words, &options).code, SPF_OK);
        ck_assert_str_eq(options.instance, "i-bp1a2b3c");
    }
}
END_TEST

START_TEST(usage_errors_name_what_is_wrong)
{
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"", "--instance ID"},
        {"--key k", "--instance ID, or a host"},
        {"--instance", "--instance needs a value (ID)"},
        {"--instance eip-bp1lab0000000001 --only cloud", "is the id of an elastic IP address"},
        {"--instance I-BP1LAB0000000000WEB1 --only cloud", "lower-case"},
        {"--instance acs:ecs:cn-hangzhou:1000:instance/i-bp1a2b3c --only cloud", "end: i-bp1a2b3c"},
        {"--instance web*1 --only cloud", "as in i-bp1"},
        {"--instance 1web --only cloud", "as in i-bp1"},
        {"--wrong", "no option --wrong"},
        {"h --key k --only nothing", "\"nothing\" is not a check"},
        {"h --key k --only ssh.", "\"ssh.\" is not a check"},
        {"h --key k --only key --skip key", "leave no check"},
        {"h --key k --only cloud", "need --instance"},
        {"h g --key k", "two hosts: h and g; a list (--hosts-file) has one in each line"},
        {"h --key k -p 0", "--port cannot be \"0\"; it takes a whole number from 1 to 65535"},
        {"h --key k -p 65536", "--port cannot be"},
        {"h --key k -p 22x", "--port cannot be"},
        {"h --key k --timeout 0", "--timeout cannot be \"0\"; it takes"},
        {"h --key k --source-ip 300.1.1.1", "is not an IP address"},
        {"h --key k --format xml", "cannot be \"xml\""},
        {"h --key k -J -oProxyCommand=x", "is not a valid jump host"},
        {"h --key k -J a@-b", "is not a valid jump host"},
        {"h --key k -J a;b", "is not a valid jump host"},
        {"h --key k -J a,,b", "is not a valid jump host"},
        {"h --key k -J a,", "is not a valid jump host"},
        {"h --key k -J a,-b", "is not a valid jump host"},
        {"-F none --only key", "which private key"},
        {"h;id --ssh-config", "ssh refuses this host name"},
        {"h --ssh-config=c --output c", "is not replaced"},
        {"h --key k --json=x", "takes no value"},
        {"h --key k --console", "--console reads that of an instance"},
        {"h --key k --wait=x", "give a time from 1s to 24h"},
        {"explain", "name of a cause"},
        {"merge", "needs the files"},
        {"--resume then --replay then", "--resume means nothing with --replay"},
        {"--resume - --hosts-file - -i k", "standard input can be read once"},
        {"--resume then --wait h -i k", "--resume goes on with one round"},
        {"--resume then --output json:then h -i k", "then: a file that is read is not replaced"},
        {"explain key-missing --format tap", "explain writes text or JSON"},
        {"-4 -6 h --key k", "exclude each other"},
        {"h --key k -i k2", "--key can be given once, not as both \"k\" and \"k2\""},
        {"sftp://h --key k", "or as ssh://"},
        {"ssh:// --key k", "ssh does not take"},
        {"ssh://u@ --key k", "ssh does not take"},
        {"ssh://@h --key k", "ssh does not take"},
        {"ssh://a@b@h --key k", "ssh does not take"},
        {"ssh://h/path --key k", "ssh does not take"},
        {"ssh://h:0 --key k", "ssh does not take"},
        {"ssh://h:65536 --key k", "ssh does not take"},
        {"ssh://h:22x --key k", "ssh does not take"},
        {"ssh://h;id --key k", "ssh does not take"},
        {"ssh://u%4@h --key k", "ssh does not take"},
        {"ssh://u%00@h --key k", "ssh does not take"},
        {"ssh://[::1]:22 --key k", "ssh does not take"},
        {"ssh://[h --key k", "ssh does not take"},
        {"ssh://[h]2 --key k", "ssh does not take"},
        {"ssh://[] --key k", "ssh does not take"},
        {"ssh://-h --key k", "ssh does not take"},
        {"[::1]:2222 --key k", "the port goes with -p: write -p 2222 ::1"},
        {"u@[::1]:22 --key k", "write -p 22 u@::1"},
        {"root@::1:22 --key k", "for port 22 of ::1 write -p 22 root@::1"},
        {"[::1 --key k", "in brackets"},
        {"--host a@b --host c@d --key k", "two hosts"},
        {"h --key ~nobody-of-this-name/k", "no such user"},
        {"h:2222 --key k", "the port goes with -p: write -p 2222 h"},
        {"-l $(id) h --key k", "ssh refuses this user name"},
        {"h --key k --output -", "--output names a file"},
        {"h --key k --output text:k", "is not replaced"},
        {"h --key k --record ./k --output ./k", "the same file twice"},
        {"h --key k --record r --output json:r", "the same file twice"},
        {"h --key k --known-hosts kh --record kh", "is not replaced"},
        {"h --key k --record -", "--record writes to a file"},
        {"explain a b", "one cause"},
        {"root@ --key k", "the host is empty"},
        {"h --key k --output json:", "--output \"json:\" names no file"},
        {"h --key k --output xml:/tmp/r", "\"xml:/tmp/r\": no such format"},
        {"h --key k --source-ip lookup:https://u:p@h/", "lookup:https://HOST/PATH"},
        {"--replay r --record f", "--record means nothing with --replay"},
        {"--replay r h", "a host means nothing with --replay"},
        {"--replay r --host h", "a host means nothing with --replay"},
        {"--replay r -i k", "--key means nothing with --replay"},
        {"--replay r --instance i-1", "--instance means nothing with --replay"},
        {"--replay r -l root", "--user means nothing with --replay"},
        {"--replay r -p 22", "--port means nothing with --replay"},
        {"--replay r --only key", "--only means nothing with --replay"},
        {"--replay r --no-session", "means nothing with --replay"},
        {"--replay r --fix", "--fix means nothing with --replay"},
        {"--replay r --source-ip 192.0.2.1", "--source-ip means nothing with --replay"},
        {"--replay r -4", "-4 means nothing with --replay"},
        {"-P 2222 h -i k", "the port goes with -p (-P is scp's and plink's)"},
        {"-V h", "ssh -V shows the version"},
        {"-stict h -i k", "-stict is read as single letters; did you mean --strict?"},
        {"h -i k -L", "-L needs a value"},
        {"h -i k -o", "-o needs a value (KEYWORD=VALUE)"},
        {"--instance i-1 --key k --key-dir d", "--key k and --key-dir d exclude each other"},
        {"--instance i-1 --find-key --key-dir d", "--find-key and --key-dir d exclude each other"},
        {"--instance i-1 --find-key=/no/d", "--find-key=/no/d: No such file or directory"},
        {"--instance i-1 --find-key=/dev/null", "--find-key=/dev/null: Not a directory"},
        {"h -i k --output json:/no/d/x", "/no/d/x: there is no directory /no/d"},
        {"h -i k --record /dev/null/x", "/dev/null/x: there is no directory /dev/null"},
        {"h --key-dir d", "--key-dir picks the key of an instance's key pair: it needs --instance"},
        {"--instance i-1 --key-dir=", "--key-dir is empty"},
        {"--replay r --key-dir d", "--key-dir means nothing with --replay"},
        {"--transcript t --key-dir d", "--key-dir means nothing with a transcript"},
        {"--replay r -o X=y", "-o means nothing with --replay"},
        {"--transcript t -o X=y", "-o means nothing with a transcript"},
        {"-i k ssh -i k2 h", "--key can be given once, not as both \"k\" and \"k2\""},
        {"ssh h:2222", "the port goes with -p: write -p 2222 h"},
        {"-- telnet h", "telnet is not a command that logs in by SSH"},
        {"winscp h", "say which private key: --key FILE"},
        {"-i k -zv h", "there is no option -z"},
        {"h -i k --jsn", "there is no option --jsn; did you mean --json?"},
        {"h -i k --regoin=x", "there is no option --regoin; did you mean --region?"},
        {"h -i k -jsn", "there is no option -j; did you mean --json?"},
        {"-instance i-1", "-instance is read as single letters; did you mean --instance?"},
        {"h -i k --s",
         "--s may be --shard, --ssh-config, --source-ip, --skip, --session, --strict"},
        {"h --key k --format jsn", "--format cannot be \"jsn\"; did you mean json?"},
        {"h --key k --color blue", "--color cannot be \"blue\"; it can be auto, always or never"},
        {"h --key k --only ssh.atuh", "\"ssh.atuh\" is not a check; did you mean ssh.auth?"},
        {"h --key k --skip auth", "did you mean ssh.auth?"},
        {"--instance i-1 --region a --region b -i k", "several --region are for --all"},
        {"--instance i-1 --profile a --profile b -i k --all", "several --profile are for --all"},
        {"--hosts-file l --region a --region b -i k", "several --region are for --all"},
        {"--instance i-1 --region= -i k", "--region is empty"},
        {"h -i k --timeout 5 --timeout 6",
         "--timeout can be given once, not as both \"5\" and \"6\""},
        {"h -i k --json --format text", "--json and --format text exclude each other"},
        {"h -i k --session always --no-session", "--session always and --no-session exclude"},
        {"h -i k -J a -J b", "--jump can be given once"},
        {"h -i k --record a --record b", "--record can be given once"},
        {"h -i k --source-ip 192.0.2.1 --source-ip 192.0.2.2", "--source-ip can be given once"},
        {"h -i k -J host:99999", "\"99999\" is not a valid port of a jump host"},
        {"h -i k -J host:0", "\"0\" is not a valid port of a jump host"},
        {"h -i k -J a,[::1]:0", "\"0\" is not a valid port of a jump host"},
        {"h -i k -J ::1:22", "stands in brackets"},
        {"h -i k -J [::1]x", "is not a valid jump host"},
        {"h -i k -J :22", "is not a valid jump host"},
        {"--instance i-1 --find-key /tmp", "--find-key takes its value with =: --find-key=/tmp"},
        {"--ssh-config ~/c h -i k", "--ssh-config takes its value with =: --ssh-config=~/c"},
        {"h -i k --ca-file ~nobody-of-this-name/c", "no such user"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_error error = parse(cases[i].line);

        ck_assert_msg(error.code == SPF_ERR_USAGE, "%s", cases[i].line);
        ck_assert_msg(strstr(error.text, cases[i].says) != NULL, "%s: %s", cases[i].line,
                      error.text);
    }
}
END_TEST

START_TEST(hosts_and_users_as_ssh_takes_them)
{
    check_good("ecs-user@203.0.113.9 -i k");
    ck_assert_str_eq(options.host, "203.0.113.9");
    ck_assert_str_eq(options.user, "ecs-user");
    check_good("--host ecs-user@203.0.113.9 -i k");
    ck_assert_str_eq(options.user, "ecs-user");
    check_good("-l DOM\\user h -i k");
    check_good("-l admin ecs-user@h -i k");
    ck_assert_str_eq(options.user, "admin");
    check_good("[2001:db8::1] -i k -p 2222");
    ck_assert_str_eq(options.host, "2001:db8::1");
    ck_assert_uint_eq(options.port, 2222);
    ck_assert_str_eq(options.user, "root");
    check_good("-4i k h");
    ck_assert_int_eq(options.family, 4);
    ck_assert_str_eq(options.key, "k");
    check_good("-i k -- h");
    ck_assert_str_eq(options.host, "h");
    check_good("h --key k -J root@[2001:db8::1]:2222");
    ck_assert_str_eq(options.jump, "root@[2001:db8::1]:2222");
    check_good("explain key-missing --json");
    check_good("merge part-1 ssh part-3 --json");
    ck_assert_uint_eq(options.files.count, 3);
    ck_assert_int_eq(options.format, SPF_FORMAT_JSON);
    check_good("--lang zh --json merge part-1 part-2");
    ck_assert_uint_eq(options.files.count, 2);
    check_good("--json explain key-missing");
    ck_assert_str_eq(options.cause, "key-missing");
    check_good("--instance i-1 --key k explain");
    ck_assert_str_eq(options.host, "explain");
}
END_TEST

/* ssh -G says the same of each. */
START_TEST(first_user_and_port_count)
{
    static const struct {
        const char *line, *user;
        unsigned port;
    } cases[] = {
        {"h -i k -p 1 -p 2 -l a -l b", "a", 1},
        {"-l a b@h -i k", "a", 22},
        {"b@h -l a -i k", "b", 22},
        {"ssh://u@h:23 -p 24 -i k", "u", 23},
        {"-p 24 ssh://u@h:23 -i k", "u", 24},
        {"ssh://h -i k", "root", 22},
        {"ssh://u@[h]:23 -i k", "u", 23},
        {"ssh://[h]/ -i k", "root", 22},
        {"ssh://u@h:23/ -i k", "u", 23},
        {"ssh://u@h: -i k", "u", 22},
        {"ssh://u;x=y@h -i k", "u", 22},
        {"ssh://u%40x@h -i k", "u@x", 22},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_good(cases[i].line);
        ck_assert_str_eq(options.host, "h");
        ck_assert_str_eq(options.user, cases[i].user);
        ck_assert_uint_eq(options.port, cases[i].port);
    }
    ck_assert(options.user_given && !options.port_given);
    check_good("h -i k -J a,ssh://u@b:22,[::1]:22,d:");
    /* a port by its name is the system's word (services(5)), as for ssh */
    ck_assert_int_eq(parse("h -i k -J c:ssh").code == SPF_OK, getservbyname("ssh", "tcp") != NULL);
    check_good("h -i k --region a --region a --json --format json --no-session --session=never");
    check_good("--ssh-config h -i k");
    ck_assert_str_eq(options.host, "h");
    check_good("[::1:22] -i k");
    check_good("2001:db8::1:22 -i k"); /* some machine's address */
    check_good("h -i k --dead 5 --verb");
    ck_assert_uint_eq(options.deadline_s, 5);
    check_good("h -i k -J NONE");
    ck_assert_ptr_null(options.jump);
}
END_TEST

START_TEST(tilde_of_the_key_is_expanded)
{
    struct passwd *self = getpwuid(getuid());
    char expected[4200];

    ck_assert_ptr_nonnull(self);
    (void)snprintf(expected, sizeof expected, "%s/.ssh/k", self->pw_dir);
    check_good("h --key=~/.ssh/k");
    ck_assert_str_eq(options.key, expected);
    check_good("h -i ~root/k");
    ck_assert_str_eq(options.key, "/root/k");
    check_good("h -i ./~/k");
    ck_assert_str_eq(options.key, "./~/k");
    check_good("h -i k~");
    ck_assert_str_eq(options.key, "k~");
}
END_TEST

START_TEST(a_wait_has_a_duration)
{
    static const struct {
        const char *line;
        unsigned seconds;
    } cases[] = {
        {"h -i k", 0},
        {"h -i k --wait", 600},
        {"--wait h -i k", 600},
        {"h -i k --wait=90", 90},
        {"h -i k --wait=90s", 90},
        {"h -i k --wait=1", 1},
        {"h -i k --wait=2m", 120},
        {"h -i k --wait=24h", 86400},
    };
    static const char *const wrong[] = {
        "h -i k --wait=0",   "h -i k --wait=25h",
        "h -i k --wait=1d",  "h -i k --wait=m",
        "h -i k --wait=-1",  "h -i k --wait=1m30s",
        "h -i k --wait 5m",  "h -i k --wait=999999999999h",
        "--replay f --wait",
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_good(cases[i].line);
        ck_assert_msg(options.wait_s == cases[i].seconds, "%s: %u", cases[i].line, options.wait_s);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(parse(wrong[i]).code == SPF_ERR_USAGE, "%s", wrong[i]);
    }
}
END_TEST

START_TEST(checks_are_chosen_by_id_or_room)
{
    check_good("h --key k --only key,net.port");
    ck_assert_uint_eq(options.selected, SPF_CHECK_BIT(KEY_FILE) | SPF_CHECK_BIT(KEY_MODE) |
                                            SPF_CHECK_BIT(KEY_FORMAT) | SPF_CHECK_BIT(NET_PORT));
    check_good("h --only net");
    ck_assert_uint_eq(options.selected, SPF_CHECK_BIT(NET_PORT));
    check_good("--key k --only key.format");
    check_good("h --key k --no-session");
    ck_assert_uint_eq(options.selected, SPF_ALL_CHECKS & ~SPF_CHECK_BIT(SSH_SESSION));
    check_good("h --skip key,ssh.auth,ssh.session,cloud");
}
END_TEST

/* What is said to be done and is not must be said. */
START_TEST(remarks)
{
    static const struct {
        const char *line, *says;
    } cases[] = {
        {"h --key k --skip key.format", "--skip key.format: it runs all the same, for ssh.auth"},
        {"h --key k --skip key", "--skip key.file: it runs all the same"},
        {"h --key k --skip ssh.session", ""},
        {"h --key k --skip ssh,key", ""},
        {"h --key k --skip cloud", ""},
        {"--instance i-1 --key k --skip cloud", "--skip cloud.instance: it runs all the same"},
        {"2001:db8::1:22 --key k", "is read as an address; a port goes with -p"},
        {"2001:db8::22 --key k", ""},
        {"2001:db8::1:22 --key k -p 22", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_buf lines;

        check_good(cases[i].line);
        spf_buf_init(&lines, 4000);
        spf_options_remark(&options, &lines);
        ck_assert_msg(cases[i].says[0] == '\0' ? lines.len == 0
                                               : strstr(lines.data, cases[i].says) != NULL,
                      "%s: %s", cases[i].line, lines.data);
        spf_buf_clear(&lines);
    }
}
END_TEST

/* Each long option with a value, given twice: an error that names both, or both count. */
START_TEST(repeated_options)
{
    for (size_t i = 0; i < spf_option_count; i++) {
        const struct spf_option_row *row = &spf_option_rows[i];
        struct spf_options two;
        struct spf_error error;
        const char *one =
            row->type == SPF_OPTION_NUMBER || row->type == SPF_OPTION_OTHER ? "1" : "a";
        const char *other = "3";

        if (row->argument == NULL || row->adds || row->type == SPF_OPTION_CHOICE) {
            continue;
        }
        if (strcmp(row->name, "instance") == 0) {
            one = "i-1";
            other = "i-3";
        }
        if (strcmp(row->name, "completion") == 0) {
            one = "bash";
            other = "zsh";
        }
        if (strcmp(row->name, "shard") == 0) {
            one = "1/2";
            other = "2/2";
        }
        spf_options_init(&two);
        error = spf_option_take(&two, row, row->secret ? "192.0.2.1" : one);
        ck_assert_msg(error.code == SPF_OK, "%s: %s", row->name, error.text);
        error = spf_option_take(&two, row, row->secret ? "192.0.2.1" : one);
        ck_assert_msg(error.code == SPF_OK, "%s: %s", row->name, error.text);
        error = spf_option_take(&two, row, row->secret ? "192.0.2.3" : other);
        ck_assert_msg(error.code == SPF_ERR_USAGE, "%s", row->name);
        ck_assert_msg(strstr(error.text, row->name) != NULL, "%s", error.text);
        ck_assert_msg(row->secret || strstr(error.text, other) != NULL, "%s", error.text);
        ck_assert(!row->secret || strstr(error.text, "192.0.2.3") == NULL);
        spf_options_clear(&two);
    }
}
END_TEST

START_TEST(lines_to_rerun_repeat_how_to_ask)
{
    check_good("--instance i-1 --region cn-x --key k -4 --ca-file=ca.pem --json --strict");
    ck_assert_str_eq(options.repeat[0], "--region");
    ck_assert_str_eq(options.repeat[1], "cn-x");
    ck_assert_str_eq(options.repeat[2], "-4");
    ck_assert_str_eq(options.repeat[3], "--ca-file=ca.pem");
    ck_assert_ptr_null(options.repeat[4]);
}
END_TEST

/* A URL may hold a password, which a terminal or a log must not show. */
START_TEST(no_usage_error_shows_a_password)
{
    struct spf_error error = parse("h --key k --source-ip lookup:https://user:canary@h/ip");

    ck_assert_int_eq(error.code, SPF_ERR_USAGE);
    ck_assert_ptr_null(strstr(error.text, "canary"));
}
END_TEST

START_TEST(source_addresses)
{
    char text[SPF_IP_TEXT_SIZE];

    check_good("h --key k --source-ip ::ffff:198.51.100.7");
    spf_ip_format(&options.source_ip, text);
    ck_assert_str_eq(text, "198.51.100.7");
    check_good("h --key k --source-ip ::fffe:198.51.100.7");
    ck_assert_int_eq(options.source_ip.family, 6);
}
END_TEST

START_TEST(outputs_have_a_format)
{
    check_good("h --key k --output json:r.json --output r.txt --output ./a:b");
    ck_assert_uint_eq(options.output_count, 3);
    ck_assert(options.outputs[0].format == SPF_FORMAT_JSON);
    ck_assert_str_eq(options.outputs[0].path, "r.json");
    ck_assert(options.outputs[1].format == SPF_FORMAT_TEXT);
    ck_assert_str_eq(options.outputs[2].path, "./a:b");
}
END_TEST

/* The failed command, and the letters that ssh has and we do not. */
START_TEST(commands_are_read_as_ssh_reads_them)
{
    check_good(
        "--instance i-1 /usr/bin/ssh -p 2222 -o User=u -A -o ConnectTimeout=3 h -i k uptime");
    ck_assert_str_eq(options.instance, "i-1");
    ck_assert_str_eq(options.host, "h");
    ck_assert_str_eq(options.key, "k");
    ck_assert_str_eq(options.ssh_config, "");
    ck_assert_uint_eq(options.port, 2222);
    ck_assert_str_eq(options.ssh_words[0], "User=u");
    ck_assert_str_eq(options.ssh_words[1], "ConnectTimeout=3");
    ck_assert_ptr_null(options.ssh_words[2]);
    ck_assert(!options.verbose && !options.user_given);
    ck_assert_ptr_null(options.missing_key);
    check_good("ssh -i gone h"); /* of ssh's own -i it says so, and goes on */
    ck_assert_ptr_null(options.key);
    ck_assert_str_eq(options.missing_key, "gone");
    check_good("-i gone h");
    ck_assert_str_eq(options.key, "gone");
    ck_assert_ptr_null(options.missing_key);
    check_good("--ssh-config=c -- ssh h");
    ck_assert_str_eq(options.ssh_config, "c");
    check_good("-i k plink -P 2222 u@h");
    ck_assert_ptr_null(options.ssh_config);
    ck_assert_uint_eq(options.port, 2222);
    check_good("-i k ssh"); /* a host of that name */
    ck_assert_str_eq(options.host, "ssh");
    check_good("-i k -AaCfgKkMNnsTtXxYy -L 1:h:2 -D 1 h");
    ck_assert_ptr_null(options.ssh_config);
    check_good("-i k -c aes128-ctr -m hmac-sha2-256 -o X=y h");
    ck_assert_str_eq(options.ssh_words[0], "Ciphers=aes128-ctr");
    ck_assert_str_eq(options.ssh_words[2], "X=y");
    ck_assert_str_eq(options.ssh_config, "");
    check_good("h -F none -o X=y");
    ck_assert_str_eq(options.ssh_config, "none");
}
END_TEST

/* One word with blanks is a line, which is split as a shell does and never run. */
START_TEST(a_line_is_a_command)
{
    static char line[] = "ssh -i 'my key' -p 2222 u@h 'a b' | tee log; rm -rf x";
    static char other[] = "sudo ssh h";
    char *words[] = {(char *)"sshpreflight", (char *)"--", line, NULL};
    struct spf_error error;

    for (int i = 0; i < 2; i++) { /* after --, and without */
        spf_options_clear(&options);
        ck_assert_int_eq(spf_options_parse(3 - i, words, &options).code, SPF_OK);
        ck_assert_str_eq(options.host, "h");
        ck_assert_str_eq(options.user, "u");
        ck_assert_str_eq(options.key, "my key");
        ck_assert_uint_eq(options.port, 2222);
        words[1] = line;
    }
    words[1] = other;
    spf_options_clear(&options);
    error = spf_options_parse(2, words, &options);
    ck_assert_ptr_nonnull(strstr(error.text, "sudo sshpreflight ssh"));
}
END_TEST

START_TEST(an_instance_needs_no_option)
{
    check_good("i-bp1a2b3c -i k");
    ck_assert_str_eq(options.instance, "i-bp1a2b3c");
    ck_assert_ptr_null(options.host);
    check_good("--host i-bp1a2b3c -i k");
    ck_assert_str_eq(options.host, "i-bp1a2b3c");
    check_good("--instance i-1 i-bp1a2b3c -i k");
    ck_assert_str_eq(options.instance, "i-1");
    ck_assert_uint_eq(options.instances.count, 1);
    ck_assert_str_eq(options.instances.items[0], "i-bp1a2b3c");
    check_good("i-mail -i k"); /* ids have a digit; a host may be called so */
    ck_assert_str_eq(options.host, "i-mail");
}
END_TEST

/* Without a key: what ssh would do. A line to rerun says so. */
START_TEST(without_a_key_as_ssh)
{
    check_good("h");
    ck_assert_str_eq(options.ssh_config, "");
    ck_assert_str_eq(options.repeat[0], "--ssh-config");
    check_good("--instance i-1");
    ck_assert_str_eq(options.ssh_config, "");
    check_good("h --only net");
    ck_assert_ptr_null(options.ssh_config);
    check_good("h -i k");
    ck_assert_ptr_null(options.ssh_config);
    check_good("--instance i-1 --key-dir d");
    ck_assert_ptr_null(options.ssh_config);
    ck_assert_uint_eq(options.selected, SPF_ALL_CHECKS);
    check_good("--instance i-1 --find-key");
    ck_assert_ptr_null(options.ssh_config);
}
END_TEST

/* A ProxyCommand may hold a secret: lines to rerun have its program. */
START_TEST(no_line_shows_a_proxy_command)
{
    check_good("h -o proxycommand=nc\t-x:canary -oProxyCommand=none -o X=y");
    ck_assert_str_eq(options.ssh_words[0], "proxycommand=nc\t-x:canary");
    for (size_t i = 0; options.repeat[i] != NULL; i++) {
        ck_assert_ptr_null(strstr(options.repeat[i], "canary"));
    }
    ck_assert_str_eq(options.repeat[0], "-o");
    ck_assert_str_eq(options.repeat[1], "ProxyCommand=nc ...");
    ck_assert_str_eq(options.repeat[3], "ProxyCommand=none");
    ck_assert_str_eq(options.repeat[5], "X=y");
}
END_TEST

/* A line that a report would print, taken to pieces by a shell. */
static void expect_parses(const char *line, const char *cause)
{
    char command[6000];
    char bytes[6000];
    char *words[100] = {"sshpreflight"};
    struct spf_options parsed;
    struct spf_error error;
    int count = 1;
    FILE *shell;
    size_t len;

    ck_assert(
        spf_format_whole(command, sizeof command,
                         "bash -c 'eval \"set -- $1\"; printf \"%%s\\0\" \"$@\"' - \"$LINE\""));
    setenv("LINE", line + strlen("sshpreflight"), 1);
    shell = popen(command, "re");
    ck_assert_ptr_nonnull(shell);
    len = fread(bytes, 1, sizeof bytes, shell);
    ck_assert_int_eq(pclose(shell), 0);
    for (size_t at = 0; at < len && count < 99; at += strlen(bytes + at) + 1) {
        words[count++] = bytes + at;
    }
    words[count] = NULL;
    error = spf_options_parse(count, words, &parsed);
    ck_assert_msg(error.code == SPF_OK, "%s: %s: %s", cause, line, error.text);
    spf_options_clear(&parsed);
}

/* The lines of all remedies, for a run with these words. */
static void expect_lines_parse(const char *words)
{
    struct spf_target target;
    struct spf_run run;

    check_good(words);
    target = (struct spf_target){.instance_id = options.instance,
                                 .host = options.host,
                                 .key_path = options.key,
                                 .user = options.user,
                                 .user_given = options.user_given,
                                 .port = options.port,
                                 .port_given = options.port_given,
                                 .family = options.family,
                                 .jump = options.jump,
                                 .ssh_config = options.ssh_config,
                                 .source_lookup = options.source_lookup,
                                 .timeout_ms = options.timeout_s * 1000,
                                 .deadline_s = options.deadline_s,
                                 .other_options = options.repeat,
                                 .selected = SPF_ALL_CHECKS};
    spf_run_init(&run, &target);
    for (int i = 0; i < SPF_FINDING_COUNT; i++) {
        const struct spf_view view = {&target, &run.facts, run.results};
        const struct spf_remedy *remedy = spf_findings[i].remedies;
        struct spf_buf line;
        struct spf_buf text;

        for (; i != SPF_NO_FINDING && remedy->text != NULL; remedy++) {
            spf_buf_init(&line, 5000);
            spf_buf_init(&text, 5000);
            if (remedy->command != NULL &&
                spf_slots_expand(&text, remedy->text, SPF_SLOT_TEXT, &view, NULL) &&
                spf_slots_expand(&line, remedy->command, SPF_SLOT_COMMAND, &view, NULL) &&
                spf_starts_with(line.data, "sshpreflight ")) {
                expect_parses(line.data, spf_findings[i].id);
            }
            spf_buf_clear(&line);
            spf_buf_clear(&text);
        }
    }
    spf_run_clear(&run);
}

START_TEST(the_program_takes_the_lines_that_it_prints)
{
    expect_lines_parse("--instance i-bp1 --key k");
    expect_lines_parse("--instance i-bp1 --key k -4 --source-ip 198.51.100.7 -l me -p 2222");
    expect_lines_parse("--instance i-bp1 --key k -J b --address private");
    expect_lines_parse("--instance i-bp1 --host h --key k -J me@b:22 --session always");
    expect_lines_parse("2001:db8::1 --key k");
    expect_lines_parse("-6 web --key k --timeout 3 --deadline 9");
    expect_lines_parse("web --ssh-config");
    expect_lines_parse("web -F conf --key k -J none");
    expect_lines_parse("web --key - -p 23");
}
END_TEST

/* ssh's -i counts where something of that name is there: what the cases name is, in this directory.
 */
static bool make_keys(char *dir)
{
    return mkdtemp(dir) != NULL && chdir(dir) == 0 && mkdir("k", 0700) == 0 &&
           mkdir("k2", 0700) == 0 && mkdir("my key", 0700) == 0;
}

static bool remove_keys(const char *dir)
{
    return (rmdir("k") | rmdir("k2") | rmdir("my key") | chdir("/") | rmdir(dir)) == 0;
}

int main(void)
{
    char dir[] = "/tmp/spf-options-XXXXXX";
    int status;

    if (!make_keys(dir)) {
        return EXIT_FAILURE;
    }
    status = unit_main("options", (const TTest *const[]){words_for_an_instance,
                                                         usage_errors_name_what_is_wrong,
                                                         hosts_and_users_as_ssh_takes_them,
                                                         first_user_and_port_count,
                                                         tilde_of_the_key_is_expanded,
                                                         a_wait_has_a_duration,
                                                         checks_are_chosen_by_id_or_room,
                                                         remarks,
                                                         repeated_options,
                                                         lines_to_rerun_repeat_how_to_ask,
                                                         no_usage_error_shows_a_password,
                                                         source_addresses,
                                                         outputs_have_a_format,
                                                         commands_are_read_as_ssh_reads_them,
                                                         a_line_is_a_command,
                                                         an_instance_needs_no_option,
                                                         without_a_key_as_ssh,
                                                         no_line_shows_a_proxy_command,
                                                         the_program_takes_the_lines_that_it_prints,
                                                         NULL});
    return remove_keys(dir) ? status : EXIT_FAILURE;
}
