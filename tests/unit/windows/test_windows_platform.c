/*
 * src/platform/windows: what is behind the headers there, on Windows or under wine. As a child this
 * program prints what it was given, waits, copies its input, or does not come to an end.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <windows.h>

#include <sddl.h>

#include "base/clock.h"
#include "base/text.h"
#include "key/agent.h"
#include "platform/child.h"
#include "platform/files.h"
#include "platform/shell.h"
#include "platform/sockets.h"
#include "unit.h"

static char own[MAX_PATH], folder[MAX_PATH];

/* A child of this program's own, with these words; its standard input and output, -1: none. */
static pid_t start_with(const char *const *words, int input, int output)
{
    struct spf_child_environment environment = spf_child_environment(false);
    pid_t pid = spf_child_start(&(struct spf_child_program){
        .path = own, .words = words, .environment = &environment, .fds = {input, output, -1}});

    spf_child_environment_clear(&environment);
    return pid;
}

static pid_t start(const char *const *words, int output)
{
    return start_with(words, -1, output);
}

/* All that it prints, and its exit status. */
static int says(const char *const *words, char *out, size_t size)
{
    int ends[2], status;
    size_t len = 0;
    ssize_t got;
    pid_t pid;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid = start(words, ends[1]);
    ck_assert_int_gt(pid, 0);
    (void)close(ends[1]);
    while (len + 1 < size && (got = read(ends[0], out + len, size - 1 - len)) > 0) {
        len += (size_t)got;
    }
    out[len] = '\0';
    (void)close(ends[0]);
    status = spf_child_wait(&pid, UNIT_HANGS_MS);
    return status;
}

START_TEST(a_child_gets_its_words_as_they_are)
{
    const char *const words[] = {
        own,           "words",  "",       "a b",   "q\"uo\"te",
        "back\\slash", "end\\",  "a b\\",  "\\\"",  "\\\\\"x y",
        "tab\tbed",    "%PATH%", "caret^", "a&b|c", "\xe5\xaf\x86\xe9\x92\xa5",
        NULL};
    char out[1000], expected[1000] = "";

    for (size_t i = 2; words[i] != NULL; i++) {
        spf_format(expected + strlen(expected), sizeof expected - strlen(expected), "[%s]",
                   words[i]);
    }
    ck_assert_int_eq(says(words, out, sizeof out), 0);
    ck_assert_str_eq(out, expected);
}
END_TEST

START_TEST(a_child_does_not_get_the_passphrase)
{
    const char *const words[] = {own,          "variable", "SSHPREFLIGHT_PASSPHRASE",
                                 "SystemRoot", "LC_ALL",   NULL};
    char out[1000];

    ck_assert_int_eq(_putenv("sshpreflight_passphrase=secret"), 0);
    ck_assert_int_eq(says(words, out, sizeof out), 0);
    ck_assert_msg(strncmp(out, "[none]", 6) == 0, "%s", out);
    ck_assert_ptr_nonnull(strstr(out, ":\\"));
    ck_assert_ptr_nonnull(strstr(out, "[C]"));
}
END_TEST

START_TEST(a_child_s_exit_status_is_told)
{
    const char *const words[] = {own, "exit", "7", NULL}, *const none[] = {"no-such-program", NULL};
    struct spf_child_environment environment = spf_child_environment(true);
    char out[10];

    ck_assert_int_eq(says(words, out, sizeof out), 7 << 8);
    ck_assert_int_eq(spf_child_start(&(struct spf_child_program){
                         .words = none, .environment = &environment, .fds = {-1, -1, -1}}),
                     -1);
    ck_assert_int_eq(errno, ENOENT);
    spf_child_environment_clear(&environment);
}
END_TEST

/* What a child has started ends with it, though it knows nothing of us. */
START_TEST(a_child_ends_with_all_that_it_has_started)
{
    const char *const words[] = {own, "tree", NULL};
    const int64_t before = spf_now_ms();
    HANDLE grandchild;
    char out[40] = "";
    int ends[2];
    pid_t pid;

    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    pid = start(words, ends[1]);
    ck_assert_int_gt(pid, 0);
    (void)close(ends[1]);
    ck_assert_int_gt(read(ends[0], out, sizeof out - 1), 0);
    grandchild = OpenProcess(SYNCHRONIZE, FALSE, (DWORD)atoi(out));
    ck_assert_ptr_nonnull(grandchild);
    ck_assert_int_eq((int)WaitForSingleObject(grandchild, 0), (int)WAIT_TIMEOUT);
    ck_assert_int_ne(spf_child_wait(&pid, 50), 0);
    ck_assert_int_eq((int)WaitForSingleObject(grandchild, UNIT_HANGS_MS), (int)WAIT_OBJECT_0);
    ck_assert_int_lt(spf_now_ms() - before, UNIT_HANGS_MS);
    (void)CloseHandle(grandchild);
    (void)close(ends[0]);
}
END_TEST

/* Nothing but its three: a handle that says it may be inherited is not. */
START_TEST(a_child_inherits_three_handles)
{
    const char *const words[] = {own, "wait", NULL};
    HANDLE reads;
    HANDLE writes;
    DWORD len = 0;
    char byte;
    pid_t pid;

    ck_assert(CreatePipe(&reads, &writes,
                         &(SECURITY_ATTRIBUTES){sizeof(SECURITY_ATTRIBUTES), NULL, TRUE}, 0));
    pid = start(words, -1);
    ck_assert_int_gt(pid, 0);
    (void)CloseHandle(writes);
    ck_assert(!ReadFile(reads, &byte, 1, &len, NULL)); /* its end, while the child lives */
    (void)CloseHandle(reads);
    ck_assert_int_ne(spf_child_end(&pid, 0), 0);
}
END_TEST

/* As a jump host's ssh has it: one socket for both ways. */
START_TEST(a_socket_is_a_child_s_input_and_output)
{
    const char *const words[] = {own, "copy", NULL};
    struct spf_child_environment environment = spf_child_environment(false);
    char sent[100000], got[sizeof sent];
    size_t there = 0;
    size_t back = 0;
    int pair[2];
    pid_t pid;

    for (size_t i = 0; i < sizeof sent; i++) {
        sent[i] = (char)(i * 7 + i / 251);
    }
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pid = spf_child_start(&(struct spf_child_program){
        .path = own, .words = words, .environment = &environment, .fds = {pair[1], pair[1], -1}});
    ck_assert_int_gt(pid, 0);
    (void)close(pair[1]);
    while (back < sizeof got) {
        struct pollfd poller = {.fd = pair[0],
                                .events = (short)(POLLIN | (there < sizeof sent ? POLLOUT : 0))};
        ssize_t len;

        ck_assert_int_gt(poll(&poller, 1, UNIT_HANGS_MS), 0);
        if (there < sizeof sent &&
            (len = send(pair[0], sent + there, sizeof sent - there, MSG_DONTWAIT)) > 0) {
            there += (size_t)len;
        }
        if ((len = recv(pair[0], got + back, sizeof got - back, MSG_DONTWAIT)) > 0) {
            back += (size_t)len;
        }
        ck_assert_msg(len != 0, "ended after %zu", back);
    }
    ck_assert_mem_eq(got, sent, sizeof sent);
    (void)close(pair[0]); /* the end of its input, at which it ends */
    ck_assert_int_eq(spf_child_wait(&pid, UNIT_HANGS_MS), 0);
    spf_child_environment_clear(&environment);
}
END_TEST

/* Standard input that says nothing does not keep who waits for it with a limit. */
START_TEST(a_silent_input_is_waited_for)
{
    const char *const words[] = {own, "input", NULL};
    char out[40] = "";
    size_t len = 0;
    int input[2], output[2];
    ssize_t got;
    pid_t pid;

    ck_assert_int_eq(pipe2(input, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(output, O_CLOEXEC), 0);
    pid = start_with(words, input[0], output[1]);
    ck_assert_int_gt(pid, 0);
    (void)close(input[0]);
    (void)close(output[1]);
    ck_assert_int_eq(read(output[0], out, sizeof out - 1), 7);
    ck_assert_str_eq(out, "silent;");
    ck_assert_int_eq(write(input[1], "abc", 3), 3);
    ck_assert_int_eq(read(output[0], out, sizeof out - 1), 4);
    (void)close(input[1]);
    while ((got = read(output[0], out + len, sizeof out - 1 - len)) > 0) {
        len += (size_t)got;
    }
    out[len] = '\0';
    ck_assert_str_eq(out, "end");
    (void)close(output[0]);
    ck_assert_int_eq(spf_child_wait(&pid, UNIT_HANGS_MS), 0);
}
END_TEST

/* Three hosts: each program starts the one before it, with its words as they are. */
START_TEST(a_chain_of_jump_hosts_is_started)
{
    const char *const first[] = {own, "-oA=100% \"b c\" d\\", "-W", "t:22", "one", NULL};
    struct spf_buf command, second, third;
    char out[2000];
    char *variable;

    spf_buf_init(&command, 10000);
    ck_assert(spf_child_proxy(&command, &variable, first, 1));
    ck_assert_ptr_null(variable);
    spf_buf_init(&second, 10000);
    spf_buf_addf(&second, "-oProxyCommand=%s", command.data);
    spf_buf_clear(&command);
    ck_assert(spf_child_proxy(
        &command, &variable,
        (const char *const[]){own, "-T", second.data, "-W", "t:22", "two", NULL}, 2));
    spf_buf_init(&third, 10000);
    spf_buf_addf(&third, "-oProxyCommand=%s", command.data);
    ck_assert_int_eq(
        says((const char *const[]){own, "-oSendEnv=none", third.data, "-W", "t:22", "three", NULL},
             out, sizeof out),
        0);
    ck_assert_str_eq(out,
                     "[-oSendEnv=none][-W][t:22][three]"
                     "[-oSendEnv=SSHPREFLIGHT_HOP_2][-T][-W][[three]:22][two]"
                     "[-oSendEnv=SSHPREFLIGHT_HOP_1][-oA=100% \"b c\" d\\][-W][[two]:22][one]");
    spf_buf_clear(&command);
    spf_buf_clear(&second);
    spf_buf_clear(&third);
}
END_TEST

/* Of words for cmd and PowerShell 5.1, else for PowerShell alone. */
START_TEST(words_are_quoted_for_both_shells_or_for_powershell)
{
    static const struct {
        const char *word, *quoted;
    } rows[] = {
        {"C:\\keys\\key.pem", "C:\\keys\\key.pem"},
        {"C:\\my keys\\key.pem", "\"C:\\my keys\\key.pem\""},
        {"C:\\my keys\\", "\"C:\\my keys\\\\\""},
        {"my 100%.pem", "'my 100%.pem'"},
        {"it's $5 `.pem", "'it''s $5 `.pem'"},
        {"it's.pem", "\"it's.pem\""},
        {"", "\"\""},
        /* typographic quotation marks */
        {"a \xe2\x80\x99 b", "\"a \xe2\x80\x99 b\""},
        {"a \xe2\x80\x9d b", "'a \xe2\x80\x9d b'"},
        {"100% \xe2\x80\x99 b\\", "'100% \xe2\x80\x99\xe2\x80\x99 b\\\\'"},
        {"\xe2\x80\x9e'\xe2\x80\x9c", "'\xe2\x80\x9e''\xe2\x80\x9c'"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spf_buf buf;

        spf_buf_init(&buf, 256);
        spf_buf_add_shell(&buf, rows[i].word);
        ck_assert_str_eq(buf.data, rows[i].quoted);
        spf_buf_clear(&buf);
    }
}

START_TEST(devices_are_not_opened)
{
    static const char *const names[] = {"NUL",      "nul.pem", "C:\\keys\\con", "COM1",
                                        "lpt9.txt", "AUX ",    "C:/x/PRN.key",  "CONIN$"};
    struct stat status;
    int fd;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ck_assert_msg(spf_open_to_read(names[i]) < 0, "%s", names[i]);
        ck_assert_msg(stat(names[i], &status) == 0 && S_ISCHR(status.st_mode), "%s", names[i]);
    }
    ck_assert_int_ne(stat("C:\\nulls.pem", &status), 0);
    fd = spf_open_to_read("/dev/null"); /* as ssh's known_hosts may be */
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert(S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3));
    (void)close(fd);
}
END_TEST

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
}

/* Beyond MAX_PATH, in both spellings; and by the share of the same drive. */
START_TEST(long_paths_are_paths)
{
    char path[2000], deep[2000];
    struct stat status;

    spf_copy(path, sizeof path, folder);
    for (int i = 0; i < 8; i++) {
        wchar_t wide[2000] = L"\\\\?\\";

        spf_format(path + strlen(path), sizeof path - strlen(path), "\\%.50s",
                   "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghi");
        (void)MultiByteToWideChar(CP_UTF8, 0, path, -1, wide + 4, 1990);
        ck_assert(CreateDirectoryW(wide, NULL));
    }
    ck_assert_uint_gt(strlen(path), 300);
    spf_format(deep, sizeof deep, "%s\\key.pem", path);
    write_file(deep, "long");
    ck_assert_int_eq(stat(deep, &status), 0);
    ck_assert_int_eq(status.st_size, 4);
    for (char *at = deep; *at != '\0'; at++) {
        *at = *at == '\\' ? '/' : *at;
    }
    ck_assert_int_eq(stat(deep, &status), 0);
    ck_assert_int_eq(status.st_size, 4);
}
END_TEST

static void set_list(const char *path, const char *list)
{
    PSECURITY_DESCRIPTOR made = NULL;

    ck_assert(
        ConvertStringSecurityDescriptorToSecurityDescriptorA(list, SDDL_REVISION_1, &made, NULL));
    ck_assert(SetFileSecurityA(path, DACL_SECURITY_INFORMATION, made));
    (void)LocalFree(made);
}

/* A file that others may change is no configuration, and no program to run. */
START_TEST(who_may_write_is_in_the_mode)
{
    char path[MAX_PATH + 20];
    struct stat status;

    spf_format(path, sizeof path, "%s\\list", folder);
    write_file(path, "x");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 022u, 0);
    ck_assert_uint_eq(status.st_uid, geteuid());
    set_list(path, "D:P(A;;FA;;;WD)");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 022u, 022);
    set_list(path, "D:P(A;;FR;;;WD)(A;;FA;;;BA)(A;;FA;;;SY)");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 022u, 0);
    set_list(path, "D:P(A;;FA;;;WD)");
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 022u, 0);
    write_file(path, "it can still be written");
}
END_TEST

/* By a program that lets nobody else at it: that is said, and nothing waits. */
START_TEST(a_locked_file_is_busy)
{
    char path[MAX_PATH + 20];
    HANDLE locked;

    spf_format(path, sizeof path, "%s\\locked.pem", folder);
    write_file(path, "x");
    locked = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    ck_assert(locked != INVALID_HANDLE_VALUE);
    errno = 0;
    ck_assert_int_lt(spf_open_to_read(path), 0);
    ck_assert_int_eq(errno, EBUSY);
    ck_assert_ptr_nonnull(strstr(strerror(EBUSY), "nother program"));
    (void)CloseHandle(locked);
}
END_TEST

#define PIPE "\\\\.\\pipe\\sshpreflight-test-agent"

/* An agent with one key, for one question. */
static DWORD WINAPI serve(void *pipe)
{
    static const unsigned char answer[] = {0, 0, 0,   18,  12,  0, 0, 0, 1, 0,   0,
                                           0, 3, 'k', 'e', 'y', 0, 0, 0, 2, 'm', 'e'};
    unsigned char question[5];
    DWORD len;

    (void)ConnectNamedPipe(pipe, NULL);
    if (ReadFile(pipe, question, sizeof question, &len, NULL) && len == 5 && question[4] == 11) {
        (void)WriteFile(pipe, answer, sizeof answer, &len, NULL);
    }
    (void)ReadFile(pipe, question, 1, &len, NULL); /* until it hangs up */
    (void)CloseHandle(pipe);
    return 0;
}

START_TEST(an_agent_answers_at_its_pipe)
{
    HANDLE pipe =
        CreateNamedPipeA(PIPE, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
    HANDLE thread = CreateThread(NULL, 0, serve, pipe, 0, NULL);
    struct spf_agent_keys keys;

    ck_assert_ptr_nonnull(thread);
    ck_assert(spf_agent_list(PIPE, &keys));
    ck_assert_uint_eq(keys.count, 1);
    ck_assert_uint_eq(keys.blobs[0].len, 3);
    spf_agent_keys_clear(&keys);
    ck_assert_int_eq((int)WaitForSingleObject(thread, UNIT_HANGS_MS), (int)WAIT_OBJECT_0);
    ck_assert(!spf_agent_list("\\\\.\\pipe\\sshpreflight-no-agent", &keys));
    ck_assert(!spf_agent_list(own, &keys)); /* a file is no agent */
    (void)CloseHandle(thread);
}
END_TEST

/* Waits for standard input, a tenth of a second and then as long as it takes. */
static void follow_input(void)
{
    struct pollfd poller = {.fd = STDIN_FILENO, .events = POLLIN};
    char bytes[100];
    ssize_t got;

    printf("%s;", poll(&poller, 1, 100) == 0 ? "silent" : "ready");
    fflush(stdout);
    while (poll(&poller, 1, -1) > 0 && (got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0) {
        printf("%.*s;", (int)got, bytes);
        fflush(stdout);
    }
    printf("end");
}

/* As an ssh: says its words, and starts its ProxyCommand, of whose tokens it knows two. */
static int jump(char **words)
{
    struct spf_child_environment environment = spf_child_environment(false);
    const char *host = "", *proxy = NULL;
    struct spf_buf command;
    pid_t pid = 0;

    for (size_t i = 0; words[i] != NULL; host = words[i++]) {
        if (strncmp(words[i], "-oProxyCommand=", 15) == 0) {
            proxy = words[i] + 15;
        } else {
            printf("[%s]", words[i]);
        }
    }
    fflush(stdout);
    spf_buf_init(&command, 10000);
    for (; proxy != NULL && *proxy != '\0'; proxy++) {
        if (*proxy != '%') {
            spf_buf_addch(&command, *proxy);
            continue;
        }
        proxy++;
        spf_buf_addstr(&command, *proxy == 'h' ? host : *proxy == 'p' ? "22" : "%");
    }
    if (command.len > 0) {
        pid = spf_child_start(&(struct spf_child_program){
            .command = command.data, .environment = &environment, .fds = {-1, STDOUT_FILENO, -1}});
    }
    spf_buf_clear(&command);
    spf_child_environment_clear(&environment);
    return pid > 0 ? spf_child_wait(&pid, UNIT_HANGS_MS) : (int)pid;
}

/* What this program is as a child. */
static int act(char **argv)
{
    char bytes[4096];
    DWORD len;
    DWORD done;

    if (strncmp(argv[1], "-oSendEnv=", 10) == 0) {
        return jump(argv + 1);
    }
    if (strcmp(argv[1], "input") == 0) {
        follow_input();
    } else if (strcmp(argv[1], "words") == 0) {
        for (int i = 2; argv[i] != NULL; i++) {
            printf("[%s]", argv[i]);
        }
    } else if (strcmp(argv[1], "variable") == 0) {
        for (int i = 2; argv[i] != NULL; i++) {
            printf("[%s]", getenv(argv[i]) != NULL ? getenv(argv[i]) : "none");
        }
    } else if (strcmp(argv[1], "exit") == 0) {
        return atoi(argv[2]);
    } else if (strcmp(argv[1], "wait") == 0) {
        Sleep(INFINITE);
    } else if (strcmp(argv[1], "copy") == 0) {
        while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof bytes, &len, NULL) &&
               len > 0 && WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), bytes, len, &done, NULL)) {
            continue;
        }
    } else if (strcmp(argv[1], "tree") == 0) {
        STARTUPINFOA begin = {.cb = sizeof begin};
        PROCESS_INFORMATION made;
        char line[MAX_PATH + 20];

        snprintf(line, sizeof line, "\"%s\" wait", own);
        if (!CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &begin, &made)) {
            return 1;
        }
        printf("%lu\n", (unsigned long)made.dwProcessId);
        fflush(stdout);
        Sleep(INFINITE);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        a_child_gets_its_words_as_they_are,
        a_child_does_not_get_the_passphrase,
        a_child_s_exit_status_is_told,
        a_child_ends_with_all_that_it_has_started,
        a_child_inherits_three_handles,
        a_socket_is_a_child_s_input_and_output,
        a_silent_input_is_waited_for,
        a_chain_of_jump_hosts_is_started,
        words_are_quoted_for_both_shells_or_for_powershell,
        devices_are_not_opened,
        who_may_write_is_in_the_mode,
        long_paths_are_paths,
        a_locked_file_is_busy,
        an_agent_answers_at_its_pipe,
        NULL,
    };

    (void)GetModuleFileNameA(NULL, own, sizeof own);
    if (argc > 1) {
        return act(argv);
    }
    spf_format(folder, sizeof folder, "%s\\spf-%llu", getenv("TEMP"),
               (unsigned long long)GetTickCount64()); /* wine's process ids come again */
    (void)CreateDirectoryA(folder, NULL);
    return unit_main("windows_platform", tests);
}
