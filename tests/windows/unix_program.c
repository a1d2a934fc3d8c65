/*
 * ssh.exe and others for tests under wine, where Windows' own is unavailable: a Windows program,
 * started as one, through whose standard handles the machine's own program of its name speaks
 * (ssh.exe: the ssh of PATH). What is real is that program and how we start, feed, read and end one
 * of Windows; what is not is Microsoft's ssh.
 *
 * bash connects its program's standard descriptors to a listener of ours, for wine hands no pipe to
 * what it starts of the system below.
 */
#include <winsock2.h>

#include <process.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The agent's socket, which is in the name of its pipe (agent.py). Input and output, errors, and
 * the exit status. As in a job of Windows, the program ends with who
 * started it: nothing of what we have open is kept by it. */
static const char script[] =
    "case $SSH_AUTH_SOCK in '\\\\.\\pipe\\!'*) SSH_AUTH_SOCK=/${SSH_AUTH_SOCK#*!}; "
    "SSH_AUTH_SOCK=${SSH_AUTH_SOCK//!//};; esac; "
    "exec 7<>/dev/tcp/127.0.0.1/$1 8<>/dev/tcp/127.0.0.1/$1 9<>/dev/tcp/127.0.0.1/$1; shift; "
    "exec </dev/null >/dev/null 2>&1; \"$@\" <&7 >&7 2>&8 7>&- 8>&- 9>&- & program=$!; "
    "exec 7>&- 8>&-; { read -r _ <&9; kill $program; } & "
    "wait $program; status=$?; kill $!; echo $status >&9";

static char line[32768];

static void add_word(const char *word)
{
    char *to = line + strlen(line);

    if (strlen(word) * 2 + strlen(line) + 8 > sizeof line) {
        exit(255);
    }
    *to++ = ' ';
    *to++ = '"';
    for (; *word != '\0'; word++) {
        size_t slashes = strspn(word, "\\");

        if (word[slashes] == '"' || (slashes > 0 && word[slashes] == '\0')) {
            for (size_t i = 0; i < slashes + (word[slashes] == '"'); i++) {
                *to++ = '\\';
            }
        }
        for (size_t i = 0; i < slashes; i++) {
            *to++ = *word++;
        }
        if (*word == '\0') {
            break;
        }
        *to++ = *word;
    }
    *to++ = '"';
    *to = '\0';
}

/* A path of Windows, in whole or behind the "=" of an option, as the system below has it. */
static void add_argument(const char *word)
{
    char *(CDECL * unix_name)(const WCHAR *) =
        (void *)GetProcAddress(GetModuleHandleA("kernel32"), "wine_get_unix_file_name");
    const char *equals = strchr(word, '='), *path = equals != NULL ? equals + 1 : word;
    WCHAR wide[4096];
    char all[8192], *name = NULL;

    if (path[0] != '\0' && path[1] == ':' && (path[2] == '\\' || path[2] == '/') &&
        unix_name != NULL && MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096) > 0) {
        name = unix_name(wide);
    }
    snprintf(all, sizeof all, "%.*s%s", (int)(path - word), word, name != NULL ? name : path);
    add_word(all);
}

static SOCKET listener(char port[8])
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    SOCKET fd = socket(AF_INET, SOCK_STREAM, 0);
    int len = sizeof own;

    if (bind(fd, (struct sockaddr *)&own, len) != 0 || listen(fd, 3) != 0 ||
        getsockname(fd, (struct sockaddr *)&own, &len) != 0) {
        exit(255);
    }
    snprintf(port, 8, "%u", ntohs(own.sin_port));
    return fd;
}

static SOCKET streams[3];

static void __cdecl input(void *unused)
{
    char bytes[16384];
    DWORD len;

    (void)unused;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof bytes, &len, NULL) && len > 0 &&
           send(streams[0], bytes, (int)len, 0) == (int)len) {
        continue;
    }
    shutdown(streams[0], SD_SEND);
}

static unsigned __stdcall output(void *which)
{
    const int i = (int)(INT_PTR)which;
    char bytes[16384];
    DWORD done;
    int len;

    while ((len = recv(streams[i], bytes, sizeof bytes, 0)) > 0 &&
           WriteFile(GetStdHandle(i == 0 ? STD_OUTPUT_HANDLE : STD_ERROR_HANDLE), bytes, (DWORD)len,
                     &done, NULL)) {
        continue;
    }
    return 0;
}

int main(int argc, char **argv)
{
    STARTUPINFOA start = {.cb = sizeof start};
    PROCESS_INFORMATION made;
    char own[MAX_PATH], *name, port[8], status[8] = "";
    HANDLE outputs[2];
    WSADATA data;
    SOCKET fd;

    WSAStartup(MAKEWORD(2, 2), &data);
    fd = listener(port);
    GetModuleFileNameA(NULL, own, sizeof own);
    name = strrchr(own, '\\') + 1;
    name[strcspn(name, ".")] = '\0';
    strcpy(line, "bash");
    add_word("-c");
    add_word(script);
    add_word(name);
    add_word(port);
    add_word(name);
    for (int i = 1; i < argc; i++) {
        add_argument(argv[i]);
    }
    if (!CreateProcessA("Z:\\bin\\bash", line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &made)) {
        return 255;
    }
    for (int i = 0; i < 3; i++) {
        streams[i] = accept(fd, NULL, NULL);
    }
    for (int i = 0; i < 2; i++) {
        outputs[i] = (HANDLE)_beginthreadex(NULL, 0, output, (void *)(INT_PTR)i, 0, NULL);
    }
    _beginthread(input, 0, NULL);
    (void)recv(streams[2], status, sizeof status - 1, 0);
    WaitForMultipleObjects(2, outputs, TRUE, 5000);
    ExitProcess(status[0] != '\0' ? (UINT)atoi(status) : 255);
}
