#include "unit.h"

#include <errno.h>
#include <stdio.h>

#include "openssh/command.h"

/* What the command says in our own words, or its error. */
static const char *joined_words(const struct spf_ssh_command *command)
{
    static char said[2000];

    said[0] = '\0';
    if (command->error[0] != '\0') {
        (void)snprintf(said, sizeof said, "error: %s", command->error);
    }
    for (size_t i = 0; i < command->words.list.count; i++) {
        size_t len = strlen(said);

        (void)snprintf(said + len, sizeof said - len, "%s%s", i > 0 ? " " : "",
                       command->words.list.items[i]);
    }
    return said;
}

/* Words as a shell makes them of the line, and then of the command. */
static const char *read_line(const char *line)
{
    const char *said;
    struct spf_words words = {0};
    struct spf_ssh_command command;
    const char *why = NULL;

    ck_assert_msg(spf_shell_words(line, getenv, &words, &why), "%s: %s", line, why);
    spf_command_read((const char *const *)words.list.items, words.list.count, NULL, &command);
    said = joined_words(&command);
    ck_assert(command.error[0] == '\0' || command.words.list.count == 0);
    spf_command_clear(&command);
    spf_words_clear(&words);
    return said;
}

/* C: what OpenSSH's programs read on top: the configuration. */
#define C " --ssh-config"

static const struct row {
    const char *line, *words;
} rows[] = {
    /* ssh: options before and after the host, clusters, and what would run there */
    {"ssh h", "--host h" C},
    {"/usr/bin/ssh h", "--host h" C},
    {"ssh root@203.0.113.9 -i k", "--host root@203.0.113.9" C " --key k"},
    {"ssh -i ~/.ssh/k -p 2222 -l u h uptime -p 1", "-p 2222 -l u --host h" C " --key ~/.ssh/k"},
    {"ssh -vvvAp2222 h", "-p 2222 --host h" C},
    {"ssh -tt -4 -J a,b h -- ls -l", "-4 -J a,b --host h" C},
    {"ssh h -p 23 -l u", "-p 23 -l u --host h" C},
    {"ssh -- h -p 23", "--host h" C},
    {"ssh -F cfg -F cfg2 h", "--host h -F cfg2"},
    {"ssh -F none h", "--host h -F none"},
    {"ssh -oPort=23 -o 'User u' h", "-o Port=23 -o User u --host h" C},
    {"ssh -i a -i 'b c' h", "--host h" C " -o IdentityFile=\"a\" -o IdentityFile=\"b c\""},
    {"ssh -c aes256-ctr -m x -b 192.0.2.1 -B eth0 -I lib h",
     "-o Ciphers=aes256-ctr -o MACs=x -o BindAddress=192.0.2.1 -o BindInterface=eth0 "
     "-o PKCS11Provider=lib --host h" C},
    {"ssh -N -L 8080:localhost:80 -D 1080 -R 1:h:2 -W x:1 -E log -S none -w 0 -e none h",
     "--host h" C},
    {"ssh ssh://u@h:23/", "--host ssh://u@h:23/" C},
    {"time nohup A=b env ssh h", "--host h" C},
    {"sshpass -p secret ssh u@h", "--host u@h" C},
    {"sshpass -psecret ssh u@h", "--host u@h" C},
    {"SSH.EXE h", "--host h" C},
    {"ssh ssh://u@[192.0.2.1]:23", "--host ssh://u@[192.0.2.1]:23" C},
    {"ssh u@[::1]", "error: ssh takes the brackets for a part of the name (\"Could not resolve "
                    "hostname\"): write u@::1"},
    {"ssh-copy-id [::1]", "error: ssh-copy-id takes the brackets for a part of the name (\"Could "
                          "not resolve hostname\"): write ::1"},
    {"nice -n 10 env -u A B=c timeout -k 1 -s KILL 20 stdbuf -oL ssh h", "--host h" C},
    {"nice -10 time -p setsid -- ssh h", "--host h" C},
    {"sshpass -f file -v ssh u@h", "--host u@h" C},
    {"ssh -V h", "error: ssh -V shows the version and does not log in"},
    {"ssh -O check h", "error: ssh -O speaks to a connection that is open already"},
    {"ssh -Z h", "error: ssh has no option -Z"},
    {"ssh h -p", "error: ssh's option -p lacks its value"},
    {"ssh h --json", "error: ssh has no option --json; sshpreflight's own options stand before the "
                     "command"},
    {"ssh -p 22", "error: this ssh command names no host"},
    {"sudo ssh h", "error: this runs it as another user, with that user's keys: write sudo "
                   "sshpreflight ssh ..."},
    {"sudo -nu bob -- ssh h", "error: this runs it as another user, with that user's keys: write "
                              "sudo -nu bob -- sshpreflight ssh ..."},
    {"SSH_AUTH_SOCK=/s ssh h",
     "error: set it for sshpreflight as well: SSH_AUTH_SOCK=/s sshpreflight ssh ..."},
    {"telnet h", "error: telnet is not a command that logs in by SSH and is known here (ssh, scp, "
                 "sftp, rsync, git, plink, ...)"},
    /* scp: -P is the port, -l a bandwidth, -p keeps times */
    {"scp -P 2222 -i k a b u@h:/tmp/", "-p 2222 --host u@h" C " --key k"},
    {"scp -rp -l 100 u@h:a u@h:b .", "--host u@h" C},
    {"scp u@[2001:db8::1]:a .", "--host u@[2001:db8::1]" C},
    {"scp [2001:db8::1]:a .", "--host [2001:db8::1]" C},
    {"scp ./a:b h:", "--host h" C},
    {"scp scp://u@h:23/a .", "--host ssh://u@h:23" C},
    {"scp -3 a:x b:y", "error: it names two hosts, a and b: check each by itself"},
    {"scp a b", "error: this scp command names no host"},
    {"scp -p 2222 a h:", "error: scp's port goes with -P: its -p keeps times, and takes no value "
                         "(2222 would be a file or a host)"},
    {"scp -rP 2222 -p 22 h:", "error: scp's port goes with -P: its -p keeps times, and takes no "
                              "value (22 would be a file or a host)"},
    {"scp -p a 22 h:", "--host h" C},
    {"scp 2222 h:", "--host h" C},
    {"sftp -p 2222 h", "error: sftp's port goes with -P: its -p keeps times, and takes no value "
                       "(2222 would be a file or a host)"},
    {"sftp -p h", "--host h" C},
    {"scp -S prog a h:", "error: scp -S connects with another program than ssh"},
    {"scp -o ProxyJump=j -C a h:", "-o ProxyJump=j --host h" C},
    /* sftp: -s names a subsystem, -b a file, -B a size */
    {"sftp -P 2222 -b cmds -B 32768 u@h:dir", "-p 2222 --host u@h" C},
    {"sftp u@h", "--host u@h" C},
    {"sftp sftp://u@h:23/dir", "--host ssh://u@h:23" C},
    {"sftp -s /usr/lib/sftp-server h", "--host h" C},
    /* ssh-copy-id: the key that is to be copied */
    {"ssh-copy-id -i ~/.ssh/k.pub -p 23 u@h", "-p 23 --host u@h" C " --key ~/.ssh/k"},
    {"ssh-copy-id -i k u@h", "--host u@h" C " --key k"},
    {"ssh-copy-id -i u@h", "--host u@h" C},
    {"ssh-copy-id -f -o User=x h", "-o User=x --host h" C},
    /* rsync: the remote shell, and paths */
    {"rsync -avz src/ u@h:dst", "--host u@h" C},
    {"rsync -e 'ssh -p 2222 -i k' -a u@h:src .", "-p 2222 --host u@h" C " --key k"},
    {"rsync -ave 'ssh -p 2222' a h:b", "-p 2222 --host h" C},
    {"rsync --rsh='ssh -i \"my key\"' --exclude x:y a h:b", "--host h" C " --key my key"},
    {"rsync --rsh ssh --port 873 a h:b", "--host h" C},
    {"RSYNC_RSH='ssh -p 23' rsync a h:b", "-p 23 --host h" C},
    {"rsync -6 a h:b", "-6 --host h" C},
    {"rsync h::module/a .", "error: this rsync command speaks to an rsync daemon, not by SSH"},
    {"rsync rsync://h/m/a .", "error: this rsync command speaks to an rsync daemon, not by SSH"},
    {"rsync -e ssh h::module/a .", "--host h" C},
    {"rsync -e 'nc x' a h:b", "error: rsync's remote shell runs nc, not ssh"},
    {"rsync -a a b", "error: this rsync command names no host"},
    /* git: URLs of both forms, and the ssh command as far as it is given */
    {"git clone git@h:p/r.git", "--host git@h" C},
    {"git clone -b main --depth 1 ssh://git@h:2222/p/r.git dir", "--host ssh://git@h:2222" C},
    {"git -C /tmp -c core.sshCommand='ssh -i k' clone h:r", "--host h" C " --key k"},
    {"GIT_SSH_COMMAND='ssh -i k -o IdentitiesOnly=yes' git ls-remote git@h:r",
     "-o IdentitiesOnly=yes --host git@h" C " --key k"},
    {"git push -u git@h:r HEAD:main", "--host git@h" C},
    {"git submodule add git@h:r", "--host git@h" C},
    {"git remote add origin git@h:r", "--host git@h" C},
    {"git push origin main", "error: \"origin\" is a remote's name or a path: put its URL in its "
                             "place (git remote get-url origin)"},
    {"git pull", "error: this git command names no repository: add its URL (git remote get-url "
                 "origin)"},
    {"git clone https://h/r", "error: git reaches https://h/r without SSH"},
    {"git clone https://u:canary@h/r", "error: git reaches that repository without SSH"},
    {"git status", "error: git status does not log in anywhere"},
    /* mosh: -p is a UDP port */
    {"mosh -p 60001 --ssh='ssh -p 2222' u@h -- tmux", "-p 2222 --host u@h" C},
    {"mosh -4 --ssh 'ssh -i k' h", "-4 --host h" C " --key k"},
    /* ansible */
    {"ansible h -m ping -u u --private-key k", "-l u --host h" C " --key k"},
    {"ansible all -i 203.0.113.9, -u u -m ping", "-l u --host 203.0.113.9" C},
    {"ansible web -i inv -e 'ansible_host=203.0.113.9 ansible_port=23 ansible_user=u'",
     "-p 23 -l u --host 203.0.113.9" C},
    {"ansible h -e ansible_ssh_private_key_file=k --ssh-common-args='-o ProxyJump=j'",
     "-o ProxyJump=j --host h" C " --key k"},
    {"ansible h -c paramiko -m ping", "error: ansible connects by paramiko here, not by ssh"},
    /* PuTTY's: no configuration of OpenSSH */
    {"plink -ssh -batch -P 2222 -i k.ppk u@h uptime -x", "-p 2222 --host u@h --key k.ppk"},
    {"plink.exe -l u -pw canary h", "-l u --host h"},
    {"'C:\\Program Files\\PuTTY\\plink.exe' -i 'C:\\keys\\k.ppk' u@h",
     "--host u@h --key C:\\keys\\k.ppk"},
    {"putty -ssh u@h 2222", "-p 2222 --host u@h"},
    {"putty -load work", "error: putty's -load is not supported here: say what it stands for with "
                         "-l, -P and -i"},
    {"plink -proxycmd 'nc x' h", "error: plink's -proxycmd is not supported here: say what it "
                                 "stands for with -l, -P and -i"},
    {"pscp -P 2222 -r -i k.ppk 'C:\\a' u@h:b", "-p 2222 --host u@h --key k.ppk"},
    {"psftp -b f -i k.ppk u@h", "--host u@h --key k.ppk"},
    {"winscp.com sftp://u:canary@h:2222/dir /privatekey=k.ppk /hostkey=x",
     "-l u -p 2222 --host h --key k.ppk"},
    {"winscp.com /command 'open sftp://u@h/ -privatekey=\"k y.ppk\"' exit",
     "-l u --host h --key k y.ppk"},
    {"winscp.com ftp://u@h", "error: this WinSCP session does not use SSH"},
};

/* Each row, and that no password of a line is ever repeated. */
START_TEST(commands_in_our_own_words)
{
    unsigned wrong = 0;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *said = read_line(rows[i].line);

        ck_assert_ptr_null(strstr(said, "canary"));
        if (strcmp(said, rows[i].words) == 0) {
            continue;
        }
        (void)fprintf(stderr, "%s\n gives    %s\n expected %s\n", rows[i].line, said,
                      rows[i].words);
        wrong++;
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(what_is_a_command)
{
    static const struct {
        const char *line;
        bool is;
    } cases[] = {
        {"ssh h", true},       {"ssh", false},      {"git", false},
        {"host", false},       {"A=b ssh h", true}, {"sudo /usr/bin/ssh h", true},
        {"web uptime", false}, {"env", false},      {"sshpass -e scp a h:", true},
        {"PLINK.EXE h", true}, {"my-ssh h", false}, {"ssh.example.org x", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_words words = {0};
        const char *why;

        ck_assert(spf_shell_words(cases[i].line, getenv, &words, &why));
        ck_assert_msg(spf_command_is_one((const char *const *)words.list.items, words.list.count) ==
                          cases[i].is,
                      "%s", cases[i].line);
        spf_words_clear(&words);
    }
}
END_TEST

START_TEST(lines_split_as_a_shell_does)
{
    static const struct {
        const char *line, *words; /* between bars; NULL: refused */
    } cases[] = {
        {"a  b\tc", "a|b|c"},
        {"a 'b c' \"d e\" f\\ g", "a|b c|d e|f g"},
        {"a '' b", "a||b"},
        {"ssh h | tee log", "ssh|h"},
        {"ssh h; rm x", "ssh|h"},
        {"ssh h && x", "ssh|h"},
        {"ssh h > out 2>&1 -p 23", "ssh|h|-p|23"},
        {"ssh h <'in put' -v", "ssh|h|-v"},
        {"ssh h # comment", "ssh|h"},
        {"a#b", "a#b"},
        {"\"a\\\"b\\c\"", "a\"b\\c"},
        {"'a\\b'", "a\\b"},
        {"$SPF_TEST_WORD/${SPF_TEST_WORD}.pem", "value/value.pem"},
        {"\"$SPF_TEST_WORD\"", "value"},
        {"'$SPF_TEST_WORD'", "$SPF_TEST_WORD"},
        {"a$ b", "a$|b"},
        {"a \\\nb", "a|b"},
        {"$SPF_TEST_UNSET", NULL},
        {"$(id)", NULL},
        {"`id`", NULL},
        {"\"`id`\"", NULL},
        {"${a:-b}", NULL},
        {"$'a'", NULL},
        {"'a", NULL},
    };

    ck_assert_int_eq(setenv("SPF_TEST_WORD", "value", 1), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_words words = {0};
        const char *why = NULL;
        char joined[200] = "";
        bool good = spf_shell_words(cases[i].line, getenv, &words, &why);

        for (size_t k = 0; k < words.list.count; k++) {
            size_t len = strlen(joined);

            (void)snprintf(joined + len, sizeof joined - len, "%s%s", k > 0 ? "|" : "",
                           words.list.items[k]);
        }
        ck_assert_msg(good == (cases[i].words != NULL), "%s", cases[i].line);
        ck_assert(good == (why == NULL));
        if (good) {
            ck_assert_str_eq(joined, cases[i].words);
        }
        spf_words_clear(&words);
    }
}
END_TEST

static int look(const char *path)
{
    return strstr(path, "gone") != NULL ? ENOENT : 0;
}

/* ssh warns of a file of -i that is not there, and goes on without; PuTTY's programs do not. */
START_TEST(a_key_that_is_not_there)
{
    static const struct {
        const char *line, *words, *missing;
    } cases[] = {
        {"ssh -i gone h", "--host h" C, "gone"},
        {"ssh -i '' h", "--host h" C " --key ", ""},
        {"scp -i ~/gone a h:b", "--host h" C, "~/gone"},
        {"rsync -e 'ssh -i gone -p 23' a h:b", "-p 23 --host h" C, "gone"},
        {"ssh -i gone -i k -i gone2 h", "--host h" C " --key k", "gone"},
        {"ssh -o IdentityFile=gone h", "-o IdentityFile=gone --host h" C, ""},
        {"plink -i gone.ppk h", "--host h --key gone.ppk", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct spf_words words = {0};
        struct spf_ssh_command command;
        const char *why = NULL;

        ck_assert(spf_shell_words(cases[i].line, getenv, &words, &why));
        spf_command_read((const char *const *)words.list.items, words.list.count, look, &command);
        ck_assert_str_eq(joined_words(&command), cases[i].words);
        ck_assert_str_eq(command.missing_key, cases[i].missing);
        ck_assert((strstr(command.remark, "No such file") != NULL) ==
                  (cases[i].missing[0] != '\0'));
        spf_command_clear(&command);
        spf_words_clear(&words);
    }
}
END_TEST

int main(void)
{
    return unit_main("command", (const TTest *const[]){commands_in_our_own_words, what_is_a_command,
                                                       a_key_that_is_not_there,
                                                       lines_split_as_a_shell_does, NULL});
}
